/* A module's type definitions: groups are added one by one, found to be new or equal to an earlier one, and checked
 * (3.2.9 to 3.2.11). A group's key is its content as words, in which its own members are counted from its first and all
 * other definitions named by id; groups are equal if their keys are. Keys are found in a tree of their bits (a crit-bit
 * tree), which takes time linear in the key whatever a module does, and needs no hash that it could aim at. */
#include "runtime/types.h"

#include <stdlib.h>
#include <string.h>

/* A group: its key and first id; or a branch, on bit `bit` of keys, where `key` is NULL. */
struct type_node {
    const uint32_t *key;
    struct type_node *child[2];
    uint32_t first;
    uint64_t bit; /* the first word's uppermost is 0 */
};

struct type_key {
    uint32_t *words; /* owned; the first is their number */
    size_t count, capacity;
    uint32_t group, group_size; /* whose key it is */
    const struct types *types;  /* index to id, of the definitions before the group */
    const uint32_t *map;        /* not NULL: then id to id */
    bool failed, unmapped;      /* no memory; the map has no such id */
};

void types_init(struct types *t, struct arena *arena) { *t = (struct types) { .arena = arena }; }

static void key_free(struct type_key *k)
{
    if (k)
        free(k->words);
    free(k);
}

void types_done(struct types *t)
{
    free((void *)t->at);
    key_free(t->key);
}

static void key_word(struct type_key *k, uint32_t word)
{
    if (k->count == k->capacity && !k->failed) {
        size_t capacity = k->capacity ? 2 * k->capacity : 256;
        uint32_t *words = realloc(k->words, capacity * sizeof *words);
        k->failed = !words;
        if (words) {
            k->words = words;
            k->capacity = capacity;
        }
    }
    if (!k->failed)
        k->words[k->count++] = word;
}

static void key_type(struct type_key *k, uint32_t type)
{
    uint32_t index = type & TYPE_INDEX, flags = type & ~(uint32_t)TYPE_INDEX;
    if (!(type & TYPE_INDEXED)) {
        key_word(k, type);
    } else if (index >= k->group && index - k->group < k->group_size) {
        key_word(k, flags | TYPE_IN_GROUP | (index - k->group));
    } else {
        uint32_t id = k->map ? k->map[index] : k->types->at[index]->id;
        k->unmapped |= id == UINT32_MAX;
        key_word(k, flags | (id & TYPE_INDEX));
    }
}

static void key_types(struct type_key *k, uint32_t count, const uint32_t *types)
{
    for (uint32_t i = 0; i < count; i++)
        key_type(k, types[i]);
}

static void key_member(struct type_key *k, const struct type_def *d)
{
    key_word(k, d->kind | (d->final ? 0x100u : 0) | (d->super != TYPE_NO_SUPER ? 0x200u : 0));
    if (d->super != TYPE_NO_SUPER)
        key_type(k, TYPE_INDEXED | d->super);
    key_word(k, d->function.param_count);
    key_word(k, d->function.result_count);
    key_types(k, d->function.param_count, d->function.params);
    key_types(k, d->function.result_count, d->function.results);
    key_word(k, d->field_count);
    for (uint32_t i = 0; i < d->field_count; i++) {
        key_type(k, d->fields[i].storage);
        key_word(k, d->fields[i].is_mutable);
    }
}

static void key_begin(struct type_key *k, uint32_t group, uint32_t size)
{
    k->count = 0;
    k->failed = k->unmapped = false;
    k->group = group;
    k->group_size = size;
    key_word(k, 0);
}

static bool key_end(struct type_key *k)
{
    if (!k->failed)
        k->words[0] = (uint32_t)k->count;
    return !k->failed;
}

static unsigned key_bit(const uint32_t *key, uint64_t bit)
{
    return bit / 32 < key[0] ? key[bit / 32] >> (31 - bit % 32) & 1 : 0;
}

/* The group that shares the most with `key`; NULL where there is none at all. */
static struct type_node *closest(struct type_node *node, const uint32_t *key)
{
    while (node && !node->key)
        node = node->child[key_bit(key, node->bit)];
    return node;
}

static bool key_equal(const uint32_t *a, const uint32_t *b) { return memcmp(a, b, a[0] * sizeof *a) == 0; }

static const struct type_node *group_find(const struct types *t, const uint32_t *key)
{
    const struct type_node *n = closest(t->root, key);
    return n && n->key[0] == key[0] && key_equal(key, n->key) ? n : NULL;
}

/* The first bit in which two keys differ; one of them starts with another length, so there is one. */
static uint64_t difference(const uint32_t *a, const uint32_t *b)
{
    uint64_t word = 0;
    while (a[word] == b[word])
        word++;
    return word * 32 + (unsigned)__builtin_clz(a[word] ^ b[word]);
}

