/* Sockets: sock_open, sock_bind, sock_connect, sock_listen, sock_accept, sock_shutdown and their names.
 *
 * A socket of IPv6 is told to take no IPv4 before the guest has it; where that fails it is closed. What the system would
 * bind by itself (sending or connecting from a datagram socket, listening) takes a rule that lets the system choose. An
 * address is judged whenever it is used, and the state that the table keeps of a socket says what may follow. Source: the
 * manual pages of section 2; ip(7), ipv6(7). */
#include "wasi/decide/decide_inner.h"

enum rule decide_socket_rule(const struct handle_table *table, uint64_t fd, uint64_t rights)
{
    enum rule rule = decide_handle_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return rule;
    const struct handle *handle = &table->handle[fd];
    if (handle->net_state == NET_STATE_NONE || (handle->net_family != NET_V4 && handle->net_family != NET_V6) ||
        (handle->type != FILETYPE_SOCKET_DGRAM && handle->type != FILETYPE_SOCKET_STREAM))
        return RULE_NOT_SOCKET; /* what holds no such right because it is none says that, and not that it may not */
    return decide_handle_rule(table, fd, rights);
}

/* The first op of sock_open. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && plan.count == 0;
  @ requires request->call == OPERATION_SOCK_OPEN;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_SOCKET && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0 && handle_free(table, \result.op.handle2) && \result.plan.ino == \result.op.handle2 &&
  @   \result.plan == {plan_next(plan, OP_SOCKET, PLAN_GOES_ON) \with .ino = \result.plan.ino};
  @ ensures socket: \result.verdict == VERDICT_ISSUE ==> sound_network(context, table, request, plan, \result.op);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result);
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   (request->slot[SLOT_SOCK_OPEN_family] == NET_V4 || request->slot[SLOT_SOCK_OPEN_family] == NET_V6) &&
  @   (request->slot[SLOT_SOCK_OPEN_type] == NET_TCP || request->slot[SLOT_SOCK_OPEN_type] == NET_UDP) &&
  @   net_protocol(context, request->slot[SLOT_SOCK_OPEN_type], request->slot[SLOT_SOCK_OPEN_family]) &&
  @   (\exists integer h; handle_free(table, h));
*/
static struct step socket_issue(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan)
{
    uint64_t family = request->slot[SLOT_SOCK_OPEN_family], type = request->slot[SLOT_SOCK_OPEN_type];
    uint32_t slot = decide_free_slot(table);
    if (family != NET_V4 && family != NET_V6)
        return decide_refuse(RULE_ADDRESS_FAMILY);
    if (type != NET_TCP && type != NET_UDP)
        return decide_refuse(RULE_BAD_VALUE);
    if (!decide_net_protocol(context, (enum net_protocol)type, (uint8_t)family))
        return decide_refuse(RULE_SOCKET_REFUSED);
    if (slot >= table->limit || slot >= LIMIT_HANDLES)
        return decide_refuse(RULE_TABLE_FULL);
    struct step step = decide_issue(plan, OP_SOCKET, RULE_SOCKET_GRANTED, HANDLE_NONE);
    step.op.handle2 = slot;
    step.op.value = family == NET_V4 ? NET_AF_INET : NET_AF_INET6;
    step.op.flags = type == NET_TCP ? NET_SOCK_STREAM + NET_SOCK_CLOEXEC : NET_SOCK_DGRAM + NET_SOCK_CLOEXEC;
    step.op.offset = type == NET_TCP ? NET_IPPROTO_TCP : NET_IPPROTO_UDP;
    step.plan.ino = slot;
    return step;
}

struct step decide_sock_open(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    if (plan.count == 0)
        return socket_issue(context, table, request, plan);
    if (plan.kind == OP_SOCKET && (answer->value < 0 || request->slot[SLOT_SOCK_OPEN_family] != NET_V6))
        return decide_go_commit(plan, answer->value);
    /*@ assert free: handle_free(table, plan.ino) && (uint32_t)plan.ino == plan.ino; */
    /*@ assert own: own_socket(table, request, plan, answer, plan.ino); */
    if (plan.kind == OP_SOCKET) {
        struct step step = decide_issue(plan, OP_ONLY_V6, RULE_SOCKET_GRANTED, (uint32_t)plan.ino);
        step.op.value = 1;
        return step;
    }
    if (plan.kind != OP_ONLY_V6)
        return decide_go_commit(plan, -(int64_t)WASI_IO);
    if (answer->value >= 0)
        return decide_go_commit(plan, 0);
    struct step step = decide_issue(plan, OP_CLOSE, RULE_PLAN_CLEANUP, (uint32_t)plan.ino);
    step.plan.end = PLAN_ENDS_WITH_VALUE;
    step.plan.value = answer->value;
    return step;
}

