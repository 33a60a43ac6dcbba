/* What a record is, before any plan is asked: whose, of which time, whether its process may make such a call, whether a
 * handler cut it short.
 *
 * Invariant: reads the state and changes nothing. docs/witness.md, What is compared. */
#include "checker/impact.h"
#include "checker/match_state.h"

bool match_is_main(const struct match *m, const struct witness_record *record)
{
    return record->role == WITNESS_GUEST && record->pid == m->guest_pid && record->tid == m->guest_pid;
}

bool match_in_setup(const struct match *m, const struct witness_record *record)
{
    return m->setup_until != UINT64_MAX ? record->number <= m->setup_until : !m->started;
}

bool match_is_call(const struct witness_record *record)
{
    return record->kind == WITNESS_SYSCALL || record->kind == WITNESS_ENTRY_ONLY || record->kind == WITNESS_EXIT_ONLY;
}

bool match_role_allows(const struct match *m, const struct witness_record *record)
{
    if (record->flags & WITNESS_FLAG_COMPAT)
        return false;
    if (record->role == WITNESS_RECORDER)
        return impact_allows(m->world.machine, record->syscall, IMPACT_RECORDER);
    bool launch = !m->executed && match_is_main(m, record);
    if (!match_in_setup(m, record))
        return impact_allows(m->world.machine, record->syscall, IMPACT_GUEST_RUN) &&
               impact_operands_fit(m->world.machine, record->syscall, record->arg, record->pid);
    return impact_allows(m->world.machine, record->syscall, launch ? IMPACT_GUEST_LAUNCH : IMPACT_GUEST_SETUP);
}

const struct match_steps *match_steps_of(struct match *m, uint32_t i)
{
    if (i == 0 && m->stepping)
        return &m->steps;
    struct match_steps *steps = i == 0 ? &m->steps : &m->ahead;
    match_steps_begin(steps, match_want_at(m, i));
    m->stepping |= i == 0;
    return steps;
}

int64_t match_next_number(struct match *m, uint32_t i, const struct witness_record *record)
{
    const struct match_want *want = match_want_at(m, i);
    return want->walks ? match_steps_number(&m->world, want, match_steps_of(m, i), record) : want->number;
}

bool match_is_number(const struct witness_record *record, int64_t number)
{
    return record->syscall == number && number >= 0 && !(record->flags & WITNESS_FLAG_COMPAT) &&
           (record->kind == WITNESS_SYSCALL || record->kind == WITNESS_ENTRY_ONLY);
}

bool match_same_call(struct match *m, uint32_t i, const struct witness_record *record)
{
    return match_is_number(record, match_next_number(m, i, record));
}

unsigned match_next_compare(struct match *m, uint32_t i, const struct witness_record *record)
{
    return match_steps_compare(&m->world, match_want_at(m, i), match_steps_of(m, i), record, NULL);
}

bool match_next_take(struct match *m, const struct witness_record *record)
{
    (void)match_steps_of(m, 0);
    return match_steps_take(match_want_at(m, 0), &m->steps, record);
}

bool match_interrupted(struct match *m, const struct match_want *want, uint32_t j, enum match_need *need)
{
    if (!want->known || want->result != -WASI_INTR || !match_linux_interrupts(match_record_at(m, j)->result))
        return false;
    for (uint32_t next = j + 1; next < m->record_count; next++) {
        const struct witness_record *record = match_record_at(m, next);
        if (match_is_main(m, record))
            return record->syscall == m->world.number_sigreturn && match_is_call(record) &&
                   !(record->flags & WITNESS_FLAG_COMPAT);
    }
    if (!m->records_ended && m->record_count < MATCH_WINDOW - 1)
        *need = MATCH_NEED_RECORD;
    return false;
}
