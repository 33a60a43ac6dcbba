/* One replay on its way: its state, and the functions of its parts. Internal to replay/.
 *
 * Calls go one way: replay.c asks replay_answer.c, replay_compare.c and replay_between.c; what reads on in the trace is
 * session_next.c, which compares states (replay_state.c); all of them note what they find through session.c. */
#ifndef WARRANT_REPLAY_SESSION_H
#define WARRANT_REPLAY_SESSION_H

#include "replay/replay.h"
#include "runtime/rt.h"
#include "wasi/backend.h"
#include "wasi/observer.h"
#include "wasi/policy/policy.h"

/* What the trace has next. */
enum session_item { SESSION_CALL, SESSION_EXIT, SESSION_END, SESSION_STATE, SESSION_GROWTH };

struct asked;

struct session {
    struct asked *asked; /* owned; NULL: the guest is decided as it was */
    const struct replay_options *options;
    struct replay_report *report;
    struct trace_reader *reader;  /* owned */
    struct rt_module *module;     /* owned */
    struct rt_instance *instance; /* owned; set before the guest's first instruction */
    struct trace_call *call;      /* owned; the recorded call, where item is SESSION_CALL */
    struct trace_exit recorded;   /* where item is SESSION_EXIT */
    struct trace_state state;     /* of the guest's end, where item is SESSION_STATE */
    struct trace_growth growth;   /* where item is SESSION_GROWTH */
    enum session_item item;
    uint64_t item_event;         /* number of the event that the item ended with */
    struct trace_digest *digest; /* owned; for whatever state is hashed */
    struct error failure;        /* of something that could not tell it otherwise */
    uint32_t op;                 /* ops of the current call that were answered */
    bool fuel_recorded;          /* the fuel is what the trace says that the guest needed */
    uint32_t stream[3];          /* which handle each standard stream has now; HANDLE_NONE: closed */
    uint32_t told;               /* events of the wishes that were reached */
    struct profiler *profiler;   /* owned; NULL: nothing is counted */
    struct rt_code_watch watch;  /* its */
    bool stopped;                /* the guest is stopped on purpose: the verdict is PREFIX or UNTIL */
};

/* ---- what the replay notes of itself (session.c) ---- */

/* Notes the first mismatch in the report, with the place in the guest, and returns DIVERGED. expected and found are
 * kept in the report's buffers, written by the caller through the two functions below. */
enum status session_diverge(struct session *session, uint64_t event, const char *what, struct error *error);
void session_expected(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
void session_found(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The guest's instruction, into the report. name: of the function; NULL: none. */
void session_place(struct session *session, uint32_t function, uint32_t offset, const char *name);
/* Ends the replay on purpose: the guest goes no further. Returns STOPPED. */
enum status session_stop(struct session *session, enum replay_verdict verdict, enum status why, const char *text);
/* Whether the guest only has to be stopped: nothing that it does now means anything. */
bool session_over(const struct session *session);

/* ---- reading on (session_next.c) ---- */

/* Reads the trace's next item; states behind a call are compared at once. STOPPED where the replay is to end here (the
 * report says why); MALFORMED and the like. */
MUST_USE enum status session_next(struct session *session, struct error *error);
/* Ends the replay at the event that was asked for. */
enum status session_until(struct session *session);
/* The trace ends inside the current call: ends the replay there, or says what is wrong with the trace. */
MUST_USE enum status session_in_flight(struct session *session, struct error *error);

/* ---- the guest and its state ---- */

/* The module's bytes (replay_module.c): the trace's own, or those given; the report says whether they are others. */
MUST_USE enum status session_bytes(struct session *session, const struct run_spec *spec, struct buffer *module,
                                   struct error *error);

/* Comparing (replay_compare.c): OK or DIVERGED. */
MUST_USE enum status compare_request(struct session *session, const struct request *live, struct error *error);
MUST_USE enum status compare_op(struct session *session, const struct request *request, const struct op *live,
                                const struct backend_space *space, struct error *error);
MUST_USE enum status compare_outcome(struct session *session, const struct outcome *live, uint64_t committed,
                                     struct error *error);
MUST_USE enum status compare_exit(struct session *session, const struct trace_exit *live, struct error *error);

/* The guest's state (replay_state.c): its digest now, and a recorded one held against it. */
MUST_USE enum status session_digest(struct session *session, uint64_t *ret, struct error *error);
MUST_USE enum status compare_state(struct session *session, const struct trace_state *recorded, uint64_t event,
                                   struct error *error);

/* Between calls (replay_between.c): what is to be done with the state behind its last instruction, where `ended` by
 * itself; and who watches growths. */
MUST_USE enum status session_last_state(struct session *session, bool ended, struct error *error);
struct rt_growth_watch session_growths(struct session *session);

/* Answering (replay_answer.c): fills *result from the current call's next op, which is complete. OK or DIVERGED. */
MUST_USE enum status answer_act(struct session *session, const struct op *op, const struct request *request,
                                const struct backend_space *space, struct op_result *result, struct error *error);

/* Telling (replay_tell.c): all that is wished for, or that at a hostcall where it is wished for there. */
MUST_USE enum status session_tell(struct session *session, uint64_t event, uint32_t call, struct error *error);
MUST_USE enum status session_tell_call(struct session *session, uint64_t event, uint32_t call, struct error *error);

/* ---- another policy (asked.c, asked_same.c) ---- */

struct run_spec;
/* was: what the trace says; now: the same with another policy (both borrowed until asked_free). usual: what compares
 * until they part (copied). Sets session->asked. */
MUST_USE enum status asked_create(struct session *session, const struct run_spec *was, const struct run_spec *now,
                                  const struct wasi_observer *usual, struct error *error);
void asked_free(struct asked *asked); /* NULL is fine */
bool asked_parted(const struct session *session);
struct wasi_backend asked_backend(struct session *session);
struct wasi_observer asked_observer(struct session *session);
/* The guest was ended by a limit of the policy that is asked: what it says. Returns STOPPED. */
enum status asked_limit(struct session *session, const char *why);
/* The guest ended by itself, after it was told something else than then. */
void asked_ended(struct session *session, const struct trace_exit *exit);
/* It ended where it did not then. Whether a limit of the policy that is asked accounts for it; then that is reported.
 */
bool asked_ended_early(struct session *session, const struct trace_exit *exit);

/* ---- what a guest is executed with (replay.c) ---- */

struct wasi_backend session_backend(struct session *session);
struct wasi_observer session_observer(struct session *session);

#endif
