/* The decision core: pure functions that say what may be done for a guest. No system call, no allocation, no
 * global.
 *
 * A hostcall runs: request (copied once) -> decide_step until it says COMMIT or REFUSE, performing each issued
 * op -> decide_commit, which updates the descriptor table and says what the guest is told. Both work on any history
 * of ops, also on one that no plan of theirs could have: nothing in `ops` is trusted to be what was issued. What is
 * proved stands below as ACSL predicates; `./dev prove` proves it. */
#ifndef WARRANT_DECIDE_H
#define WARRANT_DECIDE_H

#include "wasi/abi/call.h"

/* One guest descriptor. Everything the runtime knows of it; the host descriptor is the backend's secret. */
struct handle {
    uint64_t rights, inheriting;
    uint64_t position; /* bytes; directories: the kernel's cookie position, or HANDLE_POSITION_UNKNOWN */
    uint64_t dev, ino;
    uint32_t name_length; /* preopens: bytes of the guest path; 0 otherwise */
    uint16_t fdflags;     /* FDFLAG_* */
    uint8_t type;         /* enum wasi_filetype */
    bool live;
    bool preopen;
    bool
        doubtful; /* beneath it, file systems that hold no data may be mounted: names are looked at before they are used */
};
#define HANDLE_POSITION_UNKNOWN UINT64_MAX

struct handle_table {
    uint32_t limit; /* guest descriptors below this number only; at most LIMIT_HANDLES */
    struct handle handle[HANDLES_TOTAL];
};

/* The facts about the run that decisions rest on. */
struct decide_context {
    uint64_t memory; /* bytes of guest memory, at most 2^32 */
    uint32_t arg_count, arg_bytes, env_count, env_bytes;
    uint32_t device_count; /* device nodes that may be opened; at most LIMIT_DEVICES */
    struct device_node {
        uint64_t dev, ino;
    } device[LIMIT_DEVICES];
};

enum verdict { VERDICT_ISSUE, VERDICT_COMMIT, VERDICT_REFUSE };

/* ISSUE: *op is to be performed. COMMIT: no further op; decide_commit tells the result (which may be the system's
 * errno). REFUSE: policy or the interface forbids it: `rule` says why, `wasi_errno` what the guest is told, `traps`
 * that it is stopped instead (a bad pointer, as the witx text demands). */
struct decision {
    enum verdict verdict;
    uint16_t rule;
    uint16_t wasi_errno;
    bool traps;
};

/* What is proved. One predicate says what "inside memory" means, one what "open" means, one what "may" means;
 * DECIDE_SOUND is what decide_step guarantees, whatever request, table and history it is given. */
