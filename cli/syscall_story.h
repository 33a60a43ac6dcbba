/* `warrant syscalls NAME`: all that is known of one system call. */
#ifndef WARRANT_CLI_SYSCALL_STORY_H
#define WARRANT_CLI_SYSCALL_STORY_H

#include "runtime/base/base.h"
#include "wasi/abi/syscalls.h"

/* Prints it: lines, or one JSON object. db_path: a database of `check --db` of which is told what its runs did with the
 * call; NULL: none. Failures: as checker_query's. */
MUST_USE enum status syscall_story_print(const struct syscall_row *row, const char *db_path, bool json,
                                         struct error *error);

#endif
