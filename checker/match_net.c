/* What is special about a system call on a socket: addresses and values behind pointers, and the socket's own facts.
 *
 * Invariants: an address is compared as the kernel was given it, byte for byte, with the form that the manual pages
 * say; what the trace says that a call answered is what the witness saw written; and behind a call that succeeded the
 * kernel's own socket has the family, type and protocol, the local address or the peer, that the op asked for. Nothing
 * is taken from wasi/act. Source: ip(7), ipv6(7), socket(7), tcp(7). */
#include "checker/match_net.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

enum { LINUX_EINPROGRESS = 115, MICROSECONDS = 1000000, DIFFERENCES_TOLD = 3 };

struct net {
    const struct match_want *want;
    const struct witness_record *record;
    struct buffer *text;
    unsigned before, differences;
};

/* Counts one, and says whether it is to be told. */
static bool differs(struct net *n)
{
    unsigned told = n->before + n->differences++;
    if (!n->text || told >= DIFFERENCES_TOLD)
        return false;
    if (told > 0)
        buffer_string(n->text, "; ");
    return true;
}

static void put_address(struct buffer *out, const struct net_address *address)
{
    char text[INET6_ADDRSTRLEN] = "none";
    if (address->family != NET_NONE)
        inet_ntop(address->family == NET_V4 ? AF_INET : AF_INET6, address->bytes, text, sizeof text);
    buffer_printf(out, "%s port %u", text, address->port);
}

static void differ_address(struct net *n, const char *what, const struct net_address *expected,
                           const struct net_address *found)
{
    if (!differs(n))
        return;
    buffer_printf(n->text, "%s: expected ", what);
    put_address(n->text, expected);
    buffer_string(n->text, ", found ");
    put_address(n->text, found);
}

static void differ_number(struct net *n, const char *what, uint64_t expected, uint64_t found)
{
    if (expected != found && differs(n))
        buffer_printf(n->text, "%s: expected %" PRIu64 ", found %" PRIu64, what, expected, found);
}

static bool same_address(const struct net_address *left, const struct net_address *right)
{
    return left->family == right->family && left->port == right->port && left->scope == right->scope &&
           memcmp(left->bytes, right->bytes, sizeof left->bytes) == 0;
}

/* The struct sockaddr that a record has; family NET_NONE: of another family, or cut, or with bytes that mean
 * something else. */
static struct net_address address_of(const struct witness_record *record)
{
    enum { V4_ADDRESS = 4, V6_FLOW = 4, V6_ADDRESS = 8, V6_SCOPE = 24 };
    const uint8_t *a = record->address;
    struct net_address found = { .family = NET_NONE };
    uint32_t family = a[0] + 256U * a[1], flow;
    if (record->address_length == NET_SOCKADDR_4 && family == WITNESS_FAMILY_V4) {
        found.family = NET_V4;
        memcpy(found.bytes, a + V4_ADDRESS, 4);
    } else if (record->address_length == NET_SOCKADDR_6 && family == WITNESS_FAMILY_V6) {
        memcpy(&flow, a + V6_FLOW, sizeof flow);
        found.family = flow ? NET_NONE : NET_V6;
        memcpy(found.bytes, a + V6_ADDRESS, sizeof found.bytes);
        memcpy(&found.scope, a + V6_SCOPE, sizeof found.scope);
    }
    if (found.family != NET_NONE)
        found.port = (uint16_t)(a[2] * 256U + a[3]);
    return found;
}

static struct net_address end_of(const struct witness_socket *socket, bool peer)
{
    struct net_address end = { .family = socket->family == WITNESS_FAMILY_V4   ? NET_V4
                                         : socket->family == WITNESS_FAMILY_V6 ? NET_V6
                                                                               : NET_NONE,
                               .port = (uint16_t)(peer ? socket->peer_port : socket->local_port) };
    memcpy(end.bytes, peer ? socket->peer : socket->local, sizeof end.bytes);
    return end;
}

static void compare_named(struct net *n)
{
    struct net_address found = address_of(n->record);
    if (n->record->parts & WITNESS_PART_ADDRESS && !same_address(&n->want->address, &found))
        differ_address(n, "address", &n->want->address, &found);
}

