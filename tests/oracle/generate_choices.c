/* Choices, and values at edges. */
#include "generate.h"

#include <string.h>

void choices_init(struct choices *c, const uint8_t *bytes, size_t size)
{
    *c = (struct choices) { .bytes = bytes, .size = size, .state = 0xcbf29ce484222325u };
    for (size_t i = 0; i < size; i++)
        c->state = (c->state ^ bytes[i]) * 0x100000001b3u;
}

static uint64_t next(struct choices *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint8_t choose_byte(struct choices *c) { return c->at < c->size ? c->bytes[c->at++] : (uint8_t)next(c); }

uint32_t choose(struct choices *c, uint32_t count)
{
    uint32_t v = choose_byte(c);
    if (count > 256)
        v = v << 8 | choose_byte(c);
    return v % count;
}

uint64_t choose_bits(struct choices *c)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | choose_byte(c);
    return v;
}

static const uint64_t integers[] = { 0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     7,
                                     8,
                                     15,
                                     16,
                                     31,
                                     32,
                                     33,
                                     63,
                                     64,
                                     127,
                                     128,
                                     255,
                                     256,
                                     32767,
                                     32768,
                                     65535,
                                     65536,
                                     0x7fffffff,
                                     0x80000000,
                                     0xfffffffe,
                                     0xffffffff,
                                     0x100000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0xffffffffffff8000,
                                     0xffffffffffff7fff,
                                     0xffff8000,
                                     0xffff7fff,
                                     0xffffffffffffffff,
                                     0xaaaaaaaaaaaaaaaa };
static const double floats[] = { 0.0,
                                 1.0,
                                 0.5,
                                 1.5,
                                 2.5,
                                 3e-39,
                                 1e-310,
                                 127.9,
                                 2147483647.0,
                                 2147483648.0,
                                 4294967295.0,
                                 4294967296.0,
                                 9223372036854775808.0,
                                 18446744073709551616.0,
                                 1e30,
                                 3.5e38,
                                 1e300 };

static uint64_t choose_f64(struct choices *c)
{
    static const uint64_t special[] = { 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
                                        0x7ff800000000beef };
    uint64_t bits;
    uint32_t which = choose(c, 8);
    if (which == 0)
        return choose_bits(c);
    if (which == 1)
        bits = special[choose(c, 4)];
    else
        memcpy(&bits, &floats[choose(c, sizeof floats / sizeof *floats)], sizeof bits);
    return choose(c, 3) == 0 ? bits | (uint64_t)1 << 63 : bits;
}

static uint64_t choose_f32(struct choices *c)
{
    static const uint32_t special[] = { 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fc0beef };
    uint32_t bits, which = choose(c, 8);
    if (which == 0)
        return (uint32_t)choose_bits(c);
    if (which == 1) {
        bits = special[choose(c, 4)];
    } else {
        float v = (float)floats[choose(c, sizeof floats / sizeof *floats)];
        memcpy(&bits, &v, sizeof bits);
    }
    return choose(c, 3) == 0 ? bits | 0x80000000u : bits;
}

static uint64_t choose_integer(struct choices *c)
{
    uint32_t which = choose(c, 4);
    if (which == 0)
        return choose_bits(c);
    return which == 1 ? choose_byte(c) : integers[choose(c, sizeof integers / sizeof *integers)];
}

void choose_value(struct choices *c, uint32_t type, uint64_t ret[2])
{
    switch (type) {
    case RT_I32:
        ret[0] = (uint32_t)choose_integer(c);
        return;
    case RT_I64:
        ret[0] = choose_integer(c);
        return;
    case RT_F32:
        ret[0] = choose_f32(c);
        return;
    case RT_F64:
        ret[0] = choose_f64(c);
        return;
    case RT_V128: {
        uint32_t lanes = choose(c, 4);
        for (int i = 0; i < 2; i++)
            ret[i] = lanes == 0 ? choose_f64(c) : lanes == 1 ? choose_f32(c) | choose_f32(c) << 32 : choose_integer(c);
        return;
    }
    case RT_EXTERNREF:
        ret[0] = choose(c, 3);
        return;
    default:
        ret[0] = 0;
        return;
    }
}
