/* The judge on sockets: what no rule grants is found, by what the call names and by what the kernel made of it; what is
 * granted passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/judge/judge.h"
#include "wasi/abi/syscalls.h"

enum { LISTENER = 13, RESOLVER = 7, SOCKET = 20, CLOEXEC = 02000000, STREAM = 1, DATAGRAM = 2, V4 = 2, V6 = 10 };

static struct net_rule rules[] = {
    { NET_TCP, NET_CONNECT, NET_V4, 8, { 10 }, 80, 90 },
    { NET_TCP, NET_CONNECT, NET_V6, 0, { 0 }, 443, 443 },
    { NET_TCP, NET_BIND, NET_V4, 32, { 127, 0, 0, 1 }, 0, 0 },
    { NET_UDP, NET_CONNECT, NET_V4, 0, { 0 }, 53, 53 },
};
static struct net_address listens[] = { { .family = NET_V4, .port = 8080, .bytes = { 127, 0, 0, 1 } } };
static char *names[] = { (char[]) { "localhost" } };
static struct run_initial initial[] = { { .dev = 1, .ino = 10, .filetype = 2, .host_fd = 0 },
                                        { .dev = 1, .ino = 11, .filetype = 2, .host_fd = 1 },
                                        { .dev = 1, .ino = 12, .filetype = 2, .host_fd = 2 },
                                        { .dev = 8,
                                          .ino = LISTENER,
                                          .filetype = 6,
                                          .host_fd = LISTENER,
                                          .address = { .family = NET_V4, .port = 8080, .bytes = { 127, 0, 0, 1 } } },
                                        { .dev = 8, .ino = RESOLVER, .filetype = 6, .host_fd = RESOLVER } };

static struct policy own = {
    .network_count = 4, .networks = rules, .listen_count = 1, .listens = listens, .name_count = 1, .names = names
};

static struct judge *new_judge(const struct policy *asked)
{
    struct run_spec spec = {
        .policy = own, .initial_count = 5, .initial = initial, .facts = { .arch = (char[]) { "x86_64" } }
    };
    struct judge *judge;
    assert_int_equal(judge_create(&spec, NULL, asked, &judge, NULL), STATUS_OK);
    return judge;
}

static struct judge_fact fact(const char *name, uint64_t fd, int64_t result)
{
    const struct syscall_row *row = syscall_find_name(name);
    assert_non_null(row);
    struct judge_fact f = { .number = syscall_row_number(row, SYSCALL_MACHINE_X86_64),
                            .returned = true,
                            .result = result };
    f.arg[0] = fd;
    f.object = (struct judge_object) { 8, fd, 0140777 | JUDGE_MODE_NO_DATA };
    return f;
}

static void expect(struct judge *judge, const struct judge_fact *f, enum judge_rule rule)
{
    struct judge_ruling ruling;
    bool within = judge_call(judge, f, &ruling);
    assert_string_equal(judge_rule_name(ruling.rule), judge_rule_name(rule));
    assert_int_equal(within, rule == JUDGE_NONE);
}

static const uint8_t *v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    static uint8_t bytes[16];
    const uint8_t all[8] = { V4, 0, (uint8_t)(port >> 8), (uint8_t)port, a, b, c, d };
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, all, sizeof all);
    return bytes;
}

/* socket(2): the descriptor SOCKET. */
static struct judge_fact made(uint64_t family, uint64_t type, int64_t result)
{
    struct judge_fact f = fact("socket", family, result);
    f.arg[1] = type | CLOEXEC;
    f.object.mode = 0;
    f.opened = (struct judge_object) { 8, (uint64_t)result, 0140777 | JUDGE_MODE_NO_DATA };
    f.socket = (struct judge_socket) { .family = (uint32_t)family,
                                       .type = (uint32_t)type,
                                       .protocol = type == STREAM ? 6 : 17 };
    return f;
}

