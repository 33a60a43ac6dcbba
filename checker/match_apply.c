/* The ways in which a want and a record leave the matcher: each updates what is known, tells the sink, and moves a
 * window on.
 *
 * Invariant: a hostcall's verdict is given when the next call's first want leaves (until then something undeclared may
 * still belong to it), and is the worst of what happened to it. docs/witness.md. */
#include <inttypes.h>
#include <string.h>
#include "checker/impact.h"
#include "checker/match_state.h"
#include "runtime/base/text.h"

static void raise_verdict(struct match_pending *pending, enum check_verdict verdict)
{
    if (verdict > pending->verdict)
        pending->verdict = verdict;
}

static void give_verdict(struct match *m)
{
    const struct match_pending *p = match_pending_at(m, 0);
    enum check_verdict verdict = p->verdict;
    if (verdict == CHECK_VERDICT_NONE)
        verdict = !p->complete ? CHECK_VERDICT_IN_FLIGHT : p->seen ? CHECK_VERDICT_MATCH : CHECK_VERDICT_SILENT;
    m->sink.verdict(m->sink.self, p->place.hostcall, verdict);
    m->pending_head++;
    m->pending_count--;
}

/* The call of the first want. Calls before it are done with. */
static struct match_pending *current(struct match *m)
{
    const struct match_want *want = match_want_at(m, 0);
    while (m->pending_count > 1 && match_pending_at(m, 0)->place.hostcall != want->hostcall)
        give_verdict(m);
    return match_pending_at(m, 0);
}

static void drop_want(struct match *m)
{
    struct match_bytes *bytes = &match_want_at(m, 0)->bytes;
    m->far -= bytes->far_size;
    match_bytes_done(bytes);
    m->stepping = false;
    match_pending_at(m, 0)->wants--;
    m->want_head++;
    m->want_count--;
}

static void drop_record(struct match *m, enum match_class class, const struct match_place *place)
{
    const struct witness_record *record = match_record_at(m, 0);
    if (match_is_main(m, record))
        match_world_note(&m->world, record);
    m->sink.record(m->sink.self, record, class, place);
    struct match_bytes *bytes = &m->record_bytes[m->record_head % MATCH_WINDOW];
    m->far -= bytes->far_size;
    match_bytes_done(bytes);
    m->roles += class == MATCH_ROLE;
    m->plans += class == MATCH_PLAN;
    m->record_head++;
    m->record_count--;
    if (m->bulk_rest > 0)
        m->bulk_rest--;
}

static struct match_place want_place(const struct match_pending *pending, const struct match_want *want)
{
    struct match_place place = pending->place;
    place.op = want->op;
    return place;
}

static void anchor_here(struct match *m, const struct match_pending *pending, const struct witness_record *record)
{
    struct match_anchor here = { pending->ticks, record->ktime, true };
    if (!m->first.set)
        m->first = here;
    m->last = here;
}

/* Reports what the witness lacks for comparing the heads. False: nothing. (restart_syscall has no operands: those of
 * the call that was interrupted were compared then. A call that the kernel or its caller starts again has them anew.)
 */
static bool tell_unknown(struct match *m, struct match_pending *pending, const struct match_place *place)
{
    const struct match_want *want = match_want_at(m, 0);
    const struct witness_record *record = match_record_at(m, 0);
    if (record->syscall == m->world.number_restart || !match_steps_unknown(&m->world, want, record, NULL))
        return false;
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    buffer_printf(&text, "op %s (%s): ", abi_ops[want->kind].text, abi_ops[want->kind].syscall);
    match_steps_unknown(&m->world, want, record, &text);
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    m->sink.finding(m->sink.self, CHECK_FINDING_UNKNOWN, place, record, record->syscall, evidence);
    raise_verdict(pending, CHECK_VERDICT_UNKNOWN);
    return true;
}

