/* Loading takes time linear in a module's size, with a small constant: each module here is a few megabytes at most, and
 * is loaded in well under a second; a validator that spends a type list's, a local's or a label's length once too often
 * needs minutes for some of them, and runs into the test's timeout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "rt_build.h"

enum { BODY_BYTES = 4000000, MANY = 1000 }; /* below LIMIT_FUNCTION_BYTES; LIMIT_PARAMS */

static void leb(struct buffer *b, uint32_t v)
{
    do {
        buffer_u8(b, (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
        v >>= 7;
    } while (v > 0);
}

/* "iii...:iii..." */
static const char *type_of(unsigned params, unsigned results)
{
    static char text[2 * MANY + 2];
    memset(text, 'i', sizeof text);
    text[params] = ':';
    text[params + 1 + results] = 0;
    return text;
}

/* Type 0 is [] -> 1000 results, 1 is 1000 -> 1000, 2 is [] -> []; functions 0 to 2 have them. */
static void begin(struct rt_build *b)
{
    *b = (struct rt_build) { .memory_max = 0 };
    rt_build_function(b, type_of(0, MANY), "", CODE(0x00));
    rt_build_function(b, type_of(MANY, MANY), "", CODE(0x00));
    rt_build_function(b, ":", "", CODE(0x00));
}

/* `count` functions of this type and body. */
static void functions(struct rt_build *b, unsigned type, const struct buffer *body, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        leb(&b->functions, type);
        leb(&b->bodies, (uint32_t)body->size);
        buffer_bytes(&b->bodies, body->data, body->size);
    }
    b->function_count += count;
}

/* Loads and frees the module. */
static void load(struct rt_build *b, const char *what)
{
    struct rt_module *m = NULL;
    struct error error = ERROR_INIT;
    clock_t start = clock();
    rt_build_finish(b);
    size_t size = b->module.size;
    if (rt_module_load(b->module.data, size, NULL, &m, &error) != STATUS_OK)
        fail_msg("%s: %s", what, error.text);
    print_message("%s: %zu bytes, %.0f ms\n", what, size, (double)(clock() - start) * 1000 / CLOCKS_PER_SEC);
    rt_module_free(m);
    rt_build_done(b);
}

/* One function of type 2, of `count` times `piece` between `before` and `after`. */
static void repeat(const char *what, const char *before, size_t before_size, const char *piece, size_t piece_size,
                   uint32_t count, const char *after, size_t after_size)
{
    struct rt_build b;
    struct buffer body = BUFFER_INIT;
    begin(&b);
    buffer_u8(&body, 0);
    buffer_bytes(&body, before, before_size);
    for (uint32_t i = 0; i < count && body.size + piece_size < BODY_BYTES; i++)
        buffer_bytes(&body, piece, piece_size);
    buffer_bytes(&body, after, after_size);
    functions(&b, 2, &body, 1);
    buffer_done(&body);
    load(&b, what);
}
#define REPEAT(what, before, piece, count, after)                                                                      \
    repeat(what, before, sizeof before - 1, piece, sizeof piece - 1, count, after, sizeof after - 1)

static void blocks_nest_deeply(void **state)
{
    (void)state;
    static const char *const kinds[] = { "\x02\x40", "\x02\x01" };
    for (unsigned kind = 0; kind < 2; kind++) {
        struct rt_build b;
        struct buffer body = BUFFER_INIT;
        begin(&b);
        buffer_u8(&body, 0);
        for (unsigned times = 0; times < 8; times++) {
            buffer_bytes(&body, "\x10\0", kind == 1 ? 2 : 0);
            for (uint32_t i = 1; i < LIMIT_BLOCK_DEPTH; i++)
                buffer_bytes(&body, kinds[kind], 2);
            if (kind == 0) { /* to the outermost, from the innermost */
                buffer_bytes(&body, "\x41\0\x0d", 3);
                leb(&body, LIMIT_BLOCK_DEPTH - 2);
            }
            for (uint32_t i = 1; i < LIMIT_BLOCK_DEPTH; i++)
                buffer_u8(&body, 0x0b);
            for (unsigned i = 0; kind == 1 && i < MANY; i++)
                buffer_u8(&body, 0x1a);
        }
        buffer_u8(&body, 0x0b);
        functions(&b, 2, &body, 1);
        buffer_done(&body);
        load(&b, kind == 0 ? "nested blocks" : "nested blocks of 1000 values");
    }
}

/* Labels that take 1000 values, all the same and many different ones. */
static void branch_tables_are_long(void **state)
{
    (void)state;
    for (unsigned different = 0; different < 2; different++) {
        struct rt_build b;
        struct buffer body = BUFFER_INIT;
        uint32_t depth = different ? 100 : 1;
        begin(&b);
        buffer_u8(&body, 0);
        for (uint32_t i = 0; i < depth; i++)
            buffer_bytes(&body, "\x02\0", 2); /* block [] -> 1000 */
        while (body.size + LIMIT_BR_TABLE + 10 < BODY_BYTES) {
            buffer_bytes(&body, "\x02\0\x10\0\x41\0\x0e", 7); /* block, call 0, i32.const 0, br_table */
            leb(&body, LIMIT_BR_TABLE);
            for (uint32_t i = 0; i <= LIMIT_BR_TABLE; i++)
                leb(&body, i % depth);
            buffer_u8(&body, 0x0b);
            for (unsigned i = 0; i < MANY; i++)
                buffer_u8(&body, 0x1a);
        }
        buffer_bytes(&body, "\x10\0", 2);
        for (uint32_t i = 0; i < depth; i++)
            buffer_u8(&body, 0x0b);
        for (unsigned i = 0; i < MANY; i++)
            buffer_u8(&body, 0x1a);
        buffer_u8(&body, 0x0b);
        functions(&b, 2, &body, 3);
        buffer_done(&body);
        load(&b, different ? "br_tables of 100 labels with 1000 values" : "br_tables of one label with 1000 values");
    }
}

static void lists_are_long(void **state)
{
    (void)state;
    /* what is left on the stack is left in code that is not reached */
    REPEAT("br_if with 1000 values", "\x02\0\x10\0", "\x41\0\x0d\0", UINT32_MAX, "\x0b\x00\x0b");
    REPEAT("calls of 1000 values", "\x10\0", "\x10\1", UINT32_MAX, "\x00\x0b");
    REPEAT("ifs of 1000 values", "\x10\0", "\x41\0\x04\1\x05\x0b", UINT32_MAX, "\x00\x0b");
    REPEAT("loops of 1000 values", "\x10\0", "\x03\1\x0b", UINT32_MAX, "\x00\x0b");
    REPEAT("br_if with 1000 values in dead code", "\x02\0\x00", "\x0d\0\x00", UINT32_MAX, "\x0b\x00\x0b");
    REPEAT("selects", "", "\x41\0\x41\0\x41\0\x1b\x1a", UINT32_MAX, "\x0b");
    REPEAT("selects in dead code", "\x00", "\x1b", UINT32_MAX, "\x00\x0b");
}

/* Each function's locals or parameters cost more memory than its bytes. */
static void locals_are_many(void **state)
{
    struct rt_build b;
    struct buffer body = BUFFER_INIT;
    (void)state;
    buffer_u8(&body, 1);
    leb(&body, LIMIT_LOCALS);
    buffer_bytes(&body, "\x7f\x0b", 2);
    begin(&b);
    functions(&b, 2, &body, 300000);
    load(&b, "functions with 50,000 locals");
    buffer_done(&body);
    buffer_bytes(&body, "\0\0\x0b", 3);
    begin(&b);
    functions(&b, 1, &body, 450000);
    load(&b, "functions with 1000 parameters");
    buffer_done(&body);
    /* 50,000 groups, and each local is read many times */
    leb(&body, LIMIT_LOCALS);
    for (uint32_t i = 0; i < LIMIT_LOCALS; i++)
        buffer_bytes(&body, i % 2 ? "\1\x7f" : "\1\x7e", 2);
    for (uint32_t i = 0; i < 500000; i++) {
        buffer_u8(&body, 0x20);
        leb(&body, (i * 7919) % LIMIT_LOCALS);
        buffer_u8(&body, 0x1a);
    }
    buffer_u8(&body, 0x0b);
    begin(&b);
    functions(&b, 2, &body, 3);
    load(&b, "50,000 groups of locals");
    buffer_done(&body);
}

/* All types differ, in their last parameters only; then all are equal. */
static void types_are_many(void **state)
{
    (void)state;
    for (unsigned equal = 0; equal < 2; equal++) {
        struct rt_build b;
        begin(&b);
        for (uint32_t n = 0; n < 100000; n++) {
            buffer_bytes(&b.types, "\x60\x1c", 2);
            for (unsigned i = 0; i < 28; i++)
                buffer_u8(&b.types, !equal && i >= 10 && n >> (i - 10) & 1 ? 0x7e : 0x7f);
            buffer_u8(&b.types, 0);
        }
        b.type_count += 100000;
        load(&b, equal ? "equal types" : "different types");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_nest_deeply), cmocka_unit_test(branch_tables_are_long),
        cmocka_unit_test(lists_are_long),     cmocka_unit_test(locals_are_many),
        cmocka_unit_test(types_are_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
