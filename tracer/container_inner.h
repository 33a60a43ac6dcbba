/* A container being read, from within: shared by container_open.c and container_read.c. */
#ifndef WARRANT_TRACER_CONTAINER_INNER_H
#define WARRANT_TRACER_CONTAINER_INNER_H

#include <zstd.h>
#include "tracer/container.h"
#include "tracer/signature.h"
#include "tracer/tree.h"

struct trace_source {
    int fd;               /* -1: bytes in memory */
    const uint8_t *bytes; /* of the bytes in memory; borrowed */
    uint64_t size, at;
    uint64_t number;         /* of the chunk at `at` */
    uint64_t events, stream; /* what the next EVENTS chunk must start at */
    uint32_t last;           /* kind of the chunk before `at`; 0: none */
    bool more;
    bool borrowed; /* the descriptor is another's */
    uint8_t run_id[TRACE_RUN_ID], hash[TRACE_HASH];
    struct trace_tree tree; /* of the file header and the chunks met so far, from the first on, each once */
    bool is_signed;         /* a SIGNATURE was read: */
    struct trace_signature signature;
    uint8_t signed_end[TRACE_HASH]; /* of the chunk that it follows */
    uint8_t *stored, *raw;          /* buffers of the body, as it lies in the file and decompressed */
    size_t stored_capacity, raw_capacity;
    ZSTD_DCtx *zstd;
};

/* `size` bytes of the file from `offset` on, which must be there. */
MUST_USE enum status trace_source_read(const struct trace_source *source, uint64_t offset, void *to, size_t size,
                                       struct error *error);

#endif
