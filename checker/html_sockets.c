/* What a run was granted of the network, with its use, and its sockets as a tree, in the HTML report: by protocol and
 * direction, with the other side's address, as the kernel saw it. A run that nobody witnessed has the calls alone: the
 * trace's rows hold no addresses. */
#include "checker/html_page.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

struct socket_tree {
    char group[64];
    uint64_t rows, listed, count;
};

/* As the named query `connections` has it, of one run. */
#define CONNECTIONS                                                                                                    \
    "SELECT CASE k.protocol WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' ELSE 'protocol ' || k.protocol END AS protocol,"      \
    " CASE WHEN i.name IN ('connect', 'sendto') THEN 'out' WHEN i.name IN ('accept4', 'recvfrom') THEN 'in'"           \
    " ELSE 'listening' END AS direction, CASE WHEN i.name IN ('bind', 'listen') THEN k.local ELSE coalesce(k.address," \
    " k.peer) END AS peer, CASE WHEN i.name IN ('bind', 'listen') THEN k.local_port WHEN i.name IN ('accept4',"        \
    " 'recvfrom') THEN NULL ELSE coalesce(k.address_port, k.peer_port) END AS port, i.name AS call, count(*) AS "      \
    "count,"                                                                                                           \
    " sum(s.result < 0) AS errors, min(s.hostcall) & 0xffffffffff AS hostcall FROM socket k JOIN syscall s ON s.id = " \
    "k.id"                                                                                                             \
    " JOIN runs r ON r.id = :run JOIN syscall_impact i ON i.number = s.number AND i.architecture = r.architecture"     \
    " WHERE k.id >= :first AND k.id < :behind AND i.name IN ('connect', 'accept4', 'bind', 'listen', 'sendto', "       \
    "'recvfrom')"                                                                                                      \
    " AND (i.name NOT IN ('sendto', 'recvfrom') OR k.address IS NOT NULL) GROUP BY 1, 2, 3, 4, 5"

/* ---- what was granted ---- */

struct rule_use {
    const struct net_rule *rule;
    uint64_t count, errors;
};

static bool in_prefix(const struct net_rule *rule, const char *text)
{
    uint8_t bytes[16] = { 0 };
    if (!text || inet_pton(rule->family == NET_V6 ? AF_INET6 : AF_INET, text, bytes) != 1)
        return false;
    unsigned whole = rule->prefix / 8, rest = rule->prefix % 8;
    return memcmp(bytes, rule->bytes, whole) == 0 &&
           (rest == 0 || (bytes[whole] ^ rule->bytes[whole]) >> (8 - rest) == 0);
}

static void rule_row(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct rule_use *use = self;
    const char *protocol = (const char *)sqlite3_column_text(row, 0), *call = (const char *)sqlite3_column_text(row, 4);
    bool connects = strcmp(call, "connect") == 0 || strcmp(call, "sendto") == 0, binds = strcmp(call, "bind") == 0;
    uint64_t port = html_row_number(row, 3);
    (void)page;
    if (!protocol || strcmp(protocol, use->rule->protocol == NET_TCP ? "TCP" : "UDP") != 0 ||
        !(use->rule->verb == NET_CONNECT ? connects : binds) || port < use->rule->port_first ||
        port > use->rule->port_last || !in_prefix(use->rule, (const char *)sqlite3_column_text(row, 2)))
        return;
    use->count += html_row_number(row, 5);
    use->errors += html_row_number(row, 6);
}

/* Whether what the kernel's record does not show did not happen. */
static bool is_gapless(const struct html_page *page)
{
    const struct check_report *r = page->report;
    return !html_is_part(page) && r->lost == 0 && r->verdicts[CHECK_VERDICT_LOST] == 0 &&
           r->judged == CHECK_JUDGED_KERNEL;
}

static void put_rule(struct html_page *page, const struct net_rule *rule)
{
    const struct policy_rule_text text = policy_rule_text(rule);
    struct rule_use use = { rule, 0, 0 };
    html_raw(page->out, "<li>may by ");
    html_text(page->out, rule->protocol == NET_TCP ? "TCP" : "UDP");
    html_text(page->out, rule->verb == NET_CONNECT ? " connect to " : " bind to ");
    html_raw(page->out, "<code>");
    html_text(page->out, text.address);
    html_raw(page->out, "</code>, port <code>");
    html_text(page->out, text.ports);
    html_raw(page->out, "</code>: ");
    if (!page->report->witnessed) {
        html_raw(page->out, "use not known, as there is no kernel's record of the run</li>\n");
        return;
    }
    html_rows(page, "SELECT * FROM temp.joined", rule_row, &use);
    if (use.count == 0) {
        html_text(page->out, is_gapless(page) ? "not used" : "no use is known; the kernel's record has gaps");
    } else {
        html_raw(page->out, "used ");
        html_count(page->out, use.count, "time", "times");
    }
    if (use.errors > 0) {
        html_raw(page->out, ", ");
        html_number(page->out, use.errors);
        html_raw(page->out, " of them with an error");
    }
    html_raw(page->out, "</li>\n");
}

static void put_more(struct html_page *page, uint32_t count)
{
    if (count <= HTML_GRANTS)
        return;
    html_raw(page->out, "<li>");
    html_number(page->out, count - HTML_GRANTS);
    html_raw(page->out, " more are not listed.</li>\n");
}

