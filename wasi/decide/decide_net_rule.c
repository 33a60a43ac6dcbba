/* The rules of the network asked about one address (decide_net.h has what they mean).
 *
 * Bits are compared byte by byte, so that no mask is made: a shift by as many bits as a word has is how /0 became
 * /32 elsewhere. */
#include "wasi/decide/decide_inner.h"

/* Whether byte `i` of the rule's prefix is that of the address. */
/*@ requires \valid_read(rule) && \valid_read(address) && i < 16;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_byte_has(rule, address, at, i);
*/
static bool byte_has(const struct net_rule *rule, const struct net_address *address, uint32_t at, uint32_t i)
{
    uint32_t bits = 8 * i;
    if (rule->prefix <= bits)
        return true;
    if (at >= 16 - i)
        return false;
    if (rule->prefix >= bits + 8)
        return rule->bytes[i] == address->bytes[at + i];
    uint32_t behind = bits + 8 - rule->prefix;
    return (rule->bytes[i] >> behind) == (address->bytes[at + i] >> behind);
}

/*@ requires \valid_read(rule) && \valid_read(address);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_prefix_has(rule, address, at);
*/
static bool prefix_has(const struct net_rule *rule, const struct net_address *address, uint32_t at)
{
    /*@ loop invariant 0 <= i <= 16;
      @ loop invariant \forall integer k; 0 <= k < i ==> net_byte_has(rule, address, at, k);
      @ loop assigns i;
      @ loop variant 16 - i;
    */
    for (uint32_t i = 0; i < 16; i++)
        if (!byte_has(rule, address, at, i))
            return false;
    return true;
}

/* Whether the bytes of the address from `first` up to `last` are 0. */
/*@ requires \valid_read(address) && first <= last <= 16;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_zeros(address, first, last);
*/
static bool zeros(const struct net_address *address, uint32_t first, uint32_t last)
{
    /*@ loop invariant first <= i <= last;
      @ loop invariant net_zeros(address, first, i);
      @ loop assigns i;
      @ loop variant last - i;
    */
    for (uint32_t i = first; i < last; i++)
        if (address->bytes[i] != 0)
            return false;
    return true;
}

/*@ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_whole(prefix, family);
*/
static bool whole(uint8_t prefix, uint8_t family) { return prefix == 0 || prefix == (family == NET_V4 ? 32 : 128); }

/*@ requires \valid_read(rule) && \valid_read(address) && at <= 12;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_rule_has(rule, protocol, verb, family, address, at);
*/
static bool rule_has(const struct net_rule *rule, enum net_protocol protocol, enum net_verb verb, uint8_t family,
                     const struct net_address *address, uint32_t at)
{
    if (rule->protocol != protocol || rule->verb != verb || rule->family != family)
        return false;
    if (address->port < rule->port_first || address->port > rule->port_last)
        return false;
    bool unspecified = family == NET_V4 ? zeros(address, at, at + 4) : zeros(address, 0, 16);
    if (unspecified && !whole(rule->prefix, family))
        return false;
    return prefix_has(rule, address, at);
}

/*@ requires \valid_read(context) && \valid_read(address) && at <= 12;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_some_rule(context, protocol, verb, family, address, at);
*/
static bool some_rule(const struct decide_context *context, enum net_protocol protocol, enum net_verb verb,
                      uint8_t family, const struct net_address *address, uint32_t at)
{
    /*@ loop invariant 0 <= i <= LIMIT_NETWORK_RULES;
      @ loop invariant \forall integer k; 0 <= k < i ==> !net_rule_has(&context->network[k], protocol, verb, family, address, at);
      @ loop assigns i;
      @ loop variant LIMIT_NETWORK_RULES - i;
    */
    for (uint32_t i = 0; i < context->network_count && i < LIMIT_NETWORK_RULES; i++)
        if (rule_has(&context->network[i], protocol, verb, family, address, at))
            return true;
    return false;
}

/*@ requires \valid_read(address) && at <= 12;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_plain_4(address, at, verb);
*/
static bool plain_4(const struct net_address *address, uint32_t at, enum net_verb verb)
{
    enum { MULTICAST = 224 /* and what is reserved, and broadcast, above it */ };
    if (address->bytes[at] == 0)
        return verb == NET_BIND && zeros(address, at, at + 4);
    return address->bytes[at] < MULTICAST;
}

