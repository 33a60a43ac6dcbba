/* The interfaces above and below the decision core, as pure data: operations, the types of their fields, ops, rights,
 * rules, errno. Everything here is derived from the .def tables beside it; their legends say what a row means. */
#ifndef WARRANT_ABI_H
#define WARRANT_ABI_H

#include <stdbool.h>
#include <stdint.h>

#define ERRNO(name) WASI_##name,
enum wasi_errno {
#include "wasi/abi/errno.def"
    WASI_ERRNO_COUNT
};
#undef ERRNO

#define RIGHT(name, writes) RIGHT_BIT_##name,
enum right_bit {
#include "wasi/abi/rights.def"
    RIGHT_BIT_COUNT
};
#undef RIGHT
#define R(name) (UINT64_C(1) << RIGHT_BIT_##name)

#define RIGHT(name, writes) | ((writes) ? 0 : R(name))
static const uint64_t rights_read = 0
#include "wasi/abi/rights.def"
    ; /* all that `access: read` carries */
#undef RIGHT
#define RIGHTS_ALL ((UINT64_C(1) << RIGHT_BIT_COUNT) - 1)

#define RULE(id, ...) RULE_##id,
enum rule {
#include "wasi/abi/rules.def"
    RULE_COUNT
};
#undef RULE

#define OP(id, ...) OP_##id,
enum op_kind {
#include "wasi/abi/ops.def"
    OP_COUNT
};
#undef OP
/* A set of ops: uint64_t. */
#define OPS(name) (UINT64_C(1) << OP_##name)
_Static_assert(OP_COUNT <= 64, "sets of ops are kept in 64 bits");
/* The column `right` of an op that needs nothing of the descriptor beside the rights of its operation. */
#define AS_CALL UINT64_C(0)
/* What an op of two names needs of each descriptor, in that column. Whoever reads it takes OF_FIRST(right), or
 * OF_SECOND. */
#define EACH(first, second)            (first), (second)
#define OF_FIRST(...)                  OF_FIRST_(__VA_ARGS__, 0, )
#define OF_FIRST_(first, ...)          (first)
#define OF_SECOND(...)                 OF_SECOND_(__VA_ARGS__, 0, )
#define OF_SECOND_(first, second, ...) (second)

#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) OPERATION_##id,
enum operation {
#include "wasi/abi/operations.def"
    OPERATION_COUNT
};
#undef OPERATION

/* How a guest ended; the trace's EXIT event has these numbers. */
#define ENDED(id, name, text) WASI_ENDED_##id,
enum wasi_ended {
#include "wasi/abi/ended.def"
    WASI_ENDED_COUNT
};
#undef ENDED

#define ARG_TYPE(name, ...) ARG_##name,
enum arg_type {
#include "wasi/abi/argtypes.def"
    ARG_TYPE_COUNT
};
#undef ARG_TYPE
#include "wasi/abi/slots.h"

enum arg_class {
    ARG_CLASS_SCALAR,
    ARG_CLASS_STRING,
    ARG_CLASS_IOVS,
    ARG_CLASS_CIOVS,
    ARG_CLASS_BUFFER,
    ARG_CLASS_VECTOR,
    ARG_CLASS_SUBS,
    ARG_CLASS_EVENTS,
    ARG_CLASS_RESULT,
    ARG_CLASS_ADDRESS,
    ARG_CLASS_PLACE,
    ARG_CLASS_CELL,
    ARG_CLASS_CAPACITY,
    ARG_CLASS_NAME,
    ARG_CLASS_OPTION,
    ARG_CLASS_HINTS,
    ARG_CLASS_ROOM
};

/* How a scalar is shown. */
enum arg_form { ARG_FORM_NONE, ARG_FORM_NUMBER, ARG_FORM_SIGNED, ARG_FORM_BITS, ARG_FORM_WHENCE, ARG_FORM_CLOCK };

struct arg_type_row {
    const char *name, *witx, *core;
    uint8_t size, align, slots; /* slots: core parameters it takes */
    uint8_t class;              /* enum arg_class */
    uint8_t form;               /* enum arg_form */
};

struct operation_field {
    const char *name;
    uint8_t type;        /* enum arg_type */
    uint8_t slot, slots; /* its first core parameter, and how many it takes */
};

