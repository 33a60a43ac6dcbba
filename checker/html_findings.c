/* Findings in the HTML report, each with its evidence: where it is, what the trace says there, and what the kernel saw.
 *
 * The rows of both sides are read once for all findings that are listed: a run's system calls have no index. */
#include "checker/html_page.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "checker/store.h"

/* Copies what belongs to the hostcalls that findings name into tables of this connection's own. */
static void sides_collect(struct html_page *page)
{
    const struct check_report *r = page->report;
    struct buffer sql = BUFFER_INIT, list = BUFFER_INIT;
    for (size_t i = 0; i < r->findings_kept && i < HTML_FINDINGS; i++)
        if (r->findings[i].hostcall != CHECK_NO_PLACE)
            buffer_printf(&list, "%s%" PRId64, list.size ? "," : "",
                          (page->run << STORE_RUN_SHIFT) + (int64_t)r->findings[i].hostcall);
    buffer_u8(&list, 0);
    buffer_string(&sql, "CREATE TEMP TABLE seen AS SELECT id, hostcall FROM syscall WHERE id >= ");
    buffer_printf(&sql, "%" PRId64 " AND id < %" PRId64 " AND hostcall IN (", page->run << STORE_RUN_SHIFT,
                  (page->run + 1) << STORE_RUN_SHIFT);
    if (list.data)
        buffer_string(&sql, (const char *)list.data);
    buffer_string(&sql, ")");
    buffer_u8(&sql, 0);
    if (list.status != STATUS_OK || sql.status != STATUS_OK)
        page->status = error_set(page->error, STATUS_NO_MEMORY, "no memory for the report");
    html_rows(page, "DROP TABLE IF EXISTS temp.seen", NULL, NULL);
    if (sql.data)
        html_rows(page, (const char *)sql.data, NULL, NULL);
    buffer_done(&sql);
    buffer_done(&list);
}

/* A column that is not NULL, with what stands before and behind it. */
static void value(struct html_page *page, sqlite3_stmt *row, int column, const char *before, const char *behind)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return;
    html_text(page->out, before);
    html_row_text(page, row, column);
    html_text(page->out, behind);
}

static void trace_row(struct html_page *page, sqlite3_stmt *row, void *self)
{
    (void)self;
    html_raw(page->out, "<li><span class=\"at\">event ");
    html_row_text(page, row, 0);
    html_raw(page->out, "</span> <code>");
    html_row_text(page, row, 1);
    value(page, row, 2, " #", "");
    value(page, row, 3, " \"", "\"");
    value(page, row, 4, " \"", "\"");
    value(page, row, 5, " at ", "");
    value(page, row, 6, ", bytes ", "");
    value(page, row, 7, " = ", "");
    value(page, row, 8, " ", "");
    html_raw(page->out, "</code></li>\n");
}

static void kernel_row(struct html_page *page, sqlite3_stmt *row, void *self)
{
    (void)self;
    html_raw(page->out, "<li><span class=\"at\">record ");
    html_row_text(page, row, 0);
    html_raw(page->out, "</span> <code>");
    html_row_text(page, row, 1);
    html_raw(page->out, "(");
    for (int i = 0; i < 6; i++)
        value(page, row, 2 + i, i > 0 ? ", " : "", "");
    html_raw(page->out, ")");
    value(page, row, 8, " = ", "");
    value(page, row, 9, " \"", "\"");
    value(page, row, 10, " \"", "\"");
    html_raw(page->out, "</code> <span class=\"class\">");
    html_row_text(page, row, 11);
    html_raw(page->out, "</span></li>\n");
}

static void count_row(struct html_page *page, sqlite3_stmt *row, void *self)
{
    (void)page;
    *(uint64_t *)self = html_row_number(row, 0);
}

struct side {
    const char *title, *none, *count, *rows;
    html_row_fn *row;
};

