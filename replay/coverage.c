/* Lines' counts from pieces' counts.
 *
 * A line was executed as often as the instruction of it that was executed most often: what gcov says of a line in one
 * piece, and of a loop's head, which code before the loop and code behind its body have in common, the larger number.
 * Pieces overlap only where a trap ended one: at each byte counts are added. Both, pieces and lines, are hostile:
 * no order and no sum is taken for granted, and work is bounded by their numbers. */
#include "replay/coverage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 256 };

/* ---- lines ---- */

static bool row_add(struct coverage_lines *lines, struct cursor *in)
{
    struct coverage_row row;
    if (lines->row_count == lines->row_capacity) {
        const uint32_t capacity = lines->row_capacity ? 2 * lines->row_capacity : FIRST;
        struct coverage_row *rows = realloc(lines->rows, capacity * sizeof *rows);
        if (!rows)
            return false;
        lines->rows = rows;
        lines->row_capacity = capacity;
    }
    if (cursor_u32(in, &row.first) != STATUS_OK || cursor_u32(in, &row.past) != STATUS_OK ||
        cursor_u32(in, &row.file) != STATUS_OK || cursor_u32(in, &row.line) != STATUS_OK || row.first >= row.past ||
        row.file >= lines->file_count || row.line == 0)
        return false;
    lines->rows[lines->row_count++] = row;
    return true;
}

static bool file_add(struct coverage_lines *lines, struct cursor *in)
{
    const uint8_t *name;
    uint32_t size;
    if (lines->file_count == lines->file_capacity) {
        const uint32_t capacity = lines->file_capacity ? 2 * lines->file_capacity : FIRST;
        struct coverage_file *files = realloc(lines->files, capacity * sizeof *files);
        if (!files)
            return false;
        lines->files = files;
        lines->file_capacity = capacity;
    }
    if (cursor_u32(in, &size) != STATUS_OK || size == 0 || size > LIMIT_PATH ||
        cursor_bytes(in, size, &name) != STATUS_OK)
        return false;
    lines->files[lines->file_count++] = (struct coverage_file) { (const char *)name, size };
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct coverage_row *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->past > y->past) - (x->past < y->past);
}

enum status coverage_lines_read(const void *bytes, size_t size, struct coverage_lines *ret, struct error *error)
{
    struct cursor in = cursor_over(bytes, size);
    struct coverage_lines lines = { .row_count = 0 };
    enum status status = STATUS_OK;
    while (status == STATUS_OK && cursor_left(&in) > 0) {
        uint8_t item = UINT8_MAX;
        (void)!cursor_u8(&in, &item);
        if (lines.row_count == LIMIT_COVERAGE_ROWS || lines.file_count == LIMIT_COVERAGE_ROWS)
            status = error_set(error, STATUS_LIMIT, "the module has more than %d source lines", LIMIT_COVERAGE_ROWS);
        else if (item == COVERAGE_FILE ? !file_add(&lines, &in) : item != COVERAGE_ROW || !row_add(&lines, &in))
            status = error_set(error, STATUS_MALFORMED, "what the process that reads debug information tells is none");
    }
    if (status != STATUS_OK) {
        coverage_lines_done(&lines);
        return status;
    }
    if (lines.row_count > 0)
        qsort(lines.rows, lines.row_count, sizeof *lines.rows, by_first);
    *ret = lines;
    return STATUS_OK;
}

void coverage_lines_done(struct coverage_lines *lines)
{
    free(lines->rows);
    free(lines->files);
    *lines = (struct coverage_lines) { .row_count = 0 };
}

/* ---- counts by byte ---- */

/* Where the count changes, and by how much. */
struct edge {
    uint32_t at;
    uint64_t up, down;
};
/* From steps[i].at to the next one's the count is tree[leaves + i]; above lie maxima of two. */
struct counts {
    struct edge *edges; /* owned */
    uint32_t count;
    uint64_t *tree; /* owned */
};

static int by_at(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static uint64_t add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static void edges_merge(struct counts *c)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        if (kept > 0 && c->edges[kept - 1].at == c->edges[i].at) {
            c->edges[kept - 1].up = add(c->edges[kept - 1].up, c->edges[i].up);
            c->edges[kept - 1].down = add(c->edges[kept - 1].down, c->edges[i].down);
        } else {
            c->edges[kept++] = c->edges[i];
        }
    }
    c->count = kept;
}

