/* What the tests of rt.h share: an instance of tests/guests/rt_exports.wat, with a host as careless as can be. */
#ifndef WARRANT_TESTS_RT_KIT_H
#define WARRANT_TESTS_RT_KIT_H

#include "runtime/rt.h"

struct rt_kit {
    struct rt_module *module;
    struct rt_instance *instance;
    uint64_t answer; /* what the host functions leave in their first slot */
    uint64_t refuel; /* what `f` asks for meanwhile, if not 0 */
    enum status refueled;
};

struct rt_module *rt_kit_load(const char *name); /* GUESTS/name.wasm; returns owned */
void rt_kit_open(struct rt_kit *kit, const struct rt_limits *limits);
void rt_kit_close(struct rt_kit *kit);
/* Calls an export with one argument slot (`with` false: none) and up to one result slot. */
enum status rt_kit_call(struct rt_kit *kit, const char *name, bool with, uint64_t arg, uint64_t *ret);

#endif
