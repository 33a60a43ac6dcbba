/* A guest that makes the calls of an input, recorded and replayed: what the targets of hostcalls and of system calls
 * share. */
#ifndef WARRANT_FUZZ_HOSTCALL_GUEST_H
#define WARRANT_FUZZ_HOSTCALL_GUEST_H

#include "fuzz/call_record.h"
#include "fuzz/hostcall_tree.h"

/* Flags of an input; above them the number of a right of directories that the guest gives up first, 0: of none. */
enum { HOSTCALL_WALKS = 1, HOSTCALL_RACES = 2, HOSTCALL_DOUBTFUL = 4, HOSTCALL_FEW_LINKS = 8, HOSTCALL_GIVES_UP = 16 };

/* The process's one world: its tree, the guest's memory, the description of its run. */
struct hostcall_world *hostcall_setup(void);

/* The live backend on the world's tree: its descriptors, and the run's description as the flags have it. */
void hostcall_live_start(struct hostcall_world *world, unsigned flags);
/* Performs an op live, without waiting for anybody. self: the world. */
enum status hostcall_live_act(void *self, const struct op *op, const struct request *request,
                              const struct backend_space *space, struct op_result *result, struct error *error);

struct hostcall_guest {
    const uint8_t *data; /* calls (call_grammar.h) */
    size_t size;
    unsigned gives_up; /* flags / HOSTCALL_GIVES_UP */
    /* Around each call of the run that is recorded; NULL: fine. */
    const char *(*before)(void *self, uint32_t import, const uint64_t *slots);
    const char *(*after)(void *self, uint32_t trap);
    void *self;
    const char *wrong; /* what is */
    uint32_t import;   /* of the last call */
    bool replays;
    struct trace_writer *writer;
    struct wasi_start start;
};

/* Creates world->wasi on the backend, with the real writer beside it. */
void hostcall_guest_begin(struct hostcall_guest *guest, struct hostcall_world *world,
                          const struct wasi_backend *backend);
/* Makes the calls. self: the guest. */
void hostcall_guest_run(void *self, struct wasi *wasi);
/* Closes what the live backend holds; holds the trees and the open descriptors against what they were before
 * hostcall_live_start; frees world->wasi, ends the trace, reads and replays it, and compares the guest's memory. Ends
 * the process where something is wrong. */
void hostcall_guest_end(struct hostcall_guest *guest, struct hostcall_world *world);

#endif
