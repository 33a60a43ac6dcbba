/* The guest's side of the ring, its fast half: calls of which the compact events tell, which are most.
 *
 * Each event is written where it stays. A CALL is written before its op is performed; a SILENT with the end of a call
 * without ops: nothing outside the process changes earlier, and one call of the observer is saved. One check of room
 * covers CALL and DONE of a call that brings few bytes. The functions are expanded for each row of operations.def and
 * each op that it may issue, so that the tables of compact.h are constants in them. Whatever is not of this form goes
 * to writer_any.c.
 *
 * Leaves out: instances and threads other than 0. docs/trace-format.md, Compact events. */
#include "tracer/compact_put.h"

/* ---- calls ---- */

/* Does all of the op but its kind and rule follow from the request, or from the two fields that the event may carry? */
static_assert(offsetof(struct op, handle2) == 8 && offsetof(struct op, flags) == 12 && sizeof(struct region) == 8,
              "read as words");
INLINE bool op_follows(const struct compact_op *form, const struct op *op, const struct request *request)
{
    uint64_t other = (op->handle ^ (form->on_handle ? (uint32_t)request->slot[0] : HANDLE_NONE)) | request->fault;
    other |= word_at(&op->handle2) ^ HANDLE_NONE;
    other |= word_at(&op->path) | word_at(&op->path2);
    other |= word_at(&op->mem) ^ (form->form != COMPACT_REGION ? 0
                                  : form->region               ? word_at(&request->iov[0])
                                                               : UINT64_C(1) << 32);
    other |= form->offset ? 0 : op->offset;
    other |= form->value ? 0 : op->value;
    return other == 0;
}

/* One region, all of which is in memory, of a length that such an event may have? */
INLINE bool region_fits(const struct request *request, const struct compact_op *form, const struct backend_space *space)
{
    const struct region region = request->iov[0];
    return request->iov_count == 1 && (uint64_t)region.offset + region.length <= space->memory_size &&
           (form->out == OP_BYTES_NONE || region.length - 1 < OUT_MAX);
}

/* Writes a CALL. False: it is of another form, and nothing was written. */
INLINE bool call_begins(struct trace_writer *writer, const struct request *request, const struct op *op,
                        const struct backend_space *space, const struct compact_row *row, const struct compact_op *form)
{
    uint8_t *start = writer->at;
    if (form->form == COMPACT_NEVER || form->form != row->form)
        return false;
    if (__builtin_expect(writer_full(writer, start) || writer->plan != 0 || !op_follows(form, op, request), 0))
        return false;
    if (form->form == COMPACT_REGION && !region_fits(request, form, space))
        return false;
    uint8_t *at = put_call(start, request, op, row, form);
    if (form->out != OP_BYTES_NONE)
        at = put_out(at, form->out == OP_BYTES_JOINED ? space->staging : space->memory + request->iov[0].offset,
                     request->iov[0].length);
    show_call(writer, start, at, request, op, row, form);
    return true;
}

/* Writes the SILENT of a call without ops that succeeded. False: as above. */
INLINE bool call_silent(struct trace_writer *writer, const struct request *request, const struct outcome *outcome,
                        uint64_t committed, const struct compact_row *row)
{
    if (row->form != COMPACT_SCALARS)
        return false;
    if (__builtin_expect(!succeeded(outcome, row->results) || request->fault != FAULT_NONE ||
                             writer_full(writer, writer->at) ||
                             (row->results && compact_committed(row, request->slot, outcome->value) != committed),
                         0))
        return false;
    show_silent(writer, request, outcome, committed, row);
    return true;
}

