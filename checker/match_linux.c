/* What an op must look like as a Linux system call: the checker's own reading of the manual pages, apart from the live
 * backend's.
 *
 * Invariant: nothing here is taken from wasi/act; where the two differ, one of them is wrong and the check says
 * mismatch. The numbers are Linux's on the machine that was recorded, stated here and in linux_open.def, so that a
 * trace can be checked on another system. Source: openat2(2), fcntl(2), utimensat(2), preadv2(2), unlinkat(2),
 * clock_nanosleep(2), errno(3). */
#include "checker/match_want.h"

/* Bits of an open's flags: one name, and its number on each machine. */
enum linux_open {
#define OPEN_BIT(name, x86_64, arm64) LINUX_##name,
#include "checker/linux_open.def"
#undef OPEN_BIT
    LINUX_OPEN_COUNT
};
static const uint32_t open_bits[LINUX_OPEN_COUNT][SYSCALL_MACHINE_COUNT] = {
#define OPEN_BIT(name, x86_64, arm64) { x86_64, arm64 },
#include "checker/linux_open.def"
#undef OPEN_BIT
};
enum { LINUX_UTIME_NOW = 0x3fffffff, LINUX_UTIME_OMIT = 0x3ffffffe, NS_PER_SECOND = 1000000000 };

struct flag_pair {
    uint32_t portable;
    enum linux_open kernel;
};
static const struct flag_pair open_pairs[] = {
    { OPEN_CREATE, LINUX_CREAT },        { OPEN_EXCLUSIVE, LINUX_EXCL },    { OPEN_TRUNCATE, LINUX_TRUNC },
    { OPEN_DIRECTORY, LINUX_DIRECTORY }, { OPEN_NOFOLLOW, LINUX_NOFOLLOW }, { OPEN_APPEND, LINUX_APPEND },
    { OPEN_DSYNC, LINUX_DSYNC },         { OPEN_SYNC, LINUX_SYNC },         { OPEN_NONBLOCK, LINUX_NONBLOCK },
};

uint64_t match_linux_open_flags(uint32_t flags, enum syscall_machine machine)
{
    if (machine >= SYSCALL_MACHINE_COUNT)
        return UINT64_MAX; /* no call has them */
    uint64_t bits = open_bits[LINUX_CLOEXEC][machine];
    uint32_t counts = flags;
    if (flags & OPEN_PATH_ONLY) {
        bits |= open_bits[LINUX_PATH][machine]; /* openat2 refuses any flag beside these three */
        counts &= OPEN_DIRECTORY | OPEN_NOFOLLOW;
    } else {
        bits |= open_bits[LINUX_NOCTTY][machine];
        if (flags & OPEN_WRITE)
            bits |= open_bits[flags & OPEN_READ ? LINUX_RDWR : LINUX_WRONLY][machine];
    }
    for (size_t i = 0; i < sizeof open_pairs / sizeof open_pairs[0]; i++)
        if (counts & open_pairs[i].portable)
            bits |= open_bits[open_pairs[i].kernel][machine];
    return bits;
}

/* The same on every machine that linux_open.def has: fcntl sets none of those that differ. */
uint64_t match_linux_fdflags(uint64_t fdflags)
{
    return (fdflags & FDFLAG_APPEND ? open_bits[LINUX_APPEND][SYSCALL_MACHINE_X86_64] : 0) |
           (fdflags & FDFLAG_NONBLOCK ? open_bits[LINUX_NONBLOCK][SYSCALL_MACHINE_X86_64] : 0);
}

uint32_t match_linux_poll(uint8_t eventtype)
{
    enum { LINUX_POLLIN = 1, LINUX_POLLOUT = 4 };
    return eventtype == EVENTTYPE_FD_READ ? LINUX_POLLIN : LINUX_POLLOUT;
}

uint32_t match_linux_filetype(uint32_t mode)
{
    enum {
        TYPE = 0170000,
        SOCKET = 0140000,
        LINK = 0120000,
        REGULAR = 0100000,
        BLOCK = 0060000,
        DIRECTORY = 0040000,
        CHARACTER = 0020000
    };
    switch (mode & TYPE) {
    case SOCKET: /* of whichever kind */
        return FILETYPE_SOCKET_STREAM;
    case LINK:
        return FILETYPE_SYMBOLIC_LINK;
    case REGULAR:
        return FILETYPE_REGULAR_FILE;
    case BLOCK:
        return FILETYPE_BLOCK_DEVICE;
    case DIRECTORY:
        return FILETYPE_DIRECTORY;
    case CHARACTER:
        return FILETYPE_CHARACTER_DEVICE;
    default: /* pipes, and what has no type */
        return FILETYPE_UNKNOWN;
    }
}

static void time_from(uint64_t ns, bool set, bool now, uint64_t ret[2])
{
    ret[0] = set ? ns / NS_PER_SECOND : 0;
    ret[1] = now ? LINUX_UTIME_NOW : set ? ns % NS_PER_SECOND : LINUX_UTIME_OMIT;
}

void match_linux_time(uint64_t ns, uint64_t times[4])
{
    time_from(ns, true, false, times);
    times[2] = times[3] = 0;
}

void match_linux_times(const struct op *op, uint64_t times[4])
{
    time_from(op->offset, op->flags & FST_ATIM, op->flags & FST_ATIM_NOW, times);
    time_from(op->value, op->flags & FST_MTIM, op->flags & FST_MTIM_NOW, times + 2);
}

/* Each WASI errno has the name of one of Linux's, but for the two that no kernel has. */
enum {
#define NUMBER(name, number) LINUX_E##name = (number),
#include "checker/linux_errno.def"
#undef NUMBER
    LINUX_ESUCCESS = 0,
    LINUX_ENOTCAPABLE = 0x7fffffff
};

bool match_linux_errno_is(int64_t linux_errno, int64_t wasi_errno)
{
#define ERRNO(name) LINUX_E##name,
    static const int32_t numbers[] = {
#include "wasi/abi/errno.def"
    };
#undef ERRNO
    if (wasi_errno <= 0 || wasi_errno >= WASI_ERRNO_COUNT)
        return false;
    if (numbers[wasi_errno] == linux_errno)
        return true;
    if (linux_errno == LINUX_EXDEV && wasi_errno == WASI_NOTCAPABLE)
        return true; /* RESOLVE_BENEATH's answer to a path that leaves */
    if (wasi_errno != WASI_IO)
        return false;
    for (size_t i = 1; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i] == linux_errno)
            return false;
    return true; /* what the guest has no number for, it is told as IO */
}
