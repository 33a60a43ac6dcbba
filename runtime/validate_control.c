/* Control instructions (3.3.8). A block whose end nobody can reach is still typed, but nothing is emitted for it.
 * Labels are bound where the segment before them has been charged, see rt_instance_instructions. */
#include "runtime/prepare.h"

#include <stdlib.h>
#include <string.h>

static enum status block_type(struct body *b, const struct type_def **ret)
{
    size_t at = cursor_offset(&b->d->in);
    int64_t code;
    uint32_t type = 0;
    TRY(decode_s33(b->d, &code));
    if (code >= 0) {
        if (code >= b->module->types.count)
            return body_fail(b, "unknown type %lld", (long long)code);
        *ret = module_type(b->module, (uint32_t)code);
        return (*ret)->kind == TYPE_FUNCTION ? STATUS_OK
                                             : body_fail(b, "type %lld is no function type", (long long)code);
    }
    if (code < -64)
        return decode_fail_at(b->d, at, STATUS_MALFORMED, "malformed block type");
    *ret = &type_def_empty;
    if (code == -64)
        return STATUS_OK;
    TRY(decode_value_type_of(b->d, (uint8_t)(code & 0x7f), at, &type));
    *ret = type_def_single(type);
    return STATUS_OK;
}

static enum status controls_grow(struct body *b)
{
    uint32_t capacity = b->control_capacity ? b->control_capacity * 2 : 64;
    struct control *controls = realloc(b->controls, capacity * sizeof *controls);
    if (!controls)
        return decode_no_memory(b->d);
    b->controls = controls;
    b->control_capacity = capacity;
    return STATUS_OK;
}

enum status control_push(struct body *b, enum control_kind kind, const struct type_def *type)
{
    if (b->control_count == LIMIT_BLOCK_DEPTH)
        return decode_fail_at(b->d, b->insn_offset, STATUS_LIMIT, "blocks are nested deeper than %d",
                              LIMIT_BLOCK_DEPTH);
    if (b->control_count == b->control_capacity)
        TRY(controls_grow(b));
    b->controls[b->control_count++] = (struct control) { .type = type,
                                                         .height = b->height,
                                                         .label = b->out.count,
                                                         .patches = NO_UNIT,
                                                         .else_patch = NO_UNIT,
                                                         .kind = (uint8_t)kind,
                                                         .live_at_entry = b->live };
    b->floor = b->height;
    return kind == CONTROL_FUNCTION ? STATUS_OK : operands_push(b, type->param_slots, type->param_stack);
}

static void set_unreachable(struct body *b)
{
    struct control *c = control_top(b);
    b->height = c->height;
    c->unreachable = true;
    set_live(b, false);
    b->out.last = NO_UNIT;
}

static uint32_t window_start(const struct body *b)
{
    return b->height > OPERAND_WINDOW ? b->height - OPERAND_WINDOW : 0;
}

static enum status enter(struct body *b, enum insn insn)
{
    const struct type_def *type = &type_def_empty;
    uint32_t patch = NO_UNIT;
    TRY(block_type(b, &type));
    if (insn == INSN_IF) {
        TRY(operand_pop(b, RT_I32));
        if (b->emitting) {
            uint32_t condition = b->height;
            TRY(prep_flush(b, window_start(b), b->height));
            TRY(prep_condition(b, condition, true, &patch));
        }
    } else {
        TRY(prep_flush(b, window_start(b), b->height));
    }
    TRY(operands_pop(b, type->param_slots, type->param_stack));
    if (insn == INSN_LOOP) {
        TRY(prep_charge(b, 1));
        prep_bind_label(b);
    }
    TRY(control_push(b, insn == INSN_BLOCK ? CONTROL_BLOCK : insn == INSN_LOOP ? CONTROL_LOOP : CONTROL_IF, type));
    control_top(b)->else_patch = patch;
    return STATUS_OK;
}

/* Checks the end of a block's code, leaves its results in their slots. */
static enum status finish(struct body *b)
{
    struct control *c = control_top(b);
    TRY(operands_pop(b, c->type->result_slots, c->type->result_stack));
    if (b->height != c->height)
        return body_fail(b, "type mismatch: values remaining on the stack at the end of the block");
    if (b->live && c->kind != CONTROL_FUNCTION) {
        uint32_t past = b->height + c->type->result_slots;
        uint32_t first = past > b->height + OPERAND_WINDOW ? past - OPERAND_WINDOW : b->height;
        TRY(prep_flush(b, first, past));
    }
    return STATUS_OK;
}

