/* What a run was granted, and what of it was used, in the HTML report.
 *
 * Use is counted by the guest's own names (checker/touched.h): a file belongs to the grant with the longest name that
 * its own begins with. What no grant's name begins is counted too, in a row of its own. */
#include "checker/html_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "checker/expected.h"
#include "runtime/base/text.h"

struct use {
    struct buffer *names; /* of the grants, in the plain form, without slashes at the end */
    struct grant_use {
        uint64_t files, opens, reads, bytes_read, writes, bytes_written, makes, removes, changes, failures;
    } *grant; /* one more than there are grants: of what is beneath none */
    uint32_t count;
};

static bool beneath(const char *name, size_t size, const struct buffer *grant)
{
    return size >= grant->size && (grant->size == 0 || memcmp(name, grant->data, grant->size) == 0) &&
           (size == grant->size || name[grant->size] == '/');
}

static void one_file(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct use *use = self;
    const char *name = sqlite3_column_blob(row, 0);
    size_t size = (size_t)sqlite3_column_bytes(row, 0);
    uint32_t best = use->count;
    (void)page;
    for (uint32_t i = 0; name && i < use->count; i++)
        if (beneath(name, size, &use->names[i]) && (best == use->count || use->names[i].size > use->names[best].size))
            best = i;
    struct grant_use *grant = &use->grant[best];
    grant->files++;
    grant->opens += html_row_number(row, 1);
    grant->reads += html_row_number(row, 2);
    grant->bytes_read += html_row_number(row, 3);
    grant->writes += html_row_number(row, 4);
    grant->bytes_written += html_row_number(row, 5);
    grant->makes += html_row_number(row, 6);
    grant->removes += html_row_number(row, 7);
    grant->changes += html_row_number(row, 8);
    grant->failures += html_row_number(row, 9);
}

static bool use_count(struct html_page *page, struct use *use)
{
    const struct policy *policy = &page->spec->policy;
    use->count = policy->file_count;
    use->names = calloc(use->count + (size_t)1, sizeof *use->names);
    use->grant = calloc(use->count + (size_t)1, sizeof *use->grant);
    if (!use->names || !use->grant)
        return false;
    for (uint32_t i = 0; i < use->count; i++) {
        struct buffer *name = &use->names[i];
        text_plain_string(name, policy->files[i].guest);
        while (name->size > 0 && name->data[name->size - 1] == '/')
            name->size--;
        if (name->status != STATUS_OK)
            return false;
    }
    html_rows(
        page,
        "SELECT name, opens, reads, bytes_read, writes, bytes_written, creates, removes, changes, failures FROM file"
        " WHERE run = :run AND substr(name, 1, 1) <> '<'",
        one_file, use);
    return true;
}

static void use_done(struct use *use)
{
    for (uint32_t i = 0; use->names && i < use->count; i++)
        buffer_done(&use->names[i]);
    free(use->names);
    free(use->grant);
}

/* "12 reads of 4 KiB", and a comma before, where there were any. */
static void some(struct html_page *page, bool *any, uint64_t count, const char *one, const char *many, uint64_t bytes,
                 bool has_bytes)
{
    if (count == 0)
        return;
    html_text(page->out, *any ? ", " : "");
    html_count(page->out, count, one, many);
    if (has_bytes) {
        html_raw(page->out, " of ");
        html_bytes(page->out, bytes);
    }
    *any = true;
}

static void put_use(struct html_page *page, const struct grant_use *use)
{
    bool any = false;
    some(page, &any, use->files, "name", "names", 0, false);
    some(page, &any, use->opens, "opening", "openings", 0, false);
    some(page, &any, use->reads, "read", "reads", use->bytes_read, true);
    some(page, &any, use->writes, "write", "writes", use->bytes_written, true);
    some(page, &any, use->makes, "made", "made", 0, false);
    some(page, &any, use->removes, "removed", "removed", 0, false);
    some(page, &any, use->changes, "changed", "changed", 0, false);
    some(page, &any, use->failures, "failed", "failed", 0, false);
    if (!any)
        html_text(page->out, html_is_part(page) ? "nothing, as far as the trace goes" : "nothing");
}

static void row_begin(struct html_page *page) { html_raw(page->out, "<tr><td>"); }
static void row_next(struct html_page *page) { html_raw(page->out, "</td><td>"); }
static void row_end(struct html_page *page) { html_raw(page->out, "</td></tr>\n"); }

static void put_file(struct html_page *page, uint32_t i, const struct grant_use *use)
{
    const struct policy_file *file = &page->spec->policy.files[i];
    const struct run_initial *initial = 3 + i < page->spec->initial_count ? &page->spec->initial[3 + i] : NULL;
    row_begin(page);
    html_raw(page->out, "<code>");
    html_name(page->out, file->guest);
    html_raw(page->out, "</code>");
    row_next(page);
    html_text(page->out, file->writes ? "read and write" : "read");
    row_next(page);
    html_raw(page->out, "<code>");
    html_name(page->out, initial && initial->path && initial->path[0] ? initial->path : file->host);
    html_raw(page->out, "</code>");
    if (file->said) {
        html_raw(page->out, "<br><small>granted by ");
        html_name(page->out, file->said);
        html_raw(page->out, "</small>");
    }
    row_next(page);
    put_use(page, use);
    if (file->writes && !html_is_part(page) && !use->writes && !use->makes && !use->removes && !use->changes)
        html_raw(page->out, "<br><small>writing was granted, and not used</small>");
    row_end(page);
}

