/* Decodes (Zydis), and decides by verify_kinds.def what may stand in compiled code at all. */
#include "runtime/verify/verify_insn.h"

#include <Zydis/Zydis.h>
#include <string.h>

#define NOTHING(name)
static const bool categories[ZYDIS_CATEGORY_MAX_VALUE + 1] = {
#define CATEGORY(name) [ZYDIS_CATEGORY_##name] = true,
#define ONLY           NOTHING
#define NEVER          NOTHING
#include "runtime/verify/verify_kinds.def"
#undef CATEGORY
#undef ONLY
#undef NEVER
};
enum { BY_CATEGORY, ALWAYS_LISTED, NEVER_LISTED };
static const uint8_t mnemonics[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
#define CATEGORY    NOTHING
#define ONLY(name)  [ZYDIS_MNEMONIC_##name] = ALWAYS_LISTED,
#define NEVER(name) [ZYDIS_MNEMONIC_##name] = NEVER_LISTED,
#include "runtime/verify/verify_kinds.def"
#undef CATEGORY
#undef ONLY
#undef NEVER
};

static bool listed(const ZydisDecodedInstruction *i)
{
    uint8_t alone = mnemonics[i->mnemonic];
    return alone == BY_CATEGORY ? categories[i->meta.category] : alone == ALWAYS_LISTED;
}

static const struct {
    uint16_t mnemonic;
    uint8_t kind, condition;
} kinds[] = {
    { ZYDIS_MNEMONIC_MOV, STEP_MOV, 0 },          { ZYDIS_MNEMONIC_MOVZX, STEP_MOVZX, 0 },
    { ZYDIS_MNEMONIC_MOVSXD, STEP_MOVSX, 0 },     { ZYDIS_MNEMONIC_LEA, STEP_LEA, 0 },
    { ZYDIS_MNEMONIC_ADD, STEP_ADD, 0 },          { ZYDIS_MNEMONIC_SUB, STEP_SUB, 0 },
    { ZYDIS_MNEMONIC_INC, STEP_INC, 0 },          { ZYDIS_MNEMONIC_DEC, STEP_DEC, 0 },
    { ZYDIS_MNEMONIC_AND, STEP_AND, 0 },          { ZYDIS_MNEMONIC_XOR, STEP_XOR, 0 },
    { ZYDIS_MNEMONIC_SHL, STEP_SHL, 0 },          { ZYDIS_MNEMONIC_SHR, STEP_SHR, 0 },
    { ZYDIS_MNEMONIC_BEXTR, STEP_BEXTR, 0 },      { ZYDIS_MNEMONIC_CMP, STEP_CMP, 0 },
    { ZYDIS_MNEMONIC_TEST, STEP_TEST, 0 },        { ZYDIS_MNEMONIC_PUSH, STEP_PUSH, 0 },
    { ZYDIS_MNEMONIC_POP, STEP_POP, 0 },          { ZYDIS_MNEMONIC_CALL, STEP_CALL, 0 },
    { ZYDIS_MNEMONIC_RET, STEP_RET, 0 },          { ZYDIS_MNEMONIC_JMP, STEP_JMP, 0 },
    { ZYDIS_MNEMONIC_UD2, STEP_END, 0 },          { ZYDIS_MNEMONIC_JZ, STEP_JCC, COND_E },
    { ZYDIS_MNEMONIC_JNZ, STEP_JCC, COND_NE },    { ZYDIS_MNEMONIC_JNBE, STEP_JCC, COND_A },
    { ZYDIS_MNEMONIC_JNB, STEP_JCC, COND_AE },    { ZYDIS_MNEMONIC_JB, STEP_JCC, COND_B },
    { ZYDIS_MNEMONIC_JBE, STEP_JCC, COND_BE },    { ZYDIS_MNEMONIC_JNLE, STEP_JCC, COND_G },
    { ZYDIS_MNEMONIC_JNL, STEP_JCC, COND_GE },    { ZYDIS_MNEMONIC_JL, STEP_JCC, COND_L },
    { ZYDIS_MNEMONIC_JLE, STEP_JCC, COND_LE },    { ZYDIS_MNEMONIC_JS, STEP_JCC, COND_S },
    { ZYDIS_MNEMONIC_JNS, STEP_JCC, COND_NS },    { ZYDIS_MNEMONIC_JO, STEP_JCC, COND_OTHER },
    { ZYDIS_MNEMONIC_JNO, STEP_JCC, COND_OTHER }, { ZYDIS_MNEMONIC_JP, STEP_JCC, COND_OTHER },
    { ZYDIS_MNEMONIC_JNP, STEP_JCC, COND_OTHER },
};

