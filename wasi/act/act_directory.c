/* act_directory.h. An entry is known by its number, so that reading a directory from the middle reads it from the
 * start: its cost grows with the square of its length where the pieces are small. Entries that come or go between two
 * reads move the numbers of others; POSIX says no more of them than that. */
#include "wasi/act/act_directory.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "wasi/act/act_live.h"

/* One entry behind what is there already. Returns its bytes; 0: it does not fit. */
static size_t entry_put(const struct dirent *entry, uint64_t next, uint8_t *to, size_t room)
{
    size_t name = strnlen(entry->d_name, sizeof entry->d_name);
    /* DT_* are the file type bits of st_mode, shifted. */
    const struct dirent_head head = {
        next, entry->d_ino, (uint16_t)name, act_filetype((mode_t)((unsigned)entry->d_type << 12)), { 0 }
    };
    if (room < sizeof head || room - sizeof head < name)
        return 0;
    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, entry->d_name, name);
    return sizeof head + name;
}

long act_directory_read(int directory, uint64_t from, uint8_t *to, size_t size, uint64_t *ret_next)
{
    DIR *stream = fdopendir(directory);
    size_t filled = 0;
    *ret_next = from;
    if (!stream) {
        int number = errno;
        close(directory);
        errno = number;
        return -1;
    }
    errno = 0;
    for (uint64_t at = 0;; at++) {
        const struct dirent *entry = readdir(stream);
        size_t put = entry && at >= from ? entry_put(entry, at + 1, to + filled, size - filled) : 0;
        if (!entry || (at >= from && put == 0)) {
            if (entry && filled == 0)
                errno = EINVAL;
            break;
        }
        filled += put;
        if (at >= from)
            *ret_next = at + 1;
    }
    int number = filled > 0 ? 0 : errno;
    closedir(stream);
    errno = number;
    return number ? -1 : (long)filled;
}
