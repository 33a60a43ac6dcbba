/* A function's locals (5.5.13): runs of one type, as they are declared, so that 50,000 of them cost no more than the
 * bytes that declare them. The first ones are at hand, others are searched for. */
#include "runtime/validate.h"

#include <stdlib.h>

static enum status runs_grow(struct body *b)
{
    uint32_t capacity = b->run_capacity ? b->run_capacity * 2 : 64;
    struct local_run *runs = realloc(b->runs, capacity * sizeof *runs);
    if (!runs)
        return decode_no_memory(b->d);
    b->runs = runs;
    b->run_capacity = capacity;
    return STATUS_OK;
}

/* Costs nothing that grows with `count`, but for the first locals. */
static enum status locals_add(struct body *b, uint32_t count, uint32_t type)
{
    uint32_t width = type == RT_V128 ? 2 : 1;
    if (count * width > LIMIT_FRAME_SLOTS - b->frame_base)
        return decode_fail(b->d, STATUS_LIMIT, "locals of a function exceed the limit of %d slots", LIMIT_FRAME_SLOTS);
    if (count == 0)
        return STATUS_OK;
    if (b->run_count == b->run_capacity)
        TRY(runs_grow(b));
    b->runs[b->run_count++] = (struct local_run) { { type, b->frame_base }, b->local_count, b->local_count + count };
    for (uint32_t i = 0; i < count && b->local_count + i < LOCALS_AT_HAND; i++)
        b->locals[b->local_count + i] = (struct local) { type, b->frame_base + i * width };
    b->local_count += count;
    b->frame_base += count * width;
    return STATUS_OK;
}

static struct local parameter(const struct type_def *t, uint32_t index)
{
    return (struct local) { t->function.params[index], t->param_at ? t->param_at[index] : index };
}

static void params_add(struct body *b, const struct type_def *t)
{
    uint32_t count = t->function.param_count;
    b->run_count = 0;
    b->local_count = count;
    b->frame_base = t->param_slots;
    for (uint32_t i = 0; i < count && i < LOCALS_AT_HAND; i++)
        b->locals[i] = parameter(t, i);
}

/* One that is not at hand. */
static struct local local_find(const struct body *b, uint32_t index)
{
    const struct type_def *t = b->controls[0].type;
    if (index < t->function.param_count)
        return parameter(t, index);
    uint32_t low = 0, past = b->run_count;
    while (past - low > 1) {
        uint32_t middle = low + (past - low) / 2;
        if (b->runs[middle].index <= index)
            low = middle;
        else
            past = middle;
    }
    const struct local_run *run = &b->runs[low];
    uint32_t width = run->first.type == RT_V128 ? 2 : 1;
    return (struct local) { run->first.type, run->first.slot + (index - run->index) * width };
}

enum status validate_local(struct body *b, struct local *ret)
{
    uint32_t index;
    TRY(decode_u32(b->d, &index));
    if (index >= b->local_count)
        return body_fail(b, "unknown local %u", index);
    *ret = LIKELY(index < LOCALS_AT_HAND) ? b->locals[index] : local_find(b, index);
    return STATUS_OK;
}

enum status validate_locals(struct body *b)
{
    const struct type_def *t = function_def(b->module, b->function->index);
    uint32_t param_count = t->function.param_count;
    uint64_t total = param_count; /* 5.5.13: fewer than 2^32 in any module; the limit is ours */
    uint32_t groups;
    size_t start = cursor_offset(&b->d->in);
    params_add(b, t);
    TRY(decode_count(b->d, 2, UINT32_MAX, "groups of locals", &groups));
    for (uint32_t i = 0; i < groups; i++) {
        size_t at = cursor_offset(&b->d->in);
        uint32_t count, type;
        TRY(decode_u32(b->d, &count));
        TRY(decode_value_type(b->d, &type));
        if (type & TYPE_NON_NULL) /* has no default */
            return decode_needs(b->d, at, "function references");
        total += count;
        if (total - param_count > UINT32_MAX)
            return decode_fail_at(b->d, at, STATUS_MALFORMED, "too many locals: 2^32 or more");
        if (total <= b->d->limits.locals)
            TRY(locals_add(b, count, type));
    }
    if (total > b->d->limits.locals)
        return decode_fail_at(b->d, start, STATUS_LIMIT,
                              "%llu locals of function %u, parameters included, exceed the limit of %u (locals)",
                              (unsigned long long)total, b->function->index, b->d->limits.locals);
    return STATUS_OK;
}