static uint8_t register_number(ZydisRegister r)
{
    if (r == ZYDIS_REGISTER_NONE)
        return VERIFY_NONE;
    ZydisRegister wide = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);
    if (wide >= ZYDIS_REGISTER_RAX && wide <= ZYDIS_REGISTER_R15)
        return (uint8_t)(wide - ZYDIS_REGISTER_RAX);
    return r == ZYDIS_REGISTER_RIP ? VERIFY_RIP : VERIFY_NONE;
}

static const char *memory_operand(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *o,
                                  struct verify_insn *ret)
{
    const ZydisDecodedOperandMem *m = &o->mem;
    bool address_only = m->type == ZYDIS_MEMOP_TYPE_AGEN;
    if (m->type != ZYDIS_MEMOP_TYPE_MEM && !address_only)
        return "memory that is addressed by a vector";
    if (m->segment == ZYDIS_REGISTER_FS || m->segment == ZYDIS_REGISTER_GS)
        return "memory through a segment";
    if (i->address_width != 64)
        return "an address of 32 bits";
    if (ret->has_memory)
        return "two memory operands";
    ret->base = register_number(m->base);
    ret->index = register_number(m->index);
    if ((m->base != ZYDIS_REGISTER_NONE && ret->base == VERIFY_NONE) ||
        (m->index != ZYDIS_REGISTER_NONE && ret->index >= VERIFY_REGISTERS))
        return "memory that is addressed by an unknown register";
    ret->scale = m->scale;
    ret->displacement = m->disp.has_displacement ? m->disp.value : 0;
    if (ret->base == VERIFY_RIP)
        ret->displacement += ret->at + ret->length;
    ret->has_memory = true;
    ret->bytes = o->size / 8;
    if (!address_only) {
        ret->reads = (o->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
        ret->writes = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    }
    return NULL;
}

/* Registers that are none of these are part of no computation. */
static const char *register_operand(const ZydisDecodedOperand *o, struct verify_insn *ret)
{
    ZydisRegisterClass class = ZydisRegisterGetClass(o->reg.value);
    bool written = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    switch ((int)class) {
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
        if (written)
            ret->clobbers32 |= (uint16_t)(1u << (register_number(o->reg.value) & 15u));
        return NULL;
    case ZYDIS_REGCLASS_GPR64:
        if (written)
            ret->clobbers |= (uint16_t)(1u << (register_number(o->reg.value) & 15u));
        return NULL;
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM:
    case ZYDIS_REGCLASS_MASK:
    case ZYDIS_REGCLASS_FLAGS:
    case ZYDIS_REGCLASS_IP:
        return NULL;
    default:
        return o->reg.value == ZYDIS_REGISTER_MXCSR && !written ? NULL : "a register that is not for computing";
    }
}

static void explicit_operand(const ZydisDecodedOperand *o, struct verify_operand *ret)
{
    ret->bytes = (uint8_t)(o->size / 8);
    ret->written = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
        ret->kind = OPERAND_MEM;
    } else if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        ret->kind = OPERAND_IMM;
        ret->value = o->imm.value.s;
    } else {
        uint8_t number = register_number(o->reg.value);
        ret->kind = number < VERIFY_REGISTERS ? OPERAND_REG : OPERAND_VECTOR;
        ret->reg = number;
        ret->high = o->reg.value >= ZYDIS_REGISTER_AH && o->reg.value <= ZYDIS_REGISTER_BH;
    }
}

static const char *operand(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *o, uint8_t number,
                           struct verify_insn *ret)
{
    bool hidden = o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
    bool stack = ret->kind == STEP_PUSH || ret->kind == STEP_POP || ret->kind == STEP_CALL || ret->kind == STEP_RET;
    if (hidden && stack)
        return NULL; /* its own rule */
    if (number < 3 && !hidden)
        explicit_operand(o, &ret->op[number]);
    if (o->type == ZYDIS_OPERAND_TYPE_MEMORY)
        return memory_operand(i, o, ret);
    if (o->type == ZYDIS_OPERAND_TYPE_REGISTER)
        return register_operand(o, ret);
    return o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? NULL : "an operand of another form";
}

