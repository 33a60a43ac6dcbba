/* Leaves in a policy what some call needs, as the decision core says it.
 *
 * Invariant: at the end no call that succeeded is lost, and each thing that is left loses some without it. The core is
 * asked for both; what a run needs was only guessed before. Things are dropped one by one where one may stand in for
 * another: rules of the network, any of which lets a socket be opened. */
#include "cli/learn.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ROUNDS = 256, SINGLES = 64 };

/* What is lost with all that is granted. */
static enum status whole_judge(const struct learn *learn, uint64_t *ret_calls, uint32_t *ret_root, struct error *error)
{
    struct learn_loss loss;
    enum status s = learn_loss_init(learn, (struct learn_item) { LEARN_NOTHING, 0 }, &loss, error);
    if (s == STATUS_OK)
        s = learn_judge(learn, &loss, 1, error);
    *ret_calls = loss.calls;
    *ret_root = loss.root;
    free(loss.reasons);
    return s;
}

/* Raises grants until every call has what it needs. */
static enum status suffice(struct learn *learn, struct error *error)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t calls = 0;
        uint32_t root = UINT32_MAX, deep = UINT32_MAX;
        if (learn->policy.grant_count > LIMIT_PREOPENS)
            return error_set(error, STATUS_DENIED, "the runs need more than %d directories: learn a policy for each",
                             LIMIT_PREOPENS);
        enum status s = whole_judge(learn, &calls, &root, error);
        if (s != STATUS_OK || calls == 0)
            return s;
        for (uint32_t i = 0; i < learn->policy.grant_count; i++)
            if (learn->policy.grants[i].below[0])
                deep = i;
        if (root == UINT32_MAX && deep == UINT32_MAX)
            return error_set(error, STATUS_INTERNAL, "%" PRIu64 " calls of the traces are refused under what they used",
                             calls);
        learn_part_raise(learn, root != UINT32_MAX ? root : deep);
    }
    return error_set(error, STATUS_INTERNAL, "no depth of the grants lets all calls succeed");
}

/* ---- what there is ---- */

static enum status item_add(struct learn *learn, enum learn_kind kind, uint32_t index, struct error *error)
{
    const struct learn_item item = { kind, index };
    enum status s = learn_loss_init(learn, item, &learn->losses[learn->loss_count], error);
    learn->loss_count += s == STATUS_OK;
    return s;
}

/* Asks what is lost without each thing. */
static enum status items_judge(struct learn *learn, struct error *error)
{
    const struct learn_policy *policy = &learn->policy;
    const uint32_t counts[] = { [LEARN_GRANT] = policy->grant_count,   [LEARN_ACCESS] = policy->grant_count,
                                [LEARN_RULE] = policy->rule_count,     [LEARN_NAME] = policy->name_count,
                                [LEARN_DEVICE] = policy->device_count, [LEARN_LISTEN] = policy->listen_count };
    uint64_t total = 0;
    for (uint32_t kind = LEARN_GRANT; kind <= LEARN_LISTEN; kind++)
        total += counts[kind];
    learn_losses_free(learn->losses, learn->loss_count);
    learn->loss_count = 0;
    learn->losses = calloc(total + 1, sizeof *learn->losses);
    enum status s = learn->losses ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t kind = LEARN_GRANT; kind <= LEARN_LISTEN; kind++)
        for (uint32_t i = 0; s == STATUS_OK && i < counts[kind]; i++)
            if (kind != LEARN_ACCESS || policy->grants[i].writes)
                s = item_add(learn, (enum learn_kind)kind, i, error);
    return s == STATUS_OK ? learn_judge(learn, learn->losses, learn->loss_count, error) : s;
}

/* ---- what goes ---- */

static void list_drop(char **list, uint32_t *count, uint32_t index)
{
    for (uint32_t i = index; i + 1 < *count; i++)
        list[i] = list[i + 1];
    (*count)--;
}

static void rule_drop(struct learn_policy *policy, uint32_t index)
{
    for (uint32_t i = index; i + 1 < policy->rule_count; i++)
        policy->rules[i] = policy->rules[i + 1];
    policy->rule_count--;
}

