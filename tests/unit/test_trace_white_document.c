/* The lists of docs/trace-format.md, section 3, are those of the tables: a reader that is written from the page finds
 * the ids that the writer writes. The page is the program's argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "runtime/base/base.h"
#include "runtime/rt.h"
#include "wasi/abi/call.h"
#include "wasi/abi/op_sets.h"
#include "tracer/compact.h"

static const char *path;
static char *page;

static int read_page(void **state)
{
    (void)state;
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    page = calloc(1, 1 << 17);
    size_t size = page ? fread(page, 1, (1 << 17) - 1, file) : 0;
    fclose(file);
    return size > 1000 ? 0 : -1;
}

static int drop_page(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* The text between this heading and the next one. */
static const char *section(const char *heading, size_t *ret_size)
{
    const char *at = strstr(page, heading);
    assert_non_null(at);
    at += strlen(heading);
    const char *end = strstr(at, "\n#");
    *ret_size = end ? (size_t)(end - at) : strlen(at);
    return at;
}

static void assert_in_section(const char *heading, const char *line)
{
    size_t size;
    const char *at = section(heading, &size);
    if (!memmem(at, size, line, strlen(line)))
        fail_msg("docs/trace-format.md, %s lacks: %s", heading, line);
}

static unsigned count_in_section(const char *heading, const char *text)
{
    size_t size;
    const char *at = section(heading, &size), *end = at + size;
    unsigned count = 0;
    while ((at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        count++;
        at += strlen(text);
    }
    return count;
}

static void test_operations(void **state)
{
    (void)state;
    char line[256];
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        const struct operation_row *row = &abi_operations[i];
        unsigned strings = 0;
        const char *carries = "";
        for (unsigned k = 0; k < row->field_count; k++) {
            uint8_t class = abi_arg_types[row->field[k].type].class;
            strings += class == ARG_CLASS_STRING || class == ARG_CLASS_NAME;
            if (class == ARG_CLASS_IOVS || class == ARG_CLASS_CIOVS)
                carries = "iovs";
            if (class == ARG_CLASS_SUBS)
                carries = "subscriptions";
            if (class == ARG_CLASS_ADDRESS)
                carries = carries[0] ? "iovs, address" : "address";
        }
        for (unsigned k = 0, slot = 0; k < row->field_count; k++)
            for (const char *core = abi_arg_types[row->field[k].type].core; *core; core++, slot++)
                assert_int_equal(trace_request_carries[i].wide >> slot & 1, *core == 'I');
        snprintf(line, sizeof line, "\n| %u | %s | %u | %u | %s |", i, row->name, row->slot_count, strings, carries);
        assert_in_section("\n### Operations\n", line);
    }
    assert_int_equal(count_in_section("\n### Operations\n", "\n|"), OPERATION_COUNT + 2);
}

static void test_imports(void **state)
{
    (void)state;
    char line[256], parameters[64];
    for (unsigned i = 0; i < IMPORT_COUNT; i++) {
        const struct import_row *row = &abi_imports[i];
        parameters[0] = 0;
        for (unsigned k = 0; k < row->field_count; k++)
            for (const char *core = abi_arg_types[row->field[k].type].core; *core; core++)
                strcat(parameters, *core == 'I' ? " i64" : " i32");
        snprintf(line, sizeof line, "\n| %u | %s | %s |%s | %s |", i, row->module, row->name, parameters,
                 abi_operations[row->operation].name);
        assert_in_section("\n### Imports\n", line);
    }
    assert_int_equal(count_in_section("\n### Imports\n", "\n|"), IMPORT_COUNT + 2);
}

static void test_ops(void **state)
{
    (void)state;
    static const char *const in[] = { "",     "STAT",   "BYTES",  "BYTES",   "BYTES",
                                      "NAME", "STAGED", "STAGED", "MESSAGE", "STAGED" };
    char line[256];
    for (unsigned i = 0; i < OP_COUNT; i++) {
        bool out = abi_ops[i].out != OP_BYTES_NONE;
        snprintf(line, sizeof line, "\n| %u | %s | %s | %s |", i, abi_ops[i].text,
                 abi_op_bit(i) & ops_vector ? "iovs" : "memory", out ? "OUT" : in[abi_ops[i].in]);
        assert_in_section("\n### Ops\n", line);
    }
    assert_int_equal(count_in_section("\n### Ops\n", "\n|"), OP_COUNT + 2);
}

