/* Answers of a system in any mood, read off the columns of ops.def: what the row's answer may be, what its bytes are,
 * what becomes of the handles.
 *
 * Over a live backend: an op is performed, with less asked for at times, or it is not, and fails. Closing is always
 * performed: so it is with Linux, where close(2) fails and the descriptor is free. Without one everything is made up.
 * Leaves out: answers that no system gives; those are fuzzed in traces (fuzz_trace). */
#include "fuzz/faults.h"

#include <sched.h>
#include <string.h>

void faults_init(struct faults *faults, const uint8_t *data, size_t size, uint32_t handles)
{
    *faults = (struct faults) { .bytes = { data, size, 0 } };
    for (uint32_t i = 0; i < handles; i++)
        faults->open[i] = true;
}

static uint64_t number(struct faults *faults, uint64_t most)
{
    uint64_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | grammar_byte(&faults->bytes);
    return most == UINT64_MAX ? value * UINT64_C(0x100000001) : value % (most + 1);
}

static uint64_t vector_bytes(const struct op *op, const struct request *request)
{
    uint64_t total = 0;
    for (uint64_t i = op->mem.offset; i < op->mem.offset + (uint64_t)op->mem.length && i < request->iov_count; i++)
        total += request->iov[i].length;
    return total;
}

static uint64_t descriptors_asked(const struct request *request)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < request->subscription_count; i++)
        count += request->subscription[i].type != EVENTTYPE_CLOCK;
    return count;
}

/* The most that the row's answer may be. */
static uint64_t most(const struct op *op, const struct request *request)
{
    uint64_t vector = vector_bytes(op, request);
    switch ((enum op_answer)abi_ops[op->kind].answer) {
    case OP_ANSWER_ZERO:
        return 0;
    case OP_ANSWER_UP_TO_VECTOR:
        return vector < LIMIT_TRANSFER ? vector : LIMIT_TRANSFER;
    case OP_ANSWER_UP_TO_REGION:
        return op->mem.length;
    case OP_ANSWER_UP_TO_STAGING:
        return LIMIT_STAGING;
    case OP_ANSWER_SUBSCRIPTIONS:
        return descriptors_asked(request);
    case OP_ANSWER_U32:
        return UINT32_MAX;
    case OP_ANSWER_NAMED:
        return LIMIT_ADDRESSES;
    case OP_ANSWER_ANY:
        break;
    }
    return INT64_MAX;
}

/* ---- bytes that come with an answer ---- */

static struct net_address address(struct faults *faults)
{
    struct net_address a = { .family = grammar_byte(&faults->bytes) % 2 ? 4 : 6 };
    a.port = (uint16_t)number(faults, UINT16_MAX);
    for (int i = 0; i < (a.family == 4 ? 4 : 16); i++)
        a.bytes[i] = grammar_byte(&faults->bytes);
    return a;
}

/* Directory entries of at most `room` bytes; returns how many. */
static uint64_t entries(struct faults *faults, uint8_t *to, uint64_t room)
{
    uint64_t size = 0, count = grammar_byte(&faults->bytes) % 40;
    for (uint64_t i = 0; i < count; i++) {
        struct dirent_head head = { .next = number(faults, UINT64_MAX), .inode = number(faults, UINT64_MAX) };
        head.name_length = (uint16_t)(1 + grammar_byte(&faults->bytes) % LIMIT_COMPONENT);
        head.type = grammar_byte(&faults->bytes) % 8;
        if (size + sizeof head + head.name_length > room)
            break;
        memcpy(to + size, &head, sizeof head);
        memset(to + size + sizeof head, 'a' + (int)(i % 26), head.name_length);
        size += sizeof head + head.name_length;
    }
    return size;
}

static void scatter(const struct op *op, const struct request *request, const struct backend_space *space,
                    uint64_t length)
{
    for (uint64_t i = op->mem.offset; length > 0 && i < request->iov_count; i++) {
        uint64_t piece = request->iov[i].length < length ? request->iov[i].length : length;
        if (piece)
            memset(space->memory + request->iov[i].offset, 0x5c, piece);
        length -= piece;
    }
}

