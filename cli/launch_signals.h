/* The signals by which people and supervisors end a command: taken as data while a run lasts, so that its files are
 * whole before the launcher follows them. */
#ifndef WARRANT_CLI_LAUNCH_SIGNALS_H
#define WARRANT_CLI_LAUNCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/base/base.h"

struct launch_signals {
    int fd;         /* can be read while one is pending (os_signals_open), -1: none */
    int first;      /* the first that came, 0: none yet */
    unsigned count; /* how many came */
    sigset_t watched;
    sigset_t before; /* the mask to be put back */
    struct sigaction before_pipe;
};

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT, those excepted that were ignored when warrant was started (nohup, a job
 * in the background), and SIGPIPE. SIGTSTP and SIGCONT do what they always do: the whole job stops and goes on. */
MUST_USE enum status launch_signals_open(struct launch_signals *signals, struct error *error);
void launch_signals_take(struct launch_signals *signals); /* counts what came; does not wait */
/* Waits until `fd` can be read. false: a second signal came, or there is no use in waiting. */
bool launch_signals_wait(struct launch_signals *signals, int fd);
void launch_signals_close(struct launch_signals *signals);

#endif
