/* The opcode table turned into arrays: by enumerator, and by code for the decoder. Signature texts become types at
 * compile time. Instructions of later proposals are known by name only, so that a refusal can say what the module
 * needs. */
#include "runtime/opcodes.h"

#include <stddef.h>
#include "runtime/prepared.h"
#include "runtime/rt.h"

#define TYPE_OF(c)                                                                                                     \
    ((c) == 'i' ? RT_I32 : (c) == 'I' ? RT_I64 : (c) == 'f' ? RT_F32 : (c) == 'F' ? RT_F64 : (c) == 'v' ? RT_V128 : 0)
#define CHAR_AT(s, i) (s "   ")[i]
#define COLON_AT(s)                                                                                                    \
    (CHAR_AT(s, 0) == ':' || CHAR_AT(s, 0) == '-' ? 0 : CHAR_AT(s, 1) == ':' ? 1 : CHAR_AT(s, 2) == ':' ? 2 : 3)
#define RESULT_OF(s) (CHAR_AT(s, 0) == '-' ? 0 : TYPE_OF(CHAR_AT(s, COLON_AT(s) + 1)))

#define CLASS_PREPARED_UNARY(name)         P_##name##_S
#define CLASS_PREPARED_BINARY(name)        P_##name##_SS
#define CLASS_PREPARED_INTEGER(name)       P_##name##_SS
#define CLASS_PREPARED_DIVIDE(name)        P_##name##_SS
#define CLASS_PREPARED_COMPARE(name)       P_##name##_SS
#define CLASS_PREPARED_COMPARE_FLOAT(name) P_##name##_SS
#define CLASS_PREPARED_TEST(name)          0
#define CLASS_PREPARED_TRUNCATE(name)      P_##name##_S
#define CLASS_PREPARED_REINTERPRET(name)   0
#define CLASS_PREPARED_LOAD(name)          P_##name##_S
#define CLASS_PREPARED_STORE(name)         P_##name##_SS
#define CLASS_PREPARED_CONST(name)         0
#define CLASS_PREPARED_V_UNARY(name)       P_##name
#define CLASS_PREPARED_V_BINARY(name)      P_##name
#define CLASS_PREPARED_V_TERNARY(name)     P_##name
#define CLASS_PREPARED_V_SHUFFLE(name)     P_##name
#define CLASS_PREPARED_V_EXTRACT(name)     P_##name
#define CLASS_PREPARED_V_REPLACE(name)     P_##name
#define CLASS_PREPARED_V_LOAD(name)        P_##name
#define CLASS_PREPARED_V_STORE(name)       P_##name
#define CLASS_PREPARED_V_LOAD_LANE(name)   P_##name
#define CLASS_PREPARED_V_STORE_LANE(name)  P_##name
#define CLASS_PREPARED_V_CONST(name)       0
#define CLASS_PREPARED_CONTROL(name)       0
#define CLASS_PREPARED_PARAMETRIC(name)    0
#define CLASS_PREPARED_VARIABLE(name)      0
#define CLASS_PREPARED_TABLE(name)         0
#define CLASS_PREPARED_MEMORY(name)        0
#define CLASS_PREPARED_REFERENCE(name)     0

#define INSN(number, name, text_, immediate_, s, class_)                                                               \
    [INSN_##name] = { .text = text_,                                                                                   \
                      .code = number,                                                                                  \
                      .immediate = INSN_IMM_##immediate_,                                                              \
                      .class = INSN_CLASS_##class_,                                                                    \
                      .param_count = COLON_AT(s),                                                                      \
                      .params = { TYPE_OF(CHAR_AT(s, 0)), COLON_AT(s) > 1 ? TYPE_OF(CHAR_AT(s, 1)) : 0,                \
                                  COLON_AT(s) > 2 ? TYPE_OF(CHAR_AT(s, 2)) : 0 },                                      \
                      .commutes = CHAR_AT(s, COLON_AT(s) + 2) == '=',                                                  \
                      .result = RESULT_OF(s),                                                                          \
                      .prepared = CLASS_PREPARED_##class_(name) },
const struct insn_info insn_infos[INSN_COUNT] = {
#include "runtime/opcodes.def"
};
#undef INSN

#define INSN(number, name, text, immediate, signature, class)                                                          \
    [(number) < 256         ? (number)                                                                                 \
        : (number) < 0xfd00 ? 256 + ((number) & 0xff)                                                                  \
                            : 512 + ((number) & 0xff)] = INSN_##name + 1,
const uint16_t insn_by_code[INSN_CODES] = {
#include "runtime/opcodes.def"
};
#undef INSN

const char *insn_proposal(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        const char *proposal;
    } later[] = {
        { 0x06, 0x0a, "exception handling" },
        { 0x14, 0x15, "function references" },
        { 0x18, 0x19, "exception handling" },
        { 0x1f, 0x1f, "exception handling" },
        { 0xd3, 0xd3, "garbage collection" },
        { 0xd4, 0xd6, "function references" },
        { 0xe0, 0xe6, "stack switching" },
        { 0xfb00, 0xfb1f, "garbage collection" },
        { 0xfb20, 0xfb2f, "custom descriptors" },
        { 0xfb80, 0xfbb7, "reference-typed strings" },
        { 0xfc13, 0xfc16, "wide arithmetic" },
        { INSN_CODE_RELAXED_SIMD, INSN_CODE_RELAXED_SIMD, "relaxed SIMD" },
        { 0xfe00, 0xfeff, "threads" },
    };
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (code >= later[i].first && code <= later[i].last)
            return later[i].proposal;
    return NULL;
}
