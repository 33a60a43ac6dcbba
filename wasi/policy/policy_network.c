/* Reads the addresses, ports and names that policies and options write as text, and writes them.
 *
 * Invariant: exact or refused, and one thing has one form: an IPv4 address inside of an IPv6 one, bits behind a prefix
 * and zones are refused, names are in lower case without the dot at their end.
 * Left out on purpose: what a name means (docs/policy.md: whoever answers for it decides, and the address is judged).
 */
#include "wasi/policy/policy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/base/try.h"

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

/* One address in [text, end), IPv6 in brackets. */
static enum status address_read(const char *text, const char *end, uint8_t *ret_family, uint8_t ret[16],
                                struct error *error)
{
    char address[64];
    bool bracket = text < end && *text == '[';
    if (bracket && (end - text < 2 || end[-1] != ']'))
        return error_set(error, STATUS_INVALID, "it has no address: a bracket is missing");
    text += bracket;
    end -= bracket;
    size_t size = end > text ? (size_t)(end - text) : 0;
    if (!size || size >= sizeof address)
        return error_set(error, STATUS_INVALID, "it has no address");
    memcpy(address, text, size);
    address[size] = 0;
    *ret_family = bracket ? 6 : 4;
    if (inet_pton(bracket ? AF_INET6 : AF_INET, address, ret) != 1)
        return error_set(error, STATUS_INVALID, "'%s' is not an IPv%u address%s", address, *ret_family,
                         bracket                ? ""
                         : strchr(address, ':') ? "; an IPv6 address stands in brackets"
                                                : "; host names cannot be granted");
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (bracket && !memcmp(ret, mapped, sizeof mapped))
        return error_set(error, STATUS_INVALID, "'%s' is an IPv4 address in disguise; write the IPv4 one", address);
    return STATUS_OK;
}

static enum status prefix_check(const struct net_rule *rule, struct error *error)
{
    for (unsigned bit = rule->prefix; bit < (rule->family == 4 ? 32U : 128U); bit++)
        if (rule->bytes[bit / 8] & (0x80 >> bit % 8))
            return error_set(error, STATUS_INVALID, "the address has bits behind its prefix of %u", rule->prefix);
    return STATUS_OK;
}

static enum status network_read(struct net_rule *rule, const char *text, struct error *error)
{
    const char *slash = strchr(text, '/');
    if (!slash)
        return error_set(error, STATUS_INVALID, "it has no prefix length; one address is /32 (IPv4) or /128 (IPv6)");
    TRY(address_read(text, slash, &rule->family, rule->bytes, error));
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
    if (!first && rule->verb == NET_CONNECT)
        return error_set(error, STATUS_INVALID, "nobody connects to port 0");
    rule->port_first = (uint16_t)first;
    rule->port_last = (uint16_t)last;
    return prefix_check(rule, error);
}

static enum status rule_append(struct policy *policy, const struct net_rule *rule, struct error *error)
{
    if (policy->network_count >= LIMIT_NETWORK_RULES)
        return error_set(error, STATUS_LIMIT, "more than %d network rules", LIMIT_NETWORK_RULES);
    for (uint32_t i = 0; i < policy->network_count; i++)
        if (!memcmp(&policy->networks[i], rule, sizeof *rule))
            return error_set(error, STATUS_INVALID, "it is granted twice");
    struct net_rule *rules = realloc(policy->networks, (policy->network_count + (size_t)1) * sizeof *rules);
    if (!rules)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a network rule");
    policy->networks = rules;
    rules[policy->network_count++] = *rule;
    return STATUS_OK;
}

enum status policy_add_network(struct policy *policy, enum net_protocol protocol, enum net_verb verb, const char *text,
                               struct error *error)
{
    struct net_rule rule = { .protocol = (uint8_t)protocol, .verb = (uint8_t)verb };
    struct error why = ERROR_INIT;
    enum status status = network_read(&rule, text, &why);
    if (status != STATUS_OK)
        return error_copy(error, status, &why), error_prefix(error, "'%s' is not ADDRESS/PREFIX:PORT", text), status;
    status = rule_append(policy, &rule, &why);
    return status == STATUS_OK ? STATUS_OK
                               : (error_copy(error, status, &why), error_prefix(error, "'%s'", text), status);
}

