/* The stored form of witness records: what goes in comes out, hostile bytes are refused, a file that was cut or patched
 * says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tracer/witness_file.h"

static const struct witness_iovec two[] = { { 1, 10 }, { UINT64_MAX, 20 } };

static struct witness_record full_record(void)
{
    struct witness_record r = {
        .ktime = 123456789012345,
        .kind = WITNESS_SYSCALL,
        .role = WITNESS_RECORDER,
        .flags = WITNESS_FLAG_CUT | WITNESS_FLAG_LATE,
        .pid = 4000000000u,
        .tid = 7,
        .sequence = 1ull << 40,
        .syscall = 437,
        .arg = { UINT64_MAX, 0, 3, 0x7fffffffffff, 0, 6 },
        .result = -11,
        .parts = WITNESS_PARTS_KNOWN,
        .object = { 2049, UINT64_MAX, 0100644, 0 },
        .object2 = { 3, 4, 040700, 0 },
        .opened = { 1, 2, 020666, 0x501 },
        .path = { "a/b", "" },
        .path_length = { 3, 0 },
        .how = { 1, 2, 3 },
        .iov_count = 2,
        .iov = two,
        .times = { 1, 0, UINT64_MAX, 4 },
        .address = { 2, 0, 31 },
        .address_length = 16,
        .socket = { WITNESS_FAMILY_V6, 1, 6, 1, 8080, 65535, { 0x20, 1, 0xd, 0xb8 }, { 0xfd, [15] = 9 } },
    };
    return r;
}

static struct witness_room room;

static void check_round(const struct witness_record *record)
{
    struct buffer out = BUFFER_INIT;
    struct witness_record back;
    witness_record_encode(record, &out);
    assert_int_equal(out.status, STATUS_OK);
    struct cursor c = cursor_over(out.data, out.size);
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_OK);
    assert_int_equal(cursor_left(&c), 0);
    for (unsigned i = 0; i < WITNESS_PATHS; i++) {
        assert_int_equal(back.path[i] != NULL, record->path[i] != NULL);
        if (record->path[i])
            assert_string_equal(back.path[i], record->path[i]);
        back.path[i] = record->path[i];
    }
    assert_int_equal(back.iov_count, record->iov_count);
    if (record->iov_count)
        assert_memory_equal(back.iov, record->iov, record->iov_count * sizeof *record->iov);
    back.iov = record->iov;
    assert_memory_equal(&back, record, sizeof(back));
    buffer_done(&out);
}

static void test_round(void **state)
{
    (void)state;
    struct witness_record r = full_record();
    check_round(&r);
    const struct witness_record small = { .kind = WITNESS_LOST, .role = WITNESS_GUEST, .result = INT64_MAX };
    check_round(&small);
    struct witness_record extreme = {
        .kind = WITNESS_EXIT_ONLY, .role = WITNESS_GUEST, .syscall = -1, .result = INT64_MIN
    };
    static char longest[WITNESS_PATH_MAX];
    static struct witness_iovec most[WITNESS_IOVECS];
    memset(longest, 'x', WITNESS_PATH_MAX - 1);
    memset(most, 0xff, sizeof(most));
    extreme.parts = WITNESS_PART_PATH2 | WITNESS_PART_IOV; /* the first path could not be read */
    extreme.path[1] = longest;
    extreme.path_length[1] = WITNESS_PATH_MAX - 1;
    extreme.iov = most;
    extreme.iov_count = WITNESS_IOVECS;
    check_round(&extreme);
    /* A struct of zeros is there all the same. */
    const struct witness_record zeros = { .kind = WITNESS_SYSCALL,
                                          .role = WITNESS_GUEST,
                                          .parts = WITNESS_PART_HOW | WITNESS_PART_TIMES };
    check_round(&zeros);
}

/* A getppid-like record stays small: that is what a file of a million calls is made of. */
static void test_compact(void **state)
{
    (void)state;
    const struct witness_record r = { .kind = WITNESS_SYSCALL,
                                      .role = WITNESS_GUEST,
                                      .pid = 4000,
                                      .tid = 4000,
                                      .sequence = 100000,
                                      .ktime = 1ull << 46,
                                      .syscall = 110,
                                      .result = 3999 };
    struct buffer out = BUFFER_INIT;
    witness_record_encode(&r, &out);
    assert_true(out.size <= 24);
    buffer_done(&out);
}

/* Every cut of a record is TRUNCATED, every changed byte decodes to something or is refused, nothing reads outside
 * (ASan). */
