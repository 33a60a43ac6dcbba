/* The matcher's loop: takes hostcalls and records in order and decides, one head at a time, what belongs to what.
 *
 * Invariants: a want and a record leave their windows together only where they were held against each other; every
 * record gets exactly one class, every hostcall exactly one verdict, in order. The fast path compares two heads and
 * looks at nothing else. Only the guest's first thread has plans (version 1 has one); every other thread is judged by
 * its role alone. docs/witness.md, What is compared; what the kernel's hooks show and do not show stands in
 * docs/threat-model.md. */
#include <stdlib.h>
#include <string.h>
#include "checker/impact.h"
#include "checker/match.h"
#include "checker/match_state.h"

enum { LINUX_EPERM = 1, LINUX_ENOSYS = 38 };

enum status match_create(const struct match_options *options, struct match **ret, struct error *error)
{
    struct match *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(error, STATUS_NO_MEMORY, "no memory for matching");
    m->sink = options->sink;
    m->guest_pid = options->guest_pid;
    m->setup_until = options->setup_until;
    match_world_init(&m->world, options->spec);
    *ret = m;
    return STATUS_OK;
}

void match_free(struct match *match)
{
    for (size_t i = 0; match && i < MATCH_WINDOW; i++) {
        match_bytes_done(&match->want[i].bytes);
        match_bytes_done(&match->record_bytes[i]);
    }
    free(match);
}

/* ---- pushing ---- */

/* A path that leaves at once is refused without a system call: nothing is expected of the kernel. */
static bool walks_nowhere(struct match *m, struct match_want *want, struct match_pending *pending)
{
    match_steps_begin(&m->ahead, want);
    if (m->ahead.walk.next != WALK_FINISHED)
        return false;
    if (want->known && (want->calls != 0 || !match_linux_errno_is(-m->ahead.walk.outcome, -want->result)))
        match_call_finding(m, pending, CHECK_FINDING_MISMATCH, CHECK_VERDICT_MISMATCH,
                           "a path that leaves its directory at once took system calls, or was not refused for that");
    match_bytes_done(&want->bytes);
    return true;
}

static enum status push_want(struct match *m, const struct trace_call *call, uint32_t index,
                             struct match_pending *pending)
{
    struct match_want *want = match_want_at(m, m->want_count);
    const char *reason;
    enum status s = match_want_from(&m->world, call, index, want, &reason);
    if (s == STATUS_MALFORMED) {
        match_bytes_done(&want->bytes);
        match_call_finding(m, pending, CHECK_FINDING_MISMATCH, CHECK_VERDICT_MISMATCH, reason);
        return STATUS_OK;
    }
    if (s != STATUS_OK)
        return s;
    if (want->walks && walks_nowhere(m, want, pending))
        return STATUS_OK;
    m->far += want->bytes.far_size;
    want->hostcall = pending->place.hostcall;
    if (want->handle < HANDLES_TOTAL)
        want->generation = m->pushed[want->handle];
    if (want->handle2 < HANDLES_TOTAL)
        want->generation2 = m->pushed[want->handle2];
    enum op_table table = abi_ops[want->kind].table;
    if ((table == OP_TABLE_OPENS || table == OP_TABLE_MOVES) && want->handle2 < HANDLES_TOTAL)
        m->pushed[want->handle2]++;
    if ((table == OP_TABLE_CLOSES || table == OP_TABLE_MOVES) && want->handle < HANDLES_TOTAL)
        m->pushed[want->handle]++;
    pending->wants++;
    m->want_count++;
    return STATUS_OK;
}

enum status match_call(struct match *match, const struct trace_call *call, uint64_t number)
{
    if (call->ops.count == 0 && call->complete) {
        match->sink.verdict(match->sink.self, number, CHECK_VERDICT_SILENT);
        return STATUS_OK;
    }
    struct match_pending *pending = match_pending_at(match, match->pending_count++);
    *pending = (struct match_pending) {
        .place = { number, call->begin_event, call->chunk, call->request.call, MATCH_NO_OP },
        .ticks = call->ticks,
        .duration = call->duration,
        .complete = call->complete,
    };
    enum status s = STATUS_OK;
    for (uint32_t i = 0; s == STATUS_OK && i < call->ops.count && i < LIMIT_OPS; i++)
        s = push_want(match, call, i, pending);
    if (s != STATUS_OK)
        return s;
    if (pending->wants == 0 && call->complete) { /* none of its ops made a system call, or sense */
        match->sink.verdict(match->sink.self, number,
                            pending->verdict == CHECK_VERDICT_NONE ? CHECK_VERDICT_SILENT : pending->verdict);
        match->pending_count--;
    }
    return STATUS_OK;
}

