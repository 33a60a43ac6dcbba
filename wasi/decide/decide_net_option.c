/* sock_get_option and sock_set_option: which options a guest may ask for and set, and how far.
 *
 * What is not listed here is refused: among it what lets another process share a port (SO_REUSEPORT), what binds to a device,
 * broadcast, multicast, raw headers. Sizes and times are cut to our limits. Of IPv6's own: that a socket takes no IPv4 is
 * said, and stays. Source: socket(7), tcp(7); WAMR's imports name the option, WasmEdge's take SocketOptName of its crate. */
#include "wasi/decide/decide_inner.h"

enum {
    EDGE_SOCKET = 0, /* the one level that WasmEdge's guests name */
    TIMES_MOST = 1000000000,
    LINGER_MOST = 60,
    PROBES_MOST = 32767
};

/* An option as Linux numbers it; level 0: none that a guest may name. */
struct option {
    uint32_t level, number;
};

/*@ assigns \nothing;
  @ ensures said: \result.level == level && \result.number == number;
*/
static struct option option_of(uint32_t level, uint32_t number)
{
    struct option option;
    option.level = level;
    option.number = number;
    return option;
}

/* WasmEdge's numbers: SO_TYPE 1, SO_ERROR 2, SO_SNDBUF 5, SO_RCVBUF 6, SO_KEEPALIVE 7, SO_LINGER 9, SO_RCVTIMEO 11, SO_SNDTIMEO
 * 12, SO_ACCEPTCONN 13; SO_REUSEADDR 0. */
/*@ assigns \nothing;
  @ ensures listed: \result.level == 0 || net_option_listed(\result.level, \result.number);
*/
static struct option option_of_edge(uint64_t name)
{
    if (name == 0)
        return option_of(NET_SOL_SOCKET, NET_SO_REUSEADDR);
    if (name == 1)
        return option_of(NET_SOL_SOCKET, NET_SO_TYPE);
    if (name == 2)
        return option_of(NET_SOL_SOCKET, NET_SO_ERROR);
    if (name == 5)
        return option_of(NET_SOL_SOCKET, NET_SO_SNDBUF);
    if (name == 6)
        return option_of(NET_SOL_SOCKET, NET_SO_RCVBUF);
    if (name == 7)
        return option_of(NET_SOL_SOCKET, NET_SO_KEEPALIVE);
    if (name == 9)
        return option_of(NET_SOL_SOCKET, NET_SO_LINGER);
    if (name == 11)
        return option_of(NET_SOL_SOCKET, NET_SO_RCVTIMEO);
    if (name == 12)
        return option_of(NET_SOL_SOCKET, NET_SO_SNDTIMEO);
    return name == 13 ? option_of(NET_SOL_SOCKET, NET_SO_ACCEPTCONN) : option_of(0, 0);
}

/* Which option the call is about. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures listed: \result.level == 0 || net_option_listed(\result.level, \result.number);
*/
static struct option option_named(const struct request *request)
{
#define NAMED(name, level, number)                                                                                     \
    if (request->import == IMPORT_WAMR_SOCK_GET_##name || request->import == IMPORT_WAMR_SOCK_SET_##name)              \
        return option_of(level, number);
    NAMED(KEEP_ALIVE, NET_SOL_SOCKET, NET_SO_KEEPALIVE)
    NAMED(RECV_BUF_SIZE, NET_SOL_SOCKET, NET_SO_RCVBUF)
    NAMED(SEND_BUF_SIZE, NET_SOL_SOCKET, NET_SO_SNDBUF)
    NAMED(RECV_TIMEOUT, NET_SOL_SOCKET, NET_SO_RCVTIMEO)
    NAMED(SEND_TIMEOUT, NET_SOL_SOCKET, NET_SO_SNDTIMEO)
    NAMED(LINGER, NET_SOL_SOCKET, NET_SO_LINGER)
    NAMED(REUSE_ADDR, NET_SOL_SOCKET, NET_SO_REUSEADDR)
    NAMED(TCP_NO_DELAY, NET_IPPROTO_TCP, NET_TCP_NODELAY)
    NAMED(TCP_QUICK_ACK, NET_IPPROTO_TCP, NET_TCP_QUICKACK)
    NAMED(TCP_KEEP_IDLE, NET_IPPROTO_TCP, NET_TCP_KEEPIDLE)
    NAMED(TCP_KEEP_INTVL, NET_IPPROTO_TCP, NET_TCP_KEEPINTVL)
    NAMED(IPV6_ONLY, NET_IPPROTO_IPV6, NET_IPV6_V6ONLY)
#undef NAMED
    bool edge =
        request->import == IMPORT_WASMEDGE_SOCK_GETSOCKOPT || request->import == IMPORT_WASMEDGE_SOCK_SETSOCKOPT;
    if (edge && request->slot[SLOT_SOCK_GET_OPTION_level] == EDGE_SOCKET)
        return option_of_edge(request->slot[SLOT_SOCK_GET_OPTION_option]);
    return option_of(0, 0);
}

/* Whether the option is one of this socket: of its protocol, of its family. */
/*@ assigns \nothing;
  @ ensures named: \result != 0 ==> option.level != 0;
*/
static bool option_fits(struct option option, uint8_t type, uint8_t family)
{
    if (option.level == NET_IPPROTO_TCP)
        return type == FILETYPE_SOCKET_STREAM;
    if (option.level == NET_IPPROTO_IPV6)
        return family == NET_V6;
    return option.level == NET_SOL_SOCKET && (option.number != NET_SO_REUSEADDR || type == FILETYPE_SOCKET_STREAM);
}

/* Bytes that WasmEdge's guest has for the value, or names; WAMR's imports have their own types. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
*/
static bool option_room(const struct request *request, struct option option, uint64_t bytes)
{
    bool edge =
        request->import == IMPORT_WASMEDGE_SOCK_GETSOCKOPT || request->import == IMPORT_WASMEDGE_SOCK_SETSOCKOPT;
    return !edge || bytes == net_option_length(option.level, option.number);
}

struct step decide_sock_get_option(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_GET_OPTION_fd];
    enum rule rule = decide_socket_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct option option = option_named(request);
    if (!option_fits(option, table->handle[fd].type, table->handle[fd].net_family))
        return decide_refuse(RULE_OPTION_REFUSED);
    if (!option_room(request, option, request->slot[SLOT_SOCK_GET_OPTION_value_len]))
        return decide_refuse(RULE_BAD_VALUE);
    struct step step = decide_issue_last(plan, OP_GET_OPTION, RULE_OWN_STATE, (uint32_t)fd);
    step.op.flags = option.level;
    step.op.offset = option.number;
    return step;
}