/* A call that names 10.0.0.1 or the like, and what the kernel has behind it. */
static struct judge_fact joins(const char *name, const uint8_t *address, struct judge_socket socket, int64_t result)
{
    struct judge_fact f = fact(name, SOCKET, result);
    f.address = address;
    f.address_length = 16;
    f.arg[1] = 0x1000;
    f.socket = socket;
    if (strcmp(name, "sendto") == 0)
        f.arg[4] = address ? 0x1000 : 0;
    return f;
}

static struct judge_socket tcp(uint8_t peer, uint32_t peer_port)
{
    return (struct judge_socket) {
        .family = V4, .type = STREAM, .protocol = 6, .peer_port = peer_port, .peer = { 10, 0, 0, peer }
    };
}

static void test_kinds(void **state)
{
    (void)state;
    struct judge *judge = new_judge(&own);
    struct judge_fact f = made(V4, STREAM, SOCKET);
    expect(judge, &f, JUDGE_NONE);
    f = made(V6, DATAGRAM, SOCKET); /* no rule of UDP over IPv6 */
    expect(judge, &f, JUDGE_SOCKET);
    f = made(1, STREAM, SOCKET);
    expect(judge, &f, JUDGE_SOCKET);
    f = made(V4, 3, -1);
    expect(judge, &f, JUDGE_SOCKET);
    f = made(V4, STREAM, SOCKET);
    f.arg[1] = STREAM; /* inherited by what is executed */
    expect(judge, &f, JUDGE_SOCKET);
    f = made(V4, STREAM, SOCKET);
    f.arg[2] = 262;
    expect(judge, &f, JUDGE_SOCKET);
    f = made(V4, STREAM, SOCKET);
    f.socket.protocol = 17; /* not what the kernel made */
    expect(judge, &f, JUDGE_SOCKET);
    f.socket.family = 0;
    expect(judge, &f, JUDGE_UNREAD);
    f = fact("socketpair", 1, 0);
    f.object.mode = 0;
    expect(judge, &f, JUDGE_NEVER);
    f = fact("sendmsg", SOCKET, 1);
    expect(judge, &f, JUDGE_NEVER);
    f = fact("connect", 1, -1); /* a stream is no socket of the guest's */
    f.object = (struct judge_object) { 1, 11, 0140777 };
    expect(judge, &f, JUDGE_SOCKET);
    f = fact("connect", 77, -1);
    expect(judge, &f, JUDGE_FOREIGN_DESCRIPTOR);
    judge_free(judge);
}

static void test_addresses(void **state)
{
    (void)state;
    struct judge *judge = new_judge(&own);
    struct judge_fact f = made(V4, STREAM, SOCKET);
    expect(judge, &f, JUDGE_NONE);
    f = joins("connect", v4(10, 0, 0, 1, 80), tcp(1, 80), 0);
    expect(judge, &f, JUDGE_NONE);
    f = joins("connect", v4(10, 0, 0, 1, 80), tcp(1, 80), -115);
    expect(judge, &f, JUDGE_NONE);
    f = joins("connect", v4(10, 0, 0, 1, 91), tcp(1, 91), -111);
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("connect", v4(11, 0, 0, 1, 80), tcp(1, 80), -111);
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("connect", v4(10, 0, 0, 1, 80), tcp(2, 80), 0); /* the memory said so; the kernel read something else */
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("connect", v4(10, 0, 0, 1, 80), tcp(1, 81), 0);
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("connect", NULL, tcp(1, 80), 0);
    expect(judge, &f, JUDGE_UNREAD);
    const uint8_t path[16] = { 1, 0, '/', 'x' };
    f = joins("connect", path, tcp(1, 80), -2);
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("sendto", v4(10, 0, 0, 2, 22), tcp(1, 80), 4);
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("sendto", NULL, tcp(1, 80), 4);
    expect(judge, &f, JUDGE_NONE);
    f = joins("bind", v4(127, 0, 0, 1, 0),
              (struct judge_socket) { V4, STREAM, 6, 0, 40000, 0, { 127, 0, 0, 1 }, { 0 } }, 0);
    expect(judge, &f, JUDGE_NONE);
    f = joins("bind", v4(127, 0, 0, 1, 0), (struct judge_socket) { V4, STREAM, 6, 0, 40000, 0, { 0 }, { 0 } }, 0);
    expect(judge, &f, JUDGE_ADDRESS);
    f = joins("bind", v4(0, 0, 0, 0, 0), (struct judge_socket) { V4, STREAM, 6, 0, 40000, 0, { 0 }, { 0 } }, -1);
    expect(judge, &f, JUDGE_ADDRESS);
    judge_free(judge);
}

