/* `warrant diff`: where two runs part.
 *
 * Both traces are read once, call beside call, until two differ; from there on each is read to its end for the counts.
 * Times are told and are no difference. */
#include "cli/commands.h"

#include <stdlib.h>

#include "cli/diff_words.h"

enum { DIFF_JSON, DIFF_FULL };
static const struct option_row rows[] = {
    [DIFF_JSON] = { 0, "json", NULL, "one JSON object" },
    [DIFF_FULL] = { 0, "full", NULL, "do not cut strings and lists" },
};

static enum status side_open(struct diff_side *side, const char *path, struct error *error)
{
    struct trace_end end;
    struct error why = ERROR_INIT;
    uint64_t file_size;
    size_t size;
    side->path = path;
    enum status s = trace_reader_open(path, &side->reader, error);
    if (s != STATUS_OK)
        return s;
    const void *bytes = trace_reader_description(side->reader, &size);
    int fd = trace_reader_fd(side->reader, &file_size);
    side->described = run_spec_decode(bytes, size, &side->spec, &why) == STATUS_OK;
    const struct run_spec *spec = side->described ? &side->spec : NULL;
    side->clock = show_clock_of(trace_end_ahead(fd, file_size, &end) ? &end : NULL, spec);
    side->call = malloc(sizeof *side->call);
    side->last = malloc(sizeof *side->last);
    side->counts = calloc(1, sizeof *side->counts);
    if (!side->call || !side->last || !side->counts)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    return show_paths_create(spec, &side->paths, error);
}

static void side_close(struct diff_side *side)
{
    trace_reader_close(side->reader);
    free(side->call);
    free(side->last);
    free(side->counts);
    show_paths_free(side->paths);
    run_spec_done(&side->spec);
}

/* The next call, and `last` is the one before; or side->ended. A trace that is damaged ends where its valid prefix
 * does, and that is said. */