/* What the op did, its last call being `record`. A walk's last call may be a close. */
static void apply_done(struct match *m, const struct match_want *want, const struct witness_record *record)
{
    if (!want->walks) {
        match_world_apply(&m->world, want, record);
        return;
    }
    const struct match_walk *walk = &m->steps.walk;
    struct witness_record done = *record;
    if (m->steps.done == 1)
        match_world_learn(&m->world, want, record);
    done.kind = WITNESS_SYSCALL;
    done.result = walk->next == WALK_FINISHED ? walk->outcome : -1; /* else nobody knows what it came to */
    done.opened = walk->opened;
    done.parts = walk->opened.mode != 0 ? WITNESS_PART_OPENED : 0;
    match_world_apply(&m->world, want, &done);
}

void match_consume(struct match *m)
{
    struct match_pending *pending = current(m);
    const struct match_want *want = match_want_at(m, 0);
    const struct witness_record *record = match_record_at(m, 0);
    struct match_place place = want_place(pending, want);
    bool unknown = tell_unknown(m, pending, &place);
    pending->seen = true;
    anchor_here(m, pending, record);
    apply_done(m, want, record);
    m->restarting = false;
    m->in_flight |= !want->known;
    drop_record(m, unknown ? MATCH_UNKNOWN : want->known ? MATCH_PLAN : MATCH_IN_FLIGHT, &place);
    drop_want(m);
}

void match_restart(struct match *m)
{
    struct match_pending *pending = current(m);
    struct match_place place = want_place(pending, match_want_at(m, 0));
    bool unknown = tell_unknown(m, pending, &place);
    pending->seen = true;
    m->restarting = match_linux_restarts_by_block(match_record_at(m, 0)->result);
    match_want_at(m, 0)->restarted = true;
    drop_record(m, unknown ? MATCH_UNKNOWN : MATCH_RESTART, &place);
}

void match_part(struct match *m)
{
    struct match_pending *pending = current(m);
    const struct match_want *want = match_want_at(m, 0);
    struct match_place place = want_place(pending, want);
    bool unknown = tell_unknown(m, pending, &place);
    pending->seen = true;
    m->restarting = false;
    m->in_flight |= !want->known;
    if (want->walks && m->steps.done == 1)
        match_world_learn(&m->world, want, match_record_at(m, 0));
    anchor_here(m, pending, match_record_at(m, 0));
    drop_record(m, unknown ? MATCH_UNKNOWN : want->known ? MATCH_PLAN : MATCH_IN_FLIGHT, &place);
}

void match_mismatch(struct match *m)
{
    struct match_pending *pending = current(m);
    const struct match_want *want = match_want_at(m, 0);
    const struct witness_record *record = match_record_at(m, 0);
    struct match_place place = want_place(pending, want);
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    match_steps_compare(&m->world, want, match_steps_of(m, 0), record, &text);
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    m->sink.finding(m->sink.self, CHECK_FINDING_MISMATCH, &place, record, record->syscall, evidence);
    raise_verdict(pending, CHECK_VERDICT_MISMATCH);
    pending->seen = true;
    m->in_flight |= !want->known;
    match_world_apply(&m->world, want, want->walks ? NULL : record);
    drop_record(m, MATCH_MISMATCH, &place);
    drop_want(m);
}

static void describe_refusal(const struct witness_record *record, char *ret, size_t size)
{
    struct buffer text = BUFFER_INIT;
    if (record->result == record->syscall)
        buffer_string(&text, "the filter killed the process for it");
    else
        buffer_printf(&text, "the filter answered errno %" PRId64, -record->result);
    text_copy(&text, ret, size);
    buffer_done(&text);
}

void match_denied(struct match *m)
{
    struct match_pending *pending = current(m);
    const struct match_want *want = match_want_at(m, 0);
    const struct witness_record *record = match_record_at(m, 0);
    struct match_place place = want_place(pending, want);
    char evidence[CHECK_EVIDENCE_MAX];
    describe_refusal(record, evidence, sizeof evidence);
    m->sink.finding(m->sink.self, CHECK_FINDING_DENIED, &place, record, record->syscall, evidence);
    raise_verdict(pending, CHECK_VERDICT_DENIED);
    pending->seen = true;
    match_world_apply(&m->world, want, NULL);
    drop_record(m, MATCH_DENIED, &place);
    drop_want(m);
}

