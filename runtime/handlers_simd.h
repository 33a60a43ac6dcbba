/* The handlers for vectors, one per row of opcodes_simd.def, as functions: SIMD_FUNCTION(name) says how they begin. A
 * line says what lane i of the result is, in terms of the operands' lanes x.f[i] and y.f[i]; integers wrap, so they are
 * unsigned where it matters.
 * Results of float arithmetic are canonical lane by lane, as numbers' are; what only moves or selects bits keeps them.
 */
/* clang-format off */
#define A (pc[1])
#define B (pc[2])
#define C (pc[3])

/* r.FIELD[i] = lane for each i below n. */
#define EACH(n, field, lane)                                                                                           \
    for (size_t i = 0; i < (n); i++)                                                                                 \
        r.field[i] = (__typeof__(r.field[0]))(lane)
#define V_UNARY(name, n, field, lane)                                                                                  \
    SIMD_FUNCTION(name) { union v128 x = v128_get(&fp[A]), r; EACH(n, field, lane); v128_put(&fp[C], r); }
#define V_BINARY(name, n, field, lane)                                                                                 \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 x = v128_get(&fp[A]), y = v128_get(&fp[B]), r;                                                      \
        EACH(n, field, lane);                                                                                          \
        v128_put(&fp[C], r);                                                                                           \
    }
/* n lanes, the others 0. */
#define V_ZERO(name, n, field, lane)                                                                                   \
    SIMD_FUNCTION(name) { union v128 x = v128_get(&fp[A]), r = { { 0 } }; EACH(n, field, lane); v128_put(&fp[C], r); }
/* y: the shift, modulo the lanes' width. */
#define V_SHIFT(name, n, field, lane)                                                                                  \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 x = v128_get(&fp[A]), r;                                                                            \
        uint32_t y = (uint32_t)fp[B] & (128 / (n) - 1);                                                                \
        EACH(n, field, lane);                                                                                          \
        v128_put(&fp[C], r);                                                                                           \
    }
#define V_SPLAT(name, n, field)                                                                                        \
    SIMD_FUNCTION(name) { uint64_t x = fp[A]; union v128 r; EACH(n, field, x); v128_put(&fp[C], r); }
#define V_EXTRACT(name, n, field, slot)                                                                                \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 x = v128_get(&fp[A]);                                                                               \
        slot v = (slot)x.field[B & ((n) - 1)];                                                                         \
        fp[C] = v;                                                                                                     \
    }
#define V_REPLACE(name, n, field)                                                                                      \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 r = v128_get(&fp[A]);                                                                               \
        r.field[pc[4] & ((n) - 1)] = (__typeof__(r.field[0]))fp[B];                                                    \
        v128_put(&fp[C], r);                                                                                           \
    }
/* A number from all lanes: v starts as `first`. */
#define V_REDUCE(name, n, first, step)                                                                                 \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 x = v128_get(&fp[A]);                                                                               \
        uint32_t v = (first);                                                                                          \
        for (size_t i = 0; i < (n); i++)                                                                             \
            v = (step);                                                                                                \
        fp[C] = v;                                                                                                     \
    }
#define V_TEST(name, n, field, test) V_BINARY(name, n, field, (test) ? -1 : 0)

