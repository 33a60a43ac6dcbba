/* Which tier executes a test's instances: --tier and --level of the test tools. Without LLVM (tier_kit_none.c) there is
 * the interpreter alone. */
#ifndef WARRANT_TESTS_TIERS_H
#define WARRANT_TESTS_TIERS_H

#include <stdbool.h>
#include <stdint.h>

struct rt_module;
struct rt_instance;
struct tiers;

/* word: interpreter, compiled, mixed-even or mixed-odd (the functions of that parity are compiled). level: quick, light
 * or full; NULL: light. Returns owned; NULL after a message, where a word is none of these. */
struct tiers *tiers_create(const char *word, const char *level);
/* Compiles the module, unless that was done, and gives the instance its code, before it runs. Aborts where the compiler
 * fails: a function that it cannot take is no failure. t may be NULL. */
void tiers_give(struct tiers *t, const struct rt_module *module, struct rt_instance *instance);
/* Frees all code: after the instances, before the modules' memory is used again. */
void tiers_release(struct tiers *t);
/* What was compiled, and what was not and why. */
void tiers_print(const struct tiers *t);
/* Whether at least `functions` were compiled, or nothing was to be: what a test of a tier must ask before it passes. */
bool tiers_worked(const struct tiers *t, uint64_t functions);
void tiers_free(struct tiers *t);
/* Runs `start` on a stack that compiled code needs, and returns what it does. */
int tiers_run(int (*start)(int argc, char **argv), int argc, char **argv);

#endif
