/* `warrant db`: which runs a database holds. What was done is printed when it stands. */
#include "cli/commands.h"

#include <inttypes.h>
#include <string.h>

#include "checker/fleet.h"
#include "cli/choice_options.h"
#include "cli/progress.h"
#include "runtime/base/json_writer.h"
#include "wasi/policy/policy.h"

enum { DB_DRY_RUN, DB_BEFORE, DB_KEEP, DB_LABEL, DB_KEEP_FAILING, DB_REPLACE, DB_SHRINK, DB_JSON };
static const struct option_row rows[] = {
    { 'n', "dry-run", NULL, "change nothing, and print what would be done" },
    { 0, "before", "TIME",
      "prune: runs that started longer ago than this (90m, 12h, 30d, 8w), or before this time (UTC): 2026-11-29, "
      "2026-11-29T08:30" },
    { 0, "keep", "N", "prune: leave the newest N runs; with --label, the newest N that have the label" },
    { 0, "label", "KEY[=VALUE]", "prune: only runs with this label; of several, runs that have all" },
    { 0, "keep-failing", NULL,
      "prune: leave runs whose check found something that fails it, or whose trace is damaged" },
    { 0, "replace", NULL, "merge: take the other database's rows also for a run that is there already" },
    { 0, "shrink", NULL,
      "delete, prune: give the room to the file system, for which all that stays is written into a new file" },
    { 0, "json", NULL, "print a JSON object" },
};

struct db {
    const struct command *command;
    struct fleet_options options;
    struct choice_options choice;
    struct progress progress;
    uint64_t done[FLEET_KEPT + 1]; /* runs, by what was done */
    const char *from;              /* the other database */
    struct buffer out;
    struct json json;
    bool as_json;
};

enum { WANTS_RUNS = 1, WANTS_DATABASES = 2 };
struct verb {
    const char *name;
    unsigned wants;   /* what stands behind the database */
    uint32_t options; /* bits of those that it takes */
    int (*run)(struct db *db, char **operands, int count);
};

#define BIT(option) (1U << (option))

static void on_progress(void *self, const char *what, uint64_t done, uint64_t total)
{
    struct db *db = self;
    progress_show(&db->progress, what, done, total, what[0] == 'w' ? "seconds" : what[0] == 'd' ? "runs" : "rows");
}

/* ---- what is printed ---- */

static void run_text(struct db *db, const struct fleet_run *run)
{
    const char *would = db->options.dry_run && run->done != FLEET_KEPT ? "would be " : "";
    buffer_printf(&db->out, "run %" PRId64 "%s%s %s%s: %.8s, %s, %s on %s%s%s%s, %s", run->run, db->from ? " of " : "",
                  db->from ? db->from : "", would, fleet_done_name(run->done), run->run_id,
                  run->started[0] ? run->started : "at an unknown time",
                  run->module[0] ? run->module : "unknown module", run->host[0] ? run->host : "an unknown host",
                  run->labels[0] ? " (" : "", run->labels, run->labels[0] ? ")" : "",
                  run->verdict[0] ? run->verdict : "no verdict");
    if (run->verdict_here && strcmp(run->verdict_here, run->verdict) != 0)
        buffer_printf(&db->out, "; here: %s", run->verdict_here);
    buffer_u8(&db->out, '\n');
}

static void run_json(struct db *db, const struct fleet_run *run)
{
    struct json *json = &db->json;
    json_line(json);
    json_object_begin(json, NULL);
    json_string(json, "done", fleet_done_name(run->done));
    json_i64(json, "run", run->run);
    if (db->from)
        json_string(json, "from", db->from);
    json_string(json, "run_id", run->run_id);
    json_string(json, "started", run->started[0] ? run->started : NULL);
    json_string(json, "host", run->host[0] ? run->host : NULL);
    json_string(json, "module", run->module[0] ? run->module : NULL);
    json_string(json, "labels", run->labels[0] ? run->labels : NULL);
    json_string(json, "verdict", run->verdict[0] ? run->verdict : NULL);
    if (db->from)
        json_string(json, "verdict_here", run->verdict_here);
    json_object_end(json);
}

