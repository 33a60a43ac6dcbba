/* Type definitions and matching (runtime/types.h), with what no module can bring in yet: recursive groups, subtypes,
 * structures, arrays, typed references; in one module and between two. The rules are those of WebAssembly 3.0, sections
 * 3.2.9 to 3.2.11 and 3.3. White-box: builds the definitions itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "runtime/types.h"

enum { REF = TYPE_INDEXED, NON_NULL = TYPE_NON_NULL };

struct world {
    struct arena arena;
    struct types types;
};

static void open(struct world *w)
{
    memset(w, 0, sizeof *w);
    types_init(&w->types, &w->arena);
}

static void close(struct world *w)
{
    types_done(&w->types);
    arena_done(&w->arena);
}

/* [params] -> [results]; lists end with 0. */
static struct type_def function(const uint32_t *params, const uint32_t *results)
{
    struct rt_functype f = { .params = params, .results = results };
    while (params[f.param_count])
        f.param_count++;
    while (results[f.result_count])
        f.result_count++;
    return type_def_given(&f);
}
#define LIST(...) ((const uint32_t[]) { __VA_ARGS__ __VA_OPT__(, ) 0 })

static struct type_def structure(const struct type_field *fields, uint32_t count)
{
    struct type_def d = type_def_empty;
    d.kind = TYPE_STRUCT;
    d.fields = fields;
    d.field_count = count;
    return d;
}
#define FIELDS(...)                                                                                                    \
    ((const struct type_field[]) { __VA_ARGS__ }),                                                                     \
        sizeof((const struct type_field[]) { __VA_ARGS__ }) / sizeof(struct type_field)

static struct type_def array(uint32_t storage, bool is_mutable, struct type_field *place)
{
    *place = (struct type_field) { storage, is_mutable };
    struct type_def d = structure(place, 1);
    d.kind = TYPE_ARRAY;
    return d;
}

/* Open for subtypes; a subtype of another. */
static struct type_def open_for_subtypes(struct type_def d)
{
    d.final = false;
    return d;
}
static struct type_def below(uint32_t super, struct type_def d)
{
    d.super = super;
    d.final = false;
    return d;
}

static enum status try_group(struct world *w, const struct type_def *members, uint32_t count)
{
    const char *why = NULL;
    enum status status = types_add_group(&w->types, members, count, &why);
    assert_true(status == STATUS_OK || why);
    return status;
}
static enum status try_one(struct world *w, struct type_def d) { return try_group(w, &d, 1); }
/* Returns the first index. */
static uint32_t add(struct world *w, const struct type_def *members, uint32_t count)
{
    uint32_t first = w->types.count;
    assert_int_equal(try_group(w, members, count), STATUS_OK);
    return first;
}
static uint32_t add_one(struct world *w, struct type_def d) { return add(w, &d, 1); }
static bool same(const struct world *w, uint32_t a, uint32_t b) { return w->types.at[a] == w->types.at[b]; }

static void equal_groups_are_one(void **state)
{
    (void)state;
    struct world w;
    open(&w);
    uint32_t a = add_one(&w, function(LIST(RT_I32), LIST(RT_I64)));
    uint32_t b = add_one(&w, function(LIST(RT_I32, RT_I64), LIST()));
    uint32_t c = add_one(&w, function(LIST(RT_I32), LIST(RT_I64)));
    uint32_t d = add_one(&w, function(LIST(), LIST(RT_I32, RT_I64)));
    assert_true(same(&w, a, c));
    assert_int_equal(w.types.at[c]->id, a);
    assert_false(same(&w, a, b));
    assert_false(same(&w, b, d));
    /* final or not is part of a type; so is the group that it stands in, and its place there */
    assert_false(same(&w, a, add_one(&w, open_for_subtypes(function(LIST(RT_I32), LIST(RT_I64))))));
    const struct type_def twice[] = { function(LIST(RT_I32), LIST(RT_I64)), function(LIST(RT_I32), LIST(RT_I64)) };
    uint32_t pair = add(&w, twice, 2), again = add(&w, twice, 2);
    assert_false(same(&w, a, pair));
    assert_false(same(&w, pair, pair + 1));
    assert_true(same(&w, pair, again));
    assert_true(same(&w, pair + 1, again + 1));
    /* references to equal types are equal */
    uint32_t x = add_one(&w, function(LIST(REF | a), LIST())), y = add_one(&w, function(LIST(REF | c), LIST()));
    uint32_t z = add_one(&w, function(LIST(REF | NON_NULL | a), LIST()));
    assert_true(same(&w, x, y));
    assert_false(same(&w, x, z));
    assert_int_equal(w.types.at[y]->function.params[0], REF | a);
    close(&w);
}

