/* What later proposals write into modules is refused by the proposal's name, form by form: types, sections, kinds of
 * imports and exports, limits, instructions, constant expressions. Each form stands in an otherwise valid module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "runtime/base/base.h"
#include "runtime/rt.h"

/* Where the bytes stand: one entry of a section; a body's code; an initial value; a section without content. */
enum place {
    IN_TYPE = 1,
    IN_IMPORT = 2,
    IN_TABLE = 4,
    IN_MEMORY = 5,
    IN_EXPORT = 7,
    IN_ELEM = 9,
    IN_TAG = 13,
    IN_CODE,
    IN_LOCAL,
    IN_CONST
};

struct form {
    const char *what, *proposal;
    uint8_t bytes[16];
    size_t size;
    enum place place;
};
#define FORM(place, proposal, what, ...)                                                                               \
    { what, proposal, { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }), place }

#define GC         "garbage collection"
#define FUNC_REFS  "function references"
#define EXCEPTIONS "exception handling"
#define MEMORY64   "memory64"
#define THREADS    "threads"
#define STACK      "stack switching"
#define CUSTOM     "custom descriptors"
#define COMPACT    "compact import section"

static const struct form forms[] = {
    FORM(IN_IMPORT, COMPACT, "imports of one module", 0x7f, 1, 1, 'f', 0, 0),
    FORM(IN_IMPORT, COMPACT, "imports of one module and kind", 0x7e, 0, 0, 1, 1, 'f'),
    FORM(IN_TYPE, GC, "rec", 0x4e, 1, 0x60, 0, 0),
    FORM(IN_TYPE, GC, "sub", 0x50, 0, 0x60, 0, 0),
    FORM(IN_TYPE, GC, "sub final", 0x4f, 0, 0x60, 0, 0),
    FORM(IN_TYPE, GC, "struct", 0x5f, 1, 0x7f, 0),
    FORM(IN_TYPE, GC, "array", 0x5e, 0x78, 1),
    FORM(IN_TYPE, STACK, "cont", 0x5d, 0),
    FORM(IN_TYPE, CUSTOM, "descriptor", 0x4d, 1, 0x5f, 0),
    FORM(IN_TYPE, CUSTOM, "describes", 0x4c, 0, 0x5f, 0),
    FORM(IN_TYPE, "shared-everything threads", "shared", 0x65, 0x5f, 0),
    FORM(IN_TYPE, FUNC_REFS, "(ref null 0)", 0x60, 1, 0x63, 0, 0),
    FORM(IN_TYPE, FUNC_REFS, "(ref func)", 0x60, 0, 1, 0x64, 0x70),
    FORM(IN_TYPE, EXCEPTIONS, "exnref", 0x60, 1, 0x69, 0),
    FORM(IN_TYPE, EXCEPTIONS, "nullexnref", 0x60, 1, 0x74, 0),
    FORM(IN_TYPE, GC, "arrayref", 0x60, 1, 0x6a, 0),
    FORM(IN_TYPE, GC, "structref", 0x60, 1, 0x6b, 0),
    FORM(IN_TYPE, GC, "i31ref", 0x60, 1, 0x6c, 0),
    FORM(IN_TYPE, GC, "eqref", 0x60, 1, 0x6d, 0),
    FORM(IN_TYPE, GC, "anyref", 0x60, 1, 0x6e, 0),
    FORM(IN_TYPE, GC, "nullref", 0x60, 1, 0x71, 0),
    FORM(IN_TYPE, GC, "nullexternref", 0x60, 1, 0x72, 0),
    FORM(IN_TYPE, GC, "nullfuncref", 0x60, 1, 0x73, 0),
    FORM(IN_TYPE, STACK, "contref", 0x60, 1, 0x68, 0),
    FORM(IN_IMPORT, EXCEPTIONS, "tag", 4, 0, 0),
    FORM(IN_IMPORT, CUSTOM, "exact function", 0x20, 0),
    FORM(IN_IMPORT, MEMORY64, "memory of i64", 2, 4, 1),
    FORM(IN_IMPORT, THREADS, "shared memory", 2, 3, 1, 1),
    FORM(IN_IMPORT, FUNC_REFS, "global (ref 0)", 3, 0x64, 0, 0),
    FORM(IN_IMPORT, GC, "global anyref", 3, 0x6e, 0),
    FORM(IN_TABLE, FUNC_REFS, "(ref null 0)", 0x63, 0, 0, 1),
    FORM(IN_TABLE, FUNC_REFS, "initial value", 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b),
    FORM(IN_TABLE, GC, "i31ref", 0x6c, 0, 1),
    FORM(IN_TABLE, MEMORY64, "of i64", 0x70, 4, 1),
    FORM(IN_TABLE, MEMORY64, "of i64 with a maximum", 0x70, 5, 1, 1),
    FORM(IN_TABLE, THREADS, "shared", 0x70, 3, 1, 1),
    FORM(IN_MEMORY, MEMORY64, "of i64", 4, 1),
    FORM(IN_MEMORY, MEMORY64, "of i64 with a maximum", 5, 1, 1),
    FORM(IN_MEMORY, MEMORY64, "of i64, shared", 7, 1, 1),
    FORM(IN_MEMORY, THREADS, "shared", 3, 1, 1),
    FORM(IN_MEMORY, "custom page sizes", "pages of one byte", 8, 1, 0),
    FORM(IN_MEMORY, "custom page sizes", "pages of one byte with a maximum", 9, 1, 1, 0),
    FORM(IN_TAG, EXCEPTIONS, "tag section", 0, 0),
    FORM(IN_EXPORT, EXCEPTIONS, "tag", 4, 0),
    FORM(IN_ELEM, FUNC_REFS, "(ref func)", 5, 0x64, 0x70, 0),
    FORM(IN_ELEM, FUNC_REFS, "(ref null 0)", 5, 0x63, 0, 0),
    FORM(IN_ELEM, GC, "anyref", 5, 0x6e, 0),
    FORM(IN_CONST, FUNC_REFS, "ref.null 0", 0xd0, 0, 0x0b),
    FORM(IN_CONST, GC, "ref.null none", 0xd0, 0x71, 0x0b),
    FORM(IN_CONST, GC, "struct.new", 0xfb, 0, 0, 0x0b),
    FORM(IN_CONST, GC, "ref.i31", 0xfb, 28, 0x0b),
    FORM(IN_LOCAL, FUNC_REFS, "(ref null func)", 1, 1, 0x63, 0x70),
    FORM(IN_LOCAL, GC, "eqref", 1, 1, 0x6d),
    FORM(IN_LOCAL, EXCEPTIONS, "exnref", 1, 1, 0x69),
    FORM(IN_CODE, FUNC_REFS, "block of a typed reference", 0x02, 0x63, 0x70, 0x0b),
    FORM(IN_CODE, FUNC_REFS, "loop of a reference that is not null", 0x03, 0x64, 0x70, 0x0b),
    FORM(IN_CODE, GC, "if of anyref", 0x04, 0x6e, 0x0b),
    FORM(IN_CODE, EXCEPTIONS, "block of exnref", 0x02, 0x69, 0x0b),
    FORM(IN_CODE, EXCEPTIONS, "try", 0x06, 0x40, 0x0b),
    FORM(IN_CODE, EXCEPTIONS, "catch", 0x07, 0),
    FORM(IN_CODE, EXCEPTIONS, "throw", 0x08, 0),
    FORM(IN_CODE, EXCEPTIONS, "rethrow", 0x09, 0),
    FORM(IN_CODE, EXCEPTIONS, "throw_ref", 0x0a),
    FORM(IN_CODE, EXCEPTIONS, "delegate", 0x18, 0),
    FORM(IN_CODE, EXCEPTIONS, "catch_all", 0x19),
    FORM(IN_CODE, EXCEPTIONS, "try_table", 0x1f, 0x40, 0, 0x0b),
    FORM(IN_CODE, FUNC_REFS, "call_ref", 0x14, 0),
    FORM(IN_CODE, FUNC_REFS, "return_call_ref", 0x15, 0),
    FORM(IN_CODE, FUNC_REFS, "ref.null 0", 0xd0, 0),
    FORM(IN_CODE, FUNC_REFS, "ref.null of an index of several bytes", 0xd0, 0xe5, 0),
    FORM(IN_CODE, GC, "ref.null any", 0xd0, 0x6e),
    FORM(IN_CODE, EXCEPTIONS, "ref.null exn", 0xd0, 0x69),
    FORM(IN_CODE, GC, "ref.eq", 0xd3),
    FORM(IN_CODE, FUNC_REFS, "ref.as_non_null", 0xd4),
    FORM(IN_CODE, FUNC_REFS, "br_on_null", 0xd5, 0),
    FORM(IN_CODE, FUNC_REFS, "br_on_non_null", 0xd6, 0),
    FORM(IN_CODE, FUNC_REFS, "select of a typed reference", 0x1c, 1, 0x63, 0x70),
    FORM(IN_CODE, GC, "struct.new", 0xfb, 0, 0),
    FORM(IN_CODE, GC, "array.len", 0xfb, 15),
    FORM(IN_CODE, GC, "br_on_cast", 0xfb, 24, 0, 0, 0, 0),
    FORM(IN_CODE, GC, "i31.get_u", 0xfb, 30),
    FORM(IN_CODE, CUSTOM, "ref.get_desc", 0xfb, 34, 0),
    FORM(IN_CODE, STACK, "cont.new", 0xe0, 0),
    FORM(IN_CODE, STACK, "suspend", 0xe2, 0),
    FORM(IN_CODE, THREADS, "memory.atomic.notify", 0xfe, 0, 2, 0),
    FORM(IN_CODE, THREADS, "atomic.fence", 0xfe, 3, 0),
    FORM(IN_CODE, "wide arithmetic", "i64.add128", 0xfc, 0x13),
    FORM(IN_CODE, "relaxed SIMD", "i8x16.relaxed_swizzle", 0xfd, 0x80, 0x02),
};