static void kind_of(const ZydisDecodedInstruction *i, struct verify_insn *ret)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].mnemonic == i->mnemonic) {
            ret->kind = kinds[k].kind;
            ret->condition = kinds[k].condition;
        }
    if (i->meta.category == ZYDIS_CATEGORY_CMOV)
        ret->kind = STEP_CMOV;
}

/* What an operand does not say: a bit's number in a register leads beyond the memory that is named, and a push of 16
 * bits moves the stack by as many. */
static const char *beyond(const ZydisDecodedInstruction *i, const struct verify_insn *insn)
{
    bool bits = i->mnemonic == ZYDIS_MNEMONIC_BT || i->mnemonic == ZYDIS_MNEMONIC_BTS ||
                i->mnemonic == ZYDIS_MNEMONIC_BTR || i->mnemonic == ZYDIS_MNEMONIC_BTC;
    if (bits && insn->has_memory && insn->op[1].kind != OPERAND_IMM)
        return "a bit of memory by its number";
    bool stack = insn->kind == STEP_PUSH || insn->kind == STEP_POP;
    return stack && i->operand_width != 64 ? "a push or pop of less than a word" : NULL;
}

static const char *transfers(const ZydisDecodedInstruction *i, struct verify_insn *ret)
{
    bool jumps = i->meta.category == ZYDIS_CATEGORY_CALL || i->meta.category == ZYDIS_CATEGORY_COND_BR ||
                 i->meta.category == ZYDIS_CATEGORY_UNCOND_BR || i->meta.category == ZYDIS_CATEGORY_RET;
    ret->target = UINT32_MAX;
    if (!jumps)
        return NULL;
    if (ret->kind != STEP_CALL && ret->kind != STEP_JCC && ret->kind != STEP_JMP && ret->kind != STEP_RET)
        return "a jump of another kind";
    if (i->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        return "a far jump";
    if (i->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE)
        return "a jump that processors disagree about";
    if (ret->kind == STEP_RET)
        return NULL;
    if (ret->op[0].kind == OPERAND_IMM) {
        int64_t target = (int64_t)ret->at + ret->length + ret->op[0].value;
        if (target < 0 || target >= UINT32_MAX)
            return "a jump out of the text";
        ret->target = (uint32_t)target;
    }
    return NULL;
}

const char *verify_decode(const uint8_t *text, uint32_t at, uint32_t end, struct verify_insn *ret)
{
    static const ZydisDecoder decoder = { .machine_mode = ZYDIS_MACHINE_MODE_LONG_64,
                                          .stack_width = ZYDIS_STACK_WIDTH_64,
                                          .decoder_mode = { [ZYDIS_DECODER_MODE_MPX] = ZYAN_TRUE,
                                                            [ZYDIS_DECODER_MODE_CET] = ZYAN_TRUE,
                                                            [ZYDIS_DECODER_MODE_LZCNT] = ZYAN_TRUE,
                                                            [ZYDIS_DECODER_MODE_TZCNT] = ZYAN_TRUE,
                                                            [ZYDIS_DECODER_MODE_WBNOINVD] = ZYAN_TRUE,
                                                            [ZYDIS_DECODER_MODE_CLDEMOTE] = ZYAN_TRUE } };
    ZydisDecodedInstruction i;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    *ret = (struct verify_insn) { .at = at, .base = VERIFY_NONE, .index = VERIFY_NONE };
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, text + at, end - at, &i, operands)))
        return "bytes that are no instruction";
    ret->length = i.length;
    if (!listed(&i) || (i.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED))
        return "an instruction that is not listed";
    kind_of(&i, ret);
    ret->pads = i.meta.category == ZYDIS_CATEGORY_NOP || i.meta.category == ZYDIS_CATEGORY_WIDENOP;
    ret->target = UINT32_MAX;
    if (ret->pads)
        return NULL;
    for (uint8_t o = 0; o < i.operand_count; o++) {
        const char *why = operand(&i, &operands[o], o, ret);
        if (why)
            return why;
    }
    const char *why_not = beyond(&i, ret);
    if (why_not)
        return why_not;
    const ZydisAccessedFlags *flags = i.cpu_flags;
    ret->sets_flags = flags && (flags->modified | flags->set_0 | flags->set_1 | flags->undefined);
    return transfers(&i, ret);
}
