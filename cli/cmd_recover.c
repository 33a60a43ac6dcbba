/* `warrant recover`: after recorder and launcher were both killed, saves what the ring beside the trace still holds. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/file_make.h"
#include "tracer/trace.h"

/* The folder is opened once; what is written and removed is in it, and is no link. */
struct recovery {
    const char *path;
    char folder_path[4096], name[FILE_NAME_BYTES], ring_name[FILE_NAME_BYTES + 8];
    int folder, trace, ring;
};

static enum status recovery_open(struct recovery *recovery, struct error *error)
{
    char ring_path[4096 + 8];
    enum status s =
        file_path_split(recovery->path, recovery->folder_path, sizeof recovery->folder_path, recovery->name, error);
    if (s != STATUS_OK)
        return s;
    snprintf(recovery->ring_name, sizeof recovery->ring_name, "%s.ring", recovery->name);
    snprintf(ring_path, sizeof ring_path, "%s.ring", recovery->path);
    recovery->folder = open(recovery->folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (recovery->folder < 0)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot open %s", recovery->folder_path);
    s = file_open_own(recovery->folder, recovery->ring_name, ring_path, &recovery->ring, error);
    if (s != STATUS_OK) {
        error_prefix(error, "there is nothing to recover");
        return s;
    }
    /* Launcher and recorder hold the lock as long as they live. */
    if (!file_lock(recovery->ring))
        return errno == EWOULDBLOCK
                   ? error_set(error, STATUS_DENIED,
                               "%s is being recorded right now; wait for its end, or end it first", recovery->path)
                   : error_set_errno(error, STATUS_IO, errno,
                                     "cannot tell whether %s is being recorded right now: no lock", recovery->path);
    return file_open_own(recovery->folder, recovery->name, recovery->path, &recovery->trace, error);
}

static enum status removed(const struct recovery *recovery, const char *name, const struct stat *st,
                           struct error *error)
{
    if (file_remove(recovery->folder, name, st->st_dev, st->st_ino))
        return STATUS_OK;
    return error_set_errno(error, STATUS_IO, errno,
                           "%s: nothing is lost, but %s beside it is left and cannot be removed", recovery->path, name);
}

/* *ret_empty: it was killed before its guest started; trace and ring are removed. */
static enum status recover_into(struct recovery *recovery, struct trace_end *end, bool *ret_empty, struct error *error)
{
    struct stat st;
    enum status s = recovery_open(recovery, error);
    if (s == STATUS_OK && fstat(recovery->trace, &st) == 0 && st.st_size == 0) {
        /* The launcher makes it, and the recorder begins it before a guest runs. */
        s = removed(recovery, recovery->name, &st, error);
        if (s == STATUS_OK && fstat(recovery->ring, &st) == 0)
            s = removed(recovery, recovery->ring_name, &st, error);
        *ret_empty = true;
        return s;
    }
    if (s == STATUS_OK)
        s = recorder_salvage(recovery->path, recovery->trace, recovery->ring, NULL, end, error);
    if (s == STATUS_OK && fstat(recovery->ring, &st) == 0)
        s = removed(recovery, recovery->ring_name, &st, error);
    return s;
}

static int recover(const struct command *command, const char *path)
{
    struct recovery recovery = { .path = path, .folder = -1, .trace = -1, .ring = -1 };
    struct error error = ERROR_INIT;
    struct trace_end end;
    bool empty = false;
    enum status s = recover_into(&recovery, &end, &empty, &error);
    const int fds[] = { recovery.folder, recovery.trace, recovery.ring };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (s != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    if (empty) {
        print_out("%s: killed before its guest started; there was nothing to save, and the empty trace and its ring "
                  "are removed\n",
                  path);
        return EXIT_OK;
    }
    print_out("%s: %llu events, all that the ring held\n", path, (unsigned long long)end.events);
    return EXIT_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    const char *value;
    int option = options_next(command, &state, &value);
    const char *path;
    int status = options_operand(command, &state, option, "one trace", &path);
    return status >= 0 ? status : recover(command, path);
}

const struct command command_recover = {
    .name = "recover",
    .arguments = "FILE.wtrace",
    .summary = "Save what the ring still holds, after a recording was killed as a whole.",
    .text =
        "A killed guest or recorder needs no recovery. Where the launcher was killed "
        "with them, FILE.wtrace.ring is left beside the trace; "
        "this appends its events to the trace and removes it. A recording that still runs is left alone. check, report "
        "and show read trace and ring as one, and change neither.",
    .run = run,
};
