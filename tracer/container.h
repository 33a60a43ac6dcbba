/* The container from within: what the recorder, the salvager and the reader need beyond trace.h. Internal to tracer/
 * and white-box tests. */
#ifndef WARRANT_TRACER_CONTAINER_H
#define WARRANT_TRACER_CONTAINER_H

#include "tracer/format.h"

/* As trace_file_append; `more`: the next chunk continues this body. */
MUST_USE enum status trace_file_append_part(struct trace_file *file, enum trace_chunk_kind kind, const void *bytes,
                                            size_t size, uint64_t stream_offset, uint64_t first_event,
                                            uint32_t event_count, bool more, struct error *error);

/* From here on a chunk that is appended is on the device too. */
void trace_file_sync(struct trace_file *file);

/* Where the valid prefix of a file ends, for going on behind it. */
struct trace_prefix {
    uint64_t size, chunks;    /* bytes, whole chunks */
    uint8_t hash[TRACE_HASH]; /* of the last chunk, or of the file header */
};
/* A file whose valid prefix is known: cuts off what lies behind it and appends there. fd: takes. Returns owned. */
MUST_USE enum status trace_file_reopen(int fd, const struct trace_prefix *prefix, struct trace_file **ret,
                                       struct error *error);

/* What of `source` was valid so far. */
struct trace_prefix trace_source_prefix(const struct trace_source *source);
/* Does the chunk that was returned last go on in the next one? */
bool trace_source_more(const struct trace_source *source);
/* Where the chunk lies that trace_source_next reads next, and what it must continue. */
struct trace_mark {
    uint64_t at, number, events, stream;
    uint8_t hash[TRACE_HASH];
};
struct trace_mark trace_source_mark(const struct trace_source *source);
/* Goes on at a mark of this source. */
void trace_source_go(struct trace_source *source, const struct trace_mark *mark);
/* As trace_source_next, of a chunk that is passed over: checked against header, checksum and chain, and not expanded
 * (ret->bytes is NULL). */
MUST_USE enum status trace_source_pass(struct trace_source *source, struct trace_chunk *ret, struct error *error);
/* A second reader of the same file (borrows `source` until closed), which goes on at the mark. What it reads is checked
 * as the first time: a file that was changed meanwhile is CORRUPT or TRUNCATED. Returns owned. */
MUST_USE enum status trace_source_again(const struct trace_source *source, const struct trace_mark *mark,
                                        struct trace_source **ret, struct error *error);
/* Looks ahead, over headers alone, for the last chunk of `kind`. False: there is none, or a header is damaged before
 * it. The mark believes the header. */
bool trace_source_find_last(struct trace_source *source, enum trace_chunk_kind kind, struct trace_mark *ret);
/* The file's descriptor (borrowed) and the size that is read; -1: bytes in memory. */
int trace_source_fd(const struct trace_source *source, uint64_t *ret_size);
/* The file has this size now: at least that of the prefix that was read. */
void trace_source_resize(struct trace_source *source, uint64_t size);
/* As trace_source_open of a descriptor (borrows until closed) of a file of `size` bytes. */
MUST_USE enum status trace_source_open_fd(int fd, uint64_t size, enum trace_file_kind kind, struct trace_source **ret,
                                          struct error *error);
/* As trace_source_open on bytes in memory (borrows until close): the fuzzer's way in. */
MUST_USE enum status trace_source_open_bytes(const void *bytes, size_t size, enum trace_file_kind kind,
                                             struct trace_source **ret, struct error *error);

/* As trace_reader_open, likewise. */
MUST_USE enum status trace_reader_open_bytes(const void *bytes, size_t size, struct trace_reader **ret,
                                             struct error *error);

#endif
