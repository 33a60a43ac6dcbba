/* Matching: a run's plans, in the order of the trace, against the kernel's record of the guest's thread. Private to
 * checker/.
 *
 * The matcher pulls: match_step says what it needs next, the caller pushes one hostcall or one record and steps again.
 * Both windows are bounded, so memory does not grow with the trace. docs/queries.md gives the verdicts. */
#ifndef WARRANT_CHECKER_MATCH_H
#define WARRANT_CHECKER_MATCH_H

#include "checker/checker.h"
#include "tracer/witness_file.h"

#define CLASS(id, name, text) MATCH_##id,
enum match_class {
#include "checker/classes.def"
    MATCH_CLASS_COUNT
};
#undef CLASS

#define MATCH_NO_OP UINT32_MAX

/* Where in the trace. */
struct match_place {
    uint64_t hostcall, event, chunk; /* the call's number from 0, its begin event (or the op's), its chunk */
    uint32_t call;                   /* enum hostcall */
    uint32_t op;                     /* index in the plan, or MATCH_NO_OP */
};

/* Who is told. Every function is called in order: each hostcall gets one verdict, each record one class. place is NULL
 * outside hostcalls; record is NULL where nothing was seen. Pointers are borrowed for the call. */
struct match_sink {
    void *self;
    void (*verdict)(void *self, uint64_t hostcall, enum check_verdict verdict);
    void (*record)(void *self, const struct witness_record *record, enum match_class class,
                   const struct match_place *place);
    void (*finding)(void *self, enum check_finding_kind kind, const struct match_place *place,
                    const struct witness_record *record, int64_t syscall, const char *evidence);
};

struct match_options {
    const struct run_spec *spec; /* borrowed for the life of the matcher: descriptors at the start */
    uint32_t guest_pid;
    uint64_t setup_until; /* number of the record that ends the setup (the filter's installation); UINT64_MAX: none was
                             seen, the first system call of a plan ends it */
    struct match_sink sink;
};

enum match_need {
    MATCH_NEED_CALL,   /* push a hostcall, or say that there are no more */
    MATCH_NEED_RECORD, /* push a record, or say that there are no more */
    MATCH_AGAIN,       /* step again */
    MATCH_DONE         /* every hostcall has its verdict, every record its class */
};

struct match;
/* Returns owned. Failure: NO_MEMORY. */
MUST_USE enum status match_create(const struct match_options *options, struct match **ret, struct error *error);
void match_free(struct match *match); /* NULL is fine */
enum match_need match_step(struct match *match);
/* `number` counts hostcalls from 0. Both copy what they need. Failure: NO_MEMORY. */
MUST_USE enum status match_call(struct match *match, const struct trace_call *call, uint64_t number);
MUST_USE enum status match_record(struct match *match, const struct witness_record *record);
/* No more hostcalls. open_end: the trace stops before the run did: what was executed up to stop_ns (CLOCK_MONOTONIC; 0:
 * not known when) the recorder could not write any more, behind that one call may have been in flight, and any other is
 * undeclared. */
void match_calls_end(struct match *match, bool open_end, uint64_t stop_ns);
/* No more records. cut: the witness file is damaged or unfinished, so what is missing from here on is lost, not
 * unwitnessed. */
void match_records_end(struct match *match, bool cut);

#endif
