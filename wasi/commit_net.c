/* The results of socket calls that are more than scalars: addresses in the layouts of the guests' libraries, messages,
 * options and names.
 *
 * Invariants: as commit.c. A message lies in the staging buffer until here: the core has judged who sent it. What a
 * backend brought is read as foreign: families and counts are looked at. Layouts: decide_request_net.c. */
#include <string.h>
#include "wasi/wasi_inner.h"

enum { EDGE_STORAGE = 128, WAMR_INFO = 28, RECV_TRUNCATED = 1, EDGE_DATAGRAM = 1, EDGE_STREAM = 2 };

/* __wasi_addr_t: the kind, the address, and its port behind it. */
struct guest_address {
    uint32_t kind;
    uint8_t bytes[18], pad[2];
};
_Static_assert(sizeof(struct guest_address) == 24, "struct __wasi_addr_t");

static struct guest_address address_wamr(const struct net_address *address)
{
    struct guest_address guest = { .kind = address->family == NET_V6 };
    uint32_t length = address->family == NET_V6 ? 16 : 4;
    for (uint32_t i = 0; i < length; i++) /* the halves of each pair change places, of IPv6 alone */
        guest.bytes[address->family == NET_V6 ? i ^ 1 : i] = address->bytes[i];
    memcpy(guest.bytes + length, &address->port, sizeof address->port);
    return guest;
}

/* How the import has the operation's field in this slot; ARG_TYPE_COUNT: it has not. */
static uint8_t field_type(const struct commit *commit, uint32_t slot)
{
    const struct import_row *row = commit->link->lowered;
    for (uint32_t i = 0; i < row->field_count; i++)
        if (row->field[i].slot == slot)
            return row->field[i].type;
    return ARG_TYPE_COUNT;
}

static enum status put_u32(struct commit *commit, uint32_t slot, uint32_t value)
{
    if (field_type(commit, slot) == ARG_TYPE_COUNT)
        return STATUS_OK;
    return commit_write(commit, commit->wasi->request.slot[slot], &value, sizeof value);
}

/* An address where the guest wants it, in the slot and the one behind it. */
static enum status put_address(struct commit *commit, uint32_t slot, const struct net_address *address)
{
    uint64_t place = commit->wasi->request.slot[slot], room = commit->wasi->request.slot[slot + 1];
    uint32_t length = address->family == NET_V6 ? 16 : 4;
    uint8_t type = field_type(commit, slot);
    if (type == ARG_PLACE_WAMR) {
        const struct guest_address guest = address_wamr(address);
        return commit_write(commit, place, &guest, sizeof guest);
    }
    if (type != ARG_PLACE_EDGE)
        return STATUS_OK;
    if (room >= EDGE_STORAGE) {
        uint8_t storage[18] = { address->family == NET_V6 ? 2 : 1 };
        memcpy(storage + 2, address->bytes, length);
        return commit_write(commit, place, storage, 2 + length);
    }
    return commit_write(commit, place, address->bytes, room < length ? (uint32_t)room : length);
}

/* The last op's result. */
static const struct op_result *last_result(const struct commit *commit, enum op_kind *ret_kind)
{
    const struct call_ops *ops = &commit->wasi->ops;
    *ret_kind = ops->count > 0 ? (enum op_kind)ops->op[ops->count - 1].kind : OP_COUNT;
    return ops->count > 0 ? &ops->result[ops->count - 1] : NULL;
}

/* sock_local_address, sock_peer_address. The first of WasmEdge's forms counts families as 4 and 6. */
static enum status commit_name(struct commit *commit)
{
    enum op_kind kind;
    const struct op_result *result = last_result(commit, &kind);
    if (!result || (kind != OP_LOCAL_NAME && kind != OP_PEER_NAME))
        return error_set(&commit->wasi->failure, STATUS_INTERNAL, "%s succeeded without an address",
                         commit->link->row->name);
    enum status status = put_address(commit, SLOT_SOCK_LOCAL_ADDRESS_address, &result->address);
    if (status == STATUS_OK)
        status = put_u32(commit, SLOT_SOCK_LOCAL_ADDRESS_type, result->address.family);
    if (status == STATUS_OK)
        status = put_u32(commit, SLOT_SOCK_LOCAL_ADDRESS_port, result->address.port);
    return status;
}

enum status commit_net_local_address(struct commit *commit) { return commit_name(commit); }

enum status commit_net_peer_address(struct commit *commit) { return commit_name(commit); }

/* As much of the message as the guest's buffers take. */
static enum status put_message(struct commit *commit, uint64_t length, uint64_t *ret_taken)
{
    const struct request *request = &commit->wasi->request;
    uint64_t done = 0;
    for (uint32_t i = 0; i < request->iov_count && done < length; i++) {
        uint64_t part = length - done < request->iov[i].length ? length - done : request->iov[i].length;
        enum status status = commit_write(commit, request->iov[i].offset, commit->wasi->staging + done, (uint32_t)part);
        if (status != STATUS_OK)
            return status;
        done += part;
    }
    *ret_taken = done;
    return STATUS_OK;
}

