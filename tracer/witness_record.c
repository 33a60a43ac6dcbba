/* The stored form of witness records, both ways.
 *
 * Invariants: what is encoded decodes to the same record (number, chunk and what is not meaningful for it apart); a
 * decoder reads nothing past its chunk, and an element count is checked against its limit before it is used. Left out
 * on purpose: any judgement of the records, the order of one thread's sequence included. The bytes are described in
 * docs/witness.md. */
#include "tracer/witness_file.h"

#include <string.h>

enum {
    FLAGS_KNOWN = WITNESS_FLAG_COMPAT | WITNESS_FLAG_CUT | WITNESS_FLAG_FIRST | WITNESS_FLAG_LATE | WITNESS_FLAG_UNREAD,
    HEAD = 3,
    ARGS = 6,
    LEB_MAX = 10,
    /* head, parts and 6 numbers, args, three objects, how, times, the lengths of address, vector and paths, the
     * address, the socket */
    RECORD_FIXED_MAX = HEAD + 7 * LEB_MAX + 1 + ARGS * LEB_MAX + 12 * LEB_MAX + 3 * LEB_MAX + 4 * LEB_MAX +
                       4 * LEB_MAX + WITNESS_ADDRESS_MAX + 6 * LEB_MAX + 2 * 16
};

/* ---- writing ---- */

static uint8_t *put(uint8_t *to, uint64_t v)
{
    while (v >= 0x80) {
        *to++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *to++ = (uint8_t)v;
    return to;
}

/* Signed numbers with the sign in bit 0, so that small negative ones stay short. */
static uint8_t *put_signed(uint8_t *to, int64_t v) { return put(to, ((uint64_t)v << 1) ^ (v < 0 ? ~(uint64_t)0 : 0)); }

static uint8_t *put_object(uint8_t *to, const struct witness_object *object)
{
    to = put(to, object->dev);
    to = put(to, object->ino);
    to = put(to, object->mode);
    return witness_mode_is_device(object->mode) ? put(to, object->rdev) : to;
}

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t length)
{
    to = put(to, length);
    memcpy(to, bytes, length);
    return to + length;
}

static uint8_t *put_numbers(uint8_t *to, const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to = put(to, values[i]);
    return to;
}

static uint8_t *put_iov(uint8_t *to, const struct witness_record *record)
{
    to = put(to, record->iov_count);
    for (uint32_t i = 0; i < record->iov_count; i++)
        to = put(put(to, record->iov[i].base), record->iov[i].length);
    return to;
}

/* Bytes of an address of that family. */
static size_t socket_bytes(uint32_t family)
{
    return family == WITNESS_FAMILY_V4 ? 4 : family == WITNESS_FAMILY_V6 ? 16 : 0;
}

static uint8_t *put_socket(uint8_t *to, const struct witness_socket *socket)
{
    const uint64_t numbers[] = { socket->family, socket->type, socket->protocol, socket->only_v6 };
    size_t bytes = socket_bytes(socket->family);
    to = put_numbers(to, numbers, 4);
    if (bytes == 0)
        return to;
    to = put(to, socket->local_port);
    memcpy(to, socket->local, bytes);
    to = put(to + bytes, socket->peer_port);
    memcpy(to, socket->peer, bytes);
    return to + bytes;
}

static uint8_t *put_parts(uint8_t *to, const struct witness_record *record)
{
    uint32_t parts = record->parts;
    if (parts & WITNESS_PART_OBJECT)
        to = put_object(to, &record->object);
    if (parts & WITNESS_PART_OPENED)
        to = put_object(to, &record->opened);
    if (parts & WITNESS_PART_HOW)
        to = put_numbers(to, record->how, 3);
    if (parts & WITNESS_PART_IOV)
        to = put_iov(to, record);
    if (parts & WITNESS_PART_TIMES)
        to = put_numbers(to, record->times, 4);
    if (parts & WITNESS_PART_PATH)
        to = put_bytes(to, record->path[0], record->path_length[0]);
    if (parts & WITNESS_PART_PATH2)
        to = put_bytes(to, record->path[1], record->path_length[1]);
    if (parts & WITNESS_PART_OBJECT2)
        to = put_object(to, &record->object2);
    if (parts & WITNESS_PART_ADDRESS)
        to = put_bytes(to, record->address, record->address_length);
    if (parts & WITNESS_PART_SOCKET)
        to = put_socket(to, &record->socket);
    return to;
}

static size_t record_most(const struct witness_record *record)
{
    size_t most = RECORD_FIXED_MAX;
    for (unsigned i = 0; i < WITNESS_PATHS; i++)
        most += record->parts & (i ? WITNESS_PART_PATH2 : WITNESS_PART_PATH) ? record->path_length[i] : 0;
    return most + (record->parts & WITNESS_PART_IOV ? (size_t)2 * LEB_MAX * record->iov_count : 0);
}

