/* Walks in the matcher: the system calls of a path that is resolved component by component are exactly those that
 * follow from the path and from what the kernel answered; one other, one more or one less is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "tests/unit/test_match_expect.h"

enum { NOFOLLOW = 0400000, DIRECTORY = 0200000 }; /* of x86-64, as the kit says */
enum { CLOEXEC = 02000000, NAMES = 010000000, NOCTTY = 0400, ENTERS = NAMES | DIRECTORY | NOFOLLOW | CLOEXEC };
enum { LAST = 02 | NOCTTY | NOFOLLOW | CLOEXEC, CALLS = 9 };

static struct witness_record *on(struct kit *kit, const char *call, int fd, const char *name, int64_t result)
{
    struct witness_record *r = kit_syscall(kit, call, result);
    r->arg[0] = (uint64_t)fd;
    r->object = kit_object(fd);
    r->parts = WITNESS_PART_OBJECT;
    if (name) {
        r->path[0] = name;
        r->path_length[0] = (uint32_t)strlen(name);
        r->parts |= WITNESS_PART_PATH;
    }
    return r;
}

static struct witness_record *saw_open(struct kit *kit, int fd, const char *name, uint64_t flags, int64_t result)
{
    struct witness_record *r = on(kit, "openat", fd, name, result);
    r->arg[2] = flags;
    if (result >= 0) {
        r->opened = kit_object((int)result);
        r->parts |= WITNESS_PART_OPENED;
    }
    return r;
}

static struct witness_record *saw_link(struct kit *kit, int fd, const char *name, const char *content)
{
    struct witness_record *r = on(kit, "readlinkat", fd, name, (int64_t)strlen(content));
    r->path[1] = content;
    r->path_length[1] = (uint32_t)strlen(content);
    r->parts |= WITNESS_PART_PATH2;
    return r;
}

/* a/l/../f, where l is a link to x/y; then a write to what was opened. */
static struct trace_call *walk_call(struct kit *kit)
{
    struct trace_call *call = kit_open(kit, 3, "a/l/../f", OPEN_READ | OPEN_WRITE, 5, 0);
    call->ops.result[0].calls = CALLS;
    kit_pwrite(kit, 5, 4096, 512);
    return call;
}

static struct witness_record *walk_records(struct kit *kit)
{
    struct witness_record *first = saw_open(kit, 13, "a", ENTERS, 20);
    saw_open(kit, 20, "l", ENTERS, -20);
    saw_link(kit, 20, "l", "x/y");
    saw_open(kit, 20, "x", ENTERS, 21);
    saw_open(kit, 21, "y", ENTERS, 22);
    on(kit, "close", 22, NULL, 0);
    saw_open(kit, 21, "f", LAST, 23);
    on(kit, "close", 21, NULL, 0);
    on(kit, "close", 20, NULL, 0);
    kit_saw_pwrite(kit, 23, 4096, 512);
    return first;
}

static void test_walk(void **state)
{
    struct kit *kit = *state;
    kit->walks = true;
    walk_call(kit);
    walk_records(kit);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, MATCH);
    assert_int_equal(kit->seen.classes[MATCH_PLAN], CALLS + 1);
}

/* A record that is not there: its sequence number is given to nobody either. */
static void leave_out(struct kit *kit, size_t at)
{
    memmove(kit->record + at, kit->record + at + 1, (kit->records - at - 1) * sizeof *kit->record);
    kit->records--;
    for (; at < kit->records; at++)
        kit->record[at].sequence--;
}

