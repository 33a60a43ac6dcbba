/* path_open.
 *
 * Plan: OPEN into the lowest free descriptor; STAT it; commit, or CLOSE it and refuse where
 * it is neither a regular file nor a directory, nor a device of the policy's. Where it lies on another device than its
 * directory, its FILE_SYSTEM is asked for too: what holds no data (proc, sysfs) is CLOSEd, and the commit answers
 * NOTCAPABLE; not as a refusal, because opening may have created it. The host's access mode follows from the rights asked for, so that
 * the kernel too refuses what the guest has no right to; truncating counts as writing. The op never blocks on a
 * FIFO. Rights that the directory does not hand on are left out, because whole languages ask for a fixed set of them;
 * what is refused is to create, to truncate, and to open for writing alone where no right to write is left. To truncate needs the right
 * to do so by a path, or to hand on the right to set a file's size, by which the same could be done to what is opened: Go drops the first from
 * a directory that it opens for reading, and its os.Root truncates beneath such a one. What the
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
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_TRUNC) != 0 ==> open_may_truncate(table, request));
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
        decide_handle_rule(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE)) != RULE_NONE &&
        !(table->handle[request->slot[SLOT_PATH_OPEN_fd]].inheriting & R(FD_FILESTAT_SET_SIZE)))
        return RULE_RIGHT_MISSING;
    return RULE_NONE;
}

/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures sound: \result == RULE_NONE ==> may(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_OPEN)) && string_clean(request, 0) &&
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_CREAT) != 0 ==> right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE))) &&
  @   ((request->slot[SLOT_PATH_OPEN_oflags] & OFLAG_TRUNC) != 0 ==> open_may_truncate(table, request));
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
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

/*@ requires \valid_read(table) && \valid_read(request) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_OPEN && \result.op.handle == request->slot[SLOT_PATH_OPEN_fd] &&
  @   \result.op.mem.length == 0 && may(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_OPEN)) && string_clean(request, 0) &&
  @   \result.op.path == request->string[0] && handle_free(table, \result.op.handle2);
  @ ensures plan: \result.verdict == VERDICT_ISSUE ==> \result.plan == {{plan_next(plan, OP_OPEN, PLAN_GOES_ON) \with
  @   .slot = \result.op.handle2} \with .changed = (uint8_t)PLAN_CHANGED_BY_OPENING};
  @ ensures write: \result.verdict == VERDICT_ISSUE && flag_set(\result.op.flags, OPEN_WRITE) ==>
  @   open_may_write(table, request);
  @ ensures create: \result.verdict == VERDICT_ISSUE && flag_set(\result.op.flags, OPEN_CREATE) ==>
  @   right_held(table, request->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE));
  @ ensures truncate: \result.verdict == VERDICT_ISSUE && flag_set(\result.op.flags, OPEN_TRUNCATE) ==>
  @   open_may_truncate(table, request);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step open_issue(const struct handle_table *table, const struct request *request, struct plan plan)
{
    uint32_t slot = decide_free_slot(table);
    enum rule rule = open_rule(table, request);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (slot >= table->limit || slot >= LIMIT_HANDLES)
        return decide_refuse(RULE_TABLE_FULL);
    struct step step = decide_issue(plan, OP_OPEN, RULE_GRANTED_TREE, (uint32_t)request->slot[SLOT_PATH_OPEN_fd]);
    step.op.handle2 = slot;
    step.plan.slot = slot;
    step.plan.changed = PLAN_CHANGED_BY_OPENING;
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

/* Behind the STAT of what was opened. dev: where the directory lies, whose file system is known to hold data. */
/*@ requires \valid_read(context) && \valid_read(answer) && plan.count <= LIMIT_OPS && plan.rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures closes: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_CLOSE ==>
  @   plain_op(\result.op, OP_CLOSE, plan.slot) && \result.plan.slot == plan.slot && \result.plan.count == plan.count + 1 &&
  @   \result.plan.second == plan.second && \result.plan.sure == plan.sure &&
  @   \result.plan.kind == OP_CLOSE && \result.plan.name == plan.name && \result.plan.rule < RULE_COUNT &&
  @   ((\result.plan.end == PLAN_ENDS_WITH_VALUE && \result.plan.value < 0 && \result.plan.changed == plan.changed &&
  @       \result.plan.rule == plan.rule) ||
  @     (\result.plan.end == PLAN_ENDS_REFUSED && rule_refuses(\result.plan.rule) &&
  @       \result.plan.changed == PLAN_CHANGED_NOTHING && answer->value >= 0 &&
  @       answer->stat.filetype != FILETYPE_REGULAR_FILE && answer->stat.filetype != FILETYPE_DIRECTORY));
  @ ensures asks: \result.verdict == VERDICT_ISSUE && \result.op.kind != OP_CLOSE ==>
  @   plain_op(\result.op, OP_FILE_SYSTEM, plan.slot) && \result.plan.slot == plan.slot && \result.plan.count == plan.count + 1 &&
  @   \result.plan.second == plan.second && \result.plan.sure == plan.sure &&
  @   \result.plan.kind == OP_FILE_SYSTEM && \result.plan.name == plan.name && \result.plan.rule == plan.rule &&
  @   \result.plan.changed == plan.changed && \result.plan.end == PLAN_GOES_ON;
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || (\result.verdict == VERDICT_COMMIT && \result.plan.dev == dev &&
  @   \result.plan.slot == plan.slot && \result.plan.rule == plan.rule && \result.plan.kind == plan.kind &&
  @   \result.plan.count == plan.count);
*/
static struct step open_check(const struct decide_context *context, struct plan plan, const struct op_result *answer,
                              uint64_t dev)
{
    if (answer->value < 0)
        return decide_close(plan, answer->value);
    if (!open_kind_ok(context, &answer->stat)) {
        plan.changed = PLAN_CHANGED_NOTHING;
        return decide_close_refuse(plan, RULE_SPECIAL_FILE);
    }
    plan.dev = answer->stat.dev;
    plan.ino = answer->stat.ino;
    plan.filetype = (uint8_t)answer->stat.filetype;
    return plan.dev == dev ? decide_go_commit(plan, 0)
                           : decide_issue(plan, OP_FILE_SYSTEM, RULE_OBJECT_CHECK, plan.slot);
}

struct step decide_path_open(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    if (plan.count == 0)
        return open_issue(table, request, plan);
    if (plan.kind == OP_OPEN && answer->value < 0)
        return answer->value == -(int64_t)WASI_XDEV ? decide_refuse(RULE_PATH_ESCAPES)
                                                    : decide_go_commit(plan, answer->value);
    if (plan.kind == OP_OPEN)
        return decide_issue(plan, OP_STAT, RULE_OBJECT_CHECK, plan.slot);
    if (plan.kind == OP_STAT)
        return open_check(context, plan, answer, table->handle[request->slot[SLOT_PATH_OPEN_fd]].dev);
    if (plan.kind != OP_FILE_SYSTEM)
        return decide_go_commit(plan, -(int64_t)WASI_IO);
    if (decide_holds_data(answer->value))
        return decide_go_commit(plan, 0);
    return answer->value < 0 ? decide_close(plan, answer->value) : decide_close_refuse(plan, RULE_NO_DATA);
}

struct change commit_path_open(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change(plan);
    if (plan.value >= 0) {
        change.how = CHANGE_OPENED;
        change.handle = plan.slot;
        change.outcome.value[0] = plan.slot;
        change.outcome.value_count = 1;
    }
    return change;
}
