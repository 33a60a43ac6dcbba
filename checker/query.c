/* Questions to an audit database: named queries and any SQL that only reads.
 *
 * Invariants: the file is opened read-only, one statement is compiled and executed once, and it is refused unless
 * SQLite itself says that it only reads; what it may do is a list (authorize), and everything else is forbidden. Rows
 * go on as they come: memory does not grow with the answer. What is printed is escaped, whoever wrote the database.
 * docs/queries.md. */
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include "checker/checker.h"
#include "checker/choose.h"
#include "checker/database.h"
#include "checker/expected.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"

enum {
    COLUMNS_MAX = 64,
    WIDTH_MAX = 72,
    MEASURED_ROWS = 1000,
    MEASURED_BYTES = 1 << 20,
    PIECE_BYTES = 32 << 10,
    PIECE_NS = 100000000
};

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
    buffer_done(&text);
    return error_set(error, STATUS_NOT_FOUND, "no query is called \"%.60s\"; there are %s, and SQL", name, names);
}

/* Reads are fine; other databases, settings and code of files are not. */
static int authorize(void *self, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)self;
    (void)a;
    (void)c;
    (void)d;
    if (action == SQLITE_FUNCTION)
        return b && strcmp(b, "load_extension") != 0 ? SQLITE_OK : SQLITE_DENY;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

/* An answer on its way: pieces of a few rows, or what there is after a while. */
struct answer {
    sqlite3_stmt *statement;
    int columns;
    const struct checker_sink *sink;
    struct buffer out, cell;
    uint64_t told_ns;
    bool done;
    enum status status; /* the first failure */
    struct error *error;
};

static void pass_on(struct answer *a, bool all)
{
    if (a->out.status != STATUS_OK || a->cell.status != STATUS_OK)
        a->status = a->status == STATUS_OK ? error_set(a->error, STATUS_NO_MEMORY, "the query: no memory for a row")
                                           : a->status;
    if (a->status != STATUS_OK || a->out.size == 0)
        return;
    uint64_t now = elapsed_now_ns();
    if (!all && a->out.size < PIECE_BYTES && now - a->told_ns < PIECE_NS)
        return;
    a->told_ns = now;
    a->status = a->sink->write(a->sink->self, a->out.data, a->out.size, a->error);
    buffer_clear(&a->out);
}

/* True: a row. Behind the last one SQLite would begin again. */
static bool step(struct answer *a)
{
    if (a->status != STATUS_OK || a->done)
        return false;
    int code = sqlite3_step(a->statement);
    a->done = code != SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        a->status = database_failed(sqlite3_db_handle(a->statement), "the query", a->error);
    return code == SQLITE_ROW;
}

