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

bool store_is_run(int64_t run)
{
    const int64_t end = (INT64_C(1) << (63 - STORE_RUN_SHIFT)) - 1; /* the one behind it is where its ids end */
    return run >= 1 && run < end;
}

void store_owned(enum columns_table table, int64_t run, int64_t *ret_first, int64_t *ret_beyond)
{
    const struct column *owner = columns_owner(table);
    unsigned shift = owner && owner->kind == COLUMNS_ID ? STORE_RUN_SHIFT : 0;
    *ret_first = run << shift;
    *ret_beyond = (run + 1) << shift;
}

enum status store_remove(sqlite3 *db, int64_t run, struct error *error)
{
    struct buffer sql = BUFFER_INIT;
    enum status s = STATUS_OK;
    for (int table = 0; table < COLUMNS_TABLES && s == STATUS_OK; table++) {
        sqlite3_stmt *statement = NULL;
        int64_t first, beyond;
        if (table == COLUMNS_RUNS)
            continue;
        buffer_clear(&sql);
        columns_remove((enum columns_table)table, &sql);
        store_owned((enum columns_table)table, run, &first, &beyond);
        if (sql.status != STATUS_OK)
            s = error_set(error, STATUS_NO_MEMORY, "no memory for the audit database");
        else if (sqlite3_prepare_v2(db, (const char *)sql.data, (int)sql.size, &statement, NULL) != SQLITE_OK ||
                 sqlite3_bind_int64(statement, 1, first) != SQLITE_OK ||
                 sqlite3_bind_int64(statement, 2, beyond) != SQLITE_OK || sqlite3_step(statement) != SQLITE_DONE)
            s = database_failed(db, "the audit database", error);
        sqlite3_finalize(statement);
    }
    buffer_done(&sql);
    return s;
}

/* Whether ids can be computed for the run, and for the one behind it, where its rows end. A number in a database is
 * anybody's. */
static enum status run_in_range(int64_t run, struct error *error)
{
    return store_is_run(run)
               ? STATUS_OK
               : error_set(error, STATUS_LIMIT, "the audit database holds as many runs as it can; start another one");
}

enum status store_room(sqlite3 *db, const char *id, int64_t *ret_run, bool *ret_replaced, struct error *error)
{
    sqlite3_stmt *find = NULL;
    static const char *const statements[] = { "SELECT id FROM runs WHERE run_id = ?",
                                              "INSERT INTO runs(run_id) VALUES(?)" };
    int code = sqlite3_prepare_v2(db, statements[0], -1, &find, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(find, 1, id, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(find);
    *ret_replaced = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        *ret_run = sqlite3_column_int64(find, 0);
    sqlite3_finalize(find);
    find = NULL;
    if (code == SQLITE_ROW) {
        enum status s = run_in_range(*ret_run, error);
        return s == STATUS_OK ? store_remove(db, *ret_run, error) : s;
    }
    if (code == SQLITE_DONE)
        code = sqlite3_prepare_v2(db, statements[1], -1, &find, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(find, 1, id, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(find);
    enum status s = code == SQLITE_DONE ? STATUS_OK : database_failed(db, "the audit database", error);
    sqlite3_finalize(find);
    *ret_run = sqlite3_last_insert_rowid(db);
    return s == STATUS_OK ? run_in_range(*ret_run, error) : s;
}

enum status store_begin(struct store *store, const uint8_t *run_id, bool *ret_replaced, struct error *error)
{
    char id[2 * TRACE_RUN_ID + 1];
    run_id_text(run_id, id);
    store->status = STATUS_OK;
    store->error = (struct error)ERROR_INIT;
    enum status s = run_sql(store, "BEGIN IMMEDIATE", error);
    if (s != STATUS_OK)
        return s;
    s = store_room(store->db, id, &store->run, ret_replaced, error);
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