enum { OPERATION_FIELDS_MAX = 9, OPERATION_SLOTS_MAX = 10, OP_OPERANDS_MAX = 6 };
enum operation_state { OPERATION_STATE_BUILT, OPERATION_STATE_ABSENT };
enum operation_kind { OPERATION_KIND_REGULAR, OPERATION_KIND_IRREGULAR };

struct operation_row {
    const char *name;
    uint8_t state, kind, max_ops;
    uint8_t field_count, slot_count;
    uint8_t handle_slot; /* of the descriptor that it works on, or SLOT_NONE */
    bool returns;        /* an errno; false for proc_exit alone */
    uint64_t rights;
    uint64_t ops; /* OPS() bits */
    struct operation_field field[OPERATION_FIELDS_MAX];
};

/* The columns of ops.def; the legend there says what each means. */
enum op_calls { OP_CALLS_ONE, OP_CALLS_VDSO, OP_CALLS_WALK };
enum op_object {
    OP_OBJECT_NONE,
    OP_OBJECT_HANDLE,
    OP_OBJECT_NAME,
    OP_OBJECT_NAMES,
    OP_OBJECT_BENEATH,
    OP_OBJECT_AWAITED
};
enum op_table { OP_TABLE_KEEPS, OP_TABLE_OPENS, OP_TABLE_CLOSES, OP_TABLE_MOVES };
#define OP_EFFECTS(EFFECT)                                                                                             \
    EFFECT(NONE, "none")                                                                                               \
    EFFECT(LOOK, "look")                                                                                               \
    EFFECT(READ, "read")                                                                                               \
    EFFECT(WRITE, "write")                                                                                             \
    EFFECT(OPEN, "open")                                                                                               \
    EFFECT(MAKE, "make")                                                                                               \
    EFFECT(REMOVE, "remove")                                                                                           \
    EFFECT(MOVE, "move")                                                                                               \
    EFFECT(META, "meta")                                                                                               \
    EFFECT(FLUSH, "flush")                                                                                             \
    EFFECT(TABLE, "table")                                                                                             \
    EFFECT(TIME, "time")                                                                                               \
    EFFECT(RANDOM, "random")                                                                                           \
    EFFECT(NETWORK, "network")
#define EFFECT(id, name) OP_EFFECT_##id,
enum op_effect { OP_EFFECTS(EFFECT) OP_EFFECT_COUNT };
#undef EFFECT
enum op_changes { OP_CHANGES_NOTHING, OP_CHANGES_STATE, OP_CHANGES_WORLD, OP_CHANGES_AS_OPENED };
enum op_bytes {
    OP_BYTES_NONE,
    OP_BYTES_STAT,
    OP_BYTES_VECTOR,
    OP_BYTES_JOINED,
    OP_BYTES_REGION,
    OP_BYTES_NAME,
    OP_BYTES_ENTRIES,
    OP_BYTES_POLLED,
    OP_BYTES_MESSAGE,
    OP_BYTES_NAMES
};
enum op_answer {
    OP_ANSWER_ZERO,
    OP_ANSWER_UP_TO_VECTOR,
    OP_ANSWER_UP_TO_REGION,
    OP_ANSWER_UP_TO_STAGING,
    OP_ANSWER_SUBSCRIPTIONS,
    OP_ANSWER_U32,
    OP_ANSWER_ANY,
    OP_ANSWER_NAMED
};
enum op_match {
    OP_MATCH_EQUAL,
    OP_MATCH_ZERO,
    OP_MATCH_OPENED,
    OP_MATCH_PLACE,
    OP_MATCH_ENTRIES,
    OP_MATCH_POLLED,
    OP_MATCH_HOLDS_DATA
};
enum op_late { OP_LATE_HOLDS, OP_LATE_UNKNOWN };
enum op_operand {
    OPERAND_NONE,
    OPERAND_FD,
    OPERAND_FD2,
    OPERAND_IOVS,
    OPERAND_COUNT,
    OPERAND_OFFSET,
    OPERAND_VALUE,
    OPERAND_BITS,
    OPERAND_ZERO,
    OPERAND_CONSTANT,
    OPERAND_PATH,
    OPERAND_PATH2,
    OPERAND_EMPTY,
    OPERAND_HOW,
    OPERAND_HOWSIZE,
    OPERAND_FDFLAGS,
    OPERAND_MEM,
    OPERAND_MEMLEN,
    OPERAND_STAGE,
    OPERAND_STAGELEN,
    OPERAND_TIMES,
    OPERAND_TIME,
    OPERAND_POLLS,
    OPERAND_POLLCOUNT,
    OPERAND_RESULT,
    OPERAND_ADDRESS,
    OPERAND_ADDRLEN,
    OPERAND_OPTION,
    OPERAND_OPTIONLEN
};

