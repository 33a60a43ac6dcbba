/* What is proved of single calls beside the contract that all calls share, where decide_scalar.c needs it: when the first step issues an
 * op or commits, and which op that is. For the files that define these calls, and for decide_scalar.c. */
#ifndef WARRANT_DECIDE_ALONE_H
#define WARRANT_DECIDE_ALONE_H

#include "wasi/decide/decide_inner.h"

/*@ ensures accepted: table->handle[request->slot[SLOT_FD_READ_fd]].net_state == NET_STATE_NONE ==>
  @   (\result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_READ_fd], R(FD_READ)) &&
  @   table->handle[request->slot[SLOT_FD_READ_fd]].type != FILETYPE_DIRECTORY && vector_movable(request, context->memory) &&
  @   (table->handle[request->slot[SLOT_FD_READ_fd]].type == FILETYPE_REGULAR_FILE ==>
  @     table->handle[request->slot[SLOT_FD_READ_fd]].position + vector_sum(request, request->iov_count) <= INT64_MAX));
  @ ensures one: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 &&
  @   table->handle[request->slot[SLOT_FD_READ_fd]].type == FILETYPE_REGULAR_FILE ==>
  @   op_moves_bytes(\result.op, OP_PREAD, request->slot[SLOT_FD_READ_fd], request->iov[0].offset, request->iov[0].length,
  @     table->handle[request->slot[SLOT_FD_READ_fd]].position);
  @ ensures stream: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 &&
  @   table->handle[request->slot[SLOT_FD_READ_fd]].type != FILETYPE_REGULAR_FILE &&
  @   table->handle[request->slot[SLOT_FD_READ_fd]].net_state == NET_STATE_NONE ==>
  @   op_moves_bytes(\result.op, OP_READ, request->slot[SLOT_FD_READ_fd], 0, 1, 0);
*/
struct step decide_fd_read(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: plan.count == 0 && table->handle[request->slot[SLOT_FD_WRITE_fd]].net_state == NET_STATE_NONE ==> (\result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_WRITE_fd], R(FD_WRITE)) &&
  @   table->handle[request->slot[SLOT_FD_WRITE_fd]].type != FILETYPE_DIRECTORY && vector_movable(request, context->memory) &&
  @   (table->handle[request->slot[SLOT_FD_WRITE_fd]].type == FILETYPE_REGULAR_FILE &&
  @     (table->handle[request->slot[SLOT_FD_WRITE_fd]].fdflags & FDFLAG_APPEND) == 0 ==>
  @     table->handle[request->slot[SLOT_FD_WRITE_fd]].position + vector_sum(request, request->iov_count) <= INT64_MAX));
  @ ensures one: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 && plan.count == 0 &&
  @   table->handle[request->slot[SLOT_FD_WRITE_fd]].type == FILETYPE_REGULAR_FILE && (table->handle[request->slot[SLOT_FD_WRITE_fd]].fdflags & FDFLAG_APPEND) == 0 ==>
  @   op_moves_bytes(\result.op, OP_PWRITE, request->slot[SLOT_FD_WRITE_fd], request->iov[0].offset, request->iov[0].length,
  @     table->handle[request->slot[SLOT_FD_WRITE_fd]].position);
  @ ensures stream: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 && plan.count == 0 &&
  @   table->handle[request->slot[SLOT_FD_WRITE_fd]].type != FILETYPE_REGULAR_FILE &&
  @   table->handle[request->slot[SLOT_FD_WRITE_fd]].net_state == NET_STATE_NONE ==>
  @   op_moves_bytes(\result.op, OP_WRITE, request->slot[SLOT_FD_WRITE_fd], 0, 1, 0);
*/
struct step decide_fd_write(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_PREAD_fd], R(FD_READ) | R(FD_SEEK)) &&
  @   table->handle[request->slot[SLOT_FD_PREAD_fd]].type == FILETYPE_REGULAR_FILE && vector_movable(request, context->memory) &&
  @   request->slot[SLOT_FD_PREAD_offset] + vector_sum(request, request->iov_count) <= INT64_MAX;
  @ ensures one: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 ==>
  @   op_moves_bytes(\result.op, OP_PREAD, request->slot[SLOT_FD_PREAD_fd], request->iov[0].offset, request->iov[0].length,
  @     request->slot[SLOT_FD_PREAD_offset]);