/* The commit of a call that opened a socket; what it is the caller sets. */
/*@ assigns \nothing;
  @ ensures opened: plan.value >= 0 ==> \result.how == CHANGE_SOCKET && \result.handle == (uint32_t)plan.ino;
  @ ensures failed: plan.value < 0 ==> \result.how == CHANGE_NOTHING;
*/
static struct change socket_opened(struct plan plan)
{
    struct change change = decide_change(plan);
    if (plan.value >= 0) {
        change.how = CHANGE_SOCKET;
        change.handle = (uint32_t)plan.ino;
        change.outcome.value[0] = (uint32_t)plan.ino;
        change.outcome.value_count = 1;
    }
    return change;
}

struct change commit_sock_open(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = socket_opened(plan);
    change.number = NET_RIGHTS;
    change.inheriting = NET_RIGHTS;
    change.type = request->slot[SLOT_SOCK_OPEN_type] == NET_UDP ? FILETYPE_SOCKET_DGRAM : FILETYPE_SOCKET_STREAM;
    change.net_family = (uint8_t)request->slot[SLOT_SOCK_OPEN_family];
    change.net_state = NET_STATE_OPEN;
    return change;
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_SOCK_ACCEPT_fd], R(SOCK_ACCEPT)) &&
  @   net_is_socket(table, request->slot[SLOT_SOCK_ACCEPT_fd]) &&
  @   table->handle[request->slot[SLOT_SOCK_ACCEPT_fd]].net_state == NET_STATE_LISTENING &&
  @   (request->slot[SLOT_SOCK_ACCEPT_flags] == 0 || request->slot[SLOT_SOCK_ACCEPT_flags] == FDFLAG_NONBLOCK) &&
  @   (\exists integer h; handle_free(table, h));
*/
struct step decide_sock_accept(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_ACCEPT_fd], flags = request->slot[SLOT_SOCK_ACCEPT_flags];
    uint32_t slot = decide_free_slot(table);
    enum rule rule = decide_socket_rule(table, fd, R(SOCK_ACCEPT));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].net_state != NET_STATE_LISTENING)
        return decide_refuse(RULE_SOCKET_STATE);
    if (flags != 0 && flags != FDFLAG_NONBLOCK)
        return decide_refuse(RULE_BAD_VALUE);
    if (slot >= table->limit || slot >= LIMIT_HANDLES)
        return decide_refuse(RULE_TABLE_FULL);
    struct step step = decide_issue_last(plan, OP_ACCEPT, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.handle2 = slot;
    step.op.flags = flags == 0 ? NET_SOCK_CLOEXEC : NET_SOCK_CLOEXEC + NET_SOCK_NONBLOCK;
    step.plan.ino = slot;
    return step;
}

/* A connection is what its listener is, and may what that hands on. */
struct change commit_sock_accept(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = socket_opened(plan);
    uint64_t fd = request->slot[SLOT_SOCK_ACCEPT_fd];
    if (decide_handle_rule(table, fd, 0) == RULE_NONE) {
        change.number = table->handle[fd].inheriting;
        change.inheriting = table->handle[fd].inheriting;
        change.type = table->handle[fd].type;
        change.net_family = table->handle[fd].net_family;
        change.fdflags = (uint16_t)request->slot[SLOT_SOCK_ACCEPT_flags];
        change.net_state = NET_STATE_CONNECTED;
    }
    return change;
}

/* Where the socket stands once its op went well. */
/*@ requires \valid_read(request) && \valid_read(table) && handle_live(table, request->slot[SLOT_FIRST]);
  @ assigns \nothing;
  @ ensures stands: \result.how == CHANGE_NOTHING || (\result.how == CHANGE_STATE && handle_live(table, \result.handle) &&
  @   \result.handle == request->slot[SLOT_FIRST] && \result.number == state);
*/
static struct change stands(const struct handle_table *table, const struct request *request, struct plan plan,
                            bool changed, enum net_state state)
{
    struct change change = decide_change(plan);
    if (changed) {
        change.how = CHANGE_STATE;
        change.handle = (uint32_t)request->slot[SLOT_FIRST];
        change.number = (uint64_t)state;
    }
    return change;
}

