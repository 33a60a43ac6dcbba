/* The decoder's state and the readers that its parts share. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_DECODE_H
#define WARRANT_RUNTIME_DECODE_H

#include "runtime/module.h"

struct decoder {
    struct cursor in; /* of the section or body at hand; its `start` is the module's first byte */
    struct rt_module *module;
    struct error *error;            /* may be NULL */
    struct rt_module_limits limits; /* none above its LIMIT_ */
    uint32_t bodies;                /* function bodies seen */
    size_t offset_base;             /* of the cursor's `start` in the module file */
};

/* Sets "at offset N: ..." with the cursor's offset, or with a given one. */
enum status decode_fail(struct decoder *d, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum status decode_fail_at(struct decoder *d, size_t offset, enum status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
enum status decode_needs(struct decoder *d, size_t offset, const char *proposal);
enum status decode_no_memory(struct decoder *d);

MUST_USE enum status decode_u8_slow(struct decoder *d, uint8_t *ret);
MUST_USE enum status decode_u32_slow(struct decoder *d, uint32_t *ret);
MUST_USE static inline enum status decode_u8(struct decoder *d, uint8_t *ret)
{
    if (d->in.at == d->in.end)
        return decode_u8_slow(d, ret);
    *ret = *d->in.at++;
    return STATUS_OK;
}
/* Nearly all numbers are one byte. */
MUST_USE static inline enum status decode_u32(struct decoder *d, uint32_t *ret)
{
    if (d->in.at == d->in.end || *d->in.at >= 0x80)
        return decode_u32_slow(d, ret);
    *ret = *d->in.at++;
    return STATUS_OK;
}
/* An instruction's code; prefix * 256 + n behind a prefix, INSN_CODE_RELAXED_SIMD where n needs more bits. */
MUST_USE enum status decode_opcode(struct decoder *d, uint32_t *ret);
MUST_USE enum status decode_s32(struct decoder *d, int32_t *ret);
MUST_USE enum status decode_s33(struct decoder *d, int64_t *ret);
MUST_USE enum status decode_s64(struct decoder *d, int64_t *ret);
MUST_USE enum status decode_f32(struct decoder *d, uint32_t *ret);
MUST_USE enum status decode_v128(struct decoder *d, uint64_t ret[2]);
MUST_USE enum status decode_f64(struct decoder *d, uint64_t *ret);
/* A vector's length: at most `limit`, and at most what the bytes that remain can hold at `least` bytes per element. */
MUST_USE enum status decode_count(struct decoder *d, uint32_t least, uint32_t limit, const char *what, uint32_t *ret);
/* A name (5.2.4), checked for UTF-8; a copy in the arena. */
MUST_USE enum status decode_name(struct decoder *d, struct name *ret);
bool utf8_valid(const uint8_t *bytes, size_t size);

MUST_USE enum status decode_value_type(struct decoder *d, uint32_t *ret);
MUST_USE enum status decode_reference_type(struct decoder *d, uint32_t *ret);
/* What follows ref.null: the type of the null reference. */
MUST_USE enum status decode_heap_type(struct decoder *d, uint32_t *ret);
enum { MEMARG_HAS_MEMORY = 64 }; /* among an access's flags, above its alignment (5.4.7): a memory's index follows */
/* Turns a byte into a value type; refuses types of later proposals by name. offset: where it stood. */
MUST_USE enum status decode_value_type_of(struct decoder *d, uint8_t byte, size_t offset, uint32_t *ret);
/* decode_later.c: types as 3.0 has them, see `later_types` of struct rt_module. */
MUST_USE enum status decode_later_types(struct decoder *d);
MUST_USE enum status decode_later_heap_type(struct decoder *d, uint32_t *ret);
MUST_USE enum status decode_later_value_type(struct decoder *d, uint8_t byte, size_t offset, uint32_t *ret);
MUST_USE enum status decode_size_limits(struct decoder *d, uint64_t greatest, const char *what,
                                        struct size_limits *ret);
MUST_USE enum status decode_table_type(struct decoder *d, struct table_type *ret);
MUST_USE enum status decode_global_type(struct decoder *d, struct global_type *ret);
MUST_USE enum status decode_const_expr(struct decoder *d, uint32_t expected, struct const_expr *ret);

/* Sections (5.5), each over its own bytes. */
MUST_USE enum status decode_types(struct decoder *d);
MUST_USE enum status decode_imports(struct decoder *d);
MUST_USE enum status decode_functions(struct decoder *d);
MUST_USE enum status decode_tables(struct decoder *d);
MUST_USE enum status decode_memories(struct decoder *d);
MUST_USE enum status decode_globals(struct decoder *d);
MUST_USE enum status decode_exports(struct decoder *d);
MUST_USE enum status decode_start(struct decoder *d);
MUST_USE enum status decode_elems(struct decoder *d);
MUST_USE enum status decode_data_count(struct decoder *d);
MUST_USE enum status decode_code(struct decoder *d);
MUST_USE enum status decode_datas(struct decoder *d);
/* The name section: function names only. What is broken in it is left out. */
void decode_names(struct decoder *d);
/* All of a module. module_load_later: as rt_module_load, with `later_types`. */
MUST_USE enum status module_load_later(const void *bytes, size_t size, struct rt_module **ret, struct error *error);
MUST_USE enum status decode_module(struct decoder *d);

static inline void module_declare(struct rt_module *m, uint32_t function)
{
    m->declared[function / 8] = (uint8_t)(m->declared[function / 8] | 1u << function % 8);
}
static inline bool module_declared(const struct rt_module *m, uint32_t function)
{
    return m->declared[function / 8] >> function % 8 & 1;
}

#endif
