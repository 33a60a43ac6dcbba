/* A growing byte buffer, little-endian writers included. The first failed allocation is remembered in `status`, so that
 * a writer may append freely and ask once at the end. */
#ifndef WARRANT_BASE_BUFFER_H
#define WARRANT_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include "runtime/base/status.h"

struct buffer {
    uint8_t *data; /* owned */
    size_t size, capacity;
    enum status status; /* STATUS_OK or STATUS_NO_MEMORY */
};

#define BUFFER_INIT { NULL, 0, 0, STATUS_OK }

void buffer_done(struct buffer *b);  /* frees; b may be NULL, and is empty afterwards */
void buffer_clear(struct buffer *b); /* size 0, capacity kept */
/* Makes room for `count` more bytes and returns where they go (borrowed until the next call), or NULL. */
uint8_t *buffer_extend(struct buffer *b, size_t count);
void buffer_bytes(struct buffer *b, const void *bytes, size_t count);
void buffer_u8(struct buffer *b, uint8_t v);
void buffer_u16(struct buffer *b, uint16_t v);
void buffer_u32(struct buffer *b, uint32_t v);
void buffer_u64(struct buffer *b, uint64_t v);
/* u32 length, then the bytes. */
void buffer_blob(struct buffer *b, const void *bytes, size_t count);
void buffer_string(struct buffer *b, const char *text);
/* As printf, but each %s and %c is taken for foreign and comes out in the plain form of text.h (where this is defined).
 * What is in that form already, or is no text, goes through buffer_string. */
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
