/* A WASI command on a tier of the caller's choice, in a world that a test can hold: arguments, what is written to
 * descriptors 1 and 2, a clock, an end. All else answers ENOSYS. */
#ifndef WARRANT_TESTS_TIER_GUEST_H
#define WARRANT_TESTS_TIER_GUEST_H

#include "runtime/base/base.h"
#include "runtime/rt.h"
#include "tier_kit.h"

struct tier_guest {
    const struct rt_module *module; /* borrowed */
    struct rt_instance *instance;
    const char *const *words; /* borrowed; the program's name first */
    uint32_t word_count;
    bool real_clock;         /* else each look at it is a second later */
    uint64_t looks;          /* at the clock */
    uint32_t status;         /* of its end */
    uint64_t seen;           /* a digest of what the host was told, and of where the guest stood */
    struct buffer output[2]; /* of descriptors 1 and 2 */
    void *rows;              /* owned */
};

/* Returns owned; NULL after a failure, which is printed. */
struct rt_module *tier_guest_load(const char *path);
/* Links the module; false after a failure, which is printed. Its code stays with the tiers. */
MUST_USE bool tier_guest_open(struct tier_guest *g, const struct rt_module *module, struct tiers *tiers, uint64_t fuel);
/* Runs _start. */
const struct rt_trap *tier_guest_run(struct tier_guest *g);
/* Whether it came to its end, and to status 0. */
bool tier_guest_succeeded(const struct tier_guest *g);
/* A digest of globals, tables and memories. */
uint64_t tier_guest_state(const struct tier_guest *g);
void tier_guest_close(struct tier_guest *g);

#endif
