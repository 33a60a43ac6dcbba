/* The launcher: opens what is granted, starts recorder, witness and guest as processes of their own, waits for them.
 *
 * The children are executables under libexec/warrant/ beside the command. They get what they need on fixed descriptors,
 * and nothing else: every other descriptor is close-on-exec. */
#ifndef WARRANT_CLI_LAUNCH_H
#define WARRANT_CLI_LAUNCH_H

#include "checker/crash.h"
#include "cli/file_make.h"
#include "cli/places.h"
#include "runtime/base/base.h"
#include "tracer/trace.h"
#include "tracer/witness_file.h"
#include "wasi/policy/policy.h"

/* Descriptors of the guest's process. Grants follow from GUEST_FD_GRANTS on, in the order of the policy: directories,
 * then listening sockets. GUEST_FD_ALIVE is kept free: who waits for the guest asks the kernel, not a descriptor that
 * the guest's process could close. */
enum {
    GUEST_FD_LAUNCH = 3,
    GUEST_FD_MODULE = 4,
    GUEST_FD_RING = 5,
    GUEST_FD_ALIVE = 6,
    GUEST_FD_RESOLVER = 7,
    GUEST_FD_GRANTS = 10
};
/* Descriptors of the recorder's process. */
enum {
    RECORDER_FD_CONTROL = 3, /* a socket: from the launcher a struct recorder_start when the description is there, then
                                a struct trace_fate; to it struct child_message */
    RECORDER_FD_SPEC = 4,    /* the description: sealed, and nothing that the guest's process has */
    RECORDER_FD_MODULE = 5,
    RECORDER_FD_RING = 6,
    RECORDER_FD_GUEST = 7, /* watches the guest's process, where such a descriptor can be given (os_process_pass) */
    RECORDER_FD_TRACE = 8,
    RECORDER_FD_FOLDER = 9, /* where the ring lies */
    RECORDER_FD_KEY = 10    /* to sign with, where the description says that it does */
};
/* The ring's name and identity: a recorder whose launcher was killed finishes the trace and removes the ring itself. */
struct recorder_start {
    char ring_name[FILE_NAME_BYTES];
    uint64_t ring_dev, ring_ino;
    int32_t guest_pid;
};
/* Descriptors of the resolver's process: its end of the pair, and the names, each with its NUL. */
enum { RESOLVER_FD_SOCKET = 3, RESOLVER_FD_NAMES = 4 };
/* Descriptors of the witness's process. */
enum { WITNESS_FD_CONTROL = 3, WITNESS_FD_FILE = 4, WITNESS_FD_KEY = 5 };
/* What the witness is told first. */
struct witness_start {
    struct witness_info info;
    uint32_t sign; /* 1: WITNESS_FD_KEY is there, to sign with */
    uint32_t reserved;
};
/* Keys that are passed on and not read by the launcher. */
enum { LAUNCH_KEY_RECORDER, LAUNCH_KEY_WITNESS, LAUNCH_KEYS };

/* How the guest ended, written by its process into the shared launch page. It is what the suspect says of itself: words
 * for a message, and nothing that decides over files or a status without the kernel's wait status beside it. */
struct launch_report {
    uint32_t magic;  /* LAUNCH_MAGIC once it is complete */
    uint32_t status; /* enum status: OK, EXITED, TRAPPED; else why the guest could not run */
    uint32_t exit_code, trap, function, offset;
    uint64_t instructions, hostcalls;
    struct call_stack stack;
    char text[ERROR_TEXT_MAX];
};
enum { LAUNCH_MAGIC = 0x57524e54, EXIT_FAILURE_SETUP = 125 };

/* The launch page: a memory file of this struct, followed by the stored form of the run_spec. */
struct launch_page {
    struct launch_report report;
    /* Two gates (launch_gate.h). The guest's process confines itself, fills line_held and landlock_* and opens
     * `confined`; it looks at no byte of the module before the launcher opened `go`. */
    uint32_t confined, go;
    uint32_t landlock_abi, landlock_net;
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
    bool trace_default;     /* nobody named it: another number, or another folder, where this one will not do */
    const char *const *policy_paths; /* borrowed: the files that the policy came from */
    size_t policy_count;
    const char *key_paths[LAUNCH_KEYS]; /* borrowed; NULL: its file is not signed */
    /* Told before anything is started, where the trace goes elsewhere than trace_path says. */
    void (*moved)(void *self, const char *path, const char *why);
    void (*left)(void *self, const char *path, const char *why); /* a file of ours could not be removed */
    void *moved_self;                                            /* of both; they may be NULL */
};

struct launch_result {
    bool started; /* the guest was let go; else nothing is left of the start, and launch_run failed */
    struct launch_report report;
    bool reported;          /* the guest's process wrote its report */
    struct trace_fate fate; /* of the guest's process: why it ended, and the kernel's wait status */
    bool recorder_died;     /* and the rest of the ring was saved */
    struct trace_end end;   /* where recorded */
    uint64_t trace_bytes;
    char trace_path[4096]; /* where recorded: what it became */
    bool witnessed;
    uint64_t witness_bytes, witness_lost;
    char witness_path[4096];
    char witness_reason[ERROR_TEXT_MAX]; /* why there is no witness */
    char recorder_text[ERROR_TEXT_MAX];  /* what the recorder said when it failed */
    char copy_text[ERROR_TEXT_MAX];      /* why there is no copy of the trace where it was named to be */
    struct crash_symbols crash;          /* of a trap: what the module says of report.stack */
};

MUST_USE enum status launch_run(const struct launch_options *options, struct launch_result *ret, struct error *error);

