/* The database's schema and its tables of names. Private to checker/. */
#ifndef WARRANT_CHECKER_SCHEMA_H
#define WARRANT_CHECKER_SCHEMA_H

#include <sqlite3.h>
#include "runtime/base/base.h"

enum { SCHEMA_VERSION = 1, SCHEMA_APPLICATION = 0x57415252 /* "WARR" */ };

/* Makes the schema in an empty database, or checks that this one is ours and of this version; fills the tables of names. */
MUST_USE enum status schema_open(sqlite3 *db, const char *path, struct error *error);
/* True where the open database is one of ours. */
MUST_USE enum status schema_check(sqlite3 *db, const char *path, struct error *error);
/* What SQLite says went wrong, with the database's name. */
enum status schema_failed(sqlite3 *db, const char *what, struct error *error);

#endif
