/* Vector instructions through the engine's own functions (runtime/simd.h), which the suite holds to the specification:
 * the operands are laid out for them as in a frame. */
#include "oracle_state.h"
#include "runtime/simd.h"

typedef void vector_fn(uint64_t *fp, const uint16_t *pc, uint8_t *at);

/* clang-format off */
#define FUNCTION(name)             [INSN_##name] = simd_##name,
#define FUNCTION_V_UNARY(name)       FUNCTION(name)
#define FUNCTION_V_BINARY(name)      FUNCTION(name)
#define FUNCTION_V_TERNARY(name)     FUNCTION(name)
#define FUNCTION_V_SHUFFLE(name)     FUNCTION(name)
#define FUNCTION_V_EXTRACT(name)     FUNCTION(name)
#define FUNCTION_V_REPLACE(name)     FUNCTION(name)
#define FUNCTION_V_LOAD(name)        FUNCTION(name)
#define FUNCTION_V_STORE(name)       FUNCTION(name)
#define FUNCTION_V_LOAD_LANE(name)   FUNCTION(name)
#define FUNCTION_V_STORE_LANE(name)  FUNCTION(name)
#define FUNCTION_V_CONST(name)

/* clang-format on */
#define INSN(code, name, text, immediate, signature, class) FUNCTION_##class(name)
static vector_fn *const functions[INSN_COUNT] = {
#include "runtime/opcodes_simd.def"
};
#undef INSN

enum { RESULT = 6 }; /* its slot, behind those of three vectors */

/* As prepared.h lays the instruction out: op A B C, then what the class needs. */
void oracle_vector(const struct insn_info *info, uint64_t *in, uint32_t lane, const uint8_t *lanes, uint8_t *at,
                   uint64_t ret[2])
{
    uint64_t fp[RESULT + 2] = { 0 };
    uint16_t second = info->params[0] == RT_V128 ? 2 : 1, pc[12] = { 0, 0, second, RESULT };
    uint16_t third = (uint16_t)(second + (info->params[1] == RT_V128 ? 2 : 1));
    memcpy(fp, in, RESULT * sizeof *fp);
    switch ((unsigned)info->class) {
    case INSN_CLASS_V_TERNARY:
        pc[4] = third;
        break;
    case INSN_CLASS_V_SHUFFLE:
        memcpy(&pc[4], lanes, 16);
        break;
    case INSN_CLASS_V_EXTRACT:
        pc[2] = (uint16_t)lane;
        break;
    case INSN_CLASS_V_REPLACE:
        pc[4] = (uint16_t)lane;
        break;
    case INSN_CLASS_V_LOAD_LANE:
        pc[6] = (uint16_t)lane;
        break;
    case INSN_CLASS_V_STORE_LANE:
        pc[6] = (uint16_t)lane;
        pc[3] = second;
        break;
    case INSN_CLASS_V_STORE:
        pc[3] = second;
        break;
    default:
        break;
    }
    functions[insn_of(info)](fp, pc, at);
    memcpy(ret, &fp[RESULT], 2 * sizeof *ret);
}
