/* Values: integers signed in decimal, floats as bit patterns, references by the host's number. A host reference n is n
 * + 1 in a slot, as 0 is null. */
#include "spec_values.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/rt.h"

static const struct {
    const char *name;
    uint8_t type;
} type_names[] = {
    { "i32", RT_I32 }, { "i64", RT_I64 },         { "f32", RT_F32 },
    { "f64", RT_F64 }, { "funcref", RT_FUNCREF }, { "externref", RT_EXTERNREF },
};

static uint8_t type_of(const struct json *value)
{
    const char *name = json_find_text(value, "type", "");
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
        if (strcmp(type_names[i].name, name) == 0)
            return type_names[i].type;
    return 0;
}

bool spec_value_read(const struct json *value, uint64_t *ret)
{
    const char *text = json_find_text(value, "value", "null");
    uint8_t type = type_of(value);
    if (type == RT_I32)
        *ret = (uint32_t)strtoll(text, NULL, 10);
    else if (type == RT_I64)
        *ret = text[0] == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
    else if (type == RT_F32 || type == RT_F64)
        *ret = strtoull(text, NULL, 10);
    else if (type != 0)
        *ret = strcmp(text, "null") == 0 ? 0 : strtoull(text, NULL, 10) + 1;
    return type != 0;
}

static bool nan_matches(const char *text, uint8_t type, uint64_t slot)
{
    uint64_t sign = type == RT_F32 ? 0x80000000u : 0x8000000000000000u;
    uint64_t canonical = type == RT_F32 ? 0x7fc00000u : 0x7ff8000000000000u;
    if (strcmp(text, "nan:canonical") == 0)
        return (slot & ~sign) == canonical;
    return (slot & canonical) == canonical;
}

bool spec_value_matches(const struct json *expected, uint8_t type, uint64_t slot)
{
    const char *text = json_find_text(expected, "value", NULL);
    const char *name = json_find_text(expected, "type", "");
    bool is_reference = type == RT_FUNCREF || type == RT_EXTERNREF;
    uint64_t wanted;
    if (strcmp(name, "refnull") == 0 || strncmp(name, "null", 4) == 0)
        return is_reference && slot == 0;
    if (type_of(expected) != type)
        return false;
    if (!text)
        return is_reference && slot != 0;
    if (strncmp(text, "nan:", 4) == 0)
        return nan_matches(text, type, slot);
    return spec_value_read(expected, &wanted) && wanted == slot;
}
