/* What must hold around every hostcall, whatever the guest asked for: nothing outside changes, nothing granted for
 * reading changes, a call that failed changed nothing, one that did not changed what its ops say; the descriptors that
 * are open are those of the table, each lies beneath its grant and has no more rights than that; no op changes what its
 * grant only reads; each socket is one that the rules allow, and nobody else is reached (socket_model.h).
 *
 * Read off the columns of ops.def, so that new ops are held to it too. The racer makes the tree of write/ unknown: then
 * all else holds. */
#include "fuzz/hostcall_tree.h"
#include "fuzz/socket_model.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char said[512];
#define SAY(...) (snprintf(said, sizeof said, __VA_ARGS__), said)

const char *hostcall_check_before(struct hostcall_world *world, uint32_t import, const uint64_t *slots)
{
    const struct import_row *row = &abi_imports[import];
    unsigned at = 0;
    memset(&world->base_handle, 0, sizeof world->base_handle);
    for (unsigned i = 0; i < row->field_count && at < OPERATION_SLOTS_MAX; i++) {
        if (row->field[i].type == ARG_FD && slots[at] < HOSTCALL_DESCRIPTORS) {
            world->base_handle = world->wasi->table.handle[slots[at]];
            break;
        }
        at += abi_arg_types[row->field[i].type].slots;
    }
    return NULL;
}

static bool op_changes(const struct op *op)
{
    enum op_changes changes = (enum op_changes)abi_ops[op->kind].changes;
    return changes == OP_CHANGES_WORLD ||
           (changes == OP_CHANGES_AS_OPENED && (op->flags & (OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)));
}

static uint8_t origin_of(const struct hostcall_world *world, uint32_t handle)
{
    return handle < HANDLES_TOTAL ? world->origin[handle] : ORIGIN_NONE;
}

/* Follows the handles through the call's ops. */
static const char *ops_check(struct hostcall_world *world)
{
    const struct call_ops *ops = &world->wasi->ops;
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *op = &ops->op[i];
        const struct op_row *row = &abi_ops[op->kind];
        enum op_table table = (enum op_table)row->table;
        uint8_t origin = origin_of(world, op->handle);
        bool two = table == OP_TABLE_KEEPS && op->handle2 != HANDLE_NONE;
        bool grants = origin == ORIGIN_READS || (two && origin_of(world, op->handle2) == ORIGIN_READS);
        if (op_changes(op) && grants)
            return SAY("op %s changes something by a grant that reads", row->text);
        if (op->handle < HANDLES_TOTAL && origin == ORIGIN_NONE && row->object != OP_OBJECT_NONE)
            return SAY("op %s is on a handle that nobody opened", row->text);
        if (table == OP_TABLE_OPENS && ops->result[i].value >= 0)
            world->origin[op->handle2] = row->effect == OP_EFFECT_OPEN ? origin : ORIGIN_SOCKET;
        if (table == OP_TABLE_CLOSES)
            world->origin[op->handle] = ORIGIN_NONE;
        if (table == OP_TABLE_MOVES) {
            world->origin[op->handle] = origin_of(world, op->handle2);
            world->origin[op->handle2] = ORIGIN_NONE;
        }
    }
    return NULL;
}

static bool lies_beneath(const struct hostcall_world *world, int fd, uint8_t origin)
{
    char link[64], path[512], grant[160];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return false;
    path[n] = 0;
    size_t length =
        (size_t)snprintf(grant, sizeof grant, "%s/%s", world->base, origin == ORIGIN_READS ? "read" : "write");
    if (strncmp(path, grant, length) == 0 && (path[length] == 0 || path[length] == '/' || path[length] == ' '))
        return true;
    length = (size_t)snprintf(grant, sizeof grant, "%s/spare",
                              world->base); /* the racer moved it there, behind its opening */
    return world->races && strncmp(path, grant, length) == 0;
}

static const char *handle_check(const struct hostcall_world *world, uint32_t i)
{
    const struct handle *handle = &world->wasi->table.handle[i];
    int fd = world->live->host_fd[i];
    struct stat st;
    if (handle->live != (fd >= 0))
        return SAY("handle %u is %s, and its descriptor is %d", i, handle->live ? "open" : "free", fd);
    if (!handle->live || i < HOSTCALL_FIRST)
        return NULL;
    if (i >= LIMIT_HANDLES)
        return SAY("a plan left its own handle %u open", i);
    if (fstat(fd, &st) < 0)
        return SAY("handle %u stands for a descriptor that is not open", i);
    uint8_t origin = world->origin[i];
    if (origin == ORIGIN_STREAM)
        return NULL;
    if (origin == ORIGIN_SOCKET)
        return socket_model_check(fd);
    if (origin == ORIGIN_NONE)
        return SAY("handle %u is open, and no op opened it", i);
    if ((uint64_t)st.st_ino != handle->ino)
        return SAY("handle %u is another object than the table has", i);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return SAY("handle %u is a special file", i);
    if (!lies_beneath(world, fd, origin))
        return SAY("handle %u lies outside of its grant", i);
    uint64_t most = origin == ORIGIN_READS ? rights_read : RIGHTS_ALL;
    if ((handle->rights | handle->inheriting) & ~most)
        return SAY("handle %u has rights that its grant has not: %llx", i,
                   (unsigned long long)((handle->rights | handle->inheriting) & ~most));
    int flags = fcntl(fd, F_GETFL);
    if (origin == ORIGIN_READS && (flags & O_ACCMODE) != O_RDONLY)
        return SAY("handle %u of a grant that reads can be written", i);
    return fcntl(fd, F_GETFD) & FD_CLOEXEC ? NULL : SAY("handle %u is inherited by programs", i);
}

