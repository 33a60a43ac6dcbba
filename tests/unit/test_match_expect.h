/* What the matcher's tests expect. Included once by each program, behind cmocka. */
#ifndef WARRANT_TEST_MATCH_EXPECT_H
#define WARRANT_TEST_MATCH_EXPECT_H

#include <string.h>
#include "tests/unit/test_match_kit.h"

#define EXPECT(kit, n, v) assert_string_equal(check_name((kit)->seen.verdict[n]), check_name(CHECK_VERDICT_##v))

static const char *check_name(enum check_verdict v)
{
#define VERDICT(id, name, text) name,
    static const char *const names[] = {
#include "checker/verdicts.def"
    };
#undef VERDICT
    return names[v];
}

static int setup(void **state)
{
    *state = kit_create();
    return 0;
}

static int teardown(void **state)
{
    kit_free(*state);
    return 0;
}

static void only_finding(struct kit *kit, enum check_finding_kind kind, uint64_t hostcall, const char *evidence)
{
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.finding[0].kind, kind);
    assert_int_equal(kit->seen.finding[0].hostcall, hostcall);
    if (!strstr(kit->seen.finding[0].evidence, evidence))
        fail_msg("evidence is: %s", kit->seen.finding[0].evidence);
}

#endif