/*@ // What filesystems.def lists.
  @ axiomatic FileSystems { predicate holds_data(integer type); }
  @
  @ predicate region_in_memory(struct region r, integer memory) = r.length == 0 || r.offset + r.length <= memory;
  @
  @ predicate handle_live(struct handle_table *t, integer h) =
  @   0 <= h < t->limit && h < LIMIT_HANDLES && t->handle[h].live != 0;
  @ predicate handle_free(struct handle_table *t, integer h) =
  @   0 <= h < t->limit && h < LIMIT_HANDLES && t->handle[h].live == 0;
  @ predicate right_held(struct handle_table *t, integer h, integer rights) = (t->handle[h].rights & rights) == rights;
  @ predicate may(struct handle_table *t, integer h, integer rights) = handle_live(t, h) && right_held(t, h, rights);
  @
  @ // The descriptor that the guest named.
  @ logic integer base_handle(struct request *q) = q->call == OPERATION_PATH_SYMLINK ? q->slot[SLOT_PATH_SYMLINK_fd] : q->slot[SLOT_FIRST];
  @
  @ // The whole vector of the request lies in memory.
  @ predicate vector_in_memory(struct request *q, integer memory) =
  @   q->iov_count <= LIMIT_IOVECS &&
  @   (\forall integer k; 0 <= k < q->iov_count ==> region_in_memory(q->iov[k], memory));
  @
  @ predicate op_reads_vector(struct op op) = op.kind == OP_WRITE || op.kind == OP_PWRITE || op.kind == OP_APPEND;
  @ predicate op_writes_vector(struct op op) = op.kind == OP_READ || op.kind == OP_PREAD;
  @ predicate op_writes_region(struct op op) = op.kind == OP_RANDOM || op.kind == OP_READ_LINK;
  @
  @ // Memory: every region lies in guest memory, and is read or written as the hostcall declares it.
  @ predicate vector_ok(struct decide_context *c, struct request *q, struct op op) =
  @   op_reads_vector(op) || op_writes_vector(op) ==>
  @     op.mem.offset == 0 && op.mem.length == q->iov_count && vector_in_memory(q, c->memory);
  @ predicate region_ok(struct decide_context *c, struct request *q, struct op op) =
  @   op_writes_region(op) ==> region_in_memory(op.mem, c->memory);
  @ predicate no_other_region(struct op op) =
  @   !op_reads_vector(op) && !op_writes_vector(op) && !op_writes_region(op) ==> op.mem.length == 0;
  @ predicate direction_ok(struct request *q, struct op op) =
  @   (op_reads_vector(op) ==> (q->call == OPERATION_FD_WRITE || q->call == OPERATION_FD_PWRITE)) &&
  @   (op_writes_vector(op) ==> (q->call == OPERATION_FD_READ || q->call == OPERATION_FD_PREAD)) &&
  @   (op_writes_region(op) ==> (q->call == OPERATION_RANDOM_GET || q->call == OPERATION_PATH_READLINK));
  @
  @ // One of the last three ops of the plan opened slot h, and it was not closed since.
  @ predicate plan_opened(struct call_ops *o, integer h) =
  @   (1 <= o->count <= LIMIT_OPS && o->op[o->count - 1].kind == OP_OPEN && o->op[o->count - 1].handle2 == h &&
  @     o->result[o->count - 1].value >= 0) ||
  @   (2 <= o->count <= LIMIT_OPS && o->op[o->count - 2].kind == OP_OPEN && o->op[o->count - 2].handle2 == h &&
  @     o->result[o->count - 2].value >= 0 && o->op[o->count - 1].kind != OP_CLOSE) ||
  @   (3 <= o->count <= LIMIT_OPS && o->op[o->count - 3].kind == OP_OPEN && o->op[o->count - 3].handle2 == h &&
  @     o->result[o->count - 3].value >= 0 && o->op[o->count - 2].kind != OP_CLOSE && o->op[o->count - 1].kind != OP_CLOSE);
  @ predicate own_slot(struct handle_table *t, struct call_ops *o, integer h) =
  @   plan_opened(o, h) && (h == HANDLE_SCRATCH || handle_free(t, h));
  @
  @ // The right that an op needs; an op whose object the plan opened itself needs it of the descriptor that the guest named.
  @ logic integer op_right(struct request *q, struct op op) =
  @   op.kind == OP_READ || op.kind == OP_PREAD ? R(FD_READ) :
  @   op.kind == OP_WRITE || op.kind == OP_PWRITE || op.kind == OP_APPEND ? R(FD_WRITE) :
  @   op.kind == OP_SET_FLAGS ? R(FD_FDSTAT_SET_FLAGS) :
  @   op.kind == OP_SET_SIZE ? R(FD_FILESTAT_SET_SIZE) :
  @   op.kind == OP_SYNC ? R(FD_SYNC) :
  @   op.kind == OP_DATASYNC ? R(FD_DATASYNC) :
  @   op.kind == OP_SEEK_DIR || op.kind == OP_READ_DIR ? R(FD_READDIR) :
  @   op.kind == OP_MAKE_DIR ? R(PATH_CREATE_DIRECTORY) :
  @   op.kind == OP_REMOVE_DIR ? R(PATH_REMOVE_DIRECTORY) :
  @   op.kind == OP_UNLINK ? R(PATH_UNLINK_FILE) :
  @   op.kind == OP_MAKE_LINK ? R(PATH_SYMLINK) :
  @   op.kind == OP_READ_LINK ? R(PATH_READLINK) :
  @   op.kind == OP_SET_TIMES_AT || op.kind == OP_SET_TIMES ? R(PATH_FILESTAT_SET_TIMES) :
  @   op.kind == OP_STAT_AT ? R(PATH_FILESTAT_GET) :
  @   op.kind == OP_STAT && q->call == OPERATION_FD_FILESTAT_GET ? R(FD_FILESTAT_GET) :
  @   op.kind == OP_STAT && q->call == OPERATION_FD_SEEK ? R(FD_SEEK) :
  @   op.kind == OP_STAT && q->call == OPERATION_FD_WRITE ? R(FD_WRITE) :
  @   op.kind == OP_OPEN && q->call == OPERATION_PATH_OPEN ? R(PATH_OPEN) : 0;
  @
  @ predicate op_without_handle(struct op op) = op.kind == OP_CLOCK_TIME || op.kind == OP_CLOCK_RES ||
  @   op.kind == OP_SLEEP || op.kind == OP_RANDOM || op.kind == OP_YIELD || op.kind == OP_POLL;
  @ predicate op_on_opened(struct op op) = op.kind == OP_STAT || op.kind == OP_CLOSE || op.kind == OP_FILE_SYSTEM;
  @
  @ // Descriptors: live and with the right, or opened by this very plan.
  @ predicate no_handle(struct op op) = op_without_handle(op) ==> op.handle == HANDLE_NONE;
  @ predicate handle_named_or_own(struct handle_table *t, struct request *q, struct call_ops *o, struct op op) =
  @   !op_without_handle(op) ==>
  @     own_slot(t, o, op.handle) || (op.handle == base_handle(q) && handle_live(t, op.handle));
  @ predicate right_ok(struct handle_table *t, struct request *q, struct call_ops *o, struct op op) =
  @   !op_without_handle(op) && !(op_on_opened(op) && own_slot(t, o, op.handle)) ==> may(t, base_handle(q), op_right(q, op));
  @ predicate close_ok(struct handle_table *t, struct request *q, struct call_ops *o, struct op op) =
  @   op.kind == OP_CLOSE && !own_slot(t, o, op.handle) ==> q->call == OPERATION_FD_CLOSE;
  @
  @ // Waiting: each descriptor that is asked about is live and holds the right to what it is waited for.
  @ predicate may_wait(struct handle_table *t, struct subscription s) = s.type == EVENTTYPE_CLOCK ||
  @   (s.type == EVENTTYPE_FD_READ && may(t, s.clock_or_fd, R(POLL_FD_READWRITE) | R(FD_READ))) ||
  @   (s.type == EVENTTYPE_FD_WRITE && may(t, s.clock_or_fd, R(POLL_FD_READWRITE) | R(FD_WRITE)));
  @ predicate waits_ok(struct handle_table *t, struct request *q, struct op op) = op.kind == OP_POLL ==>
  @   q->subscription_count <= LIMIT_SUBSCRIPTIONS &&
  @   (\forall integer k; 0 <= k < q->subscription_count ==> may_wait(t, q->subscription[k]));
  @
  @ predicate op_takes_name(struct op op) = op.kind == OP_STAT_AT || op.kind == OP_MAKE_DIR || op.kind == OP_REMOVE_DIR ||
  @   op.kind == OP_UNLINK || op.kind == OP_MAKE_LINK || op.kind == OP_READ_LINK || op.kind == OP_SET_TIMES_AT;
  @ // File systems: beneath a doubtful grant, what a plan opened is used for a name, or looked at, only when its file system was
  @ // asked for just before, and holds data.
  @ predicate asked_for_data(struct call_ops *o, integer h) = 1 <= o->count <= LIMIT_OPS &&
  @   o->op[o->count - 1].kind == OP_FILE_SYSTEM && o->op[o->count - 1].handle == h && holds_data(o->result[o->count - 1].value);
  @ predicate data_ok(struct handle_table *t, struct request *q, struct call_ops *o, struct op op) =
  @   op.handle == HANDLE_SCRATCH && (op_takes_name(op) || op.kind == OP_STAT || op.kind == OP_SET_TIMES) &&
  @   handle_live(t, base_handle(q)) && t->handle[base_handle(q)].doubtful != 0 ==> asked_for_data(o, HANDLE_SCRATCH);
  @
  @ // Paths: relative, not empty, no NUL; where the kernel resolves without "beneath", one component that is neither "." nor "..".
  @ predicate path_clean(struct request *q, struct region r) =
  @   1 <= r.length && r.offset + r.length <= REQUEST_BYTES && q->bytes[r.offset] != '/' &&
  @   (\forall integer k; r.offset <= k < r.offset + r.length ==> q->bytes[k] != 0);
  @ predicate dots(struct request *q, struct region r) =
  @   (r.length == 1 && q->bytes[r.offset] == '.') ||
  @   (r.length == 2 && q->bytes[r.offset] == '.' && q->bytes[r.offset + 1] == '.');
  @ predicate component_clean(struct request *q, struct region r) = path_clean(q, r) && !dots(q, r) &&
  @   (\forall integer k; r.offset <= k < r.offset + r.length ==> q->bytes[k] != '/');
  @ predicate op_path_ok(struct request *q, struct op op) =
  @   (op.kind == OP_OPEN ==> path_clean(q, op.path)) &&
  @   (op_takes_name(op) ==> component_clean(q, op.path)) &&
  @   (op.kind == OP_MAKE_LINK ==> path_clean(q, op.path2));
  @
  @ // Opening: into a slot that is free; to name it only; or for path_open, with no way to write, create or truncate that the
  @ // directory's rights do not carry.
  @ predicate open_names_only(integer flags) =
  @   flags == OPEN_PATH_ONLY || flags == (OPEN_PATH_ONLY | OPEN_DIRECTORY) || flags == (OPEN_PATH_ONLY | OPEN_NOFOLLOW) ||
  @   flags == (OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY);
  @ predicate flag_set(integer flags, integer bit) = (flags / bit) % 2 == 1; // bit: a power of 2
  @ // Writing was asked for, and the directory hands it on.
  @ predicate open_may_write(struct handle_table *t, struct request *q) =
  @   (t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting & q->slot[SLOT_PATH_OPEN_fs_rights_base] & (R(FD_WRITE) | R(FD_ALLOCATE) | R(FD_FILESTAT_SET_SIZE))) != 0;
  @ predicate op_open_ok(struct handle_table *t, struct request *q, struct op op) = op.kind == OP_OPEN ==>
  @   (open_names_only(op.flags) && op.handle2 == HANDLE_SCRATCH) ||
  @   (q->call == OPERATION_PATH_OPEN && handle_free(t, op.handle2) &&
  @     (flag_set(op.flags, OPEN_WRITE) ==> open_may_write(t, q)) &&
  @     (flag_set(op.flags, OPEN_CREATE) ==> right_held(t, q->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE))) &&
  @     (flag_set(op.flags, OPEN_TRUNCATE) ==> right_held(t, q->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE))));
  @
  @ // Refusal: no op performed so far has changed anything. An opening changes nothing if it failed, only named the object, or met
  @ // one that is neither file nor directory, which it can neither have created nor truncated.
  @ predicate op_changes(struct call_ops *o, integer k) =
  @   o->op[k].kind == OP_WRITE || o->op[k].kind == OP_PWRITE || o->op[k].kind == OP_APPEND || o->op[k].kind == OP_SET_FLAGS ||
  @   o->op[k].kind == OP_SET_SIZE || o->op[k].kind == OP_SYNC || o->op[k].kind == OP_DATASYNC ||
  @   o->op[k].kind == OP_MAKE_DIR || o->op[k].kind == OP_REMOVE_DIR || o->op[k].kind == OP_UNLINK ||
  @   o->op[k].kind == OP_MAKE_LINK || o->op[k].kind == OP_SET_TIMES_AT || o->op[k].kind == OP_SET_TIMES ||
  @   (o->op[k].kind == OP_OPEN && o->result[k].value >= 0 && !open_names_only(o->op[k].flags) &&
  @     !(k + 1 < o->count && o->op[k + 1].kind == OP_STAT && o->op[k + 1].handle == o->op[k].handle2 &&
  @       o->result[k + 1].value >= 0 && o->result[k + 1].stat.filetype != FILETYPE_REGULAR_FILE &&
  @       o->result[k + 1].stat.filetype != FILETYPE_DIRECTORY));
  @ predicate refusal_changes_nothing(struct call_ops *o) = \forall integer k; 0 <= k < o->count ==> !op_changes(o, k);
  @
  @ predicate step_valid(struct decide_context *c, struct handle_table *t, struct request *q, struct call_ops *o, struct op *op) =
  @   \valid_read(c) && \valid_read(t) && \valid_read(q) && \valid_read(o) && \valid(op) && \separated(op, c, t, q, o) &&
  @   c->memory <= 0x100000000 && o->count <= LIMIT_OPS;
*/

