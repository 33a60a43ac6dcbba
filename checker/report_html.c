/* The report of a check as one HTML page, for whoever has to believe it: no script, nothing from elsewhere, and bounded
 * in size whatever the run did.
 *
 * Invariants: the page's content security policy allows its own style and nothing else; every text goes through
 * html_write.h; what is left out of a list is counted where the list ends. */
#include "checker/html_page.h"

#include <stdlib.h>
#include <string.h>
#include "checker/checker_inner.h"

static void put_head(struct html_page *page)
{
    html_raw(page->out,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
             "base-uri 'none'; form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<title>");
    html_text(page->out, check_report_verdict(page->report));
    html_raw(page->out, ": ");
    html_name(page->out, page->spec->module_path);
    html_raw(page->out, " - warrant report</title>\n<style>\n");
    buffer_string(page->out, html_style);
    html_raw(page->out, "</style>\n</head>\n<body>\n<main>\n");
}

static void put_nav(struct html_page *page)
{
    html_raw(page->out, "<nav aria-label=\"Parts\"><a href=\"#findings\">Findings</a> ");
    if (page->report->has_exit && page->report->exit.outcome == WASI_ENDED_TRAP)
        html_raw(page->out, "<a href=\"#crash\">Crash</a> ");
    html_raw(
        page->out,
        "<a href=\"#granted\">Granted and used</a> <a href=\"#timeline\">Timeline</a> <a href=\"#files\">Files</a> "
        "<a href=\"#sockets\">Sockets</a> <a href=\"#hostcalls\">Hostcalls</a> <a href=\"#syscalls\">System "
        "calls</a></nav>\n");
}

static void put_foot(struct html_page *page)
{
    html_raw(page->out, "<footer>\n<h2>What this page is</h2>\n<p>Written by warrant ");
    html_text(page->out, page->version);
    html_raw(page->out, " from <code>");
    html_text(page->out, page->report->trace_path);
    html_raw(page->out, "</code>");
    if (page->report->witnessed) {
        html_raw(page->out, " and <code>");
        html_text(page->out, page->report->witness_path);
        html_raw(page->out, "</code>");
    }
    html_raw(page->out,
             ". It repeats what <code>warrant check</code> found, and is no evidence itself: the trace and the "
             "witness's file are. Whoever has them can make it again. Its lists are cut where they say so; names that "
             "cannot be printed are written as <code>\\xNN</code>.</p>\n</footer>\n");
}

static void put_page(struct html_page *page)
{
    html_scan_run(page);
    put_head(page);
    html_verdict(page);
    put_nav(page);
    html_findings(page);
    html_crash(page);
    html_grants(page);
    html_timeline(page);
    html_files(page);
    html_sockets(page);
    html_hostcalls(page);
    html_syscalls(page);
    put_foot(page);
    html_raw(page->out, "</main>\n</body>\n</html>\n");
    if (page->out->status != STATUS_OK && page->status == STATUS_OK)
        page->status = error_set(page->error, STATUS_NO_MEMORY, "no memory for the report");
}

enum status check_report_html(struct checker *checker, const struct check_report *report, const char *version,
                              struct buffer *out, struct error *error)
{
    struct trace_reader *reader = NULL;
    struct run_spec spec;
    size_t size;
    run_spec_init(&spec);
    struct html_page *page = calloc(1, sizeof *page);
    if (!page)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the report");
    enum status s = trace_reader_open(report->trace_path, &reader, error);
    if (s == STATUS_OK && memcmp(trace_reader_run_id(reader), report->run_id, TRACE_RUN_ID) != 0)
        s = error_set(error, STATUS_DENIED, "%s was replaced while it was checked", report->trace_path);
    if (s == STATUS_OK) {
        const void *bytes = trace_reader_description(reader, &size);
        s = run_spec_decode(bytes, size, &spec, error);
    }
    if (s == STATUS_OK) {
        *page = (struct html_page) { .out = out, .report = report, .spec = &spec, .version = version, .error = error };
        page->db = checker_database(checker, &page->run);
        /* Sorting a million rows is the disk's matter, and one state of the database is told. */
        html_rows(page, "PRAGMA temp_store = FILE", NULL, NULL);
        html_rows(page, "PRAGMA cache_size = -8192", NULL, NULL);
        html_rows(page, "BEGIN", NULL, NULL);
        put_page(page);
        html_rows(page, "COMMIT", NULL, NULL);
        s = page->status;
    }
    trace_reader_close(reader);
    run_spec_done(&spec);
    free(page);
    return s;
}
