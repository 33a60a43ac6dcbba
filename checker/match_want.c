/* Turns an op of the trace into the system call that the kernel should have executed, by its row in ops.def.
 *
 * Invariants: a want is plain data that outlives the trace's call; every region of the op is checked against the
 * request before it is read (traces are hostile). What cannot be known beforehand (host descriptors, where guest memory
 * lies) stays symbolic. docs/witness.md. */
#include <stdlib.h>
#include <string.h>
#include "checker/match_want.h"

enum { OPEN_HOW_SIZE = 24, CREATED_FILE = 0666, RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_BENEATH = 0x08 };
enum { DIRENT64_NAME = 19 };

uint8_t *match_bytes_take(struct match_bytes *bytes, size_t size)
{
    match_bytes_done(bytes);
    if (size <= sizeof bytes->near)
        return bytes->near;
    bytes->far = malloc(size);
    bytes->far_size = bytes->far ? size : 0;
    return bytes->far;
}

void match_bytes_done(struct match_bytes *bytes)
{
    free(bytes->far);
    bytes->far = NULL;
    bytes->far_size = 0;
}

static bool path_fits(struct region region)
{
    return region.length <= LIMIT_PATH && (uint64_t)region.offset + region.length <= REQUEST_BYTES;
}

static bool vector_fits(const struct request *request, struct region mem)
{
    return request->iov_count <= LIMIT_IOVECS && (uint64_t)mem.offset + mem.length <= request->iov_count;
}

/* Subscriptions of poll_oneoff that are no clocks. */
static uint64_t descriptors_asked(const struct request *request)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++)
        count += request->subscription[i].type != EVENTTYPE_CLOCK;
    return count;
}

/* How many bytes the want keeps of the op; UINT64_MAX: the op names bytes that its request does not have. */
static uint64_t bytes_needed(const struct request *request, const struct op *op)
{
    uint64_t total = 0;
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX; slot++) {
        uint8_t role = abi_ops[op->kind].operand[slot];
        if ((role == OPERAND_PATH && !path_fits(op->path)) || (role == OPERAND_PATH2 && !path_fits(op->path2)) ||
            (role == OPERAND_IOVS && !vector_fits(request, op->mem)))
            return UINT64_MAX;
        total += role == OPERAND_PATH ? op->path.length : role == OPERAND_PATH2 ? op->path2.length : 0;
        total += role == OPERAND_IOVS ? (uint64_t)op->mem.length * sizeof(struct region) : 0;
        total += role == OPERAND_POLLS ? descriptors_asked(request) * sizeof(struct region) : 0;
    }
    return total;
}

/* What is being filled. */
struct filling {
    const struct match_world *world;
    const struct trace_call *call;
    const struct op *op;
    struct match_want *want;
    uint8_t *at; /* in the want's bytes */
    unsigned paths;
};

static void want_path(struct filling *f, struct region region)
{
    f->want->path_length[f->paths] = region.length;
    f->want->path[f->paths++] = memcpy(f->at, f->call->request.bytes + region.offset, region.length);
    f->at += region.length;
}

/* No row has a vector and a path, so the vector is aligned. */
static void want_vector(struct filling *f)
{
    const struct region *from = f->call->request.iov + f->op->mem.offset;
    f->want->iov_count = f->op->mem.length;
    f->want->iov = memcpy(f->at, from, f->op->mem.length * sizeof *from);
    f->at += f->op->mem.length * sizeof *from;
}

/* The descriptors that are asked about: handle, and with its generation what for. */
static void want_polls(struct filling *f, const struct match_world *world)
{
    const struct request *request = &f->call->request;
    struct region *to = (struct region *)f->at;
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        const struct subscription *from = &request->subscription[i];
        if (from->type == EVENTTYPE_CLOCK)
            continue;
        uint32_t handle = from->clock_or_fd < HANDLES_TOTAL ? from->clock_or_fd : HANDLE_SCRATCH;
        to[count++] = (struct region) { handle, match_linux_poll(from->type) | world->generation[handle] << 16 };
    }
    f->want->iov = to;
    f->want->iov_count = count;
    f->at += count * sizeof *to;
}

