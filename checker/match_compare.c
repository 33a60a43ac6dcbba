/* Compares one expected system call with one that the kernel executed, operand by operand in the roles of ops.def, and
 * as its column `match` says.
 *
 * Invariants: comparing changes nothing (match_world.c applies); what the witness lacks is no difference, and no
 * agreement either (match_unknown.c). Addresses of host buffers are not compared: only their lengths bind. What this
 * cannot see: bytes that changed between the kernel and the guest. docs/witness.md. */
#include <inttypes.h>
#include <string.h>
#include "checker/match_net.h"
#include "runtime/base/text.h"

enum { ALIGNMENT = 4096, NAMED_DIFFERENCES = 3, QUOTED = 64 };

/* One comparison on its way. */
struct compare {
    const struct match_world *world;
    const struct match_want *want;
    const struct witness_record *record;
    struct buffer *text; /* NULL: counts only */
    unsigned differences;
};

static bool differs(struct compare *c)
{
    c->differences++;
    if (!c->text || c->differences > NAMED_DIFFERENCES)
        return false;
    if (c->differences > 1)
        buffer_string(c->text, "; ");
    return true;
}

static void differ_number(struct compare *c, const char *what, uint64_t expected, uint64_t found)
{
    if (differs(c))
        buffer_printf(c->text, "%s: expected %" PRId64 ", found %" PRId64, what, (int64_t)expected, (int64_t)found);
}

static void compare_number(struct compare *c, const char *what, uint64_t expected, uint64_t found)
{
    if (expected != found)
        differ_number(c, what, expected, found);
}

static void compare_hex(struct compare *c, const char *what, uint64_t expected, uint64_t found)
{
    if (expected != found && differs(c))
        buffer_printf(c->text, "%s: expected 0x%" PRIx64 ", found 0x%" PRIx64, what, expected, found);
}

static void compare_fd(struct compare *c, uint32_t handle, uint32_t generation, uint64_t found)
{
    const struct match_world *world = c->world;
    if (handle >= HANDLES_TOTAL || generation != world->generation[handle])
        return;
    bool open = world->host_fd[handle] >= 0;
    if (open ? (uint32_t)world->host_fd[handle] == (uint32_t)found : world->learns)
        return;
    if (!differs(c))
        return;
    if (open)
        buffer_printf(c->text, "descriptor: expected %" PRId32 ", found %" PRId32, world->host_fd[handle],
                      (int32_t)found);
    else
        buffer_printf(c->text, "descriptor: handle %" PRIu32 " has none, found %" PRId32, handle, (int32_t)found);
}

static void compare_address(struct compare *c, const char *what, uint32_t offset, uint64_t length, uint64_t found)
{
    if (length == 0 || match_base_fits(c->world, found - offset) || !differs(c))
        return;
    if (c->world->base_known)
        buffer_printf(c->text, "%s: expected guest address 0x%" PRIx32 ", found 0x%" PRIx64, what, offset,
                      found - c->world->base);
    else
        buffer_printf(c->text, "%s: not in guest memory", what);
}

static void compare_vector(struct compare *c)
{
    const struct match_want *want = c->want;
    const struct witness_record *record = c->record;
    if (!(record->parts & WITNESS_PART_IOV))
        return;
    if (record->iov_count != want->iov_count) {
        differ_number(c, "elements of the vector", want->iov_count, record->iov_count);
        return;
    }
    for (uint32_t i = 0; i < want->iov_count; i++) {
        if (want->iov[i].length != record->iov[i].length) {
            differ_number(c, "length of a vector's element", want->iov[i].length, record->iov[i].length);
            return;
        }
        unsigned before = c->differences;
        compare_address(c, "address of a vector's element", want->iov[i].offset, want->iov[i].length,
                        record->iov[i].base);
        if (c->differences != before)
            return;
    }
}

/* The witness records two struct pollfd as one element of a vector. The answer, in the upper 16 bits, is the kernel's.
 */
