/* The guest's process from the launcher's side: started, confined, let go, waited for.
 *
 * Invariants: what it says before it was let go is believed, since it has looked at no byte of the module; nothing of
 * what it says afterwards decides anything but the words of a message. How it ended is what the kernel says. */
#include "cli/launch_gate.h"
#include "cli/launch_page.h"
#include "cli/launch_run.h"
#include "cli/print.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "runtime/rt.h"
#include "wasi/confine/confine.h"

enum status guest_fork(struct run *run, struct error *error)
{
    uint32_t grants = run->files.grant_count;
    struct launch_pass *pass = calloc(4 + (size_t)grants, sizeof *pass);
    if (!pass)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    size_t count = 0;
    pass[count++] = (struct launch_pass) { run->files.page, GUEST_FD_LAUNCH };
    pass[count++] = (struct launch_pass) { run->files.module, GUEST_FD_MODULE };
    if (run->options->trace_path)
        pass[count++] = (struct launch_pass) { run->files.ring, GUEST_FD_RING };
    if (run->files.asking >= 0)
        pass[count++] = (struct launch_pass) { run->files.asking, GUEST_FD_RESOLVER };
    for (uint32_t i = 0; i < grants; i++)
        pass[count++] = (struct launch_pass) { run->files.grants[i], GUEST_FD_GRANTS + (int)i };
    enum status s = child_fork(&run->guest, "warrant-guest", pass, count, false, error);
    free(pass);
    return s;
}

static void report_take(struct run *run)
{
    run->result->reported = launch_page_report(run->files.mapped, &run->result->report);
}

/* It ended before it was confined: why. */
static enum status never_confined(struct run *run, struct error *error)
{
    int wait_status = 0;
    child_reap(&run->guest, &wait_status);
    report_take(run);
    const struct launch_report *report = &run->result->report;
    if (run->result->reported && report->status != STATUS_OK)
        return error_set(error, (enum status)report->status, "%s%s",
                         report->text[0] ? report->text : status_text((enum status)report->status),
                         report->status == STATUS_DENIED ? " (--no-confine runs it without the second line)" : "");
    if (WIFSIGNALED(wait_status))
        return error_set(error, STATUS_INTERNAL, "the guest's process was killed by signal %d before it was confined",
                         WTERMSIG(wait_status));
    return error_set(error, STATUS_INTERNAL, "the guest's process ended before it was confined");
}

/* Said before the guest runs, whatever else is quiet. */
static void say_absent(const struct run_facts *facts)
{
    if (confine_left_out() && facts->lines_asked) {
        print_err("warrant: the guest runs without a second line of defence: %s\n", confine_left_out());
        return;
    }
    for (unsigned line = 0; line < CONFINE_LINE_COUNT; line++)
        if (facts->line_held[line] == CONFINE_ABSENT)
            print_err("warrant: the guest runs without %s, which this kernel does not have\n",
                      confine_line_name((enum confine_line)line));
}

enum status guest_confined(struct run *run, struct error *error)
{
    const struct timespec look = { 0, 5000000 };
    struct launch_page *page = run->files.mapped;
    struct run_facts *facts = &run->options->spec->facts;
    enum status s = child_release(&run->guest, "warrant-guest", error);
    if (s != STATUS_OK)
        return s;
    while (!gate_wait(&page->confined, &look))
        if (child_is_gone(&run->guest) && !gate_is_open(&page->confined))
            return never_confined(run, error);
    facts->landlock_abi = page->landlock_abi;
    facts->landlock_net = page->landlock_net;
    memcpy(facts->line_held, page->line_held, sizeof facts->line_held);
    say_absent(facts);
    return STATUS_OK;
}

static uint64_t elapsed_ns(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)(now.tv_sec - start->tv_sec) * UINT64_C(1000000000) + (uint64_t)now.tv_nsec -
           (uint64_t)start->tv_nsec;
}

