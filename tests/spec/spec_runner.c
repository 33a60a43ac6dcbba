/* Runs the specification's test suite, converted to JSON and binary modules.
 *
 *     spec_runner FILE.json...              these scripts
 *     spec_runner --suite FOLDER            the scripts in FOLDER/manifest.tsv
 *     spec_runner --find FOLDER...          the same, of the folder that WARRANT_SPEC names; if that is not set, of the
 *                                           first of these where there is one
 *
 * Before any of these: --groups GROUP,... takes these groups of the manifest only; --oracle executes by the oracle
 * (tests/oracle/) instead of the engine; --tier and --level say on which tier the engine does (tests/tiers/tier_kit.h);
 * --later-types lets in the types of WebAssembly 3.0 (spec_script.h).
 *
 * One line per script and per group: passed; failed; superseded (accepted, as a later version of the specification
 * does); skipped as text format; skipped because a proposal is missing; and what differs where nothing is owed. In the
 * core, a skip that no missing proposal explains is a failure. Exit status 0; 1 for a failure, also where there is no
 * suite in a folder that was asked for, or no function was compiled for a tier that does; 77 where --find finds none.
 */
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

static void run(const char *path, const char *name, const struct spec_expect *expect, struct spec_mode mode,
                struct spec_counts *total)
{
    struct spec_counts counts = { 0 };
    if (!spec_script_run(path, expect, mode, &counts))
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

/* How to run: what the options before the scripts say. */
struct options {
    struct spec_mode mode;
    const char *groups; /* with commas between; NULL: all */
    const char *tier, *level;
};

static bool wanted(const char *group, const char *groups)
{
    size_t size = strlen(group);
    for (const char *at = groups; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, group, size) == 0 && (at[size] == ',' || at[size] == '\0'))
            return true;
    }
    return !groups;
}

/* The scripts of a manifest, whose first line names the columns. */
static bool run_manifest(FILE *manifest, const char *folder, const struct spec_expect *expect, const struct options *o,
                         struct totals *totals)
{
    char path[4096], line[4096];
    for (bool head = true; fgets(line, sizeof line, manifest); head = false) {
        char *rest = line, *name = strsep(&rest, "\t"), *group_name = strsep(&rest, "\t");
        if (head || !group_name || !wanted(group_name, o->groups))
            continue;
        struct group *group = group_get(totals, group_name);
        if (!group)
            return false;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        run(path, name, expect, o->mode, &group->counts);
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

static int run_suite(const char *folder, const struct options *o)
{
    char path[4096];
    static struct totals totals; /* too large for a stack frame */
    snprintf(path, sizeof path, "%s/manifest.tsv", folder);
    FILE *manifest = fopen(path, "r");
    if (!manifest) {
        fprintf(stderr, "%s: cannot be read; tests/spec/get-suite makes a suite's folder\n", path);
        return 1;
    }
    printf("the suite in %s\n", folder);
    struct spec_expect *expect = spec_expect_open(folder);
    bool complete = expect && run_manifest(manifest, folder, expect, o, &totals);
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

static int find_suite(int count, char **folders, const struct options *o)
{
    const char *asked = getenv("WARRANT_SPEC");
    if (asked && *asked)
        return run_suite(asked, o);
    for (int i = 0; i < count; i++)
        if (has_suite(folders[i]))
            return run_suite(folders[i], o);
    for (int i = 0; i < count; i++)
        printf("skipped: no specification test suite in %s\n", folders[i]);
    printf(
        "skipped: `tests/spec/get-suite build/spec-tests` fetches and converts it (with cargo and pip); WARRANT_SPEC "
        "names another folder\n");
    return EXIT_SKIPPED;
}

/* Reads the options; returns the index of the first word that is none. */
static int read_options(int argc, char **argv, struct options *ret)
{
    int at = 1;
    for (; at < argc; at++) {
        if (strcmp(argv[at], "--oracle") == 0)
            ret->mode.oracle = true;
        else if (strcmp(argv[at], "--later-types") == 0)
            ret->mode.later_types = true;
        else if (strcmp(argv[at], "--groups") == 0 && at + 1 < argc)
            ret->groups = argv[++at];
        else if (strcmp(argv[at], "--tier") == 0 && at + 1 < argc)
            ret->tier = argv[++at];
        else if (strcmp(argv[at], "--level") == 0 && at + 1 < argc)
            ret->level = argv[++at];
        else
            break;
    }
    return at;
}

static int run_words(int count, char **words, const struct options *o)
{
    if (count > 1 && strcmp(words[0], "--suite") == 0)
        return run_suite(words[1], o);
    if (count > 1 && strcmp(words[0], "--find") == 0)
        return find_suite(count - 1, words + 1, o);
    struct spec_counts total = { 0 };
    for (int i = 0; i < count; i++)
        run(words[i], words[i], NULL, o->mode, &total);
    print_counts("total", &total);
    return total.failed > 0;
}

static int start(int argc, char **argv)
{
    struct options o = { .tier = "interpreter" };
    int at = read_options(argc, argv, &o);
    if (at == argc) {
        fprintf(stderr, "usage: spec_runner [--oracle] [--later-types] [--groups GROUP,...] [--tier TIER [--level "
                        "LEVEL]] FILE.json... | --suite FOLDER | --find FOLDER...\n");
        return 2;
    }
    o.mode.tiers = tiers_create(o.tier, o.level);
    if (!o.mode.tiers)
        return 2;
    int result = run_words(argc - at, argv + at, &o);
    tiers_print(o.mode.tiers);
    if (result == 0 && !tiers_worked(o.mode.tiers, 1))
        result = 1;
    tiers_free(o.mode.tiers);
    return result;
}

int main(int argc, char **argv) { return tiers_run(start, argc, argv); }