/*@ requires \valid_read(address);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_nat64(address);
*/
static bool is_nat64(const struct net_address *address)
{
    return address->bytes[0] == 0 && address->bytes[1] == 0x64 && address->bytes[2] == 0xff &&
           address->bytes[3] == 0x9b;
}

/*@ requires \valid_read(address);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_6to4(address);
*/
static bool is_6to4(const struct net_address *address) { return address->bytes[0] == 0x20 && address->bytes[1] == 2; }

/* Beneath ::/64 lie the unspecified address, one of this host, and what stands for IPv4 addresses. */
/*@ requires \valid_read(address);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_plain_6(address, verb);
*/
static bool plain_6(const struct net_address *address, enum net_verb verb)
{
    enum { MULTICAST = 0xff };
    const uint8_t *bytes = address->bytes;
    if (bytes[0] == MULTICAST)
        return false;
    if (bytes[0] == 0x20 && bytes[1] == 1 && bytes[2] == 0 && bytes[3] == 0) /* Teredo */
        return false;
    if (is_nat64(address) && !zeros(address, 4, 12))
        return false;
    if (!zeros(address, 0, 8))
        return true;
    if (!zeros(address, 8, 15))
        return false;
    return bytes[15] == 1 || (bytes[15] == 0 && verb == NET_BIND);
}

/*@ requires \valid_read(address);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_plain(address, verb);
*/
static bool plain(const struct net_address *address, enum net_verb verb)
{
    if (address->scope != 0 || (verb == NET_CONNECT && address->port == 0))
        return false;
    if (address->family == NET_V4)
        return plain_4(address, 0, verb);
    return address->family == NET_V6 && plain_6(address, verb);
}

enum rule decide_net_rule(const struct decide_context *context, enum net_protocol protocol, enum net_verb verb,
                          const struct net_address *address)
{
    if (!plain(address, verb))
        return RULE_ADDRESS_OTHER;
    if (!some_rule(context, protocol, verb, address->family, address, 0))
        return RULE_ADDRESS_REFUSED;
    if (address->family != NET_V6 || (!is_nat64(address) && !is_6to4(address)))
        return RULE_NONE;
    uint32_t at = is_nat64(address) ? 12 : 2;
    if (!plain_4(address, at, verb))
        return RULE_ADDRESS_OTHER;
    return some_rule(context, protocol, verb, NET_V4, address, at) ? RULE_NONE : RULE_ADDRESS_REFUSED;
}

/*@ requires \valid_read(rule);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> net_any_rule(rule, protocol, family);
*/
static bool rule_has_any(const struct net_rule *rule, enum net_protocol protocol, uint8_t family)
{
    if (rule->protocol != protocol || rule->verb != NET_BIND || rule->family != family || rule->port_first != 0 ||
        !whole(rule->prefix, family))
        return false;
    /*@ loop invariant 0 <= i <= 16;
      @ loop invariant \forall integer k; 0 <= k < i ==> rule->bytes[k] == 0;
      @ loop assigns i;
      @ loop variant 16 - i;
    */
    for (uint32_t i = 0; i < 16; i++)
        if (rule->bytes[i] != 0)
            return false;
    return true;
}

bool decide_net_implicit(const struct decide_context *context, enum net_protocol protocol, uint8_t family)
{
    /*@ loop invariant 0 <= i <= LIMIT_NETWORK_RULES;
      @ loop invariant \forall integer k; 0 <= k < i ==> !net_any_rule(&context->network[k], protocol, family);
      @ loop assigns i;
      @ loop variant LIMIT_NETWORK_RULES - i;
    */
    for (uint32_t i = 0; i < context->network_count && i < LIMIT_NETWORK_RULES; i++)
        if (rule_has_any(&context->network[i], protocol, family))
            return true;
    return false;
}

bool decide_net_protocol(const struct decide_context *context, enum net_protocol protocol, uint8_t family)
{
    /*@ loop invariant 0 <= i <= LIMIT_NETWORK_RULES;
      @ loop invariant \forall integer k; 0 <= k < i ==>
      @   context->network[k].protocol != protocol || context->network[k].family != family;
      @ loop assigns i;
      @ loop variant LIMIT_NETWORK_RULES - i;
    */
    for (uint32_t i = 0; i < context->network_count && i < LIMIT_NETWORK_RULES; i++)
        if (context->network[i].protocol == protocol && context->network[i].family == family)
            return true;
    return false;
}
