/* Puts statements together from columns.def, so that schema, statement and binding name each column in one order. */
#include "checker/columns.h"

struct column {
    const char *name, *type;
    bool bound, count;
};

#define TABLE(id, name, ending)
#define KEY(table, name, type)           { COLUMNS_##table, { #name, type, false, false } },
#define COLUMN(table, name, type, value) { COLUMNS_##table, { #name, type, true, false } },
#define COUNT(table, name)               { COLUMNS_##table, { #name, "INTEGER", true, true } },
static const struct {
    enum columns_table table;
    struct column column;
} columns[] = {
#include "checker/columns.def"
};
#undef TABLE
#undef KEY
#undef COLUMN
#undef COUNT

#define TABLE(id, name, ending) { name, ending },
#define KEY(table, name, type)
#define COLUMN(table, name, type, value)
#define COUNT(table, name)
static const struct {
    const char *name, *ending;
} tables[] = {
#include "checker/columns.def"
};
#undef TABLE
#undef KEY
#undef COLUMN
#undef COUNT

/* The next column of the table, from *at on; NULL: there is none. */
static const struct column *next(enum columns_table table, size_t *at)
{
    while (*at < sizeof columns / sizeof columns[0] && columns[*at].table != table)
        ++*at;
    return *at < sizeof columns / sizeof columns[0] ? &columns[(*at)++].column : NULL;
}

void columns_make(enum columns_table table, struct buffer *out)
{
    const struct column *column;
    const char *between = "";
    buffer_printf(out, "CREATE TABLE %s(", tables[table].name);
    for (size_t at = 0; (column = next(table, &at));) {
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
    for (size_t at = 0; (column = next(table, &at));) {
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
    for (size_t at = 0; (column = next(table, &at));)
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
