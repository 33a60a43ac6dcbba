/* Which calls are shown.
 *
 * Invariants: classes follow from the tables, so that a new row has its classes. %network goes by what was done too: a
 * fd_write is one where the descriptor was a socket. A path is compared as it was named, never as it was resolved, and
 * a directory stands for what is beneath it. */
#include "checker/show_filter.h"

#include <string.h>
#include "checker/show_inner.h"
#include "wasi/abi/op_sets.h"
#include "wasi/abi/syscalls.h"

static bool same(const char *name, const char *word, size_t size)
{
    return strlen(name) == size && memcmp(name, word, size) == 0;
}

#define NAME(id, name) name,
static const char *const class_names[] = { SHOW_CLASS_LIST(NAME) };
#undef NAME

bool show_set_add(struct show_set *set, const char *name, size_t size)
{
    bool found = false;
    for (unsigned i = 0; i < SHOW_CLASS_COUNT; i++)
        if (same(class_names[i], name, size))
            found = set->class[i] = true;
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        if (same(abi_operations[i].name, name, size))
            found = set->operation[i] = true;
    for (unsigned i = 0; i < IMPORT_COUNT && !found; i++)
        if (same(abi_imports[i].name, name, size))
            set->import[i] = true;
    for (unsigned i = 0; i < IMPORT_COUNT && !found; i++)
        found = set->import[i] && same(abi_imports[i].name, name, size);
    return found;
}

void show_set_names(void (*visit)(void *self, const char *name), void *self)
{
    for (unsigned i = 0; i < SHOW_CLASS_COUNT; i++)
        visit(self, class_names[i]);
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        visit(self, abi_operations[i].name);
    for (unsigned i = 0; i < IMPORT_COUNT; i++)
        visit(self, abi_imports[i].name);
}

bool show_filter_asks(const struct show_filter *filter)
{
    return filter->set_count > 0 || filter->by_fd || filter->path;
}

/* ---- classes ---- */

static bool takes_path(const struct operation_row *row)
{
    for (unsigned f = 0; f < row->field_count; f++)
        if (abi_arg_types[row->field[f].type].class == ARG_CLASS_STRING)
            return true;
    return false;
}

static bool op_of_network(uint32_t kind)
{
    const struct syscall_row *row = kind < OP_COUNT ? syscall_find_name(abi_ops[kind].syscall) : NULL;
    return row && row->impact == SYSCALL_NETWORK;
}

/* Whether all that the operation may do is of the network, but for closing what it made. */
static bool works_on_sockets(const struct operation_row *row)
{
    for (uint32_t kind = 0; kind < OP_COUNT; kind++)
        if (row->ops & abi_op_bit(kind) & ~OPS(CLOSE) && !op_of_network(kind))
            return false;
    return row->ops != 0 && row->ops != OPS(CLOSE);
}

static bool is_of_network(const struct trace_call *call)
{
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++)
        if (op_of_network(call->ops.op[i].kind))
            return true;
    return works_on_sockets(&abi_operations[call->request.call]);
}

static bool in_class(enum show_class class, const struct trace_call *call)
{
    switch (class) {
    case SHOW_CLASS_FILE:
        return takes_path(&abi_operations[call->request.call]);
    case SHOW_CLASS_NETWORK:
        return is_of_network(call);
    case SHOW_CLASS_REFUSED:
        return show_refused(call);
    case SHOW_CLASS_FAILED:
        return call->complete && !show_succeeded(call);
    case SHOW_CLASS_COUNT:
        break;
    }
    return false;
}

const char *show_filter_category(const struct trace_call *call)
{
    bool known = call->request.call < OPERATION_COUNT;
    return known && is_of_network(call) ? "network" : known && in_class(SHOW_CLASS_FILE, call) ? "file" : "other";
}