static void on_run(void *self, const struct fleet_run *run)
{
    struct db *db = self;
    db->done[run->done]++;
    if (db->as_json)
        run_json(db, run);
    else
        run_text(db, run);
}

static void begin(struct db *db)
{
    db->json = json_over(&db->out);
    if (!db->as_json)
        return;
    json_object_begin(&db->json, NULL);
    json_string(&db->json, "database", db->options.db_path);
    json_bool(&db->json, "dry_run", db->options.dry_run);
    json_array_begin(&db->json, "runs");
}

static void size_text(const struct fleet_size *size, struct buffer *out)
{
    static const double mib = 1 << 20;
    buffer_printf(out, "; %" PRIu64 " run%s in it, %.1f MiB", size->runs, size->runs == 1 ? "" : "s",
                  (double)size->file_bytes / mib);
    if (size->free_bytes > 0)
        buffer_printf(out, ", of which %.1f MiB are free for others", (double)size->free_bytes / mib);
    buffer_string(out, "\n");
}

static void counts_text(struct db *db)
{
    const char *before = "", *would = db->options.dry_run ? "would be " : "";
    buffer_printf(&db->out, "%s: ", db->options.db_path);
    for (int done = 0; done <= FLEET_KEPT; done++)
        if (db->done[done] > 0) {
            buffer_printf(&db->out, "%s%" PRIu64 "%s %s%s", before, db->done[done],
                          *before               ? ""
                          : db->done[done] == 1 ? " run"
                                                : " runs",
                          done == FLEET_KEPT ? "" : would, fleet_done_name((enum fleet_done)done));
            before = ", ";
        }
    buffer_string(&db->out, *before ? "" : "nothing to do");
}

/* Ends what is printed; size NULL: the last thing failed. */
static int end(struct db *db, const struct fleet_size *size)
{
    if (db->as_json) {
        json_array_end(&db->json);
        if (size) {
            json_u64(&db->json, "runs_left", size->runs);
            json_u64(&db->json, "file_bytes", size->file_bytes);
            json_u64(&db->json, "free_bytes", size->free_bytes);
        }
        json_object_end(&db->json);
        buffer_u8(&db->out, '\n');
    } else if (size) {
        counts_text(db);
        size_text(size, &db->out);
    }
    if (db->out.status != STATUS_OK)
        return command_failed(db->command, EXIT_FILE, &(struct error) { STATUS_NO_MEMORY, "out of memory" });
    print_text(stdout, &db->out);
    return EXIT_OK;
}

static int failed(struct db *db, enum status s, const struct error *error)
{
    progress_done(&db->progress);
    return s == STATUS_INVALID ? command_refused(db->command, error) : command_failed(db->command, EXIT_FILE, error);
}

/* ---- the verbs ---- */

static int take_away(struct db *db)
{
    struct error error = ERROR_INIT;
    struct fleet_size size;
    begin(db);
    enum status s = fleet_delete(&db->options, &db->choice.choice, &size, &error);
    if (s != STATUS_OK)
        return failed(db, s, &error);
    progress_done(&db->progress);
    return end(db, &size);
}

static int delete_run(struct db *db, char **operands, int count)
{
    for (int i = 0; i < count; i++) {
        int status = choice_run(db->command, &db->choice, operands[i]);
        if (status >= 0)
            return status;
    }
    return take_away(db);
}

static int prune_run(struct db *db, char **operands, int count)
{
    const struct checker_choice *choice = &db->choice.choice;
    (void)operands;
    (void)count;
    if (choice->before_ns == 0 && !choice->leaves_newest && choice->label_count == 0)
        return command_usage(db->command, "prune wants --before, --keep or --label, or it would take all");
    return take_away(db);
}

static int merge_run(struct db *db, char **operands, int count)
{
    struct error error = ERROR_INIT;
    struct fleet_size size = { 0 };
    begin(db);
    for (int i = 0; i < count; i++) {
        size_t before = db->out.size;
        struct json json = db->json;
        db->from = operands[i];
        enum status s = fleet_merge(&db->options, operands[i], &size, &error);
        if (s == STATUS_OK)
            continue;
        db->out.size = before; /* of this one nothing stands */
        db->json = json;
        int status = failed(db, s, &error);
        if (i > 0)
            (void)end(db, NULL);
        return status;
    }
    progress_done(&db->progress);
    return end(db, &size);
}

