/* Sockets in the decision core: which addresses a policy's rules have, what a socket may do where it stands, what is
 * given to the guest of what a peer sent. Rules of the case: decide_case.h. */
#include <string.h>
#include "decide_case.h"

/* An address out of text like "4 10.1.2.3" is more than is needed: bytes, as they stand. */
static void six(struct decide_case *c, const uint8_t bytes[16], uint16_t port)
{
    c->request.address = (struct net_address) { .family = NET_V6, .port = port };
    memcpy(c->request.address.bytes, bytes, 16);
}

static struct decide_case *connects(uint8_t a, uint8_t b, uint8_t d, uint8_t e, uint16_t port)
{
    struct decide_case *c = case_new();
    case_call(c, OPERATION_SOCK_CONNECT, CASE_SOCKET);
    case_address(c, a, b, d, e, port);
    return c;
}

static void a_rule_has_its_prefix_and_ports(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[4];
        uint16_t port;
        bool allowed;
    } tries[] = {
        { { 10, 0, 0, 1 }, 1, true },   { { 10, 255, 255, 255 }, 99, true }, { { 10, 0, 0, 1 }, 100, false },
        { { 11, 0, 0, 1 }, 80, false }, { { 9, 255, 255, 255 }, 80, false }, { { 138, 0, 0, 1 }, 80, false }
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const uint8_t *b = tries[i].bytes;
        struct decide_case *c = connects(b[0], b[1], b[2], b[3], tries[i].port);
        if (tries[i].allowed)
            assert_int_equal(case_issues(c, OP_CONNECT)->handle, CASE_SOCKET);
        else
            case_refuses(c, RULE_ADDRESS_REFUSED, WASI_NOTCAPABLE);
    }
}

/* Every prefix length: the last bit of it counts, the first behind it does not. */
static void each_bit_of_a_prefix_counts(void **state)
{
    (void)state;
    for (unsigned prefix = 0; prefix <= 32; prefix++) {
        struct decide_case *c = connects(100, 100, 100, 100, 80);
        struct net_rule *rule = &c->context.network[0];
        *rule = (struct net_rule) { .family = NET_V4, .prefix = (uint8_t)prefix, .port_first = 1, .port_last = 99 };
        for (unsigned bit = 0; bit < prefix; bit++)
            rule->bytes[bit / 8] |= (uint8_t)(100 & (0x80 >> bit % 8));
        case_issues(c, OP_CONNECT);
        if (prefix > 0) {
            c = connects(100, 100, 100, 100, 80);
            c->context.network[0] = *rule;
            c->context.network[0].bytes[(prefix - 1) / 8] ^= (uint8_t)(0x80 >> (prefix - 1) % 8);
            case_refuses(c, RULE_ADDRESS_REFUSED, WASI_NOTCAPABLE);
        }
    }
}

/* What means another address, or none: even where a rule has all of them. */
static void addresses_mean_what_they_say(void **state)
{
    (void)state;
    static const uint8_t v4[][4] = {
        { 0, 0, 0, 0 }, { 0, 1, 2, 3 }, { 224, 0, 0, 1 }, { 240, 0, 0, 1 }, { 255, 255, 255, 255 }
    };
    static const uint8_t v6[][16] = { { 0 },
                                      { [15] = 2 },
                                      { [10] = 0xff, 0xff, 127, 0, 0, 1 },
                                      { [8] = 0xff, 0xff, 0, 0, 127, 0, 0, 1 },
                                      { [12] = 127, 0, 0, 1 },
                                      { 0xff, 2, [15] = 1 },
                                      { 0x20, 1, 0, 0, 1 },
                                      { 0, 0x64, 0xff, 0x9b, 0, 1, [12] = 10, 0, 0, 1 },
                                      { 0, 0x64, 0xff, 0x9b, [12] = 0, 0, 0, 0 },
                                      { 0x20, 2, 224, 0, 0, 1 } };
    const struct net_rule all4 = { .family = NET_V4, .port_last = UINT16_MAX },
                          all6 = { .family = NET_V6, .port_last = UINT16_MAX };
    for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++) {
        struct decide_case *c = connects(v4[i][0], v4[i][1], v4[i][2], v4[i][3], 80);
        c->context.network[0] = all4;
        case_refuses(c, RULE_ADDRESS_OTHER, WASI_NOTCAPABLE);
    }
    struct decide_case *zero = connects(10, 0, 0, 1, 0);
    zero->context.network[0] = all4;
    case_refuses(zero, RULE_ADDRESS_OTHER, WASI_NOTCAPABLE);
    for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++) {
        struct decide_case *c = connects(0, 0, 0, 0, 80);
        c->table.handle[CASE_SOCKET].net_family = NET_V6;
        c->context.network[0] = all4;
        c->context.network[1] = all6;
        six(c, v6[i], 80);
        case_refuses(c, RULE_ADDRESS_OTHER, WASI_NOTCAPABLE);
    }
    struct decide_case *scope = connects(0, 0, 0, 0, 80);
    scope->table.handle[CASE_SOCKET].net_family = NET_V6;
    scope->context.network[0] = all6;
    six(scope, (const uint8_t[16]) { 0xfe, 0x80, [15] = 1 }, 80);
    scope->request.address.scope = 2;
    case_refuses(scope, RULE_ADDRESS_OTHER, WASI_NOTCAPABLE);
}