static void test_what_an_address_means(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[16];
        bool allowed;
    } rows[] = {
        { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, true },
        { { [10] = 0xff, 0xff, 10, 0, 0, 1 }, false },         /* IPv4-mapped */
        { { [12] = 10, 0, 0, 1 }, false },                     /* IPv4-compatible */
        { { 0, 0x64, 0xff, 0x9b, [12] = 10, 0, 0, 1 }, true }, /* NAT64 of what IPv4 has a rule for, see below */
        { { 0, 0x64, 0xff, 0x9b, [12] = 11, 0, 0, 1 }, false },
        { { 0x20, 2, 10, 0, 0, 1 }, true }, /* 6to4 */
        { { 0x20, 2, 192, 168, 0, 1 }, false },
        { { 0, 0x64, 0xff, 0x9b, 0, 1, [12] = 10, 0, 0, 1 }, false }, /* NAT64 of one's own, RFC 8215 */
        { { [8] = 0xff, 0xff, 0, 0, 10, 0, 0, 1 }, false },           /* IPv4-translated */
        { { [15] = 1 }, true },                                       /* the loopback */
        { { 0x20, 1, 0, 0, [15] = 1 }, false },                       /* Teredo */
        { { 0xff, 2, [15] = 1 }, false },                             /* a group */
        { { 0 }, false },                                             /* nobody */
    };
    static const struct net_rule both[] = { { NET_TCP, NET_CONNECT, NET_V6, 0, { 0 }, 443, 443 },
                                            { NET_TCP, NET_CONNECT, NET_V4, 8, { 10 }, 443, 443 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net_address address = { .family = NET_V6, .port = 443 };
        memcpy(address.bytes, rows[i].bytes, sizeof address.bytes);
        if (judge_policy_allows(both, 2, NET_TCP, NET_CONNECT, &address) != rows[i].allowed)
            fail_msg("row %zu", i);
        address.scope = 3;
        assert_false(judge_policy_allows(both, 2, NET_TCP, NET_CONNECT, &address));
    }
    struct net_address v4_address = { .family = NET_V4, .port = 443, .bytes = { 10, 9, 8, 7 } };
    assert_true(judge_policy_allows(both, 2, NET_TCP, NET_CONNECT, &v4_address));
    assert_false(judge_policy_allows(both, 2, NET_UDP, NET_CONNECT, &v4_address));
    assert_false(judge_policy_allows(both, 2, NET_TCP, NET_BIND, &v4_address));
    v4_address.bytes[0] = 239;
    const struct net_rule all[] = { { NET_TCP, NET_CONNECT, NET_V4, 0, { 0 }, 1, 65535 } };
    assert_false(judge_policy_allows(all, 1, NET_TCP, NET_CONNECT, &v4_address));
}

