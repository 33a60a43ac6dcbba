/* The decision core's test bench. */
#include <string.h>
#include "decide_case.h"

static struct decide_case the_case;

static void add_handle(struct decide_case *c, uint32_t fd, enum wasi_filetype type, uint64_t rights)
{
    struct handle *handle = &c->table.handle[fd];
    handle->live = true;
    handle->type = (uint8_t)type;
    handle->rights = rights;
    handle->inheriting = type == FILETYPE_DIRECTORY ? rights : 0;
}

static void add_socket(struct decide_case *c, uint32_t fd, enum wasi_filetype type, enum net_state state)
{
    add_handle(c, fd, type, RIGHTS_ALL);
    c->table.handle[fd].net_family = NET_V4;
    c->table.handle[fd].net_state = (uint8_t)state;
}

void case_address(struct decide_case *c, uint8_t a, uint8_t b, uint8_t d, uint8_t e, uint16_t port)
{
    c->request.address = (struct net_address) { .family = NET_V4, .port = port, .bytes = { a, b, d, e } };
}

struct decide_case *case_new(void)
{
    struct decide_case *c = &the_case;
    memset(c, 0xA5, sizeof *c); /* what is not set must not matter */
    memset(&c->table, 0, sizeof c->table);
    c->context = (struct decide_context) { .elements = LIMIT_IOVECS,
                                           .transfer = LIMIT_TRANSFER,
                                           .memory = CASE_MEMORY,
                                           .arg_count = 2,
                                           .arg_bytes = 10,
                                           .env_count = 1,
                                           .env_bytes = 4 };
    c->table.limit = CASE_LIMIT;
    for (uint32_t fd = 0; fd < 3; fd++)
        add_handle(c, fd, FILETYPE_UNKNOWN, RIGHTS_ALL);
    add_handle(c, CASE_DIR, FILETYPE_DIRECTORY, RIGHTS_ALL);
    add_handle(c, CASE_DIR_READ, FILETYPE_DIRECTORY, rights_read);
    add_handle(c, CASE_FILE, FILETYPE_REGULAR_FILE, RIGHTS_ALL);
    add_handle(c, CASE_APPEND, FILETYPE_REGULAR_FILE, RIGHTS_ALL);
    add_socket(c, CASE_SOCKET, FILETYPE_SOCKET_STREAM, NET_STATE_OPEN);
    add_socket(c, CASE_LISTENER, FILETYPE_SOCKET_STREAM, NET_STATE_LISTENING);
    add_socket(c, CASE_PEER, FILETYPE_SOCKET_STREAM, NET_STATE_CONNECTED);
    add_socket(c, CASE_MESSAGES, FILETYPE_SOCKET_DGRAM, NET_STATE_OPEN);
    for (uint32_t i = 0; i < 4; i++)
        c->context.network[i] = (struct net_rule) { .protocol = i % 2 ? NET_UDP : NET_TCP,
                                                    .verb = i / 2 ? NET_BIND : NET_CONNECT,
                                                    .family = NET_V4,
                                                    .prefix = i / 2 ? 0 : 8,
                                                    .bytes = { i / 2 ? 0 : 10 },
                                                    .port_first = i / 2 ? 0 : 1,
                                                    .port_last = i / 2 ? UINT16_MAX : 99 };
    c->context.network_count = 4;
    c->table.handle[CASE_DIR].preopen = true;
    c->table.handle[CASE_DIR].name_length = 5;
    c->table.handle[CASE_FILE].position = CASE_POSITION;
    c->table.handle[CASE_APPEND].fdflags = FDFLAG_APPEND;
    return c;
}

void case_call_slots(struct decide_case *c, enum operation call, const uint64_t *slots)
{
    c->request.call = (uint32_t)call;
    c->request.fault = FAULT_NONE;
    c->request.string_count = 0;
    c->request.iov_count = 0;
    c->request.subscription_count = 0;
    memcpy(c->request.slot, slots, sizeof c->request.slot);
    c->plan = c->before = decide_plan_start();
    c->ops.count = 0;
}

void case_string(struct decide_case *c, const char *text, size_t length)
{
    uint32_t index = c->request.string_count++;
    uint32_t start = index == 0 ? 0 : c->request.string[0].length;
    c->request.string[index] = (struct region) { start, (uint32_t)length };
    memcpy(c->request.bytes + start, text, length);
}

void case_path(struct decide_case *c, const char *path) { case_string(c, path, strlen(path)); }

void case_iov(struct decide_case *c, uint32_t offset, uint32_t length)
{
    c->request.iov[c->request.iov_count++] = (struct region) { offset, length };
}

static struct op_result *last_result(struct decide_case *c)
{
    return &c->ops.result[c->ops.count > 0 ? c->ops.count - 1 : 0];
}

struct step case_step(struct decide_case *c)
{
    c->before = c->plan;
    struct step step = decide_step(&c->context, &c->table, &c->request, &c->plan, last_result(c));
    if (step.verdict == VERDICT_ISSUE)
        c->op = step.op;
    else
        memset(&c->op, 0x5A, sizeof c->op);
    if (step.verdict != VERDICT_REFUSE)
        c->plan = step.plan;
    return step;
}

struct op_result *case_rewind(struct decide_case *c)
{
    c->plan = c->before;
    return last_result(c);
}

const struct op *case_issues(struct decide_case *c, enum op_kind kind)
{
    struct step decision = case_step(c);
    assert_int_equal(decision.verdict, VERDICT_ISSUE);
    assert_string_equal(abi_ops[c->op.kind].text, abi_ops[kind].text);
    assert_true(abi_operations[c->request.call].ops & (UINT64_C(1) << kind));
    return &c->op;
}

void case_commits(struct decide_case *c) { assert_int_equal(case_step(c).verdict, VERDICT_COMMIT); }

static struct step refused(struct decide_case *c, enum rule rule)
{
    struct step decision = case_step(c);
    assert_int_equal(decision.verdict, VERDICT_REFUSE);
    assert_string_equal(abi_rules[decision.rule].name, abi_rules[rule].name);
    assert_true(abi_rules[decision.rule].refuses);
    return decision;
}

void case_refuses(struct decide_case *c, enum rule rule, enum wasi_errno wasi_errno)
{
    struct step decision = refused(c, rule);
    assert_string_equal(abi_errno_name(decision.wasi_errno), abi_errno_name(wasi_errno));
    assert_false(decision.traps);
}

void case_traps(struct decide_case *c, enum rule rule) { assert_true(refused(c, rule).traps); }

struct op_result *case_result(struct decide_case *c, int64_t value)
{
    assert_true(c->ops.count < LIMIT_OPS);
    struct op_result *result = &c->ops.result[c->ops.count];
    memset(result, 0, sizeof *result);
    result->value = value;
    c->ops.op[c->ops.count++] = c->op;
    return result;
}

struct outcome case_outcome(struct decide_case *c)
{
    struct outcome outcome;
    decide_commit(&c->context, &c->table, &c->request, &c->plan, last_result(c), &outcome);
    return outcome;
}