static void compare_polls(struct compare *c)
{
    const struct match_want *want = c->want;
    const struct witness_record *record = c->record;
    if (!(record->parts & WITNESS_PART_IOV))
        return;
    if (record->iov_count != (want->iov_count + 1) / 2) {
        differ_number(c, "pairs of descriptors", (want->iov_count + 1) / 2, record->iov_count);
        return;
    }
    for (uint32_t i = 0; i < want->iov_count; i++) {
        uint64_t found = i % 2 ? record->iov[i / 2].length : record->iov[i / 2].base;
        uint32_t handle = want->iov[i].offset;
        compare_number(c, "events that are waited for", want->iov[i].length & UINT16_MAX, found >> 32 & UINT16_MAX);
        if (handle < HANDLES_TOTAL && (c->world->generation[handle] & UINT16_MAX) == want->iov[i].length >> 16)
            compare_fd(c, handle, c->world->generation[handle], found & UINT32_MAX);
    }
}

static void compare_bytes(struct compare *c, unsigned index, const char *expected, size_t length)
{
    const char *found = index < WITNESS_PATHS ? c->record->path[index] : NULL;
    size_t have = found ? c->record->path_length[index] : 0;
    if (!found || (have == length && (length == 0 || memcmp(expected, found, length) == 0)) || !differs(c))
        return;
    bool long_ones = length > QUOTED && have > QUOTED; /* what differs is not in what is quoted, perhaps */
    buffer_string(c->text, "path: expected ");
    text_quote_name(c->text, expected, length, QUOTED);
    buffer_string(c->text, ", found ");
    text_quote_name(c->text, found, have, QUOTED);
    if (long_ones)
        buffer_printf(c->text, " (%zu and %zu bytes)", length, have);
}

static void compare_path(struct compare *c, unsigned index)
{
    compare_bytes(c, index, c->want->path[index], c->want->path_length[index]);
}

/* The kernel writes what is left of a poll's time over it, and starts an interrupted poll again with that. */
static bool is_rest(const struct compare *c)
{
    const uint64_t *whole = c->want->times, *rest = c->record->times;
    return c->want->restarted && abi_op_has(&abi_ops[c->want->kind], OPERAND_POLLS) &&
           (rest[0] < whole[0] || (rest[0] == whole[0] && rest[1] <= whole[1]));
}

static void compare_times(struct compare *c, unsigned count)
{
    if (!(c->record->parts & WITNESS_PART_TIMES) ||
        memcmp(c->want->times, c->record->times, count * sizeof c->want->times[0]) == 0 || is_rest(c) || !differs(c))
        return;
    buffer_printf(c->text, "time: expected %" PRIu64 ".%09" PRIu64 ", found %" PRIu64 ".%09" PRIu64, c->want->times[0],
                  c->want->times[1], c->record->times[0], c->record->times[1]);
}

static void compare_operand(struct compare *c, enum op_operand role, unsigned slot, unsigned *paths)
{
    const struct match_want *want = c->want;
    uint64_t expected = want->operand[slot], found = c->record->arg[slot];
    switch (role) {
    case OPERAND_FD:
        compare_fd(c, want->handle, want->generation, found);
        return;
    case OPERAND_FD2:
        compare_fd(c, want->handle2, want->generation2, found);
        return;
    case OPERAND_IOVS:
        compare_vector(c);
        return;
    case OPERAND_PATH:
    case OPERAND_PATH2:
        compare_path(c, (*paths)++);
        return;
    case OPERAND_HOW:
        if (!(c->record->parts & WITNESS_PART_HOW))
            return;
        compare_hex(c, "open flags", want->how[0], c->record->how[0]);
        compare_hex(c, "mode", want->how[1], c->record->how[1]);
        compare_hex(c, "resolve flags", want->how[2], c->record->how[2]);
        return;
    case OPERAND_FDFLAGS:
    case OPERAND_BITS:
    case OPERAND_CONSTANT:
        compare_hex(c, "flags", expected & UINT32_MAX, found & UINT32_MAX);
        return;
    case OPERAND_EMPTY: /* the descriptor itself */
        compare_bytes(c, (*paths)++, "", 0);
        return;
    case OPERAND_MEM:
        compare_address(c, "buffer", want->mem_offset, want->operand[slot + 1], found);
        return;
    case OPERAND_TIMES:
        compare_times(c, 4);
        return;
    case OPERAND_TIME:
        compare_times(c, 2);
        return;
    case OPERAND_COUNT:
    case OPERAND_POLLCOUNT:
        compare_number(c, "elements", expected, found);
        return;
    case OPERAND_OFFSET:
        compare_number(c, "offset", expected, found);
        return;
    case OPERAND_STAGELEN:
    case OPERAND_MEMLEN:
    case OPERAND_ADDRLEN:
    case OPERAND_OPTIONLEN:
        compare_number(c, "length", expected, found);
        return;
    case OPERAND_VALUE:
    case OPERAND_ZERO:
    case OPERAND_HOWSIZE:
        compare_number(c, "operand", expected, found);
        return;
    case OPERAND_NONE:
    case OPERAND_RESULT: /* addresses of the runtime's own buffers */
    case OPERAND_STAGE:
    case OPERAND_ADDRESS:
    case OPERAND_OPTION:
        return;
    case OPERAND_POLLS:
        compare_polls(c);
        return;
    }
}

