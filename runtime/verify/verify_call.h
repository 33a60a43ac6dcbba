/* Sizes that a call has. Internal to runtime/verify/. */
#ifndef WARRANT_RUNTIME_VERIFY_CALL_H
#define WARRANT_RUNTIME_VERIFY_CALL_H

#include "runtime/verify/verify_body.h"

struct type_def;
/* Bytes of parameters that do not fit registers. */
uint32_t verify_parameter_bytes(const struct type_def *type);
/* Of the function at hand, with what the tail calls' convention adds. */
uint32_t verify_stack_bytes(const struct verify_body *b);

#endif
