/* Grants of the command line, and the stored form of a run: it comes back as it was, and hostile bytes are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wasi/policy/policy.h"

static void dir_is(const char *text, const char *host, const char *guest, bool writes)
{
    struct policy p;
    policy_init(&p);
    assert_int_equal(policy_add_dir_option(&p, text, NULL), STATUS_OK);
    assert_string_equal(p.files[0].host, host);
    assert_string_equal(p.files[0].guest, guest);
    assert_int_equal(p.files[0].writes, writes);
    policy_done(&p);
}

static void test_dir_option(void **state)
{
    (void)state;
    dir_is("data", "data", "data", true);
    dir_is("data:ro", "data", "data", false);
    dir_is("/srv/x::/data", "/srv/x", "/data", true);
    dir_is("/srv/x::/data:ro", "/srv/x", "/data", false);
    dir_is("a:b", "a:b", "a:b", true);
    static const char *const bad[] = { "", ":ro", "::/data", "a::", "a:::ro" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct policy p;
        struct error error = ERROR_INIT;
        policy_init(&p);
        assert_int_equal(policy_add_dir_option(&p, bad[i], &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "--dir"));
        assert_int_equal(p.file_count, 0);
        policy_done(&p);
    }
}

static void test_too_many_grants(void **state)
{
    (void)state;
    struct policy p;
    policy_init(&p);
    char name[16];
    for (int i = 0; i < LIMIT_PREOPENS; i++) {
        snprintf(name, sizeof name, "d%d", i);
        assert_int_equal(policy_add_file(&p, name, name, true, NULL), STATUS_OK);
    }
    assert_int_equal(policy_add_file(&p, "more", "more", true, NULL), STATUS_LIMIT);
    assert_int_equal(p.file_count, LIMIT_PREOPENS);
    policy_done(&p);
}

static void spec_fill(struct run_spec *spec)
{
    run_spec_init(spec);
    assert_int_equal(policy_add_file(&spec->policy, "./data", "/data", false, NULL), STATUS_OK);
    assert_int_equal(policy_add_file(&spec->policy, "/tmp/w", "w", true, NULL), STATUS_OK);
    assert_int_equal(policy_add_network(&spec->policy, NET_TCP, NET_CONNECT, "10.0.0.0/8:1-99", NULL), STATUS_OK);
    assert_int_equal(policy_add_network(&spec->policy, NET_UDP, NET_BIND, "[::]/0:0", NULL), STATUS_OK);
    spec->policy.limits.fuel = 123456789012;
    spec->policy.on_violation = POLICY_VIOLATION_KILL;
    assert_int_equal(policy_add_device(&spec->policy, "null", NULL), STATUS_OK);
    assert_int_equal(policy_add_device(&spec->policy, "/dev/pts/7", NULL), STATUS_OK);
    assert_int_equal(policy_add_device(&spec->policy, "tty", NULL), STATUS_INVALID);
    assert_int_equal(policy_add_listen(&spec->policy, "tcp:[::1]:0", NULL), STATUS_OK);
    assert_int_equal(policy_add_name(&spec->policy, "Example.ORG.", NULL), STATUS_OK);
    spec->node_count = 2;
    spec->nodes = calloc(2, sizeof *spec->nodes);
    assert_non_null(spec->nodes);
    spec->nodes[1] = (struct run_node) { 5, 1234, 259 };
    spec->arg_count = 2;
    spec->args = (char **)calloc(2, sizeof *spec->args);
    spec->env_count = 1;
    spec->env = (char **)calloc(1, sizeof *spec->env);
    assert_true(spec->args && spec->env);
    spec->args[0] = strdup("prog");
    spec->args[1] = strdup("");
    spec->env[0] = strdup("K=");
    spec->module_path = strdup("x.wasm");
    spec->module_size = 77;
    memset(spec->module_hash, 0xab, sizeof spec->module_hash);
    memset(spec->run_id, 0xcd, sizeof spec->run_id);
    spec->started_ns = 0x0102030405060708;
    spec->initial_count = 7;
    spec->initial = calloc(7, sizeof *spec->initial);
    assert_non_null(spec->initial);
    for (uint32_t i = 0; i < 7; i++) {
        spec->initial[i].dev = 100 + i;
        spec->initial[i].ino = 200 + i;
        spec->initial[i].filetype = i;
        spec->initial[i].host_fd = i;
        spec->initial[i].path = strdup(i < 3 ? "" : "/srv/data");
        assert_non_null(spec->initial[i].path);
    }
    spec->initial[4].doubtful = true;
    spec->initial[5].address = (struct net_address) { .family = NET_V6, .port = 40123, .bytes = { [15] = 1 } };
    struct run_facts *facts = &spec->facts;
    facts->host = strdup("a host");
    facts->kernel = strdup("6.1");
    facts->witness_reason = strdup("not root");
    assert_true(facts->host && facts->kernel && facts->witness_reason);
    facts->page_size = 4096;
    facts->lines_asked = CONFINE_ALL;
    facts->digest_every = 5;
    facts->sync = RUN_SYNC_CALL;
    memset(facts->line_held, CONFINE_ON, sizeof facts->line_held);
    facts->line_held[CONFINE_LANDLOCK] = CONFINE_PART;
    facts->landlock_abi = 2;
    memset(facts->policy_hash, 0xef, sizeof facts->policy_hash);
    assert_int_equal(run_spec_add_label(spec, "job=7", NULL), STATUS_OK);
    assert_int_equal(run_spec_add_label(spec, "=7", NULL), STATUS_INVALID);
    assert_int_equal(run_spec_add_label(spec, "job", NULL), STATUS_INVALID);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct run_spec spec, back;
    struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
    spec_fill(&spec);
    run_spec_encode(&spec, &first);
    assert_int_equal(first.status, STATUS_OK);
    struct error error = ERROR_INIT;
    enum status status = run_spec_decode(first.data, first.size, &back, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(back.policy.files[1].guest, "w");
    assert_true(back.policy.files[1].writes);
    assert_int_equal(back.policy.networks[0].port_last, 99);
    assert_true(back.policy.limits.fuel == 123456789012);
    assert_string_equal(back.args[1], "");
    assert_string_equal(back.env[0], "K=");
    assert_string_equal(back.module_path, "x.wasm");
    assert_int_equal(back.initial[4].ino, 204);
    assert_string_equal(back.initial[4].path, "/srv/data");
    assert_true(back.initial[4].doubtful && !back.initial[3].doubtful);
    assert_string_equal(back.policy.devices[0], "/dev/null");
    assert_string_equal(back.policy.devices[1], "/dev/pts/7");
    assert_int_equal(back.nodes[1].ino, 1234);
    assert_int_equal(back.nodes[1].rdev, 259);
    assert_int_equal(back.policy.listens[0].family, NET_V6);
    assert_string_equal(back.policy.names[0], "example.org");
    assert_int_equal(back.initial[5].address.port, 40123);
    assert_int_equal(back.initial[5].address.bytes[15], 1);
    run_spec_encode(&back, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    buffer_done(&first);
    buffer_done(&second);
    run_spec_done(&spec);
    run_spec_done(&back);
}

/* Every limit and every fact comes back. */
static void test_limits_and_facts(void **state)
{
    (void)state;
    struct run_spec spec, back;
    struct buffer out = BUFFER_INIT;
    spec_fill(&spec);
    struct policy_limits *l = &spec.policy.limits;
    uint32_t *const lowered[] = { &l->module_bytes, &l->functions, &l->locals, &l->tables, &l->table_elements };
    for (uint32_t i = 0; i < 5; i++)
        *lowered[i] = 50 + i;
    l->trace = LIMIT_TRACE_LEAST;
    l->transfer = l->elements = 1;
    l->links = 0;
    l->calls = l->entries = l->connections = l->wait_ns = 7;
    run_spec_encode(&spec, &out);
    assert_memory_equal(out.data, "WRS5", 4);
    assert_int_equal(run_spec_decode(out.data, out.size, &back, NULL), STATUS_OK);
    struct buffer again = BUFFER_INIT;
    run_spec_encode(&back, &again); /* the limits, byte by byte, without the padding of the struct */
    assert_int_equal(again.size, out.size);
    assert_memory_equal(again.data, out.data, out.size);
    buffer_done(&again);
    assert_true(back.policy.limits.trace == LIMIT_TRACE_LEAST && back.policy.limits.table_elements == 54);
    for (size_t i = 0; i < RUN_FACT_COUNT; i++) {
        const struct run_fact_row *row = &run_fact_rows[i];
        if (row->text)
            assert_string_equal(run_fact_text(&back.facts, row), run_fact_text(&spec.facts, row));
        else
            assert_true(run_fact_number(&back.facts, row) == run_fact_number(&spec.facts, row));
    }
    assert_memory_equal(back.facts.line_held, spec.facts.line_held, sizeof spec.facts.line_held);
    assert_int_equal(back.facts.label_count, 1);
    assert_string_equal(back.facts.labels[0], "job=7");
    run_spec_done(&back);
    buffer_done(&out);
    run_spec_done(&spec);
}

