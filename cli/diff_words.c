/* What `diff` found, in words and as JSON.
 *
 * Invariant: what comes out of traces is escaped, as in the lines of show. */
#include "cli/diff_words.h"

#include <inttypes.h>
#include <string.h>

#include "checker/checker.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"

enum { FILES_SHOWN = 20 };
static const char *const side_names[SIDES] = { "a", "b" };

/* The guest's own word of its end, and the system's of its process. */
static bool same_end(const struct diff_side *a, const struct diff_side *b)
{
    const struct trace_end *x = &a->end, *y = &b->end;
    return a->exited == b->exited &&
           (!a->exited || (a->exit.outcome == b->exit.outcome && a->exit.exit_code == b->exit.exit_code &&
                           a->exit.trap == b->exit.trap)) &&
           x->reason == y->reason && x->cause == y->cause && x->cause_signal == y->cause_signal &&
           x->exit_code == y->exit_code && x->signal == y->signal;
}

bool diff_is_same(const struct diff *diff)
{
    return diff->part == DIFF_PART_NONE && same_end(&diff->side[0], &diff->side[1]);
}

/* ---- what was run: name, whether it is the same ---- */

static bool same_texts(char **a, uint32_t a_count, char **b, uint32_t b_count)
{
    for (uint32_t i = 0; i < a_count && a_count == b_count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return a_count == b_count;
}

struct inputs {
    const char *name;
    bool same;
};
enum { INPUTS = 5 };

/* Whether both descriptions can be read; else nobody knows what was the same. */
static bool inputs_known(const struct diff *diff) { return diff->side[0].described && diff->side[1].described; }

static void inputs_compare(const struct diff *diff, struct inputs ret[INPUTS])
{
    const struct run_spec *a = &diff->side[0].spec, *b = &diff->side[1].spec;
    const char *host_a = a->facts.host ? a->facts.host : "", *host_b = b->facts.host ? b->facts.host : "";
    ret[0] = (struct inputs) { "module", memcmp(a->module_hash, b->module_hash, sizeof a->module_hash) == 0 };
    ret[1] = (struct inputs) { "arguments", same_texts(a->args, a->arg_count, b->args, b->arg_count) };
    ret[2] = (struct inputs) { "environment", same_texts(a->env, a->env_count, b->env, b->env_count) };
    ret[3] = (struct inputs) { "policy",
                               memcmp(a->facts.policy_hash, b->facts.policy_hash, sizeof a->facts.policy_hash) == 0 };
    ret[4] = (struct inputs) { "host", strcmp(host_a, host_b) == 0 };
}

/* ---- for people ---- */

static void end_text(const struct diff_side *side, struct buffer *out)
{
    if (side->exited) {
        show_exit(&side->exit, &(struct show_options) { 0 }, out);
        out->size -= out->size > 0;
    } else {
        buffer_string(out, "no end of the guest was recorded");
    }
    buffer_string(out, "; ");
    show_end_words(&side->end, out);
}

static void side_put(const struct diff_side *side, const char *name, struct buffer *out)
{
    uint64_t ticks = 0;
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        ticks += side->counts->of[i].ticks;
    buffer_printf(out, "%s  ", name);
    text_plain_string(out, side->path);
    buffer_printf(out, ": %" PRIu64 " hostcalls", side->calls);
    if (side->clock.known)
        buffer_printf(out, ", %" PRIu64 " us in them", show_clock_ns(&side->clock, ticks) / 1000);
    buffer_string(out, "; ");
    end_text(side, out);
    buffer_u8(out, '\n');
}

struct files_text {
    struct buffer *out;
    uint64_t count, limit; /* limit 0: none */
};

static void put_file(void *self, const void *name, size_t size, const struct diff_use use[2])
{
    struct files_text *text = self;
    if (text->count++ == 0)
        buffer_string(text->out, "file: opens, bytes read, bytes written, changes\n");
    if (text->limit > 0 && text->count > text->limit)
        return;
    buffer_string(text->out, "  ");
    text_quote(text->out, name, size, 0);
    for (unsigned i = 0; i < SIDES; i++)
        buffer_printf(text->out, "%s%s %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64, i > 0 ? "; " : ": ",
                      side_names[i], use[i].opens, use[i].bytes_read, use[i].bytes_written, use[i].changes);
    buffer_u8(text->out, '\n');
}

static void put_parting(const struct diff *diff, struct buffer *out)
{
    buffer_printf(out, "%" PRIu64 " hostcalls are the same; then: %s\n", diff->same, diff_part_text(diff->part));
    if (diff->before.size > 0) {
        buffer_string(out, "     ");
        buffer_bytes(out, diff->before.data, diff->before.size);
        buffer_u8(out, '\n');
    }
    for (unsigned i = 0; i < SIDES; i++) {
        buffer_printf(out, "  %s  ", side_names[i]);
        if (diff->line[i].size > 0) {
            buffer_bytes(out, diff->line[i].data, diff->line[i].size);
            buffer_printf(out, "  (event %" PRIu64 ")\n", diff->event[i]);
        } else {
            buffer_string(out, "no hostcall\n");
        }
    }
}

static void put_counts(const struct diff *diff, struct buffer *out)
{
    bool any = false;
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        const struct show_counts *a = &diff->side[0].counts->of[i], *b = &diff->side[1].counts->of[i];
        if (a->calls == b->calls && a->errors == b->errors)
            continue;
        buffer_string(out, any ? "" : "hostcall: calls, errors\n");
        any = true;
        buffer_printf(out, "  %s: a %" PRIu64 ", %" PRIu64 "; b %" PRIu64 ", %" PRIu64 "\n", abi_operations[i].name,
                      a->calls, a->errors, b->calls, b->errors);
    }
}

