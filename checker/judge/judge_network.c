/* Judges system calls on sockets by the policy's rules, on the kernel's facts of the socket behind the call.
 *
 * Invariants: an address that a call names must be granted for the socket's protocol, whether or not the call worked;
 * where it worked, the kernel's own address of the socket must be that one, whatever the process's memory said a moment
 * before; whomever the kernel has joined a socket to, at any call, is granted or was accepted; an IPv6 socket that is
 * used takes no IPv4; an address that holds an IPv4 one (NAT64, 6to4) needs a rule for either, and one that is another
 * way to write an IPv4 one has none; what the system binds by itself is bound. The matching is stated apart from
 * wasi/decide on purpose. Left out: whom datagrams come from, which the kernel decides and the guest is told of or not.
 * Source: RFC 4291, 6052, 3056; ip(7), ipv6(7). */
#include "checker/judge/judge_inner.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* Numbers of Linux; socket(2), ip(7), ipv6(7), tcp(7). */
enum {
    FAMILY_V4 = 2,
    FAMILY_V6 = 10,
    TYPE_STREAM = 1,
    TYPE_DATAGRAM = 2,
    TYPE_MASK = 15,
    TYPE_CLOEXEC = 02000000,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    IN_PROGRESS = 115,
    LEVEL_SOCKET = 1,
    LEVEL_TCP = 6,
    LEVEL_V6 = 41,
    SOCKADDR_V4 = 16,
    SOCKADDR_V6 = 28
};

/* ---- rules ---- */

static bool bits_equal(const uint8_t *left, const uint8_t *right, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(left, right, whole) != 0)
        return false;
    return rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0;
}

static const uint8_t nat64[4] = { 0x00, 0x64, 0xff, 0x9b };

