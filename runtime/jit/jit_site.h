/* Places in compiled code that can trap or call: what a trap's report needs. Compiled code names them by number.
 * Internal to runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_SITE_H
#define WARRANT_RUNTIME_JIT_SITE_H

#include <stdint.h>

struct jit_site {
    uint32_t function, offset; /* offset: of the instruction, in the module file */
    uint32_t pending;          /* see struct tier_place */
};
struct jit_sites {
    struct jit_site *at; /* owned */
    uint32_t count, capacity;
};

#endif
