/* path_open.
 *
 * Plan: OPEN into the lowest free descriptor, again after EAGAIN; STAT it; commit, or CLOSE it and refuse where
 * it is neither a regular file nor a directory, nor a device of the policy's. Where it lies on another device than its
 * directory, its FILE_SYSTEM is asked for too: what holds no data (proc, sysfs) is CLOSEd, and the commit answers
 * NOTCAPABLE; not as a refusal, because opening may have created it. The host's access mode follows from the rights asked for, so that
 * the kernel too refuses what the guest has no right to; truncating counts as writing. The op never blocks on a
 * FIFO. Rights that the directory does not hand on are left out, because whole languages ask for a fixed set of them;
 * what is refused is to create, to truncate, and to open for writing alone where no right to write is left. What the
 * kernel does beneath the handle (symbolic links, "..") is its business; a path that leaves the tree comes back as
 * XDEV. Opening a device may have effects of its own even though it is closed again: a granted tree with devices in
 * it is outside the threat model. Source: witx, path_open. */
#include "wasi/decide/decide_inner.h"

#define RIGHTS_OF_WRITERS (R(FD_WRITE) | R(FD_ALLOCATE))
#define RIGHTS_OF_READERS (R(FD_READ) | R(FD_READDIR))

/* Whether the flags of the call have a meaning. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
*/
static bool open_flags_known(const struct request *request)
{
    const uint64_t oflags = OFLAG_CREAT | OFLAG_DIRECTORY | OFLAG_EXCL | OFLAG_TRUNC;
    const uint64_t fdflags = FDFLAG_APPEND | FDFLAG_DSYNC | FDFLAG_NONBLOCK | FDFLAG_RSYNC | FDFLAG_SYNC;
    if (request->slot[SLOT_PATH_OPEN_dirflags] > LOOKUP_SYMLINK_FOLLOW ||
        request->slot[SLOT_PATH_OPEN_oflags] > oflags || request->slot[SLOT_PATH_OPEN_fdflags] > fdflags)
        return false;
    return !(request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_DIRECTORY) ||
           !(request->slot[SLOT_PATH_OPEN_oflags] & (OFLAG_CREAT | OFLAG_TRUNC));
}

/* What the new descriptor may hold: what was asked for, without what the directory does not hand on. */
/*@ requires \valid_read(table) && \valid_read(request) && request->slot[SLOT_PATH_OPEN_fd] < LIMIT_HANDLES;
  @ assigns \nothing;
  @ ensures cut: \result == (table->handle[request->slot[SLOT_PATH_OPEN_fd]].inheriting & request->slot[SLOT_PATH_OPEN_fs_rights_base]);
*/
static uint64_t open_rights(const struct handle_table *table, const struct request *request)
{
    return table->handle[request->slot[SLOT_PATH_OPEN_fd]].inheriting & request->slot[SLOT_PATH_OPEN_fs_rights_base];
}

/* Whether the directory may create or truncate where that is asked, and leaves a way to do what was asked. */
/*@ requires \valid_read(table) && \valid_read(request) && request->slot[SLOT_PATH_OPEN_fd] < LIMIT_HANDLES;
  @ assigns \nothing;
  @ ensures sound: \result == RULE_NONE ==>
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_CREAT) != 0 ==> right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE))) &&
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_TRUNC) != 0 ==> right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE)));
  @ ensures rule: \result == RULE_NONE || \result == RULE_RIGHT_MISSING;
*/
static enum rule open_rights_rule(const struct handle_table *table, const struct request *request)
{
    uint64_t asked = request->slot[SLOT_PATH_OPEN_fs_rights_base];
    uint64_t oflags = request->slot[SLOT_PATH_OPEN_oflags];
    if ((asked & R(FD_WRITE)) && !(asked & RIGHTS_OF_READERS) && !(open_rights(table, request) & R(FD_WRITE)))
        return RULE_RIGHT_MISSING;
    if ((oflags & OFLAG_CREAT) &&
        decide_handle_rule(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE)) != RULE_NONE)
        return RULE_RIGHT_MISSING;
    if ((oflags & OFLAG_TRUNC) &&
        decide_handle_rule(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE)) != RULE_NONE)
        return RULE_RIGHT_MISSING;
    return RULE_NONE;
}

/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures sound: \result == RULE_NONE ==> may(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_OPEN)) && string_clean(request, 0) &&
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_CREAT) != 0 ==> right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE))) &&
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_TRUNC) != 0 ==> right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE)));
  @ ensures rule: 0 <= \result < RULE_COUNT;
*/
static enum rule open_rule(const struct handle_table *table, const struct request *request)
{
    uint64_t fd = request->slot[SLOT_PATH_OPEN_fd];
    enum rule rule = decide_handle_rule(table, fd, R(PATH_OPEN));
    if (rule != RULE_NONE)
        return rule;
    if (table->handle[fd].type != FILETYPE_DIRECTORY)
        return RULE_NOT_DIRECTORY;
    if (!open_flags_known(request))
        return RULE_BAD_VALUE;
    rule = decide_path_rule(request, 0);
    if (rule != RULE_NONE)
        return rule;
    return open_rights_rule(table, request);
}

