/* The interpreter's handlers for loads and stores (4.4.7); see interp.h for the macros that give them a state,
 * prepared.h for the forms. The slot of an address holds 32 bits; no sum of 64 bits wraps. */
/* clang-format off */

/* X(form, effective address, first unit behind it, ...) */
#define LOAD_ADDRESSES(X, ...)                                                                       \
    X(S, S(1) + U32(2), 4, __VA_ARGS__)                                                              \
    X(R, R + U32(1), 3, __VA_ARGS__)                                                                 \
    X(K, (uint64_t)U32(1), 3, __VA_ARGS__)                                                           \
    X(XS, (uint64_t)(uint32_t)(S(1) + S(2)) + U32(3), 5, __VA_ARGS__)                                \
    X(XR, (uint64_t)(uint32_t)(R + S(1)) + U32(2), 4, __VA_ARGS__)                                   \
    X(XK, (uint64_t)(uint32_t)(S(1) + U32(2)) + U32(4), 6, __VA_ARGS__)                              \
    X(XRK, (uint64_t)(uint32_t)(R + U32(1)) + U32(3), 5, __VA_ARGS__)
#define READ(type, address)                                                                          \
    uint64_t at_ = (address);                                                                        \
    type v;                                                                                          \
    if (UNLIKELY(OUTSIDE(at_, sizeof v)))                                                            \
        TRAP(MEMORY_BOUNDS);                                                                         \
    memcpy(&v, memory + at_, sizeof v);
#define LOAD_FORM(form, address, at, name, type, to, cast)                                           \
    HANDLER(name##_##form) { READ(type, address) PUT_##to((cast)v); S(at) = SLOT_##to; NEXT((at) + 1); } \
    HANDLER(name##_##form##_R) { READ(type, address) PUT_##to((cast)v); NEXT(at); }
#define LOAD(name, type, to, cast) LOAD_ADDRESSES(LOAD_FORM, name, type, to, cast)

/* X(form, effective address, value in a slot's bits, next instruction, ...); acc: the value's accumulator */
#define STORE_SOURCES(X, acc, ...)                                                                   \
    X(SS, S(1) + U32(2), S(4), 5, __VA_ARGS__)                                                       \
    X(SR, S(1) + U32(2), acc, 4, __VA_ARGS__)                                                        \
    X(SK, S(1) + U32(2), K32(4), 6, __VA_ARGS__)                                                     \
    X(RS, R + U32(1), S(3), 4, __VA_ARGS__)                                                          \
    X(RK, R + U32(1), K32(3), 5, __VA_ARGS__)                                                        \
    X(KS, (uint64_t)U32(1), S(3), 4, __VA_ARGS__)                                                    \
    X(KR, (uint64_t)U32(1), acc, 3, __VA_ARGS__)
#define STORE_FORM(form, address, value, units, name, type)                                          \
    HANDLER(name##_##form)                                                                           \
    {                                                                                                \
        uint64_t at_ = (address);                                                                    \
        type v = (type)(value);                                                                      \
        if (UNLIKELY(OUTSIDE(at_, sizeof v)))                                                        \
            TRAP(MEMORY_BOUNDS);                                                                     \
        memcpy(memory + at_, &v, sizeof v);                                                          \
        NEXT(units);                                                                                 \
    }
#define STORE(name, type, from) STORE_SOURCES(STORE_FORM, SLOT_##from, name, type)

LOAD(I32_LOAD, uint32_t, I32, uint32_t)
LOAD(I64_LOAD, uint64_t, I64, uint64_t)
LOAD(F32_LOAD, float, F32, float)
LOAD(F64_LOAD, double, F64, double)
LOAD(I32_LOAD8_S, int8_t, I32, int32_t)
LOAD(I32_LOAD8_U, uint8_t, I32, uint32_t)
LOAD(I32_LOAD16_S, int16_t, I32, int32_t)
LOAD(I32_LOAD16_U, uint16_t, I32, uint32_t)
LOAD(I64_LOAD8_S, int8_t, I64, int64_t)
LOAD(I64_LOAD8_U, uint8_t, I64, uint64_t)
LOAD(I64_LOAD16_S, int16_t, I64, int64_t)
LOAD(I64_LOAD16_U, uint16_t, I64, uint64_t)
LOAD(I64_LOAD32_S, int32_t, I64, int64_t)
LOAD(I64_LOAD32_U, uint32_t, I64, uint64_t)
STORE(I32_STORE, uint32_t, I32)
STORE(I64_STORE, uint64_t, I64)
STORE(F32_STORE, uint32_t, F32)
STORE(F64_STORE, uint64_t, F64)
STORE(I32_STORE8, uint8_t, I32)
STORE(I32_STORE16, uint16_t, I32)
STORE(I64_STORE8, uint8_t, I64)
STORE(I64_STORE16, uint16_t, I64)
STORE(I64_STORE32, uint32_t, I64)
/* clang-format on */