enum status diff_put(const struct diff *diff, struct buffer *out, struct error *error)
{
    struct inputs inputs[INPUTS];
    struct files_text text = { .out = out, .limit = diff->full ? 0 : FILES_SHOWN };
    for (unsigned i = 0; i < SIDES; i++)
        side_put(&diff->side[i], side_names[i], out);
    inputs_compare(diff, inputs);
    if (!inputs_known(diff))
        buffer_string(out, "a description cannot be read: whether module, arguments, environment, policy and host are "
                           "the same is not known\n");
    for (unsigned i = 0; i < INPUTS && inputs_known(diff); i++)
        if (!inputs[i].same)
            buffer_printf(out, "not the same %s\n", inputs[i].name);
    if (diff->part != DIFF_PART_NONE)
        put_parting(diff, out);
    else
        buffer_printf(out, "all %" PRIu64 " hostcalls are the same%s\n", diff->same,
                      diff_is_same(diff) ? "" : "; then the guests end differently");
    put_counts(diff, out);
    enum status s = diff_files_visit(diff->files, put_file, &text, error);
    if (text.limit > 0 && text.count > text.limit)
        buffer_printf(out, "  and %" PRIu64 " more; --full has them\n", text.count - text.limit);
    return s;
}

/* ---- JSON ---- */

static void file_json(void *self, const void *name, size_t size, const struct diff_use use[2])
{
    struct json *json = self;
    json_object_begin(json, NULL);
    json_bytes(json, "name", name, size);
    for (unsigned i = 0; i < SIDES; i++) {
        json_object_begin(json, side_names[i]);
        json_u64(json, "opens", use[i].opens);
        json_u64(json, "bytes_read", use[i].bytes_read);
        json_u64(json, "bytes_written", use[i].bytes_written);
        json_u64(json, "changes", use[i].changes);
        json_object_end(json);
    }
    json_object_end(json);
}

static void side_json(const struct diff *diff, unsigned i, struct json *json)
{
    const struct diff_side *side = &diff->side[i];
    struct buffer end = BUFFER_INIT;
    uint64_t ticks = 0;
    for (unsigned k = 0; k < OPERATION_COUNT; k++)
        ticks += side->counts->of[k].ticks;
    json_object_begin(json, side_names[i]);
    json_string(json, "trace", side->path);
    json_u64(json, "hostcalls", side->calls);
    if (side->clock.known)
        json_u64(json, "ns", show_clock_ns(&side->clock, ticks));
    else
        json_null(json, "ns");
    json_string(json, "ended", side->exited ? abi_ended_name(side->exit.outcome) : NULL);
    json_u64(json, "code", side->exit.exit_code);
    json_string(json, "trap", side->exit.trap ? check_trap_name(side->exit.trap) : NULL);
    show_end_words(&side->end, &end);
    json_buffer(json, "end", &end);
    buffer_done(&end);
    if (diff->line[i].size > 0) {
        json_u64(json, "event", diff->event[i]);
        json_buffer(json, "call", &diff->line[i]);
    } else {
        json_null(json, "event");
        json_null(json, "call");
    }
    json_object_end(json);
}

static void counts_json(const struct diff *diff, struct json *json)
{
    json_array_begin(json, "calls");
    for (unsigned k = 0; k < OPERATION_COUNT; k++) {
        const struct show_counts *a = &diff->side[0].counts->of[k], *b = &diff->side[1].counts->of[k];
        if (a->calls == b->calls && a->errors == b->errors)
            continue;
        json_object_begin(json, NULL);
        json_string(json, "call", abi_operations[k].name);
        for (unsigned i = 0; i < SIDES; i++) {
            json_object_begin(json, side_names[i]);
            json_u64(json, "count", diff->side[i].counts->of[k].calls);
            json_u64(json, "errors", diff->side[i].counts->of[k].errors);
            json_object_end(json);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

enum status diff_put_json(const struct diff *diff, struct buffer *out, struct error *error)
{
    struct inputs inputs[INPUTS];
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_bool(&json, "same", diff_is_same(diff));
    json_u64(&json, "same_hostcalls", diff->same);
    json_string(&json, "part", diff->part == DIFF_PART_NONE ? NULL : diff_part_name(diff->part));
    if (diff->before.size > 0)
        json_buffer(&json, "before", &diff->before);
    else
        json_null(&json, "before");
    for (unsigned i = 0; i < SIDES; i++)
        side_json(diff, i, &json);
    inputs_compare(diff, inputs);
    json_object_begin(&json, "inputs");
    for (unsigned i = 0; i < INPUTS; i++)
        json_string(&json, inputs[i].name, !inputs_known(diff) ? NULL : inputs[i].same ? "same" : "differ");
    json_object_end(&json);
    counts_json(diff, &json);
    json_array_begin(&json, "files");
    enum status s = diff_files_visit(diff->files, file_json, &json, error);
    json_array_end(&json);
    json_object_end(&json);
    buffer_u8(out, '\n');
    return s;
}
