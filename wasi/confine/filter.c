/* Writes the seccomp program out of syscalls.def: the architecture first, then a binary search over numbers, then the
 * operands.
 *
 * Invariants: every path ends in a return; in the guest's process whatever is not named by the tables is killed;
 * nothing but loads, AND and compares precede the first operand, so that the kernel's own cache answers for calls that
 * are allowed with any operands. Left out on purpose: what lies behind pointers (paths, open_how, addresses), which a
 * filter cannot see. Source: seccomp(2); Documentation/userspace-api/seccomp_filter.rst. */
#include "wasi/confine/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "wasi/abi/net.h"
#include "wasi/abi/syscalls.h"

enum {
    ARCHITECTURE = (int)(PLATFORM_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64),
    JUMP_MAX = 255,
    CLAUSES_MAX = 6,
    VALUES_MAX = 10,
    OWN_PID = -1 /* a value that stands for the process itself */
};

/* OR_AMONG: as AMONG, and begins another way to pass, for which what stands before it need not hold. */
enum clause_how { AMONG, NOT_AMONG, OR_AMONG };

/* (operand & mask) is one of the values, or none of them. Low words: what the kernel takes as int or as flags. */
struct clause {
    uint8_t count; /* 0: no clause */
    uint8_t operand;
    uint8_t how; /* enum clause_how */
    uint32_t mask;
    int32_t value[VALUES_MAX];
};

enum { EVERY = -1 };
/* What may be among the flags of a component's openat beside O_NOFOLLOW and O_CLOEXEC, which must be. */
enum {
    COMPONENT_FLAGS = O_ACCMODE | O_PATH | O_DIRECTORY | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DSYNC | O_SYNC |
                      O_NONBLOCK | O_NOCTTY
};
static const struct clause checks[SYSCALL_CHECK_COUNT][CLAUSES_MAX] = {
    [SYSCALL_CHECK_ANY] = { { 0 } },
    [SYSCALL_CHECK_NO_EXEC] = { { 1, 2, AMONG, PROT_EXEC, { 0 } } },
    [SYSCALL_CHECK_MAP] = { { 1, 2, AMONG, PROT_EXEC, { 0 } },
                            { 1,
                              3,
                              AMONG,
                              ~(uint32_t)(MAP_NORESERVE | MAP_STACK | MAP_POPULATE),
                              { MAP_PRIVATE | MAP_ANONYMOUS } } },
    [SYSCALL_CHECK_MOVE] = { { 1, 3, AMONG, ~(uint32_t)MREMAP_MAYMOVE, { 0 } } },
    [SYSCALL_CHECK_ADVISE] = { { 5,
                                 2,
                                 AMONG,
                                 (uint32_t)EVERY,
                                 { MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP } } },
    [SYSCALL_CHECK_STATUS_FLAGS] = { { 3, 1, AMONG, (uint32_t)EVERY, { F_GETFD, F_GETFL, F_SETFL } } },
    [SYSCALL_CHECK_WRITE_FLAGS] = { { 1, 5, AMONG, ~UINT32_C(0x16), { 0 } } }, /* RWF_DSYNC, RWF_SYNC, RWF_APPEND */
    [SYSCALL_CHECK_STAT_AT] = { { 1, 0, NOT_AMONG, (uint32_t)EVERY, { AT_FDCWD } },
                                { 1, 3, NOT_AMONG, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, { 0 } } },
    [SYSCALL_CHECK_DIR_FD] = { { 1, 0, NOT_AMONG, (uint32_t)EVERY, { AT_FDCWD } } },
    [SYSCALL_CHECK_COMPONENT] = { { 1, 0, NOT_AMONG, (uint32_t)EVERY, { AT_FDCWD } },
                                  { 1, 2, AMONG, ~(uint32_t)COMPONENT_FLAGS, { O_NOFOLLOW | O_CLOEXEC } },
                                  { 1, 3, AMONG, ~UINT32_C(0666), { 0 } } },
    [SYSCALL_CHECK_DIR_FD_SECOND] = { { 1, 1, NOT_AMONG, (uint32_t)EVERY, { AT_FDCWD } } },
    [SYSCALL_CHECK_DIR_FDS] = { { 1, 0, NOT_AMONG, (uint32_t)EVERY, { AT_FDCWD } },
                                { 1, 2, NOT_AMONG, (uint32_t)EVERY, { AT_FDCWD } },
                                { 1, 4, AMONG, (uint32_t)EVERY, { 0 } } },
    [SYSCALL_CHECK_LENGTHEN] = { { 1, 1, AMONG, (uint32_t)EVERY, { 0 } } },
    [SYSCALL_CHECK_SOCKET] = { { 2, 0, AMONG, (uint32_t)EVERY, { AF_INET, AF_INET6 } },
                               { 2,
                                 1,
                                 AMONG,
                                 ~(uint32_t)SOCK_NONBLOCK,
                                 { SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM | SOCK_CLOEXEC } },
                               { 3, 2, AMONG, (uint32_t)EVERY, { 0, IPPROTO_TCP, IPPROTO_UDP } } },
    [SYSCALL_CHECK_SEND] = { { 1, 3, AMONG, (uint32_t)EVERY, { MSG_NOSIGNAL } } },
    [SYSCALL_CHECK_RECEIVE] = { { 1, 3, AMONG, ~(uint32_t)(MSG_PEEK | MSG_WAITALL), { 0 } } },
    [SYSCALL_CHECK_ACCEPT] = { { 1, 3, AMONG, ~(uint32_t)SOCK_NONBLOCK, { SOCK_CLOEXEC } } },
    [SYSCALL_CHECK_ABORT_SELF] = { { 1, 0, AMONG, (uint32_t)EVERY, { OWN_PID } },
                                   { 1, 2, AMONG, (uint32_t)EVERY, { SIGABRT } } },
    [SYSCALL_CHECK_FUTEX] = { { 4,
                                1,
                                AMONG,
                                (uint32_t)FUTEX_CMD_MASK,
                                { FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET } } },
};