static void recursion_is_by_place(void **state)
{
    (void)state;
    struct world w;
    open(&w);
    /* (rec (struct (ref 0))) twice; the same shape that points to the earlier one is another type */
    uint32_t a = add_one(&w, structure(FIELDS({ REF | 0, false })));
    uint32_t b = add_one(&w, structure(FIELDS({ REF | 1, false })));
    uint32_t c = add_one(&w, structure(FIELDS({ REF | a, false })));
    assert_true(same(&w, a, b));
    assert_false(same(&w, a, c));
    /* mutual recursion, and the same in the other order */
    uint32_t n = w.types.count;
    const struct type_def mutual[] = { structure(FIELDS({ REF | (n + 1), false })), function(LIST(REF | n), LIST()) };
    uint32_t m = add(&w, mutual, 2);
    n = w.types.count;
    const struct type_def again[] = { structure(FIELDS({ REF | (n + 1), false })), function(LIST(REF | n), LIST()) };
    assert_true(same(&w, m, add(&w, again, 2)));
    n = w.types.count;
    const struct type_def turned[] = { function(LIST(REF | (n + 1)), LIST()), structure(FIELDS({ REF | n, false })) };
    uint32_t t = add(&w, turned, 2);
    assert_false(same(&w, m, t + 1));
    assert_false(same(&w, m + 1, t));
    /* mixed: through the other group in place of the own one */
    n = w.types.count;
    const struct type_def through[] = { structure(FIELDS({ REF | (m + 1), false })), function(LIST(REF | n), LIST()) };
    assert_false(same(&w, m, add(&w, through, 2)));
    close(&w);
}

static void names_must_be_known(void **state)
{
    (void)state;
    struct world w;
    struct type_field place;
    open(&w);
    assert_int_equal(try_one(&w, function(LIST(REF | 1), LIST())), STATUS_INVALID);
    assert_int_equal(try_one(&w, function(LIST(), LIST(REF | NON_NULL | 1))), STATUS_INVALID);
    assert_int_equal(try_one(&w, array(REF | 1, true, &place)), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(0, function(LIST(), LIST()))), STATUS_INVALID); /* itself */
    const struct type_def forward[] = { below(1, function(LIST(), LIST())),
                                        open_for_subtypes(function(LIST(), LIST())) };
    assert_int_equal(try_group(&w, forward, 2), STATUS_INVALID);
    assert_int_equal(w.types.count, 0);
    assert_int_equal(try_one(&w, function(LIST(REF | 0), LIST())), STATUS_OK);
    close(&w);
}

static void subtypes_must_match(void **state)
{
    (void)state;
    struct world w;
    struct type_field place;
    open(&w);
    uint32_t top = add_one(&w, open_for_subtypes(structure(FIELDS({ HEAP_ANY, false }, { RT_I32, true }))));
    uint32_t closed = add_one(&w, structure(FIELDS({ HEAP_ANY, false }, { RT_I32, true })));
    const struct {
        struct type_def def;
        enum status wanted;
    } cases[] = {
        { below(top, structure(FIELDS({ HEAP_ANY, false }, { RT_I32, true }))), STATUS_OK },
        { below(top, structure(FIELDS({ HEAP_EQ, false }, { RT_I32, true }, { RT_F32, true }))), STATUS_OK },
        { below(top, structure(FIELDS({ HEAP_ANY | NON_NULL, false }, { RT_I32, true }))), STATUS_OK },
        { below(top, structure(FIELDS({ REF | NON_NULL | top, false }, { RT_I32, true }))), STATUS_OK },
        { below(top, structure(FIELDS({ HEAP_FUNC, false }, { RT_I32, true }))), STATUS_INVALID },
        { below(top, structure(FIELDS({ HEAP_ANY, true }, { RT_I32, true }))), STATUS_INVALID },
        { below(top, structure(FIELDS({ HEAP_ANY, false }, { RT_I32, false }))), STATUS_INVALID },
        { below(top, structure(FIELDS({ HEAP_ANY, false }, { RT_I64, true }))), STATUS_INVALID },
        { below(top, structure(FIELDS({ HEAP_ANY, false }))), STATUS_INVALID },
        { below(top, function(LIST(), LIST())), STATUS_INVALID },
        { below(closed, structure(FIELDS({ HEAP_ANY, false }, { RT_I32, true }))), STATUS_INVALID },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(try_one(&w, cases[i].def), cases[i].wanted);
    /* a mutable field may be no narrower */
    uint32_t cell = add_one(&w, open_for_subtypes(array(HEAP_ANY, true, &place)));
    assert_int_equal(try_one(&w, below(cell, array(HEAP_EQ, true, &place))), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(cell, array(HEAP_ANY, true, &place))), STATUS_OK);
    uint32_t bytes = add_one(&w, open_for_subtypes(array(TYPE_I8, false, &place)));
    assert_int_equal(try_one(&w, below(bytes, array(TYPE_I16, false, &place))), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(bytes, array(RT_I32, false, &place))), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(bytes, array(TYPE_I8, false, &place))), STATUS_OK);
    close(&w);
}

