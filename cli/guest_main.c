/* warrant-guest: the process that runs the guest, and the one that an attacker may own. It holds its grants, the ring
 * and the launch page, and nothing else.
 *
 * Order: read what the launcher prepared, close everything else, confine, wait for the launcher's go, and only then
 * look at the module. After confinement the process makes no system call but those of hostcall plans, of memory
 * management and of waiting. */
#include "cli/guest_states.h"
#include "cli/launch_gate.h"
#include "cli/launch_page.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "runtime/base/streams.h"
#include "runtime/rt.h"
#include "wasi/confine/confine.h"
#include "wasi/start.h"

struct guest {
    struct launch_page *page;
    struct run_spec spec;
    const void *module_bytes;
    size_t module_size;
    struct trace_ring *ring;
    struct trace_writer *writer;
    struct guest_states states;
    struct wasi_start start;
    struct act_live *live;
    struct rt_module *module;
    struct wasi *wasi;
};

/* The instance that runs, set before its first instruction. Global because the timer's handler has no other way to
 * know. */
static struct rt_instance *running;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    struct rt_instance *instance = *(struct rt_instance *volatile *)&running;
    if (instance)
        rt_instance_interrupt(instance);
}

static enum status page_map(struct guest *guest, struct error *error)
{
    struct stat st;
    if (fstat(GUEST_FD_LAUNCH, &st) < 0 || st.st_size < (off_t)sizeof(struct launch_page))
        return error_set(error, STATUS_INVALID, "warrant-guest is started by `warrant run` and `warrant record` only");
    void *page = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, GUEST_FD_LAUNCH, 0);
    if (page == MAP_FAILED)
        return error_set(error, STATUS_NO_MEMORY, "cannot map the launch page");
    guest->page = page;
    return launch_page_spec(page, (size_t)st.st_size, &guest->spec, NULL, NULL, error);
}

static enum status module_map(struct guest *guest, struct error *error)
{
    struct stat st;
    if (fstat(GUEST_FD_MODULE, &st) < 0 || st.st_size <= 0)
        return error_set(error, STATUS_IO, "the module is missing");
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, GUEST_FD_MODULE, 0);
    if (bytes == MAP_FAILED)
        return error_set(error, STATUS_NO_MEMORY, "cannot map the module");
    guest->module_bytes = bytes;
    guest->module_size = (size_t)st.st_size;
    return STATUS_OK;
}

/* What interrupts the guest: SIGALRM of its own timer or of the launcher, and whatever a terminal or a supervisor sends
 * to the whole job, so that it can still say how it ended. Ignored ones stay ignored. */
static void signals_start(void)
{
    static const int signals[] = { SIGALRM, SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    const struct sigaction action = { .sa_handler = on_alarm };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction now;
        if (signals[i] == SIGALRM || (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN))
            sigaction(signals[i], &action, NULL);
    }
}

/* The wall-clock limit. The launcher counts from its go and interrupts; this timer is the belt for a launcher that is
 * stopped, and starts before that go, so that it leaves room for a slow start of the witness. It fires again every 10
 * ms so that a slow hostcall returns too. */
