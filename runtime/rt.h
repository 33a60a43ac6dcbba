/* The engine's public interface: load a module, link it, run it, look into its memory. Knows nothing of WASI. This
 * header and the three of runtime/base/ that it includes are all that an embedder needs; docs/examples/ has a whole
 * program.
 *
 *     rt_module_load      bytes to a module: decoded, validated, immutable
 *     rt_instance_create  a module and its imports to an instance: memory, tables, globals; limits and fuel
 *     rt_instance_start   its start function, if it has one
 *     rt_call             any function, as often as wanted; a trap ends the call, not the instance
 *     rt_instance_free, then rt_module_free
 *
 * Ownership words: *takes*, *borrows (until ...)*, *returns owned*. Not thread-safe: one instance, one thread.
 *
 * Failure: a function that can fail returns enum status and must be looked at; `error` may be NULL, else it is
 * initialised with ERROR_INIT and gets one sentence. `ret` pointers are written on success only, unless said otherwise.
 *
 * Handles. Each is an allocation of its own; none is used twice. NULL in place of a handle, or of another pointer that
 * is wanted, is no crash: functions with a status answer INVALID, the others what they say (mostly 0 or false). An
 * index that the module does not have is treated alike. A handle that was freed, or that is no handle, is undefined
 * behaviour, as it is for free(); so is freeing an instance while it runs, and freeing a module before its instances.
 * Under AddressSanitizer the use of a freed handle is reported where it happens.
 *
 * Source of the terms: WebAssembly Core Specification 2.0, all of which is here; of what came later, tail calls,
 * extended constant expressions and multiple memories. A tail call out of an instance is a call, then a return. */
#ifndef WARRANT_RT_H
#define WARRANT_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/base/error.h"
#include "runtime/base/limits.h"
#include "runtime/base/status.h"

#define RT_VERSION "0.1.0"
/* The version of the library that is linked; RT_VERSION is this header's. The two must be equal: before 1.0 every
 * version may change the interface. Static storage. */
const char *rt_version(void);

/* A value type is one of these, in 32 bits: the reference types of later proposals will not fit into fewer. */
enum rt_type {
    RT_I32 = 0x7f,
    RT_I64 = 0x7e,
    RT_F32 = 0x7d,
    RT_F64 = 0x7c,
    RT_V128 = 0x7b,
    RT_FUNCREF = 0x70,
    RT_EXTERNREF = 0x6f
};

/* A value as it lies in a slot: i32 and f32 in the low 32 bits with the rest zero (what the host leaves there is
 * cleared where a value enters the guest), references as an opaque number (0 is null). A v128 takes two slots, its
 * lanes in little-endian order: the low 64 bits come first. A funcref must be 0 or have come from this engine, out of
 * an instance that still lives; an externref may be any number. */
union rt_value {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint64_t bits;
};

/* The value as a slot. */
uint64_t rt_slot_i32(int32_t value);
uint64_t rt_slot_f32(float value);
uint64_t rt_slot_f64(double value);

struct rt_functype {
    uint32_t param_count, result_count;
    const uint32_t *params, *results; /* enum rt_type each; borrowed */
};

/* Slots that values of these types take: one each, a v128 two. */
uint32_t rt_type_slots(uint32_t count, const uint32_t *types);

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
    X(HOST_FAILED, "the runtime failed, in a hostcall or for want of memory")                                          \
    X(EXIT, "the guest exited")

#define RT_TRAP_ENUM(kind, text) RT_TRAP_##kind,
enum rt_trap_kind { RT_TRAP_LIST(RT_TRAP_ENUM) RT_TRAP_COUNT };
#undef RT_TRAP_ENUM
const char *rt_trap_text(enum rt_trap_kind kind); /* never NULL; static storage */

/* Where it happened. `offset` counts bytes from the start of the module file to the instruction. Names come from the
 * name section, NULL where it has none; borrowed until the module is freed. */
struct rt_trap {
    enum rt_trap_kind kind;
    uint32_t function; /* function index */
    uint32_t offset;
    const char *function_name;
};

/* The ways in which functions are executed, each with its name and what it is. They differ in speed alone: results,
 * traps and their places, counts and states are the same on all. */
#define RT_TIER_LIST(X) X(INTERPRETER, "interpreter", "executes prepared code, one instruction after the other")