/* Sums what the kernel's entries must have measured: VFS pads struct linux_dirent64 with its name and NUL to eight
 * bytes. */
static uint64_t dirent_bytes(const struct trace_op_data *data, int64_t value)
{
    if (value < 0 || !data->in || data->in_length != (uint64_t)value || data->in_kept != data->in_length)
        return UINT64_MAX;
    struct cursor c = cursor_over(data->in, data->in_length);
    uint64_t total = 0;
    while (cursor_left(&c) > 0) {
        struct dirent_head head;
        const uint8_t *bytes, *name;
        if (cursor_bytes(&c, sizeof head, &bytes) != STATUS_OK)
            return UINT64_MAX;
        memcpy(&head, bytes, sizeof head);
        if (cursor_bytes(&c, head.name_length, &name) != STATUS_OK)
            return UINT64_MAX;
        total += ((uint64_t)DIRENT64_NAME + head.name_length + 1 + 7) & ~UINT64_C(7);
    }
    return total;
}

/* Those that the trace says something happened to. */
static uint64_t descriptors_told(const struct trace_op_data *data, int64_t value)
{
    if (value < 0 || data->in_length != (uint64_t)value || data->in_kept != data->in_length || (value > 0 && !data->in))
        return UINT64_MAX;
    uint64_t count = 0;
    for (uint32_t i = 0; i < data->in_length; i++)
        count += data->in[i] != 0;
    return count;
}

/* False: the vector is not in the request. */
static bool staged_length(const struct request *request, const struct op *op, uint64_t *ret)
{
    uint64_t total = 0;
    if (!vector_fits(request, op->mem))
        return false;
    for (uint32_t i = 0; i < op->mem.length; i++)
        total += request->iov[op->mem.offset + i].length;
    *ret = total < LIMIT_STAGING ? total : LIMIT_STAGING;
    return true;
}

/* One operand. */
static bool want_operand(struct filling *f, enum op_operand role, unsigned slot)
{
    const struct op *op = f->op;
    struct match_want *want = f->want;
    switch (role) {
    case OPERAND_IOVS:
        want_vector(f);
        return true;
    case OPERAND_STAGELEN:
        return staged_length(&f->call->request, op, &want->operand[slot]);
    case OPERAND_COUNT:
        want->operand[slot] = op->mem.length;
        return true;
    case OPERAND_POLLCOUNT:
        want->operand[slot] = descriptors_asked(&f->call->request);
        return true;
    case OPERAND_OFFSET:
        want->operand[slot] = op->offset;
        return true;
    case OPERAND_PATH:
        want_path(f, op->path);
        return true;
    case OPERAND_PATH2:
        want_path(f, op->path2);
        return true;
    case OPERAND_HOW:
        want->how[0] = match_linux_open_flags(op->flags, f->world->machine);
        want->how[1] = op->flags & OPEN_CREATE && !(op->flags & OPEN_PATH_ONLY) ? CREATED_FILE : 0;
        want->how[2] = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
        return true;
    case OPERAND_HOWSIZE:
        want->operand[slot] = OPEN_HOW_SIZE;
        return true;
    case OPERAND_FDFLAGS:
        want->operand[slot] = match_linux_fdflags(op->value);
        return true;
    case OPERAND_BITS:
        want->operand[slot] = op->flags;
        return true;
    case OPERAND_CONSTANT:
        want->operand[slot] = abi_op_constants[op->kind][slot];
        return true;
    case OPERAND_MEM:
        want->mem_offset = op->mem.offset;
        return true;
    case OPERAND_MEMLEN:
        want->operand[slot] = op->mem.length;
        return true;
    case OPERAND_TIMES:
        match_linux_times(op, want->times);
        return true;
    case OPERAND_TIME:
        match_linux_time(op->offset, want->times);
        return true;
    case OPERAND_VALUE:
        want->operand[slot] = op->value;
        return true;
    case OPERAND_ADDRLEN:
        want->operand[slot] = net_sockaddr_length(f->call->request.address.family);
        return true;
    case OPERAND_OPTIONLEN:
        want->operand[slot] = op->kind == OP_ONLY_V6 ? sizeof(int) : net_option_length(op->flags, op->offset);
        return true;
    case OPERAND_ADDRESS:
    case OPERAND_OPTION:
    case OPERAND_NONE:
    case OPERAND_FD:
    case OPERAND_FD2:
    case OPERAND_ZERO:
    case OPERAND_EMPTY:
    case OPERAND_RESULT:
    case OPERAND_STAGE:
        return true;
    case OPERAND_POLLS:
        want_polls(f, f->world);
        return true;
    }
    return false;
}

