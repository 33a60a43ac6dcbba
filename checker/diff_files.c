/* What two runs did with the guest's files, by name.
 *
 * A table of names with open addressing; its room doubles when it is half full. Names are the guest's, joined as
 * show_paths.c has them. */
#include <stdlib.h>
#include <string.h>
#include "checker/diff.h"
#include "checker/show_inner.h"
#include "checker/touched.h"
#include "runtime/base/fnv.h"

enum { ROOM_LEAST = 256 };

struct entry {
    char *text; /* owned; NULL: free */
    size_t size;
    struct diff_use use[2];
};

struct diff_files {
    struct entry *entry; /* owned */
    size_t room, count;  /* room: a power of two */
};

enum status diff_files_create(struct diff_files **ret, struct error *error)
{
    struct diff_files *files = calloc(1, sizeof *files);
    struct entry *entry = calloc(ROOM_LEAST, sizeof *entry);
    if (!files || !entry) {
        free(files);
        free(entry);
        return error_set(error, STATUS_NO_MEMORY, "no memory for the names of files");
    }
    files->entry = entry;
    files->room = ROOM_LEAST;
    *ret = files;
    return STATUS_OK;
}

void diff_files_free(struct diff_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->room; i++)
        free(files->entry[i].text);
    free(files->entry);
    free(files);
}

static struct entry *slot_of(struct entry *entry, size_t room, const void *text, size_t size)
{
    uint64_t hash = fnv_add(FNV_START, text, size);
    size_t at = (size_t)(hash ^ hash >> 32) & (room - 1);
    while (entry[at].text && (entry[at].size != size || memcmp(entry[at].text, text, size) != 0))
        at = (at + 1) & (room - 1);
    return &entry[at];
}

static bool grow(struct diff_files *files)
{
    struct entry *wider = calloc(files->room * 2, sizeof *wider);
    if (!wider)
        return false;
    for (size_t i = 0; i < files->room; i++)
        if (files->entry[i].text)
            *slot_of(wider, files->room * 2, files->entry[i].text, files->entry[i].size) = files->entry[i];
    free(files->entry);
    files->entry = wider;
    files->room *= 2;
    return true;
}

/* The uses of a name; NULL: no memory. */
static struct diff_use *uses_of(struct diff_files *files, unsigned side, const struct buffer *name)
{
    if (name->status != STATUS_OK || (files->count * 2 >= files->room && !grow(files)))
        return NULL;
    struct entry *entry = slot_of(files->entry, files->room, name->data, name->size);
    if (!entry->text) {
        entry->text = malloc(name->size);
        if (!entry->text)
            return NULL;
        memcpy(entry->text, name->data, name->size);
        entry->size = name->size;
        files->count++;
    }
    return &entry->use[side];
}

static void count_use(struct diff_use *use, const struct op *op, int64_t value)
{
    struct store_file one = { 0 };
    touched_count(op, value, &one);
    use->opens += one.opens;
    use->bytes_read += one.bytes_read;
    use->bytes_written += one.bytes_written;
    use->changes += one.creates + one.removes + one.changes;
}

/* What the op was done to: the object of a descriptor, or a name in a directory. Nothing where no name is known. */
static void put_object(const struct trace_call *call, uint32_t handle, struct region path, bool named,
                       const struct show_paths *paths, struct buffer *out)
{
    struct show_path at = show_paths_get(paths, handle);
    if (at.text && named && show_region_fits(path))
        show_paths_join(at, call->request.bytes + path.offset, path.length, out);
    else if (at.text && !named)
        buffer_bytes(out, at.text, at.size);
}

static enum status add_op(struct diff_files *files, unsigned side, const struct trace_call *call, uint32_t index,
                          const struct show_paths *paths, struct error *error)
{
    enum status s = STATUS_OK;
    const struct op *op = &call->ops.op[index];
    int64_t value = call->ops.result[index].value;
    if (op->kind >= OP_COUNT || value < 0)
        return STATUS_OK;
    enum op_object object = (enum op_object)abi_ops[op->kind].object;
    bool named = object == OP_OBJECT_NAME || object == OP_OBJECT_NAMES || object == OP_OBJECT_BENEATH;
    for (unsigned second = 0; second <= (object == OP_OBJECT_NAMES) && s == STATUS_OK; second++) {
        struct buffer name = BUFFER_INIT;
        put_object(call, second ? op->handle2 : op->handle, second ? op->path2 : op->path, named, paths, &name);
        struct diff_use *use = name.size > 0 ? uses_of(files, side, &name) : NULL;
        if (use)
            count_use(use, op, value);
        else if (name.size > 0 || name.status != STATUS_OK)
            s = error_set(error, STATUS_NO_MEMORY, "no memory for the names of files");
        buffer_done(&name);
    }
    return s;
}

enum status diff_files_add(struct diff_files *files, unsigned side, const struct trace_call *call,
                           struct show_paths *paths, struct error *error)
{
    enum status s = STATUS_OK;
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS && call->complete && s == STATUS_OK; i++) {
        s = add_op(files, side, call, i, paths, error);
        show_paths_follow_op(paths, call, i);
    }
    return s;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

enum status diff_files_visit(const struct diff_files *files, diff_file_fn *visit, void *self, struct error *error)
{
    const struct entry **order = (const struct entry **)calloc(files->count + 1, sizeof *order);
    size_t count = 0;
    if (!order)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the names of files");
    for (size_t i = 0; i < files->room; i++)
        if (files->entry[i].text &&
            memcmp(&files->entry[i].use[0], &files->entry[i].use[1], sizeof(struct diff_use)) != 0)
            order[count++] = &files->entry[i];
    qsort((void *)order, count, sizeof *order, by_name);
    for (size_t i = 0; i < count; i++)
        visit(self, order[i]->text, order[i]->size, order[i]->use);
    free((void *)order);
    return STATUS_OK;
}
