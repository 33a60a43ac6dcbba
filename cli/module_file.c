/* Copies a module into a sealed memory file, from a file, a pipe or the standard input.
 *
 * Invariants: each byte is read once, and no more than the limit; a device, a socket, a directory or a terminal is
 * never read. Leaves out: validation (the guest's process, or a confined child). */
#include "cli/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "runtime/rt.h"

struct source {
    const char *name; /* for messages */
    int fd;
    bool standard_input;
    uint64_t deadline_ns; /* 0: none */
};

static enum status type_refuse(const struct source *in, mode_t mode, struct error *error)
{
    const char *type = S_ISDIR(mode)                   ? "a directory"
                       : S_ISSOCK(mode)                ? "a socket"
                       : in->fd >= 0 && isatty(in->fd) ? "a terminal"
                                                       : "a device";
    return error_set(error, STATUS_IO, "%s is %s; a module is a file or a pipe", in->name, type);
}

static enum status source_open(const char *path, struct source *in, struct stat *st, struct error *error)
{
    bool standard = !strcmp(path, "-") || !strcmp(path, "/dev/stdin");
    *in = (struct source) { .name = standard ? "the standard input" : path, .standard_input = standard };
    if (!standard && stat(path, st) == 0 && !S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode)) {
        in->fd = -1;
        return type_refuse(in, st->st_mode, error);
    }
    in->fd = standard ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (in->fd < 0 && standard)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot read the standard input");
    if (in->fd < 0)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot open the module %s", path);
    if (fstat(in->fd, st) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot read %s", in->name);
    if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode) && !(standard && S_ISSOCK(st->st_mode)))
        return type_refuse(in, st->st_mode, error);
    if (S_ISFIFO(st->st_mode) && !standard)
        in->deadline_ns = elapsed_now_ns() + FILE_PIPE_SECONDS * UINT64_C(1000000000);
    return STATUS_OK;
}

/* False: a pipe's time is over. */
static bool source_wait(const struct source *in)
{
    struct pollfd wait = { in->fd, POLLIN, 0 };
    if (!in->deadline_ns && !in->standard_input)
        return true;
    for (;;) {
        uint64_t now = elapsed_now_ns();
        int left = in->deadline_ns ? (int)((in->deadline_ns - now) / 1000000) + 1 : -1;
        if (in->deadline_ns && now >= in->deadline_ns)
            return false;
        int ready = poll(&wait, 1, left);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* read says what is wrong */
    }
}

static enum status block_write(int out, const char *block, size_t size, struct error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(out, block + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set_errno(error, STATUS_NO_MEMORY, errno, "cannot keep the module in memory");
        done += (size_t)n;
    }
    return STATUS_OK;
}

static enum status source_copy(const struct source *in, uint64_t limit, struct module_file *ret, struct error *error)
{
    char block[65536];
    for (;;) {
        if (!source_wait(in))
            return error_set(error, STATUS_IO, "%s is a pipe that brought no end within %d seconds", in->name,
                             FILE_PIPE_SECONDS);
        ssize_t n = read(in->fd, block, sizeof block);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return error_set_errno(error, STATUS_IO, errno, "cannot read %s", in->name);
        if (n == 0)
            return STATUS_OK;
        if ((uint64_t)n > limit - ret->size)
            return error_set(error, STATUS_LIMIT,
                             "%s has more than %llu bytes, the limit of a module (`module` in a policy)", in->name,
                             (unsigned long long)limit);
        enum status status = block_write(ret->fd, block, (size_t)n, error);
        if (status != STATUS_OK)
            return status;
        ret->size += (size_t)n;
    }
}

static enum status seal(const struct source *in, struct module_file *ret, int *reader, struct error *error)
{
    static const char none[1];
    if (!os_memory_seal(&ret->fd, reader))
        return error_set_errno(error, STATUS_IO, errno, "cannot seal the copy of the module");
    if (ret->size > 0) {
        void *bytes = mmap(NULL, ret->size, PROT_READ, MAP_PRIVATE, ret->fd, 0);
        if (bytes == MAP_FAILED)
            return error_set_errno(error, STATUS_NO_MEMORY, errno, "cannot map the module");
        ret->bytes = bytes;
    }
    const char *refusal = rt_module_refusal(ret->bytes ? ret->bytes : none, ret->size);
    return refusal ? error_set(error, STATUS_MALFORMED, "%s is not a WebAssembly module: %s", in->name, refusal)
                   : STATUS_OK;
}

/* What was the module is no input of the guest's. */
static enum status input_replace(struct error *error)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool done = null == 0 ? fcntl(0, F_SETFD, 0) == 0 : null > 0 && dup2(null, 0) == 0;
    if (null > 0)
        close(null);
    return done ? STATUS_OK
                : error_set_errno(error, STATUS_IO, errno, "cannot put /dev/null in place of the standard input");
}

enum status module_file_read(const char *path, uint64_t limit, struct module_file *ret, struct error *error)
{
    struct source in;
    struct stat st;
    int reader = -1;
    *ret = (struct module_file)MODULE_FILE_INIT;
    enum status status = source_open(path, &in, &st, error);
    if (status == STATUS_OK && !os_memory_create("module", &ret->fd, &reader))
        status = error_set_errno(error, STATUS_IO, errno, "cannot create a memory file for the module");
    if (status == STATUS_OK)
        status = source_copy(&in, limit, ret, error);
    if (status == STATUS_OK)
        status = seal(&in, ret, &reader, error);
    if (status == STATUS_OK && in.standard_input)
        status = input_replace(error);
    if (in.fd >= 0)
        close(in.fd);
    if (reader >= 0)
        close(reader);
    if (status != STATUS_OK)
        module_file_done(ret);
    return status;
}

void module_file_done(struct module_file *file)
{
    if (file->bytes)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct module_file)MODULE_FILE_INIT;
}
