/* Writing rows: prepared statements over the schema, one transaction per run. Private to checker/. */
#ifndef WARRANT_CHECKER_STORE_H
#define WARRANT_CHECKER_STORE_H

#include "checker/database.h"
#include "checker/match_sink.h"

enum { STORE_RUN_SHIFT = 40 };

struct store;
/* path: as checker_open's, not NULL. wait: whom to tell while another process is waited for, copied; NULL: nobody.
 * Returns owned. */
MUST_USE enum status store_open(const char *path, const struct database_wait *wait, struct store **ret,
                                struct error *error);
void store_close(struct store *store); /* NULL is fine */

/* Begins a transaction and makes room for the run: what is there of it already is removed. *ret_replaced: there was
 * something. */
MUST_USE enum status store_begin(struct store *store, const uint8_t *run_id, bool *ret_replaced, struct error *error);
/* Ends it. */
MUST_USE enum status store_commit(struct store *store, struct error *error);
void store_rollback(struct store *store);

/* Rows of the run. The first failure is kept, and store_status tells it; later rows are then dropped. */
/* The part of a hostcall that its row needs, so that the row can wait for its verdict. */
struct store_call {
    uint64_t number, begin_event, end_event, chunk, ticks, duration;
    uint32_t call, import;
    uint16_t wasi_errno, rule, trap, value_count, slot_count;
    uint8_t complete, timed;
    uint64_t value[2], bytes_in, bytes_out;
    uint64_t slot[OPERATION_SLOTS_MAX];
};
void store_call(struct store *store, const struct store_call *call, enum check_verdict verdict);
/* The call's strings and ops. */
void store_parts(struct store *store, const struct trace_call *call, uint64_t number);
void store_syscall(struct store *store, const struct witness_record *record, enum match_class class,
                   const struct match_place *place);
void store_finding(struct store *store, const struct check_finding *finding);

/* What was done with one file, to be added to what is known of it. */
struct store_file {
#define TABLE(id, name, ending)
#define KEY(table, name, type)
#define COLUMN(table, name, type, value)
#define ID(table, name, type, value)
#define RUN(table, name)
#define COUNT(table, name) uint64_t name;
#include "checker/columns.def"
#undef TABLE
#undef KEY
#undef COLUMN
#undef ID
#undef RUN
#undef COUNT
};
void store_file(struct store *store, const char *name, const struct store_file *use, uint64_t hostcall);
void store_run(struct store *store, const struct check_report *report, const struct run_spec *spec, double ns_per_tick);
/* Makes a failure of somebody who writes here the store's first one. */
void store_fail(struct store *store, enum status status, const char *text);
MUST_USE enum status store_status(struct store *store, struct error *error);

#endif
