/* Talks to itself over sockets, by what WasmEdge's crate imports, and says each answer.
 * Usage: edge tcp FAMILY PORT | edge udp FAMILY PORT, where FAMILY is 4 or 6, of the loopback address. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
struct buffer { /* WasiAddress: what holds an address, or has room for one */
    void *base;
    uint32_t size;
};
struct vector {
    const void *base;
    uint32_t length;
};
struct fdstat {
    uint8_t filetype, pad;
    uint16_t flags;
    uint32_t pad2;
    uint64_t base, inheriting;
};
IMPORT(sock_open) uint32_t sock_open(uint32_t family, uint32_t type, uint32_t *fd);
IMPORT(sock_bind) uint32_t sock_bind(uint32_t fd, const struct buffer *address, uint32_t port);
IMPORT(sock_listen) uint32_t sock_listen(uint32_t fd, uint32_t backlog);
IMPORT(sock_accept) uint32_t sock_accept(uint32_t fd, uint32_t *connection);
IMPORT(sock_accept_v2) uint32_t sock_accept_v2(uint32_t fd, uint32_t flags, uint32_t *connection);
IMPORT(sock_connect) uint32_t sock_connect(uint32_t fd, const struct buffer *address, uint32_t port);
IMPORT(sock_send)
uint32_t sock_send(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, uint32_t *sent);
IMPORT(sock_recv)
uint32_t sock_recv(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, uint32_t *got,
                   uint32_t *told);
IMPORT(sock_send_to)
uint32_t sock_send_to(uint32_t fd, const struct vector *data, uint32_t count, const struct buffer *to, uint32_t port,
                      uint32_t flags, uint32_t *sent);
IMPORT(sock_recv_from)
uint32_t sock_recv_from(uint32_t fd, const struct vector *data, uint32_t count, const struct buffer *from,
                        uint32_t flags, uint32_t *port, uint32_t *got, uint32_t *told);
IMPORT(sock_getlocaladdr)
uint32_t sock_getlocaladdr(uint32_t fd, const struct buffer *address, uint32_t *type, uint32_t *port);
IMPORT(sock_getpeeraddr_v2)
uint32_t sock_getpeeraddr_v2(uint32_t fd, const struct buffer *address, uint32_t *port);
IMPORT(sock_setsockopt)
uint32_t sock_setsockopt(uint32_t fd, uint32_t level, uint32_t name, const void *value, uint32_t size);
IMPORT(sock_getsockopt)
uint32_t sock_getsockopt(uint32_t fd, uint32_t level, uint32_t name, void *value, uint32_t *size);
IMPORT(fd_fdstat_get) uint32_t fd_fdstat_get(uint32_t fd, struct fdstat *stat);
IMPORT(fd_fdstat_set_flags) uint32_t fd_fdstat_set_flags(uint32_t fd, uint32_t flags);
IMPORT(fd_close) uint32_t fd_close(uint32_t fd);

enum { DATAGRAM = 1, STREAM = 2, NONBLOCK = 4, SO_REUSEADDR = 0, SO_TYPE = 1 };

static uint8_t loopback[16];
static struct buffer here = { loopback, 16 };
static uint32_t family = 2; /* 1: IPv4, 2: IPv6 */

static void say(const char *what, uint32_t wasi_errno) { printf("%s %u\n", what, wasi_errno); }

static uint32_t open_socket(uint32_t type)
{
    uint32_t fd = UINT32_MAX;
    say("open", sock_open(family, type, &fd));
    return fd;
}

/* An address as the library prints it: of `length` bytes. */
static void say_address(const char *what, const uint8_t *bytes, uint32_t length, uint32_t port)
{
    printf("%s ", what);
    for (uint32_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    printf(" port %u\n", port);
}

static void say_flags(uint32_t fd)
{
    struct fdstat stat = { 0 };
    say("fdstat", fd_fdstat_get(fd, &stat));
    printf("type %u flags %u\n", stat.filetype, stat.flags);
}

static void tcp(uint32_t port)
{
    uint32_t listener = open_socket(STREAM), client = open_socket(STREAM), server = 0, other = 0, moved = 0, told = 0;
    uint32_t type = 0, on = 1, size = sizeof type, bound = 0;
    uint8_t address[16] = { 0 }, storage[128] = { 0 };
    char text[16] = { 0 };
    const struct buffer name = { address, 16 }, peer = { storage, sizeof storage };
    const struct vector out = { "hello", 5 }, in = { text, sizeof text };
    say("reuse_addr", sock_setsockopt(listener, 0, SO_REUSEADDR, &on, sizeof on));
    say("bind", sock_bind(listener, &here, port));
    say("listen", sock_listen(listener, 5));
    say("flags", fd_fdstat_set_flags(listener, NONBLOCK));
    say("accept", sock_accept(listener, &server));
    say("connect", sock_connect(client, &here, port));
    say("accept", sock_accept(listener, &server));
    say_flags(server); /* not its listener's: the library sets what it wants */
    say("local", sock_getlocaladdr(server, &name, &type, &bound));
    printf("family %u\n", type);
    say_address("at", address, here.size, bound);
    say("peer", sock_getpeeraddr_v2(client, &peer, &bound));
    printf("family %u\n", storage[0]);
    say_address("at", storage + 2, here.size, bound);
    say("getsockopt", sock_getsockopt(client, 0, SO_TYPE, &type, &size));
    printf("type %u\n", type);
    say("send", sock_send(client, &out, 1, 0, &moved));
    say("recv", sock_recv(server, &in, 1, 0, &moved, &told));
    printf("got %u %s told %u\n", moved, text, told);
    say("close", fd_close(client));
    say("end", sock_recv(server, &in, 1, 0, &moved, &told));
    printf("got %u\n", moved);
    client = open_socket(STREAM);
    say("connect", sock_connect(client, &here, port));
    say("accept", sock_accept_v2(listener, NONBLOCK, &other));
    say_flags(other);
    say("nothing", sock_recv(other, &in, 1, 0, &moved, &told));
}

static void udp(uint32_t port)
{
    uint32_t one = open_socket(DATAGRAM), other = open_socket(DATAGRAM), moved = 0, told = 9, from = 0;
    uint8_t storage[128] = { 0 };
    char text[4] = { 0 };
    const struct buffer peer = { storage, sizeof storage };
    const struct vector out = { "message", 7 }, in = { text, sizeof text };
    say("bind", sock_bind(one, &here, port));
    say("bind", sock_bind(other, &here, port + 1));
    say("send_to", sock_send_to(one, &out, 1, &here, port + 1, 0, &moved));
    say("recv_from", sock_recv_from(other, &in, 1, &peer, 0, &from, &moved, &told));
    printf("got %u %.4s told %u family %u\n", moved, text, told, storage[0]);
    say_address("from", storage + 2, here.size, from);
    say("connect", sock_connect(other, &here, port));
    say("send", sock_send(other, &out, 1, 0, &moved));
    say("recv", sock_recv(one, &in, 1, 0, &moved, &told));
    printf("got %u told %u\n", moved, told);
    say("no rule", sock_send_to(one, &out, 1, &here, port + 2, 0, &moved));
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc != 4)
        return 2;
    loopback[15] = 1;
    if (strcmp(argv[2], "4") == 0) {
        family = 1;
        here.size = 4;
        memcpy(loopback, (const uint8_t[]) { 127, 0, 0, 1 }, 4);
    }
    uint32_t port = (uint32_t)atoi(argv[3]);
    if (strcmp(argv[1], "tcp") == 0)
        tcp(port);
    else
        udp(port);
    return 0;
}
