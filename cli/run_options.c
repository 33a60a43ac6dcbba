/* From options to a run_spec. A policy file and options add up: --dir, --listen, --connect, --bind and --resolve append
 * grants, --fuel and --timeout lower or set the limit. Nothing is opened here but the policy file. */
#include "cli/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file_read.h"

void run_arguments_init(struct run_arguments *arguments)
{
    memset(arguments, 0, sizeof *arguments);
    run_spec_init(&arguments->spec);
    arguments->spec.facts.lines_asked = CONFINE_ALL;
}

void run_arguments_done(struct run_arguments *arguments) { run_spec_done(&arguments->spec); }

enum status cli_policy_read(const char *path, struct policy *policy, struct error *error)
{
    enum { POLICY_BYTES_MAX = 1 << 20 };
    struct buffer text = BUFFER_INIT;
    enum status s = file_read_all(path, POLICY_BYTES_MAX, &text, error);
    if (s == STATUS_OK)
        s = policy_parse_yaml((const char *)text.data, text.size, path, policy, error);
    buffer_done(&text);
    return s;
}

static enum status string_append(char ***list, uint32_t *count, const char *what, const char *text, struct error *error)
{
    if (*count >= LIMIT_ARGS)
        return error_set(error, STATUS_LIMIT, "more than %d %s are given", LIMIT_ARGS, what);
    char **grown = (char **)realloc((void *)*list, (*count + (size_t)1) * sizeof *grown);
    char *copy = strdup(text);
    if (grown)
        *list = grown;
    if (!grown || !copy) {
        free(copy);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    grown[(*count)++] = copy;
    return STATUS_OK;
}

static enum status strings_fit(char **list, uint32_t count, const char *what, struct error *error)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += strlen(list[i]) + 1;
    return bytes <= LIMIT_ARGS_BYTES ? STATUS_OK
                                     : error_set(error, STATUS_LIMIT, "the %s take %zu bytes, at most %d can be given",
                                                 what, bytes, LIMIT_ARGS_BYTES);
}

/* The policy file replaces what was there; grants of earlier --dir options stay behind those of the file. */
static enum status policy_option(struct run_arguments *arguments, const char *path, struct error *error)
{
    struct policy fresh;
    if (arguments->policy_count >= RUN_POLICIES_MAX)
        return error_set(error, STATUS_LIMIT, "more than %d policy files", RUN_POLICIES_MAX);
    arguments->policies[arguments->policy_count++] = path;
    policy_init(&fresh);
    enum status s = cli_policy_read(path, &fresh, error);
    struct policy *old = &arguments->spec.policy;
    for (uint32_t i = 0; s == STATUS_OK && i < old->file_count; i++) {
        const struct policy_file *file = &old->files[i];
        s = policy_add_file(&fresh, file->host, file->guest, file->writes, error);
        if (s == STATUS_OK)
            s = policy_file_said(&fresh, file->said, error);
        else
            error_prefix(error, "%s", file->said ? file->said : file->host);
    }
    if (s == STATUS_OK)
        s = policy_append_network(&fresh, old, error);
    if (s != STATUS_OK) {
        policy_done(&fresh);
        return s;
    }
    if (old->limits.fuel < fresh.limits.fuel)
        fresh.limits.fuel = old->limits.fuel;
    if (old->limits.wall_ns < fresh.limits.wall_ns)
        fresh.limits.wall_ns = old->limits.wall_ns;
    if (old->limits.trace < fresh.limits.trace)
        fresh.limits.trace = old->limits.trace;
    policy_done(old);
    *old = fresh;
    return STATUS_OK;
}

enum status limit_option(const char *option, option_parse *parse, const char *value, uint64_t *limit,
                         struct error *error)
{
    uint64_t number;
    enum status s = option_number(option, parse, value, 0, &number, error);
    if (s == STATUS_OK && number < *limit)
        *limit = number;
    return s;
}

