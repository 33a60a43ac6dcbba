/* Machine code in memory, and what makes it. Internal to runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_OBJECT_H
#define WARRANT_RUNTIME_JIT_OBJECT_H

#include "runtime/jit/jit.h"
#include "runtime/jit/jit_translate.h"

/* What is at the start of every compiled function's way in, see jit_translate.h. */
typedef void jit_enter_fn(struct vmctx *vm, uint64_t *fp);

/* jit_module.c: translates the functions that m->compiled says, with a table `entries` of 32 bits each: how far behind
 * its start the ways in are, by function, then the functions themselves; 0 where there is none. Module and its parts
 * are LLVM's and freed by jit_module_done, whatever the status. */
MUST_USE enum status jit_module_build(struct jit_module *m, const struct rt_module *module, bool *compiled,
                                      bool tail_calls, struct error *error);
/* tail_calls: some of the functions have any. */
void jit_module_done(struct jit_module *m);

/* jit_object.c: makes machine code and maps it. Where a function's frame is larger than VERIFY_FRAME_BYTES, it is taken
 * out of m->compiled, *ret_again is true, and nothing else was done. */
struct jit_object;
MUST_USE enum status jit_object_make(const struct jit_module *m, enum jit_level level, struct jit_object **ret,
                                     bool *ret_again, struct error *error);
jit_enter_fn *jit_object_entry(const struct jit_object *object, uint32_t function);
jit_enter_fn *jit_object_native(const struct jit_object *object, uint32_t function); /* of a type of its own */
void jit_object_free(struct jit_object *object);

/* jit_check.c. What the verifier is told of an image; the starts are owned by the caller. */
struct jit_image;
struct verify_object;
MUST_USE enum status jit_check_describe(const struct jit_module *m, const struct jit_image *image,
                                        struct verify_object *ret, struct error *error);
/* Has the verifier look at an image. Functions that it refuses are taken out of m->compiled, with the reason
 * in m->left, and *ret_again is true. */
MUST_USE enum status jit_check(const struct jit_module *m, const struct jit_image *image, bool *ret_again,
                               struct error *error);

#endif