struct op_row {
    const char *text, *syscall;
    uint64_t right, right2;           /* right2: NAMES; of the second descriptor */
    uint8_t operand[OP_OPERANDS_MAX]; /* enum op_operand, OPERAND_NONE behind the last */
    uint8_t calls, object, table, effect, changes;
    uint8_t out, in; /* enum op_bytes */
    uint8_t answer, match, late;
};

struct rule_row {
    const char *name, *text;
    uint16_t wasi_errno; /* enum wasi_errno */
    bool refuses, traps;
};

/* Tables, indexed by the enums above. */
extern const struct operation_row abi_operations[OPERATION_COUNT];
extern const struct arg_type_row abi_arg_types[ARG_TYPE_COUNT];
extern const struct op_row abi_ops[OP_COUNT];
extern const uint16_t abi_op_constants[OP_COUNT][OP_OPERANDS_MAX]; /* of each OPERAND_CONSTANT, 0 elsewhere */
extern const struct rule_row abi_rules[RULE_COUNT];

/* Whether the row lists an operand in this role. */
static inline bool abi_op_has(const struct op_row *row, enum op_operand role)
{
    for (unsigned i = 0; i < OP_OPERANDS_MAX; i++)
        if (row->operand[i] == role)
            return true;
    return false;
}

/* What moves is bytes of the guest's memory, in the regions of the op. */
static inline bool abi_bytes_in_regions(enum op_bytes bytes)
{
    return bytes == OP_BYTES_VECTOR || bytes == OP_BYTES_JOINED || bytes == OP_BYTES_REGION;
}

static inline bool abi_bytes_staged(enum op_bytes bytes) { return bytes >= OP_BYTES_ENTRIES; }

/* A struct net_address comes with it. */
static inline bool abi_brings_address(enum op_bytes bytes)
{
    return bytes == OP_BYTES_NAME || bytes == OP_BYTES_MESSAGE;
}

const char *abi_effect_name(enum op_effect effect); /* "meta" */

/* Whether a file system with this number (statfs: f_type) holds data (filesystems.def). */
bool abi_file_system_holds_data(uint64_t type);

const char *abi_errno_name(uint32_t wasi_errno); /* "NOENT"; "?" beyond the table */
const char *abi_right_name(unsigned bit);        /* "FD_READ" */
const char *abi_ended_name(uint32_t ended);      /* "not started"; "unknown" beyond the table */
const char *abi_ended_text(uint32_t ended);      /* behind "the guest": "could not start" */

/* Guest-visible enumerations and flags (witx). */
enum wasi_filetype {
    FILETYPE_UNKNOWN,
    FILETYPE_BLOCK_DEVICE,
    FILETYPE_CHARACTER_DEVICE,
    FILETYPE_DIRECTORY,
    FILETYPE_REGULAR_FILE,
    FILETYPE_SOCKET_DGRAM,
    FILETYPE_SOCKET_STREAM,
    FILETYPE_SYMBOLIC_LINK
};
enum wasi_clockid { CLOCKID_REALTIME, CLOCKID_MONOTONIC, CLOCKID_PROCESS_CPUTIME, CLOCKID_THREAD_CPUTIME };
enum wasi_whence { WHENCE_SET, WHENCE_CUR, WHENCE_END };
enum wasi_fdflags { FDFLAG_APPEND = 1, FDFLAG_DSYNC = 2, FDFLAG_NONBLOCK = 4, FDFLAG_RSYNC = 8, FDFLAG_SYNC = 16 };
enum wasi_oflags { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };
enum wasi_lookupflags { LOOKUP_SYMLINK_FOLLOW = 1 };
enum wasi_fstflags { FST_ATIM = 1, FST_ATIM_NOW = 2, FST_MTIM = 4, FST_MTIM_NOW = 8 };
enum wasi_eventtype { EVENTTYPE_CLOCK, EVENTTYPE_FD_READ, EVENTTYPE_FD_WRITE };
enum wasi_subclockflags { SUBCLOCK_ABSTIME = 1 };
/* Those whose default action is none; the last. The first 15 have Linux's numbers. */
enum wasi_signal { SIGNAL_NONE, SIGNAL_CHLD = 16, SIGNAL_CONT, SIGNAL_URG = 22, SIGNAL_WINCH = 27, SIGNAL_SYS = 30 };

