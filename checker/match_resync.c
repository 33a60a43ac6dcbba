/* Finds the way on where the plan and the kernel's record part: the cheapest explanation of a bounded piece of both, so
 * that one missing or additional call is one finding.
 *
 * A small piece is aligned exactly (edit distance over MATCH_LOOK of each); where nothing in it agrees, a bulk search
 * looks for the smallest number of calls to leave out on one side behind which a run agrees again, as far as the
 * windows reach. Invariant: every step goes through match_apply.c, so nothing is passed over unsaid. Left out on
 * purpose: gaps larger than a window; they are reported call by call. docs/witness.md. */
#include "checker/impact.h"
#include "checker/match_state.h"

enum { COST_WRONG = 30, COST_WRONG_MOST = 38, COST_EXTRA = 20, COST_MISSING = 20, COST_LOST = 1, COST_NEVER = 10000 };

/* Whether the system calls of want i that follow its first one, at record j, agree as far as the window reaches.
 * Returns how many records they lie over; 0: they do not. */
static uint32_t agreeing_records(struct match *m, uint32_t i, uint32_t j)
{
    const struct match_want *want = match_want_at(m, i);
    if (!want->walks && want->known && want->calls <= 1)
        return 1;
    struct match_steps steps = *match_steps_of(m, i);
    if (match_steps_take(want, &steps, match_record_at(m, j)))
        return 1;
    uint32_t at = j + 1;
    for (; at < m->record_count; at++) {
        const struct witness_record *record = match_record_at(m, at);
        bool same = match_is_number(record, match_steps_number(&m->world, want, &steps, record));
        if (!match_is_main(m, record) || !match_is_call(record) || (!same && match_role_allows(m, record)))
            continue;
        if (!same || match_steps_compare(&m->world, want, &steps, record, NULL) != 0)
            return 0;
        if (match_steps_take(want, &steps, record))
            return at + 1 - j;
    }
    return at - j;
}

/* *ret_records: how many records the pair takes. */
static unsigned pair_cost(struct match *m, uint32_t i, uint32_t j, uint32_t *ret_records)
{
    *ret_records = 1;
    const struct match_want *want = match_want_at(m, i);
    const struct witness_record *record = match_record_at(m, j);
    if (!match_is_main(m, record) || match_in_setup(m, record) || !match_same_call(m, i, record))
        return COST_NEVER;
    unsigned differences = match_next_compare(m, i, record);
    enum match_need need = MATCH_AGAIN;
    if (differences == 0) {
        if (match_linux_restarts(record->result) && !match_interrupted(m, want, j, &need))
            return COST_NEVER;
        uint32_t records = agreeing_records(m, i, j);
        *ret_records = records > 0 ? records : 1;
        return records > 0 ? 0 : COST_WRONG;
    }
    unsigned cost = COST_WRONG + 2 * (differences - 1);
    return cost < COST_WRONG_MOST ? cost : COST_WRONG_MOST;
}

static unsigned record_cost(struct match *m, uint32_t j)
{
    const struct witness_record *record = match_record_at(m, j);
    bool restart = record->kind == WITNESS_SYSCALL && match_linux_restarts(record->result);
    return !match_is_main(m, record) || !match_is_call(record) || restart || match_role_allows(m, record) ? 0
                                                                                                          : COST_EXTRA;
}

static unsigned want_cost(struct match *m, uint32_t i)
{
    const struct match_want *want = match_want_at(m, i);
    return want->optional || !want->known ? 0 : m->lost > 0 ? COST_LOST : COST_MISSING;
}

/* cost[i][j]: of explaining everything from want i and record j to the end of the piece. What remains on one side where
 * the other ends has nearly the same price (else leaving everything out were cheapest; a little less, so that nothing
 * is left out early that may agree with what comes behind the piece), but is only acted on where nothing more can come.
 */