/* The system binds a socket of UDP that sends, and one of TCP that listens: without a rule for that, it is found. */
static void test_implicit_binds(void **state)
{
    (void)state;
    const struct judge_socket sent = { V4, DATAGRAM, 17, 0, 40000, 0, { 0 }, { 0 } };
    for (int granted = 0; granted < 2; granted++) {
        struct net_rule more[] = { rules[3], { NET_UDP, NET_BIND, NET_V4, 0, { 0 }, 0, 0 } };
        struct policy asked = own;
        asked.networks = more;
        asked.network_count = granted ? 2 : 1;
        struct judge *judge = new_judge(&asked);
        struct judge_fact f = made(V4, DATAGRAM, SOCKET);
        expect(judge, &f, JUDGE_NONE);
        f = joins("sendto", v4(9, 9, 9, 9, 53), sent, 4);
        expect(judge, &f, granted ? JUDGE_NONE : JUDGE_ADDRESS);
        f = joins("sendto", v4(9, 9, 9, 9, 54), sent, 4);
        expect(judge, &f, JUDGE_ADDRESS);
        judge_free(judge);
    }
    struct judge *judge = new_judge(&own);
    struct judge_fact f = made(V4, STREAM, SOCKET);
    expect(judge, &f, JUDGE_NONE);
    f = fact("listen", SOCKET, 0);
    f.socket = (struct judge_socket) { V4, STREAM, 6, 0, 40000, 0, { 0 }, { 0 } };
    expect(judge, &f, JUDGE_ADDRESS);
    judge_free(judge);
}

/* A socket of IPv6 that takes IPv4 too is found wherever it is used, also where nothing is named. */
static void test_ipv6_is_alone(void **state)
{
    (void)state;
    struct net_rule more[] = { { NET_TCP, NET_BIND, NET_V6, 0, { 0 }, 0, 0 },
                               { NET_UDP, NET_BIND, NET_V6, 0, { 0 }, 0, 0 },
                               { NET_UDP, NET_CONNECT, NET_V6, 0, { 0 }, 53, 53 } };
    const uint8_t to[28] = { V6, 0, 0, 53, [8] = 0xfd, [23] = 1 };
    struct policy asked = own;
    asked.networks = more;
    asked.network_count = 3;
    for (uint32_t only = 0; only < 2; only++) {
        const enum judge_rule rule = only ? JUDGE_NONE : JUDGE_SOCKET;
        struct judge *judge = new_judge(&asked);
        struct judge_fact f = made(V6, STREAM, SOCKET); /* it is set afterwards */
        expect(judge, &f, JUDGE_NONE);
        f = fact("listen", SOCKET, 0);
        f.socket = (struct judge_socket) { V6, STREAM, 6, only, 40000, 0, { 0 }, { 0 } };
        expect(judge, &f, rule);
        judge_free(judge);
        judge = new_judge(&asked);
        f = made(V6, DATAGRAM, SOCKET);
        expect(judge, &f, JUDGE_NONE);
        f = joins("sendto", to, (struct judge_socket) { V6, DATAGRAM, 17, only, 40000, 0, { 0 }, { 0 } }, 4);
        f.address_length = sizeof to;
        expect(judge, &f, rule);
        judge_free(judge);
    }
}

/* Whom the kernel joined a socket to counts, whatever the call named and answered. */
static void test_peers(void **state)
{
    (void)state;
    static const int64_t answers[] = { -4 /* EINTR */, -512 /* it is started again */, -114 /* EALREADY */ };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct judge *judge = new_judge(&own);
        struct judge_fact f = made(V4, STREAM, SOCKET);
        expect(judge, &f, JUDGE_NONE);
        f = joins("connect", v4(10, 0, 0, 1, 80), tcp(1, 80), answers[i]);
        expect(judge, &f, JUDGE_NONE);
        f = joins("connect", v4(10, 0, 0, 1, 80), tcp(1, 22), answers[i]);
        expect(judge, &f, JUDGE_ADDRESS);
        f = joins("sendto", NULL, tcp(1, 22), 4);
        expect(judge, &f, JUDGE_ADDRESS);
        f = fact("recvfrom", SOCKET, 4);
        f.socket = tcp(1, 22);
        expect(judge, &f, JUDGE_ADDRESS);
        f.socket = tcp(1, 81);
        expect(judge, &f, JUDGE_NONE);
        judge_free(judge);
    }
}

