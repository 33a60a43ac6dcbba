/* The interpreter: one loop over prepared code (prepared.h), the reference for every other tier.
 *
 * Invariants: `fp` is the running function's frame on the value stack, which frame_fits found large enough before it
 * was entered; guest calls push a struct frame and never recurse on the host's stack; `fuel` is vm->fuel while the loop
 * runs and is written back before anything outside looks (SAVE). Every memory access is checked with 64-bit sums. Left
 * out on purpose: anything that validation has settled (types, heights, indices, targets). Spec: section 4.4. */
#include "runtime/instance.h"

#include <string.h>
#include "runtime/numeric.h"
#include "runtime/opcodes.h"
#include "runtime/prepared.h"
#include "runtime/simd.h"

#define HANDLER(name) L_##name:
#define NEXT(words)                                                                                                    \
    do {                                                                                                               \
        pc += (words);                                                                                                 \
        w = *pc;                                                                                                       \
        goto *labels[prep_op(w)];                                                                                      \
    } while (0)
#define A   ((uint16_t)(w >> 16))
#define B   ((uint16_t)(w >> 32))
#define C   (w >> 48)
#define K   ((int64_t)(int16_t)(w >> 32))
#define LOW ((uint32_t)(w >> 16))

#define TRAP(which)                                                                                                    \
    do {                                                                                                               \
        kind = RT_TRAP_##which;                                                                                        \
        goto trap;                                                                                                     \
    } while (0)
#define CHARGE(cost)                                                                                                   \
    do {                                                                                                               \
        fuel -= (int64_t)(cost);                                                                                       \
        if (__builtin_expect(fuel < 0, 0))                                                                             \
            TRAP(FUEL_EXHAUSTED);                                                                                      \
    } while (0)
/* Jumps as the target word at `word` says; loops are left when the guest is asked to stop. A jump to itself has the
 * distance 0. */
#define GO(word)                                                                                                       \
    do {                                                                                                               \
        const uint64_t *target_ = (word);                                                                              \
        int32_t distance_ = (int32_t)(*target_ >> 32);                                                                 \
        if (distance_ <= 0 && __builtin_expect(interrupted(vm), 0))                                                    \
            TRAP(INTERRUPTED);                                                                                         \
        pc = target_ + distance_;                                                                                      \
        NEXT(0);                                                                                                       \
    } while (0)
#define BRANCH_IF(test)                                                                                                \
    do {                                                                                                               \
        CHARGE((uint32_t)pc[1]);                                                                                       \
        if (test)                                                                                                      \
            GO(pc + 1);                                                                                                \
        NEXT(2);                                                                                                       \
    } while (0)
#define SAVE()                                                                                                         \
    do {                                                                                                               \
        vm->fuel = fuel;                                                                                               \
        instance->pc = pc;                                                                                             \
        instance->fp = fp;                                                                                             \
        instance->frame = frame;                                                                                       \
    } while (0)
#define LOAD_BACK()                                                                                                    \
    do {                                                                                                               \
        fuel = vm->fuel;                                                                                               \
        memory_size = vm->memory_size;                                                                                 \
    } while (0)
/* Enters a guest function of this instance; its arguments begin at slot A. */
#define ENTER(function_)                                                                                               \
    do {                                                                                                               \
        const struct function *enter_ = (function_);                                                                   \
        uint64_t *next_ = &fp[A];                                                                                      \
        if (__builtin_expect(interrupted(vm), 0))                                                                      \
            TRAP(INTERRUPTED);                                                                                         \
        if (__builtin_expect(!frame_fits(instance, next_, enter_->frame_slots), 0))                                    \
            TRAP(STACK_EXHAUSTED);                                                                                     \
        vm->depth--;                                                                                                   \
        *++frame = (struct frame) { pc + 2, fp, enter_ };                                                              \
        fp = next_;                                                                                                    \
        for (uint32_t i_ = enter_->param_slots; i_ < enter_->local_slots; i_++)                                        \
            fp[i_] = 0;                                                                                                \
        pc = enter_->code;                                                                                             \
        NEXT(0);                                                                                                       \
    } while (0)
