/* Proves, call by call, that what is decided from scalars (decide_scalar.h) is what the call's own function decides: both are
 * computed and compared, and the contract says that they are always the same. Nothing of it runs but in a test. */
#include "wasi/decide/decide_alone.h"
#include "wasi/decide/decide_scalar.h"

/*@ predicate agreement_asked(struct decide_context *c, struct handle_table *t, struct request *q, struct op_result *a) =
  @   \valid_read(c) && \valid_read(t) && \valid_read(q) && \valid_read(a) && c->memory <= 0x100000000 && q->fault == FAULT_NONE;
*/

/*@ assigns \nothing;
  @ ensures same: \result != 0 <==> a.kind == b.kind && a.rule == b.rule && a.handle == b.handle && a.handle2 == b.handle2 &&
  @   a.flags == b.flags && a.offset == b.offset && a.value == b.value && a.mem.offset == b.mem.offset &&
  @   a.mem.length == b.mem.length && a.path.offset == b.path.offset && a.path.length == b.path.length &&
  @   a.path2.offset == b.path2.offset && a.path2.length == b.path2.length;
*/
static bool same_op(struct op a, struct op b)
{
    return a.kind == b.kind && a.rule == b.rule && a.handle == b.handle && a.handle2 == b.handle2 &&
           a.flags == b.flags && a.offset == b.offset && a.value == b.value && a.mem.offset == b.mem.offset &&
           a.mem.length == b.mem.length && a.path.offset == b.path.offset && a.path.length == b.path.length &&
           a.path2.offset == b.path2.offset && a.path2.length == b.path2.length;
}

/*@ requires request->call == OPERATION_FD_PREAD;
  @ requires agreement_asked(context, table, request, answer) && request->iov_count == 1;
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_pread(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_pread(context, table, request, decide_plan_start(), answer);
    /*@ assert none: vector_sum(request, 0) == 0;
    */
    /*@ assert one: vector_sum(request, 1) == request->iov[0].length;
    */
    struct scalar_op scalar = decide_scalar_at(table, context->memory, request->slot[SLOT_FD_PREAD_fd], R(FD_READ),
                                               OP_PREAD, request->iov[0], request->slot[SLOT_FD_PREAD_offset]);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op) : step.verdict != VERDICT_ISSUE;
}

/*@ requires request->call == OPERATION_FD_PWRITE;
  @ requires agreement_asked(context, table, request, answer) && request->iov_count == 1;
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                                    const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_pwrite(context, table, request, decide_plan_start(), answer);
    /*@ assert none: vector_sum(request, 0) == 0;
    */
    /*@ assert one: vector_sum(request, 1) == request->iov[0].length;
    */
    struct scalar_op scalar = decide_scalar_at(table, context->memory, request->slot[SLOT_FD_PWRITE_fd], R(FD_WRITE),
                                               OP_PWRITE, request->iov[0], request->slot[SLOT_FD_PWRITE_offset]);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op) : step.verdict != VERDICT_ISSUE;
}

/*@ requires request->call == OPERATION_FD_READ;
  @ requires agreement_asked(context, table, request, answer) && request->iov_count == 1;
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_read(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_read(context, table, request, decide_plan_start(), answer);
    /*@ assert none: vector_sum(request, 0) == 0;
    */
    /*@ assert one: vector_sum(request, 1) == request->iov[0].length;
    */
    struct scalar_op scalar = decide_scalar_along(table, context->memory, request->slot[SLOT_FD_READ_fd], R(FD_READ),
                                                  OP_PREAD, OP_READ, request->iov[0]);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op)
                         : true /* sockets, appending, and what is refused */;
}

/*@ requires request->call == OPERATION_FD_WRITE;
  @ requires agreement_asked(context, table, request, answer) && request->iov_count == 1;
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_write(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_write(context, table, request, decide_plan_start(), answer);
    /*@ assert none: vector_sum(request, 0) == 0;
    */
    /*@ assert one: vector_sum(request, 1) == request->iov[0].length;
    */
    struct scalar_op scalar = decide_scalar_along(table, context->memory, request->slot[SLOT_FD_WRITE_fd], R(FD_WRITE),
                                                  OP_PWRITE, OP_WRITE, request->iov[0]);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op)
                         : true /* sockets, appending, and what is refused */;
}

