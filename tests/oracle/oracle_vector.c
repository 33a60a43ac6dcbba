/* Vector instructions through the engine's own functions (runtime/simd.h), which the suite holds to the specification:
 * the operands are laid out for them as in a frame. */
#include "oracle_state.h"
#include "runtime/simd.h"

typedef void vector_fn(uint64_t *fp, const uint64_t *pc, uint64_t w, uint8_t *at);

/* clang-format off */
#define FUNCTION(name)             [OP_##name] = simd_##name,
#define FUNCTION_UNARY(name)       FUNCTION(name)
#define FUNCTION_BINARY(name)      FUNCTION(name)
#define FUNCTION_TERNARY(name)     FUNCTION(name)
#define FUNCTION_SHUFFLE(name)     FUNCTION(name)
#define FUNCTION_EXTRACT(name)     FUNCTION(name)
#define FUNCTION_REPLACE(name)     FUNCTION(name)
#define FUNCTION_LOAD(name)        FUNCTION(name)
#define FUNCTION_STORE(name)       FUNCTION(name)
#define FUNCTION_LOAD_LANE(name)   FUNCTION(name)
#define FUNCTION_STORE_LANE(name)  FUNCTION(name)
#define FUNCTION_CONST(name)

/* clang-format on */
#define OP(code, name, text, immediate, signature, class) FUNCTION_##class(name)
static vector_fn *const functions[OP_COUNT] = {
#include "runtime/opcodes_simd.def"
};
#undef OP

enum { RESULT = 6 }; /* its slot, behind those of three vectors */

static uint64_t word(uint32_t a, uint32_t b, uint32_t c)
{
    return (uint64_t)a << 16 | (uint64_t)b << 32 | (uint64_t)c << 48;
}

void oracle_vector(const struct op_info *info, uint64_t *in, uint32_t lane, const uint8_t *lanes, uint8_t *at,
                   uint64_t ret[2])
{
    uint64_t fp[RESULT + 2] = { 0 }, pc[3] = { 0 };
    uint32_t second = info->params[0] == RT_V128 ? 2 : 1;
    uint32_t third = second + (info->params[1] == RT_V128 ? 2 : 1);
    uint32_t b = second, c = RESULT;
    memcpy(fp, in, RESULT * sizeof *fp);
    pc[1] = lane;
    switch ((unsigned)info->class) {
    case OP_CLASS_TERNARY:
        pc[1] = third;
        break;
    case OP_CLASS_SHUFFLE:
        memcpy(&pc[1], lanes, 16);
        break;
    case OP_CLASS_EXTRACT:
        b = lane;
        break;
    case OP_CLASS_STORE:
    case OP_CLASS_STORE_LANE:
        c = second;
        break;
    default:
        break;
    }
    functions[op_of(info)](fp, pc, word(0, b, c), at);
    memcpy(ret, &fp[RESULT], 2 * sizeof *ret);
}