void match_miss_want(struct match *m)
{
    struct match_pending *pending = current(m);
    const struct match_want *want = match_want_at(m, 0);
    struct match_place place = want_place(pending, want);
    if (!want->known) {
        raise_verdict(pending, CHECK_VERDICT_IN_FLIGHT);
    } else if (!want->optional && m->lost > 0) {
        m->lost -= m->lost != UINT64_MAX;
        raise_verdict(pending, CHECK_VERDICT_LOST);
    } else if (!want->optional) {
        struct buffer text = BUFFER_INIT;
        char evidence[CHECK_EVIDENCE_MAX];
        buffer_printf(&text, "op %s (%s) of the plan with result %" PRId64 " is missing from the kernel's record",
                      abi_ops[want->kind].text, abi_ops[want->kind].syscall, want->result);
        text_copy(&text, evidence, sizeof evidence);
        buffer_done(&text);
        m->sink.finding(m->sink.self, CHECK_FINDING_UNWITNESSED, &place, NULL, want->number, evidence);
        raise_verdict(pending, CHECK_VERDICT_UNWITNESSED);
    }
    match_world_apply(&m->world, want, NULL);
    drop_want(m);
}

void match_pass_record(struct match *m, enum match_class class) { drop_record(m, class, NULL); }

/* Which hostcall something undeclared belongs to: the one before, where its time says so, else the one that comes.
 * Times are the suspect's own words, so they only choose where to report, never whether. */
static struct match_pending *nearest_call(struct match *m, const struct witness_record *record)
{
    if (m->pending_count == 0 || !match_is_main(m, record) || match_in_setup(m, record))
        return NULL;
    if (m->want_count == 0)
        return match_pending_at(m, m->pending_count - 1);
    struct match_pending *before = match_pending_at(m, 0);
    const struct match_want *want = match_want_at(m, 0);
    if (before->place.hostcall == want->hostcall)
        return before;
    struct match_pending *next = m->pending_count > 1 ? match_pending_at(m, 1) : before;
    if (!m->first.set || m->last.ktime <= m->first.ktime || m->last.ticks <= m->first.ticks ||
        record->ktime < m->last.ktime)
        return next;
    double scale = (double)(m->last.ticks - m->first.ticks) / (double)(m->last.ktime - m->first.ktime);
    double since = (double)(record->ktime - m->last.ktime) * scale;
    return since <= (double)before->duration ? before : next;
}

static void describe_record(const struct match *m, const struct witness_record *record, struct buffer *out)
{
    const char *name = record->flags & WITNESS_FLAG_COMPAT ? NULL : impact_name(m->world.machine, record->syscall);
    if (record->flags & WITNESS_FLAG_COMPAT)
        buffer_printf(out, "through the 32-bit entry: number %" PRId64 " of that table", record->syscall);
    else if (record->syscall == -1)
        buffer_string(out, "a tracer skipped a system call (number -1)");
    else if (name)
        buffer_string(out, name);
    else
        buffer_printf(out, "number %" PRId64 ", which the table of system calls does not know", record->syscall);
    buffer_printf(out, "(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ")", record->arg[0], record->arg[1], record->arg[2]);
    const char *between = " path ";
    for (uint32_t i = 0; i < WITNESS_PATHS; i++) {
        if (!record->path[i])
            continue;
        buffer_string(out, between);
        text_quote_name(out, record->path[i], record->path_length[i], 96);
        between = ", ";
    }
    if (record->kind == WITNESS_SYSCALL)
        buffer_printf(out, " = %" PRId64, record->result);
    if (record->opened.mode != 0)
        buffer_printf(out, " (inode %" PRIu64 " on device %" PRIu64 ")", record->opened.ino, record->opened.dev);
    if (record->role == WITNESS_RECORDER)
        buffer_string(out, " by the recorder's process");
    else if (record->tid != record->pid)
        buffer_printf(out, " by thread %" PRIu32, record->tid);
}

