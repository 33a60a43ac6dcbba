/* What SQLite could not do, in our words. Private to checker/. */
#ifndef WARRANT_CHECKER_DATABASE_ERROR_H
#define WARRANT_CHECKER_DATABASE_ERROR_H

#include <sqlite3.h>
#include "runtime/base/base.h"

/* What SQLite says went wrong, with the name of what it was done on. */
enum status database_failed(sqlite3 *db, const char *what, struct error *error);

#endif