static bool group_insert(struct types *t, const struct type_key *k)
{
    struct type_node *leaf = arena_alloc(t->arena, 1, sizeof *leaf), *branch = arena_alloc(t->arena, 1, sizeof *branch);
    uint32_t *key = arena_alloc(t->arena, k->count, sizeof *key);
    if (!leaf || !branch || !key)
        return false;
    memcpy(key, k->words, k->count * sizeof *key);
    *leaf = (struct type_node) { .key = key, .first = k->group };
    const struct type_node *near = closest(t->root, key);
    if (!near) {
        t->root = leaf;
        return true;
    }
    uint64_t bit = difference(key, near->key);
    struct type_node **at = &t->root;
    while (!(*at)->key && (*at)->bit < bit)
        at = &(*at)->child[key_bit(key, (*at)->bit)];
    branch->bit = bit;
    branch->child[key_bit(key, bit)] = leaf;
    branch->child[!key_bit(key, bit)] = *at;
    *at = branch;
    return true;
}

uint32_t types_canonical(const struct types *t, uint32_t type)
{
    if (!(type & TYPE_INDEXED) || (type & TYPE_INDEX) >= t->count)
        return type;
    return (type & ~(uint32_t)TYPE_INDEX) | t->at[type & TYPE_INDEX]->id;
}

static const uint32_t *copy_types(const struct types *t, uint32_t count, const uint32_t *types)
{
    uint32_t *copy = arena_alloc(t->arena, count, sizeof *copy);
    for (uint32_t i = 0; copy && i < count; i++)
        copy[i] = types_canonical(t, types[i]);
    return copy;
}

/* Types as they lie on the stack: the same ones, where no v128 is among them. */
static const uint32_t *stack_types(const struct types *t, uint32_t count, const uint32_t *types, uint32_t *ret_slots)
{
    uint32_t slots = rt_type_slots(count, types), at = 0;
    *ret_slots = slots;
    if (slots == count)
        return types;
    uint32_t *stack = arena_alloc(t->arena, slots, sizeof *stack);
    for (uint32_t i = 0; stack && i < count; i++) {
        stack[at++] = types[i];
        if (types[i] == RT_V128)
            stack[at++] = TYPE_UPPER_HALF;
    }
    return stack;
}

static bool lay_out_params(const struct types *t, struct type_def *d)
{
    uint32_t slot = 0, count = d->function.param_count;
    if (d->param_slots == count)
        return true;
    uint16_t *at = arena_alloc(t->arena, count, sizeof *at);
    for (uint32_t i = 0; at && i < count; i++) {
        at[i] = (uint16_t)slot;
        slot += rt_type_slots(1, &d->function.params[i]);
    }
    d->param_at = at;
    return at != NULL;
}
_Static_assert(2 * LIMIT_PARAMS <= UINT16_MAX, "a parameter's slot fits");

static bool copy_fields(const struct types *t, struct type_def *d)
{
    struct type_field *fields = arena_alloc(t->arena, d->field_count, sizeof *fields);
    for (uint32_t i = 0; fields && i < d->field_count; i++)
        fields[i] = (struct type_field) { types_canonical(t, d->fields[i].storage), d->fields[i].is_mutable };
    d->fields = fields;
    return fields != NULL;
}

static bool names_none(const struct type_def *d)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < d->function.param_count; i++)
        all |= d->function.params[i];
    for (uint32_t i = 0; i < d->function.result_count; i++)
        all |= d->function.results[i];
    return !(all & TYPE_INDEXED);
}

/* A member's own copy; NULL: no memory. */
static struct type_def *define(const struct types *t, const struct type_def *member, uint32_t index,
                               const struct type_key *group)
{
    struct type_def *d = arena_alloc(t->arena, 1, sizeof *d);
    if (!d)
        return NULL;
    *d = *member;
    d->id = index;
    d->group = group->group;
    d->group_size = group->group_size;
    if (d->super != TYPE_NO_SUPER)
        d->super = types_canonical(t, TYPE_INDEXED | d->super) & TYPE_INDEX;
    struct rt_functype *f = &d->function;
    f->params = copy_types(t, f->param_count, f->params);
    f->results = copy_types(t, f->result_count, f->results);
    if (!f->params || !f->results || !copy_fields(t, d))
        return NULL;
    d->param_stack = stack_types(t, f->param_count, f->params, &d->param_slots);
    d->result_stack = stack_types(t, f->result_count, f->results, &d->result_slots);
    d->flat = d->kind == TYPE_FUNCTION && d->final && d->super == TYPE_NO_SUPER && d->group_size == 1 && names_none(d);
    return d->param_stack && d->result_stack && lay_out_params(t, d) ? d : NULL;
}