static void section(struct buffer *b, uint8_t id, const void *bytes, size_t size)
{
    buffer_u8(b, id);
    buffer_u8(b, (uint8_t)size);
    buffer_bytes(b, bytes, size);
}

/* A count of one, what comes before the form, the form. */
static void entry(struct buffer *b, const struct form *f, const char *before, size_t size)
{
    struct buffer content = BUFFER_INIT;
    buffer_u8(&content, 1);
    buffer_bytes(&content, before, size);
    buffer_bytes(&content, f->bytes, f->size);
    section(b, (uint8_t)f->place, content.data, content.size);
    buffer_done(&content);
}

/* A function [] -> [] around locals or code. */
static void body(struct buffer *b, const struct form *f)
{
    struct buffer content = BUFFER_INIT;
    section(b, 3, "\1\0", 2);
    section(b, 5, "\1\1\1\1", 4);
    buffer_u8(&content, 1);
    buffer_u8(&content, (uint8_t)(f->size + (f->place == IN_CODE ? 2 : 1)));
    if (f->place == IN_CODE)
        buffer_u8(&content, 0);
    buffer_bytes(&content, f->bytes, f->size);
    buffer_u8(&content, 0x0b);
    section(b, 10, content.data, content.size);
    buffer_done(&content);
}

static void build(struct buffer *b, const struct form *f)
{
    struct buffer global = BUFFER_INIT;
    buffer_bytes(b, "\0asm\1\0\0\0", 8);
    if (f->place != IN_TYPE)
        section(b, 1, "\1\x60\0\0", 4);
    if (f->place == IN_CODE || f->place == IN_LOCAL) {
        body(b, f);
    } else if (f->place == IN_CONST) {
        buffer_bytes(&global, "\1\x70\0", 3);
        buffer_bytes(&global, f->bytes, f->size);
        section(b, 6, global.data, global.size);
    } else {
        entry(b, f, "\0\0", f->place == IN_IMPORT ? 2 : f->place == IN_EXPORT ? 1 : 0);
    }
    buffer_done(&global);
}

