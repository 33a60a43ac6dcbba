/* A function's code at its first call, and where an instruction of it comes from. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_PREPARE_FUNCTION_H
#define WARRANT_RUNTIME_PREPARE_FUNCTION_H

#include "runtime/instance.h"

/* What calls go through, one for each function of the index space; imports have no code. */
struct entry {
    const uint16_t *code; /* at first what prepares it */
    const struct function *function;
    uint32_t frame_slots;
};

MUST_USE enum status prepare_init(struct rt_instance *instance); /* the entries */
void prepare_done(struct rt_instance *instance);
/* Gives the entry its code. RT_TRAP_HOST_FAILED where there is no memory for it. */
enum rt_trap_kind prepare_function(struct rt_instance *instance, struct entry *entry);
/* The place in the module of the instruction at `pc`, which lies in the entry's code: the function is prepared once
 * more and watched, so that no map is kept for what traps seldom ask. Elsewhere: the body's first byte. */
struct code_place prepare_place(const struct rt_instance *instance, const struct entry *entry, const uint16_t *pc);

#endif
