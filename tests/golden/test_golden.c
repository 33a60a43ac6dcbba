/* The golden traces: good ones of versions 1.0 and 1.1 that every later reader must read, bad ones named for their
 * defect. The folder is the program's argument. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tracer/trace.h"

struct golden {
    const char *file;
    enum status status; /* of open, next or stop */
    const char *text;   /* in the message */
    uint32_t calls;     /* complete ones before it */
    bool inside;
    enum trace_end_reason reason;
};

enum { HOSTCALLS = IMPORT_UNSTABLE_ARGS_GET }; /* the functions of Preview 1 are the first imports */

static const struct golden goldens[] = {
    { "good_nothing_called", STATUS_OK, "", 0, false, TRACE_END_CLEAN },
    { "good_every_hostcall", STATUS_OK, "", HOSTCALLS, false, TRACE_END_CLEAN },
    { "good_every_import", STATUS_OK, "", IMPORT_COUNT, false, TRACE_END_CLEAN },
    { "good_compact", STATUS_OK, "", IMPORT_COUNT, false, TRACE_END_CLEAN },
    { "good_ends_inside_call", STATUS_OK, "", 26, true, TRACE_END_GUEST_DIED },
    { "good_recorder_died", STATUS_OK, "", 10, false, TRACE_END_RECORDER_DIED },
    { "good_between_calls", STATUS_OK, "", 2, false, TRACE_END_CLEAN },
    { "good_trap_with_stack", STATUS_OK, "", 1, false, TRACE_END_CLEAN },
    { "good_trap_with_deep_stack", STATUS_OK, "", 1, false, TRACE_END_CLEAN },
    { "good_signed", STATUS_OK, "", 3, false, TRACE_END_CLEAN },
    { "bad_bytes_behind_signature", STATUS_MALFORMED, "follow the SIGNATURE", 3, false, TRACE_END_CLEAN },
    { "bad_signature_without_end", STATUS_MALFORMED, "does not follow the END", 3, false, 0 },
    { "bad_exit_stack_without_trap", STATUS_MALFORMED, "is not valid: a stack of a guest", 1, false, 0 },
    { "bad_exit_stack_cut", STATUS_MALFORMED, "is not valid: it is shorter", 1, false, 0 },
    { "bad_exit_stack_longer", STATUS_MALFORMED, "is not valid: it is longer", 1, false, 0 },
    { "bad_flipped_body_chunk4", STATUS_CORRUPT, "chunk 4 at offset", 21, true, 0 },
    { "bad_flipped_header_chunk5", STATUS_CORRUPT, "chunk 5 at offset", 34, true, 0 },
    { "bad_missing_chunk4", STATUS_CORRUPT, "missing", 21, true, 0 },
    { "bad_swapped_chunk4_chunk5", STATUS_CORRUPT, "out of order", 21, true, 0 },
    { "bad_cut_in_header_chunk5", STATUS_TRUNCATED, "chunk 5 at offset", 34, true, 0 },
    { "bad_cut_in_body_chunk5", STATUS_TRUNCATED, "chunk 5 at offset", 34, true, 0 },
    { "bad_cut_between_chunks", STATUS_TRUNCATED, "without an END", 34, true, 0 },
    { "bad_bytes_behind_end", STATUS_MALFORMED, "follow the END", HOSTCALLS, false, TRACE_END_CLEAN },
    { "bad_later_version", STATUS_UNSUPPORTED, "version 2.3", 0, false, 0 },
    { "bad_earlier_version", STATUS_UNSUPPORTED, "version 1.2", 0, false, 0 },
    { "bad_unknown_feature", STATUS_UNSUPPORTED, "0x2", 0, false, 0 },
    { "bad_magic", STATUS_MALFORMED, "not a file of warrant", 0, false, 0 },
    { "bad_chain_chunk1", STATUS_CORRUPT, "chain", 0, false, 0 },
    { "bad_event_numbers_chunk4", STATUS_MALFORMED, "do not follow", 21, true, 0 },
    { "bad_event0_no_such_hostcall", STATUS_MALFORMED, "event 0 is not valid: no such hostcall", 0, false, 0 },
    { "bad_event0_another_import", STATUS_MALFORMED, "event 0 is not valid: its import", 0, false, 0 },
    { "bad_event0_longer_than_chunk", STATUS_MALFORMED, "event 0 is not valid: it is cut off", 0, false, 0 },
    { "bad_event0_iovs_over_limit", STATUS_MALFORMED, "event 0 is not valid: a longer array", 0, false, 0 },
    { "bad_event1_no_such_op", STATUS_MALFORMED, "event 1 is not valid: no such op", 0, true, 0 },
    { "bad_event1_memory_outside", STATUS_MALFORMED, "event 1 is not valid: its memory", 0, true, 0 },
    { "bad_result_too_large", STATUS_MALFORMED, "is not valid: more data", 0, true, 0 },
    { "bad_open_by_too_many_system_calls", STATUS_MALFORMED, "an impossible number of system calls", 0, true, 0 },
    { "bad_state_inside_call", STATUS_MALFORMED, "is not valid: a state inside", 1, true, 0 },
    { "bad_growth_inside_call", STATUS_MALFORMED, "is not valid: a growth inside", 1, true, 0 },
    { "bad_event0_growth_of_nothing", STATUS_MALFORMED, "event 0 is not valid: a growth of neither", 0, false, 0 },
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static const char *folder;

static enum status read_all(const char *path, uint32_t *ret_calls, bool *ret_inside, struct trace_end *ret_end,
                            struct error *error)
{
    static struct trace_call call;
    struct trace_exit last;
    struct trace_reader *reader;
    enum trace_item_kind kind;
    enum status status = trace_reader_open(path, &reader, error);
    if (status != STATUS_OK)
        return status;
    while ((status = trace_reader_next(reader, &kind, &call, &last, error)) == STATUS_OK) {
        *ret_calls += kind == TRACE_ITEM_CALL && call.complete;
        *ret_inside |= kind == TRACE_ITEM_CALL && !call.complete;
    }
    struct error stop = ERROR_INIT;
    enum status stopped = trace_reader_stop(reader, ret_end, ret_inside, &stop);
    if (status == STATUS_NOT_FOUND) {
        status = stopped;
        *error = stop;
    }
    trace_reader_close(reader);
    return status;
}

static void test_each_reads_as_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOLDENS; i++) {
        const struct golden *golden = &goldens[i];
        char path[512];
        uint32_t calls = 0;
        bool inside = false;
        struct trace_end end = { 0 };
        struct error error = ERROR_INIT;
        snprintf(path, sizeof path, "%s/%s.wtrace", folder, golden->file);
        enum status status = read_all(path, &calls, &inside, &end, &error);
        if (status != golden->status || !strstr(error.text, golden->text) || calls != golden->calls ||
            inside != golden->inside || end.reason != (uint32_t)golden->reason)
            fail_msg("%s: %s, %u calls, inside %d, reason %u: %s", golden->file, status_text(status), calls, inside,
                     end.reason, error.text);
    }
}

static void test_none_is_left_out(void **state)
{
    (void)state;
    DIR *files = opendir(folder);
    const struct dirent *entry;
    unsigned count = 0;
    assert_non_null(files);
    while ((entry = readdir(files)))
        count += strstr(entry->d_name, ".wtrace") != NULL;
    closedir(files);
    assert_int_equal(count, GOLDENS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_reads_as_named),
                                        cmocka_unit_test(test_none_is_left_out) };
    if (argc < 2)
        return 2;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