struct alignment {
    uint32_t wants, records;
    bool no_wants, no_records; /* nothing comes behind the piece */
    uint16_t pair[MATCH_LOOK][MATCH_LOOK];
    uint8_t taken[MATCH_LOOK][MATCH_LOOK]; /* records that the pair takes, of those in the piece */
    uint16_t record[MATCH_LOOK], want[MATCH_LOOK];
    uint16_t cost[MATCH_LOOK + 1][MATCH_LOOK + 1];
};

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }
static unsigned left_over(unsigned cost, bool final) { return final ? cost : cost - cost / COST_EXTRA; }

static void align(struct match *m, struct alignment *a)
{
    a->wants = m->want_count < MATCH_LOOK ? m->want_count : MATCH_LOOK;
    a->records = m->record_count < MATCH_LOOK ? m->record_count : MATCH_LOOK;
    a->no_wants = m->calls_ended && a->wants == m->want_count;
    a->no_records = m->records_ended && a->records == m->record_count;
    for (uint32_t i = 0; i < a->wants; i++)
        a->want[i] = (uint16_t)want_cost(m, i);
    for (uint32_t j = 0; j < a->records; j++)
        a->record[j] = (uint16_t)record_cost(m, j);
    for (uint32_t i = a->wants + 1; i-- > 0;) {
        for (uint32_t j = a->records + 1; j-- > 0;) {
            unsigned best = COST_NEVER;
            if (i == a->wants && j == a->records) {
                best = 0;
            } else if (i == a->wants) {
                best = a->cost[i][j + 1] + left_over(a->record[j], a->no_wants);
            } else if (j == a->records) {
                best = a->cost[i + 1][j] + left_over(a->want[i], a->no_records);
            } else {
                uint32_t taken;
                a->pair[i][j] = (uint16_t)pair_cost(m, i, j, &taken);
                a->taken[i][j] = (uint8_t)least(taken, a->records - j);
                best = least(best, a->cost[i + 1][j + a->taken[i][j]] + (unsigned)a->pair[i][j]);
                best = least(best, a->cost[i][j + 1] + (unsigned)a->record[j]);
                best = least(best, a->cost[i + 1][j] + (unsigned)a->want[i]);
            }
            a->cost[i][j] = (uint16_t)best;
        }
    }
}

enum move { MOVE_PAIR, MOVE_RECORD, MOVE_WANT, MOVE_END };

static enum move next_move(const struct alignment *a, uint32_t i, uint32_t j)
{
    if (i == a->wants)
        return j < a->records && a->no_wants ? MOVE_RECORD : MOVE_END;
    if (j == a->records)
        return a->no_records ? MOVE_WANT : MOVE_END;
    if (a->cost[i][j] == a->cost[i + 1][j + a->taken[i][j]] + a->pair[i][j])
        return MOVE_PAIR;
    return a->cost[i][j] == a->cost[i][j + 1] + a->record[j] ? MOVE_RECORD : MOVE_WANT;
}

static bool agrees_anywhere(const struct alignment *a)
{
    for (uint32_t i = 0, j = 0;;) {
        enum move move = next_move(a, i, j);
        if (move == MOVE_END)
            return false;
        if (move == MOVE_PAIR && a->pair[i][j] == 0)
            return true;
        i += move != MOVE_RECORD;
        j += move != MOVE_WANT;
    }
}

static void leave_record(struct match *m)
{
    const struct witness_record *record = match_record_at(m, 0);
    bool restart = record->kind == WITNESS_SYSCALL && match_linux_restarts(record->result);
    if (restart && m->want_count > 0 && match_same_call(m, 0, record))
        match_restart(m);
    else
        match_extra_record(m);
}

