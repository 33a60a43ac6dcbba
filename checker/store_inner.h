/* The store from within: shared by store.c, store_rows.c and who removes and copies runs. */
#ifndef WARRANT_CHECKER_STORE_INNER_H
#define WARRANT_CHECKER_STORE_INNER_H

#include "checker/columns.h"
#include "checker/store.h"

struct store {
    sqlite3 *db;
    struct database_wait wait;
    sqlite3_stmt *statement[COLUMNS_TABLES];
    int64_t run;
    enum status status;
    struct error error;
    struct buffer text;
};

/* Whether ids can be computed for a run of this number. */
bool store_is_run(int64_t run);
/* Where the rows of the run are in the table, by its owner column. */
void store_owned(enum columns_table table, int64_t run, int64_t *ret_first, int64_t *ret_beyond);
/* Removes all rows of the run but its own in `runs`. In a transaction of the caller's. */
MUST_USE enum status store_remove(sqlite3 *db, int64_t run, struct error *error);
/* Finds the run with this id (32 hexadecimal digits) and removes its rows, or makes one. In a transaction of the
 * caller's. LIMIT: there is no number for it. */
MUST_USE enum status store_room(sqlite3 *db, const char *id, int64_t *ret_run, bool *ret_replaced, struct error *error);

#endif
