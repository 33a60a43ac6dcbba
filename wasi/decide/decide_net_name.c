/* sock_resolve: a name that the policy lists is asked for by its number, and what it stands for comes as addresses.
 *
 * The name never leaves the process as text. The addresses are no grants: each is judged when it is used. */
#include "wasi/decide/decide_inner.h"

/* A letter of a name, small. */
/*@ assigns \nothing;
*/
static uint8_t small(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte; }

/* Whether the guest's name, of `length` bytes from the start of the request's, is this one of the policy. */
/*@ requires \valid_read(name) && \valid_read(request) && length <= LIMIT_NAME;
  @ assigns \nothing;
*/
static bool name_is(const struct decide_name *name, const struct request *request, uint32_t length)
{
    if (name->length != length)
        return false;
    /*@ loop invariant 0 <= i <= length;
      @ loop assigns i;
      @ loop variant length - i;
    */
    for (uint32_t i = 0; i < length; i++)
        if (name->bytes[i] != small(request->bytes[i]))
            return false;
    return true;
}

/* The number of the policy's name that the guest asks for, or LIMIT_NAMES. */
/*@ requires \valid_read(context) && \valid_read(request);
  @ assigns \nothing;
  @ ensures listed: \result < context->name_count || \result == LIMIT_NAMES;
*/
static uint32_t name_find(const struct decide_context *context, const struct request *request)
{
    uint32_t length = request->string_count > 0 ? request->string[0].length : 0;
    if (length == 0 || length > LIMIT_NAME)
        return LIMIT_NAMES;
    if (request->bytes[length - 1] == '.')
        length--;
    /*@ loop invariant 0 <= i <= LIMIT_NAMES;
      @ loop assigns i;
      @ loop variant LIMIT_NAMES - i;
    */
    for (uint32_t i = 0; i < context->name_count && i < LIMIT_NAMES; i++)
        if (name_is(&context->name[i], request, length))
            return i;
    return LIMIT_NAMES;
}

struct step decide_sock_resolve(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    if (plan.count > 0) {
        if (plan.kind != OP_ASK_NAME || answer->value < 0)
            return decide_go_commit(plan, answer->value < 0 ? answer->value : -(int64_t)WASI_IO);
        struct step step = decide_issue_last(plan, OP_TAKE_NAMES, RULE_NAME_GRANTED, HANDLE_RESOLVER);
        step.op.value = LIMIT_ADDRESSES * sizeof(struct net_address);
        return step;
    }
    if (request->import != IMPORT_WAMR_SOCK_ADDR_RESOLVE)
        return decide_refuse(RULE_NOT_SUPPORTED);
    uint32_t name = name_find(context, request);
    if (name >= context->name_count || name >= LIMIT_NAMES)
        return decide_refuse(RULE_NAME_REFUSED);
    struct step step = decide_issue(plan, OP_ASK_NAME, RULE_NAME_GRANTED, HANDLE_RESOLVER);
    step.op.value = name;
    return step;
}

/* The count follows from what the guest asked for (commit_net.c). */
struct change commit_sock_resolve(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}
