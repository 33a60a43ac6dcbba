/* How a run ended, in words and as an exit status.
 *
 * Invariant: the kernel's wait status decides. What the guest's process said of itself adds words to it, and is a
 * failure where it does not agree; so no success comes of a process that did not end in one. */
#include "cli/print.h"
#include "cli/run_options.h"

#include <signal.h>
#include <string.h>

#include "runtime/rt.h"

static int trap_report(const char *command, const struct launch_result *result)
{
    const struct launch_report *report = &result->report;
    enum rt_trap_kind kind = report->trap < RT_TRAP_COUNT ? (enum rt_trap_kind)report->trap : RT_TRAP_NONE;
    print_err("warrant %s: the guest trapped: %s, in function %u", command, rt_trap_text(kind), report->function);
    print_err(" at byte 0x%x of the module", report->offset);
    if (kind == RT_TRAP_FUEL_EXHAUSTED || kind == RT_TRAP_INTERRUPTED)
        print_err(" (%s)", kind == RT_TRAP_FUEL_EXHAUSTED ? "the limit of fuel" : "the wall-clock limit");
    if (report->text[0]) {
        print_err(": ");
        print_message(stderr, report->text);
    }
    print_err("\n");
    struct buffer stack = BUFFER_INIT;
    crash_words(&report->stack, &result->crash, &stack);
    print_text(stderr, &stack);
    buffer_done(&stack);
    if (kind == RT_TRAP_HOST_POLICY || kind == RT_TRAP_FUEL_EXHAUSTED || kind == RT_TRAP_INTERRUPTED)
        return EXIT_POLICY;
    return kind == RT_TRAP_HOST_STOPPED || kind == RT_TRAP_HOST_FAILED ? EXIT_WARRANT_FAILED : EXIT_TRAP;
}

/* The launcher, or the recorder, ended it. */
static int ended_report(const char *command, const struct launch_result *result)
{
    const struct trace_fate *fate = &result->fate;
    switch ((enum trace_cause)fate->cause) {
    case TRACE_CAUSE_WALL:
        print_err("warrant %s: the guest was stopped: it ran longer than the wall-clock limit\n", command);
        return EXIT_POLICY;
    case TRACE_CAUSE_TRACE_LIMIT:
        print_err("warrant %s: the guest was stopped: %s\n", command, trace_cause_text(fate->cause));
        return EXIT_POLICY;
    case TRACE_CAUSE_BUDGET:
        print_err("warrant %s: the guest was stopped: %s", command, trace_cause_text(fate->cause));
        if (result->report.text[0])
            print_err(": ");
        print_message(stderr, result->report.text);
        print_err("\n");
        return EXIT_POLICY;
    case TRACE_CAUSE_SIGNAL:
        print_err("warrant %s: the guest was stopped: signal %u (%s) came\n", command, fate->cause_signal,
                  strsignal((int)fate->cause_signal));
        return 128 + (int)fate->cause_signal;
    case TRACE_CAUSE_RECORDER:
    case TRACE_CAUSE_WITNESS:
        print_err("warrant %s: the guest was stopped: %s\n", command, trace_cause_text(fate->cause));
        return EXIT_WARRANT_FAILED;
    case TRACE_CAUSE_UNKNOWN:
    case TRACE_CAUSE_ITSELF:
    case TRACE_CAUSE_COUNT:
        break;
    }
    return -1;
}

static int killed_report(const char *command, const struct launch_result *result)
{
    int number = (int)result->fate.signal, status = ended_report(command, result);
    if (status >= 0)
        return status;
    print_err("warrant %s: the guest's process was killed by signal %d (%s)%s\n", command, number, strsignal(number),
              number == SIGSYS ? ": the second line refused a system call" : "");
    return 128 + number;
}

/* The exit status that belongs to what the guest's process reported. */
static uint32_t status_reported(const struct launch_report *report)
{
    const struct trace_exit exit = { .outcome = report->status == STATUS_OK        ? WASI_ENDED_RETURNED
                                                : report->status == STATUS_EXITED  ? WASI_ENDED_EXIT
                                                : report->status == STATUS_TRAPPED ? WASI_ENDED_TRAP
                                                                                   : WASI_ENDED_NOT_STARTED,
                                     .exit_code = report->exit_code };
    return trace_exit_status(&exit);
}

static int exited_report(const char *command, const struct launch_report *report)
{
    if (report->exit_code !=
        trace_exit_status(&(struct trace_exit) { .outcome = WASI_ENDED_EXIT, .exit_code = report->exit_code }))
        print_err("warrant %s: the guest's exit code is %u, which no exit status can carry: 1 stands for it\n", command,
                  report->exit_code);
    return (int)status_reported(report);
}

static int failure_report(const char *command, const struct launch_report *report)
{
    print_err("warrant %s: ", command);
    print_message(stderr, report->text[0] ? report->text : status_text((enum status)report->status));
    print_err("\n");
    return EXIT_WARRANT_FAILED;
}

int run_report(const char *command, const struct launch_result *result)
{
    const struct launch_report *report = &result->report;
    const struct trace_fate *fate = &result->fate;
    if (fate->waited != TRACE_WAITED_EXITED)
        return killed_report(command, result);
    if (fate->cause == TRACE_CAUSE_SIGNAL || fate->cause == TRACE_CAUSE_BUDGET)
        return ended_report(command, result);
    if (!result->reported) {
        print_err("warrant %s: the guest's process ended with status %u and no report\n", command, fate->exit_code);
        return EXIT_WARRANT_FAILED;
    }
    if (fate->exit_code != status_reported(report)) {
        print_err("warrant %s: the guest's process ended with status %u, but reported an end with status %u\n", command,
                  fate->exit_code, status_reported(report));
        return EXIT_WARRANT_FAILED;
    }
    if (report->status == STATUS_OK)
        return 0;
    if (report->status == STATUS_EXITED)
        return exited_report(command, report);
    if (report->status == STATUS_TRAPPED)
        return trap_report(command, result);
    return failure_report(command, report);
}

int run_not_started(const struct launch_result *result)
{
    return result->fate.cause == TRACE_CAUSE_SIGNAL ? 128 + (int)result->fate.cause_signal : EXIT_WARRANT_FAILED;
}
