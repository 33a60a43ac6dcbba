/* One expected system call, and its comparison with one record. Private to the matcher (and its tests). */
#ifndef WARRANT_CHECKER_MATCH_WANT_H
#define WARRANT_CHECKER_MATCH_WANT_H

#include "checker/match_walk.h"
#include "tracer/trace.h"
#include "tracer/witness_file.h"
#include "wasi/abi/syscalls.h"
#include "wasi/policy/policy.h"

/* Bytes that a want or a record of the window keeps: near ones, or owned ones where they are more. */
enum { MATCH_NEAR = 288 };
struct match_bytes {
    uint8_t *far; /* owned; NULL: near is used */
    size_t far_size;
    _Alignas(8) uint8_t near[MATCH_NEAR];
};
/* Room for `size` bytes, or NULL: no memory. What was there before is given up. */
uint8_t *match_bytes_take(struct match_bytes *bytes, size_t size);
void match_bytes_done(struct match_bytes *bytes);

/* What the kernel should have executed for one op. Descriptors stay table handles until they are compared. */
struct match_want {
    uint64_t hostcall; /* number of its call */
    uint64_t event;    /* of its op */
    int64_t number;    /* of the system call */
    uint32_t handle, handle2;
    uint32_t generation, generation2; /* how often these handles had been opened or closed before */
    uint16_t kind;                    /* enum op_kind */
    uint8_t op;                       /* index in the plan */
    bool known;                       /* the trace has the result */
    bool optional;                    /* the vDSO may have answered */
    bool restarted; /* an interrupted part of it was compared: where it polls, the next one has less time */
    uint64_t operand[OP_OPERANDS_MAX]; /* expected numbers, where the operand is one */
    uint64_t how[3], times[4];
    uint32_t iov_count;       /* of the whole vector */
    const struct region *iov; /* IOVS only; in bytes, as the paths are */
    uint32_t mem_offset;
    uint32_t path_length[WITNESS_PATHS];
    const char *path[WITNESS_PATHS];  /* without NUL, in the order of the operands */
    int64_t result;                   /* as the trace has it: a count, or -(enum wasi_errno) */
    uint32_t calls;                   /* how many system calls performed the op */
    bool walks;                       /* they resolve its path component by component */
    uint32_t links;                   /* and follow this many links at most */
    uint32_t open_flags;              /* OPEN: of the op */
    uint64_t host_bytes;              /* READ_DIR: bytes that the kernel must have returned; UINT64_MAX: not known */
    uint64_t dev, ino, filetype;      /* STAT: the object that the trace names */
    struct net_address address, told; /* that the request names; that the trace says was answered */
    uint32_t option_level;            /* of a socket: level, number and value of its option */
    uint64_t option_name, option_value;
    struct match_bytes bytes;
};

/* How far the system calls of one op have come. */
struct match_steps {
    uint32_t done;
    struct match_walk walk; /* where it walks */
};

/* An object as one side knows it. */
struct match_object {
    uint64_t dev, ino;
    uint32_t type; /* S_IFMT's bits of its mode; of a claim: enum wasi_filetype */
    uint32_t rdev; /* of a device, which one it is */
    bool known;
};

enum { MATCH_ARENAS = 8, MATCH_SHARED = 16 };

/* What is known of the process: handles to host descriptors, where guest memory lies. */
struct match_world {
    int64_t number[OP_COUNT]; /* of each op's system call */
    int64_t number_mmap, number_mremap, number_restart, number_sigreturn;
    int64_t number_openat, number_readlinkat, number_close;
    bool walks;                     /* paths are resolved component by component, as the run's description says */
    uint32_t links;                 /* and this many links followed in one, as its policy says */
    int32_t host_fd[HANDLES_TOTAL]; /* -1: not known */
    bool learns;  /* something may have been opened unseen: unknown descriptors fit, and are learnt at first use */
    bool threads; /* the guest's process has had more than one thread */
    struct match_object object[HANDLES_TOTAL];  /* as the kernel had it when it was opened, or first used */
    struct match_object initial[HANDLES_TOTAL]; /* what the launcher passed, as it says */
    struct run_node node[LIMIT_DEVICES];        /* the devices that the policy lists, as the launcher found them */
    uint32_t node_count;
    uint32_t generation[HANDLES_TOTAL];                          /* opened or closed so often by now */
    uint64_t arena_base[MATCH_ARENAS], arena_size[MATCH_ARENAS]; /* reservations of 4 GiB and more */
    uint32_t arena_count;
    uint64_t shared_base[MATCH_SHARED],
        shared_size[MATCH_SHARED]; /* memory that another process maps too, and may write */
    uint32_t shared_count;         /* beyond MATCH_SHARED: all memory may be */
    bool base_known;
    uint64_t base;                /* of linear memory */
    enum syscall_machine machine; /* that was recorded: numbers and flag bits are its */
};
/* Fills *want from op `index` of the call; `bytes` of it must be valid. MALFORMED: the call's op does not fit its
 * request (a hostile trace), `reason` says how. NO_MEMORY. */
