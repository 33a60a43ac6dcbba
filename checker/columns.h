/* The tables that a check writes, and the statements that make and fill them, from columns.def. Private to checker/. */
#ifndef WARRANT_CHECKER_COLUMNS_H
#define WARRANT_CHECKER_COLUMNS_H

#include <stdbool.h>
#include "runtime/base/base.h"

#define TABLE(id, name, ending) COLUMNS_##id,
#define KEY(table, name, type)
#define COLUMN(table, name, type, value)
#define ID(table, name, type, value)
#define RUN(table, name)
#define COUNT(table, name)
enum columns_table {
#include "checker/columns.def"
    COLUMNS_TABLES
};
#undef TABLE
#undef KEY
#undef COLUMN
#undef ID
#undef RUN
#undef COUNT

enum columns_kind { COLUMNS_PLAIN, COLUMNS_ID, COLUMNS_RUN };
struct column {
    const char *name, *type;
    bool bound, count;
    uint8_t kind; /* enum columns_kind */
};
const char *columns_table_name(enum columns_table table);
/* The next column of the table, from *at on, which is 0 before the first; NULL: there is none. */
const struct column *columns_next(enum columns_table table, size_t *at);
/* The column that says of which run a row is; NULL: of `runs`. */
const struct column *columns_owner(enum columns_table table);

/* Appends the statement that makes the table, with its semicolon. */
void columns_make(enum columns_table table, struct buffer *out);
/* Appends the statement that writes a row, whose parameters are the bound columns in order: an insertion, which adds
 * counts to those of a row that is there already; of the runs, the change of the row whose id is the last parameter. */
void columns_write(enum columns_table table, struct buffer *out);
/* Appends the statement that reads the bound columns, in that order, of the rows whose owner is at least the first
 * parameter and less than the second; of the runs, of the row whose id is the first. */
void columns_read(enum columns_table table, struct buffer *out);
/* Appends the statement that removes those rows. */
void columns_remove(enum columns_table table, struct buffer *out);

#endif