/* The same in place of the running function, whose frame it takes over. */
#define TAIL_ENTER(function_)                                                                                          \
    do {                                                                                                               \
        const struct function *enter_ = (function_);                                                                   \
        if (__builtin_expect(interrupted(vm), 0))                                                                      \
            TRAP(INTERRUPTED);                                                                                         \
        if (__builtin_expect(!slots_fit(instance, fp, enter_->frame_slots), 0))                                        \
            TRAP(STACK_EXHAUSTED);                                                                                     \
        memmove(fp, &fp[A], enter_->param_slots * sizeof *fp);                                                         \
        frame->function = enter_;                                                                                      \
        for (uint32_t i_ = enter_->param_slots; i_ < enter_->local_slots; i_++)                                        \
            fp[i_] = 0;                                                                                                \
        pc = enter_->code;                                                                                             \
        NEXT(0);                                                                                                       \
    } while (0)
#define LEAVE()                                                                                                        \
    do {                                                                                                               \
        pc = frame->pc;                                                                                                \
        fp = frame->fp;                                                                                                \
        frame--;                                                                                                       \
        vm->depth++;                                                                                                   \
        NEXT(0);                                                                                                       \
    } while (0)
/* Calls a host function, or one of another instance. */
#define CALL_OUT(call, callee)                                                                                         \
    do {                                                                                                               \
        if (__builtin_expect(interrupted(vm), 0))                                                                      \
            TRAP(INTERRUPTED);                                                                                         \
        if (__builtin_expect(!frame_fits(instance, &fp[A], 0), 0))                                                     \
            TRAP(STACK_EXHAUSTED);                                                                                     \
        SAVE();                                                                                                        \
        kind = (call);                                                                                                 \
        LOAD_BACK();                                                                                                   \
        if (__builtin_expect(kind != RT_TRAP_NONE, 0))                                                                 \
            goto trap;                                                                                                 \
        NEXT(2);                                                                                                       \
    } while (0)
/* The same in place of the running function: arguments and results lie at the frame's start, which has room for both,
 * and the depth is what it was before the running function was called. */
#define TAIL_CALL_OUT(call, params)                                                                                    \
    do {                                                                                                               \
        if (__builtin_expect(interrupted(vm), 0))                                                                      \
            TRAP(INTERRUPTED);                                                                                         \
        memmove(fp, &fp[A], (params) * sizeof *fp);                                                                    \
        vm->depth++;                                                                                                   \
        SAVE();                                                                                                        \
        kind = (call);                                                                                                 \
        vm->depth--;                                                                                                   \
        LOAD_BACK();                                                                                                   \
        if (__builtin_expect(kind != RT_TRAP_NONE, 0))                                                                 \
            goto trap;                                                                                                 \
        LEAVE();                                                                                                       \
    } while (0)

#define LABEL(name)                                       &&L_##name,
#define OP(code, name, text, immediate, signature, class) PREP_##class(LABEL, name)

enum rt_trap_kind interp_run(struct rt_instance *instance, const struct function *function, uint64_t *fp)
{
    static const void *const labels[PREP_COUNT] = {
#include "runtime/opcodes.def"
        PREP_OWN_LIST(LABEL)
    };
    static const uint64_t exit_code[] = { P_EXIT };
    struct rt_vmctx *vm = &instance->vm;
    uint8_t *memory = vm->memory_base; /* 0, but for one access, see P_MEMORY_SELECT */
    uint64_t memory_size = vm->memory_size;
    int64_t fuel = vm->fuel;
    enum rt_trap_kind kind;
    struct frame *frame = instance->frame ? instance->frame + 1 : instance->frames;
    *frame = (struct frame) { exit_code, fp, function };
    vm->depth--;
    for (uint32_t i = function->param_slots; i < function->local_slots; i++)
        fp[i] = 0;
    const uint64_t *pc = function->code;
    uint64_t w;
    NEXT(0);

#include "runtime/handlers_numeric.h"
#include "runtime/handlers_control.h"
#include "runtime/handlers_vector.h"

trap:
    SAVE();
    trap_record(instance, kind);
    return kind;
}
