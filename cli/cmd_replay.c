/* `warrant replay`: executes a recorded guest again, with the trace in place of the world. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "replay/replay.h"

enum { REPLAY_UNTIL_EVENT, REPLAY_TIER, REPLAY_MODULE, REPLAY_DIGEST, REPLAY_JSON };
static const struct option_row rows[] = {
    { 0, "until", "EVENT",
      "stop before the first hostcall that begins behind this event, and print the state's digest" },
    { 0, "tier", "TIER", "how to execute: interp, or auto (the same in this version)" },
    { 0, "module", "FILE", "execute this module instead of the one in the trace" },
    { 0, "digest", NULL, "print the digest of memories, tables and globals at the end" },
    { 0, "json", NULL, "print the result as JSON" },
};

static bool on_progress(void *self, uint64_t calls, uint64_t instructions)
{
    (void)instructions;
    progress_show(self, "replaying", calls, 0, "hostcalls");
    return true;
}

static void replay_json(const struct replay_report *report, struct buffer *out)
{
    static const char *const verdicts[] = { [REPLAY_IDENTICAL] = "identical",
                                            [REPLAY_PREFIX] = "prefix",
                                            [REPLAY_UNTIL] = "until",
                                            [REPLAY_DIVERGED] = "diverged" };
    const struct replay_divergence *d = &report->divergence;
    buffer_printf(out, "{\"verdict\":\"%s\",\"hostcalls\":%llu,\"last_event\":%llu,\"instructions\":%llu",
                  verdicts[report->verdict], (unsigned long long)report->calls, (unsigned long long)report->last_event,
                  (unsigned long long)report->instructions);
    if (report->ended)
        buffer_printf(out, ",\"recorded_instructions\":%llu", (unsigned long long)report->recorded.instructions);
    buffer_printf(out, ",\"states\":%llu", (unsigned long long)report->states);
    if (report->has_digest)
        buffer_printf(out, ",\"digest\":\"%016llx\"", (unsigned long long)report->digest);
    if (report->stop_text[0]) {
        buffer_string(out, ",\"stop\":");
        text_json_string(out, report->stop_text);
    }
    if (report->verdict == REPLAY_DIVERGED) {
        buffer_printf(
            out,
            ",\"divergence\":{\"event\":%llu,\"chunk\":%llu,\"call\":%llu,\"hostcall\":\"%s\",\"what\":\"%s\","
            "\"function\":%u,\"offset\":%u,\"function_name\":",
            (unsigned long long)d->event, (unsigned long long)d->chunk, (unsigned long long)d->call, d->hostcall,
            d->what, d->function, d->offset);
        text_json_string(out, d->function_name);
        buffer_string(out, ",\"expected\":");
        text_json_string(out, d->expected);
        buffer_string(out, ",\"found\":");
        text_json_string(out, d->found);
        buffer_u8(out, '}');
    }
    buffer_string(out, "}\n");
}

static int replay_show(const struct command *command, const struct replay_options *options, bool json)
{
    struct error error = ERROR_INIT;
    struct replay_report report;
    enum status s = replay_run(options, &report, &error);
    progress_done(options->progress_self);
    if (s != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    struct buffer text = BUFFER_INIT;
    if (json)
        replay_json(&report, &text);
    else
        replay_report_print(&report, &text);
    print_text(stdout, &text);
    buffer_done(&text);
    return report.verdict == REPLAY_DIVERGED ? EXIT_FINDING : EXIT_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct progress progress;
    progress_init(&progress, command->name);
    struct replay_options options = { .progress = on_progress, .progress_self = &progress };
    bool json = false;
    const char *value;
    char *end;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        switch (option) {
        case REPLAY_UNTIL_EVENT:
            options.until_event = strtoull(value, &end, 10);
            if (*end || end == value || options.until_event == 0)
                return command_usage(command, "--until wants an event's number, not \"%s\"", value);
            break;
        case REPLAY_TIER:
            if (strcmp(value, "interp") != 0 && strcmp(value, "auto") != 0)
                return command_usage(command, "this build has the tiers interp and auto, not \"%s\"", value);
            break;
        case REPLAY_MODULE:
            options.module_path = value;
            break;
        case REPLAY_DIGEST:
            options.digest = true;
            break;
        default:
            json = true;
            break;
        }
    }
    int status = options_operand(command, &state, option, "one trace", &options.trace_path);
    if (status >= 0)
        return status;
    return replay_show(command, &options, json);
}

const struct command command_replay = {
    .name = "replay",
    .arguments = "FILE.wtrace",
    .summary = "Execute a recorded guest again, with the trace in place of the world.",
    .text = "Touches no file that the guest named. Compares every hostcall and stops at "
            "the first difference, with its event, the "
            "guest's function and byte offset, what was expected and what was found. Exit "
            "status: 0 identical (or identical up to "
            "where the trace ends), 1 diverged, 2 usage, 3 the file is at fault.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
