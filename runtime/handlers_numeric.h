/* The interpreter's handlers for regular instructions on numbers, one line each; see interp.h for the macros that give
 * them a state, prepared.h for the forms. x and y are the operands with the type of the group, unsigned for integers.
 */
/* clang-format off */

/* X(form, x, y, first unit behind the sources, ...): where two operands of a kind are. */
#define SOURCES_INT(X, ...)                                                                          \
    X(SS, S(1), S(2), 3, __VA_ARGS__) X(SK, S(1), K32(2), 4, __VA_ARGS__) X(RS, R, S(1), 2, __VA_ARGS__) \
    X(SR, S(1), R, 2, __VA_ARGS__) X(RK, R, K32(1), 3, __VA_ARGS__)
#define SOURCES_F32(X, ...)                                                                          \
    X(SS, f32_of(S(1)), f32_of(S(2)), 3, __VA_ARGS__) X(SK, f32_of(S(1)), f32_of(U32(2)), 4, __VA_ARGS__) \
    X(RS, FS, f32_of(S(1)), 2, __VA_ARGS__) X(SR, f32_of(S(1)), FS, 2, __VA_ARGS__)                  \
    X(RK, FS, f32_of(U32(1)), 3, __VA_ARGS__)
#define SOURCES_F64(X, ...)                                                                          \
    X(SS, f64_of(S(1)), f64_of(S(2)), 3, __VA_ARGS__) X(SK, f64_of(S(1)), f64_of(U64(2)), 6, __VA_ARGS__) \
    X(RS, FD, f64_of(S(1)), 2, __VA_ARGS__) X(SR, f64_of(S(1)), FD, 2, __VA_ARGS__)                  \
    X(RK, FD, f64_of(U64(1)), 5, __VA_ARGS__)
/* A result: into the accumulator of its type, which SLOT_ gives as a slot's bits. */
#define PUT_I32(v) R = (uint64_t)(uint32_t)(v)
#define PUT_I64(v) R = (uint64_t)(v)
#define PUT_F32(v) FS = (v)
#define PUT_F64(v) FD = (v)
#define SLOT_I32 R
#define SLOT_I64 R
#define SLOT_F32 f32_bits(FS)
#define SLOT_F64 f64_bits(FD)
#define TYPE_I32 uint32_t
#define TYPE_I64 uint64_t
#define TYPE_F32 float
#define TYPE_F64 double
/* One operand, in a slot and in its accumulator. */
#define FROM_I32(bits) (uint32_t)(bits)
#define FROM_I64(bits) (bits)
#define FROM_F32(bits) f32_of(bits)
#define FROM_F64(bits) f64_of(bits)
#define ACC_I32 (uint32_t)R
#define ACC_I64 R
#define ACC_F32 FS
#define ACC_F64 FD

