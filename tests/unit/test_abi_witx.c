/* Holds the tables of wasi/abi against the normative witx text: every function with its parameters, order, types,
 * results and memory layouts; every enumeration with its order. Skipped (77), aloud, where the text is not at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wasi/abi/imports.h"
#include "witx_tree.h"

static struct witx witx;

static const struct operation_row *row_find(const char *name)
{
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        if (strcmp(abi_operations[i].name, name) == 0)
            return &abi_operations[i];
    fail_msg("the witx text has %s, operations.def has not", name);
    return NULL;
}

/* One argument type against one witx type: text, core parameters, and the layout of what it points to. */
static void check_type(const char *function, const struct operation_field *arg, const struct witx_node *type,
                       bool result)
{
    const struct arg_type_row *row = &abi_arg_types[arg->type];
    const struct witx_node *pointee = NULL;
    if (strcmp(witx_text(type), row->witx) != 0)
        fail_msg("%s: %s is %s in the table, %s in the text", function, arg->name, row->witx, witx_text(type));
    if (result != (row->class == ARG_CLASS_RESULT))
        fail_msg("%s: %s is no result on both sides", function, arg->name);
    if (witx_is(type, "@witx"))
        pointee = witx_at(type, 2);
    struct witx_layout layout = witx_layout(&witx, pointee ? pointee : type);
    struct witx_layout passed = witx_layout(&witx, type);
    if (row->size != layout.size || row->align != layout.align)
        fail_msg("%s: %s has %u bytes aligned to %u, %u to %u in the text", function, arg->name, row->size, row->align,
                 layout.size, layout.align);
    assert_string_equal(row->core, result ? "i" : passed.core);
}

/* BUFFER: one row entry for a pointer and the length behind it. Returns the parameter after both. */
static const struct witx_node *check_buffer(const char *function, const struct operation_field *arg,
                                            const struct witx_node *param)
{
    char name[64];
    assert_string_equal(witx_text(witx_at(param, 2)), "(@witx pointer u8)");
    snprintf(name, sizeof name, "$%s_len", arg->name);
    param = param->next;
    if (!witx_is(param, "param") || strcmp(witx_at(param, 1)->text, name) != 0)
        fail_msg("%s: no %s behind %s", function, name, arg->name);
    assert_string_equal(witx_text(witx_at(param, 2)), "$size");
    return param->next;
}

static void check_results(const struct operation_row *row, size_t arg, const struct witx_node *form)
{
    if (witx_is(form, "@witx")) {
        assert_string_equal(witx_text(form), "(@witx noreturn)");
        assert_false(row->returns);
        assert_int_equal(arg, row->field_count);
        return;
    }
    assert_true(row->returns);
    assert_true(witx_is(form, "result"));
    const struct witx_node *value = witx_at(witx_at(form, 2), 1);
    if (witx_is(value, "tuple")) {
        for (const struct witx_node *part = witx_at(value, 1); part; part = part->next, arg++) {
            assert_true(arg < row->field_count);
            check_type(row->name, &row->field[arg], part, true);
        }
    } else if (!witx_is(value, "error")) {
        assert_true(arg < row->field_count);
        check_type(row->name, &row->field[arg++], value, true);
    }
    assert_int_equal(arg, row->field_count);
}

static void check_function(const struct witx_node *function)
{
    const struct operation_row *row = row_find(witx_at(witx_at(function, 2), 1)->text);
    const struct witx_node *form = witx_at(function, 3);
    size_t arg = 0;
    while (witx_is(form, "param")) {
        const char *name = witx_at(form, 1)->text + 1;
        if (arg >= row->field_count || strcmp(row->field[arg].name, name) != 0)
            fail_msg("%s: parameter %zu is %s in the text, %s in the table", row->name, arg, name,
                     arg < row->field_count ? row->field[arg].name : "missing");
        if (row->field[arg].type == ARG_BUFFER) {
            form = check_buffer(row->name, &row->field[arg], form);
        } else {
            check_type(row->name, &row->field[arg], witx_at(form, 2), false);
            form = form->next;
        }
        arg++;
    }
    check_results(row, arg, form);
}

static void functions_are_the_texts(void **state)
{
    (void)state;
    size_t found = 0;
    const struct witx_node *module = NULL;
    for (const struct witx_node *form = witx.functions->child; form; form = form->next)
        if (witx_is(form, "module"))
            module = form;
    assert_non_null(module);
    for (const struct witx_node *form = module->child; form; form = form->next)
        if (witx_is(form, "@interface")) {
            check_function(form);
            found++;
        }
    assert_int_equal(found, IMPORT_UNSTABLE_ARGS_GET); /* the imports of Preview 1 are the first */
}

