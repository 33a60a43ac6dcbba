/* Replay: executes a recorded guest again, with the trace in place of the world, and compares every hostcall. Issues no
 * system call on the guest's behalf: it reads the trace (and the module it is told to use instead) and touches no file
 * that the guest named. Source: design notes in ARCHITECTURE.md; docs/trace-format.md for what a trace holds. */
#ifndef WARRANT_REPLAY_H
#define WARRANT_REPLAY_H

#include "replay/tell.h"
#include "runtime/base/base.h"
#include "tracer/trace.h"

enum replay_verdict {
    REPLAY_IDENTICAL, /* every call, the outcome and the instruction count are as recorded */
    REPLAY_PREFIX,    /* as recorded up to where the trace ends, which is before the guest's end */
    REPLAY_UNTIL,     /* as recorded up to the event that was asked for */
    REPLAY_DIVERGED   /* `divergence` says where the guest left the trace */
};

/* The first mismatch. Texts are whole sentences' halves: "expected <expected>, found <found>". */
struct replay_divergence {
    uint64_t event, chunk;          /* of the recorded event that was not met */
    uint64_t call;                  /* which hostcall of the run, from 0 */
    char hostcall[32];              /* the recorded call's name; "exit" for the guest's end */
    char what[64];                  /* what differs, for instance "argument", "data written" */
    uint32_t function, offset;      /* of the guest's instruction: function index, byte offset in the module file */
    char function_name[128];        /* empty: the module has no name for it */
    char expected[448], found[448]; /* names and data in the plain form of text.h */
};

/* What a guest that is decided under another policy than its own goes through, from its first call that is decided
 * otherwise on. */
enum replay_step_kind {
    REPLAY_STEP_OTHER,   /* a call that it made then, and that is decided otherwise */
    REPLAY_STEP_TOLD,    /* one that it made then, and that tells it of other grants or rights, or opens for less */
    REPLAY_STEP_SAME,    /* one that it made then, with the same answer */
    REPLAY_STEP_NEW,     /* one that it did not make then, and that is decided without the world */
    REPLAY_STEP_ASSUMED, /* one that writes something else to a standard stream, which is taken to take it */
    REPLAY_STEP_WORLD,   /* the next one, whose answer only the world has: nothing behind it is known */
    REPLAY_STEP_COUNT
};
struct replay_step {
    uint32_t kind;                                       /* enum replay_step_kind */
    uint64_t before;                                     /* calls as then that were not told, just before this one */
    uint64_t event;                                      /* of the recorded call; 0: there was none */
    uint32_t call;                                       /* enum operation */
    uint32_t errno_then, rule_then, errno_now, rule_now; /* then: of a recorded call that was complete */
    bool then, now;                                      /* whether those are known */
    bool traps;                                          /* the guest is stopped */
    char text[400];                                      /* the call, in the plain form of text.h */
    char why[160];                                       /* TOLD, WORLD: in words */
};

/* What a replay under another policy came to. */
struct replay_asked {
    bool parted;          /* the guest was told something else than then, so that it may go another way */
    bool differs;         /* a call was decided otherwise, or the guest ends otherwise */
    uint64_t first_event; /* of the first call that was decided otherwise; 0: there is none */
    uint64_t followed, told, refused, fresh, assumed,
        skipped;    /* behind the first that differs: calls as then; TOLD; that
                       succeeded and do not; new; assumed; not made any more */
    char stop[200]; /* why nothing more is known; empty: the guest came to its end, see `ended` and `exit` */
};

