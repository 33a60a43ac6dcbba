/* Compares what the guest does now with what the trace says it did, and puts the first difference in words.
 *
 * Invariant: a function returns OK only where everything that the trace keeps of the step is equal; only fields that
 * the call or op uses are looked at, since nothing else is initialised. Leaves out: results and entered bytes, which
 * the replay takes from the trace (replay_answer.c); bytes that left are compared by length and digest. Source: call.h,
 * docs/trace-format.md. */
#include "replay/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "wasi/policy/policy.h"

static const char *hostcall_name(uint32_t call)
{
    return call < OPERATION_COUNT ? abi_operations[call].name : "an unknown hostcall";
}

struct import_text {
    char text[160];
};

/* Module, name and how many parameters, for two imports may have one name. */
static struct import_text import_text(uint32_t import)
{
    struct import_text ret = { "unknown" };
    if (import < IMPORT_COUNT) {
        const struct import_row *row = &abi_imports[import];
        snprintf(ret.text, sizeof ret.text, "%u, %s.%s of %u parameters", import, row->module, row->name,
                 row->slot_count);
    }
    return ret;
}

static const char *rule_text(uint32_t rule) { return rule < RULE_COUNT ? abi_rules[rule].text : "an unknown rule"; }

/* Names the argument behind core parameter `slot`. */
static void slot_name(const struct operation_row *row, uint32_t slot, char *ret, size_t size)
{
    snprintf(ret, size, "?");
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct operation_field *field = &row->field[i];
        if (slot >= field->slot && slot - field->slot < field->slots)
            snprintf(ret, size, "%s%s", field->name, slot > field->slot ? "_len" : "");
    }
}

static enum status compare_slots(struct session *session, const struct request *live, struct error *error)
{
    const struct trace_call *call = session->call;
    const struct operation_row *row = &abi_operations[live->call];
    for (uint32_t i = 0; i < row->slot_count; i++) {
        if (call->request.slot[i] == live->slot[i])
            continue;
        char name[64];
        slot_name(row, i, name, sizeof name);
        session_expected(session, "%s = %" PRIu64, name, call->request.slot[i]);
        session_found(session, "%s = %" PRIu64, name, live->slot[i]);
        return session_diverge(session, call->begin_event, "argument", error);
    }
    return STATUS_OK;
}

enum { STRING_SHOWN = 420 };

/* The bytes in quotes, cut where the message would grow too long. */
static void string_show(const struct request *request, struct region at, char ret[STRING_SHOWN])
{
    struct buffer text = BUFFER_INIT;
    text_quote_name(&text, request->bytes + at.offset, at.length, 96);
    text_copy(&text, ret, STRING_SHOWN);
    buffer_done(&text);
}

static enum status compare_strings(struct session *session, const struct request *live, struct error *error)
{
    const struct request *recorded = &session->call->request;
    if (recorded->string_count != live->string_count) {
        session_expected(session, "%u strings", recorded->string_count);
        session_found(session, "%u strings", live->string_count);
        return session_diverge(session, session->call->begin_event, "strings", error);
    }
    for (uint32_t i = 0; i < live->string_count && i < REQUEST_STRINGS; i++) {
        struct region a = recorded->string[i], b = live->string[i];
        if (a.length == b.length && memcmp(recorded->bytes + a.offset, live->bytes + b.offset, a.length) == 0)
            continue;
        char expected[STRING_SHOWN], found[STRING_SHOWN];
        string_show(recorded, a, expected);
        string_show(live, b, found);
        session_expected(session, "%s (%u bytes)", expected, a.length);
        session_found(session, "%s (%u bytes)", found, b.length);
        return session_diverge(session, session->call->begin_event, "string", error);
    }
    return STATUS_OK;
}

static enum status compare_iovs(struct session *session, const struct request *live, struct error *error)
{
    const struct request *recorded = &session->call->request;
    if (recorded->iov_count != live->iov_count) {
        session_expected(session, "%u buffers", recorded->iov_count);
        session_found(session, "%u buffers", live->iov_count);
        return session_diverge(session, session->call->begin_event, "vector", error);
    }
    for (uint32_t i = 0; i < live->iov_count && i < LIMIT_IOVECS; i++) {
        struct region a = recorded->iov[i], b = live->iov[i];
        if (a.offset == b.offset && a.length == b.length)
            continue;
        session_expected(session, "buffer %u at %u, %u bytes", i, a.offset, a.length);
        session_found(session, "buffer %u at %u, %u bytes", i, b.offset, b.length);
        return session_diverge(session, session->call->begin_event, "vector", error);
    }
    return STATUS_OK;
}

