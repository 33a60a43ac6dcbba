/* What runs used of what a policy limits, and limits that leave some room above it.
 *
 * What counts is what wasi/run_budget.c and the core count. A limit is written only where a trace tells what was used;
 * of memory, frames of calls, tables and links it does not. */
#include "cli/learn.h"

#include <string.h>

#include "checker/show.h"
#include "wasi/abi/op_sets.h"

static void more(struct learn_seen *seen, uint32_t limit, uint64_t value)
{
    seen->known[limit] = true;
    if (value > seen->value[limit])
        seen->value[limit] = value;
}

static void add(struct learn_seen *seen, uint32_t limit, uint64_t value)
{
    seen->known[limit] = true;
    if (__builtin_add_overflow(seen->value[limit], value, &seen->value[limit]))
        seen->value[limit] = UINT64_MAX;
}

static void seen_op(struct learn_seen *seen, const struct op *op, int64_t value)
{
    const struct op_row *row = &abi_ops[op->kind];
    const enum op_effect effect = (enum op_effect)row->effect;
    if (op->kind == OP_SLEEP || op->kind == OP_POLL)
        more(seen, POLICY_LIMIT_wait_ns, op->offset);
    if (value < 0)
        return;
    if ((abi_op_bit(op->kind) & ops_out) != 0 || effect == OP_EFFECT_WRITE)
        add(seen, POLICY_LIMIT_output, row->out == OP_BYTES_NONE ? op->value : (uint64_t)value);
    if (effect == OP_EFFECT_MAKE || (effect == OP_EFFECT_OPEN && (op->flags & OPEN_CREATE)))
        add(seen, POLICY_LIMIT_entries, 1);
    if (row->table == OP_TABLE_OPENS && effect != OP_EFFECT_OPEN)
        add(seen, POLICY_LIMIT_connections, 1);
}

/* Bytes of the longest vector or buffer of the request. */
static uint64_t longest(const struct request *request)
{
    const struct operation_row *row = &abi_operations[request->call];
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < request->iov_count; i++)
        bytes += request->iov[i].length;
    for (uint32_t i = 0; i < row->field_count; i++)
        if (row->field[i].type == ARG_BUFFER && request->slot[row->field[i].slot + 1] > bytes)
            bytes = request->slot[row->field[i].slot + 1];
    return bytes;
}

void learn_seen_call(struct learn_seen *seen, const struct trace_call *call)
{
    const struct request *request = &call->request;
    add(seen, POLICY_LIMIT_calls, 1);
    for (uint32_t i = 0; call->complete && i < call->ops.count && i < LIMIT_OPS; i++)
        seen_op(seen, &call->ops.op[i], call->ops.result[i].value);
    if (request->fault != FAULT_NONE)
        return;
    more(seen, POLICY_LIMIT_elements, request->iov_count);
    more(seen, POLICY_LIMIT_elements, request->subscription_count);
    more(seen, POLICY_LIMIT_transfer, longest(request));
}

void learn_seen_handle(struct learn_seen *seen, uint32_t handle)
{
    if (handle < LIMIT_HANDLES)
        more(seen, POLICY_LIMIT_descriptors, (uint64_t)handle + 1);
}

void learn_seen_end(struct learn_seen *seen, const struct run_spec *spec, const struct trace_exit *exit,
                    const struct trace_end *end, uint64_t trace_bytes)
{
    more(seen, POLICY_LIMIT_descriptors, (uint64_t)3 + spec->policy.file_count + spec->policy.listen_count);
    more(seen, POLICY_LIMIT_module_bytes, spec->module_size);
    more(seen, POLICY_LIMIT_trace, trace_bytes);
    if (exit)
        more(seen, POLICY_LIMIT_fuel, exit->instructions);
    if (end && end->end_ns > end->start_ns)
        more(seen, POLICY_LIMIT_wall_ns, end->end_ns - end->start_ns);
    /* Of what is counted, nothing was used where nothing was seen. */
    static const uint32_t counted[] = { POLICY_LIMIT_output, POLICY_LIMIT_entries, POLICY_LIMIT_connections };
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        seen->known[counted[i]] = true;
}

/* The next of 1, 2, 5, 10, 20, ... units from `value` on. */
static uint64_t round_up(uint64_t value, uint64_t unit)
{
    static const uint64_t steps[] = { 1, 2, 5 };
    if (value == 0)
        return 0;
    for (uint64_t ten = 1; ten <= UINT64_MAX / 10 / unit; ten *= 10)
        for (size_t i = 0; i < 3; i++)
            if (steps[i] * ten <= UINT64_MAX / unit && steps[i] * ten * unit >= value)
                return steps[i] * ten * unit;
    return UINT64_MAX;
}

/* A size: the next power of two. */
static uint64_t power_up(uint64_t value)
{
    uint64_t power = value > 0;
    while (power < value && power < UINT64_C(1) << 62)
        power *= 2;
    return power;
}

/* Times depend on the machine and on what else it does, so that they get ten times as much, and half a minute at least.
 */
bool learn_limit(const struct learn *learn, uint32_t limit, uint64_t *ret, uint64_t *ret_seen)
{
    const struct policy_limit_row *row = &policy_limit_rows[limit];
    const bool time = row->unit == POLICY_DURATION;
    const uint64_t times = time ? 10 : 2;
    uint64_t most = 0, had = 0, wide = UINT64_MAX;
    bool known = true;
    for (uint32_t i = 0; i < learn->run_count; i++) {
        const struct learn_run *run = &learn->runs[i];
        const uint64_t own = policy_limit_get(&run->spec.policy.limits, row);
        had = own > had ? own : had;
        known =
            known && run->seen.known[limit] && !run->cut && !run->ended[0]; /* else nobody knows what it would use */
        most = run->seen.value[limit] > most ? run->seen.value[limit] : most;
    }
    if (known && most <= UINT64_MAX / times)
        wide = row->unit == POLICY_SIZE ? power_up(most * times) : round_up(most * times, time ? 1000000000 : 1);
    const uint64_t first_free = (uint64_t)3 + learn->policy.grant_count + learn->policy.listen_count;
    const uint64_t least = limit == POLICY_LIMIT_descriptors && first_free > row->least ? first_free
                           : time                                                       ? LEARN_TIME_LEAST
                                                                                        : row->least;
    wide = wide < least ? least : wide;
    *ret_seen = known ? most : UINT64_MAX;
    *ret = wide < had ? wide : had; /* never more than a run had */
    return *ret != row->unset && *ret <= row->most;
}
