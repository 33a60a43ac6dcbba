/* Talks to itself over sockets, by what WAMR's guest library imports, and says each answer: what a policy lets through,
 * and what not. Usage: sockets tcp PORT | udp PORT | tcp6 PORT | udp6 PORT | refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
struct address {
    uint32_t kind;
    uint8_t bytes[18], pad[2];
};
struct vector {
    const void *base;
    uint32_t length;
};
IMPORT(sock_open) uint32_t sock_open(uint32_t pool, uint32_t family, uint32_t type, uint32_t *fd);
IMPORT(sock_bind) uint32_t sock_bind(uint32_t fd, const struct address *address);
IMPORT(sock_listen) uint32_t sock_listen(uint32_t fd, uint32_t backlog);
IMPORT(sock_connect) uint32_t sock_connect(uint32_t fd, const struct address *address);
IMPORT(sock_accept) uint32_t sock_accept(uint32_t fd, uint32_t flags, uint32_t *connection);
IMPORT(sock_send)
uint32_t sock_send(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, uint32_t *sent);
IMPORT(sock_recv)
uint32_t sock_recv(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, uint32_t *got,
                   uint16_t *told);
IMPORT(sock_send_to)
uint32_t sock_send_to(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, const struct address *to,
                      uint32_t *sent);
IMPORT(sock_recv_from)
uint32_t sock_recv_from(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, struct address *from,
                        uint32_t *got);
IMPORT(sock_addr_local) uint32_t sock_addr_local(uint32_t fd, struct address *address);
IMPORT(sock_shutdown) uint32_t sock_shutdown(uint32_t fd, uint32_t how);
IMPORT(sock_set_reuse_addr) uint32_t sock_set_reuse_addr(uint32_t fd, uint32_t on);
IMPORT(sock_set_reuse_port) uint32_t sock_set_reuse_port(uint32_t fd, uint32_t on);
IMPORT(sock_get_send_timeout) uint32_t sock_get_send_timeout(uint32_t fd, uint64_t *us);
IMPORT(sock_set_send_timeout) uint32_t sock_set_send_timeout(uint32_t fd, uint64_t us);
IMPORT(sock_close) uint32_t sock_close(uint32_t fd);
IMPORT(fd_write) uint32_t fd_write(uint32_t fd, const struct vector *data, uint32_t count, uint32_t *written);
IMPORT(fd_read) uint32_t fd_read(uint32_t fd, const struct vector *data, uint32_t count, uint32_t *got);

enum { V4, V6, DATAGRAM = 0, STREAM = 1 };

static struct address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    struct address address = { V4, { a, b, c, d }, { 0 } };
    memcpy(address.bytes + 4, &port, sizeof port);
    return address;
}

/* The loopback address of a family. Of IPv6 the halves of each pair change places, as the guest's library has it. */
static struct address loopback(uint32_t family, uint16_t port)
{
    if (family == V4)
        return v4(127, 0, 0, 1, port);
    struct address address = { V6, { [14] = 1 }, { 0 } };
    memcpy(address.bytes + 16, &port, sizeof port);
    return address;
}

/* The port of an address, behind it. */
static uint32_t port_of(const struct address *address)
{
    const uint8_t *at = address->bytes + (address->kind == V4 ? 4 : 16);
    return at[0] + 256u * at[1];
}

static uint32_t say(const char *what, uint32_t wasi_errno)
{
    printf("%s %u\n", what, wasi_errno);
    return wasi_errno;
}

static uint32_t open_socket(uint32_t family, uint32_t type)
{
    uint32_t fd = UINT32_MAX;
    say("open", sock_open(UINT32_MAX, family, type, &fd));
    return fd;
}

static void tcp(uint32_t family, uint16_t port)
{
    struct address here = loopback(family, port), told;
    uint32_t listener = open_socket(family, STREAM), client = open_socket(family, STREAM), server = 0, moved = 0;
    uint16_t flags;
    uint64_t us = 0;
    char text[16] = { 0 };
    const struct vector out = { "hello", 5 }, in = { text, sizeof text };
    say("reuse_addr", sock_set_reuse_addr(listener, 1));
    say("reuse_port", sock_set_reuse_port(listener, 1));
    say("bind", sock_bind(listener, &here));
    say("listen", sock_listen(listener, 5));
    say("local", sock_addr_local(listener, &told));
    printf("at itself: %d, port %u\n", memcmp(told.bytes, here.bytes, family == V4 ? 4 : 16) == 0, port_of(&told));
    say("connect", sock_connect(client, &here));
    say("accept", sock_accept(listener, 0, &server));
    say("set_timeout", sock_set_send_timeout(client, 1500000));
    say("get_timeout", sock_get_send_timeout(client, &us));
    printf("timeout %llu\n", (unsigned long long)us);
    say("send", sock_send(client, &out, 1, 0, &moved));
    say("recv", sock_recv(server, &in, 1, 0, &moved, &flags));
    printf("got %u %s\n", moved, text);
    say("write", fd_write(server, &out, 1, &moved));
    memset(text, 0, sizeof text);
    say("read", fd_read(client, &in, 1, &moved));
    printf("got %u %s\n", moved, text);
    say("shutdown", sock_shutdown(server, 3));
    say("end", sock_recv(client, &in, 1, 0, &moved, &flags));
    printf("got %u\n", moved);
    say("close", sock_close(server));
}

static void udp(uint32_t family, uint16_t port)
{
    struct address first = loopback(family, port), second = loopback(family, (uint16_t)(port + 1)), from;
    uint32_t one = open_socket(family, DATAGRAM), other = open_socket(family, DATAGRAM), moved = 0;
    char text[4] = { 0 };
    const struct vector out = { "message", 7 }, in = { text, sizeof text };
    uint16_t flags = 9;
    say("bind", sock_bind(one, &first));
    say("bind", sock_bind(other, &second));
    say("send_to", sock_send_to(one, &out, 1, 0, &second, &moved));
    say("recv_from", sock_recv_from(other, &in, 1, 0, &from, &moved));
    printf("got %u %.4s from %u\n", moved, text, port_of(&from));
    say("connect", sock_connect(other, &first));
    say("send", sock_send(other, &out, 1, 0, &moved));
    say("recv", sock_recv(one, &in, 1, 0, &moved, &flags));
    printf("got %u told %u\n", moved, flags);
}

static void refused(void)
{
    uint32_t stream = open_socket(V4, STREAM), datagram = open_socket(V4, DATAGRAM), moved;
    const struct vector out = { "x", 1 };
    struct address any = v4(0, 0, 0, 0, 80), zero = v4(127, 0, 0, 1, 0), other = v4(8, 8, 8, 8, 53),
                   group = v4(224, 0, 0, 1, 80), kind = v4(127, 0, 0, 1, 80);
    kind.kind = 7;
    say("unspecified", sock_connect(stream, &any));
    say("port 0", sock_connect(stream, &zero));
    say("no rule", sock_connect(stream, &other));
    say("multicast", sock_connect(stream, &group));
    say("no kind", sock_connect(stream, &kind));
    say("implicit", sock_send_to(datagram, &out, 1, 0, &other, &moved));
    say("v6", sock_open(UINT32_MAX, V6, STREAM, &moved));
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    uint16_t port = argc > 2 ? (uint16_t)atoi(argv[2]) : 0;
    const char *mode = argc > 1 ? argv[1] : "";
    if (strncmp(mode, "tcp", 3) == 0)
        tcp(mode[3] == '6' ? V6 : V4, port);
    else if (strncmp(mode, "udp", 3) == 0)
        udp(mode[3] == '6' ? V6 : V4, port);
    else
        refused();
    return 0;
}
