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

enum status guest_fork(struct run *run, struct error *error)
{
    uint32_t grants = run->options->spec->policy.file_count;
    struct launch_pass *pass = calloc(3 + (size_t)grants, sizeof *pass);
    if (!pass)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    size_t count = 0;
    pass[count++] = (struct launch_pass) { run->files.page, GUEST_FD_LAUNCH };
    pass[count++] = (struct launch_pass) { run->files.module, GUEST_FD_MODULE };
    if (run->options->trace_path)
        pass[count++] = (struct launch_pass) { run->files.ring, GUEST_FD_RING };
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
        return error_set(error, (enum status)report->status, "%s",
                         report->text[0] ? report->text : status_text((enum status)report->status));
    if (WIFSIGNALED(wait_status))
        return error_set(error, STATUS_INTERNAL, "the guest's process was killed by signal %d before it was confined",
                         WTERMSIG(wait_status));
    return error_set(error, STATUS_INTERNAL, "the guest's process ended before it was confined");
}

/* Said before the guest runs, whatever else is quiet. */
static void say_absent(const struct run_facts *facts)
{
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

static int wait_left_ms(uint64_t wall_ns, const struct timespec *start)
{
    enum { GRACE_NS = 500000000, LONGEST_MS = 1000000 };
    if (wall_ns > UINT64_MAX - GRACE_NS)
        return -1;
    /* The guest stops itself first (guest_main.c); this is the belt for one that does not. */
    uint64_t spent = elapsed_ns(start), limit = wall_ns + GRACE_NS;
    uint64_t left = spent >= limit ? 0 : (limit - spent) / 1000000 + 1;
    return left > LONGEST_MS ? LONGEST_MS : (int)left;
}

/* Waits until the guest is gone; returns why it had to be ended, ITSELF where it had not. */
static enum trace_cause wait_for_end(struct run *run)
{
    struct pollfd wait[3] = { { run->guest.pidfd, POLLIN, 0 },
                              { run->recorder.pidfd, POLLIN, 0 },
                              { run->witness.pidfd, POLLIN, 0 } };
    uint64_t wall_ns = run->options->spec->policy.limits.wall_ns;
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    gate_open(&run->files.mapped->go);
    for (;;) {
        int left = wait_left_ms(wall_ns, &start);
        int n = poll(wait, 3, left);
        if (wait[0].revents)
            return elapsed_ns(&start) >= wall_ns ? TRACE_CAUSE_WALL : TRACE_CAUSE_ITSELF;
        if (n > 0)
            return wait[1].revents ? TRACE_CAUSE_RECORDER : TRACE_CAUSE_WITNESS;
        if (n == 0 && left == 0)
            return TRACE_CAUSE_WALL;
    }
}

void guest_wait(struct run *run)
{
    int wait_status = 0;
    struct trace_fate *fate = &run->result->fate;
    fate->cause = wait_for_end(run);
    if (!child_is_gone(&run->guest))
        kill(run->guest.pid, SIGKILL);
    child_reap(&run->guest, &wait_status);
    trace_fate_wait(fate, wait_status);
    report_take(run);
}
