/* The results that a walk over a row's arguments cannot write: argument vectors, names, directory entries, events.
 *
 * Invariants: as commit.c. Directory entries come from a backend and are read as foreign bytes; the entry `..` of a
 * granted directory shows that directory's own inode, so that nothing above it is told. Source: the witx text, $dirent
 * and $event; fd_readdir on entries that are cut. */
#include <string.h>
#include "wasi/wasi_inner.h"

struct guest_dirent {
    uint64_t next, inode;
    uint32_t name_length;
    uint8_t type, pad[3];
};
_Static_assert(sizeof(struct guest_dirent) == 24, "$dirent");

struct guest_event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type, pad[5];
    uint64_t nbytes;
    uint16_t flags;
    uint8_t pad2[6];
};
_Static_assert(sizeof(struct guest_event) == 32, "$event");

_Static_assert((int)SLOT_ARGS_GET_argv == (int)SLOT_ENVIRON_GET_environ &&
                   (int)SLOT_ARGS_GET_argv_buf == (int)SLOT_ENVIRON_GET_environ_buf,
               "they have the same fields");
/* args_get, environ_get. */
static enum status commit_strings(struct commit *commit, const char *const *strings, uint32_t count)
{
    const uint64_t *slot = commit->wasi->request.slot;
    uint64_t at = slot[SLOT_ARGS_GET_argv_buf];
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        uint32_t pointer = (uint32_t)at, length = (uint32_t)strlen(strings[i]) + 1;
        status = commit_write(commit, slot[SLOT_ARGS_GET_argv] + i * sizeof pointer, &pointer, sizeof pointer);
        if (status == STATUS_OK)
            status = commit_write(commit, at, strings[i], length);
        at += length;
    }
    return status;
}

static enum status commit_args_get(struct commit *commit)
{
    return commit_strings(commit, commit->wasi->args, commit->wasi->context.arg_count);
}

static enum status commit_environ_get(struct commit *commit)
{
    return commit_strings(commit, commit->wasi->env, commit->wasi->context.env_count);
}

static enum status commit_fd_prestat_dir_name(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    const uint64_t *slot = wasi->request.slot;
    uint64_t fd = slot[SLOT_FD_PRESTAT_DIR_NAME_fd];
    uint32_t index = wasi->table.handle[fd].name;
    if (index >= wasi->preopen_count)
        return error_set(&wasi->failure, STATUS_INTERNAL, "%s succeeded without a granted directory",
                         commit->link->row->name);
    return commit_write(commit, slot[SLOT_FD_PRESTAT_DIR_NAME_path], wasi->preopens[index].guest_path,
                        wasi->table.handle[fd].name_length);
}

/* The guest's form of a staged entry. The parent of a granted directory is none of its business. */
static struct guest_dirent dirent_from(const struct dirent_head *head, const uint8_t *name, const struct handle *handle)
{
    struct guest_dirent entry = { head->next, head->inode, head->name_length, head->type, { 0 } };
    if (handle->preopen && head->name_length == 2 && name[0] == '.' && name[1] == '.')
        entry.inode = handle->ino;
    if (entry.type > FILETYPE_SYMBOLIC_LINK)
        entry.type = FILETYPE_UNKNOWN;
    return entry;
}

/* As much of an entry as the guest's buffer still takes: all of `room`. */
static uint32_t entry_cut(uint8_t *to, uint32_t room, const struct guest_dirent *entry, const uint8_t *name)
{
    uint32_t fixed = room < sizeof *entry ? room : (uint32_t)sizeof *entry;
    memcpy(to, entry, fixed);
    if (room > fixed)
        memcpy(to + fixed, name, room - fixed);
    return room;
}

static enum status entries_broken(struct commit *commit)
{
    return error_set(&commit->wasi->failure, STATUS_MALFORMED, "%s: the directory's entries do not add up",
                     commit->link->row->name);
}

