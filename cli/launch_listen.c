/* The listening sockets: opened here, bound and listening before the guest's process confines itself; that gets
 * descriptors, and never the right to make such a socket itself.
 *
 * Invariants: an IPv6 socket takes no IPv4 connections (V6ONLY), so that what the policy says of one family says
 * nothing of the other; the description holds where a socket is bound, also where the kernel chose the port. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/print.h"

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t address_put(const struct net_address *from, union socket_address *ret)
{
    memset(ret, 0, sizeof *ret);
    if (from->family == 4) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(from->port);
        memcpy(&ret->v4.sin_addr, from->bytes, sizeof ret->v4.sin_addr);
        return sizeof ret->v4;
    }
    ret->v6.sin6_family = AF_INET6;
    ret->v6.sin6_port = htons(from->port);
    memcpy(&ret->v6.sin6_addr, from->bytes, sizeof ret->v6.sin6_addr);
    return sizeof ret->v6;
}

/* The port that a bound socket has. */
static bool port_get(int fd, uint8_t family, uint16_t *ret)
{
    union socket_address bound;
    socklen_t size = sizeof bound;
    memset(&bound, 0, sizeof bound);
    if (getsockname(fd, &bound.any, &size) < 0)
        return false;
    *ret = ntohs(family == 4 ? bound.v4.sin_port : bound.v6.sin6_port);
    return true;
}

static bool listen_at(int fd, struct net_address *address)
{
    const int yes = 1;
    union socket_address at;
    socklen_t size = address_put(address, &at);
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
           (address->family == 4 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
           /* else a port that a run before used cannot be had for a minute */
           setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 && bind(fd, &at.any, size) == 0 &&
           listen(fd, SOMAXCONN) == 0 && port_get(fd, address->family, &address->port);
}

enum status launch_listen_open(struct net_address *address, int *ret_fd, struct error *error)
{
    char text[96];
    policy_address_text(address, text, sizeof text);
    int fd = socket(address->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
    if (fd < 0 || !listen_at(fd, address)) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return error_set_errno(error, number == EMFILE ? STATUS_LIMIT : STATUS_IO, number, "cannot listen at %s", text);
    }
    *ret_fd = fd;
    return STATUS_OK;
}

void launch_listen_say(const struct run_spec *spec)
{
    char text[96];
    for (uint32_t i = 0; i < spec->policy.listen_count; i++) {
        if (spec->policy.listens[i].port)
            continue;
        policy_address_text(&spec->initial[3 + spec->policy.file_count + i].address, text, sizeof text);
        print_err("warrant: the guest listens at %s\n", text);
    }
}
