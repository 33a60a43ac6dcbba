/* The query `refusals` marks what a start brings about, and no other refusal of the same calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "checker/store.h"

static char path[64];

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/checker-refusals-XXXXXX");
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

#define GRANTED RULE_NONE
struct made {
    enum operation call;
    uint64_t slot0, slot1;
    enum rule rule;
};

static void store_calls(uint8_t id, const struct made *calls, size_t count)
{
    struct store *store;
    struct check_report report;
    struct run_spec spec;
    bool replaced;
    const uint8_t run_id[TRACE_RUN_ID] = { id };
    run_spec_init(&spec);
    check_report_init(&report);
    assert_int_equal(store_open(path, NULL, &store, NULL), STATUS_OK);
    assert_int_equal(store_begin(store, run_id, &replaced, NULL), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        store_call(store,
                   &(struct store_call) { .number = i,
                                          .begin_event = 2 * i,
                                          .call = calls[i].call,
                                          .complete = true,
                                          .rule = (uint16_t)calls[i].rule,
                                          .slot_count = 2,
                                          .slot = { calls[i].slot0, calls[i].slot1 } },
                   CHECK_VERDICT_SILENT);
    store_run(store, &report, &spec, 1.0);
    assert_int_equal(store_commit(store, NULL), STATUS_OK);
    store_close(store);
    run_spec_done(&spec);
    check_report_done(&report);
}

static enum status append(void *self, const void *bytes, size_t size, struct error *error)
{
    (void)error;
    buffer_bytes(self, bytes, size);
    return STATUS_OK;
}

/* marks: of each refusal in order: '+' marked, '-' not. */
static void expect(const char *marks)
{
    struct buffer out = BUFFER_INIT;
    assert_int_equal(checker_query(path, "refusals", NULL, CHECKER_JSON,
                                   &(struct checker_sink) { .write = append, .self = &out }, NULL),
                     STATUS_OK);
    buffer_u8(&out, 0);
    char found[64];
    size_t count = 0;
    for (const char *at = (const char *)out.data; (at = strstr(at, "\"expected\":")) && count + 1 < sizeof found;) {
        at += strlen("\"expected\":");
        found[count++] = strncmp(at, "null", 4) == 0 ? '-' : '+';
    }
    found[count] = 0;
    assert_string_equal(found, marks);
    buffer_done(&out);
}

#define PRESTAT(fd, rule)      { OPERATION_FD_PRESTAT_GET, fd, 0x1000, rule }
#define FLAGS(fd, flags, rule) { OPERATION_FD_FDSTAT_SET_FLAGS, fd, flags, rule }

static void test_a_start(void **state)
{
    (void)state;
    static const struct made c[] = { PRESTAT(3, GRANTED), PRESTAT(4, RULE_BAD_DESCRIPTOR),
                                     PRESTAT(4, RULE_BAD_DESCRIPTOR), PRESTAT(5, RULE_BAD_DESCRIPTOR) };
    static const struct made nothing_granted[] = { PRESTAT(3, RULE_BAD_DESCRIPTOR) };
    static const struct made a_socket[] = { PRESTAT(3, GRANTED), PRESTAT(4, RULE_NOT_PREOPEN) };
    static const struct made go[] = { FLAGS(0, 4, RULE_NOT_SUPPORTED),
                                      FLAGS(1, 5, RULE_NOT_SUPPORTED),
                                      FLAGS(2, 4, RULE_NOT_SUPPORTED),
                                      PRESTAT(3, GRANTED),
                                      PRESTAT(4, RULE_BAD_DESCRIPTOR),
                                      FLAGS(0, 4, RULE_NOT_SUPPORTED),
                                      { OPERATION_FD_SEEK, 0, 0, RULE_RIGHT_MISSING } };
    store_calls(1, c, sizeof c / sizeof *c);
    expect("+--");
    store_calls(2, nothing_granted, 1);
    store_calls(3, a_socket, 2);
    store_calls(4, go, sizeof go / sizeof *go);
    expect("+--"
           "+"
           "+"
           "++++--");
}

static void test_no_start(void **state)
{
    (void)state;
    /* A descriptor that no search comes to; one refused for another reason; streams again, others, other flags; and
     * streams without the search behind them. */
    static const struct made far[] = { PRESTAT(3, GRANTED), PRESTAT(9, RULE_BAD_DESCRIPTOR) };
    static const struct made again[] = { PRESTAT(3, GRANTED), PRESTAT(3, GRANTED), PRESTAT(4, RULE_BAD_DESCRIPTOR) };
    static const struct made other[] = { PRESTAT(3, RULE_RIGHT_MISSING) };
    static const struct made streams[] = { FLAGS(0, 4, RULE_NOT_SUPPORTED), FLAGS(0, 4, RULE_NOT_SUPPORTED),
                                           FLAGS(7, 4, RULE_NOT_SUPPORTED), FLAGS(1, 2, RULE_NOT_SUPPORTED),
                                           FLAGS(1, 4, RULE_RIGHT_MISSING), PRESTAT(3, RULE_BAD_DESCRIPTOR) };
    static const struct made alone[] = { FLAGS(0, 4, RULE_NOT_SUPPORTED) };
    store_calls(1, far, 2);
    store_calls(2, again, 3);
    store_calls(3, other, 1);
    expect("---");
    store_calls(4, streams, sizeof streams / sizeof *streams);
    store_calls(5, alone, 1);
    expect("---"
           "+----+"
           "-");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = { T(test_a_start), T(test_no_start) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
