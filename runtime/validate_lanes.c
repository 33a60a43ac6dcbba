/* Vector instructions (3.3.3, 3.3.7): what stands behind the opcode, then operands as the table says. */
#include "runtime/prepare.h"

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

/* What follows the opcode: up to two words, and what an access has. */
static enum status immediates(struct body *b, const struct insn_info *info, uint64_t words[2], struct memarg *m)
{
    switch ((enum insn_class)info->class) {
    case INSN_CLASS_V_SHUFFLE:
        return shuffle_lanes(b, words);
    case INSN_CLASS_V_EXTRACT:
    case INSN_CLASS_V_REPLACE:
        return lane(b, 2u << (info->immediate - INSN_IMM_LANE_2), &words[0]);
    case INSN_CLASS_V_LOAD:
    case INSN_CLASS_V_STORE:
        return validate_memarg(b, info, m);
    case INSN_CLASS_V_LOAD_LANE:
    case INSN_CLASS_V_STORE_LANE:
        TRY(validate_memarg(b, info, m));
        return lane(b, 16u >> info->immediate, &words[0]);
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
    case INSN_CLASS_V_UNARY:
    case INSN_CLASS_V_BINARY:
    case INSN_CLASS_V_CONST:
    case INSN_CLASS_V_TERNARY:
    case INSN_CLASS_CONTROL:
    case INSN_CLASS_PARAMETRIC:
    case INSN_CLASS_VARIABLE:
    case INSN_CLASS_TABLE:
    case INSN_CLASS_MEMORY:
    case INSN_CLASS_REFERENCE:
        break;
    }
    return STATUS_OK;
}
_Static_assert(INSN_IMM_LANE_16 == INSN_IMM_LANE_2 + 3, "lane counts double");

enum status validate_vector(struct body *b, const struct insn_info *info)
{
    uint64_t words[2] = { 0 };
    struct memarg m = { 0 };
    TRY(immediates(b, info, words, &m));
    if (INSN_HAS_MEMARG(info))
        TRY(validate_access_operands(b, info, &m));
    else
        TRY(validate_params(b, info, 0));
    TRY(prep_vector(b, info, &m, words));
    return info->result ? operand_push(b, info->result) : STATUS_OK;
}