/* The protocol in front of the first colon; *ret: what stands behind it. */
static enum status protocol_read(const char *text, enum net_protocol *ret_protocol, const char **ret,
                                 struct error *error)
{
    bool udp = !strncmp(text, "udp:", 4);
    if (!udp && strncmp(text, "tcp:", 4) != 0)
        return error_set(error, STATUS_INVALID, "'%s' begins with neither tcp: nor udp:", text);
    *ret_protocol = udp ? NET_UDP : NET_TCP;
    *ret = text + 4;
    return STATUS_OK;
}

enum status policy_add_network_option(struct policy *policy, enum net_verb verb, const char *text, struct error *error)
{
    enum net_protocol protocol;
    const char *rest;
    TRY(protocol_read(text, &protocol, &rest, error));
    return policy_add_network(policy, protocol, verb, rest, error);
}

static enum status listen_read(struct net_address *ret, const char *text, struct error *error)
{
    enum net_protocol protocol;
    const char *rest;
    TRY(protocol_read(text, &protocol, &rest, error));
    if (protocol != NET_TCP)
        return error_set(error, STATUS_INVALID, "only TCP sockets listen; to receive datagrams, grant to bind");
    const char *colon = strrchr(rest, ':');
    if (!colon || (*rest == '[' && !strstr(rest, "]:")))
        return error_set(error, STATUS_INVALID, "it has no port");
    TRY(address_read(rest, colon, &ret->family, ret->bytes, error));
    uint32_t port;
    if (!decimal_read(colon + 1, colon + strlen(colon), 65535, &port))
        return error_set(error, STATUS_INVALID, "the port is not a number from 0 to 65535");
    ret->port = (uint16_t)port;
    return STATUS_OK;
}

static bool address_same(const struct net_address *left, const struct net_address *right)
{
    return left->family == right->family && left->port == right->port && left->scope == right->scope &&
           !memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

static enum status listen_append(struct policy *policy, const struct net_address *address, struct error *error)
{
    if (policy->listen_count >= LIMIT_LISTENERS)
        return error_set(error, STATUS_LIMIT, "more than %d listening sockets", LIMIT_LISTENERS);
    for (uint32_t i = 0; address->port && i < policy->listen_count; i++)
        if (address_same(&policy->listens[i], address))
            return error_set(error, STATUS_INVALID, "it is listed twice");
    struct net_address *listens = realloc(policy->listens, (policy->listen_count + (size_t)1) * sizeof *listens);
    if (!listens)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a listening socket");
    policy->listens = listens;
    listens[policy->listen_count++] = *address;
    return STATUS_OK;
}

enum status policy_add_listen(struct policy *policy, const char *text, struct error *error)
{
    struct net_address address = { 0 };
    struct error why = ERROR_INIT;
    enum status status = listen_read(&address, text, &why);
    if (status != STATUS_OK)
        return error_copy(error, status, &why), error_prefix(error, "'%s' is not tcp:ADDRESS:PORT", text), status;
    status = listen_append(policy, &address, &why);
    return status == STATUS_OK ? STATUS_OK
                               : (error_copy(error, status, &why), error_prefix(error, "'%s'", text), status);
}

/* Whatever the locale. */
static char ascii_lower(char c)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", lower[] = "abcdefghijklmnopqrstuvwxyz";
    const char *at = c ? strchr(upper, c) : NULL;
    if (at)
        c = lower[at - upper];
    return c;
}

/* Labels of letters, digits, hyphens and underscores, at most 63 of them each. No label of digits alone stands last:
 * that would be an address. */
static bool name_well_formed(const char *name, size_t size)
{
    size_t label = 0;
    bool digits = true;
    if (!size || size > LIMIT_NAME)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || c == '_';
        if (c == '.') {
            if (!label)
                return false;
            label = 0;
            digits = true;
            continue;
        }
        if ((!digit && !letter && (c != '-' || !label)) || label == 63)
            return false;
        label++;
        digits = digits && digit;
    }
    return label > 0 && !digits;
}

