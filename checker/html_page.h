/* What the parts of the HTML report share: the run, its database, and the page that they write. Private to checker/. */
#ifndef WARRANT_CHECKER_HTML_PAGE_H
#define WARRANT_CHECKER_HTML_PAGE_H

#include <sqlite3.h>
#include "checker/checker.h"
#include "checker/html_write.h"

/* How many rows a list has before the rest is one sum: what bounds the page. */
enum {
    HTML_FINDINGS = 200,
    HTML_SIDE_ROWS = 12, /* of the trace, and of the kernel, beside a finding */
    HTML_FILES = 400,
    HTML_SOCKETS = 200,
    HTML_SYSCALLS = 200,
    HTML_GRANTS = 200,
    HTML_REFUSALS = 100,
    HTML_NAME = 240, /* bytes of a name */
    HTML_BUCKETS = 96,
};

/* What a hostcall is about, for the timeline. */
#define HTML_KIND_LIST(X)                                                                                              \
    X(READ, "reads")                                                                                                   \
    X(WRITE, "writes")                                                                                                 \
    X(NAMES, "paths")                                                                                                  \
    X(NETWORK, "network")                                                                                              \
    X(TIME, "clock, random, waiting")                                                                                  \
    X(OTHER, "other")
#define HTML_KIND_ENUM(id, text) HTML_##id,
enum html_kind { HTML_KIND_LIST(HTML_KIND_ENUM) HTML_KINDS };
#undef HTML_KIND_ENUM

struct html_bucket {
    uint64_t calls[HTML_KINDS], bytes_in, bytes_out, refused, failed, contradicted;
};

/* All hostcalls, added up in one pass. */
struct html_scan {
    struct html_call_sum {
        uint64_t count, errors, refused, timed, ns, max_ns, bytes_in, bytes_out;
    } call[OPERATION_COUNT + 1], all; /* the last: what no operation is */
    bool timed;                       /* buckets are of time; else of the order of calls */
    double ns_per_tick;               /* 0: not known */
    uint64_t first, last;             /* ticks, or numbers of calls */
    uint64_t kind[HTML_KINDS];
    uint64_t unplaced; /* calls without any time */
    struct html_bucket bucket[HTML_BUCKETS];
};

struct html_page {
    struct buffer *out;
    sqlite3 *db;
    int64_t run;
    const struct check_report *report;
    const struct run_spec *spec;
    const char *version;
    struct html_scan scan;
    int64_t call, event, record; /* ids of the finding that is told; 0: none */
    enum status status;          /* the first failure */
    struct error *error;
};

/* Runs a statement and tells its rows. Bound where it has them: :run; :first and :behind, the ids of the run's rows;
 * :call, :event and :record of the finding. */
typedef void html_row_fn(struct html_page *page, sqlite3_stmt *row, void *self);
void html_rows(struct html_page *page, const char *sql, html_row_fn *told, void *self);
uint64_t html_row_number(sqlite3_stmt *row, int column); /* 0 for NULL */
/* Text of a row, which is in the plain form, escaped and cut at HTML_NAME. */
void html_row_text(struct html_page *page, sqlite3_stmt *row, int column);
const char *html_operation(uint64_t call); /* "fd_write"; "?" beyond the table */
/* "DAMAGED, INCOMPLETE" and so on are states: the class of an element. */
enum html_state { HTML_OK, HTML_UNKNOWN, HTML_WARN, HTML_BAD };
void html_state_begin(struct buffer *out, enum html_state state, const char *word);

/* Whether calls may be missing: then nothing is said not to have happened without saying how far that is known. */
bool html_is_part(const struct html_page *page);
/* A paragraph that says that there was none: `text`, without a full stop, and how far that is known. */
void html_none(struct html_page *page, const char *text);

/* The parts, in their order on the page. */
void html_verdict(struct html_page *page);
void html_findings(struct html_page *page);
void html_crash(struct html_page *page);
void html_grants(struct html_page *page);
void html_network(struct html_page *page); /* a part of the grants */
void html_timeline(struct html_page *page);
void html_files(struct html_page *page);
void html_sockets(struct html_page *page);
void html_hostcalls(struct html_page *page);
void html_syscalls(struct html_page *page);
void html_scan_run(struct html_page *page); /* before all of them */

extern const char html_style[];

#endif