static enum status enter_else(struct body *b)
{
    struct control *c = control_top(b);
    if (c->kind != CONTROL_IF)
        return decode_fail_at(b->d, b->insn_offset, STATUS_MALFORMED, "else without if");
    TRY(finish(b));
    c->kind = CONTROL_ELSE; /* before the jump: it goes to the end */
    TRY(prep_branch(b, c, b->height, label_slots(c)));
    if (c->else_patch != NO_UNIT)
        prep_patch(b, c->else_patch);
    c->else_patch = NO_UNIT;
    c->unreachable = false;
    set_live(b, c->live_at_entry);
    b->out.cost = 0;
    prep_bind_label(b);
    return operands_push(b, c->type->param_slots, c->type->param_stack);
}

static enum status leave_function(struct body *b)
{
    TRY(prep_return(b, b->height, b->function->result_slots));
    b->control_count--;
    return STATUS_OK;
}

/* Whether values of the first types are values of the second; both as they lie on the stack. */
static bool matches(const struct body *b, uint32_t count, const uint32_t *subs, uint32_t super_count,
                    const uint32_t *supers)
{
    if (count != super_count)
        return false;
    if (count == 0 || subs == supers || memcmp(subs, supers, count * sizeof *subs) == 0)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (!type_matches(&b->module->types, subs[i], supers[i]))
            return false;
    return true;
}

static enum status leave(struct body *b)
{
    struct control *c = control_top(b);
    TRY(finish(b));
    if (c->kind == CONTROL_FUNCTION)
        return leave_function(b);
    if (c->kind == CONTROL_IF &&
        !matches(b, c->type->param_slots, c->type->param_stack, c->type->result_slots, c->type->result_stack))
        return body_fail(b, "type mismatch: if without else must not change the stack");
    if (c->reached || (c->kind == CONTROL_IF && c->live_at_entry)) {
        TRY(prep_charge(b, 0));
        prep_patch_all(b, c);
        set_live(b, true);
        b->out.cost = 0;
        prep_bind_label(b);
    }
    const struct type_def *type = c->type;
    b->control_count--;
    b->floor = control_top(b)->height;
    return operands_push(b, type->result_slots, type->result_stack);
}

static enum status label(struct body *b, uint32_t depth, struct control **ret)
{
    if (depth >= b->control_count)
        return body_fail(b, "unknown label %u", depth);
    *ret = &b->controls[b->control_count - 1 - depth];
    return STATUS_OK;
}

static enum status branch(struct body *b, enum insn insn)
{
    uint32_t depth, condition = 0;
    struct control *target = control_top(b);
    TRY(decode_u32(b->d, &depth));
    TRY(label(b, depth, &target));
    uint32_t slots = label_slots(target);
    if (insn == INSN_BR_IF) {
        TRY(operand_pop(b, RT_I32));
        condition = b->height;
    }
    TRY(operands_pop(b, slots, label_types(target)));
    if (insn == INSN_BR) {
        TRY(prep_branch(b, target, b->height, slots));
        set_unreachable(b);
        return STATUS_OK;
    }
    TRY(prep_branch_if(b, target, b->height, slots, condition));
    return operands_push(b, slots, label_types(target));
}

/* Whether the operands on top could go to `target`; nothing is popped. */
static enum status check_top(struct body *b, const struct control *target)
{
    uint32_t height = b->height;
    TRY(operands_pop(b, label_slots(target), label_types(target)));
    b->height = height;
    return STATUS_OK;
}

static enum status read_labels(struct body *b, uint32_t *ret_count)
{
    uint32_t count;
    TRY(decode_count(b->d, 1, LIMIT_BR_TABLE, "br_table labels", &count));
    if (count + 1 > b->label_capacity) {
        uint32_t *labels = realloc(b->labels, (count + (size_t)1) * sizeof *labels);
        if (!labels)
            return decode_no_memory(b->d);
        b->labels = labels;
        b->label_capacity = count + 1;
    }
    for (uint32_t i = 0; i <= count; i++)
        TRY(decode_u32(b->d, &b->labels[i]));
    *ret_count = count + 1;
    return STATUS_OK;
}

static uint32_t label_count(const struct control *c)
{
    return c->kind == CONTROL_LOOP ? c->type->function.param_count : c->type->function.result_count;
}

