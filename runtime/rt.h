/* The engine's public interface: load a module, link it, run it, look into its memory. Knows nothing of WASI.
 *
 * Ownership words: *takes*, *borrows (until ...)*, *returns owned*. Not thread-safe: one instance, one thread.
 * Source of the terms: WebAssembly Core Specification 2.0, all of which is here; of what came later, tail calls,
 * extended constant expressions and multiple memories. A tail call out of an instance is a call, then a return. */
#ifndef WARRANT_RT_H
#define WARRANT_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/base/base.h"

enum rt_type {
    RT_I32 = 0x7f,
    RT_I64 = 0x7e,
    RT_F32 = 0x7d,
    RT_F64 = 0x7c,
    RT_V128 = 0x7b,
    RT_FUNCREF = 0x70,
    RT_EXTERNREF = 0x6f
};

/* A value as it lies in a slot: i32 and f32 in the low 32 bits with the rest zero, references as an opaque number
 * (0 is null). A v128 takes two slots, its lanes in little-endian order: the low 64 bits come first. */
union rt_value {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint64_t bits;
};

struct rt_functype {
    uint32_t param_count, result_count;
    const uint8_t *params, *results; /* enum rt_type each; borrowed */
};

/* Slots that values of these types take: one each, a v128 two. */
static inline uint32_t rt_type_slots(uint32_t count, const uint8_t *types)
{
    uint32_t slots = count;
    for (uint32_t i = 0; i < count; i++)
        slots += types[i] == RT_V128;
    return slots;
}

/* Why a guest stopped before its end. Kind and text (the reference interpreter's words where it has them). */
#define RT_TRAP_LIST(X)                                                                                                \
    X(NONE, "no trap")                                                                                                 \
    X(UNREACHABLE, "unreachable")                                                                                      \
    X(MEMORY_BOUNDS, "out of bounds memory access")                                                                    \
    X(TABLE_BOUNDS, "out of bounds table access")                                                                      \
    X(UNDEFINED_ELEMENT, "undefined element")                                                                          \
    X(UNINITIALIZED_ELEMENT, "uninitialized element")                                                                  \
    X(INDIRECT_TYPE, "indirect call type mismatch")                                                                    \
    X(DIVIDE_BY_ZERO, "integer divide by zero")                                                                        \
    X(INTEGER_OVERFLOW, "integer overflow")                                                                            \
    X(INVALID_CONVERSION, "invalid conversion to integer")                                                             \
    X(STACK_EXHAUSTED, "call stack exhausted")                                                                         \
    X(FUEL_EXHAUSTED, "all fuel consumed")                                                                             \
    X(INTERRUPTED, "interrupted")                                                                                      \
    X(HOST_POINTER, "a hostcall's pointer is out of bounds or misaligned")                                             \
    X(HOST_POLICY, "stopped by policy")                                                                                \
    X(HOST_STOPPED, "the recorder stopped the guest")                                                                  \
    X(HOST_DIVERGED, "the replay left the trace")                                                                      \
    X(HOST_FAILED, "a hostcall failed in the runtime")                                                                 \
    X(EXIT, "the guest exited")

#define RT_TRAP_ENUM(kind, text) RT_TRAP_##kind,
enum rt_trap_kind { RT_TRAP_LIST(RT_TRAP_ENUM) RT_TRAP_COUNT };
#undef RT_TRAP_ENUM
const char *rt_trap_text(enum rt_trap_kind kind);

/* Where it happened. `offset` counts bytes from the start of the module file to the instruction. Names come from the
 * name section, NULL where it has none; borrowed until the module is freed. */
struct rt_trap {
    enum rt_trap_kind kind;
    uint32_t function; /* function index */
    uint32_t offset;
    const char *function_name;
};

struct rt_module;
struct rt_instance;

struct rt_limits {
    uint32_t memory_pages;   /* 64 KiB each, of all memories together; at most LIMIT_MEMORY_PAGES */
    uint32_t call_depth;     /* frames, at most LIMIT_CALL_DEPTH */
    uint32_t table_elements; /* of one table */
    uint64_t fuel;           /* instructions, see rt_instance_instructions; UINT64_MAX: no limit */
};
/* Higher values than these are lowered to them. */
#define RT_LIMITS_DEFAULT { LIMIT_MEMORY_PAGES, LIMIT_CALL_DEPTH, LIMIT_TABLE_ELEMENTS, UINT64_MAX }

