/* Every row of the hostcall and op tables is well-formed: what the walk over arguments, the dispatcher and the checker
 * rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasi/abi/op_sets.h"
#include "wasi/abi/call.h"

static uint8_t class_of(const struct operation_row *row, uint32_t arg)
{
    return abi_arg_types[row->field[arg].type].class;
}

static uint32_t count_class(const struct operation_row *row, uint8_t class)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < row->field_count; i++)
        count += class_of(row, i) == class;
    return count;
}

static void argument_types_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARG_TYPE_COUNT; i++) {
        const struct arg_type_row *type = &abi_arg_types[i];
        assert_int_equal(type->slots, strlen(type->core));
        assert_in_range(type->slots, 1, 2);
        assert_true(type->align == 1 || type->align == 2 || type->align == 4 || type->align == 8);
        assert_int_equal(type->size % type->align, 0);
        if (type->class == ARG_CLASS_SCALAR)
            assert_int_equal(type->core[0] == 'I', type->size == 8);
        else
            assert_int_equal(type->core[0], 'i');
    }
}

static void arguments_fit_a_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        const struct operation_row *row = &abi_operations[i];
        uint32_t slots = 0;
        assert_in_range(row->field_count, 0, OPERATION_FIELDS_MAX);
        for (uint32_t j = 0; j < row->field_count; j++) {
            assert_int_equal(row->field[j].slot, slots);
            assert_int_equal(row->field[j].slots, abi_arg_types[row->field[j].type].slots);
            slots += row->field[j].slots;
        }
        assert_int_equal(row->slot_count, slots);
        assert_in_range(slots, 0, OPERATION_SLOTS_MAX);
        assert_in_range(count_class(row, ARG_CLASS_STRING), 0, REQUEST_STRINGS);
        assert_in_range(count_class(row, ARG_CLASS_IOVS) + count_class(row, ARG_CLASS_CIOVS), 0, 1);
        assert_in_range(count_class(row, ARG_CLASS_SUBS), 0, 1);
        assert_int_equal(count_class(row, ARG_CLASS_SUBS), count_class(row, ARG_CLASS_EVENTS));
        assert_in_range(count_class(row, ARG_CLASS_RESULT), 0, 2);
    }
}

/* Results stand behind the parameters, and an array whose length another argument gives has that argument. */
static void arguments_stand_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        const struct operation_row *row = &abi_operations[i];
        bool results = false, counted = false;
        for (uint32_t j = 0; j < row->field_count; j++) {
            bool result = class_of(row, j) == ARG_CLASS_RESULT;
            assert_true(result || !results);
            results = results || result;
            counted = counted || strcmp(row->field[j].name, "nsubscriptions") == 0;
        }
        assert_int_equal(counted, count_class(row, ARG_CLASS_SUBS) > 0);
    }
}

/* A right or a struct result is looked up by the descriptor, which must be the first of its kind; structs by slot 0. */
static void descriptors_stand_where_they_are_looked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        const struct operation_row *row = &abi_operations[i];
        bool has_fd = false;
        for (uint32_t j = 0; j < row->field_count; j++) {
            uint8_t type = row->field[j].type;
            has_fd = has_fd || type == ARG_FD;
            if (type == ARG_R_FDSTAT || type == ARG_R_PRESTAT)
                assert_int_equal(row->field[0].type, ARG_FD);
        }
        assert_true(has_fd || row->rights == 0);
        assert_true((row->rights & ~RIGHTS_ALL) == 0);
    }
}

static void plans_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        const struct operation_row *row = &abi_operations[i];
        assert_in_range(row->max_ops, 0, LIMIT_OPS);
        assert_int_equal(row->max_ops == 0, row->ops == 0);
        assert_true(row->ops >> OP_COUNT == 0);
        if (row->state == OPERATION_STATE_ABSENT)
            assert_int_equal(row->max_ops, 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->name, abi_operations[j].name);
    }
}

