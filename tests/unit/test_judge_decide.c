/* The judge and the decision core read the network's rules apart, and share no code: here both are asked the same. An
 * address that one allows the other allows; an option that is issued stands in the one table of options. */
#include <string.h>
#include "checker/judge/judge.h"
#include "decide_case.h"

/* What an address may begin with, and mean; 0: its bytes are tried as they come. */
static const uint8_t heads[][16] = {
    { 0 },       { [10] = 0xff, 0xff }, { [8] = 0xff, 0xff },   { 0, 0x64, 0xff, 0x9b }, { 0, 0x64, 0xff, 0x9b, 0, 1 },
    { 0x20, 2 }, { 0x20, 1 },           { 0x20, 1, 0xd, 0xb8 }, { 0xfe, 0x80 },          { 0xff, 2 }
};
static const uint8_t tails[][4] = {
    { 0 },           { 0, 0, 0, 1 },   { 0, 0, 0, 2 },   { 0, 1, 2, 3 },   { 10, 0, 0, 1 },
    { 11, 0, 0, 1 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 }, { 240, 0, 0, 1 }, { 255, 255, 255, 255 }
};
static const uint16_t ports[] = { 0, 1, 80, 99, 100, UINT16_MAX };

/* Rules over which the two are asked; each address under each of them alone, and under all. */
static const struct net_rule rules[] = {
    { NET_TCP, NET_CONNECT, NET_V6, 0, { 0 }, 0, 99 },
    { NET_TCP, NET_CONNECT, NET_V4, 8, { 10 }, 80, 99 },
    { NET_TCP, NET_CONNECT, NET_V4, 0, { 0 }, 0, UINT16_MAX },
    { NET_TCP, NET_CONNECT, NET_V6, 7, { 0x20 }, 80, 80 },
    { NET_TCP, NET_BIND, NET_V6, 0, { 0 }, 0, 99 },
    { NET_TCP, NET_BIND, NET_V4, 32, { 0 }, 0, 80 },
    { NET_TCP, NET_BIND, NET_V4, 8, { 127 }, 0, 0 },
    { NET_TCP, NET_BIND, NET_V6, 128, { 0 }, 0, 0 },
    { NET_TCP, NET_BIND, NET_V6, 1, { 0 }, 0, 99 },
    { NET_UDP, NET_CONNECT, NET_V4, 0, { 0 }, 0, 99 },
};
enum { RULES = sizeof rules / sizeof *rules };

static unsigned ask(const struct net_rule *from, uint32_t count, const struct net_address *address)
{
    unsigned allowed = 0;
    for (int verb = NET_CONNECT; verb <= NET_BIND; verb++) {
        struct decide_case *c = case_new();
        memcpy(c->context.network, from, count * sizeof *from);
        c->context.network_count = count;
        c->table.handle[CASE_SOCKET].net_family = address->family;
        case_call(c, verb == NET_BIND ? OPERATION_SOCK_BIND : OPERATION_SOCK_CONNECT, CASE_SOCKET);
        c->request.address = *address;
        bool decided = case_step(c).verdict == VERDICT_ISSUE,
             judged = judge_policy_allows(from, count, NET_TCP, (enum net_verb)verb, address);
        if (decided != judged)
            fail_msg("family %u, bytes %02x%02x%02x%02x...%02x%02x%02x%02x, port %u, verb %d: the core says %d, the "
                     "judge %d",
                     address->family, address->bytes[0], address->bytes[1], address->bytes[2], address->bytes[3],
                     address->bytes[12], address->bytes[13], address->bytes[14], address->bytes[15], address->port,
                     verb, decided, judged);
        allowed += judged;
    }
    return allowed;
}

