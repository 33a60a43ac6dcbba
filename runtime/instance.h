/* A module's instance and what it runs on. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_INSTANCE_H
#define WARRANT_RUNTIME_INSTANCE_H

#include "runtime/module.h"

enum { PAGE_BYTES = 65536 };

/* A linear memory, possibly shared by instances: `users` hears of a new size. */
struct memory {
    uint8_t *base;     /* reserved address space; never moves */
    uint64_t reserved; /* bytes */
    uint32_t pages, max_pages;
    bool has_max; /* declared; what an importer must match */
    uint32_t declared_max;
    struct rt_instance *users; /* linked by next_memory_user */
};

struct rt_table {
    uint64_t *elements; /* owned; references, see struct function_object */
    uint32_t size, capacity, max;
    bool has_max;
    uint32_t declared_max;
    uint32_t type;             /* of its elements */
    const struct types *types; /* whose definitions `type` may name; borrowed from the owner's module. NULL: none's */
};

/* What a funcref points to: a function together with its instance. A reference's number is the object's address. */
struct function_object {
    struct rt_instance *owner;
    const struct type_def *type;     /* of the owner's module; a host function's own */
    const struct function *function; /* its row in the owner's module; `body` NULL for a host function */
    rt_host_fn *host;                /* host functions only */
    void *env;
    rt_host_fn *given; /* an embedder's function and its environment: `host` calls it, and clears its results */
    void *given_env;
};

struct entry; /* prepare_function.h */
struct frame {
    const uint16_t *pc;  /* the caller's next instruction */
    uint64_t *fp;        /* the caller's frame */
    struct entry *entry; /* of what runs in this frame */
};

struct rt_instance {
    struct rt_vmctx vm; /* first, see rt.h */
    const struct rt_module *module;
    struct function_object *functions; /* the whole index space; owned */
    struct memory **memories;          /* the whole index space; owned */
    struct memory *own_memories;       /* owned; those that the module defines */
    struct memory *memory;             /* 0, once attached; NULL: none */
    struct rt_table *own_tables;       /* owned; those that the module defines */
    bool *elem_dropped, *data_dropped; /* owned */
    struct rt_instance *next_memory_user;
    struct rt_limits limits;
    struct rt_growth_watch growth_watch;
    uint64_t growths;      /* that the limits allowed */
    uint64_t engine_bytes; /* budget_engine */
    uint64_t code_bytes;   /* of prepared functions */

    uint64_t *stack, *stack_end; /* value stack: reserved pages */
    struct frame *frames;        /* call_depth + 1 of them, reserved pages */
    uint64_t stack_bytes, frames_bytes;
    uint32_t nesting; /* calls into this guest that are active */

    struct entry *entries; /* owned; see prepare_function.h */
    struct arena code;     /* prepared functions */
    struct body *preparer; /* owned; NULL until something was prepared */

    /* Where the interpreter is; valid while a host function runs and after a trap. */
    const uint16_t *pc;
    uint64_t *fp;
    struct frame *frame;
    int64_t fuel_at_start;
    struct rt_trap trap;
};

/* inspect.c */
/* Where a global's value lies; an imported mutable one is its owner's. */
uint64_t *instance_global(const struct rt_instance *instance, uint32_t global);
/* Clears the upper half of values of 32 bits: the engine relies on that, and the host may have left something there. */
void slots_clear(uint32_t count, const uint32_t *types, uint64_t *slots);

/* budget.c: what counts against limits.memory_bytes. */
/* What `module` makes the engine hold under `limits` before its guest runs, beyond LIMIT_ENGINE_FREE: known from the
 * module and the limits alone, so that every tier answers a growth alike. Prepared code is in it with BUDGET_PREPARED
 * bytes for each byte of code. */
uint64_t budget_engine(const struct rt_module *module, const struct rt_limits *limits);
/* Slots of the value stack: LIMIT_STACK_SLOTS, or as many as take an eighth of a lower limit, at least
 * BUDGET_STACK_LEAST. */
uint32_t budget_stack_slots(const struct rt_limits *limits);
/* LIMIT where the sizes that the module declares do not fit, before anything is taken. */
MUST_USE enum status budget_check(const struct rt_module *module, const struct rt_limits *limits, struct error *error);
bool budget_allows(const struct rt_instance *instance, uint64_t more);       /* bytes */
bool budget_allows_pages(const struct rt_instance *instance, uint32_t more); /* the limit on pages, too */
/* Whether prepared code may take `more` bytes: what it has been given, or what is left. */
bool budget_allows_code(const struct rt_instance *instance, size_t more);

/* memory.c */
MUST_USE enum status memory_init(struct memory *m, const struct size_limits *type, uint32_t limit, struct error *error);
void memory_done(struct memory *m); /* m may be NULL or zero */
/* Makes it memory 0, whose base and size the instance's context holds. */
void memory_attach(struct memory *m, struct rt_instance *user);
void memory_detach(struct rt_instance *user);
static inline uint64_t memory_bytes(const struct memory *m) { return (uint64_t)m->pages * PAGE_BYTES; }
/* Pages before, or UINT32_MAX where the limits or the system refuse. The limit is on all memories together. */
uint32_t memory_grow(struct rt_instance *instance, uint32_t memory, uint32_t pages);

