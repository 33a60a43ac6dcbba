/* The store from within: shared by store.c and store_rows.c. */
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

#endif