static bool in_set(const struct show_set *set, const struct trace_call *call)
{
    bool in = set->operation[call->request.call] ||
              (call->request.import < IMPORT_COUNT && set->import[call->request.import]);
    for (unsigned class = 0; class < SHOW_CLASS_COUNT && !in; class ++)
        in = set->class[class] && in_class((enum show_class) class, call);
    return in != set->negated;
}

/* ---- descriptors and paths ---- */

static bool has_fd(const struct trace_call *call, uint64_t fd)
{
    const struct operation_row *row = &abi_operations[call->request.call];
    for (unsigned f = 0; f < row->field_count; f++) {
        if (row->field[f].type == ARG_FD && call->request.slot[row->field[f].slot] == fd)
            return true;
        if (row->field[f].type == ARG_R_FD && show_succeeded(call) && call->outcome.value_count > 0 &&
            call->outcome.value[0] == fd)
            return true;
    }
    for (uint32_t i = 0; i < show_subscription_count(call); i++)
        if (call->request.subscription[i].type != EVENTTYPE_CLOCK && call->request.subscription[i].clock_or_fd == fd)
            return true;
    return false;
}

/* A name without empty components and those of ".". */
static void normalise(struct show_path name, struct buffer *out)
{
    bool rooted = name.size > 0 && name.text[0] == '/';
    show_paths_join((struct show_path) { "/", rooted }, name.text, name.size, out);
}

/* Whether `name` is `path`, or lies beneath it. */
static bool beneath(struct show_path name, const char *path)
{
    struct buffer of = BUFFER_INIT, at = BUFFER_INIT;
    bool is = false;
    if (name.text) {
        normalise(name, &of);
        normalise((struct show_path) { path, strlen(path) }, &at);
        is = of.status == STATUS_OK && at.status == STATUS_OK && at.size > 0 && of.size >= at.size &&
             memcmp(of.data, at.data, at.size) == 0 &&
             (of.size == at.size || at.data[at.size - 1] == '/' || of.data[at.size] == '/');
    }
    buffer_done(&of);
    buffer_done(&at);
    return is;
}

/* A string is seen from the descriptor before it; the content of a link stands before any. */
static bool names_path(const struct trace_call *call, const char *path, const struct show_paths *paths)
{
    const struct operation_row *row = &abi_operations[call->request.call];
    const struct request *request = &call->request;
    struct show_path directory = { NULL, 0 };
    uint32_t string = 0;
    for (uint32_t i = 0; i < show_subscription_count(call); i++)
        if (request->subscription[i].type != EVENTTYPE_CLOCK &&
            beneath(show_paths_get(paths, request->subscription[i].clock_or_fd), path))
            return true;
    for (unsigned f = 0; f < row->field_count; f++) {
        if (row->field[f].type == ARG_FD) {
            directory = show_paths_get(paths, request->slot[row->field[f].slot]);
            if (beneath(directory, path))
                return true;
        } else if (abi_arg_types[row->field[f].type].class == ARG_CLASS_STRING) {
            uint32_t i = string++;
            if (!directory.text || i >= request->string_count || i >= REQUEST_STRINGS ||
                !show_region_fits(request->string[i]))
                continue;
            struct buffer name = BUFFER_INIT;
            show_paths_join(directory, request->bytes + request->string[i].offset, request->string[i].length, &name);
            bool is = name.size > 0 && beneath((struct show_path) { (const char *)name.data, name.size }, path);
            buffer_done(&name);
            if (is)
                return true;
        }
    }
    return false;
}

bool show_filter_passes(const struct show_filter *filter, const struct trace_call *call, const struct show_paths *paths)
{
    if (call->request.call >= OPERATION_COUNT)
        return !show_filter_asks(filter);
    for (uint32_t i = 0; i < filter->set_count; i++)
        if (!in_set(&filter->set[i], call))
            return false;
    if (filter->by_fd && !has_fd(call, filter->fd))
        return false;
    return !filter->path || names_path(call, filter->path, paths);
}
