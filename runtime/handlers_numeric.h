/* The interpreter's handlers for regular instructions, one line each; see interp.c for the macros that give them a
 * frame. x and y are the operands with the type of the group, unsigned for integers. */
/* clang-format off */

#define INT32(name, result)                                                                          \
    HANDLER(name) { uint32_t x = (uint32_t)fp[A], y = (uint32_t)fp[B]; fp[C] = (uint32_t)(result); NEXT(1); } \
    HANDLER(name##_K) { uint32_t x = (uint32_t)fp[A], y = (uint32_t)K; fp[C] = (uint32_t)(result); NEXT(1); }
#define INT64(name, result)                                                                          \
    HANDLER(name) { uint64_t x = fp[A], y = fp[B]; fp[C] = (uint64_t)(result); NEXT(1); }            \
    HANDLER(name##_K) { uint64_t x = fp[A], y = (uint64_t)K; fp[C] = (uint64_t)(result); NEXT(1); }
/* A comparison, plain and as a branch. */
#define COMPARE(name, type, cast, test)                                                              \
    HANDLER(name) { cast x = (cast)(type)fp[A], y = (cast)(type)fp[B]; fp[C] = (test); NEXT(1); }    \
    HANDLER(name##_K) { cast x = (cast)(type)fp[A], y = (cast)(type)K; fp[C] = (test); NEXT(1); }    \
    HANDLER(BR_##name) { cast x = (cast)(type)fp[A], y = (cast)(type)fp[B]; BRANCH_IF(test); }       \
    HANDLER(BR_##name##_K) { cast x = (cast)(type)fp[A], y = (cast)(type)K; BRANCH_IF(test); }
/* A division: a zero divisor, then the one overflow, trap. */
#define DIVIDE(name, type, overflow, result)                                                         \
    HANDLER(name) { type x = (type)fp[A], y = (type)fp[B]; DIVIDE_BODY(type, overflow, result) }      \
    HANDLER(name##_K) { type x = (type)fp[A], y = (type)K; DIVIDE_BODY(type, overflow, result) }
#define DIVIDE_BODY(type, overflow, result)                                                          \
    if (y == 0)                                                                                      \
        TRAP(DIVIDE_BY_ZERO);                                                                        \
    if (overflow)                                                                                    \
        TRAP(INTEGER_OVERFLOW);                                                                      \
    fp[C] = SLOT_##type(result);                                                                     \
    NEXT(1);
#define SLOT_int32_t(v) (uint32_t)(v)
#define SLOT_uint32_t(v) (uint32_t)(v)
#define SLOT_int64_t(v) (uint64_t)(v)
#define SLOT_uint64_t(v) (uint64_t)(v)
#define UNARY(name, type, result) HANDLER(name) { type x = (type)fp[A]; fp[C] = (result); NEXT(1); }
#define UNARY_F32(name, result) HANDLER(name) { float x = f32_of(fp[A]); fp[C] = (result); NEXT(1); }
#define UNARY_F64(name, result) HANDLER(name) { double x = f64_of(fp[A]); fp[C] = (result); NEXT(1); }
#define BINARY_F32(name, result) HANDLER(name) { float x = f32_of(fp[A]), y = f32_of(fp[B]); fp[C] = (result); NEXT(1); }
#define BINARY_F64(name, result) HANDLER(name) { double x = f64_of(fp[A]), y = f64_of(fp[B]); fp[C] = (result); NEXT(1); }

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
BINARY_F32(F32_EQ, x == y)
BINARY_F32(F32_NE, x != y)
BINARY_F32(F32_LT, x < y)
BINARY_F32(F32_GT, x > y)
BINARY_F32(F32_LE, x <= y)
BINARY_F32(F32_GE, x >= y)
BINARY_F64(F64_EQ, x == y)
BINARY_F64(F64_NE, x != y)
BINARY_F64(F64_LT, x < y)
BINARY_F64(F64_GT, x > y)
BINARY_F64(F64_LE, x <= y)
BINARY_F64(F64_GE, x >= y)

UNARY(I32_CLZ, uint32_t, clz32(x))
UNARY(I32_CTZ, uint32_t, ctz32(x))
UNARY(I32_POPCNT, uint32_t, (uint32_t)__builtin_popcount(x))
INT32(I32_ADD, x + y)
INT32(I32_SUB, x - y)
INT32(I32_MUL, x * y)
DIVIDE(I32_DIV_S, int32_t, x == INT32_MIN && y == -1, x / y)
DIVIDE(I32_DIV_U, uint32_t, false, x / y)
DIVIDE(I32_REM_S, int32_t, false, y == -1 ? 0 : x % y)
DIVIDE(I32_REM_U, uint32_t, false, x % y)
INT32(I32_AND, x & y)
INT32(I32_OR, x | y)
INT32(I32_XOR, x ^ y)
INT32(I32_SHL, x << (y & 31))
INT32(I32_SHR_S, (int32_t)x >> (y & 31))
INT32(I32_SHR_U, x >> (y & 31))
INT32(I32_ROTL, rotl32(x, y))
INT32(I32_ROTR, rotr32(x, y))
UNARY(I64_CLZ, uint64_t, clz64(x))
UNARY(I64_CTZ, uint64_t, ctz64(x))
UNARY(I64_POPCNT, uint64_t, (uint64_t)__builtin_popcountll(x))
INT64(I64_ADD, x + y)
INT64(I64_SUB, x - y)
INT64(I64_MUL, x * y)
DIVIDE(I64_DIV_S, int64_t, x == INT64_MIN && y == -1, x / y)
DIVIDE(I64_DIV_U, uint64_t, false, x / y)
DIVIDE(I64_REM_S, int64_t, false, y == -1 ? 0 : x % y)
DIVIDE(I64_REM_U, uint64_t, false, x % y)
INT64(I64_AND, x & y)
INT64(I64_OR, x | y)
INT64(I64_XOR, x ^ y)
INT64(I64_SHL, x << (y & 63))
INT64(I64_SHR_S, (int64_t)x >> (y & 63))
INT64(I64_SHR_U, x >> (y & 63))
INT64(I64_ROTL, rotl64(x, y))
INT64(I64_ROTR, rotr64(x, y))

/* abs, neg and copysign move bits and keep a NaN's payload (4.3.3). */
UNARY(F32_ABS, uint32_t, x & 0x7fffffffu)
UNARY(F32_NEG, uint32_t, x ^ 0x80000000u)
UNARY_F32(F32_CEIL, f32_result(ceilf(x)))
UNARY_F32(F32_FLOOR, f32_result(floorf(x)))
UNARY_F32(F32_TRUNC, f32_result(truncf(x)))
UNARY_F32(F32_NEAREST, f32_result(rintf(x)))
UNARY_F32(F32_SQRT, f32_result(sqrtf(x)))
BINARY_F32(F32_ADD, f32_result(x + y))
BINARY_F32(F32_SUB, f32_result(x - y))
BINARY_F32(F32_MUL, f32_result(x * y))
BINARY_F32(F32_DIV, f32_result(x / y))
BINARY_F32(F32_MIN, f32_result(f32_min(x, y)))
BINARY_F32(F32_MAX, f32_result(f32_max(x, y)))
HANDLER(F32_COPYSIGN) { fp[C] = (fp[A] & 0x7fffffffu) | (fp[B] & 0x80000000u); NEXT(1); }
UNARY(F64_ABS, uint64_t, x & INT64_MAX)
UNARY(F64_NEG, uint64_t, x ^ (uint64_t)INT64_MIN)
UNARY_F64(F64_CEIL, f64_result(ceil(x)))
UNARY_F64(F64_FLOOR, f64_result(floor(x)))
UNARY_F64(F64_TRUNC, f64_result(trunc(x)))
UNARY_F64(F64_NEAREST, f64_result(rint(x)))
UNARY_F64(F64_SQRT, f64_result(sqrt(x)))
BINARY_F64(F64_ADD, f64_result(x + y))
BINARY_F64(F64_SUB, f64_result(x - y))
BINARY_F64(F64_MUL, f64_result(x * y))
BINARY_F64(F64_DIV, f64_result(x / y))
BINARY_F64(F64_MIN, f64_result(f64_min(x, y)))
BINARY_F64(F64_MAX, f64_result(f64_max(x, y)))
HANDLER(F64_COPYSIGN) { fp[C] = (fp[A] & INT64_MAX) | (fp[B] & (uint64_t)INT64_MIN); NEXT(1); }

/* Conversions. A truncation traps on NaN first, then on what does not fit. */
#define TRUNCATE(name, of, numeric, source, slot)                                                    \
    HANDLER(name)                                                                                    \
    {                                                                                                \
        source x = of(fp[A]);                                                                        \
        if (!numeric##_fits(x)) {                                                                    \
            if (x != x)                                                                              \
                TRAP(INVALID_CONVERSION);                                                            \
            TRAP(INTEGER_OVERFLOW);                                                                  \
        }                                                                                            \
        fp[C] = (slot)numeric##_sat(x);                                                              \
        NEXT(1);                                                                                     \
    }
UNARY(I32_WRAP_I64, uint64_t, (uint32_t)x)
TRUNCATE(I32_TRUNC_F32_S, f32_of, i32_f32_s, float, uint32_t)
TRUNCATE(I32_TRUNC_F32_U, f32_of, i32_f32_u, float, uint32_t)
TRUNCATE(I32_TRUNC_F64_S, f64_of, i32_f64_s, double, uint32_t)
TRUNCATE(I32_TRUNC_F64_U, f64_of, i32_f64_u, double, uint32_t)
UNARY(I64_EXTEND_I32_S, uint32_t, (uint64_t)(int64_t)(int32_t)x)
TRUNCATE(I64_TRUNC_F32_S, f32_of, i64_f32_s, float, uint64_t)
TRUNCATE(I64_TRUNC_F32_U, f32_of, i64_f32_u, float, uint64_t)
TRUNCATE(I64_TRUNC_F64_S, f64_of, i64_f64_s, double, uint64_t)
TRUNCATE(I64_TRUNC_F64_U, f64_of, i64_f64_u, double, uint64_t)
UNARY(F32_CONVERT_I32_S, uint32_t, f32_bits((float)(int32_t)x))
UNARY(F32_CONVERT_I32_U, uint32_t, f32_bits((float)x))
UNARY(F32_CONVERT_I64_S, uint64_t, f32_bits((float)(int64_t)x))
UNARY(F32_CONVERT_I64_U, uint64_t, f32_bits((float)x))
UNARY_F64(F32_DEMOTE_F64, f32_result((float)x))
UNARY(F64_CONVERT_I32_S, uint32_t, f64_bits((double)(int32_t)x))
UNARY(F64_CONVERT_I32_U, uint32_t, f64_bits((double)x))
UNARY(F64_CONVERT_I64_S, uint64_t, f64_bits((double)(int64_t)x))
UNARY(F64_CONVERT_I64_U, uint64_t, f64_bits((double)x))
UNARY_F32(F64_PROMOTE_F32, f64_result((double)x))
UNARY(I32_EXTEND8_S, uint32_t, extend8(x))
UNARY(I32_EXTEND16_S, uint32_t, extend16(x))
UNARY(I64_EXTEND8_S, uint64_t, (uint64_t)(int64_t)(int8_t)x)
UNARY(I64_EXTEND16_S, uint64_t, (uint64_t)(int64_t)(int16_t)x)
UNARY(I64_EXTEND32_S, uint64_t, (uint64_t)(int64_t)(int32_t)x)
UNARY_F32(I32_TRUNC_SAT_F32_S, (uint32_t)i32_f32_s_sat(x))
UNARY_F32(I32_TRUNC_SAT_F32_U, (uint32_t)i32_f32_u_sat(x))
UNARY_F64(I32_TRUNC_SAT_F64_S, (uint32_t)i32_f64_s_sat(x))
UNARY_F64(I32_TRUNC_SAT_F64_U, (uint32_t)i32_f64_u_sat(x))
UNARY_F32(I64_TRUNC_SAT_F32_S, (uint64_t)i64_f32_s_sat(x))
UNARY_F32(I64_TRUNC_SAT_F32_U, (uint64_t)i64_f32_u_sat(x))
UNARY_F64(I64_TRUNC_SAT_F64_S, (uint64_t)i64_f64_s_sat(x))
UNARY_F64(I64_TRUNC_SAT_F64_U, (uint64_t)i64_f64_u_sat(x))

/* Loads and stores (4.4.7). The slot of the address may hold 33 bits, see P_ADD_OFFSET; no sum wraps. */
#define LOAD(name, type, slot)                                                                       \
    HANDLER(name)                                                                                    \
    {                                                                                                \
        uint64_t at = fp[A] + B;                                                                     \
        type v;                                                                                      \
        if (__builtin_expect(at + sizeof v > memory_size, 0))                                        \
            TRAP(MEMORY_BOUNDS);                                                                     \
        memcpy(&v, memory + at, sizeof v);                                                           \
        fp[C] = (uint64_t)(slot)v;                                                                   \
        NEXT(1);                                                                                     \
    }
#define STORE(name, type)                                                                            \
    HANDLER(name)                                                                                    \
    {                                                                                                \
        uint64_t at = fp[A] + B;                                                                     \
        type v = (type)fp[C];                                                                        \
        if (__builtin_expect(at + sizeof v > memory_size, 0))                                        \
            TRAP(MEMORY_BOUNDS);                                                                     \
        memcpy(memory + at, &v, sizeof v);                                                           \
        NEXT(1);                                                                                     \
    }
LOAD(I32_LOAD, uint32_t, uint32_t)
LOAD(I64_LOAD, uint64_t, uint64_t)
LOAD(F32_LOAD, uint32_t, uint32_t)
LOAD(F64_LOAD, uint64_t, uint64_t)
LOAD(I32_LOAD8_S, int8_t, uint32_t)
LOAD(I32_LOAD8_U, uint8_t, uint32_t)
LOAD(I32_LOAD16_S, int16_t, uint32_t)
LOAD(I32_LOAD16_U, uint16_t, uint32_t)
LOAD(I64_LOAD8_S, int8_t, int64_t)
LOAD(I64_LOAD8_U, uint8_t, uint64_t)
LOAD(I64_LOAD16_S, int16_t, int64_t)
LOAD(I64_LOAD16_U, uint16_t, uint64_t)
LOAD(I64_LOAD32_S, int32_t, int64_t)
LOAD(I64_LOAD32_U, uint32_t, uint64_t)
STORE(I32_STORE, uint32_t)
STORE(I64_STORE, uint64_t)
STORE(F32_STORE, uint32_t)
STORE(F64_STORE, uint64_t)
STORE(I32_STORE8, uint8_t)
STORE(I32_STORE16, uint16_t)
STORE(I64_STORE8, uint8_t)
STORE(I64_STORE16, uint16_t)
STORE(I64_STORE32, uint32_t)
/* clang-format on */