static bool decodes(struct run_spec *spec)
{
    struct run_spec back;
    struct buffer out = BUFFER_INIT;
    run_spec_encode(spec, &out);
    bool good = run_spec_decode(out.data, out.size, &back, NULL) == STATUS_OK;
    run_spec_done(&back);
    buffer_done(&out);
    return good;
}

/* A description cannot say that a line held which nobody asked for, nor that a witness watched that was turned off. */
static void test_facts_that_contradict(void **state)
{
    (void)state;
    struct run_spec spec;
    spec_fill(&spec);
    assert_true(decodes(&spec));
    spec.facts.line_held[CONFINE_SECCOMP] = CONFINE_OFF;
    assert_false(decodes(&spec));
    spec.facts.line_held[CONFINE_SECCOMP] = CONFINE_STATE_COUNT;
    assert_false(decodes(&spec));
    spec.facts.line_held[CONFINE_SECCOMP] = CONFINE_ABSENT;
    assert_true(decodes(&spec));
    spec.facts.witness_held = 1; /* and there is a reason why it did not */
    assert_false(decodes(&spec));
    spec.facts.witness_held = 2;
    assert_false(decodes(&spec));
    spec.facts.witness_held = 0;
    spec.facts.labels[0][0] = '=';
    assert_false(decodes(&spec));
    run_spec_done(&spec);
}

