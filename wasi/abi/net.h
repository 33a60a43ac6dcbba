/* Addresses and the rules that allow them: one form for policy, request, decision, trace, witness and judge. */
#ifndef WARRANT_ABI_NET_H
#define WARRANT_ABI_NET_H

#include <stdint.h>

enum net_protocol { NET_TCP, NET_UDP };
enum net_verb { NET_CONNECT, NET_BIND };
enum net_family { NET_NONE = 0, NET_V4 = 4, NET_V6 = 6 };

/* An address with its port. Of family 4 the first four bytes count, and the others are 0. */
struct net_address {
    uint8_t family; /* enum net_family */
    uint8_t zero;
    uint16_t port;     /* a number, not in network order */
    uint32_t scope;    /* of a link; what a guest names has none */
    uint8_t bytes[16]; /* network order */
};
_Static_assert(sizeof(struct net_address) == 24, "docs/trace-format.md, BEGIN and END");

/* One row of a policy: addresses and ports that a protocol may connect to (send to, receive from), or be bound to. */
struct net_rule {
    uint8_t protocol, verb; /* enum net_protocol, enum net_verb */
    uint8_t family;         /* NET_V4 or NET_V6 */
    uint8_t prefix;         /* bits, at most 32 or 128 */
    uint8_t bytes[16];      /* network order */
    uint16_t port_first, port_last;
};

/* Where a socket stands (struct handle: net_state). What a socket may do follows from it, so that the system never
 * binds one by itself unasked. */
enum net_state {
    NET_STATE_NONE, /* no socket, or one that the guest was not given as such */
    NET_STATE_OPEN,
    NET_STATE_BOUND,
    NET_STATE_LISTENING,
    NET_STATE_CONNECTED /* or on the way there */
};

/* Numbers of the system calls behind the ops, as Linux has them. */
enum net_linux {
    NET_AF_INET = 2,
    NET_AF_INET6 = 10,
    NET_SOCK_STREAM = 1,
    NET_SOCK_DGRAM = 2,
    NET_SOCK_NONBLOCK = 04000,
    NET_SOCK_CLOEXEC = 02000000,
    NET_IPPROTO_TCP = 6,
    NET_IPPROTO_UDP = 17,
    NET_MSG_PEEK = 2,
    NET_MSG_WAITALL = 0x100,
    NET_MSG_NOSIGNAL = 0x4000,
    NET_SOCKADDR_4 = 16, /* bytes of a struct sockaddr_in */
    NET_SOCKADDR_6 = 28, /* of a struct sockaddr_in6 */
    NET_SOL_SOCKET = 1,
    NET_SO_REUSEADDR = 2,
    NET_SO_TYPE = 3,
    NET_SO_ERROR = 4,
    NET_SO_SNDBUF = 7,
    NET_SO_RCVBUF = 8,
    NET_SO_KEEPALIVE = 9,
    NET_SO_LINGER = 13,
    NET_SO_RCVTIMEO = 20,
    NET_SO_SNDTIMEO = 21,
    NET_SO_ACCEPTCONN = 30,
    NET_TCP_NODELAY = 1,
    NET_TCP_KEEPIDLE = 4,
    NET_TCP_KEEPINTVL = 5,
    NET_TCP_QUICKACK = 12,
    NET_IPPROTO_IPV6 = 41,
    NET_IPV6_V6ONLY = 26
};

/*@ assigns \nothing;
 */
static inline uint32_t net_sockaddr_length(uint32_t family)
{
    return family == NET_V4 ? NET_SOCKADDR_4 : family == NET_V6 ? NET_SOCKADDR_6 : 0;
}

/* Bytes of a socket option's value as the system has it: a struct linger, a struct timeval, or an int. */
/*@ assigns \nothing;
 */
static inline uint32_t net_option_length(uint32_t level, uint64_t option)
{
    if (level != NET_SOL_SOCKET)
        return 4;
    return option == NET_SO_LINGER ? 8 : option == NET_SO_RCVTIMEO || option == NET_SO_SNDTIMEO ? 16 : 4;
}

#endif