/* What changes something is issued by no call that only asks. */
static void reading_calls_change_nothing(void **state)
{
    (void)state;
    static const uint32_t asking[] = { OPERATION_FD_READ, OPERATION_FD_PREAD,        OPERATION_FD_READDIR,
                                       OPERATION_FD_SEEK, OPERATION_FD_FILESTAT_GET, OPERATION_FD_FDSTAT_GET };
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
        for (uint32_t op = 0; op < OP_COUNT; op++)
            if (abi_operations[asking[i]].ops >> op & 1)
                assert_int_equal(abi_ops[op].changes, OP_CHANGES_NOTHING);
}

/* No operation issues an op that needs a right of the descriptor which the operation itself does not ask for. */
static void operations_hold_the_rights_of_their_ops(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        for (uint32_t op = 0; op < OP_COUNT; op++)
            if (abi_operations[i].ops >> op & 1 && abi_ops[op].object != OP_OBJECT_AWAITED &&
                (abi_ops[op].right & ~abi_operations[i].rights) != 0)
                fail_msg("%s issues %s without its right", abi_operations[i].name, abi_ops[op].text);
}

/* What a row says of its object, its bytes and its answer is what its operands say. */
static void columns_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < OP_COUNT; i++) {
        const struct op_row *row = &abi_ops[i];
        bool names = row->object == OP_OBJECT_NAMES;
        bool named = row->object == OP_OBJECT_NAME || row->object == OP_OBJECT_BENEATH || names;
        bool vector = row->in == OP_BYTES_VECTOR || row->out == OP_BYTES_VECTOR;
        bool joined = row->in == OP_BYTES_JOINED || row->out == OP_BYTES_JOINED;
        assert_int_equal(abi_op_has(row, OPERAND_FD), named || row->object == OP_OBJECT_HANDLE);
        assert_int_equal(abi_op_has(row, OPERAND_PATH), named);
        assert_int_equal(abi_op_has(row, OPERAND_FD2), names);
        assert_true(!names || abi_op_has(row, OPERAND_PATH2));
        assert_int_equal(row->right2 != 0, names);
        assert_true(row->effect != OP_EFFECT_MOVE || names);
        assert_int_equal(abi_op_has(row, OPERAND_POLLS), row->object == OP_OBJECT_AWAITED);
        assert_int_equal(abi_op_has(row, OPERAND_IOVS), vector);
        assert_int_equal(abi_op_has(row, OPERAND_MEM), row->in == OP_BYTES_REGION || row->out == OP_BYTES_REGION);
        bool filled = row->in == OP_BYTES_ENTRIES || row->in == OP_BYTES_MESSAGE;
        assert_int_equal(abi_op_has(row, OPERAND_STAGE),
                         joined || filled || row->in == OP_BYTES_NAMES || i == OP_ASK_NAME);
        assert_int_equal(abi_op_has(row, OPERAND_ADDRESS), abi_op_has(row, OPERAND_ADDRLEN));
        assert_int_equal(abi_op_has(row, OPERAND_OPTION), abi_op_has(row, OPERAND_OPTIONLEN));
        assert_int_equal(row->answer == OP_ANSWER_UP_TO_VECTOR, vector || joined);
        assert_int_equal(row->answer == OP_ANSWER_UP_TO_REGION, abi_op_has(row, OPERAND_MEM));
        assert_int_equal(row->answer == OP_ANSWER_UP_TO_STAGING, filled);
        assert_int_equal(row->answer == OP_ANSWER_NAMED, row->in == OP_BYTES_NAMES);
        assert_int_equal(row->answer == OP_ANSWER_SUBSCRIPTIONS, row->object == OP_OBJECT_AWAITED);
        assert_true(row->in == OP_BYTES_NONE || row->out == OP_BYTES_NONE);
        assert_true(row->object != OP_OBJECT_NONE || row->right == 0);
        assert_int_equal(row->table == OP_TABLE_OPENS, row->match == OP_MATCH_OPENED);
        assert_true(row->out == OP_BYTES_NONE || row->changes == OP_CHANGES_WORLD);
    }
}

