/* The guest's side of the ring: what stands between calls, and the digest of a guest's state.
 *
 * Leaves out: when a state is recorded, which is the guest's process's choice, and what it is made of (the engine's
 * rt_instance_state). docs/trace-format.md, STATE and GROWTH. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/writer.h"

#include <stdlib.h>

/* Puts a whole event into the ring. */
static enum status put(struct trace_writer *writer, const void *event, size_t size, enum trace_event_type type,
                       uint32_t code, struct error *error)
{
    enum status status = writer_ensure(writer, size, error);
    if (status != STATUS_OK)
        return status;
    memcpy(writer->at, event, size);
    event_put_head(writer->at, event_head(size, type, code));
    writer_advance(writer, writer->at, size);
    writer_publish(writer);
    return STATUS_OK;
}

enum status trace_writer_state(struct trace_writer *writer, const struct trace_state *state, struct error *error)
{
    struct trace_event_state event = { .digest = state->digest, .instructions = state->instructions };
    return put(writer, &event, sizeof event, TRACE_EVENT_STATE, state->at_end, error);
}

enum status trace_writer_growth(struct trace_writer *writer, const struct trace_growth *growth, struct error *error)
{
    struct trace_event_growth event = { .index = growth->index, .amount = growth->amount, .number = growth->number };
    return put(writer, &event, sizeof event, TRACE_EVENT_GROWTH, growth->table, error);
}

struct trace_digest {
    XXH3_state_t xxh;
};

enum status trace_digest_create(struct trace_digest **ret, struct error *error)
{
    struct trace_digest *digest = aligned_alloc(_Alignof(struct trace_digest), sizeof *digest);
    if (!digest)
        return error_set(error, STATUS_NO_MEMORY, "out of memory for a digest");
    XXH3_INITSTATE(&digest->xxh);
    trace_digest_begin(digest);
    *ret = digest;
    return STATUS_OK;
}

void trace_digest_free(struct trace_digest *digest) { free(digest); }

void trace_digest_begin(struct trace_digest *digest) { XXH3_64bits_reset(&digest->xxh); }

void trace_digest_add(void *digest, const void *bytes, size_t size)
{
    struct trace_digest *self = digest;
    XXH3_64bits_update(&self->xxh, bytes, size);
}

uint64_t trace_digest_get(const struct trace_digest *digest) { return XXH3_64bits_digest(&digest->xxh); }
