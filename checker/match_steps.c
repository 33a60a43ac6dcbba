/* Ops that several system calls perform: which one comes next, and when the op is done.
 *
 * Invariants: an op that says it took n system calls has exactly n records, and a record is held against the one that
 * comes next, whole. openat2 is asked again with the same operands where it answered EAGAIN, and only there. Comparing
 * changes nothing; match_steps_take moves on. docs/witness.md, What is compared. */
#include <errno.h>
#include "checker/match_want.h"

/* Where the trace does not say how many calls there were (the op was in flight): as many as there may be. */
static uint32_t most_calls(const struct match_want *want) { return want->known ? want->calls : LIMIT_OPEN_TRIES; }

unsigned match_steps_compare(const struct match_world *world, const struct match_want *want,
                             const struct match_steps *steps, const struct witness_record *record, struct buffer *text)
{
    if (!want->known || steps->done + 1 >= want->calls)
        return match_compare(world, want, record, text);
    struct match_want again = *want; /* its paths stay where they are */
    again.result = -WASI_AGAIN;
    return match_compare(world, &again, record, text);
}

bool match_steps_take(const struct match_want *want, struct match_steps *steps, const struct witness_record *record)
{
    steps->done++;
    return steps->done >= most_calls(want) || record->kind != WITNESS_SYSCALL || record->result != -EAGAIN;
}
