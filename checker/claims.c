/* Judges the ops of a trace by the policy: each op acts through a descriptor of the guest, which descends from a grant
 * or is a stream.
 *
 * Invariants: an op is judged whether it succeeded or not, for under that policy it would not have been tried; an op
 * whose effect is not known here is beyond the policy; what the system binds by itself is bound. What is judged is the
 * suspect's own word: it can convict, and says nothing of what it leaves out. docs/policy.md. */
#include "checker/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum claims_state { CLAIMS_DEAD, CLAIMS_STREAM, CLAIMS_READS, CLAIMS_WRITES, CLAIMS_SOCKET, CLAIMS_RESOLVER };

struct claims {
    uint8_t state[HANDLES_TOTAL];                           /* enum claims_state by the guest's descriptor */
    uint8_t family[HANDLES_TOTAL], protocol[HANDLES_TOTAL]; /* of a socket: enum net_family, enum net_protocol */
    bool bound[HANDLES_TOTAL];                              /* of a socket */
    const struct policy *policy;                            /* borrowed: of the network */
};

enum status claims_create(const struct run_spec *spec, const enum judge_grant *grants, const struct policy *policy,
                          struct claims **ret, struct error *error)
{
    struct claims *claims = calloc(1, sizeof *claims);
    if (!claims)
        return error_set(error, STATUS_NO_MEMORY, "no memory for judging the trace");
    memset(claims->state, CLAIMS_STREAM, 3);
    for (uint32_t i = 0; i < spec->policy.file_count && 3 + i < LIMIT_HANDLES; i++)
        claims->state[3 + i] = grants[i] == JUDGE_GRANT_NONE    ? CLAIMS_DEAD
                               : grants[i] == JUDGE_GRANT_WRITE ? CLAIMS_WRITES
                                                                : CLAIMS_READS;
    claims->policy = policy;
    for (uint32_t i = 0; i < spec->policy.listen_count; i++) {
        uint32_t handle = 3 + spec->policy.file_count + i;
        if (handle >= LIMIT_HANDLES || !judge_policy_listens(policy, &spec->policy.listens[i]))
            continue;
        claims->state[handle] = CLAIMS_SOCKET;
        claims->family[handle] = spec->policy.listens[i].family;
        claims->protocol[handle] = NET_TCP;
        claims->bound[handle] = true;
    }
    if (policy->name_count > 0)
        claims->state[HANDLE_RESOLVER] = CLAIMS_RESOLVER;
    *ret = claims;
    return STATUS_OK;
}

void claims_free(struct claims *claims) { free(claims); }

/* Whether the op changes something that a read grant does not give. */
static bool changes(const struct op *op)
{
    switch ((enum op_changes)abi_ops[op->kind].changes) {
    case OP_CHANGES_NOTHING:
    case OP_CHANGES_STATE:
        return false;
    case OP_CHANGES_AS_OPENED:
        return op->flags & (OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE);
    case OP_CHANGES_WORLD:
        return true;
    }
    return true;
}

static bool one_component(const struct request *request, struct region path)
{
    if (path.length == 0 || (uint64_t)path.offset + path.length > REQUEST_BYTES)
        return false;
    const uint8_t *name = request->bytes + path.offset;
    return !memchr(name, '/', path.length) && !(path.length == 2 && memcmp(name, "..", 2) == 0);
}

/* The directory of the second name of an op that has two. */
static enum judge_rule judge_second(const struct claims *claims, const struct request *request, const struct op *op)
{
    enum claims_state state = op->handle2 < HANDLES_TOTAL ? (enum claims_state)claims->state[op->handle2] : CLAIMS_DEAD;
    if (state != CLAIMS_READS && state != CLAIMS_WRITES)
        return JUDGE_FOREIGN_DIRECTORY;
    if (!one_component(request, op->path2))
        return JUDGE_NAME;
    return changes(op) && state == CLAIMS_READS ? JUDGE_READ_ONLY : JUDGE_NONE;
}

