/* Where a policy that judges, and the database of findings, may lie. */
#ifndef WARRANT_CLI_CHECK_PLACE_H
#define WARRANT_CLI_CHECK_PLACE_H

#include "runtime/base/base.h"

/* DENIED: the file at `path`, which need not exist, lies in a directory that the guest of one of the traces may write
 * on this machine, or the way to it leads through one. what: "the policy". A trace that cannot be read says nothing
 * here; its check will. */
MUST_USE enum status check_place(const char *what, const char *path, char *const *traces, int count,
                                 struct error *error);

#endif
