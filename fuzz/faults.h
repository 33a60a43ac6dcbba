/* The `faults` backend: answers each op with whatever a system could answer, as a fuzzer's bytes say: any errno, a
 * short count, an interruption, a delay. It makes no system call, and knows of every handle whether it is open. */
#ifndef WARRANT_FUZZ_FAULTS_H
#define WARRANT_FUZZ_FAULTS_H

#include "fuzz/call_grammar.h"
#include "wasi/backend.h"

struct faults {
    struct grammar bytes;
    bool open[HANDLES_TOTAL];
    const char *wrong;        /* an op that no plan may issue: on a handle that is free, or into one that is not */
    struct wasi_backend live; /* where it has a function: ops that are to succeed are handed there */
};

/* handles: the first so many are open. */
void faults_init(struct faults *faults, const uint8_t *data, size_t size, uint32_t handles);
struct wasi_backend faults_backend(struct faults *faults);

#endif
