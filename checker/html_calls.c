/* Hostcalls by time and bytes, and system calls by impact, in the HTML report. */
#include "checker/html_page.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "wasi/abi/syscalls.h"

/* ---- hostcalls ---- */

struct call_row {
    struct html_call_sum sum;
    uint64_t call;
};

static int by_time(const void *left, const void *right)
{
    const struct call_row *l = left, *r = right;
    if (l->sum.ns != r->sum.ns)
        return l->sum.ns < r->sum.ns ? 1 : -1;
    if (l->sum.count != r->sum.count)
        return l->sum.count < r->sum.count ? 1 : -1;
    return l->call < r->call ? -1 : l->call > r->call;
}

/* A bar as wide as the share of the most. */
static void put_share(struct buffer *out, uint64_t value, uint64_t most, const char *class)
{
    if (most == 0 || (double)value / (double)most < 0.004) /* no pixel of it would be seen */
        return;
    html_raw(out, "<i class=\"bar ");
    html_text(out, class);
    html_raw(out, "\" style=\"width:");
    html_format(out, "%.1f", 100.0 * (double)value / (double)most);
    html_raw(out, "%\"></i>");
}

static void cell_begin(struct buffer *out) { html_raw(out, "</td><td class=\"n\">"); }

static void number_cell(struct buffer *out, uint64_t value)
{
    cell_begin(out);
    if (value > 0)
        html_number(out, value);
    else
        html_raw(out, "<span class=\"none\">0</span>");
}

static void put_call(struct html_page *page, const struct html_call_sum *sum, const char *name, uint64_t most_ns,
                     uint64_t most_bytes)
{
    struct buffer *out = page->out;
    html_raw(out, "<tr><td><code>");
    html_text(out, name);
    html_raw(out, "</code>");
    number_cell(out, sum->count);
    number_cell(out, sum->errors);
    number_cell(out, sum->refused);
    cell_begin(out);
    if (sum->timed == 0 || page->scan.ns_per_tick <= 0) {
        html_raw(out, "<span class=\"none\">not timed</span>");
    } else {
        html_time(out, sum->ns);
        if (sum->timed < sum->count) {
            html_raw(out, " <small>of ");
            html_number(out, sum->timed);
            html_raw(out, "</small>");
        }
        put_share(out, sum->ns, most_ns, "time");
        cell_begin(out);
        html_time(out, sum->max_ns);
    }
    if (sum->timed == 0 || page->scan.ns_per_tick <= 0)
        cell_begin(out);
    cell_begin(out);
    if (sum->bytes_in > 0)
        html_bytes(out, sum->bytes_in);
    put_share(out, sum->bytes_in, most_bytes, "in");
    cell_begin(out);
    if (sum->bytes_out > 0)
        html_bytes(out, sum->bytes_out);
    put_share(out, sum->bytes_out, most_bytes, "out");
    html_raw(out, "</td></tr>\n");
}

