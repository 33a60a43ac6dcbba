/* In which form an instruction can have its operands: from the accumulator, a constant, or a slot. */
#include "runtime/prepare.h"

enum acc acc_of(uint32_t type)
{
    switch (type) {
    case RT_F32:
        return ACC_F32;
    case RT_F64:
        return ACC_F64;
    case RT_V128:
        return ACC_NONE;
    default:
        return ACC_INT;
    }
}

bool prep_in_acc(const struct body *b, uint32_t at, enum acc acc)
{
    const struct operand *o = &b->stack[at];
    if (!b->emitting || acc == ACC_NONE || o->kind == OPERAND_CONST)
        return false;
    return b->out.acc_slot[acc] == (o->kind == OPERAND_LOCAL ? o->local : slot_of(b, at));
}

/* Whether the last instruction's result is this operand, and its destination the last unit. */
static bool gives(const struct body *b, uint32_t at)
{
    const struct emitter *e = &b->out;
    return b->emitting && e->last != NO_UNIT && b->stack[at].kind == OPERAND_SLOT && e->last_dest + 1 == e->count &&
           e->code[e->last_dest] == slot_of(b, at);
}

void prep_take_acc(struct body *b, uint32_t at)
{
    struct emitter *e = &b->out;
    if (!gives(b, at) || e->last_short == 0)
        return;
    e->code[e->last] = (uint16_t)e->last_short;
    e->count--;
    e->last = NO_UNIT;
}

bool prep_is_last(const struct body *b, uint32_t at, uint32_t row) { return gives(b, at) && b->out.last_row == row; }

struct prep_sources prep_unemit(struct body *b)
{
    struct emitter *e = &b->out;
    struct prep_sources s = { .form = e->last_sources, .count = e->last_dest - e->last - 1 };
    for (uint32_t i = 0; i < s.count; i++)
        s.units[i] = e->code[e->last + 1 + i];
    e->count = e->last;
    e->last = NO_UNIT;
    e->begun = e->before;
    e->before = NO_UNIT;
    e->acc_slot[ACC_INT] = e->acc_before;
    return s;
}

void prep_units(struct body *b, const struct prep_sources *sources)
{
    for (uint32_t i = 0; i < sources->count; i++)
        prep_unit(b, sources->units[i]);
}

bool prep_constant(const struct body *b, uint32_t at, uint32_t *ret)
{
    const struct operand *o = &b->stack[at];
    if (!b->emitting || o->kind != OPERAND_CONST)
        return false;
    *ret = (uint32_t)o->bits;
    if (o->type == RT_I32 || o->type == RT_F32)
        return true;
    return (int64_t)o->bits >= INT32_MIN && (int64_t)o->bits <= INT32_MAX;
}

static void put_constant(struct prep_sources *s, uint64_t bits, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++)
        s->units[s->count++] = (uint16_t)(bits >> (16 * i));
}

static bool is_constant(const struct body *b, uint32_t at) { return b->stack[at].kind == OPERAND_CONST; }

/* Whether y can be a K of its instruction: of 32 bits, or for f64 of 64. */
static bool can_be_k(const struct body *b, uint32_t y, enum acc acc)
{
    uint32_t k;
    return is_constant(b, y) && (acc == ACC_F64 || prep_constant(b, y, &k));
}

enum status prep_pick(struct body *b, uint32_t x, uint32_t y, enum acc acc, bool commutes, struct prep_sources *ret)
{
    struct prep_sources s = { 0 };
    uint32_t slot;
    if (commutes &&
        ((is_constant(b, x) && !is_constant(b, y)) || (prep_in_acc(b, y, acc) && !prep_in_acc(b, x, acc)))) {
        uint32_t z = x;
        x = y;
        y = z;
    }
    bool k = can_be_k(b, y, acc);
    if (is_constant(b, x))
        TRY(prep_flush(b, x, x + 1));
    if (!k && is_constant(b, y))
        TRY(prep_flush(b, y, y + 1));
    bool x_acc = prep_in_acc(b, x, acc), y_acc = !x_acc && !k && prep_in_acc(b, y, acc);
    s.form = k ? (x_acc ? FORM_RK : FORM_SK) : x_acc ? FORM_RS : y_acc ? FORM_SR : FORM_SS;
    if (x_acc || y_acc)
        prep_take_acc(b, x_acc ? x : y);
    if (!x_acc) {
        TRY(prep_use(b, x, &slot));
        s.units[s.count++] = (uint16_t)slot;
    }
    if (k) {
        put_constant(&s, b->stack[y].bits, acc == ACC_F64 ? 4 : 2);
    } else if (!y_acc) {
        TRY(prep_use(b, y, &slot));
        s.units[s.count++] = (uint16_t)slot;
    }
    *ret = s;
    return STATUS_OK;
}

enum status prep_against_zero(struct body *b, uint32_t at, struct prep_sources *ret)
{
    struct prep_sources s = { .form = FORM_SK };
    uint32_t slot;
    if (prep_in_acc(b, at, ACC_INT)) {
        prep_take_acc(b, at);
        s.form = FORM_RK;
    } else {
        TRY(prep_use(b, at, &slot));
        s.units[s.count++] = (uint16_t)slot;
    }
    s.count += 2; /* the constant's units are 0 */
    *ret = s;
    return STATUS_OK;
}