#define TRACE_SIDE  " FROM ops WHERE id >= :event AND id <= :event + 512 AND hostcall = :call"
#define KERNEL_SIDE " FROM syscalls s JOIN temp.seen t ON t.id = s.id WHERE t.hostcall = :call"
#define KERNEL_ONE  " FROM syscalls s WHERE s.id = :record"
#define KERNEL_ARGUMENT(name)                                                                                          \
    ", CASE WHEN " name " BETWEEN -65536 AND 65535 THEN " name " WHEN " name " IS NOT NULL THEN printf('0x%x', " name  \
    ") END"
#define KERNEL_ROW                                                                                                     \
    "SELECT s.record, coalesce(s.name, s.kind)" KERNEL_ARGUMENT("s.arg0") KERNEL_ARGUMENT("s.arg1")                    \
        KERNEL_ARGUMENT("s.arg2") KERNEL_ARGUMENT("s.arg3") KERNEL_ARGUMENT("s.arg4")                                  \
            KERNEL_ARGUMENT("s.arg5") ", s.result, s.path, s.path2, s.class"

static const struct side trace_side = {
    "The trace says", "No system call was declared here.", "SELECT count(*)" TRACE_SIDE,
    "SELECT event, coalesce(syscall, op), handle, path, path2, offset, nullif(bytes, 0), result, errno" TRACE_SIDE
    " ORDER BY id LIMIT 12",
    trace_row
};
static const struct side kernel_side = { "The kernel saw", "No system call was seen here.",
                                         "SELECT count(*)" KERNEL_SIDE,
                                         KERNEL_ROW KERNEL_SIDE " ORDER BY s.id LIMIT 12", kernel_row };
static const struct side kernel_one = { "The kernel saw", "The witness's file does not have it.",
                                        "SELECT count(*)" KERNEL_ONE, KERNEL_ROW KERNEL_ONE " LIMIT 12", kernel_row };
static_assert(HTML_SIDE_ROWS == 12, "the limits above say it too");

static void put_side(struct html_page *page, const struct side *side)
{
    uint64_t all = 0;
    html_rows(page, side->count, count_row, &all);
    html_raw(page->out, "<div><h4>");
    html_text(page->out, side->title);
    html_raw(page->out, "</h4>\n");
    if (all == 0) {
        html_raw(page->out, "<p>");
        html_text(page->out, side->none);
        html_raw(page->out, "</p>");
    } else {
        html_raw(page->out, "<ul>\n");
        html_rows(page, side->rows, side->row, NULL);
        html_raw(page->out, "</ul>");
    }
    if (all > HTML_SIDE_ROWS) {
        html_raw(page->out, "<p>and ");
        html_number(page->out, all - HTML_SIDE_ROWS);
        html_raw(page->out, " more</p>");
    }
    html_raw(page->out, "</div>\n");
}

static void put_sides(struct html_page *page, const struct check_told *told)
{
    bool in_call = told->hostcall != CHECK_NO_PLACE, in_record = told->record != CHECK_NO_PLACE;
    int64_t first = page->run << STORE_RUN_SHIFT;
    if (!in_call && !in_record)
        return;
    page->call = in_call ? first + (int64_t)told->hostcall : 0;
    page->event = in_call && told->event != CHECK_NO_PLACE ? first + (int64_t)told->event : 0;
    page->record = in_record ? first + (int64_t)told->record : 0;
    html_raw(page->out, "<div class=\"sides\">\n");
    if (in_call)
        put_side(page, &trace_side);
    if (!page->report->witnessed)
        html_raw(page->out, "<div><h4>The kernel saw</h4><p>There is no kernel's record of this run.</p></div>\n");
    else
        put_side(page, in_call ? &kernel_side : &kernel_one);
    html_raw(page->out, "</div>\n");
}

