/* White-box test: each op of the live backend makes exactly the system call of its row in ops.def, with the row's
 * operands, and no other. A child performs the ops one by one, a marker call before each; its parent watches by ptrace.
 * Skipped (77) where that is forbidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <unistd.h>
#include <cmocka.h>
#include "act_world.h"
#include "wasi/abi/op_sets.h"

enum { SCENES = OP_COUNT, CALLS_MAX = 4, MARKER = 0x5A5A, OPTION_VALUE = 1, H_FREE_THREE = 77 };

/* The numbers of the rows' system calls on this machine. */
#define OP(id, text, syscall, ...) [OP_##id] = SYS_##syscall,
static const long numbers[OP_COUNT] = {
#include "wasi/abi/ops.def"
};
#undef OP

struct seen {
    uint32_t count;
    struct {
        uint64_t number, operand[6];
    } call[CALLS_MAX];
};

struct stage {
    struct act_world world;
    struct op op[SCENES];
    pid_t child;
    struct seen seen[SCENES];
};

/* One op of each kind. Paths and vectors are the same for all: `moved` and `target`, two regions. */
static void stage_ops(struct stage *stage)
{
    struct act_world *world = &stage->world;
    static const uint32_t handles[OP_COUNT] = {
        [OP_READ] = H_ZERO,    [OP_WRITE] = H_NULL,   [OP_APPEND] = H_APPEND, [OP_SET_TIMES] = H_NAME,
        [OP_SEEK_DIR] = H_DIR, [OP_READ_DIR] = H_DIR, [OP_CLOSE] = H_FREE,    [OP_MOVE] = H_REPLACED
    };
    act_live_adopt(world->live, H_FREE, open("/dev/null", O_RDONLY | O_CLOEXEC));
    act_live_adopt(world->live, H_REPLACED, open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (uint32_t kind = 0; kind < OP_COUNT; kind++) {
        struct op *op = &stage->op[kind];
        bool named = abi_op_has(&abi_ops[kind], OPERAND_PATH), moves = (abi_op_bit(kind) & ops_vector) != 0;
        *op = act_world_op((enum op_kind)kind, handles[kind] ? handles[kind] : named ? H_DIR : H_FILE);
        op->path = act_world_path(world, "link", false);
        op->path2 = act_world_path(world, "target", true);
        op->mem = (struct region) { 64, 32 };
        if (moves)
            act_world_vector(world, op, 2, (struct region[]) { { 16, 3 }, { 40, 4 } });
        if (kind == OP_PREAD || kind == OP_PWRITE || kind == OP_PREADV || kind == OP_PWRITEV)
            op->offset = 7;
        if (kind == OP_SET_TIMES || kind == OP_SET_TIMES_AT) {
            op->flags = FST_ATIM | FST_MTIM;
            op->offset = op->value = 1;
        }
    }
    stage->op[OP_OPEN].flags = OPEN_READ;
    stage->op[OP_OPEN].handle2 = H_FREE_TOO;
    stage->op[OP_MOVE].handle2 = H_NULL;
    stage->op[OP_RENAME].handle2 = stage->op[OP_LINK].handle2 = H_DIR;
    stage->op[OP_SET_SIZE].value = 5;
    stage->op[OP_SET_FLAGS].value = FDFLAG_NONBLOCK;
    stage->op[OP_READ_DIR].value = 4096;
    stage->op[OP_CLOCK_TIME].value = stage->op[OP_CLOCK_RES].value = stage->op[OP_SLEEP].value = CLOCKID_MONOTONIC;
    stage->op[OP_SOCKET].handle2 = H_FREE_THREE;
    stage->op[OP_ACCEPT].handle2 = H_FREE_THREE + 1;
    stage->op[OP_SOCKET].value = NET_AF_INET;
    stage->op[OP_SOCKET].offset = NET_IPPROTO_TCP;
    stage->op[OP_SOCKET].flags = NET_SOCK_STREAM | NET_SOCK_CLOEXEC;
    stage->op[OP_ACCEPT].flags = NET_SOCK_CLOEXEC;
    stage->op[OP_SEND].flags = stage->op[OP_SEND_TO].flags = NET_MSG_NOSIGNAL;
    stage->op[OP_RECEIVE_FROM].value = LIMIT_STAGING;
    stage->op[OP_TAKE_NAMES].value = LIMIT_ADDRESSES * sizeof(struct net_address);
    stage->op[OP_ONLY_V6].value = stage->op[OP_SET_OPTION].value = OPTION_VALUE;
    stage->op[OP_GET_OPTION].flags = stage->op[OP_SET_OPTION].flags = NET_SOL_SOCKET;
    stage->op[OP_GET_OPTION].offset = stage->op[OP_SET_OPTION].offset = NET_SO_KEEPALIVE;
    world->request->address = (struct net_address) { .family = NET_V4, .port = 9, .bytes = { 127, 0, 0, 1 } };
    stage->op[OP_SLEEP].offset = stage->op[OP_POLL].offset = 1000;
    world->request->subscription[0] = (struct subscription) { .clock_or_fd = H_ZERO, .type = EVENTTYPE_FD_READ };
    world->request->subscription[1] = (struct subscription) { .clock_or_fd = 1, .type = EVENTTYPE_CLOCK };
    world->request->subscription[2] = (struct subscription) { .clock_or_fd = H_NULL, .type = EVENTTYPE_FD_WRITE };
    world->request->subscription_count = 3;
}

static void play(struct stage *stage)
{
    struct wasi_backend backend = act_live_backend(stage->world.live);
    struct op_result result;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(77);
    raise(SIGSTOP);
    for (uint32_t kind = 0; kind < OP_COUNT; kind++) {
        if ((abi_op_bit(kind) & ops_joined) &&
            !backend_join(&stage->op[kind], stage->world.request, &stage->world.space))
            _exit(4);
        syscall(SYS_getpgid, MARKER);
        if (backend.act(backend.self, &stage->op[kind], stage->world.request, &stage->world.space, &result, NULL) !=
            STATUS_OK)
            _exit(3);
    }
    syscall(SYS_getpgid, MARKER);
    _exit(0);
}

/* Notes one system call at its entry. The operands behind pointers are looked at while the child stands still. */
static void note(struct stage *stage, int32_t scene, const struct ptrace_syscall_info *info)
{
    struct seen *seen = &stage->seen[scene];
    if (seen->count < CALLS_MAX) {
        seen->call[seen->count].number = info->entry.nr;
        for (size_t i = 0; i < 6; i++)
            seen->call[seen->count].operand[i] = info->entry.args[i];
    }
    seen->count++;
}

static void content_is(const struct stage *stage, uint64_t address, const void *expected, size_t length)
{
    char found[256];
    struct iovec here = { found, length }, there = { (void *)(uintptr_t)address, length };
    assert_int_equal(process_vm_readv(stage->child, &here, 1, &there, 1, 0), length);
    assert_memory_equal(found, expected, length);
}

static void check_operand(const struct stage *stage, const struct op *op, enum op_operand role, uint16_t constant,
                          uint64_t found)
{
    const struct act_world *world = &stage->world;
    const struct region *iov = world->request->iov;
    struct iovec vector[2] = { { world->space.memory + iov[0].offset, iov[0].length },
                               { world->space.memory + iov[1].offset, iov[1].length } };
    switch (role) {
    case OPERAND_FD:
        assert_int_equal(found, world->live->host_fd[op->handle]);
        break;
    case OPERAND_IOVS:
        content_is(stage, found, vector, sizeof vector);
        break;
    case OPERAND_POLLS:
        content_is(stage, found,
                   (struct pollfd[]) { { world->live->host_fd[H_ZERO], POLLIN, 0 },
                                       { world->live->host_fd[H_NULL], POLLOUT, 0 } },
                   sizeof(struct pollfd[2]));
        break;
    case OPERAND_COUNT:
        assert_int_equal(found, op->mem.length);
        break;
    case OPERAND_POLLCOUNT:
        assert_int_equal(found, 2);
        break;
    case OPERAND_CONSTANT:
        assert_int_equal(found, constant);
        break;
    case OPERAND_BITS:
        assert_int_equal(found, op->flags);
        break;
    case OPERAND_EMPTY:
        content_is(stage, found, "", 1);
        break;
    case OPERAND_FDFLAGS:
        assert_int_equal(found, O_NONBLOCK);
        break;
    case OPERAND_MEMLEN:
        assert_int_equal(found, op->mem.length);
        break;
    case OPERAND_OFFSET:
        assert_int_equal(found, op->offset);
        break;
    case OPERAND_ZERO:
        assert_int_equal(found, 0);
        break;
    case OPERAND_PATH:
        content_is(stage, found, "link", 5);
        break;
    case OPERAND_PATH2:
        content_is(stage, found, "target", 7);
        break;
    case OPERAND_HOW:
        content_is(stage, found, (uint64_t[]) { O_RDONLY | O_CLOEXEC | O_NOCTTY, 0, 0x0a }, 24);
        break;
    case OPERAND_HOWSIZE:
        assert_int_equal(found, 24);
        break;
    case OPERAND_MEM:
        assert_int_equal(found, (uintptr_t)world->space.memory + op->mem.offset);
        break;
    case OPERAND_STAGELEN:
        assert_int_equal(found, act_staged_length(op, world->request, &world->space));
        break;
    case OPERAND_TIMES:
        content_is(stage, found, (struct timespec[]) { { 0, 1 }, { 0, 1 } }, sizeof(struct timespec[2]));
        break;
    case OPERAND_VALUE:
        assert_int_equal(found, op->value);
        break;
    case OPERAND_STAGE:
        assert_true(found == (uintptr_t)world->space.staging || found == (uintptr_t)world->live->kernel);
        break;
    case OPERAND_TIME:
        content_is(stage, found, &(struct timespec) { 0, 1000 }, sizeof(struct timespec));
        break;
    case OPERAND_ADDRESS:
        content_is(stage, found, "\2\0\0\11\177\0\0\1\0\0\0\0\0\0\0", NET_SOCKADDR_4);
        break;
    case OPERAND_ADDRLEN:
        assert_int_equal(found, NET_SOCKADDR_4);
        break;
    case OPERAND_OPTION:
        content_is(stage, found, &(int) { OPTION_VALUE }, sizeof(int));
        break;
    case OPERAND_OPTIONLEN:
        assert_int_equal(found, sizeof(int));
        break;
    case OPERAND_RESULT:
        assert_true(found != 0);
        break;
    case OPERAND_FD2:
        assert_int_equal(found, world->live->host_fd[op->handle2]);
        break;
    case OPERAND_NONE:
        break;
    }
}

static void check_entry(struct stage *stage, int32_t scene, const struct ptrace_syscall_info *info)
{
    const struct op_row *row = &abi_ops[scene];
    note(stage, scene, info);
    if (info->entry.nr != (uint64_t)numbers[scene])
        fail_msg("op %s made system call %llu, its row says %s", row->text, (unsigned long long)info->entry.nr,
                 row->syscall);
    for (size_t i = 0; i < OP_OPERANDS_MAX; i++)
        check_operand(stage, &stage->op[scene], (enum op_operand)row->operand[i], abi_op_constants[scene][i],
                      info->entry.args[i]);
}

/* Follows the child to its end. Returns its exit status. */
static int watch(struct stage *stage)
{
    int status, scene = -1;
    assert_int_equal(waitpid(stage->child, &status, 0), stage->child);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    ptrace(PTRACE_SETOPTIONS, stage->child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    while (ptrace(PTRACE_SYSCALL, stage->child, NULL, NULL) == 0 && waitpid(stage->child, &status, 0) == stage->child) {
        struct ptrace_syscall_info info;
        if (WIFEXITED(status))
            return WEXITSTATUS(status);
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
            continue;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, stage->child, (void *)sizeof info, &info) <= 0)
            return 77;
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
            continue;
        if (info.entry.nr == SYS_getpgid && info.entry.args[0] == MARKER)
            scene++;
        else if (scene >= 0 && scene < SCENES)
            check_entry(stage, scene, &info);
    }
    return 1;
}

static struct stage stage;

/* WAVE-05 */
static void each_op_is_its_rows_system_call(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < OP_COUNT; kind++) {
        if (abi_ops[kind].calls == OP_CALLS_VDSO ? stage.seen[kind].count > 1 : stage.seen[kind].count != 1)
            fail_msg("op %s made %u system calls", abi_ops[kind].text, stage.seen[kind].count);
    }
}

static void op_calls_watched(void **state)
{
    (void)state;
    assert_int_equal(watch(&stage), 0);
}

int main(void)
{
    int status;
    act_world_init(&stage.world);
    stage_ops(&stage);
    pid_t probe = fork();
    if (probe == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 77);
    if (probe < 0 || waitpid(probe, &status, 0) != probe || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        printf("skipped: this system does not let a test trace its child\n");
        act_world_done(&stage.world);
        return 77;
    }
    stage.child = fork();
    if (stage.child == 0)
        play(&stage);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(op_calls_watched),
        cmocka_unit_test(each_op_is_its_rows_system_call),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    act_world_done(&stage.world);
    return failed;
}