/* How the wait for the guest's end stands. */
struct ending {
    enum trace_cause cause;
    uint64_t now, wall, kill_at; /* ns since the guest was let go; UINT64_MAX: never */
};

/* Asks the guest to stop, which a sound one does at its next step; what blocks in a call sees EINTR. */
static void ask(const struct run *run)
{
    kill(run->guest.pid, SIGALRM);
    kill(run->guest.pid, SIGCONT);
}

static int next_look_ms(const struct run *run, const struct ending *ending)
{
    enum { ASK_AGAIN_MS = 20, LONGEST_MS = 1000000 };
    if (ending->cause != TRACE_CAUSE_ITSELF)
        return ASK_AGAIN_MS;
    if (run->signals.count) /* taken while the recorder was waited for: it wakes nobody any more */
        return 0;
    if (ending->wall == UINT64_MAX)
        return -1;
    uint64_t left = ending->now >= ending->wall ? 0 : (ending->wall - ending->now) / 1000000 + 1;
    return left > LONGEST_MS ? LONGEST_MS : (int)left;
}

/* What time and signals say. Returns whether the guest is to be killed now. */
static bool ending_look(struct run *run, struct ending *ending)
{
    const uint64_t GRACE = UINT64_C(200000000), GRACE_WALL = UINT64_C(500000000);
    launch_signals_take(&run->signals);
    if (ending->cause == TRACE_CAUSE_ITSELF && run->signals.count) {
        ending->cause = TRACE_CAUSE_SIGNAL;
        ending->kill_at = ending->now + GRACE;
    } else if (ending->cause == TRACE_CAUSE_ITSELF && ending->now >= ending->wall) {
        ending->cause = TRACE_CAUSE_WALL;
        ending->kill_at = ending->now + GRACE_WALL;
    }
    return run->signals.count > 1 || ending->now >= ending->kill_at;
}

/* Waits until the guest is gone or must be killed; returns why it had to be ended, ITSELF where it had not. The wall
 * clock goes on while the job is stopped. */
static enum trace_cause wait_for_end(struct run *run)
{
    struct pollfd wait[] = { { run->guest.watch, POLLIN, 0 },
                             { run->recorder.watch, POLLIN, 0 },
                             { run->witness.watch, POLLIN, 0 },
                             { run->signals.fd, POLLIN, 0 } };
    struct ending ending = { TRACE_CAUSE_ITSELF, 0, run->options->spec->policy.limits.wall_ns, UINT64_MAX };
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    gate_open(&run->files.mapped->go);
    for (;;) {
        int n = poll(wait, sizeof wait / sizeof *wait, next_look_ms(run, &ending));
        ending.now = elapsed_ns(&start);
        bool over = ending_look(run, &ending);
        if (over || (n > 0 && wait[0].revents))
            return ending.cause;
        if (n > 0 && wait[1].revents)
            return TRACE_CAUSE_RECORDER;
        if (n > 0 && wait[2].revents)
            return TRACE_CAUSE_WITNESS;
        if (ending.cause != TRACE_CAUSE_ITSELF)
            ask(run);
    }
}

void guest_wait(struct run *run)
{
    int wait_status = 0;
    struct trace_fate *fate = &run->result->fate;
    fate->cause = wait_for_end(run);
    if (fate->cause == TRACE_CAUSE_SIGNAL)
        fate->cause_signal = (uint32_t)run->signals.first;
    if (!child_is_gone(&run->guest))
        kill(run->guest.pid, SIGKILL);
    child_reap(&run->guest, &wait_status);
    trace_fate_wait(fate, wait_status);
    report_take(run);
    /* A sound guest's process stops there by itself, and only its own word tells it from another stop. */
    if (policy_has_budget(&run->options->spec->policy.limits) && fate->cause == TRACE_CAUSE_ITSELF &&
        run->result->report.status == STATUS_TRAPPED && run->result->report.trap == RT_TRAP_HOST_STOPPED)
        fate->cause = TRACE_CAUSE_BUDGET;
}
