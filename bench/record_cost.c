/* Runs a guest with the trace's writer attached, or without, in one process and without a recorder: what
 * `bench/instructions` counts under callgrind. usage: record_cost recorded|plain MODULE WORK COUNT [FOLDER]. FOLDER is
 * granted for writing as /data. The ring must hold all events; nobody empties it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/rt.h"
#include "tracer/trace.h"
#include "wasi/start.h"

static int complain(const struct error *error)
{
    fprintf(stderr, "record_cost: %s\n", error->text);
    return 1;
}

static enum status writer_open(struct trace_ring **ring, struct trace_writer **writer, struct error *error)
{
    static const uint8_t run_id[TRACE_RUN_ID] = { 1 };
    int fd = memfd_create("ring", MFD_CLOEXEC);
    enum status status = trace_ring_create(fd, run_id, error);
    if (status == STATUS_OK)
        status = trace_ring_map(fd, ring, error);
    return status == STATUS_OK ? trace_writer_create(*ring, writer, error) : status;
}

static enum status run(const char **args, const char *folder, const struct buffer *bytes,
                       const struct wasi_observer *observer, struct error *error)
{
    struct wasi_preopen preopen = { .guest_path = "/data", .writes = true };
    struct wasi_config config = { .arg_count = 3, .args = args, .descriptor_limit = 64, .preopens = &preopen };
    int granted = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    struct wasi_ending ending;
    struct rt_module *module = NULL;
    struct rt_instance *instance = NULL;
    struct act_live *live = NULL;
    struct wasi *wasi = NULL;
    for (uint32_t i = 0; i < 3; i++)
        config.stdio[i].filetype = FILETYPE_CHARACTER_DEVICE;
    if (folder && (granted < 0 || act_host_stat(granted, &preopen.stat, error) != STATUS_OK))
        return error_set(error, STATUS_IO, "cannot grant %s", folder);
    config.preopen_count = granted >= 0;
    enum status status = rt_module_load(bytes->data, bytes->size, NULL, &module, error);
    if (status == STATUS_OK)
        status = act_live_create(&live, error);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < 3; i++)
        act_live_adopt(live, i, (int)i);
    if (granted >= 0)
        act_live_adopt(live, 3, granted);
    struct wasi_backend backend = act_live_backend(live);
    status = wasi_create(&config, &backend, observer, &wasi, error);
    if (status == STATUS_OK)
        status = wasi_start_run(module, wasi, &limits, NULL, NULL, &instance, &ending, error);
    if (status == STATUS_OK && ending.ended != WASI_ENDED_RETURNED)
        status = error_set(error, STATUS_INTERNAL, "the guest ended with %u, exit code %u, %s: %s", ending.ended,
                           ending.exit_code, rt_trap_text((enum rt_trap_kind)ending.trap), wasi_failure(wasi)->text);
    rt_instance_free(instance);
    rt_module_free(module);
    wasi_free(wasi);
    act_live_free(live);
    return status;
}

int main(int argc, char **argv)
{
    struct error error = ERROR_INIT;
    struct buffer bytes = BUFFER_INIT;
    struct trace_ring *ring = NULL;
    struct trace_writer *writer = NULL;
    if ((argc != 5 && argc != 6) || (strcmp(argv[1], "recorded") != 0 && strcmp(argv[1], "plain") != 0)) {
        fputs("usage: record_cost recorded|plain MODULE WORK COUNT [FOLDER]\n", stderr);
        return 2;
    }
    if (file_read_all(argv[2], LIMIT_MODULE_BYTES, &bytes, &error) != STATUS_OK)
        return complain(&error);
    struct wasi_observer observer;
    if (strcmp(argv[1], "recorded") == 0) {
        if (writer_open(&ring, &writer, &error) != STATUS_OK)
            return complain(&error);
        observer = trace_writer_observer(writer);
    }
    const char *args[] = { "hostcalls", argv[3], argv[4] };
    if (run(args, argc == 6 ? argv[5] : NULL, &bytes, writer ? &observer : NULL, &error) != STATUS_OK)
        return complain(&error);
    trace_writer_free(writer);
    trace_ring_unmap(ring);
    buffer_done(&bytes);
    return 0;
}
