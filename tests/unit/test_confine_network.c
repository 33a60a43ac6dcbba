/* The second line for a run that is granted TCP: Landlock holds it to the rules' ports, seccomp to sockets of the two
 * families, whoever owns the process. Each deed runs in a child of its own, behind the lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/skip_case.h"
#include "wasi/confine/confine.h"
#include "wasi/confine/landlock_rules.h"

enum { WORKED = 0, REFUSED = 77, NOT_CONFINED = 99, DIED = 1000 };
#define SECCOMP_ALONE  (CONFINE_BIT(NO_NEW_PRIVS) | CONFINE_BIT(SECCOMP))
#define LANDLOCK_ALONE (CONFINE_BIT(NO_NEW_PRIVS) | CONFINE_BIT(LANDLOCK))
enum { CONNECT_PORT = 9, CONNECT_LAST = 12, BIND_PORT = 45678 };

static const struct net_rule rules[] = {
    { NET_TCP, NET_CONNECT, NET_V4, 8, { 127 }, CONNECT_PORT, CONNECT_LAST },
    { NET_TCP, NET_BIND, NET_V6, 128, { [15] = 1 }, BIND_PORT, BIND_PORT },
    { NET_UDP, NET_CONNECT, NET_V4, 8, { 127 }, 1, 65535 }, /* of no meaning to Landlock */
};

struct deed {
    int family, type;
    uint16_t port;
};
typedef int deed_fn(const struct deed *deed);

static int attempt_with(const struct confine_options *options, deed_fn *fn, const struct deed *deed)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        signal(SIGSYS, SIG_DFL); /* the test library catches it */
        struct confine_report report;
        if (confine_apply(options, &report, NULL) != STATUS_OK)
            _exit(NOT_CONFINED);
        _exit(fn(deed));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? DIED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the report says of Landlock. */
static int state_of(const struct confine_options *options)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct confine_report report;
        _exit(confine_apply(options, &report, NULL) == STATUS_OK ? (int)report.state[CONFINE_LANDLOCK] : NOT_CONFINED);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int attempt(uint32_t lines, size_t rule_count, deed_fn *fn, const struct deed *deed)
{
    const struct confine_options options = { .lines = lines, .networks = rules, .network_count = rule_count };
    return attempt_with(&options, fn, deed);
}

static int open_one(const struct deed *deed) { return socket(deed->family, deed->type | SOCK_CLOEXEC, 0); }

static int to_port(const struct deed *deed, int (*call)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_in v4 = { .sin_family = AF_INET,
                              .sin_port = htons(deed->port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(deed->port),
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = open_one(deed);
    if (fd < 0)
        return NOT_CONFINED;
    int result = deed->family == AF_INET ? call(fd, (struct sockaddr *)&v4, sizeof v4)
                                         : call(fd, (struct sockaddr *)&v6, sizeof v6);
    return result < 0 && errno == EACCES ? REFUSED : WORKED; /* nobody listens there */
}
static int do_connect(const struct deed *deed) { return to_port(deed, connect); }
static int do_bind(const struct deed *deed) { return to_port(deed, bind); }
static int do_open(const struct deed *deed) { return open_one(deed) < 0 ? REFUSED : WORKED; }
static int do_option(const struct deed *deed)
{
    int yes = 1, fd = open_one(deed);
    return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) < 0 ? REFUSED : WORKED;
}

static void test_ports(void **state)
{
    (void)state;
    struct confine_report report;
    confine_probe_machine(&report);
    if (!report.landlock_net)
        SKIP_CASE("this Landlock knows no TCP");
    const struct {
        deed_fn *fn;
        struct deed deed;
        int wanted;
    } deeds[] = {
        { do_connect, { AF_INET, SOCK_STREAM, CONNECT_PORT }, WORKED },
        { do_connect, { AF_INET6, SOCK_STREAM, CONNECT_LAST }, WORKED }, /* the port; the address is the decision's */
        { do_connect, { AF_INET, SOCK_STREAM, CONNECT_LAST + 1 }, REFUSED },
        { do_connect, { AF_INET, SOCK_STREAM, BIND_PORT }, REFUSED },
        { do_bind, { AF_INET6, SOCK_STREAM, BIND_PORT }, WORKED },
        { do_bind, { AF_INET6, SOCK_STREAM, CONNECT_PORT }, REFUSED },
        { do_bind, { AF_INET, SOCK_STREAM, 0 }, REFUSED },
    };
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        int got = attempt(LANDLOCK_ALONE, 3, deeds[i].fn, &deeds[i].deed);
        if (got != deeds[i].wanted)
            fail_msg("deed %zu: %d, not %d", i, got, deeds[i].wanted);
        if (deeds[i].wanted == WORKED)
            assert_int_equal(attempt(LANDLOCK_ALONE, 0, deeds[i].fn, &deeds[i].deed), REFUSED);
    }
}

