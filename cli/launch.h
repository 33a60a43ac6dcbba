/* The launcher: opens what is granted, starts recorder, witness and guest as processes of their own, waits for them.
 *
 * The children are executables under libexec/warrant/ beside the command. They get what they need on fixed descriptors,
 * and nothing else: every other descriptor is close-on-exec. */
#ifndef WARRANT_CLI_LAUNCH_H
#define WARRANT_CLI_LAUNCH_H

#include "runtime/base/base.h"
#include "tracer/trace.h"
#include "tracer/witness_file.h"
#include "wasi/policy/policy.h"

/* Descriptors of the guest's process. Grants follow from GUEST_FD_GRANTS on, in the order of the policy. GUEST_FD_ALIVE
 * is kept free: who waits for the guest asks the kernel, not a descriptor that the guest's process could close. */
enum { GUEST_FD_LAUNCH = 3, GUEST_FD_MODULE = 4, GUEST_FD_RING = 5, GUEST_FD_ALIVE = 6, GUEST_FD_GRANTS = 10 };
/* Descriptors of the recorder's process. */
enum {
    RECORDER_FD_CONTROL = 3, /* a socket: from the launcher one byte when the description is there, then a struct
                                trace_fate; to it struct child_message */
    RECORDER_FD_SPEC = 4,    /* the description: sealed, and nothing that the guest's process has */
    RECORDER_FD_MODULE = 5,
    RECORDER_FD_RING = 6,
    RECORDER_FD_GUEST = 7, /* a pidfd of the guest's process */
    RECORDER_FD_TRACE = 8
};
/* Descriptors of the witness's process. */
enum { WITNESS_FD_CONTROL = 3, WITNESS_FD_FILE = 4 };

/* How the guest ended, written by its process into the shared launch page. It is what the suspect says of itself: words
 * for a message, and nothing that decides over files or a status without the kernel's wait status beside it. */
struct launch_report {
    uint32_t magic;  /* LAUNCH_MAGIC once it is complete */
    uint32_t status; /* enum status: OK, EXITED, TRAPPED; else why the guest could not run */
    uint32_t exit_code, trap, function, offset;
    uint64_t instructions, hostcalls;
    char function_name[64];
    char text[ERROR_TEXT_MAX];
};
enum { LAUNCH_MAGIC = 0x57524e54, EXIT_FAILURE_SETUP = 125 };

/* The launch page: a memory file of this struct, followed by the stored form of the run_spec. */
struct launch_page {
    struct launch_report report;
    /* Two gates (launch_gate.h). The guest's process confines itself, fills line_held and landlock_abi and opens
     * `confined`; it looks at no byte of the module before the launcher opened `go`. */
    uint32_t confined, go;
    uint32_t landlock_abi;
    uint8_t line_held[CONFINE_LINE_COUNT];
    uint32_t recorded; /* a ring is there */
    uint32_t spec_size;
    uint8_t spec[];
};

/* What a child reports over its pipe or socket: first READY or FAILED, at its end DONE or FAILED. */
enum child_message_kind { CHILD_READY = 1, CHILD_DONE = 2, CHILD_FAILED = 3 };
struct child_message {
    uint32_t kind;        /* enum child_message_kind */
    uint32_t status;      /* enum status */
    struct trace_end end; /* recorder, DONE */
    uint64_t lost, bytes; /* witness, DONE */
    char text[ERROR_TEXT_MAX];
};

struct launch_options {
    struct run_spec *spec;  /* borrowed; what was asked for stands in its facts; the rest of it is filled in */
    const char *trace_path; /* NULL: not recorded */
};

struct launch_result {
    bool started; /* the guest was let go; else nothing is left of the start, and launch_run failed */
    struct launch_report report;
    bool reported;          /* the guest's process wrote its report */
    struct trace_fate fate; /* of the guest's process: why it ended, and the kernel's wait status */
    bool recorder_died;     /* and the rest of the ring was saved */
    struct trace_end end;   /* where recorded */
    uint64_t trace_bytes;
    bool witnessed;
    uint64_t witness_bytes, witness_lost;
    char witness_path[4096];
    char witness_reason[ERROR_TEXT_MAX]; /* why there is no witness */
    char recorder_text[ERROR_TEXT_MAX];  /* what the recorder said when it failed */
};

MUST_USE enum status launch_run(const struct launch_options *options, struct launch_result *ret, struct error *error);

/* Parts, each in a file of its own. */
struct launch_files { /* descriptors of the launcher, -1 where there is none */
    int module, page, ring, trace;
    int spec; /* the recorder's description */
    struct launch_page *mapped;
    size_t mapped_size;
    const void *module_bytes;
    size_t module_size;
    char ring_path[4096];
    int *grants;
};
void launch_files_init(struct launch_files *files);
/* Opens module and grants, fills hash and initial descriptors. */
MUST_USE enum status launch_files_open(const struct launch_options *options, struct launch_files *files,
                                       struct error *error);
/* Creates trace and ring. */
MUST_USE enum status launch_files_record(const struct launch_options *options, struct launch_files *files,
                                         struct error *error);
/* Writes the launch page. */
MUST_USE enum status launch_files_page(const struct launch_options *options, struct launch_files *files,
                                       struct error *error);
void launch_files_close(struct launch_files *files);
/* What is known before the guest starts: the machine, the program, where the grants lie. (launch_facts.c) */
MUST_USE enum status launch_facts_fill(struct run_spec *spec, const struct launch_files *files, struct error *error);
/* Writes the description, with what held, into the recorder's file and seals it. */
MUST_USE enum status launch_facts_seal(const struct run_spec *spec, const struct launch_files *files,
                                       struct error *error);

struct launch_pass {
    int from, to;
}; /* the child's descriptor `to` is the launcher's `from` */
/* Forks a child that waits for a byte on *ret_go, then execs libexec/warrant/NAME with exactly 0, 1, 2 and `pass`.
 * quiet: ignores the terminal's signals. */
MUST_USE enum status launch_spawn(const char *name, const struct launch_pass *pass, size_t pass_count, bool quiet,
                                  int *ret_pid, int *ret_go, struct error *error);
void launch_go(int go); /* releases it; closes go */

#endif
