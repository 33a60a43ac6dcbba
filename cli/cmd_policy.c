/* `warrant policy lint`: reads a policy file and prints what it grants. */
#include "cli/commands.h"

#include <string.h>

#include "cli/run_options.h"

static void limits_print(const struct policy_limits *l)
{
    print_out("memory %llu bytes, %u descriptors, %u frames of calls\n", (unsigned long long)l->memory, l->descriptors,
              l->call_depth);
    print_out("module %u bytes, %u functions, %u locals of one function, %u tables of %u elements\n", l->module_bytes,
              l->functions, l->locals, l->tables, l->table_elements);
    if (l->fuel != UINT64_MAX)
        print_out("fuel %llu instructions\n", (unsigned long long)l->fuel);
    if (l->wall_ns != UINT64_MAX)
        print_out("time %llu ms\n", (unsigned long long)(l->wall_ns / 1000000));
    if (l->output != UINT64_MAX)
        print_out("output %llu bytes\n", (unsigned long long)l->output);
    print_out("trace %llu bytes\n", (unsigned long long)l->trace);
}

static const char *violation_text(enum policy_violation violation)
{
    switch (violation) {
    case POLICY_VIOLATION_ERRNO:
        return "answers an error";
    case POLICY_VIOLATION_TRAP:
        return "stops the guest (trap)";
    case POLICY_VIOLATION_KILL:
        return "stops the guest (kill)";
    }
    return "?";
}

static void lint_print(const struct policy *policy)
{
    for (uint32_t i = 0; i < policy->file_count; i++)
        print_out("%s %s as %s\n", policy->files[i].writes ? "reads and writes" : "reads", policy->files[i].host,
                  policy->files[i].guest);
    if (!policy->file_count)
        print_out("no files\n");
    for (uint32_t i = 0; i < policy->device_count; i++)
        print_out("the device %s, where a granted directory holds it\n", policy->devices[i]);
    if (policy->network_count)
        print_out("%u network rules (this version has no socket hostcalls)\n", policy->network_count);
    else
        print_out("no network\n");
    print_out("a call beyond the grants %s\n", violation_text((enum policy_violation)policy->on_violation));
    limits_print(&policy->limits);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    const char *value;
    int option = options_next(command, &state, &value);
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    if (state.argc - state.index != 2 || strcmp(argv[state.index], "lint") != 0)
        return command_usage(command, "`lint FILE` is wanted");
    struct policy policy;
    struct error error = ERROR_INIT;
    policy_init(&policy);
    enum status s = cli_policy_read(argv[state.index + 1], &policy, &error);
    if (s == STATUS_OK)
        lint_print(&policy);
    policy_done(&policy);
    return s == STATUS_OK ? EXIT_OK : command_failed(command, EXIT_FILE, &error);
}

const struct command command_policy = {
    .name = "policy",
    .arguments = "lint FILE",
    .summary = "Read a policy file and print what it grants.",
    .text = "Exit status: 0 the policy is sound, 2 usage, 3 it is not; the message has the file's name and line.",
    .run = run,
};
