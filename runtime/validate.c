/* The validator's loop and its two stacks (appendix "Validation Algorithm"). An operand of unknown type comes only from
 * below the operands of an unreachable block. Each instruction is seen once and costs time bounded by its types'
 * lengths. */
#include "runtime/prepare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum status body_fail(struct body *b, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return decode_fail_at(b->d, b->op_offset, STATUS_INVALID, "%s", text);
}

const char *type_text(uint8_t type)
{
    switch (type) {
    case RT_I32:
        return "i32";
    case RT_I64:
        return "i64";
    case RT_F32:
        return "f32";
    case RT_F64:
        return "f64";
    case RT_V128:
        return "v128";
    case RT_FUNCREF:
        return "funcref";
    case RT_EXTERNREF:
        return "externref";
    default:
        return "anything";
    }
}

enum status operand_pop_any(struct body *b, uint8_t *ret)
{
    const struct control *c = control_top(b);
    if (b->height == c->height) {
        if (!c->unreachable)
            return body_fail(b, "type mismatch: the operand stack is empty");
        *ret = TYPE_UNKNOWN;
        return STATUS_OK;
    }
    if (b->stack[b->height - 1].type == TYPE_UPPER_HALF)
        b->height--;
    *ret = b->stack[--b->height].type;
    return STATUS_OK;
}

enum status operand_pop(struct body *b, uint8_t expected)
{
    uint8_t actual = TYPE_UNKNOWN;
    TRY(operand_pop_any(b, &actual));
    if (actual != expected && actual != TYPE_UNKNOWN && expected != TYPE_UNKNOWN)
        return body_fail(b, "type mismatch: expected %s, found %s", type_text(expected), type_text(actual));
    return STATUS_OK;
}

enum status operands_pop(struct body *b, uint32_t count, const uint8_t *types)
{
    for (uint32_t i = count; i > 0; i--)
        TRY(operand_pop(b, types[i - 1]));
    return STATUS_OK;
}

static enum status stack_grow(struct body *b)
{
    uint32_t capacity = b->stack_capacity ? b->stack_capacity * 2 : 256;
    struct operand *stack = realloc(b->stack, capacity * sizeof *stack);
    if (!stack)
        return decode_no_memory(b->d);
    b->stack = stack;
    b->stack_capacity = capacity;
    return STATUS_OK;
}

static enum status push(struct body *b, struct operand operand)
{
    if (b->height == b->stack_capacity)
        TRY(stack_grow(b));
    if (b->frame_base + b->height >= LIMIT_FRAME_SLOTS)
        return decode_fail_at(b->d, b->op_offset, STATUS_LIMIT,
                              "locals and operands of a function exceed the limit of %d", LIMIT_FRAME_SLOTS);
    b->stack[b->height++] = operand;
    if (b->live && b->height > b->max_height)
        b->max_height = b->height;
    if (!b->emitting || b->height <= OPERAND_WINDOW || b->stack[b->height - OPERAND_WINDOW - 1].kind == OPERAND_SLOT)
        return STATUS_OK;
    return prep_flush(b, b->height - OPERAND_WINDOW - 1, b->height - OPERAND_WINDOW);
}

enum status operand_push(struct body *b, uint8_t type)
{
    TRY(push(b, (struct operand) { .kind = OPERAND_SLOT, .type = type }));
    return type == RT_V128 ? push(b, (struct operand) { .kind = OPERAND_SLOT, .type = TYPE_UPPER_HALF }) : STATUS_OK;
}

enum status operands_push(struct body *b, uint32_t count, const uint8_t *types)
{
    for (uint32_t i = 0; i < count; i++)
        TRY(operand_push(b, types[i]));
    return STATUS_OK;
}

enum status operand_push_lazy(struct body *b, struct operand operand, uint64_t upper)
{
    TRY(push(b, operand));
    if (operand.type != RT_V128)
        return STATUS_OK;
    operand.type = TYPE_UPPER_HALF;
    operand.bits = upper;
    operand.local++;
    return push(b, operand);
}

static enum status instruction(struct body *b, const struct op_info *info)
{
    enum op op = op_of(info);
    switch ((enum op_class)info->class) {
    case OP_CLASS_CONTROL:
        return validate_control(b, op);
    case OP_CLASS_PARAMETRIC:
        return validate_parametric(b, op);
    case OP_CLASS_VARIABLE:
        return validate_variable(b, op);
    case OP_CLASS_TABLE:
        return validate_table(b, op);
    case OP_CLASS_MEMORY:
        return validate_memory(b, op);
    case OP_CLASS_REFERENCE:
        return validate_reference(b, op);
    case OP_CLASS_UNARY:
    case OP_CLASS_BINARY:
    case OP_CLASS_INTEGER:
    case OP_CLASS_DIVIDE:
    case OP_CLASS_COMPARE:
    case OP_CLASS_COMPARE_FLOAT:
    case OP_CLASS_TEST:
    case OP_CLASS_TRUNCATE:
    case OP_CLASS_REINTERPRET:
    case OP_CLASS_LOAD:
    case OP_CLASS_STORE:
    case OP_CLASS_CONST:
    case OP_CLASS_V_CONST:
        return validate_regular(b, info);
    case OP_CLASS_V_UNARY:
    case OP_CLASS_V_BINARY:
    case OP_CLASS_V_LOAD:
    case OP_CLASS_V_STORE:
    case OP_CLASS_V_TERNARY:
    case OP_CLASS_V_SHUFFLE:
    case OP_CLASS_V_EXTRACT:
    case OP_CLASS_V_REPLACE:
    case OP_CLASS_V_LOAD_LANE:
    case OP_CLASS_V_STORE_LANE:
        return validate_vector(b, info);
    }
    return STATUS_INTERNAL;
}

