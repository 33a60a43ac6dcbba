/* What becomes of the outputs: they take their names when the guest is about to start, the pair together or not at all,
 * and what is not kept is removed. The ring goes in any case. What cannot be removed is said. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/os.h"

static void drop(const struct launch_options *options, struct file_made *made, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct file_made was = *made;
    char text[4096];
    if (file_drop(made) || !options->left)
        return;
    const char *why = strerror(errno);
    snprintf(text, sizeof text, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path,
             was.temporary[0] ? was.temporary : was.name);
    options->left(options->moved_self, text, why);
}

/* The pair that is replaced had a witness file; this run has none, and that of another would be laid beside its trace.
 */
static enum status witness_forget(const struct launch_files *files, struct error *error)
{
    const char *slash = strrchr(files->witness_path, '/'), *name = slash ? slash + 1 : files->witness_path;
    bool exists = false;
    enum status s = file_replaceable(files->folder, name, files->witness_path, &exists, error);
    if (s == STATUS_OK && exists && unlinkat(files->folder, name, 0) < 0)
        s = error_set_errno(error, STATUS_IO, errno, "cannot remove %s", files->witness_path);
    return s;
}

/* The names, where the trace is to outlive the machine's end. The folder itself is open for its name alone. */
static enum status names_sync(const struct launch_options *options, const struct launch_files *files,
                              struct error *error)
{
    if (options->spec->facts.sync == RUN_SYNC_NONE)
        return STATUS_OK;
    int fd = openat(files->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status s = STATUS_OK;
    if (fd < 0 || !os_file_sync(fd))
        s = error_set_errno(error, STATUS_IO, errno, "cannot bring the name of %s to its device", files->trace_path);
    if (fd >= 0)
        close(fd);
    return s;
}

enum status launch_outputs_keep(const struct launch_options *options, struct launch_files *files, bool witnessed,
                                struct error *error)
{
    bool replaces = files->trace_made.temporary[0];
    if (!witnessed)
        drop(options, &files->witness_made, files->witness_path);
    enum status s = file_place(&files->trace_made, files->trace_path, error);
    if (s == STATUS_OK && witnessed)
        s = file_place(&files->witness_made, files->witness_path, error);
    if (s == STATUS_OK && !witnessed && replaces)
        s = witness_forget(files, error);
    if (s == STATUS_OK)
        s = names_sync(options, files, error);
    if (s != STATUS_OK) /* launch_outputs_drop undoes what was placed */
        return s;
    file_keep(&files->trace_made);
    file_keep(&files->witness_made);
    return STATUS_OK;
}

void launch_outputs_drop(const struct launch_options *options, struct launch_files *files)
{
    drop(options, &files->trace_made, files->trace_path);
    drop(options, &files->witness_made, files->witness_path);
    drop(options, &files->ring_made, files->ring_path);
}
