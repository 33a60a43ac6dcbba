/* Machine code in memory, and what makes it. Internal to runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_OBJECT_H
#define WARRANT_RUNTIME_JIT_OBJECT_H

#include "runtime/jit/jit_translate.h"

/* What is at the start of every compiled function's way in, see jit_translate.h. */
typedef void jit_enter_fn(struct vmctx *vm, uint64_t *fp);

/* jit_module.c: translates the functions that m->compiled says, with a table `entries`: the ways in, by
 * function, then the functions themselves; NULL where there is none. Module and its parts are LLVM's and freed by
 * jit_module_done, whatever the status. */
MUST_USE enum status jit_module_build(struct jit_module *m, const struct rt_module *module, bool *compiled,
                                      bool tail_calls, struct error *error);
/* tail_calls: some of the functions have any. */
void jit_module_done(struct jit_module *m);

/* jit_object.c: makes machine code and has it linked to the helpers. Where a function's frame is larger than
 * JIT_FRAME_BYTES, it is taken out of m->compiled, *ret_again is true, and nothing else was done. */
struct jit_object;
MUST_USE enum status jit_object_make(const struct jit_module *m, enum jit_level level, struct jit_object **ret,
                                     bool *ret_again, struct error *error);
jit_enter_fn *const *jit_object_entries(const struct jit_object *object);
jit_enter_fn *const *jit_object_natives(const struct jit_object *object); /* of a type of their own */
void jit_object_free(struct jit_object *object);

#endif
