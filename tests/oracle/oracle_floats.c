/* Floats and conversions (4.3.3, 4.3.4). A result that is computed and not a number is the positive canonical NaN. */
#include "oracle_state.h"

#include <math.h>
#include <string.h>

static float f32_get(uint64_t slot)
{
    float v;
    memcpy(&v, &slot, sizeof v); /* the low half, on both architectures */
    return v;
}

static double f64_get(uint64_t slot)
{
    double v;
    memcpy(&v, &slot, sizeof v);
    return v;
}

static uint64_t f32_put(float v)
{
    uint64_t slot = 0;
    memcpy(&slot, &v, sizeof v);
    return isnan(v) ? 0x7fc00000u : slot;
}

static uint64_t f64_put(double v)
{
    uint64_t slot;
    memcpy(&slot, &v, sizeof v);
    return isnan(v) ? 0x7ff8000000000000u : slot;
}

/* clang-format off */
enum operation { EQ, NE, LT, GT, LE, GE, ABS, NEG, CEIL, FLOOR, TRUNC, NEAREST, SQRT, ADD, SUB, MUL, DIV, MIN, MAX,
                 COPYSIGN };

/* Computed in its own width; min and max say what C leaves open: a NaN wins, and -0 is below 0. */
#define OPERATE(type, name, suffix)                                                                                    \
    static type name##_operate(enum operation what, type x, type y)                                                    \
    {                                                                                                                  \
        switch ((unsigned)what) {                                                                                      \
        case CEIL: return ceil##suffix(x);                                                                             \
        case FLOOR: return floor##suffix(x);                                                                           \
        case TRUNC: return trunc##suffix(x);                                                                           \
        case NEAREST: return nearbyint##suffix(x);                                                                     \
        case SQRT: return sqrt##suffix(x);                                                                             \
        case ADD: return x + y;                                                                                        \
        case SUB: return x - y;                                                                                        \
        case MUL: return x * y;                                                                                        \
        case DIV: return x / y;                                                                                        \
        case MIN: return isnan(x) || isnan(y) ? x + y : x == y ? (signbit(x) ? x : y) : x < y ? x : y;                 \
        default: return isnan(x) || isnan(y) ? x + y : x == y ? (signbit(x) ? y : x) : x > y ? x : y;                  \
        }                                                                                                              \
    }
OPERATE(float, f32, f)
OPERATE(double, f64, )

static bool compare(enum operation what, double x, double y)
{
    switch ((unsigned)what) {
    case EQ: return x == y;
    case NE: return !(x == y);
    case LT: return x < y;
    case GT: return x > y;
    case LE: return x <= y;
    default: return x >= y;
    }
}

/* clang-format on */

/* abs, neg and copysign move the sign's bit and nothing else. */
static uint64_t move_sign(enum operation what, uint64_t x, uint64_t y, uint64_t bit)
{
    return what == ABS ? x & ~bit : what == NEG ? x ^ bit : (x & ~bit) | (y & bit);
}

static uint64_t arithmetic(enum operation what, const uint64_t *in, bool wide)
{
    if (what == ABS || what == NEG || what == COPYSIGN)
        return move_sign(what, in[0], in[1], wide ? (uint64_t)1 << 63 : 0x80000000u);
    return wide ? f64_put(f64_operate(what, f64_get(in[0]), f64_get(in[1])))
                : f32_put(f32_operate(what, f32_get(in[0]), f32_get(in[1])));
}

/* A float of 32 bits is one of 64 exactly. */
static enum rt_trap_kind to_integer(double x, unsigned bits, bool is_signed, bool saturate, uint64_t *ret)
{
    double whole = trunc(x), past = ldexp(1, (int)bits - is_signed), least = is_signed ? -past : 0;
    uint64_t top = (uint64_t)1 << (bits - 1), mask = top | (top - 1);
    if (!saturate && isnan(x))
        return RT_TRAP_INVALID_CONVERSION;
    if (!saturate && (whole < least || whole >= past))
        return RT_TRAP_INTEGER_OVERFLOW;
    if (isnan(x))
        *ret = 0;
    else if (whole < least)
        *ret = is_signed ? top : 0;
    else if (whole >= past)
        *ret = is_signed ? top - 1 : mask;
    else
        *ret = is_signed ? (uint64_t)(int64_t)whole & mask : (uint64_t)whole;
    return RT_TRAP_NONE;
}

