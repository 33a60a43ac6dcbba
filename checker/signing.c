/* The signatures of trace and witness file, held against the files, against each other and against the keys that the
 * reader trusts; and what the reader demands of a run.
 *
 * Invariants: that a file was to be signed is the description's word, never the presence of a signature; a signature by
 * a key that nobody vouched for shows no more than that the file is whole, and meets no demand; two signatures by one
 * key are one party's. docs/threat-model.md, Keys. */
#include "checker/signing.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "checker/findings.h"
#include "tracer/signature.h"

static const char *const files[CHECK_SIGNERS] = { "the trace", "the witness file" };
static const uint32_t asked[CHECK_SIGNERS] = { RUN_SIGN_RECORDER, RUN_SIGN_WITNESS };

static bool trusted(const struct check_options *options, const uint8_t *key)
{
    for (size_t i = 0; i < options->trusted_count; i++)
        if (sodium_memcmp(options->trusted[i].bytes, key, TRACE_KEY) == 0)
            return true;
    return false;
}

struct signing {
    const struct check_options *options;
    const struct run_spec *spec;
    struct store *store;
    struct check_report *report;
};

static void tell(const struct signing *s, enum check_finding_kind kind, const char *format, const char *file,
                 const char *what)
{
    char evidence[CHECK_EVIDENCE_MAX];
    snprintf(evidence, sizeof evidence, format, file, what);
    findings_add(s->report, s->store, kind, NULL, NULL, -1, evidence);
}

/* One file's: status and signature are as its reader gave them. */
static void judge(const struct signing *s, enum check_signer who, enum status status,
                  const struct trace_signature *signature, const struct error *why)
{
    struct check_signed *is = &s->report->signed_by[who];
    if (status == STATUS_NOT_FOUND) {
        if (!(s->spec->facts.sign_asked & asked[who]))
            return;
        is->state = CHECK_SIGNED_MISSING;
        tell(s, CHECK_FINDING_SIGNATURE_MISSING, "%s has no signature, and was to get one%s", files[who],
             who == CHECK_SIGNER_RECORDER && !s->report->trace_whole ? "; what is valid of it ends early" : "");
        return;
    }
    trace_key_name(signature->statement.key, is->key);
    if (status != STATUS_OK) {
        is->state = CHECK_SIGNED_BAD;
        tell(s, CHECK_FINDING_SIGNATURE_BAD, "of %s: %s", files[who], why->text);
        return;
    }
    is->state = trusted(s->options, signature->statement.key) ? CHECK_SIGNED_TRUSTED : CHECK_SIGNED_VALID;
    if (is->state == CHECK_SIGNED_VALID && s->options->trusted_count > 0)
        tell(s, CHECK_FINDING_SIGNATURE_UNTRUSTED, "%s was signed with the key %s", files[who], is->key);
}

static void demand(const struct signing *s, uint32_t what, bool holds, const char *name, const char *found)
{
    if (s->options->require & what && !holds)
        tell(s, CHECK_FINDING_REQUIRED, "--require %s: %s", name, found);
}

static void demands(const struct signing *s, bool one_key)
{
    const struct check_report *report = s->report;
    const struct check_signed *by = report->signed_by;
    bool trace = by[CHECK_SIGNER_RECORDER].state == CHECK_SIGNED_TRUSTED;
    bool witness = by[CHECK_SIGNER_WITNESS].state == CHECK_SIGNED_TRUSTED;
    bool needs = s->spec->facts.witness_held || s->options->require & CHECK_REQUIRE_WITNESS;
    demand(s, CHECK_REQUIRE_WITNESS, report->witnessed, "witness",
           "nothing of this run was compared with the kernel's record");
    demand(s, CHECK_REQUIRE_SIGNATURE, trace, "signature", "no trusted key signed the trace");
    demand(s, CHECK_REQUIRE_SIGNATURE, witness || !needs, "signature", "no trusted key signed the witness file");
    demand(s, CHECK_REQUIRE_SIGNATURE, !one_key, "signature", "one key signed both files");
    demand(s, CHECK_REQUIRE_CONFINED, run_confinement(&s->spec->facts) == RUN_CONFINED, "confined", report->confined);
}

void signing_check(const struct check_options *options, const struct run_spec *spec, const struct trace_reader *trace,
                   const struct witness_reader *witness, struct store *store, struct check_report *report)
{
    const struct signing s = { options, spec, store, report };
    struct trace_signature first, second;
    struct error why = ERROR_INIT, why_second = ERROR_INIT;
    bool one_key = false;
    enum status is = trace_reader_signature(trace, &first, &why);
    judge(&s, CHECK_SIGNER_RECORDER, is, &first, &why);
    if (witness) {
        enum status other = witness_reader_signature(witness, &second, &why_second);
        judge(&s, CHECK_SIGNER_WITNESS, other, &second, &why_second);
        one_key =
            is == STATUS_OK && other == STATUS_OK && memcmp(first.statement.key, second.statement.key, TRACE_KEY) == 0;
    }
    if (one_key)
        tell(&s, CHECK_FINDING_SIGNATURE_SHARED, "%s and the witness file were signed with the key %s", files[0],
             report->signed_by[CHECK_SIGNER_RECORDER].key);
    demands(&s, one_key);
}
