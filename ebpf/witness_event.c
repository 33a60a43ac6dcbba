/* Turns an event of the probe into a record: the parts behind the head and those that went ahead of it, the kernel's
 * dev_t into stat(2)'s, registers beyond the call's operands into 0.
 *
 * Invariant: a part that the kernel would have refused as too long, or that did not arrive, is absent and flagged.
 * Events come from the kernel, yet every length is checked: a wrong one is a fault that must not spread. */
#include "ebpf/witness_state.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "wasi/abi/abi.h"

static_assert((int)PROBE_IOVECS_WHOLE == (int)WITNESS_IOVECS, "the probe copies what a record keeps");
static_assert((int)PROBE_PATH_WHOLE == (int)WITNESS_PATH_MAX + 1, "one byte more shows a cut path");
static_assert((int)PROBE_ADDRESS == (int)WITNESS_ADDRESS_MAX, "the probe copies what a record keeps");
static_assert((int)PROBE_MODE_OTHER_NUMBERS == (int)WITNESS_MODE_OTHER_NUMBERS, "the mode's bits are the record's");
static_assert(sizeof(struct witness_iovec) == 16, "as the kernel has it");
static_assert((int)PROBE_PART_OBJECT == (int)WITNESS_PART_OBJECT &&
                  (int)PROBE_PART_OPENED == (int)WITNESS_PART_OPENED && (int)PROBE_PART_HOW == (int)WITNESS_PART_HOW &&
                  (int)PROBE_PART_IOV == (int)WITNESS_PART_IOV && (int)PROBE_PART_TIMES == (int)WITNESS_PART_TIMES &&
                  (int)PROBE_PART_PATH == (int)WITNESS_PART_PATH && (int)PROBE_PART_PATH2 == (int)WITNESS_PART_PATH2 &&
                  (int)PROBE_PART_OBJECT2 == (int)WITNESS_PART_OBJECT2 &&
                  (int)PROBE_PART_ADDRESS == (int)WITNESS_PART_ADDRESS &&
                  (int)PROBE_PART_SOCKET == (int)WITNESS_PART_SOCKET,
              "the parts are the record's");
static_assert((int)PROBE_SYSCALL == (int)WITNESS_SYSCALL && (int)PROBE_ENTRY_ONLY == (int)WITNESS_ENTRY_ONLY &&
                  (int)PROBE_EXIT_ONLY == (int)WITNESS_EXIT_ONLY && (int)PROBE_FORK == (int)WITNESS_FORK &&
                  (int)PROBE_EXEC == (int)WITNESS_EXEC && (int)PROBE_END == (int)WITNESS_END,
              "the kinds are the record's");
static_assert((int)PROBE_COMPAT == (int)WITNESS_FLAG_COMPAT && (int)PROBE_FIRST == (int)WITNESS_FLAG_FIRST &&
                  (int)PROBE_LATE == (int)WITNESS_FLAG_LATE && (int)PROBE_UNREAD == (int)WITNESS_FLAG_UNREAD,
              "the flags are the record's");

/* Takes `size` bytes off the parts, or NULL. */
static const uint8_t *take(const uint8_t **at, const uint8_t *end, size_t size)
{
    const uint8_t *p = *at;
    if ((size_t)(end - p) < size)
        return NULL;
    *at = p + size;
    return p;
}

static bool take_numbers(const uint8_t **at, const uint8_t *end, uint64_t *values, size_t count)
{
    const uint8_t *p = take(at, end, count * sizeof(*values));
    if (p)
        memcpy(values, p, count * sizeof(*values));
    return p != NULL;
}

static bool take_object(const uint8_t **at, const uint8_t *end, struct witness_object *ret)
{
    struct probe_object object;
    const uint8_t *p = take(at, end, sizeof(object));
    if (!p)
        return false;
    memcpy(&object, p, sizeof(object));
    ret->dev = makedev(object.dev >> 20, object.dev & 0xfffff);
    ret->rdev = 0;
    if (witness_mode_is_device(object.mode)) /* 12 and 20 bits: makedev puts them into 32 */
        ret->rdev = (uint32_t)makedev(object.rdev >> 20, object.rdev & 0xfffff);
    ret->ino = object.ino;
    ret->mode = object.mode | (abi_file_system_holds_data(object.system) ? 0 : (uint32_t)WITNESS_MODE_NO_DATA);
    return true;
}

/* Notes that an operand is longer than the kernel takes. */
static bool cut(struct witness_record *record, uint32_t part)
{
    record->parts &= ~part;
    record->flags |= WITNESS_FLAG_CUT;
    return true;
}

static bool take_iov(const uint8_t **at, const uint8_t *end, struct witness_record *record)
{
    uint64_t count;
    if (!take_numbers(at, end, &count, 1))
        return false;
    uint64_t kept = count < WITNESS_IOVECS ? count : WITNESS_IOVECS;
    const uint8_t *p = take(at, end, kept * sizeof(*record->iov));
    if (!p || (uintptr_t)p % alignof(struct witness_iovec) != 0)
        return false;
    if (count > WITNESS_IOVECS)
        return cut(record, WITNESS_PART_IOV);
    record->iov = (const struct witness_iovec *)p; /* aligned, see above */
    record->iov_count = (uint32_t)count;
    return true;
}