/* Writes the DONE behind a CALL that succeeded, and told of nothing but what its op brought. False: as above. */
INLINE bool call_ends(struct trace_writer *writer, const struct request *request, const struct op_result *brought,
                      const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                      const struct compact_row *row, const struct compact_op *form)
{
    int64_t result = brought->value;
    uint64_t tells = row->results ? TRACE_TELLS_RESULT | TRACE_TELLS_NUMBERS : 0, length = 0;
    if (form->form == COMPACT_NEVER || form->form != row->form || row->results > 1)
        return false;
    if (__builtin_expect(!succeeded(outcome, row->results) || result < 0 ||
                             (row->results && (outcome->value[0] != (uint64_t)result ||
                                               compact_committed(row, request->slot, outcome->value) != committed)),
                         0))
        return false;
    if (form->form == COMPACT_REGION && form->in != OP_BYTES_NONE) {
        length = (uint64_t)result;
        if (length > FEW_IN_MAX || !region_fits(request, form, space) || length > request->iov[0].length)
            return false;
    }
    uint8_t *start = writer->at, *at = put_done(start, result, form);
    if (form->in == OP_BYTES_STAT && row->results == 0 && row->slots > 0 &&
        committed == compact_stat_committed(row, request->slot, &brought->stat)) {
        tells = TRACE_TELLS_STAT;
    } else if (row->results == 0) {
        at = put_committed(at, committed, &tells);
    }
    at = put_stat(at, brought, form);
    if (length > 0)
        at = put_bytes(at, space->memory + request->iov[0].offset, length);
    show_done(writer, start, at, tells, form);
    return true;
}

/* ---- for each operation ---- */

/* In the column `ops` of a row: whether the op is this one, and the event that belongs to it was written. */
#undef OPS
#define OPS(name) (unsigned)(op->kind == OP_##name && call_begins(writer, request, op, space, row, &kinds[OP_##name]))
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    static enum status op_##id(struct trace_writer *writer, const struct request *request, const struct op *op,        \
                               const struct backend_space *space, struct error *error)                                 \
    {                                                                                                                  \
        const struct compact_row *row = &rows[OPERATION_##id];                                                         \
        (void)row;                                                                                                     \
        if (__builtin_expect((0u | ops) != 0, 1))                                                                      \
            return STATUS_OK;                                                                                          \
        return writer_op_any(writer, request, op, space, error);                                                       \
    }
#include "wasi/abi/operations.def"
#undef OPERATION

#undef OPS
#define OPS(name)                                                                                                      \
    (unsigned)(op->kind == OP_##name &&                                                                                \
               call_ends(writer, request, ops->result, outcome, space, committed, row, &kinds[OP_##name]))
#define OPERATION(id, name, state, kind, max_ops, rights, ops_of, fields)                                              \
    static enum status end_##id(struct trace_writer *writer, const struct request *request,                            \
                                const struct call_ops *ops, const struct outcome *outcome,                             \
                                const struct backend_space *space, uint64_t committed, struct error *error)            \
    {                                                                                                                  \
        const struct compact_row *row = &rows[OPERATION_##id];                                                         \
        const struct op *op = &ops->op[0];                                                                             \
        uint32_t plan = writer->plan;                                                                                  \
        (void)op;                                                                                                      \
        if (plan == 0 ? call_silent(writer, request, outcome, committed, row)                                          \
                      : (plan & ~TRACE_PLAN_BULKY) == (1 | TRACE_PLAN_COMPACT) && (0u | ops_of) != 0)                  \
            return STATUS_OK;                                                                                          \
        return writer_end_any(writer, request, ops, outcome, space, committed, error);                                 \
    }
#include "wasi/abi/operations.def"
#undef OPERATION

typedef enum status op_function(struct trace_writer *writer, const struct request *request, const struct op *op,
                                const struct backend_space *space, struct error *error);
typedef enum status end_function(struct trace_writer *writer, const struct request *request, const struct call_ops *ops,
                                 const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                                 struct error *error);
#define OPERATION(id, ...) [OPERATION_##id] = op_##id,
static op_function *const op_of[OPERATION_COUNT] = {
#include "wasi/abi/operations.def"
};
#undef OPERATION
#define OPERATION(id, ...) [OPERATION_##id] = end_##id,
static end_function *const end_of[OPERATION_COUNT] = {
#include "wasi/abi/operations.def"
};
#undef OPERATION

static enum status observe_op(void *self, const struct request *request, const struct op *op,
                              const struct backend_space *space, struct error *error)
{
    return op_of[request->call](self, request, op, space, error);
}

static enum status observe_end(void *self, const struct request *request, const struct call_ops *ops,
                               const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                               struct error *error)
{
    return end_of[request->call](self, request, ops, outcome, space, committed, error);
}

struct wasi_observer trace_writer_observer(struct trace_writer *writer)
{
    return (struct wasi_observer) { writer, NULL, observe_op, observe_end, writer_brief };
}
