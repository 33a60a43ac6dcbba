/* White box: each thing in which a system call on a socket can differ from its op is found, and is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/match_net.h"

enum { V4 = 2, V6 = 10 };

static const struct net_address server = { .family = NET_V4, .port = 8080, .bytes = { 10, 0, 0, 1 } };

static struct match_want want_of(enum op_kind kind)
{
    struct match_want want = { .kind = (uint8_t)kind, .known = true, .address = server, .told = server };
    return want;
}

static struct witness_record record_of(int64_t result)
{
    struct witness_record r = { .kind = WITNESS_SYSCALL,
                                .result = result,
                                .parts = WITNESS_PART_ADDRESS | WITNESS_PART_SOCKET,
                                .address = { V4, 0, 0x1f, 0x90, 10, 0, 0, 1 },
                                .address_length = 16,
                                .socket = { V4, 1, 6, 0, 8080, 8080, { 10, 0, 0, 1 }, { 10, 0, 0, 1 } } };
    return r;
}

/* Expects so many differences, the first of which says this. */
static void expect(const struct match_want *want, const struct witness_record *record, unsigned count, const char *says)
{
    struct buffer text = BUFFER_INIT;
    unsigned found = match_net_compare(want, record, 0, &text);
    buffer_u8(&text, 0);
    if (found != count || (says && !strstr((const char *)text.data, says)))
        fail_msg("%u differences: %s", found, (const char *)text.data);
    buffer_done(&text);
}

static void test_addresses(void **state)
{
    (void)state;
    static const enum op_kind kinds[] = { OP_BIND, OP_CONNECT, OP_SEND_TO };
    for (size_t i = 0; i < 3; i++) {
        struct match_want want = want_of(kinds[i]);
        struct witness_record r = record_of(0);
        expect(&want, &r, 0, NULL);
        r.address[7] = 2;
        expect(&want, &r, 1, "address: expected 10.0.0.1 port 8080, found 10.0.0.2 port 8080");
        r = record_of(0);
        r.address[3] = 0x91;
        expect(&want, &r, 1, "found 10.0.0.1 port 8081");
        r = record_of(0);
        r.address_length = 15;
        expect(&want, &r, 1, "found none port 0");
        r = record_of(-111);
        r.socket.peer[3] = 9; /* of a call that failed, the socket says nothing */
        r.socket.local[3] = 9;
        expect(&want, &r, 0, NULL);
        assert_int_equal(match_net_parts(&want, false), WITNESS_PART_ADDRESS);
    }
    struct match_want want = want_of(OP_CONNECT);
    struct witness_record r = record_of(-115); /* on its way */
    r.socket.peer[3] = 9;
    want.result = -(int64_t)WASI_INPROGRESS;
    expect(&want, &r, 1, "the socket's peer: expected 10.0.0.1 port 8080, found 10.0.0.9");
    want = want_of(OP_BIND);
    r = record_of(0);
    r.socket.local_port = 9;
    expect(&want, &r, 1, "the socket's own address");
    want.address.port = 0;
    r.address[2] = r.address[3] = 0;
    expect(&want, &r, 0, NULL); /* the kernel chose */
    assert_int_equal(match_net_parts(&want, true), WITNESS_PART_ADDRESS | WITNESS_PART_SOCKET);
}

static void test_v6(void **state)
{
    (void)state;
    struct match_want want = want_of(OP_SEND_TO);
    struct witness_record r = record_of(4);
    want.address = (struct net_address) { .family = NET_V6, .port = 53, .bytes = { 0xfd, [15] = 1 } };
    memset(r.address, 0, sizeof r.address);
    r.address[0] = V6;
    r.address[3] = 53;
    r.address[8] = 0xfd;
    r.address[23] = 1;
    r.address_length = 28;
    expect(&want, &r, 0, NULL);
    r.address[24] = 2; /* a zone */
    expect(&want, &r, 1, "address");
    r.address[24] = 0;
    r.address[5] = 1; /* a flow label */
    expect(&want, &r, 1, "address");
}

static void test_what_was_told(void **state)
{
    (void)state;
    static const enum op_kind kinds[] = { OP_RECEIVE_FROM, OP_LOCAL_NAME, OP_PEER_NAME, OP_ACCEPT };
    for (size_t i = 0; i < 4; i++) {
        struct match_want want = want_of(kinds[i]);
        struct witness_record r = record_of(0);
        expect(&want, &r, 0, NULL);
        want.told.bytes[3] = 7;
        expect(&want, &r, kinds[i] == OP_ACCEPT ? 2 : 1, kinds[i] == OP_ACCEPT ? "peer" : "the address that was told");
        want.known = false;
        expect(&want, &r, kinds[i] == OP_ACCEPT, NULL);
    }
}

