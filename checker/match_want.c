/* Turns an op of the trace into the system call that the kernel should have executed, by its row in ops.def.
 *
 * Invariants: a want is plain data that outlives the trace's call; every region of the op is checked against the request before
 * it is read (traces are hostile). What cannot be known beforehand (host descriptors, where guest memory lies) stays symbolic.
 * design.md section 7. */
#include <string.h>
#include "checker/match_want.h"

enum { OPEN_HOW_SIZE = 24, CREATED_FILE = 0666, RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_BENEATH = 0x08 };
enum { DIRENT64_NAME = 19 };

static bool want_path(const struct request *request, struct region region, struct match_want *want, unsigned index)
{
    if (index >= WITNESS_PATHS || region.length > LIMIT_PATH || (uint64_t)region.offset + region.length > REQUEST_BYTES)
        return false;
    size_t kept = region.length < WITNESS_PATH_MAX ? region.length : WITNESS_PATH_MAX - 1;
    memcpy(want->path[index], request->bytes + region.offset, kept);
    want->path[index][kept] = 0;
    want->path_length[index] = (uint16_t)region.length;
    return true;
}

/* Copies the first elements and returns the sum of all in *ret_total. */
static bool want_vector(const struct request *request, const struct op *op, struct match_want *want, uint64_t *ret_total)
{
    if (request->iov_count > LIMIT_IOVECS || (uint64_t)op->mem.offset + op->mem.length > request->iov_count)
        return false;
    *ret_total = 0;
    want->iov_count = op->mem.length;
    for (uint32_t i = 0; i < op->mem.length; i++) {
        struct region piece = request->iov[op->mem.offset + i];
        *ret_total += piece.length;
        if (i < WITNESS_IOVECS)
            want->iov[i] = piece;
    }
    return true;
}

/* Sums what the kernel's entries must have measured: VFS pads struct linux_dirent64 with its name and NUL to eight bytes. */
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

/* Subscriptions of poll_oneoff that are no clocks. */
static uint64_t descriptors_asked(const struct request *request)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++)
        count += request->subscription[i].type != EVENTTYPE_CLOCK;
    return count;
}

/* Those that the trace says something happened to. */
static uint64_t descriptors_told(const struct trace_op_data *data, int64_t value)
{
    if (value < 0 || data->in_length != (uint64_t)value || (value > 0 && !data->in))
        return UINT64_MAX;
    uint64_t count = 0;
    for (uint32_t i = 0; i < data->in_length; i++)
        count += data->in[i] != 0;
    return count;
}

static uint64_t staged_length(const struct op *op, uint64_t total)
{
    if (op->kind == OP_READ_DIR)
        return op->value;
    return total < LIMIT_STAGING ? total : LIMIT_STAGING;
}

/* One operand. */
static bool want_operand(const struct trace_call *call, const struct op *op, enum op_operand role, unsigned slot,
                         unsigned *paths, struct match_want *want)
{
    const struct request *request = &call->request;
    uint64_t total = 0;
    switch (role) {
    case OPERAND_IOVS:
        return want_vector(request, op, want, &total);
    case OPERAND_STAGELEN:
        if (op->kind != OP_READ_DIR && !want_vector(request, op, want, &total))
            return false;
        want->operand[slot] = staged_length(op, total);
        return true;
    case OPERAND_COUNT:
        want->operand[slot] = op->kind == OP_POLL ? descriptors_asked(request) : op->mem.length;
        return true;
    case OPERAND_OFFSET:
        want->operand[slot] = op->offset;
        return true;
    case OPERAND_PATH:
        return want_path(request, op->path, want, (*paths)++);
    case OPERAND_PATH2:
        return want_path(request, op->path2, want, (*paths)++);
    case OPERAND_HOW:
        want->how[0] = match_linux_open_flags(op->flags);
        want->how[1] = op->flags & OPEN_CREATE && !(op->flags & OPEN_PATH_ONLY) ? CREATED_FILE : 0;
        want->how[2] = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
        return true;
    case OPERAND_HOWSIZE:
        want->operand[slot] = OPEN_HOW_SIZE;
        return true;
    case OPERAND_FLAGS:
        want->operand[slot] = match_linux_flags(op);
        return true;
    case OPERAND_ANY:
        want->operand[slot] = match_linux_any(op);
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
        if (op->kind == OP_SLEEP || op->kind == OP_POLL)
            match_linux_times(op, want->times);
        return true;
    case OPERAND_VALUE:
        want->operand[slot] = op->value;
        return true;
    case OPERAND_NONE:
    case OPERAND_FD:
    case OPERAND_FD2:
    case OPERAND_ZERO:
    case OPERAND_STAT:
    case OPERAND_STAGE:
    case OPERAND_POLLS:
        return true;
    }
    return false;
}

/* What the kernel's result says where it is no portable one: bytes of entries, descriptors to which something happened. */
static uint64_t host_result(const struct op *op, const struct trace_op_data *data, int64_t value)
{
    if (op->kind == OP_READ_DIR)
        return dirent_bytes(data, value);
    return op->kind == OP_POLL ? descriptors_told(data, value) : UINT64_MAX;
}

bool match_want_from(const struct match_world *world, const struct trace_call *call, uint32_t index, struct match_want *want,
                     const char **reason)
{
    const struct op *op = &call->ops.op[index];
    *reason = "an op of no known kind";
    if (op->kind >= OP_COUNT)
        return false;
    const struct op_row *row = &abi_ops[op->kind];
    unsigned paths = 0;
    want->event = call->op_event[index];
    want->number = world->number[op->kind];
    want->handle = op->handle < HANDLES_TOTAL ? op->handle : HANDLE_NONE;
    want->handle2 = op->handle2 < HANDLES_TOTAL ? op->handle2 : HANDLE_NONE;
    want->kind = op->kind;
    want->op = (uint8_t)index;
    want->known = call->complete;
    want->optional = row->calls == OP_CALLS_VDSO;
    want->iov_count = 0;
    memset(want->operand, 0, sizeof want->operand);
    want->result = call->ops.result[index].value;
    want->host_bytes = call->complete ? host_result(op, &call->data[index], want->result) : UINT64_MAX;
    want->dev = call->ops.result[index].stat.dev;
    want->ino = call->ops.result[index].stat.ino;
    *reason = "an op names bytes that its request does not have";
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX && row->operand[slot] != OPERAND_NONE; slot++) {
        enum op_operand role = (enum op_operand)row->operand[slot];
        if (!want_operand(call, op, role, slot, &paths, want))
            return false;
        if (role == OPERAND_FD && want->handle == HANDLE_NONE) {
            *reason = "an op names no descriptor where it needs one";
            return false;
        }
    }
    *reason = NULL;
    return true;
}