static void test_hostile(void **state)
{
    (void)state;
    struct witness_record r = full_record(), back;
    struct buffer out = BUFFER_INIT;
    witness_record_encode(&r, &out);
    for (size_t size = 0; size < out.size; size++) {
        uint8_t *exact = malloc(size ? size : 1);
        memcpy(exact, out.data, size);
        struct cursor c = cursor_over(exact, size);
        assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_TRUNCATED);
        free(exact);
    }
    for (size_t at = 0; at < out.size; at++) {
        uint8_t *exact = malloc(out.size);
        for (unsigned value = 0; value < 256; value++) {
            memcpy(exact, out.data, out.size);
            exact[at] = (uint8_t)value;
            struct cursor c = cursor_over(exact, out.size);
            enum status s = witness_record_decode(&c, &room, &back);
            assert_true(s == STATUS_OK || s == STATUS_TRUNCATED || s == STATUS_MALFORMED);
            if (s != STATUS_OK)
                continue;
            assert_true(back.iov_count <= WITNESS_IOVECS && back.address_length <= WITNESS_ADDRESS_MAX);
            for (unsigned i = 0; i < WITNESS_PATHS; i++)
                if (back.path[i])
                    assert_int_equal(strlen(back.path[i]), back.path_length[i]);
        }
        free(exact);
    }
    buffer_done(&out);
}

/* kind, role, flags, parts, pid.. result, args: what must be refused in each. */
static void test_refused(void **state)
{
    (void)state;
    static const uint8_t good[11] = { WITNESS_SYSCALL, WITNESS_GUEST, 0, 0, 1, 1, 0, 0, 2, 0, 0 };
    static const struct {
        uint8_t at, value;
    } bad[] = { { 0, 0 }, { 0, 8 }, { 1, 0 }, { 1, 4 }, { 2, 32 }, { 10, 7 } };
    struct witness_record back;
    struct cursor c = cursor_over(good, sizeof(good));
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t bytes[sizeof(good)];
        memcpy(bytes, good, sizeof(good));
        bytes[bad[i].at] = bad[i].value;
        c = cursor_over(bytes, sizeof(bytes));
        assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
    }
    const uint8_t unknown[] = { WITNESS_SYSCALL, WITNESS_GUEST, 0, 0x80, 8, 1, 1, 0, 0, 2, 0, 0 };
    c = cursor_over(unknown, sizeof(unknown)); /* a part that nobody knows */
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
    /* A path of 4096 bytes, and one with a NUL in it. */
    static uint8_t path[11 + 2 + WITNESS_PATH_MAX] = {
        WITNESS_SYSCALL, WITNESS_GUEST, 0, 32, 1, 1, 0, 0, 2, 0, 0, 0x80, 0x20
    };
    memset(path + 13, 'x', WITNESS_PATH_MAX);
    c = cursor_over(path, sizeof(path));
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
    const uint8_t nul[] = { WITNESS_SYSCALL, WITNESS_GUEST, 0, 32, 1, 1, 0, 0, 2, 0, 0, 2, 'a', 0 };
    c = cursor_over(nul, sizeof(nul));
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
    /* A port, or a mark, that is none; the same socket with sound numbers. */
    uint8_t socket[] = { WITNESS_SYSCALL,
                         WITNESS_GUEST,
                         0,
                         0x80,
                         4,
                         1,
                         1,
                         0,
                         0,
                         2,
                         0,
                         0,
                         2,
                         1,
                         6,
                         1,
                         0xff,
                         0xff,
                         3,
                         127,
                         0,
                         0,
                         1,
                         80,
                         10,
                         0,
                         0,
                         1 };
    c = cursor_over(socket, sizeof(socket));
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_OK);
    assert_int_equal(back.socket.local_port, 65535);
    assert_int_equal(back.socket.peer[0], 10);
    socket[18] = 4;
    c = cursor_over(socket, sizeof(socket));
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
    socket[18] = 3;
    socket[15] = 2;
    c = cursor_over(socket, sizeof(socket));
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
    const uint8_t vector[] = { WITNESS_SYSCALL, WITNESS_GUEST, 0, 8, 1, 1, 0, 0, 2, 0, 0, 0x81, 8 };
    c = cursor_over(vector, sizeof(vector)); /* of 1025 elements */
    assert_int_equal(witness_record_decode(&c, &room, &back), STATUS_MALFORMED);
}

/* ---- whole files ---- */

enum { RECORDS = 5 };
static const uint8_t run_id[TRACE_RUN_ID] = "0123456789abcde";

struct recipe {
    uint64_t first;  /* first record's number, 0 where all is well */
    uint64_t told;   /* records that the end tells of */
    uint32_t events; /* that the chunk tells of */
    bool no_end, after_end, other_run;
};

static void append(struct trace_file *file, enum trace_chunk_kind kind, const struct buffer *b,
                   const struct recipe *recipe)
{
    struct error error = ERROR_INIT;
    bool events = kind == TRACE_CHUNK_EVENTS;
    assert_int_equal(trace_file_append(file, kind, b->data, b->size, 0, events ? recipe->first : 0,
                                       events ? recipe->events : 0, &error),
                     STATUS_OK);
}

