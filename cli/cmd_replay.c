/* `warrant replay`: executes a recorded guest again, with the trace in place of the world. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/crash_process.h"
#include "cli/progress.h"
#include "cli/replay_process.h"
#include "cli/replay_profile.h"
#include "cli/tell_command.h"
#include "cli/tiers.h"
#include "runtime/base/json_writer.h"
#include "runtime/rt.h"
#include "wasi/policy/policy.h"
#include "wasi/start.h"

enum { UNTIL_EVENT, TIER, MODULE, DIGEST, JSON, OUTPUT, PROFILE, CHROME, COVERAGE, TELL, AT, MEMORY, TIMEOUT };
static const struct option_row rows[] = {
    { 0, "until", "EVENT",
      "stop before the first hostcall that begins behind this event, and print the state's digest" },
    TIER_OPTION_ROW,
    { 0, "module", "FILE", "execute this module instead of the one in the trace" },
    { 0, "digest", NULL, "print the digest of memories, tables and globals at the end" },
    { 0, "json", NULL, "print the result as JSON" },
    { 0, "output", NULL, "give what the guest wrote to its standard output and error, and end with its status" },
    { 0, "profile", "FILE.json",
      "write how many instructions each stack of the guest executed, exactly, as speedscope reads it" },
    { 0, "chrome-trace", "FILE.json", "the same in Chrome's Trace Event Format, which Perfetto reads" },
    { 0, "coverage", "FILE.info", "write how often each source line was executed, as lcov reads it" },
    { 0, "tell", "EXPR",
      "print bytes of the guest's memory or the value of a global: mem[0x1000..+16], mem[global[0]..+32], global[0]" },
    { 0, "at", "EVENT",
      "where --tell tells: at the first hostcall from this event on; all: at each; otherwise at the end" },
    REPLAY_OPTION_ROWS,
};

struct replay_command {
    struct replay_options options;
    struct replay_process process;
    struct replay_profile profile;
    struct tell_command tell;
    struct progress progress;
    bool json;
};

static bool on_progress(void *self, uint64_t calls, uint64_t instructions)
{
    (void)instructions;
    progress_show(self, "replaying", calls, 0, "hostcalls");
    return true;
}

static void json_divergence(const struct replay_divergence *d, struct json *json)
{
    json_object_begin(json, "divergence");
    json_u64(json, "event", d->event);
    json_u64(json, "chunk", d->chunk);
    json_u64(json, "call", d->call);
    json_string(json, "hostcall", d->hostcall);
    json_string(json, "what", d->what);
    json_u64(json, "function", d->function);
    json_u64(json, "offset", d->offset);
    json_string(json, "function_name", d->function_name);
    json_string(json, "expected", d->expected);
    json_string(json, "found", d->found);
    json_object_end(json);
}

static void replay_json(const struct replay_report *report, const struct crash_symbols *symbols,
                        const struct tell_command *tell, struct buffer *out)
{
    static const char *const verdicts[] = { [REPLAY_IDENTICAL] = "identical",
                                            [REPLAY_PREFIX] = "prefix",
                                            [REPLAY_UNTIL] = "until",
                                            [REPLAY_DIVERGED] = "diverged" };
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_string(&json, "verdict", verdicts[report->verdict]);
    json_u64(&json, "hostcalls", report->calls);
    json_u64(&json, "last_event", report->last_event);
    json_u64(&json, "instructions", report->instructions);
    if (report->ended)
        json_u64(&json, "recorded_instructions", report->recorded.instructions);
    json_u64(&json, "states", report->states);
    if (report->has_digest)
        json_hex_u64(&json, "digest", report->digest);
    if (report->stop_text[0])
        json_string(&json, "stop", report->stop_text);
    if (report->weaker[0])
        json_string(&json, "without", report->weaker);
    if (report->verdict == REPLAY_DIVERGED)
        json_divergence(&report->divergence, &json);
    if (report->ended && report->exit.outcome == WASI_ENDED_TRAP)
        crash_json(&report->exit.stack, symbols, &json);
    if (tell->wishes.count > 0)
        json_number(&json, "told", tell->text.data, tell->text.size);
    json_object_end(&json);
    buffer_u8(out, '\n');
}

/* What `run` would have ended with. */
static int guest_status(const struct command *command, const struct trace_exit *exit_item)
{
    uint32_t status = trace_exit_status(exit_item);
    if (exit_item->outcome == WASI_ENDED_EXIT && exit_item->exit_code != status)
        print_err("warrant %s: the guest's exit code is %u, which no exit status can carry: %u stands for it\n",
                  command->name, exit_item->exit_code, status);
    if (exit_item->outcome == WASI_ENDED_RETURNED || exit_item->outcome == WASI_ENDED_EXIT ||
        exit_item->outcome == WASI_ENDED_RAISED)
        return (int)status;
    if (exit_item->outcome != WASI_ENDED_TRAP || exit_item->trap >= RT_TRAP_COUNT) {
        print_err("warrant %s: the guest could not be started\n", command->name);
        return EXIT_WARRANT_FAILED;
    }
    enum rt_trap_kind kind = (enum rt_trap_kind)exit_item->trap;
    print_err("warrant %s: the guest trapped: %s, in function %u at byte 0x%x of the module\n", command->name,
              rt_trap_text(kind), exit_item->function, exit_item->offset);
    if (kind == RT_TRAP_HOST_POLICY || kind == RT_TRAP_FUEL_EXHAUSTED)
        return EXIT_POLICY;
    return EXIT_TRAP;
}