/* What a translator turns into IPv4 needs a rule of both forms. */
static void embedded_addresses_need_both_rules(void **state)
{
    (void)state;
    static const uint8_t forms[][16] = { { 0, 0x64, 0xff, 0x9b, [12] = 10, 1, 2, 3 }, { 0x20, 2, 10, 1, 2, 3 } };
    for (size_t i = 0; i < 2; i++)
        for (unsigned rules = 0; rules < 4; rules++) {
            struct decide_case *c = connects(0, 0, 0, 0, 80);
            c->table.handle[CASE_SOCKET].net_family = NET_V6;
            c->context.network_count = 2;
            c->context.network[0] =
                (struct net_rule) { .family = NET_V4, .prefix = 8, .bytes = { rules & 1 ? 10 : 11 }, .port_last = 99 };
            c->context.network[1] = (struct net_rule) { .family = NET_V6, .port_last = rules & 2 ? 99 : 9 };
            six(c, forms[i], 80);
            if (rules == 3)
                case_issues(c, OP_CONNECT);
            else
                case_refuses(c, RULE_ADDRESS_REFUSED, WASI_NOTCAPABLE);
        }
}

static void the_family_is_the_sockets(void **state)
{
    (void)state;
    struct decide_case *c = connects(10, 0, 0, 1, 80);
    c->table.handle[CASE_SOCKET].net_family = NET_V6;
    case_refuses(c, RULE_ADDRESS_FAMILY, WASI_AFNOSUPPORT);
    c = connects(10, 0, 0, 1, 80);
    c->request.address.family = NET_NONE;
    case_refuses(c, RULE_ADDRESS_FAMILY, WASI_AFNOSUPPORT);
}

/* All addresses are bound by a rule of all of them alone. */
static void the_unspecified_address_is_bound_as_a_whole(void **state)
{
    (void)state;
    for (unsigned prefix = 0; prefix <= 32; prefix++) {
        struct decide_case *c = case_new();
        case_call(c, OPERATION_SOCK_BIND, CASE_SOCKET);
        case_address(c, 0, 0, 0, 0, 80);
        c->context.network[2].prefix = (uint8_t)prefix;
        if (prefix == 0 || prefix == 32)
            case_issues(c, OP_BIND);
        else
            case_refuses(c, RULE_ADDRESS_REFUSED, WASI_NOTCAPABLE);
    }
}

/* What binds a socket by itself takes a rule that lets the system choose. */
static void implicit_binds_are_binds(void **state)
{
    (void)state;
    static const enum operation calls[] = { OPERATION_SOCK_CONNECT, OPERATION_SOCK_SEND_TO, OPERATION_SOCK_LISTEN };
    static const enum op_kind ops[] = { OP_CONNECT, OP_SEND_TO, OP_LISTEN };
    for (size_t i = 0; i < 3; i++)
        for (unsigned ruled = 0; ruled < 2; ruled++) {
            struct decide_case *c = case_new();
            case_call_slots(c, calls[i],
                            (const uint64_t[OPERATION_SLOTS_MAX]) { i == 2 ? CASE_SOCKET : CASE_MESSAGES });
            case_iov(c, 0, 8);
            case_address(c, 10, 0, 0, 1, 80);
            c->context.network[2].port_first = c->context.network[3].port_first = ruled ? 0 : 1;
            if (ruled)
                case_issues(c, ops[i]);
            else
                case_refuses(c, RULE_BIND_REFUSED, WASI_NOTCAPABLE);
        }
}

static void a_sender_is_bound(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_SOCK_SEND_TO, CASE_MESSAGES);
    case_iov(c, 0, 8);
    case_address(c, 10, 0, 0, 1, 80);
    assert_int_equal(case_issues(c, OP_SEND_TO)->flags, NET_MSG_NOSIGNAL);
    case_result(c, 8);
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], 8);
    assert_int_equal(c->table.handle[CASE_MESSAGES].net_state, NET_STATE_BOUND);
}

