/* Values: integers signed in decimal, floats as bit patterns, vectors as lanes of such, references by the host's
 * number. A host reference n is n + 1 in a slot, as 0 is null. */
#include "spec_values.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/rt.h"

static const struct {
    const char *name;
    uint8_t type;
} type_names[] = {
    { "i32", RT_I32 },
    { "i64", RT_I64 },
    { "f32", RT_F32 },
    { "f64", RT_F64 },
    { "v128", RT_V128 },
    { "funcref", RT_FUNCREF },
    { "externref", RT_EXTERNREF },
};

static uint32_t type_of(const struct json *value)
{
    const char *name = json_find_text(value, "type", "");
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].type;
    return 0;
}

/* Types of lanes; floats may be patterns. */
static const struct lane_type {
    const char *name;
    uint32_t bytes;
    uint8_t type; /* as one number: enum rt_type */
} lane_types[] = {
    { "i8", 1, RT_I32 },  { "i16", 2, RT_I32 }, { "i32", 4, RT_I32 },
    { "i64", 8, RT_I64 }, { "f32", 4, RT_F32 }, { "f64", 8, RT_F64 },
};

static const struct lane_type *lane_type_of(const struct json *value)
{
    for (size_t i = 0; i < sizeof lane_types / sizeof *lane_types; i++)
        if (json_is(json_find(value, "lane_type"), lane_types[i].name))
            return &lane_types[i];
    return NULL;
}

static uint64_t bits_of(const char *text, uint32_t type)
{
    if (type == RT_I32)
        return (uint32_t)strtoll(text, NULL, 10);
    return text[0] == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static bool vector_read(const struct json *value, uint64_t ret[2])
{
    const struct lane_type *t = lane_type_of(value);
    const struct json *lanes = json_find(value, "value");
    uint8_t bytes[16] = { 0 };
    uint32_t at = 0;
    for (const struct json *l = lanes ? lanes->first : NULL; t && l && at < sizeof bytes; l = l->next) {
        uint64_t bits = bits_of(l->text, t->type);
        memcpy(bytes + at, &bits, t->bytes);
        at += t->bytes;
    }
    memcpy(ret, bytes, sizeof bytes);
    return at == sizeof bytes;
}

uint32_t spec_value_read(const struct json *value, uint64_t ret[2])
{
    const char *text = json_find_text(value, "value", "null");
    uint32_t type = type_of(value);
    if (type == RT_V128)
        return vector_read(value, ret) ? 2 : 0;
    if (type == RT_FUNCREF || type == RT_EXTERNREF)
        *ret = strcmp(text, "null") == 0 ? 0 : strtoull(text, NULL, 10) + 1;
    else
        *ret = bits_of(text, type);
    return type != 0;
}

static bool nan_matches(const char *text, uint32_t type, uint64_t slot)
{
    uint64_t sign = type == RT_F32 ? 0x80000000u : 0x8000000000000000u;
    uint64_t canonical = type == RT_F32 ? 0x7fc00000u : 0x7ff8000000000000u;
    if (strcmp(text, "nan:canonical") == 0)
        return (slot & ~sign) == canonical;
    return (slot & canonical) == canonical;
}

static bool vector_matches(const struct json *expected, const uint64_t *slots)
{
    const struct lane_type *t = lane_type_of(expected);
    const struct json *lanes = json_find(expected, "value");
    uint8_t bytes[16];
    uint32_t at = 0;
    memcpy(bytes, slots, sizeof bytes);
    for (const struct json *l = lanes ? lanes->first : NULL; t && l && at < sizeof bytes; l = l->next) {
        uint64_t found = 0, wanted = bits_of(l->text, t->type);
        memcpy(&found, bytes + at, t->bytes);
        bool same = strncmp(l->text, "nan:", 4) == 0 ? nan_matches(l->text, t->type, found)
                                                     : memcmp(&wanted, bytes + at, t->bytes) == 0;
        if (!same)
            return false;
        at += t->bytes;
    }
    return at == sizeof bytes;
}

bool spec_value_matches(const struct json *expected, uint32_t type, const uint64_t *slots)
{
    const char *text = json_find_text(expected, "value", NULL);
    const char *name = json_find_text(expected, "type", "");
    bool is_reference = type < RT_V128 || type > RT_I32; /* what is no number and no vector */
    uint64_t wanted[2];
    if (strcmp(name, "refnull") == 0 || strncmp(name, "null", 4) == 0)
        return is_reference && *slots == 0;
    if (is_reference && type != RT_FUNCREF && type != RT_EXTERNREF && text && strcmp(text, "null") == 0)
        return *slots == 0; /* the suite names the uppermost type */
    if (type_of(expected) != type)
        return false;
    if (type == RT_V128)
        return vector_matches(expected, slots);
    if (!text)
        return is_reference && *slots != 0;
    if (strncmp(text, "nan:", 4) == 0)
        return nan_matches(text, type, *slots);
    return spec_value_read(expected, wanted) && *wanted == *slots;
}
