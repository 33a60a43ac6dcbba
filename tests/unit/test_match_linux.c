/* The matcher's numbers of Linux, by machine: this machine's against its headers, the other's against what stands in
 * the kernel's own text. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "checker/match_want.h"

static void test_bits_are_the_headers(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits[SYSCALL_MACHINE_COUNT], header;
        const char *name;
    } rows[] = {
#define OPEN_BIT(name, x86_64, arm64) { { x86_64, arm64 }, O_##name, #name },
#include "checker/linux_open.def"
#undef OPEN_BIT
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].header != 0 && rows[i].bits[SYSCALL_MACHINE_HERE] != rows[i].header) /* libc's O_LARGEFILE is 0 */
            fail_msg("O_%s is 0%o here", rows[i].name, rows[i].header);
}

static void test_open_flags_by_machine(void **state)
{
    (void)state;
    const uint32_t folder = OPEN_READ | OPEN_DIRECTORY, made = OPEN_WRITE | OPEN_CREATE | OPEN_NOFOLLOW;
    /* O_CLOEXEC | O_NOCTTY, and O_DIRECTORY or O_WRONLY | O_CREAT | O_NOFOLLOW */
    assert_int_equal(match_linux_open_flags(folder, SYSCALL_MACHINE_X86_64), 02000400 | 0200000);
    assert_int_equal(match_linux_open_flags(folder, SYSCALL_MACHINE_ARM64), 02000400 | 040000);
    assert_int_equal(match_linux_open_flags(made, SYSCALL_MACHINE_X86_64), 02000400 | 01 | 0100 | 0400000);
    assert_int_equal(match_linux_open_flags(made, SYSCALL_MACHINE_ARM64), 02000400 | 01 | 0100 | 0100000);
    assert_true(match_linux_open_flags(folder, SYSCALL_MACHINE_COUNT) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_bits_are_the_headers),
                                        cmocka_unit_test(test_open_flags_by_machine) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