static void report_record(struct match *m, enum check_finding_kind kind, enum check_verdict verdict,
                          enum match_class class, const char *note)
{
    const struct witness_record *record = match_record_at(m, 0);
    struct match_pending *pending = nearest_call(m, record);
    struct match_place place = { 0 };
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    describe_record(m, record, &text);
    buffer_string(&text, note);
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    if (pending) {
        raise_verdict(pending, verdict);
        place = pending->place;
    }
    int64_t number = record->flags & WITNESS_FLAG_COMPAT ? -1 : record->syscall;
    m->sink.finding(m->sink.self, kind, pending ? &place : NULL, record, number, evidence);
    drop_record(m, class, pending ? &place : NULL);
}

void match_extra_record(struct match *m)
{
    const struct witness_record *record = match_record_at(m, 0);
    bool main_run = match_is_main(m, record) && !match_in_setup(m, record);
    if (!match_is_call(record))
        match_pass_record(m, record->kind == WITNESS_LOST ? MATCH_LOST : MATCH_THREAD);
    else if (match_role_allows(m, record))
        match_pass_record(m, !match_is_main(m, record) ? MATCH_OTHER : main_run ? MATCH_ROLE : MATCH_SETUP);
    else if (record->kind == WITNESS_EXIT_ONLY)
        match_refused_record(m);
    else {
        bool behind = main_run && m->want_count == 0 && m->calls_ended && m->open_end;
        if (behind && record->ktime <= m->stop_ns) { /* the recorder could not write it any more */
            if (!m->unrecorded_told)
                m->sink.finding(m->sink.self, CHECK_FINDING_UNRECORDED, NULL, record, record->syscall,
                                "the first record that the trace cannot account for");
            m->unrecorded_told = true;
            match_pass_record(m, MATCH_BEYOND);
            return;
        }
        if (behind && !m->in_flight) { /* its op was written down after the trace had stopped, and then it was done */
            m->sink.finding(m->sink.self, CHECK_FINDING_BEYOND, NULL, record, record->syscall,
                            "the first record that the trace cannot account for");
            m->in_flight = true;
            match_pass_record(m, MATCH_BEYOND);
            return;
        }
        report_record(m, CHECK_FINDING_UNDECLARED, CHECK_VERDICT_UNDECLARED, MATCH_UNDECLARED,
                      behind                                  ? " behind the place where the trace stops"
                      : main_run || !match_is_main(m, record) ? ""
                                                              : " during the setup");
    }
}

void match_refused_record(struct match *m)
{
    char note[CHECK_EVIDENCE_MAX];
    struct buffer text = BUFFER_INIT;
    char refusal[128];
    describe_refusal(match_record_at(m, 0), refusal, sizeof refusal);
    buffer_string(&text, ": ");
    buffer_string(&text, refusal);
    text_copy(&text, note, sizeof note);
    buffer_done(&text);
    report_record(m, CHECK_FINDING_DENIED, CHECK_VERDICT_DENIED, MATCH_DENIED, note);
}

void match_note_loss(struct match *m, uint64_t count)
{
    const struct witness_record *record = match_record_at(m, 0);
    char evidence[CHECK_EVIDENCE_MAX];
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%" PRIu64 " records of thread %" PRIu32 " are missing before this one", count, record->tid);
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    if (match_is_main(m, record))
        m->lost = m->lost + count < m->lost ? UINT64_MAX : m->lost + count;
    struct match_pending *pending = m->want_count > 0 ? current(m) : NULL;
    m->sink.finding(m->sink.self, CHECK_FINDING_LOST, pending ? &pending->place : NULL, record, -1, evidence);
}

void match_call_finding(struct match *m, struct match_pending *pending, enum check_finding_kind kind,
                        enum check_verdict verdict, const char *evidence)
{
    raise_verdict(pending, verdict);
    m->sink.finding(m->sink.self, kind, &pending->place, NULL, -1, evidence);
}

void match_flush(struct match *m)
{
    while (m->pending_count > 0)
        give_verdict(m);
}
