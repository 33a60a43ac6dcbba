/* Records a guest in this process, live backend, ring and recorder included, for the tests of the replay. */
#ifndef WARRANT_REPLAY_WORLD_H
#define WARRANT_REPLAY_WORLD_H

#include "replay/replay.h"
#include "wasi/start.h"

/* How the recording departs from an honest one. */
struct replay_lies {
    uint32_t stop_after; /* tells (begin, op, end) after which the guest is stopped as by kill -9; 0: never */
    bool no_module;      /* the trace is to hold none */
    bool no_exit;        /* and no EXIT event */
    uint32_t exit_trap;  /* written instead of the true end, where not 0 */
    void (*before)(
        struct trace_writer *writer); /* writes events before the guest's first, and behind its last; or NULL */
    void (*after)(struct trace_writer *writer);
    /* Changes what is told of each op before it is written; NULL: nothing. */
    void (*result)(const struct op *op, struct op_result *result, const struct backend_space *space);
    const char *ring_from, *ring_to; /* text of the ring, at its first place, and as much that takes it; or NULL */
};

struct replay_world {
    char folder[64], data[80], trace[80]; /* data: what the guest was granted as /d, a file `old` in it */
    struct buffer module;
    struct wasi_ending ending;
    uint64_t calls, tells; /* of the recorded run */
};

/* Records `guest` (a file in the test's guests folder) as `lies` has it (NULL: honestly). Ends the test where it
 * cannot. */
void replay_world_record(struct replay_world *world, const char *guest, const struct replay_lies *lies);
void replay_world_remove_data(struct replay_world *world); /* deletes what was granted */
void replay_world_done(struct replay_world *world);
/* Replays; `module` NULL: the trace's own. */
enum status replay_world_replay(const struct replay_world *world, const struct buffer *module, uint64_t until,
                                struct replay_report *ret, struct error *error);
/* A copy of the module in which `from` stands nowhere or once, replaced by as many bytes of `to`. */
void replay_world_patch(const struct replay_world *world, const void *from, const void *to, size_t size,
                        struct buffer *ret);

#endif