static enum status compare_address(struct session *session, const struct request *live, struct error *error)
{
    const struct net_address *expected = &session->call->request.address, *found = &live->address;
    if (!trace_request_carries[live->call].address || memcmp(expected, found, sizeof *expected) == 0)
        return STATUS_OK;
    char text[64];
    policy_address_text(expected, text, sizeof text);
    session_expected(session, "%s", text);
    policy_address_text(found, text, sizeof text);
    session_found(session, "%s", text);
    return session_diverge(session, session->call->begin_event, "address", error);
}

static bool subscription_equal(const struct subscription *a, const struct subscription *b)
{
    return a->userdata == b->userdata && a->timeout == b->timeout && a->precision == b->precision &&
           a->clock_or_fd == b->clock_or_fd && a->flags == b->flags && a->type == b->type;
}

static enum status compare_subscriptions(struct session *session, const struct request *live, struct error *error)
{
    const struct request *recorded = &session->call->request;
    if (recorded->subscription_count != live->subscription_count) {
        session_expected(session, "%u subscriptions", recorded->subscription_count);
        session_found(session, "%u subscriptions", live->subscription_count);
        return session_diverge(session, session->call->begin_event, "subscriptions", error);
    }
    for (uint32_t i = 0; i < live->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        const struct subscription *a = &recorded->subscription[i], *b = &live->subscription[i];
        if (subscription_equal(a, b))
            continue;
        session_expected(session, "subscription %u: type %u, clock or descriptor %u, timeout %" PRIu64 ", flags %u", i,
                         a->type, a->clock_or_fd, a->timeout, a->flags);
        session_found(session, "type %u, clock or descriptor %u, timeout %" PRIu64 ", flags %u", b->type,
                      b->clock_or_fd, b->timeout, b->flags);
        return session_diverge(session, session->call->begin_event, "subscription", error);
    }
    return STATUS_OK;
}

static const char *fault_text(uint32_t fault)
{
    switch ((enum request_fault)fault) {
    case FAULT_NONE:
        return "good pointers";
    case FAULT_BOUNDS:
        return "a pointer out of bounds";
    case FAULT_ALIGNMENT:
        return "a misaligned pointer";
    case FAULT_TOO_MANY:
        return "too long an array";
    case FAULT_PATH_LONG:
        return "too long a path";
    }
    return "an unknown fault";
}

enum status compare_request(struct session *session, const struct request *live, struct error *error)
{
    const struct trace_call *call = session->call;
    if (call->request.call != live->call) {
        session_expected(session, "%s", hostcall_name(call->request.call));
        session_found(session, "%s", hostcall_name(live->call));
        return session_diverge(session, call->begin_event, "hostcall", error);
    }
    if (call->request.import != live->import) {
        session_expected(session, "import %s", import_text(call->request.import).text);
        session_found(session, "import %s", import_text(live->import).text);
        return session_diverge(session, call->begin_event, "import", error);
    }
    enum status status = compare_slots(session, live, error);
    if (status != STATUS_OK)
        return status;
    if (call->request.fault != live->fault || call->request.thread != live->thread ||
        call->request.instance != live->instance) {
        session_expected(session, "%s", fault_text(call->request.fault));
        session_found(session, "%s", fault_text(live->fault));
        return session_diverge(session, call->begin_event, "copying of the arguments", error);
    }
    if (live->fault != FAULT_NONE)
        return STATUS_OK;
    status = compare_strings(session, live, error);
    if (status == STATUS_OK)
        status = compare_iovs(session, live, error);
    if (status == STATUS_OK)
        status = compare_subscriptions(session, live, error);
    if (status == STATUS_OK)
        status = compare_address(session, live, error);
    return status;
}

static bool region_equal(struct region a, struct region b) { return a.offset == b.offset && a.length == b.length; }

