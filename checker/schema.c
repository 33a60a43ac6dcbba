/* Makes the database's schema and fills its tables of names from the .def tables.
 *
 * Invariants: one transaction, so a database has all of it or nothing; the application id keeps foreign databases from
 * being written to, and a schema that is not word for word ours is refused, so that no trigger, view or index of
 * somebody else's is ever met. Names are made anew at every opening for writing: numbers are only ever appended, so old
 * rows keep their meaning. Left out on purpose: migrations (there is one version). docs/queries.md. */
#include "checker/schema.h"

#include <stdio.h>
#include <string.h>
#include "checker/checker.h"
#include "checker/columns.h"
#include "checker/database_error.h"
#include "checker/match_sink.h"
#include "wasi/abi/syscalls.h"

static enum status run_sql(sqlite3 *db, const char *sql, struct error *error)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK
                                                                : database_failed(db, "the audit database", error);
}

static enum status ask(sqlite3 *db, const char *sql, const char *path, int64_t *ret, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum status s = code == SQLITE_ROW ? STATUS_OK : database_failed(db, path, error);
    if (s == STATUS_OK)
        *ret = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return s;
}

/* Makes what columns.def and schema.def say. */
static enum status make(sqlite3 *db, struct error *error)
{
#define SQL(text) text ";"
    static const char rest[] =
#include "checker/schema.def"
        "";
#undef SQL
    struct buffer statements = BUFFER_INIT;
    for (int table = 0; table < COLUMNS_TABLES; table++)
        columns_make((enum columns_table)table, &statements);
    buffer_bytes(&statements, rest, sizeof rest);
    enum status s = statements.status == STATUS_OK
                        ? run_sql(db, (const char *)statements.data, error)
                        : error_set(error, STATUS_NO_MEMORY, "no memory for the database's schema");
    buffer_done(&statements);
    return s;
}

static bool same_text(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    const void *x = sqlite3_column_blob(a, column), *y = sqlite3_column_blob(b, column);
    int size = sqlite3_column_bytes(a, column);
    return size == sqlite3_column_bytes(b, column) && (size == 0 || memcmp(x, y, (size_t)size) == 0);
}

/* Holds every row of the database's schema against that of one made now: a table, view, trigger or index more, less or
 * other is seen. */
