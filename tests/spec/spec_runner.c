/* Runs the specification's test suite, converted to JSON and binary modules.
 *
 *     spec_runner FILE.json...            these scripts
 *     spec_runner --suite FOLDER [GROUP...] the scripts of these groups in FOLDER/manifest.tsv; no group: all of them
 *     spec_runner --find FOLDER...        all of the suite in the folder that WARRANT_SPEC names; if that is not set,
 * in the first of these where there is one
 *     spec_runner --oracle ...            any of these, executed by the oracle (tests/oracle/) instead of the engine
 *
 * One line per script and per group: passed; failed; superseded (accepted, as a later version of the specification
 * does); skipped as text format; skipped because a proposal is missing; and what differs where nothing is owed. In the
 * core, a skip that no missing proposal explains is a failure. Exit status 0; 1 for a failure, also where there is no
 * suite in a folder that was asked for; 77 where --find finds none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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
    bool oracle;
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

static void run(const char *path, const char *name, const struct spec_expect *expect, bool oracle,
                struct spec_counts *total)
{
    struct spec_counts counts = { 0 };
    if (!spec_script_run(path, expect, oracle, &counts))
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
static bool run_manifest(FILE *manifest, const char *folder, const struct spec_expect *expect, int count, char **groups,
                         struct totals *totals)
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
        run(path, name, expect, totals->oracle, &group->counts);
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

static int run_suite(const char *folder, int count, char **groups, bool oracle)
{
    char path[4096];
    static struct totals totals; /* too large for a stack frame */
    totals.oracle = oracle;
    snprintf(path, sizeof path, "%s/manifest.tsv", folder);
    FILE *manifest = fopen(path, "r");
    if (!manifest) {
        fprintf(stderr, "%s: cannot be read; tests/spec/get-suite makes a suite's folder\n", path);
        return 1;
    }
    printf("the suite in %s\n", folder);
    struct spec_expect *expect = spec_expect_open(folder);
    bool complete = expect && run_manifest(manifest, folder, expect, count, groups, &totals);
    fclose(manifest);
    spec_expect_close(expect);
    print_totals(&totals);
    return !complete || totals.all.counts.failed > 0 || totals.all.scripts == 0;
}

static bool has_suite(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/manifest.tsv", folder);
    return access(path, R_OK) == 0;
}

static int find_suite(int count, char **folders, bool oracle)
{
    const char *asked = getenv("WARRANT_SPEC");
    if (asked && *asked)
        return run_suite(asked, 0, NULL, oracle);
    for (int i = 0; i < count; i++)
        if (has_suite(folders[i]))
            return run_suite(folders[i], 0, NULL, oracle);
    for (int i = 0; i < count; i++)
        printf("skipped: no specification test suite in %s\n", folders[i]);
    printf(
        "skipped: `tests/spec/get-suite build/spec-tests` fetches and converts it (with cargo and pip); WARRANT_SPEC "
        "names another folder\n");
    return EXIT_SKIPPED;
}

int main(int argc, char **argv)
{
    bool oracle = argc > 1 && strcmp(argv[1], "--oracle") == 0;
    argc -= oracle;
    argv += oracle;
    if (argc < 2) {
        fprintf(stderr, "usage: spec_runner [--oracle] FILE.json... | --suite FOLDER [GROUP...] | --find FOLDER...\n");
        return 2;
    }
    if (argc > 2 && strcmp(argv[1], "--suite") == 0)
        return run_suite(argv[2], argc - 3, argv + 3, oracle);
    if (argc > 2 && strcmp(argv[1], "--find") == 0)
        return find_suite(argc - 2, argv + 2, oracle);
    struct spec_counts total = { 0 };
    for (int i = 1; i < argc; i++)
        run(argv[i], argv[i], NULL, oracle, &total);
    print_counts("total", &total);
    return total.failed > 0;
}
