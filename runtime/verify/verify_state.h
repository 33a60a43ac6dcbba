/* What is known where the code stands: abstract values of registers and of the native frame, and facts about them.
 * Internal to runtime/verify/.
 *
 * A value is a region and a number: `region(param) + (symbol << shift) + add`. A symbol is a number that is not known
 * but has a name: the result of an instruction, or what a place holds where paths join. Two values that are written
 * alike are equal. When the instruction is executed again its symbol means the new result, so what still holds the old
 * one is forgotten (state_forget); likewise where paths join again. */
#ifndef WARRANT_RUNTIME_VERIFY_STATE_H
#define WARRANT_RUNTIME_VERIFY_STATE_H

#include "runtime/verify/verify_body.h"

enum region {
    REGION_NUMBER,
    REGION_CONTEXT,
    REGION_FRAME, /* fp */
    REGION_STACK, /* add: from the return address on */
    REGION_DEPTH, /* the parameter: 32 bits */
    REGION_SAVED, /* the caller's register `param` */
    REGION_GLOBALS,
    REGION_TABLES,
    REGION_MEMORIES,
    REGION_FUNCTIONS,
    REGION_HELPERS,
    REGION_ELEM_DROPPED,
    REGION_DATA_DROPPED,
    REGION_STACK_END,
    REGION_MEMORY,     /* the struct of memory `param` */
    REGION_TABLE,      /* of table `param` */
    REGION_BASE,       /* where memory `param` begins */
    REGION_SIZE,       /* its bytes */
    REGION_PAGES,      /* its pages */
    REGION_ELEMENTS,   /* where table `param` has its elements */
    REGION_TABLE_SIZE, /* of table `param` */
    REGION_GLOBAL,     /* where the owner has the imported global `param` */
    REGION_HELPER,     /* code of helper `param` */
    REGION_NATIVE, /* what `native` found: of type `param`, slots at add, depth `shift` below; REGION_TAIL: for a tail
                      call */
    REGION_TAIL,
    REGION_IMAGE,   /* add: in the object */
    REGION_OFFSETS, /* a distance of the jump table at `param`, add: its last index */
    REGION_TARGET   /* such a distance, added to: add has index << 32 | place */
};

enum { SYMBOL_NONE, SYMBOL_ANY, SYMBOL_ANY32, SYMBOL_FIRST };
struct value {
    uint8_t region, shift;
    uint32_t param, symbol;
    int64_t add;
};

/* (symbol << shift) + extent is at most the limit's value; of LIMIT_MOST and LIMIT_DEPTH see there. */
enum limit {
    LIMIT_MOST,   /* symbol <= extent */
    LIMIT_MEMORY, /* the bytes of memory `param` */
    LIMIT_TABLE,  /* the size of table `param` */
    LIMIT_FRAME,  /* fp + extent: the value stack's end; no symbol */
    LIMIT_DEPTH   /* depth >= extent; no symbol */
};
struct fact {
    uint32_t symbol;
    uint32_t param;
    uint8_t limit, shift;
    uint64_t extent;
};

struct slot {
    int32_t at; /* as in REGION_STACK */
    uint8_t bytes;
    struct value value;
};
struct flags {
    uint8_t bytes;        /* compared were `a` and `b` of so many; 0: they are not known */
    uint8_t result_bytes; /* of `result`, whose sign the flags have; 0: it is not known */
    struct value a, b, result;
};
struct state {
    struct value registers[VERIFY_REGISTERS];
    struct flags flags;
    struct slot *slots; /* by place, none overlap; owned */
    uint32_t slot_count, slot_capacity;
    struct fact *facts; /* owned */
    uint32_t fact_count, fact_capacity;
    bool reached;
};

