/* An observer for guests that do not go on before their call is in the file (`--sync call`): the writer's, without its
 * brief forms, and a wait behind each end.
 *
 * Leaves out: what stands between calls, which the next call's end waits for too. docs/policy.md, What a crash leaves.
 */
#include "tracer/writer.h"

static enum status synced_op(void *self, const struct request *request, const struct op *op,
                             const struct backend_space *space, struct error *error)
{
    return trace_writer_observer(self).op(self, request, op, space, error);
}

static enum status synced_end(void *self, const struct request *request, const struct call_ops *ops,
                              const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                              struct error *error)
{
    enum status status = trace_writer_observer(self).end(self, request, ops, outcome, space, committed, error);
    return status == STATUS_OK ? writer_written(self, error) : status;
}

struct wasi_observer trace_writer_observer_synced(struct trace_writer *writer)
{
    return (struct wasi_observer) { writer, NULL, synced_op, synced_end, NULL };
}
