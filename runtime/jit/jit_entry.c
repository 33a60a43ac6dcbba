/* The edge of compiled code. A call into it takes a frame as any tier does, and leaves a place to come back to; a trap
 * goes back there over compiled frames alone, which have nothing to clean up: whatever C code stands between (the
 * interpreter, a host function) has been entered by a call that returns the trap's kind.
 *
 * Where the guest stands is the instance's `pc` for compiled frames, too: it holds the number of a site, plus one.
 * function_begin and function_end keep it across calls. */
#include "runtime/jit/jit_entry.h"

#include <setjmp.h>
#include <stdlib.h>
#include "runtime/jit/jit_code.h"
#include "runtime/prepare_function.h"
#include "runtime/tier.h"

struct jit_unwind {
    struct jit_unwind *outer;
    enum rt_trap_kind kind;
    jmp_buf at;
};

static struct jit_state *state_of(const struct vmctx *vm) { return ((const struct rt_instance *)vm)->tier_state; }
static struct rt_instance *instance_of(struct vmctx *vm) { return (struct rt_instance *)vm; }
_Static_assert(offsetof(struct rt_instance, vm) == 0, "the context's address is the instance's");

enum rt_trap_kind jit_enter(const struct function_object *self, uint64_t *slots)
{
    struct jit_state *state = self->owner->tier_state;
    struct activation activation;
    struct jit_unwind here = { .outer = state->unwind, .kind = RT_TRAP_NONE };
    enum rt_trap_kind kind = function_begin(self, slots, &activation);
    if (kind != RT_TRAP_NONE)
        return kind;
    state->unwind = &here;
    if (setjmp(here.at) == 0)
        jit_object_entry(state->code->object, self->function->index)(&self->owner->vm, activation.slots);
    state->unwind = here.outer;
    return function_end(self, slots, &activation, here.kind);
}

static _Noreturn void leave(struct jit_state *state, enum rt_trap_kind kind)
{
    state->unwind->kind = kind;
    longjmp(state->unwind->at, 1);
}

static void stand_at(struct vmctx *vm, int64_t fuel, uint32_t site)
{
    vm->fuel = fuel;
    instance_of(vm)->pc = (const uint16_t *)(uintptr_t)(site + 1ull);
}

static _Noreturn void help_trap(struct vmctx *vm, int64_t fuel, uint32_t site, uint32_t kind)
{
    bool known = kind > RT_TRAP_NONE && kind < RT_TRAP_COUNT && site < state_of(vm)->code->sites.count;
    enum rt_trap_kind told = known ? (enum rt_trap_kind)kind : RT_TRAP_HOST_FAILED;
    stand_at(vm, fuel, known ? site : 0);
    trap_record(instance_of(vm), told);
    leave(state_of(vm), told);
}

/* What something outside has found, at the place where the guest stands. */
static void trap_found(struct vmctx *vm, enum rt_trap_kind kind)
{
    if (kind == RT_TRAP_NONE)
        return;
    trap_record(instance_of(vm), kind);
    leave(state_of(vm), kind);
}

/* What function runs, and where its frame lies: functions that compiled code calls directly take no frame of the
 * engine's, and the one that was entered stands for all. */
static void run_as(struct vmctx *vm, uint64_t *fp, uint32_t site)
{
    struct rt_instance *instance = instance_of(vm);
    instance->fp = fp;
    instance->frame->function = &vm->functions[state_of(vm)->code->sites.at[site].function];
}

/* What every call looks at first. */
static void check_call(struct vmctx *vm, const uint64_t *slots, int64_t fuel, uint32_t depth, uint32_t site,
                       uint32_t frame_slots)
{
    if (interrupted(vm))
        help_trap(vm, fuel, site, RT_TRAP_INTERRUPTED);
    if (!frame_fits(vm, depth, slots, frame_slots))
        help_trap(vm, fuel, site, RT_TRAP_STACK_EXHAUSTED);
}

static void help_call(struct vmctx *vm, uint64_t *fp, uint64_t *slots, int64_t fuel, uint32_t depth, uint32_t site,
                      const struct function_object *callee)
{
    bool own = callee->owner == instance_of(vm) && callee->units;
    check_call(vm, slots, fuel, depth, site, own ? callee->frame_slots : 0);
    stand_at(vm, fuel, site);
    run_as(vm, fp, site);
    vm->depth = depth;
    enum rt_trap_kind kind = callee->code(callee, slots);
    if (own && kind != RT_TRAP_NONE)
        leave(state_of(vm), kind); /* the trap's place is the callee's, and recorded */
    trap_found(vm, kind);
}

static const struct function_object *find_callee(struct vmctx *vm, int64_t fuel, uint32_t site, uint32_t selector,
                                                 uint32_t table_index, uint32_t type)
{
    const struct table *table = vm->tables[table_index];
    if (selector >= table->size)
        help_trap(vm, fuel, site, RT_TRAP_UNDEFINED_ELEMENT);
    const struct function_object *callee = (const struct function_object *)(uintptr_t)table->elements[selector];
    if (!callee)
        help_trap(vm, fuel, site, RT_TRAP_UNINITIALIZED_ELEMENT);
    if (callee->type != vm->types[type] && !callee_matches(instance_of(vm), callee, vm->types[type]))
        help_trap(vm, fuel, site, RT_TRAP_INDIRECT_TYPE);
    return callee;
}

static void help_call_indirect(struct vmctx *vm, uint64_t *fp, uint64_t *slots, int64_t fuel, uint32_t depth,
                               uint32_t site, uint32_t selector, uint32_t table, uint32_t type)
{
    help_call(vm, fp, slots, fuel, depth, site, find_callee(vm, fuel, site, selector, table, type));
}