static bool truncation(enum insn insn, uint64_t x, uint64_t *ret, enum rt_trap_kind *ret_trap)
{
    static const struct {
        uint16_t insn;
        uint8_t bits;
        bool is_signed, saturate, wide;
    } all[] = {
        { INSN_I32_TRUNC_F32_S, 32, true, false, false },    { INSN_I32_TRUNC_F32_U, 32, false, false, false },
        { INSN_I32_TRUNC_F64_S, 32, true, false, true },     { INSN_I32_TRUNC_F64_U, 32, false, false, true },
        { INSN_I64_TRUNC_F32_S, 64, true, false, false },    { INSN_I64_TRUNC_F32_U, 64, false, false, false },
        { INSN_I64_TRUNC_F64_S, 64, true, false, true },     { INSN_I64_TRUNC_F64_U, 64, false, false, true },
        { INSN_I32_TRUNC_SAT_F32_S, 32, true, true, false }, { INSN_I32_TRUNC_SAT_F32_U, 32, false, true, false },
        { INSN_I32_TRUNC_SAT_F64_S, 32, true, true, true },  { INSN_I32_TRUNC_SAT_F64_U, 32, false, true, true },
        { INSN_I64_TRUNC_SAT_F32_S, 64, true, true, false }, { INSN_I64_TRUNC_SAT_F32_U, 64, false, true, false },
        { INSN_I64_TRUNC_SAT_F64_S, 64, true, true, true },  { INSN_I64_TRUNC_SAT_F64_U, 64, false, true, true },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].insn == insn) {
            double from = all[i].wide ? f64_get(x) : (double)f32_get(x);
            *ret_trap = to_integer(from, all[i].bits, all[i].is_signed, all[i].saturate, ret);
            return true;
        }
    return false;
}

/* clang-format off */
static bool conversion(enum insn insn, uint64_t x, uint64_t *ret)
{
    switch ((unsigned)insn) {
    case INSN_I32_WRAP_I64: *ret = x & UINT32_MAX; return true;
    case INSN_I64_EXTEND_I32_S: *ret = (uint64_t)(int64_t)(int32_t)x; return true;
    case INSN_F32_CONVERT_I32_S: *ret = f32_put((float)(int32_t)x); return true;
    case INSN_F32_CONVERT_I32_U: *ret = f32_put((float)(uint32_t)x); return true;
    case INSN_F32_CONVERT_I64_S: *ret = f32_put((float)(int64_t)x); return true;
    case INSN_F32_CONVERT_I64_U: *ret = f32_put((float)x); return true;
    case INSN_F32_DEMOTE_F64: *ret = f32_put((float)f64_get(x)); return true;
    case INSN_F64_CONVERT_I32_S: *ret = f64_put((int32_t)x); return true;
    case INSN_F64_CONVERT_I32_U: *ret = f64_put((uint32_t)x); return true;
    case INSN_F64_CONVERT_I64_S: *ret = f64_put((double)(int64_t)x); return true;
    case INSN_F64_CONVERT_I64_U: *ret = f64_put((double)x); return true;
    case INSN_F64_PROMOTE_F32: *ret = f64_put((double)f32_get(x)); return true;
    case INSN_I32_EXTEND8_S: *ret = (uint64_t)(int8_t)x & UINT32_MAX; return true;
    case INSN_I32_EXTEND16_S: *ret = (uint64_t)(int16_t)x & UINT32_MAX; return true;
    case INSN_I64_EXTEND8_S: *ret = (uint64_t)(int8_t)x; return true;
    case INSN_I64_EXTEND16_S: *ret = (uint64_t)(int16_t)x; return true;
    case INSN_I64_EXTEND32_S: *ret = (uint64_t)(int32_t)x; return true;
    case INSN_I64_EXTEND_I32_U:
    case INSN_I32_REINTERPRET_F32:
    case INSN_I64_REINTERPRET_F64:
    case INSN_F32_REINTERPRET_I32:
    case INSN_F64_REINTERPRET_I64: *ret = x; return true;
    default: return false;
    }
}

/* clang-format on */
/* The enumeration above follows the opcode table. */
_Static_assert(INSN_F32_GE - INSN_F32_EQ == GE && INSN_F64_GE - INSN_F64_EQ == GE &&
                   INSN_F32_COPYSIGN - INSN_F32_ABS == COPYSIGN - ABS &&
                   INSN_F64_COPYSIGN - INSN_F64_ABS == COPYSIGN - ABS,
               "operations stand in the table's order");

bool oracle_float(enum insn insn, const uint64_t *in, uint64_t *ret, enum rt_trap_kind *ret_trap)
{
    *ret_trap = RT_TRAP_NONE;
    if (insn >= INSN_F32_EQ && insn <= INSN_F32_GE)
        *ret = compare(EQ + (insn - INSN_F32_EQ), (double)f32_get(in[0]), (double)f32_get(in[1]));
    else if (insn >= INSN_F64_EQ && insn <= INSN_F64_GE)
        *ret = compare(EQ + (insn - INSN_F64_EQ), f64_get(in[0]), f64_get(in[1]));
    else if (insn >= INSN_F32_ABS && insn <= INSN_F32_COPYSIGN)
        *ret = arithmetic(ABS + (insn - INSN_F32_ABS), in, false);
    else if (insn >= INSN_F64_ABS && insn <= INSN_F64_COPYSIGN)
        *ret = arithmetic(ABS + (insn - INSN_F64_ABS), in, true);
    else
        return truncation(insn, in[0], ret, ret_trap) || conversion(insn, in[0], ret);
    return true;
}
