/* Takes the runs of one audit database into another.
 *
 * Invariants: the other database is somebody's word. It is read through a connection of its own, with its schema
 * compared, and each value is held against the column that it stands in; ids are computed anew for the run's number
 * here, and one that is not of its run ends the merge; text is made fit to print again; what a number means is our
 * tables' to say, and a number that they do not have ends the merge, because questions would not show its row. One
 * transaction for all of its runs. Left out on purpose: looking at traces. docs/queries.md. */
#include "checker/fleet_inner.h"

#include <string.h>
#include "checker/store_inner.h"
#include "checker/match_sink.h"
#include "runtime/base/text.h"

enum { TOLD_EVERY = 16384, ID_DIGITS = 2 * TRACE_RUN_ID };

/* How the values of a table's column are copied. */
struct copied {
    const struct column *column;
    uint8_t type;    /* SQLite's, of its values: TEXT, FLOAT, INTEGER */
    bool origin;     /* says where the run came from */
    int64_t numbers; /* that a table of names has, from 0; 0: it has no such table */
};
enum { COPIED_MAX = 64 };

struct merge {
    const struct fleet_options *options;
    const char *other;
    sqlite3 *from, *to; /* to: NULL in a dry run without a database */
    sqlite3_stmt *read[COLUMNS_TABLES], *write[COLUMNS_TABLES];
    sqlite3_stmt *row, *here; /* the run in `from`; the verdict of the run of that id in `to` */
    int64_t run, run_here;    /* the number that it has there and gets here */
    struct copied copied[COLUMNS_TABLES][COPIED_MAX];
    int count[COLUMNS_TABLES];
    struct buffer text;
    uint64_t rows;
    struct error *error;
};

static enum status from_failed(struct merge *m) { return database_failed(m->from, m->other, m->error); }
static enum status to_failed(struct merge *m) { return database_failed(m->to, m->options->db_path, m->error); }

/* ---- values ---- */

/* Numbers whose rows a question shows only where a table of names has them. */
static const struct {
    enum columns_table table;
    const char *column;
    int64_t count;
} known[] = {
    { COLUMNS_FINDING, "kind", CHECK_FINDING_COUNT },
    { COLUMNS_HOSTCALL, "verdict", CHECK_VERDICT_COUNT },
    { COLUMNS_SYSCALL, "class", MATCH_CLASS_COUNT },
};

/* What is to be known of each column, once. */
static void plan(struct merge *m, enum columns_table table)
{
    const struct column *column;
    for (size_t at = 0; m->count[table] < COPIED_MAX && (column = columns_next(table, &at));) {
        if (!column->bound)
            continue;
        struct copied *copied = &m->copied[table][m->count[table]++];
        *copied = (struct copied) { .column = column,
                                    .type = strncmp(column->type, "TEXT", 4) == 0   ? SQLITE_TEXT
                                            : strncmp(column->type, "REAL", 4) == 0 ? SQLITE_FLOAT
                                                                                    : SQLITE_INTEGER,
                                    .origin = table == COLUMNS_RUNS && strcmp(column->name, "merged_from") == 0 };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (known[i].table == table && strcmp(known[i].column, column->name) == 0)
                copied->numbers = known[i].count;
    }
}

static enum status not_ours(struct merge *m, enum columns_table table, const struct column *column)
{
    return error_set(m->error, STATUS_MALFORMED,
                     "%s: run %lld: a row of \"%s\" holds in \"%s\" what no check of this version writes; nothing of "
                     "this database is merged",
                     m->other, (long long)m->run, columns_table_name(table), column->name);
}

static bool fits(const struct copied *copied, int type, sqlite3_stmt *read, int at)
{
    if (copied->numbers == 0)
        return type == SQLITE_NULL || type == copied->type;
    return type == SQLITE_INTEGER && sqlite3_column_int64(read, at) >= 0 &&
           sqlite3_column_int64(read, at) < copied->numbers;
}

static int bind_text(struct merge *m, sqlite3_stmt *write, int at, const void *bytes, size_t size)
{
    buffer_clear(&m->text);
    text_guard(&m->text, bytes ? bytes : "", size);
    if (m->text.status != STATUS_OK)
        return SQLITE_NOMEM;
    return sqlite3_bind_text(write, at, m->text.data ? (const char *)m->text.data : "", (int)m->text.size,
                             SQLITE_TRANSIENT);
}

/* The number's place in the other run, at the same place of the run here. */
static bool moved(const struct merge *m, int64_t id, int64_t *ret)
{
    if (id >> STORE_RUN_SHIFT != m->run)
        return false;
    *ret = id - (m->run << STORE_RUN_SHIFT) + (m->run_here << STORE_RUN_SHIFT);
    return true;
}

