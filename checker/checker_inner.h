/* The checker from within. Private to checker/. */
#ifndef WARRANT_CHECKER_INNER_H
#define WARRANT_CHECKER_INNER_H

#include <sqlite3.h>
#include "checker/checker.h"

/* The database, and the number of the run in it that was checked last; NULL: nothing is stored. Borrowed. */
sqlite3 *checker_database(const struct checker *checker, int64_t *ret_run);

#endif
