/* The code section (5.5.13): locals of each body, then validation and emission. Scratch arrays are shared by all
 * bodies. */
#include "runtime/validate.h"

#include <stdlib.h>
#include <string.h>

static enum status locals_add(struct body *b, uint32_t count, uint8_t type)
{
    uint32_t width = rt_type_slots(1, &type);
    if (count * width > LIMIT_FRAME_SLOTS - b->frame_base)
        return decode_fail(b->d, STATUS_LIMIT, "locals of a function exceed the limit of %d slots", LIMIT_FRAME_SLOTS);
    for (uint32_t i = 0; i < count; i++) {
        b->local_types[b->local_count] = type;
        b->local_slots[b->local_count++] = (uint16_t)b->frame_base;
        b->frame_base += width;
    }
    return STATUS_OK;
}

static enum status locals(struct body *b)
{
    const struct rt_functype *t = function_type(b->module, b->function->index);
    uint64_t total = t->param_count; /* 5.5.13: fewer than 2^32 in any module; the limit is ours */
    uint32_t groups;
    size_t start = cursor_offset(&b->d->in);
    b->local_count = b->frame_base = 0;
    for (uint32_t i = 0; i < t->param_count; i++)
        TRY(locals_add(b, 1, t->params[i]));
    TRY(decode_count(b->d, 2, UINT32_MAX, "groups of locals", &groups));
    for (uint32_t i = 0; i < groups; i++) {
        size_t at = cursor_offset(&b->d->in);
        uint32_t count;
        uint8_t type;
        TRY(decode_u32(b->d, &count));
        TRY(decode_value_type(b->d, &type));
        total += count;
        if (total - t->param_count > UINT32_MAX)
            return decode_fail_at(b->d, at, STATUS_MALFORMED, "too many locals: 2^32 or more");
        if (total <= b->d->limits.locals)
            TRY(locals_add(b, count, type));
    }
    if (total > b->d->limits.locals)
        return decode_fail_at(b->d, start, STATUS_LIMIT,
                              "%llu locals of function %u, parameters included, exceed the limit of %u (locals)",
                              (unsigned long long)total, b->function->index, b->d->limits.locals);
    return STATUS_OK;
}

static enum status body(struct body *b, struct cursor in)
{
    struct decoder *d = b->d;
    struct cursor rest = d->in;
    struct function *f = b->function;
    uint32_t map_at = d->map_count;
    d->in = in;
    f->body_offset = (uint32_t)cursor_offset(&d->in);
    f->code_at = (uint32_t)d->code_count;
    TRY(locals(b));
    TRY(validate_body(b));
    f->local_slots = b->frame_base;
    f->frame_slots = b->frame_base + b->max_height;
    if (f->frame_slots < f->result_slots)
        f->frame_slots = f->result_slots;
    f->map_at = map_at;
    f->map_count = d->map_count - map_at;
    d->in = rest;
    return STATUS_OK;
}

static enum status copy_section(struct decoder *d)
{
    size_t size = cursor_left(&d->in);
    d->module->code_section = malloc(size + 1);
    if (!d->module->code_section)
        return decode_no_memory(d);
    memcpy(d->module->code_section, d->in.at, size);
    return STATUS_OK;
}

static enum status bodies(struct decoder *d, struct body *b, uint32_t count)
{
    const uint8_t *section = d->in.at;
    TRY(copy_section(d));
    for (; d->bodies < count; d->bodies++) {
        size_t at = cursor_offset(&d->in);
        uint32_t size;
        TRY(decode_u32(d, &size));
        if (size > cursor_left(&d->in))
            return decode_fail_at(d, at, STATUS_MALFORMED, "unexpected end: the body is longer than the section");
        if (size > LIMIT_FUNCTION_BYTES)
            return decode_fail_at(d, at, STATUS_LIMIT, "a body of %u bytes exceeds the limit of %d", size,
                                  LIMIT_FUNCTION_BYTES);
        b->function = &d->module->functions[d->module->imported_functions + d->bodies];
        struct cursor in = { d->in.at, d->in.at + size, d->in.start };
        b->function->body = d->module->code_section + (d->in.at - section);
        b->function->body_size = size;
        d->in.at += size;
        TRY(body(b, in));
    }
    return STATUS_OK;
}

enum status decode_code(struct decoder *d)
{
    uint32_t count;
    TRY(decode_count(d, 3, UINT32_MAX, "function bodies", &count));
    if (count != d->module->function_count - d->module->imported_functions)
        return decode_fail(d, STATUS_MALFORMED, "function and code section have inconsistent lengths");
    struct body b = { .d = d, .module = d->module, .local_types = malloc(LIMIT_LOCALS) };
    b.local_slots = malloc(LIMIT_LOCALS * sizeof *b.local_slots);
    enum status status = b.local_types && b.local_slots ? bodies(d, &b, count) : decode_no_memory(d);
    free(b.local_types);
    free(b.local_slots);
    free(b.stack);
    free(b.controls);
    free(b.labels);
    return status;
}
