/* The structures behind pointers of a hostcall, as far as the trace has them.
 *
 * Invariant: nothing is read beyond what the call says it has. Left out on purpose: fd_fdstat_get's, which the runtime
 * answers from its own table, and of which the trace keeps a digest alone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "checker/show_inner.h"
#include "checker/show_words.h"
#include "runtime/base/text.h"

static uint32_t op_count(const struct trace_call *call)
{
    return call->ops.count < LIMIT_OPS ? call->ops.count : LIMIT_OPS;
}

/* ---- filestat ---- */

const struct filestat *show_stat_find(const struct trace_call *call)
{
    const struct filestat *found = NULL;
    for (uint32_t i = 0; i < op_count(call) && show_succeeded(call); i++)
        if (call->ops.op[i].kind < OP_COUNT && abi_ops[call->ops.op[i].kind].in == OP_BYTES_STAT &&
            call->ops.result[i].value >= 0)
            found = &call->ops.result[i].stat;
    return found;
}

bool show_stat(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    const struct filestat *stat = show_stat_find(call);
    if (!stat)
        return false;
    buffer_u8(out, '{');
    if (options->full)
        buffer_printf(out, "dev 0x%" PRIx64 ", ino %" PRIu64 ", ", stat->dev, stat->ino);
    show_words_put(SHOW_WORDS_filetype, stat->filetype, out);
    if (options->full)
        buffer_printf(out, ", nlink %" PRIu64, stat->nlink);
    buffer_printf(out, ", size %" PRIu64, stat->size);
    if (options->full)
        buffer_printf(out, ", atim %" PRIu64 ", mtim %" PRIu64 ", ctim %" PRIu64 "}", stat->atim, stat->mtim,
                      stat->ctim);
    else
        buffer_string(out, ", ...}");
    return true;
}

static void stat_json(const struct filestat *stat, const char *name, struct json *json)
{
    struct buffer type = BUFFER_INIT;
    show_words_put(SHOW_WORDS_filetype, stat->filetype, &type);
    json_object_begin(json, name);
    json_u64(json, "dev", stat->dev);
    json_u64(json, "ino", stat->ino);
    json_buffer(json, "filetype", &type);
    json_u64(json, "nlink", stat->nlink);
    json_u64(json, "size", stat->size);
    json_u64(json, "atim", stat->atim);
    json_u64(json, "mtim", stat->mtim);
    json_u64(json, "ctim", stat->ctim);
    json_object_end(json);
    buffer_done(&type);
}

/* ---- prestat: the grants are the descriptors behind the streams ---- */

static struct show_path preopen_find(const struct trace_call *call, const struct show_options *options)
{
    const struct run_spec *spec = show_paths_spec(options->paths);
    uint64_t handle = call->request.slot[SLOT_FD_PRESTAT_GET_fd];
    if (!show_succeeded(call) || !spec || handle < 3 || handle - 3 >= spec->policy.file_count)
        return (struct show_path) { NULL, 0 };
    return show_paths_get(options->paths, handle);
}

bool show_prestat(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    struct show_path name = preopen_find(call, options);
    if (name.text)
        buffer_printf(out, "{DIR, pr_name_len %zu}", name.size);
    return name.text != NULL;
}

/* ---- poll_oneoff ---- */

uint32_t show_subscription_count(const struct trace_call *call)
{
    if (call->request.call != OPERATION_POLL_ONEOFF || call->request.fault != FAULT_NONE)
        return 0;
    return call->request.subscription_count < LIMIT_SUBSCRIPTIONS ? call->request.subscription_count
                                                                  : LIMIT_SUBSCRIPTIONS;
}