#define RT_TIER_ENUM(tier, name, text) RT_TIER_##tier,
enum rt_tier { RT_TIER_LIST(RT_TIER_ENUM) RT_TIER_COUNT };
#undef RT_TIER_ENUM

struct rt_module;
struct rt_instance;

struct rt_limits {
    uint32_t memory_pages;   /* 64 KiB each, of all memories together; at most LIMIT_MEMORY_PAGES */
    uint32_t call_depth;     /* frames, at most LIMIT_CALL_DEPTH */
    uint32_t table_elements; /* of one table */
    uint64_t fuel;           /* instructions, see rt_instance_instructions; UINT64_MAX: no limit */
    /* Bytes of all that the guest makes the engine hold: linear memories, tables (8 bytes an element), stacks, the
     * module and its prepared code, of which LIMIT_ENGINE_FREE are not counted. 0: no such limit. */
    uint64_t memory_bytes;
};
/* The built-in limits (runtime/base/limits.h). Higher values are lowered to them. */
#define RT_LIMITS_DEFAULT { LIMIT_MEMORY_PAGES, LIMIT_CALL_DEPTH, LIMIT_TABLE_ELEMENTS, UINT64_MAX, 0 }

/* What a module may be made of. Refused while it is loaded: STATUS_LIMIT, with the limit's name in brackets. */
struct rt_module_limits {
    uint32_t bytes;     /* of the whole module; "module" in messages and policies, the others as here */
    uint32_t functions; /* imported ones included */
    uint32_t locals;    /* of one function, parameters included; a v128 is one */
    uint32_t tables;    /* imported ones included */
    uint64_t memory;    /* bytes that the loaded module takes beyond LIMIT_ENGINE_FREE; 0: no limit */
};
#define RT_MODULE_LIMITS_DEFAULT { LIMIT_MODULE_BYTES, LIMIT_FUNCTIONS, LIMIT_LOCALS, LIMIT_TABLES, 0 }

/* A linear memory (4.2.8). base never moves during the instance's life (its address space is reserved) and must not be
 * used after it; size changes with memory.grow, so it is asked for anew after each call into the guest. {NULL, 0} where
 * there is none. Bytes are little-endian. */
struct rt_memory {
    uint8_t *base;
    uint64_t size; /* bytes */
};

/* A host function. slots: the parameters in order, one 64-bit slot each (a v128 two); results are written to the same
 * slots from 0. Returns RT_TRAP_NONE, or the trap that ends the guest (RT_TRAP_EXIT: an orderly end). memory: memory 0
 * of `instance` as it is now, to read and write. */
typedef enum rt_trap_kind rt_host_fn(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots);

/* What an import is satisfied with: a host function, or what another instance exports. Names and type are borrowed for
 * the call of rt_instance_create. */
struct rt_import {
    const char *module, *name;
    struct rt_functype type; /* host function */
    rt_host_fn *function;
    void *env; /* borrowed until the instance is freed */
    /* Not NULL: in place of the host function, this instance's export of that name (a function, table, memory or
     * global), which the two then share. Both must live until neither runs any more; this one is freed last. */
    struct rt_instance *from;
    const char *export_name;
};

/* Kinds of imports and exports, numbered as in the binary format (5.5.5). */
enum rt_kind { RT_FUNCTION = 0, RT_TABLE = 1, RT_MEMORY = 2, RT_GLOBAL = 3 };

/* What an import asks for; see rt_module_import. */
struct rt_import_info {
    const char *module, *name; /* borrowed until the module is freed; NUL-terminated copies */
    uint8_t kind;              /* enum rt_kind */
    struct rt_functype type;   /* functions only */
};

/* An export. Its index is one of the module's space of that kind (2.5.1), imports first; the functions below take it.
 */
struct rt_export_info {
    const char *name;   /* borrowed until the module is freed; NUL-terminated. NULL: there is no such export */
    uint32_t name_size; /* bytes; a name may hold NULs of its own */
    uint8_t kind;       /* enum rt_kind */
    uint32_t index;
    struct rt_functype type; /* function */
    uint32_t value_type;     /* enum rt_type: of a global's value, of a table's elements */
    bool is_mutable;         /* global */
    bool has_max;            /* memory, table: */
    uint32_t min, max;       /* declared sizes, in pages of 64 KiB or in elements */
};

