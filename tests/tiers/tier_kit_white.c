/* For a build with the compiler. */
#include "tier_kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/jit/jit.h"
#include "runtime/module.h"

enum { REASONS_MAX = 64 };

struct compiled {
    struct compiled *next;
    const struct rt_module *module;
    struct jit_code *code;
};
struct tiers {
    bool compiles;
    enum jit_part part;
    enum jit_level level;
    struct compiled *all; /* owned */
    uint64_t modules, functions, left, not_asked;
    struct {
        const char *text;
        uint64_t count;
    } reasons[REASONS_MAX];
};

static const char *const levels[JIT_LEVEL_COUNT] = {
#define NAME(name, text, passes, generator) text,
    JIT_LEVEL_LIST(NAME)
#undef NAME
};

static bool read_tier(struct tiers *t, const char *word)
{
    static const struct {
        const char *word;
        bool compiles;
        enum jit_part part;
    } words[] = { { "interpreter", false, JIT_ALL },
                  { "compiled", true, JIT_ALL },
                  { "mixed-even", true, JIT_EVEN },
                  { "mixed-odd", true, JIT_ODD } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0) {
            t->compiles = words[i].compiles;
            t->part = words[i].part;
            return true;
        }
    return false;
}

static bool read_level(struct tiers *t, const char *word)
{
    t->level = JIT_LEVEL_LIGHT;
    for (int i = 0; word && i < JIT_LEVEL_COUNT; i++)
        if (strcmp(levels[i], word) == 0) {
            t->level = (enum jit_level)i;
            return true;
        }
    return !word;
}

struct tiers *tiers_create(const char *word, const char *level)
{
    struct tiers *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    if (read_tier(t, word) && read_level(t, level))
        return t;
    fprintf(stderr, "--tier is interpreter, compiled, mixed-even or mixed-odd; --level is quick, light or full\n");
    free(t);
    return NULL;
}

static void count_left(struct tiers *t, const char *why)
{
    t->left++;
    for (size_t i = 0; i < REASONS_MAX; i++) {
        if (t->reasons[i].text && strcmp(t->reasons[i].text, why) != 0)
            continue;
        t->reasons[i].text = why;
        t->reasons[i].count++;
        return;
    }
}

static void count(struct tiers *t, const struct rt_module *module, const struct jit_code *code)
{
    uint32_t defined = module->function_count - module->imported_functions, left = 0;
    t->modules++;
    t->functions += jit_code_count(code);
    for (uint32_t i = module->imported_functions; i < module->function_count; i++) {
        const char *why = jit_code_left(code, i);
        left += why != NULL;
        if (why)
            count_left(t, why);
    }
    t->not_asked += defined - left - jit_code_count(code);
}

static const struct jit_code *code_of(struct tiers *t, const struct rt_module *module)
{
    struct error error = ERROR_INIT;
    for (const struct compiled *c = t->all; c; c = c->next)
        if (c->module == module)
            return c->code;
    struct compiled *c = calloc(1, sizeof *c);
    if (!c || jit_compile(module, t->part, t->level, &c->code, &error) != STATUS_OK) {
        fprintf(stderr, "not compiled: %s\n", error.text);
        abort();
    }
    c->module = module;
    c->next = t->all;
    t->all = c;
    count(t, module, c->code);
    return c->code;
}

void tiers_give(struct tiers *t, const struct rt_module *module, struct rt_instance *instance)
{
    struct error error = ERROR_INIT;
    if (!t || !t->compiles)
        return;
    if (jit_attach(code_of(t, module), instance, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
}

void tiers_release(struct tiers *t)
{
    while (t && t->all) {
        struct compiled *next = t->all->next;
        jit_code_free(t->all->code);
        free(t->all);
        t->all = next;
    }
}

void tiers_print(const struct tiers *t)
{
    if (!t || !t->compiles)
        return;
    printf("compiled: %llu functions of %llu modules, %s; interpreted: %llu", (unsigned long long)t->functions,
           (unsigned long long)t->modules, levels[t->level], (unsigned long long)(t->left + t->not_asked));
    if (t->not_asked > 0)
        printf(", %llu of the other parity", (unsigned long long)t->not_asked);
    for (size_t i = 0; i < REASONS_MAX && t->reasons[i].text; i++)
        printf(", %llu: %s", (unsigned long long)t->reasons[i].count, t->reasons[i].text);
    printf("\n");
}

bool tiers_worked(const struct tiers *t, uint64_t functions)
{
    if (!t->compiles || t->functions >= functions)
        return true;
    fprintf(stderr, "too little was compiled: this says nothing of the tier\n");
    return false;
}

void tiers_free(struct tiers *t)
{
    tiers_release(t);
    free(t);
}

struct started {
    int (*start)(int argc, char **argv);
    int argc, result;
    char **argv;
};
static void *begin(void *env)
{
    struct started *s = env;
    s->result = s->start(s->argc, s->argv);
    return NULL;
}

int tiers_run(int (*start)(int argc, char **argv), int argc, char **argv)
{
    struct started s = { start, argc, 2, argv };
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, JIT_STACK_BYTES) ||
        pthread_create(&thread, &attributes, begin, &s) || pthread_join(thread, NULL)) {
        fprintf(stderr, "no thread with a stack of %llu bytes\n", JIT_STACK_BYTES);
        return 2;
    }
    pthread_attr_destroy(&attributes);
    return s.result;
}
