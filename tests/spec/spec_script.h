/* One script of the suite: runs its commands in order and counts. */
#ifndef WARRANT_TESTS_SPEC_SCRIPT_H
#define WARRANT_TESTS_SPEC_SCRIPT_H

#include <stdbool.h>

struct spec_counts {
    unsigned passed, failed;
    unsigned text;        /* skipped: about the text format */
    unsigned unsupported; /* skipped: needs a proposal that the engine refuses by name, or refers to such a module */
};

/* path: the JSON file. A line per failure goes to stdout, with the command's line in the script. false: the file cannot
 * be read. */
bool spec_script_run(const char *path, struct spec_counts *counts);

#endif
