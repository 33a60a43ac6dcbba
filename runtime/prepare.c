/* Emission of prepared code: units, and where operands are (validate.h).
 *
 * Two things are known of what has been emitted: which slot each accumulator mirrors, and the last instruction, whose
 * result can still go elsewhere (a local, the accumulator alone) or which can be taken back into a fused form. Both are
 * forgotten at labels. A slot that is mirrored has been written, unless its operand was taken from the accumulator
 * (prep_take_acc), and then no operand is left that would read it. */
#include "runtime/prepare.h"

#include <stdlib.h>
#include <string.h>

/* The longest instruction, a shuffle, but for br_table, which makes room for its targets. */
enum { UNITS_OF_ONE = 16, UNITS_MAX = UINT32_MAX / 4 };

enum status prep_room(struct body *b, uint32_t units)
{
    struct emitter *e = &b->out;
    uint32_t capacity = e->capacity ? e->capacity : 1024;
    if (e->code && e->capacity - e->count >= units)
        return STATUS_OK;
    while (capacity - e->count < units || capacity == e->capacity)
        capacity *= 2;
    if (capacity > UNITS_MAX)
        return STATUS_LIMIT;
    uint16_t *code = realloc(e->code, capacity * sizeof *code);
    if (!code)
        return STATUS_NO_MEMORY;
    e->code = code;
    e->capacity = capacity;
    return STATUS_OK;
}

/* Makes one instruction of the last two, where there is one for both: it has the operands of the first, then of the
 * second. */
static void join(struct emitter *e)
{
    uint32_t first = e->before, second = e->begun, op;
    if (first == NO_UNIT || second == NO_UNIT || first < e->label || e->code[first] != e->code[second])
        return;
    if (e->code[first] == P_I32_ADD_SK)
        op = P_I32_ADD_SK_2;
    else if (e->code[first] == P_COPY)
        op = P_COPY_2;
    else
        return;
    e->code[first] = (uint16_t)op;
    e->count--;
    memmove(&e->code[second], &e->code[second + 1], (e->count - second) * sizeof *e->code);
    e->begun = first;
    e->before = NO_UNIT;
}

static void place(struct emitter *e, uint32_t at)
{
    if (e->mapped && e->watch == at)
        e->place = e->here;
    e->mapped = false;
}

enum status prep_op(struct body *b, uint32_t op)
{
    struct emitter *e = &b->out;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_room(b, UNITS_OF_ONE));
    join(e);
    place(e, e->count);
    e->last = NO_UNIT;
    e->acc_before = e->acc_slot[ACC_INT];
    e->before = e->begun;
    e->begun = e->count;
    e->code[e->count++] = (uint16_t)op;
    return STATUS_OK;
}

enum status prep_extend(struct body *b, uint32_t op)
{
    struct emitter *e = &b->out;
    TRY(prep_room(b, UNITS_OF_ONE));
    place(e, e->begun);
    e->last = NO_UNIT;
    e->code[e->begun] = (uint16_t)op;
    return STATUS_OK;
}

void prep_unit(struct body *b, uint32_t unit)
{
    if (b->emitting)
        b->out.code[b->out.count++] = (uint16_t)unit;
}

void prep_u32(struct body *b, uint32_t value)
{
    prep_unit(b, value & 0xffff);
    prep_unit(b, value >> 16);
}

void prep_u64(struct body *b, uint64_t value)
{
    prep_u32(b, (uint32_t)value);
    prep_u32(b, (uint32_t)(value >> 32));
}

static void written(struct body *b, uint32_t slot)
{
    for (uint32_t acc = 0; acc < ACC_COUNT; acc++)
        if (b->out.acc_slot[acc] == slot)
            b->out.acc_slot[acc] = NO_UNIT;
}

void prep_forget(struct body *b)
{
    for (uint32_t acc = 0; acc < ACC_COUNT; acc++)
        b->out.acc_slot[acc] = NO_UNIT;
}

/* A destination that stays. */
static void destination(struct body *b, uint32_t slot)
{
    if (!b->emitting)
        return;
    written(b, slot);
    prep_unit(b, slot);
}

