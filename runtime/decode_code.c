/* The code section (5.5.13): each body is validated; its bytes are kept, as it is prepared at its first call. Scratch
 * arrays are shared by all bodies. */
#include "runtime/validate.h"

#include <stdlib.h>
#include <string.h>

static enum status body(struct body *b, struct function *f, struct cursor in)
{
    struct decoder *d = b->d;
    struct cursor rest = d->in;
    f->body_offset = (uint32_t)cursor_offset(&in);
    TRY(validate_body(b, f, in));
    f->local_slots = b->frame_base;
    f->frame_slots = b->frame_base + b->max_height;
    if (f->frame_slots < f->result_slots)
        f->frame_slots = f->result_slots;
    d->in = rest;
    return STATUS_OK;
}

static enum status copy_section(struct decoder *d)
{
    size_t size = cursor_left(&d->in);
    d->module->code_size = size;
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
        struct function *f = &d->module->functions[d->module->imported_functions + d->bodies];
        struct cursor in = { d->in.at, d->in.at + size, d->in.start };
        f->body = d->module->code_section + (d->in.at - section);
        f->body_size = size;
        d->in.at += size;
        enum status status = body(b, f, in);
        if (status != STATUS_OK && status != STATUS_NO_MEMORY)
            error_append(d->error, " (in function %u)", d->module->imported_functions + d->bodies);
        TRY(status);
    }
    return STATUS_OK;
}

enum status decode_code(struct decoder *d)
{
    uint32_t count;
    TRY(decode_count(d, 3, UINT32_MAX, "function bodies", &count));
    if (count != d->module->function_count - d->module->imported_functions)
        return decode_fail(d, STATUS_MALFORMED, "function and code section have inconsistent lengths");
    struct body b;
    body_init(&b, d);
    enum status status = bodies(d, &b, count);
    body_done(&b);
    return status;
}
