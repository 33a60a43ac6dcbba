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
    switch (request->call) {
    case HOSTCALL_PATH_CREATE_DIRECTORY:
        return decide_path_create_directory(table, request, ops);
    case HOSTCALL_PATH_FILESTAT_GET:
        return decide_path_filestat_get(table, request, ops);
    case HOSTCALL_PATH_FILESTAT_SET_TIMES:
        return decide_path_filestat_set_times(table, request, ops);
    case HOSTCALL_PATH_OPEN:
        return decide_path_open(table, request, ops);
    case HOSTCALL_PATH_READLINK:
        return decide_path_readlink(context, table, request, ops);
    case HOSTCALL_PATH_REMOVE_DIRECTORY:
        return decide_path_remove_directory(table, request, ops);
    case HOSTCALL_PATH_SYMLINK:
        return decide_path_symlink(table, request, ops);
    case HOSTCALL_PATH_UNLINK_FILE:
        return decide_path_unlink_file(table, request, ops);
    default:
        return decide_refuse_first(ops, RULE_NOT_BUILT, WASI_NOSYS);
    }
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
    switch (request->call) {
    case HOSTCALL_ARGS_GET:
    case HOSTCALL_ENVIRON_GET:
        return ops->count == 0 ? decide_args_get(context, request) : decide_go_commit();
    case HOSTCALL_ARGS_SIZES_GET:
    case HOSTCALL_ENVIRON_SIZES_GET:
    case HOSTCALL_PROC_EXIT:
        return decide_go_commit();
    case HOSTCALL_CLOCK_RES_GET:
        return decide_clock_res_get(request, ops);
    case HOSTCALL_POLL_ONEOFF:
        return decide_poll_oneoff(table, request, ops);
    case HOSTCALL_RANDOM_GET:
        return decide_random_get(context, request, ops);
    case HOSTCALL_SCHED_YIELD:
        return decide_sched_yield(ops);
    default:
        return step_path(context, table, request, ops);
    }
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
    switch (request->call) {
    case HOSTCALL_FD_CLOSE:
        return decide_fd_close(table, request, ops);
    case HOSTCALL_FD_DATASYNC:
        return decide_fd_datasync(table, request, ops);
    case HOSTCALL_FD_FDSTAT_GET:
        return ops->count == 0 ? decide_fd_fdstat_get(table, request) : decide_go_commit();
    case HOSTCALL_FD_FDSTAT_SET_FLAGS:
        return decide_fd_fdstat_set_flags(table, request, ops);
    case HOSTCALL_FD_FILESTAT_GET:
        return decide_fd_filestat_get(table, request, ops);
    case HOSTCALL_FD_FILESTAT_SET_SIZE:
        return decide_fd_filestat_set_size(table, request, ops);
    case HOSTCALL_FD_PRESTAT_GET:
        return ops->count == 0 ? decide_fd_prestat_get(table, request) : decide_go_commit();
    case HOSTCALL_FD_PRESTAT_DIR_NAME:
        return ops->count == 0 ? decide_fd_prestat_dir_name(context, table, request) : decide_go_commit();
    case HOSTCALL_FD_SYNC:
        return decide_fd_sync(table, request, ops);
    default:
        return step_misc(context, table, request, ops);
    }
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
    if (request->fault != FAULT_NONE)
        return ops->count == 0 ? refuse_fault(request) : decide_go_commit();
    switch (request->call) {
    case HOSTCALL_CLOCK_TIME_GET:
        return decide_clock_time_get(request, ops);
    case HOSTCALL_FD_READ:
        return decide_fd_read(context, table, request, ops);
    case HOSTCALL_FD_WRITE:
        return decide_fd_write(context, table, request, ops);
    case HOSTCALL_FD_PREAD:
        return decide_fd_pread(context, table, request, ops);
    case HOSTCALL_FD_PWRITE:
        return decide_fd_pwrite(context, table, request, ops);
    case HOSTCALL_FD_SEEK:
        return decide_fd_seek(table, request, ops);
    case HOSTCALL_FD_TELL:
        return ops->count == 0 ? decide_fd_tell(table, request) : decide_go_commit();
    case HOSTCALL_FD_READDIR:
        return decide_fd_readdir(context, table, request, ops);
    default:
        return step_table(context, table, request, ops);
    }
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
