/* The oracle: a simple interpreter that the engine is held against. It executes the raw bytes of validated bodies on a
 * stack of typed slots, as the specification's text does; nothing is prepared but where each block ends. Instances are
 * the engine's own (memories, tables, globals and host functions are shared); stack, frames and the path taken through
 * the code are not. What rt.h promises of traps, counts, fuel, depth and slots is kept here by other means.
 *
 * It aborts, with a line, where the validator has let through what must not happen: an operand of another type than the
 * instruction's, or a frame higher than its function's frame_slots. */
#ifndef WARRANT_TESTS_ORACLE_H
#define WARRANT_TESTS_ORACLE_H

#include "runtime/instance.h"

/* The oracles of instances that may call each other, made as they are needed. */
struct oracle_world;
struct oracle_world *oracle_world_create(void);     /* returns owned; aborts without memory, as all here do */
void oracle_world_free(struct oracle_world *world); /* before the instances */

/* Calls a function of `instance` by its index: arguments in `slots`, then results, as many slots as the type says. A
 * host function that the guest calls may call this again. vm.fuel, vm.depth and vm.interrupt are used as the engine
 * does, so that rt_instance_instructions holds; rt_instance_trap and rt_instance_where know nothing of it. */
enum rt_trap_kind oracle_call(struct oracle_world *world, struct rt_instance *instance, uint32_t function,
                              uint64_t *slots);
/* The same for what a reference names. */
enum rt_trap_kind oracle_call_object(struct oracle_world *world, const struct function_object *object, uint64_t *slots);
/* What is being executed now, as rt_instance_where has it. */
struct rt_trap oracle_where(struct oracle_world *world, struct rt_instance *instance);
/* Of the last call. */
struct rt_trap oracle_trap(struct oracle_world *world, struct rt_instance *instance);

#endif