*/
struct step decide_fd_pread(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_PWRITE_fd], R(FD_WRITE) | R(FD_SEEK)) &&
  @   table->handle[request->slot[SLOT_FD_PWRITE_fd]].type == FILETYPE_REGULAR_FILE && vector_movable(request, context->memory) &&
  @   request->slot[SLOT_FD_PWRITE_offset] + vector_sum(request, request->iov_count) <= INT64_MAX;
  @ ensures one: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 ==>
  @   op_moves_bytes(\result.op, OP_PWRITE, request->slot[SLOT_FD_PREAD_fd], request->iov[0].offset, request->iov[0].length,
  @     request->slot[SLOT_FD_PREAD_offset]);
*/
struct step decide_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> request->slot[SLOT_CLOCK_TIME_GET_id] <= CLOCKID_MONOTONIC;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==>
  @   op_asks_clock(\result.op, OP_CLOCK_TIME, request->slot[SLOT_CLOCK_TIME_GET_id]);
*/
struct step decide_clock_time_get(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures told: commits(\result, plan, 0);
*/
struct step decide_args_sizes_get(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: plan.count == 0 && request->slot[SLOT_FD_SEEK_whence] != WHENCE_END ==>
  @   (\result.verdict == VERDICT_COMMIT <==> may(table, request->slot[SLOT_FD_SEEK_fd], R(FD_SEEK)) &&
  @     request->slot[SLOT_FD_SEEK_whence] <= WHENCE_END && table->handle[request->slot[SLOT_FD_SEEK_fd]].type == FILETYPE_REGULAR_FILE &&
  @     seek_target(request->slot[SLOT_FD_SEEK_whence] == WHENCE_SET ? 0 : table->handle[request->slot[SLOT_FD_SEEK_fd]].position,
  @       request->slot[SLOT_FD_SEEK_offset]) <= INT64_MAX);
  @ ensures to: plan.count == 0 && request->slot[SLOT_FD_SEEK_whence] != WHENCE_END && \result.verdict == VERDICT_COMMIT ==>
  @   commits(\result, plan,
  @     seek_target(request->slot[SLOT_FD_SEEK_whence] == WHENCE_SET ? 0 : table->handle[request->slot[SLOT_FD_SEEK_fd]].position,
  @       request->slot[SLOT_FD_SEEK_offset]));
*/
struct step decide_fd_seek(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_COMMIT <==> may(table, request->slot[SLOT_FD_TELL_fd], R(FD_TELL)) &&
  @   table->handle[request->slot[SLOT_FD_TELL_fd]].type == FILETYPE_REGULAR_FILE;
  @ ensures told: \result.verdict == VERDICT_COMMIT ==> commits(\result, plan, 0);
*/
struct step decide_fd_tell(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_CLOSE_fd], 0);
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> op_on_handle(\result.op, OP_CLOSE, request->slot[SLOT_FD_CLOSE_fd]);
*/
struct step decide_fd_close(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_FILESTAT_GET_fd], R(FD_FILESTAT_GET));
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> op_on_handle(\result.op, OP_STAT, request->slot[SLOT_FD_FILESTAT_GET_fd]);
*/
struct step decide_fd_filestat_get(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_COMMIT <==> may(table, request->slot[SLOT_FD_FDSTAT_GET_fd], 0);
  @ ensures told: \result.verdict == VERDICT_COMMIT ==> commits(\result, plan, 0);
*/
struct step decide_fd_fdstat_get(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer);

/*@ ensures accepted: \result.verdict == VERDICT_COMMIT <==>
  @   may(table, request->slot[SLOT_FD_PRESTAT_GET_fd], 0) && table->handle[request->slot[SLOT_FD_PRESTAT_GET_fd]].preopen;
  @ ensures told: \result.verdict == VERDICT_COMMIT ==> commits(\result, plan, 0);
*/
struct step decide_fd_prestat_get(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer);

#endif
