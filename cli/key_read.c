/* Reads the key that a process was given to sign with, once, and closes it. */
#include "cli/key_read.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "runtime/base/os.h"

enum status key_read(int fd, const char *name, struct trace_key *ret, struct error *error)
{
    char text[TRACE_KEY_FILE_MAX];
    size_t size = 0;
    enum status s = STATUS_OK;
    os_keep_secrets();
    for (ssize_t n = 1; s == STATUS_OK && n != 0 && size < sizeof text;) {
        n = pread(fd, text + size, sizeof text - size, (off_t)size);
        if (n > 0)
            size += (size_t)n;
        else if (n < 0 && errno != EINTR)
            s = error_set_errno(error, STATUS_IO, errno, "cannot read it");
    }
    close(fd);
    if (s == STATUS_OK && sodium_init() < 0)
        s = error_set(error, STATUS_INTERNAL, "libsodium cannot start");
    if (s == STATUS_OK)
        s = trace_key_parse_secret(text, size, ret, error);
    sodium_memzero(text, sizeof text);
    if (s != STATUS_OK)
        error_prefix(error, "%s", name);
    return s;
}
