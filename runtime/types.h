/* Types (2.3, as WebAssembly 3.0 has them) and a module's type definitions. Internal to runtime/.
 *
 * A value type is 32 bits: 0x7f and so on as the binary format writes it for numbers, vectors and nullable references
 * to abstract heap types (rt.h names those of 2.0; funcref is (ref null func)). A reference to a defined type is
 * TYPE_INDEXED and the definition's id; TYPE_NON_NULL is added where null is no value. A heap type is the nullable
 * reference to it.
 *
 * Definitions come in groups, which are the units of equality: two definitions are equal if they stand at the same
 * place of equal groups (iso-recursive types). Equal ones of one module are one object with one id, the index of the
 * first; all types that a module keeps name definitions by id. So types of one module are equal if they are the same
 * number, and definitions if they are the same pointer. What is of 3.0 here is not let in by the decoder yet. */
#ifndef WARRANT_RUNTIME_TYPES_H
#define WARRANT_RUNTIME_TYPES_H

#include "runtime/arena.h"
#include "runtime/rt.h"

enum {
    TYPE_UNKNOWN = 0,    /* the validator's: any type */
    TYPE_UPPER_HALF = 1, /* the validator's: the second slot of a v128 */
    HEAP_EXN = 0x69,
    HEAP_ARRAY,
    HEAP_STRUCT,
    HEAP_I31,
    HEAP_EQ,
    HEAP_ANY,
    HEAP_EXTERN,
    HEAP_FUNC,
    HEAP_NONE,
    HEAP_NOEXTERN,
    HEAP_NOFUNC,
    HEAP_NOEXN,
    TYPE_I16 = 0x77, /* of fields only */
    TYPE_I8 = 0x78,
    TYPE_INDEX = (1 << 24) - 1, /* which bits are the index */
    TYPE_IN_GROUP = 1 << 28,    /* in keys only: the index counts from the group's first */
    TYPE_NON_NULL = 1 << 29,
    TYPE_INDEXED = 1 << 30,
    TYPE_NO_SUPER = TYPE_INDEX
};
_Static_assert((int)HEAP_FUNC == (int)RT_FUNCREF && (int)HEAP_EXTERN == (int)RT_EXTERNREF, "the references of 2.0");
_Static_assert((int)LIMIT_TYPES < (int)TYPE_INDEX, "an index fits");

enum type_kind { TYPE_FUNCTION, TYPE_STRUCT, TYPE_ARRAY };
struct type_field {
    uint32_t storage; /* a value type, or one of the two packed ones */
    bool is_mutable;
};

struct type_def {
    struct rt_functype function; /* FUNCTION */
    /* The same types as they lie on the operand stack and in frames, a v128 with its upper half behind. */
    const uint32_t *param_stack, *result_stack;
    const uint16_t *param_at; /* slot of each parameter; NULL: parameter i is in slot i */
    uint32_t param_slots, result_slots;
    const struct type_field *fields; /* STRUCT; ARRAY: one */
    uint32_t field_count;
    uint32_t super;         /* TYPE_NO_SUPER: none */
    uint32_t depth;         /* supertypes above it, at most LIMIT_SUBTYPES */
    const uint32_t *supers; /* their ids, from the uppermost on */
    uint32_t id, group, group_size;
    uint8_t kind; /* enum type_kind */
    bool final;
    bool flat; /* a final function type of a group of its own that names no definition: all of 2.0's */
};

struct type_node;
struct type_key;
/* All of a module. */
struct types {
    struct arena *arena;        /* borrowed; holds the definitions */
    const struct type_def **at; /* by type index; owned */
    uint32_t count, capacity;
    bool open;              /* the type section is being read */
    struct type_node *root; /* groups, found by their key */
    struct type_key *key;   /* scratch; owned */
};

/* types.c */
void types_init(struct types *types, struct arena *arena);
void types_done(struct types *types);
/* Adds a group: of each member its kind, function or fields, final, super; types in them name definitions by type
 * index, the group's own among them. They are copied. INVALID: *ret_why says what is wrong. */
MUST_USE enum status types_add_group(struct types *types, const struct type_def *members, uint32_t count,
                                     const char **ret_why);
/* Turns type indices into ids. */
uint32_t types_canonical(const struct types *types, uint32_t type);
/* type_given.c. [] -> [] and [] -> [type]; the latter for the value types of 2.0, else NULL. Static storage. */
extern const struct type_def type_def_empty;
const struct type_def *type_def_single(uint32_t type);
/* That of a host function. Borrows what `function` points to. */
struct type_def type_def_given(const struct rt_functype *function);
/* Writes to `map`, for each id of `from` up to `last`, the id of the equal definition of `to`, UINT32_MAX where there
 * is none. Time is linear in the definitions' length. False: no memory. */
bool types_translate(const struct types *to, const struct types *from, uint32_t last, uint32_t *map);

/* type_match.c: matching (3.3): whether what is of type `sub` can stand where `super` is wanted. */
bool type_matches(const struct types *types, uint32_t sub, uint32_t super);
bool type_def_matches(const struct type_def *sub, const struct type_def *super); /* of one module */
/* Whether the composite type of `sub` matches that of `super`: what its declaration as a subtype needs (3.2.9). */
bool type_body_matches(const struct types *types, const struct type_def *sub, const struct type_def *super);
/* The same between modules; `sub_types` is NULL where `sub` is a host function's. */
bool types_def_matches(const struct types *sub_types, const struct type_def *sub, const struct types *super_types,
                       const struct type_def *super);
bool types_value_matches(const struct types *sub_types, uint32_t sub, const struct types *super_types, uint32_t super);
bool types_value_equal(const struct types *a_types, uint32_t a, const struct types *b_types, uint32_t b);
bool functype_equal(const struct rt_functype *a, const struct rt_functype *b);

static inline bool type_is_reference(uint32_t type)
{
    return type & TYPE_INDEXED || ((type & 0xff) >= HEAP_EXN && (type & 0xff) <= HEAP_NOEXN);
}

#endif
