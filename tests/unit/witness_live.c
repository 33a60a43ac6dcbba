/* The harness of the live witness tests: watch a child, collect until it is gone, read the file back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/witness_live.h"

enum { MAX_RECORDS = 1 << 16 };

void live_need_witness(void)
{
    struct error error = ERROR_INIT;
    if (witness_probe_machine(&error) == STATUS_OK)
        return;
    printf("skipped: no witness here: %s\n", error.text);
    exit(77);
}

static void must(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_text(status), error->text);
}

/* The reader's record borrows; this one keeps. */
static void record_keep(struct witness_record *record)
{
    for (unsigned i = 0; i < WITNESS_PATHS; i++)
        if (record->path[i] && !(record->path[i] = strdup(record->path[i])))
            fail();
    if (!record->iov)
        return;
    struct witness_iovec *iov = calloc(record->iov_count + 1u, sizeof *iov);
    assert_non_null(iov);
    memcpy(iov, record->iov, record->iov_count * sizeof *iov);
    record->iov = iov;
}

static void records_read(struct live_run *run, const char *path)
{
    struct error error = ERROR_INIT;
    struct witness_reader *reader = NULL;
    must(witness_reader_open(path, &reader, &error), &error);
    assert_int_equal(witness_reader_info(reader)->guest_pid, run->info.guest_pid);
    run->records = calloc(MAX_RECORDS, sizeof(*run->records));
    assert_non_null(run->records);
    enum status s = STATUS_OK;
    while (run->count < MAX_RECORDS &&
           (s = witness_reader_next(reader, &run->records[run->count], &error)) == STATUS_OK) {
        assert_int_equal(run->records[run->count].number, run->count);
        record_keep(&run->records[run->count++]);
    }
    if (s != STATUS_NOT_FOUND)
        must(s, &error);
    must(witness_reader_stop(reader, &run->lost, &error), &error);
    witness_reader_close(reader);
}

static pid_t child_start(int (*code)(void *, int), void *self, int go[2], int ready[2], int alive[2])
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    char byte;
    close(go[1]);
    close(ready[0]);
    close(alive[0]);
    if (read(go[0], &byte, 1) != 1)
        _exit(99);
    _exit(code(self, ready[1]));
}

/* Until the process sleeps. */
static void wait_asleep(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (unsigned i = 0; i < 10000; i++) {
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        const char *name_end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        bool asleep = name_end && name_end[1] == ' ' && name_end[2] == 'S';
        fclose(file);
        if (asleep)
            return;
        usleep(1000);
    }
    fail_msg("process %d does not come to rest", (int)pid);
}

void live_run(struct live_run *run, const struct live_options *options, int (*code)(void *, int), void *self)
{
    struct error error = ERROR_INIT;
    struct witness *witness = NULL;
    int go[2], ready[2], alive[2];
    char path[] = "/tmp/warrant-witness-XXXXXX", byte;
    memset(run, 0, sizeof(*run));
    assert_int_equal(pipe(go) | pipe(ready) | pipe(alive), 0);
    int file_fd = mkstemp(path);
    assert_true(file_fd >= 0);
    struct trace_file *file = NULL;
    memset(run->info.run_id, 0x5a, TRACE_RUN_ID);
    must(trace_file_create(file_fd, TRACE_FILE_WITNESS, run->info.run_id, &file, &error), &error);
    must(witness_open_sized(&witness, options->ring_bytes, &error), &error);

    fflush(NULL);
    pid_t child = child_start(code, self, go, ready, alive);
    run->info.guest_pid = (uint32_t)child;
    close(go[0]);
    close(ready[1]);
    close(alive[1]);
    if (options->watch_late) {
        assert_int_equal(write(go[1], "", 1), 1);
        assert_int_equal(read(ready[0], &byte, 1), 0);
    } else {
        wait_asleep(child); /* in its read */
    }
    must(witness_watch(witness, (uint32_t)child, WITNESS_GUEST, &error), &error);
    if (!options->watch_late)
        assert_int_equal(write(go[1], "", 1), 1);
    if (options->watch_late)
        close(go[1]);
    if (options->collect_late)
        assert_int_equal(waitpid(child, &run->wait_status, 0), child);
    must(witness_collect(witness, file, alive[0], &run->info, NULL, &error), &error);
    if (!options->collect_late)
        assert_int_equal(waitpid(child, &run->wait_status, 0), child);
    if (!options->watch_late)
        close(go[1]);
    close(ready[0]);
    close(alive[0]);
    witness_close(witness);
    trace_file_close(file);
    records_read(run, path);
    unlink(path);
}

void live_done(struct live_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        free((void *)(uintptr_t)run->records[i].path[0]);
        free((void *)(uintptr_t)run->records[i].path[1]);
        free((void *)(uintptr_t)run->records[i].iov);
    }
    free(run->records);
    run->records = NULL;
}

uint64_t live_check_sequences(const struct live_run *run)
{
    enum { THREADS = 64 };
    struct {
        uint32_t tid;
        uint64_t next;
    } threads[THREADS] = { 0 };
    size_t count = 0;
    uint64_t lost = 0;
    for (size_t i = 0; i < run->count; i++) {
        const struct witness_record *r = &run->records[i];
        size_t t = 0;
        while (t < count && threads[t].tid != r->tid)
            t++;
        if (t == count) {
            assert_true(count < THREADS);
            threads[count].tid = r->tid;
            threads[count++].next = 0;
        }
        assert_int_equal(r->sequence, threads[t].next);
        if (r->kind == WITNESS_LOST) {
            assert_true(r->result > 0);
            lost += (uint64_t)r->result;
            threads[t].next += (uint64_t)r->result;
        } else {
            threads[t].next++;
        }
    }
    assert_int_equal(lost, run->lost);
    assert_int_equal(run->info.lost, run->lost);
    return lost;
}
