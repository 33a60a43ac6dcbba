/* The scratch file, and what may be printed. */
#include "fuzz/scratch.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[4096];

static void scratch_remove(void)
{
    static const char *const beside[] = { "", "-journal", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        char name[sizeof path + 16];
        snprintf(name, sizeof name, "%s%s", path, beside[i]);
        unlink(name);
    }
}

const char *scratch_path(void)
{
    if (path[0])
        return path;
    const char *tmp = getenv("TMPDIR");
    const char *const folders[] = { "/dev/shm", tmp ? tmp : "/tmp" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/warrant-fuzz-XXXXXX", folders[i]);
        int fd = mkstemp(path);
        if (fd < 0)
            continue;
        close(fd);
        atexit(scratch_remove);
        return path;
    }
    perror("a scratch file");
    abort();
}

void scratch_write(const void *bytes, size_t size)
{
    scratch_path();
    scratch_remove();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        perror(path);
        abort();
    }
    close(fd);
}

/* One character at `at`; its length, 0 where it is none that may be printed. */
static size_t printable_length(const uint8_t *at, size_t left)
{
    if (at[0] < 0x80)
        return (at[0] >= 0x20 && at[0] != 0x7f) || at[0] == '\n';
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > left)
        return 0;
    uint32_t code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    bool shortest = code >= (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u) && code <= 0x10ffff;
    bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return shortest && !turns && code >= 0xa0 && (code < 0xd800 || code > 0xdfff) ? length : 0;
}

bool printable(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t step; size > 0; at += step, size -= step) {
        step = printable_length(at, size);
        if (step == 0)
            return false;
    }
    return true;
}
