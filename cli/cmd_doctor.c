/* `warrant doctor`: what this machine offers, and why not the rest. */
#include "cli/commands.h"

#include <sys/utsname.h>

#include "cli/crash_process.h"
#include "cli/tiers.h"
#include "ebpf/witness.h"
#include "runtime/base/json_writer.h"
#include "wasi/backend.h"
#include "wasi/confine/confine.h"
#include "wasi/policy/policy.h"

enum { DOCTOR_JSON };
static const struct option_row rows[] = {
    { 0, "json", NULL, "print as JSON" },
};

static void doctor_text(const struct confine_report *confine, const struct error *witness)
{
    struct utsname host;
    if (uname(&host) == 0)
        print_out("system          %s %s, %s\n", host.sysname, host.release, host.machine);
    print_out("version         warrant " WARRANT_VERSION "\ntiers          " RT_TIER_LIST(TIERS_WORD) "\n");
    print_out("compiled tier   no: %s\n", tiers_compiled_left_out());
    print_out("walkers         %s\n", act_host_has_openat2() ? "openat2 components" : "components");
    print_out("witness         %s", witness->status == STATUS_OK ? "yes" : "no: ");
    print_message(stdout, witness->text);
    print_out("\n");
    for (int line = 0; line < CONFINE_LINE_COUNT; line++)
        print_out("%-15s %s\n", confine_line_name((enum confine_line)line),
                  confine_state_name((enum confine_state)confine->state[line]));
    if (confine_left_out())
        print_out("second line     no: %s\n", confine_left_out());
    if (policy_files_left_out())
        print_out("policy files    no: %s\n", policy_files_left_out());
    print_out("source lines    %s%s\n", crash_lines_left_out() ? "no: " : "yes",
              crash_lines_left_out() ? crash_lines_left_out() : "");
    print_out("Landlock ABI    %d%s\n", confine->landlock_abi, confine->landlock_net ? ", holds TCP by port" : "");
    if (confine->sanitizer)
        print_out("sanitizer       this build carries one: the seccomp filter allows what it needs\n");
}

static void doctor_json(const struct confine_report *confine, const struct error *witness)
{
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    json_object_begin(&json, NULL);
    json_string(&json, "version", WARRANT_VERSION);
    json_array_begin(&json, "tiers");
    for (int tier = 0; tier < RT_TIER_COUNT; tier++)
        json_string(&json, NULL, tier_name((enum rt_tier)tier));
    json_array_end(&json);
    json_string(&json, "compiled_tier_reason", tiers_compiled_left_out());
    json_array_begin(&json, "walkers");
    if (act_host_has_openat2())
        json_string(&json, NULL, run_walker_name(RUN_WALKER_OPENAT2));
    json_string(&json, NULL, run_walker_name(RUN_WALKER_COMPONENTS));
    json_array_end(&json);
    json_bool(&json, "witness", witness->status == STATUS_OK);
    if (witness->status != STATUS_OK)
        json_string(&json, "witness_reason", witness->text);
    for (int line = 0; line < CONFINE_LINE_COUNT; line++)
        json_string(&json, confine_line_name((enum confine_line)line),
                    confine_state_name((enum confine_state)confine->state[line]));
    if (confine_left_out())
        json_string(&json, "confinement_reason", confine_left_out());
    if (policy_files_left_out())
        json_string(&json, "policy_files_reason", policy_files_left_out());
    json_bool(&json, "source_lines", !crash_lines_left_out());
    if (crash_lines_left_out())
        json_string(&json, "source_lines_reason", crash_lines_left_out());
    json_i64(&json, "landlock_abi", confine->landlock_abi);
    json_bool(&json, "landlock_tcp", confine->landlock_net != 0);
    json_bool(&json, "sanitizer", confine->sanitizer);
    json_object_end(&json);
    buffer_u8(&out, '\n');
    print_text(stdout, &out);
    buffer_done(&out);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    bool json = false;
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0)
        json = true;
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR || state.index < state.argc)
        return option == OPTIONS_ERROR ? EXIT_USAGE : command_usage(command, "no operand is wanted");
    struct error witness = ERROR_INIT;
    struct confine_report confine;
    enum status s = witness_probe_machine(&witness);
    if (s != STATUS_OK && witness.status == STATUS_OK)
        error_set(&witness, s, "%s", status_text(s));
    confine_probe_machine(&confine);
    if (json)
        doctor_json(&confine, &witness);
    else
        doctor_text(&confine, &witness);
    return EXIT_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Tell what this machine offers: witness, Landlock, seccomp, walkers, tiers.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
