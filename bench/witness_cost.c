/* What the witness costs a program per system call: the same loops alone, beside a witness that watches nothing, and
 * watched. Prints nanoseconds of processor time per call (other work on the machine must not count), the medians of
 * rounds that take turns, and what the witness lost and wrote. Needs root and BPF; says why where it cannot run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ebpf/witness.h"

enum { CALLS = 200000, ROUNDS = 7, LOOPS = 3, MODES = 3 };
enum mode { MODE_ALONE, MODE_BESIDE, MODE_WATCHED };
static const char *const loop_names[LOOPS] = { "getppid", "1-byte pwrite", "openat and close, each" };

struct round {
    enum mode mode;
    double *ns; /* LOOPS, shared with the child */
    double open_ms;
    uint64_t lost, bytes;
};

static double now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void loop_run(int loop, int fd)
{
    char byte = 0;
    for (int i = 0; i < CALLS; i++) {
        if (loop == 0) {
            syscall(SYS_getppid);
        } else if (loop == 1) {
            if (pwrite(fd, &byte, 1, 0) != 1)
                _exit(1);
        } else {
            i++; /* two calls in this one */
            close((int)syscall(SYS_openat, AT_FDCWD, "/tmp", O_RDONLY | O_DIRECTORY, 0));
        }
    }
}

static int child_run(int go, double *ns)
{
    char name[] = "/tmp/warrant-cost-XXXXXX", byte;
    int fd = mkstemp(name);
    unlink(name);
    if (fd < 0 || read(go, &byte, 1) != 1)
        return 1;
    for (int loop = 0; loop < LOOPS; loop++) {
        double start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        loop_run(loop, fd);
        ns[loop] = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)CALLS;
    }
    return 0;
}

/* Collects until the child has closed `alive`. */
static enum status round_collect(struct round *round, struct witness *witness, pid_t child, int alive,
                                 struct error *error)
{
    char name[] = "/tmp/warrant-cost-XXXXXX";
    struct witness_info info = { .guest_pid = (uint32_t)child };
    struct trace_file *file = NULL;
    int fd = mkstemp(name);
    unlink(name);
    enum status s = trace_file_create(fd, TRACE_FILE_WITNESS, info.run_id, &file, error);
    if (s != STATUS_OK)
        return s;
    s = witness_collect(witness, file, alive, &info, NULL, error);
    round->lost = info.lost;
    round->bytes = trace_file_size(file);
    trace_file_close(file);
    return s;
}

static enum status round_run(struct round *round, struct error *error)
{
    int go[2], alive[2];
    if (pipe(go) != 0 || pipe(alive) != 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot create pipes");
    pid_t child = fork();
    if (child == 0) {
        close(go[1]);
        _exit(child_run(go[0], round->ns));
    }
    close(go[0]);
    close(alive[1]);
    struct witness *witness = NULL;
    double start = now_ns(CLOCK_MONOTONIC);
    enum status s = round->mode == MODE_ALONE ? STATUS_OK : witness_open(&witness, error);
    round->open_ms = (now_ns(CLOCK_MONOTONIC) - start) / 1e6;
    if (s == STATUS_OK && round->mode == MODE_WATCHED)
        s = witness_watch(witness, (uint32_t)child, WITNESS_GUEST, error);
    if (s == STATUS_OK && write(go[1], "", 1) != 1)
        s = error_set_errno(error, STATUS_IO, errno, "cannot start the loops");
    if (s == STATUS_OK && round->mode == MODE_WATCHED)
        s = round_collect(round, witness, child, alive[0], error);
    close(go[1]);
    close(alive[0]);
    int ended;
    if (waitpid(child, &ended, 0) == child && ended != 0 && s == STATUS_OK)
        s = error_set(error, STATUS_IO, "the loops failed");
    witness_close(witness);
    return s;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

int main(void)
{
    static double ns[LOOPS][MODES][ROUNDS], open_ms[ROUNDS];
    struct error error = ERROR_INIT;
    struct round round = { .ns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) };
    uint64_t lost = 0;
    for (int i = 0; i < ROUNDS; i++) {
        for (round.mode = MODE_ALONE; round.mode <= MODE_WATCHED; round.mode++) {
            if (round_run(&round, &error) != STATUS_OK) {
                fprintf(stderr, "witness_cost: %s\n", error.text);
                return 1;
            }
            for (int loop = 0; loop < LOOPS; loop++)
                ns[loop][round.mode][i] = round.ns[loop];
        }
        open_ms[i] = round.open_ms;
        lost += round.lost;
    }
    printf("%-24s %8s %8s %8s %8s   ns per call\n", "", "alone", "beside", "watched", "added");
    for (int loop = 0; loop < LOOPS; loop++) {
        double alone = median(ns[loop][MODE_ALONE]), watched = median(ns[loop][MODE_WATCHED]);
        printf("%-24s %8.0f %8.0f %8.0f %8.0f\n", loop_names[loop], alone, median(ns[loop][MODE_BESIDE]), watched,
               watched - alone);
    }
    printf("lost %llu; %.1f bytes per call in the file; %.0f ms to load\n", (unsigned long long)lost,
           (double)round.bytes / (double)(CALLS * LOOPS), median(open_ms));
    return 0;
}
