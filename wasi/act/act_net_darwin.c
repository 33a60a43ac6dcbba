/* Sockets on macOS, which numbers other than Linux, and has neither accept4 nor flags of a type: what these say is set
 * behind the call. Writing to a socket that nobody reads raises no signal (SO_NOSIGPIPE). Source: socket(2),
 * setsockopt(2), tcp(4) of macOS. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include "wasi/act/act_net.h"

/* Gives a new descriptor what the type's flags ask for, and no more: a connection is what its listener was, waiting or
 * not, until it is told. Closes it where that fails. */
static int descriptor_of(int fd, uint32_t flags)
{
    const int on = 1;
    if (fd < 0)
        return fd;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, flags & NET_SOCK_NONBLOCK ? O_NONBLOCK : 0) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int act_net_socket(const struct op *op)
{
    int family = act_net_family(op->value == NET_AF_INET6 ? NET_V6 : NET_V4);
    int type = (op->flags & 3) == NET_SOCK_DGRAM ? SOCK_DGRAM : SOCK_STREAM;
    return descriptor_of(socket(family, type, (int)op->offset), op->flags);
}

int act_net_accept(int fd, const struct op *op, struct sockaddr *name, socklen_t *length)
{
    return descriptor_of(accept(fd, name, length), op->flags);
}

int act_net_flags(const struct op *op)
{
    return (op->flags & NET_MSG_PEEK ? MSG_PEEK : 0) | (op->flags & NET_MSG_WAITALL ? MSG_WAITALL : 0);
}

bool act_net_option(const struct op *op, int *ret_level, int *ret_option)
{
    static const struct {
        int level, option, host_level, host_option;
    } known[] = {
        { NET_SOL_SOCKET, NET_SO_REUSEADDR, SOL_SOCKET, SO_REUSEADDR },
        { NET_SOL_SOCKET, NET_SO_TYPE, SOL_SOCKET, SO_TYPE },
        { NET_SOL_SOCKET, NET_SO_ERROR, SOL_SOCKET, SO_ERROR },
        { NET_SOL_SOCKET, NET_SO_SNDBUF, SOL_SOCKET, SO_SNDBUF },
        { NET_SOL_SOCKET, NET_SO_RCVBUF, SOL_SOCKET, SO_RCVBUF },
        { NET_SOL_SOCKET, NET_SO_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE },
        { NET_SOL_SOCKET, NET_SO_LINGER, SOL_SOCKET, SO_LINGER_SEC },
        { NET_SOL_SOCKET, NET_SO_RCVTIMEO, SOL_SOCKET, SO_RCVTIMEO },
        { NET_SOL_SOCKET, NET_SO_SNDTIMEO, SOL_SOCKET, SO_SNDTIMEO },
        { NET_SOL_SOCKET, NET_SO_ACCEPTCONN, SOL_SOCKET, SO_ACCEPTCONN },
        { NET_IPPROTO_TCP, NET_TCP_NODELAY, IPPROTO_TCP, TCP_NODELAY },
        { NET_IPPROTO_TCP, NET_TCP_KEEPIDLE, IPPROTO_TCP, TCP_KEEPALIVE },
        { NET_IPPROTO_TCP, NET_TCP_KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL },
        { NET_IPPROTO_IPV6, NET_IPV6_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].level == (int)op->flags && known[i].option == (int)op->offset) {
            *ret_level = known[i].host_level;
            *ret_option = known[i].host_option;
            return true;
        }
    return false;
}

int act_net_family(enum net_family family) { return family == NET_V6 ? AF_INET6 : AF_INET; }
