/* Operands and results of one system call against one op: what differs is named, what only looks different is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "tests/unit/test_match_expect.h"

/* The second of three writes differs in one way. */
static void second_differs(unsigned way, bool vector, int64_t syscall, const char *evidence)
{
    struct kit *kit = kit_create();
    struct trace_call *(*plan)(struct kit *, uint32_t, uint64_t, uint32_t) = vector ? kit_pwrite : kit_pwrite_one;
    struct witness_record *(*saw)(struct kit *, int, uint64_t, uint32_t) = vector ? kit_saw_pwrite : kit_saw_pwrite_one;
    plan(kit, 4, 0, 512);
    plan(kit, 4, 4096, 512);
    kit_pwrite(kit, 4, 8192, 512);
    saw(kit, 14, 0, 512);
    struct witness_record *r = saw(kit, way == 0 ? 12 : 14, way == 1 ? 4097 : 4096, 512);
    if (vector) {
        kit->iov[r - kit->record].length += way == 2;
        kit->iov[r - kit->record].base += way == 3;
    } else { /* the registers have it all */
        r->arg[2] += way == 2;
        r->arg[1] += way == 3;
    }
    r->result -= way == 4;
    kit_saw_pwrite(kit, 14, 8192, 512);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_MISMATCH, 1, evidence);
    assert_int_equal(kit->seen.finding[0].syscall, syscall);
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, MISMATCH);
    EXPECT(kit, 2, MATCH);
    kit_free(kit);
}

static void test_mismatches(void **state)
{
    (void)state;
    static const char *const evidence[] = { "descriptor: expected 14, found 12", "offset: expected 4096, found 4097",
                                            "length of a vector's element: expected 512, found 513",
                                            "address of a vector's element", "result: expected 512, found 511" };
    for (unsigned i = 0; i < 5; i++)
        second_differs(i, true, 296, evidence[i]);
}

static void test_region_mismatches(void **state)
{
    (void)state;
    static const char *const evidence[] = { "descriptor: expected 14, found 12", "offset: expected 4096, found 4097",
                                            "length: expected 512, found 513", "buffer: expected guest address",
                                            "result: expected 512, found 511" };
    for (unsigned i = 0; i < 5; i++)
        second_differs(i, false, 18, evidence[i]);
}

static void test_open_mismatches(void **state)
{
    (void)state;
    static const char *const evidence[] = { "path: expected \"a\", found \"b\\x1b[2J\"",
                                            "open flags: expected 0x80100, found 0x80300",
                                            "resolve flags: expected 0xa, found 0x0",
                                            "result: expected NOENT, found 9" };
    for (unsigned i = 0; i < 4; i++) {
        struct kit *kit = kit_create();
        kit_open(kit, 3, "a", OPEN_READ, 5, i == 3 ? -WASI_NOENT : 0);
        struct witness_record *r =
            kit_saw_open(kit, 13, i == 0 ? "b\033[2J" : "a", 0400 | 02000000 | (i == 1 ? 01000 : 0), 9);
        r->how[2] = i == 2 ? 0 : r->how[2];
        kit_run(kit);
        only_finding(kit, CHECK_FINDING_MISMATCH, 0, evidence[i]);
        kit_free(kit);
    }
}

/* openat2 asked again: as often as the trace says, each time but the last with EAGAIN, and otherwise the same. */
static void test_open_tries(void **state)
{
    (void)state;
    static const struct {
        uint32_t calls;
        int64_t result[4];   /* what the kernel answered; 0: no more */
        const char *other;   /* the path of the second, where it differs */
        const char *finding; /* NULL: none */
        enum check_finding_kind kind;
    } cases[] = {
        { 1, { 9 }, NULL, NULL, 0 },
        { 3, { -11, -11, 9 }, NULL, NULL, 0 },
        { 1, { -11, 9 }, NULL, "openat2", CHECK_FINDING_UNDECLARED },
        { 2, { -11, -11, 9 }, NULL, "openat2", CHECK_FINDING_UNDECLARED },
        { 2, { 9 }, NULL, "result: expected AGAIN, found 9", CHECK_FINDING_MISMATCH },
        { 3, { -11, 9 }, NULL, "result: expected AGAIN, found 9", CHECK_FINDING_MISMATCH },
        { 3, { -11, -2, 9 }, NULL, "result: expected AGAIN, found -2", CHECK_FINDING_MISMATCH },
        { 3, { -11, -11, 9 }, "b", "path: expected \"a\", found \"b\"", CHECK_FINDING_MISMATCH },
        { LIMIT_OPEN_TRIES + 1, { 9 }, NULL, "an op took more system calls than it may", CHECK_FINDING_MISMATCH },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kit *kit = kit_create();
        kit_open(kit, 3, "a", OPEN_READ, 5, 0)->ops.result[0].calls = cases[i].calls;
        kit_pwrite(kit, 4, 4096, 512);
        for (unsigned k = 0; cases[i].result[k] != 0; k++)
            kit_saw_open(kit, 13, k == 1 && cases[i].other ? cases[i].other : "a", 0400 | 02000000, cases[i].result[k]);
        kit_saw_pwrite(kit, 14, 4096, 512);
        kit_run(kit);
        if (!cases[i].finding) {
            assert_int_equal(kit->seen.findings, 0);
            EXPECT(kit, 0, MATCH);
        } else {
            assert_true(kit->seen.findings > 0);
            assert_int_equal(kit->seen.finding[0].kind, cases[i].kind);
            if (!strstr(kit->seen.finding[0].evidence, cases[i].finding))
                fail_msg("case %zu: %s", i, kit->seen.finding[0].evidence);
            assert_true(kit->seen.counts[CHECK_VERDICT_MATCH] < 2);
        }
        kit_free(kit);
    }
}

