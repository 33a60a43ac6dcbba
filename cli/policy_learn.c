/* `warrant policy learn`: the way from traces to a policy file.
 *
 * The file is made as outputs are (file_write.h), and where no guest of the traces may write. */
#include "cli/policy_learn.h"

#include <stdlib.h>
#include <string.h>

#include "cli/asked_run.h"
#include "cli/check_place.h"
#include "cli/file_write.h"
#include "cli/learn.h"

/* What whoever uses the policy should know, beside what stands in it. */
static void doubts(const struct command *command, const struct learn *learn)
{
    for (uint32_t i = 0; i < learn->run_count; i++) {
        const struct learn_run *run = &learn->runs[i];
        if (run->ended[0])
            print_err("warrant %s: %s did not come to its own end: what it would have needed later is not known\n",
                      command->name, run->path);
        if (strcmp(run->verdict, "clean") != 0)
            print_err("warrant %s: %s: %s: what was learnt is as true as the trace\n", command->name, run->path,
                      run->verdict);
    }
}

static enum status learn_all(struct learn *learn, char **traces, struct error *error)
{
    enum status s = STATUS_OK;
    for (uint32_t i = 0; i < learn->run_count; i++) {
        learn->runs[i].path = traces[i];
        run_spec_init(&learn->runs[i].spec);
    }
    for (uint32_t i = 0; s == STATUS_OK && i < learn->run_count; i++)
        s = learn_run_read(learn, &learn->runs[i], error);
    if (s == STATUS_OK)
        s = learn_parts(learn, error);
    if (s == STATUS_OK)
        s = learn_least(learn, error);
    return s;
}

/* Executes each guest again under what was learnt. One that does not do all as then, though it asked for names, finds
 * its directories by number all the same. *ret: there was one. */
static enum status hold(struct learn *learn, const struct buffer *text, bool *ret, struct error *error)
{
    const struct asked_policy policy = { (const char *)text->data, text->size, "the policy learnt" };
    const struct replay_options more = { .told = NULL };
    struct replay_report *report = malloc(sizeof *report);
    enum status s = report ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
    *ret = false;
    for (uint32_t i = 0; s == STATUS_OK && i < learn->run_count; i++) {
        struct learn_run *run = &learn->runs[i];
        if (!run->by_name || run->cut)
            continue;
        s = asked_run(run->path, &policy, &learn->process, &more, report, error);
        if (s == STATUS_OK && (report->asked.differs || report->verdict == REPLAY_DIVERGED)) {
            run->by_name = false;
            *ret = true;
        }
    }
    free(report);
    return s;
}

/* Learns, and once more if a guest goes another way under what was learnt. */
static enum status learn_held(struct learn *learn, char **traces, struct buffer *text, struct policy *policy,
                              struct error *error)
{
    bool again = false;
    enum status s = learn_all(learn, traces, error);
    if (s == STATUS_OK)
        s = learn_yaml(learn, text, policy, error);
    if (s == STATUS_OK && !learn->no_replay)
        s = hold(learn, text, &again, error);
    if (s != STATUS_OK || !again)
        return s;
    while (learn->policy.grant_count > 0)
        learn_grant_drop(&learn->policy, learn->policy.grant_count - 1);
    learn->policy.name_count = learn->policy.device_count = learn->policy.listen_count = 0;
    buffer_clear(text);
    policy_done(policy);
    policy_init(policy);
    s = learn_parts(learn, error);
    if (s == STATUS_OK)
        s = learn_least(learn, error);
    return s == STATUS_OK ? learn_yaml(learn, text, policy, error) : s;
}

int policy_learn(const struct command *command, const struct policy_learn *options, char **traces, int count)
{
    struct error error = ERROR_INIT;
    struct buffer text = BUFFER_INIT, json = BUFFER_INIT;
    struct policy policy;
    if (count < 1 || count > LEARN_RUNS_MAX)
        return command_usage(command, "one to %d traces are wanted behind `learn`", LEARN_RUNS_MAX);
    struct learn learn = { .run_count = (uint32_t)count,
                           .runs = calloc((size_t)count, sizeof *learn.runs),
                           .depth = options->depth,
                           .no_replay = options->no_replay,
                           .partial = options->partial,
                           .unseen = options->unseen,
                           .process = options->process };
    policy_init(&policy);
    enum status s = learn.runs ? STATUS_OK : error_set(&error, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK && options->output)
        s = check_place("the policy", options->output, traces, count, &error);
    const bool asked = s == STATUS_OK;
    if (s == STATUS_OK)
        s = learn_held(&learn, traces, &text, &policy, &error);
    const bool denied = asked && s == STATUS_DENIED;
    if (s == STATUS_OK && options->output)
        s = file_write(options->output, &text, &error);
    if (s == STATUS_OK && options->json)
        learn_json(&learn, &policy, &json);
    if (s == STATUS_OK && (options->json || !options->output))
        print_text(stdout, options->json ? &json : &text);
    if (s == STATUS_OK)
        doubts(command, &learn);
    for (uint32_t i = 0; learn.runs && i < learn.run_count; i++)
        learn_run_done(&learn.runs[i]);
    free(learn.runs);
    learn_losses_free(learn.losses, learn.loss_count);
    learn_policy_done(&learn.policy);
    policy_done(&policy);
    buffer_done(&text);
    buffer_done(&json);
    if (s == STATUS_OK)
        return EXIT_OK;
    return command_failed(command, denied ? EXIT_FINDING : EXIT_FILE, &error);
}
