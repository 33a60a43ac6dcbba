/* The state that rt_instance_state hands out: every part of it counts, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_build.h"
#include "runtime/link.h"

/* FNV-1a: any function of the sequence of bytes does here. */
static void add(void *env, const void *bytes, size_t size)
{
    uint64_t *hash = env;
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static uint64_t state_of(const struct rt_instance *i)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    assert_int_equal(rt_instance_state(i, add, &hash), STATUS_OK);
    return hash;
}

enum {
    SET_GLOBAL,
    SET_NULL,
    SET_OTHER,
    GROW_TABLE,
    GROW_MEMORY,
    DROP_ELEMS,
    DROP_DATA,
    SET_FAR,
    CHANGES,
    WAIT = CHANGES
};

static struct rt_module *build(void)
{
    struct rt_build b = { .memory_min = 3, .memory_max = 9, .more_memories = 1, .table_size = 5, .globals = 2 };
    static const uint32_t two[] = { 0, 1 };
    rt_build_function(&b, ":", "", CODE(0x41, 8, 0x24, 1));                       /* global 1 = 8 */
    rt_build_function(&b, ":", "", CODE(0x41, 1, 0xd0, 0x70, 0x26, 0));           /* table[1] = null */
    rt_build_function(&b, ":", "", CODE(0x41, 1, 0xd2, 0, 0x26, 0));              /* table[1] = function 0 */
    rt_build_function(&b, ":", "", CODE(0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a)); /* one more element, null */
    rt_build_function(&b, ":", "", CODE(0x41, 1, 0x40, 1, 0x1a));                 /* one more page of memory 1 */
    rt_build_function(&b, ":", "", CODE(0xfc, 13, 1));                            /* elem.drop */
    rt_build_function(&b, ":", "", CODE(0xfc, 9, 0));                             /* data.drop */
    rt_build_function(&b, ":", "", CODE(0x41, 0, 0x41, 1, 0x3a, 0x40, 1, 0));     /* memory 1, byte 0 = 1 */
    rt_build_function(&b, ":", "", CODE(0x03, 0x40, 0x0c, 0, 0x0b));              /* a loop */
    rt_build_elems(&b, two, 2);
    rt_build_passive_elems(&b, two, 2);
    rt_build_passive_data(&b, "abc", 3);
    return rt_build_load(&b);
}

static struct rt_instance *open_of(const struct rt_module *m)
{
    struct rt_instance *i = NULL;
    assert_int_equal(rt_instance_create(m, NULL, 0, NULL, &i, NULL), STATUS_OK);
    return i;
}

static void run(struct rt_instance *i, uint32_t function)
{
    assert_int_equal(rt_call(i, function, NULL, 0, NULL, 0, NULL), STATUS_OK);
}

/* Modules and instances of their own: no address is the same. */
static void addresses_do_not_count(void **state)
{
    (void)state;
    struct rt_module *m[2] = { build(), build() };
    struct rt_instance *i[3] = { open_of(m[0]), open_of(m[1]), open_of(m[0]) };
    assert_ptr_not_equal(i[0]->vm.tables[0]->elements[0], i[1]->vm.tables[0]->elements[0]);
    for (uint32_t function = 0; function < CHANGES; function++) {
        assert_int_equal(state_of(i[0]), state_of(i[1]));
        assert_int_equal(state_of(i[0]), state_of(i[2]));
        for (unsigned n = 0; n < 3; n++)
            run(i[n], function);
    }
    assert_int_equal(state_of(i[0]), state_of(i[1]));
    for (unsigned n = 0; n < 3; n++)
        rt_instance_free(i[n]);
    rt_module_free(m[0]);
    rt_module_free(m[1]);
}

/* Each change alone gives a state that no other change gives. */
static void every_part_counts(void **state)
{
    (void)state;
    struct rt_module *m = build();
    uint64_t seen[CHANGES + 3];
    for (uint32_t function = 0; function < CHANGES + 3; function++) {
        struct rt_instance *i = open_of(m);
        if (function < CHANGES)
            run(i, function);
        else if (function < CHANGES + 2) /* the first and the last byte */
            rt_instance_memory(i).base[function == CHANGES ? 0 : 3 * PAGE_BYTES - 1] = 1;
        seen[function] = state_of(i);
        for (uint32_t before = 0; before < function; before++)
            assert_int_not_equal(seen[before], seen[function]);
        rt_instance_free(i);
    }
    rt_module_free(m);
}

