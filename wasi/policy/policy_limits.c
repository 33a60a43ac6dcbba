/* The limits of a policy as rows (policy_limits.def), and their values in words that a policy would take. */
#include "wasi/policy/policy.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct policy_limit_row policy_limit_rows[POLICY_LIMIT_COUNT] = {
#define POLICY_LIMIT(field, key, type, unit, least, most, unset, words)                                                \
    { #key, words, offsetof(struct policy_limits, field), sizeof(type) == 8, POLICY_##unit, least, most, unset },
#include "wasi/policy/policy_limits.def"
#undef POLICY_LIMIT
};

uint64_t policy_limit_get(const struct policy_limits *limits, const struct policy_limit_row *row)
{
    uint64_t wide;
    uint32_t narrow;
    const char *at = (const char *)limits + row->offset;
    if (row->wide)
        return memcpy(&wide, at, sizeof wide), wide;
    return memcpy(&narrow, at, sizeof narrow), narrow;
}

void policy_limit_set(struct policy_limits *limits, const struct policy_limit_row *row, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;
    char *at = (char *)limits + row->offset;
    if (row->wide)
        memcpy(at, &value, sizeof value);
    else
        memcpy(at, &narrow, sizeof narrow);
}

bool policy_has_budget(const struct policy_limits *limits)
{
    return limits->calls != UINT64_MAX || limits->output != UINT64_MAX || limits->entries != UINT64_MAX ||
           limits->connections != UINT64_MAX || limits->wait_ns != UINT64_MAX;
}

struct policy_limit_text policy_limit_text(enum policy_unit unit, uint64_t value)
{
    static const char *const sizes[] = { "", "KiB", "MiB", "GiB", "TiB" };
    struct policy_limit_text text;
    const char *suffix = "";
    uint64_t millionth = value / 1000000;
    if (unit == POLICY_DURATION && value % 1000000) { /* only fractions say it */
        snprintf(text.text, sizeof text.text, "%" PRIu64 ".%06" PRIu64 "ms", millionth, value % 1000000);
        return text;
    }
    if (unit == POLICY_DURATION) {
        suffix = millionth % 1000 ? "ms" : "s";
        value = millionth % 1000 ? millionth : millionth / 1000;
    }
    for (unsigned i = 0; unit == POLICY_SIZE && value && value % 1024 == 0 && i < 4; value /= 1024)
        suffix = sizes[++i];
    snprintf(text.text, sizeof text.text, "%" PRIu64 "%s", value, suffix);
    return text;
}