static bool op_equal(const struct op *a, const struct op *b)
{
    return a->kind == b->kind && a->rule == b->rule && a->handle == b->handle && a->handle2 == b->handle2 &&
           a->flags == b->flags && a->offset == b->offset && a->value == b->value && region_equal(a->mem, b->mem) &&
           region_equal(a->path, b->path) && region_equal(a->path2, b->path2);
}

static void op_show(const struct op *op, struct buffer *out)
{
    buffer_printf(out, "%s on %d", op->kind < OP_COUNT ? abi_ops[op->kind].text : "an unknown op", (int)op->handle);
    buffer_printf(out, " (second %d, flags %u, offset %" PRIu64 ", value %" PRIu64, (int)op->handle2, op->flags,
                  op->offset, op->value);
    buffer_printf(out, ", memory %u+%u, path %u+%u; %s)", op->mem.offset, op->mem.length, op->path.offset,
                  op->path.length, rule_text(op->rule));
}

enum status compare_op(struct session *session, const struct request *request, const struct op *live,
                       const struct backend_space *space, struct error *error)
{
    const struct trace_call *call = session->call;
    struct buffer found = BUFFER_INIT, expected = BUFFER_INIT;
    enum status status = STATUS_OK;
    if (session->op >= call->ops.count) {
        op_show(live, &found);
        session_expected(session, "no further op of %s", hostcall_name(request->call));
        session_found(session, "%.*s", (int)found.size, (const char *)found.data);
        status = session_diverge(session, call->end_event, "op", error);
    } else if (!op_equal(&call->ops.op[session->op], live)) {
        op_show(live, &found);
        op_show(&call->ops.op[session->op], &expected);
        session_expected(session, "%.*s", (int)expected.size, (const char *)expected.data);
        session_found(session, "%.*s", (int)found.size, (const char *)found.data);
        status = session_diverge(session, call->op_event[session->op], "op", error);
    } else {
        const struct trace_op_data *data = &call->data[session->op];
        struct trace_op_data now = { 0 };
        if (trace_op_out(request, live, space, &now) != STATUS_OK)
            return error_set(error, STATUS_INTERNAL, "an op would read outside the guest's memory");
        bool same_head = data->out_head_length == now.out_head_length &&
                         memcmp(data->out_head, now.out_head, now.out_head_length) == 0;
        if (data->out_length != now.out_length || data->out_digest != now.out_digest || !same_head) {
            const char *other = same_head ? "" : ", and other first bytes";
            session_expected(session, "%u bytes with digest %016" PRIx64, data->out_length, data->out_digest);
            session_found(session, "%u bytes with digest %016" PRIx64 "%s", now.out_length, now.out_digest, other);
            status = session_diverge(session, call->op_event[session->op], "data that left the guest", error);
        }
    }
    buffer_done(&found);
    buffer_done(&expected);
    return status;
}

enum status compare_outcome(struct session *session, const struct outcome *live, uint64_t committed,
                            struct error *error)
{
    const struct trace_call *call = session->call;
    const struct outcome *recorded = &call->outcome;
    if (session->op != call->ops.count) {
        session_expected(session, "%u ops", call->ops.count);
        session_found(session, "%u", session->op);
        return session_diverge(session, call->op_event[session->op], "number of ops", error);
    }
    if (recorded->wasi_errno != live->wasi_errno || recorded->rule != live->rule || recorded->trap != live->trap) {
        session_expected(session, "errno %s, %s%s", abi_errno_name(recorded->wasi_errno), rule_text(recorded->rule),
                         recorded->trap ? ", and a trap" : "");
        session_found(session, "errno %s, %s%s", abi_errno_name(live->wasi_errno), rule_text(live->rule),
                      live->trap ? ", and a trap" : "");
        return session_diverge(session, call->end_event, "outcome", error);
    }
    bool same = recorded->value_count == live->value_count;
    for (uint32_t i = 0; same && i < live->value_count && i < 2; i++)
        same = recorded->value[i] == live->value[i];
    if (!same) {
        session_expected(session, "%u results, the first %" PRIu64, recorded->value_count,
                         recorded->value_count ? recorded->value[0] : 0);
        session_found(session, "%u results, the first %" PRIu64, live->value_count,
                      live->value_count ? live->value[0] : 0);
        return session_diverge(session, call->end_event, "results", error);
    }
    if (call->committed != committed) {
        session_expected(session, "digest %016" PRIx64, call->committed);
        session_found(session, "digest %016" PRIx64, committed);
        return session_diverge(session, call->end_event, "bytes that the call wrote into memory", error);
    }
    return STATUS_OK;
}

