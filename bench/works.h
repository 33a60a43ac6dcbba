/* The 32 kinds of call that bench/run measures, of the kinds that LMbench has: names, paths, the file system's own.
 * Each file that includes this has a function call_NAME; native_calls.c makes the bare system call, guests/hostcalls.c
 * the hostcall.
 *
 * WORK(name, part)   part: how many of the asked-for calls a loop makes, 1/part: those that take long make fewer */
#ifndef WARRANT_BENCH_WORKS_H
#define WARRANT_BENCH_WORKS_H

#define WORKS(WORK)                                                                                                    \
    WORK(clock, 1)    /* the monotonic clock */                                                                        \
    WORK(datasync, 1) /* where nothing waits to be written */                                                          \
    WORK(random, 1)   /* 16 random bytes */                                                                            \
    WORK(seek, 1)     /* move within a file */                                                                         \
    WORK(tell, 1)     /* where a file stands */                                                                        \
    WORK(fdstat, 1)   /* flags of a descriptor */                                                                      \
    WORK(read, 1)     /* the next byte of a file */                                                                    \
    WORK(read4k, 1)   /* the next 4 KiB */                                                                             \
    WORK(pread, 1)    /* one byte at an offset */                                                                      \
    WORK(pread4k, 1)                                                                                                   \
    WORK(pread64k, 8)                                                                                                  \
    WORK(preadv, 1) /* 4 KiB into four places */                                                                       \
    WORK(write, 1)  /* one byte to a stream */                                                                         \
    WORK(write4k, 1)                                                                                                   \
    WORK(pwrite, 1) /* one byte at an offset */                                                                        \
    WORK(pwrite4k, 1)                                                                                                  \
    WORK(pwrite64k, 8)                                                                                                 \
    WORK(pwritev, 1)    /* 4 KiB from four places */                                                                   \
    WORK(fstat, 1)      /* facts about an open file */                                                                 \
    WORK(truncate, 2)   /* set its size */                                                                             \
    WORK(utimens, 2)    /* set its times */                                                                            \
    WORK(stat, 1)       /* of a name in a directory */                                                                 \
    WORK(statdeep, 1)   /* of a name three directories down */                                                         \
    WORK(statabsent, 1) /* of a name that is not there */                                                              \
    WORK(open, 2)       /* open and close */                                                                           \
    WORK(create, 16)    /* create, close, remove */                                                                    \
    WORK(mkdir, 16)     /* make and remove a directory */                                                              \
    WORK(symlink, 16)   /* make and remove a symbolic link */                                                          \
    WORK(rename, 16)    /* there and back */                                                                           \
    WORK(readlink, 1)   /* what a link says */                                                                         \
    WORK(readdir, 32)   /* a directory of 100 entries */                                                               \
    WORK(poll, 1)       /* whether one descriptor can be read */

/* What the granted directory holds: bench/run makes it. */
enum { DATA_BYTES = 1 << 20, PIECE = 4096, LARGE = 65536, ENTRIES = 100 };
#define DATA   "data" /* DATA_BYTES */
#define DEEP   "deep/er/than/data"
#define ABSENT "absent"
#define LINK   "link"  /* to data */
#define MANY   "many"  /* a directory of ENTRIES files */
#define FRESH  "fresh" /* made and removed */
#define OTHER  "other"

#endif
