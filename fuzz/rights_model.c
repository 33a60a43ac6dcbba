/* The model of rights: which each call needs is said here again, from the witx texts, and not read from the table that
 * the core reads; where what a descriptor may do comes from is followed from call to call.
 *
 * Source: witx, rights and the functions' own texts (typenames.witx). */
#include "fuzz/rights_model.h"

#include <stdio.h>
#include "fuzz/hostcall_tree.h"

static char said[200];
#define SAY(...) (snprintf(said, sizeof said, __VA_ARGS__), said)

static const struct need {
    uint32_t call;
    uint32_t slot; /* of the descriptor */
    uint64_t rights;
} needs[] = {
    { OPERATION_FD_ADVISE, SLOT_FD_ADVISE_fd, R(FD_ADVISE) },
    { OPERATION_FD_ALLOCATE, SLOT_FD_ALLOCATE_fd, R(FD_ALLOCATE) },
    { OPERATION_FD_DATASYNC, SLOT_FD_DATASYNC_fd, R(FD_DATASYNC) },
    { OPERATION_FD_FDSTAT_SET_FLAGS, SLOT_FD_FDSTAT_SET_FLAGS_fd, R(FD_FDSTAT_SET_FLAGS) },
    { OPERATION_FD_FILESTAT_GET, SLOT_FD_FILESTAT_GET_fd, R(FD_FILESTAT_GET) },
    { OPERATION_FD_FILESTAT_SET_SIZE, SLOT_FD_FILESTAT_SET_SIZE_fd, R(FD_FILESTAT_SET_SIZE) },
    { OPERATION_FD_FILESTAT_SET_TIMES, SLOT_FD_FILESTAT_SET_TIMES_fd, R(FD_FILESTAT_SET_TIMES) },
    { OPERATION_FD_PREAD, SLOT_FD_PREAD_fd, R(FD_READ) | R(FD_SEEK) },
    { OPERATION_FD_PWRITE, SLOT_FD_PWRITE_fd, R(FD_WRITE) | R(FD_SEEK) },
    { OPERATION_FD_READ, SLOT_FD_READ_fd, R(FD_READ) },
    { OPERATION_FD_READDIR, SLOT_FD_READDIR_fd, R(FD_READDIR) },
    { OPERATION_FD_SYNC, SLOT_FD_SYNC_fd, R(FD_SYNC) },
    { OPERATION_FD_TELL, SLOT_FD_TELL_fd, R(FD_TELL) },
    { OPERATION_FD_WRITE, SLOT_FD_WRITE_fd, R(FD_WRITE) },
    { OPERATION_PATH_CREATE_DIRECTORY, SLOT_PATH_CREATE_DIRECTORY_fd, R(PATH_CREATE_DIRECTORY) },
    { OPERATION_PATH_FILESTAT_GET, SLOT_PATH_FILESTAT_GET_fd, R(PATH_FILESTAT_GET) },
    { OPERATION_PATH_FILESTAT_SET_TIMES, SLOT_PATH_FILESTAT_SET_TIMES_fd, R(PATH_FILESTAT_SET_TIMES) },
    { OPERATION_PATH_LINK, SLOT_PATH_LINK_old_fd, R(PATH_LINK_SOURCE) },
    { OPERATION_PATH_LINK, SLOT_PATH_LINK_new_fd, R(PATH_LINK_TARGET) },
    { OPERATION_PATH_OPEN, SLOT_PATH_OPEN_fd, R(PATH_OPEN) },
    { OPERATION_PATH_READLINK, SLOT_PATH_READLINK_fd, R(PATH_READLINK) },
    { OPERATION_PATH_REMOVE_DIRECTORY, SLOT_PATH_REMOVE_DIRECTORY_fd, R(PATH_REMOVE_DIRECTORY) },
    { OPERATION_PATH_RENAME, SLOT_PATH_RENAME_fd, R(PATH_RENAME_SOURCE) },
    { OPERATION_PATH_RENAME, SLOT_PATH_RENAME_new_fd, R(PATH_RENAME_TARGET) },
    { OPERATION_PATH_SYMLINK, SLOT_PATH_SYMLINK_fd, R(PATH_SYMLINK) },
    { OPERATION_PATH_UNLINK_FILE, SLOT_PATH_UNLINK_FILE_fd, R(PATH_UNLINK_FILE) },
    { OPERATION_SOCK_ACCEPT, SLOT_SOCK_ACCEPT_fd, R(SOCK_ACCEPT) },
    { OPERATION_SOCK_RECV, SLOT_SOCK_RECV_fd, R(FD_READ) },
    { OPERATION_SOCK_SEND, SLOT_SOCK_SEND_fd, R(FD_WRITE) },
    { OPERATION_SOCK_SHUTDOWN, SLOT_SOCK_SHUTDOWN_fd, R(SOCK_SHUTDOWN) },
    { OPERATION_SOCK_RECV_FROM, SLOT_SOCK_RECV_FROM_fd, R(FD_READ) },
    { OPERATION_SOCK_SEND_TO, SLOT_SOCK_SEND_TO_fd, R(FD_WRITE) },
};