/* Counts what is missing before this record: the kernel side numbers each thread's records without holes, and a LOST
 * record stands in each hole with its size. A hole without one counts too. */
static uint64_t missing_before(struct match *m, const struct witness_record *record)
{
    uint64_t hole = record->sequence > m->next_sequence ? record->sequence - m->next_sequence : 0;
    uint64_t said = record->kind == WITNESS_LOST && record->result > 0 ? (uint64_t)record->result : 0;
    m->next_sequence = record->sequence + (record->kind == WITNESS_LOST ? said : 1);
    return hole + said;
}

/* Gives the record in the window paths and a vector of its own. */
static enum status record_own(struct match *m, struct witness_record *record, struct match_bytes *bytes)
{
    size_t size = record->iov_count * sizeof *record->iov;
    for (unsigned i = 0; i < WITNESS_PATHS; i++)
        size += record->path[i] ? record->path_length[i] + (size_t)1 : 0;
    uint8_t *at = size > 0 ? match_bytes_take(bytes, size) : bytes->near;
    if (!at)
        return STATUS_NO_MEMORY;
    m->far += bytes->far_size;
    if (record->iov_count > 0)
        record->iov = memcpy(at, record->iov, record->iov_count * sizeof *record->iov);
    at += record->iov_count * sizeof *record->iov;
    for (unsigned i = 0; i < WITNESS_PATHS; i++) {
        if (!record->path[i])
            continue;
        record->path[i] = memcpy(at, record->path[i], record->path_length[i] + (size_t)1);
        at += record->path_length[i] + (size_t)1;
    }
    return STATUS_OK;
}

enum status match_record(struct match *match, const struct witness_record *record)
{
    uint32_t at = (match->record_head + match->record_count) % MATCH_WINDOW;
    match->record[at] = *record;
    match->lost_before[at] = 0;
    enum status s = record_own(match, &match->record[at], &match->record_bytes[at]);
    if (s != STATUS_OK)
        return s;
    match->record_count++;
    if (match_is_main(match, record))
        match->lost_before[at] = missing_before(match, record);
    else if (record->kind == WITNESS_LOST && record->result > 0)
        match->lost_before[at] = (uint64_t)record->result;
    return STATUS_OK;
}

void match_calls_end(struct match *match, bool open_end, uint64_t stop_ns)
{
    match->calls_ended = true;
    match->open_end = open_end;
    match->stop_ns = stop_ns;
}

void match_records_end(struct match *match, bool cut)
{
    match->records_ended = true;
    if (cut) {
        match->lost = UINT64_MAX;
        match->world.learns = true;
    }
}

/* ---- stepping ---- */

static enum match_need step_without_records(struct match *m)
{
    if (m->want_count > 0) {
        match_miss_want(m);
        return MATCH_AGAIN;
    }
    if (!m->calls_ended)
        return MATCH_NEED_CALL;
    match_flush(m);
    return MATCH_DONE;
}

/* A record of another thread or process: its role is all there is to say. */
static enum match_need step_other(struct match *m, const struct witness_record *record)
{
    bool child_start = record->kind == WITNESS_EXIT_ONLY && record->result == 0;
    if (!match_is_call(record))
        match_pass_record(m, record->kind == WITNESS_LOST ? MATCH_LOST : MATCH_THREAD);
    else if (child_start || match_role_allows(m, record))
        match_pass_record(m, MATCH_OTHER);
    else
        match_extra_record(m);
    return MATCH_AGAIN;
}

/* The first want that must have been seen; m->want_count where there is none. */
static uint32_t first_certain(struct match *m)
{
    uint32_t i = 0;
    while (i < m->want_count && match_want_at(m, i)->optional)
        i++;
    return i;
}

/* Still in the setup? Where no filter was seen, the first system call of a plan ends it. */
static bool still_setup(struct match *m, const struct witness_record *record)
{
    if (!match_in_setup(m, record))
        return false;
    if (m->setup_until != UINT64_MAX)
        return true;
    uint32_t certain = first_certain(m);
    const struct match_want *want = certain < m->want_count ? match_want_at(m, certain) : NULL;
    bool first = want && match_same_call(m, certain, record) && match_next_compare(m, certain, record) == 0;
    if (!first && match_role_allows(m, record))
        return true;
    while (first && certain-- > 0)
        match_miss_want(m);
    m->started = true;
    return false;
}

/* May the next step ask for more hostcalls, and must it? */
static bool needs_call(struct match *m, const struct witness_record *record, bool about_loss)
{
    if (m->calls_ended || (!about_loss && !(match_is_main(m, record) && match_is_call(record))))
        return false;
    if (!match_in_setup(m, record))
        return m->want_count == 0;
    bool room = m->want_count < MATCH_WINDOW - LIMIT_OPS;
    return m->setup_until == UINT64_MAX && room && first_certain(m) == m->want_count;
}

