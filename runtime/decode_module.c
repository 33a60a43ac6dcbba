/* The module as a whole (5.5.16): magic, version, sections in order, each read to its last byte. Custom sections are
 * skipped, but for `name`. Index spaces are laid out even when the section that defines them is absent. */
#include "runtime/decode.h"

#include <string.h>

typedef enum status section_fn(struct decoder *d);

/* Order of the sections; LAYOUT: runs, on no bytes, where the section is absent. */
struct section {
    uint8_t id;
    bool layout;
    section_fn *decode;
    const char *name;
};
static const struct section sections[] = {
    { 1, false, decode_types, "type" },        { 2, false, decode_imports, "import" },
    { 3, true, decode_functions, "function" }, { 4, true, decode_tables, "table" },
    { 5, true, decode_memories, "memory" },    { 6, true, decode_globals, "global" },
    { 7, false, decode_exports, "export" },    { 8, false, decode_start, "start" },
    { 9, false, decode_elems, "element" },     { 12, false, decode_data_count, "data count" },
    { 10, false, decode_code, "code" },        { 11, false, decode_datas, "data" },
};
enum { SECTION_COUNT = sizeof sections / sizeof *sections };

struct section_head {
    uint8_t id;
    struct cursor body;
    size_t at;
};

/* Reads up to the next section that is not custom; *ret_end where there is none. */
static enum status next_section(struct decoder *d, struct section_head *ret, bool *ret_end)
{
    while (cursor_left(&d->in) > 0) {
        uint32_t size;
        struct section_head head = { .at = cursor_offset(&d->in) };
        TRY(decode_u8(d, &head.id));
        TRY(decode_u32(d, &size));
        if (size > cursor_left(&d->in))
            return decode_fail_at(d, head.at, STATUS_MALFORMED,
                                  "unexpected end: the section is longer than the module");
        head.body = (struct cursor) { d->in.at, d->in.at + size, d->in.start };
        d->in.at += size;
        if (head.id != 0) {
            *ret = head;
            *ret_end = false;
            return STATUS_OK;
        }
        struct cursor rest = d->in;
        struct name name;
        d->in = head.body;
        TRY(decode_name(d, &name));
        d->in = rest;
    }
    *ret_end = true;
    return STATUS_OK;
}

static enum status run_section(struct decoder *d, const struct section *s, const struct section_head *head)
{
    struct cursor rest = d->in;
    d->in = head->body;
    TRY(s->decode(d));
    if (cursor_left(&d->in) > 0)
        return decode_fail(d, STATUS_MALFORMED, "section size mismatch: bytes left in the %s section", s->name);
    d->in = rest;
    return STATUS_OK;
}

static enum status run_absent(struct decoder *d, const struct section *s)
{
    struct cursor rest = d->in;
    if (!s->layout)
        return STATUS_OK;
    d->in.end = d->in.at;
    enum status status = s->decode(d);
    d->in = rest;
    return status;
}

/* A section that no row accepts any more: out of order, twice, or unknown. */
static enum status refuse_section(struct decoder *d, const struct section_head *head)
{
    if (head->id == 13)
        return decode_needs(d, head->at, "exception handling");
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (sections[i].id == head->id)
            return decode_fail_at(d, head->at, STATUS_MALFORMED,
                                  "unexpected content after last section: the %s section stands "
                                  "twice or out of order",
                                  sections[i].name);
    return decode_fail_at(d, head->at, STATUS_MALFORMED, "malformed section id %u", head->id);
}

static enum status check_counts(struct decoder *d)
{
    struct rt_module *m = d->module;
    if (d->bodies != m->function_count - m->imported_functions)
        return decode_fail(d, STATUS_MALFORMED, "function and code section have inconsistent lengths");
    if (m->has_data_count && m->data_count != m->data_count_section)
        return decode_fail(d, STATUS_MALFORMED, "data count and data section have inconsistent lengths");
    return STATUS_OK;
}

/* The name section, wherever it stands; it needs the function count, so it comes last. */
static void find_names(struct decoder *d, struct cursor all)
{
    d->in = all;
    while (cursor_left(&d->in) > 0) {
        uint8_t id;
        uint32_t size;
        const uint8_t *body;
        if (cursor_u8(&d->in, &id) != STATUS_OK || cursor_leb_u32(&d->in, &size) != STATUS_OK ||
            cursor_bytes(&d->in, size, &body) != STATUS_OK)
            return;
        if (id == 0 && size > 5 && body[0] == 4 && memcmp(body + 1, "name", 4) == 0) {
            d->in = (struct cursor) { body + 5, body + size, all.start };
            decode_names(d);
            return;
        }
    }
}

enum status decode_module(struct decoder *d)
{
    static const uint8_t magic[4] = { 0, 'a', 's', 'm' }, version[4] = { 1, 0, 0, 0 };
    const uint8_t *bytes;
    if (cursor_left(&d->in) > d->limits.bytes)
        return error_set(d->error, STATUS_LIMIT, "the module's %zu bytes exceed the limit of %u (module)",
                         cursor_left(&d->in), d->limits.bytes);
    const char *refusal = rt_module_refusal(d->in.at, cursor_left(&d->in));
    if (cursor_bytes(&d->in, 4, &bytes) != STATUS_OK || memcmp(bytes, magic, 4) != 0)
        return decode_fail_at(d, 0, STATUS_MALFORMED, "magic header not detected: not a WebAssembly module%s%s",
                              refusal ? ": " : "", refusal ? refusal : "");
    if (cursor_bytes(&d->in, 4, &bytes) != STATUS_OK)
        return decode_fail(d, STATUS_MALFORMED, "unexpected end: no version");
    if (bytes[2] == 1 && bytes[3] == 0)
        return decode_needs(d, 4, "component model");
    if (memcmp(bytes, version, 4) != 0)
        return decode_fail_at(d, 4, STATUS_MALFORMED, "unknown binary version %u; version 1 is known",
                              bytes[0] | (unsigned)bytes[1] << 8);
    struct cursor all = d->in;
    struct section_head head = { .id = 0 };
    bool end = true;
    TRY(next_section(d, &head, &end));
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (end || head.id != sections[i].id) {
            TRY(run_absent(d, &sections[i]));
            continue;
        }
        TRY(run_section(d, &sections[i], &head));
        TRY(next_section(d, &head, &end));
    }
    if (!end)
        return refuse_section(d, &head);
    TRY(check_counts(d));
    find_names(d, all);
    return STATUS_OK;
}