/* Whether nobody misses it; sockets that listen stay where one behind them is used, for its number. */
static bool is_idle(const struct learn *learn, uint32_t at)
{
    const struct learn_loss *loss = &learn->losses[at];
    const struct learn_policy *policy = &learn->policy;
    if (loss->calls > 0)
        return false;
    if (loss->item.kind == LEARN_GRANT)
        return !policy->grants[loss->item.index].keeps_place;
    if (loss->item.kind == LEARN_ACCESS)
        return !policy->grants[loss->item.index].raised;
    return loss->item.kind != LEARN_LISTEN || loss->item.index + 1 == policy->listen_count;
}

/* Drops what is idle but for rules; indexes behind what goes change, so the last go first. *ret: something went. */
static void idle_drop(struct learn *learn, bool *ret)
{
    struct learn_policy *policy = &learn->policy;
    for (uint32_t at = learn->loss_count; at-- > 0;) {
        const struct learn_item item = learn->losses[at].item;
        if (item.kind == LEARN_RULE || !is_idle(learn, at))
            continue;
        *ret = true;
        if (item.kind == LEARN_GRANT)
            learn_grant_drop(policy, item.index);
        else if (item.kind == LEARN_ACCESS)
            policy->grants[item.index].writes = false;
        else if (item.kind == LEARN_NAME)
            list_drop(policy->names, &policy->name_count, item.index);
        else if (item.kind == LEARN_DEVICE)
            list_drop(policy->devices, &policy->device_count, item.index);
        else
            policy->listen_count--;
    }
}

/* Of rules that nobody misses alone, some may be missed together: they are tried alone, those first that no run used
 * just so. */
static enum status rules_drop(struct learn *learn, bool *ret, struct error *error)
{
    struct learn_policy *policy = &learn->policy;
    enum status s = STATUS_OK;
    uint32_t tried = 0;
    for (int exact = 0; exact <= 1; exact++)
        for (uint32_t at = learn->loss_count; s == STATUS_OK && at-- > 0 && tried < SINGLES;) {
            const struct learn_item item = learn->losses[at].item;
            if (item.kind != LEARN_RULE || learn->losses[at].calls > 0 || item.index >= policy->rule_count ||
                policy->rules[item.index].exact != (exact == 1))
                continue;
            const struct learn_rule rule = policy->rules[item.index];
            uint64_t calls = 0;
            uint32_t root;
            rule_drop(policy, item.index);
            s = whole_judge(learn, &calls, &root, error);
            tried++;
            if (calls > 0) {
                for (uint32_t i = policy->rule_count++; i > item.index; i--)
                    policy->rules[i] = policy->rules[i - 1];
                policy->rules[item.index] = rule;
                continue;
            }
            *ret = true;
            return s; /* the others have new numbers */
        }
    return s;
}

/* The rules that runs used just so, if they do. */
static enum status rules_exact(struct learn *learn, struct error *error)
{
    struct learn_policy *policy = &learn->policy;
    struct learn_rule *kept = policy->rules;
    const uint32_t count = policy->rule_count;
    uint64_t calls = 0;
    uint32_t root;
    if (count == 0)
        return STATUS_OK;
    policy->rules = calloc(LIMIT_NETWORK_RULES, sizeof *policy->rules);
    policy->rule_count = 0;
    for (uint32_t i = 0; policy->rules && i < count; i++)
        if (kept[i].exact)
            policy->rules[policy->rule_count++] = kept[i];
    enum status s =
        policy->rules ? whole_judge(learn, &calls, &root, error) : error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK && calls == 0) {
        free(kept);
        return STATUS_OK;
    }
    free(policy->rules);
    policy->rules = kept;
    policy->rule_count = count;
    return s;
}

enum status learn_least(struct learn *learn, struct error *error)
{
    bool dropped = true;
    enum status s = suffice(learn, error);
    if (s == STATUS_OK)
        s = rules_exact(learn, error);
    for (uint32_t round = 0; s == STATUS_OK && dropped && round < ROUNDS; round++) {
        dropped = false;
        s = items_judge(learn, error);
        if (s == STATUS_OK)
            idle_drop(learn, &dropped);
        if (s == STATUS_OK && !dropped)
            s = rules_drop(learn, &dropped, error);
    }
    if (s == STATUS_OK)
        s = suffice(learn, error);
    return s;
}