static bool result_fits(const struct match_want *want, int64_t found)
{
    int64_t expected = want->result;
    if (expected < 0)
        return found < 0 && match_linux_errno_is(-found, -expected);
    if (found < 0)
        return false;
    switch ((enum op_match)abi_ops[want->kind].match) {
    case OP_MATCH_OPENED:
        return expected == 0;
    case OP_MATCH_ZERO:
    case OP_MATCH_HOLDS_DATA: /* the rest: compare_system */
        return found == 0;
    case OP_MATCH_PLACE:
        return expected == 0 && (uint64_t)found == want->operand[1];
    case OP_MATCH_ENTRIES:
    case OP_MATCH_POLLED:
        return want->host_bytes == UINT64_MAX ? (found == 0) == (expected == 0) : (uint64_t)found == want->host_bytes;
    case OP_MATCH_EQUAL:
        return found == expected;
    }
    return false;
}

static void compare_result(struct compare *c)
{
    int64_t expected = c->want->result, found = c->record->result;
    if (c->record->kind != WITNESS_SYSCALL) {
        if (differs(c))
            buffer_printf(c->text, "result: expected %" PRId64 ", found none", expected);
        return;
    }
    if (result_fits(c->want, found) || !differs(c))
        return;
    if (expected < 0)
        buffer_printf(c->text, "result: expected %s, found %" PRId64, abi_errno_name((uint32_t)-expected), found);
    else if (abi_ops[c->want->kind].match == OP_MATCH_ENTRIES && c->want->host_bytes != UINT64_MAX)
        buffer_printf(c->text, "result: expected %" PRIu64 " bytes of entries, found %" PRId64, c->want->host_bytes,
                      found);
    else
        buffer_printf(c->text, "result: expected %" PRId64 ", found %" PRId64, expected, found);
}

/* Whether the record shows the object of this handle: behind the descriptor operand in `role`, where no call between
 * opened or closed it. */
static bool is_shown(const struct match_world *world, const struct match_want *want, enum op_operand role,
                     uint32_t handle, uint32_t generation)
{
    return abi_op_has(&abi_ops[want->kind], role) && handle < HANDLES_TOTAL && generation == world->generation[handle];
}

static void differ_object(struct compare *c, uint64_t dev, uint64_t ino, const struct witness_object *found)
{
    if (differs(c))
        buffer_printf(c->text,
                      "object: expected inode %" PRIu64 " on device %" PRIu64 ", found inode %" PRIu64
                      " on device %" PRIu64,
                      ino, dev, found->ino, found->dev);
}

static void differ_type(struct compare *c, uint64_t expected, uint32_t found)
{
    if (differs(c))
        buffer_printf(c->text, "type of the object: expected %" PRIu64 ", found %" PRIu32, expected, found);
}

/* As stat(2) has it on Linux. */
static void differ_device(struct compare *c, uint64_t expected, uint64_t found)
{
    enum { MAJOR = 0xfff, LOW = 0xff, HIGH = 0xfff00 };
    if (differs(c))
        buffer_printf(c->text, "device: expected %" PRIu64 ":%" PRIu64 ", found %" PRIu64 ":%" PRIu64,
                      expected >> 8 & MAJOR, (expected & LOW) | (expected >> 12 & HIGH), found >> 8 & MAJOR,
                      (found & LOW) | (found >> 12 & HIGH));
}

