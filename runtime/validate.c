/* The validator's loop and its two stacks (appendix "Validation Algorithm"). An operand of unknown type comes only from
 * below the operands of an unreachable block. Each instruction is seen once and costs time bounded by its types'
 * lengths. */
#include "runtime/prepare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status body_fail(struct body *b, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return decode_fail_at(b->d, b->insn_offset, STATUS_INVALID, "%s", text);
}

const char *type_text(uint32_t type)
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
        return type_is_reference(type) ? "another reference" : "anything";
    }
}

enum status operand_pop_any(struct body *b, uint32_t *ret)
{
    if (b->height == b->floor) {
        if (!control_top(b)->unreachable)
            return body_fail(b, "type mismatch: the operand stack is empty");
        *ret = TYPE_UNKNOWN;
        return STATUS_OK;
    }
    if (b->types[b->height - 1] == TYPE_UPPER_HALF)
        b->height--;
    *ret = b->types[--b->height];
    return STATUS_OK;
}

enum status operand_pop_slow(struct body *b, uint32_t expected)
{
    uint32_t actual = TYPE_UNKNOWN;
    TRY(operand_pop_any(b, &actual));
    if (actual != TYPE_UNKNOWN && expected != TYPE_UNKNOWN && !type_matches(&b->module->types, actual, expected))
        return body_fail(b, "type mismatch: expected %s, found %s", type_text(expected), type_text(actual));
    return STATUS_OK;
}

/* All at once if they are the same numbers; of an unreachable block's, those that are there. */
enum status operands_pop_slow(struct body *b, uint32_t count, const uint32_t *types)
{
    uint32_t there = b->height - b->floor;
    if (there > count || (there < count && !control_top(b)->unreachable))
        there = count;
    if (there == 0 || (there <= b->height - b->floor &&
                       memcmp(b->types + b->height - there, types + count - there, there * sizeof *types) == 0)) {
        b->height -= there;
        return STATUS_OK;
    }
    for (uint32_t i = count; i > 0; i--) {
        if (types[i - 1] == TYPE_UPPER_HALF)
            i--;
        TRY(operand_pop_slow(b, types[i - 1]));
    }
    return STATUS_OK;
}

static enum status stack_grow(struct body *b, uint32_t least)
{
    uint32_t capacity = b->stack_capacity ? b->stack_capacity * 2 : 256;
    while (capacity < least)
        capacity *= 2;
    uint32_t *types = realloc(b->types, capacity * sizeof *types);
    if (!types)
        return decode_no_memory(b->d);
    b->types = types;
    if (b->preparing) {
        struct operand *stack = realloc(b->stack, capacity * sizeof *stack);
        if (!stack)
            return decode_no_memory(b->d);
        b->stack = stack;
    }
    b->stack_capacity = capacity;
    return STATUS_OK;
}

/* Room for `count` more, in memory and in the frame; the height that code reaches is kept. */
static enum status make_room(struct body *b, uint32_t count)
{
    uint32_t height = b->height + count;
    if (height > LIMIT_FRAME_SLOTS - b->frame_base)
        return decode_fail_at(b->d, b->insn_offset, STATUS_LIMIT,
                              "locals and operands of a function exceed the limit of %d", LIMIT_FRAME_SLOTS);
    if (height > b->stack_capacity)
        TRY(stack_grow(b, height));
    if (b->live && height > b->max_height)
        b->max_height = height;
    stack_mark(b);
    return STATUS_OK;
}

static enum status push_entry(struct body *b, struct operand operand)
{
    if (!b->emitting || b->height >= b->room)
        TRY(make_room(b, 1));
    b->types[b->height] = operand.type;
    if (b->emitting)
        b->stack[b->height] = operand;
    b->height++;
    if (!b->emitting || b->height <= OPERAND_WINDOW || b->stack[b->height - OPERAND_WINDOW - 1].kind == OPERAND_SLOT)
        return STATUS_OK;
    return prep_flush(b, b->height - OPERAND_WINDOW - 1, b->height - OPERAND_WINDOW);
}

enum status operand_push_lazy(struct body *b, struct operand operand, uint64_t upper)
{
    TRY(push_entry(b, operand));
    if (operand.type != RT_V128)
        return STATUS_OK;
    operand.type = TYPE_UPPER_HALF;
    operand.bits = upper;
    operand.local++;
    return push_entry(b, operand);
}

enum status operand_push_slow(struct body *b, struct operand operand) { return operand_push_lazy(b, operand, 0); }

