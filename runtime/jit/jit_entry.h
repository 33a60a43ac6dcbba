/* What happens at the edge of compiled code: calls into it, and what it calls. Internal to runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_ENTRY_H
#define WARRANT_RUNTIME_JIT_ENTRY_H

#include "runtime/jit/jit_site.h"
#include "runtime/jit/jit_translate.h"

/* Of an instance with compiled functions; its `tier_state`. */
struct jit_unwind;
struct jit_state {
    const struct jit_code *code;
    struct jit_unwind *unwind; /* where a trap goes: the innermost call into compiled code */
};

/* The code of a function object whose function is compiled. */
enum rt_trap_kind jit_enter(const struct function_object *self, uint64_t *slots);
extern const struct tier tier_compiled;

/* By enum verify_helper; each of the type that the list gives it. */
extern void (*const jit_helper_table[VERIFY_HELPER_COUNT])(void);

#endif
