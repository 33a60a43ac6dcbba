/* The readers that every section uses: numbers, counts, names, types (5.2, 5.3), with messages that name the offset in
 * the module file. Types and limits of later proposals are recognised in order to be refused by name. */
#include "runtime/decode.h"
#include "runtime/foreign.h"
#include "runtime/opcodes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum status fail_text(struct decoder *d, size_t offset, enum status status, const char *format, va_list args)
{
    char text[ERROR_TEXT_MAX];
    vsnprintf(text, sizeof text, format, args);
    return error_set(d->error, status, "at offset %zu: %s", offset, text);
}

enum status decode_fail(struct decoder *d, enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum status s = fail_text(d, cursor_offset(&d->in), status, format, args);
    va_end(args);
    return s;
}

enum status decode_fail_at(struct decoder *d, size_t offset, enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum status s = fail_text(d, offset, status, format, args);
    va_end(args);
    return s;
}

enum status decode_needs(struct decoder *d, size_t offset, const char *proposal)
{
    const char *advice = foreign_proposal_advice(proposal);
    return decode_fail_at(d, offset, STATUS_UNSUPPORTED, "needs the %s proposal%s%s", proposal, advice ? ": " : "",
                          advice ? advice : "");
}

enum status decode_no_memory(struct decoder *d)
{
    if (d->module->arena.full)
        return error_set(d->error, STATUS_LIMIT, "the module takes more than the limit of %llu bytes (memory)",
                         (unsigned long long)d->limits.memory);
    return error_set(d->error, STATUS_NO_MEMORY, "out of memory while loading the module");
}

static enum status number(struct decoder *d, enum status status)
{
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_TRUNCATED)
        return decode_fail(d, STATUS_MALFORMED, "unexpected end");
    return decode_fail(d, STATUS_MALFORMED, "integer representation too long, or integer too large");
}

enum status decode_u8_slow(struct decoder *d, uint8_t *ret) { return number(d, cursor_u8(&d->in, ret)); }
enum status decode_u32_slow(struct decoder *d, uint32_t *ret) { return number(d, cursor_leb_u32(&d->in, ret)); }
enum status decode_s32(struct decoder *d, int32_t *ret) { return number(d, cursor_leb_s32(&d->in, ret)); }
enum status decode_s33(struct decoder *d, int64_t *ret) { return number(d, cursor_leb_s33(&d->in, ret)); }
enum status decode_s64(struct decoder *d, int64_t *ret) { return number(d, cursor_leb_s64(&d->in, ret)); }
enum status decode_f32(struct decoder *d, uint32_t *ret) { return number(d, cursor_u32(&d->in, ret)); }
enum status decode_f64(struct decoder *d, uint64_t *ret) { return number(d, cursor_u64(&d->in, ret)); }

enum status decode_v128(struct decoder *d, uint64_t ret[2])
{
    TRY(decode_f64(d, &ret[0]));
    return decode_f64(d, &ret[1]);
}

enum status decode_opcode(struct decoder *d, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    uint8_t byte = 0;
    uint32_t sub = 0;
    TRY(decode_u8(d, &byte));
    *ret = byte;
    if (byte < 0xfb || byte > 0xfe)
        return STATUS_OK;
    TRY(decode_u32(d, &sub));
    if (sub > 0xff && byte != 0xfd)
        return decode_fail_at(d, at, STATUS_MALFORMED, "illegal opcode 0x%02x 0x%x", byte, sub);
    *ret = sub > 0xff ? (uint32_t)INSN_CODE_RELAXED_SIMD : (uint32_t)byte << 8 | sub;
    return STATUS_OK;
}

enum status decode_count(struct decoder *d, uint32_t least, uint32_t limit, const char *what, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    uint32_t count;
    TRY(decode_u32(d, &count));
    if (count > cursor_left(&d->in) / least)
        return decode_fail_at(d, at, STATUS_MALFORMED, "unexpected end: %u %s do not fit into the section", count,
                              what);
    if (count > limit)
        return decode_fail_at(d, at, STATUS_LIMIT, "%u %s exceed the limit of %u", count, what, limit);
    *ret = count;
    return STATUS_OK;
}

/* Bytes of the sequence that starts with `first`, 0 if none does (Unicode table 3-7). */
static unsigned utf8_length(uint8_t first)
{
    return first < 0x80                    ? 1
           : first >= 0xc2 && first < 0xe0 ? 2
           : first >= 0xe0 && first < 0xf0 ? 3
           : first >= 0xf0 && first < 0xf5 ? 4
                                           : 0;
}