/* The value in column `at` of the row that was read, into the one that is written, whose values are NULL. */
static enum status copy_value(struct merge *m, enum columns_table table, int at)
{
    const struct copied *copied = &m->copied[table][at];
    sqlite3_stmt *read = m->read[table], *write = m->write[table];
    int type = sqlite3_column_type(read, at), code = SQLITE_OK;
    int64_t number = type == SQLITE_INTEGER ? sqlite3_column_int64(read, at) : 0;
    if (!fits(copied, type, read, at))
        return not_ours(m, table, copied->column);
    if (copied->column->kind == COLUMNS_ID && type == SQLITE_INTEGER && !moved(m, number, &number))
        return not_ours(m, table, copied->column);
    if (copied->origin) {
        code = bind_text(m, write, at + 1, m->other, strlen(m->other));
    } else if (copied->column->kind == COLUMNS_RUN) {
        code = sqlite3_bind_int64(write, at + 1, m->run_here);
    } else if (type == SQLITE_INTEGER) {
        code = sqlite3_bind_int64(write, at + 1, number);
    } else if (type == SQLITE_FLOAT) {
        code = sqlite3_bind_double(write, at + 1, sqlite3_column_double(read, at));
    } else if (type == SQLITE_TEXT) {
        const void *bytes = sqlite3_column_blob(read, at);
        code = bind_text(m, write, at + 1, bytes, (size_t)sqlite3_column_bytes(read, at));
    }
    return code == SQLITE_OK ? STATUS_OK : to_failed(m);
}

/* ---- rows ---- */

static enum status copy_row(struct merge *m, enum columns_table table)
{
    sqlite3_stmt *write = m->write[table];
    int count = m->count[table];
    enum status s = STATUS_OK;
    sqlite3_reset(write);
    sqlite3_clear_bindings(write);
    for (int at = 0; at < count && s == STATUS_OK; at++)
        s = copy_value(m, table, at);
    if (s == STATUS_OK && table == COLUMNS_RUNS && sqlite3_bind_int64(write, count + 1, m->run_here) != SQLITE_OK)
        s = to_failed(m);
    if (s == STATUS_OK && sqlite3_step(write) != SQLITE_DONE)
        s = to_failed(m);
    if (s == STATUS_OK && m->options->told && ++m->rows % TOLD_EVERY == 0)
        m->options->told(m->options->told_self, "copying", m->rows, 0);
    return s;
}

static enum status copy_rows(struct merge *m, enum columns_table table)
{
    sqlite3_stmt *read = m->read[table];
    int64_t first, beyond;
    int code = SQLITE_ROW;
    store_owned(table, m->run, &first, &beyond);
    sqlite3_reset(read);
    enum status s = sqlite3_bind_int64(read, 1, table == COLUMNS_RUNS ? m->run : first) == SQLITE_OK &&
                            (table == COLUMNS_RUNS || sqlite3_bind_int64(read, 2, beyond) == SQLITE_OK)
                        ? STATUS_OK
                        : from_failed(m);
    while (s == STATUS_OK && (code = sqlite3_step(read)) == SQLITE_ROW)
        s = copy_row(m, table);
    if (s == STATUS_OK && code != SQLITE_DONE)
        s = from_failed(m);
    sqlite3_reset(read);
    return s;
}

/* ---- runs ---- */

static bool is_run_id(const char *text, int size)
{
    return text && size == ID_DIGITS && strspn(text, "0123456789abcdef") == ID_DIGITS;
}

/* Copies or keeps the run in m->row, and tells of it. */
static enum status merge_run(struct merge *m)
{
    const char *id = (const char *)sqlite3_column_text(m->row, 1);
    char verdict[160] = "", run_id[ID_DIGITS + 1];
    bool there = false, replaced;
    if (!store_is_run(m->run) || !is_run_id(id, sqlite3_column_bytes(m->row, 1)))
        return error_set(m->error, STATUS_MALFORMED, "%s: a run has a number or an id that no check gives", m->other);
    memcpy(run_id, id, sizeof run_id);
    if (m->here) {
        sqlite3_reset(m->here);
        int code = sqlite3_bind_text(m->here, 1, run_id, ID_DIGITS, SQLITE_TRANSIENT);
        code = code == SQLITE_OK ? sqlite3_step(m->here) : code;
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return to_failed(m);
        there = code == SQLITE_ROW;
        buffer_clear(&m->text);
        const char *bytes = there ? sqlite3_column_blob(m->here, 0) : NULL;
        text_guard(&m->text, bytes ? bytes : "", bytes ? (size_t)sqlite3_column_bytes(m->here, 0) : 0);
        text_copy(&m->text, verdict, sizeof verdict);
        sqlite3_reset(m->here);
    }
    bool keeps = there && !m->options->replace;
    fleet_row_visit(m->options, m->row,
                    keeps   ? FLEET_KEPT
                    : there ? FLEET_REPLACED
                            : FLEET_MERGED,
                    there ? verdict : NULL);
    if (keeps || m->options->dry_run)
        return STATUS_OK;
    enum status s = store_room(m->to, run_id, &m->run_here, &replaced, m->error);
    for (int table = 0; table < COLUMNS_TABLES && s == STATUS_OK; table++)
        s = copy_rows(m, (enum columns_table)table);
    return s;
}

