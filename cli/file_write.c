/* A file that the user named, written whole: see file_make.h for how it is made. */
#include "cli/file_write.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/file_make.h"

enum status file_write_bytes(int fd, const void *bytes, size_t size, const char *shown, struct error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t some = write(fd, (const uint8_t *)bytes + done, size - done);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return error_set_errno(error, errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO, errno,
                                   "cannot write %s", shown);
        done += (size_t)some;
    }
    return STATUS_OK;
}

enum status file_write(const char *path, const struct buffer *content, struct error *error)
{
    char folder_path[4096], name[FILE_NAME_BYTES];
    struct file_made made = FILE_MADE_NONE;
    int fd = -1;
    enum status s = file_path_split(path, folder_path, sizeof folder_path, name, error);
    if (s != STATUS_OK)
        return s;
    int folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot open %s", folder_path);
    s = file_make(folder, name, path, true, &made, &fd, error);
    if (s == STATUS_OK)
        s = file_write_bytes(fd, content->data, content->size, path, error);
    if (fd >= 0 && close(fd) < 0 && s == STATUS_OK)
        s = error_set_errno(error, STATUS_IO, errno, "cannot write %s", path);
    if (s == STATUS_OK)
        s = file_place(&made, path, error);
    if (s == STATUS_OK)
        file_keep(&made);
    else if (!file_drop(&made))
        error_prefix(error, "what was begun of it is left");
    close(folder);
    return s;
}