static const char *handles_check(const struct hostcall_world *world)
{
    const char *wrong = NULL;
    for (uint32_t i = 0; !wrong && i < HOSTCALL_DESCRIPTORS; i++)
        wrong = handle_check(world, i);
    for (uint32_t i = LIMIT_HANDLES; !wrong && i < HANDLES_TOTAL; i++)
        wrong = handle_check(world, i);
    return wrong;
}

/* How much of write/ the call's ops may have changed. */
struct allowance {
    int added, removed;
    bool content;
};

static struct allowance allowance(const struct call_ops *ops)
{
    struct allowance allowed = { 0, 0, false };
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *op = &ops->op[i];
        enum op_effect effect = (enum op_effect)abi_ops[op->kind].effect;
        if (ops->result[i].value < 0 || !op_changes(op))
            continue;
        bool adds = effect == OP_EFFECT_MAKE || (effect == OP_EFFECT_OPEN && (op->flags & OPEN_CREATE));
        bool known = adds || effect == OP_EFFECT_REMOVE || effect == OP_EFFECT_OPEN || effect == OP_EFFECT_WRITE ||
                     effect == OP_EFFECT_META;
        allowed.added += adds || !known; /* an effect that this does not know is a name that moves */
        allowed.removed += effect == OP_EFFECT_REMOVE || !known;
        allowed.content |= effect == OP_EFFECT_WRITE || effect == OP_EFFECT_META || effect == OP_EFFECT_OPEN || !known;
    }
    return allowed;
}

static const char *changes_check(struct hostcall_world *world, bool failed)
{
    int last = 0;
    const char *differs = failed ? tree_differs(&world->before, &world->after, true, false) : NULL;
    if (differs)
        return SAY("the call failed, and %s", differs);
    struct allowance allowed = allowance(&world->wasi->ops);
    int added = tree_added(&world->before, &world->after, &last),
        removed = tree_added(&world->after, &world->before, &last);
    if (added > allowed.added || removed > allowed.removed)
        return SAY("its ops allow %d new names and %d gone, and there are %d and %d", allowed.added, allowed.removed,
                   added, removed);
    if (allowed.content || added || removed)
        return NULL;
    differs = tree_differs(&world->before, &world->after, true, false);
    return differs ? SAY("no op changes content, and %s", differs) : NULL;
}

const char *hostcall_check_after(struct hostcall_world *world, uint32_t trap)
{
    struct wasi *wasi = world->wasi;
    if (trap == RT_TRAP_HOST_FAILED || trap == RT_TRAP_HOST_STOPPED || trap == RT_TRAP_HOST_DIVERGED)
        return SAY("%s", wasi_failure(wasi)->text);
    const char *wrong = ops_check(world);
    if (!wrong)
        wrong = rights_model_after(&world->rights, wasi);
    if (!wrong)
        wrong = handles_check(world);
    if (!wrong && wasi->outcome.wasi_errno >= WASI_ERRNO_COUNT)
        wrong = SAY("errno %u is none", wasi->outcome.wasi_errno);
    if (wrong || world->races || wasi->ops.count == 0)
        return wrong;
    tree_take(&world->after, world->writes);
    bool failed = wasi->outcome.wasi_errno != WASI_SUCCESS || (trap != RT_TRAP_NONE && trap != RT_TRAP_EXIT);
    if (world->before.whole && world->after.whole) {
        wrong = changes_check(world, failed);
        if (!wrong)
            wrong = hostcall_model_check(world);
    }
    world->before = world->after;
    return wrong;
}

const char *hostcall_check_trees(struct hostcall_world *world)
{
    const char *reached = socket_model_reached();
    if (reached)
        return reached;
    tree_take(&world->after, world->outside);
    const char *differs = tree_differs(&world->outside_was, &world->after, true, true);
    if (differs)
        return SAY("outside of the grants %s", differs);
    tree_take(&world->after, world->reads);
    differs = tree_differs(&world->reads_was, &world->after, true, true);
    return differs ? SAY("in the grant that reads %s", differs) : NULL;
}
