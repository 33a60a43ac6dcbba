/* The options of a check, its replay in a process of its own, and its progress. */
#include "cli/check_run.h"

#include <string.h>
#include <unistd.h>

#include "cli/check_place.h"
#include "cli/crash_process.h"
#include "cli/file_write.h"
#include "cli/left_trace.h"
#include "cli/policy_places.h"
#include "runtime/base/file_read.h"

static void on_progress(void *self, const char *what, uint64_t done, uint64_t total)
{
    progress_show(self, what, done, total, what[0] == 'w' ? "seconds" : "hostcalls");
}

void check_run_init(struct check_run *run, const struct command *command)
{
    *run = (struct check_run) { .options = { .progress = on_progress, .replay = replay_process_run },
                                .process = REPLAY_PROCESS_DEFAULT };
    run->options.replay_self = &run->process;
    run->options.progress_self = &run->progress;
    progress_init(&run->progress, command->name);
    policy_init(&run->policy);
}

void check_run_done(struct check_run *run)
{
    policy_places_free(run->places, run->policy.file_count);
    policy_done(&run->policy);
}

static int take_policy(const struct command *command, struct check_run *run, const char *path)
{
    struct error error = ERROR_INIT;
    run->policy_path = path;
    if (run->options.policy)
        return command_usage(command, "one policy is asked; --policy was given twice");
    if (cli_policy_read(path, &run->policy, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    if (policy_places_find(&run->policy, &run->places, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    run->options.policy = &run->policy;
    run->options.places = run->places;
    if (uname(&run->machine) == 0)
        run->options.host = run->machine.nodename;
    return EXIT_OK;
}

static int take_key(const struct command *command, struct check_run *run, const char *path)
{
    struct error error = ERROR_INIT;
    struct buffer text = BUFFER_INIT;
    size_t at = run->options.trusted_count;
    if (at == CHECK_RUN_KEYS)
        return command_usage(command, "more than %d keys are given", CHECK_RUN_KEYS);
    enum status s = file_read_all(path, TRACE_KEY_FILE_MAX, &text, &error);
    if (s == STATUS_OK) {
        s = trace_key_parse_public(text.data, text.size, run->trusted[at].bytes, &error);
        if (s != STATUS_OK)
            error_prefix(&error, "%s", path);
    }
    buffer_done(&text);
    if (s != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    run->trusted_path[at] = path;
    run->options.trusted = run->trusted;
    run->options.trusted_count++;
    return EXIT_OK;
}

static int take_demands(const struct command *command, struct check_run *run, const char *value)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } demands[] = { { "witness", CHECK_REQUIRE_WITNESS },
                    { "signature", CHECK_REQUIRE_SIGNATURE },
                    { "confined", CHECK_REQUIRE_CONFINED } };
    for (bool more = true; more;) {
        size_t length = strcspn(value, ",");
        uint32_t bit = 0;
        for (size_t i = 0; i < sizeof demands / sizeof *demands; i++)
            if (strlen(demands[i].name) == length && !strncmp(value, demands[i].name, length))
                bit = demands[i].bit;
        if (bit == 0)
            return command_usage(command, "--require wants witness, signature and confined, with commas, not \"%.*s\"",
                                 (int)length, value);
        run->options.require |= bit;
        more = value[length] == ',';
        value += length + more;
    }
    return EXIT_OK;
}

int check_run_option(const struct command *command, struct check_run *run, int option, const char *value)
{
    int status;
    switch (option) {
    case CHECK_RUN_DB:
        run->db = value;
        return EXIT_OK;
    case CHECK_RUN_WITNESS:
        run->options.witness_path = value;
        return EXIT_OK;
    case CHECK_RUN_NO_REPLAY:
        run->options.no_replay = true;
        return EXIT_OK;
    case CHECK_RUN_TRUST:
        return take_key(command, run, value);
    case CHECK_RUN_REQUIRE:
        return take_demands(command, run, value);
    case CHECK_RUN_TIER:
        status = tier_option(command, value);
        return status < 0 ? EXIT_OK : status;
    case CHECK_RUN_POLICY:
        return take_policy(command, run, value);
    default:
        status = replay_option(command, &run->process, option - CHECK_RUN_MEMORY, value);
        return status < 0 ? EXIT_OK : status;
    }
}

int check_run_open(const struct command *command, struct check_run *run, const char *otherwise, char *const *traces,
                   int count, struct checker **ret)
{
    struct error error = ERROR_INIT;
    if (run->options.require & CHECK_REQUIRE_SIGNATURE && run->options.trusted_count == 0)
        return command_usage(command, "--require signature needs the keys to trust: --trust KEY.pub");
    for (size_t i = 0; i < run->options.trusted_count; i++)
        if (check_place("the key", run->trusted_path[i], traces, count, &error) != STATUS_OK)
            return command_failed(command, EXIT_FILE, &error);
    const char *const places[][2] = { { "the database", run->db }, { "the policy", run->policy_path } };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i][1] && check_place(places[i][0], places[i][1], traces, count, &error) != STATUS_OK)
            return command_failed(command, EXIT_FILE, &error);
    const char *db = run->db ? run->db : otherwise;
    if (checker_open(db, on_progress, &run->progress, ret, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    return EXIT_OK;
}

/* The END is there, and the signature that is to follow it is not yet. */
static bool is_being_signed(const struct trace_reader *reader, const char *trace)
{
    struct run_spec spec;
    size_t size;
    const void *bytes = trace_reader_description(reader, &size);
    if (run_spec_decode(bytes, size, &spec, NULL) != STATUS_OK)
        return false;
    bool asked = spec.facts.sign_asked & RUN_SIGN_RECORDER;
    run_spec_done(&spec);
    /* In this order: the signature is written before the lock goes. */
    return asked && trace_beside(trace, trace_reader_run_id(reader)).state == TRACE_BESIDE_LIVE &&
           !trace_reader_signature_ahead(reader);
}

bool check_run_recorded(const struct command *command, const char *trace)
{
    struct trace_reader *reader;
    enum status s = trace_reader_open(trace, &reader, NULL);
    /* Its beginning may not be there yet. */
    bool begun = s != STATUS_TRUNCATED && s != STATUS_MALFORMED;
    bool recorded = s == STATUS_OK ? trace_reader_recorded(reader, trace) || is_being_signed(reader, trace)
                                   : !begun && trace_beside(trace, NULL).state == TRACE_BESIDE_LIVE;
    if (s == STATUS_OK)
        trace_reader_close(reader);
    if (recorded)
        print_err("warrant %s: %s is still being recorded, and is checked when that is over; `warrant show --follow` "
                  "tells what happens\n",
                  command->name, trace);
    return recorded;
}

enum status check_run_check(struct check_run *run, struct checker *checker, const char *trace,
                            struct check_report *report, struct error *error)
{
    struct check_file left;
    left.fd = left_trace_take(run->progress.command, trace, &left.size);
    run->options.trace_path = trace;
    run->options.file = left.fd >= 0 ? &left : NULL;
    enum status s = checker_check(checker, &run->options, report, error);
    run->options.file = NULL;
    if (left.fd >= 0)
        close(left.fd);
    progress_done(&run->progress);
    if (s == STATUS_OK && report->has_exit)
        report->crash = crash_trace_look(trace, NULL, &report->exit.stack);
    return s;
}

static int document_one(const struct command *command, struct check_run *run, struct checker *checker,
                        const char *trace, const char *output, check_run_form *form, void *self)
{
    struct error error = ERROR_INIT;
    struct check_report found;
    struct buffer out = BUFFER_INIT;
    if (check_run_recorded(command, trace))
        return EXIT_RECORDED;
    check_report_init(&found);
    enum status s = check_run_check(run, checker, trace, &found, &error);
    if (s == STATUS_OK)
        s = form(self, checker, &found, &out, &error);
    if (s == STATUS_OK && output)
        s = file_write(output, &out, &error);
    else if (s == STATUS_OK)
        print_text(stdout, &out);
    int status = s == STATUS_OK ? found.exit_status : command_failed(command, EXIT_FILE, &error);
    buffer_done(&out);
    check_report_done(&found);
    return status;
}

int check_run_document(const struct command *command, struct check_run *run, char *const *trace, const char *output,
                       check_run_form *form, void *self)
{
    struct checker *checker = NULL;
    int status = check_run_open(command, run, CHECKER_TEMPORARY, trace, 1, &checker);
    if (status != EXIT_OK)
        return status;
    status = document_one(command, run, checker, *trace, output, form, self);
    checker_close(checker);
    return status;
}
