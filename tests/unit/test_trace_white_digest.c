/* White-box test: whichever vectors a processor has, a long input's digest is XXH3's, at every length and alignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/long_digest.h"

static void test_digests_agree(void **state)
{
    (void)state;
    enum { SIZE = 70000 };
    uint8_t *bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    unsigned ways = 0;
    for (unsigned way = 0; way < 3; way++) {
        uint64_t found;
        if (!long_digest_by(way, bytes, SIZE, &found)) {
            print_message("not tested: this processor has no way %u\n", way);
            continue;
        }
        ways++;
        assert_true(found == XXH3_64bits(bytes, SIZE));
        for (size_t size = DIGEST_SHORT_MAX + 1; size < 2200; size++) {
            for (size_t at = 0; at < 64; at++) {
                assert_true(long_digest_by(way, bytes + at, size, &found));
                assert_true(found == XXH3_64bits(bytes + at, size));
            }
        }
    }
    assert_true(ways >= 1);
    assert_true(long_digest(bytes + 1, SIZE - 1) == XXH3_64bits(bytes + 1, SIZE - 1));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_digests_agree) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