static bool counts_make(const struct profile *p, struct counts *ret)
{
    struct counts c = { .count = 0 };
    uint64_t now = 0;
    *ret = c;
    c.edges = malloc(2 * ((size_t)p->piece_count + p->function_count + 1) * sizeof *c.edges);
    if (!c.edges)
        return false;
    /* A function's first byte is no instruction: it stands for the call, to which debug information gives a line. */
    for (uint32_t i = 0; i < p->function_count; i++) {
        const struct profile_function *f = &p->functions[i];
        if (f->offset == 0 || f->offset == UINT32_MAX)
            continue;
        c.edges[c.count++] = (struct edge) { f->offset, f->calls, 0 };
        c.edges[c.count++] = (struct edge) { f->offset + 1, 0, f->calls };
    }
    for (uint32_t i = 0; i < p->piece_count; i++) {
        c.edges[c.count++] = (struct edge) { p->pieces[i].first, p->pieces[i].count, 0 };
        c.edges[c.count++] = (struct edge) { p->pieces[i].past, 0, p->pieces[i].count };
    }
    if (c.count > 0)
        qsort(c.edges, c.count, sizeof *c.edges, by_at);
    edges_merge(&c);
    c.tree = calloc(2 * (size_t)c.count + 1, sizeof *c.tree);
    *ret = c;
    if (!c.tree)
        return false;
    for (uint32_t i = 0; i < c.count; i++) {
        now = add(now, c.edges[i].up);
        now = now > c.edges[i].down ? now - c.edges[i].down : 0;
        c.tree[c.count + i] = now;
    }
    for (size_t i = c.count; i-- > 1;)
        c.tree[i] = c.tree[2 * i] > c.tree[2 * i + 1] ? c.tree[2 * i] : c.tree[2 * i + 1];
    return true;
}

static void counts_done(struct counts *c)
{
    free(c->edges);
    free(c->tree);
}

