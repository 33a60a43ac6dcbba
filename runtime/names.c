/* Function names from the name section (7.4.1). A custom section cannot make a module invalid, so whatever is broken
 * ends the reading, and what was read before stays. Module, local and other names are left out. */
#include "runtime/decode.h"

#include <string.h>

enum { NAMES_FUNCTIONS = 1 };

static bool function_name(struct decoder *d)
{
    struct rt_module *m = d->module;
    uint32_t index, size;
    const uint8_t *bytes;
    if (cursor_leb_u32(&d->in, &index) != STATUS_OK || cursor_leb_u32(&d->in, &size) != STATUS_OK ||
        cursor_bytes(&d->in, size, &bytes) != STATUS_OK || index >= m->function_count || size > LIMIT_NAME_BYTES ||
        !utf8_valid(bytes, size) || memchr(bytes, 0, size))
        return false;
    char *copy = arena_alloc(&m->arena, size + (size_t)1, 1);
    if (!copy)
        return false;
    memcpy(copy, bytes, size);
    m->functions[index].name = copy;
    return true;
}

void decode_names(struct decoder *d)
{
    while (cursor_left(&d->in) > 0) {
        uint8_t id;
        uint32_t size, count;
        const uint8_t *body;
        if (cursor_u8(&d->in, &id) != STATUS_OK || cursor_leb_u32(&d->in, &size) != STATUS_OK ||
            cursor_bytes(&d->in, size, &body) != STATUS_OK)
            return;
        if (id != NAMES_FUNCTIONS)
            continue;
        d->in = (struct cursor) { body, body + size, d->in.start };
        if (cursor_leb_u32(&d->in, &count) != STATUS_OK)
            return;
        for (uint32_t i = 0; i < count; i++)
            if (!function_name(d))
                return;
        return;
    }
}
