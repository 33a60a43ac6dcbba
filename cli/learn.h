/* `warrant policy learn`: from the traces of some runs to the least policy under which the calls that succeeded in them
 * succeed again.
 *
 * What a run needs of its directories is read off its calls once (learn_runs.c), and becomes grants (learn_parts.c).
 * From then on nothing is believed that the decision core has not said: it decides all runs again with and without each
 * grant (learn_judge.c), so that what is missing is found, what nobody misses goes (learn_least.c), and each grant that
 * stays has the calls that would be refused without it as its reason (learn_words.c). */
#ifndef WARRANT_CLI_LEARN_H
#define WARRANT_CLI_LEARN_H

#include "cli/options.h"
#include "cli/replay_process.h"
#include "tracer/trace.h"
#include "wasi/again.h"
#include "wasi/policy/policy.h"
#include "wasi/start.h"

enum {
    LEARN_RUNS_MAX = 256,
    LEARN_USES_MAX = 4096, /* parts of directories that are told apart, in one run */
    LEARN_PARTS_MAX = 8,   /* grants beneath one directory of the runs; more are put together */
    LEARN_EVENTS_SHOWN = 3
};
#define LEARN_TIME_LEAST (UINT64_C(30) * 1000000000) /* ns; a limit of time below it stops guests on a busy machine */

/* A part of a run's directory that calls needed. */
struct learn_use {
    uint32_t preopen;
    char *below; /* owned */
    bool writes;
};

/* What a run used of what a policy limits. */
struct learn_seen {
    uint64_t value[POLICY_LIMIT_COUNT];
    bool known[POLICY_LIMIT_COUNT];
};

struct learn_run {
    const char *path; /* of the trace; borrowed */
    struct run_spec spec;
    struct wasi_start start;
    struct learn_use *uses; /* owned */
    uint32_t use_count;
    bool *flat;   /* owned; of each directory: which part of it was used cannot be told */
    bool by_name; /* it asked what its directories are called, and did as then under grants of their parts */
    bool cut;     /* the trace is not the whole run */
    uint64_t events, calls;
    struct learn_seen seen;
    char verdict[128]; /* of the check */
    char ended[128];   /* why the trace ends, where the guest did not end by itself */
};

/* The calls that would not succeed without something, in one run. */
struct learn_reason {
    uint64_t calls, first[LEARN_EVENTS_SHOWN];
};

/* A grant of the policy: of directory `below` in one that runs were granted as `host` and `guest`. */
struct learn_grant {
    char *host, *guest, *below; /* owned */
    bool writes, keeps_place;   /* keeps_place: it is there for the numbers of the descriptors behind it */
    bool raised;                /* written only because another grant of the same directory is */
};
struct learn_rule {
    struct net_rule rule;
    bool exact; /* of an address that was used; else of one that a run's rule has, because sockets need some rule */
};

/* What is to be granted. */
struct learn_policy {
    uint32_t grant_count, rule_count, name_count, device_count, listen_count;
    struct learn_grant *grants;                        /* owned; at most LIMIT_PREOPENS */
    struct learn_rule *rules;                          /* owned; at most LIMIT_NETWORK_RULES */
    char *names[LIMIT_NAMES], *devices[LIMIT_DEVICES]; /* borrowed of the runs */
    struct net_address listens[LIMIT_LISTENERS];
};

/* One thing that is granted, or the change of one. */
enum learn_kind { LEARN_NOTHING, LEARN_GRANT, LEARN_ACCESS, LEARN_RULE, LEARN_NAME, LEARN_DEVICE, LEARN_LISTEN };
struct learn_item {
    enum learn_kind kind; /* ACCESS: grant `index` for reading only */
    uint32_t index;
};
/* What is lost without an item: one reason for each run. */
struct learn_loss {
    struct learn_item item;
    uint64_t calls;               /* in all runs */
    struct learn_reason *reasons; /* owned; one for each run */
    uint32_t root;                /* a grant that hides the name of its own directory from a call; UINT32_MAX: none */
};

struct learn {
    struct learn_run *runs; /* owned */
    uint32_t run_count;
    uint32_t depth; /* how many components a grant may lie beneath what the runs were granted */
    bool no_replay, partial, unseen;
    struct replay_process process;
    struct learn_policy policy;
    struct learn_loss *losses; /* owned; of each item of the policy, when it is the least */
    uint32_t loss_count;
};

/* ---- learn_runs.c ---- */

/* Opens the trace, checks it as `warrant check` does, and reads off it what the run used. DENIED: nothing is to be
 * learnt from it, and the text says why. */
MUST_USE enum status learn_run_read(struct learn *learn, struct learn_run *run, struct error *error);
void learn_run_done(struct learn_run *run);

/* ---- learn_parts.c ---- */

/* Puts together what all runs were granted and used. DENIED: no one policy can serve them. */
MUST_USE enum status learn_parts(struct learn *learn, struct error *error);
/* The grant then is of the directory above. */
void learn_part_raise(struct learn *learn, uint32_t grant);
void learn_policy_done(struct learn_policy *policy);
void learn_grant_drop(struct learn_policy *policy, uint32_t index);
/* The last path of a grant, host's or guest's: `base` and what lies below. Returns owned, NULL: no memory. */
char *learn_path(const char *base, const char *below);
/* Where the run's directory lay. */
const char *learn_host(const struct learn_run *run, uint32_t preopen);

/* ---- learn_judge.c ---- */

/* Decides all runs again, once without each of losses[count].item, and fills them. */
MUST_USE enum status learn_judge(const struct learn *learn, struct learn_loss *losses, uint32_t count,
                                 struct error *error);
MUST_USE enum status learn_loss_init(const struct learn *learn, struct learn_item item, struct learn_loss *ret,
                                     struct error *error);
void learn_losses_free(struct learn_loss *losses, uint32_t count); /* NULL is fine */

/* ---- learn_least.c ---- */

/* Leaves in the policy what is needed, and fills learn->losses. */
MUST_USE enum status learn_least(struct learn *learn, struct error *error);

/* ---- learn_limits.c ---- */

void learn_seen_call(struct learn_seen *seen, const struct trace_call *call);
void learn_seen_handle(struct learn_seen *seen, uint32_t handle);
void learn_seen_end(struct learn_seen *seen, const struct run_spec *spec, const struct trace_exit *exit,
                    const struct trace_end *end, uint64_t trace_bytes);
/* The limit for all runs; false: none is to be written. *ret_seen: the most that was used. */
bool learn_limit(const struct learn *learn, uint32_t limit, uint64_t *ret, uint64_t *ret_seen);

/* ---- learn_words.c ---- */

/* The policy file; and what the policy in it is, as JSON. */
MUST_USE enum status learn_yaml(const struct learn *learn, struct buffer *out, struct policy *ret, struct error *error);
void learn_json(const struct learn *learn, const struct policy *policy, struct buffer *out);

#endif