/* The members of an enum or flags type, by the table's own names ("NOENT", "FD_READ"). */
static void check_names(const char *type, const char *(*name_of)(uint32_t), uint32_t count)
{
    const struct witx_node *definition = witx_type(&witx, type);
    for (uint32_t i = 0; i < count; i++) {
        const struct witx_node *member = witx_at(definition, 2 + i);
        assert_non_null(member);
        if (strcasecmp(member->text + 1, name_of(i)) != 0)
            fail_msg("%s: number %u is %s in the text, %s in the table", type, i, member->text, name_of(i));
    }
    assert_null(witx_at(definition, 2 + count));
}

static void errnos_and_rights_have_the_texts_order(void **state)
{
    (void)state;
    check_names("$errno", abi_errno_name, WASI_ERRNO_COUNT);
    check_names("$rights", abi_right_name, RIGHT_BIT_COUNT);
    assert_string_equal(abi_errno_name(WASI_ERRNO_COUNT), "?");
}

static uint32_t member_index(const char *type, const char *member)
{
    const struct witx_node *definition = witx_type(&witx, type);
    for (uint32_t i = 0;; i++) {
        const struct witx_node *node = witx_at(definition, 2 + i);
        if (!node)
            fail_msg("%s has no %s", type, member);
        if (strcmp(node->text + 1, member) == 0)
            return i;
    }
}

static void enumerations_have_the_texts_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *type, *member;
        uint32_t number;
    } rows[] = {
        { "$filetype", "unknown", FILETYPE_UNKNOWN },
        { "$filetype", "block_device", FILETYPE_BLOCK_DEVICE },
        { "$filetype", "character_device", FILETYPE_CHARACTER_DEVICE },
        { "$filetype", "directory", FILETYPE_DIRECTORY },
        { "$filetype", "regular_file", FILETYPE_REGULAR_FILE },
        { "$filetype", "socket_dgram", FILETYPE_SOCKET_DGRAM },
        { "$filetype", "socket_stream", FILETYPE_SOCKET_STREAM },
        { "$filetype", "symbolic_link", FILETYPE_SYMBOLIC_LINK },
        { "$clockid", "realtime", CLOCKID_REALTIME },
        { "$clockid", "monotonic", CLOCKID_MONOTONIC },
        { "$clockid", "process_cputime_id", CLOCKID_PROCESS_CPUTIME },
        { "$clockid", "thread_cputime_id", CLOCKID_THREAD_CPUTIME },
        { "$whence", "set", WHENCE_SET },
        { "$whence", "cur", WHENCE_CUR },
        { "$whence", "end", WHENCE_END },
        { "$eventtype", "clock", EVENTTYPE_CLOCK },
        { "$eventtype", "fd_read", EVENTTYPE_FD_READ },
        { "$eventtype", "fd_write", EVENTTYPE_FD_WRITE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(member_index(rows[i].type, rows[i].member), rows[i].number);
}

static void flags_have_the_texts_bits(void **state)
{
    (void)state;
    static const struct {
        const char *type, *member;
        uint32_t bit;
    } rows[] = {
        { "$fdflags", "append", FDFLAG_APPEND },
        { "$fdflags", "dsync", FDFLAG_DSYNC },
        { "$fdflags", "nonblock", FDFLAG_NONBLOCK },
        { "$fdflags", "rsync", FDFLAG_RSYNC },
        { "$fdflags", "sync", FDFLAG_SYNC },
        { "$oflags", "creat", OFLAG_CREAT },
        { "$oflags", "directory", OFLAG_DIRECTORY },
        { "$oflags", "excl", OFLAG_EXCL },
        { "$oflags", "trunc", OFLAG_TRUNC },
        { "$lookupflags", "symlink_follow", LOOKUP_SYMLINK_FOLLOW },
        { "$fstflags", "atim", FST_ATIM },
        { "$fstflags", "atim_now", FST_ATIM_NOW },
        { "$fstflags", "mtim", FST_MTIM },
        { "$fstflags", "mtim_now", FST_MTIM_NOW },
        { "$subclockflags", "subscription_clock_abstime", SUBCLOCK_ABSTIME },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(UINT32_C(1) << member_index(rows[i].type, rows[i].member), rows[i].bit);
}

static void entries_have_the_texts_size(void **state)
{
    (void)state;
    assert_int_equal(witx_layout(&witx, witx_type(&witx, "$dirent")).size, 24);
    assert_int_equal(witx_layout(&witx, witx_type(&witx, "$event")).size, abi_arg_types[ARG_EVENTS].size);
    assert_int_equal(witx_layout(&witx, witx_type(&witx, "$subscription")).size, abi_arg_types[ARG_SUBSCRIPTIONS].size);
}

int main(void)
{
    if (!witx_load(&witx)) {
        printf("skipped: no witx text. Fetch legacy/preview1/witx/{typenames,wasi_snapshot_preview1}.witx of the "
               "WebAssembly/WASI repository and name its folder in WARRANT_WITX.\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_the_texts),
        cmocka_unit_test(errnos_and_rights_have_the_texts_order),
        cmocka_unit_test(enumerations_have_the_texts_numbers),
        cmocka_unit_test(flags_have_the_texts_bits),
        cmocka_unit_test(entries_have_the_texts_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