/* The socket of the call, and an address of its family that may be used so. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, 0) && net_is_socket(table, fd) &&
  @   request->address.family == table->handle[fd].net_family &&
  @   net_allowed(context, net_protocol_of(table, fd), verb, &request->address);
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
*/
static enum rule address_rule(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, uint64_t fd, enum net_verb verb)
{
    enum rule rule = decide_socket_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return rule;
    if (request->address.family != table->handle[fd].net_family)
        return RULE_ADDRESS_FAMILY;
    return decide_net_rule(context, table->handle[fd].type == FILETYPE_SOCKET_DGRAM ? NET_UDP : NET_TCP, verb,
                           &request->address);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_SOCK_BIND_fd], 0) &&
  @   net_is_socket(table, request->slot[SLOT_SOCK_BIND_fd]) &&
  @   request->address.family == table->handle[request->slot[SLOT_SOCK_BIND_fd]].net_family &&
  @   net_allowed(context, net_protocol_of(table, request->slot[SLOT_SOCK_BIND_fd]), NET_BIND, &request->address) &&
  @   table->handle[request->slot[SLOT_SOCK_BIND_fd]].net_state == NET_STATE_OPEN;
*/
struct step decide_sock_bind(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_BIND_fd];
    enum rule rule = address_rule(context, table, request, fd, NET_BIND);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].net_state != NET_STATE_OPEN)
        return decide_refuse(RULE_SOCKET_STATE);
    return decide_issue_last(plan, OP_BIND, RULE_ADDRESS_GRANTED, (uint32_t)fd);
}

struct change commit_sock_bind(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return stands(table, request, plan, plan.value >= 0, NET_STATE_BOUND);
}

/* Whether the state lets a socket be connected: a datagram socket may be again; of a stream the system tells. */
/*@ assigns \nothing;
  @ ensures exact: \result != 0 <==> state == NET_STATE_OPEN || state == NET_STATE_BOUND || state == NET_STATE_CONNECTED;
*/
static bool connectable(uint8_t state)
{
    return state == NET_STATE_OPEN || state == NET_STATE_BOUND || state == NET_STATE_CONNECTED;
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE ==> may(table, request->slot[SLOT_SOCK_CONNECT_fd], 0) &&
  @   net_allowed(context, net_protocol_of(table, request->slot[SLOT_SOCK_CONNECT_fd]), NET_CONNECT, &request->address);
  @ ensures stream: may(table, request->slot[SLOT_SOCK_CONNECT_fd], 0) && net_is_socket(table, request->slot[SLOT_SOCK_CONNECT_fd]) &&
  @   table->handle[request->slot[SLOT_SOCK_CONNECT_fd]].type == FILETYPE_SOCKET_STREAM &&
  @   table->handle[request->slot[SLOT_SOCK_CONNECT_fd]].net_state == NET_STATE_OPEN &&
  @   request->address.family == table->handle[request->slot[SLOT_SOCK_CONNECT_fd]].net_family &&
  @   net_allowed(context, NET_TCP, NET_CONNECT, &request->address) ==> \result.verdict == VERDICT_ISSUE;
*/
struct step decide_sock_connect(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_CONNECT_fd];
    enum rule rule = address_rule(context, table, request, fd, NET_CONNECT);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    const struct handle *handle = &table->handle[fd];
    if (!connectable(handle->net_state))
        return decide_refuse(RULE_SOCKET_STATE);
    if (handle->type == FILETYPE_SOCKET_DGRAM && handle->net_state == NET_STATE_OPEN &&
        !decide_net_implicit(context, NET_UDP, handle->net_family))
        return decide_refuse(RULE_BIND_REFUSED);
    return decide_issue_last(plan, OP_CONNECT, RULE_ADDRESS_GRANTED, (uint32_t)fd);
}

/* What has begun may succeed later. */
struct change commit_sock_connect(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    bool joined = plan.value >= 0 || plan.value == -(int64_t)WASI_INPROGRESS || plan.value == -(int64_t)WASI_ALREADY ||
                  plan.value == -(int64_t)WASI_ISCONN || plan.value == -(int64_t)WASI_INTR;
    return stands(table, request, plan, joined, NET_STATE_CONNECTED);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_SOCK_LISTEN_fd], 0) &&
  @   net_is_socket(table, request->slot[SLOT_SOCK_LISTEN_fd]) &&
  @   table->handle[request->slot[SLOT_SOCK_LISTEN_fd]].type == FILETYPE_SOCKET_STREAM &&
  @   table->handle[request->slot[SLOT_SOCK_LISTEN_fd]].net_state != NET_STATE_CONNECTED &&
  @   net_bound(context, table, request->slot[SLOT_SOCK_LISTEN_fd]);