static void functions_are_contravariant(void **state)
{
    (void)state;
    struct world w;
    open(&w);
    uint32_t f = add_one(&w, open_for_subtypes(function(LIST(HEAP_EQ), LIST(HEAP_EQ))));
    assert_int_equal(try_one(&w, below(f, function(LIST(HEAP_ANY), LIST(HEAP_I31)))), STATUS_OK);
    assert_int_equal(try_one(&w, below(f, function(LIST(HEAP_I31), LIST(HEAP_I31)))), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(f, function(LIST(HEAP_ANY), LIST(HEAP_ANY)))), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(f, function(LIST(), LIST(HEAP_I31)))), STATUS_INVALID);
    assert_int_equal(try_one(&w, below(f, function(LIST(HEAP_EQ), LIST(HEAP_EQ, HEAP_EQ)))), STATUS_INVALID);
    /* within a group: the result is the subtype itself */
    uint32_t n = w.types.count;
    const struct type_def maker[] = { open_for_subtypes(function(LIST(), LIST(REF | n))),
                                      below(n, function(LIST(), LIST(REF | (n + 1)))) };
    assert_int_equal(try_group(&w, maker, 2), STATUS_OK);
    n = w.types.count;
    const struct type_def taker[] = { open_for_subtypes(function(LIST(REF | n), LIST())),
                                      below(n, function(LIST(REF | (n + 1)), LIST())) };
    assert_int_equal(try_group(&w, taker, 2), STATUS_INVALID);
    close(&w);
}

static void chains_match_upwards(void **state)
{
    (void)state;
    struct world w;
    open(&w);
    uint32_t other = add_one(&w, open_for_subtypes(structure(FIELDS({ RT_I32, false })))), last = 0;
    for (uint32_t depth = 0; depth <= LIMIT_SUBTYPES; depth++) {
        struct type_def d = open_for_subtypes(structure(NULL, 0));
        last = add_one(&w, depth == 0 ? d : below(last, d));
        assert_int_equal(w.types.at[last]->depth, depth);
    }
    assert_int_equal(try_one(&w, below(last, structure(NULL, 0))), STATUS_LIMIT);
    for (uint32_t a = other; a <= last; a++)
        for (uint32_t b = other; b <= last; b++) {
            bool matches = a == b || (a > b && b != other);
            assert_int_equal(type_matches(&w.types, REF | a, REF | b), matches);
            assert_int_equal(type_matches(&w.types, REF | NON_NULL | a, REF | b), matches);
            assert_false(type_matches(&w.types, REF | a, REF | NON_NULL | b));
        }
    close(&w);
}

/* Every pair of these heap types: row below column. */
static void heap_types_match(void **state)
{
    (void)state;
    struct world w;
    struct type_field place;
    open(&w);
    uint32_t f = REF | add_one(&w, function(LIST(), LIST())), s = REF | add_one(&w, structure(NULL, 0)),
             a = REF | add_one(&w, array(RT_I32, true, &place));
    const uint32_t all[] = { HEAP_ANY,    HEAP_EQ,     HEAP_I31,      HEAP_STRUCT, HEAP_ARRAY,
                             s,           a,           HEAP_NONE,     HEAP_FUNC,   f,
                             HEAP_NOFUNC, HEAP_EXTERN, HEAP_NOEXTERN, HEAP_EXN,    HEAP_NOEXN };
    static const char *const rows[] = {
        "1..............", /* any */ "11.............",        /* eq */ "111............",     /* i31 */
        "11.1...........", /* struct */ "11..1..........",     /* array */ "11.1.1.........",  /* a structure */
        "11..1.1........", /* an array */ "11111111.......",   /* none */ "........1......",   /* func */
        "........11.....", /* a function */ "........111....", /* nofunc */ "...........1...", /* extern */
        "...........11..", /* noextern */ ".............1.",   /* exn */ ".............11",    /* noexn */
    };
    enum { COUNT = sizeof all / sizeof *all };
    for (unsigned x = 0; x < COUNT; x++)
        for (unsigned y = 0; y < COUNT; y++) {
            bool wanted = rows[x][y] == '1';
            if (type_matches(&w.types, all[x], all[y]) != wanted)
                print_error("%x below %x\n", all[x], all[y]);
            assert_int_equal(type_matches(&w.types, all[x], all[y]), wanted);
            assert_int_equal(type_matches(&w.types, all[x] | NON_NULL, all[y]), wanted);
            assert_int_equal(type_matches(&w.types, all[x] | NON_NULL, all[y] | NON_NULL), wanted);
            assert_false(type_matches(&w.types, all[x], all[y] | NON_NULL));
        }
    assert_false(type_matches(&w.types, RT_I32, RT_I64));
    assert_false(type_matches(&w.types, RT_I32, HEAP_ANY));
    assert_false(type_matches(&w.types, HEAP_NONE, RT_I32));
    close(&w);
}

