/* `warrant show`: a trace as strace would print it.
 *
 * What descriptors stand for follows from all calls before: where a range begins later, a second reader goes through
 * what lies before it. Where that is not valid, descriptors are numbers from there on. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/left_trace.h"
#include "cli/show_command.h"
#include "cli/show_follow.h"
#include "cli/show_grants.h"

enum {
    SHOW_CALLS,
    SHOW_FD,
    SHOW_PATH,
    SHOW_RANGE,
    SHOW_COUNT,
    SHOW_WALL,
    SHOW_DELTA,
    SHOW_DURATIONS,
    SHOW_SUMMARY,
    SHOW_GRANTS,
    SHOW_CHROME,
    SHOW_FOLLOW,
    SHOW_FULL,
    SHOW_NO_COLOR,
    SHOW_JSON
};
static const struct option_row rows[] = {
    [SHOW_CALLS] = { 'e', "calls", "[!]CALL|%CLASS,...",
                     "these hostcalls only, or with ! all others; the classes are %file (its operation takes a path), "
                     "%network, %refused and %failed. May be given several times: all of them hold" },
    [SHOW_FD] = { 0, "fd", "N", "only hostcalls that name the guest's descriptor N, or open it" },
    [SHOW_PATH] = { 0, "path", "PATH", "only hostcalls on this path of the guest's, or on what lies beneath it" },
    [SHOW_RANGE] = { 0, "range", "A..B", "from event A to event B only; either may be left out" },
    [SHOW_COUNT] = { 'n', "count", "N", "the first N hostcalls only" },
    [SHOW_WALL] = { 't', "wall-clock", NULL, "the time of day (UTC) of each hostcall" },
    [SHOW_DELTA] = { 'r', "relative", NULL, "the time since the hostcall before, of those that are shown" },
    [SHOW_DURATIONS] = { 'T', "durations", NULL, "the time that each hostcall took, behind it" },
    [SHOW_SUMMARY] = { 'c', "summary", NULL, "count hostcalls, errors, time and bytes instead, the longest first" },
    [SHOW_GRANTS] = { 0, "grants", NULL, "what was granted, to whom, on which machine; no hostcalls" },
    [SHOW_CHROME] = { 0, "chrome-trace", NULL, "Chrome's Trace Event Format (JSON), which Perfetto reads" },
    [SHOW_FOLLOW] = { 'f', "follow", NULL,
                      "wait for what is still being recorded, and print each hostcall when it has ended, until the "
                      "recording is over or SIGINT comes" },
    [SHOW_FULL] = { 0, "full", NULL, "do not cut strings, buffers and structs" },
    [SHOW_NO_COLOR] = NO_COLOR_OPTION_ROW,
    [SHOW_JSON] = { 0, "json", NULL, "one JSON object per line; of a summary or of grants, one object" },
};

/* An item of the one object; what is neither a call nor the guest's end is left out. */
static void show_traced(struct show *show, enum trace_item_kind kind, const struct trace_call *call,
                        const struct trace_exit *exit_item)
{
    if (kind == TRACE_ITEM_CALL) {
        show_chrome_call(call, &show->options, &show->trace);
        show->ended = call->ticks + call->duration;
    } else if (kind == TRACE_ITEM_EXIT) {
        show->exit = *exit_item;
        show->exited = true;
    }
    print_text(stdout, &show->out);
    buffer_clear(&show->out);
}

