/* Follows descriptors through a run and adds up what was done with each file, by the name under which the guest knows
 * it.
 *
 * Invariant: memory is bounded by the table of descriptors, not by the trace: counts go into the store when a
 * descriptor is closed. Names are what the guest said (relative to what it opened before), not canonical: the same file
 * under two names is two rows. Left out on purpose: calls whose results the trace lacks. docs/queries.md. */
#include "checker/touched.h"

#include <stdlib.h>
#include <string.h>

enum { TOUCHED_NAME_MAX = 8192 };

struct touched_file {
    char *name;        /* owned; NULL: nothing is known of this handle */
    uint64_t hostcall; /* that opened it */
    struct store_file use;
};

struct touched {
    struct store *store;
    struct touched_file file[HANDLES_TOTAL];
};

enum status touched_create(struct store *store, const struct run_spec *spec, struct touched **ret, struct error *error)
{
    static const char *const stdio[] = { "<stdin>", "<stdout>", "<stderr>" };
    struct touched *touched = calloc(1, sizeof *touched);
    bool failed = !touched;
    for (uint32_t i = 0; !failed && i < 3 + spec->policy.file_count && i < LIMIT_HANDLES; i++) {
        touched->file[i].name = strdup(i < 3 ? stdio[i] : spec->policy.files[i - 3].guest);
        failed = !touched->file[i].name;
    }
    if (failed) {
        touched_free(touched);
        return error_set(error, STATUS_NO_MEMORY, "no memory for the list of files");
    }
    touched->store = store;
    *ret = touched;
    return STATUS_OK;
}

static bool is_used(const struct store_file *use)
{
    static const struct store_file nothing;
    return memcmp(use, &nothing, sizeof nothing) != 0;
}

static void release(struct touched *touched, uint32_t handle)
{
    struct touched_file *file = &touched->file[handle];
    if (file->name && is_used(&file->use))
        store_file(touched->store, file->name, &file->use, file->hostcall);
    free(file->name);
    *file = (struct touched_file) { 0 };
}

void touched_end(struct touched *touched)
{
    for (uint32_t i = 0; i < HANDLES_TOTAL; i++)
        release(touched, i);
}

void touched_free(struct touched *touched)
{
    if (!touched)
        return;
    for (uint32_t i = 0; i < HANDLES_TOTAL; i++)
        free(touched->file[i].name);
    free(touched);
}

/* The name of `path` beneath the directory of `handle`; returns owned, NULL where it is not known. */
static char *name_beneath(const struct touched *touched, uint32_t handle, const struct request *request,
                          struct region path)
{
    if (handle >= HANDLES_TOTAL || !touched->file[handle].name || path.length > LIMIT_PATH ||
        (uint64_t)path.offset + path.length > REQUEST_BYTES)
        return NULL;
    const char *directory = touched->file[handle].name;
    size_t before = strlen(directory);
    while (before > 0 && directory[before - 1] == '/')
        before--;
    if (before + 1 + path.length >= TOUCHED_NAME_MAX)
        return NULL;
    char *name = malloc(before + 1 + path.length + 1);
    if (!name) {
        store_fail(touched->store, STATUS_NO_MEMORY, "no memory for the list of files");
        return NULL;
    }
    memcpy(name, directory, before);
    name[before] = '/';
    memcpy(name + before + 1, request->bytes + path.offset, path.length);
    name[before + 1 + path.length] = 0;
    return name;
}

