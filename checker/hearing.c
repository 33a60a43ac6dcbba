/* Brings judge, claims and grants to bear on one run, and says what the judgement rests on.
 *
 * Invariants: nothing is acquitted unheard: a grant that the policy does not have, or of which it cannot be told, is a
 * finding of its own; where the kernel's record is missing or has a gap, the trace's own word is judged instead, and
 * the report says that it was. docs/policy.md. */
#include "checker/hearing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "checker/claims.h"
#include "checker/findings.h"
#include "checker/grants.h"
#include "checker/impact.h"
#include "runtime/base/text.h"

_Static_assert((int)JUDGE_MODE_OTHER_NUMBERS == (int)WITNESS_MODE_OTHER_NUMBERS &&
                   (int)JUDGE_MODE_NO_DATA == (int)WITNESS_MODE_NO_DATA,
               "a record's object is a fact's");

struct hearing {
    const struct audit_options *options;
    struct check_report *report;
    struct judge *judge; /* NULL: unwitnessed */
    struct claims *claims;
    bool gap;
};

typedef bool grants_fn(const struct run_spec *, const struct check_options *, uint32_t, struct grants_ruling *);

static void rule_on_list(struct hearing *h, uint32_t count, grants_fn *given)
{
    for (uint32_t i = 0; i < count; i++) {
        struct grants_ruling ruling;
        if (!given(h->options->spec, h->options->check, i, &ruling))
            findings_add(h->report, h->options->store, CHECK_FINDING_UNGRANTED, NULL, NULL, -1, ruling.text);
    }
}

static void rule_on_grants(struct hearing *h, enum judge_grant *grants)
{
    const struct run_spec *spec = h->options->spec;
    for (uint32_t i = 0; i < spec->policy.file_count; i++) {
        struct grants_ruling ruling;
        grants_rule(spec, h->options->check, i, &ruling);
        grants[i] = ruling.grant;
        if (ruling.answer != GRANTS_FULL)
            findings_add(h->report, h->options->store,
                         ruling.answer == GRANTS_NONE ? CHECK_FINDING_UNGRANTED : CHECK_FINDING_UNJUDGED, NULL, NULL,
                         -1, ruling.text);
    }
    rule_on_list(h, spec->policy.device_count, grants_device);
    rule_on_list(h, spec->policy.name_count, grants_name);
    rule_on_list(h, spec->policy.listen_count, grants_listen);
}

enum status hearing_create(const struct audit_options *options, struct check_report *report, struct hearing **ret,
                           struct error *error)
{
    const struct run_spec *spec = options->spec;
    const struct policy *policy = options->check->policy ? options->check->policy : &spec->policy;
    struct hearing *h = calloc(1, sizeof *h);
    enum judge_grant *grants = calloc(spec->policy.file_count + (size_t)1, sizeof *grants);
    enum status s = STATUS_OK;
    if (!h || !grants)
        s = error_set(error, STATUS_NO_MEMORY, "no memory for judging the policy");
    else if (spec->initial_count != run_spec_initials(&spec->policy))
        s = error_set(error, STATUS_MALFORMED, "the trace's description has fewer descriptors than grants");
    if (h && grants && s == STATUS_OK) {
        h->options = options;
        h->report = report;
        rule_on_grants(h, grants);
        s = claims_create(spec, grants, policy, &h->claims, error);
    }
    if (s == STATUS_OK && options->witness)
        s = judge_create(spec, grants, policy, &h->judge, error);
    if (s == STATUS_OK && h->judge)
        judge_extend(h->judge, impact_extra_roles);
    free(grants);
    if (s != STATUS_OK) {
        hearing_free(h);
        return s;
    }
    *ret = h;
    return STATUS_OK;
}

void hearing_free(struct hearing *hearing)
{
    if (!hearing)
        return;
    judge_free(hearing->judge);
    claims_free(hearing->claims);
    free(hearing);
}

static void put_ruling(struct buffer *out, const struct judge_ruling *ruling)
{
    buffer_printf(out, "%s (%s): %s", judge_rule_text(ruling->rule), judge_rule_name(ruling->rule), ruling->text);
}