/* Decodes and validates all of `bytes` (borrows; copied where needed, so the caller may free it). limits: NULL for the
 * built-in ones. Returns owned in *ret. Failure: MALFORMED (decoder, chapter 5), INVALID (validator, chapter 3),
 * UNSUPPORTED (names the proposal), LIMIT, NO_MEMORY, with a text that names the byte offset. */
MUST_USE enum status rt_module_load(const void *bytes, size_t size, const struct rt_module_limits *limits,
                                    struct rt_module **ret, struct error *error);
/* Why a file that begins so is no module, and what makes one of it: "it is WebAssembly text; ...". NULL where it begins
 * as a module or a component does. Looks, and validates nothing. */
const char *rt_module_refusal(const void *bytes, size_t size);
void rt_module_free(struct rt_module *module); /* NULL is fine. Every instance must be freed before. */
/* The same checks, and the module is not kept. */
MUST_USE enum status rt_module_validate(const void *bytes, size_t size, const struct rt_module_limits *limits,
                                        struct error *error);

/* Of no module (NULL): 0 imports and exports. Of an index that is not below the count: all fields 0 or NULL. */
uint32_t rt_module_import_count(const struct rt_module *module);
struct rt_import_info rt_module_import(const struct rt_module *module, uint32_t index);
uint32_t rt_module_export_count(const struct rt_module *module);
struct rt_export_info rt_module_export_at(const struct rt_module *module, uint32_t index); /* in the module's order */
/* Finds an export by its name (NUL-terminated): of any kind, or a function's index alone. False: there is none. */
bool rt_module_export_find(const struct rt_module *module, const char *name, struct rt_export_info *ret);
bool rt_module_export(const struct rt_module *module, const char *name, uint32_t *ret_function);
/* No parameters and no results where there is no such function. */
struct rt_functype rt_module_function_type(const struct rt_module *module, uint32_t function);
uint32_t rt_module_function_count(const struct rt_module *module); /* imported ones, which come first, included */
/* Where a function's body lies in the module file, its locals first. {0, 0}: it is imported, or there is none. */
struct rt_body {
    uint32_t offset, size;
};
struct rt_body rt_module_function_body(const struct rt_module *module, uint32_t function);
/* From the name section; NULL where it has none. Borrowed until the module is freed. */
const char *rt_module_function_name(const struct rt_module *module, uint32_t function);

/* Links (4.5.4; imports in any order, of several with one name the first of the module's type; each import of the
 * module must find one whose names and type are equal), allocates memory and tables, copies segments. limits: NULL for
 * the built-in ones, without fuel. The start function is not run here: rt_instance_start does that. module: borrows
 * until the instance is freed. Failure: UNLINKABLE (names the import), LIMIT, NO_MEMORY, TRAPPED (a segment out of
 * bounds; see rt_instance_trap), INVALID (NULL, or an import without function and instance). Returns owned in *ret;
 * also on TRAPPED, for the trap to be read and the instance to be freed, nothing else. */
MUST_USE enum status rt_instance_create(const struct rt_module *module, const struct rt_import *imports,
                                        size_t import_count, const struct rt_limits *limits, struct rt_instance **ret,
                                        struct error *error);
void rt_instance_free(struct rt_instance *instance); /* NULL is fine. Its memory goes with it. */
/* Runs the start function if there is one; as rt_call. To be called once, before other functions. */
MUST_USE enum status rt_instance_start(struct rt_instance *instance, struct error *error);

/* Calls a function by index (4.5.5). A host function may call into the guest that called it, LIMIT_NESTING deep.
 * Frames are bounded by limits->call_depth and their slots (parameters, locals, greatest operand height) by
 * LIMIT_STACK_SLOTS. args and results: slots as the type says, see rt_type_slots; the counts are of slots. Returns OK,
 * TRAPPED (RT_TRAP_EXIT too: then EXITED), or INVALID for a wrong count. After a trap the instance may be inspected and
 * called again. */
MUST_USE enum status rt_call(struct rt_instance *instance, uint32_t function, const uint64_t *args, uint32_t arg_count,
                             uint64_t *results, uint32_t result_count, struct error *error);
/* How the last call ended; kind NONE where it returned, or there is none. Borrowed until the next call. Never NULL. */
const struct rt_trap *rt_instance_trap(const struct rt_instance *instance);
/* The guest's stack when the last call trapped, from where it trapped outwards: all frames, or of more than there is
 * room for the innermost LIMIT_STACK_INNER and then the outermost LIMIT_STACK_OUTER. Of all but the first, `offset` is
 * the call instruction's; `kind` is the trap's; a tail call has its callee's frame. Returns how many frames there were:
 * 0 where nothing trapped, or no function of this instance did. Their functions are read again to find the places,
 * LIMIT_STACK_READ bytes of code at most; a frame beyond that has its function's first byte, and so has one that called
 * a host function that called back. */