struct replay_report {
    enum replay_verdict verdict; /* under another policy: PREFIX where it parted */
    struct replay_asked asked;
    uint64_t calls;        /* hostcalls that were replayed whole */
    uint64_t last_event;   /* the number of the last event that was met */
    uint64_t instructions; /* Wasm instructions executed */
    uint64_t states;       /* recorded state digests that were met */
    bool has_digest; /* the digest of the guest's state where the replay ended; asked for, and the guest had begun */
    uint64_t digest;
    bool ended; /* IDENTICAL, or DIVERGED at the end: exit and recorded are filled */
    struct trace_exit exit, recorded;
    /* PREFIX: why the trace ends early (status and a sentence), and whether it ends inside a call. */
    enum status stop;
    bool inside_call;
    char stop_text[ERROR_TEXT_MAX];
    bool other_module; /* a module was given, and its bytes differ from the recorded one's */
    uint8_t
        trace_hash[TRACE_HASH]; /* IDENTICAL, PREFIX: trace_reader_hash at the end of what was read, the valid prefix */
    char weaker[128]; /* of a replay in a process of its own: lines of its confinement that this kernel does not have */
    struct replay_divergence divergence; /* DIVERGED */
};

/* Open files (borrowed) in place of paths, for a process that may open none. */
struct replay_files {
    int trace, module; /* module: -1: the trace's own */
    uint64_t trace_size, module_size;
};

struct replay_options {
    const char *trace_path;           /* borrowed */
    const struct replay_files *files; /* NULL, or goes before both paths; borrowed */
    const char *
        module_path; /* NULL, or a file to execute instead of the trace's own module; needed where the trace has none */
    const void *module; /* the same as bytes (borrowed); goes before module_path. Another module than the recorded one
                         * is stopped where it runs 2^24 instructions longer than that did. */
    size_t module_size;
    uint64_t until_event; /* 0: to the end; else stop before the first call that begins behind this event, or the
                             guest's end */
    /* NULL, or given what the guest wrote to its standard output (stream 1) and error (2), in order; false stops
     * (STOPPED). */
    bool (*output)(void *self, unsigned stream, const void *bytes, size_t size);
    void *output_self;
    /* NULL, or the run's description with another policy (run_spec_encode; borrowed): the guest is decided under that,
     * and where that decides otherwise it goes on for as long as the trace has its answers. told: NULL, or given each
     * step. */
    const void *asked;
    size_t asked_size;
    bool assume_output; /* what is written to standard streams is taken, whatever it is */
    void (*told)(void *self, const struct replay_step *step);
    void *told_self;
    /* NULL, or given, behind the guest's end or where it was stopped, what was counted meanwhile (replay/profile.h), as
     * pieces of profile_read's bytes; false stops (STOPPED). Counting makes the replay slower and nothing else. */
    bool (*counted)(void *self, const void *bytes, size_t size);
    void *counted_self;
    /* NULL, or what is told of the guest's state (borrowed), to `valued`: bytes, of `value->size`, are borrowed for the
     * call; false stops (STOPPED). Not under another policy. */
    const struct tell_wishes *wishes;
    bool (*valued)(void *self, const struct tell_value *value, const uint8_t *bytes);
    void *valued_self;
    bool digest; /* report the digest of the guest's state; without it where until_event is given */
    /* NULL, or called now and then with the calls so far and the instructions executed; false stops (STOPPED). */
    bool (*progress)(void *self, uint64_t calls, uint64_t instructions);
    void *progress_self;
};

/* Replays in this process: `warrant` never calls it, its replayer does, confined (cli/replay_process.h). A guest that
 * needs more instructions than the trace's EXIT says is stopped there and has diverged. OK: *ret is filled, whatever
 * the verdict. Else the trace or the module could not be used (as trace_reader_open, rt_module_load and run_spec_decode
 * say; NOT_FOUND: no module; IO: the file given cannot be read; STOPPED: `progress` said so), and *ret is not to be
 * read. A hostile trace ends in one or the other. */
MUST_USE enum status replay_run(const struct replay_options *options, struct replay_report *ret, struct error *error);

/* The report as text for people, a line or a few, each ending in a newline. */
void replay_report_print(const struct replay_report *report, struct buffer *out);

#endif