/* A host function. slots: the parameters in order, one 64-bit slot each (a v128 two); results are written to the same
 * slots from 0. Returns RT_TRAP_NONE, or the trap that ends the guest (RT_TRAP_EXIT: an orderly end). It may read and
 * write the memory of `instance`, and must not keep its address across a call into the guest. */
typedef enum rt_trap_kind rt_host_fn(void *env, struct rt_instance *instance, uint64_t *slots);

struct rt_import {
    const char *module, *name; /* borrowed */
    struct rt_functype type;
    rt_host_fn *function;
    void *env; /* borrowed until the instance is freed */
};

/* What an import asks for; see rt_module_import. kind: 0 function, 1 table, 2 memory, 3 global (binary format 5.5.5).
 */
struct rt_import_info {
    const char *module, *name; /* borrowed until the module is freed; NUL-terminated copies */
    uint8_t kind;
    struct rt_functype type; /* functions only */
};

/* Decodes and validates all of `bytes` (borrows; copied where needed, so the caller may free it). Returns owned in
 * *ret. Failure: MALFORMED (decoder), INVALID (validator), UNSUPPORTED (names the proposal), LIMIT, NO_MEMORY, with a
 * text that names the byte offset. */
MUST_USE enum status rt_module_load(const void *bytes, size_t size, struct rt_module **ret, struct error *error);
void rt_module_free(struct rt_module *module); /* NULL is fine. Every instance must be freed before. */

uint32_t rt_module_import_count(const struct rt_module *module);
struct rt_import_info rt_module_import(const struct rt_module *module, uint32_t index);
/* Finds an exported function's index, or false. */
bool rt_module_export(const struct rt_module *module, const char *name, uint32_t *ret_function);
struct rt_functype rt_module_function_type(const struct rt_module *module, uint32_t function);
const char *rt_module_function_name(const struct rt_module *module, uint32_t function); /* may be NULL */

/* Links (imports in any order; each import of the module must find one whose names and type are equal), allocates
 * memory and tables, copies segments. The start function is not run here: rt_instance_start does that. module: borrows
 * until the instance is freed. Failure: UNLINKABLE (names the import), LIMIT, NO_MEMORY, TRAPPED (a segment out of
 * bounds; see rt_instance_trap). Returns owned in *ret; also on TRAPPED, so that the trap can be read. */
MUST_USE enum status rt_instance_create(const struct rt_module *module, const struct rt_import *imports,
                                        size_t import_count, const struct rt_limits *limits, struct rt_instance **ret,
                                        struct error *error);
void rt_instance_free(struct rt_instance *instance);
/* Runs the start function if there is one. */
MUST_USE enum status rt_instance_start(struct rt_instance *instance, struct error *error);

/* Calls a function by index. A host function may call into the guest that called it, LIMIT_NESTING deep.
 * Frames are bounded by limits->call_depth and their slots (parameters, locals, greatest operand height) by
 * LIMIT_STACK_SLOTS. args and results: slots as the type says, see rt_type_slots; the counts are of slots. Returns OK,
 * TRAPPED (RT_TRAP_EXIT too: then EXITED), or INVALID for a wrong count. After a trap the instance may be inspected and
 * called again. */
MUST_USE enum status rt_call(struct rt_instance *instance, uint32_t function, const uint64_t *args, uint32_t arg_count,
                             uint64_t *results, uint32_t result_count, struct error *error);
const struct rt_trap *rt_instance_trap(const struct rt_instance *instance);
/* What is being executed now, for a host function that reports where it was called from: the calling guest function and
 * the offset of its call instruction. */
struct rt_trap rt_instance_where(const struct rt_instance *instance);

/* Linear memory 0. base never moves during the instance's life (its address space is reserved); size changes with
 * memory.grow. {NULL, 0} where the module has none. */
struct rt_memory {
    uint8_t *base;
    uint64_t size; /* bytes */
};
static inline struct rt_memory rt_instance_memory(const struct rt_instance *instance);

/* Wasm instructions executed so far: every instruction of the binary format counts one, structured markers (block,
 * loop, else, end, nop) too, and a host function's own work none. The same on every tier. In particular:
 * - what traps has been executed; so has the call of a host function while that runs;
 * - a branch goes past the `end` of its block, which then does not count; `end` and `else` count where control runs
 * into them; a branch to a loop executes its `loop` again; `return`, or a branch out of the function, ends it without
 * its `end`;
 * - memory.fill, memory.copy and memory.init count one more for each 64 KiB piece that they begin after the first; so
 * do table.fill, table.copy, table.init and a table.grow that succeeds, whose pieces are 8192 elements.
 *
 * Fuel is this count's limit. It is looked at where a segment ends, a segment being code that runs in one piece:
 * branches (also those not taken), if, else, calls, return, and labels that can be branched to end one. So a guest
 * stops with RT_TRAP_FUEL_EXHAUSTED at the end of the first segment that exceeds the fuel, always the same, before the
 * branch or call is made (no host function runs on exhausted fuel), and its count is then above the fuel by less than a
 * segment's length. */
