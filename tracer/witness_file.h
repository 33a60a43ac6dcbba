/* The witness file (.wwit): what the kernel saw of a run's processes, as records in the container of trace.h (kind
 * WITNESS, the run's id). The witness process writes it, the checker reads it. docs/trace-format.md is the authority
 * for every byte. */
#ifndef WARRANT_WITNESS_FILE_H
#define WARRANT_WITNESS_FILE_H

#include "runtime/base/base.h"
#include "tracer/trace.h"

enum witness_kind {
    WITNESS_SYSCALL = 1,    /* entry and exit were both seen */
    WITNESS_ENTRY_ONLY = 2, /* never returned: exit, exit_group, or the thread was killed inside */
    WITNESS_EXIT_ONLY = 3,  /* refused by seccomp, killed before its entry, or a child's first exit */
    WITNESS_FORK = 4,       /* result: the child's pid */
    WITNESS_EXEC = 5,
    WITNESS_END = 6, /* the thread ended; result: its exit code as wait(2) has it */
    WITNESS_LOST =
        7 /* result: how many records of this thread were lost here, exactly; sequence: of the first of them */
};

enum witness_role { WITNESS_GUEST = 1, WITNESS_RECORDER = 2, WITNESS_OTHER = 3 };
enum {
    WITNESS_FLAG_COMPAT = 1, /* the 32-bit entry: number and operands are of that table */
    WITNESS_FLAG_CUT = 2,    /* an operand was longer than the kernel takes, and is absent */
    WITNESS_FLAG_FIRST = 4, /* first record of a thread that was already running when the watch began. As EXIT_ONLY with
                             * a result that is no refusal: a call entered before the watch, for instance the read that
                             * it waited in */
    WITNESS_FLAG_LATE = 8,  /* operands behind pointers were copied at the exit: not resident at the entry */
    WITNESS_FLAG_UNREAD = 16 /* an operand behind a pointer could not be copied at all (a bad address), and is absent */
};

/* What a record has beside its numbers. A part that is absent was not asked for or could not be read: it is never
 * empty. */
enum {
    WITNESS_PART_OBJECT = 1,
    WITNESS_PART_OPENED = 2,
    WITNESS_PART_HOW = 4,
    WITNESS_PART_IOV = 8,
    WITNESS_PART_TIMES = 16,
    WITNESS_PART_PATH = 32,
    WITNESS_PART_PATH2 = 64,
    WITNESS_PART_OBJECT2 = 128,
    WITNESS_PART_ADDRESS = 256,
    WITNESS_PART_SOCKET = 512,
    WITNESS_PARTS_KNOWN = 1023
};

/* An object behind a descriptor, as the kernel knows it. mode 0: not known. */
enum {
    WITNESS_MODE_OTHER_NUMBERS =
        0x10000, /* of a file system that may show another device and inode in stat(2): overlays, btrfs, ceph */
    WITNESS_MODE_NO_DATA =
        0x20000 /* of one that is no data: proc, sysfs; and pipes, sockets, terminals (wasi/abi/filesystems.def) */
};
struct witness_object {
    uint64_t dev, ino; /* dev: as st_dev of stat(2) */
    uint32_t mode;     /* st_mode, and WITNESS_MODE_* */
    uint32_t rdev;     /* of a character or block device, which one it is: as st_rdev of stat(2); else 0 */
};
/* Whether a mode is a device's. */
static inline bool witness_mode_is_device(uint32_t mode)
{
    enum { TYPE = 0170000, CHARACTER = 0020000, BLOCK = 0060000 };
    return (mode & TYPE) == CHARACTER || (mode & TYPE) == BLOCK;
}

/* A socket as the call left it: the kernel's own numbers. Addresses of IPv4 and IPv6 alone. */
enum { WITNESS_FAMILY_V4 = 2, WITNESS_FAMILY_V6 = 10 };
struct witness_socket {
    uint32_t family, type, protocol; /* AF_*, SOCK_*, IPPROTO_* of Linux */
    uint32_t only_v6;                /* 1: an IPv6 socket that takes no IPv4 */
    uint32_t local_port, peer_port;
    uint8_t local[16], peer[16]; /* network order; of IPv4 the first four bytes */
};

enum { WITNESS_PATHS = 2, WITNESS_PATH_MAX = 4096 /* with NUL */, WITNESS_IOVECS = 1024, WITNESS_ADDRESS_MAX = 128 };

struct witness_iovec {
    uint64_t base, length;
};

