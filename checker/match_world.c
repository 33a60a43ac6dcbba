/* What is known of the guest's process while its calls are matched: which host descriptor and object stand behind a
 * handle, where guest memory lies.
 *
 * Invariants: a descriptor is learnt from openings that both saw; only where something may have been opened unseen
 * (behind a gap, or where an opening is missing) at its first use. Objects are the kernel's own; what the launcher
 * passed is known by what it says, until the first use. Comparing is match_compare.c. docs/witness.md. */
#include <string.h>
#include "checker/impact.h"
#include "checker/match_want.h"

enum { ARENA_MINIMUM_SHIFT = 32, ALIGNMENT = 4096 };

void match_world_init(struct match_world *world, const struct run_spec *spec)
{
    memset(world, 0, sizeof *world);
    world->machine = syscall_machine_find(spec->facts.arch);
    for (size_t i = 0; i < HANDLES_TOTAL; i++)
        world->host_fd[i] = -1;
    for (size_t i = 0; i < OP_COUNT; i++)
        world->number[i] = impact_number(world->machine, abi_ops[i].syscall);
    world->number_openat = impact_number(world->machine, "openat");
    world->number_readlinkat = impact_number(world->machine, "readlinkat");
    world->number_close = impact_number(world->machine, "close");
    world->links = spec->policy.limits.links;
    world->walks = spec->facts.walker == RUN_WALKER_COMPONENTS;
    world->number_mmap = impact_number(world->machine, "mmap");
    world->number_mremap = impact_number(world->machine, "mremap");
    world->number_restart = impact_number(world->machine, "restart_syscall");
    world->number_sigreturn = impact_number(world->machine, "rt_sigreturn");
    for (uint32_t i = 0; i < spec->initial_count && i < LIMIT_HANDLES; i++) {
        const struct run_initial *initial = &spec->initial[i];
        uint32_t handle = run_spec_is_resolver(spec, i) ? (uint32_t)HANDLE_RESOLVER : i;
        world->host_fd[handle] = (int32_t)initial->host_fd;
        world->initial[handle] = (struct match_object) { initial->dev, initial->ino, initial->filetype, 0, true };
    }
    world->node_count = spec->node_count < LIMIT_DEVICES ? spec->node_count : LIMIT_DEVICES;
    for (uint32_t i = 0; i < world->node_count; i++)
        world->node[i] = spec->nodes[i];
}

bool match_is_shared(const struct match_world *world, uint64_t address, uint64_t size)
{
    for (uint32_t i = 0; i < world->shared_count && i < MATCH_SHARED; i++)
        if (address - world->shared_base[i] < world->shared_size[i] || world->shared_base[i] - address < size)
            return true;
    return world->shared_count > MATCH_SHARED;
}

static void shared_note(struct match_world *world, uint64_t base, uint64_t size)
{
    if (world->shared_count < MATCH_SHARED) {
        world->shared_base[world->shared_count] = base;
        world->shared_size[world->shared_count] = size;
    }
    world->shared_count += world->shared_count <= MATCH_SHARED;
}

void match_world_note(struct match_world *world, const struct witness_record *record)
{
    enum { MAP_TYPE_SHARED = 1 };
    world->threads |= record->kind == WITNESS_FORK || record->pid != record->tid;
    if (record->kind == WITNESS_EXEC) /* another memory */
        world->shared_count = 0;
    if (record->kind != WITNESS_SYSCALL || record->result < 0)
        return;
    if (record->syscall == world->number_mremap && match_is_shared(world, record->arg[0], 1))
        shared_note(world, (uint64_t)record->result, record->arg[2]);
    if (record->syscall != world->number_mmap)
        return;
    if (record->arg[3] & MAP_TYPE_SHARED)
        shared_note(world, (uint64_t)record->result, record->arg[1]);
    if (record->arg[1] >> ARENA_MINIMUM_SHIFT == 0 || world->arena_count == MATCH_ARENAS)
        return;
    world->arena_base[world->arena_count] = (uint64_t)record->result;
    world->arena_size[world->arena_count++] = record->arg[1];
}

bool match_base_fits(const struct match_world *world, uint64_t base)
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

static struct match_object object_from(const struct witness_object *object)
{
    return (struct match_object) { object->dev, object->ino, object->mode & MATCH_TYPE, object->rdev, true };
}

