/* What the witness lacks is no match, what it has is compared whole, and what is honest is not accused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "tests/unit/test_match_expect.h"

static struct trace_call *plan_named(struct kit *kit, enum operation which, enum op_kind kind, const char *name)
{
    struct trace_call *call = kit_call(kit, which);
    struct op *op = kit_op(call, kind, 4, 0);
    op->path = (struct region) { 0, (uint32_t)strlen(name) };
    memcpy(call->request.bytes, name, strlen(name));
    return call;
}

static struct witness_record *saw_named(struct kit *kit, const char *syscall, const char *name)
{
    struct witness_record *r = kit_syscall(kit, syscall, 0);
    r->arg[0] = 14;
    r->object = kit_object(14);
    r->parts = WITNESS_PART_OBJECT | WITNESS_PART_PATH;
    r->path[0] = name;
    r->path_length[0] = (uint32_t)strlen(name);
    return r;
}

static void test_unknown(void **state)
{
    (void)state;
    static const char *const evidence[] = { "a path could not be read", "only behind the call",
                                            "the object behind the descriptor" };
    for (unsigned i = 0; i < 3; i++) {
        struct kit *kit = kit_create();
        plan_named(kit, OPERATION_PATH_FILESTAT_GET, OP_STAT_AT, "name");
        kit_pwrite(kit, 4, 0, 8);
        struct witness_record *r = saw_named(kit, "newfstatat", "name");
        r->arg[3] = 0x100;
        if (i == 0) {
            r->parts &= ~(uint32_t)WITNESS_PART_PATH;
            r->path[0] = NULL;
            r->flags = WITNESS_FLAG_UNREAD;
        }
        r->flags |= i == 1 ? WITNESS_FLAG_LATE : 0;
        r->parts &= ~(uint32_t)(i == 2 ? WITNESS_PART_OBJECT : 0);
        kit_saw_pwrite(kit, 14, 0, 8);
        kit_run(kit);
        only_finding(kit, CHECK_FINDING_UNKNOWN, 0, evidence[i]);
        EXPECT(kit, 0, UNKNOWN);
        EXPECT(kit, 1, MATCH);
        assert_int_equal(kit->seen.classes[MATCH_UNKNOWN], 1);
        kit_free(kit);
    }
}

/* A call that writes nowhere leaves a late operand as it was; another thread may not have. */
static void test_late(void **state)
{
    (void)state;
    for (int threads = 0; threads < 2; threads++) {
        struct kit *kit = kit_create();
        plan_named(kit, OPERATION_PATH_UNLINK_FILE, OP_UNLINK, "name");
        if (threads)
            kit_event(kit, WITNESS_FORK, 101);
        saw_named(kit, "unlinkat", "name")->flags = WITNESS_FLAG_LATE;
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (threads ? CHECK_VERDICT_UNKNOWN - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* What another process may write between the witness's look and the kernel's is not known, wherever the memory was
 * moved to. */
static void test_shared(void **state)
{
    (void)state;
    static const uint64_t at[] = { 0x6fff, 0x7000, 0x8fff, 0x9000, 0x20010 };
    static const bool unknown[] = { true, true, true, false,
                                    true }; /* the name and its NUL reach into it from the first */
    for (unsigned i = 0; i < 5; i++) {
        struct kit *kit = kit_create();
        struct witness_record *r = kit_syscall(kit, "mmap", 0x7000);
        r->arg[1] = 0x2000;
        r->arg[3] = 1;
        r = kit_syscall(kit, "mremap", 0x20000);
        r->arg[0] = 0x7000;
        r->arg[1] = r->arg[2] = 0x1000;
        kit->setup_until = 3;
        plan_named(kit, OPERATION_PATH_UNLINK_FILE, OP_UNLINK, "name");
        saw_named(kit, "unlinkat", "name")->arg[1] = at[i];
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (unknown[i] ? CHECK_VERDICT_UNKNOWN - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* Paths and vectors are compared to their ends. */
static void test_whole(void **state)
{
    (void)state;
    static char said[600], seen[600];
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        struct kit *kit = kit_create();
        memset(said, 'x', sizeof said - 1);
        memcpy(seen, said, sizeof said);
        seen[598] = wrong == 1 ? 'y' : 'x';
        kit_open(kit, 3, said, OPEN_READ, 5, 0);
        kit_saw_open(kit, 13, seen, 0400 | 02000000, 9);
        struct trace_call *call = kit_pwrite(kit, 4, 0, 8 * 40);
        struct witness_record *r = kit_saw_pwrite(kit, 14, 0, 8 * 40);
        struct witness_iovec iov[40];
        call->request.iov_count = call->ops.op[0].mem.length = 40;
        r->arg[2] = r->iov_count = 40;
        r->iov = iov;
        for (unsigned i = 0; i < 40; i++) {
            call->request.iov[i] = (struct region) { 0x1000 + i * 8, 8 };
            iov[i] = (struct witness_iovec) { KIT_BASE + 0x1000 + i * 8, 8 };
        }
        iov[39].base += wrong == 2 ? 8 : 0;
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (wrong == 1 ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        EXPECT(kit, 1, MATCH + (wrong == 2 ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* poll_oneoff of descriptors 11 (read), a clock, 12 (write), 13 (read): the witness sees which, and what for. */
static void test_polls(void **state)
{
    (void)state;
    static uint8_t answers[3] = { POLLED_READY, 0, POLLED_HANGUP };
    for (int wrong = 0; wrong < 6; wrong++) {
        struct kit *kit = kit_create();
        struct trace_call *call = kit_call(kit, OPERATION_POLL_ONEOFF);
        static const uint8_t types[] = { EVENTTYPE_FD_READ, EVENTTYPE_CLOCK, EVENTTYPE_FD_WRITE, EVENTTYPE_FD_READ };
        static const uint32_t handles[] = { 1, 1, 2, 3 };
        call->request.subscription_count = 4;
        for (uint32_t i = 0; i < 4; i++)
            call->request.subscription[i] = (struct subscription) { .type = types[i], .clock_or_fd = handles[i] };
        kit_op(call, OP_POLL, HANDLE_NONE, 3)->offset = 2500000000;
        call->data[0].in = answers;
        call->data[0].in_length = call->data[0].in_kept = 3;
        struct witness_record *r = kit_syscall(kit, "ppoll", wrong == 5 ? 3 : 2);
        struct witness_iovec pairs[2] = { { 11 | UINT64_C(1) << 32, 12 | UINT64_C(4) << 32 },
                                          { 13 | UINT64_C(0x100001) << 32, 0x7777 } };
        r->arg[1] = wrong == 1 ? 4 : 3;
        r->iov = pairs;
        r->iov_count = 2;
        pairs[0].length += wrong == 2;
        pairs[1].base += wrong == 3 ? UINT64_C(1) << 33 : 0;
        r->times[0] = 2;
        r->times[1] = 500000000 + (wrong == 4);
        r->parts |= WITNESS_PART_IOV | WITNESS_PART_TIMES;
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (wrong ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* Times of a descriptor itself: an empty path and no other. */
static void test_times_of_itself(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        struct kit *kit = kit_create();
        struct op *op = kit_op(kit_call(kit, OPERATION_FD_FILESTAT_SET_TIMES), OP_SET_TIMES, 4, 0);
        op->flags = FST_ATIM | FST_MTIM;
        struct witness_record *r = saw_named(kit, "utimensat", inside ? "inside" : "");
        r->arg[3] = 0x1000;
        r->parts |= WITNESS_PART_TIMES;
        kit_run(kit);
        if (inside)
            only_finding(kit, CHECK_FINDING_MISMATCH, 0, "path: expected \"\", found \"inside\"");
        EXPECT(kit, 0, MATCH + (inside ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* What is behind a descriptor stays what was opened, and what stat tells of it is its type. */
static void test_objects(void **state)
{
    (void)state;
    static const char *const evidence[] = { NULL, "object: expected inode 2009",
                                            "type of the object: expected 4, found 3",
                                            "type of the object: expected 3, found 4" };
    for (unsigned wrong = 0; wrong < 4; wrong++) {
        struct kit *kit = kit_create();
        kit_open(kit, 3, "x", OPEN_READ, 5, 0);
        struct trace_call *call = kit_call(kit, OPERATION_FD_FILESTAT_GET);
        kit_op(call, OP_STAT, wrong == 3 ? 4 : 5, 0);
        struct witness_object object = kit_object(wrong == 3 ? 14 : 9);
        if (wrong == 2)
            object.mode = 0040755;
        if (wrong == 3) /* of those that the launcher passed */
            object.mode = 0100644;
        call->ops.result[0].stat =
            (struct filestat) { .dev = object.dev, .ino = object.ino, .filetype = FILETYPE_REGULAR_FILE };
        struct witness_record *opened = kit_saw_open(kit, 13, "x", 0400 | 02000000, 9);
        opened->opened.mode = object.mode;
        struct witness_record *r = kit_syscall(kit, "fstat", 0);
        r->arg[0] = wrong == 3 ? 14 : 9;
        r->object = object;
        r->object.ino += wrong == 1;
        r->parts = WITNESS_PART_OBJECT;
        kit_run(kit);
        if (wrong)
            assert_non_null(strstr(kit->seen.finding[0].evidence, evidence[wrong]));
        EXPECT(kit, 1, MATCH + (wrong ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* A device that is, by what stat told, one that the policy lists must be that one, also where the file system shows
 * other numbers than the kernel has; and behind a descriptor it stays the one that was opened. */
static void test_devices(void **state)
{
    (void)state;
    enum { NULL_DEVICE = 0x103, ZERO_DEVICE = 0x105, RIGHT = 0, CLAIMED, REPLACED, NOT_LISTED, CASES };
    for (unsigned which = RIGHT; which < CASES; which++) {
        struct kit *kit = kit_create();
        kit->node = (struct run_node) { 40, 7, NULL_DEVICE };
        kit_open(kit, 3, "x", OPEN_READ, 5, 0);
        struct trace_call *call = kit_call(kit, OPERATION_FD_FILESTAT_GET);
        kit_op(call, OP_STAT, 5, 0);
        call->ops.result[0].stat =
            (struct filestat) { .dev = 40, .ino = which == NOT_LISTED ? 8 : 7, .filetype = FILETYPE_CHARACTER_DEVICE };
        const struct witness_object device = { 1, 2009, 0020666 | WITNESS_MODE_OTHER_NUMBERS,
                                               which == RIGHT ? NULL_DEVICE : ZERO_DEVICE };
        struct witness_record *opened = kit_saw_open(kit, 13, "x", 0400 | 02000000, 9);
        opened->opened = device;
        struct witness_record *r = kit_syscall(kit, "fstat", 0);
        r->arg[0] = 9;
        r->object = device;
        if (which == REPLACED)
            r->object.rdev = NULL_DEVICE;
        r->parts = WITNESS_PART_OBJECT;
        kit_run(kit);
        bool wrong = which == CLAIMED || which == REPLACED;
        if (wrong)
            assert_non_null(strstr(kit->seen.finding[0].evidence, which == CLAIMED
                                                                      ? "device: expected 1:3, found 1:5"
                                                                      : "device: expected 1:5, found 1:3"));
        EXPECT(kit, 1, MATCH + (wrong ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* A handle that nothing was opened under has no descriptor. */
static void test_never_opened(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 77, 0, 8);
    kit_saw_pwrite(kit, 6, 0, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_MISMATCH, 0, "handle 77 has none, found 6");
}

/* A limit's signal cuts a sleep short: the kernel shows its own restart code, then the return from the handler. */
static void test_interrupted(void **state)
{
    (void)state;
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        struct kit *kit = kit_create();
        struct op *op = kit_op(kit_call(kit, OPERATION_POLL_ONEOFF), OP_SLEEP, HANDLE_NONE, -WASI_INTR);
        op->value = 1;
        op->offset = 5000000000;
        kit_pwrite(kit, 4, 0, 8);
        struct witness_record *r = kit_syscall(kit, "clock_nanosleep", wrong == 2 ? -513 : -516);
        r->arg[0] = 1;
        r->times[0] = 5;
        r->parts = WITNESS_PART_TIMES;
        if (wrong != 1) /* no handler ran: the call was not cut short for the program */
            kit_syscall(kit, "rt_sigreturn", 0);
        kit_saw_pwrite(kit, 14, 0, 8);
        kit_run(kit);
        if (wrong)
            only_finding(kit, CHECK_FINDING_UNWITNESSED, 0, "sleep");
        EXPECT(kit, 0, MATCH + (wrong ? CHECK_VERDICT_UNWITNESSED - CHECK_VERDICT_MATCH : 0));
        EXPECT(kit, 1, MATCH);
        kit_free(kit);
    }
}

/* A poll that a stop of the process interrupted goes on with the time that is left, never with more. */
static void test_poll_goes_on(void **state)
{
    (void)state;
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        struct kit *kit = kit_create();
        kit_op(kit_call(kit, OPERATION_POLL_ONEOFF), OP_POLL, HANDLE_NONE, 0)->offset = 5000000000;
        static const uint64_t seconds[] = { 5, 3, 2 };
        for (unsigned i = 0; i < 3; i++) {
            struct witness_record *r = kit_syscall(kit, "ppoll", i < 2 ? -514 : 0);
            r->times[0] = seconds[i] + (wrong && i == 2 ? 4 : 0);
            r->parts = WITNESS_PART_TIMES;
        }
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (wrong ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* What was executed when the recorder had stopped is one call in flight, and then nobody's. */
static void test_after_the_stop(void **state)
{
    struct kit *kit = *state;
    kit->open_end = true;
    kit->stop_ns = 500000;
    kit_pwrite(kit, 4, 0, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 8, 8)->ktime = 499999;
    for (uint64_t i = 0; i < 3; i++)
        kit_saw_pwrite(kit, 14, 16, 8)->ktime = 500001 + i;
    kit_run(kit);
    assert_int_equal(kit->seen.classes[MATCH_BEYOND], 2);
    assert_int_equal(kit->seen.classes[MATCH_UNDECLARED], 2);
    assert_int_equal(kit->seen.findings, 4);
    assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_UNRECORDED);
    assert_int_equal(kit->seen.finding[1].kind, CHECK_FINDING_BEYOND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_unknown),         T(test_late),        T(test_shared),         T(test_whole),
        T(test_times_of_itself), T(test_polls),       T(test_objects),        T(test_devices),
        T(test_never_opened),    T(test_interrupted), T(test_after_the_stop), T(test_poll_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
