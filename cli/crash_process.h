/* Names and source lines for a trap's stack, looked up in a process of its own: warrant-symbols reads the module, which
 * is hostile, confined as the replayer is, and answers with messages of a fixed size. What it says is a claim: words to
 * print, and nothing that a verdict depends on. */
#ifndef WARRANT_CLI_CRASH_PROCESS_H
#define WARRANT_CLI_CRASH_PROCESS_H

#include "checker/crash.h"
#include "tracer/trace.h"

/* Descriptors of its process: as the replayer's. */
enum { SYMBOLS_FD_JOB = 3, SYMBOLS_FD_RESULT = 4, SYMBOLS_FD_SOURCE = 5 };

enum { CRASH_JOB_MAGIC = 0x4a535257 };
struct crash_job {
    uint32_t magic, size; /* of this struct and the message's, added */
    uint64_t source_size; /* bytes of the source that are read */
    uint64_t memory, seconds;
    uint32_t is_trace; /* the source is a trace that holds the module; else it is the module */
    uint32_t lines;    /* not the stack is asked for, but all lines of the module, as replay/coverage.h reads them */
    struct call_stack stack;
};

/* At most CRASH_MESSAGES are heard: first the names, which take a look at the module; then all, once its debug
 * information has been read too. */
enum crash_message_kind { CRASH_NAMES = 1, CRASH_ALL = 2, CRASH_FAILED = 3, CRASH_LINES = 4 };
enum { CRASH_MESSAGES = 2 };
struct crash_message {
    uint32_t kind; /* enum crash_message_kind */
    char text[ERROR_TEXT_MAX];
    uint32_t size; /* LINES: of `bytes` */
    union {
        struct crash_symbols symbols;
        uint8_t bytes[sizeof(struct crash_symbols)]; /* LINES: some of what is told */
    };
};
enum { CRASH_JOB_SIZE = sizeof(struct crash_job) + sizeof(struct crash_message) };

/* What the module is looked for in: an open file (borrowed). */
struct crash_source {
    int fd;
    uint64_t size;
    bool is_trace;
};

/* Fills *ret. It does not fail: what could not be looked up is empty, and ret->why says so. No child is left behind. */
void crash_look(const struct crash_source *source, const struct call_stack *stack, struct crash_symbols *ret);
/* The same for a trace by its name, and appends crash_words of it: the stack of a recorded trap, in words. */
void crash_trace_words(const char *trace_path, const struct call_stack *stack, struct buffer *out);
/* crash_look in a trace or, where module_path is not NULL, in that file. Returns owned, by free(); NULL where the stack
 * is of no depth or memory is short. */
struct crash_symbols *crash_trace_look(const char *trace_path, const char *module_path, const struct call_stack *stack);

/* Appends what the module in a trace (module_path NULL), or in that file, says of all its lines: for
 * coverage_lines_read. Nothing is appended where it says nothing. A failure's text says why there are none. */
MUST_USE enum status crash_lines_look(const char *trace_path, const char *module_path, struct buffer *told,
                                      struct error *error);

/* Why no source lines can be told by this build; NULL: they can. */
const char *crash_lines_left_out(void);

#endif
