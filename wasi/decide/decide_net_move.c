/* What moves through sockets: sock_recv, sock_send, sock_recv_from, sock_send_to, and fd_read and fd_write of sockets.
 *
 * A stream passes through the staging buffer like a pipe. A message is received whole, with who sent it; where no rule
 * has that peer it is dropped, the drop is an op of the plan, and the next one is received; the commit hands the guest what
 * was sent by a peer that a rule has, and nothing else. Each message is sent to an address that was judged for it, or
 * when its socket was connected. Nothing binds a socket by itself that may not. Source: witx, sock_*; udp(7). */
#include "wasi/decide/decide_inner.h"

enum { RECV_PEEK = 1, RECV_WAITALL = 2 };

/* The vector of the call as one op on `fd` moves it. */
/*@ requires (kind == OP_SEND || kind == OP_SEND_TO || kind == OP_RECEIVE) && 0 <= rule < RULE_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures fields: \result.op.kind == kind && \result.op.handle == fd && \result.op.mem.offset == 0 && \result.op.mem.length == count;
*/
static struct step move_issue(struct plan plan, enum op_kind kind, enum rule rule, uint32_t fd, uint32_t count,
                              uint32_t flags)
{
    struct step step = decide_issue_last(plan, kind, rule, fd);
    step.op.mem.length = count;
    step.op.flags = flags;
    return step;
}

/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && context->memory <= 0x100000000;
  @ requires plan.count <= LIMIT_OPS && net_is_socket(table, fd) && fd < LIMIT_HANDLES;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_RECEIVE && \result.op.handle == fd &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == request->iov_count && vector_in_memory(request, context->memory) &&
  @   table->handle[fd].net_state == NET_STATE_CONNECTED && \result.plan == plan_next(plan, OP_RECEIVE, PLAN_ENDS_WITH_ANSWER);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result) || commits(\result, plan, 0);
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> table->handle[fd].net_state == NET_STATE_CONNECTED &&
  @   vector_movable(request, context->memory);
*/
static struct step receive_stream(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, uint64_t fd, uint32_t flags)
{
    if (table->handle[fd].net_state != NET_STATE_CONNECTED)
        return decide_refuse(RULE_NOT_CONNECTED);
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (total == 0)
        return decide_go_commit(plan, 0);
    return move_issue(plan, OP_RECEIVE, RULE_RIGHT_HELD, (uint32_t)fd, request->iov_count, flags);
}

/* Asks for the next message. */
/*@ requires plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_RECEIVE_FROM && \result.op.handle == fd &&
  @   \result.op.mem.length == 0 && \result.plan == plan_next(plan, OP_RECEIVE_FROM, PLAN_GOES_ON);
*/
static struct step receive_message(struct plan plan, uint32_t fd, uint32_t flags)
{
    struct step step = decide_issue(plan, OP_RECEIVE_FROM, RULE_RIGHT_HELD, fd);
    step.op.value = LIMIT_STAGING;
    step.op.flags = flags;
    return step;
}

/* Linux's flags for those of sock_recv. */
/*@ assigns \nothing;
*/
static uint32_t receive_flags(uint64_t flags)
{
    uint32_t peek = flags == RECV_PEEK || flags == RECV_PEEK + RECV_WAITALL ? NET_MSG_PEEK : 0;
    return peek + (flags >= RECV_WAITALL ? NET_MSG_WAITALL : 0);
}

/* Behind a message: it is the guest's where a rule has who sent it; else the next one is asked for, as long as the plan may.
 * One that was only looked at would be the next one again. */
/*@ requires step_part(context, table, request, plan, answer) && plan.count > 0 && plan.kind == OP_RECEIVE_FROM;
  @ requires fd == base_handle(request) && may(table, fd, call_rights(request->call)) && net_is_socket(table, fd);
  @ requires table->handle[fd].net_state != NET_STATE_OPEN && (uint32_t)fd == fd && call_most(request->call) == LIMIT_OPS;
  @ requires request->call == OPERATION_SOCK_RECV || request->call == OPERATION_SOCK_RECV_FROM;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
static struct step message_next(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer,
                                uint64_t fd, uint64_t flags)
{
    if (answer->value < 0 || decide_net_rule(context, NET_UDP, NET_CONNECT, &answer->address) == RULE_NONE)
        return decide_go_commit(plan, answer->value);
    if (plan.count < LIMIT_OPS - 1 && flags != RECV_PEEK)
        return receive_message(plan, (uint32_t)fd, receive_flags(flags));
    plan.rule = RULE_ADDRESS_REFUSED;
    return decide_go_commit(plan, -(int64_t)WASI_AGAIN);
}

/* sock_recv and sock_recv_from, whose first fields are the same. */
/*@ requires step_part(context, table, request, plan, answer);
  @ requires request->call == OPERATION_SOCK_RECV || request->call == OPERATION_SOCK_RECV_FROM;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
static struct step receive(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_RECV_fd], flags = request->slot[SLOT_SOCK_RECV_ri_flags];
    enum rule rule = decide_socket_rule(table, fd, R(FD_READ));
    if (rule != RULE_NONE)
        return plan.count == 0 ? decide_refuse(rule) : decide_go_commit(plan, -(int64_t)WASI_IO);
    const struct handle *handle = &table->handle[fd];
    if (plan.count > 0)
        return plan.kind == OP_RECEIVE_FROM && handle->net_state != NET_STATE_OPEN
                   ? message_next(context, table, request, plan, answer, fd, flags)
                   : decide_go_commit(plan, -(int64_t)WASI_IO);
    if (flags > (handle->type == FILETYPE_SOCKET_STREAM ? RECV_PEEK + RECV_WAITALL : RECV_PEEK))
        return decide_refuse(RULE_BAD_VALUE);
    if (handle->type == FILETYPE_SOCKET_STREAM)
        return receive_stream(context, table, request, plan, fd, receive_flags(flags));
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (handle->net_state == NET_STATE_OPEN)
        return decide_refuse(RULE_SOCKET_STATE);
    return receive_message(plan, (uint32_t)fd, receive_flags(flags));
}

struct step decide_sock_recv(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    return receive(context, table, request, plan, answer);
}

/* How much of it the guest's buffers took, and whether a message was longer, the commit in the guest's memory tells
 * (commit_net.c). */
