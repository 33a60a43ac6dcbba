/* The names of the guest's descriptors, by following what the trace says became of them.
 *
 * Invariants: a name is the one by which the object was granted or opened; that it was renamed or removed since changes
 * no name, as it changes no descriptor. What becomes of a descriptor is read off the column `table` of ops.def. A
 * descriptor of which nothing is known has no name. */
#include "checker/show_paths.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/base/text.h"

enum { SHOWN_PATH = 128 };

struct show_paths {
    const struct run_spec *spec; /* borrowed; may be NULL */
    struct owned_name {
        char *text; /* owned; NULL: not known */
        size_t size;
    } name[HANDLES_TOTAL];
};

static void forget(struct owned_name *name)
{
    free(name->text);
    *name = (struct owned_name) { NULL, 0 };
}

/* Takes what the buffer holds. Where memory was short the name is not known. */
static void take(struct owned_name *name, struct buffer *text)
{
    forget(name);
    if (text->status == STATUS_OK && text->size > 0) {
        *name = (struct owned_name) { (char *)text->data, text->size };
        *text = (struct buffer)BUFFER_INIT;
    }
    buffer_done(text);
}

static void name_as(struct owned_name *name, const char *text)
{
    struct buffer copy = BUFFER_INIT;
    buffer_string(&copy, text);
    take(name, &copy);
}

/* The address without its protocol, which it does not say. */
static void put_address(struct buffer *text, const char *before, const struct net_address *address)
{
    char said[96];
    if (address->family == NET_NONE)
        return;
    policy_address_text(address, said, sizeof said);
    buffer_string(text, before);
    buffer_string(text, strchr(said, ':') ? strchr(said, ':') + 1 : said);
}

static void name_address(struct owned_name *name, const char *before, const struct net_address *address)
{
    struct buffer text = BUFFER_INIT;
    put_address(&text, before, address);
    take(name, &text);
}

enum status show_paths_create(const struct run_spec *spec, struct show_paths **ret, struct error *error)
{
    struct show_paths *paths = calloc(1, sizeof *paths);
    if (!paths)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the names of descriptors");
    paths->spec = spec;
    if (spec) {
        static const char *const streams[] = { "stdin", "stdout", "stderr" };
        uint32_t at = 0;
        for (; at < 3; at++)
            name_as(&paths->name[at], streams[at]);
        for (uint32_t i = 0; i < spec->policy.file_count && at < LIMIT_HANDLES; i++)
            name_as(&paths->name[at++], spec->policy.files[i].guest);
        for (uint32_t i = 0; i < spec->policy.listen_count && at < LIMIT_HANDLES; i++, at++)
            name_address(&paths->name[at], "listening at ",
                         at < spec->initial_count && spec->initial[at].address.family != NET_NONE
                             ? &spec->initial[at].address
                             : &spec->policy.listens[i]);
    }
    *ret = paths;
    return STATUS_OK;
}

void show_paths_forget(struct show_paths *paths)
{
    for (size_t i = 0; i < HANDLES_TOTAL; i++)
        forget(&paths->name[i]);
}

void show_paths_free(struct show_paths *paths)
{
    if (!paths)
        return;
    show_paths_forget(paths);
    free(paths);
}

const struct run_spec *show_paths_spec(const struct show_paths *paths) { return paths ? paths->spec : NULL; }

struct show_path show_paths_get(const struct show_paths *paths, uint64_t handle)
{
    if (!paths || handle >= HANDLES_TOTAL)
        return (struct show_path) { NULL, 0 };
    return (struct show_path) { paths->name[handle].text, paths->name[handle].size };
}

void show_paths_join(struct show_path directory, const void *name, size_t size, struct buffer *out)
{
    const char *at = name, *end = at + size;
    size_t from = out->size;
    buffer_bytes(out, directory.text, directory.size);
    while (at < end) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t length = slash ? (size_t)(slash - at) : (size_t)(end - at);
        if (length > 0 && !(length == 1 && *at == '.')) {
            if (out->size > from && out->data[out->size - 1] != '/')
                buffer_u8(out, '/');
            buffer_bytes(out, at, length);
        }
        at += length + (slash != NULL);
    }
}

