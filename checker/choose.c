/* Choosing runs: by number, id, time and label, into a table of the connection that named queries read.
 *
 * Invariants: a choice only takes runs away, and each of its parts is a statement of its own with bound values, so that
 * nothing that a user or a database says becomes SQL. A run that a list names and that is not there is an error. A run
 * whose start is not known is never left out by `since`, and never taken by `before` and by what leaves the newest: a
 * question shows it, and no change reaches it. Whoever wants question and choice to see one state of the file begins a
 * transaction before. */
#include "checker/choose.h"

#include <stdlib.h>
#include <string.h>
#include "checker/database_error.h"
#include "checker/store.h"
#include "runtime/base/text.h"

enum { RUN_DIGITS = 7, ID_DIGITS_LEAST = RUN_DIGITS + 1, ID_DIGITS = 2 * TRACE_RUN_ID };
_Static_assert(INT64_C(1) << (63 - STORE_RUN_SHIFT) <= 10000000, "eight digits are no run's number, but a run's id");

/* A value of a statement. */
struct value {
    const char *text; /* NULL: the number, or nothing */
    size_t size;
    int64_t number;
    bool none;
};

static enum status execute(sqlite3 *db, const char *sql, const struct value *values, int count, const char *path,
                           struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    for (int i = 0; i < count && code == SQLITE_OK; i++)
        if (values[i].text)
            code = sqlite3_bind_text(statement, i + 1, values[i].text, (int)values[i].size, SQLITE_STATIC);
        else
            code = values[i].none ? sqlite3_bind_null(statement, i + 1)
                                  : sqlite3_bind_int64(statement, i + 1, values[i].number);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum status s = code == SQLITE_DONE ? STATUS_OK : database_failed(db, path, error);
    sqlite3_finalize(statement);
    return s;
}

#define CHOSEN_ROWS "INSERT INTO temp.chosen SELECT id, id << 40, (id + 1) << 40 FROM main.runs"
_Static_assert(STORE_RUN_SHIFT == 40, "as the statements say");
/* A run that is named twice is there once, and counts as found each time. */
#define CHOSEN_AGAIN " ON CONFLICT(run) DO UPDATE SET first = excluded.first"

/* ---- by number and id ---- */

static bool is_number(const char *text, size_t size, int64_t *ret)
{
    *ret = 0;
    if (size == 0 || size > RUN_DIGITS)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret = 10 * *ret + (text[i] - '0');
    }
    return true;
}

static enum status no_run(const char *text, size_t size, const char *path, struct error *error)
{
    return error_set(error, STATUS_NOT_FOUND, "%s has no run %.*s; `warrant query %s runs` lists them", path, (int)size,
                     text, path);
}

static enum status choose_range(sqlite3 *db, const char *text, size_t size, const char *path, struct error *error)
{
    int64_t first, last;
    const char *dots = memmem(text, size, "..", 2);
    size_t head = dots ? (size_t)(dots - text) : size;
    if (!is_number(text, head, &first) || (dots && !is_number(dots + 2, size - head - 2, &last)))
        return error_set(
            error, STATUS_INVALID,
            "a run is a number of the database, as 3 or 3..7, or the first %d digits of its id or more, and "
            "not \"%.*s\"",
            ID_DIGITS_LEAST, (int)size, text);
    struct value values[] = { { .number = first }, { .number = dots ? last : first } };
    enum status s = execute(db, CHOSEN_ROWS " WHERE id BETWEEN ? AND ?" CHOSEN_AGAIN, values, 2, path, error);
    return s == STATUS_OK && sqlite3_changes(db) == 0 ? no_run(text, size, path, error) : s;
}

static bool is_id(const char *text, size_t size, char ret[ID_DIGITS])
{
    for (size_t i = 0; i < size && i < ID_DIGITS; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'F')
            c = (char)(c + ('a' - 'A'));
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        ret[i] = c;
    }
    return size >= ID_DIGITS_LEAST && size <= ID_DIGITS;
}

static enum status choose_id(sqlite3 *db, const char *text, size_t size, const char *digits, const char *path,
                             struct error *error)
{
    struct value values[] = { { .text = digits, .size = size } };
    enum status s =
        execute(db, CHOSEN_ROWS " WHERE run_id >= ?1 AND run_id < ?1 || 'g'" CHOSEN_AGAIN, values, 1, path, error);
    if (s != STATUS_OK || sqlite3_changes(db) == 1)
        return s;
    return sqlite3_changes(db) == 0
               ? no_run(text, size, path, error)
               : error_set(error, STATUS_INVALID, "more than one run's id begins with %.*s", (int)size, text);
}