struct change commit_sock_recv(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

struct step decide_sock_recv_from(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    return receive(context, table, request, plan, answer);
}

struct change commit_sock_recv_from(const struct decide_context *context, const struct handle_table *table,
                                    const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

/* Sends on a connected socket; of a stream, nothing is sent without an op. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && context->memory <= 0x100000000;
  @ requires plan.count == 0 && net_is_socket(table, fd) && fd < LIMIT_HANDLES;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_SEND && \result.op.handle == fd &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == request->iov_count && vector_in_memory(request, context->memory) &&
  @   table->handle[fd].net_state == NET_STATE_CONNECTED && \result.plan == plan_next(plan, OP_SEND, PLAN_ENDS_WITH_ANSWER);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result) || commits(\result, plan, 0);
  @ ensures accepted: table->handle[fd].type == FILETYPE_SOCKET_STREAM ==>
  @   (\result.verdict == VERDICT_ISSUE <==> table->handle[fd].net_state == NET_STATE_CONNECTED && vector_movable(request, context->memory));
*/
static struct step send_connected(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, uint64_t fd)
{
    if (table->handle[fd].net_state != NET_STATE_CONNECTED)
        return decide_refuse(RULE_NOT_CONNECTED);
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (total == 0 && table->handle[fd].type == FILETYPE_SOCKET_STREAM)
        return decide_go_commit(plan, 0);
    if (total > LIMIT_STAGING && table->handle[fd].type == FILETYPE_SOCKET_DGRAM)
        return decide_refuse_as(RULE_TOO_MANY, WASI_MSGSIZE);
    return move_issue(plan, OP_SEND, RULE_RIGHT_HELD, (uint32_t)fd, request->iov_count, NET_MSG_NOSIGNAL);
}

struct step decide_sock_send(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_SEND_fd];
    if (plan.count > 0)
        return decide_go_commit(plan, -(int64_t)WASI_IO);
    enum rule rule = decide_socket_rule(table, fd, R(FD_WRITE));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (request->slot[SLOT_SOCK_SEND_si_flags] != 0)
        return decide_refuse(RULE_BAD_VALUE);
    return send_connected(context, table, request, plan, fd);
}

struct change commit_sock_send(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_SEND_TO ==>
  @   may(table, request->slot[SLOT_SOCK_SEND_TO_fd], R(FD_WRITE)) && net_allowed(context, NET_UDP, NET_CONNECT, &request->address);
*/
struct step decide_sock_send_to(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_SEND_TO_fd];
    if (plan.count > 0)
        return decide_go_commit(plan, -(int64_t)WASI_IO);
    enum rule rule = decide_socket_rule(table, fd, R(FD_WRITE));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (request->slot[SLOT_SOCK_SEND_TO_si_flags] != 0)
        return decide_refuse(RULE_BAD_VALUE);
    const struct handle *handle = &table->handle[fd];
    if (handle->type == FILETYPE_SOCKET_STREAM) /* which has one peer */
        return send_connected(context, table, request, plan, fd);
    if (request->address.family != handle->net_family)
        return decide_refuse(RULE_ADDRESS_FAMILY);
    rule = decide_net_rule(context, NET_UDP, NET_CONNECT, &request->address);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (handle->net_state == NET_STATE_OPEN && !decide_net_implicit(context, NET_UDP, handle->net_family))
        return decide_refuse(RULE_BIND_REFUSED);
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (total > LIMIT_STAGING)
        return decide_refuse_as(RULE_TOO_MANY, WASI_MSGSIZE);
    return move_issue(plan, OP_SEND_TO, RULE_ADDRESS_GRANTED, (uint32_t)fd, request->iov_count, NET_MSG_NOSIGNAL);
}

/* What sent, is bound. */
struct change commit_sock_send_to(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change_value(plan);
    uint64_t fd = request->slot[SLOT_SOCK_SEND_TO_fd];
    if (plan.value >= 0 && decide_handle_rule(table, fd, 0) == RULE_NONE &&
        table->handle[fd].net_state == NET_STATE_OPEN) {
        change.how = CHANGE_STATE;
        change.handle = (uint32_t)fd;
        change.number = NET_STATE_BOUND;
    }
    return change;
}

struct step decide_socket_read(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, uint64_t fd)
{
    enum rule rule = decide_socket_rule(table, fd, R(FD_READ));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].type != FILETYPE_SOCKET_STREAM) /* who sent a message is told by sock_recv alone */
        return decide_refuse(RULE_NOT_SUPPORTED);
    return receive_stream(context, table, request, plan, fd, 0);
}

struct step decide_socket_write(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, uint64_t fd)
{
    enum rule rule = decide_socket_rule(table, fd, R(FD_WRITE));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return send_connected(context, table, request, plan, fd);
}
