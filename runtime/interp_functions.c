/* The interpreter with a function for each handler: the state stays in registers from one instruction to the next, and
 * each handler has its own indirect jump. For clang, which has musttail; best from 19 on, which has preserve_none.
 * Spec: section 4.4. */
#include "runtime/interp.h"

#define STATE_PARAMS                                                                                                   \
    const uint16_t *pc, uint64_t *fp, struct rt_instance *instance, uint8_t *memory, uint64_t memory_size,             \
        int64_t fuel, struct frame *frame, uint64_t R, const void *const *handlers, uint32_t depth, float FS,          \
        double FD
#define STATE pc, fp, instance, memory, memory_size, fuel, frame, R, handlers, depth, FS, FD
typedef enum rt_trap_kind PLATFORM_MANY_REGISTERS handler_fn(STATE_PARAMS);

#define vm            (&instance->vm)
#define HANDLER(name) static PLATFORM_MANY_REGISTERS enum rt_trap_kind run_##name(STATE_PARAMS)
#define NEXT(units)                                                                                                    \
    do {                                                                                                               \
        pc += (units);                                                                                                 \
        __attribute__((musttail)) return ((handler_fn *)handlers[*pc])(STATE);                                         \
    } while (0)
/* Goes on as another handler does, for the same instruction. */
#define CONTINUE(name)                                                                                                 \
    do {                                                                                                               \
        __attribute__((musttail)) return run_##name(STATE);                                                            \
    } while (0)
/* Out of line, so that a handler's own way is short. */
#define TRAP(kind)                                                                                                     \
    do {                                                                                                               \
        __attribute__((musttail)) return trap_##kind(STATE);                                                           \
    } while (0)
#define TRAP_FOUND(found)                                                                                              \
    do {                                                                                                               \
        SAVE();                                                                                                        \
        trap_record(instance, (found));                                                                                \
        return (found);                                                                                                \
    } while (0)
#define UNUSED_STATE() ((void)memory, (void)memory_size, (void)R, (void)handlers, (void)FS, (void)FD)
#define TRAP_HANDLER(kind, text)                                                                                       \
    __attribute__((unused, cold, noinline)) static PLATFORM_MANY_REGISTERS enum rt_trap_kind trap_##kind(STATE_PARAMS) \
    {                                                                                                                  \
        UNUSED_STATE();                                                                                                \
        TRAP_FOUND(RT_TRAP_##kind);                                                                                    \
    }
RT_TRAP_LIST(TRAP_HANDLER)

#define SIMD_FUNCTION(name)                                                                                            \
    static inline void inline_##name(uint64_t *fp, const uint16_t *pc, __attribute__((unused)) uint8_t *at)
#define SIMD_CALL(name) inline_##name
#include "runtime/handlers_simd.h"

#include "runtime/handlers_numeric.h"
#include "runtime/handlers_access.h"
#include "runtime/handlers_control.h"
#include "runtime/handlers_bulk.h"
#include "runtime/handlers_vector.h"
#undef vm

#define LABEL(name)                                         [P_##name] = (const void *)run_##name,
#define INSN(code, name, text, immediate, signature, class) PREP_##class(LABEL, name)
static const void *const handler_table[PREP_COUNT] = {
#include "runtime/opcodes.def"
    PREP_OWN_LIST(LABEL)
};
#undef INSN

enum rt_trap_kind interp_run(const struct function_object *self, uint64_t *fp)
{
    static const uint16_t exit_code[] = { P_EXIT };
    struct rt_instance *instance = self->owner;
    struct vmctx *vm = &instance->vm;
    struct frame *frame = instance->frame;
    frame->pc = exit_code;
    const uint16_t *pc = self->units;
    return ((handler_fn *)handler_table[*pc])(pc, fp, instance, vm->memory_base, vm->memory_size, vm->fuel, frame, 0,
                                              handler_table, vm->depth, 0, 0);
}