MUST_USE enum status match_want_from(const struct match_world *world, const struct trace_call *call, uint32_t index,
                                     struct match_want *want, const char **reason);

void match_world_init(struct match_world *world, const struct run_spec *spec);

/* How many things differ (0: it is this call), with the first few named in `text` where text is not NULL. The system
 * call's number must be equal already. */
unsigned match_compare(const struct match_world *world, const struct match_want *want,
                       const struct witness_record *record, struct buffer *text);
/* The same of the descriptor in the first operand, and the object behind it, against the op's handle. */
unsigned match_compare_handle(const struct match_world *world, const struct match_want *want,
                              const struct witness_record *record, struct buffer *text);
/* Before the first call of the op. */
void match_steps_begin(struct match_steps *steps, const struct match_want *want);
/* The number of the system call that comes next; -1: none does. */
int64_t match_steps_number(const struct match_world *world, const struct match_want *want,
                           const struct match_steps *steps, const struct witness_record *record);
/* match_compare of the next system call of an op that may have several. */
unsigned match_steps_compare(const struct match_world *world, const struct match_want *want,
                             const struct match_steps *steps, const struct witness_record *record, struct buffer *text);
/* Moves behind a record that fits. True: the op is done. */
bool match_steps_take(const struct match_want *want, struct match_steps *steps, const struct witness_record *record);
/* match_unknown of one of them. */
bool match_steps_unknown(const struct match_world *world, const struct match_want *want,
                         const struct witness_record *record, struct buffer *text);
/* Whether the witness lacks what the comparison needs: an operand that could not be read whole, or not before the call
 * wrote; an object. Says what in `text` where text is not NULL. */
bool match_unknown(const struct match_world *world, const struct match_want *want, const struct witness_record *record,
                   struct buffer *text);
/* Notes what the consumed want changed: record is what the kernel did for it, or NULL where nothing was seen. */
void match_world_apply(struct match_world *world, const struct match_want *want, const struct witness_record *record);
/* Notes what a call on the op's handle shows of that, where more calls of the op follow. */
void match_world_learn(struct match_world *world, const struct match_want *want, const struct witness_record *record);
enum { MATCH_TYPE = 0170000 }; /* S_IFMT */
/* Whether guest memory may begin at `base`. */
bool match_base_fits(const struct match_world *world, uint64_t base);
/* Whether a device and inode that stat(2) gave for an object bind: not where its file system shows others there than
 * the kernel's own object has. */
bool match_numbers_bind(const struct witness_object *found);
/* The device that `found` must be for a STAT of it to have said what it said: where those are the numbers of one that
 * the policy lists, that one, also where the file system shows other numbers than the kernel's object has. */
uint64_t match_listed_device(const struct match_world *world, const struct match_want *want,
                             const struct witness_object *found);
/* Whether bytes at `address` lie in memory that another process may write. */
bool match_is_shared(const struct match_world *world, uint64_t address, uint64_t size);
/* Notes a reservation of address space, shared memory, and other threads. */
void match_world_note(struct match_world *world, const struct witness_record *record);

/* The manual pages' view of ops, stated apart from wasi/act on purpose. */
uint64_t match_linux_open_flags(uint32_t flags, enum syscall_machine machine);
uint64_t match_linux_fdflags(uint64_t fdflags);                 /* what F_SETFL can change */
uint32_t match_linux_poll(uint8_t eventtype);                   /* what a descriptor is waited for: POLLIN, POLLOUT */
void match_linux_time(uint64_t ns, uint64_t times[4]);          /* of a TIME operand */
void match_linux_times(const struct op *op, uint64_t times[4]); /* of a TIMES operand */
uint32_t match_linux_filetype(uint32_t mode);                   /* enum wasi_filetype */
/* Whether a result means that the call was cut short by a handler, if one ran: the program then sees EINTR. */
static inline bool match_linux_interrupts(int64_t result) { return result == -512 || result == -514 || result == -516; }
bool match_linux_errno_is(int64_t linux_errno, int64_t wasi_errno);
static inline bool match_linux_restarts(int64_t result) { return result <= -512 && result >= -516; }
/* Goes on as restart_syscall(2), -ERESTART_RESTARTBLOCK; the others are made again as they were. */
static inline bool match_linux_restarts_by_block(int64_t result) { return result == -516; }

#endif
