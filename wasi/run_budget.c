/* Counts what a guest uses up: hostcalls, bytes written, names made, connections; and looks how long it would wait.
 *
 * Invariant: what would go beyond a limit is not begun, nothing of it was allocated, and the guest ends there
 * (STOPPED), with the limit's name. Which ops count is read off the columns of ops.def, so that a new op counts by what
 * its row says. Left out on purpose: limits of one call that the guest is told of (wasi/decide), and those of the
 * engine. */
#include "wasi/run_budget.h"

#include "wasi/abi/op_sets.h"

static bool writes(const struct op *op)
{
    return (abi_op_bit(op->kind) & ops_out) != 0 || abi_ops[op->kind].effect == OP_EFFECT_WRITE;
}

/* Takes room for `value` bytes of content, and none leave the guest. */
static bool reserves(const struct op *op) { return abi_ops[op->kind].out == OP_BYTES_NONE; }

/* Bytes that the op would write. */
static uint64_t output_of(const struct request *request, const struct op *op)
{
    uint64_t total = 0;
    if (!writes(op))
        return 0;
    if (reserves(op))
        return op->value;
    if (abi_ops[op->kind].out == OP_BYTES_REGION)
        return op->mem.length;
    for (uint64_t i = op->mem.offset; i < op->mem.offset + (uint64_t)op->mem.length && i < LIMIT_IOVECS; i++)
        total += request->iov[i].length;
    return abi_ops[op->kind].out == OP_BYTES_JOINED && total > LIMIT_STAGING ? LIMIT_STAGING : total;
}

/* Whether it makes a name, or opens one so that it is made where it is not there. */
static bool makes(const struct op *op)
{
    enum op_effect effect = (enum op_effect)abi_ops[op->kind].effect;
    return effect == OP_EFFECT_MAKE || (effect == OP_EFFECT_OPEN && (op->flags & OPEN_CREATE));
}

/* Whether it brings a descriptor by no path: a socket, or a connection of one. */
static bool connects(const struct op *op)
{
    return abi_ops[op->kind].table == OP_TABLE_OPENS && abi_ops[op->kind].effect != OP_EFFECT_OPEN;
}

/* The time that it may take; 0: it waits for nothing. */
static uint64_t wait_of(const struct op *op) { return op->kind == OP_SLEEP || op->kind == OP_POLL ? op->offset : 0; }

static enum status over(struct error *error, const char *what, const char *limit)
{
    return error_set(error, STATUS_STOPPED, "it would %s than limits.%s allows", what, limit);
}

static enum status budget_begin(void *self, const struct request *request, struct error *error)
{
    struct wasi_budget *budget = self;
    if (budget->calls == 0)
        return over(error, "make more hostcalls", "calls");
    if (budget->calls != UINT64_MAX)
        budget->calls--;
    return budget->inner.begin ? budget->inner.begin(budget->inner.self, request, error) : STATUS_OK;
}

static enum status budget_op(void *self, const struct request *request, const struct op *op,
                             const struct backend_space *space, struct error *error)
{
    struct wasi_budget *budget = self;
    if (budget->output != UINT64_MAX && output_of(request, op) > budget->output)
        return over(error, "write more bytes", "output");
    if (budget->entries == 0 && makes(op))
        return over(error, "make more names", "entries");
    if (budget->connections == 0 && connects(op))
        return over(error, "open more sockets", "connections");
    if (wait_of(op) > budget->wait_ns)
        return over(error, "wait longer", "wait");
    return budget->inner.op ? budget->inner.op(budget->inner.self, request, op, space, error) : STATUS_OK;
}

static void take(uint64_t *left, uint64_t amount)
{
    if (*left != UINT64_MAX)
        *left -= amount < *left ? amount : *left;
}

static enum status budget_end(void *self, const struct request *request, const struct call_ops *ops,
                              const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                              struct error *error)
{
    struct wasi_budget *budget = self;
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *op = &ops->op[i];
        int64_t value = ops->result[i].value;
        if (value < 0)
            continue;
        if (writes(op))
            take(&budget->output, reserves(op) ? op->value : (uint64_t)value);
        take(&budget->entries, makes(op));
        take(&budget->connections, connects(op));
    }
    return budget->inner.end ? budget->inner.end(budget->inner.self, request, ops, outcome, space, committed, error)
                             : STATUS_OK;
}

struct wasi_observer wasi_budget_observer(struct wasi_budget *budget, const struct policy_limits *limits,
                                          const struct wasi_observer *inner)
{
    *budget = (struct wasi_budget) { .inner = *inner,
                                     .calls = limits->calls,
                                     .output = limits->output,
                                     .entries = limits->entries,
                                     .connections = limits->connections,
                                     .wait_ns = limits->wait_ns };
    return (struct wasi_observer) { budget, budget_begin, budget_op, budget_end, NULL };
}
