/* What a rule tells the guest, and the checks on regions and tables that all calls share. */
#include "wasi/decide/decide_inner.h"

bool decide_region_ok(struct region region, uint64_t memory)
{
    return region.length == 0 || (region.length <= memory && region.offset <= memory - region.length);
}

/* The errno of a refusal for this reason. */
enum wasi_errno decide_rule_errno(enum rule rule)
{
    if (rule == RULE_NOT_BUILT)
        return WASI_NOSYS;
    if (rule == RULE_BAD_DESCRIPTOR || rule == RULE_NOT_PREOPEN)
        return WASI_BADF;
    if (rule == RULE_NOT_DIRECTORY)
        return WASI_NOTDIR;
    if (rule == RULE_IS_DIRECTORY)
        return WASI_ISDIR;
    if (rule == RULE_NOT_SEEKABLE)
        return WASI_SPIPE;
    if (rule == RULE_MEMORY_BOUNDS || rule == RULE_MISALIGNED)
        return WASI_FAULT;
    if (rule == RULE_BUFFER_SMALL || rule == RULE_PATH_LONG)
        return WASI_NAMETOOLONG;
    if (rule == RULE_PATH_EMPTY)
        return WASI_NOENT;
    if (rule == RULE_PATH_NUL)
        return WASI_ILSEQ;
    if (rule == RULE_RIGHT_MISSING || rule == RULE_PATH_ABSOLUTE || rule == RULE_PATH_ESCAPES ||
        rule == RULE_LINK_TARGET || rule == RULE_NO_DATA)
        return WASI_NOTCAPABLE;
    if (rule == RULE_DIRECTORY_LONG)
        return WASI_OVERFLOW;
    if (rule == RULE_TABLE_FULL)
        return WASI_MFILE;
    if (rule == RULE_SPECIAL_FILE || rule == RULE_NOT_SUPPORTED)
        return WASI_NOTSUP;
    return WASI_INVAL; /* BAD_VALUE, TOO_MANY, OFFSET_RANGE, PATH_LAST */
}

struct step decide_refuse_as(enum rule rule, enum wasi_errno wasi_errno)
{
    bool traps = rule == RULE_MEMORY_BOUNDS || rule == RULE_MISALIGNED;
    struct step step = { VERDICT_REFUSE, (uint16_t)rule, (uint16_t)wasi_errno, traps, { 0 } };
    return step;
}

struct step decide_refuse(enum rule rule) { return decide_refuse_as(rule, decide_rule_errno(rule)); }

struct step decide_refuse_first(const struct call_ops *ops, enum rule rule, enum wasi_errno wasi_errno)
{
    return ops->count == 0 ? decide_refuse_as(rule, wasi_errno) : decide_go_commit();
}

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

uint64_t decide_filled(const struct call_ops *ops, uint32_t first, enum op_kind kind)
{
    uint64_t total = 0;
    /*@ loop invariant first <= i <= LIMIT_OPS && total <= i * 0x80000000 && (i == first ==> total == 0);
      @ loop invariant i > first ==> i <= ops->count;
      @ loop invariant \forall integer k; first <= k < i && k < ops->count ==> ops->op[k].kind == kind;
      @ loop assigns i, total;
      @ loop variant LIMIT_OPS - i;
    */
    for (uint32_t i = first; i < ops->count && i < LIMIT_OPS; i++) {
        if (ops->op[i].kind != kind || ops->result[i].value <= 0 || ops->result[i].value > INT32_MAX)
            return UINT64_MAX;
        total += (uint64_t)ops->result[i].value;
    }
    return total;
}