*/
struct step decide_sock_listen(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_LISTEN_fd], backlog = request->slot[SLOT_SOCK_LISTEN_backlog];
    enum rule rule = decide_socket_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    const struct handle *handle = &table->handle[fd];
    if (handle->type != FILETYPE_SOCKET_STREAM)
        return decide_refuse(RULE_NOT_SUPPORTED);
    if (handle->net_state == NET_STATE_CONNECTED)
        return decide_refuse(RULE_SOCKET_STATE);
    if (handle->net_state == NET_STATE_OPEN && !decide_net_implicit(context, NET_TCP, handle->net_family))
        return decide_refuse(RULE_BIND_REFUSED);
    struct step step = decide_issue_last(plan, OP_LISTEN, RULE_ADDRESS_GRANTED, (uint32_t)fd);
    step.op.value = backlog < LIMIT_BACKLOG ? backlog : LIMIT_BACKLOG;
    return step;
}

struct change commit_sock_listen(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return stands(table, request, plan, plan.value >= 0, NET_STATE_LISTENING);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_SOCK_SHUTDOWN_fd], R(SOCK_SHUTDOWN)) &&
  @   net_is_socket(table, request->slot[SLOT_SOCK_SHUTDOWN_fd]) &&
  @   table->handle[request->slot[SLOT_SOCK_SHUTDOWN_fd]].net_state == NET_STATE_CONNECTED &&
  @   1 <= request->slot[SLOT_SOCK_SHUTDOWN_how] <= 3;
*/
struct step decide_sock_shutdown(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    enum { BOTH = 3 /* of reading, 1, and writing, 2 */ };
    uint64_t fd = request->slot[SLOT_SOCK_SHUTDOWN_fd], how = request->slot[SLOT_SOCK_SHUTDOWN_how];
    enum rule rule = decide_socket_rule(table, fd, R(SOCK_SHUTDOWN));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (how == 0 || how > BOTH)
        return decide_refuse(RULE_BAD_VALUE);
    if (table->handle[fd].net_state != NET_STATE_CONNECTED)
        return decide_refuse(RULE_NOT_CONNECTED);
    struct step step = decide_issue_last(plan, OP_SHUT_DOWN, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.value = how - 1;
    return step;
}

struct change commit_sock_shutdown(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/* Whether an address of the family fits the room that the guest has for one. */
/*@ assigns \nothing;
*/
static bool room_fits(uint64_t room, uint8_t family)
{
    enum { WAMR = 24, STORAGE = 128 };
    return room == WAMR || room == STORAGE || room == 16 || (room == 4 && family == NET_V4);
}

/*@ requires \valid_read(table) && \valid_read(request) && (kind == OP_LOCAL_NAME || kind == OP_PEER_NAME) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> plain_op(\result.op, kind, request->slot[SLOT_FIRST]) &&
  @   may(table, request->slot[SLOT_FIRST], 0) && \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step name_of(const struct handle_table *table, const struct request *request, struct plan plan,
                           enum op_kind kind)
{
    uint64_t fd = request->slot[SLOT_FIRST];
    enum rule rule = decide_socket_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (kind == OP_PEER_NAME && table->handle[fd].net_state != NET_STATE_CONNECTED)
        return decide_refuse(RULE_NOT_CONNECTED);
    if (!room_fits(request->slot[SLOT_SOCK_LOCAL_ADDRESS_address_len], table->handle[fd].net_family))
        return decide_refuse(RULE_BAD_VALUE);
    return decide_issue_last(plan, kind, RULE_OWN_STATE, (uint32_t)fd);
}

struct step decide_sock_local_address(const struct decide_context *context, const struct handle_table *table,
                                      const struct request *request, struct plan plan, const struct op_result *answer)
{
    return name_of(table, request, plan, OP_LOCAL_NAME);
}

struct change commit_sock_local_address(const struct decide_context *context, const struct handle_table *table,
                                        const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_sock_peer_address(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, struct plan plan, const struct op_result *answer)
{
    return name_of(table, request, plan, OP_PEER_NAME);
}

struct change commit_sock_peer_address(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}
