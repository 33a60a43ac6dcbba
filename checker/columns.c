/* Puts statements together from columns.def, so that schema, statement and binding name each column in one order. */
#include "checker/columns.h"

#define TABLE(id, name, ending)
#define KEY(table, name, type)           { COLUMNS_##table, { #name, type, false, false, COLUMNS_PLAIN } },
#define COLUMN(table, name, type, value) { COLUMNS_##table, { #name, type, true, false, COLUMNS_PLAIN } },
#define ID(table, name, type, value)     { COLUMNS_##table, { #name, type, true, false, COLUMNS_ID } },
#define RUN(table, name)                 { COLUMNS_##table, { #name, "INTEGER", true, false, COLUMNS_RUN } },
#define COUNT(table, name)               { COLUMNS_##table, { #name, "INTEGER", true, true, COLUMNS_PLAIN } },
static const struct {
    enum columns_table table;
    struct column column;
} columns[] = {
#include "checker/columns.def"
};
#undef TABLE
#undef KEY
#undef COLUMN
#undef ID
#undef RUN
#undef COUNT

#define TABLE(id, name, ending) { name, ending },
#define KEY(table, name, type)
#define COLUMN(table, name, type, value)
#define ID(table, name, type, value)
#define RUN(table, name)
#define COUNT(table, name)
static const struct {
    const char *name, *ending;
} tables[] = {
#include "checker/columns.def"
};
#undef TABLE
#undef KEY
#undef COLUMN
#undef ID
#undef RUN
#undef COUNT

const char *columns_table_name(enum columns_table table) { return tables[table].name; }

const struct column *columns_next(enum columns_table table, size_t *at)
{
    while (*at < sizeof columns / sizeof columns[0] && columns[*at].table != table)
        ++*at;
    return *at < sizeof columns / sizeof columns[0] ? &columns[(*at)++].column : NULL;
}

const struct column *columns_owner(enum columns_table table)
{
    const struct column *column;
    for (size_t at = 0; (column = columns_next(table, &at));)
        if (column->kind != COLUMNS_PLAIN)
            return column;
    return NULL;
}

void columns_make(enum columns_table table, struct buffer *out)
{
    const struct column *column;
    const char *between = "";
    buffer_printf(out, "CREATE TABLE %s(", tables[table].name);
    for (size_t at = 0; (column = columns_next(table, &at));) {
        buffer_printf(out, "%s%s %s", between, column->name, column->type);
        between = ", ";
    }
    buffer_printf(out, "%s;", tables[table].ending);
}

/* The names of what is bound, or of the counts alone, each as `form` says. */
static void put_names(enum columns_table table, bool counts, void (*put)(struct buffer *out, const char *name),
                      struct buffer *out)
{
    const struct column *column;
    const char *between = "";
    for (size_t at = 0; (column = columns_next(table, &at));) {
        if (!column->bound || (counts && !column->count))
            continue;
        buffer_string(out, between);
        put(out, column->name);
        between = ", ";
    }
}

static void put_name(struct buffer *out, const char *name) { buffer_string(out, name); }
static void put_parameter(struct buffer *out, const char *name)
{
    (void)name;
    buffer_u8(out, '?');
}
static void put_change(struct buffer *out, const char *name) { buffer_printf(out, "%s = ?", name); }
static void put_sum(struct buffer *out, const char *name)
{
    buffer_printf(out, "%s = %s + excluded.%s", name, name, name);
}

static bool has_counts(enum columns_table table)
{
    const struct column *column;
    for (size_t at = 0; (column = columns_next(table, &at));)
        if (column->count)
            return true;
    return false;
}

void columns_write(enum columns_table table, struct buffer *out)
{
    if (table == COLUMNS_RUNS) {
        buffer_printf(out, "UPDATE %s SET ", tables[table].name);
        put_names(table, false, put_change, out);
        buffer_string(out, " WHERE id = ?");
        return;
    }
    buffer_printf(out, "INSERT INTO %s(", tables[table].name);
    put_names(table, false, put_name, out);
    buffer_string(out, ") VALUES(");
    put_names(table, false, put_parameter, out);
    buffer_string(out, ")");
    if (has_counts(table)) {
        buffer_string(out, " ON CONFLICT DO UPDATE SET ");
        put_names(table, true, put_sum, out);
    }
}

/* Which rows: those of one run. */
static void put_where(enum columns_table table, struct buffer *out)
{
    const struct column *owner = columns_owner(table);
    if (owner)
        buffer_printf(out, " FROM %s WHERE %s >= ?1 AND %s < ?2", tables[table].name, owner->name, owner->name);
    else
        buffer_printf(out, " FROM %s WHERE id = ?1", tables[table].name);
}

void columns_read(enum columns_table table, struct buffer *out)
{
    buffer_string(out, "SELECT ");
    put_names(table, false, put_name, out);
    put_where(table, out);
}

void columns_remove(enum columns_table table, struct buffer *out)
{
    buffer_string(out, "DELETE");
    put_where(table, out);
}
