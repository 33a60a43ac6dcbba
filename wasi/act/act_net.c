/* The ops on sockets: one system call each, the one that its row names, with the operands that its row lists.
 *
 * Invariants: a descriptor that is made here is closed at exec; what is sent and received passes through the staging
 * buffer, without ancillary data and without a signal; a message is handed on to the guest by nobody here, for who sent
 * it is judged first. Left out on purpose: which address may be named (wasi/decide), and repetition. Source: the manual
 * pages of section 2; socket(7), ip(7), ipv6(7), tcp(7). */
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include "wasi/act/act_net.h"
#include "wasi/act/act_resolver.h"

enum { MICROSECONDS = 1000000 };

union socket_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

union option_value {
    int number;
    struct linger linger;
    struct timeval time;
};

/* The address as the system takes it; 0: it is none. */
static socklen_t name_from(const struct net_address *address, union socket_name *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->any.sa_family = (sa_family_t)act_net_family((enum net_family)address->family);
    if (address->family == NET_V4) {
        ret->v4.sin_port = htons(address->port);
        memcpy(&ret->v4.sin_addr, address->bytes, sizeof ret->v4.sin_addr);
        return sizeof ret->v4;
    }
    if (address->family != NET_V6)
        return 0;
    ret->v6.sin6_port = htons(address->port);
    ret->v6.sin6_scope_id = address->scope;
    memcpy(&ret->v6.sin6_addr, address->bytes, sizeof ret->v6.sin6_addr);
    return sizeof ret->v6;
}

static void name_to(const union socket_name *name, socklen_t length, struct net_address *ret)
{
    *ret = (struct net_address) { .family = NET_NONE };
    if (length >= sizeof name->v4 && name->any.sa_family == act_net_family(NET_V4)) {
        ret->family = NET_V4;
        ret->port = ntohs(name->v4.sin_port);
        memcpy(ret->bytes, &name->v4.sin_addr, sizeof name->v4.sin_addr);
    } else if (length >= sizeof name->v6 && name->any.sa_family == act_net_family(NET_V6)) {
        ret->family = NET_V6;
        ret->port = ntohs(name->v6.sin6_port);
        ret->scope = name->v6.sin6_scope_id;
        memcpy(ret->bytes, &name->v6.sin6_addr, sizeof name->v6.sin6_addr);
    }
}

/* Keeps what was opened for the op's second handle. */
static enum status opened(struct act_live *live, const struct op *op, int fd, struct op_result *result)
{
    result->value = fd < 0 ? act_errno_result(errno) : 0;
    if (fd >= 0)
        live->host_fd[op->handle2] = fd;
    return STATUS_OK;
}

static enum status net_open(struct act_live *live, int fd, const struct op *op, struct op_result *result,
                            struct error *error)
{
    union socket_name name = { .room = { 0 } };
    socklen_t length = sizeof name;
    if (op->handle2 >= HANDLES_TOTAL || live->host_fd[op->handle2] >= 0)
        return act_internal(op, error);
    if (op->kind == OP_SOCKET)
        return opened(live, op, act_net_socket(op), result);
    int accepted = act_net_accept(fd, op, &name.any, &length);
    if (accepted >= 0)
        name_to(&name, length, &result->address);
    return opened(live, op, accepted, result);
}

static enum status net_name(int fd, const struct op *op, struct op_result *result)
{
    union socket_name name = { .room = { 0 } };
    socklen_t length = sizeof name;
    result->value = act_result(op->kind == OP_LOCAL_NAME ? getsockname(fd, &name.any, &length)
                                                         : getpeername(fd, &name.any, &length));
    if (result->value >= 0)
        name_to(&name, length, &result->address);
    return STATUS_OK;
}

static enum status net_join(int fd, const struct op *op, const struct request *request, struct op_result *result,
                            struct error *error)
{
    union socket_name name;
    socklen_t length = name_from(&request->address, &name);
    if (length == 0)
        return act_internal(op, error);
    result->value = act_result(op->kind == OP_BIND ? bind(fd, &name.any, length) : connect(fd, &name.any, length));
    return STATUS_OK;
}

static enum status net_send(int fd, const struct op *op, const struct request *request,
                            const struct backend_space *space, struct op_result *result, struct error *error)
{
    union socket_name name;
    socklen_t name_length = op->kind == OP_SEND_TO ? name_from(&request->address, &name) : 0;
    if (op->kind == OP_SEND_TO && name_length == 0)
        return act_internal(op, error);
    result->value = act_result(sendto(fd, space->staging, backend_joined(op, request), act_net_flags(op),
                                      name_length > 0 ? &name.any : NULL, name_length));
    return STATUS_OK;
}

static enum status net_receive(int fd, const struct op *op, const struct request *request,
                               const struct backend_space *space, struct op_result *result, struct error *error)
{
    union socket_name name = { .room = { 0 } };
    socklen_t name_length = sizeof name;
    uint32_t length = act_staged_length(op, request, space);
    if (op->kind == OP_RECEIVE_FROM) {
        if (op->value > LIMIT_STAGING)
            return act_internal(op, error);
        result->value =
            act_result(recvfrom(fd, space->staging, (size_t)op->value, act_net_flags(op), &name.any, &name_length));
        if (result->value >= 0)
            name_to(&name, name_length, &result->address);
        return STATUS_OK;
    }
    if (length == UINT32_MAX)
        return act_internal(op, error);
    result->value = act_result(recvfrom(fd, space->staging, length, act_net_flags(op), NULL, NULL));
    if (result->value > 0)
        act_scatter(op, request, space, (uint32_t)result->value);
    return STATUS_OK;
}

