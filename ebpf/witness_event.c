/* Turns an event of the probe into a record: the parts behind the head, the kernel's dev_t into stat(2)'s, registers beyond
 * the call's operands into 0. Events come from the kernel, yet every length is checked: a wrong one is a fault that must not
 * spread. */
#include "ebpf/witness_state.h"

#include <assert.h>
#include <string.h>
#include <sys/sysmacros.h>

static_assert((int)PROBE_IOVECS == (int)WITNESS_IOVECS, "the probe copies what a record keeps");
static_assert((int)PROBE_PATH == (int)WITNESS_PATH_MAX + 1, "one byte more shows a cut path");
static_assert((int)PROBE_SYSCALL == (int)WITNESS_SYSCALL && (int)PROBE_ENTRY_ONLY == (int)WITNESS_ENTRY_ONLY &&
              (int)PROBE_EXIT_ONLY == (int)WITNESS_EXIT_ONLY && (int)PROBE_FORK == (int)WITNESS_FORK &&
              (int)PROBE_EXEC == (int)WITNESS_EXEC && (int)PROBE_END == (int)WITNESS_END, "the kinds are the record's");
static_assert((int)PROBE_COMPAT == (int)WITNESS_FLAG_COMPAT && (int)PROBE_FIRST == (int)WITNESS_FLAG_FIRST &&
              (int)PROBE_LATE == (int)WITNESS_FLAG_LATE && (int)PROBE_UNREAD == (int)WITNESS_FLAG_UNREAD, "the flags are the record's");

/* Takes `size` bytes off the parts, or NULL. */
static const uint8_t *take(const uint8_t **at, const uint8_t *end, size_t size)
{
    const uint8_t *p = *at;
    if ((size_t)(end - p) < size)
        return NULL;
    *at = p + size;
    return p;
}

static bool take_object(const uint8_t **at, const uint8_t *end, struct witness_object *ret)
{
    struct probe_object object;
    const uint8_t *p = take(at, end, sizeof(object));
    if (!p)
        return false;
    memcpy(&object, p, sizeof(object));
    ret->dev = makedev(object.dev >> 20, object.dev & 0xfffff);
    ret->ino = object.ino;
    ret->mode = object.mode;
    return true;
}

static bool take_iov(const uint8_t **at, const uint8_t *end, struct witness_record *record)
{
    uint64_t count, pair[2];
    const uint8_t *p = take(at, end, sizeof(count));
    if (!p)
        return false;
    memcpy(&count, p, sizeof(count));
    if (count > WITNESS_IOVECS) {
        count = WITNESS_IOVECS;
        record->flags |= WITNESS_FLAG_CUT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!(p = take(at, end, sizeof(pair))))
            return false;
        memcpy(pair, p, sizeof(pair));
        record->iov_base[i] = pair[0];
        record->iov_length[i] = pair[1];
        record->iov_total += pair[1];
    }
    record->iov_count = (uint32_t)count;
    return true;
}

static bool take_path(const uint8_t **at, const uint8_t *end, struct witness_record *record, unsigned index)
{
    uint64_t size;
    const uint8_t *p = take(at, end, sizeof(size));
    if (!p)
        return false;
    memcpy(&size, p, sizeof(size));
    if (size == 0 || size > PROBE_PATH || !(p = take(at, end, (size + 7) & ~(uint64_t)7)))
        return false;
    if (size > WITNESS_PATH_MAX) {
        size = WITNESS_PATH_MAX;
        record->flags |= WITNESS_FLAG_CUT;
    }
    memcpy(record->path[index], p, size - 1);
    record->path[index][size - 1] = 0;
    for (; record->path_count <= index; record->path_count++)
        if (record->path_count < index)
            record->path[record->path_count][0] = 0;
    return true;
}

static bool take_numbers(const uint8_t **at, const uint8_t *end, uint64_t *values, size_t count)
{
    const uint8_t *p = take(at, end, count * sizeof(*values));
    if (p)
        memcpy(values, p, count * sizeof(*values));
    return p != NULL;
}

static bool take_parts(const uint8_t *at, const uint8_t *end, unsigned parts, struct witness_record *record)
{
    bool good = true;
    if (parts & PROBE_PART_OBJECT)
        good = take_object(&at, end, &record->object);
    if (good && (parts & PROBE_PART_HOW))
        good = take_numbers(&at, end, record->how, 3);
    if (good && (parts & PROBE_PART_IOV))
        good = take_iov(&at, end, record);
    if (good && (parts & PROBE_PART_TIMES))
        good = take_numbers(&at, end, record->times, 4);
    if (good && (parts & PROBE_PART_PATH))
        good = take_path(&at, end, record, 0);
    if (good && (parts & PROBE_PART_PATH2))
        good = take_path(&at, end, record, 1);
    if (good && (parts & PROBE_PART_OPENED))
        good = take_object(&at, end, &record->opened);
    return good && at == end;
}

enum status witness_event_decode(const struct witness *witness, const void *bytes, size_t size, struct witness_record *ret,
                                 uint32_t *ret_thread)
{
    struct probe_head head;
    if (size < sizeof(head))
        return STATUS_MALFORMED;
    memcpy(&head, bytes, sizeof(head));
    memset(ret, 0, offsetof(struct witness_record, path));
    ret->path_count = ret->iov_count = 0;
    memset(ret->how, 0, sizeof(ret->how));
    memset(ret->times, 0, sizeof(ret->times));
    ret->iov_total = 0;
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
    *ret_thread = head.thread;
    const uint8_t *parts = (const uint8_t *)bytes + sizeof(head), *end = (const uint8_t *)bytes + size;
    return take_parts(parts, end, head.parts, ret) ? STATUS_OK : STATUS_MALFORMED;
}