/* Types that a group may name: all before it and its own; a supertype comes before its subtype. */
static const char *check_names(const struct types *t, const struct type_def *members, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        const struct type_def *d = &members[n];
        const uint32_t *lists[] = { d->function.params, d->function.results };
        uint32_t sizes[] = { d->function.param_count, d->function.result_count };
        for (unsigned list = 0; list < 2; list++)
            for (uint32_t i = 0; i < sizes[list]; i++)
                if (lists[list][i] & TYPE_INDEXED && (lists[list][i] & TYPE_INDEX) >= t->count + count)
                    return "unknown type";
        for (uint32_t i = 0; i < d->field_count; i++)
            if (d->fields[i].storage & TYPE_INDEXED && (d->fields[i].storage & TYPE_INDEX) >= t->count + count)
                return "unknown type";
        if (d->super != TYPE_NO_SUPER && d->super >= t->count + n)
            return "unknown type: a supertype must come before its subtypes";
    }
    return NULL;
}

static enum status link_super(const struct types *t, struct type_def *d, const char **ret_why)
{
    if (d->super == TYPE_NO_SUPER)
        return STATUS_OK;
    const struct type_def *super = t->at[d->super];
    *ret_why = "sub type: the supertype is final";
    if (super->final)
        return STATUS_INVALID;
    *ret_why = "a type has more supertypes than the limit allows";
    if (super->depth == LIMIT_SUBTYPES)
        return STATUS_LIMIT;
    uint32_t *supers = arena_alloc(t->arena, super->depth + (size_t)1, sizeof *supers);
    if (!supers)
        return STATUS_NO_MEMORY;
    if (super->depth > 0)
        memcpy(supers, super->supers, super->depth * sizeof *supers);
    supers[super->depth] = super->id;
    d->supers = supers;
    d->depth = super->depth + 1;
    return STATUS_OK;
}

/* A group that is not there yet. All supertypes are linked before any two bodies are compared, as these may name any
 * member. */
static enum status define_group(struct types *t, const struct type_def *members, const char **ret_why)
{
    uint32_t first = t->count, count = t->key->group_size;
    for (uint32_t n = 0; n < count; n++) {
        struct type_def *d = define(t, &members[n], first + n, t->key);
        if (!d)
            return STATUS_NO_MEMORY;
        t->at[first + n] = d;
        enum status status = link_super(t, d, ret_why);
        if (status != STATUS_OK)
            return status;
    }
    for (uint32_t n = 0; n < count; n++) {
        const struct type_def *d = t->at[first + n];
        *ret_why = "sub type: it does not match its supertype";
        if (d->super != TYPE_NO_SUPER && !type_body_matches(t, d, t->at[d->super]))
            return STATUS_INVALID;
    }
    return group_insert(t, t->key) ? STATUS_OK : STATUS_NO_MEMORY;
}

static bool reserve(struct types *t, uint32_t count)
{
    if (count <= t->capacity - t->count)
        return true;
    size_t capacity = 2 * (size_t)t->capacity + count;
    const struct type_def **at = (const struct type_def **)realloc((void *)t->at, capacity * sizeof *at);
    if (!at)
        return false;
    t->at = at;
    t->capacity = (uint32_t)capacity;
    return true;
}

enum status types_add_group(struct types *t, const struct type_def *members, uint32_t count, const char **ret_why)
{
    *ret_why = "too many types";
    if (count > LIMIT_TYPES - t->count)
        return STATUS_LIMIT;
    *ret_why = check_names(t, members, count);
    if (*ret_why)
        return STATUS_INVALID;
    *ret_why = "out of memory";
    if (!t->key)
        t->key = calloc(1, sizeof *t->key);
    if (!t->key || !reserve(t, count))
        return STATUS_NO_MEMORY;
    t->key->types = t;
    key_begin(t->key, t->count, count);
    for (uint32_t n = 0; n < count; n++)
        key_member(t->key, &members[n]);
    if (!key_end(t->key))
        return STATUS_NO_MEMORY;
    const struct type_node *equal = count > 0 ? group_find(t, t->key->words) : NULL;
    for (uint32_t n = 0; equal && n < count; n++)
        t->at[t->count + n] = t->at[equal->first + n];
    enum status status = equal ? STATUS_OK : define_group(t, members, ret_why);
    if (status == STATUS_OK)
        t->count += count;
    return status;
}

bool types_translate(const struct types *to, const struct types *from, uint32_t last, uint32_t *map)
{
    struct type_key k = { .map = map };
    uint32_t size = 1;
    for (uint32_t id = 0; id <= last; id += size) {
        const struct type_def *d = from->at[id];
        size = 1;
        map[id] = UINT32_MAX;
        if (d->id != id)
            continue; /* an equal one came before, and nothing names this one */
        size = d->group_size;
        key_begin(&k, id, size);
        for (uint32_t n = 0; n < size; n++)
            key_member(&k, from->at[id + n]);
        if (!key_end(&k)) {
            free(k.words);
            return false;
        }
        const struct type_node *found = k.unmapped ? NULL : group_find(to, k.words);
        for (uint32_t n = 0; n < size && id + n <= last; n++)
            map[id + n] = found ? found->first + n : UINT32_MAX;
    }
    free(k.words);
    return true;
}