static void spoil(struct kit *kit, struct trace_call *call, struct witness_record *r, unsigned how)
{
    switch (how) {
    case 0:
        r[3].path[0] = "z"; /* not what the link says */
        return;
    case 1:
        r[0].arg[2] &= ~(uint64_t)NOFOLLOW;
        return;
    case 2:
        r[6].arg[2] |= 0100; /* creates */
        return;
    case 3:
        r[6].arg[0] = 13; /* in the granted directory itself */
        r[6].object = kit_object(13);
        return;
    case 4:
        r[4].object.ino++; /* another directory under the same number */
        return;
    case 5:
        call->ops.result[0].calls = CALLS - 1;
        return;
    case 6:
        call->ops.result[0].calls = CALLS + 1;
        return;
    case 7:
        call->ops.result[0].value = -WASI_NOENT;
        return;
    case 8:
        r[2].path[1] = "/x/"; /* absolute: nothing may follow */
        return;
    case 9:
        r[2].path[1] = "../"; /* out of the base, with what follows it */
        return;
    case 10:
        r[5].arg[0] = 20; /* closes another one */
        return;
    case 11:
        leave_out(kit, (size_t)(r - kit->record) + 7); /* one stays open */
        return;
    case 12:
        leave_out(kit, (size_t)(r - kit->record) + 5); /* ".." is not taken */
        return;
    case 13:
        r[6].result = 24; /* what is written to is another one */
        r[6].opened = kit_object(24);
        return;
    case 14:
        r[6].arg[3] = 0777;
        return;
    case 15:
        r[1].syscall = impact_number(SYSCALL_MACHINE_X86_64, "openat2");
        return;
    default:
        r[0].syscall = impact_number(SYSCALL_MACHINE_X86_64, "readlinkat");
        return;
    }
}

static void test_spoiled_walks(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 17; how++) {
        struct kit *kit = kit_create();
        kit->walks = true;
        struct trace_call *call = walk_call(kit);
        spoil(kit, call, walk_records(kit), how);
        kit_run(kit);
        bool told = false;
        for (size_t i = 0; i < kit->seen.findings; i++)
            told |= kit->seen.finding[i].kind == CHECK_FINDING_MISMATCH ||
                    kit->seen.finding[i].kind == CHECK_FINDING_UNDECLARED ||
                    kit->seen.finding[i].kind == CHECK_FINDING_UNWITNESSED;
        if (!told || kit->seen.counts[CHECK_VERDICT_MATCH] == 2)
            fail_msg("case %u: %zu findings", how, kit->seen.findings);
        kit_free(kit);
    }
}

/* What the witness could not read is no agreement, and accuses nobody. */
static void test_unknown_content(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 5; how++) {
        struct kit *kit = kit_create();
        kit->walks = true;
        walk_call(kit);
        struct witness_record *r = walk_records(kit);
        if (how == 0) {
            r[2].parts &= ~(uint32_t)WITNESS_PART_PATH2;
            r[2].path[1] = NULL;
        } else if (how == 1) {
            r[2].path_length[1]--; /* a NUL inside */
        } else if (how == 2) {
            r[2].flags |= WITNESS_FLAG_LATE;
        } else if (how == 3) {
            r[3].parts &= ~(uint32_t)WITNESS_PART_PATH;
            r[3].path[0] = NULL;
        } else {
            r[0].parts &= ~(uint32_t)WITNESS_PART_OPENED;
        }
        kit_run(kit);
        assert_true(kit->seen.findings > 0);
        for (size_t i = 0; i < kit->seen.findings; i++)
            if (kit->seen.finding[i].kind != CHECK_FINDING_UNKNOWN)
                fail_msg("case %u: %s", how, kit->seen.finding[i].evidence);
        EXPECT(kit, 0, UNKNOWN);
        kit_free(kit);
    }
}

/* What leaves at once takes no system call; who says otherwise is told. */
static void test_leaves_at_once(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        struct kit *kit = kit_create();
        kit->walks = true;
        struct trace_call *call = kit_open(kit, 3, "../a", OPEN_READ, 5, how == 1 ? -WASI_NOENT : -WASI_XDEV);
        call->ops.result[0].calls = how == 2;
        kit_pwrite(kit, 4, 4096, 512);
        kit_saw_pwrite(kit, 14, 4096, 512);
        kit_run(kit);
        if (how > 0)
            only_finding(kit, CHECK_FINDING_MISMATCH, 0, "leaves its directory at once");
        else
            assert_int_equal(kit->seen.findings, 0);
        if (how == 0)
            EXPECT(kit, 0, SILENT);
        else
            EXPECT(kit, 0, MISMATCH);
        EXPECT(kit, 1, MATCH);
        kit_free(kit);
    }
}

