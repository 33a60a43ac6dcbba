/* Deletes runs of an audit database.
 *
 * Invariants: one transaction, begun before the runs are chosen, so that nobody changes what was chosen; rows are found
 * by the ranges of the computed ids, which a number outside of their range has not, so that such a run is refused. What
 * is deleted is written over in the file. Left out on purpose: shrinking by itself, because it writes all that stays
 * again. docs/queries.md. */
#include "checker/fleet_inner.h"

#include "checker/choose.h"
#include "checker/store_inner.h"
#include "runtime/base/text.h"

const char *fleet_done_name(enum fleet_done done)
{
    static const char *const names[] = {
        [FLEET_DELETED] = "deleted", [FLEET_MERGED] = "merged", [FLEET_REPLACED] = "replaced", [FLEET_KEPT] = "kept"
    };
    return (unsigned)done < sizeof names / sizeof *names ? names[done] : "?";
}

enum status fleet_sql(sqlite3 *db, const char *sql, const char *path, struct error *error)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK : database_failed(db, path, error);
}

/* ---- one run, told ---- */

enum { ROW_RUN, ROW_ID, ROW_STARTED, ROW_HOST, ROW_MODULE, ROW_LABELS, ROW_VERDICT, ROW_COLUMNS };
#define ROW_SQL                                                                                                        \
    "SELECT r.id, r.run_id, strftime('%Y-%m-%dT%H:%M:%SZ', r.started_ns / 1000000000, 'unixepoch'), r.host, r.module," \
    " (SELECT group_concat(l.name || '=' || l.value, ', ') FROM main.label l WHERE l.run = r.id), r.verdict"           \
    " FROM main.runs r WHERE r.id = ?"
const char fleet_row_sql[] = ROW_SQL;

void fleet_row_visit(const struct fleet_options *options, sqlite3_stmt *row, enum fleet_done done,
                     const char *verdict_here)
{
    struct buffer text[ROW_COLUMNS];
    const char *column[ROW_COLUMNS];
    for (int i = 0; i < ROW_COLUMNS; i++) {
        const char *bytes = sqlite3_column_blob(row, i);
        text[i] = (struct buffer)BUFFER_INIT;
        text_guard(&text[i], bytes ? bytes : "", (size_t)sqlite3_column_bytes(row, i));
        buffer_u8(&text[i], 0);
        column[i] = text[i].status == STATUS_OK ? (const char *)text[i].data : "?";
    }
    options->visit(options->self, &(struct fleet_run) { .done = done,
                                                        .run = sqlite3_column_int64(row, ROW_RUN),
                                                        .run_id = column[ROW_ID],
                                                        .started = column[ROW_STARTED],
                                                        .host = column[ROW_HOST],
                                                        .module = column[ROW_MODULE],
                                                        .labels = column[ROW_LABELS],
                                                        .verdict = column[ROW_VERDICT],
                                                        .verdict_here = verdict_here });
    for (int i = 0; i < ROW_COLUMNS; i++)
        buffer_done(&text[i]);
}

/* ---- the database as a whole ---- */

void fleet_tune(sqlite3 *db)
{
    sqlite3_exec(db, "PRAGMA cache_size = -65536; PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
}

static enum status number_of(sqlite3 *db, const char *sql, const char *path, uint64_t *ret, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum status s = code == SQLITE_ROW ? STATUS_OK : database_failed(db, path, error);
    if (s == STATUS_OK)
        *ret = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return s;
}

enum status fleet_size_take(sqlite3 *db, const char *path, struct fleet_size *ret, struct error *error)
{
    uint64_t page = 0, pages = 0, free_pages = 0;
    enum status s = number_of(db, "PRAGMA main.page_size", path, &page, error);
    if (s == STATUS_OK)
        s = number_of(db, "PRAGMA main.page_count", path, &pages, error);
    if (s == STATUS_OK)
        s = number_of(db, "PRAGMA main.freelist_count", path, &free_pages, error);
    if (s == STATUS_OK)
        s = number_of(db, "SELECT count(*) FROM main.runs", path, &ret->runs, error);
    ret->file_bytes = page * pages;
    ret->free_bytes = page * free_pages;
    return s;
}

enum status fleet_commit(sqlite3 *db, const char *path, enum status so_far, struct error *error)
{
    enum status s = so_far == STATUS_OK ? fleet_sql(db, "COMMIT", path, error) : so_far;
    if (s != STATUS_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return s;
}

/* SQLite makes a second file and attaches it, which is forbidden else. */
static enum status shrink(sqlite3 *db, const char *path, struct error *error)
{
    sqlite3_exec(db, "DROP TABLE temp.chosen", NULL, NULL, NULL);
    int attached = sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1);
    enum status s = fleet_sql(db, "VACUUM main", path, error);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, attached);
    if (s != STATUS_OK && error)
        error_prefix(error, "the runs are deleted, but the file could not be made smaller");
    return s;
}

