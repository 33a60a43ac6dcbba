/* What the interpreter's two expansions share: the macros that handlers are written in. Internal to runtime/.
 *
 * handlers_*.h hold the handlers, HANDLER(op) { ... }, once. interp_functions.c makes a function of each, which calls
 * the next one in its place (musttail) with the interpreter's state in registers (preserve_none); interp_labels.c, for
 * compilers without these, makes labels in one function. Both define HANDLER, NEXT and TRAP, and have the state:
 *
 *     pc           the running instruction
 *     fp           the running function's frame on the value stack
 *     instance     and vm, its first member
 *     memory       base of memory 0 (but for one access, see P_MEMORY_SELECT), memory_size its bytes
 *     fuel, depth  what vm->fuel and vm->depth are without the interpreter
 *     frame        the running function's
 *     R, FS, FD    accumulators (prepared.h)
 *
 * Before anything outside looks at the instance, SAVE writes back what it must see; LOAD_BACK takes what may have
 * changed, and leaves the accumulators undefined. Every memory access is checked with 64-bit sums. */
#ifndef WARRANT_RUNTIME_INTERP_H
#define WARRANT_RUNTIME_INTERP_H

#include "runtime/base/platform.h"
#include "runtime/instance.h"
#include "runtime/numeric.h"
#include "runtime/opcodes.h"
#include "runtime/prepare_function.h"
#include "runtime/prepared.h"
#include "runtime/simd.h"

/* Operands: the n-th unit of the running instruction, and those of 32 and 64 bits that begin there. */
#define U(n)   (pc[n])
#define U32(n) (unit_u32(pc + (n)))
#define U64(n) (unit_u64(pc + (n)))
#define K32(n) ((int64_t)(int32_t)U32(n))
#define S(n)   (fp[pc[n]])

/* Whether an access of `size` bytes at `at`, less than 2^33, leaves the memory of at most 2^32 bytes. Signed, so that
 * the compiler keeps `at` as it is and need not add the size to it. */
#define OUTSIDE(at, size) ((int64_t)(at) > (int64_t)memory_size - (int64_t)(size))

#define CHARGE(cost)                                                                                                   \
    do {                                                                                                               \
        fuel -= (int64_t)(cost);                                                                                       \
        if (UNLIKELY(fuel < 0))                                                                                        \
            TRAP(FUEL_EXHAUSTED);                                                                                      \
    } while (0)
/* Jumps as the target that stands at `at` says; loops are left when the guest is asked to stop. A jump to itself has a
 * distance below 0. */
#define GO(at)                                                                                                         \
    do {                                                                                                               \
        const uint16_t *target_ = (at);                                                                                \
        int32_t distance_ = (int32_t)unit_u32(target_);                                                                \
        if (distance_ <= 0 && UNLIKELY(interrupted(vm)))                                                               \
            TRAP(INTERRUPTED);                                                                                         \
        pc = target_ + distance_;                                                                                      \
        NEXT(0);                                                                                                       \
    } while (0)
/* A conditional branch; its cost stands at unit `at`, the target behind it. */
#define BRANCH_IF(test, at)                                                                                            \
    do {                                                                                                               \
        CHARGE(U(at));                                                                                                 \
        if (test)                                                                                                      \
            GO(pc + (at) + 1);                                                                                         \
        NEXT((at) + 3);                                                                                                \
    } while (0)
#define SAVE()                                                                                                         \
    do {                                                                                                               \
        vm->fuel = fuel;                                                                                               \
        vm->depth = depth;                                                                                             \
        instance->pc = pc;                                                                                             \
        instance->fp = fp;                                                                                             \
        instance->frame = frame;                                                                                       \
    } while (0)
#define LOAD_BACK()                                                                                                    \
    do {                                                                                                               \
        fuel = vm->fuel;                                                                                               \
        memory_size = vm->memory_size;                                                                                 \
        R = 0;                                                                                                         \
        FS = 0;                                                                                                        \
        FD = 0;                                                                                                        \
    } while (0)
/* A trap, or none, that something outside has found. */
#define TRAP_IF(kind)                                                                                                  \
    do {                                                                                                               \
        enum rt_trap_kind found_ = (kind);                                                                             \
        LOAD_BACK();                                                                                                   \
        if (UNLIKELY(found_ != RT_TRAP_NONE))                                                                          \
            TRAP_FOUND(found_);                                                                                        \
    } while (0)
#define STOP_IF_INTERRUPTED()                                                                                          \
    do {                                                                                                               \
        if (UNLIKELY(interrupted(vm)))                                                                                 \
            TRAP(INTERRUPTED);                                                                                         \
    } while (0)
/* Enters a guest function of this instance; its arguments begin at slot U(1), the next instruction is `behind` units
 * on. */
#define ENTER(callee, behind)                                                                                          \
    do {                                                                                                               \
        const struct function_object *enter_ = (callee);                                                               \
        uint64_t *next_ = &S(1);                                                                                       \
        STOP_IF_INTERRUPTED();                                                                                         \
        if (UNLIKELY(!frame_fits(vm, depth, next_, enter_->frame_slots)))                                              \
            TRAP(STACK_EXHAUSTED);                                                                                     \
        depth--;                                                                                                       \
        *++frame = (struct frame) { pc + (behind), fp, enter_ };                                                       \
        fp = next_;                                                                                                    \
        pc = enter_->units;                                                                                            \
        NEXT(0);                                                                                                       \
    } while (0)
/* The same in place of the running function, whose frame it takes over. */
#define TAIL_ENTER(callee)                                                                                             \
    do {                                                                                                               \
        const struct function_object *enter_ = (callee);                                                               \
        STOP_IF_INTERRUPTED();                                                                                         \
        if (UNLIKELY(!slots_fit(vm, fp, enter_->frame_slots)))                                                         \
            TRAP(STACK_EXHAUSTED);                                                                                     \
        memmove(fp, &S(1), enter_->function->param_slots * sizeof *fp);                                                \
        frame->function = enter_;                                                                                      \
        pc = enter_->units;                                                                                            \
        NEXT(0);                                                                                                       \
    } while (0)
#define LEAVE()                                                                                                        \
    do {                                                                                                               \
        pc = frame->pc;                                                                                                \
        fp = frame->fp;                                                                                                \
        frame--;                                                                                                       \
        depth++;                                                                                                       \
        NEXT(0);                                                                                                       \
    } while (0)
/* Calls a host function, or one of another instance: a trap is this call's. */
#define CALL_OUT(call, behind)                                                                                         \
    do {                                                                                                               \
        STOP_IF_INTERRUPTED();                                                                                         \
        if (UNLIKELY(!frame_fits(vm, depth, &S(1), 0)))                                                                \
            TRAP(STACK_EXHAUSTED);                                                                                     \
        SAVE();                                                                                                        \
        TRAP_IF(call);                                                                                                 \
        NEXT(behind);                                                                                                  \
    } while (0)
/* The same in place of the running function: arguments and results lie at the frame's start, which has room for both,
 * and the depth is what it was before the running function was called. A single result goes to R, as the caller may
 * expect it there. */
#define TAIL_CALL_OUT(call, params, results)                                                                           \
    do {                                                                                                               \
        STOP_IF_INTERRUPTED();                                                                                         \
        memmove(fp, &S(1), (params) * sizeof *fp);                                                                     \
        depth++;                                                                                                       \
        SAVE();                                                                                                        \
        depth--;                                                                                                       \
        TRAP_IF(call);                                                                                                 \
        if ((results) > 0)                                                                                             \
            R = fp[0];                                                                                                 \
        LEAVE();                                                                                                       \
    } while (0)

#endif