/* A page that was written and is zero again is as one that never was; a stop or a call leaves nothing else behind. */
static void only_content_counts(void **state)
{
    (void)state;
    struct rt_module *m = build();
    struct rt_instance *i = open_of(m);
    uint64_t before = state_of(i);
    uint8_t *base = rt_instance_memory(i).base;
    for (uint32_t at = 0; at < 3 * PAGE_BYTES; at += 4093) {
        base[at] = 1;
        assert_int_not_equal(state_of(i), before);
        base[at] = 0;
    }
    i->vm.globals[0] |= UINT64_C(1) << 40; /* not part of an i32 */
    assert_int_equal(state_of(i), before);
    uint64_t hash;
    rt_instance_interrupt(i); /* heard here as well, and kept for the guest */
    assert_int_equal(rt_instance_state(i, add, &hash), STATUS_STOPPED);
    assert_int_equal(rt_instance_state(i, add, &hash), STATUS_STOPPED);
    assert_int_equal(rt_call(i, WAIT, NULL, 0, NULL, 0, NULL), STATUS_TRAPPED);
    assert_int_equal(state_of(i), before);
    rt_instance_free(i);
    rt_module_free(m);
}

/* Imports table, memory and a mutable global; its function 0 writes itself into the table's element `at`. */
static struct rt_module *build_importer(uint8_t at)
{
    const uint8_t bytes[] = {
        0,   'a', 's', 'm', 1,   0,    0,   0,    1,    4,    1, 0x60, 0,   0, /* () -> () */
        2,   23,  3,   1,   'm', 1,    't', 1,    0x70, 0,    1, 1,    'm', 1,
        'm', 2,   0,   1,   1,   'm',  1,   'g',  3,    0x7f, 1,       /* imports */
        3,   2,   1,   0,                                              /* one function */
        9,   5,   1,   3,   0,   1,    0,                              /* declared */
        10,  10,  1,   8,   0,   0x41, at,  0xd2, 0,    0x26, 0, 0x0b, /* table.set */
    };
    struct rt_module *m = NULL;
    struct error error = ERROR_INIT;
    if (rt_module_load(bytes, sizeof bytes, NULL, &m, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return m;
}

static struct rt_instance *import_from(const struct rt_module *m, struct rt_instance *owner)
{
    struct extern_value values[] = {
        { .kind = KIND_TABLE, .table = owner->vm.tables[0] },
        { .kind = KIND_MEMORY, .memory = owner->vm.memories[0] },
        { .kind = KIND_GLOBAL, .global = &owner->vm.globals[0], .global_type = { RT_I32, true } },
    };
    struct rt_instance *i = NULL;
    assert_int_equal(instance_link(m, values, NULL, &i, NULL), STATUS_OK);
    return i;
}

static void what_is_imported_is_read_where_it_is(void **state)
{
    (void)state;
    struct rt_module *m = build(), *importer = build_importer(3);
    struct rt_instance *owner = open_of(m), *user = import_from(importer, owner);
    uint64_t before = state_of(user);
    rt_instance_memory(owner).base[7] = 1;
    assert_int_not_equal(state_of(user), before);
    rt_instance_memory(owner).base[7] = 0;
    owner->vm.globals[0]++;
    assert_int_not_equal(state_of(user), before);
    owner->vm.globals[0]--;
    run(owner, SET_NULL);
    assert_int_not_equal(state_of(user), before);
    run(owner, SET_GLOBAL); /* global 1 is none of the user's */
    before = state_of(user);
    owner->vm.globals[1]++;
    assert_int_equal(state_of(user), before);
    rt_instance_free(user);
    rt_instance_free(owner);
    rt_module_free(importer);
    rt_module_free(m);
}

/* Function 0 of this instance, of one other and of a second other are three things, whatever their addresses. */
static void references_name_instance_and_function(void **state)
{
    (void)state;
    struct rt_module *m = build(), *first = build_importer(3), *second = build_importer(4);
    uint64_t seen[2][5];
    for (unsigned round = 0; round < 2; round++) {
        struct rt_instance *a = open_of(m), *unrelated = open_of(m);
        struct rt_instance *b = import_from(first, a), *c = import_from(second, a);
        seen[round][0] = state_of(a);
        if (round == 0) {
            run(b, 0);
            run(c, 0);
        } else { /* in the other order of time: the same state in the end */
            run(c, 0);
            run(b, 0);
        }
        seen[round][1] = state_of(a);
        seen[round][2] = state_of(b);
        uint64_t *elements = a->vm.tables[0]->elements, kept = elements[4];
        elements[4] = elements[3]; /* twice the same other instance */
        seen[round][3] = state_of(a);
        elements[4] = elements[0]; /* the function of that number, but its own */
        seen[round][4] = state_of(a);
        elements[4] = kept;
        assert_int_equal(state_of(a), seen[round][1]);
        rt_instance_free(c);
        rt_instance_free(b);
        rt_instance_free(unrelated);
        rt_instance_free(a);
    }
    assert_memory_equal(seen[0], seen[1], sizeof seen[0]);
    for (unsigned i = 0; i < 5; i++)
        for (unsigned k = 0; k < i; k++)
            assert_int_not_equal(seen[0][i], seen[0][k]);
    rt_module_free(second);
    rt_module_free(first);
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_do_not_count),
        cmocka_unit_test(every_part_counts),
        cmocka_unit_test(only_content_counts),
        cmocka_unit_test(what_is_imported_is_read_where_it_is),
        cmocka_unit_test(references_name_instance_and_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