static enum status branch_table(struct body *b)
{
    uint32_t count = 0;
    struct control *fallback = control_top(b), *target = fallback;
    TRY(read_labels(b, &count));
    TRY(operand_pop(b, RT_I32));
    uint32_t selector = b->height;
    TRY(label(b, b->labels[count - 1], &fallback));
    uint32_t slots = label_slots(fallback);
    b->stamp++;
    for (uint32_t i = 0; i < count; i++) {
        TRY(label(b, b->labels[i], &target));
        if (target->stamp == b->stamp) /* seen before; so each label costs its types once */
            continue;
        target->stamp = b->stamp;
        if (label_count(target) != label_count(fallback))
            return body_fail(b, "type mismatch: labels of br_table take different numbers of values");
        TRY(check_top(b, target));
    }
    TRY(prep_branch_table(b, selector, b->height - slots, slots, count));
    set_unreachable(b);
    return STATUS_OK;
}

/* After the call: its results, or for a tail call none, if they are the function's. */
static enum status call_finish(struct body *b, const struct type_def *t, bool tail)
{
    const struct type_def *function = b->controls[0].type;
    if (!tail)
        return operands_push(b, t->result_slots, t->result_stack);
    if (!matches(b, t->result_slots, t->result_stack, function->result_slots, function->result_stack))
        return body_fail(b, "type mismatch: a tail call's results are not the function's");
    set_unreachable(b);
    return STATUS_OK;
}

static enum status call(struct body *b, bool tail)
{
    uint32_t function;
    TRY(decode_u32(b->d, &function));
    if (function >= b->module->function_count)
        return body_fail(b, "unknown function %u", function);
    const struct type_def *t = function_def(b->module, function);
    uint32_t past = b->height;
    TRY(operands_pop(b, t->param_slots, t->param_stack));
    TRY(prep_call(b, function, b->height, past - b->height, tail));
    return call_finish(b, t, tail);
}

static enum status call_indirect(struct body *b, bool tail)
{
    uint32_t type, table;
    TRY(decode_u32(b->d, &type));
    TRY(decode_u32(b->d, &table));
    if (type >= b->module->types.count)
        return body_fail(b, "unknown type %u", type);
    if (table >= b->module->table_count)
        return body_fail(b, "unknown table %u", table);
    if (!type_matches(&b->module->types, b->module->tables[table].element, RT_FUNCREF))
        return body_fail(b, "type mismatch: call_indirect through a table that does not hold functions");
    const struct type_def *t = module_type(b->module, type);
    if (t->kind != TYPE_FUNCTION)
        return body_fail(b, "type %u is no function type", type);
    TRY(operand_pop(b, b->module->tables[table].limits.address));
    uint32_t at = b->height;
    TRY(operands_pop(b, t->param_slots, t->param_stack));
    TRY(prep_call_indirect(b, t->id, table, b->height, at, tail));
    return call_finish(b, t, tail);
}

enum status validate_control(struct body *b, enum insn insn)
{
    struct control *function = &b->controls[0];
    switch ((enum insn_control)insn) {
    case CONTROL_INSN_NOP:
        return STATUS_OK;
    case CONTROL_INSN_BLOCK:
    case CONTROL_INSN_LOOP:
    case CONTROL_INSN_IF:
        return enter(b, insn);
    case CONTROL_INSN_ELSE:
        return enter_else(b);
    case CONTROL_INSN_END:
        return leave(b);
    case CONTROL_INSN_BR:
    case CONTROL_INSN_BR_IF:
        return branch(b, insn);
    case CONTROL_INSN_BR_TABLE:
        return branch_table(b);
    case CONTROL_INSN_CALL:
    case CONTROL_INSN_RETURN_CALL:
        return call(b, insn == INSN_RETURN_CALL);
    case CONTROL_INSN_CALL_INDIRECT:
    case CONTROL_INSN_RETURN_CALL_INDIRECT:
        return call_indirect(b, insn == INSN_RETURN_CALL_INDIRECT);
    case CONTROL_INSN_RETURN:
        TRY(operands_pop(b, function->type->result_slots, function->type->result_stack));
        TRY(prep_return(b, b->height, b->function->result_slots));
        set_unreachable(b);
        return STATUS_OK;
    case CONTROL_INSN_UNREACHABLE:
        prep_map(b, false);
        TRY(prep_op(b, P_UNREACHABLE));
        set_unreachable(b);
        return STATUS_OK;
    }
    return body_fail(b, "instruction %d has no check", (int)insn);
}
