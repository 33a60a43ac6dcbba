/* checker/linux_errno.def against this kernel's header, and that no name of WASI's is missing from it. */
#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wasi/abi/abi.h"

static void test_the_numbers_are_those_of_linux(void **state)
{
    (void)state;
#define NUMBER(name, number) assert_int_equal(number, E##name);
#include "checker/linux_errno.def"
#undef NUMBER
}

static void test_every_name_has_one(void **state)
{
    uint32_t named[WASI_ERRNO_COUNT] = { 0 };
    (void)state;
#define NUMBER(name, number) named[WASI_##name]++;
#include "checker/linux_errno.def"
#undef NUMBER
    for (uint32_t i = 0; i < WASI_ERRNO_COUNT; i++)
        assert_int_equal(named[i], i != WASI_SUCCESS && i != WASI_NOTCAPABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_numbers_are_those_of_linux),
        cmocka_unit_test(test_every_name_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