static void put_place(struct html_page *page, const struct check_told *told)
{
    if (told->hostcall != CHECK_NO_PLACE) {
        html_raw(page->out, "hostcall ");
        html_number(page->out, told->hostcall);
        html_raw(page->out, " <code>");
        html_text(page->out, told->call);
        html_raw(page->out, "</code>");
    } else {
        html_raw(page->out, "outside of hostcalls");
    }
    static const char *const names[] = { ", event ", ", chunk ", ", witness record " };
    const uint64_t numbers[] = { told->event, told->chunk, told->record };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] != CHECK_NO_PLACE) {
            html_text(page->out, names[i]);
            html_number(page->out, numbers[i]);
        }
}

enum { FINDINGS_OPEN = 8 }; /* the others show their first line */

struct finding_list {
    struct html_page *page;
    size_t listed;
};

static void put_finding(void *self, const struct check_told *told)
{
    struct finding_list *list = self;
    struct html_page *page = list->page;
    bool notice = strcmp(told->level, "notice") == 0, warning = strcmp(told->level, "warning") == 0;
    if (list->listed++ < FINDINGS_OPEN)
        html_raw(page->out, "<details open class=\"finding\">\n<summary>");
    else
        html_raw(page->out, "<details class=\"finding\">\n<summary>");
    html_state_begin(page->out, notice ? HTML_UNKNOWN : warning ? HTML_WARN : HTML_BAD, told->level);
    html_raw(page->out, " <code>");
    html_text(page->out, told->rule);
    html_raw(page->out, "</code> <b>");
    html_text(page->out, told->text);
    html_raw(page->out, "</b></summary>\n<dl>\n<div><dt>Evidence</dt><dd>");
    html_text(page->out, told->evidence);
    html_raw(page->out, "</dd></div>\n<div><dt>Where</dt><dd>");
    put_place(page, told);
    html_raw(page->out, "</dd></div>\n");
    if (told->syscall) {
        html_raw(page->out, "<div><dt>System call</dt><dd><code>");
        html_text(page->out, told->syscall);
        html_raw(page->out, "</code>: ");
        html_text(page->out, told->impact ? told->impact : "not in the table of system calls");
        html_raw(page->out, "</dd></div>\n");
    }
    html_raw(page->out, "<div><dt>What to do</dt><dd>");
    html_text(page->out, told->advice);
    if (told->event != CHECK_NO_PLACE) {
        uint64_t from = told->event > 4 ? told->event - 4 : 0;
        html_format(page->out, ". What is around it: ");
        html_raw(page->out, "<code>warrant show --range ");
        html_format(page->out, "%" PRIu64 "..%" PRIu64, from, told->event + 8);
        html_raw(page->out, "</code>");
    }
    html_raw(page->out, "</dd></div>\n</dl>\n");
    put_sides(page, told);
    html_raw(page->out, "</details>\n");
}

/* What is not listed, by rule. */
static void put_rest(struct html_page *page, size_t listed)
{
    const struct check_report *r = page->report;
    html_raw(page->out, "<p class=\"more\">");
    html_number(page->out, r->finding_count - listed);
    html_raw(page->out, " more are not listed here. All of them, by rule: ");
    for (unsigned i = 0, told = 0; i < CHECK_FINDING_COUNT; i++)
        if (r->finding_counts[i] > 0) {
            html_text(page->out, told++ ? ", " : "");
            html_number(page->out, r->finding_counts[i]);
            html_raw(page->out, " <code>");
            html_text(page->out, check_finding_row((enum check_finding_kind)i)->rule);
            html_raw(page->out, "</code>");
        }
    html_raw(page->out, ".</p>\n");
}

void html_findings(struct html_page *page)
{
    html_raw(page->out, "<section id=\"findings\">\n<h2>Findings</h2>\n");
    if (page->report->finding_count == 0) {
        html_raw(page->out, "<p>None.</p>\n");
    } else {
        sides_collect(page);
        struct finding_list list = { page, 0 };
        size_t listed = check_report_visit(page->report, HTML_FINDINGS, put_finding, &list);
        if (page->report->finding_count > listed)
            put_rest(page, listed);
    }
    html_raw(page->out, "</section>\n");
}