/* One record as the checker sees it. Numbers of parts that it lacks are 0. */
struct witness_record {
    uint64_t number; /* in the file */
    uint64_t chunk;
    uint64_t ktime;             /* ns, CLOCK_MONOTONIC, at the entry (or the only event) */
    uint32_t kind, role, flags; /* enum witness_kind, enum witness_role, WITNESS_FLAG_* */
    uint32_t parts;             /* WITNESS_PART_* */
    uint32_t pid, tid;
    uint64_t sequence; /* of the thread, counted by the kernel side from 0 in the order of the records (a call's is
                        * taken at its exit) without holes: a hole is a loss, and a LOST record stands in it */
    int64_t syscall;   /* the kernel's number; -1: skipped by a tracer */
    uint64_t arg[6];
    int64_t result;
    struct witness_object
        object; /* of the first descriptor operand (AT_FDCWD: the working directory); of EXEC: the program */
    struct witness_object object2; /* of the second descriptor operand (link, rename: the second directory) */
    struct witness_object opened;  /* of a descriptor that was returned */
    /* Operands behind pointers, whole. path[i]: NUL-terminated, in the order of the operands (symlinkat: the target
     * first), NULL where absent; borrowed, as iov is: from whom, the function says that gave the record. */
    const char *path[WITNESS_PATHS];
    uint32_t path_length[WITNESS_PATHS]; /* without NUL */
    uint32_t iov_count;                  /* at most WITNESS_IOVECS */
    uint32_t address_length;             /* at most WITNESS_ADDRESS_MAX */
    const struct witness_iovec *iov;
    uint64_t how[3];                      /* flags, mode, resolve of openat2 */
    uint64_t times[4];                    /* struct timespec[2] of utimensat, sleeps */
    uint8_t address[WITNESS_ADDRESS_MAX]; /* struct sockaddr of bind, connect, sendto; the value of setsockopt; what
                                             recvfrom, getsockname, getpeername, accept and getsockopt wrote */
    struct witness_socket socket;         /* the returned one, else that of the first descriptor operand */
};

/* Where a decoded record's paths and vector lie. */
struct witness_room {
    char path[WITNESS_PATHS][WITNESS_PATH_MAX];
    struct witness_iovec iov[WITNESS_IOVECS];
};

/* What the launcher tells the witness: the first record-like chunk (DESCRIPTION) of the .wwit. */
struct witness_info {
    uint8_t run_id[TRACE_RUN_ID];
    uint32_t guest_pid, recorder_pid;
    uint64_t lost; /* filled by the collector at the end: all losses */
};
/* What the launcher tells it of the run once that is known, before the guest goes: an opaque blob (policy.h:
 * run_spec_encode_facts) and the BLAKE2b of the trace's description, behind the info in the DESCRIPTION. */
enum { WITNESS_FACTS_MAX = 1 << 21 };

/* Appends the stored form of one record to `out`; only what the record uses is stored. */
void witness_record_encode(const struct witness_record *record, struct buffer *out);
void witness_info_encode(const struct witness_info *info, struct buffer *out);
/* The body of the END chunk: info with all losses, and how many records the file holds. */
void witness_end_encode(const struct witness_info *info, uint64_t records, struct buffer *out);
/* The other way, from hostile bytes: one record, one info. TRUNCATED, MALFORMED; the cursor is then anywhere. number
 * and chunk of the record are 0; its paths and vector lie in `room`. */
MUST_USE enum status witness_record_decode(struct cursor *cursor, struct witness_room *room,
                                           struct witness_record *ret);
MUST_USE enum status witness_info_decode(struct cursor *cursor, struct witness_info *ret);

/* Reading a .wwit back (hostile input). Same shapes as trace_reader. */
struct witness_reader;
MUST_USE enum status witness_reader_open(const char *path, struct witness_reader **ret, struct error *error);
/* A second reader of the same open file (borrows `reader` until closed), from its start: what the path names meanwhile
 * does not matter. Returns owned. */
MUST_USE enum status witness_reader_again(const struct witness_reader *reader, struct witness_reader **ret,
                                          struct error *error);
const struct witness_info *witness_reader_info(const struct witness_reader *reader);
/* What the file says of the run's machine, settings and confinement: run_spec_encode_facts, then
 * BLAKE2b of the trace's description; *ret_size 0 where the witness was not told. Borrows from the reader. */
const void *witness_reader_facts(const struct witness_reader *reader, size_t *ret_size);
/* *ret borrows until the next call. */
MUST_USE enum status witness_reader_next(struct witness_reader *reader, struct witness_record *ret,
                                         struct error *error);
/* After NOT_FOUND: OK where the file is whole, *ret_lost all losses; else why its valid prefix ends. */
MUST_USE enum status witness_reader_stop(const struct witness_reader *reader, uint64_t *ret_lost, struct error *error);
void witness_reader_close(struct witness_reader *reader);

#endif
