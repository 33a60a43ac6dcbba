/* Matching (3.3 of WebAssembly 3.0): of heap types, value types, definitions, and of definitions of two modules. Within
 * a module equal is the same number or pointer. Between modules it is a comparison of the lists where the definition is
 * flat, and a translation of ids where it is not (which takes time linear in the module's types: whatever brings such
 * definitions in keeps the translation). */
#include "runtime/types.h"

#include <stdlib.h>
#include <string.h>

bool functype_equal(const struct rt_functype *a, const struct rt_functype *b)
{
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           (a->param_count == 0 || memcmp(a->params, b->params, a->param_count * sizeof *a->params) == 0) &&
           (a->result_count == 0 || memcmp(a->results, b->results, a->result_count * sizeof *a->results) == 0);
}

bool type_def_matches(const struct type_def *sub, const struct type_def *super)
{
    return sub == super || (sub->depth > super->depth && sub->supers[super->depth] == super->id);
}

static bool abstract_matches(uint32_t sub, uint32_t super)
{
    switch (sub) {
    case HEAP_NONE:
        return super == HEAP_I31 || super == HEAP_STRUCT || super == HEAP_ARRAY || super == HEAP_EQ ||
               super == HEAP_ANY;
    case HEAP_I31:
    case HEAP_STRUCT:
    case HEAP_ARRAY:
        return super == HEAP_EQ || super == HEAP_ANY;
    case HEAP_EQ:
        return super == HEAP_ANY;
    case HEAP_NOFUNC:
        return super == HEAP_FUNC;
    case HEAP_NOEXTERN:
        return super == HEAP_EXTERN;
    case HEAP_NOEXN:
        return super == HEAP_EXN;
    default:
        return false;
    }
}

/* The abstract type right above a definition. */
static uint32_t heap_of(const struct type_def *d)
{
    return d->kind == TYPE_FUNCTION ? HEAP_FUNC : d->kind == TYPE_STRUCT ? HEAP_STRUCT : HEAP_ARRAY;
}

static bool heap_matches(const struct types *t, uint32_t sub, uint32_t super)
{
    const struct type_def *a = sub & TYPE_INDEXED ? t->at[sub & TYPE_INDEX] : NULL;
    const struct type_def *b = super & TYPE_INDEXED ? t->at[super & TYPE_INDEX] : NULL;
    if (a && b)
        return type_def_matches(a, b);
    if (a)
        return heap_of(a) == super || abstract_matches(heap_of(a), super);
    if (b)
        return sub == (b->kind == TYPE_FUNCTION ? (uint32_t)HEAP_NOFUNC : (uint32_t)HEAP_NONE);
    return sub == super || abstract_matches(sub, super);
}

bool type_matches(const struct types *t, uint32_t sub, uint32_t super)
{
    if (sub == super)
        return true;
    if (!type_is_reference(sub) || !type_is_reference(super) || (super & TYPE_NON_NULL && !(sub & TYPE_NON_NULL)))
        return false;
    return heap_matches(t, sub & ~(uint32_t)TYPE_NON_NULL, super & ~(uint32_t)TYPE_NON_NULL);
}

static bool field_matches(const struct types *t, const struct type_field *sub, const struct type_field *super)
{
    if (sub->is_mutable != super->is_mutable)
        return false;
    return sub->is_mutable ? sub->storage == super->storage : type_matches(t, sub->storage, super->storage);
}

static bool list_matches(const struct types *t, uint32_t count, const uint32_t *sub, const uint32_t *super)
{
    for (uint32_t i = 0; i < count; i++)
        if (!type_matches(t, sub[i], super[i]))
            return false;
    return true;
}

bool type_body_matches(const struct types *t, const struct type_def *sub, const struct type_def *super)
{
    const struct rt_functype *a = &sub->function, *b = &super->function;
    if (sub->kind != super->kind || sub->field_count < super->field_count || a->param_count != b->param_count ||
        a->result_count != b->result_count)
        return false;
    for (uint32_t i = 0; i < super->field_count; i++)
        if (!field_matches(t, &sub->fields[i], &super->fields[i]))
            return false;
    return list_matches(t, a->param_count, b->params, a->params) &&
           list_matches(t, a->result_count, a->results, b->results);
}

/* The id in `to` of what is `id` in `from`; UINT32_MAX: there is none (or no memory to find it). */
static uint32_t translate(const struct types *to, const struct types *from, uint32_t id)
{
    uint32_t *map = malloc((id + (size_t)1) * sizeof *map), found = UINT32_MAX;
    if (map && types_translate(to, from, id, map))
        found = map[id];
    free(map);
    return found;
}

bool types_def_matches(const struct types *sub_types, const struct type_def *sub, const struct types *super_types,
                       const struct type_def *super)
{
    if (sub_types == super_types)
        return type_def_matches(sub, super);
    if (sub->flat || super->flat)
        return sub->flat && super->flat && functype_equal(&sub->function, &super->function);
    if (!sub_types || sub->depth < super->depth)
        return false;
    return translate(super_types, sub_types, sub->depth == super->depth ? sub->id : sub->supers[super->depth]) ==
           super->id;
}

bool types_value_matches(const struct types *sub_types, uint32_t sub, const struct types *super_types, uint32_t super)
{
    if (sub_types == super_types || !(sub & TYPE_INDEXED) || !sub_types)
        return type_matches(super_types, sub, super);
    if (!(super & TYPE_INDEXED))
        return type_matches(sub_types, sub, super);
    return (sub & TYPE_NON_NULL || !(super & TYPE_NON_NULL)) &&
           types_def_matches(sub_types, sub_types->at[sub & TYPE_INDEX], super_types,
                             super_types->at[super & TYPE_INDEX]);
}

bool types_value_equal(const struct types *a_types, uint32_t a, const struct types *b_types, uint32_t b)
{
    return types_value_matches(a_types, a, b_types, b) && types_value_matches(b_types, b, a_types, a);
}