/* What every step guarantees: `c`, `t`, `q`, `o` are its arguments, `r` its verdict and reason, `op` what it issues. */
/* clang-format off */
#define DECIDE_SOUND(c, t, q, o, r, op)                                                                               \
    vectors: r.verdict == VERDICT_ISSUE ==> vector_ok{Pre}(c, q, op);                                                 \
    ensures regions: r.verdict == VERDICT_ISSUE ==> region_ok{Pre}(c, q, op) && no_other_region(op);                  \
    ensures directions: r.verdict == VERDICT_ISSUE ==> direction_ok{Pre}(q, op);                                      \
    ensures handles: r.verdict == VERDICT_ISSUE ==> no_handle(op) && handle_named_or_own{Pre}(t, q, o, op);           \
    ensures rights: r.verdict == VERDICT_ISSUE ==> right_ok{Pre}(t, q, o, op) && close_ok{Pre}(t, q, o, op);          \
    ensures paths: r.verdict == VERDICT_ISSUE ==> op_path_ok{Pre}(q, op);                                             \
    ensures openings: r.verdict == VERDICT_ISSUE ==> op_open_ok{Pre}(t, q, op);                                       \
    ensures waits: r.verdict == VERDICT_ISSUE ==> waits_ok{Pre}(t, q, op) && data_ok{Pre}(t, q, o, op);               \
    ensures bounded: r.verdict == VERDICT_ISSUE ==> o->count < LIMIT_OPS;                                             \
    ensures refusal: r.verdict == VERDICT_REFUSE ==>                                                                  \
      refusal_changes_nothing{Pre}(o) && r.rule != RULE_NONE && r.wasi_errno != WASI_SUCCESS;                         \
    ensures verdict: r.verdict == VERDICT_ISSUE || r.verdict == VERDICT_COMMIT || r.verdict == VERDICT_REFUSE
