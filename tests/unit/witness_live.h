/* Runs a piece of code in a watched child and brings back what the witness recorded of it. */
#ifndef WARRANT_WITNESS_LIVE_H
#define WARRANT_WITNESS_LIVE_H

#include "ebpf/witness.h"

struct live_run {
    struct witness_info info;
    struct witness_record *records; /* owned */
    size_t count;
    uint64_t lost;   /* as the file says */
    int wait_status; /* of the child */
};

struct live_options {
    uint32_t ring_bytes;
    bool collect_late; /* only after the child is gone: nothing is taken out of the ring before */
    bool watch_late; /* the child says when (closes its end of `ready`), else it is watched while it waits in a read */
};

/* code(self, ready) runs in the child; what it returns is its exit status. Asserts that the machinery works. */
void live_run(struct live_run *run, const struct live_options *options, int (*code)(void *self, int ready), void *self);
void live_done(struct live_run *run);

/* Asserts that each thread's records are in sequence from 0, LOST records standing in the holes, and that the file's
 * losses are theirs. Returns how many records were lost. */
uint64_t live_check_sequences(const struct live_run *run);

/* Skips the program (exit 77) where the machine has no witness. */
void live_need_witness(void);

#endif
