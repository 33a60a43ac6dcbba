/* Writes JSON (RFC 8259) as it comes, without a tree. Invariant: no byte of a string or key goes out but through
 * text_json. */
#include "runtime/base/json_writer.h"

#include <inttypes.h>
#include <string.h>
#include "runtime/base/text.h"

struct json json_over(struct buffer *out) { return (struct json) { .out = out }; }

/* What stands before a value: a comma, a key. */
static void element(struct json *json, const char *key)
{
    uint64_t bit = UINT64_C(1) << json->depth % JSON_DEPTH_MAX;
    if (json->follows & bit)
        buffer_u8(json->out, ',');
    json->follows |= bit;
    if (!key)
        return;
    text_json(json->out, key, strlen(key));
    buffer_u8(json->out, ':');
}

static void begin(struct json *json, const char *key, char bracket)
{
    element(json, key);
    buffer_u8(json->out, (uint8_t)bracket);
    json->depth++;
    json->follows &= ~(UINT64_C(1) << json->depth % JSON_DEPTH_MAX);
}

static void end(struct json *json, char bracket)
{
    json->depth--;
    buffer_u8(json->out, (uint8_t)bracket);
}

void json_object_begin(struct json *json, const char *key) { begin(json, key, '{'); }
void json_object_end(struct json *json) { end(json, '}'); }
void json_array_begin(struct json *json, const char *key) { begin(json, key, '['); }
void json_array_end(struct json *json) { end(json, ']'); }

void json_bytes(struct json *json, const char *key, const void *bytes, size_t size)
{
    element(json, key);
    text_json(json->out, bytes, size);
}

void json_string(struct json *json, const char *key, const char *text)
{
    if (text)
        json_bytes(json, key, text, strlen(text));
    else
        json_null(json, key);
}

void json_buffer(struct json *json, const char *key, const struct buffer *text)
{
    json_bytes(json, key, text->data ? text->data : (const uint8_t *)"", text->size);
}

void json_number(struct json *json, const char *key, const void *digits, size_t size)
{
    element(json, key);
    buffer_bytes(json->out, digits, size);
}

/* `show` writes some twenty numbers for a hostcall, so that they do not go through a format. */
static void put_decimal(struct buffer *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    buffer_bytes(out, digits + at, sizeof digits - at);
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
    element(json, key);
    put_decimal(json->out, value);
}

void json_i64(struct json *json, const char *key, int64_t value)
{
    element(json, key);
    if (value < 0)
        buffer_u8(json->out, '-');
    put_decimal(json->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    element(json, key);
    buffer_string(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
    element(json, key);
    buffer_string(json->out, "null");
}

void json_hex(struct json *json, const char *key, const uint8_t *bytes, size_t size)
{
    element(json, key);
    buffer_u8(json->out, '"');
    for (size_t i = 0; i < size; i++)
        buffer_printf(json->out, "%02x", bytes[i]);
    buffer_u8(json->out, '"');
}

void json_hex_u64(struct json *json, const char *key, uint64_t value)
{
    element(json, key);
    buffer_printf(json->out, "\"%016" PRIx64 "\"", value);
}

void json_line(struct json *json)
{
    uint64_t bit = UINT64_C(1) << json->depth % JSON_DEPTH_MAX;
    if (json->follows & bit)
        buffer_u8(json->out, ',');
    json->follows &= ~bit;
    buffer_u8(json->out, '\n');
}
