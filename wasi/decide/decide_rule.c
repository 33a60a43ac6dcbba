/* What a rule tells the guest, and the checks on regions and tables that all calls share. */
#include "wasi/decide/decide_inner.h"

enum wasi_errno decide_rule_errno(enum rule rule)
{
    switch (rule) {
#define RULE(id, verdict, error, ...)                                                                                  \
    case RULE_##id:                                                                                                    \
        return WASI_##error;
#include "wasi/abi/rules.def"
#undef RULE
    case RULE_COUNT:
        break;
    }
    return WASI_INVAL;
}

/* Whether a refusal for this reason stops the guest. */
/*@ requires rule_refuses(rule);
  @ assigns \nothing;
*/
static bool rule_traps(enum rule rule)
{
    switch (rule) {
#define ENDING_RETURNS false
#define ENDING_TRAPS   true
#define RULE(id, verdict, error, ending, ...)                                                                          \
    case RULE_##id:                                                                                                    \
        return ENDING_##ending;
#include "wasi/abi/rules.def"
#undef RULE
    case RULE_COUNT:
        break;
    }
    return true;
}

struct step decide_refuse_as(enum rule rule, enum wasi_errno wasi_errno)
{
    struct step step;
    step.verdict = VERDICT_REFUSE;
    step.rule = (uint16_t)rule;
    step.wasi_errno = (uint16_t)wasi_errno;
    step.traps = rule_traps(rule);
    return step;
}

struct step decide_refuse(enum rule rule) { return decide_refuse_as(rule, decide_rule_errno(rule)); }

uint32_t decide_free_slot(const struct handle_table *table)
{
    uint32_t slot = 0;
    /*@ loop invariant 0 <= slot <= LIMIT_HANDLES;
      @ loop invariant \forall integer k; 0 <= k < slot ==> table->handle[k].live != 0;
      @ loop assigns slot;
      @ loop variant LIMIT_HANDLES - slot;
    */
    while (slot < table->limit && slot < LIMIT_HANDLES && table->handle[slot].live)
        slot++;
    return slot;
}