/* Flags of ops: portable bits that the backend translates.
 * OPEN: OPEN_*; STAT_AT, SET_TIMES_AT and SET_TIMES: none (never follows); SET_FLAGS: `value` holds FDFLAG_*. */
enum op_open_flags {
    OPEN_READ = 1,
    OPEN_WRITE = 2,
    OPEN_CREATE = 4,
    OPEN_EXCLUSIVE = 8,
    OPEN_TRUNCATE = 16,
    OPEN_DIRECTORY = 32,
    OPEN_NOFOLLOW = 64,
    OPEN_APPEND = 128,
    OPEN_DSYNC = 256,
    OPEN_SYNC = 512,
    OPEN_NONBLOCK = 1024,
    OPEN_PATH_ONLY = 2048 /* names the object, cannot read it (O_PATH) */
};
/* SLEEP: `value` is the clock, `flags` 0 (relative), `offset` the time in ns. CLOCK_TIME, CLOCK_RES: `value` is the
 * clock. FILE_SYSTEM: its value is the file system's number (statfs: f_type). READ_DIR: `offset` is where in the
 * staging buffer its entries go, `value` the bytes that the system is asked for. POLL: the request's subscriptions that
 * are no clocks, in their order; `offset` the longest wait in ns; `value` of the result is 0 (nothing happened), or
 * their number, and for each a byte of POLLED_* bits is staged. SET_TIMES*: which of `offset` (access time) and `value`
 * (modification time), ns since 1970, are meant. FST_* bits in `flags`.
 *
 * Sockets. SOCKET: `value` is the family, `flags` the type with SOCK_CLOEXEC, `offset` the protocol, as Linux numbers
 * them (net.h). ACCEPT: `flags` are SOCK_CLOEXEC and SOCK_NONBLOCK. SEND*, RECEIVE*: MSG_* in `flags`. RECEIVE_FROM:
 * `value` is LIMIT_STAGING, so that a message is never cut. LISTEN: `value` is the backlog; SHUT_DOWN: 0, 1 or 2
 * (SHUT_*). GET_OPTION, SET_OPTION: `flags` is the level and `offset` the option in Linux's numbers, `value` (of
 * GET_OPTION the result) a number, microseconds of SO_RCVTIMEO and SO_SNDTIMEO, of SO_LINGER 0 or 1 + the seconds.
 * ONLY_V6: `value` is 1. ASK_NAME: `value` is the name's number in the policy; TAKE_NAMES: LIMIT_ADDRESSES addresses in
 * bytes. */

enum op_polled { POLLED_READY = 1, POLLED_HANGUP = 2, POLLED_ERROR = 4, POLLED_INVALID = 8, POLLED_ALL = 15 };

/* (offset, length) in bytes; which space it lies in (guest memory, or the request's bytes) its user says. */
struct region {
    uint32_t offset, length;
};

/* One portable directory entry in READ_DIR's staged data: this header, then the name, no padding. */
struct dirent_head {
    uint64_t next; /* cookie of the entry behind it */
    uint64_t inode;
    uint16_t name_length;
    uint8_t type; /* enum wasi_filetype */
    uint8_t reserved[5];
};

/* What a stat brings, in the units of the witx text (ns since 1970, clamped at 0). Layout of the trace: 8 u64. */
struct filestat {
    uint64_t dev, ino, filetype, nlink, size, atim, mtim, ctim;
};

#endif