/* So many ports are not named one by one: that right is not held, and the report says so. */
static void test_wide_rules(void **state)
{
    (void)state;
    const struct net_rule wide[] = { { NET_TCP, NET_CONNECT, NET_V4, 0, { 0 }, 1, 65535 },
                                     { NET_TCP, NET_BIND, NET_V4, 8, { 127 }, 80, 80 } };
    struct confine_report machine;
    confine_probe_machine(&machine);
    if (!machine.landlock_net)
        SKIP_CASE("this Landlock knows no TCP");
    struct confine_options options = { .lines = LANDLOCK_ALONE, .networks = wide, .network_count = 2 };
    const struct deed any = { AF_INET, SOCK_STREAM, 4321 };
    assert_int_equal(attempt_with(&options, do_connect, &any), WORKED);
    assert_int_equal(attempt_with(&options, do_bind, &any), REFUSED);
    assert_int_equal(state_of(&options), CONFINE_PART);
    options.networks = rules; /* which names few */
    assert_int_equal(state_of(&options), machine.state[CONFINE_LANDLOCK]);
}

/* White box: a line that does not hold all is held in part, whatever this kernel has. */
static void test_wide_rules_are_held_in_part(void **state)
{
    (void)state;
    static uint8_t ports[LANDLOCK_PORTS];
    for (int verb = NET_CONNECT; verb <= NET_BIND; verb++)
        for (uint32_t last = 4096; last <= 4097; last++) {
            const struct net_rule rule = { NET_TCP, (uint8_t)verb, NET_V4, 0, { 0 }, 1, (uint16_t)last };
            const struct confine_options options = { .networks = &rule, .network_count = 1 };
            struct landlock_rights held = landlock_rights_held(&options, INT32_MAX, ports);
            assert_int_equal(landlock_state(&held), last == 4096 ? CONFINE_ON : CONFINE_PART);
            held = landlock_rights_held(&options, 5, ports);
            assert_int_equal(landlock_state(&held), CONFINE_PART);
            held = landlock_rights_held(&options, 0, ports);
            assert_int_equal(landlock_state(&held), CONFINE_ABSENT);
        }
}

static void test_kinds_of_sockets(void **state)
{
    (void)state;
    const struct {
        size_t rules;
        deed_fn *fn;
        struct deed deed;
        int wanted;
    } deeds[] = {
        { 3, do_open, { AF_INET, SOCK_STREAM, 0 }, WORKED },
        { 3, do_open, { AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0 }, WORKED },
        { 3, do_open, { AF_UNIX, SOCK_STREAM, 0 }, DIED + SIGSYS },
        { 3, do_open, { 16 /* AF_NETLINK */, SOCK_DGRAM, 0 }, DIED + SIGSYS },
        { 3, do_open, { AF_INET, SOCK_RAW, 0 }, DIED + SIGSYS },
        { 3, do_option, { AF_INET, SOCK_STREAM, 0 }, DIED + SIGSYS },
        { 0, do_open, { AF_INET, SOCK_STREAM, 0 }, DIED + SIGSYS },
    };
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        int got = attempt(SECCOMP_ALONE, deeds[i].rules, deeds[i].fn, &deeds[i].deed);
        if (got != deeds[i].wanted)
            fail_msg("deed %zu: %d, not %d", i, got, deeds[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ports), cmocka_unit_test(test_wide_rules),
                                        cmocka_unit_test(test_wide_rules_are_held_in_part),
                                        cmocka_unit_test(test_kinds_of_sockets) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
