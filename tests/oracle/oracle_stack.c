/* The oracle's stack: values with their types, checked on every push and pop. */
#include "oracle_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oracle_fail(const struct oracle *o, const char *what)
{
    const struct oracle_frame *f = o->frame_count > 0 ? &o->frames[o->frame_count - 1] : NULL;
    fprintf(stderr, "oracle: %s, in function %u at offset %u\n", what, f ? f->function->index : 0,
            f ? f->function->body_offset + o->at : 0);
    abort();
}

void *oracle_grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(array, *capacity * size);
    if (!grown)
        abort();
    return grown;
}

void oracle_push(struct oracle *o, uint32_t type, const uint64_t *bits)
{
    uint32_t width = type == RT_V128 ? 2 : 1;
    if (o->frame_count > 0 && o->height + width > oracle_frame(o)->base + oracle_frame(o)->function->frame_slots)
        oracle_fail(o, "the frame is higher than its function's slots");
    memcpy(&o->stack[o->height], bits, width * sizeof *bits);
    o->types[o->height] = type;
    if (width == 2)
        o->types[o->height + 1] = ORACLE_UPPER;
    o->height += width;
}

void oracle_push_number(struct oracle *o, uint32_t type, uint64_t bits)
{
    if ((type == RT_I32 || type == RT_F32) && bits > UINT32_MAX)
        oracle_fail(o, "a number of 32 bits has more");
    oracle_push(o, type, &bits);
}

uint32_t oracle_pop_any(struct oracle *o, uint64_t ret[2])
{
    struct oracle_frame *f = oracle_frame(o);
    uint32_t width = o->types[o->height - 1] == ORACLE_UPPER ? 2 : 1;
    if (o->height < f->base + f->function->local_slots + width)
        oracle_fail(o, "the operand stack is empty");
    o->height -= width;
    memcpy(ret, &o->stack[o->height], width * sizeof *ret);
    return o->types[o->height];
}

void oracle_pop(struct oracle *o, uint32_t type, uint64_t *ret)
{
    uint64_t value[2];
    if (oracle_pop_any(o, value) != type)
        oracle_fail(o, "an operand has another type");
    memcpy(ret, value, (type == RT_V128 ? 2 : 1) * sizeof *ret);
}

uint64_t oracle_pop_number(struct oracle *o, uint32_t type)
{
    uint64_t value[2];
    oracle_pop(o, type, value);
    return value[0];
}

uint32_t oracle_pop_i32(struct oracle *o) { return (uint32_t)oracle_pop_number(o, RT_I32); }

void oracle_slide(struct oracle *o, uint64_t to, uint32_t slots)
{
    uint64_t from = o->height - slots;
    memmove(&o->stack[to], &o->stack[from], slots * sizeof *o->stack);
    memmove(&o->types[to], &o->types[from], slots * sizeof *o->types);
    o->height = to + slots;
}