void show_paths_put(struct show_path path, bool full, struct buffer *out)
{
    if (!path.text)
        return;
    size_t shown = full || path.size <= SHOWN_PATH ? path.size : SHOWN_PATH;
    struct buffer quoted = BUFFER_INIT;
    text_quote(&quoted, path.text, shown, 0);
    buffer_u8(out, '<');
    for (size_t i = 1; i + 1 < quoted.size; i++) /* without the quotes; the mark at the end is not of the name */
        if (quoted.data[i] == '>')
            buffer_string(out, "\\x3e");
        else
            buffer_u8(out, quoted.data[i]);
    buffer_string(out, shown < path.size ? "...>" : ">");
    buffer_done(&quoted);
}

/* What the op's new descriptor is called; nothing where nobody knows. */
static void put_opened(const struct show_paths *paths, const struct trace_call *call, uint32_t index,
                       struct buffer *text)
{
    const struct op *op = &call->ops.op[index];
    struct show_path directory = show_paths_get(paths, op->handle);
    if (op->kind == OP_OPEN && directory.text && (uint64_t)op->path.offset + op->path.length <= REQUEST_BYTES)
        show_paths_join(directory, call->request.bytes + op->path.offset, op->path.length, text);
    else if (op->kind == OP_ACCEPT)
        put_address(text, "from ", &call->ops.result[index].address);
    else if (op->kind == OP_SOCKET)
        buffer_string(text, op->flags & NET_SOCK_DGRAM ? "udp socket" : "tcp socket");
}

void show_paths_descriptor(const struct show_paths *paths, bool full, uint64_t handle, struct buffer *out)
{
    buffer_printf(out, "%" PRIu64, handle);
    show_paths_put(show_paths_get(paths, handle), full, out);
}

static bool opens(const struct trace_call *call, uint32_t index)
{
    const struct op *op = &call->ops.op[index];
    return op->kind < OP_COUNT && abi_ops[op->kind].table == OP_TABLE_OPENS && call->ops.result[index].value >= 0;
}

void show_paths_opened(const struct show_paths *paths, const struct trace_call *call, uint64_t handle,
                       struct buffer *out)
{
    for (uint32_t i = 0; paths && call->complete && i < call->ops.count && i < LIMIT_OPS; i++)
        if (opens(call, i) && call->ops.op[i].handle2 == handle) {
            buffer_clear(out);
            put_opened(paths, call, i, out);
        }
}

void show_paths_follow_op(struct show_paths *paths, const struct trace_call *call, uint32_t index)
{
    const struct op *op = &call->ops.op[index];
    const struct op_result *result = &call->ops.result[index];
    if (op->kind >= OP_COUNT)
        return;
    switch ((enum op_table)abi_ops[op->kind].table) {
    case OP_TABLE_OPENS:
        if (op->handle2 < HANDLES_TOTAL && opens(call, index)) {
            struct buffer text = BUFFER_INIT;
            put_opened(paths, call, index, &text);
            take(&paths->name[op->handle2], &text);
        }
        return;
    case OP_TABLE_CLOSES:
        if (op->handle < HANDLES_TOTAL)
            forget(&paths->name[op->handle]);
        return;
    case OP_TABLE_MOVES:
        if (op->handle < HANDLES_TOTAL && op->handle2 < HANDLES_TOTAL && op->handle != op->handle2) {
            forget(&paths->name[op->handle]);
            paths->name[op->handle] = paths->name[op->handle2];
            paths->name[op->handle2] = (struct owned_name) { NULL, 0 };
        }
        return;
    case OP_TABLE_KEEPS:
        if (op->handle < HANDLES_TOTAL && (op->kind == OP_CONNECT || op->kind == OP_BIND) &&
            (result->value >= 0 || result->value == -WASI_INPROGRESS))
            name_address(&paths->name[op->handle], op->kind == OP_CONNECT ? "to " : "at ", &call->request.address);
        return;
    }
}

void show_paths_follow(struct show_paths *paths, const struct trace_call *call)
{
    uint32_t count = call->ops.count < LIMIT_OPS ? call->ops.count : LIMIT_OPS;
    for (uint32_t i = 0; i < count && call->complete; i++)
        show_paths_follow_op(paths, call, i);
}
