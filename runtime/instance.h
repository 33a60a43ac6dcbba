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

struct table {
    uint64_t *elements; /* owned; references, see struct function_object */
    uint32_t size, capacity, max;
    bool has_max;
    uint32_t declared_max;
    uint32_t type;             /* of its elements */
    const struct types *types; /* whose definitions `type` may name; borrowed from the owner's module. NULL: none's */
};

struct function_object;
/* The one calling convention: calls `self`, whether that is interpreted, native, the host's or another instance's.
 *
 * slots: the arguments, then the results, as rt.h lays them out, with the upper half of 32-bit values clear. The memory
 * is the caller's; where it lies on the owner's value stack, the callee's frame may begin there.
 * Before and after, the owner's context says what is left: its fuel with every instruction up to the call charged; its
 * depth as the caller has it, for the callee takes its own frame and gives it back (function_begin). Memory 0 may have
 * grown. The callee polls `interrupt` and charges fuel as rt.h says, whoever called.
 * Anything but RT_TRAP_NONE has ended the guest. Where a function of the owner's module trapped, the owner's `trap`
 * says so already; where the host did, whoever called from a guest records the call as the place. */
typedef enum rt_trap_kind function_code(const struct function_object *self, uint64_t *slots);

/* What a funcref points to: a function together with its instance. A reference's number is the object's address. All
 * calls go through `code`; that the interpreter enters functions of its instance by their `units` is its short cut. So
 * whoever gives a function native code gives it the units that call it (prepare_native). */
struct function_object {
    function_code *code;
    const struct type_def *type; /* of the owner's module; a host function's own */
    struct rt_instance *owner;
    const uint16_t *units;           /* prepared code, or what leads to it or to `code`; NULL: an import */
    const struct function *function; /* its row in the owner's module; `body` NULL for an import */
    uint32_t frame_slots;            /* the row's */
    rt_host_fn *host;                /* the embedder's; NULL: no host function */
    void *env;                       /* its environment; of another instance's function: the other object */
};

struct frame {
    const uint16_t *pc;                     /* the caller's next instruction */
    uint64_t *fp;                           /* the caller's frame */
    const struct function_object *function; /* what runs in this frame */
};

/* What running code reaches through one pointer, the interpreter's today and a compiler's tomorrow (layout.h). Nothing
 * in it is an address inside of it, so it may lie elsewhere than in the instance. */
struct vmctx {
    uint8_t *memory_base;                /* of memory 0 */
    uint64_t memory_size;                /* bytes */
    uint64_t *globals;                   /* one slot each, a v128 two; owned */
    struct table **tables;               /* the whole index space, imported ones are their owner's; owned */
    struct memory **memories;            /* likewise */
    struct function_object *functions;   /* the whole index space; owned */
    const struct type_def *const *types; /* by type index; the module's */
    uint64_t *stack_end;                 /* of the value stack */
    bool *elem_dropped, *data_dropped;   /* owned */
    int64_t fuel;                        /* instructions left */
    uint32_t depth;                      /* frames left */
    uint32_t interrupt;                  /* non-zero asks for a stop */
    void (*const *helpers)(void);        /* what compiled code calls; NULL where there is none */
};

struct tier; /* tier.h */
struct rt_instance {
    struct vmctx vm; /* first */
    /* Where the guest stands; valid while a host function runs and after a trap. */
    const uint16_t *pc;   /* the interpreter's */
    uint64_t *fp;         /* of the innermost frame */
    struct frame *frame;  /* the innermost; NULL: nothing runs */
    struct frame *frames; /* budget_frames of them, reserved pages */

    const struct rt_module *module;
    const struct tier *tier;
    void *tier_state;            /* the tier's own; NULL: none */
    struct memory *own_memories; /* owned; those that the module defines */
    struct memory *memory;       /* 0, once attached; NULL: none */
    struct table *own_tables;    /* owned; those that the module defines */
    struct rt_instance *next_memory_user;
    struct rt_limits limits;
    struct rt_growth_watch growth_watch;
    uint64_t growths;      /* that the limits allowed */
    uint64_t engine_bytes; /* budget_engine */
    uint64_t code_bytes;   /* of prepared functions */

    uint64_t *stack; /* value stack: reserved pages */
    uint64_t stack_bytes, frames_bytes;
    uint32_t nesting; /* calls into this guest that are active */

