/* `warrant show`: a trace as strace would print it. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "checker/checker.h"
#include "wasi/policy/policy.h"

enum { SHOW_JSON, SHOW_FULL, SHOW_COUNT, SHOW_RANGE };
static const struct option_row rows[] = {
    { 0, "json", NULL, "one JSON object per line" },
    { 0, "full", NULL, "do not cut strings and buffers" },
    { 'n', "count", "N", "the first N hostcalls only" },
    { 0, "range", "A..B", "from event A to event B only; either may be left out" },
};

struct show {
    struct show_options options;
    bool json;
    uint64_t count, first, last; /* hostcalls; events */
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
    enum trace_item_kind kind = TRACE_ITEM_CALL;
    enum status s = call ? STATUS_OK : error_set(&error, STATUS_NO_MEMORY, "out of memory");
    uint64_t shown = 0;
    if (!show->json)
        show_head(reader);
    if (s == STATUS_OK && show->first > 0)
        s = trace_reader_seek(reader, show->first, &error);
    while (s == STATUS_OK && shown < show->count) {
        s = trace_reader_next(reader, &kind, call, &exit_item, &error);
        uint64_t begin = kind == TRACE_ITEM_CALL ? call->begin_event : trace_reader_event(reader);
        if (s == STATUS_OK && begin > show->last)
            break;
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

/* A number of events, or nothing at all: `*ret` stays. */
static int take_event(const struct command *command, const char *text, size_t size, uint64_t *ret)
{
    char number[32];
    if (size == 0)
        return -1;
    if (size >= sizeof number)
        return command_usage(command, "--range wants A..B, numbers of events");
    memcpy(number, text, size);
    number[size] = 0;
    return command_number(command, "range", policy_parse_count, number, 0, ret);
}

static int take_range(const struct command *command, const char *value, struct show *show)
{
    const char *dots = strstr(value, "..");
    if (!dots)
        return command_usage(command, "--range wants A..B, and not \"%s\"", value);
    int status = take_event(command, value, (size_t)(dots - value), &show->first);
    if (status < 0)
        status = take_event(command, dots + 2, strlen(dots + 2), &show->last);
    if (status < 0 && show->first > show->last)
        return command_usage(command, "the range \"%s\" ends before it begins", value);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct show show = { .options = { .names = true }, .count = UINT64_MAX, .last = UINT64_MAX };
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        if (option == SHOW_JSON) {
            show.json = true;
        } else if (option == SHOW_FULL) {
            show.options.full = true;
        } else {
            int status = option == SHOW_RANGE
                             ? take_range(command, value, &show)
                             : command_number(command, "count", policy_parse_count, value, 0, &show.count);
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
            "to where its valid prefix ends (status 3).\nA range shows the hostcalls (and what lies between "
            "them) that have an event in it. What lies before it is passed over unread: chunks are checked there, "
            "and events are not.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
