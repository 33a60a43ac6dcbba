/* Holds the tiers against each other on WASI commands: interpreted, compiled, and mixed both ways.
 *
 *     tier_compare [--stops COUNT] MODULE.wasm WORD [MODULE.wasm WORD]...
 *
 * Each module is run with the word as its argument: to its end, and again with so little fuel that it stops, at COUNT
 * places that are spread over the run. After each run the tiers must agree on the trap's kind, function and offset, on
 * the count of instructions, on what was written, on what the host was told and where the guest stood then, and on all
 * state: globals, tables, memories; and the whole run must succeed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tier_guest.h"

struct outcome {
    struct rt_trap trap;
    uint64_t instructions, seen, state, output;
    bool succeeded;
};
static const struct {
    const char *tier, *level;
} ways[] = { { "interpreter", NULL },
             { "compiled", "quick" },
             { "compiled", "full" },
             { "mixed-even", "quick" },
             { "mixed-odd", "quick" } };
enum { WAYS = sizeof ways / sizeof *ways };

static uint64_t digest(const struct buffer *b)
{
    uint64_t h = b->size;
    for (size_t i = 0; i < b->size; i++)
        h = (h ^ b->data[i]) * 0x100000001b3u;
    return h;
}

static bool run(const struct rt_module *module, const char *word, struct tiers *tiers, uint64_t fuel,
                struct outcome *ret)
{
    const char *words[] = { "guest", word };
    struct tier_guest g = { .words = words, .word_count = 2 };
    bool opened = tier_guest_open(&g, module, tiers, fuel);
    if (opened) {
        ret->trap = *tier_guest_run(&g);
        ret->trap.function_name = NULL; /* the module's, which goes */
        ret->instructions = rt_instance_instructions(g.instance);
        ret->succeeded = tier_guest_succeeded(&g);
        ret->seen = g.seen;
        ret->state = tier_guest_state(&g);
        ret->output = digest(&g.output[0]) ^ digest(&g.output[1]);
    }
    tier_guest_close(&g);
    return opened;
}

static bool same(const char *path, size_t way, uint64_t fuel, const struct outcome *a, const struct outcome *b)
{
    if (a->trap.kind == b->trap.kind && a->trap.function == b->trap.function && a->trap.offset == b->trap.offset &&
        a->instructions == b->instructions && a->seen == b->seen && a->state == b->state && a->output == b->output)
        return true;
    printf("%s: %s, %s, fuel %llu: differs from the interpreter\n", path, ways[way].tier, ways[way].level,
           (unsigned long long)fuel);
    for (int i = 0; i < 2; i++) {
        const struct outcome *o = i == 0 ? a : b;
        printf("  %s, function %u offset 0x%x, %llu instructions, host %llx, state %llx, output %llx\n",
               rt_trap_text(o->trap.kind), o->trap.function, o->trap.offset, (unsigned long long)o->instructions,
               (unsigned long long)o->seen, (unsigned long long)o->state, (unsigned long long)o->output);
    }
    return false;
}

struct subject {
    const char *path, *word;
    const struct rt_module *module;
    struct tiers *const *tiers; /* WAYS */
};

/* One amount of fuel, on all tiers. */
static bool compare(const struct subject *s, uint64_t fuel, struct outcome *ret)
{
    bool equal = run(s->module, s->word, s->tiers[0], fuel, ret);
    for (size_t way = 1; equal && way < WAYS; way++) {
        struct outcome other;
        equal = run(s->module, s->word, s->tiers[way], fuel, &other) && same(s->path, way, fuel, ret, &other);
    }
    return equal;
}

static bool compare_all(const struct subject *s, uint64_t stops)
{
    struct outcome whole, stopped;
    if (!compare(s, UINT64_MAX, &whole))
        return false;
    if (!whole.succeeded)
        return printf("%s %s: it fails, so that nothing is compared\n", s->path, s->word), false;
    for (uint64_t i = 1; i <= stops; i++) {
        if (!compare(s, whole.instructions / (stops + 1) * i + i, &stopped))
            return false;
        if (stopped.trap.kind != RT_TRAP_FUEL_EXHAUSTED)
            return printf("%s %s: stop %llu is behind its end\n", s->path, s->word, (unsigned long long)i), false;
    }
    printf("%s %s: %llu instructions, %llu stops\n", s->path, s->word, (unsigned long long)whole.instructions,
           (unsigned long long)stops);
    return true;
}

static bool compare_file(const char *path, const char *word, struct tiers *const tiers[WAYS], uint64_t stops)
{
    struct rt_module *module = tier_guest_load(path);
    bool equal = module && compare_all(&(struct subject) { path, word, module, tiers }, stops);
    for (size_t way = 0; way < WAYS; way++)
        tiers_release(tiers[way]);
    rt_module_free(module);
    return equal;
}

static int start(int argc, char **argv)
{
    struct tiers *tiers[WAYS];
    uint64_t stops = 20;
    int at = 1;
    bool equal = true;
    if (argc > 2 && strcmp(argv[1], "--stops") == 0) {
        stops = strtoull(argv[2], NULL, 10);
        at = 3;
    }
    if (at + 1 >= argc) {
        fprintf(stderr, "usage: tier_compare [--stops COUNT] MODULE.wasm WORD [MODULE.wasm WORD]...\n");
        return 2;
    }
    for (size_t way = 0; way < WAYS; way++)
        if (!(tiers[way] = tiers_create(ways[way].tier, ways[way].level)))
            return 2;
    for (; equal && at + 1 < argc; at += 2)
        equal = compare_file(argv[at], argv[at + 1], tiers, stops);
    for (size_t way = 0; way < WAYS; way++) {
        equal &= tiers_worked(tiers[way], 1);
        tiers_print(tiers[way]);
        tiers_free(tiers[way]);
    }
    return !equal;
}

int main(int argc, char **argv) { return tiers_run(start, argc, argv); }
