/* What `check` and `report` share: the options of a check, and running it. */
#ifndef WARRANT_CLI_CHECK_RUN_H
#define WARRANT_CLI_CHECK_RUN_H

#include <sys/utsname.h>
#include "checker/checker.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/replay_process.h"
#include "cli/run_options.h"

/* The first rows of such a command's options. */
enum {
    CHECK_RUN_DB,
    CHECK_RUN_WITNESS,
    CHECK_RUN_POLICY,
    CHECK_RUN_NO_REPLAY,
    CHECK_RUN_TRUST,
    CHECK_RUN_REQUIRE,
    CHECK_RUN_TIER,
    CHECK_RUN_MEMORY,
    CHECK_RUN_TIMEOUT,
    CHECK_RUN_OPTIONS
};
enum { CHECK_RUN_KEYS = 64 };
#define CHECK_RUN_ROWS                                                                                                 \
    { 0, "db", "FILE", "keep what was found in this SQLite database (made if missing); `warrant query` reads it" },    \
        { 0, "witness", "FILE", "the witness file; FILE.wwit beside the trace otherwise" },                            \
        { 'p', "policy", "FILE", "judge this policy instead of the one in the trace" },                                \
        { 0, "no-replay", NULL, "do not execute the guest again" },                                                    \
        { 0, "trust", "KEY.pub", "a signature by any other key is a finding; may be given several times" },            \
        { 0, "require", "witness,signature,confined",                                                                  \
          "what the run must have, else it is a finding; signature: by keys of --trust" },                             \
        TIER_OPTION_ROW, REPLAY_OPTION_ROWS

struct check_run {
    struct check_options options;
    struct replay_process process;
    struct policy policy;
    struct utsname machine;
    struct check_place *places; /* one for each of its files */
    struct progress progress;
    struct check_key trusted[CHECK_RUN_KEYS];
    const char *trusted_path[CHECK_RUN_KEYS]; /* borrowed */
    const char *db, *policy_path;             /* borrowed; NULL: none */
};

/* The struct stays where it is until it is done. */
void check_run_init(struct check_run *run, const struct command *command);
void check_run_done(struct check_run *run);
/* Takes one of the options above: EXIT_OK, or the exit status, and what was to be said is said. */
int check_run_option(const struct command *command, struct check_run *run, int option, const char *value);
/* Opens the database that was named, else `otherwise`, which is as checker_open's. Neither it nor a policy may lie
 * where the guest of one of the traces may write. EXIT_OK: *ret is owned. Else the exit status, and it is said. */
int check_run_open(const struct command *command, struct check_run *run, const char *otherwise, char *const *traces,
                   int count, struct checker **ret);
/* Whether the trace is still being recorded, and it is said: then there is nothing to check yet (EXIT_RECORDED). */
bool check_run_recorded(const struct command *command, const char *trace);
/* Checks one trace into a document: the database is opened as check_run_open does where none is kept, `form` makes the
 * document of what was found, and it goes to the file `output`, NULL: to the standard output. Returns the exit status.
 */
typedef enum status check_run_form(void *self, struct checker *checker, const struct check_report *found,
                                   struct buffer *out, struct error *error);
int check_run_document(const struct command *command, struct check_run *run, char *const *trace, const char *output,
                       check_run_form *form, void *self);
/* As checker_check. */
MUST_USE enum status check_run_check(struct check_run *run, struct checker *checker, const char *trace,
                                     struct check_report *report, struct error *error);

#endif