static void put_files(struct html_page *page)
{
    const struct policy *policy = &page->spec->policy;
    struct use use = { 0 };
    if (!use_count(page, &use)) {
        use_done(&use);
        if (page->status == STATUS_OK)
            page->status = error_set(page->error, STATUS_NO_MEMORY, "no memory for the report");
        return;
    }
    html_raw(page->out,
             "<div class=\"wide\"><table>\n<caption>Directories</caption>\n<thead><tr><th>The guest's name</th>"
             "<th>Granted</th><th>Where it lay</th><th>Used</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < policy->file_count && i < HTML_GRANTS; i++)
        put_file(page, i, &use.grant[i]);
    if (policy->file_count == 0)
        html_raw(page->out, "<tr><td colspan=\"4\">No directory was granted.</td></tr>\n");
    if (policy->file_count > HTML_GRANTS) {
        html_raw(page->out, "<tr><td colspan=\"4\">");
        html_number(page->out, policy->file_count - HTML_GRANTS);
        html_raw(page->out, " more are not listed here.</td></tr>\n");
    }
    if (use.grant[policy->file_count].files > 0) {
        html_raw(page->out, "<tr><td colspan=\"3\">names that begin with no grant's</td><td>");
        put_use(page, &use.grant[policy->file_count]);
        row_end(page);
    }
    html_raw(page->out, "</tbody></table></div>\n");
    use_done(&use);
}

/* ---- the rest ---- */

static void put_limits(struct html_page *page)
{
    static const char *const violations[] = { [POLICY_VIOLATION_ERRNO] = "is answered with an error",
                                              [POLICY_VIOLATION_TRAP] = "stops the guest with a trap",
                                              [POLICY_VIOLATION_KILL] = "kills the guest" };
    html_raw(page->out,
             "<details>\n<summary>Limits, devices, environment</summary>\n<ul>\n<li>A call beyond the grants ");
    html_text(page->out, violations[page->spec->policy.on_violation % 3]);
    html_raw(page->out, ".</li>\n");
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        uint64_t limit = policy_limit_get(&page->spec->policy.limits, row);
        html_raw(page->out, "<li><code>");
        html_text(page->out, row->key);
        html_raw(page->out, "</code> ");
        html_text(page->out,
                  limit == UINT64_MAX ? "no limit" : policy_limit_text((enum policy_unit)row->unit, limit).text);
        html_raw(page->out, ": ");
        html_text(page->out, row->words);
        html_raw(page->out, "</li>\n");
    }
    for (uint32_t i = 0; i < page->spec->policy.device_count && i < HTML_GRANTS; i++) {
        html_raw(page->out, "<li>device <code>");
        html_name(page->out, page->spec->policy.devices[i]);
        html_raw(page->out, "</code></li>\n");
    }
    for (uint32_t i = 0; i < page->spec->env_count && i < HTML_GRANTS; i++) {
        const char *end = strchr(page->spec->env[i], '=');
        struct buffer plain = BUFFER_INIT;
        text_plain(&plain, page->spec->env[i], end ? (size_t)(end - page->spec->env[i]) : strlen(page->spec->env[i]));
        html_raw(page->out, "<li>environment <code>");
        html_text_cut(page->out, plain.data, plain.size, HTML_NAME);
        html_raw(page->out, "</code> (its value is in the trace)</li>\n");
        buffer_done(&plain);
    }
    html_raw(page->out, "</ul>\n</details>\n");
}

static void put_refusal(struct html_page *page, sqlite3_stmt *row, void *self)
{
    *(uint64_t *)self += 1;
    html_raw(page->out, "<tr><td><code>");
    html_row_text(page, row, 0);
    html_raw(page->out, "</code></td><td>");
    html_row_text(page, row, 1);
    html_raw(page->out, " <small>(");
    html_row_text(page, row, 2);
    html_raw(page->out, ")</small></td><td class=\"n\">");
    html_number(page->out, html_row_number(row, 3));
    html_raw(page->out, "</td><td class=\"n\">");
    html_number(page->out, html_row_number(row, 4));
    html_raw(page->out, "</td><td>");
    html_row_text(page, row, 5);
    html_raw(page->out, "</td></tr>\n");
}

static void put_refusals(struct html_page *page)
{
    uint64_t rows = 0;
    html_raw(page->out, "<h3>Asked for, and refused</h3>\n");
    if (page->scan.all.refused == 0) {
        html_none(page, "No rule refused a call");
        return;
    }
    html_raw(page->out,
             "<div class=\"wide\"><table>\n<thead><tr><th>Hostcall</th><th>Rule</th><th class=\"n\">Calls</th><th "
             "class=\"n\">First event</th><th>Expected</th></tr></thead>\n<tbody>\n");
    html_rows(
        page,
        "WITH chosen AS (SELECT 0 AS run, :first AS first, :behind AS beyond), " EXPECTED_REFUSALS
        " SELECT c.name, u.text, u.name, count(*), min(h.begin_event), x.text FROM hostcall h JOIN rule_name u ON u.id "
        "="
        " h.rule AND u.refuses JOIN call_name c ON c.id = h.call LEFT JOIN expected x ON x.id = h.id WHERE h.id >="
        " :first AND h.id < :behind GROUP BY h.call, h.rule, x.text ORDER BY x.text IS NOT NULL, 4 DESC, 1, 3 LIMIT "
        "100",
        put_refusal, &rows);
    html_raw(page->out, "</tbody></table></div>\n");
    if (rows == HTML_REFUSALS)
        html_raw(page->out, "<p class=\"more\">Only the hundred commonest are listed here.</p>\n");
}

void html_grants(struct html_page *page)
{
    html_raw(page->out, "<section id=\"granted\">\n<h2>Granted and used</h2>\n");
    put_files(page);
    html_network(page);
    put_refusals(page);
    put_limits(page);
    html_raw(page->out, "</section>\n");
}