/* The IPv4 address inside of an IPv6 one, where it means that; false: it does not. */
static bool inner_v4(const uint8_t bytes[16], struct net_address *ret)
{
    static const uint8_t sixtofour[2] = { 0x20, 0x02 };
    const uint8_t *from = memcmp(bytes, nat64, sizeof nat64) == 0           ? bytes + 12
                          : memcmp(bytes, sixtofour, sizeof sixtofour) == 0 ? bytes + 2
                                                                            : NULL;
    if (!from)
        return false;
    ret->family = NET_V4;
    memcpy(ret->bytes, from, 4);
    return true;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Beneath ::/64 lie other spellings of IPv4 addresses (mapped, compatible, translated), and beneath NAT64's
 * 64:ff9b::/32 those whose IPv4 address lies elsewhere than inner_v4 looks. The unspecified address and the loopback
 * are neither. */
static bool is_disguise(const uint8_t bytes[16])
{
    if (memcmp(bytes, nat64, sizeof nat64) == 0)
        return !is_zero(bytes + 4, 8);
    return is_zero(bytes, 8) && !(is_zero(bytes + 8, 7) && bytes[15] <= 1);
}

/* An address of one host, or to bind the unspecified one: no group, nothing reserved. */
static bool is_plain(const struct net_address *address, enum net_verb verb)
{
    enum { GROUPS_V4 = 224, GROUPS_V6 = 0xff };
    static const uint8_t teredo[4] = { 0x20, 0x01 };
    bool v4 = address->family == NET_V4;
    if (address->scope != 0 || (verb == NET_CONNECT && address->port == 0))
        return false;
    if (is_zero(address->bytes, v4 ? 4 : 16))
        return verb == NET_BIND;
    if (v4)
        return address->bytes[0] != 0 && address->bytes[0] < GROUPS_V4;
    return address->bytes[0] != GROUPS_V6 && memcmp(address->bytes, teredo, sizeof teredo) != 0 &&
           !is_disguise(address->bytes);
}

static bool one_rule(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, enum net_verb verb,
                     const struct net_address *address)
{
    const bool every = is_zero(address->bytes, address->family == NET_V4 ? 4 : 16); /* which is all of them */
    for (uint32_t i = 0; i < count; i++) {
        const struct net_rule *rule = &rules[i];
        if (every && rule->prefix != 0 && rule->prefix != (address->family == NET_V4 ? 32 : 128))
            continue;
        if (rule->protocol == protocol && rule->verb == verb && rule->family == address->family &&
            address->port >= rule->port_first && address->port <= rule->port_last &&
            bits_equal(rule->bytes, address->bytes, rule->prefix))
            return true;
    }
    return false;
}

bool judge_policy_allows(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, enum net_verb verb,
                         const struct net_address *address)
{
    struct net_address inner = { .port = address->port };
    if (!is_plain(address, verb) || !one_rule(rules, count, protocol, verb, address))
        return false;
    if (address->family != NET_V6 || !inner_v4(address->bytes, &inner))
        return true;
    return is_plain(&inner, verb) && one_rule(rules, count, protocol, verb, &inner);
}

bool judge_policy_makes(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, uint8_t family)
{
    for (uint32_t i = 0; i < count; i++)
        if (rules[i].protocol == protocol && rules[i].family == family)
            return true;
    return false;
}

bool judge_policy_binds(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, uint8_t family)
{
    const struct net_address any = { .family = family };
    return judge_policy_allows(rules, count, protocol, NET_BIND, &any);
}

bool judge_policy_listens(const struct policy *policy, const struct net_address *address)
{
    for (uint32_t i = 0; i < policy->listen_count; i++) {
        const struct net_address *has = &policy->listens[i];
        if (has->family == address->family && has->port == address->port &&
            memcmp(has->bytes, address->bytes, sizeof has->bytes) == 0)
            return true;
    }
    return false;
}

/* ---- what a call names, what the kernel has ---- */

static bool refuse(struct judge_ruling *ret, enum judge_rule rule, const char *what, const struct net_address *address)
{
    char text[INET6_ADDRSTRLEN] = "?";
    inet_ntop(address->family == NET_V4 ? AF_INET : AF_INET6, address->bytes, text, sizeof text);
    return judge_rule_on(ret, rule, "%s %s, port %u", what, text, address->port);
}

/* The struct sockaddr that a call names, in the socket's family. False, with a ruling. */
static bool named(const struct judge_fact *fact, const struct judge_descriptor *d, struct net_address *ret,
                  struct judge_ruling *ret_ruling)
{
    const uint8_t *a = fact->address;
    *ret = (struct net_address) { .family = d->family };
    if (!a)
        return judge_rule_on(ret_ruling, JUDGE_UNREAD, "the address could not be read");
    uint32_t family = fact->address_length >= 2 ? a[0] + 256U * a[1] : 0;
    bool v4 = family == FAMILY_V4 && d->family == NET_V4 && fact->address_length >= SOCKADDR_V4,
         v6 = family == FAMILY_V6 && d->family == NET_V6 && fact->address_length >= SOCKADDR_V6;
    if (!v4 && !v6)
        return judge_rule_on(ret_ruling, JUDGE_ADDRESS, "an address of family %" PRIu32 " and %" PRIu32 " bytes",
                             family, fact->address_length);
    ret->port = (uint16_t)(a[2] * 256U + a[3]);
    memcpy(ret->bytes, v4 ? a + 4 : a + 8, v4 ? 4 : 16);
    if (v6)
        memcpy(&ret->scope, a + 24, sizeof ret->scope);
    return true;
}

static uint8_t family_of(uint32_t family) { return family == FAMILY_V4 ? NET_V4 : family == FAMILY_V6 ? NET_V6 : 0; }

/* The kernel's own word behind a call that worked: the socket is of the kind that it was taken for. */
static bool of_kind(const struct judge_fact *fact, const struct judge_descriptor *d, struct judge_ruling *ret)
{
    const struct judge_socket *s = &fact->socket;
    if (s->family == 0)
        return judge_rule_on(ret, JUDGE_UNREAD, "the socket behind the descriptor");
    uint32_t type = d->protocol == NET_TCP ? TYPE_STREAM : TYPE_DATAGRAM,
             protocol = d->protocol == NET_TCP ? PROTOCOL_TCP : PROTOCOL_UDP;
    if (family_of(s->family) == d->family && s->type == type && s->protocol == protocol)
        return true;
    return judge_rule_on(ret, JUDGE_SOCKET, "family %" PRIu32 ", type %" PRIu32 ", protocol %" PRIu32, s->family,
                         s->type, s->protocol);
}

/* The same of one that is used: of IPv6, it takes no IPv4. */
static bool as_known(const struct judge_fact *fact, const struct judge_descriptor *d, struct judge_ruling *ret)
{
    return of_kind(fact, d, ret) && (d->family != NET_V6 || fact->socket.only_v6 ||
                                     judge_rule_on(ret, JUDGE_SOCKET, "an IPv6 socket that takes IPv4 too"));
}

/* Whom the kernel has joined it to, whatever a call said and answered: a call that was interrupted goes on. One that
 * was accepted has the peer that came. */
static bool peer_granted(const struct judge *judge, const struct judge_fact *fact, const struct judge_descriptor *d,
                         struct judge_ruling *ret)
{
    const struct judge_socket *s = &fact->socket;
    struct net_address peer = { .family = family_of(s->family), .port = (uint16_t)s->peer_port };
    memcpy(peer.bytes, s->peer, sizeof peer.bytes);
    if (d->accepted || peer.family == NET_NONE || peer.port == 0 ||
        judge_policy_allows(judge->rules, judge->rule_count, (enum net_protocol)d->protocol, NET_CONNECT, &peer))
        return true;
    return refuse(ret, JUDGE_ADDRESS, "the kernel joined it to", &peer);
}

/* Its own address or its peer's must be the one that was named. */
static bool end_is(const struct judge_fact *fact, bool peer, const struct net_address *wanted, struct judge_ruling *ret)
{
    const struct judge_socket *s = &fact->socket;
    struct net_address end = { .family = wanted->family, .port = (uint16_t)(peer ? s->peer_port : s->local_port) };
    memcpy(end.bytes, peer ? s->peer : s->local, sizeof end.bytes);
    bool chosen = !peer && wanted->port == 0;
    if (memcmp(end.bytes, wanted->bytes, sizeof end.bytes) == 0 && (chosen || end.port == wanted->port))
        return true;
    return refuse(ret, JUDGE_ADDRESS, peer ? "the kernel joined it to" : "the kernel bound it to", &end);
}

/* What the system bound unasked: a rule must let it choose any address and port. */
static bool implicit(const struct judge *judge, const struct judge_fact *fact, struct judge_descriptor *d,
                     struct judge_ruling *ret)
{
    struct net_address own = { .family = d->family };
    if (d->bound || fact->socket.local_port == 0)
        return true;
    d->bound = true;
    if (judge_policy_binds(judge->rules, judge->rule_count, (enum net_protocol)d->protocol, d->family))
        return true;
    memcpy(own.bytes, fact->socket.local, sizeof own.bytes);
    own.port = (uint16_t)fact->socket.local_port;
    return refuse(ret, JUDGE_ADDRESS, "the system bound it to", &own);
}

/* ---- the calls ---- */

static bool judge_socket(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    uint32_t type = (uint32_t)fact->arg[1] & TYPE_MASK, protocol = (uint32_t)fact->arg[2];
    bool tcp = type == TYPE_STREAM && (protocol == 0 || protocol == PROTOCOL_TCP),
         udp = type == TYPE_DATAGRAM && (protocol == 0 || protocol == PROTOCOL_UDP);
    uint8_t family = family_of((uint32_t)fact->arg[0]);
    struct judge_descriptor made = { .live = true,
                                     .writes = true,
                                     .settled = fact->opened.mode != 0,
                                     .origin = ORIGIN_SOCKET,
                                     .family = family,
                                     .protocol = tcp ? NET_TCP : NET_UDP,
                                     .dev = fact->opened.dev,
                                     .ino = fact->opened.ino };
    if (!family || (!tcp && !udp) || !(fact->arg[1] & TYPE_CLOEXEC) ||
        !judge_policy_makes(judge->rules, judge->rule_count, (enum net_protocol)made.protocol, family))
        return judge_rule_on(ret, JUDGE_SOCKET, "family %" PRIu64 ", type 0x%" PRIx64 ", protocol %" PRIu64,
                             fact->arg[0], fact->arg[1], fact->arg[2]);
    if (!fact->returned || fact->result < 0)
        return true;
    if (fact->result < DESCRIPTORS_MAX && judge_grow(judge, (uint32_t)fact->result))
        judge->descriptor[fact->result] = made;
    return of_kind(fact, &made, ret);
}

static bool worked(const struct judge_fact *fact)
{
    return fact->returned && (fact->result >= 0 || fact->result == -IN_PROGRESS);
}

/* bind and connect. */
static bool judge_join(const struct judge *judge, const struct judge_fact *fact, struct judge_descriptor *d,
                       enum net_verb verb, struct judge_ruling *ret)
{
    struct net_address address;
    enum net_protocol protocol = (enum net_protocol)d->protocol;
    if (!named(fact, d, &address, ret))
        return false;
    if (!judge_policy_allows(judge->rules, judge->rule_count, protocol, verb, &address))
        return refuse(ret, JUDGE_ADDRESS, verb == NET_BIND ? "bound to" : "connected to", &address);
    if (!worked(fact))
        return true;
    if (!as_known(fact, d, ret) || !end_is(fact, verb == NET_CONNECT, &address, ret))
        return false;
    if (verb == NET_BIND)
        d->bound = true;
    else
        d->accepted = false;
    return verb == NET_BIND || protocol == NET_TCP || implicit(judge, fact, d, ret);
}

static bool judge_listen(const struct judge *judge, const struct judge_fact *fact, struct judge_descriptor *d,
                         struct judge_ruling *ret)
{
    return !worked(fact) || (as_known(fact, d, ret) && implicit(judge, fact, d, ret));
}

static bool judge_accept(struct judge *judge, const struct judge_fact *fact, const struct judge_descriptor *d,
                         struct judge_ruling *ret)
{
    struct judge_descriptor child = *d;
    if (!d->bound || !(fact->arg[3] & TYPE_CLOEXEC))
        return judge_rule_on(ret, JUDGE_SOCKET,
                             d->bound ? "a connection that is inherited"
                                      : "a connection of a socket that was not bound");
    if (!worked(fact))
        return true;
    child.accepted = true;
    child.settled = fact->opened.mode != 0;
    child.dev = fact->opened.dev;
    child.ino = fact->opened.ino;
    if (fact->result < DESCRIPTORS_MAX && judge_grow(judge, (uint32_t)fact->result))
        judge->descriptor[fact->result] = child;
    return as_known(fact, &child, ret);
}

static bool judge_send(const struct judge *judge, const struct judge_fact *fact, struct judge_descriptor *d,
                       struct judge_ruling *ret)
{
    struct net_address address;
    if (d->origin == ORIGIN_RESOLVER)
        return fact->arg[4] == 0 || judge_rule_on(ret, JUDGE_ADDRESS, "an address for the resolver");
    if (fact->arg[4] != 0) {
        if (!named(fact, d, &address, ret))
            return false;
        if (!judge_policy_allows(judge->rules, judge->rule_count, (enum net_protocol)d->protocol, NET_CONNECT,
                                 &address))
            return refuse(ret, JUDGE_ADDRESS, "sent to", &address);
    }
    return !worked(fact) || (as_known(fact, d, ret) && (d->protocol == NET_TCP || implicit(judge, fact, d, ret)));
}

/* The table is data that the judge has in common with the filter; what a row means is stated here. */
#define ASKS                           false
#define SETS                           true
#define NET_OPTION_SOCKET(name, which) { LEVEL_SOCKET, NET_##name, which },
#define NET_OPTION_TCP(name, which)    { LEVEL_TCP, NET_##name, which },
#define NET_OPTION_V6(name, which)     { LEVEL_V6, NET_##name, which },

bool judge_policy_option(enum net_protocol protocol, uint64_t level, uint64_t name, bool sets)
{
    static const struct {
        uint64_t level, name;
        bool sets;
    } options[] = {
#include "wasi/abi/net_options.def"
    };
    if (sets && protocol == NET_UDP && level == LEVEL_SOCKET && name == NET_SO_REUSEADDR)
        return false; /* such an address is one that another socket's datagrams are taken from */
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].level == level && options[i].name == name)
            return options[i].sets || !sets;
    return false;
}