static enum status side_next(struct diff_side *side, struct error *error)
{
    enum trace_item_kind kind = TRACE_ITEM_STATE;
    enum status s = STATUS_OK;
    struct trace_call *call = side->last;
    side->last = side->call;
    side->call = call;
    while (s == STATUS_OK && kind != TRACE_ITEM_CALL) {
        s = trace_reader_next(side->reader, &kind, side->call, &side->exit, error);
        side->exited = side->exited || (s == STATUS_OK && kind == TRACE_ITEM_EXIT);
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    bool inside;
    side->ended = true;
    s = trace_reader_stop(side->reader, &side->end, &inside, error);
    if (s != STATUS_OK)
        error_prefix(error, "%s", side->path);
    return s;
}

static enum status count_call(struct diff *diff, unsigned i, const struct trace_call *call, struct error *error)
{
    struct diff_side *side = &diff->side[i];
    show_summary_add(side->counts, call);
    side->calls++;
    return diff_files_add(diff->files, i, call, side->paths, error);
}

static void put_line(const struct diff *diff, const struct diff_side *side, const struct trace_call *call,
                     struct buffer *out)
{
    const struct show_options options = { .full = diff->full, .paths = side->paths };
    buffer_clear(out);
    show_call(call, &options, out);
    if (out->size > 0)
        out->size--; /* its newline */
}

/* The last call that is the same, read again for its data: a line for each call would cost more than comparing them. */
static enum status put_before(struct diff *diff, struct error *error)
{
    struct diff_side *side = &diff->side[0];
    struct trace_reader *again;
    enum trace_item_kind kind;
    struct trace_exit exit_item;
    if (diff->same == 0)
        return STATUS_OK;
    enum status s = trace_reader_clone(side->reader, &again, error);
    if (s != STATUS_OK)
        return s;
    s = trace_reader_seek(again, side->last->begin_event, error);
    if (s == STATUS_OK)
        s = trace_reader_next(again, &kind, side->last, &exit_item, error);
    if (s == STATUS_OK && kind == TRACE_ITEM_CALL)
        put_line(diff, side, side->last, &diff->before);
    trace_reader_close(again);
    return s;
}

/* Where they part: the call that each has there. */
static enum status put_parted(struct diff *diff, struct error *error)
{
    enum status s = STATUS_OK;
    for (unsigned i = 0; i < SIDES && s == STATUS_OK; i++) {
        const struct diff_side *side = &diff->side[i];
        if (side->ended)
            continue;
        put_line(diff, side, side->call, &diff->line[i]);
        diff->event[i] = side->call->begin_event;
        s = count_call(diff, i, side->call, error);
    }
    return s;
}

/* Call beside call, up to where they part. A call is counted when the next one was compared: its line wants the names
 * that descriptors had before it. */
static enum status walk_together(struct diff *diff, struct error *error)
{
    struct diff_side *a = &diff->side[0], *b = &diff->side[1];
    for (;; diff->same++) {
        enum status s = side_next(a, error);
        if (s == STATUS_OK)
            s = side_next(b, error);
        if (s == STATUS_OK && !a->ended && !b->ended)
            s = diff_calls(a->reader, a->call, b->reader, b->call, &diff->part, error);
        else if (s == STATUS_OK && a->ended != b->ended)
            diff->part = DIFF_PART_ENDS;
        if (s == STATUS_OK && diff->part != DIFF_PART_NONE)
            s = put_before(diff, error);
        for (unsigned i = 0; i < SIDES && s == STATUS_OK && diff->same > 0; i++)
            s = count_call(diff, i, diff->side[i].last, error);
        if (s != STATUS_OK || (a->ended && b->ended))
            return s;
        if (diff->part != DIFF_PART_NONE)
            return put_parted(diff, error);
    }
}

static enum status walk(struct diff *diff, struct error *error)
{
    enum status s = walk_together(diff, error);
    for (unsigned i = 0; i < SIDES; i++)
        while (s == STATUS_OK && !diff->side[i].ended) {
            s = side_next(&diff->side[i], error);
            if (s == STATUS_OK && !diff->side[i].ended)
                s = count_call(diff, i, diff->side[i].call, error);
        }
    return s;
}

static int diff_run(const struct command *command, struct diff *diff, char **paths)
{
    struct error error = ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    enum status s = diff_files_create(&diff->files, &error);
    for (unsigned i = 0; i < SIDES && s == STATUS_OK; i++)
        s = side_open(&diff->side[i], paths[i], &error);
    if (s == STATUS_OK)
        s = walk(diff, &error);
    if (s == STATUS_OK)
        s = diff->json ? diff_put_json(diff, &out, &error) : diff_put(diff, &out, &error);
    if (s == STATUS_OK)
        print_text(stdout, &out);
    buffer_done(&out);
    return s != STATUS_OK ? command_failed(command, EXIT_FILE, &error) : diff_is_same(diff) ? EXIT_OK : EXIT_FINDING;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct diff diff = { 0 };
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0)
        *(option == DIFF_JSON ? &diff.json : &diff.full) = true;
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    if (state.argc - state.index != SIDES)
        return command_usage(command, "two traces are wanted");
    for (unsigned i = 0; i < SIDES; i++)
        run_spec_init(&diff.side[i].spec);
    int status = diff_run(command, &diff, argv + state.index);
    for (unsigned i = 0; i < SIDES; i++) {
        side_close(&diff.side[i]);
        buffer_done(&diff.line[i]);
    }
    buffer_done(&diff.before);
    diff_files_free(diff.files);
    return status;
}

const struct command command_diff = {
    .name = "diff",
    .arguments = "A.wtrace B.wtrace",
    .summary = "Show where two runs part, and what of calls, files and results differs.",
    .text =
        "Exit status: 0 the same, 1 they differ, 2 usage, 3 a file is at fault.\nCalls are compared as the guest has "
        "them: what it asked, what it was told, what it read and wrote. Times, random bytes, addresses in the "
        "guest's memory, and devices, inodes and times of files differ between any two runs, and are no difference.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
