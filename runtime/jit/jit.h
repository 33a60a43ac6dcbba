/* A compiler of validated modules on LLVM's C API, in the reference form: every bound is checked in the open, every
 * instruction is counted when the interpreter counts it, every trap says where it happened. So compiled and interpreted
 * functions can be mixed in one instance, and nobody can tell by anything but time which is which.
 *
 * The verifier (runtime/verify/) looks at all code before it is executable. As it does not check everything yet
 * (verify.h), this is for test tools, on modules that the project itself has made or fetched: no process that runs a
 * guest for a user links it (tests/layering/). */
#ifndef WARRANT_RUNTIME_JIT_H
#define WARRANT_RUNTIME_JIT_H

#include "runtime/base/base.h"

struct rt_module;
struct rt_instance;
struct jit_code;

/* How much is done to make the code fast. X(name for C, text, passes, what LLVM's code generator is asked for) */
#define JIT_LEVEL_LIST(X)                                                                                              \
    X(QUICK, "quick", "function(sroa)", LLVMCodeGenLevelNone)                                                          \
    X(LIGHT, "light", "function(sroa,early-cse,simplifycfg)", LLVMCodeGenLevelDefault)                                 \
    X(FULL, "full", "default<O2>", LLVMCodeGenLevelDefault)
#define JIT_LEVEL_ENUM(name, text, passes, generator) JIT_LEVEL_##name,
enum jit_level { JIT_LEVEL_LIST(JIT_LEVEL_ENUM) JIT_LEVEL_COUNT };
#undef JIT_LEVEL_ENUM

/* Which functions are asked for, by their index: what is left out stays interpreted. */
enum jit_part { JIT_ALL, JIT_EVEN, JIT_ODD };

/* Calls of compiled code nest on the host's stack, up to LIMIT_CALL_DEPTH deep and each in a frame of at most
 * VERIFY_FRAME_BYTES, with a call through the interpreter between two of them. Whoever calls into an instance that has
 * such code does it on a stack of this size (address space: little of it is touched). */
#define JIT_STACK_BYTES (1ull << 30)

/* Compiles a module's functions; returns owned. A function that cannot be taken is no error, see jit_code_left. The
 * module stays borrowed until the code is freed. */
MUST_USE enum status jit_compile(const struct rt_module *module, enum jit_part part, enum jit_level level,
                                 struct jit_code **ret, struct error *error);
/* After every instance that it was given to. NULL is fine. */
void jit_code_free(struct jit_code *code);
/* The same, for tests of the verifier: `checked` is told of each object that was verified (verify.h), while it is still
 * writable; that may be several, as the module is compiled again without what was refused. */
struct verify_object;
MUST_USE enum status jit_compile_watched(const struct rt_module *module, enum jit_part part, enum jit_level level,
                                         void (*checked)(void *env, struct verify_object *object), void *env,
                                         struct jit_code **ret, struct error *error);

/* Why the function stays interpreted, a text without end; NULL where it is compiled or was not asked for. */
const char *jit_code_left(const struct jit_code *code, uint32_t function);
uint32_t jit_code_count(const struct jit_code *code); /* of compiled functions */

/* Gives an instance of the module its code; before it runs. Borrows the code until the instance is freed. */
MUST_USE enum status jit_attach(const struct jit_code *code, struct rt_instance *instance, struct error *error);

#endif
