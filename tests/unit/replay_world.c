/* The recording half of the replay's tests. The guest runs first and fills the ring, then the recorder empties it. */
#include "replay_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MUST(expression, error) must(expression, #expression, error)
static void must(enum status status, const char *what, const struct error *error)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s: %s", what, status_text(status), error->text);
}

/* Between dispatcher and writer: counts, stops, lies. */
struct liar {
    const struct replay_lies *lies;
    struct wasi_observer inner;
    struct wasi_backend live;
    uint64_t tells;
};

static bool liar_stops(struct liar *liar) { return liar->lies->stop_after && liar->tells++ >= liar->lies->stop_after; }

static enum status liar_begin(void *self, const struct request *request, struct error *error)
{
    struct liar *liar = self;
    if (liar_stops(liar))
        return STATUS_STOPPED;
    return liar->inner.begin ? liar->inner.begin(liar->inner.self, request, error) : STATUS_OK;
}

static enum status liar_op(void *self, const struct request *request, const struct op *op,
                           const struct backend_space *space, struct error *error)
{
    struct liar *liar = self;
    return liar_stops(liar) ? STATUS_STOPPED : liar->inner.op(liar->inner.self, request, op, space, error);
}

static enum status liar_end(void *self, const struct request *request, const struct call_ops *ops,
                            const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                            struct error *error)
{
    struct liar *liar = self;
    if (liar_stops(liar))
        return STATUS_STOPPED;
    struct call_ops told = *ops;
    for (uint32_t i = 0; liar->lies->result && i < told.count; i++)
        liar->lies->result(&told.op[i], &told.result[i], space);
    return liar->inner.end(liar->inner.self, request, &told, outcome, space, committed, error);
}

static void spec_fill(struct run_spec *spec, const struct replay_world *world, int folder, int null)
{
    static const char *const args[] = { "guest", "one", NULL };
    struct error error = ERROR_INIT;
    struct filestat stat;
    run_spec_init(spec);
    MUST(policy_add_file(&spec->policy, world->data, "/d", true, &error), &error);
    spec->args = calloc(2, sizeof *spec->args);
    spec->initial = calloc(4, sizeof *spec->initial);
    spec->module_path = strdup("guest.wasm");
    assert_true(spec->args && spec->initial && spec->module_path);
    spec->arg_count = 2;
    for (int i = 0; i < 2; i++)
        spec->args[i] = strdup(args[i]);
    spec->module_size = world->module.size;
    spec->initial_count = 4;
    for (uint32_t i = 0; i < 4; i++) {
        MUST(act_host_stat(i == 3 ? folder : null, &stat, &error), &error);
        spec->initial[i] = (struct run_initial) {
            .dev = stat.dev, .ino = stat.ino, .filetype = (uint32_t)stat.filetype, .host_fd = i
        };
    }
}

/* Returns the exit status that a process with this end has. */
static uint32_t run_guest(struct replay_world *world, const struct run_spec *spec, const struct wasi_backend *live,
                          struct trace_writer *writer, const struct replay_lies *lies)
{
    struct error error = ERROR_INIT;
    struct liar liar = { .lies = lies, .inner = trace_writer_observer(writer) };
    const struct wasi_observer observer = { &liar, liar_begin, liar_op, liar_end, NULL };
    struct rt_instance *instance = NULL;
    struct rt_module *module = NULL;
    struct wasi_start start;
    struct wasi *wasi = NULL;
    MUST(wasi_start_init(spec, &start, &error), &error);
    MUST(rt_module_load(world->module.data, world->module.size, &start.module_limits, &module, &error), &error);
    MUST(wasi_create(&start.config, live, &observer, &wasi, &error), &error);
    if (lies->before)
        lies->before(writer);
    enum status status = wasi_start_run(module, wasi, &start.limits, NULL, NULL, &instance, &world->ending, &error);
    assert_true(status == STATUS_OK || world->ending.ended == WASI_ENDED_NOT_STARTED);
    world->calls = wasi_call_count(wasi);
    world->tells = liar.tells;
    if (lies->after)
        lies->after(writer);
    const struct wasi_ending *e = &world->ending;
    struct trace_exit exit = { e->ended, e->exit_code, e->trap, e->function, e->offset, e->instructions, e->stack };
    if (lies->exit_trap) {
        exit.outcome = WASI_ENDED_TRAP;
        exit.trap = lies->exit_trap;
    }
    if (!lies->stop_after && !lies->no_exit)
        MUST(trace_writer_exit(writer, &exit), &error);
    rt_instance_free(instance);
    wasi_free(wasi);
    rt_module_free(module);
    wasi_start_done(&start);
    return trace_exit_status(&exit);
}

