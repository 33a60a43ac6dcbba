/* The interpreter as one function with a label for each handler, for gcc (clang takes minutes over so many jumps that
 * may go anywhere). Spec: section 4.4. */
#include "runtime/interp.h"

#define HANDLER(name) L_##name:
#define NEXT(units)                                                                                                    \
    do {                                                                                                               \
        pc += (units);                                                                                                 \
        goto *labels[*pc];                                                                                             \
    } while (0)
#define CONTINUE(name) goto L_##name
#define TRAP_FOUND(found)                                                                                              \
    do {                                                                                                               \
        kind = (found);                                                                                                \
        goto trap;                                                                                                     \
    } while (0)
#define UNUSED_STATE()
#define TRAP(which)                                         TRAP_FOUND(RT_TRAP_##which)
#define LABEL(name)                                         &&L_##name,
#define INSN(code, name, text, immediate, signature, class) PREP_##class(LABEL, name)

enum rt_trap_kind interp_run(const struct function_object *self, uint64_t *fp)
{
    static const void *const labels[PREP_COUNT] = {
#include "runtime/opcodes.def"
        PREP_OWN_LIST(LABEL)
    };
    static const uint16_t exit_code[] = { P_EXIT };
    struct rt_instance *instance = self->owner;
    struct vmctx *vm = &instance->vm;
    uint8_t *memory = vm->memory_base;
    uint64_t memory_size = vm->memory_size;
    int64_t fuel = vm->fuel;
    uint32_t depth = vm->depth;
    uint64_t R = 0;
    float FS = 0;
    double FD = 0;
    enum rt_trap_kind kind;
    struct frame *frame = instance->frame;
    frame->pc = exit_code;
    const uint16_t *pc = self->units;
    NEXT(0);

#define SIMD_CALL(name) simd_##name
#include "runtime/handlers_numeric.h"
#include "runtime/handlers_access.h"
#include "runtime/handlers_control.h"
#include "runtime/handlers_bulk.h"
#include "runtime/handlers_vector.h"

trap:
    SAVE();
    trap_record(instance, kind);
    return kind;
}
