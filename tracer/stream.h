/* From the ring's bytes to the file's chunks: what the recorder and the salvager share. Internal to tracer/. */
#ifndef WARRANT_TRACER_STREAM_H
#define WARRANT_TRACER_STREAM_H

#include "tracer/container.h"
#include "tracer/ring.h"

struct stream {
    struct trace_file *file; /* borrowed */
    const uint8_t *data;     /* the ring's, mapped twice; borrowed */
    uint64_t start_ticks;
    uint64_t position;     /* stream offset of buffer[0]: where the next chunk begins */
    uint64_t events;       /* in the file so far */
    uint8_t *buffer;       /* owned: copied out of the ring before a byte of it is looked at */
    size_t copied, parsed; /* bytes in the buffer; of whole, checked events */
    uint32_t parsed_events;
    uint64_t ticks;       /* of the last event that carries some */
    bool exit_last;       /* the last parsed event is an EXIT */
    uint32_t exit_status; /* with which the guest's process then ends */
};

MUST_USE enum status stream_init(struct stream *stream, struct trace_file *file, struct trace_ring *ring,
                                 uint64_t start_ticks, uint64_t position, uint64_t events, struct error *error);
void stream_done(struct stream *stream);
/* Takes what the ring holds up to `head`, and writes the chunks that become full. *ret_taken: bytes taken. MALFORMED:
 * no valid event stands there (what came before it is kept); NO_SPACE, IO of the file. */
MUST_USE enum status stream_take(struct stream *stream, uint64_t head, size_t *ret_taken, struct error *error);
/* Writes the events that are in no chunk yet as one; none: nothing. */
MUST_USE enum status stream_flush(struct stream *stream, struct error *error);
/* Whether all that was taken is whole and the process ended by itself as its EXIT event says. */
bool stream_is_clean(const struct stream *stream, const struct trace_fate *fate);
/* Appends the END chunk; `end` is completed here. */
MUST_USE enum status stream_end(struct stream *stream, const struct trace_fate *fate, struct trace_end *end,
                                struct error *error);

/* recorder_run from a ring that is mapped already (borrowed; NULL: maps it): so that a test can have both sides in one
 * process, on the same addresses, where a sanitizer sees them. */
MUST_USE enum status recorder_run_mapped(const struct recorder_options *options, struct trace_ring *ring,
                                         void (*ready)(void *), void *ready_self, struct trace_end *ret_end,
                                         struct error *error);

#endif
