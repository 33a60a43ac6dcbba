/* Opening an audit database as what it is: a file that somebody else may have written. Private to checker/. */
#ifndef WARRANT_CHECKER_DATABASE_H
#define WARRANT_CHECKER_DATABASE_H

#include <stdbool.h>
#include "checker/database_error.h"

enum database_mode { DATABASE_READ, DATABASE_WRITE, DATABASE_CHANGE };

/* Told, now and then, that another process has the database and for how many seconds that is so. told: may be NULL. The
 * struct must live as long as the database is open. */
struct database_wait {
    void (*told)(void *self, const char *what, uint64_t done, uint64_t total);
    void *self;
    uint64_t since_ns;
};

/* Opens the database file at `path`, or for DATABASE_WRITE the one in memory that is called ":memory:", or one on disk
 * without a name, which ends when it is closed: CHECKER_TEMPORARY.
 * DATABASE_READ: nothing is written to the file, and it must be an audit database of this version. DATABASE_WRITE: made
 * with mode 0600 if it is missing; what is there must be a regular file of this user under this one name, and is empty
 * or an audit database. DATABASE_CHANGE: the same, and an audit database must be there. Whoever has it locked is waited
 * for. NOT_FOUND: no such file. UNSUPPORTED: no audit database, one of another version, or one whose schema was
 * changed. DENIED: a file that is not written to. IO: the file, or it stayed locked. Returns owned; closed by
 * database_close. */
MUST_USE enum status database_open(const char *path, enum database_mode mode, struct database_wait *wait, sqlite3 **ret,
                                   struct error *error);
/* Whether both names lead to one file. */
bool database_is(const char *path, const char *other);
/* Leaves one file behind where nobody else has it open; else that file is whole all the same. NULL is fine. */
void database_close(sqlite3 *db);

#endif
