/* Finds the plans again behind a gap in the kernel's record, whose size is known exactly.
 *
 * Of the records that are missing most belonged to plans, some to the runtime itself: as many calls lie in the gap as
 * records, less those few. So the calls that certainly lie in it are left out first, however many; then the first long
 * run that agrees is looked for among those that may. Where several places agree (calls that look alike), the one with
 * the fewest calls in the gap is taken: what was left out too few of is called lost later on, but what was left out too
 * many of would be held against the guest.
 *
 * Invariant: a gap never makes a call undeclared or unwitnessed that has its record, and no more calls are lost than
 * records are missing. Left out on purpose: a place for what look-alikes hide; they are the same in every way that was
 * compared. docs/witness.md. */
#include "checker/match_state.h"

enum {
    GAP_OWN = 3000,   /* records of the runtime itself that a gap may hold, beside twice what it had before */
    GAP_ALIKE = 512,  /* places this near to each other are taken for look-alikes */
    GAP_LONG = 64,    /* calls that must agree behind it */
    GAP_LEAST = 8,    /* where the window ends before */
    GAP_RECORDS = 512 /* records among which they are looked for */
};
_Static_assert(GAP_OWN + GAP_LONG + LIMIT_OPS < MATCH_WINDOW, "the window reaches over what may lie in the gap");

/* How many of `count` missing records were the runtime's own, by what was seen before. */
static uint64_t own_records(const struct match *m, uint64_t count)
{
    uint64_t seen = m->roles + m->plans;
    return seen > 0 ? (uint64_t)((double)count * (double)m->roles / (double)seen) : 0;
}

void match_gap_open(struct match *m, uint64_t count)
{
    uint64_t own = own_records(m, count), may = GAP_OWN + 2 * own;
    m->gap.open = true;
    m->gap.own = own;
    m->gap.skip = count > may ? count - may : 0;
    m->world.learns = true;
}

/* Leaves one call out that certainly lies in the gap. */
static enum match_need skip_one(struct match *m)
{
    if (m->want_count == 0 && !m->calls_ended)
        return MATCH_NEED_CALL;
    if (m->want_count == 0 || !match_want_at(m, 0)->known) {
        m->gap.skip = 0;
        return MATCH_AGAIN;
    }
    m->gap.skip -= !match_want_at(m, 0)->optional;
    match_miss_want(m);
    return MATCH_AGAIN;
}

/* A place behind the gap: `wants` of the window lie in the gap, `certain` of which the kernel must have seen. */
struct place {
    uint32_t wants;
    uint64_t certain;
};

static uint64_t distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

/* The best place. Returns how many there are. */
static uint32_t find_place(struct match *m, struct place *ret)
{
    uint64_t expected = m->lost > m->gap.own ? m->lost - m->gap.own : 0;
    struct place found[MATCH_WINDOW];
    uint32_t count = 0, best = 0;
    struct place at = { 0, 0 };
    for (; at.wants <= m->want_count && at.certain <= m->lost; at.wants++) {
        bool last = at.wants == m->want_count;
        const struct match_want *want = last ? NULL : match_want_at(m, at.wants);
        if ((last || !want->optional) && match_agrees_behind(m, at.wants, GAP_LONG, GAP_LEAST))
            found[count++] = at;
        if (want && !want->known)
            break;
        at.certain += want && !want->optional;
    }
    for (uint32_t i = 1; i < count; i++)
        if (distance(found[i].certain, expected) < distance(found[best].certain, expected))
            best = i;
    while (best > 0 && found[best].certain - found[best - 1].certain <= GAP_ALIKE)
        best--;
    if (count > 0)
        *ret = found[best];
    return count;
}

static void leave_out(struct match *m, uint32_t wants)
{
    while (wants-- > 0)
        match_miss_want(m);
}

enum match_need match_gap_step(struct match *m)
{
    struct place place = { 0, 0 };
    if (m->gap.skip > 0)
        return skip_one(m);
    enum match_need need = match_fill(m, GAP_OWN + GAP_LONG, GAP_RECORDS);
    if (need != MATCH_AGAIN)
        return need;
    uint32_t places = find_place(m, &place);
    if (places == 0 && m->lost > GAP_OWN && m->want_count > GAP_OWN / 2) {
        leave_out(m, GAP_OWN / 2); /* more of them than were thought */
        return MATCH_AGAIN;
    }
    m->gap.open = false;
    if (places == 0)
        return MATCH_DONE;
    leave_out(m, place.wants);
    if (places == 1 && m->lost != UINT64_MAX)
        m->lost = 0; /* the rest was the runtime's own */
    return MATCH_DONE;
}
