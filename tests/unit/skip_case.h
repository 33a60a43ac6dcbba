/* Skipping one case of a cmocka program with a reason: `./dev test` counts and names it, and takes one without a reason
 * for a failure (tests/count_results.py). Behind cmocka.h and stdio.h. */
#ifndef WARRANT_SKIP_CASE_H
#define WARRANT_SKIP_CASE_H

#define SKIP_CASE(reason)                                                                                              \
    do {                                                                                                               \
        printf("skipped: %s: %s\n", __func__, reason);                                                                 \
        fflush(stdout);                                                                                                \
        skip();                                                                                                        \
    } while (0)

#endif
