/* The table of system calls agrees with the other tables and with itself. (check_syscalls.py holds its numbers against
 * the kernel's headers.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <cmocka.h>
#include "wasi/abi/abi.h"
#include "wasi/abi/syscalls.h"

static void test_rows_are_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        assert_int_equal(strlen(row->effect), 5);
        assert_int_equal(strspn(row->effect, "-rwx"), 5);
        assert_ptr_equal(syscall_find_name(row->name), row);
        for (unsigned m = 0; m < SYSCALL_MACHINE_COUNT; m++) {
            int64_t number = syscall_row_number(row, m);
            if (number >= 0)
                assert_ptr_equal(syscall_find_number(m, number), row);
        }
        assert_int_equal(syscall_row_number(row, SYSCALL_MACHINE_COUNT), -1);
        if (row->check != SYSCALL_CHECK_ANY)
            assert_true(row->roles & SYSCALL_BY_GUEST);
        /* What can go around isolation says how; what crosses none needs no excuse. */
        if (strchr(row->effect, 'x') && !*row->bypass)
            assert_true(row->impact == SYSCALL_PROCESS || row->impact == SYSCALL_PRIVILEGE ||
                        row->impact == SYSCALL_DESCRIPTOR);
        assert_true(strlen(syscall_stopped_by(row)) > 10);
    }
    for (unsigned m = 0; m <= SYSCALL_MACHINE_COUNT; m++) {
        assert_null(syscall_find_number(m, -1));
        assert_null(syscall_find_number(m, 400));
        assert_null(syscall_find_number(m, 1024));
        assert_null(syscall_find_number(m, 100000));
    }
    assert_null(syscall_find_number(SYSCALL_MACHINE_COUNT, 1));
    assert_null(syscall_find_name("no_such_call"));
    assert_ptr_equal(syscall_find_number(SYSCALL_MACHINE_X86_64, 39 | SYSCALL_X32_BIT), &syscall_row_x32);
    assert_null(syscall_find_number(SYSCALL_MACHINE_ARM64, 39 | SYSCALL_X32_BIT));
}

/* Names as uname gives them, there and back; a machine that the table does not have is none of its machines. */
static void test_machines(void **state)
{
    (void)state;
    struct utsname here;
    for (unsigned m = 0; m < SYSCALL_MACHINE_COUNT; m++)
        assert_int_equal(syscall_machine_find(syscall_machine_name(m)), m);
    assert_int_equal(syscall_machine_find("riscv64"), SYSCALL_MACHINE_COUNT);
    assert_int_equal(syscall_machine_find(""), SYSCALL_MACHINE_COUNT);
    assert_int_equal(syscall_machine_find(NULL), SYSCALL_MACHINE_COUNT);
    assert_int_equal(uname(&here), 0);
    assert_int_equal(syscall_machine_find(here.machine), SYSCALL_MACHINE_HERE);
    assert_int_equal(syscall_row_number(syscall_find_name("openat2"), SYSCALL_MACHINE_HERE), SYS_openat2);
    assert_int_equal(syscall_row_number(syscall_find_name("close"), SYSCALL_MACHINE_ARM64), 57);
}

/* ops.def and the OP role name the same calls. */
static void test_ops_agree(void **state)
{
    (void)state;
    for (size_t op = 0; op < OP_COUNT; op++) {
        const struct syscall_row *row = syscall_find_name(abi_ops[op].syscall);
        unsigned role = abi_ops[op].calls == OP_CALLS_WALK ? SYSCALL_BY(BENEATH)
                                                           : SYSCALL_BY(OP) | SYSCALL_BY(NETWORK) | SYSCALL_BY(SOCKETS);
        if (!row || !(row->roles & role) || row->x86_64 < 0 || row->arm64 < 0)
            fail_msg("op %s: the row of %s has no role OP, or no number", abi_ops[op].text, abi_ops[op].syscall);
    }
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        bool used = false;
        for (size_t op = 0; op < OP_COUNT; op++)
            used = used || (abi_ops[op].calls != OP_CALLS_WALK && !strcmp(abi_ops[op].syscall, abi_syscalls[i].name));
        if (used != !!(abi_syscalls[i].roles & (SYSCALL_BY(OP) | SYSCALL_BY(NETWORK) | SYSCALL_BY(SOCKETS))))
            fail_msg("%s has the role OP and no op", abi_syscalls[i].name);
    }
}

