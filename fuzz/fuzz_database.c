/* Fuzzes the opening of audit databases, for questions and for writing. The first byte of the input selects what the
 * rest is: 'd'  a whole database file 's'  SQL that an attacker ran on a database of ours: other tables, triggers,
 * views, values Whatever the file is: a question is answered in printable text or refused with a reason, and a store
 * that is opened for writing has our schema and nothing else, so that no statement of ours runs an attacker's. */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "checker/checker.h"
#include "checker/fleet.h"
#include "checker/store.h"
#include "fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ATTACK_STEPS = 200, STEP_INSTRUCTIONS = 1000, VALUE_MAX = 1 << 20, ANSWER_MAX = 1 << 22 };

static uint8_t *ours; /* a database as store_open makes it, with a run in it */
static size_t ours_size;
static char *ours_schema;

/* Every object of the database, in an order of its own; NULL where it cannot be read. */
static char *schema_of(sqlite3 *db)
{
    struct buffer text = BUFFER_INIT;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        db, "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1",
        -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            const char *row = (const char *)sqlite3_column_text(statement, 0);
            buffer_string(&text, row ? row : "?");
            buffer_u8(&text, '\n');
        }
    }
    sqlite3_finalize(statement);
    buffer_u8(&text, 0);
    char *copy = code == SQLITE_DONE && text.status == STATUS_OK ? strdup((const char *)text.data) : NULL;
    buffer_done(&text);
    return copy;
}

static enum status store_a_run(struct error *error)
{
    static const uint8_t run_id[TRACE_RUN_ID] = { 7 };
    struct store *store;
    bool replaced;
    enum status s = store_open(scratch_path(), NULL, &store, error);
    if (s != STATUS_OK)
        return s;
    s = store_begin(store, run_id, &replaced, error);
    if (s == STATUS_OK) {
        struct run_spec spec;
        struct check_report report;
        const struct store_call call = { .call = OPERATION_FD_WRITE, .complete = true, .slot_count = 4 };
        run_spec_init(&spec);
        check_report_init(&report);
        store_call(store, &call, CHECK_VERDICT_MATCH);
        store_file(store, "/data/a", &(struct store_file) { .opens = 1 }, 0);
        store_run(store, &report, &spec, 1.0);
        s = store_commit(store, error);
        run_spec_done(&spec);
        check_report_done(&report);
    }
    store_close(store);
    return s;
}