/* What all integer shapes have. S: shape, u and s: its lanes' fields. */
#define V_INTEGER(S, n, u, s)                                                                                          \
    V_TEST(S##_EQ, n, u, x.u[i] == y.u[i])                                                                             \
    V_TEST(S##_NE, n, u, x.u[i] != y.u[i])                                                                             \
    V_TEST(S##_LT_S, n, u, x.s[i] < y.s[i])                                                                            \
    V_TEST(S##_GT_S, n, u, x.s[i] > y.s[i])                                                                            \
    V_TEST(S##_LE_S, n, u, x.s[i] <= y.s[i])                                                                           \
    V_TEST(S##_GE_S, n, u, x.s[i] >= y.s[i])                                                                           \
    V_UNARY(S##_ABS, n, u, x.s[i] < 0 ? 0 - x.u[i] : x.u[i])                                                           \
    V_UNARY(S##_NEG, n, u, 0 - x.u[i])                                                                                 \
    V_BINARY(S##_ADD, n, u, x.u[i] + y.u[i])                                                                           \
    V_BINARY(S##_SUB, n, u, x.u[i] - y.u[i])                                                                           \
    V_SHIFT(S##_SHL, n, u, (uint64_t)x.u[i] << y)                                                                      \
    V_SHIFT(S##_SHR_S, n, s, x.s[i] >> y)                                                                              \
    V_SHIFT(S##_SHR_U, n, u, x.u[i] >> y)                                                                              \
    V_REDUCE(S##_ALL_TRUE, n, 1, v & (x.u[i] != 0))                                                                    \
    V_REDUCE(S##_BITMASK, n, 0, v | (uint32_t)(x.s[i] < 0) << i)                                                       \
    V_SPLAT(S##_SPLAT, n, u)                                                                                           \
    V_REPLACE(S##_REPLACE_LANE, n, u)
/* What all but i64x2 have. */
#define V_ORDER(S, n, u, s)                                                                                            \
    V_TEST(S##_LT_U, n, u, x.u[i] < y.u[i])                                                                            \
    V_TEST(S##_GT_U, n, u, x.u[i] > y.u[i])                                                                            \
    V_TEST(S##_LE_U, n, u, x.u[i] <= y.u[i])                                                                           \
    V_TEST(S##_GE_U, n, u, x.u[i] >= y.u[i])                                                                           \
    V_BINARY(S##_MIN_S, n, s, x.s[i] < y.s[i] ? x.s[i] : y.s[i])                                                       \
    V_BINARY(S##_MIN_U, n, u, x.u[i] < y.u[i] ? x.u[i] : y.u[i])                                                       \
    V_BINARY(S##_MAX_S, n, s, x.s[i] > y.s[i] ? x.s[i] : y.s[i])                                                       \
    V_BINARY(S##_MAX_U, n, u, x.u[i] > y.u[i] ? x.u[i] : y.u[i])
/* What lanes narrower than int have; half and wide: fields of the shape with twice the lanes' width. */
#define V_NARROW(S, n, u, s, low, high, top, FROM, wide)                                                               \
    V_BINARY(S##_ADD_SAT_S, n, s, clamp(x.s[i] + y.s[i], low, high))                                                   \
    V_BINARY(S##_ADD_SAT_U, n, u, clamp(x.u[i] + y.u[i], 0, top))                                                      \
    V_BINARY(S##_SUB_SAT_S, n, s, clamp(x.s[i] - y.s[i], low, high))                                                   \
    V_BINARY(S##_SUB_SAT_U, n, u, clamp(x.u[i] - y.u[i], 0, top))                                                      \
    V_BINARY(S##_AVGR_U, n, u, (x.u[i] + y.u[i] + 1) / 2)                                                              \
    V_EXTRACT(S##_EXTRACT_LANE_S, n, s, uint32_t)                                                                      \
    V_EXTRACT(S##_EXTRACT_LANE_U, n, u, uint32_t)                                                                      \
    V_BINARY(S##_NARROW_##FROM##_S, n, s, clamp(i < (n) / 2 ? x.wide[i] : y.wide[i - (n) / 2], low, high))             \
    V_BINARY(S##_NARROW_##FROM##_U, n, u, clamp(i < (n) / 2 ? x.wide[i] : y.wide[i - (n) / 2], 0, top))
/* Lanes made of ones of half their width; U and T: the wide C types. */
#define V_WIDEN(S, n, u, s, FROM, half_u, half_s, U, T)                                                                \
    V_UNARY(S##_EXTEND_LOW_##FROM##_S, n, s, x.half_s[i])                                                              \
    V_UNARY(S##_EXTEND_HIGH_##FROM##_S, n, s, x.half_s[i + (n)])                                                       \
    V_UNARY(S##_EXTEND_LOW_##FROM##_U, n, u, x.half_u[i])                                                              \
    V_UNARY(S##_EXTEND_HIGH_##FROM##_U, n, u, x.half_u[i + (n)])                                                       \
    V_BINARY(S##_EXTMUL_LOW_##FROM##_S, n, s, (T)x.half_s[i] * (T)y.half_s[i])                                         \
    V_BINARY(S##_EXTMUL_HIGH_##FROM##_S, n, s, (T)x.half_s[i + (n)] * (T)y.half_s[i + (n)])                            \
    V_BINARY(S##_EXTMUL_LOW_##FROM##_U, n, u, (U)x.half_u[i] * (U)y.half_u[i])                                         \
    V_BINARY(S##_EXTMUL_HIGH_##FROM##_U, n, u, (U)x.half_u[i + (n)] * (U)y.half_u[i + (n)])
#define V_PAIRS(S, n, u, s, FROM, half_u, half_s)                                                                      \
    V_UNARY(S##_EXTADD_PAIRWISE_##FROM##_S, n, s, x.half_s[2 * i] + x.half_s[2 * i + 1])                               \
    V_UNARY(S##_EXTADD_PAIRWISE_##FROM##_U, n, u, x.half_u[2 * i] + x.half_u[2 * i + 1])

V_INTEGER(I8X16, 16, u8, s8)
V_INTEGER(I16X8, 8, u16, s16)
V_INTEGER(I32X4, 4, u32, s32)
V_INTEGER(I64X2, 2, u64, s64)
V_ORDER(I8X16, 16, u8, s8)
V_ORDER(I16X8, 8, u16, s16)
V_ORDER(I32X4, 4, u32, s32)
V_NARROW(I8X16, 16, u8, s8, INT8_MIN, INT8_MAX, UINT8_MAX, I16X8, s16)
V_NARROW(I16X8, 8, u16, s16, INT16_MIN, INT16_MAX, UINT16_MAX, I32X4, s32)
V_WIDEN(I16X8, 8, u16, s16, I8X16, u8, s8, uint32_t, int32_t)
V_WIDEN(I32X4, 4, u32, s32, I16X8, u16, s16, uint32_t, int32_t)
V_WIDEN(I64X2, 2, u64, s64, I32X4, u32, s32, uint64_t, int64_t)
V_PAIRS(I16X8, 8, u16, s16, I8X16, u8, s8)
V_PAIRS(I32X4, 4, u32, s32, I16X8, u16, s16)
V_EXTRACT(I32X4_EXTRACT_LANE, 4, u32, uint32_t)
V_EXTRACT(I64X2_EXTRACT_LANE, 2, u64, uint64_t)
V_UNARY(I8X16_POPCNT, 16, u8, __builtin_popcount(x.u8[i]))
V_BINARY(I16X8_MUL, 8, u16, (uint32_t)x.u16[i] * y.u16[i])
V_BINARY(I32X4_MUL, 4, u32, x.u32[i] * y.u32[i])
V_BINARY(I64X2_MUL, 2, u64, x.u64[i] * y.u64[i])
V_BINARY(I16X8_Q15MULR_SAT_S, 8, s16, clamp((x.s16[i] * y.s16[i] + 0x4000) >> 15, INT16_MIN, INT16_MAX))
/* Both products at their greatest make 2^31, which wraps. */
V_BINARY(I32X4_DOT_I16X8_S, 4, u32,
         (uint32_t)(x.s16[2 * i] * y.s16[2 * i]) + (uint32_t)(x.s16[2 * i + 1] * y.s16[2 * i + 1]))

/* Floats. of: f32 or f64; u: the field of the lanes' bits; sign: its sign bit. */
#define V_FLOAT(S, n, of, u, sign, suffix)                                                                             \
    V_TEST(S##_EQ, n, u, x.of[i] == y.of[i])                                                                           \
    V_TEST(S##_NE, n, u, x.of[i] != y.of[i])                                                                           \
    V_TEST(S##_LT, n, u, x.of[i] < y.of[i])                                                                            \
    V_TEST(S##_GT, n, u, x.of[i] > y.of[i])                                                                            \
    V_TEST(S##_LE, n, u, x.of[i] <= y.of[i])                                                                           \
    V_TEST(S##_GE, n, u, x.of[i] >= y.of[i])                                                                           \
    V_UNARY(S##_ABS, n, u, x.u[i] & ~(sign))                                                                           \
    V_UNARY(S##_NEG, n, u, x.u[i] ^ (sign))                                                                            \
    V_UNARY(S##_SQRT, n, u, of##_result(sqrt##suffix(x.of[i])))                                                        \
    V_UNARY(S##_CEIL, n, u, of##_result(ceil##suffix(x.of[i])))                                                        \
    V_UNARY(S##_FLOOR, n, u, of##_result(floor##suffix(x.of[i])))                                                      \
    V_UNARY(S##_TRUNC, n, u, of##_result(trunc##suffix(x.of[i])))                                                      \
    V_UNARY(S##_NEAREST, n, u, of##_result(rint##suffix(x.of[i])))                                                     \
    V_BINARY(S##_ADD, n, u, of##_result(x.of[i] + y.of[i]))                                                            \
    V_BINARY(S##_SUB, n, u, of##_result(x.of[i] - y.of[i]))                                                            \
    V_BINARY(S##_MUL, n, u, of##_result(x.of[i] * y.of[i]))                                                            \
    V_BINARY(S##_DIV, n, u, of##_result(x.of[i] / y.of[i]))                                                            \
    V_BINARY(S##_MIN, n, u, of##_result(of##_min(x.of[i], y.of[i])))                                                   \
    V_BINARY(S##_MAX, n, u, of##_result(of##_max(x.of[i], y.of[i])))                                                   \
    V_BINARY(S##_PMIN, n, u, y.of[i] < x.of[i] ? y.u[i] : x.u[i])                                                      \
    V_BINARY(S##_PMAX, n, u, x.of[i] < y.of[i] ? y.u[i] : x.u[i])                                                      \
    V_SPLAT(S##_SPLAT, n, u)                                                                                           \
    V_EXTRACT(S##_EXTRACT_LANE, n, u, uint64_t)                                                                        \
    V_REPLACE(S##_REPLACE_LANE, n, u)
V_FLOAT(F32X4, 4, f32, u32, 0x80000000u, f)
V_FLOAT(F64X2, 2, f64, u64, 0x8000000000000000u, )
V_UNARY(I32X4_TRUNC_SAT_F32X4_S, 4, s32, i32_f32_s_sat(x.f32[i]))
V_UNARY(I32X4_TRUNC_SAT_F32X4_U, 4, u32, i32_f32_u_sat(x.f32[i]))
V_ZERO(I32X4_TRUNC_SAT_F64X2_S_ZERO, 2, s32, i32_f64_s_sat(x.f64[i]))
V_ZERO(I32X4_TRUNC_SAT_F64X2_U_ZERO, 2, u32, i32_f64_u_sat(x.f64[i]))
V_UNARY(F32X4_CONVERT_I32X4_S, 4, f32, x.s32[i])
V_UNARY(F32X4_CONVERT_I32X4_U, 4, f32, x.u32[i])
V_UNARY(F64X2_CONVERT_LOW_I32X4_S, 2, f64, x.s32[i])
V_UNARY(F64X2_CONVERT_LOW_I32X4_U, 2, f64, x.u32[i])
V_ZERO(F32X4_DEMOTE_F64X2_ZERO, 2, u32, f32_result((float)x.f64[i]))
V_UNARY(F64X2_PROMOTE_LOW_F32X4, 2, u64, f64_result((double)x.f32[i]))

/* The vector as a whole. */
V_UNARY(V128_NOT, 2, u64, ~x.u64[i])
V_BINARY(V128_AND, 2, u64, x.u64[i] & y.u64[i])
V_BINARY(V128_ANDNOT, 2, u64, x.u64[i] & ~y.u64[i])
V_BINARY(V128_OR, 2, u64, x.u64[i] | y.u64[i])
V_BINARY(V128_XOR, 2, u64, x.u64[i] ^ y.u64[i])
V_REDUCE(V128_ANY_TRUE, 2, 0, v | (x.u64[i] != 0))
SIMD_FUNCTION(V128_BITSELECT)
{
    union v128 x = v128_get(&fp[A]), y = v128_get(&fp[B]), mask = v128_get(&fp[pc[4]]), r;
    EACH(2, u64, (x.u64[i] & mask.u64[i]) | (y.u64[i] & ~mask.u64[i]));
    v128_put(&fp[C], r);
}
SIMD_FUNCTION(I8X16_SHUFFLE)
{
    v128_put(&fp[C], v128_shuffle(v128_get(&fp[A]), v128_get(&fp[B]), v128_of_units(&pc[4])));
}
SIMD_FUNCTION(I8X16_SWIZZLE)
{
    v128_put(&fp[C], v128_swizzle(v128_get(&fp[A]), v128_get(&fp[B])));
}
/* Loads and stores (4.4.7). at: the first byte, found to lie inside the memory with all that is accessed. */
/* `count` elements of a type become lanes: v[i] or, for one, v[0]. */
#define V_LOAD(name, type, count, n, field, lane)                                                                      \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 r = { { 0 } };                                                                                      \
        type v[count];                                                                                                 \
        memcpy(v, at, sizeof v);                                                                                       \
        EACH(n, field, lane);                                                                                          \
        v128_put(&fp[C], r);                                                                                           \
    }
V_LOAD(V128_LOAD, uint64_t, 2, 2, u64, v[i])
V_LOAD(V128_LOAD8X8_S, int8_t, 8, 8, s16, v[i])
V_LOAD(V128_LOAD8X8_U, uint8_t, 8, 8, u16, v[i])
V_LOAD(V128_LOAD16X4_S, int16_t, 4, 4, s32, v[i])
V_LOAD(V128_LOAD16X4_U, uint16_t, 4, 4, u32, v[i])
V_LOAD(V128_LOAD32X2_S, int32_t, 2, 2, s64, v[i])
V_LOAD(V128_LOAD32X2_U, uint32_t, 2, 2, u64, v[i])
V_LOAD(V128_LOAD8_SPLAT, uint8_t, 1, 16, u8, v[0])
V_LOAD(V128_LOAD16_SPLAT, uint16_t, 1, 8, u16, v[0])
V_LOAD(V128_LOAD32_SPLAT, uint32_t, 1, 4, u32, v[0])
V_LOAD(V128_LOAD64_SPLAT, uint64_t, 1, 2, u64, v[0])
V_LOAD(V128_LOAD32_ZERO, uint32_t, 1, 1, u32, v[0])
V_LOAD(V128_LOAD64_ZERO, uint64_t, 1, 1, u64, v[0])
SIMD_FUNCTION(V128_STORE) { memcpy(at, &fp[C], 2 * sizeof *fp); }
#define V_LOAD_LANE(name, n, field)                                                                                    \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 r = v128_get(&fp[B]);                                                                               \
        memcpy(&r.field[pc[6] & ((n) - 1)], at, sizeof r.field[0]);                                                    \
        v128_put(&fp[C], r);                                                                                           \
    }
#define V_STORE_LANE(name, n, field)                                                                                   \
    SIMD_FUNCTION(name)                                                                                                      \
    {                                                                                                                  \
        union v128 x = v128_get(&fp[C]);                                                                               \
        memcpy(at, &x.field[pc[6] & ((n) - 1)], sizeof x.field[0]);                                                    \
    }
V_LOAD_LANE(V128_LOAD8_LANE, 16, u8)
V_LOAD_LANE(V128_LOAD16_LANE, 8, u16)
V_LOAD_LANE(V128_LOAD32_LANE, 4, u32)
V_LOAD_LANE(V128_LOAD64_LANE, 2, u64)
V_STORE_LANE(V128_STORE8_LANE, 16, u8)
V_STORE_LANE(V128_STORE16_LANE, 8, u16)
V_STORE_LANE(V128_STORE32_LANE, 4, u32)
V_STORE_LANE(V128_STORE64_LANE, 2, u64)
#undef A
#undef B
#undef C
/* clang-format on */