enum status policy_add_name(struct policy *policy, const char *text, struct error *error)
{
    char name[LIMIT_NAME + 2];
    size_t size = strnlen(text, sizeof name);
    for (size_t i = 0; i < size && size < sizeof name; i++)
        name[i] = ascii_lower(text[i]);
    if (size > 1 && size < sizeof name && name[size - 1] == '.')
        size--;
    if (size >= sizeof name || !name_well_formed(name, size))
        return error_set(error, STATUS_INVALID,
                         "'%.300s' is no host name: letters, digits, hyphens and dots are wanted, and no address",
                         text);
    name[size] = 0;
    if (policy->name_count >= LIMIT_NAMES)
        return error_set(error, STATUS_LIMIT, "more than %d names", LIMIT_NAMES);
    for (uint32_t i = 0; i < policy->name_count; i++)
        if (!strcmp(policy->names[i], name))
            return error_set(error, STATUS_INVALID, "the name %s is listed twice", name);
    char **grown = (char **)realloc((void *)policy->names, (policy->name_count + (size_t)1) * sizeof *grown);
    if (grown)
        policy->names = grown;
    char *copy = strdup(name);
    if (!grown || !copy) {
        free(copy);
        return error_set(error, STATUS_NO_MEMORY, "no memory for the policy's names");
    }
    policy->names[policy->name_count++] = copy;
    return STATUS_OK;
}

enum status policy_append_network(struct policy *policy, const struct policy *from, struct error *error)
{
    for (uint32_t i = 0; i < from->network_count; i++)
        TRY(rule_append(policy, &from->networks[i], error));
    for (uint32_t i = 0; i < from->listen_count; i++)
        TRY(listen_append(policy, &from->listens[i], error));
    for (uint32_t i = 0; i < from->name_count; i++)
        TRY(policy_add_name(policy, from->names[i], error));
    return STATUS_OK;
}

/* ---- stored forms ---- */

/* No bit is set from `first` on. */
static bool bits_clear(const uint8_t bytes[16], unsigned first)
{
    for (unsigned bit = first; bit < 128; bit++)
        if (bytes[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool policy_network_well_formed(const struct net_rule *rule)
{
    unsigned bits = rule->family == 4 ? 32 : 128;
    return rule->protocol <= NET_UDP && rule->verb <= NET_BIND && (rule->family == 4 || rule->family == 6) &&
           rule->prefix <= bits && rule->port_first <= rule->port_last &&
           (rule->verb == NET_BIND || rule->port_first) && bits_clear(rule->bytes, rule->prefix);
}

bool policy_address_well_formed(const struct net_address *address)
{
    return (address->family == 4 || address->family == 6) && !address->zero && !address->scope &&
           (address->family == 6 || bits_clear(address->bytes, 32));
}

/* ---- in words ---- */

static void bytes_text(uint8_t family, const uint8_t bytes[16], char *ret, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "?";
    inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, text, sizeof text);
    snprintf(ret, size, family == 4 ? "%s" : "[%s]", text);
}

void policy_address_text(const struct net_address *address, char *ret, size_t size)
{
    char bytes[INET6_ADDRSTRLEN + 2];
    bytes_text(address->family, address->bytes, bytes, sizeof bytes);
    snprintf(ret, size, "tcp:%s:%u", bytes, address->port);
}

struct policy_rule_text policy_rule_text(const struct net_rule *rule)
{
    struct policy_rule_text text;
    char bytes[INET6_ADDRSTRLEN + 2];
    bytes_text(rule->family, rule->bytes, bytes, sizeof bytes);
    snprintf(text.address, sizeof text.address, "%s/%u", bytes, rule->prefix);
    if (rule->port_first == rule->port_last)
        snprintf(text.ports, sizeof text.ports, "%u", rule->port_first);
    else
        snprintf(text.ports, sizeof text.ports, "%u-%u", rule->port_first, rule->port_last);
    return text;
}