void touched_count(const struct op *op, int64_t value, struct store_file *use)
{
    if (value < 0) {
        use->failures++;
        return;
    }
    switch ((enum op_effect)abi_ops[op->kind].effect) {
    case OP_EFFECT_LOOK:
        use->looks++;
        return;
    case OP_EFFECT_READ:
        use->reads++;
        use->bytes_read += (uint64_t)value;
        return;
    case OP_EFFECT_WRITE:
        use->writes++;
        use->bytes_written += (uint64_t)value;
        return;
    case OP_EFFECT_MAKE:
        use->creates++;
        return;
    case OP_EFFECT_REMOVE:
        use->removes++;
        return;
    case OP_EFFECT_META:
    case OP_EFFECT_MOVE: /* what each name becomes: on_names */
        use->changes++;
        return;
    case OP_EFFECT_OPEN:
        use->opens += op->handle2 < HANDLE_SCRATCH;
        use->creates += (op->flags & OPEN_CREATE) != 0;
        use->changes += (op->flags & OPEN_TRUNCATE) != 0;
        return;
    case OP_EFFECT_NONE:
    case OP_EFFECT_FLUSH:
    case OP_EFFECT_TABLE:
    case OP_EFFECT_TIME:
    case OP_EFFECT_RANDOM:
    case OP_EFFECT_NETWORK:
    case OP_EFFECT_COUNT:
        return;
    }
}

static void on_open(struct touched *touched, const struct request *request, const struct op *op, int64_t value,
                    uint64_t number)
{
    char *name = name_beneath(touched, op->handle, request, op->path);
    if (value < 0) {
        if (name)
            store_file(touched->store, name, &(struct store_file) { .failures = 1 }, number);
        free(name);
    } else if (op->handle2 < HANDLES_TOTAL) {
        release(touched, op->handle2);
        touched->file[op->handle2] = (struct touched_file) { name, number, { 0 } };
        touched_count(op, value, &touched->file[op->handle2].use);
    } else {
        free(name);
    }
}

/* An op on a name in a directory. */
static void on_name(struct touched *touched, const struct request *request, const struct op *op, int64_t value,
                    uint64_t number)
{
    struct store_file use = { 0 };
    char *name = name_beneath(touched, op->handle, request, op->path);
    if (!name)
        return;
    touched_count(op, value, &use);
    store_file(touched->store, name, &use, number);
    free(name);
}

/* An op on two names: one goes or gets a fellow, the other is made. */
static void on_names(struct touched *touched, const struct request *request, const struct op *op, int64_t value,
                     uint64_t number)
{
    bool failed = value < 0, moved = abi_ops[op->kind].effect == OP_EFFECT_MOVE;
    char *from = name_beneath(touched, op->handle, request, op->path),
         *to = name_beneath(touched, op->handle2, request, op->path2);
    if (from)
        store_file(
            touched->store, from,
            &(struct store_file) { .failures = failed, .removes = !failed && moved, .changes = !failed && !moved },
            number);
    if (to)
        store_file(touched->store, to, &(struct store_file) { .failures = failed, .creates = !failed }, number);
    free(from);
    free(to);
}

/* An op on a descriptor. */
static void on_descriptor(struct touched *touched, const struct op *op, int64_t value)
{
    switch ((enum op_table)abi_ops[op->kind].table) {
    case OP_TABLE_KEEPS:
    case OP_TABLE_OPENS:
        touched_count(op, value, &touched->file[op->handle].use);
        return;
    case OP_TABLE_CLOSES:
        release(touched, op->handle);
        return;
    case OP_TABLE_MOVES:
        release(touched, op->handle);
        if (op->handle2 >= HANDLES_TOTAL)
            return;
        touched->file[op->handle] = touched->file[op->handle2];
        touched->file[op->handle2] = (struct touched_file) { 0 };
        return;
    }
}

void touched_call(struct touched *touched, const struct trace_call *call, uint64_t number)
{
    for (uint32_t i = 0; call->complete && i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        int64_t value = call->ops.result[i].value;
        if (op->kind >= OP_COUNT || op->handle >= HANDLES_TOTAL)
            continue;
        switch ((enum op_object)abi_ops[op->kind].object) {
        case OP_OBJECT_BENEATH:
            on_open(touched, &call->request, op, value, number);
            break;
        case OP_OBJECT_NAME:
            on_name(touched, &call->request, op, value, number);
            break;
        case OP_OBJECT_NAMES:
            on_names(touched, &call->request, op, value, number);
            break;
        case OP_OBJECT_HANDLE:
            on_descriptor(touched, op, value);
            break;
        case OP_OBJECT_NONE:
        case OP_OBJECT_AWAITED:
            break;
        }
    }
}