/* The socket options as rows. */
struct option {
    int32_t level, name;
    bool sets;
};
#define ASKS                           false
#define SETS                           true
#define NET_OPTION_SOCKET(name, which) { NET_SOL_SOCKET, NET_##name, which },
#define NET_OPTION_TCP(name, which)    { NET_IPPROTO_TCP, NET_##name, which },
#define NET_OPTION_V6(name, which)     { NET_IPPROTO_IPV6, NET_##name, which },
static const struct option options[] = {
#include "wasi/abi/net_options.def"
};

/* A number that the program knows, and what it does with it. */
struct known {
    uint32_t number;
    uint32_t refusal; /* SECCOMP_RET_* where the check fails */
    bool allowed;
    uint8_t check;
};

struct assembler {
    struct filter *filter;
    struct known known[SYSCALL_COUNT];
    uint32_t count;
    uint32_t pid;
    unsigned roles;
    uint32_t impacts;   /* of rows that are allowed whatever their roles and operands */
    uint32_t otherwise; /* SECCOMP_RET_* for numbers that are not known */
    bool sanitizer, full;
    struct clause asking[CLAUSES_MAX], setting[CLAUSES_MAX]; /* of getsockopt, of setsockopt */
};

/* Adds a way to pass for each level: the level, then one of its options. */
static void options_collect(struct assembler *a, struct clause *to, bool sets)
{
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const struct option *option = &options[i];
        if (sets && !option->sets)
            continue;
        if (count == 0 || to[count - 2].value[0] != option->level) {
            if (count + 2 > CLAUSES_MAX) {
                a->full = true;
                return;
            }
            to[count] = (struct clause) { 1, 1, count > 0 ? OR_AMONG : AMONG, (uint32_t)EVERY, { option->level } };
            to[count + 1] = (struct clause) { 0, 2, AMONG, (uint32_t)EVERY, { 0 } };
            count += 2;
        }
        struct clause *names = &to[count - 1];
        a->full |= names->count == VALUES_MAX;
        if (!a->full)
            names->value[names->count++] = option->name;
    }
}

static const struct clause *clauses_of(const struct assembler *a, uint8_t check)
{
    return check == SYSCALL_CHECK_SET_OPTION   ? a->setting
           : check == SYSCALL_CHECK_GET_OPTION ? a->asking
                                               : checks[check];
}

static void emit(struct assembler *a, uint16_t code, uint32_t k, uint32_t jt, uint32_t jf)
{
    struct filter *f = a->filter;
    if (f->size == FILTER_INSTRUCTIONS_MAX || jt > JUMP_MAX || jf > JUMP_MAX) {
        a->full = true;
        return;
    }
    f->code[f->size++] = (struct sock_filter) { code, (uint8_t)jt, (uint8_t)jf, k };
}

