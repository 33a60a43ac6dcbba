/* Answers ops from the trace: the recorded result, stat and bytes, instead of a system call.
 *
 * Invariants: every byte goes through answer_copy, behind a check of each region against the guest's memory; nothing
 * recorded is believed: a result that no system could have given (more bytes than the regions hold, an unknown errno or
 * file type, broken directory entries) is a divergence and nothing of it reaches the guest. Leaves out: which ops may
 * be answered; the observer has compared the op before. Source: ops.def. */
#include "replay/session.h"

#include <string.h>
#include "wasi/abi/op_sets.h"

/* Where the next bytes of an op's data go: regions of guest memory in their order, each checked before anything is
 * written. */
struct answer {
    const struct backend_space *space;
    const struct region *regions;
    uint32_t count, at; /* regions; the one that is being filled */
    uint32_t inside;    /* bytes of it that are filled */
};

/* Whether the regions lie in the memory and hold `size` bytes. */
static bool answer_fits(const struct backend_space *space, const struct region *regions, uint32_t count, uint32_t size)
{
    uint64_t room = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (regions[i].length && (uint64_t)regions[i].offset + regions[i].length > space->memory_size)
            return false;
        room += regions[i].length;
    }
    return size <= room;
}

/* A trace_bytes_fn. */
static bool answer_copy(void *self, const uint8_t *bytes, size_t size)
{
    struct answer *answer = self;
    while (size > 0 && answer->at < answer->count) {
        const struct region *region = &answer->regions[answer->at];
        uint32_t room = region->length - answer->inside, part = size < room ? (uint32_t)size : room;
        if (part > 0)
            memcpy(answer->space->memory + region->offset + answer->inside, bytes, part);
        bytes += part;
        size -= part;
        answer->inside += part;
        if (answer->inside == region->length) {
            answer->at++;
            answer->inside = 0;
        }
    }
    return size == 0;
}

/* False: the regions do not hold the data. A file that was changed meanwhile is the replay's failure, and no
 * divergence. */
static bool answer_bytes(struct session *session, const struct op *op, const struct request *request,
                         const struct backend_space *space)
{
    struct error why = ERROR_INIT;
    bool vector = (abi_op_bit(op->kind) & ops_vector) != 0;
    if (vector && (uint64_t)op->mem.offset + op->mem.length > request->iov_count)
        return false;
    struct answer answer = { .space = space,
                             .regions = vector ? request->iov + op->mem.offset : &op->mem,
                             .count = vector ? op->mem.length : 1 };
    if (!answer_fits(space, answer.regions, answer.count, session->call->data[session->op].in_length))
        return false;
    enum status status = trace_reader_data(session->reader, session->call, session->op, answer_copy, &answer, &why);
    if (status != STATUS_OK)
        error_copy(&session->failure, status, &why);
    return true;
}

/* Follows the standard streams: the guest may close one, or give it another number. */
static void answer_streams(struct session *session, const struct op *op)
{
    enum op_table table = abi_ops[op->kind].table;
    bool closes = table == OP_TABLE_CLOSES || table == OP_TABLE_MOVES;
    for (uint32_t i = 0; closes && i < 3; i++) {
        if (session->stream[i] == op->handle)
            session->stream[i] = HANDLE_NONE;
        if (table == OP_TABLE_MOVES && session->stream[i] == op->handle2)
            session->stream[i] = op->handle;
    }
}

/* What the guest wrote to its standard output and error is handed out. The regions were checked by the decision core,
 * and are again. */
static enum status answer_output(struct session *session, const struct op *op, const struct request *request,
                                 const struct backend_space *space, uint64_t left, struct error *error)
{
    const struct replay_options *options = session->options;
    bool writes = (abi_op_bit(op->kind) & ops_out) != 0, vector = (abi_op_bit(op->kind) & ops_vector) != 0;
    uint32_t stream = op->handle == session->stream[1] ? 1 : 2;
    if (!options->output || !writes || op->handle == HANDLE_NONE || op->handle != session->stream[stream] ||
        (vector && (uint64_t)op->mem.offset + op->mem.length > request->iov_count))
        return STATUS_OK;
    const struct region *pieces = vector ? request->iov + op->mem.offset : &op->mem;
    for (uint32_t i = 0, count = vector ? op->mem.length : 1; i < count && left > 0; i++) {
        struct region piece = pieces[i];
        uint64_t part = piece.length < left ? piece.length : left;
        if (piece.offset + part > space->memory_size)
            break;
        if (part > 0 && !options->output(options->output_self, stream, space->memory + piece.offset, (size_t)part))
            return error_set(error, STATUS_STOPPED, "the guest's output could not be written");
        left -= part;
    }
    return STATUS_OK;
}

/* Directory entries are read again by the commit, so they are checked whole before they get there. */
static bool answer_dirents(const struct op *op, const struct backend_space *space, const struct trace_op_data *data)
{
    if (data->in_length > LIMIT_STAGING || data->in_kept != data->in_length || op->offset > LIMIT_READDIR_BUFFER)
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
        memcpy(space->staging + op->offset, data->in, data->in_length);
    return true;
}

