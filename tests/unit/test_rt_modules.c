/* Loading and linking of modules that are not what they should be: every refusal says what and where, none of them
 * crashes, costs much, or lets half a module through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "rt_build.h"

#define HEADER   "\0asm\x01\0\0\0"
#define BYTES(s) HEADER s, sizeof(HEADER s) - 1

static enum status load(const void *bytes, size_t size, struct error *error)
{
    struct rt_module *m = NULL;
    /* An allocation of the exact size, so that a sanitizer sees a read past the end. */
    void *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    enum status status = rt_module_load(exact, size, NULL, &m, error);
    free(exact);
    assert_int_equal(status == STATUS_OK, m != NULL);
    rt_module_free(m);
    return status;
}

static void later_proposals_are_named(void **state)
{
    (void)state;
#define ONE_BODY(code)                                                                                                 \
    "\x01\x04\x01\x60\0\0\x03\x02\x01\0"                                                                               \
    "\x05\x03\x01\0\x01" code
    static const struct {
        const char *proposal, *bytes;
        size_t size;
    } rows[] = {
        { "relaxed SIMD", BYTES(ONE_BODY("\x0a\x07\x01\x05\0\xfd\x80\x02\x0b")) },
        { "threads", BYTES("\x05\x04\x01\x03\x01\x01") },
        { "threads", BYTES(ONE_BODY("\x0a\x06\x01\x04\0\xfe\x03\x0b")) },
        { "memory64", BYTES("\x05\x03\x01\x04\x01") },
        { "custom page sizes", BYTES("\x05\x04\x01\x08\x01\x01") },
        { "exception handling", BYTES(ONE_BODY("\x0a\x06\x01\x04\0\x08\0\x0b")) },
        { "exception handling", BYTES("\x0d\x01\0") },
        { "function references", BYTES("\x01\x06\x01\x60\x01\x64\0\0") },
        { "garbage collection", BYTES("\x01\x04\x01\x5f\0\0") },
        { "garbage collection", BYTES(ONE_BODY("\x0a\x06\x01\x04\0\xfb\x01\x0b")) },
        { "wide arithmetic", BYTES(ONE_BODY("\x0a\x06\x01\x04\0\xfc\x13\x0b")) },
        { "component model", "\0asm\x0d\0\x01\0", 8 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = ERROR_INIT;
        assert_int_equal(load(rows[i].bytes, rows[i].size, &error), STATUS_UNSUPPORTED);
        if (!strstr(error.text, rows[i].proposal))
            print_error("row %zu: %s\n", i, error.text);
        assert_non_null(strstr(error.text, rows[i].proposal));
        assert_non_null(strstr(error.text, "needs the"));
    }
}

static void refusals_name_the_offset(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        const char *text, *bytes;
        size_t size;
    } rows[] = {
        { STATUS_MALFORMED, "at offset 0: magic", "not a module", 12 },
        { STATUS_MALFORMED, "at offset 4: unknown binary version", "\0asm\x02\0\0\0", 8 },
        { STATUS_MALFORMED, "at offset 8: unexpected end", BYTES("\x01\x7f\0") },
        { STATUS_MALFORMED, "at offset 10: unexpected end: 268435455 types", BYTES("\x01\x04\xff\xff\xff\x7f") },
        { STATUS_MALFORMED, "at offset 11: unexpected content", BYTES("\x01\x01\0\x01\x01\0") },
        { STATUS_MALFORMED, "malformed section id 14", BYTES("\x0e\0") },
        { STATUS_MALFORMED, "at offset 12: malformed UTF-8",
          BYTES("\x02\x07\x01\x03"
                "a\xff\x62\0\0") },
        { STATUS_INVALID, "at offset 28: type mismatch: the operand stack is empty",
          BYTES(ONE_BODY("\x0a\x06\x01\x04\0\x1a\x01\x0b")) },
        { STATUS_INVALID, "unknown local 0", BYTES(ONE_BODY("\x0a\x06\x01\x04\0\x20\0\x0b")) },
        { STATUS_MALFORMED, "illegal opcode 0x27", BYTES(ONE_BODY("\x0a\x05\x01\x03\0\x27\x0b")) },
        { STATUS_LIMIT, "50001 locals of function 0", BYTES(ONE_BODY("\x0a\x09\x01\x07\x01\xd1\x86\x03\x7f\x01\x0b")) },
        { STATUS_MALFORMED, "too many locals",
          BYTES(ONE_BODY("\x0a\x10\x01\x0e\x02\xff\xff\xff\xff\x0f\x7f\x81\x80\x80\x80\x00\x7f\x0b")) },
        { STATUS_MALFORMED, "unexpected end", BYTES(ONE_BODY("\x0a\x04\x01\x02\0\x01")) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = ERROR_INIT;
        enum status status = load(rows[i].bytes, rows[i].size, &error);
        if (status != rows[i].status || !strstr(error.text, rows[i].text))
            print_error("row %zu: %s\n", i, error.text);
        assert_int_equal(status, rows[i].status);
        assert_non_null(strstr(error.text, rows[i].text));
    }
}

/* What is no module is said in words, with the way out. */
static void files_that_are_no_module(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t size;
    } rows[] = {
        { "it is empty", "", 0 },
        { "within its first 8 bytes", "\0asm\1\0\0", 7 },
        { "does not begin with", "something", 9 },
        { "`wat2wasm`", "(module)", 8 },
        { "`wat2wasm`", ";; (component\n(; ( ;)\t( module", 31 },
        { "text of a component", "(component", 10 },
        { "does not begin with", ";; no end", 9 },
        { "does not begin with", "(; no end", 9 },
        { "`gunzip`", "\x1f\x8b\x08", 3 },
        { "`warrant replay`", "\x89WRT\r\n\x1a\n", 8 },
        { "ELF", "\x7f\x45LF\2\1", 6 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = ERROR_INIT;
        const char *refusal = rt_module_refusal(rows[i].bytes, rows[i].size);
        assert_non_null(refusal);
        if (!strstr(refusal, rows[i].text))
            fail_msg("row %zu: %s", i, refusal);
        assert_int_equal(load(rows[i].bytes, rows[i].size, &error), STATUS_MALFORMED);
    }
    assert_null(rt_module_refusal("\0asm\1\0\0\0", 8));
    assert_null(rt_module_refusal("\0asm\x0d\0\1\0", 8)); /* a component: the decoder says so */
}

static void build_something(struct rt_build *b)
{
    b->memory_min = 1;
    b->memory_max = 2;
    b->table_size = 2;
    b->globals = 1;
    rt_build_import(b, "h", "f", "i:i");
    rt_build_function(b, "i:i", "Ff", CODE(0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 0, 0x0b, 0x23, 0, 0x10, 0));
    rt_build_function(b, ":I", "", CODE(0x42, 0xff, 0x00, 0x44, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a));
    rt_build_export(b, "one", 1);
    rt_build_elems(b, (const uint32_t[]) { 1, 2 }, 2);
    rt_build_data(b, 8, "hello", 5);
    rt_build_name(b, 1, "first");
    rt_build_finish(b);
}

/* No prefix of a module is a module, unless it ends between sections behind everything that belongs together. */
static void every_prefix_is_refused(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    build_something(&b);
    struct error error = ERROR_INIT;
    assert_int_equal(load(b.module.data, b.module.size, &error), STATUS_OK);
    unsigned accepted = 0;
    for (size_t size = 0; size < b.module.size; size++) {
        enum status status = load(b.module.data, size, NULL);
        accepted += status == STATUS_OK;
        assert_true(status == STATUS_OK || status == STATUS_MALFORMED);
    }
    /* behind: header, types, imports, data (after the code, the data that were counted are missing) */
    assert_int_equal(accepted, 4);
    rt_build_done(&b);
}

/* Whatever one byte becomes, loading ends with a status (and a sanitizer sees nothing). */
static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    build_something(&b);
    for (size_t at = 0; at < b.module.size; at++) {
        uint8_t kept = b.module.data[at];
        for (unsigned v = 0; v < 256; v++) {
            b.module.data[at] = (uint8_t)v;
            enum status status = load(b.module.data, b.module.size, NULL);
            assert_true(status == STATUS_OK || status == STATUS_MALFORMED || status == STATUS_INVALID ||
                        status == STATUS_UNSUPPORTED || status == STATUS_LIMIT);
        }
        b.module.data[at] = kept;
    }
    rt_build_done(&b);
}

