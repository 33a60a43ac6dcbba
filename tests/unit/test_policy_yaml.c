/* The policy file: what is granted is exactly what is written, and every refusal names file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wasi/policy/policy.h"

struct broken {
    const char *text;   /* of the policy */
    const char *begins; /* of the message */
    const char *says;   /* something in it */
};

#define HEAD             "version: 1\n"
#define CONNECT(address) HEAD "network:\n  - protocol: tcp\n    connect: [\"1.2.3.4/32:1\",\n    \"" address "\"]\n"
#define BIND(address)    HEAD "network:\n  - protocol: udp\n    bind: [\"" address "\"]\n"

static const struct broken broken[] = {
    { "", "p.yaml:1: ", "empty" },
    { "# only a remark\n", "p.yaml:1: ", "empty" },
    { "- version\n", "p.yaml:1: ", "MAPPING" },
    { "files: []\n", "p.yaml:1: ", "version" },
    { "version: 2\n", "p.yaml:1: version: 2 is from a later warrant", "" },
    { "\n\nversion: 0\n", "p.yaml:3: ", "must be 1" },
    { "version: one\n", "p.yaml:1: ", "must be 1" },
    { "version: 1x\n", "p.yaml:1: ", "must be 1" },
    { "version: 18446744073709551617\n", "p.yaml:1: ", "must be 1" },
    { HEAD "files:\n  - host: a\n    gest: b\n", "p.yaml:4: ", "gest" },
    { HEAD "files:\n  - host: a\n\nshells: 3\n", "p.yaml:5: ", "shells" },
    { HEAD "files:\n  - host: a\n    host: b\n", "p.yaml:4: ", "'host' stands twice" },
    { HEAD "version: 1\n", "p.yaml:2: ", "'version' stands twice" },
    { HEAD "files:\n  - host: a\n  - guest: b\n\n\nlimits: { fuel: 1 }\n", "p.yaml:4: ", "host" },
    { HEAD "files: a\n", "p.yaml:2: ", "SEQUENCE" },
    { HEAD "files:\n", "p.yaml:2: ", "SEQUENCE" },
    { HEAD "files:\n  - a\n", "p.yaml:3: ", "MAPPING" },
    { HEAD "files:\n  - host: [a]\n", "p.yaml:3: ", "STRING" },
    { HEAD "files:\n  - host: \"\"\n", "p.yaml:3: ", "" },
    { HEAD "files:\n  - host: \"a\\0b\"\n", "p.yaml:3: ", "NUL" },
    { HEAD "files:\n  - host: a\n    access: rw\n", "p.yaml:4: ", "read or write" },
    { HEAD "files:\n  - host: a\n    access: Read\n", "p.yaml:4: ", "read or write" },
    { HEAD "files:\n  - host: a\n  - host: b\n    guest: a\n", "p.yaml:4: ", "twice" },
    { HEAD "devices: [null, tty]\n", "p.yaml:2: ", "tty is no device" },
    { HEAD "devices:\n  - zero\n  - dev/null\n", "p.yaml:4: ", "absolute path is wanted" },
    { HEAD "devices: null\n", "p.yaml:2: ", "SEQUENCE" },
    { HEAD "limits: { memory: 256MB }\n", "p.yaml:2: memory: ", "MiB" },
    { HEAD "limits: { memory: 65537 }\n", "p.yaml:2: memory: ", "64KiB" },
    { HEAD "limits: { memory: 5GiB }\n", "p.yaml:2: memory: ", "more than the greatest possible value, 4GiB" },
    { HEAD "limits: { memory: -1 }\n", "p.yaml:2: memory: ", "size" },
    { HEAD "limits: { memory: 1.0001KiB }\n", "p.yaml:2: memory: ", "no whole number of bytes" },
    { HEAD "limits: { memory: 99999999999999999999 }\n", "p.yaml:2: memory: ", "greatest possible value, 4GiB" },
    { HEAD "limits:\n  memory: 1MiB\n  descriptors: 4097\n",
      "p.yaml:4: descriptors: ", "greatest possible value, 4096" },
    { HEAD "limits: { descriptors: 2 }\n", "p.yaml:2: descriptors: ", "'2' is less than the least possible value, 3" },
    { HEAD "limits: { descriptors: 0x10 }\n", "p.yaml:2: descriptors: ", "count" },
    { HEAD "limits: { call_depth: 20001 }\n", "p.yaml:2: call_depth: ", "greatest possible value, 20000" },
    { HEAD "limits: { call_depth: 0 }\n", "p.yaml:2: call_depth: ", "least possible value, 1" },
    { HEAD "limits: { call_depth: deep }\n", "p.yaml:2: call_depth: ", "count" },
    { HEAD "limits:\n  module: 1073741825\n", "p.yaml:3: module: ", "greatest possible value, 1GiB" },
    { HEAD "limits:\n\n  module: 4294967304\n", "p.yaml:4: module: ", "greatest possible value, 1GiB" },
    { HEAD "limits: { module: 7 }\n", "p.yaml:2: module: ", "least possible value, 8" },
    { HEAD "limits: { module: 1MB }\n", "p.yaml:2: module: ", "MiB" },
    { HEAD "limits:\n  functions: 1000001\n", "p.yaml:3: functions: ", "greatest possible value, 1000000" },
    { HEAD "limits: { functions: 0 }\n", "p.yaml:2: functions: ", "least possible value, 1" },
    { HEAD "limits: { functions: 1KiB }\n", "p.yaml:2: functions: ", "count" },
    { HEAD "limits:\n  locals: 50001\n", "p.yaml:3: locals: ", "greatest possible value, 50000" },
    { HEAD "limits: { locals: -1 }\n", "p.yaml:2: locals: ", "count" },
    { HEAD "limits:\n  tables: 101\n", "p.yaml:3: tables: ", "greatest possible value, 100" },
    { HEAD "limits: { tables: [1] }\n", "p.yaml:2: ", "STRING" },
    { HEAD "limits:\n  table_elements: 10000001\n", "p.yaml:3: table_elements: ", "greatest possible value, 10000000" },
    { HEAD "limits: { table_elements: 4294967296 }\n", "p.yaml:2: table_elements: ", "greatest possible value" },
    { HEAD "limits: { table_elements: many }\n", "p.yaml:2: table_elements: ", "count" },
    { HEAD "limits: { element: 1 }\n", "p.yaml:2: ", "element" },
    { HEAD "limits: { tables: 1, tables: 2 }\n", "p.yaml:2: ", "'tables' stands twice" },
    { HEAD "limits: { fuel: 5e20 }\n", "p.yaml:2: fuel: ", "greatest possible value, 9223372036854775807" },
    { HEAD "limits: { fuel: 1KiB }\n", "p.yaml:2: fuel: ", "count" },
    { HEAD "limits: { wall: 30 }\n", "p.yaml:2: wall: ", "as 500ms, 1.5s" },
    { HEAD "limits: { wall: 0s }\n", "p.yaml:2: wall: ", "less than the least" },
    { HEAD "limits: { wall: 3 s }\n", "p.yaml:2: wall: ", "duration" },
    { HEAD "limits: { wall: 1s, cpu: 3 }\n", "p.yaml:2: ", "cpu" },
    { HEAD "limits: { output: much }\n", "p.yaml:2: output: ", "size" },
    { HEAD "limits: { trace: 65535 }\n", "p.yaml:2: trace: ", "less than the least" },
    { HEAD "on_violation: ignore\n", "p.yaml:2: ", "errno, trap or kill" },
    { HEAD "network:\n  - protocol: icmp\n    connect: [\"1.2.3.4/32:1\"]\n", "p.yaml:3: ", "tcp or udp" },
    { HEAD "network:\n  - protocol: tcp\n", "p.yaml:3: ", "grants nothing" },
    { HEAD "network:\n  - protocol: tcp\n    connect: 1.2.3.4/32:1\n", "p.yaml:4: ", "SEQUENCE" },
    { CONNECT("127.0.0.1:80"), "p.yaml:5: ", "no prefix length" },
    { CONNECT("127.0.0.1/33:80"), "p.yaml:5: ", "from 0 to 32" },
    { CONNECT("127.0.0.1/:80"), "p.yaml:5: ", "from 0 to 32" },
    { CONNECT("127.0.0.1/032:80"), "p.yaml:5: ", "from 0 to 32" },
    { CONNECT("127.0.0.1/32"), "p.yaml:5: ", "no port" },
    { CONNECT("127.0.0.1/32:"), "p.yaml:5: ", "port" },
    { CONNECT("127.0.0.1/32:80x"), "p.yaml:5: ", "port" },
    { CONNECT("127.0.0.1/32:80 "), "p.yaml:5: ", "port" },
    { CONNECT("127.0.0.1/32:65536"), "p.yaml:5: ", "port" },
    { CONNECT("127.0.0.1/32:0"), "p.yaml:5: ", "port 0" },
    { CONNECT("127.0.0.1/32:90-80"), "p.yaml:5: ", "range" },
    { CONNECT("127.0.0.1/32:80-"), "p.yaml:5: ", "range" },
    { CONNECT("127.0.0.1/8:80"), "p.yaml:5: ", "behind its prefix" },
    { CONNECT("127.1/32:80"), "p.yaml:5: ", "IPv4" },
    { CONNECT("0177.0.0.1/32:80"), "p.yaml:5: ", "IPv4" },
    { CONNECT("example.org/32:80"), "p.yaml:5: ", "host names" },
    { CONNECT("/32:80"), "p.yaml:5: ", "no address" },
    { CONNECT("::1/128:80"), "p.yaml:5: ", "brackets" },
    { CONNECT("[::1/128:80"), "p.yaml:5: ", "no address" },
    { CONNECT("[::1]/129:80"), "p.yaml:5: ", "from 0 to 128" },
    { CONNECT("[::ffff:1.2.3.4]/128:80"), "p.yaml:5: ", "disguise" },
    { CONNECT("[fe80::1%eth0]/128:80"), "p.yaml:5: ", "IPv6" },
    { CONNECT("1.2.3.4/32:1"), "p.yaml:5: ", "twice" },
    { BIND("1.2.3.4/32:5\\0"), "p.yaml:4: ", "NUL" },
    { HEAD "listen: tcp:127.0.0.1:80\n", "p.yaml:2: ", "SEQUENCE" },
    { HEAD "listen:\n  - udp:127.0.0.1:80\n", "p.yaml:3: ", "only TCP sockets listen" },
    { HEAD "listen: [\"127.0.0.1:80\"]\n", "p.yaml:2: ", "neither tcp: nor udp:" },
    { HEAD "listen: [\"tcp:127.0.0.1\"]\n", "p.yaml:2: ", "no port" },
    { HEAD "listen: [\"tcp:[::1]\"]\n", "p.yaml:2: ", "no port" },
    { HEAD "listen: [\"tcp:::1:80\"]\n", "p.yaml:2: ", "brackets" },
    { HEAD "listen: [\"tcp:[::1:80\"]\n", "p.yaml:2: ", "no port" },
    { HEAD "listen: [\"tcp:[::ffff:127.0.0.1]:80\"]\n", "p.yaml:2: ", "disguise" },
    { HEAD "listen: [\"tcp:localhost:80\"]\n", "p.yaml:2: ", "host names" },
    { HEAD "listen: [\"tcp:127.0.0.1:65536\"]\n", "p.yaml:2: ", "from 0 to 65535" },
    { HEAD "listen: [\"tcp:127.0.0.1:8-9\"]\n", "p.yaml:2: ", "from 0 to 65535" },
    { HEAD "listen:\n  - tcp:127.0.0.1:80\n  - tcp:127.0.0.1:80\n", "p.yaml:4: ", "twice" },
    { HEAD "names: [\"*.org\"]\n", "p.yaml:2: ", "no host name" },
    { HEAD "names: [127.0.0.1]\n", "p.yaml:2: ", "no host name" },
    { HEAD "names:\n  - a..b\n", "p.yaml:3: ", "no host name" },
    { HEAD "names: [-a]\n", "p.yaml:2: ", "no host name" },
    { HEAD "names: [\"a b\"]\n", "p.yaml:2: ", "no host name" },
    { HEAD "names: [\"::1\"]\n", "p.yaml:2: ", "no host name" },
    { HEAD "names: [Example.org, example.org.]\n", "p.yaml:2: ", "twice" },
    { "version: &a 1\n", "p.yaml:1: ", "anchors" },
    { "version: !!int 1\n", "p.yaml:1: ", "tags" },
    { HEAD "files: &f []\n", "p.yaml:2: ", "anchors" },
    { HEAD "---\nversion: 1\n", "p.yaml:2: ", "second document" },
    { HEAD "? [a]\n: b\n", "p.yaml:2: ", "word" },
    { HEAD "files: [[[[[[[[[[]]]]]]]]]]\n", "p.yaml:2: ", "nested" },
    { HEAD "files: [\n", "p.yaml:3: ", "not YAML" },
    { HEAD "\tfiles: 1\n", "p.yaml:2: ", "not YAML" },
    { HEAD "\nfiles: \xff\n", "p.yaml:3: ", "not YAML" },
};