void html_network(struct html_page *page)
{
    const struct policy *policy = &page->spec->policy;
    html_rows(page, "DROP TABLE IF EXISTS temp.joined", NULL, NULL);
    html_rows(page, "CREATE TEMP TABLE joined AS " CONNECTIONS, NULL, NULL);
    html_raw(page->out, "<h3>Network</h3>\n");
    if (!policy->network_count && !policy->listen_count && !policy->name_count) {
        html_raw(page->out, "<p>None was granted.</p>\n");
        return;
    }
    html_raw(page->out, "<ul>\n");
    for (uint32_t i = 0; i < policy->listen_count && i < HTML_GRANTS; i++) {
        char address[96];
        policy_address_text(&policy->listens[i], address, sizeof address);
        html_raw(page->out, "<li>listens at <code>");
        html_text(page->out, address);
        html_raw(page->out, "</code></li>\n");
    }
    put_more(page, policy->listen_count);
    for (uint32_t i = 0; i < policy->network_count && i < HTML_GRANTS; i++)
        put_rule(page, &policy->networks[i]);
    put_more(page, policy->network_count);
    for (uint32_t i = 0; i < policy->name_count && i < HTML_GRANTS; i++) {
        html_raw(page->out, "<li>may resolve <code>");
        html_name(page->out, policy->names[i]);
        html_raw(page->out, "</code></li>\n");
    }
    put_more(page, policy->name_count);
    html_raw(page->out, "</ul>\n");
}

/* ---- what was used ---- */

static void group_end(struct html_page *page, const struct socket_tree *tree)
{
    if (tree->group[0])
        html_raw(page->out, "</ul></details></li>\n");
}

static void one_connection(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct socket_tree *tree = self;
    char group[64];
    const char *protocol = (const char *)sqlite3_column_text(row, 0);
    snprintf(group, sizeof group, "%.30s, %.30s", protocol ? protocol : "?", (const char *)sqlite3_column_text(row, 1));
    if (strcmp(group, tree->group) != 0) {
        group_end(page, tree);
        memcpy(tree->group, group, sizeof group);
        html_raw(page->out, "<li><details open><summary><code>");
        html_text(page->out, group);
        html_raw(page->out, "</code></summary><ul>\n");
    }
    html_raw(page->out, "<li><div class=\"leaf\"><code>");
    html_row_text(page, row, 2);
    if (sqlite3_column_type(row, 2) == SQLITE_NULL)
        html_raw(page->out, "no address");
    if (sqlite3_column_type(row, 3) != SQLITE_NULL) {
        html_raw(page->out, " port ");
        html_row_text(page, row, 3);
    }
    html_raw(page->out, "</code><span class=\"use\">");
    html_row_text(page, row, 4);
    html_raw(page->out, " ");
    html_number(page->out, html_row_number(row, 5));
    if (sqlite3_column_type(row, 7) != SQLITE_NULL) {
        html_raw(page->out, "; first in hostcall ");
        html_number(page->out, html_row_number(row, 7));
    }
    if (html_row_number(row, 6) > 0) {
        html_raw(page->out, "; <span class=\"failures\">");
        html_number(page->out, html_row_number(row, 6));
        html_raw(page->out, " failed</span>");
    }
    html_raw(page->out, "</span>");
    html_raw(page->out, "</div></li>\n");
    tree->listed++;
}

static void count_rows(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct socket_tree *tree = self;
    (void)page;
    tree->rows = html_row_number(row, 0);
    tree->count = html_row_number(row, 1);
}

void html_sockets(struct html_page *page)
{
    struct socket_tree tree = { 0 };
    uint64_t network = page->scan.kind[HTML_NETWORK];
    html_raw(page->out, "<section id=\"sockets\">\n<h2>Sockets</h2>\n");
    html_rows(page, "SELECT count(*), sum(count) FROM temp.joined", count_rows, &tree);
    if (network == 0 && tree.rows == 0) {
        html_none(page, "The guest asked for none");
    } else if (!page->report->witnessed) {
        html_raw(page->out, "<p>");
        html_count(page->out, network, "hostcall on sockets.", "hostcalls on sockets.");
        html_raw(
            page->out,
            " Whom they reached is not known here, as there is no kernel's record of this run. <code>warrant show -e "
            "%network</code> has what the guest asked for.</p>\n");
    } else if (tree.rows == 0) {
        html_raw(page->out, "<p>");
        html_count(page->out, network, "hostcall on sockets", "hostcalls on sockets");
        html_raw(page->out, "; the kernel saw no connection, none accepted, and no socket bound.</p>\n");
    } else {
        html_raw(page->out,
                 "<p class=\"note\">As the kernel saw them; of two sides, the other one's address.</p>\n<div "
                 "class=\"tree\"><ul>\n");
        html_rows(page,
                  "SELECT * FROM (SELECT * FROM temp.joined ORDER BY count DESC LIMIT 200) ORDER BY 1, 2, count DESC, "
                  "peer, port",
                  one_connection, &tree);
        static_assert(HTML_SOCKETS == 200, "the limit above says it too");
        group_end(page, &tree);
        html_raw(page->out, "</ul></div>\n");
        if (tree.rows > tree.listed) {
            html_raw(page->out, "<p class=\"more\">");
            html_number(page->out, tree.rows - tree.listed);
            html_raw(page->out, " more are not listed.</p>\n");
        }
    }
    html_raw(page->out, "</section>\n");
}
