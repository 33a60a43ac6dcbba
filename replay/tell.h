/* What a replay is asked to tell of the guest's state on the way: bytes of memories, values of globals. */
#ifndef WARRANT_REPLAY_TELL_H
#define WARRANT_REPLAY_TELL_H

#include "runtime/base/base.h"

enum { TELL_EXPRESSIONS = 16, TELL_EVENTS = 64, TELL_BYTES = 4096 };

/* As it is written: mem[0x1000..+16], mem1[..] of memory 1, mem[global[0]..+16] from where a global says, global[0]. */
struct tell_expression {
    uint32_t memory;   /* whose bytes; TELL_GLOBAL: a global's value */
    uint32_t global;   /* which; where the memory's address is, if `indirect` */
    uint32_t indirect; /* 0 or 1 */
    uint32_t size;     /* bytes, at most TELL_BYTES */
    uint64_t address;
};
#define TELL_GLOBAL UINT32_MAX

struct tell_wishes {
    struct tell_expression expressions[TELL_EXPRESSIONS];
    uint64_t events[TELL_EVENTS]; /* each: at the first hostcall that begins there or behind; ascending */
    uint32_t count, event_count;
    uint32_t every; /* 1: at each hostcall. With neither: where the replay ends */
};

enum tell_outcome { TELL_OK, TELL_NO_MEMORY, TELL_NO_GLOBAL, TELL_OUTSIDE, TELL_NO_ADDRESS, TELL_OUTCOME_COUNT };
struct tell_value {
    uint64_t event;      /* that the hostcall begins with; 0: where the replay ended */
    uint64_t address;    /* of the bytes */
    uint64_t slots[2];   /* the global's value, as rt.h has it; of a reference, whether it is one */
    uint32_t expression; /* its number */
    uint32_t call;       /* enum operation; OPERATION_COUNT: the end */
    uint32_t outcome;    /* enum tell_outcome */
    uint32_t type;       /* the global's, enum rt_type */
    uint32_t size;       /* of the bytes */
};

/* INVALID, with what is wrong with the text. */
MUST_USE enum status tell_parse(const char *text, struct tell_expression *ret, struct error *error);
const char *tell_outcome_text(enum tell_outcome outcome);

#endif
