/* Records states of the guest (`--digest-every`) and growths that the system refused, and counts its budgets.
 *
 * A state costs as much as hashing what the guest has written to; the calls in between cost one call of a function
 * more. Leaves out: a state of a guest that was stopped from outside. Nothing could be compared with it. */
#include "cli/guest_states.h"

enum status guest_states_init(struct guest_states *states, struct trace_writer *writer, const struct run_spec *spec,
                              struct rt_instance *const *running, struct error *error)
{
    uint64_t every = spec->facts.digest_every;
    *states = (struct guest_states) {
        .writer = writer, .running = running, .every = every, .left = every, .limits = &spec->policy.limits
    };
    if (!writer)
        return STATUS_OK;
    states->inner =
        spec->facts.sync == RUN_SYNC_CALL ? trace_writer_observer_synced(writer) : trace_writer_observer(writer);
    return every ? trace_digest_create(&states->digest, error) : STATUS_OK;
}

static enum status record(struct guest_states *states, bool at_end, struct error *error)
{
    const struct rt_instance *instance = *states->running;
    trace_digest_begin(states->digest);
    enum status status = rt_instance_state(instance, trace_digest_add, states->digest);
    if (status == STATUS_STOPPED)
        return STATUS_OK; /* the time is over: no state, and the guest ends at its next step */
    if (status != STATUS_OK)
        return error_set(error, status, "out of memory for the state's digest");
    const struct trace_state state = { trace_digest_get(states->digest), rt_instance_instructions(instance), at_end };
    return trace_writer_state(states->writer, &state, error);
}

static enum status observe_begin(void *self, const struct request *request, struct error *error)
{
    struct guest_states *states = self;
    return states->inner.begin(states->inner.self, request, error);
}

static enum status observe_op(void *self, const struct request *request, const struct op *op,
                              const struct backend_space *space, struct error *error)
{
    struct guest_states *states = self;
    return states->inner.op ? states->inner.op(states->inner.self, request, op, space, error) : STATUS_OK;
}

static enum status observe_end(void *self, const struct request *request, const struct call_ops *ops,
                               const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                               struct error *error)
{
    struct guest_states *states = self;
    enum status status = states->inner.end
                             ? states->inner.end(states->inner.self, request, ops, outcome, space, committed, error)
                             : STATUS_OK;
    if (status != STATUS_OK || !states->digest || --states->left > 0)
        return status;
    states->left = states->every;
    return record(states, false, error);
}

bool guest_states_observes(const struct guest_states *states)
{
    return states->writer || policy_has_budget(states->limits);
}

struct wasi_observer guest_states_observer(struct guest_states *states)
{
    struct wasi_observer observer = states->inner;
    if (states->digest)
        observer = (struct wasi_observer) { states, states->inner.begin ? observe_begin : NULL, observe_op, observe_end,
                                            NULL };
    return policy_has_budget(states->limits) ? wasi_budget_observer(&states->budget, states->limits, &observer)
                                             : observer;
}

static void growth_refused(void *env, const struct rt_growth *growth)
{
    struct guest_states *states = env;
    const struct trace_growth event = { growth->number, growth->table, growth->index, growth->amount };
    /* A guest whose refusal nobody can know of must not go on. */
    if (trace_writer_growth(states->writer, &event, NULL) != STATUS_OK)
        rt_instance_interrupt(*states->running);
}

struct rt_growth_watch guest_states_growths(struct guest_states *states)
{
    return (struct rt_growth_watch) { states, NULL, states->writer ? growth_refused : NULL };
}

enum status guest_states_end(struct guest_states *states, const struct wasi_ending *ending, struct error *error)
{
    bool stopped = ending->ended == WASI_ENDED_TRAP &&
                   (ending->trap == RT_TRAP_INTERRUPTED || ending->trap == RT_TRAP_HOST_STOPPED ||
                    ending->trap == RT_TRAP_HOST_DIVERGED || ending->trap == RT_TRAP_HOST_FAILED);
    if (!states->digest || !*states->running || stopped || ending->ended == WASI_ENDED_NOT_STARTED)
        return STATUS_OK;
    return record(states, true, error);
}
