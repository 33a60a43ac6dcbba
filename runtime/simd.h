/* A vector as lanes, and the few lane operators that C does not have (4.3.2, 4.3.3). Internal to runtime/; shared by
 * the interpreter's handlers alone. Lanes lie as in memory: lane 0 first, little-endian as both architectures are. */
#ifndef WARRANT_RUNTIME_SIMD_H
#define WARRANT_RUNTIME_SIMD_H

#include <stdint.h>
#include <string.h>

union v128 {
    uint8_t u8[16];
    int8_t s8[16];
    uint16_t u16[8];
    int16_t s16[8];
    uint32_t u32[4];
    int32_t s32[4];
    uint64_t u64[2];
    int64_t s64[2];
    float f32[4];
    double f64[2];
};

/* From and into two slots; a handler reads all its operands before it writes, as they may overlap with the result. */
static inline union v128 v128_get(const uint64_t *slots)
{
    union v128 v;
    memcpy(&v, slots, sizeof v);
    return v;
}
static inline void v128_put(uint64_t *slots, union v128 v) { memcpy(slots, &v, sizeof v); }

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

/* 16 of the 32 lanes of x and y. */
static inline union v128 v128_shuffle(union v128 x, union v128 y, union v128 lanes)
{
    uint8_t both[32];
    union v128 r;
    memcpy(both, &x, sizeof x);
    memcpy(both + 16, &y, sizeof y);
    for (unsigned i = 0; i < 16; i++)
        r.u8[i] = both[lanes.u8[i] & 31];
    return r;
}

/* A lane index of 16 or more gives 0. */
static inline union v128 v128_swizzle(union v128 x, union v128 lanes)
{
    union v128 r;
    for (unsigned i = 0; i < 16; i++)
        r.u8[i] = lanes.u8[i] < 16 ? x.u8[lanes.u8[i]] : 0;
    return r;
}

/* A v128 that stands in prepared code. */
static inline union v128 v128_of_units(const uint16_t *units)
{
    union v128 v;
    memcpy(&v, units, sizeof v);
    return v;
}

/* simd.c: one function per row but v128.const. pc: its instruction (prepared.h); at: the first byte of an access, else
 * NULL. */
#define INSN(code, name, text, immediate, signature, class)                                                            \
    void simd_##name(uint64_t *fp, const uint16_t *pc, uint8_t *at);
#include "runtime/opcodes_simd.def"
#undef INSN

#endif
