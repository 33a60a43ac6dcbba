/* The arguments and results of a hostcall, by their types.
 *
 * Invariant: printable ASCII only, whatever the guest's strings and data are; nothing is read beyond what the request
 * says it has. */
#include <inttypes.h>
#include <stdio.h>
#include "checker/show_inner.h"
#include "checker/show_words.h"
#include "runtime/base/text.h"

static void put_string(const struct trace_call *call, uint32_t index, const struct show_options *options,
                       struct buffer *out)
{
    const struct request *request = &call->request;
    if (index < request->string_count && index < REQUEST_STRINGS && show_region_fits(request->string[index]))
        text_quote_name(out, request->bytes + request->string[index].offset, request->string[index].length,
                        show_cut(options, SHOWN_STRING));
    else
        buffer_string(out, "?"); /* not copied: the request's fault says why */
}

static void put_vector(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    const struct request *request = &call->request;
    uint32_t count = request->iov_count < LIMIT_IOVECS ? request->iov_count : LIMIT_IOVECS;
    uint32_t shown = options->full || count <= SHOWN_IOVS ? count : SHOWN_IOVS;
    buffer_u8(out, '[');
    for (uint32_t i = 0; i < shown; i++)
        buffer_printf(out, "%s{0x%" PRIx32 ", %" PRIu32 "}", i > 0 ? ", " : "", request->iov[i].offset,
                      request->iov[i].length);
    buffer_string(out, shown < count ? ", ...]" : "]");
}

/* The first bytes that moved, behind the vector. */
static void put_data(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct trace_op_data *data = &call->data[i];
        uint32_t head =
            data->out_head_length < sizeof data->out_head ? data->out_head_length : (uint32_t)sizeof data->out_head;
        if (head > 0) {
            buffer_u8(out, ' ');
            text_quote(out, data->out_head, head, 0);
            if (head < data->out_length)
                buffer_string(out, "...");
            return;
        }
        if (call->complete && data->in && data->in_length > 0 && call->ops.op[i].kind < OP_COUNT &&
            abi_bytes_in_regions(abi_ops[call->ops.op[i].kind].in)) {
            buffer_u8(out, ' ');
            text_quote(out, data->in, data->in_kept, show_cut(options, SHOWN_BYTES));
            if (data->in_kept < data->in_length && options->full)
                buffer_printf(out, "... (%" PRIu32 " bytes)", data->in_length);
            return;
        }
    }
}

static void put_scalar(const struct trace_call *call, const struct operation_field *field,
                       const struct show_options *options, struct buffer *out)
{
    uint64_t value = call->request.slot[field->slot];
    if (field->type == ARG_FD) {
        show_paths_descriptor(options->paths, options->full, value, out);
        return;
    }
    if (show_words_field((enum operation)call->request.call, field, call->request.slot, out))
        return;
    switch ((enum arg_form)abi_arg_types[field->type].form) {
    case ARG_FORM_SIGNED:
        buffer_printf(out, "%" PRId64, (int64_t)value);
        return;
    case ARG_FORM_BITS:
        buffer_printf(out, value > 0 ? "0x%" PRIx64 : "%" PRIu64, value);
        return;
    case ARG_FORM_WHENCE:
    case ARG_FORM_CLOCK:
    case ARG_FORM_NUMBER:
    case ARG_FORM_NONE:
        buffer_printf(out, "%" PRIu64, value);
        return;
    }
}

static void put_address(const struct trace_call *call, struct buffer *out)
{
    char text[64] = "no address";
    if (call->request.fault == FAULT_NONE && call->request.address.family != NET_NONE)
        policy_address_text(&call->request.address, text, sizeof text);
    buffer_string(out, text);
}

/* A buffer of the guest's, and what came into it. */
static void put_buffer(const struct trace_call *call, const uint64_t *value, const struct show_options *options,
                       struct buffer *out)
{
    buffer_printf(out, "{0x%" PRIx64 ", %" PRIu64 "}", value[0], value[1]);
    if (!show_succeeded(call))
        return;
    if (call->request.call == OPERATION_FD_READDIR)
        (void)show_entries(call, options, out);
    else
        put_data(call, options, out);
}

static void put_pointer(uint64_t value, struct buffer *out) { buffer_printf(out, "0x%" PRIx64, value); }

void show_argument(const struct trace_call *call, const struct operation_field *arg, uint32_t *strings,
                   const struct show_options *options, struct buffer *out)
{
    const uint64_t *value = &call->request.slot[arg->slot];
    switch ((enum arg_class)abi_arg_types[arg->type].class) {
    case ARG_CLASS_SCALAR:
        put_scalar(call, arg, options, out);
        return;
    case ARG_CLASS_OPTION:
    case ARG_CLASS_HINTS:
        buffer_printf(out, "%" PRIu64, *value);
        return;
    case ARG_CLASS_STRING:
    case ARG_CLASS_NAME:
        put_string(call, (*strings)++, options, out);
        return;
    case ARG_CLASS_ADDRESS:
        put_address(call, out);
        return;
    case ARG_CLASS_IOVS:
    case ARG_CLASS_CIOVS:
        if (call->request.fault != FAULT_NONE) {
            buffer_printf(out, "{0x%" PRIx64 ", %" PRIu64 "}", value[0], value[1]);
            return;
        }
        put_vector(call, options, out);
        put_data(call, options, out);
        return;
    case ARG_CLASS_BUFFER:
        put_buffer(call, value, options, out);
        return;
    case ARG_CLASS_PLACE:
        buffer_printf(out, "{0x%" PRIx64 ", %" PRIu64 "}", value[0], value[1]);
        return;
    case ARG_CLASS_SUBS:
        if (!show_subscriptions(call, options, out))
            put_pointer(*value, out);
        return;
    case ARG_CLASS_EVENTS:
        if (!show_polled(call, options, out))
            put_pointer(*value, out);
        return;
    case ARG_CLASS_VECTOR:
    case ARG_CLASS_RESULT:
    case ARG_CLASS_CELL:
    case ARG_CLASS_CAPACITY:
    case ARG_CLASS_ROOM:
        put_pointer(*value, out);
        return;
    }
}

/* A descriptor that the call made. */
static void put_opened(const struct trace_call *call, uint64_t handle, const struct show_options *options,
                       struct buffer *out)
{
    struct buffer name = BUFFER_INIT;
    buffer_printf(out, "%" PRIu64, handle);
    show_paths_opened(options->paths, call, handle, &name);
    show_paths_put((struct show_path) { name.size ? (const char *)name.data : NULL, name.size }, options->full, out);
    buffer_done(&name);
}

/* Scalar results have a place in outcome.value, in the order of the R_ fields. */
static bool is_scalar_result(uint32_t type)
{
    return type == ARG_R_SIZE || type == ARG_R_TIMESTAMP || type == ARG_R_FILESIZE || type == ARG_R_FD;
}

bool show_result(const struct trace_call *call, const struct operation_field *field, unsigned *values,
                 const struct show_options *options, struct buffer *out)
{
    if (field->type == ARG_R_FILESTAT)
        return show_stat(call, options, out);
    if (field->type == ARG_R_PRESTAT)
        return show_prestat(call, options, out);
    if (!is_scalar_result(field->type) || *values >= call->outcome.value_count || *values >= 2)
        return false;
    uint64_t value = call->outcome.value[(*values)++];
    if (field->type == ARG_R_FD)
        put_opened(call, value, options, out);
    else
        buffer_printf(out, "%" PRIu64, value);
    return true;
}