static const struct verb *find_verb(const char *name)
{
    static const struct verb verbs[] = {
        { "delete", WANTS_RUNS, BIT(DB_DRY_RUN) | BIT(DB_SHRINK) | BIT(DB_JSON), delete_run },
        { "prune", 0,
          BIT(DB_DRY_RUN) | BIT(DB_BEFORE) | BIT(DB_KEEP) | BIT(DB_LABEL) | BIT(DB_KEEP_FAILING) | BIT(DB_SHRINK) |
              BIT(DB_JSON),
          prune_run },
        { "merge", WANTS_DATABASES, BIT(DB_DRY_RUN) | BIT(DB_REPLACE) | BIT(DB_JSON), merge_run },
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- the command line ---- */

static int option_take(struct db *db, int option, const char *value)
{
    struct checker_choice *choice = &db->choice.choice;
    switch (option) {
    case DB_DRY_RUN:
        db->options.dry_run = true;
        return -1;
    case DB_BEFORE:
        return choice_time(db->command, "before", value, &choice->before_ns);
    case DB_KEEP:
        choice->leaves_newest = true;
        return command_number(db->command, "keep", policy_parse_count, value, 0, &choice->newest);
    case DB_LABEL:
        return choice_option(db->command, &db->choice, CHOICE_LABEL, value);
    case DB_KEEP_FAILING:
        choice->leaves_failed = true;
        return -1;
    case DB_REPLACE:
        db->options.replace = true;
        return -1;
    case DB_SHRINK:
        db->options.shrink = true;
        return -1;
    default:
        db->as_json = true;
        return -1;
    }
}

static int verb_run(struct db *db, uint32_t given, char **operands, int count)
{
    const struct verb *verb = count > 0 ? find_verb(operands[0]) : NULL;
    if (!verb)
        return command_usage(db->command, "delete, prune or merge is wanted");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (given & BIT(i) & ~verb->options)
            return command_usage(db->command, "--%s does not go with %s", rows[i].name, verb->name);
    if (count < 2)
        return command_usage(db->command, "a database is wanted behind %s", verb->name);
    if (count == 2 && verb->wants)
        return command_usage(db->command, "%s wants %s behind the database", verb->name,
                             verb->wants == WANTS_RUNS ? "runs" : "other databases");
    if (count > 2 && !verb->wants)
        return command_usage(db->command, "%s wants one database", verb->name);
    db->options.db_path = operands[1];
    return verb->run(db, operands + 2, count - 2);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct db db = { .command = command, .options = { .visit = on_run, .told = on_progress } };
    uint32_t given = 0;
    const char *value;
    int option, status = -1;
    db.options.self = db.options.told_self = &db;
    progress_init(&db.progress, command->name);
    while (status < 0 && (option = options_next(command, &state, &value)) >= 0) {
        given |= BIT(option);
        status = option_take(&db, option, value);
    }
    if (status >= 0)
        return status;
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    status = verb_run(&db, given, argv + state.index, state.argc - state.index);
    buffer_done(&db.out);
    return status;
}

const struct command command_db = {
    .name = "db",
    .arguments = "delete DB RUN... | prune DB | merge DB OTHER...",
    .summary = "Take runs out of an audit database, or take in those of others.",
    .text =
        "delete takes away the runs that are named (3, or 3..7, or the first eight digits of a run's id or more). "
        "prune "
        "takes away those that all of --before, --keep, --label and --keep-failing let go. merge takes in the runs of "
        "other databases, one after the other; DB is made if it is missing, and a run that is there already stays as "
        "it is.\nEach is one transaction (merge: one for each other database): after a failure or a kill the database "
        "is as it was. Nothing is checked again.\nExit status: 0 done, also where there was nothing to do; 2 usage; 3 "
        "a "
        "database is at fault, or has no such run.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
