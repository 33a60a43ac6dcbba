/* The matcher's state, and the functions of its parts. Private to match*.c. Calls go one way: match.c asks match_gap.c
 * and match_resync.c, those go their ways through match_apply.c, all of them ask match_record.c and match_compare.c
 * what a record is. */
#ifndef WARRANT_CHECKER_MATCH_STATE_H
#define WARRANT_CHECKER_MATCH_STATE_H

#include "checker/match_sink.h"
#include "checker/match_want.h"

/* Both windows, a power of two. Bulk recovery looks as far as they reach. */
enum {
    MATCH_WINDOW = 4096,
    MATCH_PENDING = 2 * MATCH_WINDOW,
    MATCH_LOOK = 32,
    MATCH_RUN = 3,
    MATCH_REST = 256,
    MATCH_FAR = 1 << 25 /* bytes of long operands from which on the windows are not filled further */
};

/* A hostcall that waits for its verdict. */
struct match_pending {
    struct match_place place;
    uint64_t ticks, duration;
    enum check_verdict verdict; /* the worst so far; NONE: nothing wrong yet */
    uint32_t wants;             /* not yet consumed */
    bool complete, seen;        /* seen: a record was consumed for it */
};

/* Two points that relate the trace's ticks to the kernel's clock: hints for where to report what nobody declared. */
struct match_anchor {
    uint64_t ticks, ktime;
    bool set;
};

/* A gap that the plans have to be found behind (match_gap.c). */
struct match_gap {
    bool open;
    uint64_t skip; /* calls that certainly lie in it and still have to be left out */
    uint64_t own;  /* records in it that were the runtime's own, as far as can be told */
};

struct match {
    struct match_sink sink;
    uint32_t guest_pid;
    uint64_t setup_until;
    bool executed; /* the guest's process executes its own program */
    bool started;  /* where setup_until is not known: the setup is over */
    bool calls_ended, records_ended, open_end;
    bool restarting;    /* by restart_syscall */
    bool in_flight;     /* the one call that may be on its way when a trace stops was seen */
    bool bulk;          /* the windows are being filled for a bulk search */
    uint32_t bulk_rest; /* steps until the next bulk search is worth its price */
    uint64_t lost;      /* records that are missing and have not been accounted for */
    struct match_gap gap;
    uint64_t stop_ns; /* when the recorder stopped; 0: not known */
    bool unrecorded_told;
    uint64_t roles, plans;  /* records of the first thread behind its setup that were of its role, or of plans */
    size_t far;             /* bytes of long operands in the windows */
    uint64_t next_sequence; /* of the first thread, counted from 0 */
    struct match_anchor first, last;
    struct match_world world;
    struct match_steps steps;       /* of the first want, where they began */
    struct match_steps ahead;       /* of another one, while it is looked at */
    bool stepping;                  /* the first want's steps began */
    uint32_t pushed[HANDLES_TOTAL]; /* openings and closings of a handle among the wants pushed so far */
    uint32_t want_head, want_count, record_head, record_count, pending_head, pending_count;
    struct match_want want[MATCH_WINDOW];
    struct witness_record record[MATCH_WINDOW];
    struct match_bytes record_bytes[MATCH_WINDOW];
    uint64_t lost_before[MATCH_WINDOW]; /* records missing before this one */
    struct match_pending pending[MATCH_PENDING];
};

static inline struct match_want *match_want_at(struct match *m, uint32_t i)
{
    return &m->want[(m->want_head + i) % MATCH_WINDOW];
}
static inline struct witness_record *match_record_at(struct match *m, uint32_t i)
{
    return &m->record[(m->record_head + i) % MATCH_WINDOW];
}
static inline struct match_pending *match_pending_at(struct match *m, uint32_t i)
{
    return &m->pending[(m->pending_head + i) % MATCH_PENDING];
}

/* What a record is, before any plan is asked. */
bool match_is_main(const struct match *m, const struct witness_record *record);
bool match_in_setup(const struct match *m, const struct witness_record *record);
bool match_is_call(const struct witness_record *record); /* a system call that was executed, not an event of a thread */
bool match_role_allows(const struct match *m, const struct witness_record *record);
/* The system call that comes next for want i, of the native table. */
bool match_same_call(struct match *m, uint32_t i, const struct witness_record *record);
int64_t match_next_number(struct match *m, uint32_t i, const struct witness_record *record);
bool match_is_number(const struct witness_record *record, int64_t number);
/* How far want i has come: those of the first one go on, another one's begin. Borrowed until the next call. */
const struct match_steps *match_steps_of(struct match *m, uint32_t i);
/* Differences between want i's next system call and the record. */
unsigned match_next_compare(struct match *m, uint32_t i, const struct witness_record *record);
/* Moves the first want behind a record that fits. True: the want is done. */
bool match_next_take(struct match *m, const struct witness_record *record);
/* Whether the want's record `j`, a restart by its result, ended it: a handler ran, so the program saw EINTR. Where the
 * next record is missing, *need says that it has to be pushed. */
bool match_interrupted(struct match *m, const struct match_want *want, uint32_t j, enum match_need *need);

/* The ways in which the heads of the two windows leave. Each tells the sink. */
void match_consume(struct match *m);   /* both: the kernel executed what was expected */
void match_mismatch(struct match *m);  /* both: with differences */
void match_denied(struct match *m);    /* both: the second line refused it */
void match_miss_want(struct match *m); /* the want: the vDSO answered, in flight, lost or unwitnessed */
void match_pass_record(struct match *m, enum match_class class); /* the record: fine as it is */
void match_extra_record(struct match *m);   /* the record: by role, beyond the trace's end, or undeclared */
void match_refused_record(struct match *m); /* the record: an attempt that the second line refused, of no plan */
void match_restart(struct match *m);        /* the record: an interrupted part of the want's call */
void match_part(struct match *m);           /* the record: one of several system calls of the want, which goes on */
void match_note_loss(struct match *m, uint64_t count);
void match_flush(struct match *m); /* at the end: verdicts of all calls */
void match_call_finding(struct match *m, struct match_pending *pending, enum check_finding_kind kind,
                        enum check_verdict verdict, const char *evidence);

/* Fills the windows. AGAIN: so many are there, or all that there is. */
enum match_need match_fill(struct match *m, uint32_t wants, uint32_t records);
/* Whether `length` wants from i on agree with the records from the head on; what costs nothing may stand between. Where
 * a window ends before: at least `least` of them, and all where nothing more can come. */
bool match_agrees_behind(struct match *m, uint32_t i, unsigned length, unsigned least);

/* `count` records of the first thread are missing here. */
void match_gap_open(struct match *m, uint64_t count);
/* One step through it; DONE: it is behind us. */
enum match_need match_gap_step(struct match *m);

/* The heads do not fit: finds the cheapest way on and goes it up to the next agreement. */
enum match_need match_resync(struct match *m);

#endif
