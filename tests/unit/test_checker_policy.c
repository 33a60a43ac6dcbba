/* What a policy gives for a run's directories, matched by what they are; and what a trace's own word says against it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/claims.h"
#include "checker/grants.h"

/* The run: /r/data for writing as /a (inode 50), /r/other for reading as /b (inode 51). */
static struct policy_file had[] = { { (char[]) { "/r/data" }, (char[]) { "/a" }, true, NULL },
                                    { (char[]) { "/r/other" }, (char[]) { "/b" }, false, NULL } };
static struct run_initial initial[] = { { .ino = 1 },
                                        { .ino = 2 },
                                        { .ino = 3 },
                                        { .dev = 9, .ino = 50, .path = (char[]) { "/r/data" } },
                                        { .dev = 9, .ino = 51, .path = (char[]) { "/r/other" } } };
static struct run_spec spec;
static struct policy_file gives[2];
static struct policy policy;
static struct check_place places[2];
static struct check_options options;

static int setup(void **state)
{
    (void)state;
    memset(places, 0, sizeof places);
    policy_init(&spec.policy);
    spec.policy.files = had;
    spec.policy.file_count = 2;
    spec.initial = initial;
    spec.initial_count = 5;
    policy_init(&policy);
    policy.files = gives;
    policy.file_count = 1;
    gives[0] = (struct policy_file) { NULL, NULL, true, NULL };
    gives[1] = (struct policy_file) { NULL, NULL, false, NULL };
    options = (struct check_options) { .policy = &policy, .places = places };
    return 0;
}

static void place(unsigned i, const char *path, uint64_t ino)
{
    static char paths[2][32];
    strcpy(paths[i], path);
    places[i] = (struct check_place) { paths[i], ino != 0, 9, ino };
}

static void expect(unsigned index, enum grants_answer answer, enum judge_grant grant)
{
    struct grants_ruling ruling;
    grants_rule(&spec, &options, index, &ruling);
    assert_int_equal(ruling.answer, answer);
    assert_int_equal(ruling.grant, grant);
    assert_int_equal(ruling.text[0] != 0, answer != GRANTS_FULL);
}

static void test_own_policy(void **state)
{
    (void)state;
    options.policy = NULL;
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
    expect(1, GRANTS_FULL, JUDGE_GRANT_READ);
}

static void test_same_directory(void **state)
{
    (void)state;
    place(0, "/r/data", 50);
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
    expect(1, GRANTS_NONE, JUDGE_GRANT_NONE);
    gives[0].writes = false;
    expect(0, GRANTS_FULL, JUDGE_GRANT_READ);
    place(0, "/elsewhere/now", 50); /* moved, or mounted there: the object counts */
    expect(0, GRANTS_FULL, JUDGE_GRANT_READ);
    place(0, "/r/data", 0); /* gone: the name is all there is */
    expect(0, GRANTS_FULL, JUDGE_GRANT_READ);
    places[0].dev = 77; /* gone and made again by nobody: another boot's number of the device */
    places[0].here = true;
    places[0].ino = 50;
    expect(0, GRANTS_FULL, JUDGE_GRANT_READ);
}

/* On another machine numbers mean nothing: the name is all there is. */
static void test_other_machine(void **state)
{
    (void)state;
    spec.facts.host = (char[]) { "there" };
    options.host = "here";
    place(0, "/r/data", 60);
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
    place(0, "/elsewhere", 50);
    expect(0, GRANTS_NONE, JUDGE_GRANT_NONE);
    options.host = "there";
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
    spec.facts.host = NULL;
}

