/* Which runs of a database a question or a change is about. Private to checker/. */
#ifndef WARRANT_CHECKER_CHOOSE_H
#define WARRANT_CHECKER_CHOOSE_H

#include <sqlite3.h>
#include "checker/checker.h"

/* Makes the table `chosen` of this connection (run, and the range of computed ids that is the run's: first <= id <
 * beyond), which no file holds. Every named query reads its runs from there. choice NULL: all runs. path: for messages.
 * INVALID: a run or label that is none. NOT_FOUND: a run that the database does not have. */
MUST_USE enum status choose_runs(sqlite3 *db, const struct checker_choice *choice, const char *path,
                                 struct error *error);
/* True where it names anything, so that it need not be all runs. NULL is fine. */
bool choose_any(const struct checker_choice *choice);

#endif