static enum status merge_runs(struct merge *m)
{
    sqlite3_stmt *list = NULL;
    enum status s = STATUS_OK;
    int code = SQLITE_ROW;
    if (sqlite3_prepare_v2(m->from, "SELECT id FROM main.runs ORDER BY id", -1, &list, NULL) != SQLITE_OK)
        s = from_failed(m);
    while (s == STATUS_OK && (code = sqlite3_step(list)) == SQLITE_ROW) {
        m->run = sqlite3_column_int64(list, 0);
        sqlite3_reset(m->row);
        s = sqlite3_bind_int64(m->row, 1, m->run) == SQLITE_OK && sqlite3_step(m->row) == SQLITE_ROW ? merge_run(m)
                                                                                                     : from_failed(m);
    }
    if (s == STATUS_OK && code != SQLITE_DONE)
        s = from_failed(m);
    sqlite3_reset(m->row);
    sqlite3_finalize(list);
    return s;
}

/* ---- both databases ---- */

static enum status prepare(struct merge *m)
{
    enum status s = STATUS_OK;
    if (sqlite3_prepare_v2(m->from, fleet_row_sql, -1, &m->row, NULL) != SQLITE_OK)
        return from_failed(m);
    if (m->to &&
        sqlite3_prepare_v2(m->to, "SELECT verdict FROM main.runs WHERE run_id = ?", -1, &m->here, NULL) != SQLITE_OK)
        return to_failed(m);
    for (int table = 0; table < COLUMNS_TABLES && s == STATUS_OK && !m->options->dry_run; table++) {
        plan(m, (enum columns_table)table);
        buffer_clear(&m->text);
        columns_read((enum columns_table)table, &m->text);
        if (m->text.status == STATUS_OK && sqlite3_prepare_v2(m->from, (const char *)m->text.data, (int)m->text.size,
                                                              &m->read[table], NULL) != SQLITE_OK)
            s = from_failed(m);
        buffer_clear(&m->text);
        columns_write((enum columns_table)table, &m->text);
        if (s == STATUS_OK && m->text.status == STATUS_OK &&
            sqlite3_prepare_v2(m->to, (const char *)m->text.data, (int)m->text.size, &m->write[table], NULL) !=
                SQLITE_OK)
            s = to_failed(m);
        if (s == STATUS_OK && m->text.status != STATUS_OK)
            s = error_set(m->error, STATUS_NO_MEMORY, "no memory for the audit database");
        if (s == STATUS_OK && sqlite3_column_count(m->read[table]) != m->count[table])
            s = error_set(m->error, STATUS_INTERNAL, "a table has more columns than can be copied");
    }
    return s;
}

static void merge_done(struct merge *m)
{
    for (int table = 0; table < COLUMNS_TABLES; table++) {
        sqlite3_finalize(m->read[table]);
        sqlite3_finalize(m->write[table]);
    }
    sqlite3_finalize(m->row);
    sqlite3_finalize(m->here);
    buffer_done(&m->text);
}

static enum status merge(struct merge *m, struct fleet_size *ret)
{
    const char *path = m->options->db_path;
    if (m->to && !m->options->dry_run)
        fleet_tune(m->to);
    enum status s = fleet_sql(m->from, "BEGIN", m->other, m->error);
    if (s == STATUS_OK && m->to)
        s = fleet_sql(m->to, m->options->dry_run ? "BEGIN" : "BEGIN IMMEDIATE", path, m->error);
    if (s != STATUS_OK)
        return s;
    s = prepare(m);
    if (s == STATUS_OK)
        s = merge_runs(m);
    merge_done(m);
    if (!m->to)
        return s;
    s = fleet_commit(m->to, path, s, m->error);
    return s == STATUS_OK ? fleet_size_take(m->to, path, ret, m->error) : s;
}

/* Where a dry run finds no database, every run would be a new one. */
static enum status open_to(struct merge *m, struct database_wait *wait)
{
    const char *path = m->options->db_path;
    struct error error = ERROR_INIT;
    if (!m->options->dry_run)
        return database_open(path, DATABASE_WRITE, wait, &m->to, m->error);
    enum status s = database_open(path, DATABASE_READ, wait, &m->to, &error);
    return s == STATUS_OK || s == STATUS_NOT_FOUND ? STATUS_OK : error_copy(m->error, s, &error);
}

enum status fleet_merge(const struct fleet_options *options, const char *other, struct fleet_size *ret,
                        struct error *error)
{
    struct database_wait wait_from = { options->told, options->told_self, 0 }, wait_to = wait_from;
    struct merge m = { .options = options, .other = other, .error = error };
    *ret = (struct fleet_size) { 0 };
    if (database_is(options->db_path, other))
        return error_set(error, STATUS_INVALID, "%s and %s are the same database", options->db_path, other);
    enum status s = database_open(other, DATABASE_READ, &wait_from, &m.from, error);
    if (s == STATUS_OK)
        s = open_to(&m, &wait_to);
    if (s == STATUS_OK)
        s = merge(&m, ret);
    database_close(m.to);
    database_close(m.from);
    return s;
}
