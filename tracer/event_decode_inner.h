/* What the files of the decoder share: each has the events of one seam. Internal to event_decode*.c. */
#ifndef WARRANT_TRACER_EVENT_DECODE_INNER_H
#define WARRANT_TRACER_EVENT_DECODE_INNER_H

#include <string.h>
#include "tracer/event_decode.h"

enum { TRAP_LIMIT = 64 /* trap kinds are the engine's; only their range is checked */ };

static inline enum status event_bad(const char **ret_why, const char *why)
{
    *ret_why = why;
    return STATUS_MALFORMED;
}

static inline enum status event_bounded(enum status status, const char **ret_why)
{
    return status == STATUS_OK ? status : event_bad(ret_why, "it is shorter than its counts say");
}

/* Copies the next `size` bytes to `to`. */
static inline enum status event_take(struct cursor *cursor, void *to, size_t size)
{
    const uint8_t *bytes;
    enum status status = cursor_bytes(cursor, size, &bytes);
    if (status == STATUS_OK && size)
        memcpy(to, bytes, size);
    return status;
}

/* Passes over what pads `size` bytes. */
static inline enum status event_pass_padding(struct cursor *cursor, size_t size)
{
    const uint8_t *padding;
    return cursor_bytes(cursor, trace_pad8(size) - size, &padding);
}

/* ---- requests and ops (event_decode_begin.c) ---- */

/* A request of nothing yet but `operation` (below OPERATION_COUNT) and the import by which it was called. */
MUST_USE enum status event_request_start(struct request *request, uint32_t operation, uint16_t import,
                                         const char **ret_why);
MUST_USE enum status event_take_address(struct cursor *cursor, struct net_address *ret, const char **ret_why);
/* The call of the request that was decoded begins, without ops. */
void event_call_open(struct event_decoder *decoder, struct trace_call *call, uint64_t ticks, bool timed);
MUST_USE enum status event_check_op(const struct op *op, const struct request *request, const char **ret_why);
/* The call's next op; it has less than LIMIT_OPS. */
void event_op_add(struct event_decoder *decoder, struct trace_call *call, const struct op *op,
                  const struct trace_op_data *data);
MUST_USE enum status event_decode_begin(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                        const char **ret_why);
MUST_USE enum status event_decode_op(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                     const char **ret_why);

/* ---- what ops brought, and ends (event_decode_end.c) ---- */

/* The stat or the bytes of one op, behind its result. */
MUST_USE enum status event_take_payload(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                        uint32_t index, const char **ret_why);
MUST_USE enum status event_decode_data(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                       const char **ret_why);
MUST_USE enum status event_decode_end(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                      const char **ret_why);

/* ---- compact events (event_decode_compact.c): CALL, DONE, SILENT, and those without ticks ---- */

MUST_USE enum status event_decode_call(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                       const char **ret_why);
MUST_USE enum status event_decode_done(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                       const char **ret_why);
MUST_USE enum status event_decode_silent(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                         const char **ret_why);

#endif