/* Of a lingering close the guest is told whether, and how long. */
struct change commit_sock_get_option(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change_value(plan);
    if (plan.value >= 0 && request->import == IMPORT_WAMR_SOCK_GET_LINGER) {
        change.outcome.value[0] = plan.value > 0;
        change.outcome.value[1] = plan.value > 0 ? (uint64_t)plan.value - 1 : 0;
        change.outcome.value_count = 2;
    }
    return change;
}

/* The value as it is set: within what we let be set. UINT64_MAX: it is none. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
*/
static uint64_t option_value_of(const struct request *request, struct option option)
{
    uint64_t value = request->slot[SLOT_SOCK_SET_OPTION_value], most = 1;
    if (request->import == IMPORT_WAMR_SOCK_SET_LINGER)
        value = value == 0 ? 0 : 1 + (uint64_t)(uint32_t)request->slot[SLOT_SOCK_SET_OPTION_seconds];
    if (value == UINT64_MAX)
        return value;
    if (option.level == NET_IPPROTO_TCP && (option.number == NET_TCP_KEEPIDLE || option.number == NET_TCP_KEEPINTVL))
        most = PROBES_MOST;
    if (option.level == NET_SOL_SOCKET && (option.number == NET_SO_RCVTIMEO || option.number == NET_SO_SNDTIMEO))
        most = (uint64_t)TIMES_MOST * 1000000;
    if (option.level == NET_SOL_SOCKET && (option.number == NET_SO_SNDBUF || option.number == NET_SO_RCVBUF))
        most = LIMIT_SOCKET_BUFFER;
    if (option.level == NET_SOL_SOCKET && option.number == NET_SO_LINGER)
        most = LINGER_MOST + 1;
    return value < most ? value : most;
}

struct step decide_sock_set_option(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_SOCK_SET_OPTION_fd];
    enum rule rule = decide_socket_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct option option = option_named(request);
    bool asks = option.level == NET_IPPROTO_IPV6 ||
                (option.level == NET_SOL_SOCKET &&
                 (option.number == NET_SO_TYPE || option.number == NET_SO_ERROR || option.number == NET_SO_ACCEPTCONN));
    if (asks || !option_fits(option, table->handle[fd].type, table->handle[fd].net_family))
        return decide_refuse(RULE_OPTION_REFUSED);
    uint64_t value = option_value_of(request, option);
    if (value == UINT64_MAX || !option_room(request, option, request->slot[SLOT_SOCK_SET_OPTION_bytes]))
        return decide_refuse(RULE_BAD_VALUE);
    struct step step = decide_issue_last(plan, OP_SET_OPTION, RULE_OWN_STATE, (uint32_t)fd);
    step.op.flags = option.level;
    step.op.offset = option.number;
    step.op.value = value;
    return step;
}

struct change commit_sock_set_option(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}