/* sock_recv and sock_recv_from: what a stream brought is in the guest's buffers already. */
static enum status commit_received(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    enum op_kind kind;
    const struct op_result *result = last_result(commit, &kind);
    uint64_t taken = 0;
    wasi->outcome.value[1] = 0;
    wasi->outcome.value_count = commit->link->result_count;
    if (!result || kind != OP_RECEIVE_FROM)
        return STATUS_OK;
    if (result->value < 0 || result->value > LIMIT_STAGING)
        return error_set(&wasi->failure, STATUS_INTERNAL, "%s brought more than one message", commit->link->row->name);
    enum status status = put_message(commit, (uint64_t)result->value, &taken);
    wasi->outcome.value[0] = taken;
    wasi->outcome.value[1] = taken < (uint64_t)result->value ? RECV_TRUNCATED : 0;
    return status;
}

enum status commit_net_recv(struct commit *commit) { return commit_received(commit); }

enum status commit_net_recv_from(struct commit *commit)
{
    static const struct net_address nobody = { .family = NET_V4 };
    enum op_kind kind;
    const struct op_result *result = last_result(commit, &kind);
    const struct net_address *from = result && kind == OP_RECEIVE_FROM ? &result->address : &nobody;
    enum status status = commit_received(commit);
    if (status == STATUS_OK)
        status = put_address(commit, SLOT_SOCK_RECV_FROM_address, from);
    if (status == STATUS_OK)
        status = put_u32(commit, SLOT_SOCK_RECV_FROM_port, from->port);
    return status;
}

/* What WasmEdge's guests have room for; WAMR's imports have it as a result. */
enum status commit_net_get_option(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    const struct call_ops *ops = &wasi->ops;
    uint64_t value = wasi->outcome.value[0], place = wasi->request.slot[SLOT_SOCK_GET_OPTION_value];
    if (field_type(commit, SLOT_SOCK_GET_OPTION_bytes) != ARG_CAPACITY_EDGE || ops->count == 0)
        return STATUS_OK;
    const struct op *op = &ops->op[ops->count - 1];
    uint32_t number = (uint32_t)value, length = net_option_length(op->flags, op->offset);
    if (op->flags == NET_SOL_SOCKET && op->offset == NET_SO_TYPE)
        number = number == NET_SOCK_DGRAM ? EDGE_DATAGRAM : EDGE_STREAM;
    const uint32_t linger[2] = { value > 0, value > 0 ? number - 1 : 0 };
    const uint64_t time[2] = { value / 1000000, value % 1000000 };
    const void *bytes = length == sizeof linger ? (const void *)linger
                        : length == sizeof time ? (const void *)time
                                                : (const void *)&number;
    enum status status = commit_write(commit, place, bytes, length);
    return status == STATUS_OK ? put_u32(commit, SLOT_SOCK_GET_OPTION_bytes, length) : status;
}

/* The port that a service says in digits; 0: it says none. */
static uint16_t service_port(const struct request *request)
{
    uint32_t port = 0;
    if (request->string_count < 2)
        return 0;
    const struct region text = request->string[1];
    for (uint32_t i = 0; i < text.length; i++) {
        uint8_t digit = request->bytes[text.offset + i];
        if (digit < '0' || digit > '9' || port > UINT16_MAX)
            return 0;
        port = port * 10 + (digit - (uint32_t)'0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* WAMR's list: each address, and the type of socket (0 datagrams, 1 stream) that the guest asked for. */
enum status commit_net_resolve(struct commit *commit)
{
    struct wasi *wasi = commit->wasi;
    const uint64_t *slot = wasi->request.slot;
    enum op_kind kind;
    const struct op_result *result = last_result(commit, &kind);
    uint64_t hints = slot[SLOT_SOCK_RESOLVE_hints], room = slot[SLOT_SOCK_RESOLVE_room];
    uint64_t at = slot[SLOT_SOCK_RESOLVE_addresses];
    const uint16_t port = service_port(&wasi->request);
    uint32_t count = 0, found = result && kind == OP_TAKE_NAMES ? (uint32_t)result->value : 0;
    if (found > LIMIT_ADDRESSES * sizeof(struct net_address))
        return error_set(&wasi->failure, STATUS_INTERNAL, "%s brought more addresses than a name has",
                         commit->link->row->name);
    for (uint32_t i = 0; i + sizeof(struct net_address) <= found; i += (uint32_t)sizeof(struct net_address)) {
        struct net_address address;
        memcpy(&address, wasi->staging + i, sizeof address);
        if ((address.family != NET_V4 && address.family != NET_V6) ||
            (hints % 256 != NET_NONE && hints % 256 != address.family))
            continue;
        address.port = port;
        if (count++ >= room)
            continue;
        const struct guest_address guest = address_wamr(&address);
        const uint32_t type = hints / 256 == NET_UDP ? 0 : 1;
        enum status status = commit_write(commit, at, &guest, sizeof guest);
        if (status == STATUS_OK)
            status = commit_write(commit, at + sizeof guest, &type, sizeof type);
        if (status != STATUS_OK)
            return status;
        at += WAMR_INFO;
    }
    wasi->outcome.value[0] = count;
    wasi->outcome.value_count = 1;
    return STATUS_OK;
}
