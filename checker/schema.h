/* The database's schema and its tables of names. Private to checker/. */
#ifndef WARRANT_CHECKER_SCHEMA_H
#define WARRANT_CHECKER_SCHEMA_H

#include <sqlite3.h>
#include "runtime/base/base.h"

enum { SCHEMA_VERSION = 3, SCHEMA_APPLICATION = 0x57415252 /* "WARR" */ };

/* Makes the schema in an empty database, or demands that this one is ours, as schema_check; fills the tables of names.
 */
MUST_USE enum status schema_open(sqlite3 *db, const char *path, struct error *error);
/* UNSUPPORTED unless the open database is one of ours, of this version, and its schema is word for word the one that
 * schema_open makes. */
MUST_USE enum status schema_check(sqlite3 *db, const char *path, struct error *error);

#endif
