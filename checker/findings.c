/* Adds findings: counted always, kept in the report up to its limit, stored where there is a store.
 *
 * Invariant: this is the one way into the report and the store, so that both hold the same. docs/queries.md. */
#include "checker/findings.h"

#include <stdlib.h>
#include <string.h>
#include "checker/impact.h"

void findings_add(struct check_report *report, struct store *store, enum check_finding_kind kind,
                  const struct match_place *place, const struct witness_record *record, int64_t syscall,
                  const char *evidence)
{
    struct check_finding f = {
        .kind = kind,
        .hostcall = place ? place->hostcall : CHECK_NO_PLACE,
        .event = place ? place->event : CHECK_NO_PLACE,
        .chunk = place ? place->chunk : CHECK_NO_PLACE,
        .record = record ? record->number : CHECK_NO_PLACE,
        .call_name = place && place->call < OPERATION_COUNT ? abi_operations[place->call].name : NULL,
        .syscall = syscall,
        .impact = syscall >= 0 ? impact_text(report->machine, syscall) : NULL,
    };
    const char *name = syscall >= 0 ? impact_name(report->machine, syscall) : NULL;
    if (name)
        strncpy(f.syscall_name, name, sizeof f.syscall_name - 1);
    strncpy(f.evidence, evidence, sizeof f.evidence - 1);
    report->finding_count++;
    report->finding_counts[kind]++;
    report->failing += check_finding_row(kind)->fails;
    if (store)
        store_finding(store, &f);
    if (report->findings_kept == CHECK_FINDINGS_KEPT)
        return;
    if (!report->findings)
        report->findings = calloc(CHECK_FINDINGS_KEPT, sizeof *report->findings);
    if (report->findings)
        report->findings[report->findings_kept++] = f;
}