void prep_result(struct body *b, uint32_t slot)
{
    prep_result_acc(b, slot, ACC_NONE, (struct prep_form) { INSN_COUNT, 0, 0 });
}

void prep_result_wide(struct body *b, uint32_t slot)
{
    prep_result(b, slot);
    if (b->emitting)
        written(b, slot + 1);
}

void prep_result_acc(struct body *b, uint32_t slot, enum acc acc, struct prep_form form)
{
    struct emitter *e = &b->out;
    if (!b->emitting)
        return;
    written(b, slot);
    e->last = e->begun;
    e->last_dest = e->count;
    e->last_row = form.row;
    e->last_sources = form.sources;
    e->last_short = form.short_op;
    prep_unit(b, slot);
    if (acc != ACC_NONE)
        e->acc_slot[acc] = slot;
}

void prep_map(struct body *b, bool charged)
{
    struct emitter *e = &b->out;
    e->mapped = b->emitting;
    e->here =
        (struct code_place) { .offset = (uint32_t)b->insn_offset, .count = charged ? 0 : e->cost, .first = e->first };
}

static enum status select_memory(struct body *b, uint32_t memory)
{
    TRY(prep_op(b, P_MEMORY_SELECT));
    prep_unit(b, memory);
    return STATUS_OK;
}

enum status prep_select_memory(struct body *b, uint32_t memory)
{
    return memory == 0 ? STATUS_OK : select_memory(b, memory);
}

enum status prep_unselect_memory(struct body *b, uint32_t memory)
{
    return memory == 0 ? STATUS_OK : select_memory(b, 0);
}

enum status prep_entry(struct body *b)
{
    const struct function *f = b->function;
    uint32_t count = f->local_slots - f->param_slots;
    if (b->emitting && b->out.watched)
        TRY(prep_op(b, P_ENTERED));
    if (!b->emitting || count == 0)
        return STATUS_OK;
    TRY(prep_op(b, count <= 4 ? P_ZERO_1 + count - 1 : P_ZERO));
    prep_unit(b, f->param_slots);
    if (count > 4)
        prep_unit(b, count);
    return STATUS_OK;
}

static enum status copy(struct body *b, uint32_t from, uint32_t to)
{
    if (b->out.acc_slot[ACC_INT] == from) {
        TRY(prep_op(b, P_COPY_R));
    } else {
        TRY(prep_op(b, P_COPY));
        prep_unit(b, from);
    }
    destination(b, to);
    return STATUS_OK;
}

static enum status constant(struct body *b, uint64_t bits, uint32_t slot)
{
    bool is_signed = (int64_t)bits >= INT32_MIN && (int64_t)bits < 0;
    if (is_signed || bits <= UINT32_MAX) {
        TRY(prep_op(b, is_signed ? P_CONST_32 : P_CONST_U32));
        prep_u32(b, (uint32_t)bits);
    } else {
        TRY(prep_op(b, P_CONST_64));
        prep_u64(b, bits);
    }
    destination(b, slot);
    return STATUS_OK;
}

static enum status copy_v128(struct body *b, uint32_t from, uint32_t to)
{
    TRY(prep_op(b, P_COPY_V128));
    prep_unit(b, from);
    destination(b, to);
    written(b, to + 1);
    return STATUS_OK;
}

static enum status constant_v128(struct body *b, const struct operand *o, uint32_t slot)
{
    TRY(prep_op(b, P_CONST_V128));
    prep_u64(b, o->bits);
    prep_u64(b, o[1].bits);
    destination(b, slot);
    written(b, slot + 1);
    return STATUS_OK;
}

/* A whole v128 that is not in its slots. */
static enum status flush_v128(struct body *b, uint32_t at)
{
    struct operand *o = &b->stack[at];
    if (o->kind == OPERAND_LOCAL)
        TRY(copy_v128(b, o->local, slot_of(b, at)));
    else
        TRY(constant_v128(b, o, slot_of(b, at)));
    o->kind = o[1].kind = OPERAND_SLOT;
    return STATUS_OK;
}

