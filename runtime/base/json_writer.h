/* The one writer of JSON: objects, arrays, strings in the form of text.h that can be undone, numbers, commas.
 *
 * Every function appends one element to the innermost open object or array. key: of a member; NULL for an element of an
 * array, or for the value as a whole. Nothing is appended in a wrong place: that is the caller's to see to, as that
 * each begin has its end. A failed allocation stands in the buffer's status. */
#ifndef WARRANT_BASE_JSON_WRITER_H
#define WARRANT_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/base/buffer.h"

enum { JSON_DEPTH_MAX = 64 };

struct json {
    struct buffer *out; /* borrowed; may be emptied between calls */
    unsigned depth;     /* open objects and arrays, at most JSON_DEPTH_MAX */
    uint64_t follows;   /* bit per depth: a comma comes before the next element */
};

struct json json_over(struct buffer *out);
void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *key, const char *text); /* NUL-terminated; NULL: null */
void json_bytes(struct json *json, const char *key, const void *bytes, size_t size);
void json_buffer(struct json *json, const char *key, const struct buffer *text);
void json_u64(struct json *json, const char *key, uint64_t value);
void json_i64(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
/* A number in JSON's form, as it is. */
void json_number(struct json *json, const char *key, const void *digits, size_t size);
/* The bytes as lower-case hexadecimal digits in a string; of a number: 16 digits. */
void json_hex(struct json *json, const char *key, const uint8_t *bytes, size_t size);
void json_hex_u64(struct json *json, const char *key, uint64_t value);
/* The next element begins a line. */
void json_line(struct json *json);

#endif