/* One byte of known bits for each descriptor that was asked about. */
static bool answer_polls(const struct request *request, const struct backend_space *space,
                         const struct trace_op_data *data)
{
    uint32_t asked = 0;
    for (uint32_t i = 0; i < request->subscription_count; i++)
        asked += request->subscription[i].type != EVENTTYPE_CLOCK;
    if (data->in_kept != data->in_length || (data->in_length > 0 && data->in_length != asked))
        return false;
    for (uint32_t i = 0; i < data->in_length; i++)
        if (data->in[i] > POLLED_ALL)
            return false;
    if (data->in_length > 0)
        memcpy(space->staging, data->in, data->in_length);
    return true;
}

/* Bytes that go into the staging buffer as they came. */
struct staged {
    uint8_t *to;
    size_t left;
};

/* A trace_bytes_fn. */
static bool staged_copy(void *self, const uint8_t *bytes, size_t size)
{
    struct staged *staged = self;
    if (size > staged->left)
        return false;
    memcpy(staged->to, bytes, size);
    staged->to += size;
    staged->left -= size;
    return true;
}

/* A message of a peer, or the addresses of a resolver. */
static bool answer_staged(struct session *session, const struct op *op, const struct backend_space *space)
{
    struct error why = ERROR_INIT;
    const struct trace_op_data *data = &session->call->data[session->op];
    bool names = abi_ops[op->kind].in == OP_BYTES_NAMES;
    size_t most = names ? LIMIT_ADDRESSES * sizeof(struct net_address) : LIMIT_STAGING;
    if (data->in_length > most || (names && data->in_length % sizeof(struct net_address) != 0))
        return false;
    struct staged staged = { space->staging, most };
    enum status status = trace_reader_data(session->reader, session->call, session->op, staged_copy, &staged, &why);
    if (status != STATUS_OK)
        error_copy(&session->failure, status, &why);
    return true;
}

static bool address_known(const struct net_address *address)
{
    return address->family == NET_NONE || address->family == NET_V4 || address->family == NET_V6;
}

static enum status impossible(struct session *session, const char *why, struct error *error)
{
    const struct trace_call *call = session->call;
    const struct op_result *result = &call->ops.result[session->op];
    session_expected(session, "a result that a system can give");
    session_found(session, "%s from %s, with %u bytes: %s", result->value < 0 ? "a failure" : "success",
                  abi_ops[call->ops.op[session->op].kind].text, call->data[session->op].in_length, why);
    return session_diverge(session, call->op_event[session->op], "recorded result", error);
}

/* Places what came with a success. NULL, or why it cannot have happened. */
static const char *answer_success(struct session *session, const struct op *op, const struct request *request,
                                  const struct backend_space *space, const struct op_result *result)
{
    const struct trace_op_data *data = &session->call->data[session->op];
    const struct op_row *row = &abi_ops[op->kind];
    uint64_t value = (uint64_t)result->value;
    if (row->in == OP_BYTES_STAT && result->stat.filetype > FILETYPE_SYMBOLIC_LINK)
        return "no such file type";
    if (abi_brings_address((enum op_bytes)row->in) && !address_known(&result->address))
        return "no such family of addresses";
    if (trace_op_dropped(&session->call->ops, session->op)) {
        if (value > LIMIT_STAGING || data->in_length > 0)
            return "more than a message holds, or bytes of one that was dropped";
    } else if (row->in != OP_BYTES_NONE && row->in != OP_BYTES_STAT) {
        if (value != data->in_length)
            return "the count is not that of the bytes";
        if (abi_bytes_in_regions(row->in) && !answer_bytes(session, op, request, space))
            return "more bytes than the buffers hold";
        if (row->in == OP_BYTES_ENTRIES && !answer_dirents(op, space, data))
            return "broken directory entries";
        if (row->in == OP_BYTES_POLLED && !answer_polls(request, space, data))
            return "broken answers about descriptors";
        if ((row->in == OP_BYTES_MESSAGE || row->in == OP_BYTES_NAMES) && !answer_staged(session, op, space))
            return "more than a message holds, or broken addresses";
    } else if (data->in_length > 0) {
        return "bytes from an op that brings none";
    }
    if (row->out != OP_BYTES_NONE && value > data->out_length)
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
        why = answer_success(session, op, request, space, recorded);
    else if (recorded->value <= -WASI_ERRNO_COUNT)
        why = "no such error";
    else if (data->in_length > 0)
        why = "bytes with a failure";
    if (why)
        return impossible(session, why, error);
    if (session->failure.status != STATUS_OK)
        return error_copy(error, session->failure.status, &session->failure);
    *result = *recorded;
    session->op++;
    answer_streams(session, op);
    return recorded->value >= 0 ? answer_output(session, op, request, space, (uint64_t)recorded->value, error)
                                : STATUS_OK;
}
