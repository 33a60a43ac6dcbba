/* Whether a function can be compiled. Internal to runtime/jit/. */
#ifndef WARRANT_RUNTIME_JIT_SCAN_H
#define WARRANT_RUNTIME_JIT_SCAN_H

#include "runtime/jit/jit_reader.h"

/* NULL: it can. Else why not, in words; static storage. Reads all of its body. *ret_tail_calls: it has some. */
const char *jit_scan(struct jit_reader *reader, const struct function *function, bool *ret_tail_calls);

#endif