static void emit_return(struct assembler *a, uint32_t action) { emit(a, BPF_RET | BPF_K, action, 0, 0); }
static void emit_load(struct assembler *a, size_t offset) { emit(a, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }

/* Its instructions, with the ALLOW of the way to pass that it follows. */
static uint32_t clause_size(const struct clause *c)
{
    return c->count ? 1U + (c->mask != (uint32_t)EVERY) + c->count + (c->how == OR_AMONG) : 0;
}

/* ASan's allocator places its regions itself. */
static uint32_t clause_mask(const struct assembler *a, uint8_t check, const struct clause *c)
{
    return a->sanitizer && check == SYSCALL_CHECK_MAP && c->operand == 3 ? c->mask & ~(uint32_t)MAP_FIXED : c->mask;
}

/* `behind`: instructions between this clause's end and where it fails to: the next way to pass, or the refusal. */
static void emit_clause(struct assembler *a, uint8_t check, const struct clause *c, uint32_t behind)
{
    if (!c->count)
        return;
    emit_load(a, offsetof(struct seccomp_data, args) + c->operand * sizeof(uint64_t));
    if (c->mask != (uint32_t)EVERY)
        emit(a, BPF_ALU | BPF_AND | BPF_K, clause_mask(a, check, c), 0, 0);
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t left = c->count - 1U - i; /* compares behind this one */
        bool own = check == SYSCALL_CHECK_ABORT_SELF && c->value[i] == OWN_PID;
        uint32_t value = own ? a->pid : (uint32_t)c->value[i];
        if (c->how == NOT_AMONG)
            emit(a, BPF_JMP | BPF_JEQ | BPF_K, value, left + behind, 0);
        else
            emit(a, BPF_JMP | BPF_JEQ | BPF_K, value, left, left ? 0 : behind);
    }
}

/* Of the check's clauses from `first` on: all of them, or those of the same way to pass. */
static uint32_t clauses_size(const struct clause *clauses, uint32_t first, bool all)
{
    uint32_t size = 0;
    for (uint32_t i = first; i < CLAUSES_MAX && (all || clauses[i].how != OR_AMONG); i++)
        size += clause_size(&clauses[i]);
    return size;
}

/* Instructions of what follows a number that was found: clauses, allow, refuse. */
static uint32_t body_size(const struct assembler *a, const struct known *k)
{
    if (!k->allowed || k->check == SYSCALL_CHECK_ANY)
        return 1;
    return clauses_size(clauses_of(a, k->check), 0, true) + 2;
}

static void emit_body(struct assembler *a, const struct known *k)
{
    if (!k->allowed || k->check == SYSCALL_CHECK_ANY) {
        emit_return(a, k->allowed ? SECCOMP_RET_ALLOW : k->refusal);
        return;
    }
    const struct clause *clauses = clauses_of(a, k->check);
    for (uint32_t i = 0; i < CLAUSES_MAX; i++) {
        if (clauses[i].how == OR_AMONG)
            emit_return(a, SECCOMP_RET_ALLOW);
        emit_clause(a, k->check, &clauses[i], clauses_size(clauses, i + 1, false) + 1);
    }
    emit_return(a, SECCOMP_RET_ALLOW);
    emit_return(a, k->refusal);
}

static uint32_t tree_size(const struct assembler *a, uint32_t first, uint32_t last)
{
    if (last - first == 1)
        return 2 + body_size(a, &a->known[first]);
    uint32_t middle = first + (last - first) / 2, left = tree_size(a, first, middle);
    return (left > JUMP_MAX ? 2 : 1) + left + tree_size(a, middle, last);
}

/* known[first..last), not empty. Depth is the logarithm of the count. */
static void emit_tree(struct assembler *a, uint32_t first, uint32_t last)
{
    if (last - first == 1) {
        const struct known *k = &a->known[first];
        emit(a, BPF_JMP | BPF_JEQ | BPF_K, k->number, 0, body_size(a, k));
        emit_body(a, k);
        emit_return(a, a->otherwise);
        return;
    }
    uint32_t middle = first + (last - first) / 2, left = tree_size(a, first, middle);
    if (left > JUMP_MAX) {
        emit(a, BPF_JMP | BPF_JGE | BPF_K, a->known[middle].number, 0, 1);
        emit(a, BPF_JMP | BPF_JA, left, 0, 0);
    } else {
        emit(a, BPF_JMP | BPF_JGE | BPF_K, a->known[middle].number, left, 0);
    }
    emit_tree(a, first, middle);
    emit_tree(a, middle, last);
}

