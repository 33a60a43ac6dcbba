/* The second line of defence: what the kernel still refuses when the guest's process has been taken over. Derived from
 * the same tables as the live backend (ops.def, syscalls.def) and the same grants; see
 * docs/threat-model.md, What stands between.
 *
 * Order of use in the guest's process: open what is granted, confine_close_inherited, create everything that needs a
 * system call of its own (threads, timers, signal handlers, the ring), confine_apply, run the guest. Nothing can be
 * undone. */
#ifndef WARRANT_CONFINE_H
#define WARRANT_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/base/base.h"
#include "wasi/abi/net.h"
#include "wasi/policy/run_facts.h" /* the lines and their states */

/* A granted directory or file. */
struct confine_grant {
    int fd;      /* borrowed for the call; O_PATH is enough */
    bool writes; /* false: READ_FILE and READ_DIR */
};

struct confine_options {
    uint32_t lines;                     /* CONFINE_BIT()s to draw */
    uint32_t required;                  /* those of `lines` whose absence is a failure */
    const struct confine_grant *grants; /* borrowed for the call; none: no file can be opened at all */
    size_t grant_count;
    /* The process executes a trace's guest again: seccomp lets it read and write what is open, and no op of a hostcall.
     */
    bool replay;
    /* The process answers for names: seccomp goes by what a system call is good for, not by whose plan it is. */
    bool resolver;
    bool walks;                      /* paths are resolved component by component, and not by openat2 */
    const struct net_rule *networks; /* borrowed for the call; none: no socket can be made */
    size_t network_count;
    bool sockets; /* the process has sockets without a rule: that listen, or a resolver's */
    uint64_t
        memory; /* RLIMIT_DATA, bytes of writable memory in all; 0 leaves it, and so does a build with a sanitizer */
    uint32_t descriptors; /* RLIMIT_NOFILE, host descriptors of the process in all; 0 leaves it */
};

/* CONFINE_BIT()s of the lines that every kernel has of which this build can draw one. */
extern const uint32_t confine_always;

/* Why this build draws no line at all; NULL: it draws them. */
const char *confine_left_out(void);

/* All lines, nothing required, no grants. */
#define CONFINE_OPTIONS_DEFAULT { .lines = CONFINE_ALL }

struct confine_report {
    uint8_t state[CONFINE_LINE_COUNT];     /* enum confine_state */
    int32_t landlock_abi;                  /* 0: absent */
    uint64_t landlock_fs;                  /* file rights that the ruleset handles (bits of linux/landlock.h) */
    uint32_t landlock_net, landlock_scope; /* likewise; of TCP what the rules say, beside them nothing */
    uint32_t filter_calls;                 /* system calls that the filter allows, in whole or by argument */
    uint32_t filter_instructions;          /* its length */
    bool sanitizer; /* this build carries a sanitizer: its own calls are allowed too, leaks are not looked for after
                       this */
};

/* Closes every descriptor of the process but 0, 1, 2 and `keep` (`count` of them, in any order; negative ones are
 * skipped). IO where the kernel has no close_range and /proc/self/fd cannot be listed. */
MUST_USE enum status confine_close_inherited(const int *keep, size_t count, struct error *error);

/* Draws the lines. The process must have one thread: all lines but seccomp are the calling thread's, as the kernel has
 * it. *ret is always filled. DENIED: a line that the kernel has cannot be drawn, or a required one is absent (the text
 * names it); the process must then not run the guest. */
MUST_USE enum status confine_apply(const struct confine_options *options, struct confine_report *ret,
                                   struct error *error);

/* What confine_apply could draw on this machine, for `warrant doctor`; changes nothing. */
void confine_probe_machine(struct confine_report *ret);

/* "no_new_privs on, ... Landlock on (ABI 7), seccomp on (47 calls, 160 instructions)", NUL-terminated, cut at `size`.
 */
void confine_report_text(const struct confine_report *report, char *ret, size_t size);

#endif
