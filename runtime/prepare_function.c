/* Preparing functions at their first call. The emitter and its scratch arrays are kept between calls; a function's code
 * is copied into the instance's arena, which lives as long as the instance. */
#include "runtime/prepare_function.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/prepare.h"

/* Bytes of a body: the scratch arrays of a larger one are not kept where memory is limited. */
enum { SCRATCH_KEPT = 16384 };

const uint16_t prepare_first[1] = { P_PREPARE }, prepare_native[1] = { P_NATIVE };

static void preparer_done(struct rt_instance *i)
{
    if (i->preparer)
        body_done(i->preparer);
    free(i->preparer);
    i->preparer = NULL;
}

void prepare_done(struct rt_instance *i)
{
    preparer_done(i);
    arena_done(&i->code);
}

/* Emits the function into the preparer's buffer. */
static enum status emit(struct body *b, const struct function *f, uint32_t watch, const struct code_watch *watched)
{
    b->preparing = true;
    b->out.watched = watched != NULL;
    b->out.pieces_before = watched ? watched->count : 0;
    b->out.watch = watch;
    b->out.place = (struct code_place) { .offset = f->body_offset };
    b->d->offset_base = f->body_offset;
    return validate_body(b, f, cursor_over(f->body, f->body_size));
}

static enum status emit_function(struct rt_instance *i, const struct function *f, uint32_t watch,
                                 const struct code_watch *watched)
{
    struct decoder d = { .module = (struct rt_module *)i->module, /* reading bodies changes nothing there */
                         .limits.locals = LIMIT_LOCALS };         /* validated under its own limits */
    if (!i->preparer) {
        struct body *b = calloc(1, sizeof *b);
        if (!b)
            return STATUS_NO_MEMORY;
        i->preparer = b;
        body_init(b, &d);
    }
    i->preparer->d = &d;
    enum status status = emit(i->preparer, f, watch, watched);
    i->preparer->d = NULL;
    return status;
}

enum rt_trap_kind prepare_function(struct rt_instance *i, const struct function_object *object)
{
    const struct function *f = object->function;
    if (emit_function(i, f, NO_UNIT, NULL) != STATUS_OK)
        return RT_TRAP_HOST_FAILED;
    const struct emitter *out = &i->preparer->out;
    const size_t bytes = out->count * sizeof *out->code;
    if (!budget_allows_code(i, bytes))
        return RT_TRAP_HOST_FAILED;
    /* What is in watched code beyond the usual is no part of any limit: the guest's end is to be the same. */
    if (i->watch &&
        (emit_function(i, f, NO_UNIT, i->watch) != STATUS_OK || !watch_add(i, f->index, out->pieces, out->piece_count)))
        return RT_TRAP_HOST_FAILED;
    uint16_t *code = arena_alloc(&i->code, out->count, sizeof *code);
    if (!code)
        return RT_TRAP_HOST_FAILED;
    memcpy(code, out->code, out->count * sizeof *code);
    i->vm.functions[f->index].units = code;
    i->code_bytes += bytes;
    if (i->limits.memory_bytes && f->body_size > SCRATCH_KEPT)
        preparer_done(i);
    return RT_TRAP_NONE;
}

/* Whether the preparer came to an instruction that begins at this unit. */
static bool place_find(const struct rt_instance *instance, const struct function *f, uint32_t unit,
                       struct code_place *ret)
{
    /* The scratch arrays are the instance's, but no state of its own. */
    struct rt_instance *i = (struct rt_instance *)instance;
    if (emit_function(i, f, unit, i->watch) != STATUS_OK || i->preparer->out.place.offset == f->body_offset)
        return false;
    *ret = i->preparer->out.place;
    return true;
}

struct code_place prepare_place(const struct rt_instance *instance, const struct function_object *object,
                                const uint16_t *pc)
{
    struct code_place place = { .offset = object->function->body_offset };
    if (pc && object->units != prepare_first && object->units != prepare_native)
        (void)place_find(instance, object->function, (uint32_t)(pc - object->units), &place);
    return place;
}

struct code_place prepare_caller(const struct rt_instance *instance, const struct function_object *object,
                                 const uint16_t *pc)
{
    static const uint8_t units[] = { PREP_CALL_UNITS, PREP_CALL_INDIRECT_UNITS };
    struct code_place place = { .offset = object->function->body_offset };
    if (!pc || object->units == prepare_first || object->units == prepare_native)
        return place;
    /* One instruction ends there, so that of these beginnings the nearer one is its own or lies inside it. */
    for (size_t i = 0; i < sizeof units; i++)
        if (pc - object->units >= units[i] &&
            place_find(instance, object->function, (uint32_t)(pc - object->units) - units[i], &place))
            break;
    return place;
}