static enum status choose_list(sqlite3 *db, const char *list, const char *path, struct error *error)
{
    enum status s = STATUS_OK;
    for (;;) {
        char digits[ID_DIGITS];
        size_t size = strcspn(list, ",");
        s = is_id(list, size, digits) ? choose_id(db, list, size, digits, path, error)
                                      : choose_range(db, list, size, path, error);
        if (s != STATUS_OK || !list[size])
            return s;
        list += size + 1;
    }
}

/* ---- by label ---- */

static enum status keep_label(sqlite3 *db, const char *label, const char *path, struct error *error)
{
    const char *equals = strchr(label, '=');
    size_t size = equals ? (size_t)(equals - label) : strlen(label);
    struct buffer name = BUFFER_INIT, value = BUFFER_INIT;
    if (size == 0)
        return error_set(error, STATUS_INVALID, "a label is KEY or KEY=VALUE, not \"%s\"", label);
    text_plain(&name, label, size); /* as it is stored */
    if (equals)
        text_plain(&value, equals + 1, strlen(equals + 1));
    struct value values[] = {
        { .text = (const char *)name.data, .size = name.size },
        { .text = !equals      ? NULL
                  : value.data ? (const char *)value.data
                               : "",
          .size = value.size,
          .none = true },
    };
    enum status s = name.status == STATUS_OK && value.status == STATUS_OK
                        ? execute(db,
                                  "DELETE FROM temp.chosen WHERE NOT EXISTS(SELECT 1 FROM main.label l WHERE"
                                  " l.run = chosen.run AND l.name = ?1 AND (?2 IS NULL OR l.value = ?2))",
                                  values, 2, path, error)
                        : error_set(error, STATUS_NO_MEMORY, "no memory for a label");
    buffer_done(&name);
    buffer_done(&value);
    return s;
}

bool choose_any(const struct checker_choice *choice)
{
    return choice && (choice->run_count > 0 || choice->label_count > 0 || choice->since_ns > 0 ||
                      choice->before_ns > 0 || choice->leaves_newest || choice->leaves_failed);
}

#define START_KNOWN "typeof(started_ns) = 'integer' AND started_ns > 0"

static enum status keep(sqlite3 *db, const struct checker_choice *choice, const char *path, struct error *error)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; i < choice->label_count && s == STATUS_OK; i++)
        s = keep_label(db, choice->labels[i], path, error);
    if (s == STATUS_OK && choice->leaves_newest) /* the newest of those that have the labels */
        s = execute(db,
                    "DELETE FROM temp.chosen WHERE run NOT IN (SELECT id FROM main.runs WHERE id IN (SELECT run FROM"
                    " temp.chosen) AND " START_KNOWN " ORDER BY started_ns DESC, id DESC LIMIT -1 OFFSET ?)",
                    &(struct value) { .number = choice->newest < INT64_MAX ? (int64_t)choice->newest : INT64_MAX }, 1,
                    path, error);
    if (s == STATUS_OK && choice->leaves_failed)
        s = execute(db,
                    "DELETE FROM temp.chosen WHERE run NOT IN (SELECT id FROM main.runs WHERE failing IS 0 AND"
                    " exit_status IS 0)",
                    NULL, 0, path, error);
    if (s == STATUS_OK && choice->since_ns > 0)
        s = execute(db,
                    "DELETE FROM temp.chosen WHERE run IN (SELECT id FROM main.runs WHERE started_ns > 0"
                    " AND started_ns < ?)",
                    &(struct value) { .number = choice->since_ns }, 1, path, error);
    if (s == STATUS_OK && choice->before_ns > 0)
        s = execute(db,
                    "DELETE FROM temp.chosen WHERE run NOT IN (SELECT id FROM main.runs WHERE " START_KNOWN
                    " AND started_ns < ?)",
                    &(struct value) { .number = choice->before_ns }, 1, path, error);
    return s;
}

enum status choose_runs(sqlite3 *db, const struct checker_choice *choice, const char *path, struct error *error)
{
    enum status s = execute(db, "CREATE TEMP TABLE chosen(run INTEGER PRIMARY KEY, first INTEGER, beyond INTEGER)",
                            NULL, 0, path, error);
    if (s == STATUS_OK && (!choice || choice->run_count == 0))
        s = execute(db, CHOSEN_ROWS, NULL, 0, path, error);
    for (size_t i = 0; choice && i < choice->run_count && s == STATUS_OK; i++)
        s = choose_list(db, choice->runs[i], path, error);
    return s == STATUS_OK && choice ? keep(db, choice, path, error) : s;
}
