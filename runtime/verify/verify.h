/* The verifier: looks at compiled code before it may run, so that neither the compiler nor LLVM is believed. It decodes
 * each function and follows, through all its paths, what the registers and the native frame hold (abstract
 * interpretation over basic blocks). x86-64.
 *
 * What it checks, and refuses a function that does not have it:
 *   - instructions: all bytes of a function decode, one behind the other; each is of a kind that is listed; no prefix
 * or operand that reaches a segment, control, debug or tile register;
 *   - jumps: to instructions of the same function, or in place of it to the start of a listed one; through a register
 * only by a jump table in the read-only data with a bounded index, each of whose targets is looked at;
 *   - calls: to the start of a listed function; to a helper of the context's table, with arguments that it may have; to
 *     what the helper `native` has found, of the type that was asked for, with the frame that it has checked;
 *   - the stack: its pointer is a known constant everywhere, and at a return what it was at the start, with the
 * registers that belong to the caller; stores lie in the frame, which is at most VERIFY_FRAME_BYTES;
 *   - memory: each access is of the frame, a listed field, a slot of the value stack that is known to exist, a global,
 * a table's element or guest memory behind a comparison with their size, or read-only data;
 *   - before a call: a comparison that there are frames left, and one that the callee's slots exist.
 *
 * What it does not check: that code computes what the module says, polls, charges fuel, or stops at the right place;
 * and that what is written as a reference (a table's element, a global or slot of such a type) has come from one. The
 * second is a hole for modules with references: docs/tiers.md.
 * Nor that the helpers for tail calls are called last: they take no depth, so code that goes on behind them can nest on
 * the host's stack without end. */
#ifndef WARRANT_RUNTIME_VERIFY_H
#define WARRANT_RUNTIME_VERIFY_H

#include "runtime/base/base.h"

struct rt_module;

/* Where a function of the module begins in the text. */
struct verify_start {
    uint32_t at, function; /* function: its index */
    bool way_in;           /* from C, with everything in memory */
    const char *refused;   /* set by verify_object: why, a text without end; NULL: it may run */
    uint32_t refused_at;   /* in the text */
};
struct verify_object {
    const uint8_t *image; /* text from 0 on; what is behind it is read-only data */
    uint32_t size, text_bytes, data;
    struct verify_start *starts; /* any order on entry, by place afterwards */
    uint32_t start_count;
    uint32_t site_count;
    bool tail_calls; /* the functions have the convention that allows them */
    const struct rt_module *module;
    uint32_t *global_of_slot, global_slots; /* set by verify_object */
};

/* Looks at every function. OK also where some are refused: *ret_refused has how many. Any other status: nothing may
 * run. */
MUST_USE enum status verify_object(struct verify_object *object, uint32_t *ret_refused, struct error *error);

/* The same in steps: open, which sorts the starts, any functions by their number in them, close. A function that was
 * verified alone may run only if all have been. */
MUST_USE enum status verify_object_open(struct verify_object *object, struct error *error);
MUST_USE enum status verify_function(const struct verify_object *object, uint32_t number, struct error *error);
void verify_object_close(struct verify_object *object);

#endif