static void timer_start(uint64_t wall_ns)
{
    const uint64_t behind = UINT64_C(2000000000);
    if (wall_ns > UINT64_MAX - behind)
        return;
    wall_ns += behind;
    struct itimerval timer = { .it_interval = { 0, 10000 },
                               .it_value = { (time_t)(wall_ns / UINT64_C(1000000000)),
                                             (suseconds_t)(wall_ns % UINT64_C(1000000000) / 1000) } };
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* What stands behind a handle must be what the launcher opened for it: a descriptor that was placed wrongly would be a
 * grant that nobody gave. */
static enum status identify(const struct guest *guest, struct error *error)
{
    for (uint32_t i = 0; i < guest->spec.initial_count; i++) {
        const struct run_initial *wanted = &guest->spec.initial[i];
        struct filestat here;
        enum status s = act_host_stat((int)wanted->host_fd, &here, error);
        if (s != STATUS_OK)
            return s;
        if (here.dev != wanted->dev || here.ino != wanted->ino || here.filetype != wanted->filetype)
            return error_set(
                error, STATUS_INTERNAL,
                "descriptor %u of the guest's process is not what was granted as handle %u; nothing was run",
                wanted->host_fd, i);
    }
    return STATUS_OK;
}

/* Paths are resolved component by component. */
static bool walks(const struct guest *guest) { return guest->spec.facts.walker == RUN_WALKER_COMPONENTS; }

static enum status adopt(struct guest *guest, struct error *error)
{
    enum status s = act_live_create(&guest->live, error);
    for (uint32_t i = 0; s == STATUS_OK && i < guest->spec.initial_count; i++)
        act_live_adopt(guest->live, run_spec_is_resolver(&guest->spec, i) ? (uint32_t)HANDLE_RESOLVER : i,
                       (int)guest->spec.initial[i].host_fd);
    if (s == STATUS_OK)
        act_live_walk(guest->live, walks(guest));
    if (s == STATUS_OK)
        act_live_links(guest->live, guest->spec.policy.limits.links);
    return s;
}

/* Directories and listening sockets. */
static uint32_t grant_count(const struct guest *guest)
{
    return guest->spec.policy.file_count + guest->spec.policy.listen_count;
}

static enum status confine(struct guest *guest, struct error *error)
{
    uint32_t count = guest->spec.policy.file_count;
    struct confine_grant *grants = calloc(count + (size_t)1, sizeof *grants);
    if (!grants)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < count; i++)
        grants[i] = (struct confine_grant) { GUEST_FD_GRANTS + (int)i, guest->spec.policy.files[i].writes };
    struct confine_options options = CONFINE_OPTIONS_DEFAULT;
    options.grants = grants;
    options.grant_count = count;
    options.required = confine_always;
    options.descriptors = guest->spec.policy.limits.descriptors + GUEST_FD_GRANTS + grant_count(guest) + 8;
    options.walks = walks(guest);
    options.networks = guest->spec.policy.networks;
    options.network_count = guest->spec.policy.network_count;
    options.sockets = guest->spec.policy.listen_count > 0 || guest->spec.policy.name_count > 0;
    if (options.walks)
        options.descriptors += LIMIT_WALK_DEPTH;
    options.lines = (uint32_t)guest->spec.facts.lines_asked;
    options.required &= options.lines;
    struct confine_report report;
    enum status s = confine_apply(&options, &report, error);
    guest->page->landlock_abi = (uint32_t)report.landlock_abi;
    guest->page->landlock_net = report.landlock_net;
    memcpy(guest->page->line_held, report.state, sizeof report.state);
    free(grants);
    return s;
}

/* Says that the lines are drawn, and waits until the launcher has written that down. */
static void wait_for_go(struct guest *guest)
{
    gate_open(&guest->page->confined);
    while (!gate_wait(&guest->page->go, NULL)) {
    }
}

static enum status prepare(struct guest *guest, struct error *error)
{
    enum status s = streams_fill(error);
    if (s == STATUS_OK && !os_die_with_parent_executed())
        s = error_set_errno(error, STATUS_STOPPED, errno, "cannot watch the launcher");
    if (s == STATUS_OK)
        s = page_map(guest, error);
    if (s == STATUS_OK)
        s = module_map(guest, error);
    if (s == STATUS_OK && guest->page->recorded)
        s = trace_ring_map(GUEST_FD_RING, &guest->ring, error);
    if (s == STATUS_OK && guest->ring)
        s = trace_writer_create(guest->ring, &guest->writer, error);
    if (s == STATUS_OK)
        s = guest_states_init(&guest->states, guest->writer, &guest->spec, &running, error);
    if (s == STATUS_OK)
        s = wasi_start_init(&guest->spec, &guest->start, error);
    if (s == STATUS_OK)
        s = identify(guest, error);
    if (s == STATUS_OK)
        s = adopt(guest, error);
    if (s != STATUS_OK)
        return s;
    int keep[LIMIT_PREOPENS + LIMIT_LISTENERS + 1];
    uint32_t count = grant_count(guest);
    for (uint32_t i = 0; i < count; i++)
        keep[i] = GUEST_FD_GRANTS + (int)i;
    if (guest->spec.policy.name_count > 0)
        keep[count++] = GUEST_FD_RESOLVER;
    s = confine_close_inherited(keep, count, error);
    if (s != STATUS_OK)
        return s;
    signals_start();
    timer_start(guest->spec.policy.limits.wall_ns);
    s = confine(guest, error);
    if (s == STATUS_OK)
        wait_for_go(guest);
    return s;
}

