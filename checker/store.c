/* Writes rows into the audit database.
 *
 * Invariants: one transaction per run; a row's id is computed, never looked up, so no index beside the primary keys is
 * written; text of guests is escaped before it is bound (text_plain; messages, whose names are escaped already,
 * text_guard), and nothing of a guest ever becomes SQL. The first failure is kept in the store and ends the import at
 * its next look. docs/queries.md. */
#include "checker/store.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "checker/ending.h"
#include "checker/impact.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"

enum store_statement {
    STORE_CALL,
    STORE_STRING,
    STORE_OP,
    STORE_SYSCALL,
    STORE_FINDING,
    STORE_FILE,
    STORE_RUN,
    STORE_STATEMENTS
};

static const char *const store_sql[STORE_STATEMENTS] = {
    [STORE_CALL] = "INSERT INTO hostcall VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_STRING] = "INSERT INTO string VALUES(?,?)",
    [STORE_OP] = "INSERT INTO op VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_SYSCALL] = "INSERT INTO syscall VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_FINDING] =
        "INSERT INTO finding(run,kind,hostcall,event,chunk,record,syscall,impact,evidence) VALUES(?,?,?,?,?,?,?,?,?)",
    [STORE_FILE] =
        "INSERT INTO file VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(run, name) DO UPDATE SET opens = opens + "
        "excluded.opens,"
        " creates = creates + excluded.creates, reads = reads + excluded.reads, bytes_read = bytes_read +"
        " excluded.bytes_read, writes = writes + excluded.writes, bytes_written = bytes_written + "
        "excluded.bytes_written,"
        " looks = looks + excluded.looks, changes = changes + excluded.changes, removes = removes + excluded.removes,"
        " failures = failures + excluded.failures",
    [STORE_RUN] =
        "UPDATE runs SET trace=?2, witness=?3, module=?4, module_hash=?5, module_bytes=?6, arguments=?7, started_ns=?8,"
        " ns_per_tick=?9, hostcalls=?10, events=?11, syscalls=?12, setup_syscalls=?13, lost=?14, whole=?15, "
        "end_reason=?16, cause=?17,"
        " ends_inside_call=?18, stop=?19, outcome=?20, exit_code=?21, instructions=?22, replay=?23, replayed=?24, "
        "witnessed=?25, confined=?26, policy=?27,"
        " judged=?28, findings=?29, failing=?30, exit_status=?31, verdict=?32 WHERE id=?1",
};

struct store {
    sqlite3 *db;
    struct database_wait wait;
    sqlite3_stmt *statement[STORE_STATEMENTS];
    int64_t run;
    enum status status;
    struct error error;
    struct buffer text;
};

enum status store_open(const char *path, const struct database_wait *wait, struct store **ret, struct error *error)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the audit database");
    if (wait)
        store->wait = *wait;
    enum status s = database_open(path, DATABASE_WRITE, &store->wait, &store->db, error);
    if (s == STATUS_OK)
        sqlite3_exec(store->db, "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA synchronous = NORMAL",
                     NULL, NULL, NULL);
    for (size_t i = 0; i < STORE_STATEMENTS && s == STATUS_OK; i++)
        if (sqlite3_prepare_v3(store->db, store_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statement[i], NULL) !=
            SQLITE_OK)
            s = database_failed(store->db, path, error);
    if (s != STATUS_OK) {
        store_close(store);
        return s;
    }
    *ret = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(store->statement[i]);
    database_close(store->db);
    buffer_done(&store->text);
    free(store);
}

static enum status run_sql(struct store *store, const char *sql, struct error *error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK
               : database_failed(store->db, "the audit database", error);
}

static void run_id_text(const uint8_t *run_id, char ret[2 * TRACE_RUN_ID + 1])
{
    for (size_t i = 0; i < TRACE_RUN_ID; i++)
        snprintf(ret + 2 * i, 3, "%02x", run_id[i]);
}

/* Removes what an earlier check left of the run. The ranges are those of the computed ids. */
static enum status remove_rows(struct store *store, struct error *error)
{
    static const struct {
        const char *table, *column;
        unsigned shift;
    } ranges[] = {
        { "hostcall", "id", STORE_RUN_SHIFT },
        { "string", "id", STORE_RUN_SHIFT },
        { "op", "id", STORE_RUN_SHIFT },
        { "syscall", "id", STORE_RUN_SHIFT },
        { "file", "run", 0 },
        { "finding", "run", 0 },
    };
    enum status s = STATUS_OK;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && s == STATUS_OK; i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s >= %lld AND %s < %lld", ranges[i].table, ranges[i].column,
                 (long long)store->run << ranges[i].shift, ranges[i].column,
                 ((long long)store->run + 1) << ranges[i].shift);
        s = run_sql(store, sql, error);
    }
    return s;
}