static void make_ours(void)
{
    struct error error = ERROR_INIT;
    scratch_write("", 0);
    if (store_a_run(&error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    sqlite3 *db;
    if (sqlite3_open(scratch_path(), &db) != SQLITE_OK || !(ours_schema = schema_of(db)))
        abort();
    sqlite3_close(db);
    FILE *file = fopen(scratch_path(), "rb");
    ours = malloc(1 << 20);
    ours_size = file && ours ? fread(ours, 1, 1 << 20, file) : 0;
    if (!ours_size || ours_size == 1 << 20)
        abort();
    fclose(file);
}

static int too_long(void *self) { return ++*(int *)self > ATTACK_STEPS; }

/* The attacker may do what SQL can do to this file, and no more: no other file. */
static int stay_here(void *self, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)self, (void)a, (void)c, (void)d;
    return action == SQLITE_ATTACH || action == SQLITE_DETACH ||
                   (action == SQLITE_FUNCTION && b && !strcmp(b, "load_extension"))
               ? SQLITE_DENY
               : SQLITE_OK;
}

static void attack(const uint8_t *sql, size_t size)
{
    char *text = malloc(size + 1);
    sqlite3 *db;
    int steps = 0;
    if (!text)
        abort();
    memcpy(text, sql, size);
    text[size] = 0;
    scratch_write(ours, ours_size);
    if (sqlite3_open(scratch_path(), &db) != SQLITE_OK)
        abort();
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_progress_handler(db, STEP_INSTRUCTIONS, too_long, &steps);
    sqlite3_set_authorizer(db, stay_here, NULL);
    /* Each statement for itself: a wrong one does not keep the next from being run. */
    for (const char *at = text; *at;) {
        sqlite3_stmt *statement = NULL;
        const char *tail = at;
        if (sqlite3_prepare_v2(db, at, -1, &statement, &tail) != SQLITE_OK || tail == at) {
            tail = strchr(at, ';');
            tail = tail ? tail + 1 : at + strlen(at);
        }
        while (statement && sqlite3_step(statement) == SQLITE_ROW) {
        }
        sqlite3_finalize(statement);
        at = tail;
    }
    sqlite3_close(db);
    free(text);
}

/* Keeps an answer; one that has no end is ended. */
static enum status keep(void *self, const void *bytes, size_t size, struct error *error)
{
    struct buffer *out = self;
    buffer_bytes(out, bytes, size);
    return out->size > ANSWER_MAX ? error_set(error, STATUS_LIMIT, "enough") : out->status;
}

/* Three of the named queries in one of their two forms: which, the input says, so that it finds the same again. */
static void ask(size_t chosen)
{
    size_t count;
    const struct checker_query_row *queries = checker_queries(&count);
    for (size_t asked = 0; asked < 3; asked++) {
        size_t i = (chosen + asked * 5) % (2 * count);
        struct buffer out = BUFFER_INIT;
        struct error error = ERROR_INIT;
        const struct checker_sink sink = { keep, &out, 0 };
        enum status s = checker_query(scratch_path(), queries[i / 2].name, NULL, i % 2 ? CHECKER_JSON : CHECKER_TEXT,
                                      &sink, &error);
        if (s != STATUS_OK && !error.text[0])
            abort();
        if (!printable(error.text, strlen(error.text)) || (s == STATUS_OK && !printable(out.data, out.size)))
            abort(); /* an attacker's bytes on a terminal */
        buffer_done(&out);
    }
}

static void write_to(void)
{
    struct error error = ERROR_INIT;
    sqlite3 *db;
    enum status s = store_a_run(&error);
    if (s != STATUS_OK && (!error.text[0] || !printable(error.text, strlen(error.text))))
        abort();
    if (s != STATUS_OK)
        return;
    if (sqlite3_open_v2(scratch_path(), &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        abort();
    char *schema = schema_of(db);
    if (!schema || strcmp(schema, ours_schema) != 0) {
        fprintf(stderr, "a database was written to whose schema is not ours:\n%s\n", schema ? schema : "(unreadable)");
        abort();
    }
    free(schema);
    sqlite3_close(db);
}

static void visit(void *self, const struct fleet_run *run)
{
    const char *const told[] = { run->run_id, run->started, run->host,        run->module,
                                 run->labels, run->verdict, run->verdict_here };
    (void)self;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (told[i] && !printable(told[i], strlen(told[i])))
            abort();
}

static void fails_printably(enum status s, const struct error *error)
{
    if (s != STATUS_OK && (!error->text[0] || !printable(error->text, strlen(error->text))))
        abort();
}

/* Its runs into a database of ours, and away from it. */
static void merge_and_delete(void)
{
    struct fleet_options options = { .db_path = ":memory:", .visit = visit };
    const struct checker_choice all = { .leaves_newest = true };
    struct fleet_size size;
    struct error merging = ERROR_INIT, deleting = ERROR_INIT;
    fails_printably(fleet_merge(&options, scratch_path(), &size, &merging), &merging);
    options.db_path = scratch_path();
    fails_printably(fleet_delete(&options, &all, &size, &deleting), &deleting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || (data[0] != 'd' && data[0] != 's'))
        return 0;
    if (!ours)
        make_ours();
    if (data[0] == 's')
        attack(data + 1, size - 1);
    else
        scratch_write(data + 1, size - 1);
    size_t sum = size;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + data[i];
    ask(sum);
    if (sum % 2)
        merge_and_delete();
    write_to();
    return 0;
}
