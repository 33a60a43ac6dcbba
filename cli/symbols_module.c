/* The name section (7.4.1 of the specification's appendix), and the places of code and debug information.
 *
 * Invariants: nothing is read past the module; a count decides over no memory; one pass over the names, whatever they
 * say. Names go out as they are, bounded: who prints them escapes them. */
#include "cli/symbols_module.h"

#include <string.h>

enum { HEADER = 8, SECTION_CUSTOM = 0, SECTION_CODE = 10, NAMES_FUNCTIONS = 1 };

const char *symbols_debug_name(enum symbols_debug section)
{
#define NAME(id, name) name,
    static const char *const names[] = { SYMBOLS_DEBUG_LIST(NAME) };
#undef NAME
    return names[section];
}

static bool sized_take(struct cursor *c, const uint8_t **ret, uint32_t *ret_size)
{
    return cursor_leb_u32(c, ret_size) == STATUS_OK && cursor_bytes(c, *ret_size, ret) == STATUS_OK;
}

/* The subsection of function names. */
static void names_find(struct cursor c, struct symbols_section *ret)
{
    uint8_t id;
    uint32_t size;
    const uint8_t *bytes;
    while (cursor_u8(&c, &id) == STATUS_OK && sized_take(&c, &bytes, &size))
        if (id == NAMES_FUNCTIONS && !ret->bytes)
            *ret = (struct symbols_section) { bytes, size };
}

static bool is_named(const uint8_t *name, uint32_t size, const char *wanted)
{
    return size == strlen(wanted) && memcmp(name, wanted, size) == 0;
}

static void custom_take(struct cursor c, struct symbols_module *module, bool *named)
{
    const uint8_t *name;
    uint32_t size;
    if (!sized_take(&c, &name, &size))
        return;
    if (is_named(name, size, "name") && !*named) {
        names_find(c, &module->names);
        *named = true;
    }
    for (unsigned i = 0; i < SYMBOLS_DEBUG_COUNT; i++)
        if (!module->debug[i].bytes && is_named(name, size, symbols_debug_name((enum symbols_debug)i)))
            module->debug[i] = (struct symbols_section) { c.at, cursor_left(&c) };
}

struct symbols_module symbols_module_read(const void *bytes, size_t size)
{
    struct symbols_module module = { .code = 0 };
    struct cursor c = cursor_over(bytes, size);
    const uint8_t *content;
    uint32_t length;
    uint8_t id;
    bool named = false;
    if (cursor_bytes(&c, HEADER, &content) != STATUS_OK)
        return module;
    while (cursor_u8(&c, &id) == STATUS_OK && sized_take(&c, &content, &length)) {
        if (id == SECTION_CODE && module.code == 0)
            module.code = (uint32_t)(content - (const uint8_t *)bytes);
        else if (id == SECTION_CUSTOM)
            custom_take(cursor_over(content, length), &module, &named);
    }
    return module;
}

void symbols_names_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret)
{
    struct cursor c = cursor_over(module->names.bytes, module->names.size);
    const uint32_t kept = call_stack_kept(stack->depth);
    const uint8_t *name;
    uint32_t count, index, size;
    if (cursor_leb_u32(&c, &count) != STATUS_OK)
        return;
    while (count-- > 0 && cursor_leb_u32(&c, &index) == STATUS_OK && sized_take(&c, &name, &size)) {
        for (uint32_t i = 0; i < kept; i++) {
            struct crash_frame *frame = &ret->frame[i];
            if (stack->place[i].function != index)
                continue;
            memset(frame->name, 0, sizeof frame->name);
            memcpy(frame->name, name, size < sizeof frame->name ? size : sizeof frame->name - 1);
        }
    }
}
