/* Asks the decision core what the runs of a policy would miss without each thing that it grants.
 *
 * Invariant: a run is read once for some worlds at a time, so that memory is bounded by their number. */
#include "cli/learn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORLDS = 48 }; /* at a time; each takes half a megabyte */

/* What one world of one run is made of. */
struct judged {
    struct wasi_again_grant grants[LIMIT_PREOPENS];
    uint32_t grant[LIMIT_PREOPENS]; /* the policy's, of each */
    struct wasi_device devices[LIMIT_DEVICES];
    const char *names[LIMIT_NAMES];
    struct net_rule *networks; /* owned */
    struct wasi_again_world world;
};

enum status learn_loss_init(const struct learn *learn, struct learn_item item, struct learn_loss *ret,
                            struct error *error)
{
    *ret = (struct learn_loss) { .item = item, .root = UINT32_MAX };
    ret->reasons = calloc(learn->run_count, sizeof *ret->reasons);
    return ret->reasons ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

void learn_losses_free(struct learn_loss *losses, uint32_t count)
{
    for (uint32_t i = 0; losses && i < count; i++)
        free(losses[i].reasons);
    free(losses);
}

static bool is_without(const struct learn_item *item, enum learn_kind kind, uint32_t index)
{
    return item->kind == kind && item->index == index;
}

static void grants_fill(const struct learn *learn, const struct learn_run *run, const struct learn_item *without,
                        struct judged *ret)
{
    const struct policy *was = &run->spec.policy;
    for (uint32_t i = 0; i < learn->policy.grant_count; i++) {
        const struct learn_grant *grant = &learn->policy.grants[i];
        if (is_without(without, LEARN_GRANT, i))
            continue;
        for (uint32_t k = 0; k < was->file_count && ret->world.grant_count < LIMIT_PREOPENS; k++) {
            if (strcmp(was->files[k].guest, grant->guest) != 0 || strcmp(learn_host(run, k), grant->host) != 0)
                continue;
            ret->grant[ret->world.grant_count] = i;
            ret->grants[ret->world.grant_count++] =
                (struct wasi_again_grant) { k, grant->below, grant->writes && !is_without(without, LEARN_ACCESS, i) };
        }
    }
}

static void devices_fill(const struct learn *learn, const struct learn_run *run, const struct learn_item *without,
                         struct judged *ret)
{
    const struct policy *was = &run->spec.policy;
    for (uint32_t i = 0; i < learn->policy.device_count; i++)
        for (uint32_t k = 0; k < was->device_count && k < run->spec.node_count; k++)
            if (!is_without(without, LEARN_DEVICE, i) && strcmp(was->devices[k], learn->policy.devices[i]) == 0)
                ret->devices[ret->world.device_count++] =
                    (struct wasi_device) { run->spec.nodes[k].dev, run->spec.nodes[k].ino };
}

static bool same_address(const struct net_address *a, const struct net_address *b)
{
    return a->family == b->family && a->port == b->port && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static void listens_fill(const struct learn *learn, const struct learn_run *run, const struct learn_item *without,
                         struct judged *ret)
{
    const struct policy *was = &run->spec.policy;
    for (uint32_t i = 0; i < learn->policy.listen_count; i++)
        for (uint32_t k = 0; k < was->listen_count && k < LIMIT_LISTENERS; k++)
            if (!is_without(without, LEARN_LISTEN, i) && same_address(&was->listens[k], &learn->policy.listens[i]))
                ret->world.listens |= UINT64_C(1) << k;
}

static enum status judged_fill(const struct learn *learn, const struct learn_run *run, const struct learn_item *without,
                               struct judged *ret, struct error *error)
{
    const struct learn_policy *policy = &learn->policy;
    *ret = (struct judged) { .networks = malloc((policy->rule_count + 1) * sizeof *ret->networks) };
    if (!ret->networks)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    grants_fill(learn, run, without, ret);
    devices_fill(learn, run, without, ret);
    listens_fill(learn, run, without, ret);
    for (uint32_t i = 0; i < policy->rule_count; i++)
        if (!is_without(without, LEARN_RULE, i))
            ret->networks[ret->world.network_count++] = policy->rules[i].rule;
    for (uint32_t i = 0; i < policy->name_count; i++)
        if (!is_without(without, LEARN_NAME, i))
            ret->names[ret->world.name_count++] = policy->names[i];
    ret->world.grants = ret->grants;
    ret->world.devices = ret->devices;
    ret->world.networks = ret->networks;
    ret->world.names = ret->names;
    return STATUS_OK;
}

static void note(struct learn_loss *loss, uint32_t run, const struct judged *judged,
                 const struct wasi_again_ruling *ruling, uint64_t event)
{
    struct learn_reason *reason = &loss->reasons[run];
    if (ruling->answer == AGAIN_SAME)
        return;
    if (ruling->answer == AGAIN_ROOT && loss->root == UINT32_MAX)
        loss->root = judged->grant[ruling->grant];
    if (reason->calls < LEARN_EVENTS_SHOWN)
        reason->first[reason->calls] = event;
    reason->calls++;
    loss->calls++;
}

static enum status run_judge(const struct learn *learn, uint32_t index, struct wasi_again *again,
                             const struct judged *judged, struct learn_loss *losses, uint32_t count,
                             struct error *error)
{
    const struct learn_run *run = &learn->runs[index];
    struct trace_reader *reader;
    struct trace_call *call = malloc(sizeof *call);
    struct trace_exit exit_item;
    struct wasi_again_ruling rulings[WORLDS];
    enum trace_item_kind kind;
    if (!call)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    enum status s = trace_reader_open(run->path, &reader, error);
    for (bool open = s == STATUS_OK; s == STATUS_OK;) {
        s = trace_reader_next(reader, &kind, call, &exit_item, error);
        if (s == STATUS_OK && kind == TRACE_ITEM_CALL) {
            const struct wasi_again_call asked = { &call->request, &call->ops, &call->outcome, call->complete };
            s = wasi_again_decide(again, &asked, rulings, error);
            for (uint32_t i = 0; s == STATUS_OK && i < count; i++)
                note(&losses[i], index, &judged[i], &rulings[i], call->begin_event);
        }
        if (s != STATUS_OK && open)
            trace_reader_close(reader);
    }
    free(call);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status batch_judge(const struct learn *learn, uint32_t index, struct learn_loss *losses, uint32_t count,
                               struct error *error)
{
    const struct learn_run *run = &learn->runs[index];
    struct judged *judged = calloc(count, sizeof *judged);
    struct wasi_again_world *worlds = calloc(count, sizeof *worlds);
    struct wasi_again *again = NULL;
    enum status s = judged && worlds ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; s == STATUS_OK && i < count; i++) {
        s = judged_fill(learn, run, &losses[i].item, &judged[i], error);
        worlds[i] = judged[i].world;
    }
    if (s == STATUS_OK)
        s = wasi_again_create(&run->start.config, worlds, count, &again, error);
    if (s == STATUS_OK)
        s = run_judge(learn, index, again, judged, losses, count, error);
    if (s != STATUS_OK)
        error_prefix(error, "%s", run->path);
    wasi_again_free(again);
    for (uint32_t i = 0; judged && i < count; i++)
        free(judged[i].networks);
    free(judged);
    free(worlds);
    return s;
}

enum status learn_judge(const struct learn *learn, struct learn_loss *losses, uint32_t count, struct error *error)
{
    enum status s = STATUS_OK;
    for (uint32_t run = 0; s == STATUS_OK && run < learn->run_count; run++)
        for (uint32_t at = 0; s == STATUS_OK && at < count; at += WORLDS)
            s = batch_judge(learn, run, losses + at, count - at < WORLDS ? count - at : WORLDS, error);
    return s;
}