void html_hostcalls(struct html_page *page)
{
    struct call_row rows[OPERATION_COUNT + 1];
    size_t count = 0;
    uint64_t most_ns = 0, most_bytes = 0;
    for (size_t i = 0; i <= OPERATION_COUNT; i++) {
        const struct html_call_sum *sum = &page->scan.call[i];
        if (sum->count > 0)
            rows[count++] = (struct call_row) { *sum, i };
        most_ns = sum->ns > most_ns ? sum->ns : most_ns;
        most_bytes = sum->bytes_in > most_bytes ? sum->bytes_in : most_bytes;
        most_bytes = sum->bytes_out > most_bytes ? sum->bytes_out : most_bytes;
    }
    html_raw(page->out, "<section id=\"hostcalls\">\n<h2>Hostcalls by time and bytes</h2>\n");
    if (count == 0) {
        html_none(page, "The guest made none");
        html_raw(page->out, "</section>\n");
        return;
    }
    qsort(rows, count, sizeof rows[0], by_time);
    html_raw(page->out,
             "<div class=\"wide\"><table class=\"bars\">\n<thead><tr><th>Hostcall</th><th class=\"n\">Calls</th><th "
             "class=\"n\">Errors</th><th class=\"n\">Refused</th><th class=\"n\">Time</th><th class=\"n\">Longest</th>"
             "<th class=\"n\">Bytes in</th><th class=\"n\">Bytes out</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_call(page, &rows[i].sum, html_operation(rows[i].call), most_ns, most_bytes);
    html_raw(page->out, "</tbody>\n<tfoot>\n");
    put_call(page, &page->scan.all, "all", 0, 0);
    html_raw(page->out,
             "</tfoot></table></div>\n<p class=\"note\">Time is told of calls that became a system call; the others "
             "carry none of their own.</p>\n</section>\n");
}

/* ---- system calls ---- */

enum { SYSCALL_FIGURES = 5 };

struct syscall_list {
    struct syscall_sum {
        char name[48];
        unsigned impact; /* SYSCALL_IMPACT_COUNT: not in the table */
        uint64_t figure[SYSCALL_FIGURES];
    } row[HTML_SYSCALLS];
    size_t count;
    uint64_t all;
};

#define IMPACT_ROW(id, text) { #id, text },
static const struct {
    const char *name, *text;
} impacts[] = { SYSCALL_IMPACT_LIST(IMPACT_ROW) { "UNKNOWN", "not in the table of system calls" } };
#undef IMPACT_ROW
static_assert(sizeof impacts / sizeof *impacts == SYSCALL_IMPACT_COUNT + 1, "one more than there are");

static void one_syscall(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct syscall_list *list = self;
    struct syscall_sum *sum = &list->row[list->count++];
    const char *name = (const char *)sqlite3_column_text(row, 0), *impact = (const char *)sqlite3_column_text(row, 1);
    (void)page;
    if (name) /* of a table, or a number */
        memcpy(sum->name, name, strlen(name) < sizeof sum->name ? strlen(name) : sizeof sum->name - 1);
    while (sum->impact < SYSCALL_IMPACT_COUNT && (!impact || strcmp(impacts[sum->impact].name, impact) != 0))
        sum->impact++;
    for (int i = 0; i < SYSCALL_FIGURES; i++)
        sum->figure[i] = html_row_number(row, 2 + i);
    list->all = html_row_number(row, 2 + SYSCALL_FIGURES);
}

/* The table of impacts from its end, what is in no table first. */
static int by_impact(const void *left, const void *right)
{
    const struct syscall_sum *l = left, *r = right;
    if (l->impact != r->impact)
        return l->impact < r->impact ? 1 : -1;
    return strcmp(l->name, r->name);
}

static void put_syscalls(struct buffer *out, const struct syscall_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct syscall_sum *sum = &list->row[i];
        if (i == 0 || sum->impact != sum[-1].impact) {
            html_raw(out, "<tr class=\"group\"><th colspan=\"6\"><code>");
            html_text(out, impacts[sum->impact].name);
            html_raw(out, "</code> ");
            html_text(out, impacts[sum->impact].text);
            html_raw(out, "</th></tr>\n");
        }
        html_raw(out, "<tr><td><code>");
        html_text(out, sum->name);
        html_raw(out, "</code>");
        for (size_t k = 0; k < SYSCALL_FIGURES; k++)
            number_cell(out, sum->figure[k]);
        html_raw(out, "</td></tr>\n");
    }
}

void html_syscalls(struct html_page *page)
{
    struct syscall_list list = { 0 };
    html_raw(page->out, "<section id=\"syscalls\">\n<h2>System calls by impact</h2>\n");
    if (!page->report->witnessed) {
        html_raw(
            page->out,
            "<p>Not known: there is no kernel's record of this run. What the trace declares stands in <code>warrant "
            "show</code>.</p>\n</section>\n");
        return;
    }
    html_rows(page,
              "SELECT coalesce(i.name, 'number ' || s.number), CASE WHEN s.flags & 1 THEN 'BYPASS' ELSE i.impact END,"
              " sum(c.name IN ('plan', 'restart', 'in-flight', 'beyond')), sum(c.name = 'setup'),"
              " sum(c.name IN ('role', 'other', 'thread')), sum(c.name NOT IN ('plan', 'restart', 'in-flight', "
              "'beyond', 'setup',"
              " 'role', 'other', 'thread')), coalesce(sum(s.result < 0), 0), count(*) OVER () FROM syscall s"
              " JOIN class_name c ON c.id = s.class JOIN runs r ON r.id = :run"
              " LEFT JOIN syscall_impact i ON i.number = s.number AND i.architecture = r.architecture"
              " WHERE s.id >= :first AND s.id < :behind AND s.role = 1 AND s.number IS NOT NULL GROUP BY s.number, "
              "s.flags & 1"
              " ORDER BY 6 DESC, count(*) DESC LIMIT 200",
              one_syscall, &list);
    static_assert(HTML_SYSCALLS == 200, "the limit above says it too");
    qsort(list.row, list.count, sizeof list.row[0], by_impact);
    html_raw(page->out,
             "<p class=\"note\">What the kernel saw of the guest's process, by what it can do.</p>\n"
             "<div class=\"wide\"><table>\n<thead><tr><th>System call</th><th class=\"n\">For hostcalls</th><th "
             "class=\"n\">Before the guest</th><th class=\"n\">The runtime's own</th><th class=\"n\">Against the "
             "plan</th><th class=\"n\">Failed</th></tr></thead>\n<tbody>\n");
    if (list.count == 0)
        html_raw(page->out, "<tr><td colspan=\"6\">None.</td></tr>\n");
    put_syscalls(page->out, &list);
    html_raw(page->out, "</tbody></table></div>\n");
    if (list.all > list.count) {
        html_raw(page->out, "<p class=\"more\">");
        html_number(page->out, list.all - list.count);
        html_raw(page->out, " more are not listed.</p>\n");
    }
    html_raw(page->out, "</section>\n");
}
