/* A bounded reader over bytes from outside: modules, traces, policies. A read past the end returns STATUS_TRUNCATED and
 * moves nothing. All fixed-width numbers are little-endian. */
#ifndef WARRANT_BASE_CURSOR_H
#define WARRANT_BASE_CURSOR_H

#include <stddef.h>
#include <stdint.h>
#include "runtime/base/status.h"

struct cursor {
    const uint8_t *at;    /* borrows; next byte */
    const uint8_t *end;   /* one past the last byte */
    const uint8_t *start; /* for cursor_offset */
};

static inline struct cursor cursor_over(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    return (struct cursor) { p, p ? p + size : p, p };
}

static inline size_t cursor_left(const struct cursor *c) { return (size_t)(c->end - c->at); }
static inline size_t cursor_offset(const struct cursor *c) { return (size_t)(c->at - c->start); }

/* Each writes *ret only on success. */
MUST_USE enum status cursor_u8(struct cursor *c, uint8_t *ret);
MUST_USE enum status cursor_u16(struct cursor *c, uint16_t *ret);
MUST_USE enum status cursor_u32(struct cursor *c, uint32_t *ret);
MUST_USE enum status cursor_u64(struct cursor *c, uint64_t *ret);
/* *ret borrows from the cursor's bytes. */
MUST_USE enum status cursor_bytes(struct cursor *c, size_t count, const uint8_t **ret);
/* LEB128 as the Wasm binary format has it (section 5.2.2): STATUS_MALFORMED if longer than ceil(N/7) bytes or if unused
 * bits of the last byte are wrong. */
MUST_USE enum status cursor_leb_u32(struct cursor *c, uint32_t *ret);
MUST_USE enum status cursor_leb_s32(struct cursor *c, int32_t *ret);
MUST_USE enum status cursor_leb_s33(struct cursor *c, int64_t *ret);
MUST_USE enum status cursor_leb_u64(struct cursor *c, uint64_t *ret);
MUST_USE enum status cursor_leb_s64(struct cursor *c, int64_t *ret);

#endif