/* What leaves the window is put into its slot at once. */
static enum status operands_place(struct body *b, uint32_t count)
{
    uint32_t height = b->height + count, first = b->height > OPERAND_WINDOW ? b->height - OPERAND_WINDOW : 0;
    for (uint32_t at = b->height; at < height; at++)
        b->stack[at] = (struct operand) { .kind = OPERAND_SLOT, .type = b->types[at] };
    uint32_t past = height > OPERAND_WINDOW ? height - OPERAND_WINDOW : 0;
    return past > first ? prep_flush(b, first, past < b->height ? past : b->height) : STATUS_OK;
}

enum status operands_push(struct body *b, uint32_t count, const uint32_t *types)
{
    if (count == 0)
        return STATUS_OK;
    if (count == 1)
        return operand_push(b, *types);
    TRY(make_room(b, count));
    memcpy(b->types + b->height, types, count * sizeof *types);
    if (b->emitting)
        TRY(operands_place(b, count));
    b->height += count;
    return STATUS_OK;
}

/* The usual case of the usual instructions while nothing is emitted: operands that the innermost block has, of just the
 * types wanted, and short immediates. False, and nothing has changed: see instruction(), which knows all cases. */
static inline bool quick_local(struct body *b, enum insn insn)
{
    struct cursor *in = &b->d->in;
    if (in->at == in->end || *in->at >= LOCALS_AT_HAND || *in->at >= b->local_count)
        return false;
    uint32_t type = b->locals[*in->at].type;
    if (insn == INSN_LOCAL_GET) {
        if (b->height >= b->watermark || type == RT_V128)
            return false;
        b->types[b->height++] = type;
    } else {
        if (b->height == b->floor || b->types[b->height - 1] != type)
            return false;
        b->height -= insn == INSN_LOCAL_SET;
    }
    in->at++;
    return true;
}
_Static_assert(LOCALS_AT_HAND <= 0x80, "a local at hand has an index of one byte");

static inline bool quick_number(struct body *b, const struct insn_info *info)
{
    uint32_t height = b->height, count = info->param_count;
    if (height - b->floor < count || b->types[height - 1] != info->params[0])
        return false;
    if (count == 2 && b->types[height - 2] != info->params[0]) /* the two are of one type */
        return false;
    b->height = height + 1 - count;
    b->types[height - count] = info->result;
    return true;
}

static inline bool quick_access(struct body *b, const struct insn_info *info)
{
    struct cursor *in = &b->d->in;
    uint32_t height = b->height, count = info->param_count;
    if (in->end - in->at < 3 || in->at[0] > info->immediate || !b->has_memory)
        return false;
    uint32_t bytes = in->at[1] < 0x80 ? 2 : in->at[2] < 0x80 ? 3 : 0;
    if (bytes == 0 || height - b->floor < count || b->types[height - count] != RT_I32)
        return false;
    if (count == 2) {
        if (b->types[height - 1] != info->params[1])
            return false;
        b->height = height - 2;
    } else {
        b->types[height - 1] = info->result;
    }
    in->at += bytes;
    return true;
}

static inline bool quick_const(struct body *b, const struct insn_info *info)
{
    struct cursor *in = &b->d->in;
    if (in->end - in->at < 2 || info->immediate > INSN_IMM_I64 || b->height >= b->watermark)
        return false;
    uint32_t bytes = in->at[0] < 0x80 ? 1 : in->at[1] < 0x80 ? 2 : 0;
    if (bytes == 0)
        return false;
    in->at += bytes;
    b->types[b->height++] = info->result;
    return true;
}

static inline bool quick(struct body *b, const struct insn_info *info)
{
    if (info->class <= INSN_CLASS_REINTERPRET)
        return quick_number(b, info);
    if (info->class <= INSN_CLASS_STORE)
        return quick_access(b, info);
    if (info->class == INSN_CLASS_CONST)
        return quick_const(b, info);
    return info->class == INSN_CLASS_VARIABLE && insn_of(info) <= INSN_LOCAL_TEE && quick_local(b, insn_of(info));
}
_Static_assert(INSN_CLASS_LOAD == INSN_CLASS_REINTERPRET + 1 && INSN_CLASS_STORE == INSN_CLASS_LOAD + 1,
               "as quick() has them");
_Static_assert(INSN_LOCAL_GET < INSN_LOCAL_TEE && INSN_LOCAL_SET < INSN_LOCAL_TEE && INSN_LOCAL_TEE < INSN_GLOBAL_GET,
               "");
