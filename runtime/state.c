/* An instance's state as bytes that are the same wherever the same has happened: no address, no order that an allocator
 * chose, no size that was only reserved. rt.h states the form.
 *
 * Left out on purpose: stacks, program counter and fuel. The state is what the next instruction of any tier can see of
 * globals, tables, memories and segments (4.2.3); where a guest stands is said beside it (rt_instance_where). */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/link.h"

enum { WORDS = 512, ZERO_STEP = 4096 };

struct walk {
    const struct rt_instance *self;
    rt_state_fn *visit;
    void *env;
    const struct rt_instance **others; /* owned; in the order in which they were met, from number 1 on */
    uint32_t count, capacity;
    enum status status;
};

static void word(struct walk *w, uint64_t value) { w->visit(w->env, &value, sizeof value); }

/* The number of the instance that a function belongs to. Few are met, and mostly the last one again. */
static uint32_t owner_number(struct walk *w, const struct rt_instance *owner)
{
    if (owner == w->self)
        return 0;
    for (uint32_t i = w->count; i > 0; i--)
        if (w->others[i - 1] == owner)
            return i;
    if (w->count == w->capacity) {
        uint32_t capacity = w->capacity ? w->capacity * 2 : 16;
        const struct rt_instance **grown =
            (const struct rt_instance **)realloc((void *)w->others, capacity * sizeof *grown);
        if (!grown) {
            w->status = STATUS_NO_MEMORY;
            return 0;
        }
        w->others = grown;
        w->capacity = capacity;
    }
    w->others[w->count++] = owner;
    return w->count;
}

static uint64_t reference(struct walk *w, uint32_t type, uint64_t value)
{
    if (type != RT_FUNCREF || value == 0)
        return value;
    const struct function_object *f = function_origin((const struct function_object *)(uintptr_t)value);
    uint32_t index = f->function ? f->function->index : 0; /* a host function that no module defines has none */
    return (uint64_t)owner_number(w, f->owner) << 32 | (index + (uint64_t)1);
}

/* Large memories take a while: whoever asks for a stop is heard. */
static bool stopped(struct walk *w)
{
    if (w->status == STATUS_OK && interrupted(&w->self->vm))
        w->status = STATUS_STOPPED;
    return w->status != STATUS_OK;
}

static void walk_globals(struct walk *w)
{
    const struct rt_module *m = w->self->module;
    word(w, m->global_count);
    for (uint32_t i = 0; i < m->global_count; i++) {
        const struct global *g = &m->globals[i];
        const uint64_t *slot = &w->self->vm.globals[g->slot];
        if (g->imported && g->type.mutable)
            slot = (const uint64_t *)(uintptr_t)*slot;
        word(w, g->type.type);
        if (g->type.type == RT_V128)
            w->visit(w->env, slot, 2 * sizeof *slot);
        else if (g->type.type == RT_I32 || g->type.type == RT_F32)
            word(w, (uint32_t)*slot);
        else
            word(w, reference(w, g->type.type, *slot));
    }
}

static void walk_tables(struct walk *w)
{
    uint64_t words[WORDS];
    word(w, w->self->module->table_count);
    for (uint32_t n = 0; n < w->self->module->table_count; n++) {
        const struct table *t = w->self->vm.tables[n];
        word(w, t->type);
        word(w, t->size);
        for (uint32_t i = 0; i < t->size && !stopped(w);) {
            uint32_t count = 0;
            while (count < WORDS && i < t->size)
                words[count++] = reference(w, t->type, t->elements[i++]);
            w->visit(w->env, words, count * sizeof *words);
        }
    }
}

static bool is_zero(const uint8_t *page)
{
    for (uint32_t at = 0; at < PAGE_BYTES; at += ZERO_STEP) {
        uint64_t any = 0, part[ZERO_STEP / sizeof any];
        memcpy(part, page + at, sizeof part);
        for (uint32_t i = 0; i < ZERO_STEP / sizeof any; i++)
            any |= part[i];
        if (any)
            return false;
    }
    return true;
}

static void walk_memories(struct walk *w)
{
    word(w, w->self->module->memory_count);
    for (uint32_t n = 0; n < w->self->module->memory_count; n++) {
        const struct memory *m = w->self->vm.memories[n];
        word(w, m->pages);
        for (uint32_t page = 0; page < m->pages && !stopped(w); page++) {
            const uint8_t *bytes = m->base + (uint64_t)page * PAGE_BYTES;
            if (is_zero(bytes))
                continue;
            word(w, page);
            w->visit(w->env, bytes, PAGE_BYTES);
        }
        word(w, UINT64_MAX);
    }
}

static void walk_segments(struct walk *w, const bool *dropped, uint32_t count)
{
    word(w, count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t flag = dropped[i];
        w->visit(w->env, &flag, 1);
    }
}

enum status rt_instance_state(const struct rt_instance *instance, rt_state_fn *visit, void *env)
{
    struct walk w = { .self = instance, .visit = visit, .env = env, .status = STATUS_OK };
    walk_globals(&w);
    walk_tables(&w);
    walk_memories(&w);
    walk_segments(&w, instance->vm.elem_dropped, instance->module->elem_count);
    walk_segments(&w, instance->vm.data_dropped, instance->module->data_count);
    free((void *)w.others);
    return w.status;
}
