/* The guest, its world's start and end, and what became of its trace.
 *
 * Nothing is connected to but an address of this machine at which socket_model.c listens; nothing is waited for. */
#include "fuzz/hostcall_guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz/call_grammar.h"
#include "fuzz/socket_model.h"
#include "tests/unit/open_descriptors.h"
#include "tracer/trace.h"

enum { CALLS_MAX = 24, LARGEST_FILE = 16 << 20, WAIT_NS = 1000 };

static struct hostcall_world world;
static struct run_spec spec;
static int null;

static void must(enum status status, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "hostcall_guest: %s\n", error->text);
    abort();
}

static void grant(const char *name, const char *guest, bool writes)
{
    struct error error = ERROR_INIT;
    char path[160];
    snprintf(path, sizeof path, "%s/%s", world.base, name);
    must(policy_add_file(&spec.policy, path, guest, writes, &error), &error);
}

static void spec_make(void)
{
    static const enum net_protocol protocols[] = { NET_TCP, NET_UDP };
    const int fds[] = { null, null, null, world.writes, world.reads };
    struct error error = ERROR_INIT;
    run_spec_init(&spec);
    grant("write", "/w", true);
    grant("read", "/r", false);
    for (size_t i = 0; i < 2; i++) {
        must(policy_add_network(&spec.policy, protocols[i], NET_CONNECT, SOCKET_MODEL_CONNECT, &error), &error);
        must(policy_add_network(&spec.policy, protocols[i], NET_BIND, SOCKET_MODEL_BIND, &error), &error);
    }
    spec.policy.limits.descriptors = HOSTCALL_DESCRIPTORS;
    spec.policy.limits.elements = 5;
    spec.module_path = strdup("none.wasm");
    spec.initial_count = HOSTCALL_FIRST + 2;
    spec.initial = calloc(spec.initial_count, sizeof *spec.initial);
    if (!spec.module_path || !spec.initial)
        abort();
    for (uint32_t i = 0; i < spec.initial_count; i++) {
        struct filestat stat;
        must(act_host_stat(fds[i], &stat, &error), &error);
        spec.initial[i] = (struct run_initial) {
            .dev = stat.dev, .ino = stat.ino, .filetype = (uint32_t)stat.filetype, .host_fd = i
        };
    }
}

struct hostcall_world *hostcall_setup(void)
{
    const struct rlimit limit = { LARGEST_FILE, LARGEST_FILE };
    if (world.memory)
        return &world;
    hostcall_world_make(&world);
    socket_model_make();
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    (void)call_record_begin(); /* the ring is made before files may no longer be so large */
    setrlimit(RLIMIT_FSIZE, &limit);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    world.memory = malloc(GRAMMAR_MEMORY); /* exactly as large: a sanitizer sees what is behind */
    if (!world.memory)
        abort();
    spec_make();
    return &world;
}

/* ---- the live backend ---- */

