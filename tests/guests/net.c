/* Servers on a socket that the launcher opened (Preview 1's sock_accept), and clients of them (WAMR's calls).
 *
 * usage: net serve FD COUNT | echo FD COUNT | get PORT | call PORT COUNT | resolve NAME | wait FD
 *   serve    answers COUNT requests of HTTP · echo sends back what COUNT connections say · get asks for / and prints
 * the answer · call says something over COUNT connections and demands it back · resolve prints a name's addresses ·
 * wait waits for FD */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
struct vector {
    const void *base;
    uint32_t length;
};
struct address { /* wasi_addr_t: the port in the guest's order */
    uint32_t kind;
    uint8_t bytes[18], pad[2];
};
struct info {
    struct address address;
    uint32_t type;
};
struct hints {
    uint32_t type, family;
    uint8_t enabled;
};
struct subscription {
    uint64_t data;
    uint8_t type, pad[7]; /* 0 clock, 1 to be read, 2 to be written */
    uint32_t clock_or_fd;
    uint64_t timeout, precision;
    uint16_t flags;
};
struct event {
    uint64_t data;
    uint16_t error;
    uint8_t type;
    uint64_t bytes;
    uint16_t flags;
};
IMPORT(poll_oneoff)
uint32_t poll_oneoff(const struct subscription *in, struct event *out, uint32_t count, uint32_t *events);
IMPORT(sock_accept) uint32_t sock_accept(uint32_t fd, uint32_t flags, uint32_t *connection);
IMPORT(sock_recv)
uint32_t sock_recv(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, uint32_t *got,
                   uint16_t *told);
IMPORT(sock_send)
uint32_t sock_send(uint32_t fd, const struct vector *data, uint32_t count, uint32_t flags, uint32_t *sent);
IMPORT(sock_shutdown) uint32_t sock_shutdown(uint32_t fd, uint32_t how);
IMPORT(fd_close) uint32_t fd_close(uint32_t fd);
IMPORT(sock_open) uint32_t sock_open(uint32_t pool, uint32_t family, uint32_t type, uint32_t *fd);
IMPORT(sock_connect) uint32_t sock_connect(uint32_t fd, const struct address *address);
IMPORT(sock_addr_resolve)
uint32_t sock_addr_resolve(const char *host, const char *service, const struct hints *hints, struct info *found,
                           uint32_t room, uint32_t *count);

static void must(const char *what, uint32_t wasi_errno)
{
    if (wasi_errno == 0)
        return;
    printf("%s: errno %u\n", what, wasi_errno);
    exit(1);
}

static uint32_t receive(uint32_t fd, char *to, uint32_t room)
{
    uint32_t got = 0;
    uint16_t told = 0;
    const struct vector in = { to, room };
    must("recv", sock_recv(fd, &in, 1, 0, &got, &told));
    return got;
}

static void send_all(uint32_t fd, const char *text, uint32_t length)
{
    while (length > 0) {
        uint32_t sent = 0;
        const struct vector out = { text, length };
        must("send", sock_send(fd, &out, 1, 0, &sent));
        text += sent;
        length -= sent;
    }
}

static void serve_one(uint32_t fd)
{
    static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
    char request[1024];
    uint32_t length = 0, got;
    while (length < sizeof request - 1 && (got = receive(fd, request + length, sizeof request - 1 - length)) > 0) {
        length += got;
        request[length] = 0;
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    if (length == 0) /* who looks whether something listens */
        return;
    send_all(fd, answer, sizeof answer - 1);
    must("shutdown", sock_shutdown(fd, 2));
}

static void echo_one(uint32_t fd)
{
    char text[256];
    for (uint32_t got; (got = receive(fd, text, sizeof text)) > 0;)
        send_all(fd, text, got);
}

static void server(uint32_t listener, uint32_t count, void (*one)(uint32_t fd))
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fd = 0;
        must("accept", sock_accept(listener, 0, &fd));
        one(fd);
        must("close", fd_close(fd));
    }
    printf("served %u\n", count);
}

static uint32_t connected(uint16_t port)
{
    uint32_t fd = 0;
    struct address to = { 0, { 127, 0, 0, 1 }, { 0 } };
    memcpy(to.bytes + 4, &port, sizeof port);
    must("open", sock_open(UINT32_MAX, 0, 1, &fd));
    must("connect", sock_connect(fd, &to));
    return fd;
}

static void get(uint16_t port)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    uint32_t fd = connected(port);
    char text[512];
    send_all(fd, request, sizeof request - 1);
    for (uint32_t got; (got = receive(fd, text, sizeof text)) > 0;)
        printf("%.*s", (int)got, text);
    must("close", fd_close(fd));
}

static void call(uint16_t port, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fd = connected(port), back = 0, got;
        char text[64], answer[64];
        int length = snprintf(text, sizeof text, "connection %u says this", i);
        send_all(fd, text, (uint32_t)length);
        must("shutdown", sock_shutdown(fd, 2));
        while (back < (uint32_t)length && (got = receive(fd, answer + back, sizeof answer - back)) > 0)
            back += got;
        if (back != (uint32_t)length || memcmp(text, answer, back) != 0) {
            printf("connection %u: another answer\n", i);
            exit(1);
        }
        must("close", fd_close(fd));
    }
    printf("called %u\n", count);
}

static void resolve(const char *name)
{
    const struct hints hints = { 1, 0, 0 };
    struct info found[8];
    uint32_t count = 0;
    must("resolve", sock_addr_resolve(name, "80", &hints, found, 8, &count));
    for (uint32_t i = 0; i < count && i < 8; i++) {
        const uint8_t *b = found[i].address.bytes;
        if (found[i].address.kind == 0)
            printf("%u.%u.%u.%u\n", b[0], b[1], b[2], b[3]);
        else
            printf("IPv6\n");
    }
    printf("addresses %u\n", count);
}

/* Waits as libraries do that ask for all that a socket can: to be read, to be written, and for a moment. */
static void wait_for(uint32_t fd)
{
    const struct subscription in[] = { { .data = 1, .type = 1, .clock_or_fd = fd },
                                       { .data = 2, .type = 2, .clock_or_fd = fd },
                                       { .data = 3, .clock_or_fd = 1, .timeout = 5000000 } };
    struct event out[3];
    uint32_t count = 0, moved = 0;
    const struct vector text = { "x", 1 };
    must("poll", poll_oneoff(in, out, 3, &count));
    for (uint32_t i = 0; i < count; i++)
        printf("event %u error %u\n", (uint32_t)out[i].data, out[i].error);
    printf("send %u\n", sock_send(fd, &text, 1, 0, &moved));
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    uint32_t number = argc > 2 ? (uint32_t)atoi(argv[2]) : 0, count = argc > 3 ? (uint32_t)atoi(argv[3]) : 1;
    if (!strcmp(what, "serve"))
        server(number, count, serve_one);
    else if (!strcmp(what, "echo"))
        server(number, count, echo_one);
    else if (!strcmp(what, "get"))
        get((uint16_t)number);
    else if (!strcmp(what, "call"))
        call((uint16_t)number, count);
    else if (!strcmp(what, "wait"))
        wait_for(number);
    else if (!strcmp(what, "resolve"))
        resolve(argv[2]);
    else
        return 2;
    return 0;
}
