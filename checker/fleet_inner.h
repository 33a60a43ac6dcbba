/* The fleet from within: shared by fleet.c and fleet_merge.c. */
#ifndef WARRANT_CHECKER_FLEET_INNER_H
#define WARRANT_CHECKER_FLEET_INNER_H

#include "checker/database.h"
#include "checker/fleet.h"

MUST_USE enum status fleet_sql(sqlite3 *db, const char *sql, const char *path, struct error *error);
/* The statement that fleet_row_visit wants a row of: of the run whose id is its parameter. */
extern const char fleet_row_sql[];
/* Tells of the run in the statement's row. */
void fleet_row_visit(const struct fleet_options *options, sqlite3_stmt *row, enum fleet_done done,
                     const char *verdict_here);
MUST_USE enum status fleet_size_take(sqlite3 *db, const char *path, struct fleet_size *ret, struct error *error);
/* What was done stands: the transaction's end. */
MUST_USE enum status fleet_commit(sqlite3 *db, const char *path, enum status so_far, struct error *error);
/* Settings of a connection that changes many rows. */
void fleet_tune(sqlite3 *db);

#endif