/* ---- deletion ---- */

/* Each chosen run, in the order of their numbers. removes: they go. */
static enum status each_chosen(sqlite3 *db, const struct fleet_options *options, bool removes, struct error *error)
{
    static const char list_sql[] = "SELECT run FROM temp.chosen ORDER BY run";
    sqlite3_stmt *list = NULL, *row = NULL, *gone = NULL;
    const char *path = options->db_path;
    enum status s = STATUS_OK;
    int code = SQLITE_ROW;
    if (sqlite3_prepare_v2(db, list_sql, -1, &list, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, fleet_row_sql, -1, &row, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "DELETE FROM main.runs WHERE id = ?", -1, &gone, NULL) != SQLITE_OK)
        s = database_failed(db, path, error);
    for (uint64_t done = 0; s == STATUS_OK && (code = sqlite3_step(list)) == SQLITE_ROW; done++) {
        int64_t run = sqlite3_column_int64(list, 0);
        if (!store_is_run(run))
            s = error_set(error, STATUS_MALFORMED, "%s: no check gives a run the number %lld", path, (long long)run);
        else if (sqlite3_bind_int64(row, 1, run) != SQLITE_OK || sqlite3_step(row) != SQLITE_ROW)
            s = database_failed(db, path, error);
        else
            fleet_row_visit(options, row, FLEET_DELETED, NULL);
        sqlite3_reset(row);
        if (s == STATUS_OK && removes) {
            if (options->told && done > 0)
                options->told(options->told_self, "deleting", done, 0);
            s = store_remove(db, run, error);
        }
        if (s == STATUS_OK && removes &&
            (sqlite3_bind_int64(gone, 1, run) != SQLITE_OK || sqlite3_step(gone) != SQLITE_DONE))
            s = database_failed(db, path, error);
        sqlite3_reset(gone);
    }
    if (s == STATUS_OK && code != SQLITE_DONE)
        s = database_failed(db, path, error);
    sqlite3_finalize(list);
    sqlite3_finalize(row);
    sqlite3_finalize(gone);
    return s;
}

static enum status delete_in(sqlite3 *db, const struct fleet_options *options, const struct checker_choice *choice,
                             struct fleet_size *ret, struct error *error)
{
    const char *path = options->db_path;
    if (!options->dry_run)
        fleet_tune(db);
    enum status s = fleet_sql(db, options->dry_run ? "BEGIN" : "BEGIN IMMEDIATE", path, error);
    if (s != STATUS_OK)
        return s;
    s = choose_runs(db, choice, path, error);
    if (s == STATUS_OK)
        s = each_chosen(db, options, !options->dry_run, error);
    s = fleet_commit(db, path, s, error);
    if (s == STATUS_OK && options->shrink && !options->dry_run)
        s = shrink(db, path, error);
    return s == STATUS_OK ? fleet_size_take(db, path, ret, error) : s;
}

enum status fleet_delete(const struct fleet_options *options, const struct checker_choice *choice,
                         struct fleet_size *ret, struct error *error)
{
    struct database_wait wait = { options->told, options->told_self, 0 };
    sqlite3 *db = NULL;
    enum status s =
        database_open(options->db_path, options->dry_run ? DATABASE_READ : DATABASE_CHANGE, &wait, &db, error);
    if (s == STATUS_OK)
        s = delete_in(db, options, choice, ret, error);
    database_close(db);
    return s;
}
