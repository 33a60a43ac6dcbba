/* Control: segments, labels, calls, and the loop. Spec: section 4.4.8 to 4.4.10. Guest calls within an instance take a
 * frame and no recursion; a call into another instance recurses here. */
#include "oracle_state.h"

#include <string.h>

enum rt_trap_kind oracle_segment_end(struct oracle *o)
{
    o->instance->vm.fuel -= o->pending;
    o->pending = 0;
    return o->instance->vm.fuel < 0 ? RT_TRAP_FUEL_EXHAUSTED : RT_TRAP_NONE;
}

static void label_push(struct oracle *o, struct oracle_label label)
{
    o->labels = oracle_grow(o->labels, o->label_count, &o->label_capacity, sizeof *o->labels);
    o->labels[o->label_count++] = label;
}

static void go(struct oracle *o, uint32_t position)
{
    struct oracle_frame *f = oracle_frame(o);
    f->in.at = f->in.start + position;
}

static void frame_begin(struct oracle *o, const struct function *function, uint64_t base)
{
    struct oracle_plan **plan = &o->plans[function->index];
    if (!*plan)
        *plan = oracle_plan_create(o->instance->module, function);
    struct oracle_frame *f = oracle_frame(o);
    f->function = function;
    f->plan = *plan;
    f->base = base;
    f->in = cursor_over(function->body, function->body_size);
    go(o, f->plan->code);
    for (uint64_t slot = o->height; slot < base + function->local_slots; slot++)
        o->stack[slot] = 0;
    for (uint32_t i = 0; i < f->plan->local_count; i++) {
        uint64_t slot = base + f->plan->local_slots[i];
        if (slot < o->height && o->types[slot] != f->plan->local_types[i])
            oracle_fail(o, "an argument has another type");
        o->types[slot] = f->plan->local_types[i];
        if (o->types[slot] == RT_V128)
            o->types[slot + 1] = ORACLE_UPPER;
    }
    o->height = base + function->local_slots;
    label_push(o, (struct oracle_label) {
                      .height = o->height, .slots = function->result_slots, .results = function->result_slots });
}

enum rt_trap_kind oracle_enter(struct oracle *o, const struct function *function, uint64_t base)
{
    if (o->instance->vm.depth == 0 || o->slots - base < function->frame_slots)
        return RT_TRAP_STACK_EXHAUSTED;
    o->instance->vm.depth--;
    o->frames = oracle_grow(o->frames, o->frame_count, &o->frame_capacity, sizeof *o->frames);
    o->frames[o->frame_count++] =
        (struct oracle_frame) { .function = function, .base = base, .labels = o->label_count };
    frame_begin(o, function, base);
    return RT_TRAP_NONE;
}

/* Ends the frame; its results are on top of the stack. */
static enum rt_trap_kind leave(struct oracle *o)
{
    const struct oracle_frame *f = oracle_frame(o);
    oracle_slide(o, f->base, f->function->result_slots);
    o->label_count = f->labels;
    o->frame_count--;
    o->instance->vm.depth++;
    return RT_TRAP_NONE;
}

static enum rt_trap_kind branch(struct oracle *o, uint32_t depth)
{
    const struct oracle_label *target = &o->labels[o->label_count - 1 - depth];
    if (!target->block)
        return leave(o);
    if (target->loop && interrupted(&o->instance->vm))
        return RT_TRAP_INTERRUPTED;
    oracle_slide(o, target->height, target->slots);
    go(o, target->loop ? target->block->start : target->block->end + 1);
    o->label_count -= depth + 1;
    return RT_TRAP_NONE;
}

static enum rt_trap_kind enter_block(struct oracle *o, enum insn insn)
{
    struct oracle_frame *f = oracle_frame(o);
    uint32_t single;
    struct rt_functype type = oracle_block_type(o->instance->module, &f->in, &single);
    const struct oracle_block *block = oracle_block_find(f->plan, o->at);
    uint32_t params = rt_type_slots(type.param_count, type.params);
    uint32_t results = rt_type_slots(type.result_count, type.results);
    bool condition = insn != INSN_IF || oracle_pop_i32(o) != 0;
    label_push(o, (struct oracle_label) {
                      .block = block,
                      .height = o->height - params,
                      .slots = insn == INSN_LOOP ? params : results,
                      .results = results,
                      .loop = insn == INSN_LOOP,
                  });
    if (insn != INSN_IF)
        return RT_TRAP_NONE;
    enum rt_trap_kind kind = oracle_segment_end(o);
    if (kind != RT_TRAP_NONE || condition)
        return kind;
    if (block->otherwise) {
        go(o, block->otherwise + 1);
        return RT_TRAP_NONE;
    }
    go(o, block->end + 1);
    o->label_count--;
    return RT_TRAP_NONE;
}

/* The loop itself belongs to the segment that its label begins. */
static enum rt_trap_kind enter_loop(struct oracle *o)
{
    enum rt_trap_kind kind = RT_TRAP_NONE;
    o->pending--;
    if (o->pending > 0)
        kind = oracle_segment_end(o);
    if (kind != RT_TRAP_NONE)
        return kind;
    o->pending++;
    return enter_block(o, INSN_LOOP);
}

static enum rt_trap_kind end(struct oracle *o)
{
    const struct oracle_label *label = &o->labels[o->label_count - 1];
    enum rt_trap_kind kind = RT_TRAP_NONE;
    if (!label->block || label->block->bound)
        kind = oracle_segment_end(o);
    if (kind != RT_TRAP_NONE)
        return kind;
    if (o->height != label->height + label->results)
        oracle_fail(o, "a block's end finds another height");
    if (!label->block)
        return leave(o);
    o->label_count--;
    return RT_TRAP_NONE;
}

