/* `warrant syscalls`: the impact table, or one call's whole story. */
#include "cli/commands.h"

#include <string.h>
#include <strings.h>

#include "cli/nearest.h"
#include "cli/syscall_story.h"
#include "runtime/base/json_writer.h"
#include "wasi/abi/syscalls.h"

enum { SYSCALLS_IMPACT, SYSCALLS_DB, SYSCALLS_JSON };
static const struct option_row rows[] = {
    { 0, "impact", "CLASS", "only the calls of this impact class; an unknown one lists the classes" },
    { 0, "db", "DB",
      "with a call's name: what the runs in this database, which `warrant check --db` made, did with it" },
    { 0, "json", NULL, "print an array of JSON objects; of one call, one object" },
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

static void row_print(const struct syscall_row *row, const char *roles)
{
    print_out("%-26s %-10s %s  %-52s %s%s%s\n", row->name, syscall_impact_name((enum syscall_impact)row->impact),
              row->effect, roles[0] ? roles : "nobody", syscall_stopped_by(row), row->bypass[0] ? " | " : "",
              row->bypass);
}

static void row_json(const struct syscall_row *row, const char *roles, struct json *json)
{
    json_line(json);
    json_object_begin(json, NULL);
    json_string(json, "name", row->name);
    json_i64(json, "x86_64", row->x86_64);
    json_i64(json, "arm64", row->arm64);
    json_string(json, "impact", syscall_impact_name((enum syscall_impact)row->impact));
    json_string(json, "effect", row->effect);
    json_string(json, "roles", roles);
    json_string(json, "operands", syscall_check_text((enum syscall_check)row->check));
    json_string(json, "stopped_by", syscall_stopped_by(row));
    json_string(json, "bypass", row->bypass);
    json_object_end(json);
}

/* The rows of one impact class, or of all: -1. */
static void table_print(int impact, bool as_json)
{
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    if (as_json)
        json_array_begin(&json, NULL);
    else
        print_out("%-26s %-10s %s  %-52s %s\n", "call", "impact", "mfnpk", "issued by",
                  "what stops everyone else | how it can bypass isolation");
    for (int i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        char roles[128];
        if (impact >= 0 && row->impact != impact)
            continue;
        roles_text(row, roles, sizeof roles);
        if (as_json)
            row_json(row, roles, &json);
        else
            row_print(row, roles);
    }
    if (as_json) {
        json_array_end(&json);
        buffer_u8(&out, '\n');
        print_text(stdout, &out);
    }
    buffer_done(&out);
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

static int story(const struct command *command, const char *name, const char *db, bool json)
{
    const struct syscall_row *row = syscall_find_name(name);
    struct error error = ERROR_INIT;
    if (row) {
        enum status s = syscall_story_print(row, db, json, &error);
        return s == STATUS_OK ? EXIT_OK : command_failed(command, EXIT_FILE, &error);
    }
    struct nearest nearest = nearest_to(name, strlen(name));
    for (int i = 0; i < SYSCALL_COUNT; i++)
        nearest_offer(&nearest, abi_syscalls[i].name);
    return nearest.name ? command_usage(command, "there is no system call \"%s\"; \"%s\" is near", name, nearest.name)
                        : command_usage(command, "there is no system call \"%s\"", name);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    bool json = false;
    int impact = -1, option;
    const char *value, *db = NULL;
    while ((option = options_next(command, &state, &value)) >= 0) {
        if (option == SYSCALLS_JSON) {
            json = true;
        } else if (option == SYSCALLS_DB) {
            db = value;
        } else {
            impact = impact_find(value);
            if (impact < 0)
                return classes_usage(command, value);
        }
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    int operands = state.argc - state.index;
    if (operands > 1)
        return command_usage(command, "one system call is wanted, or none");
    if (operands == 1 && impact >= 0)
        return command_usage(command, "a call's name, or --impact");
    if (operands == 0 && db)
        return command_usage(command, "--db wants a call's name");
    if (operands == 1)
        return story(command, argv[state.index], db, json);
    table_print(impact, json);
    return EXIT_OK;
}

const struct command command_syscalls = {
    .name = "syscalls",
    .arguments = "[NAME]",
    .summary = "Print what each Linux system call can do, who may issue it, and what stops everyone else.",
    .text =
        "With a call's name, that call's whole story: what it can do, how it can go around isolation and who has shown "
        "it, who may issue it, for which hostcalls and with which operands, what stops the rest, and what recorded "
        "runs did with it.\nThe column mfnpk is the effect on memory, file system, network, processes and kernel: - "
        "none, r tells "
        "something of it, w changes it, x crosses its isolation.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
