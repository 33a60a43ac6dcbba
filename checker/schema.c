/* Makes the database's schema and fills its tables of names from the .def tables.
 *
 * Invariants: one transaction, so a database has all of it or nothing; the application id keeps foreign databases from being written to.
 * Names are refreshed at every opening: numbers are only ever appended, so old rows keep their meaning.
 * Left out on purpose: migrations (there is one version). docs/queries.md. */
#include "checker/schema.h"

#include <stdio.h>
#include <string.h>
#include "checker/checker.h"
#include "checker/match.h"
#include "wasi/abi/syscalls.h"

enum status schema_failed(sqlite3 *db, const char *what, struct error *error)
{
    int code = sqlite3_errcode(db) & 0xff;
    enum status s = code == SQLITE_FULL ? STATUS_NO_SPACE : code == SQLITE_NOMEM ? STATUS_NO_MEMORY : STATUS_IO;
    return error_set(error, s, "%s: %s", what, sqlite3_errmsg(db));
}

static enum status run_sql(sqlite3 *db, const char *sql, struct error *error)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK : schema_failed(db, "the audit database", error);
}

static int64_t pragma(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

enum status schema_check(sqlite3 *db, const char *path, struct error *error)
{
    int64_t application = pragma(db, "PRAGMA application_id"), version = pragma(db, "PRAGMA user_version");
    if (application < 0 || version < 0)
        return error_set(error, STATUS_UNSUPPORTED, "%s: not a database: %s", path, sqlite3_errmsg(db));
    if (application != SCHEMA_APPLICATION)
        return error_set(error, STATUS_UNSUPPORTED, "%s: not an audit database of warrant; give another file", path);
    if (version > SCHEMA_VERSION)
        return error_set(error, STATUS_UNSUPPORTED, "%s: of version %lld, this program knows version %d", path, (long long)version,
                         SCHEMA_VERSION);
    return STATUS_OK;
}

/* One row of a table of names. text columns first to last; NULL is kept. */
static enum status name_row(sqlite3 *db, sqlite3_stmt *statement, const int64_t *number, int numbers, const char *const *text,
                            int texts, struct error *error)
{
    sqlite3_reset(statement);
    for (int i = 0; i < numbers; i++)
        sqlite3_bind_int64(statement, i + 1, number[i]);
    for (int i = 0; i < texts; i++)
        sqlite3_bind_text(statement, numbers + i + 1, text[i], -1, SQLITE_STATIC);
    return sqlite3_step(statement) == SQLITE_DONE ? STATUS_OK : schema_failed(db, "the tables of names", error);
}

/* A table of names being filled. */
struct filler {
    sqlite3 *db;
    sqlite3_stmt *statement;
    enum status status;
    struct error *error;
};

static void fill_begin(struct filler *f, const char *sql)
{
    f->statement = NULL;
    if (f->status == STATUS_OK && sqlite3_prepare_v2(f->db, sql, -1, &f->statement, NULL) != SQLITE_OK)
        f->status = schema_failed(f->db, "the tables of names", f->error);
}

static void fill(struct filler *f, const int64_t *number, int numbers, const char *const *text, int texts)
{
    if (f->status == STATUS_OK)
        f->status = name_row(f->db, f->statement, number, numbers, text, texts, f->error);
}

static void fill_end(struct filler *f) { sqlite3_finalize(f->statement); }

static void fill_calls(struct filler *f)
{
    fill_begin(f, "INSERT OR REPLACE INTO call_name(id, name) VALUES(?, ?)");
    for (int64_t i = 0; i < HOSTCALL_COUNT; i++)
        fill(f, &i, 1, (const char *[]){ abi_hostcalls[i].name }, 1);
    fill_end(f);
    fill_begin(f, "INSERT OR REPLACE INTO argument_name(call, slot, string, name, type) VALUES(?, ?, ?, ?, ?)");
    for (int64_t i = 0; i < HOSTCALL_COUNT; i++) {
        int64_t slot = 0, strings = 0;
        for (unsigned a = 0; a < abi_hostcalls[i].arg_count; a++) {
            const struct arg *arg = &abi_hostcalls[i].args[a];
            bool string = abi_arg_types[arg->type].class == ARG_CLASS_STRING;
            fill(f, (int64_t[]){ i, slot, string ? strings++ : 7 }, 3, (const char *[]){ arg->name, abi_arg_types[arg->type].witx }, 2);
            slot += abi_arg_types[arg->type].slots;
        }
    }
    fill_end(f);
}

static void fill_enums(struct filler *f)
{
    static const char *const effects[] = { "none", "read", "write", "create", "remove", "meta", "table", "time", "random" };
    fill_begin(f, "INSERT OR REPLACE INTO op_name(id, name, syscall, effect) VALUES(?, ?, ?, ?)");
    for (int64_t i = 0; i < OP_COUNT; i++)
        fill(f, &i, 1, (const char *[]){ abi_ops[i].text, abi_ops[i].syscall, effects[abi_ops[i].effect] }, 3);
    fill_end(f);
    fill_begin(f, "INSERT OR REPLACE INTO rule_name(id, refuses, name, text) VALUES(?, ?, ?, ?)");
    for (int64_t i = 0; i < RULE_COUNT; i++)
        fill(f, (int64_t[]){ i, abi_rules[i].refuses }, 2, (const char *[]){ abi_rules[i].name, abi_rules[i].text }, 2);
    fill_end(f);
    fill_begin(f, "INSERT OR REPLACE INTO errno_name(id, name) VALUES(?, ?)");
    for (int64_t i = 0; i < WASI_ERRNO_COUNT; i++)
        fill(f, &i, 1, (const char *[]){ abi_errno_name((uint32_t)i) }, 1);
    fill_end(f);
#define VERDICT(id, name, text) fill(f, (int64_t[]){ CHECK_VERDICT_##id }, 1, (const char *[]){ name, text }, 2);
    fill_begin(f, "INSERT OR REPLACE INTO verdict_name(id, name, text) VALUES(?, ?, ?)");
#include "checker/verdicts.def"
    fill_end(f);
#undef VERDICT
#define CLASS(id, name, text) fill(f, (int64_t[]){ MATCH_##id }, 1, (const char *[]){ name, text }, 2);
    fill_begin(f, "INSERT OR REPLACE INTO class_name(id, name, text) VALUES(?, ?, ?)");
#include "checker/classes.def"
    fill_end(f);
#undef CLASS
    fill_begin(f, "INSERT OR REPLACE INTO finding_name(id, fails, rule, severity, text, advice) VALUES(?, ?, ?, ?, ?, ?)");
    for (int64_t i = 0; i < CHECK_FINDING_COUNT; i++) {
        const struct check_finding_row *row = check_finding_row((enum check_finding_kind)i);
        fill(f, (int64_t[]){ i, row->fails }, 2,
             (const char *[]){ row->rule, check_severity_name((enum check_severity)row->severity), row->text, row->advice }, 4);
    }
    fill_end(f);
}

static void fill_impact(struct filler *f)
{
    fill_begin(f, "INSERT OR REPLACE INTO syscall_impact(number, name, impact, text, effect, demanded, stopped_by, bypass, roles)"
                  " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        int64_t number = syscall_row_number(row);
        char roles[128] = "";
        for (unsigned role = 0; role < SYSCALL_ROLE_COUNT; role++) {
            if (!(row->roles & 1u << role))
                continue;
            if (roles[0])
                strncat(roles, " ", sizeof roles - strlen(roles) - 1);
            strncat(roles, syscall_role_name((enum syscall_role)role), sizeof roles - strlen(roles) - 1);
        }
        if (number >= 0)
            fill(f, &number, 1, (const char *[]){ row->name, syscall_impact_name((enum syscall_impact)row->impact),
                 syscall_impact_text((enum syscall_impact)row->impact), row->effect, syscall_check_text((enum syscall_check)row->check),
                 syscall_stopped_by(row), row->bypass, roles }, 8);
    }
    fill_end(f);
}

static enum status make(sqlite3 *db, struct error *error)
{
#define SQL(text) text ";"
    static const char statements[] =
#include "checker/schema.def"
        "";
#undef SQL
    char settings[160];
    snprintf(settings, sizeof settings, "PRAGMA application_id = %d; PRAGMA user_version = %d;"
             "INSERT INTO meta VALUES('program', 'warrant'), ('schema', %d);", SCHEMA_APPLICATION, SCHEMA_VERSION, SCHEMA_VERSION);
    enum status s = run_sql(db, statements, error);
    return s == STATUS_OK ? run_sql(db, settings, error) : s;
}

enum status schema_open(sqlite3 *db, const char *path, struct error *error)
{
    int64_t tables = pragma(db, "SELECT count(*) FROM sqlite_master");
    if (tables < 0)
        return error_set(error, STATUS_UNSUPPORTED, "%s: not a database: %s", path, sqlite3_errmsg(db));
    if (tables > 0) {
        enum status known = schema_check(db, path, error);
        if (known != STATUS_OK)
            return known;
    }
    enum status s = run_sql(db, "BEGIN IMMEDIATE", error);
    if (s != STATUS_OK)
        return s;
    if (tables == 0)
        s = make(db, error);
    struct filler f = { db, NULL, s, error };
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