static void forms_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct buffer b = BUFFER_INIT;
        struct error error = ERROR_INIT;
        struct rt_module *m = NULL;
        char wanted[80];
        build(&b, &forms[i]);
        enum status status = rt_module_load(b.data, b.size, NULL, &m, &error);
        snprintf(wanted, sizeof wanted, "needs the %s proposal: ", forms[i].proposal); /* and the way out */
        if (status != STATUS_UNSUPPORTED || !strstr(error.text, wanted))
            print_error("%s, wanted \"%s\": %s\n", forms[i].what, wanted, error.text);
        assert_int_equal(status, STATUS_UNSUPPORTED);
        assert_non_null(strstr(error.text, wanted));
        assert_null(m);
        buffer_done(&b);
    }
}

/* The frame around the forms is valid: with forms of 2.0 in their places, modules are accepted. */
static void the_frame_is_valid(void **state)
{
    static const struct form plain[] = {
        FORM(IN_TYPE, "", "func", 0x60, 1, 0x6f, 1, 0x70), FORM(IN_IMPORT, "", "global", 3, 0x70, 0),
        FORM(IN_TABLE, "", "table", 0x70, 1, 1, 1),        FORM(IN_MEMORY, "", "memory", 1, 1, 1),
        FORM(IN_ELEM, "", "passive", 5, 0x70, 0),          FORM(IN_CONST, "", "ref.null func", 0xd0, 0x70, 0x0b),
        FORM(IN_LOCAL, "", "funcref", 1, 1, 0x70),         FORM(IN_CODE, "", "nop", 0x01),
    };
    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        struct buffer b = BUFFER_INIT;
        struct error error = ERROR_INIT;
        build(&b, &plain[i]);
        if (rt_module_validate(b.data, b.size, NULL, &error) != STATUS_OK)
            fail_msg("%s: %s", plain[i].what, error.text);
        buffer_done(&b);
    }
}

static void components_are_refused_by_name(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    assert_int_equal(rt_module_validate("\0asm\x0d\0\1\0", 8, NULL, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "needs the component model proposal: "));
    assert_non_null(strstr(error.text, "`wasm-tools component unbundle"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_refused_by_name),
        cmocka_unit_test(the_frame_is_valid),
        cmocka_unit_test(components_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
