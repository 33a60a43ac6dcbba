/* The verifier against code that was written by hand: honest functions pass, and each seeded fault, which is one of
 * them with a line changed, is refused. Three functions share a text: the one at hand, another of the same type, a way
 * in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/module.h"
#include "runtime/verify/verify.h"

enum { OTHER = 0x400, WAY_IN = 0x600, TEXT = 0x800, DATA = 0x1000, SIZE = 0x2000, SITES = 4 };

/* (memory 1) (table 2 funcref), a global that changes and one that does not, and two functions (i32) -> i32 with frames
 * of 4 and of 8 slots. */
static const uint8_t module_bytes[] = {
#include "tests/unit/verify_module.def"
};

static const struct row {
    const char *name;
    bool honest;
    uint32_t size;
    const char *code;
} rows[] = {
#define HONEST(name, size, code) { name, true, size, code },
#define FAULT(name, size, code)  { name, false, size, code },
#include "tests/unit/verify_faults.def"
};

static struct rt_module *load(void)
{
    struct rt_module *module = NULL;
    struct error error = ERROR_INIT;
    if (rt_module_load(module_bytes, sizeof module_bytes, NULL, &module, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return module;
}

/* Returns why the first function is refused, or NULL; the two others are honest. */
static const char *verify(const struct rt_module *module, const char *code, uint32_t size)
{
    static const uint8_t other[] = { 0x48, 0x89, 0xd0, 0xba, 1, 0, 0, 0, 0xc3 }; /* mov rax, rdx; mov edx, 1; ret */
    static const uint8_t way_in[] = { 0xc3 };
    uint8_t *image = calloc(1, SIZE);
    assert_non_null(image);
    memset(image, 0x90, TEXT);
    memcpy(image, code, size);
    memcpy(image + OTHER, other, sizeof other);
    memcpy(image + WAY_IN, way_in, sizeof way_in);
    for (uint32_t i = 0; i < 4; i++) /* a jump table: to 0x40, 0x50 and again */
        memcpy(image + DATA + 4 * i, &(int32_t) { (int32_t)(0x40 + i % 2 * 0x10) - DATA }, 4);
    memcpy(image + DATA + 16, &(int32_t) { 1 << 28 }, 4);
    struct verify_start starts[] = { { .at = 0, .function = 0 },
                                     { .at = OTHER, .function = 1 },
                                     { .at = WAY_IN, .function = 0, .way_in = true } };
    struct verify_object object = { .image = image,
                                    .size = SIZE,
                                    .text_bytes = TEXT,
                                    .data = DATA,
                                    .starts = starts,
                                    .start_count = 3,
                                    .site_count = SITES,
                                    .module = module };
    uint32_t refused = 0;
    struct error error = ERROR_INIT;
    assert_int_equal(verify_object(&object, &refused, &error), STATUS_OK);
    assert_null(starts[1].refused);
    assert_null(starts[2].refused);
    assert_int_equal(refused, starts[0].refused != NULL);
    free(image);
    return starts[0].refused;
}

static void test_rows(void **state)
{
    struct rt_module *module = load();
    uint32_t honest = 0, wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = verify(module, rows[i].code, rows[i].size);
        if ((why == NULL) != rows[i].honest) {
            printf("%s: %s\n", rows[i].name, why ? why : "is not refused");
            wrong++;
        }
        honest += rows[i].honest;
    }
    assert_int_equal(wrong, 0);
    assert_in_range(sizeof rows / sizeof *rows - honest, 20, 1000);
    rt_module_free(module);
    (void)state;
}

/* Code that is cut off anywhere, or that begins anywhere, is refused or honest; nothing is read behind it (ASan). */
static void test_cut(void **state)
{
    struct rt_module *module = load();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].honest)
            for (uint32_t size = 0; size < rows[i].size; size++)
                if (!verify(module, rows[i].code, size) && size + 2 < rows[i].size &&
                    strcmp(rows[i].name, "table") != 0)
                    fail_msg("%s, cut to %u bytes, is not refused", rows[i].name, size);
    rt_module_free(module);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_cut) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