static enum status run(struct guest *guest, struct wasi_ending *ending, struct error *error)
{
    ending->ended = WASI_ENDED_NOT_STARTED;
    enum status s =
        rt_module_load(guest->module_bytes, guest->module_size, &guest->start.module_limits, &guest->module, error);
    if (s != STATUS_OK) {
        error_prefix(error, "%s", guest->spec.module_path);
        return s;
    }
    struct wasi_backend backend = act_live_backend(guest->live);
    struct wasi_observer observer = guest_states_observer(&guest->states);
    struct rt_growth_watch growths = guest_states_growths(&guest->states);
    s = wasi_create(&guest->start.config, &backend, guest_states_observes(&guest->states) ? &observer : NULL,
                    &guest->wasi, error);
    if (s != STATUS_OK)
        return s;
    s = wasi_start_run(guest->module, guest->wasi, &guest->start.limits, &growths, NULL, &running, ending, error);
    if (s == STATUS_NOT_FOUND || s == STATUS_UNLINKABLE) /* the module's fault, and not the run's */
        error_prefix(error, "%s", guest->spec.module_path);
    return s == STATUS_OK ? guest_states_end(&guest->states, ending, error) : s;
}

/* Writes what the launcher prints. The magic last: a report without it is none. */
static void report(struct guest *guest, enum status status, const struct wasi_ending *ending, const struct error *error)
{
    struct launch_report *r = &guest->page->report;
    r->status = status != STATUS_OK                                                      ? status
                : ending->ended == WASI_ENDED_EXIT || ending->ended == WASI_ENDED_RAISED ? STATUS_EXITED
                : ending->ended == WASI_ENDED_TRAP                                       ? STATUS_TRAPPED
                                                                                         : STATUS_OK;
    r->exit_code = ending->exit_code;
    r->trap = ending->trap;
    r->function = ending->function;
    r->offset = ending->offset;
    r->instructions = ending->instructions;
    r->hostcalls = guest->wasi ? wasi_call_count(guest->wasi) : 0;
    const struct error *failure = guest->wasi ? wasi_failure(guest->wasi) : NULL;
    if (failure && failure->status != STATUS_OK)
        error = failure;
    memcpy(r->text, error->text, sizeof r->text);
    r->stack = ending->stack;
    __atomic_store_n(&r->magic, (uint32_t)LAUNCH_MAGIC, __ATOMIC_RELEASE);
}

int main(void)
{
    static struct guest guest;
    struct error error = ERROR_INIT;
    struct wasi_ending ending = { .ended = WASI_ENDED_NOT_STARTED };
    enum status s = prepare(&guest, &error);
    if (s == STATUS_OK)
        s = run(&guest, &ending, &error);
    const struct trace_exit exit_event = { .outcome = ending.ended,
                                           .exit_code = ending.exit_code,
                                           .trap = ending.trap,
                                           .function = ending.function,
                                           .offset = ending.offset,
                                           .instructions = ending.instructions,
                                           .stack = ending.stack };
    /* A guest that ran to its end and whose end could not be recorded was stopped all the same. */
    if (guest.writer && trace_writer_exit(guest.writer, &exit_event) != STATUS_OK && s == STATUS_OK &&
        ending.ended != WASI_ENDED_TRAP)
        s = error_set(&error, STATUS_STOPPED, "the recorder stopped the guest");
    if (guest.page)
        report(&guest, s, &ending, &error);
    /* Nothing is freed: the process ends here, and every call less is one less to allow. The status agrees with the
     * EXIT event and the report; where it does not, somebody else made it. */
    _exit(s == STATUS_OK ? (int)trace_exit_status(&exit_event) : EXIT_FAILURE_SETUP);
}