_Static_assert(INSN_IMM_I32 + 1 == INSN_IMM_I64 && INSN_IMM_I64 < INSN_IMM_F32, "");

static enum status instruction(struct body *b, const struct insn_info *info)
{
    enum insn insn = insn_of(info);
    switch ((enum insn_class)info->class) {
    case INSN_CLASS_CONTROL:
        return validate_control(b, insn);
    case INSN_CLASS_PARAMETRIC:
        return validate_parametric(b, insn);
    case INSN_CLASS_VARIABLE:
        return validate_variable(b, insn);
    case INSN_CLASS_TABLE:
        return validate_table(b, insn);
    case INSN_CLASS_MEMORY:
        return validate_memory(b, insn);
    case INSN_CLASS_REFERENCE:
        return validate_reference(b, insn);
    case INSN_CLASS_UNARY:
    case INSN_CLASS_BINARY:
    case INSN_CLASS_INTEGER:
    case INSN_CLASS_DIVIDE:
    case INSN_CLASS_COMPARE:
    case INSN_CLASS_COMPARE_FLOAT:
    case INSN_CLASS_TEST:
    case INSN_CLASS_TRUNCATE:
    case INSN_CLASS_REINTERPRET:
    case INSN_CLASS_LOAD:
    case INSN_CLASS_STORE:
    case INSN_CLASS_CONST:
    case INSN_CLASS_V_CONST:
        return validate_regular(b, info);
    case INSN_CLASS_V_UNARY:
    case INSN_CLASS_V_BINARY:
    case INSN_CLASS_V_LOAD:
    case INSN_CLASS_V_STORE:
    case INSN_CLASS_V_TERNARY:
    case INSN_CLASS_V_SHUFFLE:
    case INSN_CLASS_V_EXTRACT:
    case INSN_CLASS_V_REPLACE:
    case INSN_CLASS_V_LOAD_LANE:
    case INSN_CLASS_V_STORE_LANE:
        return validate_vector(b, info);
    }
    return STATUS_INTERNAL;
}

static enum status refuse_opcode(struct body *b, uint32_t code)
{
    const char *proposal = insn_proposal(code);
    if (proposal)
        return decode_needs(b->d, b->insn_offset, proposal);
    return decode_fail_at(b->d, b->insn_offset, STATUS_MALFORMED, "illegal opcode 0x%02x", code);
}

static enum status read_opcode(struct body *b, const struct insn_info **ret)
{
    uint32_t code = 0;
    b->insn_offset = b->d->offset_base + cursor_offset(&b->d->in);
    struct cursor *in = &b->d->in;
    if (in->at < in->end && *in->at < 0xfb) /* nearly all */
        code = *in->at++;
    else
        TRY(decode_opcode(b->d, &code));
    *ret = insn_find(code);
    return *ret ? STATUS_OK : refuse_opcode(b, code);
}

static void begin(struct body *b)
{
    b->height = b->max_height = b->control_count = b->floor = 0;
    b->out.count = b->out.cost = b->out.piece_count = 0;
    b->out.begun = b->out.before = NO_UNIT;
    b->out.mapped = false;
    b->has_memory = b->module->memory_count > 0 && b->module->memories[0].address == RT_I32;
    set_live(b, true);
    prep_bind_label(b);
}

enum status validate_body(struct body *b, const struct function *function, struct cursor in)
{
    b->function = function;
    b->d->in = in;
    TRY(validate_locals(b));
    begin(b);
    TRY(prep_entry(b));
    TRY(control_push(b, CONTROL_FUNCTION, function_def(b->module, function->index)));
    while (b->control_count > 0) {
        const struct insn_info *info = NULL;
        TRY(read_opcode(b, &info));
        b->out.cost++;
        if (b->emitting && b->out.cost == 1)
            b->out.first = (uint32_t)b->insn_offset;
        if (b->emitting || !quick(b, info))
            TRY(instruction(b, info));
    }
    if (cursor_left(&b->d->in) > 0)
        return decode_fail(b->d, STATUS_MALFORMED, "section size mismatch: code after the function's end");
    return STATUS_OK;
}

void body_init(struct body *b, struct decoder *d)
{
    *b = (struct body) { .d = d, .module = d->module };
    b->out.watch = NO_UNIT;
}

void body_done(struct body *b)
{
    free(b->runs);
    free(b->types);
    free(b->stack);
    free(b->controls);
    free(b->labels);
    free(b->out.code);
    free(b->out.pieces);
}
