/* The interpreter's side of vectors: handlers that move them, and one per row of opcodes_simd.def that calls its function.
 * Calls keep the loop's registers to the handlers of numbers (inline, vectors cost fib 6 per cent). See interp.c for the
 * macros. */
/* clang-format off */

HANDLER(COPY_V128)
{
    v128_put(&fp[C], v128_get(&fp[A]));
    NEXT(1);
}
HANDLER(CONST_V128)
{
    v128_put(&fp[C], v128_get(&pc[1]));
    NEXT(3);
}
HANDLER(SELECT_V128)
{
    v128_put(&fp[C], v128_get((uint32_t)fp[pc[1]] ? &fp[A] : &fp[B]));
    NEXT(2);
}
HANDLER(GLOBAL_GET_V128)
{
    v128_put(&fp[C], v128_get(&vm->globals[LOW]));
    NEXT(1);
}
HANDLER(GLOBAL_SET_V128)
{
    v128_put(&vm->globals[LOW], v128_get(&fp[C]));
    NEXT(1);
}
HANDLER(GLOBAL_GET_SHARED_V128)
{
    v128_put(&fp[C], v128_get((const uint64_t *)(uintptr_t)vm->globals[LOW]));
    NEXT(1);
}
HANDLER(GLOBAL_SET_SHARED_V128)
{
    v128_put((uint64_t *)(uintptr_t)vm->globals[LOW], v128_get(&fp[C]));
    NEXT(1);
}

/* A row by its class: how many words it has, and for accesses the bounds. */
#define V_CALL(name, at, words) HANDLER(name) { simd_##name(fp, pc, w, at); NEXT(words); }
#define V_ACCESS(name, offset, size, words)                                                                            \
    HANDLER(name)                                                                                                      \
    {                                                                                                                  \
        uint64_t at = fp[A] + (offset);                                                                                \
        if (__builtin_expect(at + (size) > memory_size, 0))                                                            \
            TRAP(MEMORY_BOUNDS);                                                                                       \
        simd_##name(fp, pc, w, memory + at);                                                                           \
        NEXT(words);                                                                                                   \
    }
#define V_SIZE(immediate)                 (1u << OP_IMM_##immediate)
#define V_ROW_UNARY(name, immediate)      V_CALL(name, NULL, 1)
#define V_ROW_BINARY(name, immediate)     V_CALL(name, NULL, 1)
#define V_ROW_TERNARY(name, immediate)    V_CALL(name, NULL, 2)
#define V_ROW_SHUFFLE(name, immediate)    V_CALL(name, NULL, 3)
#define V_ROW_EXTRACT(name, immediate)    V_CALL(name, NULL, 1)
#define V_ROW_REPLACE(name, immediate)    V_CALL(name, NULL, 2)
#define V_ROW_LOAD(name, immediate)       V_ACCESS(name, B, V_SIZE(immediate), 1)
#define V_ROW_STORE(name, immediate)      V_ACCESS(name, B, V_SIZE(immediate), 1)
#define V_ROW_LOAD_LANE(name, immediate)  V_ACCESS(name, pc[1] >> 32, V_SIZE(immediate), 2)
#define V_ROW_STORE_LANE(name, immediate) V_ACCESS(name, pc[1] >> 32, V_SIZE(immediate), 2)
#define V_ROW_CONST(name, immediate)
#undef OP
#define OP(code, name, text, immediate, signature, class) V_ROW_##class(name, immediate)
#include "runtime/opcodes_simd.def"
/* clang-format on */