static void test_what_was_given(void **state)
{
    (void)state;
    struct judge *judge = new_judge(&own);
    struct judge_fact f = fact("accept4", LISTENER, SOCKET);
    f.arg[3] = CLOEXEC;
    f.opened = (struct judge_object) { 8, SOCKET, 0140777 | JUDGE_MODE_NO_DATA };
    f.socket = tcp(9, 4000);
    expect(judge, &f, JUDGE_NONE);
    f = joins("sendto", NULL, tcp(9, 4000), 5);
    expect(judge, &f, JUDGE_NONE);
    f = fact("recvfrom", SOCKET, 5);
    expect(judge, &f, JUDGE_NONE);
    f.object.ino = 99;
    expect(judge, &f, JUDGE_OTHER_OBJECT);
    f = fact("sendto", RESOLVER, 4);
    expect(judge, &f, JUDGE_NONE);
    f = fact("recvfrom", RESOLVER, 24);
    expect(judge, &f, JUDGE_NONE);
    f = fact("shutdown", LISTENER, 0);
    expect(judge, &f, JUDGE_NONE);
    f = fact("connect", RESOLVER, 0);
    f.address = v4(10, 0, 0, 1, 80);
    expect(judge, &f, JUDGE_SOCKET);
    f = fact("accept4", LISTENER, SOCKET); /* without CLOEXEC */
    expect(judge, &f, JUDGE_SOCKET);
    judge_free(judge);
    struct policy nothing = { .version = 1 };
    judge = new_judge(&nothing);
    f = fact("accept4", LISTENER, SOCKET);
    expect(judge, &f, JUDGE_FOREIGN_DESCRIPTOR);
    f = fact("sendto", RESOLVER, 4);
    expect(judge, &f, JUDGE_FOREIGN_DESCRIPTOR);
    f = made(V4, STREAM, SOCKET);
    expect(judge, &f, JUDGE_SOCKET);
    judge_free(judge);
}

static void test_options(void **state)
{
    (void)state;
    struct judge *judge = new_judge(&own);
    const struct {
        const char *call;
        uint64_t level, name;
        bool fine;
    } rows[] = { { "setsockopt", 1, 8, true },   { "setsockopt", 6, 1, true },   { "setsockopt", 41, 26, true },
                 { "setsockopt", 1, 26, false }, { "setsockopt", 1, 25, false }, { "setsockopt", 1, 4, false },
                 { "getsockopt", 1, 4, true },   { "getsockopt", 1, 17, false }, { "setsockopt", 0, 1, false } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct judge_fact f = fact(rows[i].call, LISTENER, 0);
        f.arg[1] = rows[i].level;
        f.arg[2] = rows[i].name;
        f.socket = (struct judge_socket) { .family = V6, .only_v6 = 1 };
        expect(judge, &f, rows[i].fine ? JUDGE_NONE : JUDGE_OPTION);
    }
    struct judge_fact f = fact("setsockopt", LISTENER, 0);
    f.arg[1] = 41;
    f.arg[2] = 26;
    f.socket = (struct judge_socket) { .family = V6, .only_v6 = 0 };
    expect(judge, &f, JUDGE_OPTION); /* opened up to IPv4 */
    f.socket.family = 0;             /* nobody saw what it is now */
    expect(judge, &f, JUDGE_UNREAD);
    f.result = -22;
    expect(judge, &f, JUDGE_NONE);
    f = made(V4, DATAGRAM, SOCKET);
    expect(judge, &f, JUDGE_NONE);
    f = fact("setsockopt", SOCKET, 0);
    f.arg[1] = 1;
    f.arg[2] = 2; /* SO_REUSEADDR: of UDP, two sockets have one address */
    expect(judge, &f, JUDGE_OPTION);
    f.number = fact("getsockopt", SOCKET, 0).number;
    expect(judge, &f, JUDGE_NONE);
    judge_free(judge);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds),
                                        cmocka_unit_test(test_addresses),
                                        cmocka_unit_test(test_what_an_address_means),
                                        cmocka_unit_test(test_implicit_binds),
                                        cmocka_unit_test(test_ipv6_is_alone),
                                        cmocka_unit_test(test_peers),
                                        cmocka_unit_test(test_what_was_given),
                                        cmocka_unit_test(test_options) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
