/* The checker's view of the table of system calls: who may issue what and when, and with which operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "wasi/abi/abi.h"

static int64_t nr(const char *name)
{
    int64_t number = impact_number(SYSCALL_MACHINE_X86_64, name);
    assert_true(number >= 0);
    return number;
}

/* Every op's system call is known, has words, and is nobody's own once the guest runs, the clock excepted: else a
 * missing call could pass for the runtime's. */
static void test_ops(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OP_COUNT; i++) {
        int64_t number = nr(abi_ops[i].syscall);
        assert_non_null(impact_text(SYSCALL_MACHINE_X86_64, number));
        assert_non_null(impact_stopped_by(SYSCALL_MACHINE_X86_64, number));
        assert_string_equal(impact_name(SYSCALL_MACHINE_X86_64, number), abi_ops[i].syscall);
        if (abi_ops[i].calls == OP_CALLS_ONE)
            assert_false(impact_allows(SYSCALL_MACHINE_X86_64, number, IMPACT_GUEST_RUN));
    }
}

static void test_phases(void **state)
{
    (void)state;
    assert_true(impact_allows(SYSCALL_MACHINE_X86_64, nr("dup2"), IMPACT_GUEST_LAUNCH));
    assert_false(impact_allows(SYSCALL_MACHINE_X86_64, nr("dup2"), IMPACT_GUEST_SETUP));
    assert_true(impact_allows(SYSCALL_MACHINE_X86_64, nr("seccomp"), IMPACT_GUEST_SETUP));
    assert_false(impact_allows(SYSCALL_MACHINE_X86_64, nr("seccomp"), IMPACT_GUEST_RUN));
    assert_true(impact_allows(SYSCALL_MACHINE_X86_64, nr("futex"), IMPACT_GUEST_RUN));
    assert_false(impact_allows(SYSCALL_MACHINE_X86_64, nr("socket"), IMPACT_GUEST_SETUP));
    assert_false(impact_allows(SYSCALL_MACHINE_X86_64, nr("ptrace"), IMPACT_RECORDER));
    assert_false(impact_allows(SYSCALL_MACHINE_X86_64, -1, IMPACT_GUEST_SETUP));
    assert_false(impact_allows(SYSCALL_MACHINE_X86_64, 9999, IMPACT_GUEST_SETUP));
    assert_null(impact_name(SYSCALL_MACHINE_X86_64, 9999));
}

static void test_operands(void **state)
{
    (void)state;
    if (impact_extra_roles != 0)
        return; /* a build with a sanitizer demands nothing */
    static const struct {
        const char *name;
        uint64_t arg[6];
        bool fits;
    } rows[] = {
        { "mmap", { 0, 4096, 3, 0x22 }, true },  { "mmap", { 0, 4096, 0, 0x4022 }, true },
        { "mmap", { 0, 4096, 7, 0x22 }, false }, { "mmap", { 0, 4096, 3, 0x32 }, false },
        { "mmap", { 0, 4096, 3, 0x01 }, false }, { "mmap", { 0, 4096, 3, 0x02 }, false },
        { "mprotect", { 0, 4096, 3 }, true },    { "mprotect", { 0, 4096, 5 }, false },
        { "mremap", { 0, 1, 2, 1 }, true },      { "mremap", { 0, 1, 2, 3 }, false },
        { "madvise", { 0, 1, 4 }, true },        { "madvise", { 0, 1, 100 }, false },
        { "futex", { 0, 0x80 }, true },          { "futex", { 0, 13 }, false },
        { "tgkill", { 77, 77, 6 }, true },       { "tgkill", { 77, 77, 9 }, false },
        { "tgkill", { 78, 78, 6 }, false },      { "munmap", { 0, 4096 }, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (impact_operands_fit(SYSCALL_MACHINE_X86_64, nr(rows[i].name), rows[i].arg, 77) != rows[i].fits)
            fail_msg("row %zu, %s", i, rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ops), cmocka_unit_test(test_phases),
                                        cmocka_unit_test(test_operands) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