/* The trace does not say where the directory lay: only the object can tell. */
static void test_no_path(void **state)
{
    (void)state;
    char *path = initial[3].path;
    initial[3].path = NULL;
    place(0, "/r/data", 50);
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
    place(0, "/r/data", 60);
    expect(0, GRANTS_NONE, JUDGE_GRANT_NONE);
    place(0, "/r/data", 0);
    expect(0, GRANTS_UNKNOWN, JUDGE_GRANT_WRITE);
    spec.facts.host = (char[]) { "there" };
    options.host = "here";
    place(0, "/r/data", 50);
    expect(0, GRANTS_UNKNOWN, JUDGE_GRANT_WRITE);
    spec.facts.host = NULL;
    initial[3].path = path;
}

/* The first of a list is not the first of the other. */
static void test_order(void **state)
{
    (void)state;
    policy.file_count = 2;
    place(0, "/r/other", 51);
    place(1, "/r/data", 50);
    expect(0, GRANTS_FULL, JUDGE_GRANT_READ);
    expect(1, GRANTS_FULL, JUDGE_GRANT_WRITE);
}

static void test_replaced(void **state)
{
    (void)state;
    place(0, "/r/data", 60);
    expect(0, GRANTS_UNKNOWN, JUDGE_GRANT_WRITE);
}

static void test_parts(void **state)
{
    (void)state;
    place(0, "/r", 40);
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
    expect(1, GRANTS_FULL, JUDGE_GRANT_WRITE);
    place(0, "/", 2);
    expect(1, GRANTS_FULL, JUDGE_GRANT_WRITE);
    place(0, "/r/data/inner", 55);
    expect(0, GRANTS_UNKNOWN, JUDGE_GRANT_WRITE);
    expect(1, GRANTS_NONE, JUDGE_GRANT_NONE);
    place(0, "/r/da", 56); /* a prefix of the text, and no directory above */
    expect(0, GRANTS_NONE, JUDGE_GRANT_NONE);
    place(0, "/r/data2", 57);
    expect(0, GRANTS_NONE, JUDGE_GRANT_NONE);
}

static void test_widest(void **state)
{
    (void)state;
    policy.file_count = 2;
    place(0, "/r", 40);
    place(1, "/r/data", 50); /* for reading, in one for writing */
    expect(0, GRANTS_FULL, JUDGE_GRANT_WRITE);
}

static void test_no_places(void **state)
{
    (void)state;
    options.places = NULL;
    expect(0, GRANTS_NONE, JUDGE_GRANT_NONE);
}

static void test_limits(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT;
    struct trace_exit exit = { .instructions = 100 };
    assert_int_equal(grants_limits(&spec, &options, &exit, &text), 0);
    policy.limits.fuel = 100;
    assert_int_equal(grants_limits(&spec, &options, &exit, &text), 0);
    assert_int_equal(grants_limits(&spec, &options, NULL, &text), 1);
    exit.instructions = 101;
    policy.limits.memory = 65536;
    assert_int_equal(grants_limits(&spec, &options, &exit, &text), 2);
    buffer_u8(&text, 0);
    assert_non_null(strstr((char *)text.data, "used 101"));
    buffer_done(&text);
    spec.policy.limits = policy.limits; /* as narrow as asked */
    text = (struct buffer)BUFFER_INIT;
    assert_int_equal(grants_limits(&spec, &options, &exit, &text), 0);
    buffer_done(&text);
}

/* ---- the trace's own word ---- */

static struct trace_call call;     /* large */
static struct net_address claimed; /* that the request names */

static void rule(struct claims *claims, struct op op, const char *path, enum judge_rule wanted)
{
    struct judge_ruling ruling;
    uint32_t at;
    memset(&call, 0, sizeof call);
    call.complete = true;
    call.ops.count = 1;
    op.path = (struct region) { 0, (uint32_t)strlen(path) };
    memcpy(call.request.bytes, path, strlen(path));
    call.ops.op[0] = op;
    call.request.address = claimed;
    bool fine = claims_call(claims, &call, &ruling, &at);
    assert_string_equal(judge_rule_name(ruling.rule), judge_rule_name(wanted));
    assert_int_equal(fine, wanted == JUDGE_NONE);
}

