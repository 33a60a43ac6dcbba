/* A growing byte buffer; sizes are checked before they are added. */
#include "runtime/base/buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_done(struct buffer *b)
{
    if (!b)
        return;
    free(b->data);
    *b = (struct buffer)BUFFER_INIT;
}

void buffer_clear(struct buffer *b) { b->size = 0; }

uint8_t *buffer_extend(struct buffer *b, size_t count)
{
    if (b->status != STATUS_OK)
        return NULL;
    size_t need;
    if (__builtin_add_overflow(b->size, count, &need) || need > SIZE_MAX / 2) {
        b->status = STATUS_NO_MEMORY;
        return NULL;
    }
    if (need > b->capacity || !b->data) {
        size_t capacity = b->capacity ? b->capacity : 256;
        while (capacity < need)
            capacity *= 2;
        uint8_t *data = realloc(b->data, capacity);
        if (!data) {
            b->status = STATUS_NO_MEMORY;
            return NULL;
        }
        b->data = data;
        b->capacity = capacity;
    }
    uint8_t *at = b->data + b->size;
    b->size = need;
    return at;
}

void buffer_bytes(struct buffer *b, const void *bytes, size_t count)
{
    uint8_t *at = buffer_extend(b, count);
    if (at && count)
        memcpy(at, bytes, count);
}

static void buffer_little(struct buffer *b, uint64_t v, unsigned count)
{
    uint8_t *at = buffer_extend(b, count);
    for (unsigned i = 0; at && i < count; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

void buffer_u8(struct buffer *b, uint8_t v) { buffer_little(b, v, 1); }
void buffer_u16(struct buffer *b, uint16_t v) { buffer_little(b, v, 2); }
void buffer_u32(struct buffer *b, uint32_t v) { buffer_little(b, v, 4); }
void buffer_u64(struct buffer *b, uint64_t v) { buffer_little(b, v, 8); }

void buffer_blob(struct buffer *b, const void *bytes, size_t count)
{
    if (count > UINT32_MAX) {
        b->status = STATUS_NO_MEMORY;
        return;
    }
    buffer_u32(b, (uint32_t)count);
    buffer_bytes(b, bytes, count);
}

void buffer_string(struct buffer *b, const char *text) { buffer_bytes(b, text, strlen(text)); }
