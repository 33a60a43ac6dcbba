/* Questions to an audit database: named queries and any SQL that only reads.
 *
 * Invariants: the file is opened read-only, one statement is compiled, and it is refused unless SQLite itself says that it only
 * reads; attaching other files is forbidden. What is printed is escaped, whoever wrote the database. docs/queries.md. */
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include "checker/checker.h"
#include "checker/schema.h"
#include "checker/text.h"

enum { COLUMNS_MAX = 64, WIDTH_MAX = 48, MEASURED_ROWS = 1000 };

static const struct checker_query_row queries[] = {
#define QUERY(name, description, sql) { #name, description, sql },
#include "checker/queries.def"
#undef QUERY
};

const struct checker_query_row *checker_queries(size_t *ret_count)
{
    *ret_count = sizeof queries / sizeof queries[0];
    return queries;
}

static const struct checker_query_row *find_query(const char *name)
{
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (strcmp(queries[i].name, name) == 0)
            return &queries[i];
    return NULL;
}

/* Looks like SQL: more than one word. */
static bool is_sql(const char *text) { return strpbrk(text, " \t\n(") != NULL; }

static enum status unknown_name(const char *name, struct error *error)
{
    struct buffer text = BUFFER_INIT;
    char names[400];
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        buffer_printf(&text, "%s%s", i > 0 ? ", " : "", queries[i].name);
    text_copy(&text, names, sizeof names);
    buffer_clear(&text);
    text_quote(&text, name, strlen(name), 60);
    char quoted[80];
    text_copy(&text, quoted, sizeof quoted);
    buffer_done(&text);
    return error_set(error, STATUS_NOT_FOUND, "no query is called %s; there are %s, and SQL", quoted, names);
}

/* Reads are fine; opening other databases and running files' code is not. */
static int authorize(void *self, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)self;
    (void)a;
    (void)c;
    (void)d;
    if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
        return SQLITE_DENY;
    return action == SQLITE_FUNCTION && b && strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
}

static enum status open_db(const char *path, sqlite3 **ret, struct error *error)
{
    if (!file_exists(path))
        return error_set(error, STATUS_NOT_FOUND, "%s: no such file", path);
    enum status s = STATUS_OK;
    if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        s = error_set(error, STATUS_IO, "%s: %s", path, *ret ? sqlite3_errmsg(*ret) : "no memory");
    if (s == STATUS_OK) {
        sqlite3_busy_timeout(*ret, 5000);
        s = schema_check(*ret, path, error);
    }
    return s;
}

/* ---- printing ---- */

static void put_value(sqlite3_stmt *statement, int column, struct buffer *out)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return;
    const void *bytes = sqlite3_column_blob(statement, column);
    /* Through blob, so that a NUL inside does not hide the rest. */
    text_plain(out, bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, column));
}