static void test_claims(void **state)
{
    (void)state;
    enum judge_grant grants[] = { JUDGE_GRANT_READ, JUDGE_GRANT_WRITE };
    struct claims *claims;
    assert_int_equal(claims_create(&spec, grants, &spec.policy, &claims, NULL), STATUS_OK);
    rule(claims, (struct op) { .kind = OP_WRITE, .handle = 1 }, "", JUDGE_NONE);
    rule(claims, (struct op) { .kind = OP_OPEN, .handle = 3, .handle2 = 7, .flags = OPEN_READ }, "x", JUDGE_NONE);
    rule(claims, (struct op) { .kind = OP_PREAD, .handle = 7 }, "", JUDGE_NONE);
    rule(claims, (struct op) { .kind = OP_SYNC, .handle = 7 }, "", JUDGE_NONE);
    rule(claims, (struct op) { .kind = OP_PWRITE, .handle = 7 }, "",
         JUDGE_READ_ONLY); /* descends from a grant for reading */
    rule(claims, (struct op) { .kind = OP_SET_SIZE, .handle = 7 }, "", JUDGE_READ_ONLY);
    rule(claims, (struct op) { .kind = OP_SET_TIMES, .handle = 7 }, "", JUDGE_READ_ONLY);
    rule(claims, (struct op) { .kind = OP_OPEN, .handle = 3, .handle2 = 8, .flags = OPEN_CREATE }, "x",
         JUDGE_READ_ONLY);
    rule(claims, (struct op) { .kind = OP_UNLINK, .handle = 3 }, "x", JUDGE_READ_ONLY);
    rule(claims, (struct op) { .kind = OP_UNLINK, .handle = 4 }, "x", JUDGE_NONE);
    rule(claims, (struct op) { .kind = OP_UNLINK, .handle = 4 }, "x/y", JUDGE_NAME);
    rule(claims, (struct op) { .kind = OP_MAKE_DIR, .handle = 4 }, "..", JUDGE_NAME);
    rule(claims, (struct op) { .kind = OP_MAKE_DIR, .handle = 1 }, "x", JUDGE_FOREIGN_DIRECTORY);
    rule(claims, (struct op) { .kind = OP_CLOSE, .handle = 7 }, "", JUDGE_NONE);
    rule(claims, (struct op) { .kind = OP_PREAD, .handle = 7 }, "", JUDGE_FOREIGN_DESCRIPTOR);
    rule(claims, (struct op) { .kind = OP_PREAD, .handle = UINT32_MAX }, "", JUDGE_FOREIGN_DESCRIPTOR);
    rule(claims, (struct op) { .kind = 999 }, "", JUDGE_UNKNOWN);
    rule(claims, (struct op) { .kind = OP_CLOCK_TIME, .handle = HANDLE_NONE }, "", JUDGE_NONE);
    claims_free(claims);
    grants[1] = JUDGE_GRANT_NONE;
    assert_int_equal(claims_create(&spec, grants, &spec.policy, &claims, NULL), STATUS_OK);
    rule(claims, (struct op) { .kind = OP_OPEN, .handle = 4, .handle2 = 7, .flags = OPEN_READ }, "x",
         JUDGE_FOREIGN_DIRECTORY);
    claims_free(claims);
}

static struct op socket_of(uint32_t type, uint64_t protocol)
{
    return (struct op) { .kind = OP_SOCKET,
                         .handle = HANDLE_NONE,
                         .handle2 = 7,
                         .value = NET_AF_INET,
                         .flags = type | NET_SOCK_CLOEXEC,
                         .offset = protocol };
}

static struct op option_of(enum op_kind kind, uint32_t level, uint64_t name)
{
    return (struct op) { .kind = (uint16_t)kind, .handle = 7, .flags = level, .offset = name };
}

