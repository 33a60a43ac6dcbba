/* JSON: commas, keys and nesting come out right whatever is written in whichever order, and strings are escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/base.h"
#include "runtime/base/json_writer.h"

static void assert_text(struct buffer *out, const char *expected)
{
    buffer_u8(out, 0);
    assert_int_equal(out->status, STATUS_OK);
    assert_string_equal((const char *)out->data, expected);
    buffer_clear(out);
}

static void test_values(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    json_object_begin(&json, NULL);
    json_u64(&json, "most", UINT64_MAX);
    json_i64(&json, "least", INT64_MIN);
    json_bool(&json, "yes", true);
    json_null(&json, "none");
    json_string(&json, "no text", NULL);
    json_string(&json, "empty", "");
    json_bytes(&json, "nul", "a\0b", 3);
    json_string(&json, "k\"\\\n", "\x1b[2J\xff\"");
    json_number(&json, "number", "1e3", 3);
    json_hex(&json, "hex", (const uint8_t *)"\x00\xfe", 2);
    json_hex_u64(&json, "digest", 0xab);
    json_object_end(&json);
    assert_text(&out, "{\"most\":18446744073709551615,\"least\":-9223372036854775808,\"yes\":true,\"none\":null,"
                      "\"no text\":null,\"empty\":\"\",\"nul\":\"a\\u0000b\",\"k\\\"\\\\\\u000a\":"
                      "\"\\u001b[2J\\udcff\\\"\",\"number\":1e3,\"hex\":\"00fe\",\"digest\":\"00000000000000ab\"}");
    buffer_done(&out);
}

/* A comma stands between two elements of every object and array, and nowhere else. */
static void test_nesting(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    json_array_begin(&json, NULL);
    json_object_begin(&json, NULL);
    json_object_end(&json);
    json_array_begin(&json, NULL);
    json_u64(&json, NULL, 1);
    json_array_begin(&json, NULL);
    json_array_end(&json);
    json_u64(&json, NULL, 2);
    json_array_end(&json);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "a");
    json_array_end(&json);
    json_object_begin(&json, "b");
    json_bool(&json, "c", false);
    json_object_end(&json);
    json_object_end(&json);
    json_array_end(&json);
    assert_text(&out, "[{},[1,[],2],{\"a\":[],\"b\":{\"c\":false}}]");
    buffer_done(&out);
}

/* As deep as it may be: the commas of no level get lost. */
static void test_depth(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    for (unsigned i = 0; i < JSON_DEPTH_MAX - 1; i++) {
        json_array_begin(&json, NULL);
        json_u64(&json, NULL, i);
    }
    for (unsigned i = 0; i < JSON_DEPTH_MAX - 1; i++) {
        json_u64(&json, NULL, i);
        json_array_end(&json);
    }
    assert_int_equal(json.depth, 0);
    buffer_u8(&out, 0);
    const char *at = (const char *)out.data;
    unsigned commas = 0;
    for (; *at; at++)
        commas += *at == ',';
    assert_int_equal(commas, 2 * (JSON_DEPTH_MAX - 1) - 1);
    assert_null(strstr((const char *)out.data, ",,"));
    assert_null(strstr((const char *)out.data, "[,"));
    assert_null(strstr((const char *)out.data, ",]"));
    buffer_done(&out);
}

/* An element per line, and the buffer is emptied in between, as a long answer does. */
static void test_lines_and_pieces(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    json_array_begin(&json, NULL);
    json_line(&json);
    json_u64(&json, NULL, 1);
    assert_text(&out, "[\n1");
    json_line(&json);
    json_u64(&json, NULL, 2);
    assert_text(&out, ",\n2");
    json_array_end(&json);
    assert_text(&out, "]");
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_lines_and_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