/* Parts, each in a file of its own. */
struct launch_files { /* descriptors of the launcher, -1 where there is none */
    int module, page, ring, trace, witness, folder;
    int spec, spec_reader;         /* the recorder's description (os_memory_create) */
    uint8_t spec_hash[TRACE_HASH]; /* BLAKE2b of it, once it is sealed */
    int keys[LAUNCH_KEYS];
    int asking, answering; /* the ends of the resolver's pair, where the policy has names */
    struct launch_page *mapped;
    size_t mapped_size;
    const void *module_bytes;
    size_t module_size;
    int *grants; /* directories, then listening sockets, as initial descriptors from 3 on */
    uint32_t grant_count, write_count;
    struct places *writes;                                      /* what the guest may write */
    uint32_t *write_grants;                                     /* for each of them, its number in the policy */
    struct file_made trace_made, ring_made, witness_made;       /* in `folder` */
    char trace_path[4096], witness_path[4096], ring_path[4096]; /* for messages */
    int copy_folder; /* a place that the guest can write and the user named: gets a copy in the end. -1: none */
    char copy_names[2][FILE_NAME_BYTES], copy_paths[2][4096]; /* of trace and witness file */
};
void launch_files_init(struct launch_files *files);
/* Opens module and grants, fills hash and initial descriptors. Refuses a policy or an installation that the guest could
 * write. */
MUST_USE enum status launch_files_open(const struct launch_options *options, struct launch_files *files,
                                       struct error *error);
/* Writes the launch page. */
MUST_USE enum status launch_files_page(const struct launch_options *options, struct launch_files *files,
                                       struct error *error);
void launch_files_close(struct launch_files *files);
/* What is known before the guest starts: the machine, the program, where the grants lie. (launch_facts.c) */
MUST_USE enum status launch_facts_fill(struct run_spec *spec, const struct launch_files *files, struct error *error);
/* Writes the description, with what held, into the recorder's file and seals it. */
MUST_USE enum status launch_facts_seal(const struct run_spec *spec, struct launch_files *files, struct error *error);

/* Refuses a directory whose file system holds no data. *ret_doubtful: whether such file systems are mounted beneath it,
 * or that cannot be told. Fills spec->nodes. (launch_mounts.c) */
MUST_USE enum status launch_grant_check(const char *name, int fd, bool *ret_doubtful, struct error *error);
MUST_USE enum status launch_devices_find(struct run_spec *spec, struct error *error);
/* Opens every granted directory, and knows from then on what the guest may write (launch_grants.c). */
MUST_USE enum status launch_grants_open(struct run_spec *spec, struct launch_files *files, struct error *error);
/* Then every listening socket, which others see from here on, and the resolver's pair. */
MUST_USE enum status launch_sockets_open(struct run_spec *spec, struct launch_files *files, struct error *error);
/* Makes the pair between the guest's process and the resolver. (launch_resolver.c) */
MUST_USE enum status launch_resolver_pair(struct launch_files *files, struct error *error);
/* Opens the keys. DENIED: the guest could read one. (launch_keys.c) */
MUST_USE enum status launch_keys_open(const struct launch_options *options, struct launch_files *files,
                                      struct error *error);
/* Opens a socket that listens at *address, and puts the port there that it got. (launch_listen.c) */
MUST_USE enum status launch_listen_open(struct net_address *address, int *ret_fd, struct error *error);
/* Where the kernel chose a port, says which. */
void launch_listen_say(const struct run_spec *spec);
/* Opens the directory `path` of ours. *ret_grant: the write grant that it lies in, or that the way to it leads through;
 * else -1. (launch_guard.c) */
MUST_USE enum status launch_folder_open(const struct launch_files *files, const char *path, int *ret_fd, int *ret_grant,
                                        struct error *error);
/* DENIED: a policy file, or a part of the program, can be written or replaced by the guest. */
MUST_USE enum status launch_guard(const struct launch_options *options, const struct launch_files *files,
                                  struct error *error);

/* Makes trace, ring and, where there is to be one, witness file, in a folder that no guest of this run can write
 * (launch_outputs.c). */
MUST_USE enum status launch_outputs_make(const struct launch_options *options, struct launch_files *files,
                                         struct error *error);
/* launch_keep.c. Right before the guest starts: from here on they stay, and what they replace is gone. The witness file
 * only if witnessed. */
MUST_USE enum status launch_outputs_keep(const struct launch_options *options, struct launch_files *files,
                                         bool witnessed, struct error *error);
/* Removes the ring, and what was made and not kept; what it replaced has its name again. */
void launch_outputs_drop(const struct launch_options *options, struct launch_files *files);
/* When the guest is gone: the copies, where the user named a place that the guest can write. (launch_copy.c) */
MUST_USE enum status launch_outputs_copy(const struct launch_files *files, bool witnessed, struct error *error);

/* Raises the soft limit of open files to the hard one. LIMIT: too few are left for a run. */
MUST_USE enum status launch_limits(uint32_t grants, struct error *error);

struct launch_pass {
    int from, to;
}; /* the child's descriptor `to` is the launcher's `from`; -1: it has none */
/* Forks a child that waits for launch_go, then execs libexec/warrant/NAME with exactly 0, 1, 2 and `pass`, whatever the
 * launcher has open. quiet: ignores the terminal's signals, and has neither its input nor its output. */
MUST_USE enum status launch_spawn(const char *name, const struct launch_pass *pass, size_t pass_count, bool quiet,
                                  int *ret_pid, int *ret_go, struct error *error);
/* Releases it and waits until it executes; takes go. LIMIT, IO: it could not. */
MUST_USE enum status launch_go(int go, const char *name, struct error *error);
/* The path of the command itself, and of a part of it. */
MUST_USE enum status launch_self_path(char *ret, size_t size, struct error *error);
MUST_USE enum status launch_part_path(const char *name, char *ret, size_t size, struct error *error);

#endif
