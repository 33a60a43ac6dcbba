/* Numeric operators (4.3) where C's own do not say the same: floats with one canonical NaN, truncations with their
 * ranges, rotations. Internal to runtime/; shared by the interpreter's handlers alone. */
#ifndef WARRANT_RUNTIME_NUMERIC_H
#define WARRANT_RUNTIME_NUMERIC_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "runtime/base/platform.h"

static inline float f32_of(uint64_t slot)
{
    uint32_t bits = (uint32_t)slot;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline double f64_of(uint64_t slot)
{
    double v;
    memcpy(&v, &slot, sizeof v);
    return v;
}
static inline uint64_t f32_bits(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}
static inline uint64_t f64_bits(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}
/* An arithmetic result: a NaN becomes the canonical one, positive (4.3.3 allows it). */
static inline float f32_canonical(float v) { return LIKELY(v == v) ? v : f32_of(0x7fc00000u); }
static inline double f64_canonical(double v) { return LIKELY(v == v) ? v : f64_of(0x7ff8000000000000u); }
static inline uint32_t f32_result(float v) { return (uint32_t)f32_bits(f32_canonical(v)); }
static inline uint64_t f64_result(double v) { return f64_bits(f64_canonical(v)); }

/* min and max: NaN if either is; -0 below +0. */
#define NUMERIC_MIN_MAX(type, name)                                                                                    \
    static inline type name##_min(type x, type y)                                                                      \
    {                                                                                                                  \
        if (x != x || y != y)                                                                                          \
            return (type)NAN;                                                                                          \
        return x < y || (x == y && signbit(x)) ? x : y;                                                                \
    }                                                                                                                  \
    static inline type name##_max(type x, type y)                                                                      \
    {                                                                                                                  \
        if (x != x || y != y)                                                                                          \
            return (type)NAN;                                                                                          \
        return x > y || (x == y && !signbit(x)) ? x : y;                                                               \
    }
NUMERIC_MIN_MAX(float, f32)
NUMERIC_MIN_MAX(double, f64)

/* The builtins leave 0 undefined. */
static inline uint32_t clz32(uint32_t x) { return x == 0 ? 32 : (uint32_t)__builtin_clz(x); }
static inline uint32_t ctz32(uint32_t x) { return x == 0 ? 32 : (uint32_t)__builtin_ctz(x); }
static inline uint64_t clz64(uint64_t x) { return x == 0 ? 64 : (uint64_t)__builtin_clzll(x); }
static inline uint64_t ctz64(uint64_t x) { return x == 0 ? 64 : (uint64_t)__builtin_ctzll(x); }

static inline uint32_t extend8(uint32_t x) { return (x & 0xff) - ((x & 0x80) << 1); }
static inline uint32_t extend16(uint32_t x) { return (x & 0xffff) - ((x & 0x8000) << 1); }

static inline uint32_t rotl32(uint32_t x, uint32_t n) { return x << (n & 31) | x >> (-n & 31); }
static inline uint32_t rotr32(uint32_t x, uint32_t n) { return x >> (n & 31) | x << (-n & 31); }
static inline uint64_t rotl64(uint64_t x, uint64_t n) { return x << (n & 63) | x >> (-n & 63); }
static inline uint64_t rotr64(uint64_t x, uint64_t n) { return x >> (n & 63) | x << (-n & 63); }

/* in_range: the sources whose truncation fits, by bounds that the source type can represent exactly.
 * NAME_fits: the truncation is defined; NAME_sat: clamped, 0 for NaN. */
#define NUMERIC_TRUNCATE(name, source, target, in_range, least, greatest)                                              \
    static inline bool name##_fits(source x) { return in_range; }                                                      \
    static inline target name##_sat(source x) { return in_range ? (target)x : x != x ? 0 : x < 0 ? least : greatest; }
NUMERIC_TRUNCATE(i32_f32_s, float, int32_t, (x >= -2147483648.0f && x < 2147483648.0f), INT32_MIN, INT32_MAX)
NUMERIC_TRUNCATE(i32_f32_u, float, uint32_t, (x > -1.0f && x < 4294967296.0f), 0, UINT32_MAX)
NUMERIC_TRUNCATE(i32_f64_s, double, int32_t, (x > -2147483649.0 && x < 2147483648.0), INT32_MIN, INT32_MAX)
NUMERIC_TRUNCATE(i32_f64_u, double, uint32_t, (x > -1.0 && x < 4294967296.0), 0, UINT32_MAX)
NUMERIC_TRUNCATE(i64_f32_s, float, int64_t, (x >= -9223372036854775808.0f && x < 9223372036854775808.0f), INT64_MIN,
                 INT64_MAX)
NUMERIC_TRUNCATE(i64_f32_u, float, uint64_t, (x > -1.0f && x < 18446744073709551616.0f), 0, UINT64_MAX)
NUMERIC_TRUNCATE(i64_f64_s, double, int64_t, (x >= -9223372036854775808.0 && x < 9223372036854775808.0), INT64_MIN,
                 INT64_MAX)
NUMERIC_TRUNCATE(i64_f64_u, double, uint64_t, (x > -1.0 && x < 18446744073709551616.0), 0, UINT64_MAX)

#endif
