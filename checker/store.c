/* The store: opens the audit database for writing, begins and ends a run's transaction. Rows are store_rows.c.
 *
 * Invariants: one transaction per run; what was there of a run is removed by the ranges of the computed ids. The first
 * failure is kept in the store and ends the import at its next look. docs/queries.md. */
#include "checker/store_inner.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static enum status prepare(struct store *store, enum columns_table table, const char *path, struct error *error)
{
    struct buffer *sql = &store->text;
    buffer_clear(sql);
    columns_write(table, sql);
    if (sql->status != STATUS_OK)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the audit database");
    int code = sqlite3_prepare_v3(store->db, (const char *)sql->data, (int)sql->size, SQLITE_PREPARE_PERSISTENT,
                                  &store->statement[table], NULL);
    return code == SQLITE_OK ? STATUS_OK : database_failed(store->db, path, error);
}

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
    for (int i = 0; i < COLUMNS_TABLES && s == STATUS_OK; i++)
        s = prepare(store, (enum columns_table)i, path, error);
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
    for (size_t i = 0; i < COLUMNS_TABLES; i++)
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
        { "socket", "id", STORE_RUN_SHIFT },
        { "file", "run", 0 },
        { "finding", "run", 0 },
        { "label", "run", 0 },
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
