/* Bounded reads. Fixed-width numbers are assembled from bytes, so nothing here cares about alignment or byte order. */
#include "runtime/base/cursor.h"

#include <stdbool.h>

static uint64_t little(const uint8_t *p, unsigned count)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < count; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

enum status cursor_bytes(struct cursor *c, size_t count, const uint8_t **ret)
{
    if (cursor_left(c) < count)
        return STATUS_TRUNCATED;
    *ret = c->at;
    c->at += count;
    return STATUS_OK;
}

#define CURSOR_FIXED(name, type)                                                                                       \
    enum status name(struct cursor *c, type *ret)                                                                      \
    {                                                                                                                  \
        const uint8_t *p;                                                                                              \
        enum status s = cursor_bytes(c, sizeof(type), &p);                                                             \
        if (s == STATUS_OK)                                                                                            \
            *ret = (type)little(p, sizeof(type));                                                                      \
        return s;                                                                                                      \
    }
CURSOR_FIXED(cursor_u8, uint8_t)
CURSOR_FIXED(cursor_u16, uint16_t)
CURSOR_FIXED(cursor_u32, uint32_t)
CURSOR_FIXED(cursor_u64, uint64_t)

/* Reads an N-bit LEB128 number: at most ceil(N/7) bytes, the spare bits of the last one zero or a copy of the sign. */
static enum status leb(struct cursor *c, unsigned bits, bool is_signed, uint64_t *ret)
{
    const uint8_t *p = c->at;
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        if (p == c->end)
            return STATUS_TRUNCATED;
        if (shift >= bits)
            return STATUS_MALFORMED;
        byte = *p++;
        unsigned room = bits - shift;
        if (room < 7) {
            uint8_t payload = byte & 0x7f;
            uint8_t spare = (uint8_t)(payload >> (is_signed ? room - 1 : room));
            uint8_t ones = (uint8_t)(0x7f >> (is_signed ? room - 1 : room));
            if ((byte & 0x80) || (spare != 0 && !(is_signed && spare == ones)))
                return STATUS_MALFORMED;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (is_signed && shift < 64 && (byte & 0x40))
        value |= UINT64_MAX << shift;
    c->at = p;
    *ret = value;
    return STATUS_OK;
}

#define CURSOR_LEB(name, type, bits, is_signed)                                                                        \
    enum status name(struct cursor *c, type *ret)                                                                      \
    {                                                                                                                  \
        uint64_t v;                                                                                                    \
        enum status s = leb(c, bits, is_signed, &v);                                                                   \
        if (s == STATUS_OK)                                                                                            \
            *ret = (type)v;                                                                                            \
        return s;                                                                                                      \
    }
CURSOR_LEB(cursor_leb_u32, uint32_t, 32, false)
CURSOR_LEB(cursor_leb_s32, int32_t, 32, true)
CURSOR_LEB(cursor_leb_s33, int64_t, 33, true)
CURSOR_LEB(cursor_leb_u64, uint64_t, 64, false)
CURSOR_LEB(cursor_leb_s64, int64_t, 64, true)