/* Refusals of every kind, and links that end the walk. */
static void test_refused_walks(void **state)
{
    struct kit *kit = *state;
    kit->walks = true;
    static const struct {
        const char *path;
        uint32_t flags, calls;
        int64_t value;
    } calls[] = {
        { "a/b", OPEN_READ, 3, -WASI_NOENT },
        { "a/../..", OPEN_READ, 2, -WASI_XDEV },
        { "abs/x", OPEN_READ, 2, -WASI_XDEV },
        { "link", OPEN_READ | OPEN_NOFOLLOW, 1, -WASI_LOOP },
        { "file/x", OPEN_READ, 2, -WASI_NOTDIR },
        { "new/", OPEN_WRITE | OPEN_CREATE, 0, -WASI_ISDIR },
        { "name", OPEN_PATH_ONLY, 3, 0 },
        { "folder", OPEN_PATH_ONLY, 1, 0 },
        { "a/.", OPEN_READ, 3, 0 },
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        kit_open(kit, 3, calls[i].path, calls[i].flags, 5, calls[i].value)->ops.result[0].calls = calls[i].calls;
        if (calls[i].value == 0)
            kit_close(kit, 5);
    }
    const uint64_t reads = NOCTTY | NOFOLLOW | CLOEXEC;
    saw_open(kit, 13, "a", ENTERS, 20);
    saw_open(kit, 20, "b", reads, -2);
    on(kit, "close", 20, NULL, 0);
    saw_open(kit, 13, "a", ENTERS, 20);
    on(kit, "close", 20, NULL, 0);
    saw_open(kit, 13, "abs", ENTERS, -20);
    saw_link(kit, 13, "abs", "/etc");
    saw_open(kit, 13, "link", reads, -40);
    saw_open(kit, 13, "file", ENTERS, -20);
    on(kit, "readlinkat", 13, "file", -22);
    saw_open(kit, 13, "name", ENTERS, -20);
    on(kit, "readlinkat", 13, "name", -22);
    saw_open(kit, 13, "name", NAMES | NOFOLLOW | CLOEXEC, 21);
    kit_saw_close(kit, 21);
    saw_open(kit, 13, "folder", ENTERS, 21);
    kit_saw_close(kit, 21);
    saw_open(kit, 13, "a", ENTERS, 20);
    saw_open(kit, 20, ".", reads, 21);
    on(kit, "close", 20, NULL, 0);
    kit_saw_close(kit, 21);
    kit_run(kit);
    if (kit->seen.findings > 0)
        fail_msg("%s", kit->seen.finding[0].evidence);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 11);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_SILENT], 1);
}

/* Behind a gap the walks are found again, and nobody is accused. */
static void test_found_again(void **state)
{
    struct kit *kit = *state;
    kit->walks = true;
    for (uint32_t n = 0; n < 300; n++) {
        walk_call(kit);
        kit_close(kit, 5);
        if (n == 70) {
            kit_event(kit, WITNESS_LOST, CALLS + 2);
            continue;
        }
        walk_records(kit);
        kit_saw_close(kit, 23);
    }
    kit_run(kit);
    for (size_t i = 0; i < kit->seen.findings; i++)
        if (kit->seen.finding[i].kind != CHECK_FINDING_LOST)
            fail_msg("%s", kit->seen.finding[i].evidence);
    assert_true(kit->seen.counts[CHECK_VERDICT_MATCH] >= 890);
}

/* A trace that stops inside a walk. */
static void test_in_flight(void **state)
{
    struct kit *kit = *state;
    kit->walks = true;
    struct trace_call *call = walk_call(kit);
    free(kit->call[--kit->calls]);
    call->complete = false;
    kit->open_end = true;
    walk_records(kit);
    kit->records -= 5; /* the rest was not made any more */
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    EXPECT(kit, 0, IN_FLIGHT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = { T(test_walk),           T(test_spoiled_walks), T(test_unknown_content),
                                        T(test_leaves_at_once), T(test_refused_walks), T(test_found_again),
                                        T(test_in_flight) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