static uint64_t little(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

/* An option's value as ops have it: a number, of a struct linger 0 or 1 + the seconds, of a struct timeval the
 * microseconds. *ret_length: what it is made of. */
static uint64_t option_of(const struct match_want *want, const struct witness_record *record, uint32_t *ret_length)
{
    bool only_v6 = want->kind == OP_ONLY_V6;
    uint32_t length = only_v6 ? sizeof(int32_t) : net_option_length(want->option_level, want->option_name);
    const uint8_t *a = record->address;
    *ret_length = length;
    if (length == 8)
        return little(a, 4) ? 1 + little(a + 4, 4) : 0;
    return length == 16 ? little(a, 8) * MICROSECONDS + little(a + 8, 8) : little(a, 4);
}

static void compare_option(struct net *n, uint64_t expected)
{
    uint32_t length;
    uint64_t found = option_of(n->want, n->record, &length);
    if (!(n->record->parts & WITNESS_PART_ADDRESS))
        return;
    differ_number(n, "length of the option's value", length, n->record->address_length);
    bool fault = n->want->kind == OP_GET_OPTION && n->want->option_level == NET_SOL_SOCKET &&
                 n->want->option_name == NET_SO_ERROR;
    if (!fault || found == 0 || expected == 0)
        differ_number(n, "the option's value", expected, found);
    else if (!match_linux_errno_is((int64_t)found, (int64_t)expected) && differs(n))
        buffer_printf(n->text, "the option's value: expected errno %" PRIu64 ", found %" PRIu64 " of Linux", expected,
                      found);
}

/* What the trace says that the call told, and what it wrote. */
static void compare_told(struct net *n)
{
    struct net_address found = address_of(n->record);
    if (n->record->parts & WITNESS_PART_ADDRESS && !same_address(&n->want->told, &found))
        differ_address(n, "the address that was told", &n->want->told, &found);
}

/* A bound socket has the address that was named, a joined one the peer: in the kernel, whatever memory said. */
static void compare_end(struct net *n, bool peer, const struct net_address *named)
{
    struct net_address expected = *named, found = end_of(&n->record->socket, peer);
    if (!peer && expected.port == 0) /* the kernel chose */
        expected.port = found.port;
    expected.scope = 0;
    if (!same_address(&expected, &found))
        differ_address(n, peer ? "the socket's peer" : "the socket's own address", &expected, &found);
}

static void compare_made(struct net *n)
{
    const struct match_want *want = n->want;
    const struct witness_socket *s = &n->record->socket;
    uint32_t type = want->open_flags & ~(uint32_t)(NET_SOCK_CLOEXEC | NET_SOCK_NONBLOCK);
    differ_number(n, "the socket's family", want->operand[0], s->family);
    differ_number(n, "the socket's type", type, s->type);
    differ_number(n, "the socket's protocol",
                  want->operand[2]         ? want->operand[2]
                  : type == NET_SOCK_DGRAM ? NET_IPPROTO_UDP
                                           : NET_IPPROTO_TCP,
                  s->protocol);
}

static void compare_facts(struct net *n)
{
    if (!(n->record->parts & WITNESS_PART_SOCKET))
        return;
    if (n->want->kind == OP_SOCKET)
        compare_made(n);
    else if (n->want->kind == OP_ONLY_V6)
        differ_number(n, "IPv6 alone", 1, n->record->socket.only_v6);
    else if (n->want->kind == OP_BIND)
        compare_end(n, false, &n->want->address);
    else if (n->want->kind == OP_CONNECT)
        compare_end(n, true, &n->want->address);
    else if (n->want->kind == OP_ACCEPT)
        compare_end(n, true, &n->want->told);
}

bool match_net_worked(const struct match_want *want, const struct witness_record *record)
{
    return record->kind == WITNESS_SYSCALL &&
           (record->result >= 0 || (want->kind == OP_CONNECT && record->result == -(int64_t)LINUX_EINPROGRESS));
}

unsigned match_net_compare(const struct match_want *want, const struct witness_record *record, unsigned before,
                           struct buffer *text)
{
    struct net n = { want, record, text, before, 0 };
    if (want->kind < OP_SOCKET) /* the ops of sockets came behind all others */
        return 0;
    const struct op_row *row = &abi_ops[want->kind];
    if (abi_op_has(row, OPERAND_ADDRESS))
        compare_named(&n);
    if (abi_op_has(row, OPERAND_OPTION))
        compare_option(&n, want->option_value);
    if (!match_net_worked(want, record))
        return n.differences;
    compare_facts(&n);
    if (!want->known || want->result < 0)
        return n.differences;
    if (abi_brings_address((enum op_bytes)row->in))
        compare_told(&n);
    if (want->kind == OP_GET_OPTION)
        compare_option(&n, (uint64_t)want->result);
    return n.differences;
}

uint32_t match_net_parts(const struct match_want *want, bool worked)
{
    const struct op_row *row = &abi_ops[want->kind];
    uint32_t parts = 0;
    if (want->kind < OP_SOCKET)
        return 0;
    if (abi_op_has(row, OPERAND_ADDRESS) || abi_op_has(row, OPERAND_OPTION))
        parts |= WITNESS_PART_ADDRESS;
    if (!worked)
        return parts;
    if (want->kind == OP_GET_OPTION || abi_brings_address((enum op_bytes)row->in))
        parts |= WITNESS_PART_ADDRESS;
    bool facts = want->kind == OP_SOCKET || want->kind == OP_ONLY_V6 || want->kind == OP_BIND ||
                 want->kind == OP_CONNECT || want->kind == OP_ACCEPT;
    return facts ? parts | WITNESS_PART_SOCKET : parts;
}
