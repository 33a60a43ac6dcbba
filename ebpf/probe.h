/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probe and the process that loads it have in common: the events in the ring, the state of a watched thread,
 * the description of a system call's operands. Both are built together and run on one machine, so layouts may follow
 * the C compiler; the stored form is another one (docs/witness.md). */
#ifndef WARRANT_PROBE_H
#define WARRANT_PROBE_H

#include <linux/types.h>

enum {
    PROBE_SYSCALLS = 512, /* numbers below have a row in `specs`; those above are outside the kernel's table */
    PROBE_PATH =
        257, /* bytes of a path, with its NUL, that are copied into the event; a longer one is sent ahead of it */
    PROBE_PATH_WHOLE =
        4097, /* bytes that are sent ahead: one more than the kernel takes (PATH_MAX), so that a cut one shows */
    PROBE_IOVECS = 8,          /* elements of a vector that are copied into the event; more are sent ahead */
    PROBE_IOVECS_WHOLE = 1024, /* what the kernel takes (UIO_MAXIOV) */
    PROBE_ADDRESS = 128,       /* bytes of a socket's address (struct sockaddr_storage) */
    PROBE_PARTS_BYTES = 1024,
    PROBE_LOSSES = 8192 /* threads whose losses can be told apart */
};
#define PROBE_NO_OWNER 0xffffffff

/* The numbers of enum witness_kind and of its flags (tracer/witness_file.h), as the probe writes them. */
enum {
    PROBE_SYSCALL = 1,
    PROBE_ENTRY_ONLY = 2,
    PROBE_EXIT_ONLY = 3,
    PROBE_FORK = 4,
    PROBE_EXEC = 5,
    PROBE_END = 6,
    PROBE_AHEAD = 8, /* no record: one large part of the event that its thread sends next with the same ktime */
    PROBE_COMPAT = 1,
    PROBE_FIRST = 4,
    PROBE_LATE = 8,
    PROBE_UNREAD = 16
};

/* What follows an event's head, in this order. The bits are those of a record (tracer/witness_file.h). */
enum {
    PROBE_PART_OBJECT = 1,    /* struct probe_object */
    PROBE_PART_OBJECT2 = 128, /* struct probe_object: of the second descriptor operand */
    PROBE_PART_HOW = 4,       /* __u64[3] */
    PROBE_PART_IOV = 8,       /* __u64 count of elements that the call names, then base and length of each */
    PROBE_PART_TIMES = 16,    /* __u64[4] */
    PROBE_PART_ADDRESS = 256, /* __u64 length that the call names, then the bytes, padded to 8 */
    PROBE_PART_PATH = 32,     /* __u64 length with NUL, then the bytes, padded to 8 */
    PROBE_PART_PATH2 = 64,
    PROBE_PART_OPENED = 2,  /* struct probe_object */
    PROBE_PART_SOCKET = 512 /* struct probe_socket */
};

enum { PROBE_MODE_OTHER_NUMBERS = 0x10000 }; /* stat(2) may show another device and inode: overlays, subvolumes */
struct probe_object {
    __u64 ino;
    __u32 dev, mode;    /* dev: the kernel's own dev_t, 12 bits major, 20 bits minor; mode: i_mode and PROBE_MODE_* */
    __u32 system, rdev; /* what kind of file system it lies in (s_magic); of a device, which one it is (i_rdev) */
};

/* A socket as the call left it: of the descriptor that was returned, else of the first descriptor operand. Addresses
 * are those of IPv4 (4 bytes of 16) and IPv6, and 0 of other families. */
struct probe_socket {
    __u16 family, type, protocol; /* AF_*, SOCK_*, IPPROTO_* */
    __u16 only_v6;                /* 1: an IPv6 socket that takes no IPv4 */
    __u16 local_port, peer_port;  /* numbers, not in network order */
    __u32 reserved;
    __u8 local[16], peer[16];
};

/* An event: this head and its parts. */
struct probe_head {
    __u64 ktime, sequence;
    __s64 result;
    __u64 arg[6];
    __u32 thread; /* number of the watched thread in this recording: unlike a tid it is never used again */
    __u32 pid, tid;
    __s32 call;
    __u8 kind, role, flags, reserved;
    __u16 parts,
        ahead; /* parts behind this head; parts that were sent ahead of it. An AHEAD event: the one part that it is */
};

/* An event with a part that is too large for a thread's state. */
struct probe_large {
    struct probe_head head;
    __u64 size; /* as the part has it */
    __u8 bytes[16 * PROBE_IOVECS_WHOLE];
};

/* The state of a watched thread. head and parts are one event being put together: entry first, exit later. */
struct probe_thread {
    __u32 thread, role;
    __u64 sequence; /* of its next event */
    __u32 fill;     /* bytes of parts in use */
    __u8 objects;   /* of which so many are objects that were found at the entry */
    __u8 open;      /* between entry and exit of a call */
    __u8 first;     /* it ran before the watch, and no event was seen yet */
    __u8 retry;     /* operands were not resident at the entry */
    struct probe_head head;
    __u8 parts[PROBE_PARTS_BYTES];
};

/* Which operands of a call are to be looked at: number + 1, 0 for none. */
struct probe_spec {
    __u8 fd, fd2, path, path2, how, iov, times, address;
    __u8 answer; /* a place that the call fills with an address or a value, its length's place behind it */
    __u8 socket; /* what the socket behind fd is when the call is over */
    __u8 times_bytes;
    __u8 iov_halves; /* its elements are of 8 bytes: two of them are one of the vector's */
    __u8 returns_fd;
    __u8 message, message_sent; /* a struct msghdr; whether its address is an operand */
    __u8 content; /* a buffer that the call fills with a link's content: its result's bytes are a second path */
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
    __u64 unwatched; /* children that could not be watched for want of memory; programs that have more than their user
                        may watch */
};

#endif
