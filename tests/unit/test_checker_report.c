/* The report of a check: every form of it lists the same findings, in order, with where and what shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "checker/checker.h"

enum { FINDINGS = 3 };

static struct check_finding found[FINDINGS] = {
    { .kind = CHECK_FINDING_ESCAPE,
      .hostcall = 4,
      .event = 11,
      .chunk = 2,
      .record = 90,
      .call_name = "path_open",
      .syscall = 437,
      .syscall_name = "openat2",
      .impact = "may open \"anything\"",
      .evidence = "path \"\\x1b[2J\"" },
    { .kind = CHECK_FINDING_UNDECLARED,
      .hostcall = CHECK_NO_PLACE,
      .event = CHECK_NO_PLACE,
      .chunk = CHECK_NO_PLACE,
      .record = 91,
      .syscall = -1,
      .evidence = "nobody's" },
    { .kind = CHECK_FINDING_CONFINE_WEAKER,
      .hostcall = CHECK_NO_PLACE,
      .event = CHECK_NO_PLACE,
      .chunk = CHECK_NO_PLACE,
      .record = CHECK_NO_PLACE,
      .syscall = -1,
      .evidence = "no Landlock" },
};

static struct check_report report_of(void)
{
    struct check_report report;
    check_report_init(&report);
    snprintf(report.trace_path, sizeof report.trace_path, "run.wtrace");
    snprintf(report.witness_path, sizeof report.witness_path, "run.wwit");
    report.findings = found;
    report.finding_count = report.findings_kept = FINDINGS;
    report.failing = 2;
    return report;
}

struct seen {
    size_t count;
    struct check_told told[FINDINGS];
};

static void note(void *self, const struct check_told *told)
{
    struct seen *seen = self;
    assert_true(seen->count < FINDINGS);
    seen->told[seen->count++] = *told;
}

static void test_visit(void **state)
{
    (void)state;
    const struct check_report report = report_of();
    struct seen seen = { 0 };
    assert_int_equal(check_report_visit(&report, 0, note, &seen), FINDINGS);
    assert_int_equal(seen.count, FINDINGS);
    assert_string_equal(seen.told[0].rule, check_finding_row(CHECK_FINDING_ESCAPE)->rule);
    assert_string_equal(seen.told[0].file, "run.wtrace");
    assert_string_equal(seen.told[0].syscall, "openat2");
    assert_true(seen.told[0].fails);
    assert_string_equal(seen.told[1].file, "run.wwit"); /* the kernel's record alone shows it */
    assert_int_equal(seen.told[1].record, 91);
    assert_null(seen.told[1].call);
    assert_null(seen.told[1].syscall);
    assert_string_equal(seen.told[2].level, "notice");
    assert_false(seen.told[2].fails);
    assert_string_equal(seen.told[2].file, "run.wtrace");
    seen.count = 0;
    assert_int_equal(check_report_visit(&report, 2, note, &seen), 2);
    assert_int_equal(seen.count, 2);
}

static void assert_order(const struct buffer *text, const char *const *words, size_t count)
{
    const char *at = (const char *)text->data;
    for (size_t i = 0; i < count; i++) {
        const char *here = strstr(at, words[i]);
        if (!here)
            fail_msg("no %s behind what stands before it in: %s", words[i], (const char *)text->data);
        at = here + strlen(words[i]);
    }
}

static void test_text(void **state)
{
    (void)state;
    const struct check_report report = report_of();
    static const char *const words[] = {
        "critical judge.escape",          "hostcall 4 path_open, event 11, chunk 2", "record 90",     "\\x1b[2J",
        "openat2: may open \"anything\"", "outside hostcalls; witness record 91",    "... and 1 more"
    };
    struct buffer out = BUFFER_INIT;
    check_report_text(&report, 2, &out);
    buffer_u8(&out, 0);
    assert_order(&out, words, sizeof words / sizeof words[0]);
    assert_null(strstr((const char *)out.data, "Landlock"));
    buffer_done(&out);
}

static void test_json(void **state)
{
    (void)state;
    const struct check_report report = report_of();
    static const char *const words[] = {
        "\"trace\":\"run.wtrace\",\"witness\":\"run.wwit\"",
        "\"findings\":[{\"rule\":\"judge.escape\",\"severity\":\"critical\",\"fails\":true,",
        "\"file\":\"run.wtrace\",\"hostcall\":4,\"call\":\"path_open\",\"event\":11,\"chunk\":2,",
        "\"record\":90,\"syscall\":\"openat2\",\"impact\":\"may open \\\"anything\\\"\",",
        "\"evidence\":\"path \\\"\\\\x1b[2J\\\"\"",
        "\"file\":\"run.wwit\",\"hostcall\":null,\"call\":null,\"event\":null,\"chunk\":null,",
        "\"record\":91,\"syscall\":null,\"impact\":null,\"evidence\":\"nobody's\"",
        "\"severity\":\"notice\",\"fails\":false",
        "}]}\n"
    };
    struct buffer out = BUFFER_INIT;
    check_report_json(&report, &out);
    buffer_u8(&out, 0);
    assert_order(&out, words, sizeof words / sizeof words[0]);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visit),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
