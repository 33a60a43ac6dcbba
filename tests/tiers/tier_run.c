/* Runs a WASI command on a tier, for measuring (bench/cpu). No guest of a stranger's: nothing is confined here.
 *
 *     tier_run [--tier TIER [--level LEVEL]] MODULE.wasm [WORD...] */
#include <stdio.h>
#include <string.h>
#include "tier_guest.h"

static int start(int argc, char **argv)
{
    const char *tier = "compiled", *level = "full";
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--tier") == 0)
            tier = argv[at + 1];
        else if (strcmp(argv[at], "--level") == 0)
            level = argv[at + 1];
    }
    struct tiers *tiers = at < argc ? tiers_create(tier, level) : NULL;
    if (!tiers) {
        fprintf(stderr, "usage: tier_run [--tier TIER [--level LEVEL]] MODULE.wasm [WORD...]\n");
        return 2;
    }
    struct tier_guest g = { .words = (const char *const *)&argv[at],
                            .word_count = (uint32_t)(argc - at),
                            .real_clock = true };
    struct rt_module *module = tier_guest_load(argv[at]);
    int result = 1;
    if (module && tier_guest_open(&g, module, tiers, UINT64_MAX)) {
        const struct rt_trap *trap = tier_guest_run(&g);
        result = !tier_guest_succeeded(&g);
        fwrite(g.output[0].data, 1, g.output[0].size, stdout);
        fwrite(g.output[1].data, 1, g.output[1].size, stderr);
        if (result)
            fprintf(stderr, "%s\n", rt_trap_text(trap->kind));
    }
    tier_guest_close(&g);
    tiers_free(tiers);
    rt_module_free(module);
    return result;
}

int main(int argc, char **argv) { return tiers_run(start, argc, argv); }
