/* Integer instructions (4.3.2), written plainly: one line each, bits counted by loops. */
#include "oracle_state.h"

static uint64_t leading(uint64_t x, unsigned bits)
{
    unsigned n = 0;
    while (n < bits && !(x >> (bits - 1 - n) & 1))
        n++;
    return n;
}

static uint64_t trailing(uint64_t x, unsigned bits)
{
    unsigned n = 0;
    while (n < bits && !(x >> n & 1))
        n++;
    return n;
}

static uint64_t ones(uint64_t x)
{
    uint64_t n = 0;
    for (; x; x >>= 1)
        n += x & 1;
    return n;
}

/* The low `bits` of x as a signed number. */
static int64_t sign(uint64_t x, unsigned bits)
{
    int64_t v = 0;
    for (unsigned i = 0; i < 64; i++)
        if (x >> (i < bits ? i : bits - 1) & 1)
            v |= (int64_t)((uint64_t)1 << i);
    return v;
}

static uint64_t rotate(uint64_t x, uint64_t left, unsigned bits)
{
    uint64_t mask = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    for (uint64_t n = left % bits; n > 0; n--)
        x = (x << 1 | x >> (bits - 1)) & mask;
    return x;
}

/* clang-format off */
enum operation { EQZ, EQ, NE, LT_S, LT_U, GT_S, GT_U, LE_S, LE_U, GE_S, GE_U, CLZ, CTZ, POPCNT, ADD, SUB, MUL, DIV_S,
                 DIV_U, REM_S, REM_U, AND, OR, XOR, SHL, SHR_S, SHR_U, ROTL, ROTR };
/* clang-format on */

static enum rt_trap_kind divide(enum operation what, uint64_t x, uint64_t y, unsigned bits, uint64_t *ret)
{
    int64_t sx = sign(x, bits), sy = sign(y, bits), least = bits == 64 ? INT64_MIN : INT32_MIN;
    if (y == 0)
        return RT_TRAP_DIVIDE_BY_ZERO;
    if (what == DIV_S && sx == least && sy == -1)
        return RT_TRAP_INTEGER_OVERFLOW;
    if (what == DIV_S)
        *ret = (uint64_t)(sx / sy);
    else if (what == REM_S)
        *ret = sy == -1 ? 0 : (uint64_t)(sx % sy);
    else
        *ret = what == DIV_U ? x / y : x % y;
    return RT_TRAP_NONE;
}

/* clang-format off */
static uint64_t operate(enum operation what, uint64_t x, uint64_t y, unsigned bits)
{
    int64_t sx = sign(x, bits), sy = sign(y, bits);
    switch ((unsigned)what) {
    case EQZ: return x == 0;
    case EQ: return x == y;
    case NE: return x != y;
    case LT_S: return sx < sy;
    case LT_U: return x < y;
    case GT_S: return sx > sy;
    case GT_U: return x > y;
    case LE_S: return sx <= sy;
    case LE_U: return x <= y;
    case GE_S: return sx >= sy;
    case GE_U: return x >= y;
    case CLZ: return leading(x, bits);
    case CTZ: return trailing(x, bits);
    case POPCNT: return ones(x);
    case ADD: return x + y;
    case SUB: return x - y;
    case MUL: return x * y;
    case AND: return x & y;
    case OR: return x | y;
    case XOR: return x ^ y;
    case SHL: return x << y % bits;
    case SHR_S: return (uint64_t)(sx >> y % bits);
    case SHR_U: return x >> y % bits;
    case ROTL: return rotate(x, y, bits);
    default: return rotate(x, bits - y % bits, bits);
    }
}
/* clang-format on */
/* The enumeration above follows the opcode table. */
_Static_assert(INSN_I32_GE_U - INSN_I32_EQZ == GE_U && INSN_I64_GE_U - INSN_I64_EQZ == GE_U &&
                   INSN_I32_ROTR - INSN_I32_CLZ == ROTR - CLZ && INSN_I64_ROTR - INSN_I64_CLZ == ROTR - CLZ,
               "operations stand in the table's order");

static bool within(unsigned op, unsigned first, unsigned last) { return op >= first && op <= last; }

bool oracle_integer(enum insn insn, const uint64_t *in, uint64_t *ret, enum rt_trap_kind *ret_trap)
{
    unsigned bits = 32;
    enum operation what;
    *ret_trap = RT_TRAP_NONE;
    if (within(insn, INSN_I32_EQZ, INSN_I32_GE_U))
        what = EQZ + (insn - INSN_I32_EQZ);
    else if (within(insn, INSN_I32_CLZ, INSN_I32_ROTR))
        what = CLZ + (insn - INSN_I32_CLZ);
    else if (within(insn, INSN_I64_EQZ, INSN_I64_GE_U))
        what = EQZ + (insn - INSN_I64_EQZ), bits = 64;
    else if (within(insn, INSN_I64_CLZ, INSN_I64_ROTR))
        what = CLZ + (insn - INSN_I64_CLZ), bits = 64;
    else
        return false;
    if (within(what, DIV_S, REM_U))
        *ret_trap = divide(what, in[0], in[1], bits, ret);
    else
        *ret = operate(what, in[0], in[1], bits);
    if (bits == 32)
        *ret = (uint32_t)*ret;
    return true;
}
