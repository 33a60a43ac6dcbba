/* Ways of executing functions, and what is asked of one: where the guest stands, and what fuel is left. One exists, the
 * interpreter; RT_TIER_LIST (rt.h) names them. Internal to runtime/.
 *
 * A tier gives functions their `code` (instance.h); calls need to know nothing more of it. The rest of the engine, and
 * through rt.h whoever records and replays, asks these functions and never the tier's own state. */
#ifndef WARRANT_RUNTIME_TIER_H
#define WARRANT_RUNTIME_TIER_H

#include "runtime/instance.h"

struct tier_place {
    const struct function *function; /* the innermost that runs; NULL: nothing does, and the rest is 0 */
    uint32_t offset;                 /* of its instruction, in the module file */
    uint32_t pending; /* instructions executed up to and with it that fuel has not paid: 0 unless it traps there */
};

struct tier {
    enum rt_tier id;
    function_code *code; /* of a function that the module defines, before its first call */
    /* Where the guest stands: at a call, while what it called runs; or at what trapped. May be slow. */
    struct tier_place (*place)(const struct rt_instance *instance);
    /* The call that a frame below the innermost made, when a call has trapped and nothing was called since. NULL: the
     * tier's functions have no frames that could tell. */
    struct tier_place (*caller_place)(const struct rt_instance *instance, const struct frame *frame);
    /* At that place, `pending` left out; between calls what the next one has. Fast. */
    int64_t (*fuel_left)(const struct rt_instance *instance);
    void (*done)(struct rt_instance *instance); /* gives `tier_state` back; NULL: it has none */
};

/* Never NULL. */
const struct tier *tier_get(enum rt_tier id);
extern const struct tier tier_interpreter;

#endif
