/* The generator's state, shared by its files: the module's index spaces, and the function at hand with its stacks of
 * types and labels. Code that cannot be reached is typed as if it could: the validator accepts that too. */
#ifndef WARRANT_TESTS_GENERATE_STATE_H
#define WARRANT_TESTS_GENERATE_STATE_H

#include <string.h>
#include "generate.h"
#include "runtime/opcodes.h"

enum {
    TYPES_MAX = 16,
    VALUES_MAX = 24, /* parameters or results of a type */
    FUNCTIONS_MAX = 12,
    GLOBALS_MAX = 16,
    TABLES_MAX = 3,
    MEMORIES_MAX = 3,
    SEGMENTS_MAX = 4,
    LOCALS_MAX = 80,
    COUNTERS = 4, /* locals of each function that only its loops change */
    STACK_MAX = 400,
    LABELS_MAX = 10
};

struct gen_type {
    uint32_t params[VALUES_MAX], results[VALUES_MAX];
    uint32_t param_count, result_count;
};

struct gen_label {
    const uint32_t *types; /* what a branch takes along */
    uint32_t count;
    const uint32_t *results;
    uint32_t result_count;
    uint32_t height; /* of the stack of types below the block */
    bool dead;       /* behind a branch: the block had better end */
};

struct generator {
    struct choices *c;
    struct gen_type types[TYPES_MAX];
    uint32_t type_count;
    uint32_t functions[FUNCTIONS_MAX]; /* their types; the hosts' first */
    uint32_t function_count;
    uint32_t globals[GLOBALS_MAX];
    bool mutable[GLOBALS_MAX];
    uint32_t global_count;
    uint32_t tables[TABLES_MAX], elems[SEGMENTS_MAX];
    uint32_t table_sizes[TABLES_MAX], table_count, elem_count;
    uint32_t first_table[FUNCTIONS_MAX]; /* what the elements of table 0 are at first */
    uint32_t memory_count, data_count;

    /* the function at hand */
    struct buffer code;
    const struct gen_type *type;
    uint32_t locals[LOCALS_MAX];
    uint32_t local_count, first_counter, counters_used;
    uint32_t stack[STACK_MAX];
    uint32_t height;
    struct gen_label labels[LABELS_MAX];
    uint32_t label_count;
    uint32_t budget; /* instructions that are still to be chosen */
};

void gen_leb(struct buffer *b, uint32_t v);
void gen_sleb(struct buffer *b, int64_t v);

/* generate_code.c */
void gen_insn(struct generator *g, enum insn insn);
void gen_push(struct generator *g, uint32_t type); /* of the stack of types alone */
void gen_pop(struct generator *g, uint32_t count);
static inline uint32_t gen_base(const struct generator *g) { return g->labels[g->label_count - 1].height; }
static inline struct gen_label *gen_top(struct generator *g) { return &g->labels[g->label_count - 1]; }
/* Instructions that leave a value of this type. */
void gen_value(struct generator *g, uint32_t type, uint32_t depth);
/* Makes these types the topmost ones, using what is there already. */
void gen_want(struct generator *g, uint32_t count, const uint32_t *types);
/* Makes them all that the block has. */
void gen_settle(struct generator *g, uint32_t count, const uint32_t *types);
void gen_i32(struct generator *g, uint32_t value);
uint32_t gen_any_type(struct generator *g);
static inline bool gen_same(const uint32_t *a, const uint32_t *b, uint32_t count)
{
    return memcmp(a, b, count * sizeof *a) == 0;
}
/* A type of 2.0, or 0x40 of a block, is one byte. */
static inline void gen_type(struct buffer *b, uint32_t type) { buffer_u8(b, (uint8_t)type); }
/* A value that says where in something of `size` parts; mostly inside. */
void gen_place(struct generator *g, uint32_t size);
void gen_regular(struct generator *g);
/* false: there is no local, global or table of this kind. */
bool gen_variable(struct generator *g);

/* generate_flow.c */
void gen_body(struct generator *g);
void gen_flow(struct generator *g, uint32_t which);
void gen_call(struct generator *g, uint32_t function);
/* Some instructions. */
void gen_run(struct generator *g, uint32_t most);

/* generate_bulk.c */
void gen_bulk(struct generator *g);

#endif