static void test_confinement_in_words(void **state)
{
    (void)state;
    struct run_spec spec;
    char text[128];
    spec_fill(&spec);
    assert_int_equal(run_confinement(&spec.facts), RUN_CONFINED_WEAKER);
    run_confinement_text(&spec.facts, text, sizeof text);
    assert_string_equal(text, "Landlock in part");
    spec.facts.line_held[CONFINE_LANDLOCK] = CONFINE_ABSENT;
    spec.facts.line_held[CONFINE_SECCOMP] = CONFINE_OFF;
    run_confinement_text(&spec.facts, text, sizeof text);
    assert_string_equal(text, "Landlock absent, seccomp off");
    memset(spec.facts.line_held, CONFINE_ON, sizeof spec.facts.line_held);
    assert_int_equal(run_confinement(&spec.facts), RUN_CONFINED);
    memset(spec.facts.line_held, CONFINE_OFF, sizeof spec.facts.line_held);
    spec.facts.lines_asked = 0;
    assert_int_equal(run_confinement(&spec.facts), RUN_UNCONFINED);
    run_confinement_text(&spec.facts, text, sizeof text);
    assert_non_null(strstr(text, "--no-confine"));
    memset(spec.facts.line_held, CONFINE_ABSENT, sizeof spec.facts.line_held);
    spec.facts.lines_asked = CONFINE_ALL; /* a build, or a kernel, without any */
    assert_int_equal(run_confinement(&spec.facts), RUN_UNCONFINED);
    run_confinement_text(&spec.facts, text, sizeof text);
    assert_string_equal(text, "absent: no line held");
    run_spec_done(&spec);
}

/* Whatever is decoded out of changed bytes encodes to exactly those bytes; nothing else is accepted. */
static void accept_or_refuse(const uint8_t *bytes, size_t size)
{
    struct run_spec spec;
    struct error error = ERROR_INIT;
    if (run_spec_decode(bytes, size, &spec, &error) == STATUS_OK) {
        struct buffer out = BUFFER_INIT;
        run_spec_encode(&spec, &out);
        assert_int_equal(out.size, size);
        assert_memory_equal(out.data, bytes, size);
        buffer_done(&out);
    } else {
        assert_true(error.text[0]);
        assert_null(spec.args);
        assert_null(spec.policy.files);
    }
    run_spec_done(&spec);
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    struct run_spec spec;
    struct buffer good = BUFFER_INIT;
    spec_fill(&spec);
    run_spec_encode(&spec, &good);
    run_spec_done(&spec);
    for (size_t i = 0; i <= good.size; i++) {
        uint8_t *cut = malloc(i ? i : 1); /* an exact heap block, so that ASan sees a read past it */
        assert_non_null(cut);
        memcpy(cut, good.data, i);
        struct run_spec back;
        enum status status = run_spec_decode(cut, i, &back, NULL);
        assert_true((status == STATUS_OK) == (i == good.size));
        run_spec_done(&back);
        free(cut);
    }
    static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
    for (size_t i = 0; i < good.size; i++) {
        uint8_t was = good.data[i];
        for (size_t k = 0; k < sizeof values; k++) {
            good.data[i] = values[k];
            accept_or_refuse(good.data, good.size);
        }
        good.data[i] = was;
    }
    buffer_u8(&good, 0);
    struct run_spec back;
    assert_int_equal(run_spec_decode(good.data, good.size, &back, NULL), STATUS_MALFORMED);
    good.data[4] = 2;
    struct error error = ERROR_INIT;
    assert_int_equal(run_spec_decode(good.data, good.size, &back, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "version 2"));
    buffer_done(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_dir_option),
                                        cmocka_unit_test(test_too_many_grants),
                                        cmocka_unit_test(test_round_trip),
                                        cmocka_unit_test(test_limits_and_facts),
                                        cmocka_unit_test(test_facts_that_contradict),
                                        cmocka_unit_test(test_confinement_in_words),
                                        cmocka_unit_test(test_hostile_bytes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