void hostcall_live_start(struct hostcall_world *w, unsigned flags)
{
    struct error error = ERROR_INIT;
    const int fds[] = { null, null, null, w->writes, w->reads };
    bool walks = flags & (HOSTCALL_WALKS | HOSTCALL_FEW_LINKS), doubtful = flags & HOSTCALL_DOUBTFUL;
    w->descriptors = open_descriptors();
    must(act_live_create(&w->live, &error), &error);
    memset(w->origin, ORIGIN_NONE, sizeof w->origin);
    for (uint32_t i = 0; i < HOSTCALL_FIRST + 2; i++) {
        act_live_adopt(w->live, i, fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
        w->origin[i] = i < HOSTCALL_FIRST ? ORIGIN_STREAM : i == HOSTCALL_FIRST ? ORIGIN_WRITES : ORIGIN_READS;
    }
    act_live_walk(w->live, walks);
    act_live_links(w->live, flags & HOSTCALL_FEW_LINKS ? 3 : LIMIT_WALK_LINKS);
    w->races = flags & HOSTCALL_RACES;
    spec.initial[HOSTCALL_FIRST].doubtful = spec.initial[HOSTCALL_FIRST + 1].doubtful = doubtful;
    spec.facts.walker = walks ? RUN_WALKER_COMPONENTS : RUN_WALKER_OPENAT2;
}

static void live_end(struct hostcall_world *w)
{
    for (uint32_t i = 0; i < HANDLES_TOTAL; i++)
        if (w->live->host_fd[i] >= 0)
            close(w->live->host_fd[i]);
    act_live_free(w->live);
    w->live = NULL;
}

static void never_blocks(const struct act_live *live, uint32_t handle)
{
    int fd = handle < HANDLES_TOTAL ? live->host_fd[handle] : -1, flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    struct stat st;
    if (flags >= 0 && !(flags & O_NONBLOCK) && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

enum status hostcall_live_act(void *self, const struct op *op, const struct request *request,
                              const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct hostcall_world *w = self;
    struct op tamed = *op;
    if (op->kind == OP_SLEEP || op->kind == OP_POLL)
        tamed.offset = op->offset < WAIT_NS ? op->offset : WAIT_NS;
    if (abi_ops[op->kind].effect == OP_EFFECT_NETWORK || op->kind == OP_READ || op->kind == OP_WRITE)
        never_blocks(w->live, op->handle);
    return act_live_act(w->live, &tamed, request, space, result, error);
}

/* ---- the guest ---- */

void hostcall_guest_begin(struct hostcall_guest *guest, struct hostcall_world *w, const struct wasi_backend *backend)
{
    struct error error = ERROR_INIT;
    must(wasi_start_init(&spec, &guest->start, &error), &error);
    guest->writer = call_record_begin();
    const struct wasi_observer observer = trace_writer_observer(guest->writer);
    must(wasi_create(&guest->start.config, backend, &observer, &w->wasi, &error), &error);
    rights_model_begin(&w->rights, &w->wasi->table);
}

/* The rights of directories, from 1 on. */
static const uint64_t given_up[] = { 0,
                                     R(PATH_RENAME_SOURCE),
                                     R(PATH_LINK_SOURCE),
                                     R(PATH_RENAME_TARGET),
                                     R(PATH_LINK_TARGET),
                                     R(PATH_CREATE_DIRECTORY),
                                     R(PATH_CREATE_FILE),
                                     R(PATH_OPEN),
                                     R(FD_READDIR),
                                     R(PATH_READLINK),
                                     R(PATH_FILESTAT_GET),
                                     R(PATH_FILESTAT_SET_SIZE),
                                     R(PATH_FILESTAT_SET_TIMES),
                                     R(PATH_SYMLINK),
                                     R(PATH_REMOVE_DIRECTORY),
                                     R(PATH_UNLINK_FILE) };
_Static_assert(sizeof given_up / sizeof *given_up == 256 / HOSTCALL_GIVES_UP, "the upper bits of a byte say which");

/* Makes the call, with what holds around each. False: the guest has ended. */
static bool call_make(struct hostcall_guest *guest, struct wasi *wasi, uint64_t *slots)
{
    size_t count;
    const struct rt_import *import = &wasi_imports(wasi, &count)[guest->import];
    if (!guest->replays && guest->before)
        guest->wrong = guest->before(guest->self, guest->import, slots);
    enum rt_trap_kind trap =
        import->function(import->env, NULL, (struct rt_memory) { world.memory, GRAMMAR_MEMORY }, slots);
    if (!guest->replays && !guest->wrong)
        guest->wrong = guest->after(guest->self, trap);
    return trap != RT_TRAP_HOST_FAILED && trap != RT_TRAP_HOST_DIVERGED && trap != RT_TRAP_HOST_STOPPED;
}

void hostcall_guest_run(void *self, struct wasi *wasi)
{
    struct hostcall_guest *guest = self;
    struct grammar grammar = { guest->data, guest->size, 0 };
    uint64_t slots[OPERATION_SLOTS_MAX];
    bool goes_on = true;
    memset(world.memory, 0xa5, GRAMMAR_MEMORY);
    if (guest->gives_up) {
        const struct handle *directory = &wasi->table.handle[HOSTCALL_FIRST];
        memset(slots, 0, sizeof slots);
        slots[SLOT_FD_FDSTAT_SET_RIGHTS_fd] = HOSTCALL_FIRST;
        slots[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_base] = directory->rights & ~given_up[guest->gives_up];
        slots[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting] = directory->inheriting;
        guest->import = IMPORT_PREVIEW1_FD_FDSTAT_SET_RIGHTS;
        goes_on = call_make(guest, wasi, slots);
    }
    for (int i = 0; goes_on && i < CALLS_MAX && grammar_more(&grammar) && !guest->wrong; i++) {
        guest->import = grammar_call(&grammar, world.memory, slots);
        goes_on = call_make(guest, wasi, slots);
    }
}

void hostcall_guest_end(struct hostcall_guest *guest, struct hostcall_world *w)
{
    static uint8_t recorded[GRAMMAR_MEMORY];
    struct buffer trace = BUFFER_INIT;
    live_end(w);
    if (!guest->wrong)
        guest->wrong = hostcall_check_trees(w);
    if (!guest->wrong && open_descriptors() != w->descriptors)
        guest->wrong = "a descriptor is left open";
    wasi_free(w->wasi);
    w->wasi = NULL;
    call_record_end(guest->writer, &spec, &trace);
    if (guest->wrong) {
        fprintf(stderr, "%s.%s: %s\n", abi_imports[guest->import].module, abi_imports[guest->import].name,
                guest->wrong);
        call_record_found(&trace);
    }
    memcpy(recorded, w->memory, sizeof recorded);
    guest->replays = true;
    call_record_replay(&trace, &guest->start.config, hostcall_guest_run, guest);
    if (memcmp(recorded, w->memory, sizeof recorded)) {
        fprintf(stderr, "replay: the guest's memory is another\n");
        call_record_found(&trace);
    }
    buffer_done(&trace);
    wasi_start_done(&guest->start);
}