static void test_broken_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct policy policy;
        struct error error = ERROR_INIT;
        enum status status = policy_parse_yaml(broken[i].text, strlen(broken[i].text), "p.yaml", &policy, &error);
        if (status == STATUS_OK || strncmp(error.text, broken[i].begins, strlen(broken[i].begins)) != 0 ||
            !strstr(error.text, broken[i].says))
            fail_msg("policy %zu:\n%s\nsaid: %s\nwanted: %s... %s", i, broken[i].text, error.text, broken[i].begins,
                     broken[i].says);
        assert_int_equal(policy.file_count + policy.network_count, 0);
        policy_done(&policy);
    }
}

static void test_whole_policy(void **state)
{
    (void)state;
    static const char text[] =
        "version: 1\n"
        "files:\n"
        "  - host: ./data\n"
        "    guest: /data\n"
        "    access: read            # read | write\n"
        "  - { host: /tmp/x, access: write }\n"
        "  - host: plain\n"
        "network:\n"
        "  - protocol: tcp\n"
        "    connect: [\"127.0.0.1/32:5432\", \"[2001:db8::]/32:443\"]\n"
        "  - protocol: udp\n"
        "    bind: [\"0.0.0.0/0:8000-8999\"]\n"
        "listen: [\"tcp:127.0.0.1:8080\", \"tcp:[::1]:0\"]\n"
        "names: [example.org, LocalHost]\n"
        "limits: { memory: 256MiB, descriptors: 64, call_depth: 100, fuel: 5e9, wall: 30s, module: 4MiB,\n"
        "          functions: 1e4, locals: 200, tables: 2, table_elements: 3000 }\n"
        "on_violation: trap\n";
    struct policy p;
    struct error error = ERROR_INIT;
    enum status status = policy_parse_yaml(text, sizeof text - 1, "p.yaml", &p, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(p.version, 1);
    assert_int_equal(p.file_count, 3);
    assert_string_equal(p.files[0].host, "./data");
    assert_string_equal(p.files[0].guest, "/data");
    assert_false(p.files[0].writes);
    assert_string_equal(p.files[1].guest, "/tmp/x");
    assert_true(p.files[1].writes);
    assert_false(p.files[2].writes); /* silence grants reading alone */
    assert_int_equal(p.network_count, 3);
    static const uint8_t v4[4] = { 127, 0, 0, 1 }, v6[4] = { 0x20, 0x01, 0x0d, 0xb8 };
    assert_int_equal(p.networks[0].protocol, NET_TCP);
    assert_int_equal(p.networks[0].verb, NET_CONNECT);
    assert_int_equal(p.networks[0].family, 4);
    assert_int_equal(p.networks[0].prefix, 32);
    assert_memory_equal(p.networks[0].bytes, v4, 4);
    assert_int_equal(p.networks[0].port_first, 5432);
    assert_int_equal(p.networks[0].port_last, 5432);
    assert_int_equal(p.networks[1].family, 6);
    assert_memory_equal(p.networks[1].bytes, v6, 4);
    assert_int_equal(p.networks[2].protocol, NET_UDP);
    assert_int_equal(p.networks[2].verb, NET_BIND);
    assert_int_equal(p.networks[2].port_first, 8000);
    assert_int_equal(p.networks[2].port_last, 8999);
    assert_int_equal(p.listen_count, 2);
    assert_int_equal(p.listens[0].family, 4);
    assert_memory_equal(p.listens[0].bytes, v4, 4);
    assert_int_equal(p.listens[0].port, 8080);
    assert_int_equal(p.listens[1].family, 6);
    assert_int_equal(p.listens[1].bytes[15], 1);
    assert_int_equal(p.listens[1].port, 0);
    assert_int_equal(p.name_count, 2);
    assert_string_equal(p.names[1], "localhost");
    assert_int_equal(p.limits.memory, 256U << 20);
    assert_int_equal(p.limits.descriptors, 64);
    assert_int_equal(p.limits.call_depth, 100);
    assert_true(p.limits.fuel == 5000000000U);
    assert_true(p.limits.wall_ns == 30000000000U);
    assert_int_equal(p.limits.module_bytes, 4U << 20);
    assert_int_equal(p.limits.functions, 10000);
    assert_int_equal(p.limits.locals, 200);
    assert_int_equal(p.limits.tables, 2);
    assert_int_equal(p.limits.table_elements, 3000);
    assert_int_equal(p.on_violation, POLICY_VIOLATION_TRAP);
    policy_done(&p);
}

static void test_least_policy(void **state)
{
    (void)state;
    struct policy p;
    assert_int_equal(policy_parse_yaml("version: 1\n", 11, "p.yaml", &p, NULL), STATUS_OK);
    assert_int_equal(p.file_count, 0);
    assert_int_equal(p.network_count, 0);
    assert_true(p.limits.fuel == UINT64_MAX && p.limits.wall_ns == UINT64_MAX && p.limits.output == UINT64_MAX);
    assert_true(p.limits.trace == POLICY_TRACE_DEFAULT);
    assert_int_equal(p.limits.module_bytes, LIMIT_MODULE_BYTES);
    assert_int_equal(p.limits.functions, LIMIT_FUNCTIONS);
    assert_int_equal(p.limits.locals, LIMIT_LOCALS);
    assert_int_equal(p.limits.tables, LIMIT_TABLES);
    assert_int_equal(p.limits.table_elements, LIMIT_TABLE_ELEMENTS);
    policy_done(&p);
}

/* What a refusal calls the greatest value is taken, and zero where none of a thing makes sense. */
static void test_outermost_limits(void **state)
{
    (void)state;
    static const char most[] = HEAD "limits: { memory: 4GiB, descriptors: 4096, call_depth: 20000, module: 1GiB,\n"
                                    "  functions: 1000000, locals: 50000, tables: 100, table_elements: 1e7 }\n";
    static const char least[] = HEAD "limits: { memory: 0, descriptors: 3, call_depth: 1, module: 8,\n"
                                     "  functions: 1, locals: 0, tables: 0, table_elements: 0 }\n";
    struct policy p;
    assert_int_equal(policy_parse_yaml(most, sizeof most - 1, "p.yaml", &p, NULL), STATUS_OK);
    assert_int_equal(p.limits.module_bytes, LIMIT_MODULE_BYTES);
    assert_int_equal(p.limits.table_elements, LIMIT_TABLE_ELEMENTS);
    policy_done(&p);
    assert_int_equal(policy_parse_yaml(least, sizeof least - 1, "p.yaml", &p, NULL), STATUS_OK);
    assert_int_equal(p.limits.module_bytes, 8);
    assert_int_equal(p.limits.functions + p.limits.locals + p.limits.tables + p.limits.table_elements, 1);
    policy_done(&p);
}

/* Any cut or changed byte of a policy is read or refused, never worse (the sanitizers watch). */
static void test_mangled_policy(void **state)
{
    (void)state;
    static const char text[] = "version: 1\nfiles:\n  - host: a\n    access: write\nnetwork:\n  - protocol: tcp\n"
                               "    connect: [\"1.2.3.4/32:1\"]\nlimits: { memory: 1MiB, wall: 1s }\n";
    static const char changes[] = { 0, '\n', ':', '[', '{', '"', '&', '*', '-', ' ', (char)0xff };
    char copy[sizeof text];
    for (size_t i = 0; i < sizeof text; i++) {
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(copy, text, sizeof text);
            copy[i] = changes[k];
            struct policy p;
            struct error error = ERROR_INIT;
            enum status status = policy_parse_yaml(copy, sizeof text - 1, "p.yaml", &p, &error);
            assert_true(status == STATUS_OK || !strncmp(error.text, "p.yaml:", 7));
            policy_done(&p);
        }
        struct policy p;
        enum status status = policy_parse_yaml(text, i, "p.yaml", &p, NULL);
        assert_true(status == STATUS_OK || !p.file_count);
        policy_done(&p);
    }
}