/* Two modules: what one defines first the other defines later, among other types. */
static void modules_share_types(void **state)
{
    (void)state;
    struct world x, y;
    open(&x);
    open(&y);
    uint32_t flat_x = add_one(&x, function(LIST(RT_I32, RT_V128), LIST(RT_F32)));
    add_one(&y, function(LIST(RT_I32), LIST()));
    uint32_t flat_y = add_one(&y, function(LIST(RT_I32, RT_V128), LIST(RT_F32)));
    uint32_t node_x = add_one(&x, open_for_subtypes(structure(FIELDS({ REF | 1, false }))));
    uint32_t leaf_x = add_one(&x, below(node_x, structure(FIELDS({ REF | node_x, false }, { RT_I32, false }))));
    uint32_t last_x = add_one(&x, below(leaf_x, structure(FIELDS({ REF | node_x, false }, { RT_I32, false }))));
    uint32_t use_x = add_one(&x, function(LIST(REF | leaf_x), LIST()));
    uint32_t node_y = add_one(&y, open_for_subtypes(structure(FIELDS({ REF | 2, false }))));
    uint32_t unlike_y = add_one(&y, below(node_y, structure(FIELDS({ REF | node_y, false }, { RT_I64, false }))));
    uint32_t leaf_y = add_one(&y, below(node_y, structure(FIELDS({ REF | node_y, false }, { RT_I32, false }))));
    uint32_t use_y = add_one(&y, function(LIST(REF | leaf_y), LIST()));
    const struct {
        uint32_t sub, super;
        bool wanted;
    } cases[] = {
        { flat_x, flat_y, true }, { flat_x, node_y, false }, { flat_x, 0, false },        { node_x, node_y, true },
        { leaf_x, leaf_y, true }, { leaf_x, node_y, true },  { node_x, leaf_y, false },   { leaf_x, unlike_y, false },
        { last_x, leaf_y, true }, { last_x, node_y, true },  { last_x, unlike_y, false }, { use_x, use_y, true },
        { use_x, node_y, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct type_def *sub = x.types.at[cases[i].sub], *super = y.types.at[cases[i].super];
        assert_int_equal(types_def_matches(&x.types, sub, &y.types, super), cases[i].wanted);
        assert_int_equal(types_value_matches(&x.types, REF | cases[i].sub, &y.types, REF | cases[i].super),
                         cases[i].wanted);
    }
    assert_true(types_value_equal(&x.types, REF | leaf_x, &y.types, REF | leaf_y));
    assert_false(types_value_equal(&x.types, REF | last_x, &y.types, REF | leaf_y));
    assert_false(types_value_equal(&x.types, REF | leaf_x, &y.types, REF | NON_NULL | leaf_y));
    assert_true(types_value_matches(&x.types, REF | leaf_x, &y.types, HEAP_STRUCT));
    assert_true(types_value_matches(&x.types, HEAP_NONE, &y.types, REF | leaf_y));
    assert_true(types_value_matches(NULL, RT_FUNCREF, &y.types, RT_FUNCREF));
    /* a host's type has no module */
    struct type_def given = function(LIST(RT_I32, RT_V128), LIST(RT_F32));
    assert_true(types_def_matches(NULL, &given, &x.types, x.types.at[flat_x]));
    assert_false(types_def_matches(NULL, &given, &x.types, x.types.at[use_x]));
    close(&x);
    close(&y);
}

/* Lists of types as they lie on the stack. */
static void vectors_take_two_slots(void **state)
{
    (void)state;
    struct world w;
    open(&w);
    add_one(&w, function(LIST(RT_V128, RT_I32, RT_V128), LIST(RT_I64)));
    const struct type_def *d = w.types.at[0];
    const uint32_t stack[] = { RT_V128, TYPE_UPPER_HALF, RT_I32, RT_V128, TYPE_UPPER_HALF };
    assert_int_equal(d->param_slots, 5);
    assert_memory_equal(d->param_stack, stack, sizeof stack);
    assert_int_equal(d->param_at[1], 2);
    assert_int_equal(d->param_at[2], 3);
    assert_int_equal(d->result_slots, 1);
    close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_groups_are_one),   cmocka_unit_test(recursion_is_by_place),
        cmocka_unit_test(names_must_be_known),    cmocka_unit_test(subtypes_must_match),
        cmocka_unit_test(chains_match_upwards),   cmocka_unit_test(functions_are_contravariant),
        cmocka_unit_test(heap_types_match),       cmocka_unit_test(modules_share_types),
        cmocka_unit_test(vectors_take_two_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