/* The access mode: write where a right writes that is handed on (the system answers ISDIR for a directory), read where
 * one reads or nothing else is left. To set the size makes a writer of nobody who reads: Go asks for it always. */
/*@ requires \valid_read(table) && \valid_read(request) && request->slot[SLOT_PATH_OPEN_fd] < LIMIT_HANDLES;
  @ assigns \nothing;
  @ ensures write: \result == OPEN_READ || ((\result == OPEN_WRITE || \result == OPEN_READ + OPEN_WRITE) &&
  @   open_may_write(table, request));
*/
static uint32_t open_access(const struct handle_table *table, const struct request *request)
{
    uint64_t rights = open_rights(table, request);
    if (!(rights & (RIGHTS_OF_WRITERS | R(FD_FILESTAT_SET_SIZE))))
        return OPEN_READ;
    if (!(rights & RIGHTS_OF_WRITERS) && (rights & RIGHTS_OF_READERS))
        return OPEN_READ;
    return (rights & RIGHTS_OF_READERS) ? OPEN_READ + OPEN_WRITE : OPEN_WRITE;
}

/* What may create. The bits of the parts are disjoint, so they are added: the prover is better at sums than at
 * masks. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures create: \result == 0 || ((\result == OPEN_CREATE || \result == OPEN_CREATE + OPEN_EXCLUSIVE) &&
  @   (request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_CREAT) != 0);
*/
static uint32_t open_creation(const struct request *request)
{
    uint64_t oflags = request->slot[SLOT_PATH_OPEN_oflags];
    if (!(oflags & OFLAG_CREAT))
        return 0;
    return (oflags & OFLAG_EXCL) ? OPEN_CREATE + OPEN_EXCLUSIVE : OPEN_CREATE;
}

/* What may truncate. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures truncate: \result == 0 || (\result == OPEN_TRUNCATE && (request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_TRUNC) != 0);
*/
static uint32_t open_truncation(const struct request *request)
{
    return (request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_TRUNC) ? OPEN_TRUNCATE : 0;
}

/* What changes nothing by itself: the bits from OPEN_DIRECTORY up. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures others: \result % OPEN_DIRECTORY == 0 && \result < 2 * OPEN_PATH_ONLY;
*/
static uint32_t open_manner(const struct request *request)
{
    uint64_t fdflags = request->slot[SLOT_PATH_OPEN_fdflags];
    uint32_t flags = OPEN_NONBLOCK;
    if (request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_DIRECTORY)
        flags += OPEN_DIRECTORY;
    if (!(request->slot[SLOT_PATH_OPEN_dirflags] & LOOKUP_SYMLINK_FOLLOW))
        flags += OPEN_NOFOLLOW;
    if (fdflags & FDFLAG_APPEND)
        flags += OPEN_APPEND;
    if (fdflags & FDFLAG_DSYNC)
        flags += OPEN_DSYNC;
    if (fdflags & (FDFLAG_SYNC | FDFLAG_RSYNC))
        flags += OPEN_SYNC;
    return flags;
}

/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_OPEN && \result.op.handle == request->slot[SLOT_PATH_OPEN_fd] &&
  @   \result.op.mem.length == 0 && may(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_OPEN)) && path_clean(request, \result.op.path) &&
  @   handle_free(table, \result.op.handle2);
  @ ensures write: \result.verdict == VERDICT_ISSUE && flag_set(\result.op.flags, OPEN_WRITE) ==>
  @   open_may_write(table, request);
  @ ensures create: \result.verdict == VERDICT_ISSUE && flag_set(\result.op.flags, OPEN_CREATE) ==>
  @   right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE));
  @ ensures truncate: \result.verdict == VERDICT_ISSUE && flag_set(\result.op.flags, OPEN_TRUNCATE) ==>
  @   right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE));
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step open_issue(const struct handle_table *table, const struct request *request)
{
    uint32_t slot = decide_free_slot(table);
    enum rule rule = open_rule(table, request);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (slot >= table->limit || slot >= LIMIT_HANDLES)
        return decide_refuse(RULE_TABLE_FULL);
    struct step step = decide_issue(OP_OPEN, RULE_GRANTED_TREE, (uint32_t)request->slot[SLOT_PATH_OPEN_fd]);
    step.op.handle2 = slot;
    step.op.flags =
        open_access(table, request) + open_creation(request) + open_truncation(request) + open_manner(request);
    step.op.path.offset = request->string[0].offset;
    step.op.path.length = request->string[0].length;
    return step;
}