void witness_record_encode(const struct witness_record *record, struct buffer *out)
{
    size_t most = record_most(record);
    uint8_t *start = buffer_extend(out, most);
    if (!start)
        return;
    uint8_t *to = start;
    *to++ = (uint8_t)record->kind;
    *to++ = (uint8_t)record->role;
    *to++ = (uint8_t)record->flags;
    to = put(to, record->parts);
    to = put(to, record->pid);
    to = put(to, record->tid);
    to = put(to, record->sequence);
    to = put(to, record->ktime);
    to = put_signed(to, record->syscall);
    to = put_signed(to, record->result);
    unsigned args = ARGS;
    while (args > 0 && record->arg[args - 1] == 0)
        args--;
    *to++ = (uint8_t)args;
    to = put_numbers(to, record->arg, args);
    to = put_parts(to, record);
    out->size -= most - (size_t)(to - start);
}

void witness_info_encode(const struct witness_info *info, struct buffer *out)
{
    buffer_bytes(out, info->run_id, TRACE_RUN_ID);
    buffer_u32(out, info->guest_pid);
    buffer_u32(out, info->recorder_pid);
    buffer_u64(out, info->lost);
}

void witness_end_encode(const struct witness_info *info, uint64_t records, struct buffer *out)
{
    witness_info_encode(info, out);
    buffer_u64(out, records);
}

/* ---- reading ---- */

static enum status get_signed(struct cursor *c, int64_t *ret)
{
    uint64_t v;
    enum status s = cursor_leb_u64(c, &v);
    if (s == STATUS_OK)
        *ret = (int64_t)((v >> 1) ^ (0 - (v & 1)));
    return s;
}

static enum status get_all(struct cursor *c, uint64_t *values, size_t count)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = cursor_leb_u64(c, &values[i]);
    return s;
}

static enum status get_object(struct cursor *c, struct witness_object *object)
{
    enum status s = cursor_leb_u64(c, &object->dev);
    if (s == STATUS_OK)
        s = cursor_leb_u64(c, &object->ino);
    if (s == STATUS_OK)
        s = cursor_leb_u32(c, &object->mode);
    if (s == STATUS_OK && witness_mode_is_device(object->mode))
        s = cursor_leb_u32(c, &object->rdev);
    return s == STATUS_OK && object->mode == 0 ? STATUS_MALFORMED : s;
}

static enum status get_path(struct cursor *c, char *room, const char **ret, uint32_t *ret_length)
{
    uint32_t length;
    const uint8_t *bytes;
    enum status s = cursor_leb_u32(c, &length);
    if (s == STATUS_OK && length >= WITNESS_PATH_MAX)
        s = STATUS_MALFORMED;
    if (s == STATUS_OK)
        s = cursor_bytes(c, length, &bytes);
    if (s != STATUS_OK)
        return s;
    if (memchr(bytes, 0, length))
        return STATUS_MALFORMED;
    memcpy(room, bytes, length);
    room[length] = 0;
    *ret = room;
    *ret_length = length;
    return STATUS_OK;
}

static enum status get_iov(struct cursor *c, struct witness_iovec *room, struct witness_record *record)
{
    uint32_t count;
    enum status s = cursor_leb_u32(c, &count);
    if (s == STATUS_OK && count > WITNESS_IOVECS)
        s = STATUS_MALFORMED;
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        s = get_all(c, &room[i].base, 1);
        if (s == STATUS_OK)
            s = get_all(c, &room[i].length, 1);
    }
    if (s != STATUS_OK)
        return s;
    record->iov = room;
    record->iov_count = count;
    return STATUS_OK;
}

static enum status get_address(struct cursor *c, struct witness_record *record)
{
    uint32_t length;
    const uint8_t *bytes;
    enum status s = cursor_leb_u32(c, &length);
    if (s == STATUS_OK && length > WITNESS_ADDRESS_MAX)
        s = STATUS_MALFORMED;
    if (s == STATUS_OK)
        s = cursor_bytes(c, length, &bytes);
    if (s != STATUS_OK)
        return s;
    memcpy(record->address, bytes, length);
    record->address_length = length;
    return STATUS_OK;
}

static enum status get_port(struct cursor *c, size_t bytes, uint32_t *ret_port, uint8_t *ret)
{
    const uint8_t *from;
    enum status s = cursor_leb_u32(c, ret_port);
    if (s == STATUS_OK && *ret_port > UINT16_MAX)
        s = STATUS_MALFORMED;
    if (s == STATUS_OK)
        s = cursor_bytes(c, bytes, &from);
    if (s == STATUS_OK)
        memcpy(ret, from, bytes);
    return s;
}