/* The guest's process never has what opens a door. */
static void test_guest_has_no_door(void **state)
{
    (void)state;
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        if (!(row->roles & SYSCALL_BY_GUEST))
            continue;
        assert_true(row->impact != SYSCALL_CODE && row->impact != SYSCALL_PRIVILEGE);
        assert_int_equal(row->impact == SYSCALL_NETWORK,
                         row->roles & (SYSCALL_BY(NETWORK) | SYSCALL_BY(SOCKETS)) ? 1 : 0);
        assert_true(row->impact != SYSCALL_KERNEL && row->impact != SYSCALL_BYPASS);
    }
}

/* The interfaces known to go around isolation inside a process (PKU Pitfalls, Jenny and after): each has a row that
 * says how. */
static void test_known_bypasses(void **state)
{
    (void)state;
    static const char *const known[] = {
        "process_vm_readv",
        "process_vm_writev",
        "openat",
        "open",
        "ptrace",
        "mremap",
        "mmap",
        "memfd_create",
        "shmat",
        "munmap",
        "brk",
        "mprotect",
        "pkey_mprotect",
        "pkey_alloc",
        "pkey_free",
        "madvise",
        "process_madvise",
        "rt_sigreturn",
        "rt_sigaction",
        "sigaltstack",
        "seccomp",
        "prctl",
        "arch_prctl",
        "modify_ldt",
        "set_thread_area",
        "personality",
        "userfaultfd",
        "set_robust_list",
        "get_robust_list",
        "rseq",
        "set_tid_address",
        "clone",
        "clone3",
        "fork",
        "vfork",
        "execve",
        "execveat",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "io_submit",
        "open_by_handle_at",
        "name_to_handle_at",
        "pidfd_open",
        "pidfd_getfd",
        "recvmsg",
        "dup",
        "dup2",
        "dup3",
        "fcntl",
        "close",
        "close_range",
        "sendfile",
        "splice",
        "tee",
        "vmsplice",
        "copy_file_range",
        "ioctl",
        "bpf",
        "perf_event_open",
        "kexec_load",
        "kexec_file_load",
        "init_module",
        "finit_module",
        "delete_module",
        "reboot",
        "iopl",
        "ioperm",
        "syslog",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "move_mount",
        "open_tree",
        "fsopen",
        "fsconfig",
        "fsmount",
        "fspick",
        "unshare",
        "setns",
        "keyctl",
        "add_key",
        "request_key",
        "setuid",
        "setresuid",
        "capset",
        "setrlimit",
        "prlimit64",
        "umask",
        "setpgid",
        "setsid",
        "shmdt",
        "remap_file_pages",
        "kill",
        "tgkill",
        "setitimer",
        "timer_create",
        "alarm",
        "futex",
        "read",
        "getrandom",
        "getsockopt",
        "clock_gettime",
        "mseal",
        "landlock_restrict_self",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct syscall_row *row = syscall_find_name(known[i]);
        if (!row || strlen(row->bypass) < 10)
            fail_msg("%s: the table does not say how it goes around isolation", known[i]);
    }
    assert_int_equal(syscall_row_compat.impact, SYSCALL_BYPASS);
    assert_int_equal(syscall_row_compat.roles | syscall_row_x32.roles, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows_are_well_formed), cmocka_unit_test(test_ops_agree),
                                        cmocka_unit_test(test_guest_has_no_door), cmocka_unit_test(test_machines),
                                        cmocka_unit_test(test_known_bypasses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
