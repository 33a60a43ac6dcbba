/* `warrant syscalls`: the impact table. */
#include "cli/commands.h"

#include <strings.h>

#include "wasi/abi/syscalls.h"

enum { SYSCALLS_IMPACT, SYSCALLS_JSON };
static const struct option_row rows[] = {
    { 0, "impact", "CLASS", "only the calls of this impact class; an unknown one lists the classes" },
    { 0, "json", NULL, "print an array of JSON objects" },
};

static void roles_text(const struct syscall_row *row, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (int role = 0; role < SYSCALL_ROLE_COUNT; role++) {
        if (row->roles & (1U << role))
            used += (size_t)snprintf(ret + used, used < size ? size - used : 0, "%s%s", used ? "," : "",
                                     syscall_role_name((enum syscall_role)role));
    }
}

static void row_print(const struct syscall_row *row, bool json, bool first)
{
    char roles[128];
    roles_text(row, roles, sizeof roles);
    const char *impact = syscall_impact_name((enum syscall_impact)row->impact);
    const char *check = syscall_check_text((enum syscall_check)row->check);
    if (json && !first)
        print_out(",\n ");
    if (json)
        print_out("{\"name\":\"%s\",\"x86_64\":%d,\"arm64\":%d,\"impact\":\"%s\",\"effect\":\"%s\",\"roles\":\"%s\","
                  "\"operands\":\"%s\","
                  "\"stopped_by\":\"%s\",\"bypass\":\"%s\"}",
                  row->name, row->x86_64, row->arm64, impact, row->effect, roles, check, syscall_stopped_by(row),
                  row->bypass);
    else
        print_out("%-26s %-10s %s  %-52s %s%s%s\n", row->name, impact, row->effect, roles[0] ? roles : "nobody",
                  syscall_stopped_by(row), row->bypass[0] ? " | " : "", row->bypass);
}

static int impact_find(const char *name)
{
    for (int impact = 0; impact < SYSCALL_IMPACT_COUNT; impact++)
        if (!strcasecmp(name, syscall_impact_name((enum syscall_impact)impact)))
            return impact;
    return -1;
}

static int classes_usage(const struct command *command, const char *name)
{
    char list[512];
    size_t used = 0;
    for (int impact = 0; impact < SYSCALL_IMPACT_COUNT && used < sizeof list; impact++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", impact ? ", " : "",
                                 syscall_impact_name((enum syscall_impact)impact));
    return command_usage(command, "there is no impact class \"%s\"; the classes are %s", name, list);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    bool json = false, first = true;
    int impact = -1, option;
    const char *value;
    while ((option = options_next(command, &state, &value)) >= 0) {
        if (option == SYSCALLS_JSON) {
            json = true;
        } else {
            impact = impact_find(value);
            if (impact < 0)
                return classes_usage(command, value);
        }
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR || state.index < state.argc)
        return option == OPTIONS_ERROR ? EXIT_USAGE : command_usage(command, "no operand is wanted");
    print_out("%s", json ? "[" : "");
    if (!json)
        print_out("%-26s %-10s %s  %-52s %s\n", "call", "impact", "mfnpk", "issued by",
                  "what stops everyone else | how it can bypass isolation");
    for (int i = 0; i < SYSCALL_COUNT; i++) {
        if (impact >= 0 && abi_syscalls[i].impact != impact)
            continue;
        row_print(&abi_syscalls[i], json, first);
        first = false;
    }
    print_out(json ? "]\n" : "");
    return EXIT_OK;
}

const struct command command_syscalls = {
    .name = "syscalls",
    .arguments = "",
    .summary = "Print what each Linux system call can do, who may issue it, and what stops everyone else.",
    .text = "The column mfnpk is the effect on memory, file system, network, processes and kernel: - none, r tells "
            "something of it, w changes it, x crosses its isolation.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