/* How many steps begin before `at`. */
static uint32_t steps_before(const struct counts *c, uint32_t at)
{
    uint32_t low = 0, high = c->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (c->edges[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The largest count of a byte in [first, past). */
static uint64_t counts_most(const struct counts *c, uint32_t first, uint32_t past)
{
    uint64_t most = 0;
    uint32_t from = steps_before(c, first), to = steps_before(c, past);
    if (from > 0 && (from == c->count || c->edges[from].at > first))
        from--; /* the step that `first` lies in */
    for (from += c->count, to += c->count; from < to; from /= 2, to /= 2) {
        if (from & 1) {
            most = c->tree[from] > most ? c->tree[from] : most;
            from++;
        }
        if (to & 1) {
            to--;
            most = c->tree[to] > most ? c->tree[to] : most;
        }
    }
    return most;
}

/* ---- lcov ---- */

/* A line of a file, and what stands there: how often it was executed, or a function. */
struct item {
    uint32_t file, line;
    bool function;
    uint32_t index;
    uint64_t count;
};

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->function != y->function)
        return x->function ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Files that two units have are told twice: each gets the number of the first of its name. */
struct named {
    const struct coverage_file *file;
    uint32_t number;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    const uint32_t least = x->file->size < y->file->size ? x->file->size : y->file->size;
    const int order = memcmp(x->file->name, y->file->name, least);
    if (order)
        return order;
    if (x->file->size != y->file->size)
        return x->file->size < y->file->size ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* By file: the number that stands for it. Returns owned; NULL: no memory. */
static uint32_t *files_unite(const struct coverage_lines *lines)
{
    struct named *named = malloc((lines->file_count + (size_t)1) * sizeof *named);
    uint32_t *number = calloc(lines->file_count + (size_t)1, sizeof *number);
    if (!named || !number) {
        free(named);
        free(number);
        return NULL;
    }
    for (uint32_t i = 0; i < lines->file_count; i++)
        named[i] = (struct named) { &lines->files[i], i };
    qsort(named, lines->file_count, sizeof *named, by_name);
    for (uint32_t i = 0; i < lines->file_count; i++) {
        const struct named *before = i > 0 ? &named[i - 1] : NULL;
        const bool same = before && before->file->size == named[i].file->size &&
                          !memcmp(before->file->name, named[i].file->name, named[i].file->size);
        number[named[i].number] = same ? number[before->number] : named[i].number;
    }
    free(named);
    return number;
}

/* The first row that ends behind `at`, if it begins before `past`; NULL: there is none. Rows are sorted by beginning.
 */
static const struct coverage_row *row_find(const struct coverage_lines *lines, uint32_t at, uint32_t past)
{
    uint32_t low = 0, high = lines->row_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (lines->rows[middle].first <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && lines->rows[low - 1].past > at)
        return &lines->rows[low - 1];
    return low < lines->row_count && lines->rows[low].first < past ? &lines->rows[low] : NULL;
}

/* Where the function at `index` ends: where the next one begins. */
static uint32_t function_past(const struct profile *p, uint32_t index)
{
    return index + 1 < p->function_count && p->functions[index + 1].offset > p->functions[index].offset
               ? p->functions[index + 1].offset
               : UINT32_MAX;
}

static uint32_t items_make(const struct profile *p, const struct coverage_lines *lines, const struct counts *counts,
                           const uint32_t *number, struct item *items, uint32_t *ret_left)
{
    uint32_t count = 0;
    *ret_left = 0;
    for (uint32_t i = 0; i < p->function_count; i++) {
        const struct profile_function *f = &p->functions[i];
        const struct coverage_row *row = f->offset ? row_find(lines, f->offset, function_past(p, i)) : NULL;
        if (row)
            items[count++] = (struct item) { number[row->file], row->line, true, i, f->calls };
        else if (f->offset && lines->row_count > 0)
            ++*ret_left;
        else if (f->offset) { /* a line of its own */
            items[count++] = (struct item) { 0, i + 1, true, i, f->calls };
            items[count++] = (struct item) { 0, i + 1, false, i, f->calls };
        }
    }
    for (uint32_t i = 0; i < lines->row_count; i++) {
        const struct coverage_row *row = &lines->rows[i];
        items[count++] =
            (struct item) { number[row->file], row->line, false, 0, counts_most(counts, row->first, row->past) };
    }
    return count;
}

static void put_name(const struct profile *p, uint32_t function, struct buffer *out)
{
    const struct profile_function *f = &p->functions[function];
    if (f->name && f->name_size > 0)
        text_plain(out, f->name, f->name_size);
    else
        buffer_printf(out, "function %" PRIu32, function);
}

/* The functions of a file: those at the beginning of its items. */
static void put_functions(const struct profile *p, const struct item *items, uint32_t count, struct buffer *out)
{
    uint32_t hit = 0;
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(out, "FN:%" PRIu32 ",", items[i].line);
        put_name(p, items[i].index, out);
        buffer_u8(out, '\n');
    }
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(out, "FNDA:%" PRIu64 ",", items[i].count);
        put_name(p, items[i].index, out);
        buffer_u8(out, '\n');
        hit += items[i].count > 0;
    }
    buffer_printf(out, "FNF:%" PRIu32 "\nFNH:%" PRIu32 "\n", count, hit);
}

static void put_lines(const struct item *items, uint32_t count, struct buffer *out)
{
    uint32_t found = 0, hit = 0;
    for (uint32_t i = 0, next; i < count; i = next) {
        uint64_t most = 0;
        for (next = i; next < count && items[next].line == items[i].line; next++)
            most = items[next].count > most ? items[next].count : most;
        buffer_printf(out, "DA:%" PRIu32 ",%" PRIu64 "\n", items[i].line, most);
        found++;
        hit += most > 0;
    }
    buffer_printf(out, "LF:%" PRIu32 "\nLH:%" PRIu32 "\nend_of_record\n", found, hit);
}

static void put_files(const struct profile *p, const struct coverage_lines *lines, const char *functions,
                      const struct item *items, uint32_t count, struct buffer *out)
{
    for (uint32_t i = 0, next; i < count; i = next) {
        uint32_t past = i;
        buffer_string(out, "TN:\nSF:");
        if (lines->row_count > 0)
            text_plain(out, lines->files[items[i].file].name, lines->files[items[i].file].size);
        else
            text_plain_string(out, functions);
        buffer_u8(out, '\n');
        for (next = i; next < count && items[next].file == items[i].file; next++)
            past += items[next].function;
        put_functions(p, items + i, past - i, out);
        put_lines(items + past, next - past, out);
    }
}

enum status coverage_lcov(const struct profile *profile, const struct coverage_lines *lines, const char *functions,
                          struct buffer *out, uint32_t *ret_left, struct error *error)
{
    struct counts counts;
    struct item *items = malloc((2 * (size_t)profile->function_count + lines->row_count + 1) * sizeof *items);
    uint32_t *number = files_unite(lines);
    const bool made = counts_make(profile, &counts) && items && number;
    if (made) {
        const uint32_t count = items_make(profile, lines, &counts, number, items, ret_left);
        qsort(items, count, sizeof *items, by_place);
        put_files(profile, lines, functions, items, count, out);
    }
    counts_done(&counts);
    free(items);
    free(number);
    return made && out->status == STATUS_OK ? STATUS_OK
                                            : error_set(error, STATUS_NO_MEMORY, "no memory for the coverage");
}
