/* The decision core, call by call: what decide.h offers for any call, for one that is known beforehand. A dispatcher that has an
 * entry for each call saves the walks over the tables, which take most of a cheap call's time.
 *
 * decide_request_NAME is decide_request for the imports whose parameters are the operation's slots; the two are driven with the
 * same calls in test_decide_rows. decide_NAME is decide_step where decide_step_is_call says so. decide_commit_NAME is
 * decide_commit. Their contracts are those of the general functions, with the call as a constant (generated,
 * tests/proof/tables.py); what is proved of one call alone stands where its function is defined. */
#ifndef WARRANT_DECIDE_CALLS_H
#define WARRANT_DECIDE_CALLS_H

#include "wasi/decide/decide.h"

#define CALL_BUILT(name)                                                                                               \
    struct step decide_##name(const struct decide_context *context, const struct handle_table *table,                  \
                              const struct request *request, struct plan plan, const struct op_result *answer);        \
    void decide_commit_##name(const struct decide_context *context, struct handle_table *table,                        \
                              const struct request *request, const struct plan *plan, const struct op_result *answer,  \
                              struct outcome *outcome);
#define CALL_ABSENT(name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    CALL_##state(name) void decide_request_##name(uint32_t import, const uint64_t *slots,                              \
                                                  const struct decide_context *context, const uint8_t *memory,         \
                                                  struct request *request);
#include "wasi/abi/operations.def"
#undef OPERATION
#undef CALL_BUILT
#undef CALL_ABSENT

#endif
