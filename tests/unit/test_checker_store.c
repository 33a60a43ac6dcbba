/* The audit database: a run stored twice is there once, hostile text stays text, and questions only read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "checker/store.h"

static char path[64];
static struct trace_call call; /* large */

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/checker-store-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void store_something(struct store *store, uint8_t id, const char *name, unsigned calls)
{
    uint8_t run_id[TRACE_RUN_ID] = { id };
    bool replaced;
    struct error error = ERROR_INIT;
    struct run_spec spec;
    run_spec_init(&spec);
    spec.facts.arch = (char[]) { "aarch64" };
    if (store_begin(store, run_id, &replaced, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    for (unsigned i = 0; i < calls; i++) {
        memset(&call, 0, sizeof call);
        call.complete = true;
        call.begin_event = 3 * (uint64_t)i;
        call.op_event[0] = call.begin_event + 1;
        call.request.call = OPERATION_PATH_OPEN;
        call.request.string_count = 1;
        call.request.string[0] = (struct region) { 0, (uint32_t)strlen(name) };
        memcpy(call.request.bytes, name, strlen(name));
        call.ops.count = 1;
        call.ops.op[0] = (struct op) {
            .kind = OP_OPEN, .rule = RULE_GRANTED_TREE, .handle = 3, .handle2 = 5, .path = call.request.string[0]
        };
        struct store_call row = { .number = i,
                                  .begin_event = call.begin_event,
                                  .call = OPERATION_PATH_OPEN,
                                  .complete = true,
                                  .rule = RULE_PATH_NUL,
                                  .wasi_errno = WASI_ILSEQ,
                                  .slot_count = 10 };
        store_call(store, &row, CHECK_VERDICT_MATCH);
        store_parts(store, &call, i);
        store_file(store, name, &(struct store_file) { .opens = 1, .bytes_read = 7 }, i);
        struct witness_record record = { .number = i,
                                         .kind = WITNESS_SYSCALL,
                                         .role = WITNESS_GUEST,
                                         .path = { name },
                                         .path_length = { (uint32_t)strlen(name) },
                                         .parts = WITNESS_PART_PATH };
        store_syscall(store, &record, MATCH_PLAN, NULL);
    }
    struct witness_record sent = { .number = 5000, /* to 10.0.0.1:53, from a socket that has no peer */
                                   .kind = WITNESS_SYSCALL,
                                   .role = WITNESS_GUEST,
                                   .syscall = 206,
                                   .result = -1,
                                   .address = { 2, 0, 0, 53, 10, 0, 0, 1 },
                                   .address_length = 16,
                                   .socket = { WITNESS_FAMILY_V4, 2, 17, 0, 4000, 0, { 0 }, { 0 } },
                                   .parts = WITNESS_PART_ADDRESS | WITNESS_PART_SOCKET };
    store_syscall(store, &sent, MATCH_PLAN, NULL);
    struct check_finding finding = {
        .kind = CHECK_FINDING_ESCAPE, .hostcall = 0, .event = 0, .chunk = 0, .record = 0, .syscall = -1
    };
    snprintf(finding.evidence, sizeof finding.evidence, "%s", name);
    store_finding(store, &finding);
    struct check_report report;
    check_report_init(&report);
    store_run(store, &report, &spec, 0.5);
    if (store_commit(store, &error) != STATUS_OK)
        fail_msg("%s", error.text);
}

static struct store *open_store(void)
{
    struct store *store;
    struct error error = ERROR_INIT;
    if (store_open(path, NULL, &store, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return store;
}

static enum status append(void *self, const void *bytes, size_t size, struct error *error)
{
    (void)error;
    buffer_bytes(self, bytes, size);
    return STATUS_OK;
}

static enum status ask(const char *query, enum checker_format format, struct buffer *out, struct error *error)
{
    const struct checker_sink sink = { append, out, 0 };
    return checker_query(path, query, NULL, format, &sink, error);
}

static void expect(const char *query, const char *answer)
{
    struct buffer out = BUFFER_INIT;
    struct error error = ERROR_INIT;
    if (ask(query, CHECKER_JSON, &out, &error) != STATUS_OK)
        fail_msg("%s: %s", query, error.text);
    buffer_u8(&out, 0);
    assert_string_equal((const char *)out.data, answer);
    buffer_done(&out);
}

static void test_twice_is_once(void **state)
{
    (void)state;
    static const char counts[] =
        "SELECT (SELECT count(*) FROM runs) r, (SELECT count(*) FROM hostcalls) h, (SELECT count(*) FROM ops) o,"
        " (SELECT count(*) FROM syscalls) s, (SELECT sum(opens) FROM files) f, (SELECT count(*) FROM findings) n,"
        " (SELECT count(*) FROM arguments WHERE text IS NOT NULL) a, (SELECT count(*) FROM socket) k";
    struct store *store = open_store();
    store_something(store, 1, "a", 3);
    store_something(store, 2, "b", 5);
    expect(counts, "[\n{\"r\":2,\"h\":8,\"o\":8,\"s\":10,\"f\":8,\"n\":2,\"a\":8,\"k\":2}\n]\n");
    store_something(store, 1, "a", 3);
    expect(counts, "[\n{\"r\":2,\"h\":8,\"o\":8,\"s\":10,\"f\":8,\"n\":2,\"a\":8,\"k\":2}\n]\n");
    store_something(store, 2, "b", 1); /* a shorter version of it */
    expect(counts, "[\n{\"r\":2,\"h\":4,\"o\":4,\"s\":6,\"f\":4,\"n\":2,\"a\":4,\"k\":2}\n]\n");
    store_close(store);
    store = open_store(); /* also after opening it again */
    store_something(store, 1, "a", 3);
    store_close(store);
    expect(counts, "[\n{\"r\":2,\"h\":4,\"o\":4,\"s\":6,\"f\":4,\"n\":2,\"a\":4,\"k\":2}\n]\n");
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    struct store *store = open_store();
    uint8_t run_id[TRACE_RUN_ID] = { 1 };
    bool replaced;
    store_something(store, 1, "a", 3);
    assert_int_equal(store_begin(store, run_id, &replaced, NULL), STATUS_OK);
    assert_true(replaced);
    store_rollback(store);
    store_close(store);
    expect("SELECT count(*) AS n FROM hostcalls", "[\n{\"n\":3}\n]\n");
}

static void test_hostile_text(void **state)
{
    (void)state;
    struct store *store = open_store();
    store_something(store, 1, "x'); DROP TABLE hostcall; --\"\033]0;title\007\xff\xc2\x9b\n", 2);
    store_close(store);
    expect("SELECT DISTINCT path FROM ops",
           "[\n{\"path\":\"x'); DROP TABLE hostcall; --\\\"\\\\x1b]0;title\\\\x07\\\\xff\\\\xc2\\\\x9b\\\\n\"}\n]\n");
    expect("SELECT count(*) AS n FROM hostcall", "[\n{\"n\":2}\n]\n");
    struct buffer out = BUFFER_INIT;
    static const char *const queries[] = { "files", "refusals", "findings", "SELECT * FROM syscalls",
                                           "SELECT x'1b5b324a' AS \"\033[2J\"" };
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++)
        for (int format = 0; format < 2; format++)
            assert_int_equal(ask(queries[q], (enum checker_format)format, &out, NULL), STATUS_OK);
    for (size_t i = 0; i < out.size; i++)
        if ((out.data[i] < 0x20 && out.data[i] != '\n') || out.data[i] == 0x7f)
            fail_msg("byte 0x%02x came through", out.data[i]);
    assert_non_null(memmem(out.data, out.size, "DROP TABLE", 10));
    buffer_done(&out);
}

static void test_named_queries(void **state)
{
    (void)state;
    struct store *store = open_store();
    store_something(store, 1, "a", 3);
    store_close(store);
    size_t count;
    const struct checker_query_row *queries = checker_queries(&count);
    for (size_t i = 0; i < count; i++)
        for (int format = 0; format < 2; format++) {
            struct buffer out = BUFFER_INIT;
            struct error error = ERROR_INIT;
            if (ask(queries[i].name, (enum checker_format)format, &out, &error) != STATUS_OK)
                fail_msg("%s: %s", queries[i].name, error.text);
            assert_true(out.size > 10);
            buffer_done(&out);
        }
    expect("SELECT address, address_port, protocol, type, family, peer, local_port FROM sockets",
           "[\n{\"address\":\"10.0.0.1\",\"address_port\":53,\"protocol\":\"udp\",\"type\":\"datagram\",\"family\":"
           "\"IPv4\",\"peer\":"
           "\"0.0.0.0\",\"local_port\":4000}\n]\n");
    expect("refusals",
           "[\n{\"run\":1,\"hostcall\":0,\"event\":0,\"call\":\"path_open\",\"errno\":\"ILSEQ\",\"rule\":\"PATH_NUL\","
           "\"text\":"
           "\"the path has a NUL "
           "inside\",\"names\":\"a\",\"expected\":null},\n{\"run\":1,\"hostcall\":1,\"event\":3,\"call\":\"path_open\","
           "\"errno\":\"ILSEQ\",\"rule\":\"PATH_NUL\",\"text\":\"the path has a NUL "
           "inside\",\"names\":\"a\",\"expected\":null},\n{\"run\":1,"
           "\"hostcall\":2,\"event\":6,\"call\":\"path_open\",\"errno\":\"ILSEQ\",\"rule\":\"PATH_NUL\",\"text\":"
           "\"the path has a NUL inside\",\"names\":\"a\",\"expected\":null}\n]\n");
}

static void test_only_reads(void **state)
{
    (void)state;
    struct store *store = open_store();
    store_something(store, 1, "a", 1);
    store_close(store);
    static const char *const refused[] = {
        "DELETE FROM hostcall",
        "INSERT INTO meta VALUES(1, 2)",
        "DROP TABLE runs",
        "ATTACH '/tmp/x.db' AS x",
        "PRAGMA user_version = 7",
        "PRAGMA table_info(runs)",
        "SELECT * FROM pragma_table_info('runs')",
        "SELECT 1; DELETE FROM hostcall",
        "SELECT 1; SELECT 2",
        "VACUUM INTO '/tmp/x.db'",
        "SELECT load_extension('x')",
        " ",
        "SELECT nonsense",
        "CREATE TEMP TABLE t(a)",
        "UPDATE runs SET trace = 'x'",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct buffer out = BUFFER_INIT;
        struct error error = ERROR_INIT;
        if (ask(refused[i], CHECKER_TEXT, &out, &error) == STATUS_OK)
            fail_msg("%s was let pass", refused[i]);
        assert_true(error.text[0] != 0);
        buffer_done(&out);
    }
    expect("SELECT count(*) AS n FROM hostcall", "[\n{\"n\":1}\n]\n");
}

static void test_wrong_files(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct error error = ERROR_INIT;
    struct store *store;
    assert_int_equal(checker_query("/nonexistent.db", "runs", NULL, CHECKER_TEXT,
                                   &(struct checker_sink) { append, &out, 0 }, &error),
                     STATUS_NOT_FOUND);
    error = (struct error)ERROR_INIT;
    assert_int_equal(ask("nosuch", CHECKER_TEXT, &out, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "refusals"));
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 2000; i++)
        fputs("this is no database\n", f);
    fclose(f);
    error = (struct error)ERROR_INIT;
    assert_int_equal(ask("runs", CHECKER_TEXT, &out, &error), STATUS_UNSUPPORTED);
    error = (struct error)ERROR_INIT;
    assert_int_equal(store_open(path, NULL, &store, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, path));
    buffer_done(&out);
}

/* A schema that is not word for word ours is neither asked nor written to. */
static void test_changed_schema(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "CREATE TRIGGER t AFTER INSERT ON finding BEGIN DELETE FROM finding; END",
        "CREATE TABLE more(a)",
        "CREATE VIEW more AS SELECT load_extension('x')",
        "CREATE INDEX i ON op(kind)",
        "DROP VIEW findings",
        "DROP VIEW findings; CREATE VIEW findings AS SELECT * FROM finding WHERE 0",
        "ALTER TABLE runs ADD COLUMN x",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct buffer out = BUFFER_INIT;
        struct error error = ERROR_INIT;
        struct store *store = open_store();
        sqlite3 *db;
        store_something(store, 1, "a", 1);
        store_close(store);
        assert_int_equal(ask("findings", CHECKER_TEXT, &out, &error), STATUS_OK);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, changes[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        if (ask("findings", CHECKER_TEXT, &out, &error) != STATUS_UNSUPPORTED)
            fail_msg("a query after %s", changes[i]);
        error = (struct error)ERROR_INIT;
        if (store_open(path, NULL, &store, &error) != STATUS_UNSUPPORTED)
            fail_msg("a check after %s", changes[i]);
        assert_non_null(strstr(error.text, "changed"));
        buffer_done(&out);
        FILE *f = fopen(path, "w"); /* an empty one again */
        fclose(f);
    }
}

static void refused_for_writing(const char *name)
{
    struct error error = ERROR_INIT;
    struct store *store;
    if (store_open(name, NULL, &store, &error) != STATUS_DENIED)
        fail_msg("%s: %s", name, error.text);
}

/* Only a regular file of one name is opened, and a new one is its owner's alone. */
static void test_what_a_database_is(void **state)
{
    (void)state;
    char other[80];
    struct stat st;
    struct store *store = open_store();
    store_close(store);
    snprintf(other, sizeof other, "%s.new", path);
    mode_t before = umask(0);
    assert_int_equal(store_open(other, NULL, &store, NULL), STATUS_OK);
    umask(before);
    store_close(store);
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(symlink(path, other), 0);
    refused_for_writing(other);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(link(path, other), 0);
    refused_for_writing(other);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(other, 0600), 0);
    refused_for_writing(other); /* and does not hang */
    struct buffer out = BUFFER_INIT;
    assert_int_equal(checker_query(other, "runs", NULL, CHECKER_TEXT, &(struct checker_sink) { append, &out, 0 }, NULL),
                     STATUS_DENIED);
    assert_int_equal(unlink(other), 0);
    refused_for_writing("/dev/zero");
    snprintf(other, sizeof other, "%s-journal", path);
    assert_int_equal(mkfifo(other, 0600), 0);
    refused_for_writing(path);
    assert_int_equal(ask("runs", CHECKER_TEXT, &out, NULL), STATUS_DENIED);
    assert_int_equal(unlink(other), 0);
    buffer_done(&out);
}

/* While one process writes, another reads what was there before. */
static void test_reading_beside_a_writer(void **state)
{
    (void)state;
    struct store *store = open_store();
    uint8_t run_id[TRACE_RUN_ID] = { 2 };
    bool replaced;
    store_something(store, 1, "a", 3);
    assert_int_equal(store_begin(store, run_id, &replaced, NULL), STATUS_OK);
    for (unsigned i = 0; i < 200000; i++) { /* more than stays in memory */
        struct store_call row = { .number = i, .call = OPERATION_FD_WRITE, .slot_count = 10 };
        for (unsigned s = 0; s < 10; s++)
            row.slot[s] = UINT64_MAX >> 1;
        store_call(store, &row, CHECK_VERDICT_MATCH);
    }
    expect("SELECT count(*) AS n FROM hostcall", "[\n{\"n\":3}\n]\n");
    assert_int_equal(store_commit(store, NULL), STATUS_OK);
    expect("SELECT count(*) AS n FROM hostcall", "[\n{\"n\":200003}\n]\n");
    store_close(store);
    char log[80];
    snprintf(log, sizeof log, "%s-wal", path);
    assert_int_equal(access(log, F_OK), -1); /* one file at rest */
    expect("SELECT count(*) AS n FROM hostcall", "[\n{\"n\":200003}\n]\n");
}

struct counted {
    unsigned pieces;
    size_t most;
};

static enum status count_piece(void *self, const void *bytes, size_t size, struct error *error)
{
    struct counted *counted = self;
    (void)bytes;
    counted->pieces++;
    counted->most = size > counted->most ? size : counted->most;
    return counted->pieces == 100 ? error_set(error, STATUS_IO, "enough") : STATUS_OK;
}

/* An answer without end: rows go on as they come, and the reader may stop. */
static void test_streams(void **state)
{
    (void)state;
    static const char endless[] =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, hex(x) AS h FROM c";
    store_close(open_store());
    for (int format = 0; format < 2; format++) {
        struct counted counted = { 0 };
        struct error error = ERROR_INIT;
        assert_int_equal(checker_query(path, endless, NULL, (enum checker_format)format,
                                       &(struct checker_sink) { count_piece, &counted, 0 }, &error),
                         STATUS_IO);
        assert_string_equal(error.text, "enough");
        assert_true(counted.most < 100000);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_twice_is_once),  T(test_all_or_nothing),     T(test_hostile_text),
        T(test_named_queries),  T(test_only_reads),         T(test_wrong_files),
        T(test_changed_schema), T(test_what_a_database_is), T(test_reading_beside_a_writer),
        T(test_streams)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