static bool judge_option(const struct judge *judge, const struct judge_fact *fact, const struct judge_descriptor *d,
                         struct judge_ruling *ret)
{
    uint64_t level = fact->arg[1] & UINT32_MAX, name = fact->arg[2] & UINT32_MAX;
    const struct syscall_row *row = syscall_find_number(judge->machine, fact->number);
    bool sets = row && strcmp(row->name, "setsockopt") == 0;
    if (!judge_policy_option((enum net_protocol)d->protocol, level, name, sets))
        return judge_rule_on(ret, JUDGE_OPTION, "%s of option %" PRIu64 ", level %" PRIu64, sets ? "setting" : "asking",
                             name, level);
    if (!sets || level != LEVEL_V6 || !worked(fact))
        return true;
    if (fact->socket.family == 0)
        return judge_rule_on(ret, JUDGE_UNREAD, "the socket behind the descriptor");
    return fact->socket.only_v6 || judge_rule_on(ret, JUDGE_OPTION, "an IPv6 socket that takes IPv4 too");
}

static bool judge_use_of(struct judge *judge, enum judge_kind kind, const struct judge_fact *fact,
                         struct judge_descriptor *d, struct judge_ruling *ret)
{
    if (kind == KIND_BIND || kind == KIND_CONNECT)
        return judge_join(judge, fact, d, kind == KIND_BIND ? NET_BIND : NET_CONNECT, ret);
    if (kind == KIND_LISTEN)
        return judge_listen(judge, fact, d, ret);
    if (kind == KIND_SEND)
        return judge_send(judge, fact, d, ret);
    return kind == KIND_ASK_SOCKET || judge_option(judge, fact, d, ret);
}

bool judge_network(struct judge *judge, enum judge_kind kind, const struct judge_fact *fact, struct judge_ruling *ret)
{
    bool unsure;
    if (kind == KIND_SOCKET)
        return judge_socket(judge, fact, ret);
    struct judge_descriptor *d = judge_descends(judge, fact, 0, false, &unsure, ret);
    if (!d)
        return unsure && ret->rule == JUDGE_NONE;
    bool asks = kind == KIND_SEND || kind == KIND_ASK_SOCKET;
    if (d->origin != ORIGIN_SOCKET && !(asks && d->origin == ORIGIN_RESOLVER))
        return judge_rule_on(ret, JUDGE_SOCKET, "descriptor %" PRId32 ", which is no socket of the guest's",
                             (int32_t)fact->arg[0]);
    if (kind == KIND_ACCEPT) /* the socket that is seen is the new one */
        return judge_accept(judge, fact, d, ret);
    return judge_use_of(judge, kind, fact, d, ret) &&
           (d->origin == ORIGIN_RESOLVER || peer_granted(judge, fact, d, ret));
}