static enum status commit_fd_readdir(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    const struct call_ops *ops = &wasi->ops;
    const uint64_t *slot = wasi->request.slot;
    uint64_t fd = slot[SLOT_FD_READDIR_fd], buffer = slot[SLOT_FD_READDIR_buf];
    uint32_t staged = 0, at = 0, used = 0, room = (uint32_t)slot[SLOT_FD_READDIR_buf_len];
    if (fd >= LIMIT_HANDLES)
        return error_set(&wasi->failure, STATUS_INTERNAL, "%s succeeded without a descriptor", commit->link->row->name);
    struct handle *handle = &wasi->table.handle[fd];
    for (uint32_t i = 0; i < ops->count; i++)
        if (ops->op[i].kind == OP_READ_DIR && ops->result[i].value > 0)
            staged += (uint32_t)ops->result[i].value;
    if (staged > BACKEND_STAGING)
        return entries_broken(commit);
    /* A staged entry is as long as the guest's, so that what fits is known before. No room is left where there are
     * entries for it: an answer that is short says that the directory ends. */
    uint32_t fits = staged < room ? staged : room;
    uint8_t *to = commit_place(commit, buffer, fits);
    if (!to)
        return STATUS_INTERNAL;
    while (at < staged) {
        struct dirent_head head;
        if (staged - at < sizeof head)
            return entries_broken(commit);
        memcpy(&head, wasi->staging + at, sizeof head);
        if (head.name_length > staged - at - sizeof head)
            return entries_broken(commit);
        const uint8_t *name = wasi->staging + at + sizeof head;
        struct guest_dirent entry = dirent_from(&head, name, handle);
        uint32_t whole = (uint32_t)sizeof entry + head.name_length;
        if (whole <= fits - used) {
            memcpy(to + used, &entry, sizeof entry);
            memcpy(to + used + sizeof entry, name, head.name_length);
            used += whole;
        } else if (used < fits) {
            used += entry_cut(to + used, fits - used, &entry, name);
        }
        at += whole;
        if (at == staged)
            handle->position = head.next;
    }
    commit_placed(commit, buffer, used);
    wasi->outcome.value[0] = used;
    wasi->outcome.value_count = 1;
    return STATUS_OK;
}

/* What the system answered about a descriptor. Data and a hangup together are told as data: the reader comes to the end
 * by itself. False: nothing has happened to it. */
static bool event_fill(uint8_t polled, struct guest_event *event)
{
    enum { HANGUP = 1 };
    if (polled & POLLED_READY)
        event->nbytes = 1; /* at least */
    else if (polled & POLLED_INVALID)
        event->error = WASI_BADF;
    else if (polled & POLLED_ERROR)
        event->error = WASI_IO;
    else if (polled & POLLED_HANGUP)
        event->flags = HANGUP;
    return polled != 0;
}

static enum status commit_poll_oneoff(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    const struct call_ops *ops = &wasi->ops;
    uint64_t at = wasi->request.slot[SLOT_POLL_ONEOFF_out];
    uint32_t count = 0, asked = 0;
    int64_t answers = 0;
    bool polled = ops->count > 0 && ops->op[ops->count - 1].kind == OP_POLL;
    if (polled)
        answers = ops->result[ops->count - 1].value;
    for (uint32_t i = 0; i < wasi->request.subscription_count; i++) {
        const struct subscription *subscription = &wasi->request.subscription[i];
        struct guest_event event = { .userdata = subscription->userdata, .type = subscription->type };
        bool happened;
        if (polled && subscription->type != EVENTTYPE_CLOCK) {
            happened = asked < answers && event_fill(wasi->staging[asked], &event);
            asked++;
        } else {
            happened = decide_poll_event(&wasi->table, &wasi->request, commit->plan, i, &event.error);
        }
        if (!happened)
            continue;
        enum status status = commit_write(commit, at, &event, sizeof event);
        if (status != STATUS_OK)
            return status;
        at += sizeof event;
        count++;
    }
    wasi->outcome.value[0] = count;
    wasi->outcome.value_count = 1;
    return STATUS_OK;
}

static enum status commit_proc_exit(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    wasi->exit_code = (uint32_t)wasi->request.slot[SLOT_PROC_EXIT_rval];
    wasi->outcome.trap = RT_TRAP_EXIT;
    return STATUS_OK;
}

static enum status commit_proc_raise(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    uint64_t signal = wasi->request.slot[SLOT_PROC_RAISE_sig];
    if (!decide_signal_ends(signal))
        return STATUS_OK;
    wasi->exit_code = 128 + (uint32_t)signal;
    wasi->raised = true;
    wasi->outcome.trap = RT_TRAP_EXIT;
    return STATUS_OK;
}

/* The system call wrote the buffer; the count is a scalar. */
static enum status commit_path_readlink(struct commit *commit)
{
    (void)commit;
    return STATUS_OK;
}

/* Sockets: commit_net.c. */
static enum status commit_sock_recv(struct commit *commit) { return commit_net_recv(commit); }
static enum status commit_sock_recv_from(struct commit *commit) { return commit_net_recv_from(commit); }
static enum status commit_sock_local_address(struct commit *commit) { return commit_net_local_address(commit); }
static enum status commit_sock_peer_address(struct commit *commit) { return commit_net_peer_address(commit); }
static enum status commit_sock_get_option(struct commit *commit) { return commit_net_get_option(commit); }
static enum status commit_sock_resolve(struct commit *commit) { return commit_net_resolve(commit); }

enum status commit_irregular(struct commit *commit)
{
#define COMMIT_REGULAR(name)                  NULL
#define COMMIT_IRREGULAR(name)                commit_##name
#define OPERATION(id, name, state, kind, ...) [OPERATION_##id] = COMMIT_##kind(name),
    static enum status (*const commits[OPERATION_COUNT])(struct commit *) = {
#include "wasi/abi/operations.def"
    };
#undef OPERATION
    return commits[commit->link->call](commit);
}