static void test_claims_of_sockets(void **state)
{
    (void)state;
    static struct net_rule rules[] = { { NET_UDP, NET_CONNECT, NET_V4, 8, { 10 }, 53, 53 },
                                       { NET_TCP, NET_CONNECT, NET_V4, 8, { 10 }, 80, 80 },
                                       { NET_UDP, NET_BIND, NET_V4, 0, { 0 }, 0, 0 },
                                       { NET_TCP, NET_BIND, NET_V4, 0, { 0 }, 0, 0 } };
    enum judge_grant grants[] = { JUDGE_GRANT_READ, JUDGE_GRANT_WRITE };
    policy.networks = rules;
    for (unsigned binds = 0; binds < 2; binds++) {
        struct claims *claims;
        policy.network_count = binds ? 4 : 2;
        assert_int_equal(claims_create(&spec, grants, &policy, &claims, NULL), STATUS_OK);
        rule(claims, socket_of(3 /* SOCK_RAW */, 0), "", JUDGE_SOCKET);
        rule(claims, socket_of(NET_SOCK_STREAM, 262), "", JUDGE_SOCKET);
        rule(claims, socket_of(NET_SOCK_DGRAM, NET_IPPROTO_TCP), "", JUDGE_SOCKET);
        rule(claims, socket_of(NET_SOCK_DGRAM, 0), "", JUDGE_NONE);
        rule(claims, option_of(OP_SET_OPTION, NET_SOL_SOCKET, NET_SO_REUSEADDR), "", JUDGE_OPTION);
        rule(claims, option_of(OP_SET_OPTION, NET_SOL_SOCKET, NET_SO_ERROR), "", JUDGE_OPTION);
        rule(claims, option_of(OP_GET_OPTION, NET_SOL_SOCKET, NET_SO_ERROR), "", JUDGE_NONE);
        claimed = (struct net_address) { .family = NET_V4, .port = 53, .bytes = { 10, 0, 0, 1 } };
        rule(claims, (struct op) { .kind = OP_SEND_TO, .handle = 7 }, "", binds ? JUDGE_NONE : JUDGE_ADDRESS);
        claimed.bytes[0] = 11;
        rule(claims, (struct op) { .kind = OP_SEND_TO, .handle = 7 }, "", JUDGE_ADDRESS);
        rule(claims, socket_of(NET_SOCK_STREAM, 0), "", JUDGE_NONE);
        rule(claims, (struct op) { .kind = OP_LISTEN, .handle = 7 }, "", binds ? JUDGE_NONE : JUDGE_ADDRESS);
        rule(claims, (struct op) { .kind = OP_LISTEN, .handle = 1 }, "", JUDGE_SOCKET);
        claimed = (struct net_address) { .family = NET_V4, .port = 80, .bytes = { 10, 0, 0, 1 } };
        rule(claims, (struct op) { .kind = OP_CONNECT, .handle = 7 }, "", JUDGE_NONE);
        claims_free(claims);
    }
    claimed = (struct net_address) { .family = NET_NONE };
}

/* A name that the run's guest could ask for, and a device: by what the policy lists. */
static void test_lists(void **state)
{
    (void)state;
    char *had_names[] = { (char[]) { "a.example" }, (char[]) { "b.example" } }, *now[] = { had_names[1] };
    struct grants_ruling ruling;
    spec.policy.names = had_names;
    spec.policy.name_count = 2;
    policy.names = now;
    policy.name_count = 1;
    assert_false(grants_name(&spec, &options, 0, &ruling));
    assert_non_null(strstr(ruling.text, "a.example"));
    assert_true(grants_name(&spec, &options, 1, &ruling));
    options.policy = NULL;
    assert_true(grants_name(&spec, &options, 0, &ruling));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = { T(test_own_policy), T(test_same_directory), T(test_other_machine),
                                        T(test_no_path),    T(test_order),          T(test_replaced),
                                        T(test_parts),      T(test_widest),         T(test_no_places),
                                        T(test_limits),     T(test_claims),         T(test_claims_of_sockets),
                                        T(test_lists) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