static bool is_number(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* Characters, for columns that line up. */
static size_t width_of(const struct buffer *text)
{
    size_t width = 0;
    for (size_t i = 0; i < text->size; i++)
        width += (text->data[i] & 0xc0) != 0x80;
    return width;
}

static void put_padded(const struct buffer *cell, size_t width, bool right, bool last, struct buffer *out)
{
    size_t have = width_of(cell), pad = have < width ? width - have : 0;
    for (size_t i = 0; right && i < pad; i++)
        buffer_u8(out, ' ');
    buffer_bytes(out, cell->data, cell->size);
    for (size_t i = 0; !right && !last && i < pad; i++)
        buffer_u8(out, ' ');
    buffer_string(out, last ? "\n" : "  ");
}

/* Column widths by a first run over some rows. */
static int measure(sqlite3_stmt *statement, int columns, size_t *width)
{
    struct buffer cell = BUFFER_INIT;
    int code;
    for (int c = 0; c < columns; c++)
        width[c] = strlen(sqlite3_column_name(statement, c));
    for (int rows = 0; (code = sqlite3_step(statement)) == SQLITE_ROW && rows < MEASURED_ROWS; rows++)
        for (int c = 0; c < columns; c++) {
            buffer_clear(&cell);
            put_value(statement, c, &cell);
            size_t have = width_of(&cell) < WIDTH_MAX ? width_of(&cell) : WIDTH_MAX;
            width[c] = have > width[c] ? have : width[c];
        }
    buffer_done(&cell);
    sqlite3_reset(statement);
    return code;
}

static int put_table(sqlite3_stmt *statement, int columns, struct buffer *out)
{
    size_t width[COLUMNS_MAX];
    int code = measure(statement, columns, width);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return code;
    struct buffer cell = BUFFER_INIT;
    for (int c = 0; c < columns; c++) {
        buffer_clear(&cell);
        const char *name = sqlite3_column_name(statement, c);
        text_plain(&cell, name, strlen(name));
        put_padded(&cell, width[c], false, c + 1 == columns, out);
    }
    uint64_t rows = 0;
    for (; (code = sqlite3_step(statement)) == SQLITE_ROW && out->status == STATUS_OK; rows++)
        for (int c = 0; c < columns; c++) {
            bool number = is_number(statement, c); /* before the value is turned into text */
            buffer_clear(&cell);
            put_value(statement, c, &cell);
            put_padded(&cell, width[c], number, c + 1 == columns, out);
        }
    if (rows == 0)
        buffer_string(out, "(no rows)\n");
    buffer_done(&cell);
    return code;
}

static int put_json(sqlite3_stmt *statement, int columns, struct buffer *out)
{
    int code;
    buffer_u8(out, '[');
    for (bool first = true; (code = sqlite3_step(statement)) == SQLITE_ROW && out->status == STATUS_OK; first = false) {
        buffer_string(out, first ? "\n{" : ",\n{");
        for (int c = 0; c < columns; c++) {
            if (c > 0)
                buffer_u8(out, ',');
            text_json_string(out, sqlite3_column_name(statement, c));
            buffer_u8(out, ':');
            int type = sqlite3_column_type(statement, c); /* before the value is turned into text */
            const char *bytes = sqlite3_column_blob(statement, c);
            size_t size = (size_t)sqlite3_column_bytes(statement, c);
            bool number = (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && size > 0 && !memchr(bytes, 'I', size);
            if (type == SQLITE_NULL)
                buffer_string(out, "null");
            else if (number) /* JSON has no infinities */
                buffer_bytes(out, bytes, size);
            else
                text_json(out, bytes ? bytes : "", size);
        }
        buffer_u8(out, '}');
    }
    buffer_string(out, "\n]\n");
    return code;
}

static enum status run_statement(sqlite3 *db, const char *sql, enum checker_format format, struct buffer *out, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    enum status s = STATUS_OK;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, &tail) != SQLITE_OK)
        s = error_set(error, STATUS_INVALID, "the query: %s", sqlite3_errmsg(db));
    else if (!statement)
        s = error_set(error, STATUS_INVALID, "the query is empty");
    else if (!sqlite3_stmt_readonly(statement) || sqlite3_column_count(statement) == 0)
        s = error_set(error, STATUS_INVALID, "the query does not only read; an audit database is not written by queries");
    else if (sqlite3_column_count(statement) > COLUMNS_MAX)
        s = error_set(error, STATUS_LIMIT, "the query has more than %d columns", COLUMNS_MAX);
    else if (tail[strspn(tail, " \t\r\n;")] != 0)
        s = error_set(error, STATUS_INVALID, "the query is more than one statement");
    if (s == STATUS_OK) {
        int columns = sqlite3_column_count(statement);
        int code = format == CHECKER_JSON ? put_json(statement, columns, out) : put_table(statement, columns, out);
        if (code != SQLITE_DONE && code != SQLITE_ROW)
            s = error_set(error, STATUS_IO, "the query: %s", sqlite3_errmsg(db));
        else if (out->status != STATUS_OK)
            s = error_set(error, out->status, "the query: no memory for the answer");
    }
    sqlite3_finalize(statement);
    return s;
}

enum status checker_query(const char *db_path, const char *query, enum checker_format format, struct buffer *out,
                          struct error *error)
{
    const struct checker_query_row *named = find_query(query);
    if (!named && !is_sql(query))
        return unknown_name(query, error);
    sqlite3 *db = NULL;
    enum status s = open_db(db_path, &db, error);
    if (s == STATUS_OK) {
        sqlite3_set_authorizer(db, authorize, NULL);
        s = run_statement(db, named ? named->sql : query, format, out, error);
    }
    sqlite3_close(db);
    return s;
}