/* What was run, for people; where the description cannot be read, that. What is known of it helps with the lines. */
static enum status show_begin(struct show *show, const struct trace_reader *reader, struct error *error)
{
    struct buffer text = BUFFER_INIT;
    struct error why = ERROR_INIT;
    struct trace_end end;
    uint64_t file_size;
    size_t size;
    const void *bytes = trace_reader_description(reader, &size);
    int fd = trace_reader_fd(reader, &file_size);
    bool described = run_spec_decode(bytes, size, &show->spec, &why) == STATUS_OK;
    if (described)
        show_run(&show->spec, &text);
    else
        buffer_printf(&text, "# %s\n", why.text);
    bool related = trace_end_ahead(fd, file_size, &end) || show_live_end(show->path, reader, &end);
    show->options.clock = show_clock_of(related ? &end : NULL, described ? &show->spec : NULL);
    if (!show->json && !show->summary)
        show_print_toned(&text, PRINT_DIM);
    buffer_done(&text);
    enum status s = show_paths_create(described ? &show->spec : NULL, &show->paths, error);
    show->options.paths = show->paths;
    if (s == STATUS_OK && show->summary && !(show->counts = calloc(1, sizeof *show->counts)))
        s = error_set(error, STATUS_NO_MEMORY, "out of memory");
    return s;
}

/* Follows the descriptors up to where the range begins. What is not valid there is not this range's fault. */
static enum status follow_before(struct show *show, const struct trace_reader *reader, struct trace_call *call,
                                 struct error *error)
{
    struct trace_reader *ahead = NULL;
    struct trace_exit exit_item;
    enum trace_item_kind kind;
    struct error why = ERROR_INIT;
    if (show->select.first == 0)
        return STATUS_OK;
    enum status s = trace_reader_clone(reader, &ahead, error);
    if (s != STATUS_OK)
        return s;
    while ((s = trace_reader_next(ahead, &kind, call, &exit_item, &why)) == STATUS_OK) {
        if (trace_reader_event(ahead) >= show->select.first)
            break; /* it belongs to the range */
        if (kind == TRACE_ITEM_CALL) {
            show_paths_follow(show->paths, call);
            show->options.before = call->ticks;
        }
    }
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        show_paths_forget(show->paths);
    trace_reader_close(ahead);
    return s == STATUS_NO_MEMORY ? error_set(error, s, "out of memory") : STATUS_OK;
}

static bool show_wants(const struct show *show, enum trace_item_kind kind, const struct trace_call *call)
{
    if (kind == TRACE_ITEM_CALL)
        return show_filter_passes(&show->select.filter, call, show->paths);
    return !show->summary && (kind == TRACE_ITEM_EXIT || !show_filter_asks(&show->select.filter));
}

/* The items of the range. NOT_FOUND: the trace's end was reached. */
static enum status show_items(struct show *show, struct trace_reader *reader, struct trace_call *call,
                              struct error *error)
{
    struct trace_exit exit_item;
    enum trace_item_kind kind = TRACE_ITEM_CALL;
    uint64_t shown = 0;
    /* Where it is followed, what lies before the range may not be there yet: it is read on the way. */
    enum status s = show->follow ? STATUS_OK : follow_before(show, reader, call, error);
    if (s == STATUS_OK && show->select.first > 0 && !show->follow)
        s = trace_reader_seek(reader, show->select.first, error);
    while (s == STATUS_OK && shown < show->count) {
        s = show->follow ? show_follow_next(show->path, reader, &kind, call, &exit_item, error)
                         : trace_reader_next(reader, &kind, call, &exit_item, error);
        uint64_t begin = kind == TRACE_ITEM_CALL ? call->begin_event : trace_reader_event(reader);
        if (s != STATUS_OK || begin > show->select.last)
            break;
        bool before = trace_reader_event(reader) < show->select.first;
        bool wanted = !before && show_wants(show, kind, call);
        if (wanted) {
            if (show->counts)
                show_summary_add(show->counts, call);
            else if (show->chrome)
                show_traced(show, kind, call, &exit_item);
            else
                show_print_item(show, kind, reader, call, &exit_item);
            shown += kind == TRACE_ITEM_CALL;
        }
        if (kind == TRACE_ITEM_CALL && (before || wanted))
            show->options.before = call->ticks;
        if (kind == TRACE_ITEM_CALL)
            show_paths_follow(show->paths, call);
        if (show->follow && trace_reader_event(reader) >= show->select.last)
            break; /* and not when a later one comes */
    }
    return s;
}

