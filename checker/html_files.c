/* The files of a run as a tree, in the HTML report.
 *
 * Those with the most bytes are listed, and the others are one sum. Sums of a directory are of what is listed in it.
 * Names are a guest's: how deep they nest and how long they are is bounded here. */
#include "checker/html_page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 24, OPEN_ALL = 60 };

#define FILE_COUNTS(X)                                                                                                 \
    X(opens) X(creates) X(reads) X(bytes_read) X(writes) X(bytes_written) X(looks) X(changes) X(removes) X(failures)

struct file_sum {
#define FIELD(name) uint64_t name;
    FILE_COUNTS(FIELD)
#undef FIELD
};

struct file_row {
    char *name; /* owned, in the plain form */
    struct file_sum sum;
};

struct file_list {
    struct file_row *row; /* owned, by name */
    size_t count;
    struct file_sum all;
    uint64_t names;
};

static void sum_add(struct file_sum *sum, const struct file_sum *one)
{
#define ADD(name) sum->name += one->name;
    FILE_COUNTS(ADD)
#undef ADD
}

static void sum_subtract(struct file_sum *sum, const struct file_sum *one)
{
#define SUBTRACT(name) sum->name -= one->name;
    FILE_COUNTS(SUBTRACT)
#undef SUBTRACT
}

static void sum_read(sqlite3_stmt *row, int column, struct file_sum *sum)
{
#define READ(name) sum->name = html_row_number(row, column++);
    FILE_COUNTS(READ)
#undef READ
}

#define COLUMN_SUM(name)  ", sum(" #name ")"
#define COLUMN_NAME(name) ", " #name

static void read_all(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct file_list *list = self;
    (void)page;
    list->names = html_row_number(row, 0);
    sum_read(row, 1, &list->all);
}

static void read_one(struct html_page *page, sqlite3_stmt *row, void *self)
{
    struct file_list *list = self;
    struct file_row *file = &list->row[list->count];
    const void *name = sqlite3_column_blob(row, 0);
    size_t size = (size_t)sqlite3_column_bytes(row, 0);
    file->name = calloc(1, size + 1);
    if (!file->name) {
        page->status = error_set(page->error, STATUS_NO_MEMORY, "no memory for the report");
        return;
    }
    if (name)
        memcpy(file->name, name, size);
    sum_read(row, 1, &file->sum);
    list->count++;
}

/* ---- a line ---- */

static void some(struct buffer *out, bool *any, uint64_t count, const char *before, const char *behind)
{
    if (count == 0)
        return;
    html_text(out, *any ? "; " : "");
    html_text(out, before);
    html_number(out, count);
    html_text(out, behind);
    *any = true;
}

static void some_bytes(struct buffer *out, bool *any, uint64_t count, uint64_t bytes, const char *what)
{
    if (count == 0)
        return;
    html_text(out, *any ? "; " : "");
    html_text(out, what);
    html_bytes(out, bytes);
    html_raw(out, " in ");
    html_number(out, count);
    *any = true;
}

static void put_sum(struct buffer *out, const struct file_sum *sum)
{
    bool any = false;
    html_raw(out, "<span class=\"use\">");
    some_bytes(out, &any, sum->reads, sum->bytes_read, "read ");
    some_bytes(out, &any, sum->writes, sum->bytes_written, "wrote ");
    some(out, &any, sum->opens, "opened ", "");
    some(out, &any, sum->creates, "made ", "");
    some(out, &any, sum->changes, "changed ", "");
    some(out, &any, sum->removes, "removed ", "");
    some(out, &any, sum->looks, "looked at ", "");
    if (sum->failures > 0) {
        html_text(out, any ? "; " : "");
        html_raw(out, "<span class=\"failures\">");
        html_number(out, sum->failures);
        html_raw(out, " failed</span>");
    }
    html_raw(out, "</span>");
}

static void put_name(struct buffer *out, const char *name, size_t size, bool directory)
{
    html_raw(out, "<code>");
    html_text_cut(out, name, size, HTML_NAME);
    html_text(out, directory ? "/" : "");
    html_raw(out, "</code>");
}

