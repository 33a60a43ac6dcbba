/* The tables that a check writes, and the statements that make and fill them, from columns.def. Private to checker/. */
#ifndef WARRANT_CHECKER_COLUMNS_H
#define WARRANT_CHECKER_COLUMNS_H

#include "runtime/base/base.h"

#define TABLE(id, name, ending) COLUMNS_##id,
#define KEY(table, name, type)
#define COLUMN(table, name, type, value)
#define COUNT(table, name)
enum columns_table {
#include "checker/columns.def"
    COLUMNS_TABLES
};
#undef TABLE
#undef KEY
#undef COLUMN
#undef COUNT

/* Appends the statement that makes the table, with its semicolon. */
void columns_make(enum columns_table table, struct buffer *out);
/* Appends the statement that writes a row, whose parameters are the bound columns in order: an insertion, which adds
 * counts to those of a row that is there already; of the runs, the change of the row whose id is the last parameter. */
void columns_write(enum columns_table table, struct buffer *out);

#endif
