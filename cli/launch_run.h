/* What the parts of the launcher share while one run lasts. */
#ifndef WARRANT_CLI_LAUNCH_RUN_H
#define WARRANT_CLI_LAUNCH_RUN_H

#include "cli/launch.h"
#include "cli/launch_signals.h"

struct child_process {
    int pid;     /* 0: none or reaped */
    int control; /* the launcher's end of its socket, -1: none */
    int go;      /* releases it, -1: released or none */
    int watch;   /* can be read when it has ended (os_process_watch), -1: none */
};

struct run {
    const struct launch_options *options;
    struct launch_result *result;
    struct launch_files files;
    struct child_process guest, recorder, witness, resolver;
    struct launch_signals signals;
};

/* ---- children (launch_child.c) ---- */
void launch_close(int *fd); /* and sets it to -1 */
MUST_USE enum status child_fork(struct child_process *child, const char *name, const struct launch_pass *pass,
                                size_t count, bool quiet, struct error *error);
/* Lets it execute. */
MUST_USE enum status child_release(struct child_process *child, const char *name, struct error *error);
/* A pair of sockets: the child's end is returned, the other is child->control. */
MUST_USE enum status child_socket(struct child_process *child, int *ret_theirs, struct error *error);
/* false: it is gone without one, or a second signal came. */
bool child_message_read(struct run *run, const struct child_process *child, struct child_message *message);
/* The first message: READY, or why not. */
MUST_USE enum status child_ready(struct run *run, const struct child_process *child, const char *name,
                                 struct error *error);
bool child_is_gone(const struct child_process *child); /* dead, reaped or not */
void child_reap(struct child_process *child, int *ret_wait_status);
void child_put_down(struct child_process *child); /* kills, reaps, closes */
/* The same, for a process of ours that ends by itself when it hears no more from here: it is killed only if it does
 * not. */
void child_let_end(struct child_process *child);

/* ---- the guest (launch_guest.c) ---- */
MUST_USE enum status guest_fork(struct run *run, struct error *error);
/* Waits until the guest's process has confined itself and takes over what held. */
MUST_USE enum status guest_confined(struct run *run, struct error *error);
/* Lets it go, waits until it is gone, and stops it where it must not go on. Fills result->fate and its report. */
void guest_wait(struct run *run);

/* ---- recorder and witness (launch_recorder.c, launch_witness.c) ---- */
MUST_USE enum status recorder_fork(struct run *run, struct error *error);
MUST_USE enum status recorder_start(struct run *run, struct error *error); /* the description is sealed */
/* Tells it the guest's fate and takes its last word; does its work where it died. */
MUST_USE enum status recorder_finish(struct run *run, struct error *error);
/* Starts the witness on the waiting guest, and fills the facts. auto: one that cannot be had is done without. */
MUST_USE enum status witness_try(struct run *run, struct error *error);
/* Tells it what held, for its file's header, before the guest goes. */
MUST_USE enum status witness_tell(struct run *run, struct error *error);
void witness_finish(struct run *run);

/* ---- the resolver (launch_resolver.c) ---- */
MUST_USE enum status resolver_start(struct run *run, struct error *error); /* where the policy has names */
/* The guest is gone: says it where the resolver was gone before, for to the guest that is a name without addresses. */
void resolver_say(const struct run *run);

#endif
