/* The launcher's files: module, grants, launch page, trace and ring.
 *
 * The module is copied into a sealed memory file, so that what was hashed, what runs and what the trace keeps are the
 * same bytes whatever happens to the file on disk. Grants are opened here and nowhere else; the guest's process gets
 * descriptors. */
#include "cli/launch.h"
#include "cli/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wasi/backend.h"

void launch_files_init(struct launch_files *files)
{
    memset(files, 0, sizeof *files);
    files->module = files->page = files->ring = files->trace = files->spec = -1;
}

static enum status module_copy(const char *path, uint32_t limit, struct launch_files *files, struct error *error)
{
    struct module_file module;
    enum status s = module_file_read(path, limit, &module, error);
    if (s != STATUS_OK)
        return s;
    files->module = module.fd;
    files->module_bytes = module.bytes;
    files->module_size = module.size;
    return STATUS_OK;
}

static enum status initial_stat(struct run_spec *spec, uint32_t handle, int fd, int host_fd, struct error *error)
{
    struct filestat stat;
    enum status s = act_host_stat(fd, &stat, error);
    if (s == STATUS_OK)
        spec->initial[handle] =
            (struct run_initial) { stat.dev, stat.ino, (uint32_t)stat.filetype, (uint32_t)host_fd, NULL };
    return s;
}

/* Opens every granted directory and fills spec->initial. A closed stdio descriptor becomes /dev/null. */
static enum status grants_open(struct run_spec *spec, struct launch_files *files, struct error *error)
{
    uint32_t count = spec->policy.file_count;
    files->grants = calloc(count + 1, sizeof *files->grants);
    spec->initial = calloc(3 + (size_t)count, sizeof *spec->initial);
    if (!files->grants || !spec->initial)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    spec->initial_count = 3 + count;
    for (uint32_t i = 0; i < count; i++)
        files->grants[i] = -1;
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
            return error_set(error, STATUS_IO, "descriptor %d is closed and cannot be replaced", fd);
        enum status s = initial_stat(spec, (uint32_t)fd, fd, fd, error);
        if (s != STATUS_OK)
            return s;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct policy_file *file = &spec->policy.files[i];
        int fd = open(file->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot open the granted directory %s", file->host);
        files->grants[i] = fd;
        enum status s = initial_stat(spec, 3 + i, fd, GUEST_FD_GRANTS + (int)i, error);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

enum status launch_files_open(const struct launch_options *options, struct launch_files *files, struct error *error)
{
    struct run_spec *spec = options->spec;
    if (sodium_init() < 0)
        return error_set(error, STATUS_INTERNAL, "libsodium cannot start");
    enum status s = module_copy(spec->module_path, spec->policy.limits.module_bytes, files, error);
    if (s != STATUS_OK)
        return s;
    spec->module_size = files->module_size;
    crypto_generichash(spec->module_hash, sizeof spec->module_hash, files->module_bytes, files->module_size, NULL, 0);
    randombytes_buf(spec->run_id, sizeof spec->run_id);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    spec->started_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    return grants_open(spec, files, error);
}

enum status launch_files_record(const struct launch_options *options, struct launch_files *files, struct error *error)
{
    const char *path = options->trace_path;
    if (snprintf(files->ring_path, sizeof files->ring_path, "%s.ring", path) >= (int)sizeof files->ring_path)
        return error_set(error, STATUS_LIMIT, "the trace's name is too long");
    files->trace = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (files->trace < 0) {
        files->ring_path[0] = '\0';
        return error_set_errno(error, errno == ENOSPC ? STATUS_NO_SPACE : STATUS_IO, errno,
                               "cannot create the trace %s", path);
    }
    files->ring = open(files->ring_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (files->ring < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot create the ring %s", files->ring_path);
    enum status s = trace_ring_create(files->ring, options->spec->run_id, error);
    if (s != STATUS_OK)
        error_prefix(error, "%s", files->ring_path);
    return s;
}

enum status launch_files_page(const struct launch_options *options, struct launch_files *files, struct error *error)
{
    struct buffer stored = BUFFER_INIT;
    run_spec_encode(options->spec, &stored);
    if (stored.status != STATUS_OK || stored.size > UINT32_MAX) {
        buffer_done(&stored);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    size_t size = sizeof(struct launch_page) + stored.size;
    files->page = memfd_create("launch", MFD_CLOEXEC);
    files->spec = memfd_create("description", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (files->spec < 0 || files->page < 0 || ftruncate(files->page, (off_t)size) < 0) {
        buffer_done(&stored);
        return error_set_errno(error, STATUS_IO, errno, "cannot create the launch page");
    }
    struct launch_page *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, files->page, 0);
    if (page == MAP_FAILED) {
        buffer_done(&stored);
        return error_set_errno(error, STATUS_NO_MEMORY, errno, "cannot map the launch page");
    }
    page->spec_size = (uint32_t)stored.size;
    page->recorded = options->trace_path != NULL;
    memcpy(page->spec, stored.data, stored.size);
    buffer_done(&stored);
    files->mapped = page;
    files->mapped_size = size;
    return STATUS_OK;
}

static void close_if(int fd)
{
    if (fd >= 0)
        close(fd);
}

void launch_files_close(struct launch_files *files)
{
    close_if(files->module);
    close_if(files->page);
    close_if(files->spec);
    close_if(files->ring);
    close_if(files->trace);
    if (files->module_bytes)
        munmap((void *)(uintptr_t)files->module_bytes, files->module_size);
    if (files->mapped)
        munmap(files->mapped, files->mapped_size);
    free(files->grants);
    launch_files_init(files);
}