/* clang-format on */

/* Decides the next step of `request`, of which ops->count ops have been performed with the results kept there.
 * Writes *op only where the verdict is ISSUE. */
/*@ requires step_valid(context, table, request, ops, op);
  @ assigns *op;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \at(*op, Post));
*/
struct decision decide_step(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops, struct op *op);

/* Which rights make sense for an object that path_open opened: a directory has no content, a regular file no names
 * below it. */
#define RIGHTS_FOR_DIRECTORY                                                                                           \
    (RIGHTS_ALL &                                                                                                      \
     ~(R(FD_READ) | R(FD_SEEK) | R(FD_TELL) | R(FD_WRITE) | R(FD_ADVISE) | R(FD_ALLOCATE) | R(FD_FILESTAT_SET_SIZE)))
#define RIGHTS_FOR_FILE                                                                                                \
    (RIGHTS_ALL & ~(R(PATH_CREATE_DIRECTORY) | R(PATH_CREATE_FILE) | R(PATH_LINK_SOURCE) | R(PATH_LINK_TARGET) |       \
                    R(PATH_OPEN) | R(FD_READDIR) | R(PATH_READLINK) | R(PATH_RENAME_SOURCE) | R(PATH_RENAME_TARGET) |  \
                    R(PATH_FILESTAT_GET) | R(PATH_FILESTAT_SET_SIZE) | R(PATH_FILESTAT_SET_TIMES) | R(PATH_SYMLINK) |  \
                    R(PATH_REMOVE_DIRECTORY) | R(PATH_UNLINK_FILE)))

