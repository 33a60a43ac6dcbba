/* The lines of `show` around the calls: what was run, what held, and how it ended.
 *
 * Invariant: what comes out of the trace is escaped here, as in show_call.c. */
#include <inttypes.h>

#include "checker/ending.h"
#include "checker/show.h"
#include "runtime/base/text.h"

static void named(struct buffer *out, const char *before, const char *text)
{
    buffer_string(out, before);
    text_plain_string(out, text && *text ? text : "?");
}

void show_run(const struct run_spec *spec, struct buffer *out)
{
    const struct run_facts *facts = &spec->facts;
    char lines[256];
    named(out, "# warrant ", facts->version);
    named(out, ", tier ", facts->tier);
    named(out, ", on ", facts->host);
    named(out, ": ", facts->os);
    named(out, " ", facts->kernel);
    named(out, ", ", facts->arch);
    named(out, "\n# module ", spec->module_path);
    for (uint32_t i = 0; i < facts->label_count; i++)
        named(out, "\n# label ", facts->labels[i]);
    run_confinement_text(facts, lines, sizeof lines);
    buffer_printf(out, "\n# confinement %s\n# witness ", lines);
    if (facts->witness_held)
        buffer_string(out, "watched\n");
    else if (facts->witness_asked == WITNESS_MODE_OFF)
        buffer_string(out, "turned off\n");
    else {
        named(out, "not had: ", facts->witness_reason);
        buffer_string(out, "\n");
    }
    if (facts->sync != RUN_SYNC_NONE)
        buffer_printf(out, "# sync %s\n", run_sync_name((enum run_sync)facts->sync));
}

void show_end_words(const struct trace_end *end, struct buffer *out)
{
    buffer_printf(out, "%s; the guest's process ended: ", trace_end_name(end->reason));
    ending_cause(end, out);
}

void show_end(const struct trace_end *end, struct buffer *out)
{
    buffer_string(out, "# end: ");
    show_end_words(end, out);
    buffer_string(out, "\n");
}
