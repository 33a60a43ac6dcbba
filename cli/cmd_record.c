/* `warrant record`: a guest with its trace, and the kernel's own view beside it. */
#include "cli/commands.h"
#include "cli/run_options.h"

#include <stdlib.h>
#include <string.h>

enum {
    RECORD_OUTPUT = RUN_OPTION_COUNT,
    RECORD_WITNESS,
    RECORD_NO_MODULE,
    RECORD_DIGEST_EVERY,
    RECORD_LABEL,
    RECORD_TRACE_LIMIT,
    RECORD_SYNC,
    RECORD_SIGN,
    RECORD_SIGN_WITNESS
};
static const struct option_row rows[] = {
    RUN_OPTION_ROWS,
    { 'o', "output", "FILE",
      "the trace to write; otherwise MODULE's name with .wtrace, in this folder: with a number where it is taken, and "
      "in "
      "the user's state folder where the guest may write here" },
    { 0, "witness", "auto|on|off",
      "let the kernel watch (needs root): auto does without where it cannot be had and says so" },
    { 0, "no-module", NULL, "leave the module out of the trace; replay then needs it again" },
    { 0, "digest-every", "N",
      "record a digest of memories, tables and globals behind every N hostcalls, and at the end" },
    { 0, "label", "KEY=VALUE", "write this into the trace's description; may be given several times" },
    { 0, "trace-limit", "SIZE", "stop the guest when its trace has this many bytes: 100MiB; 16GiB otherwise" },
    { 0, "sync", "none|chunk|call",
      "have the device write the trace: not at all (none, which is meant where nothing is said), each chunk before the "
      "guest gets its room in the ring back, or each hostcall before the guest goes on" },
    { 0, "sign", "KEY", "the recorder signs the trace with this private key (`warrant keygen`)" },
    { 0, "sign-witness", "KEY",
      "the witness signs its file with this other key; then the run takes place with a witness or not at all" },
};

struct record {
    struct run_arguments arguments;
    struct launch_options launch;
    char output[4096];
};

static enum status record_sync(const char *value, struct run_facts *facts, struct error *error)
{
    for (enum run_sync sync = RUN_SYNC_NONE; sync < RUN_SYNC_COUNT; sync++) {
        if (!strcmp(value, run_sync_name(sync))) {
            facts->sync = sync;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID, "--sync wants none, chunk or call, not \"%s\"", value);
}

static enum status record_option(void *self, int option, const char *value, struct error *error)
{
    struct record *record = self;
    static const char *const modes[] = {
        [WITNESS_MODE_AUTO] = "auto", [WITNESS_MODE_ON] = "on", [WITNESS_MODE_OFF] = "off"
    };
    if (option < RUN_OPTION_COUNT)
        return run_option_apply(&record->arguments, option, value, error);
    if (option == RECORD_NO_MODULE) {
        record->arguments.spec.facts.no_module = 1;
        return STATUS_OK;
    }
    if (option == RECORD_DIGEST_EVERY) {
        uint64_t every = 0;
        enum status s = option_number("digest-every", policy_parse_count, value, 1, &every, error);
        record->arguments.spec.facts.digest_every = every;
        return s;
    }
    if (option == RECORD_TRACE_LIMIT)
        return limit_option("trace-limit", policy_parse_size, value, &record->arguments.spec.policy.limits.trace,
                            error);
    if (option == RECORD_SYNC)
        return record_sync(value, &record->arguments.spec.facts, error);
    if (option == RECORD_SIGN || option == RECORD_SIGN_WITNESS) {
        bool witness = option == RECORD_SIGN_WITNESS;
        record->launch.key_paths[witness ? LAUNCH_KEY_WITNESS : LAUNCH_KEY_RECORDER] = value;
        record->arguments.spec.facts.sign_asked |= witness ? RUN_SIGN_WITNESS : RUN_SIGN_RECORDER;
        return STATUS_OK;
    }
    if (option == RECORD_LABEL)
        return run_spec_add_label(&record->arguments.spec, value, error);
    if (option == RECORD_OUTPUT) {
        if (snprintf(record->output, sizeof record->output, "%s", value) >= (int)sizeof record->output || !*value)
            return error_set(error, STATUS_INVALID, "the output's name is empty or too long");
        return STATUS_OK;
    }
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!strcmp(value, modes[i])) {
            record->arguments.spec.facts.witness_asked = i;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID, "--witness wants auto, on or off, not \"%s\"", value);
}

static void output_default(struct record *record)
{
    const char *module = record->arguments.spec.module_path, *slash = strrchr(module, '/');
    if (!strcmp(module, "-"))
        module = "stdin";
    const char *name = slash ? slash + 1 : module, *dot = strrchr(name, '.');
    snprintf(record->output, sizeof record->output, "%.*s.wtrace",
             dot && dot != name ? (int)(dot - name) : (int)strlen(name), name);
}

