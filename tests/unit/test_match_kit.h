/* Hand-made calls and records for the matcher's tests, and a sink that keeps what it is told. */
#ifndef WARRANT_TEST_MATCH_KIT_H
#define WARRANT_TEST_MATCH_KIT_H

#include "checker/match.h"

enum { KIT_PID = 100, KIT_BASE_SHIFT = 40, KIT_CALLS = 8192, KIT_FINDINGS = 8192 };
#define KIT_BASE (UINT64_C(1) << KIT_BASE_SHIFT)

/* What happened, for assertions. */
struct kit_seen {
    enum check_verdict verdict[KIT_CALLS];
    uint64_t verdicts;
    uint64_t counts[CHECK_VERDICT_COUNT];
    struct kit_finding {
        enum check_finding_kind kind;
        uint64_t hostcall; /* CHECK_NO_PLACE: none */
        int64_t syscall;
        char evidence[CHECK_EVIDENCE_MAX];
    } finding[KIT_FINDINGS];
    size_t findings;
    uint64_t classes[MATCH_CLASS_COUNT];
};

/* A run: calls and records in order. */
/* The objects behind its descriptors: inode 1000 + n behind descriptor 10 + n, which are directories of device 1; what
 * is opened as descriptor n is inode 2000 + n, a regular file. */
struct kit {
    struct trace_call *call[KIT_CALLS];
    size_t calls;
    struct witness_record *record;
    struct witness_iovec *iov; /* one for each record */
    size_t records, room;
    uint64_t setup_until;
    bool open_end, cut;
    bool walks;           /* paths are resolved component by component */
    uint64_t stop_ns;     /* with open_end; 0: not known */
    struct run_node node; /* a device that the policy lists; inode 0: none */
    struct kit_seen seen;
};

struct kit *kit_create(void);
void kit_free(struct kit *kit);
void kit_run(struct kit *kit); /* matches all of it */

/* Calls. Each returns the call, complete, for changes. */
struct trace_call *kit_call(struct kit *kit, enum operation which);
struct op *kit_op(struct trace_call *call, enum op_kind kind, uint32_t handle, int64_t result);
struct trace_call *kit_pwrite(struct kit *kit, uint32_t handle, uint64_t offset, uint32_t length);
/* The same of one region, without a vector. */
struct trace_call *kit_pwrite_one(struct kit *kit, uint32_t handle, uint64_t offset, uint32_t length);
struct witness_record *kit_saw_pwrite_one(struct kit *kit, int fd, uint64_t offset, uint32_t length);
struct trace_call *kit_open(struct kit *kit, uint32_t handle, const char *path, uint32_t flags, uint32_t handle2,
                            int64_t result);
struct trace_call *kit_close(struct kit *kit, uint32_t handle);
struct trace_call *kit_clock(struct kit *kit);
struct trace_call *kit_tell(struct kit *kit); /* a plan without ops */

/* Records of the guest's thread. */
struct witness_record *kit_syscall(struct kit *kit, const char *name, int64_t result);
struct witness_record *kit_saw_pwrite(struct kit *kit, int fd, uint64_t offset, uint32_t length);
struct witness_record *kit_saw_open(struct kit *kit, int fd, const char *path, uint64_t flags, int64_t result);
struct witness_record *kit_saw_close(struct kit *kit, int fd);
struct witness_object kit_object(int fd);
struct witness_record *kit_event(struct kit *kit, enum witness_kind kind, int64_t result);

#endif
