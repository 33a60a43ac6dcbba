/* Every row of imports.def is well-formed: what linking, the copying of requests and the trace rely on; and what
 * wasi_unstable has otherwise is what its text says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasi/abi/call.h"

static void signature(const struct import_row *row, char ret[32])
{
    size_t length = 0;
    for (uint32_t i = 0; i < row->field_count; i++)
        for (const char *core = abi_arg_types[row->field[i].type].core; *core; core++)
            ret[length++] = *core;
    ret[length] = 0;
}

/* Linking tells rows apart by module, name and type; only proc_exit returns nothing. */
static void no_two_rows_link_alike(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < IMPORT_COUNT; i++)
        for (uint32_t k = 0; k < i; k++) {
            char one[32], other[32];
            signature(&abi_imports[i], one);
            signature(&abi_imports[k], other);
            if (strcmp(abi_imports[i].module, abi_imports[k].module) == 0 &&
                strcmp(abi_imports[i].name, abi_imports[k].name) == 0 && strcmp(one, other) == 0)
                fail_msg("%s.%s (%s) stands there twice", abi_imports[i].module, abi_imports[i].name, one);
        }
}

static bool is_same(const struct import_row *row, const struct operation_row *operation)
{
    bool same = row->field_count == operation->field_count && row->slot_count == operation->slot_count;
    for (uint32_t i = 0; i < row->field_count && same; i++)
        same = row->field[i].type == operation->field[i].type && row->field[i].slot == operation->field[i].slot &&
               strcmp(row->field[i].name, operation->field[i].name) == 0;
    return same;
}

/* Each field has a place of its own among the operation's slots, and results are results on both sides. */
static void rows_fit_their_operations(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < IMPORT_COUNT; i++) {
        const struct import_row *row = &abi_imports[i];
        assert_true(row->operation < OPERATION_COUNT);
        const struct operation_row *operation = &abi_operations[row->operation];
        uint32_t taken = 0, slots = 0;
        if (row->lowering == IMPORT_LOWERING_SAME)
            assert_true(is_same(row, operation));
        for (uint32_t k = 0; k < row->field_count; k++) {
            const struct operation_field *field = &row->field[k], *target = NULL;
            for (uint32_t t = 0; t < operation->field_count; t++)
                if (operation->field[t].slot == field->slot)
                    target = &operation->field[t];
            assert_non_null(target);
            assert_string_equal(target->name, field->name);
            /* A pointer to a place, or to a name, is read into two slots; what an extension calls a value has many
             * forms. */
            if (abi_arg_types[target->type].class <= ARG_CLASS_RESULT) {
                assert_int_equal(target->slots, field->slots);
                assert_true(abi_arg_types[target->type].class == abi_arg_types[field->type].class ||
                            abi_arg_types[field->type].class > ARG_CLASS_RESULT ||
                            abi_arg_types[field->type].class == ARG_CLASS_RESULT);
            }
            assert_true(target->slots >= field->slots);
            assert_true(abi_arg_types[target->type].core[0] == 'I' || abi_arg_types[field->type].core[0] == 'i');
            for (uint32_t s = 0; s < field->slots; s++) {
                assert_int_equal(taken >> (field->slot + s) & 1, 0);
                taken |= 1u << (field->slot + s);
            }
            slots += field->slots;
        }
        assert_int_equal(slots, row->slot_count);
        assert_in_range(slots, 0, OPERATION_SLOTS_MAX);
    }
}

/* legacy/preview0/witx: all of Preview 1's functions but sock_accept, in the same core types; three types have another
 * form, which as many functions use. */
static void unstable_is_as_its_text_says(void **state)
{
    (void)state;
    static const struct {
        uint32_t import;
        uint8_t type, size;
    } otherwise[] = {
        { IMPORT_UNSTABLE_FD_SEEK, ARG_WHENCE_0, 1 },
        { IMPORT_UNSTABLE_FD_FILESTAT_GET, ARG_R_FILESTAT_0, 8 + 8 + 1 + 3 + 4 + 8 + 8 + 8 + 8 },
        { IMPORT_UNSTABLE_PATH_FILESTAT_GET, ARG_R_FILESTAT_0, 56 },
        { IMPORT_UNSTABLE_POLL_ONEOFF, ARG_SUBSCRIPTIONS_0, 8 + 8 + (8 + 4 + 4 + 8 + 8 + 2 + 6) },
    };
    uint32_t found = 0, differ = 0;
    for (uint32_t i = 0; i < IMPORT_COUNT; i++) {
        const struct import_row *row = &abi_imports[i];
        if (strcmp(row->module, "wasi_unstable") != 0)
            continue;
        found++;
        char own[32], later[32];
        signature(row, own);
        signature(&abi_imports[row->operation], later); /* Preview 1's rows are the first, in the operations' order */
        assert_string_equal(row->name, abi_imports[row->operation].name);
        assert_string_equal(own, later);
        assert_int_not_equal(row->operation, OPERATION_SOCK_ACCEPT);
        differ += !is_same(row, &abi_operations[row->operation]);
    }
    assert_int_equal(found, IMPORT_UNSTABLE_ARGS_GET - 1);
    assert_int_equal(differ, sizeof otherwise / sizeof *otherwise);
    for (size_t i = 0; i < sizeof otherwise / sizeof *otherwise; i++) {
        const struct import_row *row = &abi_imports[otherwise[i].import];
        uint32_t uses = 0;
        for (uint32_t k = 0; k < row->field_count; k++)
            uses += row->field[k].type == otherwise[i].type;
        assert_int_equal(uses, 1);
        assert_int_equal(abi_arg_types[otherwise[i].type].size, otherwise[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_rows_link_alike),
        cmocka_unit_test(rows_fit_their_operations),
        cmocka_unit_test(unstable_is_as_its_text_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