static void messages_of_strangers_are_dropped(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    c->table.handle[CASE_MESSAGES].net_state = NET_STATE_BOUND;
    case_call(c, OPERATION_SOCK_RECV, CASE_MESSAGES);
    case_iov(c, 0, 8);
    for (uint32_t i = 0; i < LIMIT_OPS - 1; i++) {
        assert_int_equal(case_issues(c, OP_RECEIVE_FROM)->value, LIMIT_STAGING);
        struct op_result *result = case_result(c, 5);
        result->address = (struct net_address) { .family = NET_V4, .port = 80, .bytes = { 10, 0, 0, 1 } };
        if (i == 0) { /* a friend's is the guest's */
            case_commits(c);
            assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
            result = case_rewind(c);
        }
        result->address.bytes[0] = 11;
    }
    case_commits(c);
    const struct outcome outcome = case_outcome(c);
    assert_int_equal(outcome.wasi_errno, WASI_AGAIN);
    assert_int_equal(outcome.rule, RULE_ADDRESS_REFUSED);
}

/* A socket of IPv6 is told to take no IPv4 before the guest has it; if it cannot be, the guest gets none. */
static void six_is_nothing_else(void **state)
{
    (void)state;
    for (unsigned works = 0; works < 2; works++) {
        struct decide_case *c = case_new();
        c->context.network[0].family = NET_V6;
        case_call(c, OPERATION_SOCK_OPEN, 0, NET_V6, NET_TCP);
        assert_int_equal(case_issues(c, OP_SOCKET)->handle2, CASE_FREE);
        assert_int_equal(c->op.flags, NET_SOCK_STREAM | NET_SOCK_CLOEXEC);
        case_result(c, 0);
        assert_int_equal(case_issues(c, OP_ONLY_V6)->handle, CASE_FREE);
        assert_int_equal(c->op.value, 1);
        case_result(c, works ? 0 : -WASI_NOPROTOOPT);
        if (!works) {
            assert_int_equal(case_issues(c, OP_CLOSE)->handle, CASE_FREE);
            case_result(c, 0);
        }
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, works ? WASI_SUCCESS : WASI_NOPROTOOPT);
        assert_int_equal(c->table.handle[CASE_FREE].live, works);
        if (works)
            assert_int_equal(c->table.handle[CASE_FREE].net_state, NET_STATE_OPEN);
    }
}

static void no_socket_without_a_rule(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_SOCK_OPEN, 0, NET_V6, NET_TCP);
    case_refuses(c, RULE_SOCKET_REFUSED, WASI_NOTCAPABLE);
    case_call(c, OPERATION_SOCK_OPEN, 0, NET_V4, NET_UDP);
    case_issues(c, OP_SOCKET);
    c = case_new();
    c->context.network_count = 0;
    case_call(c, OPERATION_SOCK_OPEN, 0, NET_V4, NET_UDP);
    case_refuses(c, RULE_SOCKET_REFUSED, WASI_NOTCAPABLE);
}

static void a_connection_may_what_its_listener_hands_on(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    c->table.handle[CASE_LISTENER].inheriting = R(FD_READ);
    case_call(c, OPERATION_SOCK_ACCEPT, CASE_LISTENER, FDFLAG_NONBLOCK);
    assert_int_equal(case_issues(c, OP_ACCEPT)->flags, NET_SOCK_CLOEXEC | NET_SOCK_NONBLOCK);
    case_result(c, 0);
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], CASE_FREE);
    const struct handle *handle = &c->table.handle[CASE_FREE];
    assert_true(handle->live && handle->rights == R(FD_READ) && handle->inheriting == R(FD_READ));
    assert_int_equal(handle->net_state, NET_STATE_CONNECTED);
    case_call(c, OPERATION_SOCK_ACCEPT, CASE_SOCKET, 0);
    case_refuses(c, RULE_SOCKET_STATE, WASI_INVAL);
}

static void what_is_no_socket_is_refused(void **state)
{
    (void)state;
    for (uint32_t call = OPERATION_SOCK_ACCEPT; call < OPERATION_COUNT; call++) {
        if (abi_operations[call].handle_slot == SLOT_NONE || strncmp(abi_operations[call].name, "sock_", 5) != 0)
            continue;
        struct decide_case *c = case_new();
        case_call_slots(c, (enum operation)call, (const uint64_t[OPERATION_SLOTS_MAX]) { CASE_STREAM });
        case_refuses(c, RULE_NOT_SOCKET, WASI_NOTSOCK);
    }
}