static void test_sockets(void **state)
{
    (void)state;
    struct match_want want = want_of(OP_SOCKET);
    struct witness_record r = record_of(20);
    want.operand[0] = V4;
    want.open_flags = NET_SOCK_STREAM | NET_SOCK_CLOEXEC;
    expect(&want, &r, 0, NULL);
    r.socket.type = 2;
    expect(&want, &r, 1, "the socket's type: expected 1, found 2");
    r = record_of(20);
    r.socket.protocol = 262;
    expect(&want, &r, 1, "the socket's protocol: expected 6, found 262");
    r = record_of(20);
    r.socket.family = V6;
    expect(&want, &r, 1, "the socket's family");
    want = want_of(OP_ONLY_V6);
    want.option_value = 1;
    r = record_of(0);
    r.address_length = 4;
    memset(r.address, 0, sizeof r.address);
    r.address[0] = 1;
    r.socket.only_v6 = 1;
    expect(&want, &r, 0, NULL);
    r.socket.only_v6 = 0;
    expect(&want, &r, 1, "IPv6 alone: expected 1, found 0");
    r.address[0] = 0;
    expect(&want, &r, 2, "the option's value: expected 1, found 0");
}

static void test_options(void **state)
{
    (void)state;
    struct match_want want = want_of(OP_SET_OPTION);
    struct witness_record r = {
        .kind = WITNESS_SYSCALL, .parts = WITNESS_PART_ADDRESS, .address_length = 16, .address = { 2, [8] = 5 }
    };
    want.option_level = NET_SOL_SOCKET;
    want.option_name = NET_SO_RCVTIMEO;
    want.option_value = 2000005;
    expect(&want, &r, 0, NULL);
    want.option_value = 2000006;
    expect(&want, &r, 1, "the option's value");
    want.option_name = NET_SO_LINGER;
    want.option_value = 1 + 5;
    r = (struct witness_record) {
        .kind = WITNESS_SYSCALL, .parts = WITNESS_PART_ADDRESS, .address_length = 8, .address = { 1, [4] = 5 }
    };
    expect(&want, &r, 0, NULL);
    r.address_length = 4;
    expect(&want, &r, 1, "length of the option's value");
    want = want_of(OP_GET_OPTION); /* what went wrong, in the guest's numbers */
    want.option_level = NET_SOL_SOCKET;
    want.option_name = NET_SO_ERROR;
    want.result = WASI_CONNREFUSED;
    r = (struct witness_record) {
        .kind = WITNESS_SYSCALL, .parts = WITNESS_PART_ADDRESS, .address_length = 4, .address = { 111 }
    };
    expect(&want, &r, 0, NULL);
    r.address[0] = 110;
    expect(&want, &r, 1, "errno");
    want.option_name = NET_SO_SNDBUF;
    want.result = 111;
    expect(&want, &r, 1, "expected 111, found 110");
}

/* What the witness did not see of a call that worked makes it unknown, also of a connection that is on its way, and of
 * an address of which the trace says that there was none. */
static void test_what_was_not_seen(void **state)
{
    (void)state;
    static const struct {
        enum op_kind kind;
        int64_t result;
        uint32_t needs;
    } rows[] = {
        { OP_SOCKET, 20, WITNESS_PART_SOCKET },
        { OP_BIND, 0, WITNESS_PART_SOCKET | WITNESS_PART_ADDRESS },
        { OP_CONNECT, 0, WITNESS_PART_SOCKET | WITNESS_PART_ADDRESS },
        { OP_CONNECT, -115, WITNESS_PART_SOCKET | WITNESS_PART_ADDRESS },
        { OP_CONNECT, -111, WITNESS_PART_ADDRESS },
        { OP_ACCEPT, 20, WITNESS_PART_SOCKET | WITNESS_PART_ADDRESS },
        { OP_SEND_TO, 4, WITNESS_PART_ADDRESS },
        { OP_RECEIVE_FROM, 4, WITNESS_PART_ADDRESS },
        { OP_RECEIVE_FROM, -11, 0 },
        { OP_LOCAL_NAME, 0, WITNESS_PART_ADDRESS },
        { OP_ONLY_V6, 0, WITNESS_PART_SOCKET | WITNESS_PART_ADDRESS },
    };
    static struct match_world world;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int told = 0; told < 2; told++) {
            struct match_want want = want_of(rows[i].kind);
            struct witness_record r = record_of(rows[i].result);
            if (!told)
                want.told = (struct net_address) { .family = NET_NONE };
            r.parts |= WITNESS_PART_OBJECT | WITNESS_PART_OPENED;
            assert_false(match_unknown(&world, &want, &r, NULL));
            for (uint32_t part = WITNESS_PART_ADDRESS; part <= WITNESS_PART_SOCKET; part <<= 1) {
                struct witness_record less = r;
                less.parts &= ~part;
                if (match_unknown(&world, &want, &less, NULL) != ((rows[i].needs & part) != 0))
                    fail_msg("row %zu, part %u", i, part);
            }
        }
}

/* What is no socket's is left alone. */
static void test_others(void **state)
{
    (void)state;
    struct match_want want = want_of(OP_PREAD);
    struct witness_record r = record_of(0);
    r.address[4] = 99;
    expect(&want, &r, 0, NULL);
    assert_int_equal(match_net_parts(&want, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_addresses),        cmocka_unit_test(test_v6),
                                        cmocka_unit_test(test_what_was_told),    cmocka_unit_test(test_sockets),
                                        cmocka_unit_test(test_options),          cmocka_unit_test(test_others),
                                        cmocka_unit_test(test_what_was_not_seen) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
