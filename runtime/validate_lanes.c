/* Vector instructions with a lane or lanes behind the opcode, or with three operands (3.3.3, 3.3.7). All other vector
 * instructions are as regular as those on numbers. */
#include "runtime/validate.h"

static enum status lane(struct body *b, uint32_t count, uint64_t *ret)
{
    uint8_t index;
    TRY(decode_u8(b->d, &index));
    *ret = index;
    return index < count ? STATUS_OK : body_fail(b, "invalid lane index %u", index);
}

static enum status shuffle_lanes(struct body *b, uint64_t ret[2])
{
    uint64_t index;
    ret[0] = ret[1] = 0;
    for (unsigned i = 0; i < 16; i++) {
        TRY(lane(b, 32, &index));
        ret[i / 8] |= index << (i % 8 * 8);
    }
    return STATUS_OK;
}

/* What follows the opcode: up to two words, and for an access the memory. */
static enum status immediates(struct body *b, const struct op_info *info, uint64_t words[2], uint32_t *ret_memory)
{
    struct memarg m;
    switch ((unsigned)info->class) {
    case OP_CLASS_SHUFFLE:
        return shuffle_lanes(b, words);
    case OP_CLASS_EXTRACT:
    case OP_CLASS_REPLACE:
        return lane(b, 2u << (info->immediate - OP_IMM_LANE_2), &words[0]);
    case OP_CLASS_LOAD_LANE:
    case OP_CLASS_STORE_LANE:
        TRY(validate_memarg(b, info, &m));
        TRY(lane(b, 16u >> info->immediate, &words[0]));
        words[0] |= (uint64_t)m.offset << 32;
        *ret_memory = m.memory;
        return STATUS_OK;
    default: /* OP_CLASS_TERNARY */
        return STATUS_OK;
    }
}
_Static_assert(OP_IMM_LANE_16 == OP_IMM_LANE_2 + 3, "lane counts double");

/* An access of two words, see prep_emit_access. */
static enum status emit_access(struct body *b, uint32_t memory, uint64_t word, uint64_t second, bool result)
{
    if (memory > 0)
        TRY(prep_emit(b, prep_low(P_MEMORY_SELECT, memory, 0)));
    TRY(prep_map(b, false));
    TRY(prep_emit_pair(b, word, second, result));
    return memory > 0 ? prep_emit(b, prep_low(P_MEMORY_SELECT, 0, 0)) : STATUS_OK;
}

static enum status emit(struct body *b, const struct op_info *info, const uint64_t words[2], uint32_t memory)
{
    uint32_t slots[3] = { 0 }, at = b->height, result = slot_of(b, b->height);
    for (uint32_t i = 0; i < info->param_count; i++) {
        TRY(prep_use(b, at, &slots[i]));
        at += rt_type_slots(1, &info->params[i]);
    }
    switch ((unsigned)info->class) {
    case OP_CLASS_SHUFFLE:
        return prep_emit_triple(b, prep_word(info->prepared, slots[0], slots[1], result), words[0], words[1]);
    case OP_CLASS_EXTRACT:
        return prep_emit_result(b, prep_word(info->prepared, slots[0], (uint32_t)words[0], result));
    case OP_CLASS_REPLACE:
        return prep_emit_pair(b, prep_word(info->prepared, slots[0], slots[1], result), words[0], true);
    case OP_CLASS_LOAD_LANE:
        return emit_access(b, memory, prep_word(info->prepared, slots[0], slots[1], result), words[0], true);
    case OP_CLASS_STORE_LANE:
        return emit_access(b, memory, prep_word(info->prepared, slots[0], 0, slots[1]), words[0], false);
    default: /* OP_CLASS_TERNARY */
        return prep_emit_pair(b, prep_word(info->prepared, slots[0], slots[1], result), slots[2], true);
    }
}

enum status validate_lanes(struct body *b, const struct op_info *info)
{
    uint64_t words[2] = { 0 };
    uint32_t memory = 0;
    TRY(immediates(b, info, words, &memory));
    TRY(operands_pop(b, info->param_count, info->params));
    if (b->live)
        TRY(emit(b, info, words, memory));
    return info->result ? operand_push(b, info->result) : STATUS_OK;
}
