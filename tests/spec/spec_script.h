/* One script of the suite: runs its commands in order and counts. */
#ifndef WARRANT_TESTS_SPEC_SCRIPT_H
#define WARRANT_TESTS_SPEC_SCRIPT_H

#include <stdbool.h>
#include "spec_expect.h"
#include "tests/tiers/tier_kit.h"

struct spec_counts {
    unsigned passed, failed;
    unsigned text;        /* skipped: about the text format */
    unsigned unsupported; /* skipped: needs a proposal that the engine refuses, or refers to such a module */
    unsigned other;       /* differs, where the engine owes nothing: outside the core, or such a module refused
                             without the proposal's name */
    unsigned superseded;  /* a later version accepts what the script wants refused, and so does the engine */
};

/* path: the JSON file. A line per failure goes to stdout, with the command's line in the script. Something skipped that
 * `expect` says must run is a failure; expect may be NULL. false: the file cannot be read. */
struct spec_mode {
    bool oracle;         /* the oracle of tests/oracle/ executes the functions, not the engine */
    bool later_types;    /* the types of 3.0 are let in (module_load_later); then all that is not skipped must go as the
                            script says, and no refusal counts that is one for want of a proposal */
    struct tiers *tiers; /* who executes for the engine; borrowed; NULL: the interpreter */
};
bool spec_script_run(const char *path, const struct spec_expect *expect, struct spec_mode mode,
                     struct spec_counts *counts);

#endif
