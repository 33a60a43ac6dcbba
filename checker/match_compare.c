/* Compares one expected system call with one that the kernel executed, operand by operand in the roles of ops.def, and keeps what
 * both sides have agreed on: which host descriptor stands behind a handle, where guest memory lies.
 *
 * Invariants: a descriptor is learnt from openings that both saw (and, behind a gap, at its first use); comparing changes
 * nothing, applying does. Addresses of host buffers are not compared: only their lengths bind.
 * What this cannot see: bytes that changed between the kernel and the guest. design.md section 7. */
#include <inttypes.h>
#include <string.h>
#include "checker/impact.h"
#include "checker/match_want.h"
#include "runtime/base/text.h"

enum { ARENA_MINIMUM_SHIFT = 32, ALIGNMENT = 4096, NAMED_DIFFERENCES = 3 };

void match_world_init(struct match_world *world, const struct run_spec *spec)
{
    memset(world, 0, sizeof *world);
    for (size_t i = 0; i < HANDLES_TOTAL; i++)
        world->host_fd[i] = -1;
    for (size_t i = 0; i < OP_COUNT; i++)
        world->number[i] = impact_number(abi_ops[i].syscall);
    world->number_mmap = impact_number("mmap");
    world->number_restart = impact_number("restart_syscall");
    for (uint32_t i = 0; i < spec->initial_count && i < LIMIT_HANDLES; i++)
        world->host_fd[i] = (int32_t)spec->initial[i].host_fd;
}

void match_world_note(struct match_world *world, const struct witness_record *record)
{
    if (record->kind != WITNESS_SYSCALL || record->syscall != world->number_mmap || record->result < 0 ||
        record->arg[1] >> ARENA_MINIMUM_SHIFT == 0 || world->arena_count == MATCH_ARENAS)
        return;
    world->arena_base[world->arena_count] = (uint64_t)record->result;
    world->arena_size[world->arena_count++] = record->arg[1];
}

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
    if (handle >= HANDLES_TOTAL || generation != world->generation[handle] || world->host_fd[handle] < 0)
        return;
    if ((uint32_t)world->host_fd[handle] != (uint32_t)found && differs(c))
        buffer_printf(c->text, "descriptor: expected %" PRId32 ", found %" PRId32, world->host_fd[handle], (int32_t)found);
}

static bool base_fits(const struct match_world *world, uint64_t base)
{
    if (world->base_known)
        return base == world->base;
    if (base % ALIGNMENT != 0)
        return false;
    for (uint32_t i = 0; i < world->arena_count; i++)
        if (base - world->arena_base[i] < world->arena_size[i])
            return true;
    return world->arena_count == 0;
}

static void compare_address(struct compare *c, const char *what, uint32_t offset, uint64_t length, uint64_t found)
{
    if (length == 0 || base_fits(c->world, found - offset) || !differs(c))
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
    uint32_t shown = want->iov_count < WITNESS_IOVECS ? want->iov_count : WITNESS_IOVECS;
    if (c->record->iov_count < shown) {
        differ_number(c, "elements of the vector", shown, c->record->iov_count);
        return;
    }
    for (uint32_t i = 0; i < shown; i++) {
        if (want->iov[i].length != c->record->iov_length[i]) {
            differ_number(c, "length of a vector's element", want->iov[i].length, c->record->iov_length[i]);
            return;
        }
        unsigned before = c->differences;
        compare_address(c, "address of a vector's element", want->iov[i].offset, want->iov[i].length, c->record->iov_base[i]);
        if (c->differences != before)
            return;
    }
}

static void compare_path(struct compare *c, unsigned index)
{
    const struct match_want *want = c->want;
    const char *expected = want->path[index];
    bool seen = index < c->record->path_count && index < WITNESS_PATHS;
    const char *found = seen ? c->record->path[index] : "";
    size_t kept = want->path_length[index] < WITNESS_PATH_MAX ? want->path_length[index] : WITNESS_PATH_MAX - 1u;
    size_t have = strnlen(found, WITNESS_PATH_MAX - 1);
    if ((seen && have == kept && memcmp(expected, found, kept) == 0) || !differs(c))
        return;
    buffer_string(c->text, "path: expected ");
    text_quote(c->text, expected, kept, 64);
    buffer_string(c->text, ", found ");
    if (seen)
        text_quote(c->text, found, have, 64);
    else
        buffer_string(c->text, "nothing");
}

