/* The calls of a recorded run decided once more, in worlds that are granted less than it was. (wr_wasi_start)
 *
 * The decision core decides here, as it did then: the recorded requests and answers are its input. Nothing is
 * performed, and no guest runs: what a guest would have done after another answer, this does not say (replay/ does). */
#ifndef WARRANT_WASI_AGAIN_H
#define WARRANT_WASI_AGAIN_H

#include "wasi/wasi.h"

/* A part of a directory that the run was granted, as a world grants it. */
struct wasi_again_grant {
    uint32_t preopen;  /* which of the run's */
    const char *below; /* borrowed; the part: components joined by '/'; "": all of it */
    bool writes;
};

/* Pointers are borrowed for the life of the wasi_again. Where the run has a thing and the world does not, what the
 * guest did with it is lost; a world has nothing that the run has not, but for rules of the network. */
struct wasi_again_world {
    uint32_t grant_count, device_count, network_count, name_count;
    const struct wasi_again_grant *grants; /* at most LIMIT_PREOPENS */
    const struct wasi_device *devices;
    const struct net_rule *networks;
    const char *const *names;
    uint64_t listens; /* bit n: the run's listening socket n */
};

enum wasi_again_answer {
    AGAIN_SAME,    /* as then; or the call did not succeed then */
    AGAIN_REFUSED, /* the core refuses it, for `rule` */
    AGAIN_OTHER,   /* the core takes another way, whose answers nobody has */
    AGAIN_LOST,    /* it names a descriptor that would not be there */
    AGAIN_ROOT, /* it names the directory of `grant` itself by a name in the directory above: that has no name there */
};
struct wasi_again_ruling {
    enum wasi_again_answer answer;
    uint16_t rule;  /* REFUSED: enum rule */
    uint32_t grant; /* ROOT: which of the world's */
};

/* One recorded call, borrowed. */
struct wasi_again_call {
    const struct request *request;
    const struct call_ops *ops;
    const struct outcome *outcome;
    bool complete;
};

struct wasi_again;
/* config: what the run was granted (borrows for the call). Returns owned. LIMIT, NO_MEMORY. */
MUST_USE enum status wasi_again_create(const struct wasi_config *config, const struct wasi_again_world *worlds,
                                       uint32_t count, struct wasi_again **ret, struct error *error);
/* Decides the run's next call, fills rulings[count]. MALFORMED: the call cannot have happened as it is recorded. */
MUST_USE enum status wasi_again_decide(struct wasi_again *again, const struct wasi_again_call *call,
                                       struct wasi_again_ruling *rulings, struct error *error);
void wasi_again_free(struct wasi_again *again); /* NULL is fine */

/* ---- what a call names ---- */

enum { AGAIN_NAMED_MAX = LIMIT_SUBSCRIPTIONS + OPERATION_FIELDS_MAX };
/* A descriptor that the call names, and the path beneath it. */
struct wasi_again_named {
    uint32_t handle;
    uint32_t string; /* of the request; REQUEST_STRINGS: none */
};
/* Fills at most AGAIN_NAMED_MAX; returns how many. Of a request with a fault: none. */
uint32_t wasi_again_names(const struct request *request, struct wasi_again_named *ret);
/* The path without `.` and doubled slashes, NUL-terminated; "" for none. False: it goes up (`..`), so that what it
 * names is not known from its text. ret: LIMIT_PATH + 1 bytes. */
bool wasi_again_path(const struct request *request, uint32_t string, char *ret);
/* Whether the call looked at, or opened, a directory as such: then a grant of just that directory does for it. */
bool wasi_again_is_directory(const struct wasi_again_call *call);
bool wasi_again_succeeded(const struct wasi_again_call *call);
/* Whether the call only asks what a grant is called, or what it may. */
bool wasi_again_asks_grant(const struct request *request);
/* What a socket of the run is; NULL: the handle is none. */
struct wasi_again_socket {
    bool is_socket, stream, bound;
    uint8_t family;
};
struct wasi_again_socket wasi_again_socket(const struct wasi_again *again, uint32_t handle);
/* The number of the run's directory behind a handle that the guest was given at start, moved or not; UINT32_MAX: none.
 */
uint32_t wasi_again_preopen(const struct wasi_again *again, uint32_t handle);

#endif