static enum rt_trap_kind branch_table(struct oracle *o)
{
    struct cursor *in = &oracle_frame(o)->in;
    uint32_t at = oracle_pop_i32(o), count = oracle_read_u32(in), label = 0;
    for (uint32_t i = 0; i <= count; i++) {
        uint32_t depth = oracle_read_u32(in);
        if (i == at || i == count) {
            label = depth;
            break;
        }
    }
    enum rt_trap_kind kind = oracle_segment_end(o);
    return kind != RT_TRAP_NONE ? kind : branch(o, label);
}

static enum rt_trap_kind tail_enter(struct oracle *o, const struct function *function)
{
    struct oracle_frame *f = oracle_frame(o);
    if (o->slots - f->base < function->frame_slots)
        return RT_TRAP_STACK_EXHAUSTED;
    oracle_slide(o, f->base, function->param_slots);
    o->label_count = f->labels;
    frame_begin(o, function, f->base);
    return RT_TRAP_NONE;
}

/* Gives what came back in the arguments' slots its types. */
static void results_type(struct oracle *o, const struct rt_functype *type)
{
    for (uint32_t i = 0; i < type->result_count; i++) {
        uint64_t value[2];
        memcpy(value, &o->stack[o->height], rt_type_slots(1, &type->results[i]) * sizeof *value);
        oracle_push(o, type->results[i], value);
    }
}

/* Calls a host function or one of another instance. A tail call does so from the frame's start, a frame higher. */
static enum rt_trap_kind call_out(struct oracle *o, const struct function_object *callee, bool tail)
{
    const struct rt_functype *type = &callee->type->function;
    uint32_t params = rt_type_slots(type->param_count, type->params);
    if (tail) {
        oracle_slide(o, oracle_frame(o)->base, params);
        o->instance->vm.depth++;
    } else if (o->instance->vm.depth == 0) {
        return RT_TRAP_STACK_EXHAUSTED;
    }
    o->height -= params;
    enum rt_trap_kind kind = oracle_call_object(o->world, callee, &o->stack[o->height]);
    if (tail)
        o->instance->vm.depth--;
    if (kind != RT_TRAP_NONE)
        return kind;
    results_type(o, type);
    return tail ? leave(o) : RT_TRAP_NONE;
}

static enum rt_trap_kind call(struct oracle *o, const struct function_object *callee, bool tail)
{
    if (interrupted(&o->instance->vm))
        return RT_TRAP_INTERRUPTED;
    if (!callee->function->body || callee->owner != o->instance)
        return call_out(o, callee, tail);
    return tail ? tail_enter(o, callee->function)
                : oracle_enter(o, callee->function, o->height - callee->function->param_slots);
}

static enum rt_trap_kind call_direct(struct oracle *o, bool tail)
{
    uint32_t function = oracle_read_u32(&oracle_frame(o)->in);
    enum rt_trap_kind kind = oracle_segment_end(o);
    return kind != RT_TRAP_NONE ? kind : call(o, &o->instance->vm.functions[function], tail);
}

static enum rt_trap_kind call_indirect(struct oracle *o, bool tail)
{
    struct cursor *in = &oracle_frame(o)->in;
    const struct types *types = &o->instance->module->types;
    const struct type_def *type = types->at[oracle_read_u32(in)];
    const struct table *table = o->instance->vm.tables[oracle_read_u32(in)];
    uint32_t at = oracle_pop_i32(o);
    enum rt_trap_kind kind = oracle_segment_end(o);
    if (kind != RT_TRAP_NONE)
        return kind;
    if (at >= table->size)
        return RT_TRAP_UNDEFINED_ELEMENT;
    const struct function_object *callee = (const struct function_object *)(uintptr_t)table->elements[at];
    if (!callee)
        return RT_TRAP_UNINITIALIZED_ELEMENT;
    if (!function_matches(callee, types, type))
        return RT_TRAP_INDIRECT_TYPE;
    return call(o, callee, tail);
}

/* br, br_if, else and return: segments end whether they are taken or not. */
static enum rt_trap_kind jump(struct oracle *o, enum insn insn)
{
    struct oracle_frame *f = oracle_frame(o);
    uint32_t depth = 0;
    bool taken = true;
    if (insn == INSN_BR || insn == INSN_BR_IF)
        depth = oracle_read_u32(&f->in);
    if (insn == INSN_BR_IF)
        taken = oracle_pop_i32(o) != 0;
    if (insn == INSN_RETURN)
        depth = o->label_count - 1 - f->labels;
    enum rt_trap_kind kind = oracle_segment_end(o);
    return kind != RT_TRAP_NONE || !taken ? kind : branch(o, depth);
}

enum rt_trap_kind oracle_control(struct oracle *o, const struct insn_info *info)
{
    enum insn insn = insn_of(info);
    switch ((unsigned)insn) {
    case INSN_NOP:
        return RT_TRAP_NONE;
    case INSN_BLOCK:
    case INSN_IF:
        return enter_block(o, insn);
    case INSN_LOOP:
        return enter_loop(o);
    case INSN_END:
        return end(o);
    case INSN_BR_TABLE:
        return branch_table(o);
    case INSN_CALL:
    case INSN_RETURN_CALL:
        return call_direct(o, insn == INSN_RETURN_CALL);
    case INSN_CALL_INDIRECT:
    case INSN_RETURN_CALL_INDIRECT:
        return call_indirect(o, insn == INSN_RETURN_CALL_INDIRECT);
    case INSN_ELSE:
    case INSN_BR:
    case INSN_BR_IF:
    case INSN_RETURN:
        return jump(o, insn);
    default: /* INSN_UNREACHABLE */
        return RT_TRAP_UNREACHABLE;
    }
}