/* After COMMIT: applies what the ops did to the table (opens, closes, moves positions) and fills *outcome. Never
 * called for a refusal: a refusal changes nothing.
 *
 * outcome->value holds the scalar results (R_SIZE, R_TIMESTAMP, R_FILESIZE, R_FD). Structures are written by the
 * dispatcher: R_FILESTAT from the result of decide_main_op, R_FDSTAT and R_PRESTAT from the table's handle, events
 * from decide_poll_event. fd_readdir: the dispatcher turns the staged entries into dirents, sets value[0] to the
 * bytes used, and may set the handle's position to the `next` of the last staged entry; commit itself leaves
 * HANDLE_POSITION_UNKNOWN behind entries that were read, and then the next call seeks. poll_oneoff: the dispatcher counts
 * the events. fd_close frees the handle
 * even where the system reports an error: the host descriptor is gone. */
/*@ // Rights only shrink: what is opened holds no more than its directory hands on and than was asked for.
  @ predicate handed_on(integer rights, integer inheriting, integer wanted) = rights == 0 || rights == (inheriting & wanted);
  @ predicate attenuated(integer rights, integer inheriting, integer wanted) =
  @   rights == (inheriting & wanted & RIGHTS_FOR_DIRECTORY) || rights == (inheriting & wanted & RIGHTS_FOR_FILE);
  @ predicate commit_valid(struct decide_context *c, struct handle_table *t, struct request *q, struct call_ops *o,
  @     struct outcome *out) =
  @   \valid_read(c) && \valid(t) && \valid_read(q) && \valid_read(o) && \valid(out) && \separated(c, t, q, o, out) &&
  @   o->count <= LIMIT_OPS;
*/
/* What every commit guarantees of the table: `t`, `q`, `o` are its arguments. */
/* clang-format off */
#define COMMIT_SOUND(t, q, o)                                                                                         \
    rights: q->call != OPERATION_FD_CLOSE && q->call != OPERATION_PATH_OPEN ==>                                         \
      (\forall integer h; 0 <= h < HANDLES_TOTAL ==> t->handle[h].rights == \old(t->handle[h].rights));               \
    ensures rights_closed: q->call == OPERATION_FD_CLOSE ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>            \
      t->handle[h].rights == \old(t->handle[h].rights) || (h == q->slot[SLOT_FD_CLOSE_fd] && t->handle[h].rights == 0));             \
    ensures rights_opened: q->call == OPERATION_PATH_OPEN ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>           \
      t->handle[h].rights == \old(t->handle[h].rights) ||                                                             \
      (\old(t->handle[h].live) == 0 && \old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) &&                                            \
        attenuated(t->handle[h].rights, \old(t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting), q->slot[SLOT_PATH_OPEN_fs_rights_base])));                        \
    ensures inheriting: q->call == OPERATION_PATH_OPEN ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>              \
      t->handle[h].inheriting == \old(t->handle[h].inheriting) ||                                                     \
      (\old(t->handle[h].live) == 0 && \old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) &&                                            \
        handed_on(t->handle[h].inheriting, \old(t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting), q->slot[SLOT_PATH_OPEN_fs_rights_inheriting])));                     \
    ensures data: \forall integer h; 0 <= h < HANDLES_TOTAL ==>                                                       \
      (t->handle[h].live != 0 && \old(t->handle[h].live) == 0 ==>                                                     \
        (\old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) && t->handle[h].dev == \old(t->handle[q->slot[SLOT_PATH_OPEN_fd]].dev)) ||                  \
        asked_for_data(o, h));                                                                                        \
    ensures opened: \forall integer h; 0 <= h < HANDLES_TOTAL ==>                                                     \
      (t->handle[h].live != 0 && \old(t->handle[h].live) == 0 ==>                                                     \
        q->call == OPERATION_PATH_OPEN && \old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) && \old(handle_free(t, h)));                \
    ensures closed: \forall integer h; 0 <= h < HANDLES_TOTAL ==>                                                     \
      (t->handle[h].live == 0 && \old(t->handle[h].live) != 0 ==> q->call == OPERATION_FD_CLOSE && h == q->slot[SLOT_FD_CLOSE_fd])