/* An exit without an entry: refused by the filter, or the thread was killed before its call began. */
static enum match_need step_exit_only(struct match *m, const struct witness_record *record,
                                      const struct match_want *want)
{
    if (record->result == -LINUX_ENOSYS) {
        if (m->record_count < 2 && !m->records_ended)
            return MATCH_NEED_RECORD;
        const struct witness_record *after = match_record_at(m, 1);
        if (m->record_count < 2 || (after->kind == WITNESS_END && after->tid == record->tid)) {
            match_pass_record(m, MATCH_IN_FLIGHT);
            return MATCH_AGAIN;
        }
    }
    if (want && record->syscall == match_next_number(m, 0, record) && !(record->flags & WITNESS_FLAG_COMPAT))
        match_denied(m);
    else
        match_refused_record(m);
    return MATCH_AGAIN;
}

static bool is_restart_of(struct match *m, const struct match_want *want, const struct witness_record *record)
{
    if (!m->restarting || record->kind != WITNESS_SYSCALL || record->syscall != m->world.number_restart)
        return false;
    if (match_linux_restarts(record->result))
        return true;
    /* It has no operands of its own: those of the call that was interrupted were compared then. */
    return !want->known ||
           (record->result >= 0 ? want->result == record->result
                                : want->result < 0 && match_linux_errno_is(-record->result, -want->result));
}

/* The record is a part of the want's call, perhaps its last. */
static enum match_need step_part(struct match *m, const struct match_want *want, const struct witness_record *record)
{
    enum match_need need = MATCH_AGAIN;
    bool restarts = record->kind == WITNESS_SYSCALL && match_linux_restarts(record->result);
    bool ends = !restarts || match_interrupted(m, want, 0, &need);
    if (need != MATCH_AGAIN)
        return need;
    if (!ends)
        match_restart(m);
    else if (match_next_take(m, record))
        match_consume(m);
    else
        match_part(m);
    return MATCH_AGAIN;
}

static enum match_need step_run(struct match *m, const struct witness_record *record, const struct match_want *want)
{
    if (record->kind == WITNESS_EXIT_ONLY)
        return step_exit_only(m, record, want);
    bool same = want && match_same_call(m, 0, record);
    if (want && (is_restart_of(m, want, record) || (same && match_next_compare(m, 0, record) == 0)))
        return step_part(m, want, record);
    if (!same && match_role_allows(m, record)) {
        match_pass_record(m, MATCH_ROLE);
        return MATCH_AGAIN;
    }
    if (!want) {
        match_extra_record(m);
        return MATCH_AGAIN;
    }
    if (!same && (want->optional || !want->known)) {
        match_miss_want(m);
        return MATCH_AGAIN;
    }
    if (!want->known) { /* the last op of all: nothing behind it tells another story */
        match_mismatch(m);
        return MATCH_AGAIN;
    }
    return match_resync(m);
}

enum match_need match_step(struct match *match)
{
    struct match *m = match;
    if (m->gap.open) {
        enum match_need need = match_gap_step(m);
        if (need != MATCH_DONE)
            return need;
    }
    if (m->record_count == 0)
        return m->records_ended ? step_without_records(m) : MATCH_NEED_RECORD;
    const struct witness_record *record = match_record_at(m, 0);
    uint64_t *lost = &m->lost_before[m->record_head % MATCH_WINDOW];
    if (needs_call(m, record, *lost > 0))
        return MATCH_NEED_CALL;
    if (*lost > 0) {
        uint64_t count = *lost;
        *lost = 0;
        match_note_loss(m, count);
        if (match_is_main(m, record) && !match_in_setup(m, record)) {
            match_gap_open(m, count);
            return MATCH_AGAIN;
        }
    }
    if (!match_is_main(m, record))
        return step_other(m, record);
    if (!match_is_call(record)) {
        m->executed |= record->kind == WITNESS_EXEC;
        match_pass_record(m, record->kind == WITNESS_LOST ? MATCH_LOST : MATCH_THREAD);
        return MATCH_AGAIN;
    }
    if (!still_setup(m, record))
        return step_run(m, record, m->want_count > 0 ? match_want_at(m, 0) : NULL);
    /* What the thread waited in when the watch began has no entry. */
    if (match_role_allows(m, record) || (record->kind == WITNESS_EXIT_ONLY && record->flags & WITNESS_FLAG_FIRST))
        match_pass_record(m, MATCH_SETUP);
    else
        match_extra_record(m);
    return MATCH_AGAIN;
}