static void rules_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        assert_int_equal(abi_rules[i].refuses, abi_rules[i].wasi_errno != WASI_SUCCESS);
        assert_true(abi_rules[i].refuses || !abi_rules[i].traps);
    }
}

static void ops_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < OP_COUNT; i++) {
        const struct op_row *row = &abi_ops[i];
        bool ended = false;
        for (size_t j = 0; j < OP_OPERANDS_MAX; j++) {
            assert_true(!ended || row->operand[j] == OPERAND_NONE);
            ended = row->operand[j] == OPERAND_NONE;
        }
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->text, abi_ops[j].text);
    }
}

/* A grant with `access: read` holds no right that changes the file system. */
static void read_rights_are_harmless(void **state)
{
    (void)state;
    static const uint64_t changing = R(FD_WRITE) | R(FD_ALLOCATE) | R(PATH_CREATE_DIRECTORY) | R(PATH_CREATE_FILE) |
                                     R(PATH_LINK_SOURCE) | R(PATH_LINK_TARGET) | R(PATH_RENAME_SOURCE) |
                                     R(PATH_RENAME_TARGET) | R(PATH_FILESTAT_SET_SIZE) | R(PATH_FILESTAT_SET_TIMES) |
                                     R(FD_FILESTAT_SET_SIZE) | R(FD_FILESTAT_SET_TIMES) | R(PATH_SYMLINK) |
                                     R(PATH_REMOVE_DIRECTORY) | R(PATH_UNLINK_FILE);
    assert_true((rights_read & changing) == 0);
    assert_true((rights_read | changing) == RIGHTS_ALL);
}

/* proc, sysfs, debugfs, tracefs, securityfs, cgroup 1 and 2, bpf, configfs, pstore, efivarfs, selinuxfs, smackfs,
 * fusectl, binfmt_misc, mqueue, devpts, binderfs, resctrl, nsfs, sockfs, pipefs, anonymous inodes, pidfs, rpc_pipefs,
 * nfsd, xenfs; and numbers of none. */
static void file_systems_that_hold_data_are_these(void **state)
{
    static const uint64_t doors[] = { 0x9fa0,     0x62656572, 0x64626720, 0x74726163, 0x73636673, 0x27e0eb,
                                      0x63677270, 0xcafe4a11, 0x62656570, 0x6165676c, 0xde5e81e4, 0xf97cff8c,
                                      0x43415d53, 0x65735543, 0x42494e4d, 0x19800202, 0x1cd1,     0x6c6f6f70,
                                      0x7655821,  0x6e736673, 0x534f434b, 0x50495045, 0x09041934, 0x50494446,
                                      0x67596969, 0x6e667364, 0xabba1974, 0,          UINT32_MAX, UINT64_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        assert_false(abi_file_system_holds_data(doors[i]));
    assert_false(abi_file_system_holds_data(UINT64_C(0x10000ef53)));
    assert_true(abi_file_system_holds_data(0xef53) && abi_file_system_holds_data(0x01021994));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(argument_types_are_sound),
        cmocka_unit_test(arguments_fit_a_request),
        cmocka_unit_test(arguments_stand_in_order),
        cmocka_unit_test(descriptors_stand_where_they_are_looked_for),
        cmocka_unit_test(plans_are_bounded),
        cmocka_unit_test(reading_calls_change_nothing),
        cmocka_unit_test(operations_hold_the_rights_of_their_ops),
        cmocka_unit_test(columns_agree),
        cmocka_unit_test(rules_are_sound),
        cmocka_unit_test(ops_are_sound),
        cmocka_unit_test(read_rights_are_harmless),
        cmocka_unit_test(file_systems_that_hold_data_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
