/* Coverage: a small guest's lines against numbers counted by hand, and told lines that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "replay/coverage.h"
#include "rt_build.h"

struct world {
    struct rt_module *module;
    struct rt_instance *instance;
    struct profiler *profiler;
    struct profile profile;
};

/* 0: counts its argument down in a loop, then divides by its own argument, which is 0. 1: is not called. */
static void world_run(struct world *w)
{
    struct rt_build b = { .memory_max = 0 };
    struct rt_code_watch watch;
    uint64_t arg = 5, result;
    rt_build_function(&b, "i:i", "",
                      CODE(0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 7, 0x20, 0, 0x6e, 0x01));
    rt_build_function(&b, "i:i", "", CODE(0x20, 0));
    rt_build_name(&b, 0, "count\nDA:1,1");
    *w = (struct world) { .module = rt_build_load(&b) };
    assert_int_equal(rt_instance_create(w->module, NULL, 0, NULL, &w->instance, NULL), STATUS_OK);
    assert_int_equal(profiler_create(&w->profiler, &watch, NULL), STATUS_OK);
    assert_int_equal(rt_instance_watch_code(w->instance, &watch, NULL), STATUS_OK);
    assert_int_equal(rt_call(w->instance, 0, &arg, 1, &result, 1, NULL), STATUS_TRAPPED);
    assert_int_equal(profiler_get(w->profiler, w->module, w->instance, &w->profile, NULL), STATUS_OK);
}

static void world_close(struct world *w)
{
    profile_done(&w->profile);
    profiler_free(w->profiler);
    rt_instance_free(w->instance);
    rt_module_free(w->module);
}

static void tell_file(struct buffer *told, const char *name)
{
    buffer_u8(told, COVERAGE_FILE);
    buffer_blob(told, name, strlen(name));
}

static void tell_row(struct buffer *told, uint32_t first, uint32_t past, uint32_t file, uint32_t line)
{
    buffer_u8(told, COVERAGE_ROW);
    buffer_u32(told, first);
    buffer_u32(told, past);
    buffer_u32(told, file);
    buffer_u32(told, line);
}

/* Lines of the guest above, in no order; a.c is told twice. */
static void tell(const struct world *w, struct buffer *told)
{
    const uint32_t first = w->profile.functions[0].offset, second = w->profile.functions[1].offset;
    tell_file(told, "a.c");
    tell_file(told, "b.c");
    tell_file(told, "a.c");
    tell_row(told, first + 1, first + 3, 0, 11);   /* loop */
    tell_row(told, first + 3, first + 12, 2, 12);  /* get const sub tee br_if */
    tell_row(told, first + 12, first + 13, 0, 13); /* end */
    tell_row(told, first + 13, first + 18, 0, 14); /* const get div_u */
    tell_row(told, first + 18, first + 20, 0, 15); /* nop end */
    tell_row(told, first, first + 1, 2, 10);       /* the call */
    tell_row(told, first + 13, first + 15, 1, 3);  /* const, of an inlined function */
    tell_row(told, second, second + 4, 1, 9);
}

static void text_of(const struct world *w, const struct coverage_lines *lines, struct buffer *ret)
{
    uint32_t left;
    assert_int_equal(coverage_lcov(&w->profile, lines, "functions", ret, &left, NULL), STATUS_OK);
    assert_int_equal(left, 0);
    buffer_u8(ret, 0);
}

static void hand_counts(void **state)
{
    (void)state;
    struct world w;
    struct buffer told = BUFFER_INIT, text = BUFFER_INIT;
    struct coverage_lines lines;
    world_run(&w);
    tell(&w, &told);
    assert_int_equal(coverage_lines_read(told.data, told.size, &lines, NULL), STATUS_OK);
    text_of(&w, &lines, &text);
    assert_string_equal((const char *)text.data, "TN:\nSF:a.c\nFN:10,count\\nDA:1,1\nFNDA:1,count\\nDA:1,1\nFNF:1\n"
                                                 "FNH:1\nDA:10,1\nDA:11,5\nDA:12,5\nDA:13,1\nDA:14,1\nDA:15,0\n"
                                                 "LF:6\nLH:5\nend_of_record\n"
                                                 "TN:\nSF:b.c\nFN:9,function 1\nFNDA:0,function 1\nFNF:1\nFNH:0\n"
                                                 "DA:3,1\nDA:9,0\nLF:2\nLH:1\nend_of_record\n");
    coverage_lines_done(&lines);
    buffer_done(&told);
    buffer_done(&text);
    world_close(&w);
}

static void without_lines(void **state)
{
    (void)state;
    struct world w;
    struct buffer text = BUFFER_INIT;
    struct coverage_lines lines;
    world_run(&w);
    assert_int_equal(coverage_lines_read("", 0, &lines, NULL), STATUS_OK);
    text_of(&w, &lines, &text);
    assert_string_equal((const char *)text.data,
                        "TN:\nSF:functions\nFN:1,count\\nDA:1,1\nFN:2,function 1\nFNDA:1,count\\nDA:1,1\n"
                        "FNDA:0,function 1\nFNF:2\nFNH:1\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n");
    coverage_lines_done(&lines);
    buffer_done(&text);
    world_close(&w);
}

/* Whatever is changed or left out, it is refused or some lines come of it. */
static void lines_that_lie(void **state)
{
    (void)state;
    struct world w;
    struct buffer told = BUFFER_INIT, text = BUFFER_INIT;
    struct coverage_lines lines;
    uint32_t left, good = 0;
    world_run(&w);
    tell(&w, &told);
    for (size_t at = 0; at < 9 * told.size; at++) {
        const size_t size = at < 8 * told.size ? told.size : at - 8 * told.size;
        uint8_t *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, told.data, size);
        if (size == told.size)
            copy[at / 8] ^= (uint8_t)(1 << at % 8);
        if (coverage_lines_read(copy, size, &lines, NULL) == STATUS_OK) {
            buffer_clear(&text);
            assert_int_equal(coverage_lcov(&w.profile, &lines, "functions", &text, &left, NULL), STATUS_OK);
            coverage_lines_done(&lines);
            good++;
        }
        free(copy);
    }
    assert_true(good > 0);
    buffer_done(&told);
    buffer_done(&text);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(hand_counts), cmocka_unit_test(without_lines),
                                        cmocka_unit_test(lines_that_lie) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
