/* The sockets of a run as a tree, in the HTML report: by protocol and direction, with the other side's address, as the
 * kernel saw it. A run that nobody witnessed has the calls alone: the trace's rows hold no addresses. */
#include "checker/html_page.h"

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
    html_rows(page, "SELECT count(*), sum(count) FROM (" CONNECTIONS ")", count_rows, &tree);
    if (network == 0 && tree.rows == 0) {
        html_raw(page->out, "<p>The guest asked for none.</p>\n");
    } else if (!page->report->witnessed) {
        html_raw(page->out, "<p>");
        html_count(page->out, network, "hostcall on sockets.", "hostcalls on sockets.");
        html_raw(page->out, " Whom they reached is not known here: nobody witnessed this run. <code>warrant show -e "
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
                  "SELECT * FROM (" CONNECTIONS " ORDER BY count DESC LIMIT 200) ORDER BY 1, 2, count DESC, peer, port",
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