void hearing_call(struct hearing *hearing, const struct trace_call *call, uint64_t number)
{
    struct judge_ruling ruling;
    uint32_t op = 0;
    if (claims_call(hearing->claims, call, &ruling, &op) || (hearing->judge && !hearing->gap))
        return;
    struct match_place place = { number, call->begin_event, call->chunk, call->request.call, op };
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    put_ruling(&text, &ruling);
    for (uint32_t i = 0; i < call->request.string_count && i < REQUEST_STRINGS; i++) {
        struct region string = call->request.string[i];
        buffer_string(&text, i == 0 ? "; path " : ", ");
        if ((uint64_t)string.offset + string.length <= REQUEST_BYTES)
            text_quote_name(&text, call->request.bytes + string.offset, string.length, 96);
    }
    buffer_string(&text, "; by the trace's own word");
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    findings_add(hearing->report, hearing->options->store, CHECK_FINDING_ESCAPE, &place, NULL, -1, evidence);
}

void hearing_record(struct hearing *hearing, const struct witness_record *record, const struct match_place *place)
{
    struct judge_fact fact = {
        .number = record->syscall,
        .compat = record->flags & WITNESS_FLAG_COMPAT,
        .returned = record->kind == WITNESS_SYSCALL,
        .result = record->result,
        .object = { record->object.dev, record->object.ino, record->object.mode },
        .object2 = { record->object2.dev, record->object2.ino, record->object2.mode },
        .opened = { record->opened.dev, record->opened.ino, record->opened.mode },
        .path = { record->path[0], record->path[1] },
        .how_known = record->parts & WITNESS_PART_HOW,
        .address = record->parts & WITNESS_PART_ADDRESS ? record->address : NULL,
        .address_length = record->address_length,
        .late = record->flags & WITNESS_FLAG_LATE,
    };
    if (record->parts & WITNESS_PART_SOCKET) {
        const struct witness_socket *s = &record->socket;
        fact.socket = (struct judge_socket) { s->family,     s->type,      s->protocol, s->only_v6,
                                              s->local_port, s->peer_port, { 0 },       { 0 } };
        memcpy(fact.socket.local, s->local, sizeof fact.socket.local);
        memcpy(fact.socket.peer, s->peer, sizeof fact.socket.peer);
    }
    struct judge_ruling ruling;
    memcpy(fact.arg, record->arg, sizeof fact.arg);
    memcpy(fact.how, record->how, sizeof fact.how);
    if (!hearing->judge || judge_call(hearing->judge, &fact, &ruling))
        return;
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    put_ruling(&text, &ruling);
    for (uint32_t i = 0; i < WITNESS_PATHS; i++) {
        if (!record->path[i])
            continue;
        buffer_string(&text, "; path ");
        text_quote_name(&text, record->path[i], record->path_length[i], 96);
    }
    if (record->kind == WITNESS_SYSCALL)
        buffer_printf(&text, "; the kernel answered %" PRId64, record->result);
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    enum check_finding_kind kind = ruling.rule == JUDGE_UNREAD ? CHECK_FINDING_UNREAD : CHECK_FINDING_ESCAPE;
    findings_add(hearing->report, hearing->options->store, kind, place, record, fact.compat ? -1 : record->syscall,
                 evidence);
}

enum status hearing_status(const struct hearing *hearing, struct error *error)
{
    bool starved = hearing->judge && judge_starved(hearing->judge);
    return starved ? error_set(error, STATUS_NO_MEMORY, "no memory for judging the policy") : STATUS_OK;
}

void hearing_gap(struct hearing *hearing)
{
    hearing->gap = true;
    if (hearing->judge)
        judge_gap(hearing->judge);
}

void hearing_end(struct hearing *hearing)
{
    struct check_report *report = hearing->report;
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    report->judged = !hearing->judge ? CHECK_JUDGED_TRACE : hearing->gap ? CHECK_JUDGED_PARTLY : CHECK_JUDGED_KERNEL;
    uint32_t count =
        grants_limits(hearing->options->spec, hearing->options->check, report->has_exit ? &report->exit : NULL, &text);
    if (count > 0) {
        text_copy(&text, evidence, sizeof evidence);
        findings_add(report, hearing->options->store, CHECK_FINDING_LIMITS, NULL, NULL, -1, evidence);
    }
    buffer_done(&text);
}