/* Goes the cheapest way up to the first agreement. */
static void follow(struct match *m, const struct alignment *a)
{
    for (uint32_t i = 0, j = 0;;) {
        enum move move = next_move(a, i, j);
        if (move == MOVE_END || (move == MOVE_PAIR && a->pair[i][j] == 0))
            return;
        if (move == MOVE_PAIR && match_next_compare(m, 0, match_record_at(m, 0)) == 0) { /* its first calls fit */
            match_next_take(m, match_record_at(m, 0));
            match_part(m);
            return;
        }
        if (move == MOVE_PAIR)
            match_mismatch(m);
        else if (move == MOVE_RECORD)
            leave_record(m);
        else
            match_miss_want(m);
        i += move != MOVE_RECORD;
        j += move != MOVE_WANT;
    }
}

/* Do want i and record j begin a run that agrees? What costs nothing may stand between. */
static bool run_agrees(struct match *m, uint32_t i, uint32_t j)
{
    unsigned agreed = 0;
    uint32_t taken;
    while (agreed < MATCH_RUN) {
        if (i == m->want_count || j == m->record_count)
            return agreed > 0;
        if (pair_cost(m, i, j, &taken) == 0) {
            agreed++;
            i++;
            j += taken;
        } else if (record_cost(m, j) == 0) {
            j++;
        } else if (match_want_at(m, i)->optional) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

/* Leaves out the fewest calls on one side. False: no run agrees as far as the windows reach. */
static bool bulk_search(struct match *m)
{
    uint32_t most = m->want_count > m->record_count ? m->want_count : m->record_count;
    for (uint32_t d = 1; d < most; d++) {
        if (d < m->want_count && run_agrees(m, d, 0)) {
            while (d-- > 0)
                match_miss_want(m);
            return true;
        }
        if (d < m->record_count && run_agrees(m, 0, d)) {
            while (d-- > 0)
                leave_record(m);
            return true;
        }
    }
    return false;
}

bool match_agrees_behind(struct match *m, uint32_t i, unsigned length, unsigned least)
{
    unsigned agreed = 0;
    uint32_t taken;
    for (uint32_t j = 0; agreed < length;) {
        bool wants = i < m->want_count, records = j < m->record_count;
        bool costless = wants && (match_want_at(m, i)->optional || !match_want_at(m, i)->known);
        if (wants && records && pair_cost(m, i, j, &taken) == 0) {
            agreed++;
            i++;
            j += taken;
        } else if (records && record_cost(m, j) == 0) {
            j++;
        } else if (costless) {
            i++;
        } else if (wants && records) {
            return false;
        } else if (wants) {
            return !m->records_ended && agreed >= least;
        } else if (records) {
            return (!m->calls_ended || m->open_end) && agreed >= least;
        } else {
            return agreed >= least || (m->calls_ended && m->records_ended);
        }
    }
    return true;
}

/* Room for one more call's wants is always kept. */
enum match_need match_fill(struct match *m, uint32_t wants, uint32_t records)
{
    enum { MOST = MATCH_WINDOW - LIMIT_OPS };
    if (m->far > MATCH_FAR)
        return MATCH_AGAIN;
    if (m->want_count < least(wants, MOST) && !m->calls_ended)
        return MATCH_NEED_CALL;
    if (m->record_count < least(records, MOST) && !m->records_ended)
        return MATCH_NEED_RECORD;
    return MATCH_AGAIN;
}

enum match_need match_resync(struct match *m)
{
    uint32_t size = m->bulk ? MATCH_WINDOW : MATCH_LOOK;
    enum match_need need = match_fill(m, size, size);
    if (need != MATCH_AGAIN)
        return need;
    struct alignment a = { 0 }; /* for who reads the code: what is looked at was set */
    align(m, &a);
    if (!agrees_anywhere(&a) && m->bulk_rest == 0) {
        if (!m->bulk) {
            m->bulk = true;
            return MATCH_AGAIN;
        }
        m->bulk = false;
        if (bulk_search(m))
            return MATCH_AGAIN;
        m->bulk_rest = MATCH_REST;
    }
    m->bulk = false;
    follow(m, &a);
    return MATCH_AGAIN;
}