/* All that a socket may: it has no place, no name and no entries. */
static const uint64_t of_sockets = R(FD_READ) | R(FD_WRITE) | R(FD_FDSTAT_SET_FLAGS) | R(FD_FILESTAT_GET) |
                                   R(POLL_FD_READWRITE) | R(SOCK_SHUTDOWN) | R(SOCK_ACCEPT);

void rights_model_begin(struct rights_model *model, const struct handle_table *table)
{
    for (uint32_t i = 0; i < RIGHTS_DESCRIPTORS; i++) {
        model->open[i] = table->handle[i].live;
        model->own[i] = table->handle[i].rights;
        model->hands_on[i] = table->handle[i].inheriting;
    }
}

uint64_t rights_model_reach(const struct rights_model *model, uint64_t fd)
{
    uint64_t i = fd < RIGHTS_DESCRIPTORS ? fd : 0;
    return model->own[i] & R(PATH_OPEN) ? model->own[i] | model->hands_on[i] : model->own[i];
}

static bool holds(const struct rights_model *model, uint64_t fd, uint64_t rights)
{
    return fd < RIGHTS_DESCRIPTORS && model->open[fd] && !(rights & ~model->own[fd]);
}

static const char *needs_check(const struct rights_model *model, const struct request *request)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].call == request->call && !holds(model, request->slot[needs[i].slot], needs[i].rights))
            return SAY("it went on without the right that descriptor %llu needs",
                       (unsigned long long)request->slot[needs[i].slot]);
    uint64_t oflags = request->call == OPERATION_PATH_OPEN ? request->slot[SLOT_PATH_OPEN_oflags] : 0;
    if (oflags & OFLAG_CREAT && !holds(model, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE)))
        return SAY("it went on without the right to create");
    /* Or by what it hands on: then what is opened could be truncated as well (decide_open.c). */
    if (oflags & OFLAG_TRUNC && !holds(model, request->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE)) &&
        !(model->hands_on[request->slot[SLOT_PATH_OPEN_fd]] & R(FD_FILESTAT_SET_SIZE)))
        return SAY("it went on without the right to truncate");
    uint64_t tells = request->call == OPERATION_FD_SEEK && request->slot[SLOT_FD_SEEK_offset] == 0 &&
                             request->slot[SLOT_FD_SEEK_whence] == WHENCE_CUR
                         ? R(FD_TELL)
                         : R(FD_SEEK);
    if (request->call == OPERATION_FD_SEEK && !holds(model, request->slot[SLOT_FD_SEEK_fd], R(FD_SEEK)) &&
        !holds(model, request->slot[SLOT_FD_SEEK_fd], tells))
        return SAY("it went to a place without the right");
    return NULL;
}