static void compare_times(struct compare *c, unsigned count)
{
    if (memcmp(c->want->times, c->record->times, count * sizeof c->want->times[0]) != 0 && differs(c))
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
        compare_hex(c, "open flags", want->how[0], c->record->how[0]);
        compare_hex(c, "mode", want->how[1], c->record->how[1]);
        compare_hex(c, "resolve flags", want->how[2], c->record->how[2]);
        return;
    case OPERAND_FLAGS:
        compare_hex(c, "flags", expected & UINT32_MAX, found & UINT32_MAX);
        return;
    case OPERAND_ANY: /* SET_TIMES has an empty path here, which is not a number */
        if (want->kind != OP_SET_TIMES)
            compare_number(c, "operand", expected & UINT32_MAX, found & UINT32_MAX);
        return;
    case OPERAND_MEM:
        compare_address(c, "buffer", want->mem_offset, want->operand[slot + 1], found);
        return;
    case OPERAND_TIMES:
        compare_times(c, 4);
        return;
    case OPERAND_TIME:
        if (want->kind == OP_SLEEP || want->kind == OP_POLL)
            compare_times(c, 2);
        return;
    case OPERAND_COUNT:
        compare_number(c, "elements", expected, found);
        return;
    case OPERAND_OFFSET:
        compare_number(c, "offset", expected, found);
        return;
    case OPERAND_STAGELEN:
        compare_number(c, "length", expected, found);
        return;
    case OPERAND_MEMLEN:
        compare_number(c, "length", expected, found);
        return;
    case OPERAND_VALUE:
    case OPERAND_ZERO:
    case OPERAND_HOWSIZE:
        compare_number(c, "operand", expected, found);
        return;
    case OPERAND_NONE:
    case OPERAND_STAT:
    case OPERAND_STAGE:
    case OPERAND_POLLS: /* which descriptors are asked about, the witness does not copy: that changes nothing */
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
    switch (want->kind) {
    case OP_OPEN:
        return expected == 0;
    case OP_CLOCK_TIME:
    case OP_CLOCK_RES:
    case OP_FILE_SYSTEM:
        return found == 0; /* the time lies behind a pointer */
    case OP_SEEK_DIR:
        return expected == 0 && (uint64_t)found == want->operand[1];
    case OP_POLL:
        return want->host_bytes == UINT64_MAX ? (found == 0) == (expected == 0) : (uint64_t)found == want->host_bytes;
    case OP_READ_DIR:
        return want->host_bytes == UINT64_MAX ? (found == 0) == (expected == 0) : (uint64_t)found == want->host_bytes;
    default:
        return found == expected;
    }
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
    else if (c->want->kind == OP_READ_DIR && c->want->host_bytes != UINT64_MAX)
        buffer_printf(c->text, "result: expected %" PRIu64 " bytes of entries, found %" PRId64, c->want->host_bytes, found);
    else
        buffer_printf(c->text, "result: expected %" PRId64 ", found %" PRId64, expected, found);
}

static bool device_known(const struct match_world *world, uint64_t dev)
{
    for (uint32_t i = 0; i < world->device_count; i++)
        if (world->device[i] == dev)
            return true;
    return false;
}

/* What stat said must be the object behind the descriptor. Some file systems (overlays) show other numbers than the kernel's own
 * object has: a device counts once it has agreed. */
static void compare_identity(struct compare *c)
{
    const struct match_want *want = c->want;
    const struct witness_object *object = &c->record->object;
    if (want->kind != OP_STAT || want->result < 0 || object->mode == 0)
        return;
    bool same = object->dev == want->dev && object->ino == want->ino;
    if (same || (object->dev != want->dev && !device_known(c->world, object->dev)) || !differs(c))
        return;
    buffer_printf(c->text, "object: expected inode %" PRIu64 " on device %" PRIu64 ", found inode %" PRIu64 " on device %" PRIu64,
                  want->ino, want->dev, object->ino, object->dev);
}

unsigned match_compare(const struct match_world *world, const struct match_want *want, const struct witness_record *record,
                       struct buffer *text)
{
    struct compare c = { world, want, record, text, 0 };
    const struct op_row *row = &abi_ops[want->kind];
    unsigned paths = 0;
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX && row->operand[slot] != OPERAND_NONE; slot++)
        compare_operand(&c, (enum op_operand)row->operand[slot], slot, &paths);
    if (want->known && !(record->kind == WITNESS_SYSCALL && match_linux_restarts(record->result))) {
        compare_result(&c);
        compare_identity(&c);
    }
    return c.differences;
}

static void apply_base(struct match_world *world, const struct match_want *want, const struct witness_record *record)
{
    const struct op_row *row = &abi_ops[want->kind];
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX && !world->base_known; slot++) {
        uint64_t base;
        if (row->operand[slot] == OPERAND_IOVS && want->iov_count > 0 && record->iov_count > 0 && want->iov[0].length > 0)
            base = record->iov_base[0] - want->iov[0].offset;
        else if (row->operand[slot] == OPERAND_MEM && slot + 1 < OP_OPERANDS_MAX && want->operand[slot + 1] > 0)
            base = record->arg[slot] - want->mem_offset;
        else
            continue;
        if (!base_fits(world, base))
            return;
        world->base = base;
        world->base_known = true;
    }
}

static void apply_device(struct match_world *world, const struct match_want *want, const struct witness_record *record)
{
    if (want->kind == OP_STAT && want->known && want->result >= 0 && record->object.mode != 0 &&
        record->object.dev == want->dev && record->object.ino == want->ino && !device_known(world, want->dev) &&
        world->device_count < MATCH_DEVICES)
        world->device[world->device_count++] = want->dev;
}

void match_world_apply(struct match_world *world, const struct match_want *want, const struct witness_record *record)
{
    if (record) {
        const uint8_t *roles = abi_ops[want->kind].operand;
        for (unsigned slot = 0; slot < OP_OPERANDS_MAX && want->handle < HANDLES_TOTAL; slot++)
            if (roles[slot] == OPERAND_FD && world->host_fd[want->handle] < 0)
                world->host_fd[want->handle] = (int32_t)record->arg[slot];
        apply_base(world, want, record);
        apply_device(world, want, record);
    }
    if (want->kind == OP_OPEN && want->handle2 < HANDLES_TOTAL) {
        bool opened = record && record->kind == WITNESS_SYSCALL && record->result >= 0;
        world->host_fd[want->handle2] = opened ? (int32_t)record->result : -1;
        world->generation[want->handle2]++;
    } else if (want->kind == OP_CLOSE && want->handle < HANDLES_TOTAL) {
        world->host_fd[want->handle] = -1;
        world->generation[want->handle]++;
    }
}
