/* Rows of the database for the HTML report, and what several of its parts write alike. */
#include "checker/html_page.h"

#include <string.h>
#include "checker/database_error.h"
#include "checker/ending_report.h"
#include "checker/store.h"
#include "wasi/abi/abi.h"

static void bind(sqlite3_stmt *statement, const char *name, int64_t value)
{
    int place = sqlite3_bind_parameter_index(statement, name);
    if (place > 0)
        sqlite3_bind_int64(statement, place, value);
}

void html_rows(struct html_page *page, const char *sql, html_row_fn *told, void *self)
{
    sqlite3_stmt *statement = NULL;
    if (page->status != STATUS_OK)
        return;
    int code = sqlite3_prepare_v2(page->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        bind(statement, ":run", page->run);
        bind(statement, ":call", page->call);
        bind(statement, ":event", page->event);
        bind(statement, ":record", page->record);
        bind(statement, ":first", page->run << STORE_RUN_SHIFT);
        bind(statement, ":behind", (page->run + 1) << STORE_RUN_SHIFT);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW && page->status == STATUS_OK)
            if (told)
                told(page, statement, self);
    }
    if (code != SQLITE_DONE && page->status == STATUS_OK)
        page->status = database_failed(page->db, "the report", page->error);
    sqlite3_finalize(statement);
}

uint64_t html_row_number(sqlite3_stmt *row, int column) { return (uint64_t)sqlite3_column_int64(row, column); }

void html_row_text(struct html_page *page, sqlite3_stmt *row, int column)
{
    const void *bytes = sqlite3_column_blob(row, column);
    if (bytes)
        html_text_cut(page->out, bytes, (size_t)sqlite3_column_bytes(row, column), HTML_NAME);
}

const char *html_operation(uint64_t call) { return call < OPERATION_COUNT ? abi_operations[call].name : "?"; }

void html_state_begin(struct buffer *out, enum html_state state, const char *word)
{
    static const char *const classes[] = {
        [HTML_OK] = "ok", [HTML_UNKNOWN] = "unknown", [HTML_WARN] = "warn", [HTML_BAD] = "bad"
    };
    html_raw(out, "<span class=\"state ");
    html_text(out, classes[state]);
    html_raw(out, "\">");
    html_text(out, word);
    html_raw(out, "</span>");
}

bool html_is_part(const struct html_page *page) { return !page->report->trace_whole || ending_is_open(page->report); }

void html_none(struct html_page *page, const char *text)
{
    html_raw(page->out, "<p>");
    html_text(page->out, text);
    html_text(page->out, html_is_part(page) ? ", as far as the trace goes." : ".");
    html_raw(page->out, "</p>\n");
}