/* growth.c: what memory_grow and table_grow call once the limits allow it. ask: false where the guest is to be refused.
 */
bool growth_ask(struct rt_instance *instance, bool table, uint32_t index, uint32_t amount, struct rt_growth *ret);
void growth_refused(struct rt_instance *instance, const struct rt_growth *growth);

/* table.c. The bulk instructions, in pieces of 8192 elements (64 KiB) that charge and poll as those of bulk.c do; out
 * of bounds nothing was written, stopped midway a part was. Tables by index. */
MUST_USE enum status table_init(struct rt_table *t, const struct table_type *type, uint32_t limit, struct error *error);
void table_done(struct rt_table *t);
/* *ret: size before, or UINT32_MAX where the limits or the system refuse. Stopped midway it has not grown. */
enum rt_trap_kind table_grow(struct rt_instance *instance, uint32_t table, uint64_t value, uint32_t count,
                             uint32_t *ret);
enum rt_trap_kind table_fill(struct rt_instance *instance, uint32_t table, uint32_t to, uint64_t value, uint32_t count);
enum rt_trap_kind table_copy(struct rt_instance *instance, uint32_t to_table, uint32_t from_table, uint32_t to,
                             uint32_t from, uint32_t count);
enum rt_trap_kind table_init_segment(struct rt_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
                                     uint32_t from, uint32_t count);
/* Copies an active segment, which is no instruction: it costs nothing and does not poll. False: out of bounds. */
bool table_init_active(struct rt_instance *instance, uint32_t segment);
/* const_value.c: the value of a constant expression in this instance: one slot, or two into `ret`. */
uint64_t const_value(struct rt_instance *instance, const struct const_expr *expr);
void const_store(struct rt_instance *instance, const struct const_expr *expr, uint64_t *ret);

/* bulk.c: a bulk instruction on `count` bytes or elements, in pieces of at most `piece`. */
struct bulk_pieces {
    uint64_t count, done;
    uint64_t at;            /* where the piece at hand begins */
    uint32_t piece, size;   /* its size; 0 before the first */
    bool backwards;         /* the last piece first: what overlaps must be read before it is overwritten */
    enum rt_trap_kind stop; /* why there is no further piece; RT_TRAP_NONE: all is done */
};
/* Goes to the next piece, or returns false. Each but the first costs one unit of fuel, and polls. */
bool bulk_next(struct rt_instance *instance, struct bulk_pieces *pieces);
/* The memory's bulk instructions, in pieces of 64 KiB. Memories by index. */
enum rt_trap_kind bulk_fill(struct rt_instance *instance, uint32_t memory, uint64_t to, uint8_t value, uint64_t count);
enum rt_trap_kind bulk_copy(struct rt_instance *instance, uint32_t to_memory, uint32_t from_memory, uint64_t to,
                            uint64_t from, uint64_t count);
enum rt_trap_kind bulk_init(struct rt_instance *instance, uint32_t memory, uint32_t segment, uint64_t to, uint64_t from,
                            uint64_t count);

/* interp_functions.c or interp_labels.c: runs until the function returns. fp: its frame, the arguments in place; the
 * results stand there afterwards. */
enum rt_trap_kind interp_run(struct rt_instance *instance, struct entry *entry, uint64_t *fp);
/* link.c: the definitions that a function's type may name; NULL for the embedder's. */
const struct types *function_types(const struct function_object *object);
/* Whether it may be called as a function of `type`, which is of `types`. */
bool function_matches(const struct function_object *object, const struct types *types, const struct type_def *type);
/* call.c: calls any function; slots hold the arguments, then the results. */
enum rt_trap_kind function_call(const struct function_object *object, uint64_t *slots);
/* Whether a frame of `slots` slots may begin at `fp` with `depth` frames left: the one rule for every kind of call (a
 * host function takes a frame without slots of its own). A tail call keeps the depth and needs the slots only. */
static inline bool slots_fit(const struct rt_instance *instance, const uint64_t *fp, uint32_t slots)
{
    return (uintptr_t)fp + slots * sizeof *fp <= (uintptr_t)instance->stack_end;
}
static inline bool frame_fits(const struct rt_instance *instance, uint32_t depth, const uint64_t *fp, uint32_t slots)
{
    return depth > 0 && slots_fit(instance, fp, slots);
}

/* trap.c: fills instance->trap from where the interpreter stands, and corrects the fuel. */
void trap_record(struct rt_instance *instance, enum rt_trap_kind kind);

/* Polled at loop back-edges and calls. A signal handler or another thread sets it; nothing else is published with it,
 * so relaxed order is enough. */
static inline bool interrupted(const struct rt_vmctx *vm)
{
    return __atomic_load_n(&vm->interrupt, __ATOMIC_RELAXED) != 0;
}

#endif
