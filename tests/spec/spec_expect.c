/* Rows are few hundred, and are searched from the first on. */
#include "spec_expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the engine has beyond 2.0, by the names that the tables use. */
static const char *const features[] = { "extended-const", "tail-call", "multi-memory" };

struct row {
    char *path;
    unsigned line;
    bool beyond; /* needs.tsv: a feature that is not among `features` */
};
struct spec_expect {
    char *folder; /* with a slash at its end */
    struct row *needs, *superseded;
    unsigned needs_count, superseded_count;
};

static bool has_feature(const char *name)
{
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (strcmp(features[i], name) == 0)
            return true;
    return false;
}

static bool any_missing(char *list)
{
    for (char *name = strsep(&list, ","); name; name = strsep(&list, ","))
        if (!has_feature(name))
            return true;
    return false;
}

/* Columns: file, line, command, features or text. */
static struct row *table_read(const char *folder, const char *name, unsigned *ret_count)
{
    char path[4096], line[4096];
    struct row *rows = NULL;
    unsigned count = 0;
    snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return NULL;
    }
    while (fgets(line, sizeof line, file)) {
        char *rest = line, *cells[4] = { 0 };
        line[strcspn(line, "\n")] = 0;
        for (int i = 0; i < 4 && rest; i++)
            cells[i] = strsep(&rest, "\t");
        struct row *grown = cells[3] ? realloc(rows, (count + (size_t)1) * sizeof *rows) : NULL;
        if (!grown)
            continue;
        rows = grown;
        rows[count++] = (struct row) { strdup(cells[0]), (unsigned)strtoul(cells[1], NULL, 10), any_missing(cells[3]) };
    }
    fclose(file);
    *ret_count = count;
    return rows;
}

static void table_free(struct row *rows, unsigned count)
{
    for (unsigned i = 0; rows && i < count; i++)
        free(rows[i].path);
    free(rows);
}

struct spec_expect *spec_expect_open(const char *folder)
{
    struct spec_expect *e = calloc(1, sizeof *e);
    size_t size = strlen(folder) + 2;
    if (!e || !(e->folder = malloc(size))) {
        free(e);
        return NULL;
    }
    snprintf(e->folder, size, "%s/", folder);
    e->needs = table_read(e->folder, "needs.tsv", &e->needs_count);
    e->superseded = table_read(e->folder, "superseded.tsv", &e->superseded_count);
    if (e->needs && e->superseded)
        return e;
    spec_expect_close(e);
    return NULL;
}

void spec_expect_close(struct spec_expect *e)
{
    if (!e)
        return;
    table_free(e->needs, e->needs_count);
    table_free(e->superseded, e->superseded_count);
    free(e->folder);
    free(e);
}

/* The path as the tables write it. */
static const char *relative(const struct spec_expect *e, const char *path)
{
    size_t size = strlen(e->folder);
    return strncmp(path, e->folder, size) == 0 ? path + size : path;
}

static const struct row *find(const struct row *rows, unsigned count, const char *path, unsigned line)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(rows[i].path, path) == 0 && (line == 0 || rows[i].line == line))
            return &rows[i];
    return NULL;
}

bool spec_expect_core(const struct spec_expect *e, const char *path)
{
    const char *name = e ? relative(e, path) : "";
    return strncmp(name, "core/", 5) == 0 || strncmp(name, "core-2.0/", 9) == 0;
}

bool spec_expect_beyond(const struct spec_expect *e, const char *path, unsigned line)
{
    const struct row *row = e ? find(e->needs, e->needs_count, relative(e, path), line) : NULL;
    return row && row->beyond;
}

bool spec_expect_superseded(const struct spec_expect *e, const char *path)
{
    return e && find(e->superseded, e->superseded_count, relative(e, path), 0);
}
