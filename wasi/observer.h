/* The seam beside the decision core: who is told of each hostcall. The recorder's ring and the replay's comparison are
 * observers; NULL functions are allowed and skipped. */
#ifndef WARRANT_WASI_OBSERVER_H
#define WARRANT_WASI_OBSERVER_H

#include "runtime/base/base.h"
#include "wasi/abi/call.h"
#include "wasi/backend.h"

/* A call told in fewer words, for calls that are decided from scalars (decide_scalar.h): the request is whole, of
 * scalars and of one region where the operation takes a vector; its op, if it has one, follows from it but for kind,
 * rule, offset and value; and it succeeds. */
enum { OBSERVER_BRIEF_MAX = 16384 };
struct wasi_observer_brief {
    /* In place of begin and op. bytes: those that leave, where some do. False: nothing was told, begin and op are. */
    bool (*op)(void *self, const struct request *request, const struct op *op, const uint8_t *bytes);
    /* In place of end, where `op` told of the only op. Its result is no errno, at most OBSERVER_BRIEF_MAX where it
     * counts bytes that entered (which `bytes` are), and is the call's only value, where that has one. The only result
     * written is that number, or the op's stat as it is, at the last slot, or there is none: what is committed follows.
     */
    enum status (*end)(void *self, const struct request *request, const struct call_ops *ops, const uint8_t *bytes,
                       struct error *error);
    /* In place of begin and end of a call without ops. committed: as of end; not set where all results are numbers of 4
     * or 8 bytes, of which it follows. False: nothing was told, begin and end are. */
    bool (*silent)(void *self, const struct request *request, const struct outcome *outcome, uint64_t committed);
};

/* Each returns OK, or a status that ends the guest: STOPPED (the recorder is gone or out of space), DIVERGED. */
struct wasi_observer {
    void *self;
    /* Before the first op; the request is complete, or carries its fault. */
    enum status (*begin)(void *self, const struct request *request, struct error *error);
    /* As each op is issued, before it is performed. `space` for the bytes that are about to leave the guest. */
    enum status (*op)(void *self, const struct request *request, const struct op *op, const struct backend_space *space,
                      struct error *error);
    /* After the results were written into the guest, before it resumes. ops: all ops with their results; bytes that
     * entered lie in their regions. committed: digest (64 bits) of what commit wrote through its one function, 0 if
     * nothing; its rule is part of the trace's format (docs/trace-format.md, END), since replay computes it again. */
    enum status (*end)(void *self, const struct request *request, const struct call_ops *ops,
                       const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                       struct error *error);
    /* NULL, or OPERATION_COUNT of them; borrowed. An observer that has these has no `begin`. */
    const struct wasi_observer_brief *brief;
};

/* Chains the number `value`, written to `offset`, into the digest of a call: what one result of 4 or 8 bytes adds, as
 * docs/trace-format.md (END) has it. One multiplication, in which for a given place no two values meet, costs a quarter
 * of the general hash, which results of other lengths take. */
#define OBSERVER_DIGEST_STEP UINT64_C(0x27d4eb2f)
static inline uint64_t observer_digest_number(uint64_t digest, uint64_t offset, uint64_t value)
{
    return ((digest + offset + OBSERVER_DIGEST_STEP) ^ value) * UINT64_C(0x9e3779b185ebca87);
}

#endif
