/* The model of sockets. Nothing of wasi/ is used: rules, addresses and their bytes are said here again, for libc.
 *
 * The network is loopback alone. Where this process may not have a namespace of its own (without root), its listeners
 * are this machine's; one whose place is taken is left out. In a namespace none may be missing but IPv6's, which a
 * kernel may lack. */
#include "fuzz/socket_model.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 9, BESIDE = 10, BACKLOG = 128 };

static char said[160];
#define SAY(...) (snprintf(said, sizeof said, __VA_ARGS__), said)

static struct place {
    const char *host;
    uint16_t port;
    bool granted;
    int stream, datagram;
} places[] = {
    { "127.0.0.2", PORT, true, -1, -1 },  { "127.0.0.2", BESIDE, false, -1, -1 }, { "127.0.0.1", PORT, false, -1, -1 },
    { "127.0.0.3", PORT, false, -1, -1 }, { "::1", PORT, false, -1, -1 },
};

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static int listener(const struct place *place, int type)
{
    union address at = { .any.sa_family = AF_INET };
    int fd, on = 1, six = inet_pton(AF_INET, place->host, &at.four.sin_addr) != 1;
    at.four.sin_port = htons(place->port); /* at the same place in both forms */
    if (six) {
        at.six.sin6_family = AF_INET6;
        if (inet_pton(AF_INET6, place->host, &at.six.sin6_addr) != 1)
            return -1;
    }
    fd = socket(at.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
        bind(fd, &at.any, six ? sizeof at.six : sizeof at.four) < 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

void socket_model_make(void)
{
    struct ifreq loopback = { .ifr_name = "lo" };
    bool own = unshare(CLONE_NEWNET) == 0;
    int fd = own ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd >= 0) {
        if (ioctl(fd, SIOCGIFFLAGS, &loopback) == 0) {
            loopback.ifr_flags = (short)(loopback.ifr_flags | IFF_UP);
            (void)ioctl(fd, SIOCSIFFLAGS, &loopback); /* without it, nobody can be reached at all */
        }
        close(fd);
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        places[i].stream = listener(&places[i], SOCK_STREAM);
        places[i].datagram = listener(&places[i], SOCK_DGRAM);
        if (own && !strchr(places[i].host, ':') && (places[i].stream < 0 || places[i].datagram < 0)) {
            fprintf(stderr, "nobody listens at %s port %u, on a network of this process alone\n", places[i].host,
                    places[i].port);
            abort();
        }
    }
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) < 0 ? -1 : value;
}

static bool is(const union address *address, const char *host, int port)
{
    struct in_addr four;
    return address->any.sa_family == AF_INET && inet_pton(AF_INET, host, &four) == 1 &&
           address->four.sin_addr.s_addr == four.s_addr &&
           (port < 0 || address->four.sin_port == htons((uint16_t)port));
}

static bool nowhere(const union address *address)
{
    if (address->any.sa_family == AF_INET6)
        return address->six.sin6_port == 0 && IN6_IS_ADDR_UNSPECIFIED(&address->six.sin6_addr);
    return address->four.sin_port == 0 && address->four.sin_addr.s_addr == INADDR_ANY;
}

const char *socket_model_check(int fd)
{
    union address local = { .any.sa_family = AF_UNSPEC }, peer = local;
    socklen_t size = sizeof local, peer_size = sizeof peer;
    int domain = option(fd, SOL_SOCKET, SO_DOMAIN), type = option(fd, SOL_SOCKET, SO_TYPE),
        protocol = option(fd, SOL_SOCKET, SO_PROTOCOL), listens = option(fd, SOL_SOCKET, SO_ACCEPTCONN);
    if ((domain != AF_INET && domain != AF_INET6) ||
        !((type == SOCK_STREAM && protocol == IPPROTO_TCP) || (type == SOCK_DGRAM && protocol == IPPROTO_UDP)))
        return SAY("a socket of family %d, type %d, protocol %d", domain, type, protocol);
    if (domain == AF_INET6 && option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 1)
        return SAY("a socket of IPv6 takes IPv4");
    if (option(fd, SOL_SOCKET, SO_REUSEPORT) != 0 || option(fd, SOL_SOCKET, SO_BROADCAST) != 0)
        return SAY("a socket shares its port, or broadcasts");
    if (getsockname(fd, &local.any, &size) < 0)
        return SAY("a socket without a name");
    bool connected = getpeername(fd, &peer.any, &peer_size) == 0;
    /* TCP that connects is given a port by the way; nothing can reach it there. */
    bool by_the_way = type == SOCK_STREAM && listens == 0 && is(&local, "127.0.0.1", -1);
    if (!nowhere(&local) && !is(&local, "127.0.0.2", -1) && !by_the_way)
        return SAY("a socket is bound where no rule lets it be");
    if (listens != 0 && !is(&local, "127.0.0.2", -1))
        return SAY("a socket listens where no rule lets it");
    if (connected && !is(&peer, "127.0.0.2", PORT) && !is(&local, "127.0.0.2", PORT))
        return SAY("a socket is connected to whom no rule names");
    return NULL;
}

const char *socket_model_reached(void)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct place *place = &places[i];
        char byte;
        bool heard = false;
        for (int fd; place->stream >= 0 && (fd = accept4(place->stream, NULL, NULL, SOCK_CLOEXEC)) >= 0; close(fd))
            heard = true;
        while (place->datagram >= 0 && recv(place->datagram, &byte, sizeof byte, MSG_DONTWAIT) >= 0)
            heard = true;
        if (heard && !place->granted)
            wrong = SAY("%s port %u was reached, and no rule names it", place->host, place->port);
    }
    return wrong;
}
