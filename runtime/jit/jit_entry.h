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

/* By enum jit_helper. */
struct jit_helper_row {
    const char *name;
    void (*code)(void); /* of another type: compiled code calls it by the list's */
};
extern const struct jit_helper_row jit_helper_rows[JIT_HELPER_COUNT];

#endif
