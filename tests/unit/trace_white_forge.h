/* For white-box tests of the trace: event bytes and whole files made without recorder and clock, the same each time,
 * and then spoiled as one likes. */
#ifndef WARRANT_TEST_TRACE_WHITE_FORGE_H
#define WARRANT_TEST_TRACE_WHITE_FORGE_H

#include "trace_kit.h"
#include "tracer/container.h"

/* Events as they lie in a file, except that ticks are those since the run's start. */
struct forge {
    struct buffer bytes;
    size_t *start; /* of each event */
    uint64_t count;
};
void forge_init(struct forge *forge);
void forge_done(struct forge *forge);
/* Appends kit calls [first, first + calls) as the real writer writes them. */
void forge_calls(struct forge *forge, uint64_t first, uint64_t calls, bool big);
void forge_exit(struct forge *forge);
void forge_raw(struct forge *forge, const void *event, size_t size); /* any bytes as one event */
void forge_cut(struct forge *forge, uint64_t count);                 /* keeps the first `count` events */

/* Writes a trace with `per_chunk` events in a chunk. reason 0: without an END. */
void forge_file(const struct forge *forge, const char *path, uint32_t per_chunk, enum trace_end_reason reason);

/* The same, and signed. */
struct trace_key;
void forge_signed_file(const struct forge *forge, const char *path, uint32_t per_chunk, enum trace_end_reason reason,
                       const struct trace_key *key);
void forge_key(uint8_t seed, struct trace_key *ret); /* the same key for the same number */

/* A file in memory, to be spoiled. */
struct image {
    uint8_t *bytes;
    size_t size;
    size_t chunk[64]; /* offsets of its chunks */
    size_t chunks;
};
void image_load(const char *path, struct image *ret);
void image_done(struct image *image);
void image_save(const struct image *image, const char *path);
/* Takes out chunk `index`; exchanges two neighbours. */
void image_remove(struct image *image, size_t index);
void image_swap(struct image *image, size_t index);
/* Makes all checksums (and the chain from chunk `first` on, if `chain`) fit again after an edit. */
void image_reseal(struct image *image, size_t first, bool chain);
/* Reads all of it. The status of open or stop; MALFORMED of next comes first. */
enum status image_read(const struct image *image, struct error *error);

#endif
