/* The interpreter's side of vectors: handlers that move them, and one per row of opcodes_simd.def around its function
 * (handlers_simd.h). SIMD_CALL says how that is called: in place, or, where handlers share one function's registers,
 * out of line (in place, vectors cost fib 6 per cent there). See interp.h for the macros. */
/* clang-format off */

HANDLER(COPY_V128)
{
    v128_put(&S(2), v128_get(&S(1)));
    NEXT(3);
}
HANDLER(CONST_V128)
{
    v128_put(&S(9), v128_of_units(&pc[1]));
    NEXT(10);
}
HANDLER(SELECT_V128)
{
    v128_put(&S(4), v128_get((uint32_t)S(3) ? &S(1) : &S(2)));
    NEXT(5);
}
HANDLER(GLOBAL_GET_V128)
{
    v128_put(&S(3), v128_get(&vm->globals[U32(1)]));
    NEXT(4);
}
HANDLER(GLOBAL_SET_V128)
{
    v128_put(&vm->globals[U32(1)], v128_get(&S(3)));
    NEXT(4);
}
HANDLER(GLOBAL_GET_SHARED_V128)
{
    v128_put(&S(3), v128_get((const uint64_t *)(uintptr_t)vm->globals[U32(1)]));
    NEXT(4);
}
HANDLER(GLOBAL_SET_SHARED_V128)
{
    v128_put((uint64_t *)(uintptr_t)vm->globals[U32(1)], v128_get(&S(3)));
    NEXT(4);
}

/* A row by its class: how many units it has, and for accesses the bounds. */
#define V_CALL(name, units) HANDLER(name) { SIMD_CALL(name)(fp, pc, NULL); NEXT(units); }
#define V_ACCESS(name, size, units)                                                                                    \
    HANDLER(name)                                                                                                      \
    {                                                                                                                  \
        uint64_t at_ = S(1) + U32(4);                                                                                  \
        if (UNLIKELY(OUTSIDE(at_, size)))                                                                              \
            TRAP(MEMORY_BOUNDS);                                                                                       \
        SIMD_CALL(name)(fp, pc, memory + at_);                                                                         \
        NEXT(units);                                                                                                   \
    }
#define V_SIZE(immediate)                   (1u << INSN_IMM_##immediate)
#define V_ROW_V_UNARY(name, immediate)      V_CALL(name, 4)
#define V_ROW_V_BINARY(name, immediate)     V_CALL(name, 4)
#define V_ROW_V_TERNARY(name, immediate)    V_CALL(name, 5)
#define V_ROW_V_SHUFFLE(name, immediate)    V_CALL(name, 12)
#define V_ROW_V_EXTRACT(name, immediate)    V_CALL(name, 4)
#define V_ROW_V_REPLACE(name, immediate)    V_CALL(name, 5)
#define V_ROW_V_LOAD(name, immediate)       V_ACCESS(name, V_SIZE(immediate), 6)
#define V_ROW_V_STORE(name, immediate)      V_ACCESS(name, V_SIZE(immediate), 6)
#define V_ROW_V_LOAD_LANE(name, immediate)  V_ACCESS(name, V_SIZE(immediate), 7)
#define V_ROW_V_STORE_LANE(name, immediate) V_ACCESS(name, V_SIZE(immediate), 7)
#define V_ROW_V_CONST(name, immediate)
#undef INSN
#define INSN(code, name, text, immediate, signature, class) V_ROW_##class(name, immediate)
#include "runtime/opcodes_simd.def"
#undef INSN
/* clang-format on */