#define BINARY_FORM(form, x_, y_, at, name, type, to, result)                                        \
    HANDLER(name##_##form) { type x = (type)(x_), y = (type)(y_); PUT_##to(result); S(at) = SLOT_##to; NEXT((at) + 1); } \
    HANDLER(name##_##form##_R) { type x = (type)(x_), y = (type)(y_); PUT_##to(result); NEXT(at); }
#define INT32(name, result) SOURCES_INT(BINARY_FORM, name, uint32_t, I32, result)
#define INT64(name, result) SOURCES_INT(BINARY_FORM, name, uint64_t, I64, result)
#define BINARY_F32(name, result) SOURCES_F32(BINARY_FORM, name, float, F32, result)
#define BINARY_F64(name, result) SOURCES_F64(BINARY_FORM, name, double, F64, result)

/* A comparison, plain and as a branch. */
#define BRANCH_FORM(form, x_, y_, at, name, type, cast, test)                                        \
    HANDLER(BR_##name##_##form) { cast x = (cast)(type)(x_), y = (cast)(type)(y_); BRANCH_IF(test, at); }
#define COMPARE_FORM(form, x_, y_, at, name, type, cast, test)                                       \
    HANDLER(name##_##form) { cast x = (cast)(type)(x_), y = (cast)(type)(y_); R = (uint64_t)(test); S(at) = R; NEXT((at) + 1); } \
    HANDLER(name##_##form##_R) { cast x = (cast)(type)(x_), y = (cast)(type)(y_); R = (uint64_t)(test); NEXT(at); }
#define BRANCH_UNLESS_FORM(form, x_, y_, at, name, type, cast, test)                                 \
    HANDLER(BRN_##name##_##form) { cast x = (x_), y = (y_); BRANCH_IF(!(test), at); }
#define ADD_BRANCH(name, type, cast, test)                                                           \
    HANDLER(ADD_BR_##name##_RS)                                                                      \
    {                                                                                                \
        R = (type)(S(1) + (uint64_t)K32(2));                                                         \
        S(4) = R;                                                                                    \
        cast x = (cast)(type)R, y = (cast)(type)S(5);                                                \
        BRANCH_IF(test, 6);                                                                          \
    }                                                                                                \
    HANDLER(ADD_BR_##name##_RK)                                                                      \
    {                                                                                                \
        R = (type)(S(1) + (uint64_t)K32(2));                                                         \
        S(4) = R;                                                                                    \
        cast x = (cast)(type)R, y = (cast)(type)K32(5);                                              \
        BRANCH_IF(test, 7);                                                                          \
    }
#define COMPARE(name, type, cast, test)                                                              \
    SOURCES_INT(COMPARE_FORM, name, type, cast, test) SOURCES_INT(BRANCH_FORM, name, type, cast, test) \
    ADD_BRANCH(name, type, cast, test)
#define COMPARE_F32(name, test)                                                                      \
    SOURCES_F32(COMPARE_FORM, name, float, float, test) SOURCES_F32(BRANCH_FORM, name, float, float, test) \
    SOURCES_F32(BRANCH_UNLESS_FORM, name, float, float, test)
#define COMPARE_F64(name, test)                                                                      \
    SOURCES_F64(COMPARE_FORM, name, double, double, test) SOURCES_F64(BRANCH_FORM, name, double, double, test) \
    SOURCES_F64(BRANCH_UNLESS_FORM, name, double, double, test)

/* A division: a zero divisor, then the one overflow, trap. */
#define DIVIDE_BODY(type, x_, y_, to, overflow, result)                                              \
    type x = (type)(x_), y = (type)(y_);                                                             \
    if (UNLIKELY(y == 0))                                                                            \
        TRAP(DIVIDE_BY_ZERO);                                                                        \
    if (UNLIKELY(overflow))                                                                          \
        TRAP(INTEGER_OVERFLOW);                                                                      \
    PUT_##to(result);
#define DIVIDE_FORM(form, x_, y_, at, name, type, to, overflow, result)                              \
    HANDLER(name##_##form) { DIVIDE_BODY(type, x_, y_, to, overflow, result) S(at) = R; NEXT((at) + 1); } \
    HANDLER(name##_##form##_R) { DIVIDE_BODY(type, x_, y_, to, overflow, result) NEXT(at); }
#define DIVIDE(name, type, to, overflow, result) SOURCES_INT(DIVIDE_FORM, name, type, to, overflow, result)

#define UNARY(name, from, to, result)                                                                \
    HANDLER(name##_S) { TYPE_##from x = FROM_##from(S(1)); PUT_##to(result); S(2) = SLOT_##to; NEXT(3); } \
    HANDLER(name##_R) { TYPE_##from x = ACC_##from; PUT_##to(result); S(1) = SLOT_##to; NEXT(2); }   \
    HANDLER(name##_S_R) { TYPE_##from x = FROM_##from(S(1)); PUT_##to(result); NEXT(2); }            \
    HANDLER(name##_R_R) { TYPE_##from x = ACC_##from; PUT_##to(result); NEXT(1); }

COMPARE(I32_EQ, uint32_t, uint32_t, x == y)
COMPARE(I32_NE, uint32_t, uint32_t, x != y)
COMPARE(I32_LT_S, uint32_t, int32_t, x < y)
COMPARE(I32_LT_U, uint32_t, uint32_t, x < y)
COMPARE(I32_GT_S, uint32_t, int32_t, x > y)
COMPARE(I32_GT_U, uint32_t, uint32_t, x > y)
COMPARE(I32_LE_S, uint32_t, int32_t, x <= y)
COMPARE(I32_LE_U, uint32_t, uint32_t, x <= y)
COMPARE(I32_GE_S, uint32_t, int32_t, x >= y)
COMPARE(I32_GE_U, uint32_t, uint32_t, x >= y)
COMPARE(I64_EQ, uint64_t, uint64_t, x == y)
COMPARE(I64_NE, uint64_t, uint64_t, x != y)
COMPARE(I64_LT_S, uint64_t, int64_t, x < y)
COMPARE(I64_LT_U, uint64_t, uint64_t, x < y)
COMPARE(I64_GT_S, uint64_t, int64_t, x > y)
COMPARE(I64_GT_U, uint64_t, uint64_t, x > y)
COMPARE(I64_LE_S, uint64_t, int64_t, x <= y)
COMPARE(I64_LE_U, uint64_t, uint64_t, x <= y)
COMPARE(I64_GE_S, uint64_t, int64_t, x >= y)
COMPARE(I64_GE_U, uint64_t, uint64_t, x >= y)
COMPARE_F32(F32_EQ, x == y)
COMPARE_F32(F32_NE, x != y)
COMPARE_F32(F32_LT, x < y)
COMPARE_F32(F32_GT, x > y)
COMPARE_F32(F32_LE, x <= y)
COMPARE_F32(F32_GE, x >= y)
COMPARE_F64(F64_EQ, x == y)
COMPARE_F64(F64_NE, x != y)
COMPARE_F64(F64_LT, x < y)
COMPARE_F64(F64_GT, x > y)
COMPARE_F64(F64_LE, x <= y)
COMPARE_F64(F64_GE, x >= y)

UNARY(I32_CLZ, I32, I32, clz32(x))
UNARY(I32_CTZ, I32, I32, ctz32(x))
UNARY(I32_POPCNT, I32, I32, (uint32_t)__builtin_popcount(x))
INT32(I32_ADD, x + y)
INT32(I32_SUB, x - y)
INT32(I32_MUL, x * y)
DIVIDE(I32_DIV_S, int32_t, I32, x == INT32_MIN && y == -1, x / y)
DIVIDE(I32_DIV_U, uint32_t, I32, false, x / y)
DIVIDE(I32_REM_S, int32_t, I32, false, y == -1 ? 0 : x % y)
DIVIDE(I32_REM_U, uint32_t, I32, false, x % y)
INT32(I32_AND, x & y)
INT32(I32_OR, x | y)
INT32(I32_XOR, x ^ y)
INT32(I32_SHL, x << (y & 31))
INT32(I32_SHR_S, (int32_t)x >> (y & 31))
INT32(I32_SHR_U, x >> (y & 31))
INT32(I32_ROTL, rotl32(x, y))
INT32(I32_ROTR, rotr32(x, y))
UNARY(I64_CLZ, I64, I64, clz64(x))
UNARY(I64_CTZ, I64, I64, ctz64(x))
UNARY(I64_POPCNT, I64, I64, (uint64_t)__builtin_popcountll(x))
INT64(I64_ADD, x + y)
INT64(I64_SUB, x - y)
INT64(I64_MUL, x * y)
DIVIDE(I64_DIV_S, int64_t, I64, x == INT64_MIN && y == -1, x / y)
DIVIDE(I64_DIV_U, uint64_t, I64, false, x / y)
DIVIDE(I64_REM_S, int64_t, I64, false, y == -1 ? 0 : x % y)
DIVIDE(I64_REM_U, uint64_t, I64, false, x % y)
INT64(I64_AND, x & y)
INT64(I64_OR, x | y)
INT64(I64_XOR, x ^ y)
INT64(I64_SHL, x << (y & 63))
INT64(I64_SHR_S, (int64_t)x >> (y & 63))
INT64(I64_SHR_U, x >> (y & 63))
INT64(I64_ROTL, rotl64(x, y))
INT64(I64_ROTR, rotr64(x, y))

/* abs, neg and copysign move bits and keep a NaN's payload (4.3.3). */
UNARY(F32_ABS, F32, F32, f32_of(f32_bits(x) & 0x7fffffffu))
UNARY(F32_NEG, F32, F32, f32_of(f32_bits(x) ^ 0x80000000u))
UNARY(F32_CEIL, F32, F32, f32_canonical(ceilf(x)))
UNARY(F32_FLOOR, F32, F32, f32_canonical(floorf(x)))
UNARY(F32_TRUNC, F32, F32, f32_canonical(truncf(x)))
UNARY(F32_NEAREST, F32, F32, f32_canonical(rintf(x)))
UNARY(F32_SQRT, F32, F32, f32_canonical(sqrtf(x)))
BINARY_F32(F32_ADD, f32_canonical(x + y))
BINARY_F32(F32_SUB, f32_canonical(x - y))
BINARY_F32(F32_MUL, f32_canonical(x * y))
BINARY_F32(F32_DIV, f32_canonical(x / y))
BINARY_F32(F32_MIN, f32_canonical(f32_min(x, y)))
BINARY_F32(F32_MAX, f32_canonical(f32_max(x, y)))
BINARY_F32(F32_COPYSIGN, f32_of((f32_bits(x) & 0x7fffffffu) | (f32_bits(y) & 0x80000000u)))
UNARY(F64_ABS, F64, F64, f64_of(f64_bits(x) & INT64_MAX))
UNARY(F64_NEG, F64, F64, f64_of(f64_bits(x) ^ (uint64_t)INT64_MIN))
UNARY(F64_CEIL, F64, F64, f64_canonical(ceil(x)))
UNARY(F64_FLOOR, F64, F64, f64_canonical(floor(x)))
UNARY(F64_TRUNC, F64, F64, f64_canonical(trunc(x)))
UNARY(F64_NEAREST, F64, F64, f64_canonical(rint(x)))
UNARY(F64_SQRT, F64, F64, f64_canonical(sqrt(x)))
BINARY_F64(F64_ADD, f64_canonical(x + y))
BINARY_F64(F64_SUB, f64_canonical(x - y))
BINARY_F64(F64_MUL, f64_canonical(x * y))
BINARY_F64(F64_DIV, f64_canonical(x / y))
BINARY_F64(F64_MIN, f64_canonical(f64_min(x, y)))
BINARY_F64(F64_MAX, f64_canonical(f64_max(x, y)))
BINARY_F64(F64_COPYSIGN, f64_of((f64_bits(x) & INT64_MAX) | (f64_bits(y) & (uint64_t)INT64_MIN)))

/* A product and a sum: two roundings. A NaN of the first is one of the second. */
#define PRODUCT(name, type, acc, of, put, bits, canonical, result)                                   \
    HANDLER(name##_SS) { type x = of(S(1)) * of(S(2)), y = of(S(3)); put(canonical(result)); S(4) = bits; NEXT(5); } \
    HANDLER(name##_RS) { type x = acc * of(S(1)), y = of(S(2)); put(canonical(result)); S(3) = bits; NEXT(4); } \
    HANDLER(name##_SS_R) { type x = of(S(1)) * of(S(2)), y = of(S(3)); put(canonical(result)); NEXT(4); } \
    HANDLER(name##_RS_R) { type x = acc * of(S(1)), y = of(S(2)); put(canonical(result)); NEXT(3); }
#define PRODUCTS(name, ...)                                                                          \
    PRODUCT(name##_MUL_ADD, __VA_ARGS__, x + y)                                                      \
    PRODUCT(name##_MUL_SUB, __VA_ARGS__, x - y)                                                      \
    PRODUCT(name##_SUB_MUL, __VA_ARGS__, y - x)
PRODUCTS(F32, float, FS, f32_of, PUT_F32, SLOT_F32, f32_canonical)
PRODUCTS(F64, double, FD, f64_of, PUT_F64, SLOT_F64, f64_canonical)

/* Conversions. A truncation traps on NaN first, then on what does not fit. */
#define TRUNCATE_BODY(x_, from, to, numeric)                                                         \
    TYPE_##from x = x_;                                                                              \
    if (UNLIKELY(!numeric##_fits(x))) {                                                              \
        if (x != x)                                                                                  \
            TRAP(INVALID_CONVERSION);                                                                \
        TRAP(INTEGER_OVERFLOW);                                                                      \
    }                                                                                                \
    PUT_##to(numeric##_sat(x));
#define TRUNCATE(name, from, to, numeric)                                                            \
    HANDLER(name##_S) { TRUNCATE_BODY(FROM_##from(S(1)), from, to, numeric) S(2) = R; NEXT(3); }     \
    HANDLER(name##_R) { TRUNCATE_BODY(ACC_##from, from, to, numeric) S(1) = R; NEXT(2); }            \
    HANDLER(name##_S_R) { TRUNCATE_BODY(FROM_##from(S(1)), from, to, numeric) NEXT(2); }             \
    HANDLER(name##_R_R) { TRUNCATE_BODY(ACC_##from, from, to, numeric) NEXT(1); }
UNARY(I32_WRAP_I64, I64, I32, (uint32_t)x)
TRUNCATE(I32_TRUNC_F32_S, F32, I32, i32_f32_s)
TRUNCATE(I32_TRUNC_F32_U, F32, I32, i32_f32_u)
TRUNCATE(I32_TRUNC_F64_S, F64, I32, i32_f64_s)
TRUNCATE(I32_TRUNC_F64_U, F64, I32, i32_f64_u)
UNARY(I64_EXTEND_I32_S, I32, I64, (uint64_t)(int64_t)(int32_t)x)
TRUNCATE(I64_TRUNC_F32_S, F32, I64, i64_f32_s)
TRUNCATE(I64_TRUNC_F32_U, F32, I64, i64_f32_u)
TRUNCATE(I64_TRUNC_F64_S, F64, I64, i64_f64_s)
TRUNCATE(I64_TRUNC_F64_U, F64, I64, i64_f64_u)
UNARY(F32_CONVERT_I32_S, I32, F32, (float)(int32_t)x)
UNARY(F32_CONVERT_I32_U, I32, F32, (float)x)
UNARY(F32_CONVERT_I64_S, I64, F32, (float)(int64_t)x)
UNARY(F32_CONVERT_I64_U, I64, F32, (float)x)
UNARY(F32_DEMOTE_F64, F64, F32, f32_canonical((float)x))
UNARY(F64_CONVERT_I32_S, I32, F64, (double)(int32_t)x)
UNARY(F64_CONVERT_I32_U, I32, F64, (double)x)
UNARY(F64_CONVERT_I64_S, I64, F64, (double)(int64_t)x)
UNARY(F64_CONVERT_I64_U, I64, F64, (double)x)
UNARY(F64_PROMOTE_F32, F32, F64, f64_canonical((double)x))
UNARY(I32_EXTEND8_S, I32, I32, extend8(x))
UNARY(I32_EXTEND16_S, I32, I32, extend16(x))
UNARY(I64_EXTEND8_S, I64, I64, (uint64_t)(int64_t)(int8_t)x)
UNARY(I64_EXTEND16_S, I64, I64, (uint64_t)(int64_t)(int16_t)x)
UNARY(I64_EXTEND32_S, I64, I64, (uint64_t)(int64_t)(int32_t)x)
UNARY(I32_TRUNC_SAT_F32_S, F32, I32, (uint32_t)i32_f32_s_sat(x))
UNARY(I32_TRUNC_SAT_F32_U, F32, I32, (uint32_t)i32_f32_u_sat(x))
UNARY(I32_TRUNC_SAT_F64_S, F64, I32, (uint32_t)i32_f64_s_sat(x))
UNARY(I32_TRUNC_SAT_F64_U, F64, I32, (uint32_t)i32_f64_u_sat(x))
UNARY(I64_TRUNC_SAT_F32_S, F32, I64, (uint64_t)i64_f32_s_sat(x))
UNARY(I64_TRUNC_SAT_F32_U, F32, I64, (uint64_t)i64_f32_u_sat(x))
UNARY(I64_TRUNC_SAT_F64_S, F64, I64, (uint64_t)i64_f64_s_sat(x))
UNARY(I64_TRUNC_SAT_F64_U, F64, I64, (uint64_t)i64_f64_u_sat(x))
/* clang-format on */