uint64_t rt_instance_instructions(const struct rt_instance *instance);

/* Asks the running guest to stop with RT_TRAP_INTERRUPTED at its next branch back to a loop, call, or piece of a bulk
 * instruction, of this call or the next. Heard once. Async-signal-safe, and callable from another thread.
 * A bulk instruction that is stopped (by fuel likewise) has done whole pieces in its order, ascending, a copy to a
 * higher address descending; a table.grow has done nothing. */
void rt_instance_interrupt(struct rt_instance *instance);
/* The state of an instance: what its next instruction could see of globals, tables, memories and segments. Same program
 * and same inputs, same bytes: on every machine, tier and address. To be hashed, or compared.
 *
 * `visit` is given the bytes piece by piece; only their sequence means something, not where pieces end. A word is 8
 * bytes, little-endian:
 * - globals: a word, their count; of each, in the order of the index space, a word, its type (enum rt_type), and a
 * word, its value, i32 and f32 zero-extended; a v128 has two;
 * - tables: a word, their count; of each a word, its type, a word, its size, and a word per element;
 * - memories: a word, their count; of each a word, its size in pages of 64 KiB; then of each page that has a byte other
 *   than 0, ascending, a word, its number, and its 65,536 bytes; then a word of 64 ones;
 * - element segments: a word, their count, and a byte per segment, 1 where it is dropped; data segments the same.
 * A reference is 0 for null; a function is its index plus 1, in the upper 32 bits which instance it belongs to: 0 this
 * one, others as they are met, from 1 on; an externref is the number that the host gave. What is imported is read where
 * it is. A page that was never written costs as little as the system makes reading it. NO_MEMORY: more foreign
 * instances than there is memory for. STOPPED: an interrupt that was asked for is still to be heard (by the guest; it
 * stays asked for). With either the bytes are worth nothing. To be called while the guest does not run: between calls,
 * in a host function, after a trap. */
typedef void rt_state_fn(void *env, const void *bytes, size_t size);
MUST_USE enum status rt_instance_state(const struct rt_instance *instance, rt_state_fn *visit, void *env);

/* A memory.grow or table.grow of the guest that the module's and the run's limits allow. Those that a limit forbids
 * fail always and everywhere; these succeed wherever the system has the memory. So the outcome is known from the
 * program alone, but for what `refused` is told. */
struct rt_growth {
    uint64_t number; /* of such growths of this instance before it */
    bool table;      /* else a memory */
    uint32_t index;
    uint32_t amount; /* pages or elements asked for */
};
/* NULL functions are skipped. Both are called inside the instruction: they must not call into the guest. */
struct rt_growth_watch {
    void *env; /* borrowed until the instance is freed */
    /* Before the system is asked. False: the guest is refused, and the system not asked. */
    bool (*asked)(void *env, const struct rt_growth *growth);
    /* The system was asked and refused; the guest is answered -1. */
    void (*refused)(void *env, const struct rt_growth *growth);
};
/* To be called before the guest runs, for every growth to be seen; copies *watch. */
void rt_instance_watch_growth(struct rt_instance *instance, const struct rt_growth_watch *watch);

/* The state both tiers share; offsets are asserted in vmctx.c, compiled code will rely on them. It is the first member
 * of struct rt_instance. */
struct rt_vmctx {
    uint8_t *memory_base;     /* 0 */
    uint64_t memory_size;     /* 8: bytes */
    uint64_t *globals;        /* 16: one slot each, a v128 two */
    struct rt_table **tables; /* 24: imported ones are shared with their owner */
    int64_t fuel;             /* 32: instructions left */
    uint32_t depth;           /* 40: frames left */
    uint32_t interrupt;       /* 44: non-zero asks for a stop */
};

static inline struct rt_memory rt_instance_memory(const struct rt_instance *instance)
{
    const struct rt_vmctx *vm = (const struct rt_vmctx *)instance;
    return (struct rt_memory) { vm->memory_base, vm->memory_size };
}

#endif