static void a_broken_name_section_is_ignored(void **state)
{
    (void)state;
    static const char tail[] = "\0\x0d\x04name\x01\x06\x02\0\x01"
                               "f\x09\x7f"; /* the second name is cut off */
    struct rt_module *m = NULL;
    uint8_t bytes[128];
    static const char head[] = HEADER ONE_BODY("\x0a\x04\x01\x02\0\x0b");
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + sizeof head - 1, tail, sizeof tail - 1);
    bytes[sizeof head] = sizeof tail - 3;
    assert_int_equal(rt_module_load(bytes, sizeof head + sizeof tail - 2, NULL, &m, NULL), STATUS_OK);
    assert_string_equal(rt_module_function_name(m, 0), "f");
    assert_null(rt_module_function_name(m, 9));
    rt_module_free(m);
}

static enum rt_trap_kind nothing(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    (void)env, (void)instance, (void)memory, (void)slots;
    return RT_TRAP_NONE;
}

static void imports_must_fit(void **state)
{
    (void)state;
    static const uint32_t i32 = RT_I32, i64 = RT_I64;
    struct rt_build b = { .memory_max = 0 };
    struct rt_instance *i = NULL;
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, ":", "", CODE(0x01));
    rt_build_export(&b, "run", 1);
    struct rt_module *m = rt_build_load(&b);
    const struct rt_import rows[] = {
        { "h", "g", { 1, 1, &i32, &i32 }, nothing, NULL, NULL, NULL },
        { "H", "f", { 1, 1, &i32, &i32 }, nothing, NULL, NULL, NULL },
        { "h", "f", { 1, 1, &i64, &i32 }, nothing, NULL, NULL, NULL },
        { "h", "f", { 1, 0, &i32, NULL }, nothing, NULL, NULL, NULL },
    };
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        struct error error = ERROR_INIT;
        assert_int_equal(rt_instance_create(m, &rows[n], 1, NULL, &i, &error), STATUS_UNLINKABLE);
        assert_non_null(strstr(error.text, "import \"h\" \"f\""));
    }
    const struct rt_import good = { "h", "f", { 1, 1, &i32, &i32 }, nothing, NULL, NULL, NULL };
    assert_int_equal(rt_instance_create(m, &good, 1, NULL, &i, NULL), STATUS_OK);
    uint32_t function;
    assert_true(rt_module_export(m, "run", &function));
    assert_int_equal(function, 1);
    assert_false(rt_module_export(m, "ru", &function));
    assert_int_equal(rt_call(i, function, NULL, 1, NULL, 0, NULL), STATUS_INVALID);
    rt_instance_free(i);
    rt_module_free(m);
}

static void segments_must_fit(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 1 };
    struct rt_instance *i = NULL;
    struct error error = ERROR_INIT;
    rt_build_data(&b, 65531, "hello", 5);
    rt_build_data(&b, 65532, "hello", 5);
    struct rt_module *m = rt_build_load(&b);
    assert_int_equal(rt_instance_create(m, NULL, 0, NULL, &i, &error), STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_MEMORY_BOUNDS);
    assert_memory_equal(rt_instance_memory(i).base + 65531, "hello", 5); /* the first one stays */
    rt_instance_free(i);
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_proposals_are_named), cmocka_unit_test(refusals_name_the_offset),
        cmocka_unit_test(files_that_are_no_module),  cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(any_byte_may_be_wrong),     cmocka_unit_test(a_broken_name_section_is_ignored),
        cmocka_unit_test(imports_must_fit),          cmocka_unit_test(segments_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
