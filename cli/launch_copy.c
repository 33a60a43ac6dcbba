/* The copies of trace and witness file that go where the user named them to be and the guest could write. They are made
 * when the guest is gone, from what it never could reach; what it laid there meanwhile is replaced.
 *
 * Leaves out: a later guest with the same grant. The originals are what is to be believed, and the run says so. */
#include "cli/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum status bytes_copy(int from, int to, struct error *error)
{
    enum { BLOCK = 1 << 18 };
    char *block = malloc(BLOCK);
    if (!block)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    off_t at = 0;
    ssize_t n;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && (n = pread(from, block, BLOCK, at)) != 0) {
        for (ssize_t done = 0; s == STATUS_OK && done < n;) {
            ssize_t put = write(to, block + done, (size_t)(n - done));
            if (put < 0 && errno != EINTR)
                s = error_set_errno(error, errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO, errno,
                                    "cannot write");
            done += put > 0 ? put : 0;
        }
        if (n < 0 && errno != EINTR)
            s = error_set_errno(error, STATUS_IO, errno, "cannot read");
        at += n > 0 ? n : 0;
    }
    free(block);
    return s;
}

/* Under a name of its own first: what the guest laid under the output's name is replaced, whatever it is, and not
 * followed. */
static enum status copy_one(const struct launch_files *files, int from, int which, struct error *error)
{
    struct file_made made;
    int fd;
    enum status s =
        file_make_temporary(files->copy_folder, files->copy_names[which], files->copy_paths[which], &made, &fd, error);
    if (s != STATUS_OK)
        return s;
    s = bytes_copy(from, fd, error);
    if (s == STATUS_OK && renameat(made.folder, made.temporary, made.folder, made.name) < 0)
        s = error_set_errno(error, STATUS_IO, errno, "cannot rename");
    close(fd);
    if (s != STATUS_OK)
        file_drop(&made);
    return s;
}

enum status launch_outputs_copy(const struct launch_files *files, bool witnessed, struct error *error)
{
    if (files->copy_folder < 0)
        return STATUS_OK;
    enum status s = copy_one(files, files->trace, 0, error);
    if (s == STATUS_OK && witnessed)
        s = copy_one(files, files->witness, 1, error);
    else if (s == STATUS_OK)
        unlinkat(files->copy_folder, files->copy_names[1], 0); /* it was not there before the run */
    if (s != STATUS_OK)
        error_prefix(error, "the trace is %s; its copy %s failed", files->trace_path, files->copy_paths[0]);
    return s;
}
