/* What one hostcall is made of on its way: request, op, result, outcome. Plain data without pointers, so that the
 * decision core, the backends, the trace and the checker mean the same thing. Source: docs/trace-format.md for their
 * stored form. */
#ifndef WARRANT_ABI_CALL_H
#define WARRANT_ABI_CALL_H

#include "runtime/base/limits.h"
#include "wasi/abi/imports.h"
#include "wasi/abi/net.h"

enum {
    HANDLE_SCRATCH =
        LIMIT_HANDLES, /* two slots behind the guest's, for directories that a plan opens and closes itself */
    HANDLE_SCRATCH2,   /* of the second path of a call that has two */
    HANDLE_RESOLVER = LIMIT_HANDLES + 2, /* the resolver's socket, of a run whose policy lists names */
    HANDLES_TOTAL = LIMIT_HANDLES + 3,
    REQUEST_BYTES = 2 * (LIMIT_PATH + 1), /* room for two paths */
    REQUEST_STRINGS = 2
};
#define HANDLE_NONE UINT32_MAX

/* One subscription of poll_oneoff, as copied from the guest. */
struct subscription {
    uint64_t userdata, timeout, precision;
    uint32_t clock_or_fd;
    uint16_t flags;
    uint8_t type; /* enum wasi_eventtype, or any other value that the guest passed */
};

/* Which check the copying itself failed. The core turns it into a refusal; nothing of the request behind the fault is
 * set. */
enum request_fault {
    FAULT_NONE,
    FAULT_BOUNDS,
    FAULT_ALIGNMENT,
    FAULT_TOO_MANY,
    FAULT_PATH_LONG /* a string longer than LIMIT_PATH: not copied */
};

/* Copied from the guest once; nothing in it is trusted. Strings lie one behind the other in `bytes`, in the order of
 * the arguments, each without a NUL of its own (it may contain some). Only what the call uses is initialised. */
struct request {
    uint32_t call;                      /* enum operation */
    uint16_t fault;                     /* enum request_fault */
    uint16_t import;                    /* enum import: by which the guest called it */
    uint16_t instance, thread;          /* 0 in version 1 */
    uint64_t slot[OPERATION_SLOTS_MAX]; /* of the operation's fields; i32 zero-extended */
    uint32_t string_count;
    struct region string[REQUEST_STRINGS]; /* into bytes */
    uint32_t iov_count;
    struct region iov[LIMIT_IOVECS]; /* guest memory, as the guest wrote them */
    struct net_address address;      /* of an operation that takes one; family NET_NONE: the guest named none */
    uint32_t subscription_count;
    struct subscription subscription[LIMIT_SUBSCRIPTIONS];
    uint8_t bytes[REQUEST_BYTES];
};

/* One op. Meaning of the fields per kind: legend of ops.def. */
struct op {
    uint16_t kind;    /* enum op_kind */
    uint16_t rule;    /* enum rule: what allowed it */
    uint32_t handle;  /* table handle, HANDLE_NONE where the op has none */
    uint32_t handle2; /* OPEN: the free slot that receives the object; MOVE: what is moved; RENAME, LINK: the directory
                         of `path2`; HANDLE_NONE otherwise */
    uint32_t flags;
    uint64_t offset, value;
    struct region mem;   /* ops on a vector: iov[mem.offset .. +mem.length) of the request; others: guest memory */
    struct region path;  /* the request's bytes: relative, not empty, no NUL */
    struct region path2; /* MAKE_LINK: the link's content; RENAME, LINK: the new name */
};

/* What an op brought. value: a count, a time in ns, 0; or -(enum wasi_errno). stat: where the op's data is STAT.
 * address: where it is NAME or MESSAGE, and the op did not fail; of a family other than these, NET_NONE. BYTES lie in
 * the regions of the op, STAGED in the staging buffer of the call (`value` bytes; READ_DIR's from op.offset on). calls:
 * where the op's row says WALK, how many system calls performed it, at most LIMIT_OP_CALLS; not set elsewhere.
 */
struct op_result {
    int64_t value;
    struct filestat stat;
    struct net_address address;
    uint32_t calls;
};

struct call_ops {
    uint32_t count;
    struct op op[LIMIT_OPS];
    struct op_result result[LIMIT_OPS];
};

/* What the guest is told. */
struct outcome {
    uint16_t wasi_errno; /* enum wasi_errno */
    uint16_t rule;       /* enum rule: of the refusal, or RULE_NONE */
    uint16_t trap;       /* enum rt_trap_kind's number; 0: the call returns */
    uint16_t value_count;
    uint64_t value[2]; /* the scalar results, in the order of the R_ arguments */
};

#endif