static enum status tier_put(struct run_facts *facts, const char *name, struct error *error)
{
    enum rt_tier tier;
    enum status s = tier_find(name, &tier, error);
    if (s != STATUS_OK)
        return s;
    free(facts->tier);
    facts->tier = strdup(tier_name(tier));
    return facts->tier ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static enum status walker_option(const char *value, uint64_t *ret, struct error *error)
{
    for (uint64_t i = 0; i < RUN_WALKER_COUNT; i++) {
        if (!strcmp(value, run_walker_name((enum run_walker)i))) {
            *ret = i;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID, "--walker wants auto, openat2 or components, not \"%s\"", value);
}

/* Names the option that was not understood. */
static enum status error_option(const char *option, enum status status, struct error *error)
{
    if (status != STATUS_OK)
        error_prefix(error, "--%s", option);
    return status;
}

enum status run_option_apply(struct run_arguments *arguments, int option, const char *value, struct error *error)
{
    struct run_spec *spec = &arguments->spec;
    switch ((enum run_option)option) {
    case RUN_DIR:
        return policy_add_dir_option(&spec->policy, value, error);
    case RUN_ENV:
        if (!strchr(value, '=') || value[0] == '=')
            return error_set(error, STATUS_INVALID, "--env wants KEY=VALUE, not \"%s\"", value);
        return string_append(&spec->env, &spec->env_count, "variables", value, error);
    case RUN_POLICY:
        return policy_option(arguments, value, error);
    case RUN_TIER:
        return tier_put(&spec->facts, value, error);
    case RUN_FUEL:
        return limit_option("fuel", policy_parse_count, value, &spec->policy.limits.fuel, error);
    case RUN_TIMEOUT:
        return limit_option("timeout", policy_parse_duration, value, &spec->policy.limits.wall_ns, error);
    case RUN_ARGV0:
        arguments->argv0 = value;
        return STATUS_OK;
    case RUN_NO_CONFINE:
        spec->facts.lines_asked = 0;
        return STATUS_OK;
    case RUN_WALKER:
        return walker_option(value, &spec->facts.walker_asked, error);
    case RUN_LISTEN:
        return error_option("listen", policy_add_listen(&spec->policy, value, error), error);
    case RUN_CONNECT:
        return error_option("connect", policy_add_network_option(&spec->policy, NET_CONNECT, value, error), error);
    case RUN_BIND:
        return error_option("bind", policy_add_network_option(&spec->policy, NET_BIND, value, error), error);
    case RUN_RESOLVE:
        return error_option("resolve", policy_add_name(&spec->policy, value, error), error);
    case RUN_QUIET:
        arguments->quiet = true;
        return STATUS_OK;
    case RUN_OPTION_COUNT:
        break;
    }
    return error_set(error, STATUS_INTERNAL, "option %d has no meaning", option);
}

enum status run_operands(struct run_arguments *arguments, int argc, char **argv, struct error *error)
{
    struct run_spec *spec = &arguments->spec;
    if (argc < 1)
        return error_set(error, STATUS_INVALID, "no module is given");
    spec->module_path = strdup(argv[0]);
    if (!spec->module_path)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    const char *slash = strrchr(argv[0], '/');
    const char *name = arguments->argv0 ? arguments->argv0 : slash ? slash + 1 : argv[0];
    enum status s = string_append(&spec->args, &spec->arg_count, "arguments", name, error);
    for (int i = 1; s == STATUS_OK && i < argc; i++)
        s = string_append(&spec->args, &spec->arg_count, "arguments", argv[i], error);
    if (s == STATUS_OK)
        s = strings_fit(spec->args, spec->arg_count, "arguments", error);
    return s == STATUS_OK ? strings_fit(spec->env, spec->env_count, "variables", error) : s;
}

int run_parse(const struct command *command, int argc, char **argv, struct run_arguments *arguments,
              enum status (*apply)(void *self, int option, const char *value, struct error *error), void *self)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct error error = ERROR_INIT;
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        enum status s = apply(self, option, value, &error);
        if (s != STATUS_OK)
            return s == STATUS_INVALID && option != RUN_POLICY ? command_refused(command, &error)
                                                               : command_failed(command, EXIT_WARRANT_FAILED, &error);
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    enum status s = run_operands(arguments, state.argc - state.index, argv + state.index, &error);
    if (s != STATUS_OK)
        return s == STATUS_INVALID ? command_refused(command, &error)
                                   : command_failed(command, EXIT_WARRANT_FAILED, &error);
    return -1;
}
