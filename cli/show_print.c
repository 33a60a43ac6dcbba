/* The lines of `warrant show`: one for each item of a trace, with its tones on a terminal. */
#include "cli/show_command.h"

#include <stdlib.h>

#include "cli/crash_process.h"

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

void show_print_toned(const struct buffer *text, enum print_tone tone)
{
    const struct print_mark mark = { 0, text->size, tone };
    print_marked(stdout, text->data, text->size, &mark, 1);
}

static void print_call(const struct show *show, const struct trace_call *call, struct buffer *line)
{
    struct show_parts parts;
    struct show_options options = show->options;
    options.parts = &parts;
    show_call(call, &options, line);
    const struct print_mark marks[] = {
        { parts.begin, parts.name, PRINT_DIM },
        { parts.name, parts.name_end, PRINT_NAME },
        { parts.outcome, parts.failed ? parts.outcome_end : 0, parts.refused ? PRINT_BAD : PRINT_DOUBT },
        { parts.outcome_end, parts.end, PRINT_DIM },
    };
    print_marked(stdout, line->data, line->size, marks, sizeof marks / sizeof *marks);
}

/* The guest's end, with what its module says of a trap's stack. */
static void show_ending(const struct show *show, const struct trace_exit *exit_item, struct buffer *line)
{
    struct show_options options = show->options;
    struct crash_symbols *symbols = crash_trace_look(show->path, NULL, &exit_item->stack);
    options.crash = symbols;
    if (show->json)
        show_exit_json(exit_item, &options, line);
    else
        show_exit(exit_item, &options, line);
    free(symbols);
}

void show_print_item(const struct show *show, enum trace_item_kind kind, const struct trace_reader *reader,
                     const struct trace_call *call, const struct trace_exit *exit_item)
{
    struct buffer line = BUFFER_INIT;
    if (kind == TRACE_ITEM_CALL && !show->json) {
        print_call(show, call, &line);
        buffer_done(&line);
        return;
    }
    if (kind == TRACE_ITEM_CALL)
        show_call_json(call, &show->options, &line);
    else if (kind != TRACE_ITEM_EXIT)
        show_between(show, kind, reader, &line);
    else
        show_ending(show, exit_item, &line);
    if (show->json)
        print_text(stdout, &line);
    else
        show_print_toned(&line, kind == TRACE_ITEM_EXIT ? PRINT_HEAD : PRINT_DIM);
    buffer_done(&line);
}
