/* decide_step: each call to the function that decides it. What is not offered is refused here, and only here. */
#include "wasi/decide/decide_inner.h"

/* A request whose copying failed. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures refusal: refuses(\result);
*/
static struct step refuse_fault(const struct request *request)
{
    if (!decide_is_built(request->call))
        return decide_refuse(RULE_NOT_BUILT);
    if (request->fault == FAULT_ALIGNMENT)
        return decide_refuse(RULE_MISALIGNED);
    if (request->fault == FAULT_TOO_MANY)
        return decide_refuse(RULE_TOO_MANY);
    if (request->fault == FAULT_PATH_LONG)
        return decide_refuse(RULE_PATH_LONG);
    return decide_refuse(RULE_MEMORY_BOUNDS);
}

/* The calls on paths. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ requires context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
static struct step step_path(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops)
{
    struct step step;
    switch (request->call) {
    case OPERATION_PATH_CREATE_DIRECTORY:
        step = decide_path_create_directory(table, request, ops);
        break;
    case OPERATION_PATH_FILESTAT_GET:
        step = decide_path_filestat_get(table, request, ops);
        break;
    case OPERATION_PATH_FILESTAT_SET_TIMES:
        step = decide_path_filestat_set_times(table, request, ops);
        break;
    case OPERATION_PATH_OPEN:
        step = decide_path_open(context, table, request, ops);
        break;
    case OPERATION_PATH_READLINK:
        step = decide_path_readlink(context, table, request, ops);
        break;
    case OPERATION_PATH_REMOVE_DIRECTORY:
        step = decide_path_remove_directory(table, request, ops);
        break;
    case OPERATION_PATH_SYMLINK:
        step = decide_path_symlink(table, request, ops);
        break;
    case OPERATION_PATH_UNLINK_FILE:
        step = decide_path_unlink_file(table, request, ops);
        break;
    default:
        step = decide_refuse_first(ops, RULE_NOT_BUILT, WASI_NOSYS);
        break;
    }
    return step;
}

/* The calls without a descriptor. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ requires context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
static struct step step_misc(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops)
{
    struct step step;
    switch (request->call) {
    case OPERATION_ARGS_GET:
    case OPERATION_ENVIRON_GET:
        step = ops->count == 0 ? decide_args_get(context, request) : decide_go_commit();
        break;
    case OPERATION_ARGS_SIZES_GET:
    case OPERATION_ENVIRON_SIZES_GET:
    case OPERATION_PROC_EXIT:
        step = decide_go_commit();
        break;
    case OPERATION_CLOCK_RES_GET:
        step = decide_clock_res_get(request, ops);
        break;
    case OPERATION_POLL_ONEOFF:
        step = decide_poll_oneoff(table, request, ops);
        break;
    case OPERATION_RANDOM_GET:
        step = decide_random_get(context, request, ops);
        break;
    case OPERATION_SCHED_YIELD:
        step = decide_sched_yield(ops);
        break;
    default:
        step = step_path(context, table, request, ops);
        break;
    }
    return step;
}

/* The calls on descriptors that the table alone, or one op, answers. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ requires context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
static struct step step_table(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, const struct call_ops *ops)
{
    struct step step;
    switch (request->call) {
    case OPERATION_FD_CLOSE:
        step = decide_fd_close(table, request, ops);
        break;
    case OPERATION_FD_DATASYNC:
        step = decide_fd_datasync(table, request, ops);
        break;
    case OPERATION_FD_FDSTAT_GET:
        step = ops->count == 0 ? decide_fd_fdstat_get(table, request) : decide_go_commit();
        break;
    case OPERATION_FD_FDSTAT_SET_FLAGS:
        step = decide_fd_fdstat_set_flags(table, request, ops);
        break;
    case OPERATION_FD_FILESTAT_GET:
        step = decide_fd_filestat_get(table, request, ops);
        break;
    case OPERATION_FD_FILESTAT_SET_SIZE:
        step = decide_fd_filestat_set_size(table, request, ops);
        break;
    case OPERATION_FD_PRESTAT_GET:
        step = ops->count == 0 ? decide_fd_prestat_get(table, request) : decide_go_commit();
        break;
    case OPERATION_FD_PRESTAT_DIR_NAME:
        step = ops->count == 0 ? decide_fd_prestat_dir_name(context, table, request) : decide_go_commit();
        break;
    case OPERATION_FD_SYNC:
        step = decide_fd_sync(table, request, ops);
        break;
    default:
        step = step_misc(context, table, request, ops);
        break;
    }
    return step;
}

/* Any call: those that programs make most first. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ requires context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
static struct step step_call(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops)
{
    struct step step;
    if (request->fault != FAULT_NONE)
        return ops->count == 0 ? refuse_fault(request) : decide_go_commit();
    switch (request->call) {
    case OPERATION_CLOCK_TIME_GET:
        step = decide_clock_time_get(request, ops);
        break;
    case OPERATION_FD_READ:
        step = decide_fd_read(context, table, request, ops);
        break;
    case OPERATION_FD_WRITE:
        step = decide_fd_write(context, table, request, ops);
        break;
    case OPERATION_FD_PREAD:
        step = decide_fd_pread(context, table, request, ops);
        break;
    case OPERATION_FD_PWRITE:
        step = decide_fd_pwrite(context, table, request, ops);
        break;
    case OPERATION_FD_SEEK:
        step = decide_fd_seek(table, request, ops);
        break;
    case OPERATION_FD_TELL:
        step = ops->count == 0 ? decide_fd_tell(table, request) : decide_go_commit();
        break;
    case OPERATION_FD_READDIR:
        step = decide_fd_readdir(context, table, request, ops);
        break;
    default:
        step = step_table(context, table, request, ops);
        break;
    }
    return step;
}

struct decision decide_step(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops, struct op *op)
{
    struct step step = step_call(context, table, request, ops);
    struct decision decision = { step.verdict, step.rule, step.wasi_errno, step.traps };
    if (step.verdict == VERDICT_ISSUE)
        *op = step.op;
    return decision;
}
