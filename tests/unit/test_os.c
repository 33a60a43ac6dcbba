/* os.h and mounts.h: what the launcher relies on, each asserted by what another process, or the file system, sees. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "runtime/base/elapsed.h"
#include "runtime/base/mounts.h"
#include "runtime/base/os.h"

static const struct timespec long_wait = { 10, 0 }, no_wait = { 0, 0 };

static bool closes_on_exec(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

static void test_a_sealed_memory_file_cannot_be_changed(void **state)
{
    int fd, reader;
    char back[6] = "";
    (void)state;
    assert_true(os_memory_create("test", &fd, &reader));
    assert_true(closes_on_exec(fd));
    assert_int_equal(write(fd, "words", 5), 5);
    assert_true(os_memory_seal(&fd, &reader));
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_ptr_equal(mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(pread(fd, back, 5, 0), 5);
    assert_string_equal(back, "words");
    close(fd);
}

static void test_an_unsealed_memory_file_is_shared(void **state)
{
    int fd;
    (void)state;
    assert_true(os_memory_create("test", &fd, NULL));
    assert_int_equal(ftruncate(fd, 4096), 0);
    char *one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(one, MAP_FAILED);
    if (fork() == 0) {
        one[7] = 'y';
        _exit(0);
    }
    wait(NULL);
    assert_int_equal(one[7], 'y');
    munmap(one, 4096);
    close(fd);
}

static void test_a_socket_without_reader_is_an_error_and_no_signal(void **state)
{
    int pair[2], ends[2];
    (void)state;
    assert_true(os_socket_pair(pair));
    assert_true(os_pipe(ends));
    for (int i = 0; i < 2; i++) {
        assert_true(closes_on_exec(pair[i]));
        assert_true(closes_on_exec(ends[i]));
        close(ends[i]);
    }
    signal(SIGPIPE, SIG_DFL);
    close(pair[1]);
    assert_int_equal(os_socket_write(pair[0], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(pair[0]);
}

static void test_nothing_from_a_number_on_survives_an_exec(void **state)
{
    (void)state;
    int low = fcntl(0, F_DUPFD, 40), high = fcntl(0, F_DUPFD, 90);
    assert_true(os_close_on_exec(50));
    assert_false(closes_on_exec(low));
    assert_true(closes_on_exec(high));
    assert_true(os_close_range((unsigned)low, (unsigned)low) || errno == ENOSYS);
    close(low);
    close(high);
}

static void test_a_process_is_watched_and_killed(void **state)
{
    int fd, how;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        for (;;)
            pause();
    }
    assert_true(os_process_watch(child, &fd));
    assert_true(closes_on_exec(fd));
    assert_false(os_wait_readable(fd, &no_wait));
    os_process_kill(fd, child);
    assert_true(os_wait_readable(fd, &long_wait)); /* not waited for yet */
    assert_true(os_wait_readable(fd, &no_wait));   /* and it stays so */
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), SIGKILL);
    close(fd);
}

static void test_a_process_that_ended_before_it_was_watched(void **state)
{
    int fd;
    siginfo_t info;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_true(os_process_watch(child, &fd));
    assert_true(os_wait_readable(fd, &long_wait));
    waitpid(child, NULL, 0);
    close(fd);
}