/*@ requires request->call == OPERATION_FD_CLOSE;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_close(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_close(context, table, request, decide_plan_start(), answer);
    struct scalar_op scalar = decide_scalar_on_handle(table, request->slot[SLOT_FD_CLOSE_fd], 0, OP_CLOSE);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op) : step.verdict != VERDICT_ISSUE;
}

/*@ requires request->call == OPERATION_FD_FILESTAT_GET;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_filestat_get(const struct decide_context *context, const struct handle_table *table,
                                          const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_filestat_get(context, table, request, decide_plan_start(), answer);
    struct scalar_op scalar =
        decide_scalar_on_handle(table, request->slot[SLOT_FD_FILESTAT_GET_fd], R(FD_FILESTAT_GET), OP_STAT);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op) : step.verdict != VERDICT_ISSUE;
}

/*@ requires request->call == OPERATION_CLOCK_TIME_GET;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_clock_time_get(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, const struct op_result *answer)
{
    struct step step = decide_clock_time_get(context, table, request, decide_plan_start(), answer);
    struct scalar_op scalar = decide_scalar_clock(request->slot[SLOT_CLOCK_TIME_GET_id], OP_CLOCK_TIME);
    return scalar.issues ? step.verdict == VERDICT_ISSUE && same_op(scalar.op, step.op) : step.verdict != VERDICT_ISSUE;
}

/*@ requires request->call == OPERATION_FD_SEEK;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_seek(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_seek(context, table, request, decide_plan_start(), answer);
    uint64_t target = decide_scalar_seek(table, request->slot[SLOT_FD_SEEK_fd], request->slot[SLOT_FD_SEEK_offset],
                                         request->slot[SLOT_FD_SEEK_whence]);
    if (target <= INT64_MAX)
        return step.verdict == VERDICT_COMMIT && step.plan.value == (int64_t)target;
    return step.verdict != VERDICT_COMMIT || request->slot[SLOT_FD_SEEK_whence] == WHENCE_END;
}

/*@ requires request->call == OPERATION_FD_TELL;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_tell(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_tell(context, table, request, decide_plan_start(), answer);
    bool commits = decide_scalar_tell(table, request->slot[SLOT_FD_TELL_fd]);
    return commits == (step.verdict == VERDICT_COMMIT) && (!commits || step.plan.value == 0);
}

/*@ requires request->call == OPERATION_FD_FDSTAT_GET;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_fdstat_get(const struct decide_context *context, const struct handle_table *table,
                                        const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_fdstat_get(context, table, request, decide_plan_start(), answer);
    bool commits = decide_scalar_open(table, request->slot[SLOT_FD_FDSTAT_GET_fd]);
    return commits == (step.verdict == VERDICT_COMMIT) && (!commits || step.plan.value == 0);
}

/*@ requires request->call == OPERATION_FD_PRESTAT_GET;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_fd_prestat_get(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, const struct op_result *answer)
{
    struct step step = decide_fd_prestat_get(context, table, request, decide_plan_start(), answer);
    bool commits = decide_scalar_preopen(table, request->slot[SLOT_FD_PRESTAT_GET_fd]);
    return commits == (step.verdict == VERDICT_COMMIT) && (!commits || step.plan.value == 0);
}

/*@ requires request->call == OPERATION_ARGS_SIZES_GET;
  @ requires agreement_asked(context, table, request, answer);
  @ assigns \nothing;
  @ ensures agree: \result != 0;
*/
bool decide_scalar_agrees_args_sizes_get(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, const struct op_result *answer)
{
    struct step step = decide_args_sizes_get(context, table, request, decide_plan_start(), answer);
    return step.verdict == VERDICT_COMMIT && step.plan.value == 0;
}