static void options_are_listed_and_clamped(void **state)
{
    (void)state;
    static const struct {
        enum import import;
        uint64_t value, set;
    } tries[] = { { IMPORT_WAMR_SOCK_SET_KEEP_ALIVE, 7, 1 },
                  { IMPORT_WAMR_SOCK_SET_SEND_BUF_SIZE, UINT32_MAX, LIMIT_SOCKET_BUFFER },
                  { IMPORT_WAMR_SOCK_SET_TCP_KEEP_IDLE, 100000, 32767 },
                  { IMPORT_WAMR_SOCK_SET_RECV_TIMEOUT, UINT64_MAX - 1, UINT64_C(1000000000000000) },
                  { IMPORT_WAMR_SOCK_SET_LINGER, 1, 6 } };
    static const enum import refused[] = { IMPORT_WAMR_SOCK_SET_REUSE_PORT, IMPORT_WAMR_SOCK_SET_BROADCAST,
                                           IMPORT_WAMR_SOCK_SET_IPV6_ONLY, IMPORT_WAMR_SOCK_SET_IP_TTL,
                                           IMPORT_WAMR_SOCK_SET_TCP_FASTOPEN_CONNECT };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct decide_case *c = case_new();
        case_call(c, OPERATION_SOCK_SET_OPTION, CASE_PEER, 0, 0, 0, tries[i].value, 0, 5);
        c->request.import = (uint16_t)tries[i].import;
        assert_true(case_issues(c, OP_SET_OPTION)->value == tries[i].set);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct decide_case *c = case_new();
        case_call(c, OPERATION_SOCK_SET_OPTION, CASE_PEER, 0, 0, 0, 1);
        c->request.import = (uint16_t)refused[i];
        case_refuses(c, RULE_OPTION_REFUSED, WASI_NOPROTOOPT);
    }
    struct decide_case *c = case_new(); /* WasmEdge's SO_BINDTODEVICE */
    case_call(c, OPERATION_SOCK_SET_OPTION, CASE_PEER, 0, 14, 0, 1, 4);
    c->request.import = IMPORT_WASMEDGE_SOCK_SETSOCKOPT;
    case_refuses(c, RULE_OPTION_REFUSED, WASI_NOPROTOOPT);
}

static void names_are_asked_for_by_number(void **state)
{
    (void)state;
    for (unsigned listed = 0; listed < 2; listed++) {
        struct decide_case *c = case_new();
        c->context.name_count = 2;
        c->context.name[0] = (struct decide_name) { 3, "abc" };
        c->context.name[1] = (struct decide_name) { 11, "example.org" };
        case_call(c, OPERATION_SOCK_RESOLVE, 0);
        c->request.import = IMPORT_WAMR_SOCK_ADDR_RESOLVE;
        case_path(c, listed ? "Example.ORG." : "example.com");
        if (!listed) {
            case_refuses(c, RULE_NAME_REFUSED, WASI_NOTCAPABLE);
            continue;
        }
        assert_int_equal(case_issues(c, OP_ASK_NAME)->value, 1);
        assert_int_equal(c->op.handle, HANDLE_RESOLVER);
        case_result(c, 4);
        assert_int_equal(case_issues(c, OP_TAKE_NAMES)->handle, HANDLE_RESOLVER);
        case_result(c, sizeof(struct net_address));
        case_commits(c);
    }
}

static void connected_streams_are_files(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_WRITE, CASE_PEER);
    case_iov(c, 0, 8);
    assert_int_equal(case_issues(c, OP_SEND)->flags, NET_MSG_NOSIGNAL);
    case_call(c, OPERATION_FD_READ, CASE_PEER);
    case_iov(c, 0, 8);
    case_issues(c, OP_RECEIVE);
    case_call(c, OPERATION_FD_WRITE, CASE_SOCKET);
    case_iov(c, 0, 8);
    case_refuses(c, RULE_NOT_CONNECTED, WASI_NOTCONN);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_PEER, FDFLAG_NONBLOCK);
    case_issues(c, OP_SET_FLAGS);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_PEER, FDFLAG_APPEND);
    case_refuses(c, RULE_NOT_SUPPORTED, WASI_NOTSUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_has_its_prefix_and_ports),
        cmocka_unit_test(each_bit_of_a_prefix_counts),
        cmocka_unit_test(addresses_mean_what_they_say),
        cmocka_unit_test(embedded_addresses_need_both_rules),
        cmocka_unit_test(the_family_is_the_sockets),
        cmocka_unit_test(the_unspecified_address_is_bound_as_a_whole),
        cmocka_unit_test(implicit_binds_are_binds),
        cmocka_unit_test(a_sender_is_bound),
        cmocka_unit_test(messages_of_strangers_are_dropped),
        cmocka_unit_test(six_is_nothing_else),
        cmocka_unit_test(no_socket_without_a_rule),
        cmocka_unit_test(a_connection_may_what_its_listener_hands_on),
        cmocka_unit_test(what_is_no_socket_is_refused),
        cmocka_unit_test(options_are_listed_and_clamped),
        cmocka_unit_test(names_are_asked_for_by_number),
        cmocka_unit_test(connected_streams_are_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