/* The object behind the descriptor is the one that was opened; of the first descriptors, the one that the launcher
 * passed. */
static void compare_object(struct compare *c, uint32_t handle, const struct witness_object *found)
{
    const struct match_object *known = &c->world->object[handle], *passed = &c->world->initial[handle];
    if (known->known) {
        if (known->dev != found->dev || known->ino != found->ino)
            differ_object(c, known->dev, known->ino, found);
        else if (known->type != (found->mode & MATCH_TYPE))
            differ_type(c, known->type, found->mode & MATCH_TYPE);
        else if (known->rdev != found->rdev)
            differ_device(c, known->rdev, found->rdev);
        return;
    }
    if (!passed->known)
        return;
    uint32_t type = match_linux_filetype(found->mode);
    if (match_numbers_bind(found) && (passed->dev != found->dev || passed->ino != found->ino))
        differ_object(c, passed->dev, passed->ino, found);
    else if (type != passed->type &&
             passed->type != FILETYPE_UNKNOWN) /* a device that is no terminal is passed as unknown */
        differ_type(c, passed->type, type);
}

static void compare_objects(struct compare *c)
{
    const struct match_want *want = c->want;
    const struct witness_record *record = c->record;
    if (record->parts & WITNESS_PART_OBJECT && is_shown(c->world, want, OPERAND_FD, want->handle, want->generation))
        compare_object(c, want->handle, &record->object);
    if (record->parts & WITNESS_PART_OBJECT2 && is_shown(c->world, want, OPERAND_FD2, want->handle2, want->generation2))
        compare_object(c, want->handle2, &record->object2);
}

/* What stat said must be the object behind the descriptor. */
static void compare_identity(struct compare *c)
{
    const struct match_want *want = c->want;
    const struct witness_object *found = &c->record->object;
    if (abi_ops[want->kind].object != OP_OBJECT_HANDLE || abi_ops[want->kind].in != OP_BYTES_STAT || want->result < 0 ||
        !(c->record->parts & WITNESS_PART_OBJECT))
        return;
    uint32_t type = match_linux_filetype(found->mode);
    if (type != want->filetype)
        differ_type(c, want->filetype, type);
    if (match_numbers_bind(found) && (want->dev != found->dev || want->ino != found->ino))
        differ_object(c, want->dev, want->ino, found);
    else if (match_listed_device(c->world, want, found) != found->rdev)
        differ_device(c, match_listed_device(c->world, want, found), found->rdev);
}

/* What fstatfs said holds data or not as the file system does behind the descriptor. */
static void compare_system(struct compare *c)
{
    const struct match_want *want = c->want;
    if (abi_ops[want->kind].match != OP_MATCH_HOLDS_DATA || want->result < 0 ||
        !(c->record->parts & WITNESS_PART_OBJECT))
        return;
    bool said = abi_file_system_holds_data((uint64_t)want->result),
         found = !(c->record->object.mode & WITNESS_MODE_NO_DATA);
    if (said != found && differs(c))
        buffer_printf(c->text, "file system: expected one that holds %s, found one that holds %s",
                      said ? "data" : "none", found ? "data" : "none");
}

unsigned match_compare(const struct match_world *world, const struct match_want *want,
                       const struct witness_record *record, struct buffer *text)
{
    struct compare c = { world, want, record, text, 0 };
    const struct op_row *row = &abi_ops[want->kind];
    unsigned paths = 0;
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX && row->operand[slot] != OPERAND_NONE; slot++)
        compare_operand(&c, (enum op_operand)row->operand[slot], slot, &paths);
    compare_objects(&c);
    c.differences += match_net_compare(want, record, c.differences, text);
    if (want->known && !(record->kind == WITNESS_SYSCALL && match_linux_restarts(record->result))) {
        compare_result(&c);
        compare_identity(&c);
        compare_system(&c);
    }
    return c.differences;
}

unsigned match_compare_handle(const struct match_world *world, const struct match_want *want,
                              const struct witness_record *record, struct buffer *text)
{
    struct compare c = { world, want, record, text, 0 };
    compare_fd(&c, want->handle, want->generation, record->arg[0]);
    compare_objects(&c);
    return c.differences;
}
