/* Watched code: what its own ops (prepared.h: ENTERED, LEFT, PIECE) tell whoever watches.
 *
 * Invariants: nothing here changes what the guest can see; an instance that nobody watches has no such op. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/prepare_function.h"

enum { PIECES_FIRST = 256 };

enum status rt_instance_watch_code(struct rt_instance *instance, const struct rt_code_watch *watch, struct error *error)
{
    if (!instance || !watch || !watch->entered || !watch->left)
        return error_set(error, STATUS_INVALID, "no instance is given, or nobody who watches");
    if (instance->watch || instance->code_bytes > 0)
        return error_set(error, STATUS_INVALID, "the instance is watched, or has run already");
    instance->watch = calloc(1, sizeof *instance->watch);
    if (!instance->watch)
        return error_set(error, STATUS_NO_MEMORY, "no memory to watch the guest");
    instance->watch->told = *watch;
    return STATUS_OK;
}

enum status rt_instance_pieces(const struct rt_instance *instance, const struct rt_piece **ret, uint32_t *ret_count,
                               struct error *error)
{
    const struct code_watch *watch = instance ? instance->watch : NULL;
    if (!watch || !ret || !ret_count)
        return error_set(error, STATUS_INVALID, "the instance is not watched");
    if (watch->incomplete)
        return error_set(error, STATUS_NO_MEMORY, "no memory to note what a trap ended");
    *ret = watch->pieces;
    *ret_count = watch->count;
    return STATUS_OK;
}

static uint32_t depth_of(const struct rt_instance *instance)
{
    return instance->frame ? (uint32_t)(instance->frame - instance->frames) + 1 : 0;
}

void watch_entered(struct rt_instance *instance)
{
    const struct rt_code_watch *told = &instance->watch->told;
    told->entered(told->env, instance->frame->function->function->index, depth_of(instance),
                  rt_instance_instructions(instance));
}

static void left(const struct rt_instance *instance, uint32_t depth)
{
    const struct rt_code_watch *told = &instance->watch->told;
    told->left(told->env, depth, rt_instance_instructions(instance));
}

void watch_left(struct rt_instance *instance) { left(instance, depth_of(instance)); }

void watch_ended(struct rt_instance *instance) { left(instance, depth_of(instance) + 1); }

void watch_piece(struct rt_instance *instance, uint32_t piece) { instance->watch->pieces[piece].count++; }

bool watch_add(struct rt_instance *instance, uint32_t function, const struct rt_piece *pieces, uint32_t count)
{
    struct code_watch *watch = instance->watch;
    uint32_t capacity = watch->capacity ? watch->capacity : PIECES_FIRST;
    if (count > UINT32_MAX / 2 - watch->count)
        return false;
    while (capacity < watch->count + count)
        capacity *= 2;
    if (capacity != watch->capacity) {
        struct rt_piece *grown = realloc(watch->pieces, capacity * sizeof *grown);
        if (!grown)
            return false;
        watch->pieces = grown;
        watch->capacity = capacity;
    }
    for (uint32_t i = 0; i < count; i++) {
        watch->pieces[watch->count] = pieces[i];
        watch->pieces[watch->count++].function = function;
    }
    return true;
}

void watch_trapped(struct rt_instance *instance, uint32_t pending)
{
    if (pending == 0 || !instance->frame)
        return;
    const struct function_object *self = instance->frame->function;
    const struct code_place at = prepare_place(instance, self, instance->pc);
    const struct rt_piece executed = { .first = at.first, .past = at.offset + 1, .instructions = pending };
    if (watch_add(instance, self->function->index, &executed, 1))
        instance->watch->pieces[instance->watch->count - 1].count = 1;
    else
        instance->watch->incomplete = true;
}

void watch_done(struct rt_instance *instance)
{
    if (instance->watch)
        free(instance->watch->pieces);
    free(instance->watch);
}
