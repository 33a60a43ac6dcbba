/* What the parts of a check found. Private to checker/. */
#ifndef WARRANT_CHECKER_FINDINGS_H
#define WARRANT_CHECKER_FINDINGS_H

#include "checker/store.h"

/* Adds a finding to the report and, where store is not NULL, to the store. Strings are copied; text of guests must be
 * escaped. place, record: NULL: none. syscall: -1: none. */
void findings_add(struct check_report *report, struct store *store, enum check_finding_kind kind,
                  const struct match_place *place, const struct witness_record *record, int64_t syscall,
                  const char *evidence);

#endif