/* Numbers of policies and options: exact or refused, fractions too. */
static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        enum status (*parse)(const char *text, uint64_t *ret, struct error *error);
        const char *text;
        enum status status;
        uint64_t value;
    } rows[] = {
        { policy_parse_count, "0", STATUS_OK, 0 },
        { policy_parse_count, "0.0", STATUS_OK, 0 },
        { policy_parse_count, "007", STATUS_OK, 7 },
        { policy_parse_count, "1e9", STATUS_OK, 1000000000 },
        { policy_parse_count, "2.5e9", STATUS_OK, 2500000000 },
        { policy_parse_count, "1.50", STATUS_INVALID, 0 },
        { policy_parse_count, "1.50e1", STATUS_OK, 15 },
        { policy_parse_count, "18446744073709551615", STATUS_OK, UINT64_MAX },
        { policy_parse_count, "18446744073709551616", STATUS_LIMIT, 0 },
        { policy_parse_count, "1844674407370955161.5e1", STATUS_OK, UINT64_MAX },
        { policy_parse_count, "1.8446744073709551616e19", STATUS_LIMIT, 0 },
        { policy_parse_count, "2e19", STATUS_LIMIT, 0 },
        { policy_parse_count, "1e19", STATUS_OK, UINT64_C(10000000000000000000) },
        { policy_parse_count, "1e20", STATUS_LIMIT, 0 },
        { policy_parse_count, "1e", STATUS_INVALID, 0 },
        { policy_parse_count, "1e-1", STATUS_INVALID, 0 },
        { policy_parse_count, ".5", STATUS_INVALID, 0 },
        { policy_parse_count, "5.", STATUS_INVALID, 0 },
        { policy_parse_count, "1.2.3", STATUS_INVALID, 0 },
        { policy_parse_count, "+1", STATUS_INVALID, 0 },
        { policy_parse_count, "-1", STATUS_INVALID, 0 },
        { policy_parse_count, "0x10", STATUS_INVALID, 0 },
        { policy_parse_count, "1,5", STATUS_INVALID, 0 },
        { policy_parse_count, " 1", STATUS_INVALID, 0 },
        { policy_parse_count, "1 ", STATUS_INVALID, 0 },
        { policy_parse_count, "", STATUS_INVALID, 0 },
        { policy_parse_size, "1.5GiB", STATUS_OK, UINT64_C(3) << 29 },
        { policy_parse_size, "0.5B", STATUS_INVALID, 0 },
        { policy_parse_size, "0.0009765625KiB", STATUS_OK, 1 },
        { policy_parse_size, "1.0001KiB", STATUS_INVALID, 0 },
        { policy_parse_size, "16777216TiB", STATUS_LIMIT, 0 },
        { policy_parse_size, "16777215.5TiB", STATUS_OK, (UINT64_C(16777215) << 40) + (UINT64_C(1) << 39) },
        { policy_parse_size, "1GB", STATUS_INVALID, 0 },
        { policy_parse_duration, "1.5s", STATUS_OK, 1500000000 },
        { policy_parse_duration, "0.000001ms", STATUS_OK, 1 },
        { policy_parse_duration, "0.0000001ms", STATUS_INVALID, 0 },
        { policy_parse_duration, "0.1m", STATUS_OK, UINT64_C(6000000000) },
        { policy_parse_duration, "1e3h", STATUS_OK, UINT64_C(3600000000000000) },
        { policy_parse_duration, "6000000h", STATUS_LIMIT, 0 },
        { policy_parse_duration, "30", STATUS_INVALID, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = ERROR_INIT;
        uint64_t value = 99;
        enum status status = rows[i].parse(rows[i].text, &value, &error);
        if (status != rows[i].status || value != (status == STATUS_OK ? rows[i].value : 99))
            fail_msg("%s: %d, %llu: %s", rows[i].text, status, (unsigned long long)value, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_broken_policies), cmocka_unit_test(test_whole_policy),
                                        cmocka_unit_test(test_least_policy),    cmocka_unit_test(test_outermost_limits),
                                        cmocka_unit_test(test_mangled_policy),  cmocka_unit_test(test_numbers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
