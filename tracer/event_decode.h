/* Event bytes into calls. Internal to tracer/; the fuzzer and the white-box tests come in here, below the checksums. */
#ifndef WARRANT_TRACER_EVENT_DECODE_H
#define WARRANT_TRACER_EVENT_DECODE_H

#include "tracer/format.h"

enum decoded { DECODED_PART, DECODED_CALL, DECODED_EXIT, DECODED_STATE, DECODED_GROWTH };

/* How much of the data that a call brought is kept in memory, for all of its ops together; and how much of each op's at
 * least. Of what goes beyond the first bytes are kept: who wants the rest reads it again. */
enum { DECODER_KEPT_MAX = 1 << 24, DECODER_KEPT_EACH = 1 << 16 };

/* One op's bytes that came in DATA events: the first `kept` of them lie in `arena`. */
struct decoder_data {
    size_t offset, kept;
    uint64_t length;
};

struct event_decoder {
    bool open;       /* between a BEGIN and its END */
    bool exited;     /* behind the EXIT, where nothing may follow */
    bool data_began; /* DATA was seen: no more ops */
    bool compact;    /* the call began with a CALL, and has no other op */
    uint64_t now;    /* ticks since the run's start */
    uint64_t begin_now;
    struct trace_state state;   /* the last STATE */
    struct trace_growth growth; /* the last GROWTH */
    struct buffer arena;
    struct decoder_data data[LIMIT_OPS];
};

void event_decoder_done(struct event_decoder *decoder);
/* The ticks of a chunk's first event count from the run's start. */
void event_decoder_chunk(struct event_decoder *decoder);
/* Decodes the event at the start of `bytes`; *ret_size: its size. PART: the call goes on; CALL: `call` is complete (its
 * `in` pointers borrow from `bytes` and from the decoder, until the next event); EXIT: `exit` is filled; STATE, GROWTH:
 * the decoder holds it. The caller keeps the event and chunk numbers. TRUNCATED, MALFORMED: *ret_why says what is
 * wrong; NO_MEMORY. */
/* An EXIT event alone. */
MUST_USE enum status event_decode_exit(struct cursor *cursor, struct trace_exit *exit, uint64_t *ret_ticks,
                                       const char **ret_why);
MUST_USE enum status event_decode(struct event_decoder *decoder, const uint8_t *bytes, size_t size,
                                  struct trace_call *call, struct trace_exit *exit, enum decoded *ret, size_t *ret_size,
                                  const char **ret_why);

#endif