static int replay_show(const struct command *command, const struct replay_command *replay,
                       const struct replay_report *report)
{
    bool output = replay->process.output;
    struct buffer text = BUFFER_INIT;
    struct crash_symbols *symbols = NULL;
    int status = EXIT_OK;
    if (report->ended && report->exit.outcome == WASI_ENDED_TRAP)
        symbols = crash_trace_look(replay->options.trace_path, replay->options.module_path, &report->exit.stack);
    if (replay->tell.wishes.count > 0 && !replay->json)
        buffer_bytes(&text, replay->tell.text.data, replay->tell.text.size);
    if (output && report->verdict == REPLAY_IDENTICAL)
        status = guest_status(command, &report->exit);
    else if (replay->json)
        replay_json(report, symbols, &replay->tell, &text);
    else
        replay_report_print(report, &text);
    if (report->ended && report->exit.outcome == WASI_ENDED_TRAP && !replay->json)
        crash_words(&report->exit.stack, symbols, &text);
    print_text(output ? stderr : stdout, &text);
    buffer_done(&text);
    free(symbols);
    if (output && report->verdict == REPLAY_IDENTICAL)
        return status;
    if (output) /* whose status nobody knows */
        return report->verdict == REPLAY_UNTIL ? EXIT_OK : EXIT_WARRANT_FAILED;
    return report->verdict == REPLAY_DIVERGED ? EXIT_FINDING : EXIT_OK;
}

static int replay(const struct command *command, struct replay_command *replay)
{
    struct error error = ERROR_INIT;
    struct replay_report report;
    enum status s = STATUS_OK;
    const bool counted = replay_profile_asked(&replay->profile);
    if (counted)
        s = replay_profile_begin(&replay->profile, &replay->options, &error);
    if (s == STATUS_OK)
        s = replay_process_run(&replay->process, &replay->options, &report, &error);
    progress_done(&replay->progress);
    if (s == STATUS_OK && counted)
        s = replay_profile_end(command, &replay->profile, &replay->options, &error);
    replay_profile_done(&replay->profile);
    if (replay->tell.wishes.count > 0 && replay->json)
        json_array_end(&replay->tell.json);
    if (s != STATUS_OK)
        return command_failed(command, replay->process.output ? EXIT_WARRANT_FAILED : EXIT_FILE, &error);
    return replay_show(command, replay, &report);
}

/* One option. -1, or the exit status of what is wrong with it. */
static int option_apply(const struct command *command, struct replay_command *replay, int option, const char *value)
{
    switch (option) {
    case UNTIL_EVENT:
        return command_number(command, "until", policy_parse_count, value, 1, &replay->options.until_event);
    case TIER:
        return tier_option(command, value);
    case MODULE:
        replay->options.module_path = value;
        return -1;
    case DIGEST:
        replay->options.digest = true;
        return -1;
    case JSON:
        replay->json = true;
        return -1;
    case PROFILE:
        replay->profile.speedscope = value;
        return -1;
    case CHROME:
        replay->profile.chrome = value;
        return -1;
    case COVERAGE:
        replay->profile.coverage = value;
        return -1;
    case TELL:
        return tell_command_wish(command, &replay->tell, value);
    case AT:
        return tell_command_at(command, &replay->tell, value);
    case OUTPUT:
        replay->process.output = true;
        return -1;
    default:
        return replay_option(command, &replay->process, option - MEMORY, value);
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct replay_command replay_command = { .process = REPLAY_PROCESS_DEFAULT,
                                             .profile = REPLAY_PROFILE_NONE,
                                             .tell = TELL_COMMAND_NONE };
    const char *value;
    int option;
    progress_init(&replay_command.progress, command->name);
    while ((option = options_next(command, &state, &value)) >= 0) {
        int status = option_apply(command, &replay_command, option, value);
        if (status >= 0)
            return status;
    }
    int status = options_operand(command, &state, option, "one trace", &replay_command.options.trace_path);
    if (status >= 0)
        return status;
    if (replay_command.json && replay_command.process.output)
        return command_usage(command, "--output gives what the guest wrote, and --json something else: choose one");
    if (!replay_command.process.output) {
        replay_command.options.progress = on_progress;
        replay_command.options.progress_self = &replay_command.progress;
    }
    status = tell_command_begin(command, &replay_command.tell, replay_command.json, &replay_command.options);
    if (status >= 0)
        return status;
    status = replay(command, &replay_command);
    buffer_done(&replay_command.tell.text);
    return status;
}

const struct command command_replay = {
    .name = "replay",
    .arguments = "FILE.wtrace",
    .summary = "Execute a recorded guest again, with the trace in place of the world.",
    .text = "Touches no file that the guest named, and executes it in a process of its own that "
            "may open none. Compares every hostcall and stops at the first difference, with its event, the "
            "guest's function and byte offset, what was expected and what was found. Exit "
            "status: 0 identical (or identical up to "
            "where the trace ends), 1 diverged, 2 usage, 3 the file is at fault, or time or memory were not enough. "
            "With --output: the guest's own status where the replay was identical, else 125.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