static const char *born(struct rights_model *model, const struct handle_table *table, uint64_t fd, uint64_t own,
                        uint64_t hands_on)
{
    if (fd >= RIGHTS_DESCRIPTORS || model->open[fd] || !table->handle[fd].live)
        return SAY("it opened %llu, which was open, or is not", (unsigned long long)fd);
    if (table->handle[fd].rights & ~own || table->handle[fd].inheriting & ~hands_on)
        return SAY(
            "descriptor %llu has more rights than what it comes from hands on: %llx", (unsigned long long)fd,
            (unsigned long long)((table->handle[fd].rights & ~own) | (table->handle[fd].inheriting & ~hands_on)));
    model->open[fd] = true;
    model->own[fd] = table->handle[fd].rights;
    model->hands_on[fd] = table->handle[fd].inheriting;
    return NULL;
}

/* What a call that succeeded makes of the descriptors. */
static const char *follow(struct rights_model *model, const struct wasi *wasi)
{
    const struct request *request = &wasi->request;
    uint64_t fd = request->slot[0], to = request->slot[1], opened = wasi->outcome.value[0];
    switch ((int)request->call) {
    case OPERATION_PATH_OPEN:
        fd = request->slot[SLOT_PATH_OPEN_fd];
        return born(model, &wasi->table, opened, model->hands_on[fd] & request->slot[SLOT_PATH_OPEN_fs_rights_base],
                    model->hands_on[fd] & request->slot[SLOT_PATH_OPEN_fs_rights_inheriting]);
    case OPERATION_SOCK_OPEN:
        return born(model, &wasi->table, opened, of_sockets, of_sockets);
    case OPERATION_SOCK_ACCEPT:
        return born(model, &wasi->table, opened, model->hands_on[request->slot[SLOT_SOCK_ACCEPT_fd]] & of_sockets, 0);
    case OPERATION_FD_FDSTAT_SET_RIGHTS:
        if (request->slot[1] & ~model->own[fd] || request->slot[2] & ~model->hands_on[fd])
            return SAY("descriptor %llu was given rights that it had not", (unsigned long long)fd);
        model->own[fd] = request->slot[1];
        model->hands_on[fd] = request->slot[2];
        return NULL;
    case OPERATION_FD_RENUMBER:
        if (!holds(model, fd, 0) || !holds(model, to, 0))
            return SAY("it renumbered what is not open");
        model->own[to] = model->own[fd];
        model->hands_on[to] = model->hands_on[fd];
        model->open[fd] = fd == to;
        return NULL;
    case OPERATION_FD_CLOSE:
        if (!holds(model, fd, 0))
            return SAY("it closed what is not open");
        model->open[fd] = false;
        return NULL;
    default:
        return NULL;
    }
}

const char *rights_model_after(struct rights_model *model, const struct wasi *wasi)
{
    bool succeeded = wasi->outcome.trap == RT_TRAP_NONE && wasi->outcome.wasi_errno == WASI_SUCCESS;
    const char *wrong = succeeded || wasi->ops.count > 0 ? needs_check(model, &wasi->request) : NULL;
    /* What a system says of a close does not undo it. */
    bool closed = (wasi->request.call == OPERATION_FD_CLOSE || wasi->request.call == OPERATION_FD_RENUMBER) &&
                  wasi->ops.count > 0;
    if (!wrong && (succeeded || closed))
        wrong = follow(model, wasi);
    for (uint32_t i = 0; !wrong && i < RIGHTS_DESCRIPTORS; i++) {
        const struct handle *handle = &wasi->table.handle[i];
        if (handle->live != model->open[i] ||
            (handle->live && (handle->rights != model->own[i] || handle->inheriting != model->hands_on[i])))
            wrong = SAY("descriptor %u is not what the calls made of it: %llx, %llx", i,
                        (unsigned long long)handle->rights, (unsigned long long)handle->inheriting);
    }
    return wrong;
}