/* Behind a gap, and in a trace that stops: the tries of one op belong together. */
static void test_open_tries_found_again(void **state)
{
    struct kit *kit = *state;
    for (uint32_t n = 0; n < 200; n++) {
        kit_open(kit, 3, "a", OPEN_READ, 5, 0)->ops.result[0].calls = 1 + n % 4;
        kit_close(kit, 5);
        if (n == 50) {
            kit_event(kit, WITNESS_LOST, 2 + n % 4);
            continue;
        }
        for (uint32_t k = 0; k < n % 4; k++)
            kit_saw_open(kit, 13, "a", 0400 | 02000000, -11);
        kit_saw_open(kit, 13, "a", 0400 | 02000000, 7);
        kit_saw_close(kit, 7);
    }
    struct trace_call *last = kit_open(kit, 3, "b", OPEN_READ, 5, 0);
    last->complete = false;
    kit->open_end = true;
    for (uint32_t k = 0; k < 3; k++)
        kit_saw_open(kit, 13, "b", 0400 | 02000000, -11);
    kit_run(kit);
    for (size_t i = 0; i < kit->seen.findings; i++)
        assert_int_equal(kit->seen.finding[i].kind, CHECK_FINDING_LOST);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_UNDECLARED] + kit->seen.counts[CHECK_VERDICT_MISMATCH] +
                         kit->seen.counts[CHECK_VERDICT_UNWITNESSED],
                     0);
    assert_true(kit->seen.counts[CHECK_VERDICT_MATCH] > 390);
    EXPECT(kit, 400, IN_FLIGHT);
}

static void test_errno_agrees(void **state)
{
    struct kit *kit = *state;
    kit_open(kit, 3, "a", OPEN_READ, 5, -WASI_NOENT);
    kit_open(kit, 3, "../a", OPEN_READ, 5, -WASI_NOTCAPABLE);
    kit_open(kit, 3, "b", OPEN_READ, 5, -WASI_IO);
    kit_saw_open(kit, 13, "a", 0400 | 02000000, -2);
    kit_saw_open(kit, 13, "../a", 0400 | 02000000, -18);
    kit_saw_open(kit, 13, "b", 0400 | 02000000, -133); /* an errno that WASI has no name for */
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
}

/* The runtime may map memory for itself, but not make it executable. */
static void test_wrong_operands_of_a_role(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_syscall(kit, "mmap", 4096)->arg[2] = 3;
    kit_syscall(kit, "mmap", 8192)->arg[2] = 7;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNDECLARED, 0, "mmap(0x0, 0x0, 0x7");
    assert_int_equal(kit->seen.classes[MATCH_ROLE], 1);
}

static void test_made_up_stat(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 2; i++) {
        struct trace_call *call = kit_call(kit, OPERATION_FD_FILESTAT_GET);
        kit_op(call, OP_STAT, 4, 0);
        call->ops.result[0].stat =
            (struct filestat) { .dev = 1, .ino = (uint64_t)(1004 + i), .filetype = FILETYPE_DIRECTORY };
        struct witness_record *r = kit_syscall(kit, "fstat", 0);
        r->arg[0] = 14;
        r->object = kit_object(14);
        r->parts = WITNESS_PART_OBJECT;
    }
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_MISMATCH, 1, "expected inode 1005 on device 1, found inode 1004");
}

static void test_directory_entries(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        struct kit *kit = kit_create();
        uint8_t entries[2 * 24 + 3];
        memset(entries, 0, sizeof entries);
        struct dirent_head head = { 1, 2, 1, FILETYPE_DIRECTORY, { 0 } };
        memcpy(entries, &head, 24);
        entries[24] = '.';
        head.name_length = 2;
        memcpy(entries + 25, &head, 24);
        memcpy(entries + 49, "..", 2);
        struct trace_call *call = kit_call(kit, OPERATION_FD_READDIR);
        kit_op(call, OP_READ_DIR, 4, sizeof entries)->value = 4096;
        call->data[0].in = entries;
        call->data[0].in_length = call->data[0].in_kept = sizeof entries;
        struct witness_record *r = kit_syscall(kit, "getdents64", wrong ? 72 : 48);
        r->arg[0] = 14;
        r->arg[2] = 4096;
        r->object = kit_object(14);
        r->parts = WITNESS_PART_OBJECT;
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (wrong ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* A trace's op that names bytes its request does not have. */
static void test_hostile_op(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8)->ops.op[0].mem = (struct region) { UINT32_MAX, 2 };
    kit_open(kit, 3, "a", 0, 5, 0)->ops.op[0].path.offset = REQUEST_BYTES;
    kit_tell(kit)->ops.count = 1;
    kit->call[2]->ops.op[0].kind = 9999;
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 3);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MISMATCH], 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_mismatches),
        T(test_region_mismatches),
        T(test_open_mismatches),
        T(test_open_tries),
        T(test_open_tries_found_again),
        T(test_errno_agrees),
        T(test_wrong_operands_of_a_role),
        T(test_made_up_stat),
        T(test_directory_entries),
        T(test_hostile_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