/* Whether ids can be computed for the run, and for the one behind it, where remove_rows ends. A number in a database is
 * anybody's. */
static enum status run_in_range(const struct store *store, struct error *error)
{
    const int64_t end = (INT64_C(1) << (63 - STORE_RUN_SHIFT)) - 1;
    if (store->run >= 1 && store->run < end)
        return STATUS_OK;
    return error_set(error, STATUS_LIMIT, "the audit database holds as many runs as it can; start another one");
}

enum status store_begin(struct store *store, const uint8_t *run_id, bool *ret_replaced, struct error *error)
{
    char id[2 * TRACE_RUN_ID + 1];
    sqlite3_stmt *find = NULL;
    run_id_text(run_id, id);
    store->status = STATUS_OK;
    store->error = (struct error)ERROR_INIT;
    enum status s = run_sql(store, "BEGIN IMMEDIATE", error);
    if (s != STATUS_OK)
        return s;
    *ret_replaced = true;
    int code = sqlite3_prepare_v2(store->db, "SELECT id FROM runs WHERE run_id = ?", -1, &find, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(find, 1, id, -1, SQLITE_STATIC);
        code = sqlite3_step(find);
        store->run = code == SQLITE_ROW ? sqlite3_column_int64(find, 0) : 0;
    }
    sqlite3_finalize(find);
    if (code == SQLITE_ROW) {
        s = run_in_range(store, error);
        if (s == STATUS_OK)
            s = remove_rows(store, error);
    } else if (code == SQLITE_DONE) {
        char sql[96];
        *ret_replaced = false;
        snprintf(sql, sizeof sql, "INSERT INTO runs(run_id) VALUES('%s')", id);
        s = run_sql(store, sql, error);
        store->run = sqlite3_last_insert_rowid(store->db);
    } else {
        s = database_failed(store->db, "the audit database", error);
    }
    if (s == STATUS_OK)
        s = run_in_range(store, error);
    if (s != STATUS_OK)
        store_rollback(store);
    return s;
}

enum status store_commit(struct store *store, struct error *error)
{
    enum status s = store_status(store, error);
    if (s == STATUS_OK)
        s = run_sql(store, "COMMIT", error);
    if (s != STATUS_OK)
        store_rollback(store);
    return s;
}

void store_rollback(struct store *store) { sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL); }

enum status store_status(struct store *store, struct error *error)
{
    return store->status == STATUS_OK ? STATUS_OK : error_copy(error, store->status, &store->error);
}

void store_fail(struct store *store, enum status status, const char *text)
{
    if (store->status == STATUS_OK)
        store->status = error_set(&store->error, status, "%s", text);
}

/* ---- rows ---- */

/* Values of one row, bound from left to right. */
struct row {
    struct store *store;
    sqlite3_stmt *statement;
    int at;
};

static struct row row_begin(struct store *store, enum store_statement which)
{
    struct row row = { store, store->statement[which], 0 };
    sqlite3_reset(row.statement);
    return row;
}

static void row_number(struct row *row, uint64_t value)
{
    sqlite3_bind_int64(row->statement, ++row->at, (int64_t)value);
}
static void row_null(struct row *row) { sqlite3_bind_null(row->statement, ++row->at); }
static void row_some(struct row *row, uint64_t value, bool known)
{
    if (known)
        row_number(row, value);
    else
        row_null(row);
}

/* Binds the store's text; SQLite keeps a copy. */
static void row_bind(struct row *row)
{
    const struct buffer *text = &row->store->text;
    if (text->status != STATUS_OK)
        row->store->status = error_set(&row->store->error, STATUS_NO_MEMORY, "no memory for a row");
    sqlite3_bind_text(row->statement, ++row->at, text->data ? (const char *)text->data : "", (int)text->size,
                      SQLITE_TRANSIENT);
}

static void row_text(struct row *row, const void *bytes, size_t size)
{
    buffer_clear(&row->store->text);
    text_plain(&row->store->text, bytes, size);
    row_bind(row);
}

/* A text of ours, whose names are in the plain form already. */
static void row_message(struct row *row, const char *text)
{
    buffer_clear(&row->store->text);
    text_guard(&row->store->text, text, strlen(text));
    if (text[0])
        row_bind(row);
    else
        row_null(row);
}

static void row_string(struct row *row, const char *string)
{
    if (string && string[0])
        row_text(row, string, strlen(string));
    else
        row_null(row);
}

static void row_end(struct row *row)
{
    if (row->store->status == STATUS_OK && sqlite3_step(row->statement) != SQLITE_DONE)
        row->store->status = database_failed(row->store->db, "the audit database", &row->store->error);
}