/* In place of the running function: its depth is given back, and its frame has room for arguments and results. */
static void help_tail_call(struct vmctx *vm, uint64_t *fp, uint64_t *slots, int64_t fuel, uint32_t depth, uint32_t site,
                           const struct function_object *callee)
{
    if (interrupted(vm))
        help_trap(vm, fuel, site, RT_TRAP_INTERRUPTED);
    stand_at(vm, fuel, site);
    run_as(vm, fp, site);
    vm->depth = depth + 1;
    trap_found(vm, callee->code(callee, slots));
}

static void help_tail_call_indirect(struct vmctx *vm, uint64_t *fp, uint64_t *slots, int64_t fuel, uint32_t depth,
                                    uint32_t site, uint32_t selector, uint32_t table, uint32_t type)
{
    help_tail_call(vm, fp, slots, fuel, depth, site, find_callee(vm, fuel, site, selector, table, type));
}

static jit_enter_fn *native_of(struct vmctx *vm, const struct function_object *callee)
{
    bool own = callee->code == jit_enter && callee->owner == instance_of(vm);
    return own ? jit_object_native(state_of(vm)->code->object, callee->function->index) : NULL;
}

/* What an indirect call selects, if it is compiled code of this instance, and a frame may begin at `slots`. */
static jit_enter_fn *help_native(struct vmctx *vm, const uint64_t *slots, int64_t fuel, uint32_t depth, uint32_t site,
                                 uint32_t selector, uint32_t table, uint32_t type)
{
    const struct function_object *callee = find_callee(vm, fuel, site, selector, table, type);
    jit_enter_fn *native = native_of(vm, callee);
    if (native)
        check_call(vm, slots, fuel, depth, site, callee->frame_slots);
    return native;
}

/* The same for a tail call, which needs the slots alone. */
static jit_enter_fn *help_tail_native(struct vmctx *vm, const uint64_t *slots, int64_t fuel, uint32_t depth,
                                      uint32_t site, uint32_t selector, uint32_t table, uint32_t type)
{
    const struct function_object *callee = find_callee(vm, fuel, site, selector, table, type);
    jit_enter_fn *native = native_of(vm, callee);
    if (native)
        check_call(vm, slots, fuel, depth + 1, site, callee->frame_slots); /* depth is no reason to refuse */
    return native;
}

static uint64_t help_grow(struct vmctx *vm, int64_t fuel, uint32_t depth, uint32_t site, uint32_t table, uint64_t value,
                          uint32_t count)
{
    uint32_t before;
    stand_at(vm, fuel, site);
    vm->depth = depth;
    if (table == 0)
        return memory_grow(instance_of(vm), (uint32_t)value, count);
    trap_found(vm, table_grow(instance_of(vm), table - 1, value, count, &before));
    return before;
}

static enum rt_trap_kind bulk(struct rt_instance *i, uint32_t insn, uint32_t x, uint32_t y, uint64_t to, uint64_t from,
                              uint32_t count)
{
    if (insn == INSN_MEMORY_FILL)
        return bulk_fill(i, x, to, (uint8_t)from, count);
    if (insn == INSN_MEMORY_COPY)
        return bulk_copy(i, x, y, to, from, count);
    if (insn == INSN_MEMORY_INIT)
        return bulk_init(i, y, x, to, from, count);
    if (insn == INSN_TABLE_FILL)
        return table_fill(i, x, (uint32_t)to, from, count);
    if (insn == INSN_TABLE_COPY)
        return table_copy(i, x, y, (uint32_t)to, (uint32_t)from, count);
    return insn == INSN_TABLE_INIT ? table_init_segment(i, y, x, (uint32_t)to, (uint32_t)from, count)
                                   : RT_TRAP_HOST_FAILED;
}

static void help_bulk(struct vmctx *vm, int64_t fuel, uint32_t depth, uint32_t site, uint32_t insn, uint32_t x,
                      uint32_t y, uint64_t to, uint64_t from, uint32_t count)
{
    stand_at(vm, fuel, site);
    vm->depth = depth;
    trap_found(vm, bulk(instance_of(vm), insn, x, y, to, from, count));
}

static void help_vector(struct vmctx *vm, uint64_t *slots, uint32_t insn, uint32_t memory, uint64_t low, uint64_t high,
                        uint8_t *at)
{
    const struct memory *m = memory < instance_of(vm)->module->memory_count ? vm->memories[memory] : NULL;
    if (!jit_vector_row(slots, insn, m, low, high, at))
        trap_found(vm, RT_TRAP_HOST_FAILED);
}

#define ROW(name, result, params) (void (*)(void)) help_##name,
void (*const jit_helper_table[VERIFY_HELPER_COUNT])(void) = { VERIFY_HELPER_LIST(ROW) };
#undef ROW

static struct tier_place place(const struct rt_instance *instance)
{
    const struct frame *frame = instance->frame;
    if (!frame || frame->function->code != jit_enter)
        return tier_interpreter.place(instance);
    const struct jit_code *code = ((const struct jit_state *)instance->tier_state)->code;
    uint64_t number = (uintptr_t)instance->pc;
    if (number == 0) /* it has not come to any */
        return (struct tier_place) { frame->function->function, frame->function->function->body_offset, 0 };
    const struct jit_site *site = &code->sites.at[number - 1];
    return (struct tier_place) { &code->module->functions[site->function], site->offset, site->pending };
}

static int64_t fuel_left(const struct rt_instance *instance) { return instance->vm.fuel; }

static void done(struct rt_instance *instance)
{
    free(instance->tier_state);
    instance->tier_state = NULL;
}

/* Its instances' other functions are interpreted. */
const struct tier tier_compiled = { RT_TIER_INTERPRETER, jit_enter, place, NULL, fuel_left, done };