enum status prep_flush(struct body *b, uint32_t first, uint32_t past)
{
    if (!b->emitting)
        return STATUS_OK;
    if (past - first > OPERAND_WINDOW)
        first = past - OPERAND_WINDOW; /* what lies deeper has been put into its slot before */
    for (uint32_t at = first; at < past; at++) {
        struct operand *o = &b->stack[at];
        if (o->type == RT_V128 && at + 1 < past && o->kind != OPERAND_SLOT && o[1].kind == o->kind) {
            TRY(flush_v128(b, at));
            at++;
            continue;
        }
        if (o->kind == OPERAND_LOCAL)
            TRY(copy(b, o->local, slot_of(b, at)));
        else if (o->kind == OPERAND_CONST)
            TRY(constant(b, o->bits, slot_of(b, at)));
        o->kind = OPERAND_SLOT;
    }
    return STATUS_OK;
}

enum status prep_use(struct body *b, uint32_t at, uint32_t *ret_slot)
{
    *ret_slot = 0;
    if (!b->emitting)
        return STATUS_OK;
    struct operand *o = &b->stack[at];
    bool wide = o->type == RT_V128;
    if (o->kind == OPERAND_LOCAL && (!wide || o[1].kind == OPERAND_LOCAL)) {
        *ret_slot = o->local;
        return STATUS_OK;
    }
    *ret_slot = slot_of(b, at);
    return prep_flush(b, at, at + (wide ? 2 : 1));
}

/* Saves what is still to be read from these slots of locals by operands below `at`. */
static enum status save_readers(struct body *b, uint32_t at, uint32_t slot, uint32_t slots)
{
    for (uint32_t i = at > OPERAND_WINDOW ? at - OPERAND_WINDOW : 0; i < at; i++)
        if (b->stack[i].kind == OPERAND_LOCAL && b->stack[i].local >= slot && b->stack[i].local < slot + slots)
            TRY(prep_flush(b, i, i + 1));
    return STATUS_OK;
}

/* Two slots: from a local whole, else from where the operand belongs. */
static enum status set_v128(struct body *b, uint32_t at, uint32_t slot)
{
    const struct operand *o = &b->stack[at];
    uint32_t from;
    if (o->kind == OPERAND_CONST && o[1].kind == OPERAND_CONST)
        return constant_v128(b, o, slot);
    TRY(prep_use(b, at, &from));
    return from == slot ? STATUS_OK : copy_v128(b, from, slot);
}

/* Lets the last instruction write `slot` instead of the operand's own, if that is what it writes. */
static bool redirect(struct body *b, uint32_t at, uint32_t slot, bool wide)
{
    struct emitter *e = &b->out;
    uint32_t own = slot_of(b, at);
    if (b->stack[at].kind != OPERAND_SLOT || e->last == NO_UNIT || e->code[e->last_dest] != own)
        return false;
    e->code[e->last_dest] = (uint16_t)slot;
    e->last = NO_UNIT;
    for (uint32_t acc = 0; acc < ACC_COUNT; acc++)
        e->acc_slot[acc] = e->acc_slot[acc] == own                                              ? slot
                           : e->acc_slot[acc] == slot || (wide && e->acc_slot[acc] == slot + 1) ? NO_UNIT
                                                                                                : e->acc_slot[acc];
    return true;
}

enum status prep_local_set(struct body *b, uint32_t at, uint32_t slot)
{
    if (!b->emitting)
        return STATUS_OK;
    const struct operand *o = &b->stack[at];
    bool wide = o->type == RT_V128;
    TRY(save_readers(b, at, slot, wide ? 2 : 1));
    if (redirect(b, at, slot, wide))
        return STATUS_OK;
    if (wide)
        return set_v128(b, at, slot);
    if (o->kind == OPERAND_CONST)
        return constant(b, o->bits, slot);
    if (o->kind == OPERAND_LOCAL)
        return o->local == slot ? STATUS_OK : copy(b, o->local, slot);
    return copy(b, slot_of(b, at), slot);
}