/* Whether what was opened is a device that the policy lists. */
/*@ requires \valid_read(context) && \valid_read(stat);
  @ assigns \nothing;
*/
static bool open_listed(const struct decide_context *context, const struct filestat *stat)
{
    if (stat->filetype != FILETYPE_CHARACTER_DEVICE)
        return false;
    /*@ loop invariant 0 <= i <= LIMIT_DEVICES;
      @ loop assigns i;
      @ loop variant LIMIT_DEVICES - i;
    */
    for (uint32_t i = 0; i < context->device_count && i < LIMIT_DEVICES; i++)
        if (context->device[i].dev == stat->dev && context->device[i].ino == stat->ino)
            return true;
    return false;
}

/* Whether what was opened is of a kind that may be: a file, a directory, such a device. */
/*@ requires \valid_read(context) && \valid_read(stat);
  @ assigns \nothing;
  @ ensures kinds: \result == 0 ==> stat->filetype != FILETYPE_REGULAR_FILE && stat->filetype != FILETYPE_DIRECTORY;
*/
static bool open_kind_ok(const struct decide_context *context, const struct filestat *stat)
{
    return stat->filetype == FILETYPE_REGULAR_FILE || stat->filetype == FILETYPE_DIRECTORY ||
           open_listed(context, stat);
}

/* Behind a successful OPEN, STAT and FILE_SYSTEM: goes on, or closes where that holds no data; the commit tells. */
/*@ requires \valid_read(ops) && 3 <= ops->count <= LIMIT_OPS && at + 2 < ops->count && at <= DECIDE_RETRIES;
  @ requires ops->op[at].kind == OP_OPEN && ops->op[at].handle2 == slot && ops->result[at].value >= 0;
  @ requires ops->op[at + 1].kind == OP_STAT;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==>
  @   plan_opened(ops, slot) && plain_op(\result.op, OP_CLOSE, slot) && ops->count < LIMIT_OPS;
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT;
*/
static struct step open_answer(const struct call_ops *ops, uint32_t at, uint32_t slot)
{
    if (ops->count != at + 3 || ops->op[at + 2].kind != OP_FILE_SYSTEM || ops->op[at + 2].handle != slot ||
        decide_holds_data(ops->result[at + 2].value))
        return decide_go_commit();
    return decide_issue(OP_CLOSE, RULE_PLAN_CLEANUP, slot);
}

/* Behind the successful OPEN at `at`. dev: where the directory lies, whose file system is known to hold data. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(ops);
  @ requires ops->count <= LIMIT_OPS && at < ops->count && at <= DECIDE_RETRIES;
  @ requires ops->op[at].kind == OP_OPEN && ops->result[at].value >= 0;
  @ requires \forall integer k; 0 <= k < at ==> ops->op[k].kind == OP_OPEN && ops->result[k].value < 0;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> own_slot(table, ops, \result.op.handle) && \result.op.handle < LIMIT_HANDLES &&
  @   (plain_op(\result.op, OP_STAT, \result.op.handle) || plain_op(\result.op, OP_CLOSE, \result.op.handle) ||
  @     plain_op(\result.op, OP_FILE_SYSTEM, \result.op.handle));
  @ ensures bounded: \result.verdict == VERDICT_ISSUE ==> ops->count < LIMIT_OPS;
  @ ensures refusal: \result.verdict == VERDICT_REFUSE ==> refusal_changes_nothing(ops) && refuses(\result);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || \result.verdict == VERDICT_REFUSE;
*/
static struct step open_check(const struct decide_context *context, const struct handle_table *table, uint64_t dev,
                              const struct call_ops *ops, uint32_t at)
{
    uint32_t slot = ops->op[at].handle2;
    if (slot >= table->limit || slot >= LIMIT_HANDLES || table->handle[slot].live)
        return decide_go_commit();
    if (ops->count == at + 1)
        return decide_issue(OP_STAT, RULE_OBJECT_CHECK, slot);
    if (ops->count > at + 4 || ops->op[at + 1].kind != OP_STAT || ops->op[at + 1].handle != slot)
        return decide_go_commit();
    bool failed = ops->result[at + 1].value < 0;
    const struct filestat *stat = &ops->result[at + 1].stat;
    if (!failed && open_kind_ok(context, stat)) {
        if (stat->dev == dev)
            return decide_go_commit();
        return ops->count == at + 2 ? decide_issue(OP_FILE_SYSTEM, RULE_OBJECT_CHECK, slot)
                                    : open_answer(ops, at, slot);
    }
    if (ops->count == at + 2)
        return decide_issue(OP_CLOSE, RULE_PLAN_CLEANUP, slot);
    return failed || ops->count != at + 3 || ops->op[at + 2].kind != OP_CLOSE ? decide_go_commit()
                                                                              : decide_refuse(RULE_SPECIAL_FILE);
}

struct step decide_path_open(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_OPEN_fd];
    struct opening_state opening = decide_opening(ops, 0);
    if (opening.state == OPENING_TRY)
        return open_issue(table, request);
    if (opening.state == OPENING_ESCAPES)
        return decide_refuse(RULE_PATH_ESCAPES);
    if (opening.state == OPENING_DONE && fd < LIMIT_HANDLES)
        return open_check(context, table, table->handle[fd].dev, ops, opening.at);
    return decide_go_commit();
}