static void put_subscription(const struct subscription *sub, const struct show_options *options, struct buffer *out)
{
    buffer_u8(out, '{');
    if (options->full)
        buffer_printf(out, "userdata 0x%" PRIx64 ", ", sub->userdata);
    show_words_put(SHOW_WORDS_eventtype, sub->type, out);
    buffer_string(out, ", ");
    if (sub->type == EVENTTYPE_CLOCK) {
        show_words_put(SHOW_WORDS_clockid, sub->clock_or_fd, out);
        buffer_printf(out, ", timeout %" PRIu64 ", ", sub->timeout);
        if (options->full)
            buffer_printf(out, "precision %" PRIu64 ", ", sub->precision);
        show_words_put(SHOW_WORDS_subclockflags, sub->flags, out);
    } else {
        show_paths_descriptor(options->paths, options->full, sub->clock_or_fd, out);
    }
    buffer_u8(out, '}');
}

bool show_subscriptions(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    uint32_t count = show_subscription_count(call);
    uint32_t shown = options->full || count <= SHOWN_IOVS ? count : SHOWN_IOVS;
    if (count == 0)
        return false;
    buffer_u8(out, '[');
    for (uint32_t i = 0; i < shown; i++) {
        buffer_string(out, i > 0 ? ", " : "");
        put_subscription(&call->request.subscription[i], options, out);
    }
    buffer_string(out, shown < count ? ", ...]" : "]");
    return true;
}

/* What POLL found: for each subscription that is no clock a byte. */
bool show_polled(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    const struct trace_op_data *data = NULL;
    uint32_t at = 0;
    for (uint32_t i = 0; i < op_count(call) && show_succeeded(call); i++)
        if (call->ops.op[i].kind == OP_POLL && call->ops.result[i].value > 0)
            data = &call->data[i];
    if (!data || !data->in)
        return false;
    buffer_u8(out, '[');
    for (uint32_t i = 0; i < show_subscription_count(call) && at < data->in_kept; i++) {
        const struct subscription *sub = &call->request.subscription[i];
        if (sub->type == EVENTTYPE_CLOCK)
            continue;
        if (data->in[at] != 0) {
            buffer_string(out, out->data && out->size > 0 && out->data[out->size - 1] != '[' ? ", " : "");
            show_paths_descriptor(options->paths, options->full, sub->clock_or_fd, out);
            buffer_u8(out, ' ');
            show_words_put(SHOW_WORDS_polled, data->in[at], out);
        }
        at++;
    }
    buffer_u8(out, ']');
    return true;
}

static void subscriptions_json(const struct trace_call *call, struct json *json)
{
    json_array_begin(json, "in");
    for (uint32_t i = 0; i < show_subscription_count(call); i++) {
        const struct subscription *sub = &call->request.subscription[i];
        struct buffer text = BUFFER_INIT;
        json_object_begin(json, NULL);
        json_u64(json, "userdata", sub->userdata);
        show_words_put(SHOW_WORDS_eventtype, sub->type, &text);
        json_buffer(json, "type", &text);
        if (sub->type == EVENTTYPE_CLOCK) {
            buffer_clear(&text);
            show_words_put(SHOW_WORDS_clockid, sub->clock_or_fd, &text);
            json_buffer(json, "clock", &text);
            json_u64(json, "timeout", sub->timeout);
            json_u64(json, "precision", sub->precision);
            buffer_clear(&text);
            show_words_put(SHOW_WORDS_subclockflags, sub->flags, &text);
            json_buffer(json, "flags", &text);
        } else {
            json_u64(json, "fd", sub->clock_or_fd);
        }
        json_object_end(json);
        buffer_done(&text);
    }
    json_array_end(json);
}

/* ---- directory entries ---- */

typedef void entry_fn(void *self, const void *name, size_t size);

/* Names that the system answered, in order. Returns how many; 0 also where there is nothing whole. */
static uint32_t entries_visit(const struct trace_call *call, entry_fn *visit, void *self)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < op_count(call) && show_succeeded(call); i++) {
        const struct trace_op_data *data = &call->data[i];
        if (call->ops.op[i].kind != OP_READ_DIR || !data->in)
            continue;
        struct dirent_head head;
        for (uint32_t at = 0; at + sizeof head <= data->in_kept; count++) {
            memcpy(&head, data->in + at, sizeof head);
            at += (uint32_t)sizeof head;
            if (head.name_length > data->in_kept - at)
                break;
            visit(self, data->in + at, head.name_length);
            at += head.name_length;
        }
    }
    return count;
}

