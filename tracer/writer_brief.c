/* The guest's side of the ring, its shortest way: calls that are decided from scalars (wasi/observer.h, brief). The
 * events are those of writer.c, byte for byte; what that looks at once more — that the op follows from the request,
 * that the only value is the op's result, that committed follows from the values — is promised by the caller here, who
 * has just made it so.
 *
 * Leaves out: whatever finds no room, and calls of other forms; they are told in full. docs/trace-format.md, Compact
 * events. */
#include "tracer/compact_put.h"

static_assert((int)OBSERVER_BRIEF_MAX <= (int)TRACE_INLINE_MAX, "a DONE carries as much");

/* Few bytes that leave or enter are told of without a call of any function, in code that saves no register. */
enum { FEW_MAX = 8 };

/* Writes a CALL. most: how many bytes it may tell of, FEW_MAX or OUT_MAX. */
INLINE bool brief_begins(struct trace_writer *writer, const struct request *request, const struct op *op,
                         const uint8_t *bytes, const struct compact_row *row, const struct compact_op *form,
                         uint32_t most)
{
    uint8_t *start = writer->at;
    if (form->form == COMPACT_NEVER || form->form != row->form || __builtin_expect(writer_full(writer, start), 0))
        return false;
    uint8_t *at = put_call(start, request, op, row, form);
    if (form->out != OP_BYTES_NONE)
        at = most > FEW_MAX ? put_out(at, bytes, request->iov[0].length) : put_few(at, bytes, request->iov[0].length);
    show_call(writer, start, at, request, op, row, form);
    return true;
}

/* Bytes that such an op brought, by its result. */
INLINE uint64_t brief_entered(const struct op_result *brought, const struct compact_op *form)
{
    return form->form == COMPACT_REGION && form->in != OP_BYTES_NONE ? (uint64_t)brought->value : 0;
}

/* Writes the DONE behind it. most: as above; more than FEW_IN_MAX may want room. */
INLINE enum status brief_ends(struct trace_writer *writer, const struct op_result *brought, const uint8_t *bytes,
                              const struct compact_row *row, const struct compact_op *form, uint32_t most,
                              struct error *error)
{
    const uint64_t tells = form->in == OP_BYTES_STAT ? TRACE_TELLS_STAT
                           : row->results            ? TRACE_TELLS_RESULT | TRACE_TELLS_NUMBERS
                                                     : 0;
    const uint64_t length = brief_entered(brought, form);
    if (most > FEW_MAX && length > FEW_IN_MAX) {
        enum status status =
            writer_ensure(writer, sizeof(struct trace_event_done) + 2 * sizeof(uint64_t) + trace_pad8(length), error);
        if (status != STATUS_OK)
            return status;
    }
    uint8_t *start = writer->at, *at = put_stat(put_done(start, brought->value, form), brought, form);
    if (length == 0) /* each way has an end of its own, which saves instructions */
        show_done(writer, start, at, tells, form);
    else if (most > FEW_MAX)
        show_done(writer, start, put_bytes(at, bytes, length), tells, form);
    else
        show_done(writer, start, put_few(at, bytes, length), tells, form);
    return STATUS_OK;
}

/* Writes a SILENT. */
INLINE bool brief_silent(struct trace_writer *writer, const struct request *request, const struct outcome *outcome,
                         uint64_t committed, const struct compact_row *row)
{
    if (row->form != COMPACT_SCALARS ||
        __builtin_expect(!succeeded(outcome, row->results) || writer_full(writer, writer->at), 0))
        return false;
    show_silent(writer, request, outcome, committed, row);
    return true;
}

/* ---- for each operation ---- */

typedef bool op_function(void *self, const struct request *request, const struct op *op, const uint8_t *bytes);
typedef enum status end_function(void *self, const struct request *request, const struct call_ops *ops,
                                 const uint8_t *bytes, struct error *error);

