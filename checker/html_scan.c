/* Adds up every hostcall of a run in one pass over its rows: memory does not grow with the run. */
#include "checker/html_page.h"

#include <stdlib.h>
#include <string.h>

/* What a hostcall is about, by the beginning of its name; the first row that fits. */
static const struct {
    const char *prefix;
    enum html_kind kind;
} kinds[] = {
    { "fd_read", HTML_READ }, { "fd_pread", HTML_READ }, { "fd_write", HTML_WRITE }, { "fd_pwrite", HTML_WRITE },
    { "path_", HTML_NAMES },  { "sock_", HTML_NETWORK }, { "clock_", HTML_TIME },    { "random_", HTML_TIME },
    { "poll_", HTML_TIME },   { "sched_", HTML_TIME },
};

static enum html_kind kind_of(uint64_t call)
{
    const char *name = html_operation(call);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].kind;
    return HTML_OTHER;
}

static void add(struct html_call_sum *sum, const struct html_call_sum *one)
{
    sum->count += one->count;
    sum->errors += one->errors;
    sum->refused += one->refused;
    sum->timed += one->timed;
    sum->ns += one->ns;
    sum->max_ns = one->max_ns > sum->max_ns ? one->max_ns : sum->max_ns;
    sum->bytes_in += one->bytes_in;
    sum->bytes_out += one->bytes_out;
}

static void extent(struct html_page *page, sqlite3_stmt *row, void *self)
{
    (void)self;
    page->scan.first = html_row_number(row, 0);
    page->scan.last = html_row_number(row, 1);
    page->scan.ns_per_tick = sqlite3_column_double(row, 2);
    page->scan.timed =
        sqlite3_column_type(row, 0) != SQLITE_NULL && page->scan.ns_per_tick > 0 && page->scan.last > page->scan.first;
    if (!page->scan.timed) {
        page->scan.first = 0;
        page->scan.last = page->report->hostcalls;
    }
}

static void one_call(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct html_scan *scan = &page->scan;
    uint64_t call = html_row_number(row, 0), rule = html_row_number(row, 4), verdict = html_row_number(row, 7);
    bool timed = sqlite3_column_type(row, 2) != SQLITE_NULL;
    struct html_call_sum one = { .count = 1,
                                 .errors = html_row_number(row, 3) != 0,
                                 .refused = rule < RULE_COUNT && abi_rules[rule].refuses,
                                 .timed = timed,
                                 .ns = (uint64_t)((double)html_row_number(row, 2) * scan->ns_per_tick),
                                 .bytes_in = html_row_number(row, 5),
                                 .bytes_out = html_row_number(row, 6) };
    one.max_ns = one.ns;
    add(&scan->call[call < OPERATION_COUNT ? call : OPERATION_COUNT], &one);
    add(&scan->all, &one);
    enum html_kind kind = kind_of(call);
    scan->kind[kind]++;
    uint64_t number = (*(uint64_t *)self)++;
    if (scan->timed && sqlite3_column_type(row, 1) == SQLITE_NULL) {
        scan->unplaced++;
        return;
    }
    uint64_t at = scan->timed ? html_row_number(row, 1) : number;
    double span = (double)(scan->last - scan->first), from = at > scan->first ? (double)(at - scan->first) : 0;
    size_t place = span > 0 ? (size_t)(from / span * (double)HTML_BUCKETS) : 0;
    struct html_bucket *bucket = &scan->bucket[place < HTML_BUCKETS ? place : HTML_BUCKETS - 1];
    bucket->calls[kind]++;
    bucket->bytes_in += one.bytes_in;
    bucket->bytes_out += one.bytes_out;
    bucket->refused += one.refused;
    bucket->failed += one.errors;
    bucket->contradicted += verdict >= CHECK_VERDICT_DENIED;
}

void html_scan_run(struct html_page *page)
{
    uint64_t number = 0;
    html_rows(page,
              "SELECT min(ticks), max(ticks + coalesce(duration, 0)), (SELECT ns_per_tick FROM runs WHERE id = :run)"
              " FROM hostcall WHERE id >= :first AND id < :behind",
              extent, NULL);
    html_rows(page,
              "SELECT call, ticks, duration, errno, rule, bytes_in, bytes_out, verdict FROM hostcall WHERE id >= :first"
              " AND id < :behind ORDER BY id",
              one_call, &number);
}
