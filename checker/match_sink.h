/* What the matcher asks for and tells, and whom: the classes of records, places in the trace, and the functions that
 * are called. Private to checker/. */
#ifndef WARRANT_CHECKER_MATCH_SINK_H
#define WARRANT_CHECKER_MATCH_SINK_H

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
    uint32_t call;                   /* enum operation */
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

enum match_need {
    MATCH_NEED_CALL,   /* push a hostcall, or say that there are no more */
    MATCH_NEED_RECORD, /* push a record, or say that there are no more */
    MATCH_AGAIN,       /* step again */
    MATCH_DONE         /* every hostcall has its verdict, every record its class */
};

#endif