/* A table: its first line is the head. */
static void print_headed(const struct buffer *text, bool headed)
{
    const uint8_t *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
    const struct print_mark mark = { 0, end ? (size_t)(end - text->data) : 0, PRINT_HEAD };
    if (headed)
        print_marked(stdout, text->data, text->size, &mark, 1);
    else
        print_text(stdout, text);
}

static void show_counted(const struct show *show)
{
    struct buffer text = BUFFER_INIT;
    if (show->json)
        show_summary_json(show->counts, &show->options.clock, &text);
    else
        show_summary_put(show->counts, &show->options.clock, &text);
    print_headed(&text, !show->json);
    buffer_done(&text);
}

static int show_stop(const struct command *command, const struct show *show, const struct trace_reader *reader)
{
    struct error why = ERROR_INIT;
    struct trace_end end;
    bool inside;
    bool recorded = !show->follow && trace_reader_recorded(reader, show->path);
    enum status s = trace_reader_stop(reader, &end, &inside, &why);
    if (s == STATUS_TRUNCATED && recorded) {
        print_err("warrant show: %s is still being recorded: this is what there is so far; --follow waits for more\n",
                  show->path);
        return EXIT_RECORDED;
    }
    if (s == STATUS_TRUNCATED && show->follow &&
        trace_beside(show->path, trace_reader_run_id(reader)).state == TRACE_BESIDE_LEFT)
        error_prefix(&why, "the recording was killed; without --follow the rest is told, which its ring holds");
    if (s != STATUS_OK)
        return command_failed(command, EXIT_FILE, &why);
    if (show->json || show->summary)
        return EXIT_OK;
    struct buffer text = BUFFER_INIT;
    show_end(&end, &text);
    show_print_toned(&text, PRINT_DIM);
    buffer_done(&text);
    return EXIT_OK;
}

