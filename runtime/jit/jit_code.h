/* A module's compiled functions. Internal to runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_CODE_H
#define WARRANT_RUNTIME_JIT_CODE_H

#include "runtime/jit/jit.h"
#include "runtime/jit/jit_object.h"

struct jit_code {
    const struct rt_module *module; /* borrowed */
    struct jit_object *object;      /* owned; NULL: nothing is compiled */
    struct jit_sites sites;         /* owned */
    bool *compiled;                 /* by function; owned */
    bool *tail_calls;               /* likewise: it has some */
    const char **left;              /* likewise: why not; NULL: it is, or was not asked for */
    uint32_t count;                 /* of compiled ones */
    void (*checked)(void *env, struct verify_object *object);
    void *checked_env;
};

#endif