/* ---- the tree ---- */

/* Of a name's part at `offset`: its length, and whether more is behind it. */
static size_t part_size(const char *name, size_t offset, unsigned depth, bool *ret_directory)
{
    const char *slash = depth < DEPTH_MAX ? strchr(name + offset, '/') : NULL;
    *ret_directory = slash != NULL;
    return slash ? (size_t)(slash - name) - offset : strlen(name + offset);
}

/* How many rows from `first` on lie in the same directory. */
static size_t group_size(const struct file_list *list, size_t first, size_t behind, size_t end)
{
    size_t row = first;
    while (row < behind && strncmp(list->row[row].name, list->row[first].name, end + 1) == 0)
        row++;
    return row - first;
}

/* The rows [first, behind) lie in one directory, whose name is their first `offset` bytes. */
static void put_level(struct buffer *out, const struct file_list *list, size_t first, size_t behind, size_t offset,
                      unsigned depth)
{
    html_raw(out, "<ul>\n");
    while (first < behind) {
        bool directory;
        const char *name = list->row[first].name;
        size_t size = part_size(name, offset, depth, &directory), count = 1;
        html_raw(out, "<li>");
        if (directory) {
            struct file_sum sum = { 0 };
            count = group_size(list, first, behind, offset + size);
            for (size_t i = first; i < first + count; i++)
                sum_add(&sum, &list->row[i].sum);
            if (depth < 2 || list->count <= OPEN_ALL)
                html_raw(out, "<details open><summary>");
            else
                html_raw(out, "<details><summary>");
            put_name(out, name + offset, size, true);
            put_sum(out, &sum);
            html_raw(out, "</summary>\n");
            put_level(out, list, first, first + count, offset + size + 1, depth + 1);
            html_raw(out, "</details>");
        } else {
            html_raw(out, "<div class=\"leaf\">");
            put_name(out, name + offset, size, false);
            put_sum(out, &list->row[first].sum);
            html_raw(out, "</div>");
        }
        html_raw(out, "</li>\n");
        first += count;
    }
    html_raw(out, "</ul>\n");
}

static void put_rest(struct html_page *page, const struct file_list *list)
{
    struct file_sum rest = list->all;
    for (size_t i = 0; i < list->count; i++)
        sum_subtract(&rest, &list->row[i].sum);
    html_raw(page->out, "<p class=\"more\">");
    html_count(page->out, list->names - list->count, "more name is", "more names are");
    html_raw(page->out, " not listed; together: ");
    put_sum(page->out, &rest);
    html_raw(page->out, "</p>\n");
}

void html_files(struct html_page *page)
{
    struct file_list list = { .row = calloc(HTML_FILES, sizeof *list.row) };
    html_raw(page->out, "<section id=\"files\">\n<h2>Files</h2>\n");
    if (!list.row && page->status == STATUS_OK)
        page->status = error_set(page->error, STATUS_NO_MEMORY, "no memory for the report");
    html_rows(page, "SELECT count(*)" FILE_COUNTS(COLUMN_SUM) " FROM file WHERE run = :run", read_all, &list);
    html_rows(
        page,
        "SELECT * FROM (SELECT name" FILE_COUNTS(COLUMN_NAME) " FROM file WHERE run = :run ORDER BY"
                                                              " bytes_read + bytes_written DESC, removes + changes + "
                                                              "creates DESC, name LIMIT 400) ORDER BY name",
        read_one, &list);
    static_assert(HTML_FILES == 400, "the limit above says it too");
    if (list.count == 0) {
        html_none(page, "The guest touched none");
    } else {
        html_raw(
            page->out,
            "<p class=\"note\">By the names that the guest used; one file may have several. Numbers without a unit "
            "are of calls.</p>\n<div class=\"tree\">\n");
        put_level(page->out, &list, 0, list.count, 0, 0);
        html_raw(page->out, "</div>\n");
        if (list.names > list.count)
            put_rest(page, &list);
    }
    html_raw(page->out, "</section>\n");
    for (size_t i = 0; i < list.count; i++)
        free(list.row[i].name);
    free(list.row);
}