bool utf8_valid(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < size) {
        unsigned length = utf8_length(bytes[i]);
        if (length == 0 || length > size - i)
            return false;
        uint8_t low = bytes[i] == 0xe0 ? 0xa0 : bytes[i] == 0xf0 ? 0x90 : 0x80;
        uint8_t high = bytes[i] == 0xed ? 0x9f : bytes[i] == 0xf4 ? 0x8f : 0xbf;
        for (unsigned j = 1; j < length; j++) {
            if (bytes[i + j] < low || bytes[i + j] > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
        i += length;
    }
    return true;
}

enum status decode_name(struct decoder *d, struct name *ret)
{
    uint32_t size = 0;
    const uint8_t *bytes = NULL;
    TRY(decode_count(d, 1, LIMIT_NAME_BYTES, "bytes of a name", &size));
    size_t at = cursor_offset(&d->in);
    TRY(number(d, cursor_bytes(&d->in, size, &bytes)));
    if (!utf8_valid(bytes, size))
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed UTF-8 encoding");
    char *copy = arena_alloc(&d->module->arena, size + (size_t)1, 1);
    if (!copy)
        return decode_no_memory(d);
    memcpy(copy, bytes, size);
    *ret = (struct name) { copy, size };
    return STATUS_OK;
}

enum status decode_value_type_of(struct decoder *d, uint8_t byte, size_t offset, uint32_t *ret)
{
    switch (byte) {
    case RT_I32:
    case RT_I64:
    case RT_F32:
    case RT_F64:
    case RT_V128:
    case RT_FUNCREF:
    case RT_EXTERNREF:
        *ret = byte;
        return STATUS_OK;
    case 0x62:
        return decode_needs(d, offset, "custom descriptors");
    case 0x63:
    case 0x64:
        return decode_needs(d, offset, "function references");
    case 0x65:
        return decode_needs(d, offset, "shared-everything threads");
    case 0x68:
    case 0x75:
        return decode_needs(d, offset, "stack switching");
    case HEAP_EXN:
    case HEAP_NOEXN:
        return decode_needs(d, offset, "exception handling");
    case HEAP_ARRAY:
    case HEAP_STRUCT:
    case HEAP_I31:
    case HEAP_EQ:
    case HEAP_ANY:
    case HEAP_NONE:
    case HEAP_NOEXTERN:
    case HEAP_NOFUNC:
        return decode_needs(d, offset, "garbage collection");
    default:
        return decode_fail_at(d, offset, STATUS_MALFORMED, "malformed value type 0x%02x", byte);
    }
}

enum status decode_value_type(struct decoder *d, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    uint8_t byte = 0;
    TRY(decode_u8(d, &byte));
    if (d->module->later_types)
        return decode_later_value_type(d, byte, at, ret);
    return decode_value_type_of(d, byte, at, ret);
}

enum status decode_reference_type(struct decoder *d, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    uint32_t type = 0;
    TRY(decode_value_type(d, &type));
    if (!type_is_reference(type))
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed reference type 0x%02x", type);
    *ret = type;
    return STATUS_OK;
}

enum status decode_heap_type(struct decoder *d, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    struct cursor ahead = d->in;
    int64_t code;
    if (d->module->later_types)
        return decode_later_heap_type(d, ret);
    if (cursor_leb_s33(&ahead, &code) == STATUS_OK && code >= 0) /* a type index */
        return decode_needs(d, at, "function references");
    return decode_reference_type(d, ret);
}

/* 5.3.8. greatest: what validation allows for min and max (3.2.1, 3.2.4). */
enum status decode_size_limits(struct decoder *d, uint64_t greatest, const char *what, struct size_limits *ret)
{
    size_t at = cursor_offset(&d->in);
    uint8_t flags = 0;
    struct size_limits l = { .address = RT_I32 };
    TRY(decode_u8(d, &flags));
    if (flags > 1) {
        if (flags & 8 && flags < 16)
            return decode_needs(d, at, "custom page sizes");
        if (flags & 4 && flags < 8)
            return decode_needs(d, at, "memory64");
        if (flags & 2 && flags < 4)
            return decode_needs(d, at, "threads");
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed limits flags 0x%02x", flags);
    }
    TRY(decode_u32(d, &l.min));
    l.has_max = flags & 1;
    if (l.has_max)
        TRY(decode_u32(d, &l.max));
    if (l.min > greatest || (l.has_max && l.max > greatest))
        return decode_fail_at(d, at, STATUS_INVALID, "%s size must be at most %llu", what,
                              (unsigned long long)greatest);
    if (l.has_max && l.max < l.min)
        return decode_fail_at(d, at, STATUS_INVALID, "size minimum must not be greater than maximum");
    *ret = l;
    return STATUS_OK;
}

enum status decode_table_type(struct decoder *d, struct table_type *ret)
{
    size_t at = cursor_offset(&d->in);
    if (cursor_left(&d->in) >= 2 && d->in.at[0] == 0x40 && d->in.at[1] == 0)
        return decode_needs(d, at, "function references");
    TRY(decode_reference_type(d, &ret->element));
    if (ret->element & TYPE_NON_NULL) /* without an initial value */
        return decode_needs(d, at, "function references");
    return decode_size_limits(d, UINT32_MAX, "table", &ret->limits);
}

enum status decode_global_type(struct decoder *d, struct global_type *ret)
{
    TRY(decode_value_type(d, &ret->type));
    size_t at = cursor_offset(&d->in);
    uint8_t mutable = 0;
    TRY(decode_u8(d, &mutable));
    if (mutable > 1)
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed mutability 0x%02x", mutable);
    ret->mutable = mutable;
    return STATUS_OK;
}