/* clang-format on */

/*@ requires commit_valid(context, table, request, ops, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, ops);
*/
void decide_commit(const struct decide_context *context, struct handle_table *table, const struct request *request,
                   const struct call_ops *ops, struct outcome *outcome);

/* The index of the op whose result is the call's: the last one that only cleans up excepted, and of an append that
 * was followed by a stat, the append. ops->count where no op was performed. */
/*@ requires \valid_read(ops);
  @ assigns \nothing;
  @ ensures none: ops->count == 0 ==> \result == 0;
  @ ensures some: 0 < ops->count <= LIMIT_OPS ==> \result < ops->count;
*/
uint32_t decide_main_op(const struct call_ops *ops);

/* poll_oneoff: whether subscription `index` has an event once the call commits, and with which errno. A descriptor that a
 * POLL asked about has its answer in the staging buffer, and none here (false). */
/*@ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && \valid(ret_errno) && ops->count <= LIMIT_OPS;
  @ requires \separated(ret_errno, table, request, ops);
  @ assigns *ret_errno;
*/
bool decide_poll_event(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                       uint32_t index, uint16_t *ret_errno);

/* True where (offset, length) lies in `memory` bytes for its whole length; a region of no bytes may lie anywhere. */
/*@ assigns \nothing;
  @ ensures exact: \result <==> region_in_memory(region, memory);
*/
bool decide_region_ok(struct region region, uint64_t memory);

