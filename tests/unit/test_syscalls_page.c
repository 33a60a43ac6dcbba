/* docs/syscall-impact.md says what the table says. Called as `test_syscalls_page --write FILE`, writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/syscalls_page.h"

static const char *path;

static void test_page_is_current(void **state)
{
    (void)state;
    struct buffer page = BUFFER_INIT;
    syscalls_page_write(&page);
    assert_int_equal(page.status, STATUS_OK);
    char *text = malloc(page.size + 2);
    assert_non_null(text);
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text, 1, page.size + 1, file) : 0;
    if (file)
        fclose(file);
    if (size != page.size || memcmp(text, page.data, size) != 0)
        fail_msg("%s is not what the table says; write it anew: test_syscalls_page --write %s", path, path);
    free(text);
    buffer_done(&page);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--write")) {
        struct buffer page = BUFFER_INIT;
        syscalls_page_write(&page);
        FILE *file = fopen(argv[2], "w");
        bool good = file && page.status == STATUS_OK && fwrite(page.data, 1, page.size, file) == page.size;
        good = file && !fclose(file) && good;
        buffer_done(&page);
        return !good;
    }
    if (argc != 2)
        return 2;
    path = argv[1];
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_page_is_current) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
