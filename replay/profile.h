/* What a watched replay counted: each function's calls and instructions, the tree of calls, how often each piece of
 * code was executed. Exact, as it is counted and not sampled; of the tree a bounded part, which says what it does not
 * keep apart.
 *
 * Three parts. profile_watch.c counts, in the process that executes the guest. profile_stream.c is how that process
 * tells another: what is read there is hostile. profile_forms.c writes what other programs read. */
#ifndef WARRANT_REPLAY_PROFILE_H
#define WARRANT_REPLAY_PROFILE_H

#include "runtime/base/base.h"
#include "runtime/rt.h"

struct profile_function {
    uint32_t offset;      /* of its body, in the module file; 0: it is imported */
    uint64_t calls, self; /* instructions of its own */
    const char *name;     /* of `name_size` bytes; NULL: none. Borrowed from the module, or from the stream */
    uint32_t name_size;
};
/* A stack: the parent's, and this function called from there. Node 0 is the empty one. */
struct profile_node {
    uint32_t parent, function;
    uint64_t calls;
    uint64_t self; /* instructions executed with this stack */
    uint64_t cut;  /* with deeper ones that are not kept apart */
};
struct profile {
    uint64_t instructions;              /* what all nodes, and all functions, have together */
    struct profile_function *functions; /* owned; by function index */
    uint32_t function_count;
    struct profile_node *nodes; /* owned; parents before children */
    uint32_t node_count;
    const struct rt_piece *pieces; /* borrowed from the instance, or owned: */
    struct rt_piece *own_pieces;
    uint32_t piece_count;
};
void profile_done(struct profile *profile);

/* ---- counting ---- */

struct profiler;
/* Returns owned, with what the guest is to be watched by in *ret_watch (its env: the profiler). */
MUST_USE enum status profiler_create(struct profiler **ret, struct rt_code_watch *ret_watch, struct error *error);
void profiler_free(struct profiler *profiler); /* NULL is fine */
/* What was counted, once the guest does not run any more. Borrows from module and instance. NO_MEMORY: also where there
 * was too little while it ran. */
MUST_USE enum status profiler_get(struct profiler *profiler, const struct rt_module *module,
                                  const struct rt_instance *instance, struct profile *ret, struct error *error);

/* ---- telling ---- */

/* Gives the profile's bytes, piece by piece; false ends it: STOPPED. */
typedef bool profile_tell_fn(void *self, const void *bytes, size_t size);
MUST_USE enum status profile_tell(const struct profile *profile, profile_tell_fn *tell, void *self,
                                  struct error *error);
/* Reads them again; *ret borrows from `bytes`. MALFORMED: they are no profile whose numbers agree. */
MUST_USE enum status profile_read(const void *bytes, size_t size, struct profile *ret, struct error *error);

/* ---- forms ---- */

/* speedscope's file format (https://www.speedscope.app/file-format-schema.json): one evented profile in which calls of
 * one stack are one, in the order of their first; the unit is an instruction. title: foreign. */
void profile_speedscope(const struct profile *profile, const char *title, struct buffer *out);
/* Chrome's Trace Event Format: a slice for each stack; a microsecond is an instruction. */
void profile_chrome(const struct profile *profile, const char *title, struct buffer *out);

#endif
