/* The functions of an object, one by one: decoding, and where jumps lead. */
#include "runtime/verify/verify.h"

#include <stdlib.h>
#include "runtime/base/try.h"
#include "runtime/module.h"
#include "runtime/verify/verify_body.h"

bool verify_refuse(struct verify_body *b, uint32_t at, const char *why)
{
    if (!b->refused) {
        b->refused = why;
        b->refused_at = at;
    }
    return false;
}

uint32_t verify_find(const struct verify_body *b, uint32_t at)
{
    uint32_t low = 0, high = b->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->insns[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->count && b->insns[low].at == at ? low : UINT32_MAX;
}

const struct verify_start *verify_find_start(const struct verify_object *o, uint32_t at)
{
    uint32_t low = 0, high = o->start_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (o->starts[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->start_count && o->starts[low].at == at ? &o->starts[low] : NULL;
}

/* All bytes from the start to the next function's, which may be padding behind the last instruction. */
static bool decode(struct verify_body *b)
{
    const struct verify_object *o = b->object;
    for (uint32_t at = b->start->at; at < b->end; at += b->insns[b->count++].length) {
        const char *why = verify_decode(o->image, at, b->end, &b->insns[b->count]);
        if (why)
            return verify_refuse(b, at, why);
    }
    return true;
}

/* Direct jumps and calls. A jump to another function's start is a call in place of this one. */
static bool jumps(struct verify_body *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        const struct verify_insn *insn = &b->insns[i];
        if (insn->target == UINT32_MAX)
            continue;
        if (insn->kind == STEP_JCC && insn->target == b->start->at)
            return verify_refuse(b, insn->at, "a jump to its own start");
        if (insn->kind == STEP_CALL || insn->target < b->start->at || insn->target >= b->end ||
            insn->target == b->start->at) {
            const struct verify_start *callee = verify_find_start(b->object, insn->target);
            if (!callee || callee->way_in || insn->kind == STEP_JCC)
                return verify_refuse(b, insn->at, "a jump or call to what is no function");
        } else {
            uint32_t target = verify_find(b, insn->target);
            if (target == UINT32_MAX)
                return verify_refuse(b, insn->at, "a jump into the middle of an instruction");
            b->insns[target].leader = true;
        }
    }
    return true;
}

static int by_place(const void *x, const void *y)
{
    const struct verify_start *a = x, *b = y;
    return (a->at > b->at) - (a->at < b->at);
}

static enum status check(const struct verify_object *o, struct error *error)
{
    if (o->text_bytes > o->data || o->data > o->size || o->size > INT32_MAX)
        return error_set(error, STATUS_INTERNAL, "an object whose parts overlap");
    for (uint32_t i = 0; i < o->start_count; i++)
        if (o->starts[i].at >= o->text_bytes || o->starts[i].function >= o->module->function_count ||
            (i > 0 && o->starts[i].at == o->starts[i - 1].at))
            return error_set(error, STATUS_INTERNAL, "an object whose functions lie outside, or in one another");
    return STATUS_OK;
}

/* Which global has a slot. */
static enum status list_globals(struct verify_object *o)
{
    const struct rt_module *m = o->module;
    o->global_slots = 0;
    for (uint32_t i = 0; i < m->global_count; i++) {
        uint32_t end = m->globals[i].slot + (m->globals[i].type.type == RT_V128 ? 2 : 1);
        o->global_slots = end > o->global_slots ? end : o->global_slots;
    }
    o->global_of_slot = calloc(o->global_slots + 1ul, sizeof *o->global_of_slot);
    if (!o->global_of_slot)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < m->global_count; i++)
        for (uint32_t k = 0; k < (m->globals[i].type.type == RT_V128 ? 2 : 1); k++)
            o->global_of_slot[m->globals[i].slot + k] = i;
    return STATUS_OK;
}

enum status verify_function(const struct verify_object *o, uint32_t number, struct error *error)
{
    struct verify_start *start = &o->starts[number];
    struct verify_body b = { .object = o, .start = start };
    b.end = number + 1 < o->start_count ? o->starts[number + 1].at : o->text_bytes;
    b.insns = calloc(b.end - b.start->at + 1ul, sizeof *b.insns);
    enum status status = b.insns ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK && decode(&b) && jumps(&b))
        status = verify_follow(&b);
    free(b.insns);
    start->refused = b.refused;
    start->refused_at = b.refused_at;
    return status == STATUS_OK ? status : error_set(error, status, "out of memory while verifying");
}

enum status verify_object_open(struct verify_object *o, struct error *error)
{
    qsort(o->starts, o->start_count, sizeof *o->starts, by_place);
    TRY(check(o, error));
    return list_globals(o) == STATUS_OK ? STATUS_OK
                                        : error_set(error, STATUS_NO_MEMORY, "out of memory while verifying");
}

void verify_object_close(struct verify_object *o)
{
    free(o->global_of_slot);
    o->global_of_slot = NULL;
}

enum status verify_object(struct verify_object *o, uint32_t *ret_refused, struct error *error)
{
    uint32_t refused = 0;
    enum status status = verify_object_open(o, error);
    for (uint32_t i = 0; status == STATUS_OK && i < o->start_count; i++) {
        status = verify_function(o, i, error);
        refused += o->starts[i].refused != NULL;
    }
    verify_object_close(o);
    *ret_refused = refused;
    return status;
}