static enum status compare(sqlite3 *db, sqlite3 *expected, const char *path, struct error *error)
{
    static const char sql[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, sql";
    sqlite3_stmt *a = NULL, *b = NULL;
    int is = sqlite3_prepare_v2(db, sql, -1, &a, NULL), should = sqlite3_prepare_v2(expected, sql, -1, &b, NULL);
    enum status s = is == SQLITE_OK && should == SQLITE_OK
                        ? STATUS_OK
                        : database_failed(is != SQLITE_OK ? db : expected, path, error);
    for (is = SQLITE_ROW; s == STATUS_OK && is == SQLITE_ROW;) {
        is = sqlite3_step(a);
        should = sqlite3_step(b);
        bool same = is == should;
        for (int i = 0; same && is == SQLITE_ROW && i < 4; i++)
            same = same_text(a, b, i);
        if (is != SQLITE_ROW && is != SQLITE_DONE)
            s = database_failed(db, path, error);
        else if (!same)
            s = error_set(error, STATUS_UNSUPPORTED,
                          "%s: its tables and views are not those that warrant makes: it was changed, and is neither "
                          "asked nor written to; "
                          "check the traces again into another database",
                          path);
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    return s;
}

enum status schema_check(sqlite3 *db, const char *path, struct error *error)
{
    int64_t application = 0, version = 0;
    enum status s = ask(db, "PRAGMA application_id", path, &application, error);
    if (s == STATUS_OK)
        s = ask(db, "PRAGMA user_version", path, &version, error);
    if (s != STATUS_OK)
        return s;
    if (application != SCHEMA_APPLICATION)
        return error_set(error, STATUS_UNSUPPORTED, "%s: not an audit database of warrant; give another file", path);
    if (version != SCHEMA_VERSION)
        return error_set(
            error, STATUS_UNSUPPORTED,
            "%s: of version %lld, this program knows version %d; check the traces again into another database", path,
            (long long)version, SCHEMA_VERSION);
    sqlite3 *expected = NULL;
    if (sqlite3_open(":memory:", &expected) != SQLITE_OK)
        s = error_set(error, STATUS_NO_MEMORY, "%s: no memory to compare its schema", path);
    if (s == STATUS_OK)
        s = make(expected, error);
    if (s == STATUS_OK)
        s = compare(db, expected, path, error);
    sqlite3_close(expected);
    return s;
}

/* One row of a table of names. text columns first to last; NULL is kept. */
static enum status name_row(sqlite3 *db, sqlite3_stmt *statement, const int64_t *number, int numbers,
                            const char *const *text, int texts, struct error *error)
{
    sqlite3_reset(statement);
    for (int i = 0; i < numbers; i++)
        sqlite3_bind_int64(statement, i + 1, number[i]);
    for (int i = 0; i < texts; i++)
        sqlite3_bind_text(statement, numbers + i + 1, text[i], -1, SQLITE_STATIC);
    return sqlite3_step(statement) == SQLITE_DONE ? STATUS_OK : database_failed(db, "the tables of names", error);
}

/* A table of names being filled. */
struct filler {
    sqlite3 *db;
    sqlite3_stmt *statement;
    enum status status;
    struct error *error;
};

/* Empties the table: what somebody else may have put there goes. */
static void fill_begin(struct filler *f, const char *table, const char *sql)
{
    char empty[64];
    snprintf(empty, sizeof empty, "DELETE FROM %s", table);
    f->statement = NULL;
    if (f->status == STATUS_OK)
        f->status = run_sql(f->db, empty, f->error);
    if (f->status == STATUS_OK && sqlite3_prepare_v2(f->db, sql, -1, &f->statement, NULL) != SQLITE_OK)
        f->status = database_failed(f->db, "the tables of names", f->error);
}

static void fill(struct filler *f, const int64_t *number, int numbers, const char *const *text, int texts)
{
    if (f->status == STATUS_OK)
        f->status = name_row(f->db, f->statement, number, numbers, text, texts, f->error);
}

static void fill_end(struct filler *f) { sqlite3_finalize(f->statement); }

static void fill_calls(struct filler *f)
{
    fill_begin(f, "call_name", "INSERT INTO call_name(id, name) VALUES(?, ?)");
    for (int64_t i = 0; i < OPERATION_COUNT; i++)
        fill(f, &i, 1, (const char *[]) { abi_operations[i].name }, 1);
    fill_end(f);
    fill_begin(f, "import_name", "INSERT INTO import_name(id, call, module, name) VALUES(?, ?, ?, ?)");
    for (int64_t i = 0; i < IMPORT_COUNT; i++)
        fill(f, (int64_t[]) { i, abi_imports[i].operation }, 2,
             (const char *[]) { abi_imports[i].module, abi_imports[i].name }, 2);
    fill_end(f);
    fill_begin(f, "argument_name", "INSERT INTO argument_name(call, slot, string, name, type) VALUES(?, ?, ?, ?, ?)");
    for (int64_t i = 0; i < OPERATION_COUNT; i++) {
        int64_t strings = 0;
        for (unsigned a = 0; a < abi_operations[i].field_count; a++) {
            const struct operation_field *arg = &abi_operations[i].field[a];
            bool string = abi_arg_types[arg->type].class == ARG_CLASS_STRING;
            fill(f, (int64_t[]) { i, arg->slot, string ? strings++ : 7 }, 3,
                 (const char *[]) { arg->name, abi_arg_types[arg->type].witx }, 2);
        }
    }
    fill_end(f);
}

static void fill_enums(struct filler *f)
{
    fill_begin(f, "op_name", "INSERT INTO op_name(id, name, syscall, effect) VALUES(?, ?, ?, ?)");
    for (int64_t i = 0; i < OP_COUNT; i++)
        fill(f, &i, 1, (const char *[]) { abi_ops[i].text, abi_ops[i].syscall, abi_effect_name(abi_ops[i].effect) }, 3);
    fill_end(f);
    fill_begin(f, "rule_name", "INSERT INTO rule_name(id, refuses, name, text) VALUES(?, ?, ?, ?)");
    for (int64_t i = 0; i < RULE_COUNT; i++)
        fill(f, (int64_t[]) { i, abi_rules[i].refuses }, 2, (const char *[]) { abi_rules[i].name, abi_rules[i].text },
             2);
    fill_end(f);
    fill_begin(f, "expected_refusal",
               "INSERT INTO expected_refusal(call, rule, ends, flags, text) VALUES(?, ?, ?, ?, ?)");
#define EXPECTED(operation, rule, ends, flags, text)                                                                   \
    fill(f, (int64_t[]) { OPERATION_##operation, RULE_##rule, ends, flags }, 4, (const char *[]) { text }, 1);
#include "checker/expected.def"
#undef EXPECTED
    fill_end(f);
    fill_begin(f, "errno_name", "INSERT INTO errno_name(id, name) VALUES(?, ?)");
    for (int64_t i = 0; i < WASI_ERRNO_COUNT; i++)
        fill(f, &i, 1, (const char *[]) { abi_errno_name((uint32_t)i) }, 1);
    fill_end(f);
#define VERDICT(id, name, text) fill(f, (int64_t[]) { CHECK_VERDICT_##id }, 1, (const char *[]) { name, text }, 2);
    fill_begin(f, "verdict_name", "INSERT INTO verdict_name(id, name, text) VALUES(?, ?, ?)");
#include "checker/verdicts.def"
    fill_end(f);
#undef VERDICT
#define CLASS(id, name, text) fill(f, (int64_t[]) { MATCH_##id }, 1, (const char *[]) { name, text }, 2);
    fill_begin(f, "class_name", "INSERT INTO class_name(id, name, text) VALUES(?, ?, ?)");
#include "checker/classes.def"
    fill_end(f);
#undef CLASS
    fill_begin(f, "finding_name",
               "INSERT INTO finding_name(id, fails, rule, severity, text, advice) VALUES(?, ?, ?, ?, ?, ?)");
    for (int64_t i = 0; i < CHECK_FINDING_COUNT; i++) {
        const struct check_finding_row *row = check_finding_row((enum check_finding_kind)i);
        fill(f, (int64_t[]) { i, row->fails }, 2,
             (const char *[]) { row->rule, check_severity_name((enum check_severity)row->severity), row->text,
                                row->advice },
             4);
    }
    fill_end(f);
}

static void fill_impact_of(struct filler *f, enum syscall_machine machine)
{
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        int64_t number = syscall_row_number(row, machine);
        char roles[128] = "";
        for (unsigned role = 0; role < SYSCALL_ROLE_COUNT; role++) {
            if (!(row->roles & 1u << role))
                continue;
            if (roles[0])
                strncat(roles, " ", sizeof roles - strlen(roles) - 1);
            strncat(roles, syscall_role_name((enum syscall_role)role), sizeof roles - strlen(roles) - 1);
        }
        if (number >= 0)
            fill(f, &number, 1,
                 (const char *[]) { row->name, syscall_impact_name((enum syscall_impact)row->impact),
                                    syscall_impact_text((enum syscall_impact)row->impact), row->effect,
                                    syscall_check_text((enum syscall_check)row->check), syscall_stopped_by(row),
                                    row->bypass, roles, syscall_machine_name(machine) },
                 9);
    }
}

static void fill_impact(struct filler *f)
{
    fill_begin(f, "syscall_impact",
               "INSERT INTO syscall_impact(number, name, impact, text, effect, demanded, stopped_by, bypass, roles,"
               " architecture) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (unsigned machine = 0; machine < SYSCALL_MACHINE_COUNT; machine++)
        fill_impact_of(f, (enum syscall_machine)machine);
    fill_end(f);
}

static enum status settings(sqlite3 *db, struct error *error)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "PRAGMA application_id = %d; PRAGMA user_version = %d; INSERT INTO meta VALUES('program', 'warrant'), "
             "('schema', %d);",
             SCHEMA_APPLICATION, SCHEMA_VERSION, SCHEMA_VERSION);
    return run_sql(db, sql, error);
}

/* In a transaction, so that nobody else makes it at the same time. */
static enum status make_or_check(sqlite3 *db, const char *path, struct error *error)
{
    int64_t tables = 0;
    enum status s = ask(db, "SELECT count(*) FROM sqlite_schema", path, &tables, error);
    if (s != STATUS_OK || tables > 0)
        return s == STATUS_OK ? schema_check(db, path, error) : s;
    s = make(db, error);
    return s == STATUS_OK ? settings(db, error) : s;
}

enum status schema_open(sqlite3 *db, const char *path, struct error *error)
{
    int64_t tables = 0;
    enum status s = ask(db, "SELECT count(*) FROM sqlite_schema", path, &tables, error);
    if (s == STATUS_OK && tables > 0)
        s = schema_check(db, path, error); /* before anything is written */
    if (s == STATUS_OK)
        s = run_sql(db, "BEGIN IMMEDIATE", error);
    if (s != STATUS_OK)
        return s;
    struct filler f = { db, NULL, make_or_check(db, path, error), error };
    fill_calls(&f);
    fill_enums(&f);
    fill_impact(&f);
    s = f.status;
    if (s == STATUS_OK)
        s = run_sql(db, "COMMIT", error);
    if (s != STATUS_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return s;
}