struct entries_text {
    struct buffer *out;
    uint32_t count, limit; /* limit 0: none */
};

static void put_entry(void *self, const void *name, size_t size)
{
    struct entries_text *text = self;
    if (text->count++ >= text->limit && text->limit > 0)
        return;
    buffer_string(text->out, text->count > 1 ? ", " : " [");
    text_quote_name(text->out, name, size, text->limit ? SHOWN_STRING : 0);
}

bool show_entries(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    struct entries_text text = { .out = out, .limit = options->full ? 0 : SHOWN_ENTRIES };
    if (entries_visit(call, put_entry, &text) == 0 || text.count == 0)
        return false;
    buffer_string(out, text.limit > 0 && text.count > text.limit ? ", ...]" : "]");
    return true;
}

static void entry_json(void *self, const void *name, size_t size) { json_bytes(self, NULL, name, size); }

/* ---- JSON ---- */

static void symbolic_json(const struct trace_call *call, const struct operation_row *row, struct json *json)
{
    struct buffer text = BUFFER_INIT;
    json_object_begin(json, "symbolic");
    for (unsigned f = 0; f < row->field_count; f++) {
        buffer_clear(&text);
        if (show_words_field((enum operation)call->request.call, &row->field[f], call->request.slot, &text))
            json_buffer(json, row->field[f].name, &text);
    }
    json_object_end(json);
    buffer_done(&text);
}

static void paths_json(const struct trace_call *call, const struct operation_row *row,
                       const struct show_options *options, struct json *json)
{
    unsigned values = 0;
    json_object_begin(json, "paths");
    for (unsigned f = 0; f < row->field_count; f++) {
        const struct operation_field *field = &row->field[f];
        struct buffer opened = BUFFER_INIT;
        struct show_path path = { NULL, 0 };
        if (field->type == ARG_FD) {
            path = show_paths_get(options->paths, call->request.slot[field->slot]);
        } else if (field->type == ARG_R_FD && show_succeeded(call) && values < call->outcome.value_count) {
            show_paths_opened(options->paths, call, call->outcome.value[values++], &opened);
            path = (struct show_path) { opened.size ? (const char *)opened.data : NULL, opened.size };
        }
        if (path.text)
            json_bytes(json, field->name, path.text, path.size);
        buffer_done(&opened);
    }
    json_object_end(json);
}

void show_meaning_json(const struct trace_call *call, const struct show_options *options, struct json *json)
{
    if (call->request.call >= OPERATION_COUNT)
        return;
    const struct operation_row *row = &abi_operations[call->request.call];
    symbolic_json(call, row, json);
    if (options->paths)
        paths_json(call, row, options, json);
    json_object_begin(json, "structs");
    for (unsigned f = 0; f < row->field_count; f++) {
        const struct operation_field *field = &row->field[f];
        if (field->type == ARG_R_FILESTAT && show_stat_find(call)) {
            stat_json(show_stat_find(call), field->name, json);
        } else if (field->type == ARG_R_PRESTAT && preopen_find(call, options).text) {
            json_object_begin(json, field->name);
            json_string(json, "type", "DIR");
            json_u64(json, "pr_name_len", preopen_find(call, options).size);
            json_object_end(json);
        } else if (field->type == ARG_SUBSCRIPTIONS && show_subscription_count(call) > 0) {
            subscriptions_json(call, json);
        } else if (call->request.call == OPERATION_FD_READDIR && field->type == ARG_BUFFER) {
            json_array_begin(json, "entries");
            entries_visit(call, entry_json, json);
            json_array_end(json);
        }
    }
    json_object_end(json);
}
