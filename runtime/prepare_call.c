/* Emission of calls: the arguments in their slots, then the call; it may change every slot above and all accumulators.
 */
#include "runtime/prepare.h"

/* After a call within the module a single result is in R, too. */
static void after_call(struct body *b, const struct rt_functype *t, uint32_t at, bool result_in_r)
{
    prep_forget(b);
    if (result_in_r && t->result_count == 1 && acc_of(t->results[0]) == ACC_INT)
        b->out.acc_slot[ACC_INT] = slot_of(b, at);
}

enum status prep_call(struct body *b, uint32_t function, uint32_t at, uint32_t params, bool tail)
{
    bool import = function < b->module->imported_functions;
    uint32_t cost;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_flush(b, at, at + params));
    if (tail)
        TRY(prep_left(b));
    TRY(prep_take_cost(b, &cost));
    prep_map(b, true);
    TRY(prep_op(b, import ? (tail ? P_TAIL_CALL_IMPORT : P_CALL_IMPORT) : (tail ? P_TAIL_CALL : P_CALL)));
    prep_unit(b, slot_of(b, at));
    prep_unit(b, cost);
    prep_u32(b, function);
    after_call(b, function_type(b->module, function), at, !import);
    return STATUS_OK;
}

enum status prep_call_indirect(struct body *b, uint32_t type, uint32_t table, uint32_t at, uint32_t selector, bool tail)
{
    uint32_t slot, cost;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_use(b, selector, &slot));
    TRY(prep_flush(b, at, selector));
    if (tail)
        TRY(prep_left(b));
    TRY(prep_take_cost(b, &cost));
    prep_map(b, true);
    TRY(prep_op(b, tail ? P_TAIL_CALL_INDIRECT : P_CALL_INDIRECT));
    prep_unit(b, slot_of(b, at));
    prep_unit(b, cost);
    prep_unit(b, slot);
    prep_u32(b, type);
    prep_unit(b, table);
    after_call(b, &module_type(b->module, type)->function, at, false);
    return STATUS_OK;
}
