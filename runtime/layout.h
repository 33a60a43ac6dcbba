/* The layout of what running code touches, stated once: of every field its offset, of every struct its size. As static
 * asserts (layout.c) it holds the compiler of C to it; as constants it is what a compiler of WebAssembly emits, and
 * what a verifier of its code allows. tests/layering/layering_layout.py compares it with the interpreter's handlers,
 * which are the other code that touches these.
 *
 * Nothing is added or moved without a thought for code that was compiled before: the list is its interface. All
 * addresses and sizes have 64 bits. Internal to runtime/.
 *
 * What runs has the address of the context, and gets to all else from there: memory 0 and its bounds, globals, tables,
 * the other memories, functions, the types that an indirect call compares, and the limits: the value stack's end, fuel,
 * depth, interrupt. Calls go through a function object's `code` (instance.h has the convention). */
#ifndef WARRANT_RUNTIME_LAYOUT_H
#define WARRANT_RUNTIME_LAYOUT_H

/* clang-format off */
/* FIELD(struct, field, offset) */
#define LAYOUT(FIELD)                         \
    /* the context, all of it */              \
    FIELD(vmctx, memory_base, 0)              \
    FIELD(vmctx, memory_size, 8)              \
    FIELD(vmctx, globals, 16)                 \
    FIELD(vmctx, tables, 24)                  \
    FIELD(vmctx, memories, 32)                \
    FIELD(vmctx, functions, 40)               \
    FIELD(vmctx, types, 48)                   \
    FIELD(vmctx, stack_end, 56)               \
    FIELD(vmctx, elem_dropped, 64)            \
    FIELD(vmctx, data_dropped, 72)            \
    FIELD(vmctx, fuel, 80)                    \
    FIELD(vmctx, depth, 88)                   \
    FIELD(vmctx, interrupt, 92)               \
    FIELD(vmctx, helpers, 96)                 \
    /* the instance, as its own code has it */ \
    FIELD(rt_instance, vm, 0)                 \
    FIELD(rt_instance, pc, 104)               \
    FIELD(rt_instance, fp, 112)               \
    FIELD(rt_instance, frame, 120)            \
    FIELD(rt_instance, frames, 128)           \
    FIELD(frame, pc, 0)                       \
    FIELD(frame, fp, 8)                       \
    FIELD(frame, function, 16)                \
    /* a function: what a call needs */       \
    FIELD(function_object, code, 0)           \
    FIELD(function_object, type, 8)           \
    FIELD(function_object, owner, 16)         \
    FIELD(function_object, units, 24)         \
    FIELD(function_object, function, 32)      \
    FIELD(function_object, frame_slots, 40)   \
    FIELD(function_object, host, 48)          \
    FIELD(function_object, env, 56)           \
    FIELD(function, param_slots, 8)           \
    FIELD(function, result_slots, 12)         \
    FIELD(function, body, 24)                 \
    FIELD(type_def, param_slots, 48)          \
    FIELD(type_def, result_slots, 52)         \
    /* what instructions look into */         \
    FIELD(memory, base, 0)                    \
    FIELD(memory, pages, 16)                  \
    FIELD(table, elements, 0)                 \
    FIELD(table, size, 8)

/* SIZE(struct, bytes): of those that lie in arrays, and of the context */
#define LAYOUT_SIZES(SIZE)                    \
    SIZE(vmctx, 104)                          \
    SIZE(frame, 24)                           \
    SIZE(function_object, 64)
/* clang-format on */

#define LAYOUT_OFFSET(name, field, offset) LAYOUT_##name##_##field = (offset),
#define LAYOUT_BYTES(name, bytes)          LAYOUT_##name##_size = (bytes),
enum layout { LAYOUT(LAYOUT_OFFSET) LAYOUT_SIZES(LAYOUT_BYTES) };
#undef LAYOUT_OFFSET
#undef LAYOUT_BYTES

#endif
