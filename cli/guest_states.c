/* Records states of the guest (`--digest-every`) and growths that the system refused, and stops a guest before it
 * writes more than limits.output.
 *
 * A state costs as much as hashing what the guest has written to; the calls in between cost one call of a function
 * more. Leaves out: a state of a guest that was stopped from outside. Nothing could be compared with it. */
#include "cli/guest_states.h"

#include "wasi/abi/op_sets.h"

enum status guest_states_init(struct guest_states *states, struct trace_writer *writer, const struct run_spec *spec,
                              struct rt_instance *const *running, struct error *error)
{
    uint64_t every = spec->facts.digest_every;
    *states = (struct guest_states) {
        .writer = writer, .running = running, .every = every, .left = every, .output_left = spec->policy.limits.output
    };
    if (!writer)
        return STATUS_OK;
    states->inner = trace_writer_observer(writer);
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

static bool writes(const struct op *op)
{
    return (abi_op_bit(op->kind) & ops_out) != 0 ||
           (op->kind < OP_COUNT && abi_ops[op->kind].effect == OP_EFFECT_WRITE);
}

/* Takes room for `value` bytes of content, and none leave the guest. */
static bool reserves(const struct op *op) { return abi_ops[op->kind].out == OP_BYTES_NONE; }

/* Bytes that the op would write. */
static uint64_t asked(const struct request *request, const struct op *op)
{
    uint64_t total = 0;
    if (reserves(op))
        return op->value;
    for (uint64_t i = op->mem.offset; i < op->mem.offset + (uint64_t)op->mem.length && i < LIMIT_IOVECS; i++)
        total += request->iov[i].length;
    return abi_ops[op->kind].out == OP_BYTES_JOINED && total > LIMIT_STAGING ? LIMIT_STAGING : total;
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
    if (states->output_left != UINT64_MAX && writes(op) && asked(request, op) > states->output_left)
        return error_set(error, STATUS_STOPPED, "it would write more bytes than limits.output allows");
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
    for (uint32_t i = 0; states->output_left != UINT64_MAX && i < ops->count; i++) {
        if (!writes(&ops->op[i]) || ops->result[i].value < 0)
            continue;
        uint64_t wrote = reserves(&ops->op[i]) ? ops->op[i].value : (uint64_t)ops->result[i].value;
        states->output_left -= wrote < states->output_left ? wrote : states->output_left;
    }
    if (status != STATUS_OK || !states->digest || --states->left > 0)
        return status;
    states->left = states->every;
    return record(states, false, error);
}

bool guest_states_observes(const struct guest_states *states)
{
    return states->writer || states->output_left != UINT64_MAX;
}

struct wasi_observer guest_states_observer(struct guest_states *states)
{
    if (!states->digest && states->output_left == UINT64_MAX)
        return states->inner;
    return (struct wasi_observer) { states, states->inner.begin ? observe_begin : NULL, observe_op, observe_end };
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