/* The value of a socket option as the system has it. */
static socklen_t option_from(const struct op *op, union option_value *ret)
{
    memset(ret, 0, sizeof *ret);
    socklen_t length = op->kind == OP_ONLY_V6 ? sizeof ret->number : net_option_length(op->flags, op->offset);
    if (length == sizeof ret->time) {
        ret->time.tv_sec = (time_t)(op->value / MICROSECONDS);
        ret->time.tv_usec = (suseconds_t)(op->value % MICROSECONDS);
    } else if (length == sizeof ret->linger) {
        ret->linger.l_onoff = op->value > 0;
        ret->linger.l_linger = op->value > 0 ? (int)(op->value - 1) : 0;
    } else {
        ret->number = (int)op->value;
    }
    return length;
}

static int64_t option_to(const struct op *op, const union option_value *value)
{
    uint32_t length = net_option_length(op->flags, op->offset);
    if (length == sizeof value->time)
        return (int64_t)value->time.tv_sec * MICROSECONDS + (int64_t)value->time.tv_usec;
    if (length == sizeof value->linger)
        return value->linger.l_onoff ? 1 + (int64_t)value->linger.l_linger : 0;
    return value->number;
}

static enum status net_option(int fd, const struct op *op, struct op_result *result, struct error *error)
{
    struct op only = *op;
    union option_value value;
    int level, option;
    if (op->kind == OP_ONLY_V6) {
        only.flags = NET_IPPROTO_IPV6;
        only.offset = NET_IPV6_V6ONLY;
    }
    if (!act_net_option(&only, &level, &option)) {
        result->value = -(int64_t)WASI_NOPROTOOPT;
        return STATUS_OK;
    }
    if (op->kind != OP_GET_OPTION) {
        socklen_t length = option_from(op, &value);
        result->value = act_result(setsockopt(fd, level, option, &value, length));
        return STATUS_OK;
    }
    socklen_t length = sizeof value;
    memset(&value, 0, sizeof value);
    result->value = act_result(getsockopt(fd, level, option, &value, &length));
    if (result->value < 0)
        return STATUS_OK;
    result->value = option_to(op, &value);
    if (result->value < 0)
        return error_set(error, STATUS_INTERNAL, "a socket option has a value below 0");
    /* What went wrong with a socket is told in the guest's numbers. */
    if (op->flags == NET_SOL_SOCKET && op->offset == NET_SO_ERROR && result->value > 0)
        result->value = -act_errno_result((int)result->value);
    return STATUS_OK;
}

/* An answer to another question has no address: a call that was interrupted leaves one behind for the next. */
static void answer_judge(uint32_t question, uint8_t *staging, size_t length)
{
    struct net_address head;
    if (length >= sizeof head) {
        memcpy(&head, staging, sizeof head);
        if (resolver_answers(&head, question))
            return;
    }
    memset(staging, 0, length);
}

/* The resolver is asked by a number and answers with addresses (act_resolver.h). */
static enum status net_resolve(struct act_live *live, int fd, const struct op *op, const struct backend_space *space,
                               struct op_result *result, struct error *error)
{
    const struct op quietly = { .flags = NET_MSG_NOSIGNAL };
    if (op->kind == OP_ASK_NAME) {
        live->question = resolver_question(++live->questions, (uint32_t)op->value);
        memcpy(space->staging, &live->question, sizeof live->question);
        result->value = act_result(sendto(fd, space->staging, sizeof live->question, act_net_flags(&quietly), NULL, 0));
        return STATUS_OK;
    }
    if (op->value > LIMIT_STAGING)
        return act_internal(op, error);
    result->value = act_result(recvfrom(fd, space->staging, (size_t)op->value, 0, NULL, NULL));
    if (result->value > 0)
        answer_judge(live->question, space->staging, (size_t)result->value);
    return STATUS_OK;
}

enum status act_net(struct act_live *live, int fd, const struct op *op, const struct request *request,
                    const struct backend_space *space, struct op_result *result, struct error *error)
{
    if (op->kind == OP_SOCKET || op->kind == OP_ACCEPT)
        return net_open(live, fd, op, result, error);
    if (op->kind == OP_BIND || op->kind == OP_CONNECT)
        return net_join(fd, op, request, result, error);
    if (op->kind == OP_SEND || op->kind == OP_SEND_TO)
        return net_send(fd, op, request, space, result, error);
    if (op->kind == OP_RECEIVE || op->kind == OP_RECEIVE_FROM)
        return net_receive(fd, op, request, space, result, error);
    if (op->kind == OP_LOCAL_NAME || op->kind == OP_PEER_NAME)
        return net_name(fd, op, result);
    if (op->kind == OP_ASK_NAME || op->kind == OP_TAKE_NAMES)
        return net_resolve(live, fd, op, space, result, error);
    if (op->kind == OP_ONLY_V6 || op->kind == OP_GET_OPTION || op->kind == OP_SET_OPTION)
        return net_option(fd, op, result, error);
    if (op->kind != OP_LISTEN && op->kind != OP_SHUT_DOWN)
        return act_internal(op, error);
    result->value = act_result(op->kind == OP_LISTEN ? listen(fd, (int)op->value) : shutdown(fd, (int)op->value));
    return STATUS_OK;
}
