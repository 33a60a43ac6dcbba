/* Emission of loads and stores, and of vector instructions. */
#include "runtime/prepare.h"

/* A constant address together with its offset, if 32 bits hold the sum. */
static bool constant_address(const struct body *b, uint32_t at, uint32_t offset, uint32_t *ret)
{
    const struct operand *o = &b->stack[at];
    return o->kind == OPERAND_CONST && !__builtin_add_overflow((uint32_t)o->bits, offset, ret);
}

/* The form of a load's address, and its units; a constant has none, as it goes into the offset. */
static enum status load_address(struct body *b, const struct memarg *m, struct prep_sources *ret)
{
    struct prep_sources s = { .form = FORM_LOAD_S };
    uint32_t at = b->height, slot, address;
    if (constant_address(b, at, m->offset, &address)) {
        *ret = (struct prep_sources) { .form = FORM_LOAD_K };
        return STATUS_OK;
    }
    if (prep_is_last(b, at, INSN_I32_ADD) && b->out.last_sources != FORM_SR) {
        static const uint8_t forms[] = { FORM_LOAD_XS, FORM_LOAD_XK, FORM_LOAD_XR, 0, FORM_LOAD_XRK };
        s = prep_unemit(b);
        s.form = forms[s.form];
    } else if (prep_in_acc(b, at, ACC_INT)) {
        prep_take_acc(b, at);
        s.form = FORM_LOAD_R;
    } else {
        TRY(prep_use(b, at, &slot));
        s.units[s.count++] = (uint16_t)slot;
    }
    *ret = s;
    return STATUS_OK;
}

enum status prep_load(struct body *b, const struct insn_info *info, const struct memarg *m)
{
    struct prep_sources s;
    uint32_t offset = m->offset;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_select_memory(b, m->memory));
    TRY(load_address(b, m, &s));
    if (s.form == FORM_LOAD_K)
        offset += (uint32_t)b->stack[b->height].bits;
    prep_map(b, false);
    TRY(prep_op(b, info->prepared + s.form));
    prep_units(b, &s);
    prep_u32(b, offset);
    prep_result_acc(b, slot_of(b, b->height), acc_of(info->result),
                    (struct prep_form) { insn_of(info), s.form, info->prepared + s.form + FORM_LOAD_ACC });
    return prep_unselect_memory(b, m->memory);
}

/* The form of a store; units: the address's slot if it has one, and behind it the value's slot or constant. */
struct store {
    uint32_t form, address_slot, offset, value;
    bool has_address;
    uint8_t value_units;
};

/* The value, where the address is a constant or not; in the accumulator, constant or in a slot. */
static enum status store_value(struct body *b, uint32_t at, enum acc acc, bool may_be_constant, struct store *s)
{
    bool constant_address = s->form == FORM_STORE_KS;
    if (may_be_constant && prep_constant(b, at, &s->value)) {
        s->form = FORM_STORE_SK;
        s->value_units = 2;
    } else if (prep_in_acc(b, at, acc)) {
        prep_take_acc(b, at);
        s->form = constant_address ? FORM_STORE_KR : FORM_STORE_SR;
    } else {
        TRY(prep_use(b, at, &s->value));
        s->value_units = 1;
    }
    return STATUS_OK;
}

/* The address: from the accumulator if the value is not there. */
static enum status store_address(struct body *b, uint32_t at, struct store *s)
{
    if (s->form == FORM_STORE_KS || s->form == FORM_STORE_KR)
        return STATUS_OK;
    if (s->form != FORM_STORE_SR && prep_in_acc(b, at, ACC_INT)) {
        prep_take_acc(b, at);
        s->form = s->form == FORM_STORE_SK ? FORM_STORE_RK : FORM_STORE_RS;
        return STATUS_OK;
    }
    s->has_address = true;
    return prep_use(b, at, &s->address_slot);
}

enum status prep_store(struct body *b, const struct insn_info *info, const struct memarg *m)
{
    struct store s = { .form = FORM_STORE_SS, .offset = m->offset };
    uint32_t at = b->height;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_select_memory(b, m->memory));
    if (constant_address(b, at, m->offset, &s.offset))
        s.form = FORM_STORE_KS;
    else if (b->stack[at].kind == OPERAND_CONST)
        TRY(prep_flush(b, at, at + 1));
    if (s.form != FORM_STORE_KS)
        s.offset = m->offset;
    TRY(store_value(b, at + 1, acc_of(info->params[1]), s.form != FORM_STORE_KS, &s));
    TRY(store_address(b, at, &s));
    prep_map(b, false);
    TRY(prep_op(b, info->prepared + s.form));
    if (s.has_address)
        prep_unit(b, s.address_slot);
    prep_u32(b, s.offset);
    if (s.value_units == 1)
        prep_unit(b, s.value);
    else if (s.value_units == 2)
        prep_u32(b, s.value);
    return prep_unselect_memory(b, m->memory);
}

static bool accesses(const struct insn_info *info)
{
    return info->class == INSN_CLASS_V_LOAD || info->class == INSN_CLASS_V_STORE ||
           info->class == INSN_CLASS_V_LOAD_LANE || info->class == INSN_CLASS_V_STORE_LANE;
}

/* Where the sources stand: A and B, or for stores A and C. */
static void place_sources(const struct insn_info *info, const uint32_t slots[3], uint32_t lane, uint32_t ret[3])
{
    bool store = info->class == INSN_CLASS_V_STORE || info->class == INSN_CLASS_V_STORE_LANE;
    ret[0] = slots[0];
    ret[1] = store ? 0 : info->class == INSN_CLASS_V_EXTRACT ? lane : slots[1];
    ret[2] = store ? slots[1] : 0;
}

enum status prep_vector(struct body *b, const struct insn_info *info, const struct memarg *m, const uint64_t words[2])
{
    uint32_t slots[3] = { 0 }, units[3], at = b->height;
    bool store = !info->result;
    if (!b->emitting)
        return STATUS_OK;
    for (uint32_t i = 0; i < info->param_count; i++) {
        TRY(prep_use(b, at, &slots[i]));
        at += info->params[i] == RT_V128 ? 2 : 1;
    }
    place_sources(info, slots, (uint32_t)words[0], units);
    TRY(prep_select_memory(b, m->memory));
    if (accesses(info))
        prep_map(b, false);
    TRY(prep_op(b, info->prepared));
    prep_unit(b, units[0]);
    prep_unit(b, units[1]);
    if (store)
        prep_unit(b, units[2]);
    else if (info->result == RT_V128)
        prep_result_wide(b, slot_of(b, b->height));
    else
        prep_result(b, slot_of(b, b->height));
    if (accesses(info))
        prep_u32(b, m->offset);
    if (info->class == INSN_CLASS_V_TERNARY)
        prep_unit(b, slots[2]);
    if (info->class == INSN_CLASS_V_REPLACE || info->class == INSN_CLASS_V_LOAD_LANE ||
        info->class == INSN_CLASS_V_STORE_LANE)
        prep_unit(b, (uint32_t)words[0]);
    if (info->class == INSN_CLASS_V_SHUFFLE) {
        prep_u64(b, words[0]);
        prep_u64(b, words[1]);
    }
    return prep_unselect_memory(b, m->memory);
}