    struct arena code;     /* prepared functions */
    struct body *preparer; /* owned; NULL until something was prepared */

    int64_t fuel_at_start;
    struct rt_trap trap;
    uint32_t trap_depth; /* frames when it trapped, that one included; 0: none */
    const struct frame
        *trap_frame;          /* of the innermost, where it and those below are as they were until the next call */
    struct code_watch *watch; /* owned; NULL: nobody watches */
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
/* Frames that can be needed: a tail call to the host gives its depth back and keeps its frame. */
uint32_t budget_frames(const struct rt_limits *limits);
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
MUST_USE enum status table_init(struct table *t, const struct table_type *type, uint32_t limit, struct error *error);
void table_done(struct table *t);
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

/* watch.c: what the code of a watched instance calls. */
struct code_watch {
    struct rt_code_watch told;
    struct rt_piece *pieces; /* owned */
    uint32_t count, capacity;
    bool incomplete; /* there was no memory for a piece that a trap ended */
};
void watch_entered(struct rt_instance *instance);
void watch_left(struct rt_instance *instance);
void watch_ended(struct rt_instance *instance); /* a trap: all above the innermost frame has */
void watch_piece(struct rt_instance *instance, uint32_t piece);
/* Adds pieces, of which `function` and `count` are 0 still. False: there is no memory for them. */
bool watch_add(struct rt_instance *instance, uint32_t function, const struct rt_piece *pieces, uint32_t count);
/* After trap_record found that `pending` instructions of a piece were executed. */
void watch_trapped(struct rt_instance *instance, uint32_t pending);
void watch_done(struct rt_instance *instance);

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

/* interp_functions.c or interp_labels.c: runs `self`, whose frame was begun, until it returns. fp: its frame, the
 * arguments in place; the results stand there afterwards. */
enum rt_trap_kind interp_run(const struct function_object *self, uint64_t *fp);
/* link.c: the definitions that a function's type may name; NULL for the embedder's. */
const struct types *function_types(const struct function_object *object);
/* Whether it may be called as a function of `type`, which is of `types`. */
bool function_matches(const struct function_object *object, const struct types *types, const struct type_def *type);
/* The same where the type is of the caller's module. */
bool callee_matches(const struct rt_instance *caller, const struct function_object *callee,
                    const struct type_def *type);
/* call.c: what the code of a defined function does first and last. begin: takes a frame on the owner's stacks, with the
 * arguments in it, or refuses with RT_TRAP_STACK_EXHAUSTED and says so in `trap`. end: after that was RT_TRAP_NONE;
 * kind: how the function ended, passed through. The results stand where the arguments stood. */
struct activation {
    uint64_t *slots; /* of the new frame */
    /* What was before. */
    const uint16_t *pc;
    uint64_t *fp;
    struct frame *frame;
    uint32_t depth, nesting;
};
enum rt_trap_kind function_begin(const struct function_object *self, const uint64_t *slots, struct activation *ret);
enum rt_trap_kind function_end(const struct function_object *self, uint64_t *slots, const struct activation *activation,
                               enum rt_trap_kind kind);
/* Whether a frame of `slots` slots may begin at `fp` with `depth` frames left: the one rule for every kind of call (a
 * host function takes a frame without slots of its own). A tail call keeps the depth and needs the slots only. */
static inline bool slots_fit(const struct vmctx *vm, const uint64_t *fp, uint32_t slots)
{
    return (uintptr_t)fp + slots * sizeof *fp <= (uintptr_t)vm->stack_end;
}
static inline bool frame_fits(const struct vmctx *vm, uint32_t depth, const uint64_t *fp, uint32_t slots)
{
    return depth > 0 && slots_fit(vm, fp, slots);
}

/* trap.c: fills instance->trap from where the guest stands, as its tier says, and corrects the fuel. */
void trap_record(struct rt_instance *instance, enum rt_trap_kind kind);

/* Polled at loop back-edges and calls. A signal handler or another thread sets it; nothing else is published with it,
 * so relaxed order is enough. */
static inline bool interrupted(const struct vmctx *vm)
{
    return __atomic_load_n(&vm->interrupt, __ATOMIC_RELAXED) != 0;
}

#endif