/* What a symbol is. */
enum symbol_kind { SYMBOL_RESULT = 1, SYMBOL_JOIN, SYMBOL_LOW };
struct symbol {
    uint8_t kind;
    uint32_t at;    /* RESULT: the instruction; JOIN: the one that paths join before; LOW: the symbol */
    uint64_t place; /* RESULT, JOIN: register, or slot + 64; LOW: shift and addend */
    uint32_t root;  /* LOW: what it is made of, at the end; else itself */
    uint32_t seen;  /* flow_sweep's */
    uint64_t most;  /* by its making */
};
struct flow {
    struct verify_body *body;
    struct symbol *symbols; /* owned */
    uint32_t symbol_count, symbol_capacity;
    uint32_t *buckets; /* owned */
    uint32_t bucket_count;
    struct state *states;            /* by leader's instruction; owned */
    struct state now, other, joined; /* other, joined: whose memory is used again */
    bool *queued;                    /* by leader: it is to be followed; owned */
    uint32_t lowest;                 /* no leader before it is queued */
    uint32_t sweep;
    bool again; /* a leader was found late */
    bool no_memory;
    const struct rt_module *module;
    uint64_t frame_bytes;     /* slots of this function */
    uint32_t *global_of_slot; /* borrowed */
    uint32_t global_slots;
};

/* verify_state.c */
uint32_t flow_symbol(struct flow *f, enum symbol_kind kind, uint32_t at, uint64_t place, uint64_t most);
/* What is written to `place` (a register) by the instruction at hand and not followed further. */
struct value flow_result(struct flow *f, uint32_t at, uint32_t place, uint64_t most);
struct value flow_low(struct flow *f, struct value v); /* its 32 low bits */
static inline struct value value_constant(int64_t n) { return (struct value) { .add = n }; }
static inline struct value value_of(enum region region, uint32_t param)
{
    return (struct value) { .region = (uint8_t)region, .param = param };
}
static inline bool value_is_constant(struct value v) { return v.region == REGION_NUMBER && v.symbol == SYMBOL_NONE; }
bool value_equal(struct value a, struct value b);
/* The most that a number can be; UINT64_MAX: any. */
uint64_t flow_most(const struct flow *f, const struct state *s, struct value v);
uint64_t flow_extent(const struct state *s, enum limit limit, uint32_t param, struct value v); /* 0: nothing is known */
void flow_learn(struct flow *f, struct state *s, enum limit limit, uint32_t param, struct value v,
                uint64_t extent); /* v: without its addend */
struct slot *state_slot(struct state *s, int64_t at, uint32_t bytes);
void flow_slot_put(struct flow *f, struct state *s, int64_t at, uint32_t bytes, struct value v);
void state_slots_drop(struct state *s, int64_t from, int64_t to);
void state_forget_region(struct state *s, enum region region);
void flow_sweep(struct flow *f, struct state *s); /* forgets facts about what nothing holds any more */
bool state_copy(struct state *to, const struct state *from);
void state_done(struct state *s);

/* verify_join.c: what holds at the leader, whichever way it was reached. Queues it where that is less than before. */
void flow_join(struct flow *f, uint32_t leader, const struct state *in);

/* verify_access.c: whether the instruction at hand may access that place; what is loaded, where that is of interest. */
bool flow_access(struct flow *f, const struct verify_insn *insn, struct value at, uint32_t bytes, bool reads,
                 bool writes, struct value *ret_loaded);
uint64_t flow_frame(const struct flow *f); /* bytes from fp on that are known to exist */

/* verify_step.c: executes an instruction that is no jump. */
bool flow_step(struct flow *f, const struct verify_insn *insn);
struct value flow_address(struct flow *f, const struct verify_insn *insn);
struct value flow_add(struct flow *f, struct value a, struct value b, uint32_t bytes);
/* verify_branch.c: what is known on either way of a conditional jump. */
void flow_condition(struct flow *f, struct state *s, enum verify_condition condition, bool taken);
/* verify_call.c. ret_ends: it does not come back. */
bool flow_call(struct flow *f, const struct verify_insn *insn, bool *ret_ends);
bool flow_return(struct flow *f, const struct verify_insn *insn);
bool flow_jump_away(struct flow *f, const struct verify_insn *insn);
#endif