/* What the kernel's result says where it is no portable one: bytes of entries, descriptors to which something happened.
 */
static uint64_t host_result(const struct op *op, const struct trace_op_data *data, int64_t value)
{
    enum op_match match = abi_ops[op->kind].match;
    if (match == OP_MATCH_ENTRIES)
        return dirent_bytes(data, value);
    return match == OP_MATCH_POLLED ? descriptors_told(data, value) : UINT64_MAX;
}

enum status match_want_from(const struct match_world *world, const struct trace_call *call, uint32_t index,
                            struct match_want *want, const char **reason)
{
    const struct op *op = &call->ops.op[index];
    *reason = "an op of no known kind";
    if (op->kind >= OP_COUNT)
        return STATUS_MALFORMED;
    const struct op_row *row = &abi_ops[op->kind];
    uint64_t bytes = bytes_needed(&call->request, op);
    *reason = "an op names bytes that its request does not have";
    if (bytes == UINT64_MAX)
        return STATUS_MALFORMED;
    struct filling filling = { world, call, op, want, match_bytes_take(&want->bytes, bytes), 0 };
    if (!filling.at)
        return STATUS_NO_MEMORY;
    want->event = call->op_event[index];
    want->walks = world->walks && row->calls == OP_CALLS_WALK;
    want->links = world->links;
    want->open_flags = op->flags;
    want->number = want->walks ? world->number_openat : world->number[op->kind];
    want->handle = op->handle < HANDLES_TOTAL ? op->handle : HANDLE_NONE;
    want->handle2 = op->handle2 < HANDLES_TOTAL ? op->handle2 : HANDLE_NONE;
    want->kind = op->kind;
    want->op = (uint8_t)index;
    want->known = call->complete;
    want->optional = row->calls == OP_CALLS_VDSO;
    want->restarted = false;
    want->iov_count = 0;
    want->iov = NULL;
    memset((void *)want->path, 0, sizeof want->path);
    memset(want->path_length, 0, sizeof want->path_length);
    memset(want->operand, 0, sizeof want->operand);
    want->result = call->ops.result[index].value;
    want->calls = row->calls == OP_CALLS_WALK ? call->ops.result[index].calls : 1;
    *reason = "an op took more system calls than it may";
    if (want->known && !want->walks && (want->calls == 0 || want->calls > LIMIT_OPEN_TRIES))
        return STATUS_MALFORMED;
    want->host_bytes = call->complete ? host_result(op, &call->data[index], want->result) : UINT64_MAX;
    want->dev = call->ops.result[index].stat.dev;
    want->ino = call->ops.result[index].stat.ino;
    want->filetype = call->ops.result[index].stat.filetype;
    want->address = call->request.address;
    want->told = call->ops.result[index].address;
    want->option_level = op->flags;
    want->option_name = op->offset;
    want->option_value = op->value;
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX && row->operand[slot] != OPERAND_NONE; slot++) {
        enum op_operand role = (enum op_operand)row->operand[slot];
        *reason = "an op names bytes that its request does not have";
        if (!want_operand(&filling, role, slot))
            return STATUS_MALFORMED;
        if (role == OPERAND_FD && want->handle == HANDLE_NONE) {
            *reason = "an op names no descriptor where it needs one";
            return STATUS_MALFORMED;
        }
    }
    *reason = NULL;
    return STATUS_OK;
}