static void test_compact_calls(void **state)
{
    (void)state;
    char line[256];
    unsigned count = 0;
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        const struct operation_row *row = &abi_operations[i];
        const struct compact_row *compact = &compact_rows[i];
        if (compact->form == COMPACT_NEVER)
            continue;
        int at = snprintf(line, sizeof line, "\n| %u | %s | ", i, row->name);
        for (unsigned k = 0, slot = 0; k < row->field_count; k++)
            for (const char *core = abi_arg_types[row->field[k].type].core; *core; core++, slot++)
                at += snprintf(line + at, sizeof line - (size_t)at, "%s%s", slot ? " " : "",
                               *core == 'I' ? "i64" : "i32");
        at += snprintf(line + at, sizeof line - (size_t)at, " |");
        for (unsigned k = 0; k < compact->results; k++)
            at += snprintf(line + at, sizeof line - (size_t)at, "%s u%u at %u", k ? "," : "",
                           compact->result_wide >> k & 1 ? 64 : 32, compact->result[k]);
        snprintf(line + at, sizeof line - (size_t)at, compact->results ? " |" : "  |");
        assert_in_section("\n### Compact calls\n", line);
        count++;
    }
    assert_int_equal(count_in_section("\n### Compact calls\n", "\n|"), count + 2);
}

static void test_compact_ops(void **state)
{
    (void)state;
    char line[256];
    unsigned count = 0;
    for (unsigned i = 0; i < OP_COUNT; i++) {
        const struct compact_op *op = &compact_ops[i];
        if (op->form == COMPACT_NEVER)
            continue;
        snprintf(line, sizeof line, "\n| %u | %s |%s%s%s%s%s |", i, abi_ops[i].text, op->ticks ? " ticks" : "",
                 op->on_handle ? " handle" : "",
                 op->form != COMPACT_REGION ? ""
                 : op->region               ? " region"
                                            : " iovs",
                 op->offset ? " offset" : "", op->value ? " value" : "");
        assert_in_section("\n### Compact ops\n", line);
        count++;
    }
    assert_int_equal(count_in_section("\n### Compact ops\n", "\n|"), count + 2);
}

/* Each name stands in its row behind its number; there is none beyond the table. */
static void names_in_row(const char *row, unsigned first, const char *const *names, unsigned count)
{
    const char *at = strstr(page, row), *end = at ? strchr(at, '\n') : NULL;
    assert_non_null(end);
    char item[128];
    for (unsigned i = 0; i < count; i++) {
        snprintf(item, sizeof item, " %u %s", first + i, names[i]);
        if (!memmem(at, (size_t)(end - at), item, strlen(item)))
            fail_msg("docs/trace-format.md lacks%s in the row of %s", item, row);
    }
    snprintf(item, sizeof item, ", %u ", first + count);
    assert_null(memmem(at, (size_t)(end - at), item, strlen(item)));
}

static void test_ends(void **state)
{
    (void)state;
#define END_REASON(id, name, text) #id,
#define END_CAUSE(id, text)        #id,
#define ENDED(id, name, text)      #id,
    static const char *const reasons[] = {
#include "tracer/end_reasons.def"
    };
    static const char *const causes[] = {
#include "tracer/end_causes.def"
    };
    static const char *const ended[] = {
#include "wasi/abi/ended.def"
    };
#undef END_REASON
#undef END_CAUSE
#undef ENDED
    names_in_row("| reason: ", 1, reasons, sizeof reasons / sizeof reasons[0]);
    names_in_row("| cause, ", 0, causes, sizeof causes / sizeof causes[0]);
    names_in_row("| outcome: ", 0, ended, sizeof ended / sizeof ended[0]);
}

static void test_rules_errnos_traps(void **state)
{
    (void)state;
#define TRAP_NAME(kind, text) #kind,
    static const char *const traps[] = { RT_TRAP_LIST(TRAP_NAME) };
#undef TRAP_NAME
    char item[128];
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        snprintf(item, sizeof item, "%u `%s`", i, abi_rules[i].name);
        assert_in_section("\n### Rules\n", item);
    }
    for (unsigned i = 0; i < WASI_ERRNO_COUNT; i++) {
        snprintf(item, sizeof item, "%u `%s`", i, abi_errno_name(i));
        assert_in_section("\n### Errno\n", item);
    }
    for (unsigned i = 0; i < RT_TRAP_COUNT; i++) {
        snprintf(item, sizeof item, "%u `%s`", i, traps[i]);
        assert_in_section("\n### Traps\n", item);
    }
    assert_int_equal(count_in_section("\n### Rules\n", "`"), 2 * RULE_COUNT);
    assert_int_equal(count_in_section("\n### Errno\n", "`"), 2 * WASI_ERRNO_COUNT);
    assert_int_equal(count_in_section("\n### Traps\n", "`"), 2 * RT_TRAP_COUNT);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),        cmocka_unit_test(test_imports),     cmocka_unit_test(test_ops),
        cmocka_unit_test(test_compact_calls),     cmocka_unit_test(test_compact_ops), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_rules_errnos_traps)
    };
    if (argc < 2)
        return 2;
    path = argv[1];
    return cmocka_run_group_tests(tests, read_page, drop_page);
}
