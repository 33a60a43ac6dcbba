/* Fuzzes the reading of traces. The first byte of the input selects what the rest is:
 *   'c'  a whole file: container, then events
 *   'e'  the bytes of one chunk of events, below the checksums that would hide them
 *   'm'  one body per message: u16 length and events each, as successive chunks
 * White-box: enters below the public reader. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "tracer/container.h"
#include "tracer/event_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Uses everything that the decoder calls usable, so that a sanitizer sees what is not. */
static uint64_t use_call(const struct trace_call *call)
{
    uint64_t sum = call->begin_event + call->request.call;
    const struct request *request = &call->request;
    for (uint32_t i = 0; i < request->string_count; i++) {
        for (uint32_t k = 0; k < request->string[i].length; k++)
            sum += request->bytes[request->string[i].offset + k];
    }
    for (uint32_t i = 0; i < request->iov_count; i++)
        sum += request->iov[i].length;
    for (uint32_t i = 0; i < request->subscription_count; i++)
        sum += request->subscription[i].userdata;
    for (uint32_t i = 0; i < call->ops.count; i++) {
        const struct trace_op_data *op = &call->data[i];
        sum += abi_ops[call->ops.op[i].kind].in;
        for (uint32_t k = 0; k < op->out_head_length; k++)
            sum += op->out_head[k];
        for (uint32_t k = 0; call->complete && op->in && k < op->in_kept; k++)
            sum += op->in[k];
    }
    return sum;
}

static bool add_bytes(void *self, const uint8_t *bytes, size_t size)
{
    uint64_t *sum = self;
    for (size_t i = 0; i < size; i += 4096)
        *sum += bytes[i];
    return true;
}

/* What was too much to be kept is read again. */
static uint64_t use_data(struct trace_reader *reader, const struct trace_call *call)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; call->complete && i < call->ops.count; i++)
        if (call->data[i].in_kept < call->data[i].in_length &&
            trace_reader_data(reader, call, i, add_bytes, &sum, NULL) != STATUS_OK)
            abort(); /* the bytes have not changed */
    return sum;
}

/* What an item is, for meeting it again. */
struct met {
    enum trace_item_kind kind;
    uint64_t first, last;
};
enum { MET_MAX = 256 };

static enum status next_item(struct trace_reader *reader, struct trace_call *call, struct met *ret, bool peek)
{
    struct trace_exit last;
    enum status status = peek ? trace_reader_peek(reader, &ret->kind, call, &last, NULL)
                              : trace_reader_next(reader, &ret->kind, call, &last, NULL);
    if (status != STATUS_OK)
        return status;
    ret->last = trace_reader_event(reader);
    ret->first = ret->kind == TRACE_ITEM_CALL ? call->begin_event : ret->last;
    return STATUS_OK;
}

static bool same_item(const struct met *a, const struct met *b)
{
    return a->kind == b->kind && a->first == b->first && a->last == b->last;
}

/* Goes to each of them from the last to the first, by a clone too. sound: all that was read was valid, so that going
 * must end where reading on did. */
static void meet_again(struct trace_reader *reader, struct trace_call *call, const struct met *met, size_t count,
                       bool sound)
{
    struct trace_reader *clone;
    struct met found;
    for (size_t i = count; i-- > 0;) {
        if (trace_reader_seek(reader, i % 2 ? met[i].first : met[i].last, NULL) != STATUS_OK)
            abort(); /* the bytes have not changed */
        if ((next_item(reader, call, &found, true) != STATUS_OK || !same_item(&found, &met[i])) && sound)
            abort();
        if (trace_reader_clone(reader, &clone, NULL) != STATUS_OK)
            abort();
        for (size_t k = i; k < count && k < i + 3; k++)
            if ((next_item(clone, call, &found, false) != STATUS_OK || !same_item(&found, &met[k])) && sound)
                abort();
        trace_reader_close(clone);
    }
}

static uint64_t read_file(const uint8_t *data, size_t size)
{
    static struct trace_call call;
    struct met met[MET_MAX];
    size_t count = 0;
    struct trace_reader *reader;
    struct trace_exit last;
    struct trace_end end;
    struct error error = ERROR_INIT;
    enum trace_item_kind kind;
    enum status status;
    bool inside;
    uint64_t sum = 0;
    if (trace_reader_open_bytes(data, size, &reader, &error) != STATUS_OK)
        return 0;
    while ((status = trace_reader_next(reader, &kind, &call, &last, &error)) == STATUS_OK) {
        sum += kind == TRACE_ITEM_CALL     ? use_call(&call) + use_data(reader, &call)
               : kind == TRACE_ITEM_STATE  ? trace_reader_state(reader)->digest
               : kind == TRACE_ITEM_GROWTH ? trace_reader_growth(reader)->number + trace_reader_event(reader)
                                           : last.outcome;
        uint64_t event = trace_reader_event(reader);
        if (count < MET_MAX)
            met[count++] = (struct met) { kind, kind == TRACE_ITEM_CALL ? call.begin_event : event, event };
    }
    bool sound = status == STATUS_NOT_FOUND;
    struct error stop = ERROR_INIT;
    status = trace_reader_stop(reader, &end, &inside, &stop);
    if (status != STATUS_OK && !stop.text[0])
        abort(); /* a failure without a reason */
    meet_again(reader, &call, met, count, sound);
    if (trace_reader_seek(reader, size > 8 ? data[size / 2] : 0, NULL) != STATUS_OK)
        abort();
    while (trace_reader_next(reader, &kind, &call, &last, NULL) == STATUS_OK)
        sum += (uint64_t)kind;
    trace_reader_close(reader);
    return sum;
}

static uint64_t read_events(struct event_decoder *decoder, const uint8_t *data, size_t size, bool *ret_more)
{
    static struct trace_call call;
    struct trace_exit last;
    uint64_t sum = 0;
    *ret_more = false;
    event_decoder_chunk(decoder);
    while (size) {
        enum decoded decoded;
        size_t event = 0;
        const char *why = NULL;
        enum status status = event_decode(decoder, data, size, &call, &last, &decoded, &event, &why);
        if (status != STATUS_OK && !why)
            abort();
        if (status != STATUS_OK)
            return sum;
        if (event < 8 || event > size)
            abort(); /* no progress, or past the end */
        if (decoded == DECODED_CALL)
            sum += use_call(&call);
        sum += decoded == DECODED_STATE    ? decoder->state.digest
               : decoded == DECODED_GROWTH ? decoder->growth.number
                                           : 0;
        data += event;
        size -= event;
    }
    *ret_more = true;
    return sum;
}

static uint64_t read_messages(const uint8_t *data, size_t size)
{
    struct event_decoder decoder;
    uint64_t sum = 0;
    bool more = true;
    memset(&decoder, 0, sizeof decoder);
    while (more && size >= 2) {
        size_t length = data[0] | (size_t)data[1] << 8;
        length = length < size - 2 ? length : size - 2;
        sum += read_events(&decoder, data + 2, length, &more);
        data += 2 + length;
        size -= 2 + length;
    }
    event_decoder_done(&decoder);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile uint64_t used;
    if (size == 0)
        return 0;
    struct event_decoder decoder;
    bool more;
    memset(&decoder, 0, sizeof decoder);
    switch (data[0]) {
    case 'c':
        used += read_file(data + 1, size - 1);
        break;
    case 'e':
        used += read_events(&decoder, data + 1, size - 1, &more);
        break;
    case 'm':
        used += read_messages(data + 1, size - 1);
        break;
    default:
        break;
    }
    event_decoder_done(&decoder);
    return 0;
}
