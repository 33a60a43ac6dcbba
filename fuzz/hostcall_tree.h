/* The guest of fuzz_hostcalls: what it was granted, what lies beside that, and what is known of its descriptors. */
#ifndef WARRANT_FUZZ_HOSTCALL_TREE_H
#define WARRANT_FUZZ_HOSTCALL_TREE_H

#include "fuzz/rights_model.h"
#include "fuzz/tree_model.h"
#include "wasi/act/act_live.h"
#include "wasi/wasi_inner.h"

enum {
    HOSTCALL_DESCRIPTORS = RIGHTS_DESCRIPTORS,
    HOSTCALL_FIRST = 3 /* then the two granted directories, for writing and for reading */
};

/* Which grant a descriptor comes from. */
enum hostcall_origin { ORIGIN_NONE, ORIGIN_STREAM, ORIGIN_WRITES, ORIGIN_READS, ORIGIN_SOCKET };

struct hostcall_world {
    char base[128];                      /* holds write/, read/, outside/ and spare/ */
    int base_fd, writes, reads, outside; /* directories */
    struct tree pristine, before, after; /* of write/: as made; around the last call */
    struct tree reads_was, outside_was;  /* must never change */
    struct wasi *wasi;                   /* of the sequence, as `live` */
    struct act_live *live;
    unsigned descriptors; /* that the process had open before the sequence */
    uint8_t *memory;
    uint8_t origin[HANDLES_TOTAL]; /* enum hostcall_origin */
    struct handle base_handle;     /* the one that the call named, as it was before */
    struct rights_model rights;
    bool races; /* somebody else changes write/: what is there is not known */
};

/* Makes the tree, once for the process. */
void hostcall_world_make(struct hostcall_world *world);
/* Makes write/ what it was at first. */
void hostcall_world_renew(struct hostcall_world *world);
void hostcall_world_race_start(struct hostcall_world *world);
void hostcall_world_race_stop(void);

/* ---- hostcall_check.c: each returns what is wrong, or NULL ---- */

const char *hostcall_check_before(struct hostcall_world *world, uint32_t import, const uint64_t *slots);
/* trap: what the call returned. */
const char *hostcall_check_after(struct hostcall_world *world, uint32_t trap);
/* Behind the sequence: the trees, and who was reached. */
const char *hostcall_check_trees(struct hostcall_world *world);

/* hostcall_model.c: the call's answer against what the tree before it, and behind it, allows. */
const char *hostcall_model_check(const struct hostcall_world *world);

#endif
