/* Reads the numbers and durations that policies and options write as text.
 *
 * Invariant: exact or refused. Nothing is rounded, cut, or taken from the front of a longer text.
 * Left out on purpose: decimal kilobytes (they look like the binary ones). */
#include "wasi/policy/policy.h"

#include <stdlib.h>
#include <string.h>

/* digits * 10^scale */
struct decimal {
    uint64_t digits;
    int scale;
};

/* Digits with an optional fraction and exponent ("64", "1.5", "5e9", "2.5e9"); *ret_rest: what stands behind. */
static enum status number_read(const char *text, struct decimal *ret, const char **ret_rest)
{
    struct decimal number = { 0, 0 };
    bool fraction = false;
    const char *at = text;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !fraction && at > text && at[1] >= '0' && at[1] <= '9'); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        if (__builtin_mul_overflow(number.digits, 10, &number.digits) ||
            __builtin_add_overflow(number.digits, (uint64_t)(*at - '0'), &number.digits))
            return STATUS_LIMIT;
        number.scale -= fraction;
    }
    if (at == text)
        return STATUS_INVALID;
    if (*at == 'e' && at[1] >= '0' && at[1] <= '9') {
        int exponent = 0;
        for (at++; *at >= '0' && *at <= '9'; at++)
            if ((exponent = exponent * 10 + (*at - '0')) > 19)
                return STATUS_LIMIT;
        number.scale += exponent;
    }
    *ret = number;
    *ret_rest = at;
    return STATUS_OK;
}

/* number * factor as an integer. INVALID: it is none. LIMIT: beyond 64 bits. */
static enum status whole(struct decimal number, uint64_t factor, uint64_t *ret)
{
    unsigned __int128 value = (unsigned __int128)number.digits * factor;
    for (; number.scale < 0 && value % 10 == 0 && value; number.scale++)
        value /= 10;
    if (number.scale < 0 && value)
        return STATUS_INVALID;
    for (; number.scale > 0 && value <= UINT64_MAX; number.scale--)
        value *= 10;
    *ret = (uint64_t)value;
    return value > UINT64_MAX ? STATUS_LIMIT : STATUS_OK;
}

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit size_units[] = { { "", 1 },
                                          { "B", 1 },
                                          { "KiB", UINT64_C(1) << 10 },
                                          { "MiB", UINT64_C(1) << 20 },
                                          { "GiB", UINT64_C(1) << 30 },
                                          { "TiB", UINT64_C(1) << 40 } };
static const struct unit time_units[] = {
    { "ms", 1000000 }, { "s", 1000000000 }, { "m", UINT64_C(60000000000) }, { "h", UINT64_C(3600000000000) }
};

static enum status scaled_read(const char *text, const struct unit *units, size_t count, const char *expected,
                               const char *smallest, uint64_t *ret, struct error *error)
{
    uint64_t value = 0;
    struct decimal number;
    const char *rest;
    enum status status = number_read(text, &number, &rest);
    if (status == STATUS_OK) {
        status = STATUS_INVALID;
        for (size_t i = 0; i < count && status == STATUS_INVALID; i++)
            if (!strcmp(rest, units[i].suffix)) {
                status = whole(number, units[i].factor, &value);
                if (status == STATUS_INVALID)
                    return error_set(error, status, "'%s' is no whole number%s", text, smallest);
            }
    }
    if (status == STATUS_LIMIT)
        return error_set(error, STATUS_LIMIT, "'%s' does not fit in 64 bits", text);
    if (status != STATUS_OK)
        return error_set(error, status, "'%s' is not %s", text, expected);
    *ret = value;
    return STATUS_OK;
}

enum status policy_parse_count(const char *text, uint64_t *ret, struct error *error)
{
    return scaled_read(text, size_units, 1, "a count, as 64 or 5e9", "", ret, error);
}

enum status policy_parse_size(const char *text, uint64_t *ret, struct error *error)
{
    return scaled_read(text, size_units, sizeof size_units / sizeof *size_units,
                       "a size, as 4096, 64KiB, 256MiB or 1.5GiB", " of bytes", ret, error);
}

enum status policy_parse_duration(const char *text, uint64_t *ret, struct error *error)
{
    return scaled_read(text, time_units, sizeof time_units / sizeof *time_units, "a duration, as 500ms, 1.5s, 5m or 1h",
                       " of nanoseconds", ret, error);
}