uint64_t match_listed_device(const struct match_world *world, const struct match_want *want,
                             const struct witness_object *found)
{
    uint64_t must = found->rdev;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct run_node *node = &world->node[i];
        if (node->dev != want->dev || node->ino != want->ino)
            continue;
        if (node->rdev == found->rdev)
            return found->rdev;
        must = node->rdev;
    }
    return must;
}

bool match_numbers_bind(const struct witness_object *found) { return !(found->mode & WITNESS_MODE_OTHER_NUMBERS); }

static void apply_base(struct match_world *world, const struct match_want *want, const struct witness_record *record)
{
    const struct op_row *row = &abi_ops[want->kind];
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX && !world->base_known; slot++) {
        uint64_t base;
        if (row->operand[slot] == OPERAND_IOVS && want->iov_count > 0 && (record->parts & WITNESS_PART_IOV) &&
            record->iov_count > 0 && want->iov[0].length > 0)
            base = record->iov[0].base - want->iov[0].offset;
        else if (row->operand[slot] == OPERAND_MEM && slot + 1 < OP_OPERANDS_MAX && want->operand[slot + 1] > 0)
            base = record->arg[slot] - want->mem_offset;
        else
            continue;
        if (!match_base_fits(world, base))
            return;
        world->base = base;
        world->base_known = true;
    }
}

/* What the record shows of the descriptor operand in `role`: `object`, NULL where it has none. */
static void apply_descriptor(struct match_world *world, const struct match_want *want, enum op_operand role,
                             uint32_t handle, const struct witness_record *record, const struct witness_object *object)
{
    const uint8_t *roles = abi_ops[want->kind].operand;
    unsigned slot = 0;
    while (slot < OP_OPERANDS_MAX && roles[slot] != role)
        slot++;
    if (slot == OP_OPERANDS_MAX || handle >= HANDLES_TOTAL)
        return;
    if (world->host_fd[handle] < 0)
        world->host_fd[handle] = (int32_t)record->arg[slot];
    if (object && !world->object[handle].known)
        world->object[handle] = object_from(object);
}

void match_world_learn(struct match_world *world, const struct match_want *want, const struct witness_record *record)
{
    apply_descriptor(world, want, OPERAND_FD, want->handle, record,
                     record->parts & WITNESS_PART_OBJECT ? &record->object : NULL);
    apply_descriptor(world, want, OPERAND_FD2, want->handle2, record,
                     record->parts & WITNESS_PART_OBJECT2 ? &record->object2 : NULL);
}

/* The handle stands for something else from now on. */
static void apply_change(struct match_world *world, uint32_t handle, int32_t host_fd,
                         const struct witness_object *object)
{
    world->host_fd[handle] = host_fd;
    world->generation[handle]++;
    world->initial[handle].known = false;
    world->object[handle] = (struct match_object) { 0 };
    if (object)
        world->object[handle] = object_from(object);
}

/* What `from` stands for, `to` stands for from now on. */
static void apply_move(struct match_world *world, uint32_t from, uint32_t to)
{
    const struct match_object object = world->object[from], initial = world->initial[from];
    apply_change(world, to, world->host_fd[from], NULL);
    world->object[to] = object;
    world->initial[to] = initial;
    apply_change(world, from, -1, NULL);
}

void match_world_apply(struct match_world *world, const struct match_want *want, const struct witness_record *record)
{
    if (record && !want->walks) {
        match_world_learn(world, want, record);
        apply_base(world, want, record);
    }
    bool opened = record && record->kind == WITNESS_SYSCALL && record->result >= 0;
    switch ((enum op_table)abi_ops[want->kind].table) {
    case OP_TABLE_KEEPS:
        return;
    case OP_TABLE_OPENS:
        if (want->handle2 >= HANDLES_TOTAL)
            return;
        world->learns |= !opened && (!want->known || want->result >= 0);
        apply_change(world, want->handle2, opened ? (int32_t)record->result : -1,
                     opened && (record->parts & WITNESS_PART_OPENED) ? &record->opened : NULL);
        return;
    case OP_TABLE_CLOSES:
        if (want->handle < HANDLES_TOTAL)
            apply_change(world, want->handle, -1, NULL);
        return;
    case OP_TABLE_MOVES:
        if (want->handle < HANDLES_TOTAL && want->handle2 < HANDLES_TOTAL)
            apply_move(world, want->handle2, want->handle);
        return;
    }
}