/* The id of what has this number in the run: a hostcall, an event, a record. */
static uint64_t row_id(const struct store *store, uint64_t number)
{
    return ((uint64_t)store->run << STORE_RUN_SHIFT) + number;
}

void store_call(struct store *store, const struct store_call *call, enum check_verdict verdict)
{
    struct row row = row_begin(store, STORE_CALL);
    row_number(&row, row_id(store, call->number));
    row_number(&row, call->call);
    row_number(&row, call->begin_event);
    row_some(&row, call->end_event, call->complete);
    row_number(&row, call->chunk);
    row_number(&row, call->ticks);
    row_some(&row, call->duration, call->complete);
    row_some(&row, call->wasi_errno, call->complete);
    row_some(&row, call->rule, call->complete);
    row_some(&row, call->trap, call->trap != 0);
    row_number(&row, verdict);
    for (unsigned i = 0; i < 2; i++)
        row_some(&row, call->value[i], i < call->value_count);
    row_number(&row, call->bytes_in);
    row_number(&row, call->bytes_out);
    for (unsigned i = 0; i < OPERATION_SLOTS_MAX; i++)
        row_some(&row, call->slot[i], i < call->slot_count);
    row_end(&row);
}

static void row_region(struct row *row, const struct request *request, struct region region)
{
    if (region.length > 0 && (uint64_t)region.offset + region.length <= REQUEST_BYTES)
        row_text(row, request->bytes + region.offset, region.length);
    else
        row_null(row);
}

static uint64_t op_bytes(const struct op *op, int64_t value)
{
    const struct op_row *row = &abi_ops[op->kind];
    bool moves = row->in != OP_BYTES_NONE || row->out != OP_BYTES_NONE; /* a stat's value is 0 */
    return moves && value > 0 ? (uint64_t)value : 0;
}

void store_parts(struct store *store, const struct trace_call *call, uint64_t number)
{
    const struct request *request = &call->request;
    const struct op *head = &call->ops.op[0];
    bool in_op = request->string_count == 1 && call->ops.count > 0 && head->kind < OP_COUNT &&
                 abi_op_has(&abi_ops[head->kind], OPERAND_PATH) && head->path.offset == request->string[0].offset &&
                 head->path.length == request->string[0].length;
    for (uint32_t i = 0; !in_op && i < request->string_count && i < REQUEST_STRINGS; i++) {
        struct row row = row_begin(store, STORE_STRING);
        row_number(&row, row_id(store, call->begin_event + i)); /* a call has two events at least */
        row_region(&row, request, request->string[i]);
        row_end(&row);
    }
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        if (op->kind >= OP_COUNT)
            continue;
        bool has_path = abi_op_has(&abi_ops[op->kind], OPERAND_PATH),
             has_path2 = abi_op_has(&abi_ops[op->kind], OPERAND_PATH2);
        int64_t value = call->complete ? call->ops.result[i].value : 0;
        struct row row = row_begin(store, STORE_OP);
        row_number(&row, row_id(store, call->op_event[i]));
        row_number(&row, row_id(store, number));
        row_number(&row, i);
        row_number(&row, op->kind);
        row_number(&row, op->rule);
        row_some(&row, op->handle, op->handle != HANDLE_NONE);
        row_some(&row, op->handle2, op->handle2 != HANDLE_NONE);
        row_some(&row, op->flags, op->flags != 0);
        row_some(&row, op->offset, op->offset != 0);
        row_some(&row, op->value, op->value != 0);
        row_some(&row, op_bytes(op, value), call->complete);
        row_region(&row, request, has_path ? op->path : (struct region) { 0, 0 });
        row_region(&row, request, has_path2 ? op->path2 : (struct region) { 0, 0 });
        row_some(&row, (uint64_t)value, call->complete);
        row_some(&row, call->ops.result[i].calls, call->complete && abi_ops[op->kind].calls == OP_CALLS_WALK);
        row_end(&row);
    }
}

void store_syscall(struct store *store, const struct witness_record *record, enum match_class class,
                   const struct match_place *place)
{
    bool call = record->kind <= WITNESS_EXIT_ONLY;
    struct row row = row_begin(store, STORE_SYSCALL);
    row_number(&row, row_id(store, record->number));
    row_some(&row, place ? row_id(store, place->hostcall) : 0, place != NULL);
    row_some(&row, place ? place->op : 0, place && place->op != MATCH_NO_OP);
    row_number(&row, class);
    row_number(&row, record->kind);
    row_number(&row, record->role);
    row_number(&row, record->flags);
    row_number(&row, record->chunk);
    row_number(&row, record->pid);
    row_number(&row, record->tid);
    row_number(&row, record->ktime);
    row_some(&row, (uint64_t)record->syscall, call);
    row_some(&row, (uint64_t)record->result, record->kind != WITNESS_ENTRY_ONLY);
    for (unsigned i = 0; i < 6; i++)
        row_some(&row, record->arg[i], call && record->arg[i] != 0);
    for (unsigned i = 0; i < WITNESS_PATHS; i++)
        row_string(&row, record->path[i]);
    row_some(&row, record->object.dev, record->object.mode != 0);
    row_some(&row, record->object.ino, record->object.mode != 0);
    row_some(&row, record->opened.dev, record->opened.mode != 0);
    row_some(&row, record->opened.ino, record->opened.mode != 0);
    row_end(&row);
}

