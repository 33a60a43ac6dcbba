/* Whether a call of a guest is one that it made under its own policy, when it may be elsewhere already.
 *
 * Invariant: what is left out (addresses in the guest's memory, numbers of descriptors) has no part in what a call
 * means; everything else is compared. */
#include "replay/asked.h"

#include <inttypes.h>
#include <string.h>

#include "wasi/again.h"

/* A part of a directory is none that the guest had. */
static uint32_t handle_was(const struct asked *asked, uint64_t handle)
{
    return handle < HANDLES_TOTAL && !asked->handle[handle].below[0] ? asked->handle[handle].was : HANDLE_NONE;
}

static bool same_bytes(const struct request *a, struct region at, const struct request *b, struct region bt)
{
    return at.length == bt.length && (uint64_t)at.offset + at.length <= REQUEST_BYTES &&
           (uint64_t)bt.offset + bt.length <= REQUEST_BYTES &&
           memcmp(a->bytes + at.offset, b->bytes + bt.offset, at.length) == 0;
}

/* Which of the live request's strings is a path beneath a part, and of which; "": none. */
static const char *below_of(const struct asked *asked, const struct request *live, uint32_t string)
{
    struct wasi_again_named named[AGAIN_NAMED_MAX];
    uint32_t count = wasi_again_names(live, named);
    for (uint32_t i = 0; i < count; i++)
        if (named[i].string == string && named[i].handle < LIMIT_HANDLES)
            return asked->handle[named[i].handle].below;
    return "";
}

bool asked_names_part(const struct asked *asked, const struct request *request)
{
    for (uint32_t i = 0; i < REQUEST_STRINGS; i++)
        if (below_of(asked, request, i)[0])
            return true;
    return false;
}

/* Whether `path` beneath the part `below` is `whole` beneath all of it; both without `.` and doubled slashes. */
static bool same_path(const char *below, const char *path, const char *whole)
{
    size_t length = strlen(below);
    if (strncmp(whole, below, length) != 0)
        return false;
    return path[0] == 0 ? whole[length] == 0 : whole[length] == '/' && strcmp(whole + length + 1, path) == 0;
}

static bool same_string(const struct asked *asked, const struct request *live, const struct request *was, uint32_t i)
{
    char path[LIMIT_PATH + 2], whole[LIMIT_PATH + 2];
    const char *below = below_of(asked, live, i);
    if (!below[0])
        return same_bytes(live, live->string[i], was, was->string[i]);
    return wasi_again_path(live, i, path) && wasi_again_path(was, i, whole) && same_path(below, path, whole);
}

static uint64_t vector_length(const struct request *request)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < request->iov_count && i < LIMIT_IOVECS; i++)
        total += request->iov[i].length;
    return total;
}

/* What the descriptor that a call names was; of a part, the whole, where the call has a path beneath it. */
static uint32_t directory_was(const struct asked *asked, const struct request *live, uint64_t handle)
{
    struct wasi_again_named named[AGAIN_NAMED_MAX];
    uint32_t count = handle < LIMIT_HANDLES && asked->handle[handle].below[0] ? wasi_again_names(live, named) : 0;
    for (uint32_t i = 0; i < count; i++)
        if (named[i].handle == handle && named[i].string < REQUEST_STRINGS)
            return asked->handle[handle].was;
    return handle_was(asked, handle);
}

static bool same_fields(const struct asked *asked, const struct request *live, const struct request *was)
{
    const struct operation_row *row = &abi_operations[live->call];
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct operation_field *field = &row->field[i];
        const uint64_t now = live->slot[field->slot], then = was->slot[field->slot];
        if (field->type == ARG_FD) {
            if ((now != then || now < HANDLES_TOTAL) && directory_was(asked, live, now) != then)
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
        if (!same_string(asked, live, was, i))
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

static uint32_t op_find(const struct trace_call *was, enum op_kind kind, uint32_t slot)
{
    for (uint32_t i = 0; i < was->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &was->ops.op[i];
        if (op->kind == kind &&
            (kind != OP_OPEN || op->handle2 == slot || (slot < LIMIT_HANDLES && op->handle2 < LIMIT_HANDLES)))
            return i;
    }
    return ASKED_UNKNOWN;
}

/* Of the plan's own directories: the same one, reached from elsewhere. The path is a beginning of the request's. */
static bool same_scratch(const struct asked *asked, const struct request *live_request, const struct op *live,
                         const struct trace_call *was, uint32_t index)
{
    struct request a = *live_request, b = was->request; /* with the op's paths in place of the call's */
    char path[LIMIT_PATH + 2], whole[LIMIT_PATH + 2];
    const char *below = live->handle < LIMIT_HANDLES ? asked->handle[live->handle].below : "";
    a.string[0] = live->path;
    b.string[0] = was->ops.op[index].path;
    return wasi_again_path(&a, 0, path) && wasi_again_path(&b, 0, whole) &&
           (below[0] ? same_path(below, path, whole) : strcmp(path, whole) == 0);
}

uint32_t asked_part_op(const struct asked *asked, const struct request *live_request, const struct op *live,
                       const struct trace_call *was)
{
    const enum op_kind kind = (enum op_kind)live->kind;
    const bool own = kind == OP_OPEN && live->handle2 >= LIMIT_HANDLES; /* a directory that the plan opens for itself */
    const uint32_t index = op_find(was, kind, live->handle2), told = op_find(was, OP_STAT_AT, 0);
    const bool was_directory = told < LIMIT_OPS && was->ops.result[told].value >= 0 &&
                               was->ops.result[told].stat.filetype == FILETYPE_DIRECTORY;
    if (kind == OP_CLOSE)
        return ASKED_GIVEN;
    if (index < LIMIT_OPS && own)
        return same_scratch(asked, live_request, live, was, index) ? index : ASKED_UNKNOWN;
    if (own || kind == OP_FILE_SYSTEM)
        return own && was_directory ? ASKED_GIVEN : index;
    if (index < LIMIT_OPS) {
        const struct op *op = &was->ops.op[index];
        const uint32_t changing = OPEN_CREATE | OPEN_TRUNCATE;
        const bool same =
            kind == OP_OPEN ? (op->flags & changing) == (live->flags & changing) : op->flags == live->flags;
        return same && op->offset == live->offset && op->value == live->value && op->mem.length == live->mem.length
                   ? index
                   : ASKED_UNKNOWN;
    }
    if (kind == OP_STAT && was_directory)
        return told;
    /* A name alone is looked at, where a longer path was opened to be looked at. */
    const uint32_t opened = kind == OP_STAT_AT ? op_find(was, OP_OPEN, HANDLE_SCRATCH) : ASKED_UNKNOWN;
    if (opened < LIMIT_OPS && was->ops.result[opened].value < 0)
        return opened;
    return opened < LIMIT_OPS ? op_find(was, OP_STAT, 0) : ASKED_UNKNOWN;
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
