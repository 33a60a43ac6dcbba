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

/* Where its names are others; a lingering close is in seconds by a name of its own. ABSENT: it has none such. */
enum { ABSENT = -1 };
#undef SO_LINGER
#define SO_LINGER    SO_LINGER_SEC
#define TCP_KEEPIDLE TCP_KEEPALIVE
#define TCP_QUICKACK ABSENT

bool act_net_option(const struct op *op, int *ret_level, int *ret_option)
{
#define NET_OPTION_SOCKET(name, sets) { NET_SOL_SOCKET, NET_##name, SOL_SOCKET, name },
#define NET_OPTION_TCP(name, sets)    { NET_IPPROTO_TCP, NET_##name, IPPROTO_TCP, name },
#define NET_OPTION_V6(name, sets)     { NET_IPPROTO_IPV6, NET_##name, IPPROTO_IPV6, name },
    static const struct {
        int level, option, host_level, host_option;
    } known[] = {
#include "wasi/abi/net_options.def"
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].level == (int)op->flags && known[i].option == (int)op->offset) {
            *ret_level = known[i].host_level;
            *ret_option = known[i].host_option;
            return known[i].host_option != ABSENT;
        }
    return false;
}

int act_net_family(enum net_family family) { return family == NET_V6 ? AF_INET6 : AF_INET; }
