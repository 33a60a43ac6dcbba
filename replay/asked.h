/* A replay under another policy: its state, and what its three files share. Internal to replay/. */
#ifndef WARRANT_REPLAY_ASKED_H
#define WARRANT_REPLAY_ASKED_H

#include "replay/session.h"
#include "wasi/run_budget.h"

/* A descriptor of the guest's now, and what it was then. */
struct asked_handle {
    uint32_t was;      /* HANDLE_NONE: nothing that the trace knows */
    const char *below; /* borrowed; it is the part `below` of that directory; "": the whole */
};

struct asked {
    const struct run_spec *was, *now; /* borrowed */
    struct wasi_observer usual;       /* of a replay as it was */
    struct wasi_budget budget;
    struct asked_handle handle[HANDLES_TOTAL];
    struct trace_call *ahead; /* owned; while a call is looked for */
    bool matched;             /* the call in progress is session->call */
    bool less, assumed;       /* of it: opened for less; an answer that was taken for granted */
    bool part;                /* of it: it names something in a part of a directory that the guest had whole then */
    bool changed;             /* a call that changed files then is not made now: what files are now is not known */
    bool moved;               /* descriptors were moved: a low number is no standard stream for sure */
    bool others;              /* the engine's limits are others */
    uint32_t told, row;       /* steps; calls as then in a row */
    uint64_t left_out;        /* calls since the last step that was told */
};

/* The first descriptors, unless they were moved: input, output, error. */
enum { STREAMS = 3 };

/* ---- asked.c ---- */

/* What is told of the request; `kind`, the answer of now and `why` are the caller's to add. */
struct replay_step asked_step(const struct session *session, const struct request *request);
void asked_tell(struct session *session, const struct request *request, struct replay_step *step);
/* Only the world knows what comes now: the replay ends here. op: NULL where there is none. */
enum status asked_world(struct session *session, const struct request *request, const struct op *op, const char *why);
/* Goes to the next recorded call; states and growths mean nothing to a guest that has gone another way. */
enum status asked_next(struct session *session, struct error *error);
/* A recorded call is not made, or refused. What its descriptors became then, ours are not. */
void asked_forget(struct asked *asked, const struct trace_call *call);
/* Looks for the call among those that follow, and goes there: asked->matched. */
enum status asked_look_ahead(struct session *session, const struct request *request, struct error *error);

/* ---- asked_same.c ---- */

/* Whether the guest's request is the recorded one as far as its meaning goes: descriptors by what they are, without
 * addresses in the guest's memory. */
bool asked_same_request(const struct asked *asked, const struct request *live, const struct request *was);
/* The same of an op. less: it opens for less than was opened then. */
bool asked_same_op(const struct asked *asked, const struct request *live_request, const struct op *live,
                   const struct request *was_request, const struct op *was, bool *ret_less);
/* Whether the request names a directory that is a part of what it was then. */
bool asked_names_part(const struct asked *asked, const struct request *request);
/* For such a call: which of the recorded ops has the answer to this one. From another directory the way to a name is
 * another. ASKED_GIVEN: it follows from the others that it succeeds; ASKED_UNKNOWN. */
enum { ASKED_GIVEN = LIMIT_OPS, ASKED_UNKNOWN };
uint32_t asked_part_op(const struct asked *asked, const struct request *live_request, const struct op *live,
                       const struct trace_call *was);
/* Whether the recorded call may have changed files, or what a peer does. */
bool asked_changes(const struct asked *asked, const struct trace_call *call);
/* The call in words. */
void asked_words(const struct request *request, char *ret, size_t size);

#endif