static void exit_show(const struct trace_exit *exit, struct buffer *out)
{
    if (exit->outcome == WASI_ENDED_EXIT)
        buffer_printf(out, "exit with code %u", exit->exit_code);
    else if (exit->outcome == WASI_ENDED_RAISED)
        buffer_printf(out, "signal, with status %u", exit->exit_code);
    else if (exit->outcome == WASI_ENDED_TRAP)
        buffer_printf(out, "trap \"%s\" in function %u at offset 0x%x",
                      exit->trap < RT_TRAP_COUNT ? rt_trap_text((enum rt_trap_kind)exit->trap) : "of an unknown kind",
                      exit->function, exit->offset);
    else
        buffer_printf(out, "%s", exit->outcome == WASI_ENDED_RETURNED ? "return from _start" : "no start at all");
    buffer_printf(out, " after %" PRIu64 " instructions", exit->instructions);
}

static void stack_show(const struct call_stack *stack, uint32_t index, struct buffer *out)
{
    buffer_printf(out, "a stack of %u frames", stack->depth);
    if (index < call_stack_kept(stack->depth))
        buffer_printf(out, ", number %u of which is in function %u at offset 0x%x", call_stack_number(stack, index),
                      stack->place[index].function, stack->place[index].offset);
}

/* The frames of the two stacks are not the same: says which. */
static void stack_differs(struct session *session, const struct call_stack *recorded, const struct call_stack *live)
{
    struct buffer expected = BUFFER_INIT, found = BUFFER_INIT;
    const uint32_t kept = call_stack_kept(recorded->depth < live->depth ? recorded->depth : live->depth);
    uint32_t index = 0;
    while (index < kept && recorded->place[index].function == live->place[index].function &&
           recorded->place[index].offset == live->place[index].offset)
        index++;
    stack_show(recorded, index, &expected);
    stack_show(live, index, &found);
    session_expected(session, "%.*s", (int)expected.size, (const char *)expected.data);
    session_found(session, "%.*s", (int)found.size, (const char *)found.data);
    buffer_done(&expected);
    buffer_done(&found);
}

enum status compare_exit(struct session *session, const struct trace_exit *live, struct error *error)
{
    const struct trace_exit *recorded = &session->recorded;
    struct buffer found = BUFFER_INIT;
    enum status status = STATUS_OK;
    exit_show(live, &found);
    if (session->fuel_recorded && live->outcome == WASI_ENDED_TRAP && live->trap == RT_TRAP_FUEL_EXHAUSTED) {
        buffer_clear(&found);
        buffer_printf(&found,
                      "a guest that goes on behind the instructions that the trace says, in function %u at offset 0x%x",
                      live->function, live->offset);
    }
    if (session->item == SESSION_GROWTH) {
        session_expected(session, "a growth that is refused");
        session_found(session, "the guest's end: %.*s", (int)found.size, (const char *)found.data);
        status = session_diverge(session, session->item_event, "growth", error);
    } else if (session->item == SESSION_CALL) {
        session_expected(session, "a call of %s", hostcall_name(session->call->request.call));
        session_found(session, "the guest's end: %.*s", (int)found.size, (const char *)found.data);
        status = session_diverge(session, session->call->begin_event, "hostcall", error);
    } else if (recorded->outcome != live->outcome || recorded->exit_code != live->exit_code ||
               recorded->trap != live->trap || recorded->function != live->function ||
               recorded->offset != live->offset || recorded->instructions != live->instructions) {
        struct buffer expected = BUFFER_INIT;
        exit_show(recorded, &expected);
        session_expected(session, "%.*s", (int)expected.size, (const char *)expected.data);
        session_found(session, "%.*s", (int)found.size, (const char *)found.data);
        status = session_diverge(session, session->report->last_event + 1, "how the guest ended", error);
        buffer_done(&expected);
    } else if (!call_stack_equal(&recorded->stack, &live->stack)) {
        stack_differs(session, &recorded->stack, &live->stack);
        status = session_diverge(session, session->report->last_event + 1, "the stack of the trap", error);
    }
    buffer_done(&found);
    return status;
}
