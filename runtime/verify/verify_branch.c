/* What a conditional jump says about the values that were compared. */
#include "runtime/verify/verify_state.h"

enum { SPAN = 34 }; /* bits: sums of such numbers do not wrap */

static bool limit_of(struct value v, enum limit *limit)
{
    if (v.symbol != SYMBOL_NONE)
        return false;
    *limit = v.region == REGION_SIZE ? LIMIT_MEMORY : v.region == REGION_TABLE_SIZE ? LIMIT_TABLE : LIMIT_FRAME;
    return v.region == REGION_SIZE || v.region == REGION_TABLE_SIZE || v.region == REGION_STACK_END;
}

/* low <= high - less. The numbers are taken as they are: the caller knows that the comparison means that. */
static void at_most(struct flow *f, struct state *s, struct value low, struct value high, uint64_t less)
{
    enum limit limit;
    if (limit_of(high, &limit)) {
        int64_t extent = low.add + (int64_t)less - high.add;
        bool frame = limit == LIMIT_FRAME;
        if (extent > 0 && low.region == (frame ? REGION_FRAME : REGION_NUMBER) && (!frame || low.symbol == SYMBOL_NONE))
            flow_learn(f, s, limit, high.param, low, (uint64_t)extent);
        if (!frame && low.shift == 0 && low.symbol && extent > 0 && low.region == REGION_NUMBER)
            flow_learn(f, s, LIMIT_MOST, 0, low, 1ull << 32); /* no memory and no table is larger */
    } else if (value_is_constant(high) && low.region == REGION_NUMBER && low.shift == 0 && low.symbol != SYMBOL_NONE) {
        int64_t most = high.add - (int64_t)less - low.add;
        if (most >= 0)
            flow_learn(f, s, LIMIT_MOST, 0, low, (uint64_t)most);
    } else if (high.region == REGION_DEPTH && value_is_constant(low) && high.symbol == SYMBOL_NONE) {
        int64_t least = low.add + (int64_t)less - high.add;
        if (least > 0)
            flow_learn(f, s, LIMIT_DEPTH, 0, value_constant(0), (uint64_t)least);
    }
}

/* Whether the value, as it was compared, is the number that it is written as: it has not wrapped, and a signed
 * comparison sees no sign. */
static bool plain(const struct flow *f, const struct state *s, struct value v, bool is_signed, uint32_t bytes)
{
    switch ((enum region)v.region) {
    case REGION_NUMBER: {
        uint64_t most = flow_most(f, s, v);
        return v.add >= 0 && v.add >> SPAN == 0 && most >> SPAN == 0 &&
               (bytes == 8 || most <= (is_signed ? (uint64_t)INT32_MAX : (uint64_t)UINT32_MAX));
    }
    case REGION_SIZE: /* at most 2^32, so that less a little it has a sign, but has not wrapped */
        return bytes == 8 && v.symbol == SYMBOL_NONE && v.add <= 0 && v.add >= (is_signed ? -(1ll << SPAN) : 0);
    case REGION_TABLE_SIZE:
        return v.symbol == SYMBOL_NONE && v.add == 0 && !is_signed;
    case REGION_STACK_END: /* an address */
        return bytes == 8 && v.symbol == SYMBOL_NONE && v.add == 0 && !is_signed;
    case REGION_FRAME: /* an address plus less than any hole in the address space */
        return bytes == 8 && v.symbol == SYMBOL_NONE && v.add >= 0 && v.add >> SPAN == 0 && !is_signed;
    case REGION_DEPTH: /* the limit is below 2^31; what was taken from it is known to have been there */
        return bytes == 4 && v.symbol == SYMBOL_NONE && !is_signed &&
               (v.add == 0 || (v.add < 0 && flow_extent(s, LIMIT_DEPTH, 0, value_constant(0)) >= (uint64_t)-v.add));
    case REGION_CONTEXT:
    case REGION_STACK:
    case REGION_SAVED:
    case REGION_GLOBALS:
    case REGION_TABLES:
    case REGION_MEMORIES:
    case REGION_FUNCTIONS:
    case REGION_HELPERS:
    case REGION_ELEM_DROPPED:
    case REGION_DATA_DROPPED:
    case REGION_MEMORY:
    case REGION_TABLE:
    case REGION_BASE:
    case REGION_PAGES:
    case REGION_ELEMENTS:
    case REGION_GLOBAL:
    case REGION_HELPER:
    case REGION_NATIVE:
    case REGION_TAIL:
    case REGION_IMAGE:
    case REGION_OFFSETS:
    case REGION_TARGET:
        return false;
    }
    return false;
}

static enum verify_condition opposite(enum verify_condition c)
{
    static const uint8_t others[] = {
        [COND_OTHER] = COND_OTHER, [COND_E] = COND_NE, [COND_NE] = COND_E, [COND_A] = COND_BE, [COND_AE] = COND_B,
        [COND_B] = COND_AE,        [COND_BE] = COND_A, [COND_G] = COND_LE, [COND_GE] = COND_L, [COND_L] = COND_GE,
        [COND_LE] = COND_G,        [COND_S] = COND_NS, [COND_NS] = COND_S
    };
    return (enum verify_condition)others[c];
}

void flow_condition(struct flow *f, struct state *s, enum verify_condition c, bool taken)
{
    struct value a = s->flags.a, b = s->flags.b;
    uint32_t bytes = s->flags.bytes;
    if (!taken)
        c = opposite(c);
    if (c >= COND_S) {
        a = s->flags.result;
        b = value_constant(0);
        bytes = s->flags.result_bytes;
        c = c == COND_S ? COND_L : COND_GE;
    }
    bool is_signed = c >= COND_G;
    if (c == COND_OTHER || bytes < 4 || !plain(f, s, a, is_signed, bytes) || !plain(f, s, b, is_signed, bytes))
        return;
    bool zero = value_is_constant(b) && b.add == 0;
    if (c == COND_A || c == COND_G || (c == COND_NE && zero))
        at_most(f, s, b, a, 1);
    else if (c == COND_AE || c == COND_GE)
        at_most(f, s, b, a, 0);
    else if (c == COND_B || c == COND_L)
        at_most(f, s, a, b, 1);
    else if (c == COND_BE || c == COND_LE || c == COND_E)
        at_most(f, s, a, b, 0);
    if (c == COND_E)
        at_most(f, s, b, a, 0);
}
