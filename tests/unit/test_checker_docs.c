/* docs/queries.md and the code say the same: columns of every view and named query in their order, verdicts, classes,
 * rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>
#include "checker/checker.h"
#include "checker/choose.h"
#include "checker/schema.h"

static char *document;

static int read_document(void **state)
{
    (void)state;
    FILE *f = fopen(WARRANT_SOURCE_DIR "/docs/queries.md", "r");
    assert_non_null(f);
    document = calloc(1, 1 << 17);
    assert_non_null(document);
    size_t size = fread(document, 1, (1 << 17) - 1, f);
    fclose(f);
    return size > 0 ? 0 : -1;
}

static int free_document(void **state)
{
    (void)state;
    free(document);
    return 0;
}

/* The names in backquotes in the first cells of the table under `heading`, joined by spaces. */
static void documented(const char *heading, char *ret, size_t size)
{
    ret[0] = 0;
    char *at = strstr(document, heading);
    if (!at)
        fail_msg("docs/queries.md has no heading %s", heading);
    at += strlen(heading);
    char *end = strstr(at, "\n#");
    for (char *line = strchr(at, '\n'); line && (!end || line < end); line = strchr(line + 1, '\n')) {
        if (line[1] != '|')
            continue;
        char *cell_end = strchr(line + 2, '|');
        for (char *tick = strchr(line, '`'); tick && cell_end && tick < cell_end;) {
            char *close = strchr(tick + 1, '`');
            assert_non_null(close);
            size_t used = strlen(ret);
            snprintf(ret + used, size - used, "%s%.*s", used ? " " : "", (int)(close - tick - 1), tick + 1);
            tick = strchr(close + 1, '`');
        }
    }
}

static void columns_of(sqlite3 *db, const char *sql, char *ret, size_t size)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    ret[0] = 0;
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        size_t used = strlen(ret);
        snprintf(ret + used, size - used, "%s%s", used ? " " : "", sqlite3_column_name(statement, i));
    }
    sqlite3_finalize(statement);
}

static sqlite3 *new_db(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(schema_open(db, "memory", NULL), STATUS_OK);
    assert_int_equal(choose_runs(db, NULL, "memory", NULL), STATUS_OK);
    return db;
}

static void test_views(void **state)
{
    (void)state;
    static const char *const names[] = { "runs",   "hostcalls", "arguments", "ops",      "syscalls",      "files",
                                         "labels", "sockets",   "decisions", "findings", "syscall_impact" };
    sqlite3 *db = new_db();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char heading[64], sql[64], expected[1024], found[1024];
        snprintf(heading, sizeof heading, "\n### `%s`", names[i]);
        snprintf(sql, sizeof sql, "SELECT * FROM %s", names[i]);
        documented(heading, expected, sizeof expected);
        columns_of(db, sql, found, sizeof found);
        assert_string_equal(found, expected);
    }
    sqlite3_stmt *views;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM sqlite_master WHERE type = 'view'", -1, &views, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(views), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(views, 0), sizeof names / sizeof names[0] - 2); /* two are tables */
    sqlite3_finalize(views);
    sqlite3_close(db);
}

/* No query reads the runs that it is not asked about to make itself an index of them. */
static void runs_are_found(sqlite3 *db, const char *query)
{
    char sql[8192];
    sqlite3_stmt *plan;
    assert_true((size_t)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", query) < sizeof sql);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if (strstr(step, "AUTOMATIC PARTIAL"))
            fail_msg("%s: %s", query, step);
    }
    sqlite3_finalize(plan);
}

static void test_queries(void **state)
{
    (void)state;
    sqlite3 *db = new_db();
    size_t count;
    const struct checker_query_row *queries = checker_queries(&count);
    for (size_t i = 0; i < count; i++) {
        char heading[64], expected[1024], found[1024];
        snprintf(heading, sizeof heading, "\n### query `%s`", queries[i].name);
        documented(heading, expected, sizeof expected);
        columns_of(db, queries[i].sql, found, sizeof found);
        assert_string_equal(found, expected);
        assert_true(strlen(queries[i].description) > 10);
        runs_are_found(db, queries[i].sql);
    }
    sqlite3_close(db);
}

static void test_names(void **state)
{
    (void)state;
    char names[2048];
    documented("\n## Verdicts of hostcalls", names, sizeof names);
    for (unsigned i = 0; i < CHECK_VERDICT_COUNT; i++)
        assert_non_null(strstr(names, check_verdict_name((enum check_verdict)i)));
    documented("\n## Rules of findings", names, sizeof names);
    for (unsigned i = 0; i < CHECK_FINDING_COUNT; i++) {
        const struct check_finding_row *row = check_finding_row((enum check_finding_kind)i);
        char line[96];
        snprintf(line, sizeof line, "| `%s` | %s | %s |", row->rule,
                 check_severity_name((enum check_severity)row->severity), row->fails ? "yes" : "no");
        if (!strstr(document, line))
            fail_msg("docs/queries.md lacks %s", line);
    }
#define END_REASON(id, name, text) assert_non_null(strstr(document, "`" name "`"));
#include "tracer/end_reasons.def"
#undef END_REASON
#define ENDED(id, name, text) assert_non_null(strstr(document, "`" name "`"));
#include "wasi/abi/ended.def"
#undef ENDED
#define CLASS(id, name, text) assert_non_null(strstr(document, "| `" name "` | " text " |"));
#include "checker/classes.def"
#undef CLASS
#define VERDICT(id, name, text) assert_non_null(strstr(document, "| `" name "` | " text " |"));
#include "checker/verdicts.def"
#undef VERDICT
#define JUDGE_RULE(id, name, text) assert_true(strcmp(name, "none") == 0 || strstr(document, "`" name "`"));
#include "checker/judge/judge_rules.def"
#undef JUDGE_RULE
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_views), cmocka_unit_test(test_queries),
                                        cmocka_unit_test(test_names) };
    return cmocka_run_group_tests(tests, read_document, free_document);
}