static uint8_t family_made(const struct op *op)
{
    return op->value == NET_AF_INET ? NET_V4 : op->value == NET_AF_INET6 ? NET_V6 : NET_NONE;
}

static enum net_protocol protocol_made(const struct op *op)
{
    return (op->flags & ~(uint32_t)(NET_SOCK_CLOEXEC | NET_SOCK_NONBLOCK)) == NET_SOCK_DGRAM ? NET_UDP : NET_TCP;
}

static enum judge_rule judge_made(const struct claims *claims, const struct op *op)
{
    enum net_protocol protocol = protocol_made(op);
    uint32_t type = op->flags & ~(uint32_t)(NET_SOCK_CLOEXEC | NET_SOCK_NONBLOCK);
    uint64_t number = protocol == NET_UDP ? NET_IPPROTO_UDP : NET_IPPROTO_TCP;
    bool known = (type == NET_SOCK_DGRAM || type == NET_SOCK_STREAM) && (op->offset == 0 || op->offset == number);
    return known && judge_policy_makes(claims->policy->networks, claims->policy->network_count, protocol,
                                       family_made(op))
               ? JUDGE_NONE
               : JUDGE_SOCKET;
}

/* Whether the op has the system bind the socket, if it is not bound. */
static bool binds_unasked(const struct claims *claims, const struct op *op)
{
    return op->kind == OP_LISTEN ||
           ((op->kind == OP_CONNECT || op->kind == OP_SEND_TO) && claims->protocol[op->handle] == NET_UDP);
}

/* Ops on sockets, by the rules; the addresses are those that the trace says were named. */
static enum judge_rule judge_socket(const struct claims *claims, const struct request *request, const struct op *op)
{
    const struct net_rule *rules = claims->policy->networks;
    uint32_t count = claims->policy->network_count;
    bool named = op->kind == OP_BIND || op->kind == OP_CONNECT || op->kind == OP_SEND_TO,
         option = op->kind == OP_SET_OPTION || op->kind == OP_GET_OPTION;
    if (op->kind == OP_SOCKET)
        return judge_made(claims, op);
    if (!named && !option && op->kind != OP_LISTEN && op->kind != OP_ACCEPT)
        return JUDGE_NONE;
    if (op->handle >= HANDLES_TOTAL || claims->state[op->handle] != CLAIMS_SOCKET)
        return JUDGE_SOCKET;
    enum net_protocol protocol = (enum net_protocol)claims->protocol[op->handle];
    if (option)
        return judge_policy_option(protocol, op->flags, op->offset, op->kind == OP_SET_OPTION) ? JUDGE_NONE
                                                                                               : JUDGE_OPTION;
    if (named && claims->family[op->handle] != request->address.family)
        return JUDGE_SOCKET;
    if (named &&
        !judge_policy_allows(rules, count, protocol, op->kind == OP_BIND ? NET_BIND : NET_CONNECT, &request->address))
        return JUDGE_ADDRESS;
    bool granted = claims->bound[op->handle] || !binds_unasked(claims, op) ||
                   judge_policy_binds(rules, count, protocol, claims->family[op->handle]);
    return granted ? JUDGE_NONE : JUDGE_ADDRESS;
}