static enum status refuse_opcode(struct body *b, uint32_t code)
{
    const char *proposal = op_proposal(code);
    if (proposal)
        return decode_needs(b->d, b->op_offset, proposal);
    return decode_fail_at(b->d, b->op_offset, STATUS_MALFORMED, "illegal opcode 0x%02x", code);
}

static enum status read_opcode(struct body *b, const struct op_info **ret)
{
    uint32_t code = 0;
    b->op_offset = b->d->offset_base + cursor_offset(&b->d->in);
    struct cursor *in = &b->d->in;
    if (in->at < in->end && *in->at < 0xfb) /* nearly all */
        code = *in->at++;
    else
        TRY(decode_opcode(b->d, &code));
    *ret = op_find(code);
    return *ret ? STATUS_OK : refuse_opcode(b, code);
}

static enum status locals_add(struct body *b, uint32_t count, uint8_t type)
{
    uint32_t width = rt_type_slots(1, &type);
    if (count * width > LIMIT_FRAME_SLOTS - b->frame_base)
        return decode_fail(b->d, STATUS_LIMIT, "locals of a function exceed the limit of %d slots", LIMIT_FRAME_SLOTS);
    for (uint32_t i = 0; i < count; i++) {
        b->local_types[b->local_count] = type;
        b->local_slots[b->local_count++] = (uint16_t)b->frame_base;
        b->frame_base += width;
    }
    return STATUS_OK;
}

static enum status read_locals(struct body *b)
{
    const struct rt_functype *t = function_type(b->module, b->function->index);
    uint64_t total = t->param_count; /* 5.5.13: fewer than 2^32 in any module; the limit is ours */
    uint32_t groups;
    size_t start = cursor_offset(&b->d->in);
    b->local_count = b->frame_base = 0;
    for (uint32_t i = 0; i < t->param_count; i++)
        TRY(locals_add(b, 1, t->params[i]));
    TRY(decode_count(b->d, 2, UINT32_MAX, "groups of locals", &groups));
    for (uint32_t i = 0; i < groups; i++) {
        size_t at = cursor_offset(&b->d->in);
        uint32_t count;
        uint8_t type;
        TRY(decode_u32(b->d, &count));
        TRY(decode_value_type(b->d, &type));
        total += count;
        if (total - t->param_count > UINT32_MAX)
            return decode_fail_at(b->d, at, STATUS_MALFORMED, "too many locals: 2^32 or more");
        if (total <= b->d->limits.locals)
            TRY(locals_add(b, count, type));
    }
    if (total > b->d->limits.locals)
        return decode_fail_at(b->d, start, STATUS_LIMIT,
                              "%llu locals of function %u, parameters included, exceed the limit of %u (locals)",
                              (unsigned long long)total, b->function->index, b->d->limits.locals);
    return STATUS_OK;
}

static void begin(struct body *b)
{
    b->height = b->max_height = b->control_count = 0;
    b->out.count = b->out.cost = 0;
    b->out.begun = b->out.before = NO_UNIT;
    b->out.mapped = false;
    set_live(b, true);
    prep_bind_label(b);
}

enum status validate_body(struct body *b, const struct function *function, struct cursor in)
{
    b->function = function;
    b->d->in = in;
    TRY(read_locals(b));
    begin(b);
    TRY(prep_entry(b));
    TRY(control_push(b, CONTROL_FUNCTION, *function_type(b->module, function->index)));
    while (b->control_count > 0) {
        const struct op_info *info = NULL;
        TRY(read_opcode(b, &info));
        b->out.cost++;
        TRY(instruction(b, info));
    }
    if (cursor_left(&b->d->in) > 0)
        return decode_fail(b->d, STATUS_MALFORMED, "section size mismatch: code after the function's end");
    return STATUS_OK;
}

enum status body_init(struct body *b, struct decoder *d)
{
    *b = (struct body) { .d = d, .module = d->module, .local_types = malloc(LIMIT_LOCALS) };
    b->local_slots = malloc(LIMIT_LOCALS * sizeof *b->local_slots);
    b->out.watch = NO_UNIT;
    return b->local_types && b->local_slots ? STATUS_OK : decode_no_memory(d);
}

void body_done(struct body *b)
{
    free(b->local_types);
    free(b->local_slots);
    free(b->stack);
    free(b->controls);
    free(b->labels);
    free(b->out.code);
}