static bool op_never(void *self, const struct request *request, const struct op *op, const uint8_t *bytes)
{
    (void)self, (void)request, (void)op, (void)bytes;
    return false;
}

__attribute__((cold, noinline)) static enum status end_never(void *self, const struct request *request,
                                                             const struct call_ops *ops, const uint8_t *bytes,
                                                             struct error *error)
{
    (void)self, (void)request, (void)ops, (void)bytes;
    return error_set(error, STATUS_INTERNAL, "a call ends without the op that was told");
}

/* In the column `ops` of a row: tells of the op, if it is this one; `more` does where there are more bytes. */
#undef OPS
#define OPS(name)                                                                                                      \
    __extension__({                                                                                                    \
        if (op->kind == OP_##name)                                                                                     \
            return kinds[OP_##name].out != OP_BYTES_NONE && request->iov[0].length - 1 >= most                         \
                       ? more(self, request, op, bytes)                                                                \
                       : brief_begins(self, request, op, bytes, row, &kinds[OP_##name], most);                         \
        0u;                                                                                                            \
    })
#define OP_FUNCTION(id, function, limit, further, ops)                                                                 \
    static bool function(void *self, const struct request *request, const struct op *op, const uint8_t *bytes)         \
    {                                                                                                                  \
        const struct compact_row *const row = &rows[OPERATION_##id];                                                   \
        op_function *const more = further;                                                                             \
        const uint32_t most = limit;                                                                                   \
        (void)row, (void)more, (void)most, (void)(0u | ops);                                                           \
        return op_never(self, request, op, bytes);                                                                     \
    }
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    OP_FUNCTION(id, brief_op_many_##id, OUT_MAX, op_never, ops)                                                        \
    OP_FUNCTION(id, brief_op_##id, FEW_MAX, brief_op_many_##id, ops)
#include "wasi/abi/operations.def"
#undef OPERATION

#undef OPS
#define OPS(name)                                                                                                      \
    __extension__({                                                                                                    \
        if (ops->op[0].kind == OP_##name)                                                                              \
            return brief_entered(&ops->result[0], &kinds[OP_##name]) > most                                            \
                       ? more(self, request, ops, bytes, error)                                                        \
                       : brief_ends(self, &ops->result[0], bytes, row, &kinds[OP_##name], most, error);                \
        0u;                                                                                                            \
    })
#define END_FUNCTION(id, function, limit, further, ops_of)                                                             \
    static enum status function(void *self, const struct request *request, const struct call_ops *ops,                 \
                                const uint8_t *bytes, struct error *error)                                             \
    {                                                                                                                  \
        const struct compact_row *const row = &rows[OPERATION_##id];                                                   \
        end_function *const more = further;                                                                            \
        const uint32_t most = limit;                                                                                   \
        (void)row, (void)more, (void)most, (void)(0u | ops_of);                                                        \
        return end_never(self, request, ops, bytes, error);                                                            \
    }
#define OPERATION(id, name, state, kind, max_ops, rights, ops_of, fields)                                              \
    END_FUNCTION(id, brief_end_many_##id, OBSERVER_BRIEF_MAX, end_never, ops_of)                                       \
    END_FUNCTION(id, brief_end_##id, FEW_MAX, brief_end_many_##id, ops_of)
#include "wasi/abi/operations.def"
#undef OPERATION

#define OPERATION(id, ...)                                                                                             \
    static bool brief_silent_##id(void *self, const struct request *request, const struct outcome *outcome,            \
                                  uint64_t committed)                                                                  \
    {                                                                                                                  \
        return brief_silent(self, request, outcome, committed, &rows[OPERATION_##id]);                                 \
    }
#include "wasi/abi/operations.def"
#undef OPERATION

const struct wasi_observer_brief writer_brief[OPERATION_COUNT] = {
#define OPERATION(id, ...) [OPERATION_##id] = { brief_op_##id, brief_end_##id, brief_silent_##id },
#include "wasi/abi/operations.def"
#undef OPERATION
};
