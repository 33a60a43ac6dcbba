/* The launcher's files: module and launch page; with launch_grants.c and launch_outputs.c, all that it opens.
 *
 * The module is copied into a sealed memory file, so that what was hashed, what runs and what the trace keeps are the
 * same bytes whatever happens to the file on disk: it may lie where its guest can write. */
#include "cli/launch.h"
#include "cli/module_file.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/os.h"

void launch_files_init(struct launch_files *files)
{
    memset(files, 0, sizeof *files);
    files->module = files->page = files->ring = files->trace = files->spec = files->spec_reader = -1;
    files->keys[LAUNCH_KEY_RECORDER] = files->keys[LAUNCH_KEY_WITNESS] = -1;
    files->witness = files->folder = files->copy_folder = files->asking = files->answering = -1;
    files->trace_made.folder = files->ring_made.folder = files->witness_made.folder = -1;
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
    s = launch_grants_open(spec, files, error);
    if (s == STATUS_OK)
        s = launch_keys_open(options, files, error);
    if (s == STATUS_OK)
        s = launch_guard(options, files, error);
    return s == STATUS_OK ? launch_sockets_open(spec, files, error) : s;
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
    if (!os_memory_create("launch", &files->page, NULL) ||
        !os_memory_create("description", &files->spec, &files->spec_reader) ||
        ftruncate(files->page, (off_t)size) < 0) {
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
    close_if(files->spec_reader);
    close_if(files->ring);
    close_if(files->trace);
    close_if(files->witness);
    close_if(files->folder);
    close_if(files->copy_folder);
    close_if(files->keys[LAUNCH_KEY_RECORDER]);
    close_if(files->keys[LAUNCH_KEY_WITNESS]);
    close_if(files->asking);
    close_if(files->answering);
    if (files->module_bytes)
        munmap((void *)(uintptr_t)files->module_bytes, files->module_size);
    if (files->mapped)
        munmap(files->mapped, files->mapped_size);
    for (uint32_t i = 0; i < files->grant_count; i++)
        close_if(files->grants[i]);
    free(files->grants);
    free(files->write_grants);
    places_free(files->writes);
    launch_files_init(files);
}
