/* Sockets on Linux: the ops have its numbers. Source: socket(2), accept4(2), socket(7). */
#include <netinet/in.h>
#include "wasi/act/act_net.h"

_Static_assert((int)NET_AF_INET == (int)AF_INET && (int)NET_AF_INET6 == (int)AF_INET6 &&
                   (int)NET_SOCK_STREAM == (int)SOCK_STREAM && (int)NET_SOCK_DGRAM == (int)SOCK_DGRAM &&
                   (int)NET_SOCK_CLOEXEC == (int)SOCK_CLOEXEC && (int)NET_SOCK_NONBLOCK == (int)SOCK_NONBLOCK &&
                   (int)NET_MSG_PEEK == (int)MSG_PEEK && (int)NET_MSG_WAITALL == (int)MSG_WAITALL &&
                   (int)NET_MSG_NOSIGNAL == (int)MSG_NOSIGNAL && (int)NET_SOL_SOCKET == (int)SOL_SOCKET &&
                   (int)NET_IPPROTO_IPV6 == (int)IPPROTO_IPV6 && (int)NET_IPV6_V6ONLY == (int)IPV6_V6ONLY,
               "net.h has Linux's numbers");
_Static_assert((int)NET_SOCKADDR_4 == (int)sizeof(struct sockaddr_in) &&
                   (int)NET_SOCKADDR_6 == (int)sizeof(struct sockaddr_in6),
               "net.h has their lengths");

int act_net_socket(const struct op *op)
{
    return socket((int)op->value, (int)(op->flags | NET_SOCK_CLOEXEC), (int)op->offset);
}

int act_net_accept(int fd, const struct op *op, struct sockaddr *name, socklen_t *length)
{
    return accept4(fd, name, length, (int)(op->flags | NET_SOCK_CLOEXEC));
}

int act_net_flags(const struct op *op) { return (int)op->flags; }

bool act_net_option(const struct op *op, int *ret_level, int *ret_option)
{
    *ret_level = (int)op->flags;
    *ret_option = (int)op->offset;
    return true;
}

int act_net_family(enum net_family family) { return family == NET_V6 ? AF_INET6 : AF_INET; }