/* The value in `column`, escaped, in a->cell. True: a number. */
static bool take_value(struct answer *a, int column)
{
    int type = sqlite3_column_type(a->statement, column); /* before the value is turned into text */
    /* Through blob, so that a NUL inside does not hide the rest. What check wrote is in the plain form already. */
    const char *bytes = sqlite3_column_blob(a->statement, column);
    buffer_clear(&a->cell);
    if (type != SQLITE_NULL)
        text_guard(&a->cell, bytes ? bytes : "", (size_t)sqlite3_column_bytes(a->statement, column));
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* Characters, for columns that line up. */
static size_t width_of(const uint8_t *text, size_t size)
{
    size_t width = 0;
    for (size_t i = 0; i < size; i++)
        width += (text[i] & 0xc0) != 0x80;
    return width;
}

static void put_padded(struct buffer *out, const uint8_t *cell, size_t size, size_t width, bool right, bool last)
{
    size_t have = width_of(cell, size), pad = have < width ? width - have : 0;
    for (size_t i = 0; right && i < pad; i++)
        buffer_u8(out, ' ');
    buffer_bytes(out, cell, size);
    for (size_t i = 0; !right && !last && i < pad; i++)
        buffer_u8(out, ' ');
    buffer_string(out, last ? "\n" : "  ");
}

/* Takes the first rows, from which columns get their widths. *held: per cell one byte for a number, u32 size, its
 * bytes. Returns how many. */
static uint64_t hold(struct answer *a, size_t *width, struct buffer *held)
{
    uint64_t rows = 0;
    for (int c = 0; c < a->columns; c++)
        width[c] = strlen(sqlite3_column_name(a->statement, c));
    for (; rows < MEASURED_ROWS && held->size < MEASURED_BYTES && step(a); rows++)
        for (int c = 0; c < a->columns; c++) {
            buffer_u8(held, take_value(a, c));
            buffer_blob(held, a->cell.data, a->cell.size);
            size_t have = width_of(a->cell.data, a->cell.size);
            have = have < WIDTH_MAX ? have : WIDTH_MAX;
            width[c] = have > width[c] ? have : width[c];
        }
    return rows;
}

/* Where rows go: as lines of a table, or, where those are wider than the reader's, each as a list of its columns. */
struct layout {
    size_t width[COLUMNS_MAX], name; /* of each column; of the longest name */
    bool list;
    uint64_t rows; /* told so far */
};

static bool is_too_wide(const struct answer *a, const struct layout *layout)
{
    size_t line = 2 * ((size_t)a->columns - 1);
    for (int c = 0; c < a->columns; c++)
        line += layout->width[c];
    return a->sink->width > 0 && line > a->sink->width && a->columns > 1;
}

static void put_name(struct answer *a, int column, size_t width, bool last)
{
    const char *name = sqlite3_column_name(a->statement, column);
    struct buffer text = BUFFER_INIT;
    text_plain(&text, name, strlen(name));
    put_padded(&a->out, text.data, text.size, width, false, last);
    if (text.status != STATUS_OK)
        a->out.status = text.status;
    buffer_done(&text);
}

static void put_cell(struct answer *a, const struct layout *layout, int column, const uint8_t *cell, size_t size,
                     bool number)
{
    if (!layout->list) {
        put_padded(&a->out, cell, size, layout->width[column], number, column + 1 == a->columns);
        return;
    }
    if (column == 0 && layout->rows > 0)
        buffer_u8(&a->out, '\n');
    put_name(a, column, layout->name, false);
    buffer_bytes(&a->out, cell, size);
    buffer_u8(&a->out, '\n');
}

static void put_held(struct answer *a, struct layout *layout, const struct buffer *held, uint64_t rows)
{
    struct cursor at = cursor_over(held->data, held->size);
    for (uint64_t cell = 0; cell < rows * (uint64_t)a->columns && a->status == STATUS_OK; cell++) {
        int c = (int)(cell % (uint64_t)a->columns);
        uint8_t number = 0;
        uint32_t size = 0;
        const uint8_t *bytes = NULL;
        if (cursor_u8(&at, &number) != STATUS_OK || cursor_u32(&at, &size) != STATUS_OK ||
            cursor_bytes(&at, size, &bytes) != STATUS_OK) {
            a->status = error_set(a->error, STATUS_NO_MEMORY, "the query: no memory for the first rows");
            return;
        }
        put_cell(a, layout, c, bytes, size, number);
        if (c + 1 < a->columns)
            continue;
        layout->rows++;
        pass_on(a, false);
    }
}

static void put_table(struct answer *a)
{
    struct layout layout = { 0 };
    struct buffer held = BUFFER_INIT;
    for (int c = 0; c < a->columns; c++) {
        size_t size = strlen(sqlite3_column_name(a->statement, c));
        layout.name = size > layout.name ? size : layout.name;
    }
    uint64_t rows = hold(a, layout.width, &held);
    layout.list = rows > 0 && is_too_wide(a, &layout);
    for (int c = 0; c < a->columns && !layout.list; c++)
        put_name(a, c, layout.width[c], c + 1 == a->columns);
    put_held(a, &layout, &held, rows);
    buffer_done(&held);
    while (step(a)) {
        for (int c = 0; c < a->columns; c++) {
            bool number = take_value(a, c);
            put_cell(a, &layout, c, a->cell.data, a->cell.size, number);
        }
        layout.rows++;
        pass_on(a, false);
    }
    if (rows == 0 && a->status == STATUS_OK)
        buffer_string(&a->out, "(no rows)\n");
}

static void put_json_row(struct answer *a, struct json *json)
{
    json_line(json);
    json_object_begin(json, NULL);
    for (int c = 0; c < a->columns; c++) {
        const char *name = sqlite3_column_name(a->statement, c);
        int type = sqlite3_column_type(a->statement, c); /* before the value is turned into text */
        const char *bytes = sqlite3_column_blob(a->statement, c);
        size_t size = (size_t)sqlite3_column_bytes(a->statement, c);
        bool number = (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && size > 0 && !memchr(bytes, 'I', size);
        if (type == SQLITE_NULL)
            json_null(json, name);
        else if (number) /* JSON has no infinities */
            json_number(json, name, bytes, size);
        else
            json_bytes(json, name, bytes ? bytes : "", size);
    }
    json_object_end(json);
}

static void put_json(struct answer *a)
{
    struct json json = json_over(&a->out);
    json_array_begin(&json, NULL);
    while (step(a)) {
        put_json_row(a, &json);
        pass_on(a, false);
    }
    if (a->status != STATUS_OK)
        return;
    buffer_u8(&a->out, '\n');
    json_array_end(&json);
    buffer_u8(&a->out, '\n');
}

static enum status run_statement(sqlite3 *db, const char *sql, enum checker_format format,
                                 const struct checker_sink *sink, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    enum status s = STATUS_OK;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, &tail);
    if (code == SQLITE_ERROR || code == SQLITE_AUTH)
        s = error_set(error, STATUS_INVALID, "the query: %s", sqlite3_errmsg(db));
    else if (code != SQLITE_OK)
        s = database_failed(db, "the query", error);
    else if (!statement)
        s = error_set(error, STATUS_INVALID, "the query is empty");
    else if (!sqlite3_stmt_readonly(statement) || sqlite3_column_count(statement) == 0)
        s = error_set(error, STATUS_INVALID,
                      "the query does not only read; an audit database is not written by queries");
    else if (sqlite3_column_count(statement) > COLUMNS_MAX)
        s = error_set(error, STATUS_LIMIT, "the query has more than %d columns", COLUMNS_MAX);
    else if (tail[strspn(tail, " \t\r\n;")] != 0)
        s = error_set(error, STATUS_INVALID, "the query is more than one statement");
    if (s == STATUS_OK) {
        struct answer a = {
            .statement = statement, .columns = sqlite3_column_count(statement), .sink = sink, .error = error
        };
        if (format == CHECKER_JSON)
            put_json(&a);
        else
            put_table(&a);
        pass_on(&a, true);
        buffer_done(&a.out);
        buffer_done(&a.cell);
        s = a.status;
    }
    sqlite3_finalize(statement);
    return s;
}

/* A named query reads the table of chosen runs, which is made before everything but reading is forbidden; one
 * transaction, so that both see one state of the file. */
static enum status choose(sqlite3 *db, const struct checker_choice *choice, const char *path, struct error *error)
{
    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return database_failed(db, path, error);
    return choose_runs(db, choice, path, error);
}

enum status checker_query(const char *db_path, const char *query, const struct checker_choice *choice,
                          enum checker_format format, const struct checker_sink *sink, struct error *error)
{
    const struct checker_query_row *named = find_query(query);
    struct database_wait wait = { 0 };
    if (!named && !is_sql(query))
        return unknown_name(query, error);
    if (!named && choose_any(choice))
        return error_set(error, STATUS_INVALID, "runs are chosen for named queries; SQL says WHERE itself");
    sqlite3 *db = NULL;
    enum status s = database_open(db_path, DATABASE_READ, &wait, &db, error);
    if (s == STATUS_OK && named)
        s = choose(db, choice, db_path, error);
    if (s == STATUS_OK) {
        sqlite3_set_authorizer(db, authorize, NULL);
        s = run_statement(db, named ? named->sql : query, format, sink, error);
    }
    database_close(db);
    return s;
}