static void bytes_bring(struct faults *faults, const struct op *op, const struct request *request,
                        const struct backend_space *space, struct op_result *result)
{
    uint64_t value = (uint64_t)result->value;
    struct net_address named;
    switch ((enum op_bytes)abi_ops[op->kind].in) {
    case OP_BYTES_NONE:
        return;
    case OP_BYTES_STAT:
        for (size_t i = 0; i < sizeof result->stat / 8; i++)
            ((uint64_t *)&result->stat)[i] = number(faults, UINT64_MAX);
        result->stat.filetype = grammar_byte(&faults->bytes) % (FILETYPE_SYMBOLIC_LINK + 1);
        return;
    case OP_BYTES_JOINED:
        memset(space->staging, 0x5c, value < LIMIT_STAGING ? value : LIMIT_STAGING);
        scatter(op, request, space, value);
        return;
    case OP_BYTES_VECTOR:
        scatter(op, request, space, value);
        return;
    case OP_BYTES_REGION:
        if (value)
            memset(space->memory + op->mem.offset, 0x5c, value);
        return;
    case OP_BYTES_ENTRIES:
        value = op->value < LIMIT_READDIR ? op->value : LIMIT_READDIR;
        result->value = (int64_t)entries(faults, space->staging + op->offset, value);
        return;
    case OP_BYTES_POLLED:
        for (uint64_t i = 0; i < value; i++)
            space->staging[i] = grammar_byte(&faults->bytes) & POLLED_ALL;
        return;
    case OP_BYTES_MESSAGE:
        memset(space->staging, 0x5c, value);
        result->address = address(faults);
        return;
    case OP_BYTES_NAME:
        result->address = address(faults);
        return;
    case OP_BYTES_NAMES:
        for (uint64_t i = 0; i < value; i++) {
            named = address(faults);
            memcpy(space->staging + i * sizeof named, &named, sizeof named);
        }
        result->value = (int64_t)(value * sizeof named);
        return;
    }
}

/* ---- the backend ---- */

static const char *handles_follow(struct faults *faults, const struct op *op, bool succeeded)
{
    const struct op_row *row = &abi_ops[op->kind];
    bool on_handle = row->object != OP_OBJECT_NONE && row->object != OP_OBJECT_AWAITED;
    if (on_handle && (op->handle >= HANDLES_TOTAL || !faults->open[op->handle]))
        return "an op is on a handle that is not open";
    switch ((enum op_table)row->table) {
    case OP_TABLE_KEEPS:
        return op->handle2 == HANDLE_NONE || (op->handle2 < HANDLES_TOTAL && faults->open[op->handle2])
                   ? NULL
                   : "an op's second handle is not open";
    case OP_TABLE_OPENS:
        if (op->handle2 >= HANDLES_TOTAL || faults->open[op->handle2])
            return "an op opens into a handle that is not free";
        faults->open[op->handle2] = succeeded;
        return NULL;
    case OP_TABLE_CLOSES:
        faults->open[op->handle] = false;
        return NULL;
    case OP_TABLE_MOVES:
        if (op->handle2 >= HANDLES_TOTAL || !faults->open[op->handle2])
            return "an op moves what is not open";
        faults->open[op->handle2] = false;
        return NULL;
    }
    return "an op does with handles what nobody knows";
}

static enum status act(void *self, const struct op *op, const struct request *request,
                       const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct faults *faults = self;
    const struct op_row *row = &abi_ops[op->kind];
    uint8_t mood = grammar_byte(&faults->bytes);
    bool frees = row->table == OP_TABLE_CLOSES || row->table == OP_TABLE_MOVES, fails = mood >= 160;
    struct op less = *op;
    enum status status = STATUS_OK;
    for (int i = 0; mood % 16 == 1 && i < 8; i++)
        sched_yield(); /* a delay: somebody else's turn */
    *result = (struct op_result) { .value = 0, .calls = 1 };
    if (faults->live.act && (!fails || frees)) {
        if (mood % 4 == 2 && row->answer == OP_ANSWER_UP_TO_REGION && less.mem.length > 1)
            less.mem.length = 1 + (uint32_t)number(faults, less.mem.length - 2); /* a short count */
        status = faults->live.act(faults->live.self, &less, request, space, result, error);
        fails |= result->value < 0;
    } else if (!fails) {
        result->value = (int64_t)number(faults, most(op, request));
        if (row->answer == OP_ANSWER_SUBSCRIPTIONS)
            result->value = mood % 2 ? (int64_t)most(op, request) : 0;
        if (row->answer == OP_ANSWER_UP_TO_STAGING && op->value > 0 && result->value > (int64_t)op->value)
            result->value = (int64_t)op->value;
        bytes_bring(faults, op, request, space, result);
    }
    if (mood >= 160 && result->value >= 0)
        result->value =
            mood >= 240 ? -(int64_t)WASI_INTR : -(int64_t)(1 + grammar_byte(&faults->bytes) % (WASI_ERRNO_COUNT - 1));
    const char *wrong = handles_follow(faults, op, !fails);
    faults->wrong = faults->wrong ? faults->wrong : wrong;
    return status;
}

struct wasi_backend faults_backend(struct faults *faults) { return (struct wasi_backend) { faults, act }; }
