/* The interface between compiled code and the engine: what the compiler emits, and the verifier allows. Internal to
 * runtime/, as layout.h is, which has the fields.
 *
 * A compiled function is
 *
 *     {i64 fuel, T result} f<index>(ptr vm, ptr fp, i64 fuel, i32 depth, parameters...)
 *
 * and its way in `void e<index>(ptr vm, ptr fp)`. vm: the context. fp: the function's slots on the value stack, as many
 * as its row of the module says; whoever calls has looked that there are. depth: frames left, its own taken. The
 * convention is that of C; where a module has tail calls it is LLVM's for these, which is the same as long as all
 * parameters are in registers. Helpers are called through the context's table. */
#ifndef WARRANT_RUNTIME_VERIFY_ABI_H
#define WARRANT_RUNTIME_VERIFY_ABI_H

/* X(name, result, parameters): v none, p a pointer, I i64; parameters by letter:
 *     v the context      f the frame's slots      s a place in them, where arguments and results lie
 *     F fuel             d depth                  S number of a site
 *     k kind of a trap   o a function object      e selector of an element
 *     t table            T type                   g table + 1, or 0 for memory
 *     V value or memory  c count                  n instruction of a bulk operation
 *     x y its indices    A its operands           N native scratch memory
 *     r a vector's row   m memory                 L lanes            P place in it, or NULL; the helper looks */
#define VERIFY_HELPER_LIST(X)                                                                                          \
    X(trap, "v", "vFSk") /* does not return; looks at site and kind itself, as LLVM merges such calls */               \
    X(call, "v", "vfsFdSo")                                                                                            \
    X(call_indirect, "v", "vfsFdSetT")                                                                                 \
    X(tail_call, "v", "vfsFdSo") /* in place of the function at hand */                                                \
    X(tail_call_indirect, "v", "vfsFdSetT")                                                                            \
    X(native, "p", "vsFdSetT") /* a compiled function of that type for which there is a frame, or NULL */              \
    X(tail_native, "p", "vsFdSetT")                                                                                    \
    X(grow, "I", "vFdSgVc")                                                                                            \
    X(bulk, "v", "vFdSnxyAAc")                                                                                         \
    X(vector, "v", "vNrmLLP")
#define VERIFY_HELPER_ENUM(name, result, params) VERIFY_HELPER_##name,
enum verify_helper { VERIFY_HELPER_LIST(VERIFY_HELPER_ENUM) VERIFY_HELPER_COUNT };
#undef VERIFY_HELPER_ENUM
#define VERIFY_POINTERS  "vfsoNP"
#define VERIFY_NUMBERS64 "FVAL"

enum {
    VERIFY_FRAME_BYTES = 16384, /* of a native frame, at most */
    VERIFY_SCRATCH_SLOTS = 8    /* of the native frame that a vector's row may touch */
};

#endif