static bool take_address(const uint8_t **at, const uint8_t *end, struct witness_record *record)
{
    uint64_t length;
    if (!take_numbers(at, end, &length, 1))
        return false;
    uint64_t kept = length < WITNESS_ADDRESS_MAX ? length : WITNESS_ADDRESS_MAX;
    const uint8_t *p = take(at, end, (kept + 7) & ~(uint64_t)7);
    if (!p)
        return false;
    if (length > WITNESS_ADDRESS_MAX)
        return cut(record, WITNESS_PART_ADDRESS);
    memcpy(record->address, p, kept);
    record->address_length = (uint32_t)kept;
    return true;
}

static bool take_socket(const uint8_t **at, const uint8_t *end, struct witness_socket *ret)
{
    struct probe_socket socket;
    const uint8_t *p = take(at, end, sizeof(socket));
    if (!p)
        return false;
    memcpy(&socket, p, sizeof(socket));
    ret->family = socket.family;
    ret->type = socket.type;
    ret->protocol = socket.protocol;
    ret->only_v6 = socket.only_v6;
    ret->local_port = socket.local_port;
    ret->peer_port = socket.peer_port;
    memcpy(ret->local, socket.local, sizeof(ret->local));
    memcpy(ret->peer, socket.peer, sizeof(ret->peer));
    return true;
}

static bool take_path(const uint8_t **at, const uint8_t *end, struct witness_record *record, unsigned index)
{
    uint64_t size;
    if (!take_numbers(at, end, &size, 1) || size == 0 || size > PROBE_PATH_WHOLE)
        return false;
    const uint8_t *p = take(at, end, (size + 7) & ~(uint64_t)7);
    if (!p || p[size - 1] != 0)
        return false;
    if (size > WITNESS_PATH_MAX)
        return cut(record, index ? WITNESS_PART_PATH2 : WITNESS_PART_PATH);
    record->path[index] = (const char *)p;
    record->path_length[index] = (uint32_t)size - 1;
    return true;
}

static bool take_parts(const uint8_t *at, const uint8_t *end, unsigned parts, struct witness_record *record)
{
    bool good = true;
    record->parts |= parts;
    if (parts & PROBE_PART_OBJECT)
        good = take_object(&at, end, &record->object);
    if (good && (parts & PROBE_PART_OBJECT2))
        good = take_object(&at, end, &record->object2);
    if (good && (parts & PROBE_PART_HOW))
        good = take_numbers(&at, end, record->how, 3);
    if (good && (parts & PROBE_PART_IOV))
        good = take_iov(&at, end, record);
    if (good && (parts & PROBE_PART_TIMES))
        good = take_numbers(&at, end, record->times, 4);
    if (good && (parts & PROBE_PART_ADDRESS))
        good = take_address(&at, end, record);
    if (good && (parts & PROBE_PART_PATH))
        good = take_path(&at, end, record, 0);
    if (good && (parts & PROBE_PART_PATH2))
        good = take_path(&at, end, record, 1);
    if (good && (parts & PROBE_PART_OPENED))
        good = take_object(&at, end, &record->opened);
    if (good && (parts & PROBE_PART_SOCKET))
        good = take_socket(&at, end, &record->socket);
    return good && at == end;
}

enum status witness_event_head(const void *bytes, size_t size, struct probe_head *ret)
{
    if (size < sizeof(*ret))
        return STATUS_MALFORMED;
    memcpy(ret, bytes, sizeof(*ret));
    return STATUS_OK;
}

enum status witness_event_decode(const struct witness *witness, const void *bytes, size_t size,
                                 struct witness_record *ret)
{
    struct probe_head head;
    if (witness_event_head(bytes, size, &head) != STATUS_OK || head.kind == PROBE_AHEAD)
        return STATUS_MALFORMED;
    memset(ret, 0, sizeof(*ret));
    ret->ktime = head.ktime;
    ret->kind = head.kind;
    ret->role = head.role;
    ret->flags = head.flags;
    ret->pid = head.pid;
    ret->tid = head.tid;
    ret->sequence = head.sequence;
    ret->syscall = head.call;
    ret->result = head.result;
    bool known = !(head.flags & PROBE_COMPAT) && (uint32_t)head.call < PROBE_SYSCALLS;
    unsigned operands = known ? witness->operand_count[(uint32_t)head.call] : 6;
    for (unsigned i = 0; i < operands; i++)
        ret->arg[i] = head.arg[i];
    const uint8_t *parts = (const uint8_t *)bytes + sizeof(head), *end = (const uint8_t *)bytes + size;
    return take_parts(parts, end, head.parts, ret) ? STATUS_OK : STATUS_MALFORMED;
}

enum status witness_event_join(const void *bytes, size_t size, struct witness_record *record)
{
    struct probe_head head;
    if (witness_event_head(bytes, size, &head) != STATUS_OK || head.kind != PROBE_AHEAD)
        return STATUS_MALFORMED;
    if (head.parts != PROBE_PART_IOV && head.parts != PROBE_PART_PATH && head.parts != PROBE_PART_PATH2)
        return STATUS_MALFORMED;
    return take_parts((const uint8_t *)bytes + sizeof(head), (const uint8_t *)bytes + size, head.parts, record)
               ? STATUS_OK
               : STATUS_MALFORMED;
}
