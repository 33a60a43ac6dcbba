/* `warrant validate`: whether files are modules that this engine takes. Each is decoded and validated in a confined
 * process of its own; nothing of it is ever run. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/module_file.h"
#include "cli/replay_process.h"
#include "runtime/base/json_writer.h"

enum { VALIDATE_JSON, VALIDATE_PROCESS };
static const struct option_row rows[] = {
    { 0, "json", NULL, "one JSON object per line: module, valid, status, offset, text" },
    { 0, "memory", "SIZE", "what the validation of a module may take of memory, 4.5GiB otherwise" },
    { 0, "timeout", "TIME",
      "stop the validation of a module after this wall-clock time, 10m otherwise: 500ms, 30s, 5m" },
};

/* Each message of the decoder begins with its place. */
static void json_offset(const struct error *error, struct json *json)
{
    static const char place[] = "at offset ";
    if (strncmp(error->text, place, sizeof place - 1) != 0)
        json_null(json, "offset");
    else
        json_u64(json, "offset", strtoull(error->text + sizeof place - 1, NULL, 10));
}

static void json_print(const char *path, uint64_t size, enum status status, const struct error *error)
{
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    json_object_begin(&json, NULL);
    json_string(&json, "module", path);
    json_u64(&json, "size", size);
    json_bool(&json, "valid", status == STATUS_OK);
    json_string(&json, "status", status_text(status));
    json_offset(error, &json);
    json_string(&json, "text", error->text[0] ? error->text : NULL);
    json_object_end(&json);
    buffer_u8(&out, '\n');
    print_text(stdout, &out);
    buffer_done(&out);
}

static int validate_one(const struct command *command, const struct replay_process *process, bool json,
                        const char *path)
{
    struct error error = ERROR_INIT;
    struct module_file file;
    uint64_t size = 0;
    enum status status = module_file_read(path, LIMIT_MODULE_BYTES, &file, &error);
    bool read = status == STATUS_OK;
    if (read) {
        size = file.size;
        status = validate_process_run(process, file.fd, size, &error);
        module_file_done(&file);
    }
    if (json)
        json_print(path, size, status, &error);
    else if (status == STATUS_OK)
        print_out("%s: valid\n", path);
    else if (read) /* the texts of module_file_read name the file */
        error_prefix(&error, "%s", path);
    if (!json && status != STATUS_OK)
        command_failed(command, EXIT_FILE, &error);
    return status == STATUS_OK ? EXIT_OK : EXIT_FILE;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct replay_process process = REPLAY_PROCESS_DEFAULT;
    bool json = false;
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        int refused = option == VALIDATE_JSON ? -1 : replay_option(command, &process, option - VALIDATE_PROCESS, value);
        if (refused >= 0)
            return refused;
        json |= option == VALIDATE_JSON;
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    if (state.index >= state.argc)
        return command_usage(command, "no module is given");
    int status = EXIT_OK;
    for (int i = state.index; i < state.argc; i++) {
        int one = validate_one(command, &process, json, argv[i]);
        status = one > status ? one : status;
    }
    return status;
}

const struct command command_validate = {
    .name = "validate",
    .arguments = "MODULE...",
    .summary = "Tell whether modules are valid, without running them.",
    .text = "Each module is decoded and validated in a process of its own that may open nothing; `-` is the standard "
            "input. A message names "
            "the file, the byte offset, the function and, where a proposal is missing, what translates it. Imports are "
            "looked at "
            "when a module is run. Exit status: 0 all are valid, 2 usage, 3 one is not, or cannot be read.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