static int show_granted(const struct command *command, struct show *show, const struct trace_reader *reader)
{
    struct error error = ERROR_INIT;
    size_t size;
    const void *bytes = trace_reader_description(reader, &size);
    if (run_spec_decode(bytes, size, &show->spec, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    show_grants_print(&show->spec, show->json);
    return EXIT_OK;
}

static int show_calls(const struct command *command, struct show *show, const char *path, struct trace_reader *reader)
{
    struct error error = ERROR_INIT;
    struct trace_call *call = malloc(sizeof *call);
    enum status s = call ? show_begin(show, reader, &error) : error_set(&error, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK && show->chrome && !show->options.clock.known)
        s = error_set(&error, STATUS_INVALID, "%s has no end that relates its ticks to time", path);
    if (s == STATUS_OK) {
        show->trace = json_over(&show->out);
        if (show->chrome)
            show_chrome_begin(&show->spec, &show->trace);
        s = show_items(show, reader, call, &error);
        if (show->chrome)
            show_chrome_end(show->exited ? &show->exit : NULL, show->ended, &show->options.clock, &show->trace);
        print_text(stdout, &show->out);
    }
    if (show->counts)
        show_counted(show);
    int number = show->follow ? show_follow_signal() : 0;
    int status = number != 0 && (s == STATUS_OK || s == STATUS_NOT_FOUND) ? EXIT_SIGNALLED + number
                 : s == STATUS_NOT_FOUND                                  ? show_stop(command, show, reader)
                 : s != STATUS_OK                                         ? command_failed(command, EXIT_FILE, &error)
                                                                          : EXIT_OK;
    free(call);
    buffer_done(&show->out);
    free(show->counts);
    show_paths_free(show->paths);
    return status;
}

static int show_trace(const struct command *command, struct show *show, const char *path)
{
    struct error error = ERROR_INIT;
    struct trace_reader *reader;
    uint64_t left_size = 0;
    int left = -1;
    if (show->follow)
        show_follow_begin();
    else
        left = left_trace_take(command->name, path, &left_size);
    enum status s = show->follow ? show_follow_open(path, &reader, &error)
                    : left >= 0  ? trace_reader_open_fd(left, left_size, &reader, &error)
                                 : trace_reader_open(path, &reader, &error);
    int status = EXIT_FILE;
    if (s == STATUS_OK) {
        show->path = path;
        status = show->grants ? show_granted(command, show, reader) : show_calls(command, show, path, reader);
        run_spec_done(&show->spec);
        trace_reader_close(reader);
    } else {
        command_failed(command, EXIT_FILE, &error);
    }
    if (left >= 0)
        close(left);
    return status;
}

/* -1, or the status of a refusal. */
static int take_option(const struct command *command, struct show *show, int option, const char *value)
{
    switch (option) {
    case SHOW_CALLS:
        return show_select_calls(command, value, &show->select);
    case SHOW_FD:
        show->select.filter.by_fd = true;
        return command_number(command, "fd", policy_parse_count, value, 0, &show->select.filter.fd);
    case SHOW_PATH:
        show->select.filter.path = value;
        return *value ? -1 : command_usage(command, "--path wants a path of the guest's");
    case SHOW_RANGE:
        return show_select_range(command, value, &show->select);
    case SHOW_COUNT:
        return command_number(command, "count", policy_parse_count, value, 0, &show->count);
    case SHOW_WALL:
        show->options.wall = true;
        return -1;
    case SHOW_DELTA:
        show->options.delta = true;
        return -1;
    case SHOW_DURATIONS:
        show->options.durations = true;
        return -1;
    case SHOW_SUMMARY:
        show->summary = true;
        return -1;
    case SHOW_GRANTS:
        show->grants = true;
        return -1;
    case SHOW_CHROME:
        show->chrome = show->json = true; /* nothing but that object */
        return -1;
    case SHOW_FOLLOW:
        show->follow = true;
        return -1;
    case SHOW_FULL:
        show->options.full = true;
        return -1;
    case SHOW_NO_COLOR:
        print_no_color();
        return -1;
    default:
        show->json = true;
        return -1;
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct show show = { .options = { .names = true }, .count = UINT64_MAX, .select = { .last = UINT64_MAX } };
    const char *value, *path;
    int option;
    run_spec_init(&show.spec);
    while ((option = options_next(command, &state, &value)) >= 0) {
        int status = take_option(command, &show, option, value);
        if (status >= 0)
            return status;
    }
    int status = options_operand(command, &state, option, "one trace", &path);
    if (status < 0 && show.summary + show.grants + show.chrome > 1)
        return command_usage(command, "one of --summary, --grants and --chrome-trace");
    if (status < 0 && show.grants && show.follow)
        return command_usage(command, "--grants tells what does not change: there is nothing to follow");
    return status >= 0 ? status : show_trace(command, &show, path);
}

const struct command command_show = {
    .name = "show",
    .arguments = "FILE.wtrace",
    .summary = "Print a trace as strace would.",
    .text =
        "Each line has the event's number, the seconds since the start, the call "
        "with its arguments and results, the ops that it "
        "issued, and the rule that allowed or refused it. Behind a descriptor stands the name by which it was "
        "granted or opened. A time with ~ is that of the event before: the call is cheaper than a clock. "
        "A damaged trace is printed up "
        "to where its valid prefix ends (status 3).\nA range shows the hostcalls (and what lies between "
        "them) that have an event in it. What lies before it is read for the names of descriptors alone; "
        "where an event there is not valid, descriptors have none.\nOf a trace that is still being recorded what "
        "there is so far is shown (status 4). --follow waits for the rest: it ends with the recording, as without it; "
        "with status 3 where the recording was killed; with 128+N at signal N (SIGINT, SIGTERM), after what a summary "
        "or a Chrome trace has to say behind the last call.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
