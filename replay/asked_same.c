/* Whether a call of a guest is one that it made under its own policy, when it may be elsewhere already.
 *
 * Invariant: what is left out (addresses in the guest's memory, numbers of descriptors) has no part in what a call
 * means; everything else is compared. */
#include "replay/asked.h"

#include <inttypes.h>
#include <string.h>

static uint32_t handle_was(const struct asked *asked, uint64_t handle)
{
    return handle < HANDLES_TOTAL ? asked->handle[handle].was : HANDLE_NONE;
}

static bool same_bytes(const struct request *a, struct region at, const struct request *b, struct region bt)
{
    return at.length == bt.length && (uint64_t)at.offset + at.length <= REQUEST_BYTES &&
           (uint64_t)bt.offset + bt.length <= REQUEST_BYTES &&
           memcmp(a->bytes + at.offset, b->bytes + bt.offset, at.length) == 0;
}

static uint64_t vector_length(const struct request *request)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < request->iov_count && i < LIMIT_IOVECS; i++)
        total += request->iov[i].length;
    return total;
}

static bool same_fields(const struct asked *asked, const struct request *live, const struct request *was)
{
    const struct operation_row *row = &abi_operations[live->call];
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct operation_field *field = &row->field[i];
        const uint64_t now = live->slot[field->slot], then = was->slot[field->slot];
        if (field->type == ARG_FD) {
            if (now != then || now < HANDLES_TOTAL)
                if (handle_was(asked, now) != then)
                    return false;
        } else if (abi_arg_types[field->type].class == ARG_CLASS_SCALAR) {
            /* What rights a program asks for it may take from what it was told of the directory's. */
            if (now != then && field->type != ARG_RIGHTS)
                return false;
        } else if (field->slots == 2 && abi_arg_types[field->type].class == ARG_CLASS_BUFFER) {
            if (live->slot[field->slot + 1] != was->slot[field->slot + 1])
                return false;
        }
    }
    return true;
}

static bool same_subscriptions(const struct asked *asked, const struct request *live, const struct request *was)
{
    if (live->subscription_count != was->subscription_count)
        return false;
    for (uint32_t i = 0; i < live->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        const struct subscription *a = &live->subscription[i], *b = &was->subscription[i];
        const uint32_t subject = a->type == EVENTTYPE_CLOCK ? a->clock_or_fd : handle_was(asked, a->clock_or_fd);
        if (a->type != b->type || subject != b->clock_or_fd || a->timeout != b->timeout || a->flags != b->flags)
            return false;
    }
    return true;
}

bool asked_same_request(const struct asked *asked, const struct request *live, const struct request *was)
{
    if (live->call != was->call || live->import != was->import || live->fault != was->fault ||
        live->call >= OPERATION_COUNT)
        return false;
    if (live->fault != FAULT_NONE)
        return true;
    if (live->string_count != was->string_count || live->iov_count != was->iov_count ||
        vector_length(live) != vector_length(was) || !same_fields(asked, live, was))
        return false;
    for (uint32_t i = 0; i < live->string_count && i < REQUEST_STRINGS; i++)
        if (!same_bytes(live, live->string[i], was, was->string[i]))
            return false;
    if (trace_request_carries[live->call].address &&
        (live->address.family != was->address.family || live->address.port != was->address.port ||
         memcmp(live->address.bytes, was->address.bytes, sizeof live->address.bytes) != 0))
        return false;
    return !trace_request_carries[live->call].subscriptions || same_subscriptions(asked, live, was);
}

bool asked_same_op(const struct asked *asked, const struct request *live_request, const struct op *live,
                   const struct request *was_request, const struct op *was, bool *ret_less)
{
    const bool opens = abi_ops[live->kind].table == OP_TABLE_OPENS;
    const bool open = live->kind == OP_OPEN;
    const uint32_t changing = OPEN_CREATE | OPEN_TRUNCATE;
    *ret_less = open && live->flags != was->flags;
    if (live->kind != was->kind || live->offset != was->offset ||
        (live->value != was->value && live->kind != OP_ASK_NAME) || live->mem.length != was->mem.length)
        return false;
    if (live->flags != was->flags && (!open || (live->flags & changing) != (was->flags & changing)))
        return false;
    if (live->handle != HANDLE_NONE ? handle_was(asked, live->handle) != was->handle : was->handle != HANDLE_NONE)
        return false;
    if (!opens &&
        (live->handle2 != HANDLE_NONE ? handle_was(asked, live->handle2) != was->handle2 : was->handle2 != HANDLE_NONE))
        return false;
    return same_bytes(live_request, live->path, was_request, was->path) &&
           same_bytes(live_request, live->path2, was_request, was->path2);
}

bool asked_changes(const struct asked *asked, const struct trace_call *call)
{
    if (!call->complete)
        return true;
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        if (op->kind >= OP_COUNT)
            return true;
        const enum op_changes changes = (enum op_changes)abi_ops[op->kind].changes;
        const bool stream = op->handle < 3 && !asked->moved;
        if (call->ops.result[i].value < 0 || stream)
            continue;
        if (changes == OP_CHANGES_WORLD ||
            (changes == OP_CHANGES_AS_OPENED && (op->flags & (OPEN_CREATE | OPEN_TRUNCATE)) != 0) ||
            abi_ops[op->kind].effect == OP_EFFECT_NETWORK)
            return true;
    }
    return false;
}

void asked_words(const struct request *request, char *ret, size_t size)
{
    const struct operation_row *row = &abi_operations[request->call];
    struct buffer text = BUFFER_INIT;
    uint32_t strings = 0, shown = 0;
    buffer_printf(&text, "%s(", row->name);
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct operation_field *field = &row->field[i];
        const uint8_t class = abi_arg_types[field->type].class;
        const uint64_t value = request->slot[field->slot];
        if (class == ARG_CLASS_STRING && request->fault == FAULT_NONE && strings < request->string_count) {
            const struct region at = request->string[strings++];
            buffer_printf(&text, "%s%s ", shown++ > 0 ? ", " : "", field->name);
            text_quote_name(&text, request->bytes + at.offset, at.length, 96);
        } else if (class == ARG_CLASS_SCALAR && field->type != ARG_RIGHTS) {
            buffer_printf(&text, "%s%s %" PRIu64, shown++ > 0 ? ", " : "", field->name, value);
        } else if ((class == ARG_CLASS_IOVS || class == ARG_CLASS_CIOVS) && request->fault == FAULT_NONE) {
            buffer_printf(&text, "%s%" PRIu64 " bytes", shown++ > 0 ? ", " : "", vector_length(request));
        }
    }
    buffer_u8(&text, ')');
    text_copy(&text, ret, size);
    buffer_done(&text);
}
