/* `warrant show`: a trace as strace would print it. */
#include "cli/commands.h"

#include <stdlib.h>

#include "checker/checker.h"
#include "wasi/policy/policy.h"

enum { SHOW_JSON, SHOW_FULL, SHOW_COUNT };
static const struct option_row rows[] = {
    { 0, "json", NULL, "one JSON object per line" },
    { 0, "full", NULL, "do not cut strings and buffers" },
    { 'n', "count", "N", "the first N hostcalls only" },
};

struct show {
    struct show_options options;
    bool json;
    uint64_t count;
};

static void show_between(const struct show *show, enum trace_item_kind kind, const struct trace_reader *reader,
                         struct buffer *line)
{
    uint64_t event = trace_reader_event(reader);
    if (kind == TRACE_ITEM_STATE && show->json)
        show_state_json(event, trace_reader_state(reader), line);
    else if (kind == TRACE_ITEM_STATE)
        show_state(event, trace_reader_state(reader), &show->options, line);
    else if (show->json)
        show_growth_json(event, trace_reader_growth(reader), line);
    else
        show_growth(event, trace_reader_growth(reader), &show->options, line);
}

static void show_item(const struct show *show, enum trace_item_kind kind, const struct trace_reader *reader,
                      const struct trace_call *call, const struct trace_exit *exit_item)
{
    struct buffer line = BUFFER_INIT;
    if (kind == TRACE_ITEM_CALL && show->json)
        show_call_json(call, &show->options, &line);
    else if (kind == TRACE_ITEM_CALL)
        show_call(call, &show->options, &line);
    else if (kind != TRACE_ITEM_EXIT)
        show_between(show, kind, reader, &line);
    else if (show->json)
        show_exit_json(exit_item, &line);
    else
        show_exit(exit_item, &show->options, &line);
    print_text(stdout, &line);
    buffer_done(&line);
}

/* What was run, for people; where the description cannot be read, that. */
static void show_head(const struct trace_reader *reader)
{
    struct buffer text = BUFFER_INIT;
    struct run_spec spec;
    struct error why = ERROR_INIT;
    size_t size;
    const void *bytes = trace_reader_description(reader, &size);
    if (run_spec_decode(bytes, size, &spec, &why) == STATUS_OK)
        show_run(&spec, &text);
    else
        buffer_printf(&text, "# %s\n", why.text);
    print_text(stdout, &text);
    buffer_done(&text);
    run_spec_done(&spec);
}

static int show_stop(const struct command *command, const struct show *show, const struct trace_reader *reader)
{
    struct error why = ERROR_INIT;
    struct trace_end end;
    bool inside;
    if (trace_reader_stop(reader, &end, &inside, &why) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &why);
    if (show->json)
        return EXIT_OK;
    struct buffer text = BUFFER_INIT;
    show_end(&end, &text);
    print_text(stdout, &text);
    buffer_done(&text);
    return EXIT_OK;
}

static int show_trace(const struct command *command, const struct show *show, const char *path)
{
    struct error error = ERROR_INIT;
    struct trace_reader *reader;
    if (trace_reader_open(path, &reader, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    struct trace_call *call = malloc(sizeof *call);
    struct trace_exit exit_item;
    enum trace_item_kind kind;
    enum status s = call ? STATUS_OK : error_set(&error, STATUS_NO_MEMORY, "out of memory");
    uint64_t shown = 0;
    if (!show->json)
        show_head(reader);
    while (s == STATUS_OK && shown < show->count) {
        s = trace_reader_next(reader, &kind, call, &exit_item, &error);
        if (s == STATUS_OK) {
            show_item(show, kind, reader, call, &exit_item);
            shown += kind == TRACE_ITEM_CALL;
        }
    }
    int status = EXIT_OK;
    if (s == STATUS_NOT_FOUND) {
        status = show_stop(command, show, reader);
    } else if (s != STATUS_OK) {
        status = command_failed(command, EXIT_FILE, &error);
    }
    free(call);
    trace_reader_close(reader);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct show show = { .options = { .names = true }, .count = UINT64_MAX };
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        if (option == SHOW_JSON) {
            show.json = true;
        } else if (option == SHOW_FULL) {
            show.options.full = true;
        } else {
            int status = command_number(command, "count", policy_parse_count, value, 0, &show.count);
            if (status >= 0)
                return status;
        }
    }
    const char *path;
    int status = options_operand(command, &state, option, "one trace", &path);
    return status >= 0 ? status : show_trace(command, &show, path);
}

const struct command command_show = {
    .name = "show",
    .arguments = "FILE.wtrace",
    .summary = "Print a trace as strace would.",
    .text = "Each line has the event's number, the time in ticks since the start, the call "
            "with its arguments and results, the ops that it "
            "issued, and the rule that allowed or refused it. A damaged trace is printed up "
            "to where its valid prefix ends (status 3).",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
