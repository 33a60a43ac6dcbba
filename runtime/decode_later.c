/* Type sections as WebAssembly 3.0 has them (5.3.3 to 5.3.11, 5.5.4 there): recursive groups, subtypes, structures,
 * arrays and typed references. No module gets here: only white-box tests set `later_types`, to hold the type
 * definitions (types.h) against the specification's own modules, and the proposals that bring these types in will. */
#include "runtime/decode.h"

#include <stdlib.h>

/* A group while it is read; its lists are in an arena of its own. */
struct group {
    struct arena arena;
    struct type_def *members;
    uint32_t count;
};

/* A heap type (5.3.3) as the nullable reference to it. Outside the type section it is known, and named by id. */
enum status decode_later_heap_type(struct decoder *d, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    int64_t code;
    TRY(decode_s33(d, &code));
    if (code >= LIMIT_TYPES)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown type %lld", (long long)code);
    *ret = code >= 0 ? TYPE_INDEXED | (uint32_t)code : (uint32_t)(code & 0x7f);
    if (code < -64 || !type_is_reference(*ret))
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed heap type");
    if (code >= 0 && !d->module->types.open && code >= d->module->types.count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown type %lld", (long long)code);
    if (code >= 0 && !d->module->types.open)
        *ret = types_canonical(&d->module->types, *ret);
    return STATUS_OK;
}

enum status decode_later_value_type(struct decoder *d, uint8_t byte, size_t offset, uint32_t *ret)
{
    if (byte == 0x63)
        return decode_later_heap_type(d, ret);
    if (byte == 0x64) {
        TRY(decode_later_heap_type(d, ret));
        *ret |= TYPE_NON_NULL;
        return STATUS_OK;
    }
    if (!type_is_reference(byte))
        return decode_value_type_of(d, byte, offset, ret);
    *ret = byte;
    return STATUS_OK;
}

static enum status value_types(struct decoder *d, struct group *g, uint32_t *ret_count, const uint32_t **ret)
{
    uint32_t count;
    TRY(decode_count(d, 1, LIMIT_PARAMS, "types", &count));
    uint32_t *types = arena_alloc(&g->arena, count, sizeof *types);
    if (!types)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < count; i++)
        TRY(decode_value_type(d, &types[i]));
    *ret_count = count;
    *ret = types;
    return STATUS_OK;
}

static enum status field(struct decoder *d, struct type_field *ret)
{
    size_t at = cursor_offset(&d->in);
    uint8_t mutable = 0;
    if (cursor_left(&d->in) > 0 && (*d->in.at == TYPE_I8 || *d->in.at == TYPE_I16))
        ret->storage = *d->in.at++;
    else
        TRY(decode_value_type(d, &ret->storage));
    TRY(decode_u8(d, &mutable));
    if (mutable > 1)
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed mutability 0x%02x", mutable);
    ret->is_mutable = mutable;
    return STATUS_OK;
}

static enum status composite(struct decoder *d, struct group *g, uint8_t form, struct type_def *def)
{
    uint32_t count = 1;
    if (form == 0x60) {
        TRY(value_types(d, g, &def->function.param_count, &def->function.params));
        return value_types(d, g, &def->function.result_count, &def->function.results);
    }
    if (form != 0x5f && form != 0x5e)
        return decode_fail(d, STATUS_MALFORMED, "malformed type form 0x%02x", form);
    def->kind = form == 0x5f ? TYPE_STRUCT : TYPE_ARRAY;
    if (form == 0x5f)
        TRY(decode_count(d, 2, LIMIT_PARAMS, "fields", &count));
    struct type_field *fields = arena_alloc(&g->arena, count, sizeof *fields);
    if (!fields)
        return decode_no_memory(d);
    for (; def->field_count < count; def->field_count++)
        TRY(field(d, &fields[def->field_count]));
    def->fields = fields;
    return STATUS_OK;
}

static enum status member(struct decoder *d, struct group *g, uint8_t form)
{
    struct type_def def = type_def_empty;
    uint32_t supers = 0;
    if (form == 0x50 || form == 0x4f) {
        def.final = form == 0x4f;
        TRY(decode_count(d, 1, UINT32_MAX, "supertypes", &supers));
        if (supers > 1)
            return decode_fail(d, STATUS_INVALID, "sub type: more than one supertype");
        if (supers == 1)
            TRY(decode_u32(d, &def.super));
        if (def.super > TYPE_NO_SUPER || (supers == 1 && def.super == TYPE_NO_SUPER))
            return decode_fail(d, STATUS_INVALID, "unknown type %u", def.super);
        TRY(decode_u8(d, &form));
    }
    TRY(composite(d, g, form, &def));
    g->members[g->count++] = def;
    return STATUS_OK;
}

static enum status group(struct decoder *d, struct group *g)
{
    uint32_t count = 1;
    uint8_t form;
    const char *why = NULL;
    size_t at = cursor_offset(&d->in);
    TRY(decode_u8(d, &form));
    bool several = form == 0x4e;
    if (several)
        TRY(decode_count(d, 2, LIMIT_TYPES, "types", &count));
    g->members = arena_alloc(&g->arena, count, sizeof *g->members);
    if (!g->members)
        return decode_no_memory(d);
    while (g->count < count) {
        if (several)
            TRY(decode_u8(d, &form));
        TRY(member(d, g, form));
    }
    enum status status = types_add_group(&d->module->types, g->members, count, &why);
    return status == STATUS_OK ? STATUS_OK : decode_fail_at(d, at, status, "%s", why);
}

enum status decode_later_types(struct decoder *d)
{
    uint32_t count;
    TRY(decode_count(d, 2, LIMIT_TYPES, "types", &count));
    d->module->types.open = true;
    for (uint32_t i = 0; i < count; i++) {
        struct group g = { .count = 0 };
        enum status status = group(d, &g);
        arena_done(&g.arena);
        TRY(status);
    }
    d->module->types.open = false;
    return STATUS_OK;
}
