/* A replay in a process of its own: warrant-replayer executes the trace's guest, confined as the guest's process is and
 * more narrowly: no grant, no file to open, no capability, memory from a budget, time from a limit. It gets the open
 * trace (and module), and answers with messages of a fixed size over a pipe. What it says is a claim: it is checked for
 * form here, and for sense by whoever asked. */
#ifndef WARRANT_CLI_REPLAY_PROCESS_H
#define WARRANT_CLI_REPLAY_PROCESS_H

#include "cli/options.h"
#include "replay/replay.h"

/* Descriptors of the replayer's process. Its standard input is empty, output and error lead nowhere unless they are the
 * guest's. */
enum {
    REPLAYER_FD_JOB = 3,
    REPLAYER_FD_RESULT = 4,
    REPLAYER_FD_TRACE = 5,
    REPLAYER_FD_MODULE = 6,
    REPLAYER_FD_ASKED = 7
};

enum { REPLAY_JOB_MAGIC = 0x4a545257 };
struct replay_job {
    uint32_t magic, size; /* of this struct and the message's, added: an installation of two versions is noticed */
    uint8_t has_module, digest, progress, output, validate; /* validate: the module alone, and no replay */
    uint8_t assume_output, count;                           /* count: tell what was counted */
    uint64_t trace_size, module_size, until_event;
    uint64_t asked_size;       /* of the description with another policy; 0: none */
    uint64_t memory, seconds;  /* RLIMIT_DATA; RLIMIT_CPU */
    struct tell_wishes wishes; /* of no expressions: none */
};

enum replay_message_kind {
    REPLAY_PROGRESS = 1,
    REPLAY_DONE = 2,
    REPLAY_FAILED = 3,
    REPLAY_STEP = 4,
    REPLAY_COUNTED = 5,
    REPLAY_VALUE = 6
};
enum { REPLAY_PIECE = 8192 };
_Static_assert((int)TELL_BYTES <= (int)REPLAY_PIECE, "a value is one message");
struct replay_message {
    uint32_t kind;   /* enum replay_message_kind */
    uint32_t status; /* FAILED: enum status */
    uint64_t calls, instructions;
    char text[ERROR_TEXT_MAX];
    struct replay_report report; /* DONE */
    struct replay_step step;     /* STEP */
    struct tell_value value;     /* VALUE; its bytes in `bytes` */
    uint32_t size;               /* COUNTED: of `bytes` */
    uint8_t bytes[REPLAY_PIECE];
};
enum { REPLAY_JOB_SIZE = sizeof(struct replay_job) + sizeof(struct replay_message) };

struct replay_process {
    uint64_t memory;     /* bytes of writable memory that the replayer may have in all */
    uint64_t timeout_ns; /* wall-clock; REPLAY_TIMEOUT_DERIVED: from the time that the recording took */
    bool output;         /* the guest's standard output and error are given on those of this process */
    bool validate;       /* no replay: the module is decoded and validated, and never run */
};
/* What the default limits let a guest have, and half a GiB for engine and reader: who recorded with defaults replays
 * with them. */
#define REPLAY_MEMORY_DEFAULT ((UINT64_C(9) << 30) / 2)
/* Where nobody says how long: ten times what the recording took and half a minute, at most ten minutes; a minute where
 * the trace does not tell. With `output` it is the process's own time, since it may wait for a reader. */
enum {
    REPLAY_TIMEOUT_DERIVED = 0,
    REPLAY_TIMES = 10,
    REPLAY_SECONDS_LEAST = 30,
    REPLAY_SECONDS_UNKNOWN = 60,
    REPLAY_SECONDS_MOST = 600
};
#define REPLAY_PROCESS_DEFAULT { REPLAY_MEMORY_DEFAULT, REPLAY_TIMEOUT_DERIVED, false, false }

/* The options that `replay` and `check` share: their rows, and the application of one, counted from the first of them.
 * -1, or the exit status of a value that is not understood. */
#define REPLAY_OPTION_ROWS                                                                                             \
    { 0, "memory", "SIZE", "what the replay may take of memory, 4.5GiB otherwise" },                                   \
        { 0, "timeout", "TIME",                                                                                        \
          "stop the replay after this wall-clock time: 500ms, 30s, 5m; otherwise after ten times what the "            \
          "recording took and 30s, 10m at most" }
int replay_option(const struct command *command, struct replay_process *process, int option, const char *value);

/* Validates the module in `fd` in such a process. OK, or as rt_module_validate says, and the failures below. */
MUST_USE enum status validate_process_run(const struct replay_process *process, int fd, uint64_t size,
                                          struct error *error);

/* As replay_run; self: struct replay_process. `module` (bytes) and `output` of the options are not passed on. Further
 * failures: LIMIT (the time is over), NO_MEMORY (the budget), DENIED (the process could not be confined), INTERNAL (it
 * died). */
MUST_USE enum status replay_process_run(void *self, const struct replay_options *options, struct replay_report *ret,
                                        struct error *error);

#endif
