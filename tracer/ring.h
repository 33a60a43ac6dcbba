/* The ring from within: the header page that both processes map, and the mapping. Internal to tracer/ and white-box
 * tests.
 *
 * A mapping lies in one reserved stretch of addresses: private bytes, the header, the data, the data again. Behind the
 * last data byte comes the first one, so that no event ever wraps; and the header lies at a fixed distance from the
 * writer, which therefore needs no pointer to it. */
#ifndef WARRANT_TRACER_RING_H
#define WARRANT_TRACER_RING_H

#include <stdatomic.h>
#include "tracer/format.h"

#define TRACE_RING_MAGIC "\x89WRRING\n"
enum { TRACE_RING_VERSION = 1, TRACE_RING_HEADER = 65536 /* a multiple of every page size */ };

/* Bits of `state`, beside the recorder's thread id. They are those of a robust futex: the kernel itself sets DIED when
 * the thread that the word names ends in whatever way. It keeps bit 31, which serves as the order to stop. */
#define TRACE_RING_STOP UINT32_C(0x80000000)
#define TRACE_RING_DIED UINT32_C(0x40000000)

/* At offset 0 of the ring's file; the data begins at TRACE_RING_HEADER. Each group has a cache line of its own. */
struct trace_ring_header {
    uint8_t magic[8];
    uint32_t version, data_bytes;
    uint8_t run_id[TRACE_RUN_ID];
    uint64_t start_ticks, start_ns; /* taken together at creation */
    uint8_t reserved[16];
    _Alignas(64) _Atomic uint64_t head;    /* bytes written so far; the guest's */
    _Alignas(64) _Atomic uint64_t tail;    /* bytes that are safe in the file; the recorder's */
    _Alignas(64) _Atomic uint32_t waiting; /* 1: the guest waits for room (os_wait_on). */
    _Alignas(64) _Atomic uint32_t state;
    _Alignas(64) _Atomic uint64_t
        soft; /* an address in the guest's process: see struct trace_writer. 0 makes it look at `state`. */
};
static_assert(sizeof(struct trace_ring_header) == 384, "docs/trace-format.md, Ring");

/* The guest's side; `at` moves through the double mapping. While at <= soft (in the header) TRACE_WRITER_RESERVE bytes
 * behind `at` are free, `at` needs no wrap, and nobody ordered a stop: one comparison per call. Who orders a stop sets
 * soft to 0; that the recorder died is seen when soft is reached, TRACE_WRITER_STRIDE bytes later at most. */
struct trace_writer {
    uint8_t *at;   /* where the next event goes */
    uint64_t bias; /* stream position of an address: address + bias */
    uint32_t plan; /* ops of this call, and what is said of them (writer.h) */
    uint32_t reserved;
};

struct trace_ring {
    struct trace_writer writer;
    uint8_t *base; /* owned: of the whole stretch; the ring lies at its start */
};

enum {
    TRACE_WRITER_STRIDE = 65536,
    TRACE_WRITER_RESERVE =
        2048, /* a CALL and a DONE fit, unless they bring many bytes; longer plans look for room again */
    TRACE_RING_SPAN = 2 * TRACE_RING_HEADER + 2 * TRACE_RING_BYTES
};

static inline struct trace_ring_header *trace_ring_header(void *ring_or_writer)
{
    return (struct trace_ring_header *)((uint8_t *)ring_or_writer + TRACE_RING_HEADER);
}
static inline uint8_t *trace_ring_data(void *ring_or_writer)
{
    return (uint8_t *)ring_or_writer + (size_t)2 * TRACE_RING_HEADER;
}

/* ---- what the platform must do, beside os.h (ring_linux.c, ring_darwin.c) ---- */

/* Has the pages of a mapping present and writable before the first store, where the system can; else they come one by
 * one. */
void ring_populate(void *from, size_t size);

/* The calling thread as the ring's recorder: its id goes into `state`, and where the kernel can (Linux), it marks the
 * death there. */
struct ring_owner;
MUST_USE enum status ring_owner_attach(struct trace_ring_header *header, struct ring_owner **ret, struct error *error);
void ring_owner_detach(struct ring_owner *owner); /* an orderly end; NULL is fine */

#endif