uint32_t rt_instance_stack(const struct rt_instance *instance,
                           struct rt_trap ret[LIMIT_STACK_INNER + LIMIT_STACK_OUTER]);
/* What is being executed now, for a host function that reports where it was called from: the calling guest function and
 * the offset of its call instruction. All 0 where nothing runs. */
struct rt_trap rt_instance_where(const struct rt_instance *instance);

/* Memory 0 of an instance, and memory `index` of the module's space. */
struct rt_memory rt_instance_memory(const struct rt_instance *instance);
struct rt_memory rt_instance_memory_at(const struct rt_instance *instance, uint32_t index);
/* What lies at [address, address + size), or NULL where that is not all inside: the one check that a pointer of a
 * guest's needs before the host follows it. No size is too large, and size 0 is inside up to the end. */
uint8_t *rt_memory_range(struct rt_memory memory, uint64_t address, uint64_t size);

/* Reads or writes a global (4.2.9) of the module's index space; exports tell its index and type. count: slots, as the
 * type says. INVALID: no such global, another count, or to write one that is not mutable. */
/* rt_instance_global_type: enum rt_type; 0 where there is no such global. */
uint32_t rt_instance_global_type(const struct rt_instance *instance, uint32_t global);
MUST_USE enum status rt_instance_global_get(const struct rt_instance *instance, uint32_t global, uint64_t *ret_slots,
                                            uint32_t count, struct error *error);
MUST_USE enum status rt_instance_global_set(struct rt_instance *instance, uint32_t global, const uint64_t *slots,
                                            uint32_t count, struct error *error);

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
/* Gives `fuel` for what is called from now on, in place of what was left; UINT64_MAX: no limit. The count of
 * instructions goes on. INVALID while the instance runs. */
MUST_USE enum status rt_instance_refuel(struct rt_instance *instance, uint64_t fuel, struct error *error);

/* Asks the running guest to stop with RT_TRAP_INTERRUPTED at its next branch back to a loop, call, or piece of a bulk
 * instruction, of this call or the next. Heard once. NULL is fine. Async-signal-safe, and callable from another
 * thread.
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

/* Who is told of every call, while every piece of code is counted: what a profile and coverage are made of. All of it
 * is exact. Functions are prepared with more in them, so that only a guest that is watched is slower; results, traps
 * and their places, counts and states are the same. */
struct rt_code_watch {
    void *env; /* borrowed until the instance is freed */
    /* A function of the module begins. depth: active frames, its own included; whoever had this depth or more before
     * has ended (a tail call's callee has the caller's depth). instructions: executed so far. Both must not call into
     * the guest. */
    void (*entered)(void *env, uint32_t function, uint32_t depth, uint64_t instructions);
    /* The function at this depth has executed its last instruction. A trap ends all functions
     * down to the one that the host called, which is told. Where it tail-calls a host function, its frame stays until
     * that returns: what is called from there is deeper by two. */
    void (*left)(void *env, uint32_t depth, uint64_t instructions);
};
/* To be called before the guest runs; copies *watch. NO_MEMORY. INVALID: NULL, or the instance is watched already. */
MUST_USE enum status rt_instance_watch_code(struct rt_instance *instance, const struct rt_code_watch *watch,
                                            struct error *error);
/* Instructions that are always executed together, but for one that traps: those that begin at the bytes [first, past)
 * of the module file. */
struct rt_piece {
    uint32_t function, first, past;
    uint32_t instructions; /* how many they are; what a bulk instruction counts beyond itself is not among them */
    uint64_t count;        /* how often it was executed */
};
/* The pieces of all functions that were called, of one function in the order of its code: without code that cannot be
 * reached, and without what ends in an `unreachable`. For each trap within a piece there is one more, with what was
 * executed of it. Borrowed until the guest runs on or the instance is freed. INVALID: the instance is not watched.
 * NO_MEMORY: not all could be noted. */
MUST_USE enum status rt_instance_pieces(const struct rt_instance *instance, const struct rt_piece **ret,
                                        uint32_t *ret_count, struct error *error);

#endif