/* Why a trace ends before the guest's own end, in words; NULL for a clean end. */
static const char *end_text(const struct launch_result *result)
{
    struct trace_end end = result->end;
    if (result->recorder_died)
        end.reason = TRACE_END_RECORDER_DIED;
    return end.reason == TRACE_END_CLEAN ? NULL : trace_end_text(&end);
}

/* The rest of a line: a library's message, which has its names in the plain form. */
static void line_end(const char *before, const char *message)
{
    print_err("%s", message[0] ? before : "");
    print_message(stderr, message);
    print_err("\n");
}

static void record_summary(const struct record *record, const struct launch_result *result)
{
    const char *why = end_text(result);
    if (!why && result->fate.exit_code == EXIT_FAILURE_SETUP && result->report.status != STATUS_EXITED) {
        print_err("warrant record: %s keeps the record of this start\n", record->output);
        return;
    }
    if (why)
        print_err("warrant record: %s holds a valid prefix of %llu events, up to byte %llu: %s", result->trace_path,
                  (unsigned long long)result->end.events, (unsigned long long)result->trace_bytes, why),
            line_end(": ", result->recorder_text);
    if (result->copy_text[0])
        print_err("warrant record:"), line_end(" ", result->copy_text);
    if (record->arguments.quiet)
        return;
    enum run_confinement confinement = run_confinement(&record->arguments.spec.facts);
    char lines[256];
    run_confinement_text(&record->arguments.spec.facts, lines, sizeof lines);
    if (confinement != RUN_CONFINED)
        print_err("warrant record: the confinement is %s\n", lines);
    if (!why)
        print_err("warrant record: %s: %llu hostcalls, %llu events, %llu bytes\n", result->trace_path,
                  (unsigned long long)result->report.hostcalls, (unsigned long long)result->end.events,
                  (unsigned long long)result->trace_bytes);
    if (result->witnessed)
        print_err("warrant record: %s: witnessed, %llu lost, %llu bytes", result->witness_path,
                  (unsigned long long)result->witness_lost, (unsigned long long)result->witness_bytes),
            line_end("; ", result->witness_reason);
    else
        print_err("warrant record: the witness is off"), line_end(": ", result->witness_reason);
}

/* Said even with --quiet: the trace is not where one looks for it. */
static void record_moved(void *self, const char *path, const char *why)
{
    (void)self;
    print_err("warrant record: the trace goes to %s: %s\n", path, why);
}

static void record_left(void *self, const char *path, const char *why)
{
    (void)self;
    print_err("warrant record: %s is left and cannot be removed (%s); remove it yourself\n", path, why);
}

static int record_launched(const struct command *command, struct record *record)
{
    struct error error = ERROR_INIT;
    uint64_t *witness = &record->arguments.spec.facts.witness_asked;
    if (record->launch.key_paths[LAUNCH_KEY_WITNESS] && *witness == WITNESS_MODE_OFF)
        return command_usage(command, "--sign-witness and --witness off contradict each other");
    if (record->launch.key_paths[LAUNCH_KEY_WITNESS])
        *witness = WITNESS_MODE_ON;
    record->launch.trace_default = !record->output[0];
    if (!record->output[0])
        output_default(record);
    record->launch.moved = record_moved;
    record->launch.left = record_left;
    record->launch.policy_paths = record->arguments.policies;
    record->launch.policy_count = record->arguments.policy_count;
    record->launch.spec = &record->arguments.spec;
    record->launch.trace_path = record->output;
    struct launch_result result;
    enum status s = launch_run(&record->launch, &result, &error);
    if (!result.started)
        return command_failed(command, run_not_started(&result), &error);
    int status = run_report(command->name, &result);
    record_summary(record, &result);
    return s != STATUS_OK || result.recorder_died ? EXIT_WARRANT_FAILED : status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct record record = { .launch = { .trace_path = NULL } };
    run_arguments_init(&record.arguments);
    int status = run_parse(command, argc, argv, &record.arguments, record_option, &record);
    if (status < 0)
        status = record_launched(command, &record);
    run_arguments_done(&record.arguments);
    return status;
}

const struct command command_record = {
    .name = "record",
    .arguments = "MODULE [ARG...]",
    .summary = "Run a program and write every hostcall into a trace.",
    .text =
        "Where the kernel lets it, a witness process writes what the kernel saw into FILE.wwit beside FILE.wtrace. "
        "Both are made for this user alone (0600), never where the guest may write, and never through a link. "
        "FILE.wtrace that is named and there is replaced when the guest starts, not before. The death of the recorder "
        "stops the guest. The exit status is that of `warrant run`.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
    .runs_program = true,
};
