/* Reads the numbers, durations and addresses that policies and options write as text.
 *
 * Invariant: exact or refused. Nothing is rounded, cut, or taken from the front of a longer text.
 * Left out on purpose: host names (what they mean is decided later, by whoever answers for the name), decimal kilobytes
 * (they look like the binary ones). */
#include "wasi/policy/policy.h"

#include <arpa/inet.h>
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

/* One decimal number of at most `most` that fills [text, end) without leading zeros. */
static bool decimal_read(const char *text, const char *end, uint32_t most, uint32_t *ret)
{
    uint32_t value = 0;
    if (text == end || end - text > 5 || (*text == '0' && end - text > 1))
        return false;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint32_t)(*text - '0');
    }
    *ret = value;
    return value <= most;
}

static enum status address_read(struct policy_network *rule, const char *text, const char *slash, struct error *error)
{
    char address[64];
    bool bracket = *text == '[';
    const char *end = bracket ? slash - 1 : slash;
    text += bracket;
    size_t size = end > text ? (size_t)(end - text) : 0;
    if (!size || size >= sizeof address || (bracket && *end != ']'))
        return error_set(error, STATUS_INVALID, "it has no address before the '/'");
    memcpy(address, text, size);
    address[size] = 0;
    rule->family = bracket ? 6 : 4;
    if (inet_pton(bracket ? AF_INET6 : AF_INET, address, rule->address) != 1)
        return error_set(error, STATUS_INVALID, "'%s' is not an IPv%u address%s", address, rule->family,
                         bracket                ? ""
                         : strchr(address, ':') ? "; an IPv6 address stands in brackets"
                                                : "; host names cannot be granted");
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (bracket && !memcmp(rule->address, mapped, sizeof mapped))
        return error_set(error, STATUS_INVALID, "'%s' is an IPv4 address in disguise; write the IPv4 one", address);
    return STATUS_OK;
}

static enum status prefix_check(const struct policy_network *rule, struct error *error)
{
    for (unsigned bit = rule->prefix; bit < (rule->family == 4 ? 32U : 128U); bit++)
        if (rule->address[bit / 8] & (0x80 >> bit % 8))
            return error_set(error, STATUS_INVALID, "the address has bits behind its prefix of %u", rule->prefix);
    return STATUS_OK;
}

static enum status network_read(struct policy_network *rule, const char *text, struct error *error)
{
    const char *slash = strchr(text, '/');
    if (!slash)
        return error_set(error, STATUS_INVALID, "it has no prefix length; one address is /32 (IPv4) or /128 (IPv6)");
    enum status status = address_read(rule, text, slash, error);
    if (status != STATUS_OK)
        return status;
    const char *colon = strchr(slash, ':');
    if (!colon)
        return error_set(error, STATUS_INVALID, "it has no port");
    uint32_t prefix, first, last, most = rule->family == 4 ? 32 : 128;
    if (!decimal_read(slash + 1, colon, most, &prefix))
        return error_set(error, STATUS_INVALID, "the prefix length is not a number from 0 to %u", most);
    rule->prefix = (uint8_t)prefix;
    const char *dash = strchr(colon, '-'), *end = colon + strlen(colon);
    if (!decimal_read(colon + 1, dash ? dash : end, 65535, &first))
        return error_set(error, STATUS_INVALID, "the port is not a number from 0 to 65535");
    last = first;
    if (dash && (!decimal_read(dash + 1, end, 65535, &last) || last < first))
        return error_set(error, STATUS_INVALID, "the ports are not a range FIRST-LAST");
    if (!first && rule->verb == POLICY_CONNECT)
        return error_set(error, STATUS_INVALID, "nobody connects to port 0");
    rule->port_first = (uint16_t)first;
    rule->port_last = (uint16_t)last;
    return prefix_check(rule, error);
}

enum status policy_add_network(struct policy *policy, enum policy_protocol protocol, enum policy_verb verb,
                               const char *text, struct error *error)
{
    struct policy_network rule = { .protocol = (uint8_t)protocol, .verb = (uint8_t)verb };
    struct error why = ERROR_INIT;
    enum status status = network_read(&rule, text, &why);
    if (status != STATUS_OK)
        return error_copy(error, status, &why), error_prefix(error, "'%s' is not ADDRESS/PREFIX:PORT", text), status;
    if (policy->network_count >= LIMIT_NETWORK_RULES)
        return error_set(error, STATUS_LIMIT, "more than %d network rules", LIMIT_NETWORK_RULES);
    for (uint32_t i = 0; i < policy->network_count; i++)
        if (!memcmp(&policy->networks[i], &rule, sizeof rule))
            return error_set(error, STATUS_INVALID, "'%s' is granted twice", text);
    struct policy_network *rules = realloc(policy->networks, (policy->network_count + (size_t)1) * sizeof *rules);
    if (!rules)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a network rule");
    policy->networks = rules;
    rules[policy->network_count++] = rule;
    return STATUS_OK;
}