static void file_make(char *path, const struct recipe *recipe)
{
    struct error error = ERROR_INIT;
    struct trace_file *file = NULL;
    struct buffer b = BUFFER_INIT;
    struct witness_info info = { .guest_pid = 10, .recorder_pid = 11 };
    memcpy(info.run_id, run_id, TRACE_RUN_ID);
    info.run_id[0] = recipe->other_run ? 'X' : info.run_id[0];
    strcpy(path, "/tmp/warrant-wwit-XXXXXX");
    assert_int_equal(trace_file_create(mkstemp(path), TRACE_FILE_WITNESS, run_id, &file, &error), STATUS_OK);
    witness_info_encode(&info, &b);
    append(file, TRACE_CHUNK_DESCRIPTION, &b, recipe);
    buffer_clear(&b);
    for (unsigned i = 0; i < RECORDS; i++) {
        struct witness_record r = full_record();
        r.sequence = i;
        r.kind = i == 3 ? WITNESS_LOST : WITNESS_SYSCALL;
        r.result = 100;
        witness_record_encode(&r, &b);
    }
    append(file, TRACE_CHUNK_EVENTS, &b, recipe);
    buffer_clear(&b);
    info.lost = 101; /* one that belongs to no thread */
    witness_end_encode(&info, recipe->told, &b);
    if (!recipe->no_end)
        append(file, TRACE_CHUNK_END, &b, recipe);
    if (recipe->after_end)
        append(file, TRACE_CHUNK_END, &b, recipe);
    buffer_done(&b);
    trace_file_close(file);
}

/* Reads all; returns the status that ended it, of opening, reading or stopping. */
static enum status file_read(const struct recipe *recipe, unsigned *ret_records, uint64_t *ret_lost)
{
    char path[64];
    struct error error = ERROR_INIT;
    struct witness_reader *reader = NULL;
    struct witness_record record;
    file_make(path, recipe);
    *ret_records = 0;
    enum status s = witness_reader_open(path, &reader, &error);
    while (s == STATUS_OK && (s = witness_reader_next(reader, &record, &error)) == STATUS_OK) {
        assert_int_equal(record.number, *ret_records);
        assert_int_equal(record.sequence, *ret_records);
        ++*ret_records;
    }
    if (s == STATUS_NOT_FOUND)
        s = witness_reader_stop(reader, ret_lost, &error);
    witness_reader_close(reader);
    unlink(path);
    return s;
}

static void test_file(void **state)
{
    (void)state;
    const struct recipe good = { .told = RECORDS, .events = RECORDS };
    unsigned records;
    uint64_t lost = 0;
    assert_int_equal(file_read(&good, &records, &lost), STATUS_OK);
    assert_int_equal(records, RECORDS);
    assert_int_equal(lost, 101);
    struct recipe r = good;
    r.no_end = true;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_TRUNCATED);
    assert_int_equal(records, RECORDS);
    assert_int_equal(lost, 100);
    r = good;
    r.after_end = true;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_MALFORMED);
    r = good;
    r.first = 1;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_MALFORMED);
    r = good;
    r.told = RECORDS + 1;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_MALFORMED);
    r = good;
    r.events = RECORDS - 1;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_MALFORMED);
    r = good;
    r.events = RECORDS + 1;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_MALFORMED);
    r = good;
    r.other_run = true;
    assert_int_equal(file_read(&r, &records, &lost), STATUS_MALFORMED);
}

/* Who exchanges the file behind its name while it is checked changes nothing: both readings are of the file that was
 * opened. */
static void test_read_twice(void **state)
{
    (void)state;
    const struct recipe good = { .told = RECORDS, .events = RECORDS };
    char path[64];
    struct witness_reader *reader, *again;
    static struct witness_record record;
    unsigned records = 0;
    file_make(path, &good);
    assert_int_equal(witness_reader_open(path, &reader, NULL), STATUS_OK);
    assert_int_equal(witness_reader_next(reader, &record, NULL), STATUS_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(witness_reader_again(reader, &again, NULL), STATUS_OK);
    while (witness_reader_next(again, &record, NULL) == STATUS_OK)
        assert_int_equal(record.number, records++);
    assert_int_equal(records, RECORDS);
    witness_reader_close(again);
    assert_int_equal(witness_reader_next(reader, &record, NULL), STATUS_OK);
    assert_int_equal(record.number, 1);
    witness_reader_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_round),   cmocka_unit_test(test_compact),
                                        cmocka_unit_test(test_hostile), cmocka_unit_test(test_refused),
                                        cmocka_unit_test(test_file),    cmocka_unit_test(test_read_twice) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