void store_finding(struct store *store, const struct check_finding *finding)
{
    struct row row = row_begin(store, STORE_FINDING);
    row_number(&row, (uint64_t)store->run);
    row_number(&row, finding->kind);
    row_some(&row, row_id(store, finding->hostcall), finding->hostcall != CHECK_NO_PLACE);
    row_some(&row, finding->event, finding->event != CHECK_NO_PLACE);
    row_some(&row, finding->chunk, finding->chunk != CHECK_NO_PLACE);
    row_some(&row, finding->record, finding->record != CHECK_NO_PLACE);
    row_string(&row, finding->syscall_name);
    row_string(&row, finding->impact);
    row_message(&row, finding->evidence);
    row_end(&row);
}

void store_file(struct store *store, const char *name, const struct store_file *use, uint64_t hostcall)
{
    const uint64_t counts[] = { use->opens,         use->creates, use->reads,   use->bytes_read, use->writes,
                                use->bytes_written, use->looks,   use->changes, use->removes,    use->failures };
    struct row row = row_begin(store, STORE_FILE);
    row_number(&row, (uint64_t)store->run);
    row_text(&row, name, strlen(name));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        row_number(&row, counts[i]);
    row_number(&row, row_id(store, hostcall));
    row_end(&row);
}

static void row_arguments(struct row *row, const struct run_spec *spec)
{
    struct buffer text = BUFFER_INIT;
    struct json json = json_over(&text);
    json_array_begin(&json, NULL);
    for (uint32_t i = 0; i < spec->arg_count; i++)
        json_string(&json, NULL, spec->args[i]);
    json_array_end(&json);
    sqlite3_bind_text(row->statement, ++row->at, (const char *)text.data, (int)text.size, SQLITE_TRANSIENT);
    buffer_done(&text);
}

static void row_cause(struct row *row, const struct trace_end *end)
{
    struct buffer *text = &row->store->text;
    buffer_clear(text);
    if (end->reason == 0) {
        row_null(row);
        return;
    }
    ending_cause(end, text);
    row_bind(row);
}

void store_run(struct store *store, const struct check_report *report, const struct run_spec *spec, double ns_per_tick)
{
    char hash[2 * sizeof spec->module_hash + 1];
    for (size_t i = 0; i < sizeof spec->module_hash; i++)
        snprintf(hash + 2 * i, 3, "%02x", spec->module_hash[i]);
    struct row row = row_begin(store, STORE_RUN);
    row_number(&row, (uint64_t)store->run);
    row_string(&row, report->trace_path);
    row_string(&row, report->witness_path);
    row_string(&row, spec->module_path);
    row_string(&row, hash);
    row_number(&row, spec->module_size);
    row_arguments(&row, spec);
    row_number(&row, spec->started_ns);
    sqlite3_bind_double(row.statement, ++row.at, ns_per_tick);
    const uint64_t counts[] = { report->hostcalls,      report->events, report->syscalls,
                                report->setup_syscalls, report->lost,   report->trace_whole };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        row_number(&row, counts[i]);
    row_string(&row, trace_end_name(report->end.reason));
    row_cause(&row, &report->end);
    row_number(&row, report->ends_inside_call);
    row_message(&row, report->stop_text);
    row_string(&row, report->has_exit ? abi_ended_name(report->exit.outcome) : NULL);
    row_some(&row, report->exit.exit_code, report->has_exit);
    row_some(&row, report->exit.instructions, report->has_exit);
    row_message(&row, !report->replay.done ? "" : report->replay.identical ? "identical" : report->replay.text);
    row_number(&row, report->replay.done && check_replay_whole(&report->replay));
    row_number(&row, report->witnessed);
    row_string(&row, report->confined);
    row_string(&row, report->policy_given ? "given" : "own");
    row_string(&row, check_judged_name((enum check_judged)report->judged));
    row_number(&row, report->finding_count);
    row_number(&row, report->failing);
    row_number(&row, (uint64_t)report->exit_status);
    row_string(&row, check_report_verdict(report));
    row_end(&row);
}
