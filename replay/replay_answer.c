/* Answers ops from the trace: the recorded result, stat and bytes, instead of a system call.
 *
 * Invariants: every byte goes through answer_copy, which checks each region against the guest's memory; nothing recorded is
 * believed: a result that no system could have given (more bytes than the regions hold, an unknown errno or file type, broken
 * directory entries) is a divergence and nothing of it reaches the guest. Leaves out: which ops may be answered; the observer has
 * compared the op before. Source: ops.def. */
#include "replay/session.h"

#include <string.h>

/* Copies into the first bytes of `count` regions of guest memory, in their order. False, and nothing is written, where a region
 * leaves the memory or all of them hold less than `size` bytes. */
static bool answer_copy(const struct backend_space *space, const struct region *regions, uint32_t count,
                        const uint8_t *bytes, uint32_t size)
{
    uint64_t room = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (regions[i].length && (uint64_t)regions[i].offset + regions[i].length > space->memory_size)
            return false;
        room += regions[i].length;
    }
    if (size > room)
        return false;
    for (uint32_t i = 0, done = 0; done < size; i++) {
        uint32_t part = size - done < regions[i].length ? size - done : regions[i].length;
        if (part > 0)
            memcpy(space->memory + regions[i].offset, bytes + done, part);
        done += part;
    }
    return true;
}

static bool answer_bytes(const struct op *op, const struct request *request, const struct backend_space *space,
                         const struct trace_op_data *data)
{
    if (op->kind != OP_READ && op->kind != OP_PREAD)
        return answer_copy(space, &op->mem, 1, data->in, data->in_length);
    if ((uint64_t)op->mem.offset + op->mem.length > request->iov_count)
        return false;
    return answer_copy(space, request->iov + op->mem.offset, op->mem.length, data->in, data->in_length);
}

/* Directory entries are read again by the commit, so they are checked whole before they get there. */
static bool answer_dirents(const struct backend_space *space, const struct trace_op_data *data)
{
    if (data->in_length > LIMIT_STAGING)
        return false;
    for (uint32_t at = 0; at < data->in_length;) {
        struct dirent_head head;
        if (data->in_length - at < sizeof head)
            return false;
        memcpy(&head, data->in + at, sizeof head);
        at += (uint32_t)sizeof head;
        if (head.name_length == 0 || head.name_length > LIMIT_COMPONENT || head.name_length > data->in_length - at)
            return false;
        at += head.name_length;
    }
    if (data->in_length > 0)
        memcpy(space->staging, data->in, data->in_length);
    return true;
}

static enum status impossible(struct session *session, const char *why, struct error *error)
{
    const struct trace_call *call = session->call;
    const struct op_result *result = &call->ops.result[session->op];
    session_expected(session, "a result that a system can give");
    session_found(session, "%s from %s, with %u bytes: %s",
                  result->value < 0 ? "a failure" : "success", abi_ops[call->ops.op[session->op].kind].text,
                  call->data[session->op].in_length, why);
    return session_diverge(session, call->op_event[session->op], "recorded result", error);
}

/* Places what came with a success. NULL, or why it cannot have happened. */
static const char *answer_success(const struct op *op, const struct request *request, const struct backend_space *space,
                                  const struct op_result *result, const struct trace_op_data *data)
{
    const struct op_row *row = &abi_ops[op->kind];
    uint64_t value = (uint64_t)result->value;
    if (row->data == OP_DATA_STAT && result->stat.filetype > FILETYPE_SYMBOLIC_LINK)
        return "no such file type";
    if (row->data == OP_DATA_BYTES || row->data == OP_DATA_DIRENTS) {
        if (value != data->in_length)
            return "the count is not that of the bytes";
        if (row->data == OP_DATA_BYTES && !answer_bytes(op, request, space, data))
            return "more bytes than the buffers hold";
        if (row->data == OP_DATA_DIRENTS && !answer_dirents(space, data))
            return "broken directory entries";
    } else if (data->in_length > 0) {
        return "bytes from an op that brings none";
    }
    if ((op->kind == OP_WRITE || op->kind == OP_PWRITE || op->kind == OP_APPEND) && value > data->out_length)
        return "more was written than was given";
    return NULL;
}

enum status answer_act(struct session *session, const struct op *op, const struct request *request,
                       const struct backend_space *space, struct op_result *result, struct error *error)
{
    const struct trace_call *call = session->call;
    if (session->item != SESSION_CALL || session->op >= call->ops.count)
        return error_set(error, STATUS_INTERNAL, "an op was performed that was not announced");
    const struct op_result *recorded = &call->ops.result[session->op];
    const struct trace_op_data *data = &call->data[session->op];
    const char *why = NULL;
    if (recorded->value >= 0)
        why = answer_success(op, request, space, recorded, data);
    else if (recorded->value <= -WASI_ERRNO_COUNT)
        why = "no such error";
    else if (data->in_length > 0)
        why = "bytes with a failure";
    if (why)
        return impossible(session, why, error);
    *result = *recorded;
    session->op++;
    return STATUS_OK;
}