static void test_a_child_dies_with_its_parent(void **state)
{
    int ends[2];
    char byte;
    (void)state;
    assert_true(os_pipe(ends));
    pid_t parent = fork();
    if (parent == 0) {
        pid_t child = fork();
        if (child == 0) {
            alarm(30); /* where it does not die as it should */
            os_die_with_parent_forked();
            if (!os_die_with_parent_executed() || write(ends[1], "x", 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_false(os_wait_readable(ends[0], &no_wait));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    assert_true(os_wait_readable(ends[0], &long_wait)); /* its end: nobody holds the other end any more */
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void test_a_word_wakes_another_process(void **state)
{
    (void)state;
    uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct timespec short_wait = { 0, 30000000 };
    uint64_t before = elapsed_now_ns();
    while (elapsed_now_ns() - before < 20000000) /* one wait, or more where it wakes for no reason */
        os_wait_on(word, 0, &short_wait);
    os_wait_on(word, 1, NULL); /* has another value: no wait */
    pid_t child = fork();
    if (child == 0) {
        while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
            os_wait_on(word, 0, NULL);
        _exit(7);
    }
    usleep(20000);
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
    os_wake(word);
    int how, fd;
    assert_true(os_process_watch(child, &fd));
    assert_true(os_wait_readable(fd, &long_wait));
    waitpid(child, &how, 0);
    assert_int_equal(WEXITSTATUS(how), 7);
    close(fd);
}

static void test_signals_are_data(void **state)
{
    sigset_t set, before;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &before);
    int fd = os_signals_open(&set);
    assert_true(fd >= 0);
    assert_int_equal(os_signals_take(fd, &set), 0);
    assert_false(os_wait_readable(fd, &no_wait));
    kill(getpid(), SIGUSR2);
    assert_true(os_wait_readable(fd, &long_wait));
    assert_int_equal(os_signals_take(fd, &set), SIGUSR2);
    assert_int_equal(os_signals_take(fd, &set), 0);
    close(fd);
    sigprocmask(SIG_SETMASK, &before, NULL); /* would kill, were it still pending */
}

static void test_names_and_files(void **state)
{
    char folder[] = "/tmp/test-os-XXXXXX", path[4096], program[4096], target[64] = "";
    struct stat one, other, exchanged;
    (void)state;
    assert_non_null(mkdtemp(folder));
    int at = os_open_name(AT_FDCWD, folder, O_DIRECTORY);
    assert_true(at >= 0 && closes_on_exec(at));
    assert_true(os_descriptor_path(at, path, sizeof path));
    assert_string_equal(path, folder);
    assert_false(os_descriptor_path(at, path, strlen(folder))); /* no room for its end */
    close(openat(at, "one", O_CREAT | O_WRONLY, 0600));
    int fd = openat(at, "other", O_CREAT | O_RDWR, 0600);
    assert_int_equal(fstatat(at, "one", &one, 0), 0);
    assert_int_equal(fstatat(at, "other", &other, 0), 0);
    assert_true(os_rename_exchange(at, "one", "other"));
    assert_int_equal(fstatat(at, "one", &exchanged, 0), 0);
    assert_int_equal(exchanged.st_ino, other.st_ino);
    assert_false(os_rename_exchange(at, "one", "none"));
    assert_int_equal(symlinkat("leads/there", at, "link"), 0);
    int link = os_open_name(at, "link", O_NOFOLLOW);
    assert_true(link >= 0);
    assert_int_equal(os_link_target(link, target, sizeof target - 1), strlen("leads/there"));
    assert_string_equal(target, "leads/there");
    assert_false(os_links_are_magic(at));
    assert_true(os_file_allocate(fd, 8192));
    assert_int_equal(fstat(fd, &one), 0);
    assert_int_equal(one.st_size, 8192);
    assert_true(os_program_path(program, sizeof program));
    assert_non_null(strstr(program, "test_os"));
    close(link);
    close(fd);
    unlinkat(at, "one", 0);
    unlinkat(at, "other", 0);
    unlinkat(at, "link", 0);
    close(at);
    rmdir(folder);
}

struct seen {
    struct mount_identity here;
    bool found;
};

static enum status mount_see(void *self, const struct mount_entry *entry, struct error *error)
{
    struct seen *seen = self;
    (void)error;
    seen->found |= entry->id == seen->here.mount && entry->root[0] == '/' && entry->point[0] == '/' && entry->type[0];
    return STATUS_OK;
}

static enum status mount_stop(void *self, const struct mount_entry *entry, struct error *error)
{
    int *count = self;
    (void)entry;
    ++*count;
    return error_set(error, STATUS_LIMIT, "enough");
}

static void test_a_descriptor_lies_in_a_listed_mount(void **state)
{
    struct seen seen = { { 0, 0, 0 }, false };
    struct stat st;
    bool whole;
    int count = 0, fd = open("/", O_RDONLY | O_DIRECTORY);
    (void)state;
    assert_true(mounts_identify(fd, &seen.here));
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(seen.here.ino, st.st_ino);
    assert_int_equal(seen.here.dev, st.st_dev);
    assert_int_equal(mounts_visit(mount_see, &seen, &whole, NULL), STATUS_OK);
    assert_true(whole);
    assert_true(seen.found || seen.here.mount == 0);
    assert_int_equal(mounts_visit(mount_stop, &count, &whole, NULL), STATUS_LIMIT);
    assert_int_equal(count, 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sealed_memory_file_cannot_be_changed),
        cmocka_unit_test(test_an_unsealed_memory_file_is_shared),
        cmocka_unit_test(test_a_socket_without_reader_is_an_error_and_no_signal),
        cmocka_unit_test(test_nothing_from_a_number_on_survives_an_exec),
        cmocka_unit_test(test_a_process_is_watched_and_killed),
        cmocka_unit_test(test_a_process_that_ended_before_it_was_watched),
        cmocka_unit_test(test_a_child_dies_with_its_parent),
        cmocka_unit_test(test_a_word_wakes_another_process),
        cmocka_unit_test(test_signals_are_data),
        cmocka_unit_test(test_names_and_files),
        cmocka_unit_test(test_a_descriptor_lies_in_a_listed_mount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