static void both_read_the_rules_alike(void **state)
{
    (void)state;
    unsigned allowed = 0, asked = 0;
    for (size_t head = 0; head < sizeof heads / sizeof *heads; head++)
        for (size_t tail = 0; tail < sizeof tails / sizeof *tails; tail++)
            for (size_t place = 0; place < 3; place++)
                for (size_t port = 0; port < sizeof ports / sizeof *ports; port++) {
                    static const size_t at[] = { 12, 2, 6 };
                    struct net_address address = { .family = NET_V6, .port = ports[port] };
                    memcpy(address.bytes, heads[head], sizeof address.bytes);
                    memcpy(address.bytes + at[place], tails[tail], 4);
                    if (head == 0 && place == 0) {
                        address = (struct net_address) { .family = NET_V4, .port = ports[port] };
                        memcpy(address.bytes, tails[tail], 4);
                    }
                    allowed += ask(rules, RULES, &address);
                    for (uint32_t i = 0; i < RULES; i++)
                        allowed += ask(&rules[i], 1, &address);
                    asked += 2 * (1 + RULES);
                }
    assert_in_range(allowed, 1000, asked - 1000); /* neither refuses, nor allows, all of them */
}

/* ---- options ---- */

#define ASKS                           false
#define SETS                           true
#define NET_OPTION_SOCKET(name, which) { NET_SOL_SOCKET, NET_##name, which, false },
#define NET_OPTION_TCP(name, which)    { NET_IPPROTO_TCP, NET_##name, which, false },
#define NET_OPTION_V6(name, which)     { NET_IPPROTO_IPV6, NET_##name, which, false },
static struct {
    uint64_t level, name;
    bool sets, seen;
} options[] = {
#include "wasi/abi/net_options.def"
};
enum { OPTIONS = sizeof options / sizeof *options };

/* One call about an option; whatever is issued for it must be in the table. */
static void options_try(enum operation call, uint16_t import, uint64_t edge, uint32_t fd, uint8_t family)
{
    struct decide_case *c = case_new();
    const bool sets = call == OPERATION_SOCK_SET_OPTION;
    c->table.handle[fd].net_family = family;
    case_call(c, call, fd, 0, edge, 0, 1, 4);
    c->request.import = import;
    for (uint64_t bytes = 4; bytes <= 16; bytes *= 2) { /* of WasmEdge's value */
        c->request.slot[sets ? SLOT_SOCK_SET_OPTION_bytes : SLOT_SOCK_GET_OPTION_value_len] = bytes;
        c->plan = c->before = decide_plan_start();
        if (case_step(c).verdict != VERDICT_ISSUE)
            continue;
        assert_int_equal(c->op.kind, sets ? OP_SET_OPTION : OP_GET_OPTION);
        assert_false(sets && fd == CASE_MESSAGES && c->op.flags == NET_SOL_SOCKET && c->op.offset == NET_SO_REUSEADDR);
        size_t i = 0;
        while (i < OPTIONS && (options[i].level != c->op.flags || options[i].name != c->op.offset))
            i++;
        if (i == OPTIONS || (sets && !options[i].sets))
            fail_msg("option %u of level %u is issued, and is not in the table", (unsigned)c->op.offset,
                     (unsigned)c->op.flags);
        options[i].seen = true;
    }
}

static void the_table_has_each_option(void **state)
{
    (void)state;
    for (uint16_t import = 0; import < IMPORT_COUNT; import++)
        for (uint64_t edge = 0; edge < 32; edge++)
            for (int sets = 0; sets < 2; sets++)
                for (int six = 0; six < 2; six++) {
                    enum operation call = sets ? OPERATION_SOCK_SET_OPTION : OPERATION_SOCK_GET_OPTION;
                    options_try(call, import, edge, CASE_SOCKET, six ? NET_V6 : NET_V4);
                    options_try(call, import, edge, CASE_MESSAGES, six ? NET_V6 : NET_V4);
                }
    for (size_t i = 0; i < OPTIONS; i++)
        if (!options[i].seen)
            fail_msg("row %zu of the table: no call has it", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(both_read_the_rules_alike),
                                        cmocka_unit_test(the_table_has_each_option) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
