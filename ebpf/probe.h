/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probe and the process that loads it have in common: the events in the ring, the state of a watched thread, the
 * description of a system call's operands. Both are built together and run on one machine, so layouts may follow the C
 * compiler; the stored form is another one (docs/witness.md). */
#ifndef WARRANT_PROBE_H
#define WARRANT_PROBE_H

#include <linux/types.h>

enum {
    PROBE_SYSCALLS = 512,   /* numbers below have a row in `specs`; those above are outside the kernel's table */
    PROBE_PATH = 257,       /* bytes of a path that are copied, one more than a record keeps, so that a cut one shows */
    PROBE_IOVECS = 8,
    PROBE_PARTS_BYTES = 1024,
    PROBE_LOSSES = 8192     /* threads whose losses can be told apart */
};
#define PROBE_NO_OWNER 0xffffffff

/* The numbers of enum witness_kind and of its flags (tracer/witness_file.h), as the probe writes them. */
enum {
    PROBE_SYSCALL = 1, PROBE_ENTRY_ONLY = 2, PROBE_EXIT_ONLY = 3, PROBE_FORK = 4, PROBE_EXEC = 5, PROBE_END = 6,
    PROBE_COMPAT = 1, PROBE_FIRST = 4, PROBE_LATE = 8, PROBE_UNREAD = 16
};

/* What follows an event's head, in this order. */
enum {
    PROBE_PART_OBJECT = 1,  /* struct probe_object */
    PROBE_PART_HOW = 2,     /* __u64[3] */
    PROBE_PART_IOV = 4,     /* struct probe_iovecs */
    PROBE_PART_TIMES = 8,   /* __u64[4] */
    PROBE_PART_PATH = 16,   /* struct probe_path: __u64 length with NUL, then the bytes, padded to 8 */
    PROBE_PART_PATH2 = 32,
    PROBE_PART_OPENED = 64  /* struct probe_object */
};

struct probe_object {
    __u64 ino;
    __u32 dev, mode; /* the kernel's own dev_t: 12 bits major, 20 bits minor */
};

struct probe_iovecs {
    __u64 count; /* elements that the call names; the first PROBE_IOVECS follow */
    __u64 pair[2 * PROBE_IOVECS];
};

/* An event: this head and its parts. */
struct probe_head {
    __u64 ktime, sequence;
    __s64 result;
    __u64 arg[6];
    __u32 thread; /* number of the watched thread in this recording: unlike a tid it is never used again */
    __u32 pid, tid;
    __s32 call;
    __u8 kind, role, flags, parts;
    __u32 reserved;
};

/* The state of a watched thread. head and parts are one event being put together: entry first, exit later. */
struct probe_thread {
    __u32 thread, role;
    __u64 sequence; /* of its next event */
    __u32 fill;     /* bytes of parts in use */
    __u8 open;      /* between entry and exit of a call */
    __u8 first;     /* it ran before the watch, and no event was seen yet */
    __u8 retry;     /* operands were not resident at the entry */
    __u8 reserved;
    struct probe_head head;
    __u8 parts[PROBE_PARTS_BYTES];
};

/* Which operands of a call are to be looked at: number + 1, 0 for none. */
struct probe_spec {
    __u8 fd, path, path2, how, iov, times;
    __u8 times_bytes;
    __u8 returns_fd;
};

/* The end of a thread's losses: with the events that arrived it says how many did not. */
struct probe_loss {
    __u64 next; /* sequence after the last lost one */
    __u64 ktime;
    __u32 pid, tid, role, reserved;
};

struct probe_counters {
    __u64 threads;   /* numbers given to threads so far */
    __u64 alive;     /* watched threads that have not ended */
    __u64 failed;    /* events that found no room in the ring */
    __u64 unplaced;  /* of those, how many found no room in the map of losses */
    __u64 unwatched; /* children that could not be watched for want of memory; programs that have more than their user may watch */
};

#endif