/* Behind the guest and before the recorder. */
static void ring_edit(int ring_fd, const char *from, const char *to)
{
    const size_t header = 65536, size = (size_t)8 << 20; /* docs/trace-format.md, Ring */
    uint8_t *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, (off_t)header);
    assert_true(data != MAP_FAILED);
    uint8_t *at = memmem(data, size, from, strlen(from));
    assert_non_null(at);
    memcpy(at, to, strlen(from));
    munmap(data, size);
}

static void record(struct replay_world *world, const struct run_spec *spec, int folder, const struct replay_lies *lies)
{
    struct error error = ERROR_INIT;
    struct buffer description = BUFFER_INIT;
    struct act_live *live = NULL;
    struct trace_ring *ring = NULL;
    struct trace_writer *writer = NULL;
    struct trace_end end;
    int alive[2], host[4];
    int ring_fd = memfd_create("ring", MFD_CLOEXEC);
    struct recorder_options options = { .ring_fd = ring_fd };
    MUST(act_live_create(&live, &error), &error);
    for (uint32_t i = 0; i < 4; i++) {
        host[i] = i == 3 ? folder : open("/dev/null", O_RDWR | O_CLOEXEC);
        act_live_adopt(live, i, host[i]);
    }
    MUST(trace_ring_create(ring_fd, options.run_id, &error), &error);
    MUST(trace_ring_map(ring_fd, &ring, &error), &error);
    MUST(trace_writer_create(ring, &writer, &error), &error);
    const struct wasi_backend backend = act_live_backend(live);
    uint32_t exit_status = run_guest(world, spec, &backend, writer, lies);
    trace_writer_free(writer);
    trace_ring_unmap(ring);
    if (lies->ring_from)
        ring_edit(ring_fd, lies->ring_from, lies->ring_to);
    act_live_free(live);
    for (uint32_t i = 0; i < 4; i++)
        close(host[i]);
    assert_int_equal(pipe(alive), 0);
    const struct trace_fate fate = { .cause = TRACE_CAUSE_ITSELF,
                                     .waited = TRACE_WAITED_EXITED,
                                     .exit_code = exit_status };
    assert_int_equal(write(alive[1], &fate, sizeof fate), sizeof fate);
    close(alive[1]);
    run_spec_encode(spec, &description);
    options.trace_fd = open(world->trace, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    options.control_fd = alive[0];
    options.guest_fd = -1;
    options.trace_limit = UINT64_MAX;
    options.description = description.data;
    options.description_size = description.size;
    options.module = lies->no_module ? NULL : world->module.data;
    options.module_size = world->module.size;
    MUST(recorder_run(&options, NULL, NULL, &end, &error), &error);
    close(alive[0]);
    close(ring_fd);
    buffer_done(&description);
}

void replay_world_record(struct replay_world *world, const char *guest, const struct replay_lies *lies)
{
    static const struct replay_lies honest;
    struct error error = ERROR_INIT;
    struct run_spec spec;
    char path[512];
    *world = (struct replay_world) { .folder = "/tmp/warrant-replay-XXXXXX", .module = BUFFER_INIT };
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->data, sizeof world->data, "%s/data", world->folder);
    snprintf(world->trace, sizeof world->trace, "%s/t.wtrace", world->folder);
    assert_int_equal(mkdir(world->data, 0700), 0);
    snprintf(path, sizeof path, "%s/old", world->data);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    snprintf(path, sizeof path, "%s/%s.wasm", GUESTS, guest);
    MUST(file_read_all(path, LIMIT_MODULE_BYTES, &world->module, &error), &error);
    int folder = open(world->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    spec_fill(&spec, world, folder, null);
    record(world, &spec, folder, lies ? lies : &honest);
    close(null);
    run_spec_done(&spec);
}

void replay_world_remove_data(struct replay_world *world)
{
    char path[512];
    for (const char *const *name = (const char *const[]) { "old", "file", NULL }; *name; name++) {
        snprintf(path, sizeof path, "%s/%s", world->data, *name);
        unlink(path);
    }
    rmdir(world->data);
}

void replay_world_done(struct replay_world *world)
{
    replay_world_remove_data(world);
    unlink(world->trace);
    rmdir(world->folder);
    buffer_done(&world->module);
}

enum status replay_world_replay(const struct replay_world *world, const struct buffer *module, uint64_t until,
                                struct replay_report *ret, struct error *error)
{
    struct replay_options options = { .trace_path = world->trace, .until_event = until };
    if (module) {
        options.module = module->data;
        options.module_size = module->size;
    }
    *error = (struct error)ERROR_INIT;
    return replay_run(&options, ret, error);
}

void replay_world_patch(const struct replay_world *world, const void *from, const void *to, size_t size,
                        struct buffer *ret)
{
    buffer_clear(ret);
    buffer_bytes(ret, world->module.data, world->module.size);
    uint8_t *at = memmem(ret->data, ret->size, from, size);
    assert_non_null(at);
    memcpy(at, to, size);
    assert_null(memmem(at + size, ret->size - (size_t)(at + size - ret->data), from, size));
}