/* Fills `request` from the guest, as the import `row` lowers into its operation: `slots` are its core parameters
 * (row->slot_count of them), `import` its number, memory the guest's linear memory. Reads each guest byte once. Each pointer is checked (bounds of arrays as a whole in 64 bits,
 * alignment) before a byte behind it is read, results' pointers too; the first failed check sets request->fault,
 * and the core then refuses the call. An empty string, array or buffer may point anywhere. */
/*@ predicate memory_valid(uint8_t *m, integer size) = 0 <= size <= 0x100000000 && (size > 0 ==> \valid_read(m + (0 .. size - 1)));
  @ // A request that was copied whole: what it says of its own arrays holds.
  @ predicate request_whole(struct request *q) =
  @   q->iov_count <= LIMIT_IOVECS && q->subscription_count <= LIMIT_SUBSCRIPTIONS && q->string_count <= REQUEST_STRINGS &&
  @   (\forall integer i; 0 <= i < q->string_count ==>
  @     q->string[i].length <= LIMIT_PATH && q->string[i].offset + q->string[i].length <= REQUEST_BYTES);
*/
/*@ requires \valid_read(row) && \valid_read(context) && \valid(request) && row->slot_count <= OPERATION_SLOTS_MAX;
  @ requires row->slot_count > 0 ==> \valid_read(slots + (0 .. row->slot_count - 1));
  @ requires memory_valid(memory, context->memory);
  @ requires \separated(request, row, context) && \separated(request, slots + (0 .. row->slot_count - 1));
  @ requires \separated(request, memory + (0 .. context->memory - 1));
  @ assigns *request;
  @ ensures whole: request_whole(request);
*/
void decide_request(const struct import_row *row, uint32_t import, const uint64_t *slots,
                    const struct decide_context *context, const uint8_t *memory, struct request *request);

#endif
