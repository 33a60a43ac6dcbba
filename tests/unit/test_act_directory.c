/* act_directory.c: each entry once, whatever the pieces; cookies lead behind their entry. (White box: sees wasi/act.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "wasi/act/act_directory.h"
#include "wasi/act/act_live.h"

enum { FILES = 300, ENTRIES = FILES + 3 /* and a folder, . and .. */, PIECE_SMALL = 64, PIECE_LARGE = 49152 };
static char folder[] = "/tmp/test-directory-XXXXXX";

static int folder_open(void) { return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

static int make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    int at = folder_open();
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%03d", i);
        close(openat(at, name, O_CREAT | O_WRONLY, 0600));
    }
    int failed = mkdirat(at, "folder", 0700);
    close(at);
    return failed;
}

static int remove_all(void **state)
{
    (void)state;
    int at = folder_open();
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%03d", i);
        unlinkat(at, name, 0);
    }
    unlinkat(at, "folder", AT_REMOVEDIR);
    close(at);
    return rmdir(folder);
}

/* How often each entry was seen. */
struct seen {
    unsigned file[FILES], folders, dots, all;
};

static void seen_add(struct seen *seen, const uint8_t *bytes, long size, uint64_t from)
{
    for (long at = 0; at < size;) {
        struct dirent_head head;
        char name[300];
        unsigned number;
        memcpy(&head, bytes + at, sizeof head);
        assert_true(at + (long)sizeof head + head.name_length <= size);
        memcpy(name, bytes + at + sizeof head, head.name_length);
        name[head.name_length] = 0;
        assert_int_equal(head.next, ++from);
        assert_true(head.inode != 0);
        seen->all++;
        if (sscanf(name, "file-%u", &number) == 1 && number < FILES) {
            seen->file[number]++;
            assert_int_equal(head.type, FILETYPE_REGULAR_FILE);
        } else {
            assert_int_equal(head.type, FILETYPE_DIRECTORY);
            seen->folders += !strcmp(name, "folder");
            seen->dots += !strcmp(name, ".") || !strcmp(name, "..");
        }
        at += (long)sizeof head + head.name_length;
    }
}

static void read_in(size_t piece, unsigned pieces_least)
{
    static uint8_t bytes[PIECE_LARGE];
    struct seen seen = { .all = 0 };
    unsigned pieces = 0;
    uint64_t from = 0, next;
    long got;
    while ((got = act_directory_read(folder_open(), from, bytes, piece, &next)) > 0) {
        seen_add(&seen, bytes, got, from);
        from = next;
        pieces++;
    }
    assert_int_equal(got, 0);
    assert_int_equal(next, from);
    assert_int_equal(seen.all, ENTRIES);
    assert_int_equal(seen.folders, 1);
    assert_int_equal(seen.dots, 2);
    for (int i = 0; i < FILES; i++)
        assert_int_equal(seen.file[i], 1);
    assert_true(pieces >= pieces_least);
}

static void test_whole(void **state)
{
    (void)state;
    read_in(PIECE_LARGE, 1);
}

static void test_in_pieces(void **state)
{
    (void)state;
    read_in(PIECE_SMALL, ENTRIES / 2);
}

static void test_from_a_cookie_in_the_middle(void **state)
{
    (void)state;
    static uint8_t all[PIECE_LARGE], rest[PIECE_LARGE];
    uint64_t next;
    long whole = act_directory_read(folder_open(), 0, all, sizeof all, &next);
    long half = act_directory_read(folder_open(), 100, rest, sizeof rest, &next);
    assert_true(half > 0 && half < whole);
    assert_memory_equal(all + whole - half, rest, (size_t)half);
    assert_int_equal(next, ENTRIES);
}

static void test_what_does_not_fit_and_what_is_no_directory(void **state)
{
    (void)state;
    uint8_t small[sizeof(struct dirent_head)];
    uint64_t next;
    assert_int_equal(act_directory_read(folder_open(), 0, small, sizeof small, &next), -1);
    assert_int_equal(errno, EINVAL);
    int file = open("/dev/null", O_RDONLY);
    assert_int_equal(act_directory_read(file, 0, small, sizeof small, &next), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(fcntl(file, F_GETFD), -1); /* it was taken */
    assert_int_equal(act_directory_read(folder_open(), UINT64_MAX, small, sizeof small, &next), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_in_pieces),
        cmocka_unit_test(test_from_a_cookie_in_the_middle),
        cmocka_unit_test(test_what_does_not_fit_and_what_is_no_directory),
    };
    return cmocka_run_group_tests(tests, make, remove_all);
}
