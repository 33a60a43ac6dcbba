/* Reads a killed recording as if it had been recovered, without writing to what is evidence.
 *
 * Invariant: the ring counts only where the trace has no END, is of the same run, and nobody holds its lock; the lock
 * is shared while it is read, so that nobody recovers it meanwhile.
 *
 * Leaves out: large traces cheaply; all of it is copied, to where SQLite's temporary files go as well. */
#include "cli/left_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file_write.h"
#include "cli/print.h"
#include "runtime/base/os.h"
#include "tracer/trace.h"

enum { COPY_BYTES = 1 << 20, RING_MOST = 16 << 20 };
#define COPY_MOST (UINT64_C(64) << 30) /* bytes: four times what a trace may have where nothing is said */

static const char *temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/var/tmp";
}

/* Into a file without a name: *ret, the caller's. */
static enum status copy(int from, uint64_t size, int *ret, struct error *error)
{
    int to;
    if (!os_file_nameless(temporary_folder(), &to))
        return error_set_errno(error, STATUS_IO, errno, "cannot make a file in %s", temporary_folder());
    uint8_t *bytes = malloc(COPY_BYTES);
    if (!bytes) {
        close(to);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    uint64_t done = 0;
    bool good = true;
    while (good && done < size) {
        uint64_t left = size - done;
        ssize_t n = pread(from, bytes, left < COPY_BYTES ? (size_t)left : COPY_BYTES, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        good = n > 0 && file_write_bytes(to, bytes, (size_t)n, "", NULL) == STATUS_OK;
        done += n > 0 ? (uint64_t)n : 0;
    }
    int number = errno;
    free(bytes);
    if (good) {
        *ret = to;
        return STATUS_OK;
    }
    close(to);
    return error_set_errno(error, STATUS_IO, number, "cannot copy it to %s", temporary_folder());
}

/* Is it one that was left? */
static bool is_left(const char *path, int fd, uint64_t size)
{
    struct trace_reader *reader;
    struct trace_end end;
    if (trace_end_ahead(fd, size, &end) || trace_reader_open_fd(fd, size, &reader, NULL) != STATUS_OK)
        return false;
    bool left = trace_beside(path, trace_reader_run_id(reader)).state == TRACE_BESIDE_LEFT;
    trace_reader_close(reader);
    return left;
}

/* Whoever can write the files may do so meanwhile: of both what is used is a copy, of the trace only its valid part. */
static enum status put_together(const char *path, int trace, int ring, int *ret_fd, uint64_t *ret_events,
                                struct error *error)
{
    struct trace_end end;
    struct stat st;
    uint64_t size = 0;
    int whole = -1, held = -1;
    if (flock(ring, LOCK_SH | LOCK_NB) < 0 || fstat(ring, &st) < 0)
        return error_set_errno(error, STATUS_DENIED, errno, "it is in use");
    enum status s = recorder_prefix(path, trace, &size, error);
    if (s == STATUS_OK && (size > COPY_MOST || (uint64_t)st.st_size > RING_MOST))
        s = error_set(error, STATUS_LIMIT, "they are too large to be read so (%llu MiB, %llu MiB)",
                      (unsigned long long)size >> 20, (unsigned long long)st.st_size >> 20);
    if (s == STATUS_OK)
        s = copy(ring, (uint64_t)st.st_size, &held, error);
    if (s == STATUS_OK)
        s = copy(trace, size, &whole, error);
    if (s == STATUS_OK)
        s = recorder_salvage(path, whole, held, NULL, &end, error);
    if (held >= 0)
        close(held);
    if (s != STATUS_OK) {
        if (whole >= 0)
            close(whole);
        return s;
    }
    *ret_fd = whole;
    *ret_events = end.events;
    return STATUS_OK;
}

enum status left_trace_open(const char *path, int *ret_fd, uint64_t *ret_events, struct error *error)
{
    char ring_path[4096 + 8];
    int trace;
    uint64_t size;
    *ret_fd = -1;
    if (file_open_regular(path, &trace, &size, NULL) != STATUS_OK)
        return STATUS_OK; /* whoever opens it for itself says so */
    enum status s = STATUS_OK;
    if (is_left(path, trace, size)) {
        snprintf(ring_path, sizeof ring_path, "%s.ring", path);
        int ring = open(ring_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        s = ring < 0 ? error_set_errno(error, STATUS_IO, errno, "cannot open it")
                     : put_together(path, trace, ring, ret_fd, ret_events, error);
        if (ring >= 0)
            close(ring);
    }
    close(trace);
    return s;
}

int left_trace_take(const char *command, const char *path, uint64_t *ret_size)
{
    struct error error = ERROR_INIT;
    uint64_t events = 0;
    struct stat st;
    int fd;
    *ret_size = 0;
    if (left_trace_open(path, &fd, &events, &error) != STATUS_OK) {
        print_err("warrant %s: %s.ring was left by a killed recording, and what it holds is not told here: ", command,
                  path);
        print_message(stderr, error.text);
        print_err("\n");
        return -1;
    }
    if (fd >= 0)
        print_err("warrant %s: %s: its recording was killed; it is taken together with %s.ring, %llu events in all "
                  "(`warrant recover` writes them into the trace)\n",
                  command, path, path, (unsigned long long)events);
    if (fd >= 0 && fstat(fd, &st) == 0)
        *ret_size = (uint64_t)st.st_size; /* where that fails there is no trace in it, and it is said */
    return fd;
}