static enum status get_socket(struct cursor *c, struct witness_socket *ret)
{
    uint64_t numbers[4];
    enum status s = get_all(c, numbers, 4);
    if (s != STATUS_OK)
        return s;
    if (numbers[0] > UINT16_MAX || numbers[1] > UINT16_MAX || numbers[2] > UINT16_MAX || numbers[3] > 1)
        return STATUS_MALFORMED;
    *ret = (struct witness_socket) { .family = (uint32_t)numbers[0],
                                     .type = (uint32_t)numbers[1],
                                     .protocol = (uint32_t)numbers[2],
                                     .only_v6 = (uint32_t)numbers[3] };
    size_t bytes = socket_bytes(ret->family);
    if (bytes == 0)
        return STATUS_OK;
    s = get_port(c, bytes, &ret->local_port, ret->local);
    return s == STATUS_OK ? get_port(c, bytes, &ret->peer_port, ret->peer) : s;
}

static enum status get_parts(struct cursor *c, struct witness_room *room, struct witness_record *record)
{
    enum status s = STATUS_OK;
    uint32_t parts = record->parts;
    if (parts & ~(uint32_t)WITNESS_PARTS_KNOWN)
        return STATUS_MALFORMED;
    if (parts & WITNESS_PART_OBJECT)
        s = get_object(c, &record->object);
    if (s == STATUS_OK && (parts & WITNESS_PART_OPENED))
        s = get_object(c, &record->opened);
    if (s == STATUS_OK && (parts & WITNESS_PART_HOW))
        s = get_all(c, record->how, 3);
    if (s == STATUS_OK && (parts & WITNESS_PART_IOV))
        s = get_iov(c, room->iov, record);
    if (s == STATUS_OK && (parts & WITNESS_PART_TIMES))
        s = get_all(c, record->times, 4);
    for (unsigned i = 0; s == STATUS_OK && i < WITNESS_PATHS; i++)
        if (parts & (i ? WITNESS_PART_PATH2 : WITNESS_PART_PATH))
            s = get_path(c, room->path[i], &record->path[i], &record->path_length[i]);
    if (s == STATUS_OK && (parts & WITNESS_PART_OBJECT2))
        s = get_object(c, &record->object2);
    if (s == STATUS_OK && (parts & WITNESS_PART_ADDRESS))
        s = get_address(c, record);
    if (s == STATUS_OK && (parts & WITNESS_PART_SOCKET))
        s = get_socket(c, &record->socket);
    return s;
}

static enum status get_head(struct cursor *c, struct witness_record *record)
{
    const uint8_t *head;
    enum status s = cursor_bytes(c, HEAD, &head);
    if (s != STATUS_OK)
        return s;
    record->kind = head[0];
    record->role = head[1];
    record->flags = head[2];
    if (record->kind < WITNESS_SYSCALL || record->kind > WITNESS_LOST || record->role < WITNESS_GUEST ||
        record->role > WITNESS_OTHER || (record->flags & ~(uint32_t)FLAGS_KNOWN))
        return STATUS_MALFORMED;
    s = cursor_leb_u32(c, &record->parts);
    if (s == STATUS_OK)
        s = cursor_leb_u32(c, &record->pid);
    if (s == STATUS_OK)
        s = cursor_leb_u32(c, &record->tid);
    if (s == STATUS_OK)
        s = get_all(c, &record->sequence, 1);
    if (s == STATUS_OK)
        s = get_all(c, &record->ktime, 1);
    if (s == STATUS_OK)
        s = get_signed(c, &record->syscall);
    if (s == STATUS_OK)
        s = get_signed(c, &record->result);
    return s;
}

enum status witness_record_decode(struct cursor *c, struct witness_room *room, struct witness_record *ret)
{
    uint8_t args;
    memset(ret, 0, sizeof(*ret));
    enum status s = get_head(c, ret);
    if (s == STATUS_OK)
        s = cursor_u8(c, &args);
    if (s == STATUS_OK && args > ARGS)
        s = STATUS_MALFORMED;
    if (s == STATUS_OK)
        s = get_all(c, ret->arg, args);
    if (s == STATUS_OK)
        s = get_parts(c, room, ret);
    return s;
}

enum status witness_info_decode(struct cursor *c, struct witness_info *ret)
{
    const uint8_t *run_id;
    struct witness_info info = { 0 };
    enum status s = cursor_bytes(c, TRACE_RUN_ID, &run_id);
    if (s == STATUS_OK)
        memcpy(info.run_id, run_id, TRACE_RUN_ID);
    if (s == STATUS_OK)
        s = cursor_u32(c, &info.guest_pid);
    if (s == STATUS_OK)
        s = cursor_u32(c, &info.recorder_pid);
    if (s == STATUS_OK)
        s = cursor_u64(c, &info.lost);
    if (s == STATUS_OK)
        *ret = info;
    return s;
}
