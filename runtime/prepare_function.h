/* A function's code at its first call, and where an instruction of it comes from. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_PREPARE_FUNCTION_H
#define WARRANT_RUNTIME_PREPARE_FUNCTION_H

#include "runtime/instance.h"

/* The units of a function that was not called yet, which prepare it, and of one that has native `code`, which call it.
 */
extern const uint16_t prepare_first[1], prepare_native[1];
void prepare_done(struct rt_instance *instance);
/* Gives a function of this instance its units. RT_TRAP_HOST_FAILED where there is no memory for them. */
enum rt_trap_kind prepare_function(struct rt_instance *instance, const struct function_object *object);
/* The place in the module of the instruction at `pc`, which lies in the function's units: the function is prepared once
 * more and watched, so that no map is kept for what traps seldom ask. Elsewhere: the body's first byte. */
struct code_place prepare_place(const struct rt_instance *instance, const struct function_object *object,
                                const uint16_t *pc);

/* The same of the call behind which `pc` lies. */
struct code_place prepare_caller(const struct rt_instance *instance, const struct function_object *object,
                                 const uint16_t *pc);

#endif