static uint32_t refusal_of(const struct syscall_row *row)
{
    switch ((enum syscall_stop)row->stop) {
    case SYSCALL_STOP_EPERM:
        return SECCOMP_RET_ERRNO | EPERM;
    case SYSCALL_STOP_ENOSYS:
        return SECCOMP_RET_ERRNO | ENOSYS;
    case SYSCALL_STOP_KILL:
    case SYSCALL_STOP_UNSEEN:
    case SYSCALL_STOP_COUNT:
        break;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

static void known_collect(struct assembler *a)
{
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        int64_t number = syscall_row_number(row, SYSCALL_MACHINE_HERE);
        bool extra = a->sanitizer && row->roles & SYSCALL_BY(SANITIZER);
        bool good = a->impacts & UINT32_C(1) << row->impact;
        bool allowed = row->roles & a->roles || extra || good;
        uint32_t refusal = a->impacts ? a->otherwise : refusal_of(row);
        if (number < 0 || (!allowed && refusal == a->otherwise))
            continue;
        a->known[a->count++] = (struct known) { (uint32_t)number, refusal, allowed,
                                                extra || good ? (uint8_t)SYSCALL_CHECK_ANY : row->check };
        a->filter->calls += allowed;
    }
}

static int known_compare(const void *left, const void *right)
{
    const struct known *l = left, *r = right;
    return (l->number > r->number) - (l->number < r->number);
}

static enum status assemble(struct assembler *a, struct error *error)
{
    a->filter->size = a->filter->calls = 0;
    options_collect(a, a->asking, false);
    options_collect(a, a->setting, true);
    known_collect(a);
    qsort(a->known, a->count, sizeof *a->known, known_compare);
    emit_load(a, offsetof(struct seccomp_data, arch));
    emit(a, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ARCHITECTURE, 1, 0);
    emit_return(a, SECCOMP_RET_KILL_PROCESS);
    emit_load(a, offsetof(struct seccomp_data, nr));
    /* The x32 form sets bit 30, -1 is a tracer's: both are beyond every number. */
    emit(a, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)SYSCALL_X32_BIT, 0, 1);
    emit_return(a, SECCOMP_RET_KILL_PROCESS);
    emit_tree(a, 0, a->count);
    if (a->full)
        return error_set(error, STATUS_INTERNAL, "the tables of system calls outgrew the seccomp program");
    return STATUS_OK;
}

enum status filter_build(struct filter *filter, unsigned roles, bool sanitizer, uint32_t pid, struct error *error)
{
    struct assembler a = {
        .filter = filter, .pid = pid, .roles = roles, .otherwise = SECCOMP_RET_KILL_PROCESS, .sanitizer = sanitizer
    };
    return assemble(&a, error);
}

enum status filter_build_impacts(struct filter *filter, uint32_t impacts, struct error *error)
{
    struct assembler a = { .filter = filter, .impacts = impacts, .otherwise = SECCOMP_RET_ERRNO | ENOSYS };
    return assemble(&a, error);
}

uint32_t filter_run(const struct filter *filter, const struct seccomp_data *data, uint32_t *ret_steps)
{
    uint32_t accumulator = 0, steps = 0;
    for (uint32_t at = 0; at < filter->size; steps++) {
        const struct sock_filter *i = &filter->code[at++];
        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (i->k % 4 || i->k > sizeof *data - sizeof accumulator)
                return UINT32_MAX;
            memcpy(&accumulator, (const uint8_t *)data + i->k, sizeof accumulator);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            accumulator &= i->k;
            break;
        case BPF_JMP | BPF_JA:
            at += i->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += accumulator == i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += accumulator >= i->k ? i->jt : i->jf;
            break;
        case BPF_RET | BPF_K:
            if (ret_steps)
                *ret_steps = steps + 1;
            return i->k;
        default:
            return UINT32_MAX;
        }
    }
    return UINT32_MAX;
}