static enum judge_rule judge_op(const struct claims *claims, const struct request *request, const struct op *op)
{
    if (op->kind >= OP_COUNT)
        return JUDGE_UNKNOWN;
    const struct op_row *row = &abi_ops[op->kind];
    if (!abi_op_has(row, OPERAND_FD))
        return abi_op_has(row, OPERAND_FD2) ? JUDGE_UNKNOWN : judge_socket(claims, request, op);
    bool names = row->object == OP_OBJECT_NAMES, directory = row->object != OP_OBJECT_HANDLE;
    enum claims_state state = op->handle < HANDLES_TOTAL ? (enum claims_state)claims->state[op->handle] : CLAIMS_DEAD;
    if (state == CLAIMS_DEAD || (directory && state != CLAIMS_READS && state != CLAIMS_WRITES))
        return directory ? JUDGE_FOREIGN_DIRECTORY : JUDGE_FOREIGN_DESCRIPTOR;
    if ((names || row->object == OP_OBJECT_NAME) && !one_component(request, op->path))
        return JUDGE_NAME;
    if (!names && abi_op_has(row, OPERAND_PATH2) &&
        ((uint64_t)op->path2.offset + op->path2.length > REQUEST_BYTES || op->path2.length == 0 ||
         request->bytes[op->path2.offset] == '/'))
        return JUDGE_LINK_TARGET;
    if (row->table == OP_TABLE_MOVES && (op->handle2 >= HANDLES_TOTAL || claims->state[op->handle2] == CLAIMS_DEAD))
        return JUDGE_FOREIGN_DESCRIPTOR;
    if (state == CLAIMS_RESOLVER && op->kind != OP_ASK_NAME && op->kind != OP_TAKE_NAMES)
        return JUDGE_FOREIGN_DESCRIPTOR;
    if (changes(op) && state == CLAIMS_READS)
        return JUDGE_READ_ONLY;
    return names ? judge_second(claims, request, op) : judge_socket(claims, request, op);
}

static void open_claimed(struct claims *claims, const struct op *op, uint8_t parent)
{
    bool made = op->kind == OP_SOCKET, child = !made && op->handle < HANDLES_TOTAL;
    claims->state[op->handle2] = made ? CLAIMS_SOCKET : parent;
    claims->family[op->handle2] = made ? family_made(op) : child ? claims->family[op->handle] : NET_NONE;
    claims->protocol[op->handle2] = made ? (uint8_t)protocol_made(op) : child ? claims->protocol[op->handle] : NET_TCP;
    claims->bound[op->handle2] = child && claims->bound[op->handle];
}

/* result: 0 in a call that the trace ends in: what its plan went on with was opened. */
static void follow(struct claims *claims, const struct op *op, int64_t result)
{
    uint8_t parent = op->handle < HANDLES_TOTAL ? claims->state[op->handle] : CLAIMS_DEAD;
    if (op->kind >= OP_COUNT)
        return;
    switch ((enum op_table)abi_ops[op->kind].table) {
    case OP_TABLE_KEEPS:
        if (op->handle < HANDLES_TOTAL && result >= 0)
            claims->bound[op->handle] |= op->kind == OP_BIND || binds_unasked(claims, op);
        return;
    case OP_TABLE_OPENS:
        if (op->handle2 < HANDLES_TOTAL && result >= 0)
            open_claimed(claims, op, parent);
        return;
    case OP_TABLE_CLOSES:
        if (op->handle < HANDLES_TOTAL)
            claims->state[op->handle] = CLAIMS_DEAD;
        return;
    case OP_TABLE_MOVES:
        if (op->handle >= HANDLES_TOTAL || op->handle2 >= HANDLES_TOTAL)
            return;
        claims->state[op->handle] = claims->state[op->handle2];
        claims->family[op->handle] = claims->family[op->handle2];
        claims->protocol[op->handle] = claims->protocol[op->handle2];
        claims->bound[op->handle] = claims->bound[op->handle2];
        claims->state[op->handle2] = CLAIMS_DEAD;
        return;
    }
}

bool claims_call(struct claims *claims, const struct trace_call *call, struct judge_ruling *ret, uint32_t *ret_op)
{
    *ret = (struct judge_ruling) { JUDGE_NONE, "" };
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        enum judge_rule rule = judge_op(claims, &call->request, op);
        if (rule != JUDGE_NONE && ret->rule == JUDGE_NONE) {
            ret->rule = rule;
            snprintf(ret->text, sizeof ret->text, "op %s on the guest's descriptor %d",
                     op->kind < OP_COUNT ? abi_ops[op->kind].text : "?", (int)op->handle);
            *ret_op = i;
        }
        follow(claims, op, call->complete ? call->ops.result[i].value : 0);
    }
    return ret->rule == JUDGE_NONE;
}
