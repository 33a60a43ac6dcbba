/* Shared by the files of the decision core: slots of the calls, verdicts, the checks that many calls make. Not for others. */
#ifndef WARRANT_DECIDE_INNER_H
#define WARRANT_DECIDE_INNER_H

#include "wasi/decide/decide.h"

/* Where the arguments of each call lie among request->slot; a pointer's length or count is the slot behind it. The unit tests hold
 * these against hostcalls.def. Calls that take a descriptor first, take it in slot 0. */
enum slot {
    SLOT_FD = 0,
    SLOT_CLOCK_ID = 0,
    SLOT_IO_OFFSET = 3, /* fd_pread, fd_pwrite */
    SLOT_FLAGS_FLAGS = 1,
    SLOT_SIZE_SIZE = 1,
    SLOT_SEEK_OFFSET = 1, SLOT_SEEK_WHENCE = 2,
    SLOT_NAME_BUFFER = 1, /* fd_prestat_dir_name */
    SLOT_READDIR_BUFFER = 1, SLOT_READDIR_COOKIE = 3,
    SLOT_STAT_FLAGS = 1,
    SLOT_TIMES_FLAGS = 1, SLOT_TIMES_ATIM = 4, SLOT_TIMES_MTIM = 5, SLOT_TIMES_FST = 6,
    SLOT_OPEN_LOOKUP = 1, SLOT_OPEN_OFLAGS = 4, SLOT_OPEN_RIGHTS = 5, SLOT_OPEN_INHERITING = 6, SLOT_OPEN_FDFLAGS = 7,
    SLOT_READLINK_BUFFER = 3,
    SLOT_SYMLINK_FD = 2,
    SLOT_POLL_COUNT = 2,
    SLOT_RANDOM_BUFFER = 0,
    SLOT_ARGS_POINTERS = 0, SLOT_ARGS_STRINGS = 1
};

/* EAGAIN of an OPEN (a rename raced with the walk) is tried again so often. */
enum { DECIDE_RETRIES = 4 };

/* A refusal for this reason; the errno and whether it traps follow from the rule. */
struct decision decide_refuse(enum rule rule);
/* A refusal that tells the guest another errno than the rule's own. */
struct decision decide_refuse_as(enum rule rule, enum wasi_errno wasi_errno);

static inline struct decision decide_go_commit(void)
{
    struct decision decision = { VERDICT_COMMIT, RULE_NONE, WASI_SUCCESS, false };
    return decision;
}

/* Starts an op: every field has its neutral value, the caller sets what this kind uses. */
static inline struct decision decide_issue(struct op *op, enum op_kind kind, enum rule rule, uint32_t handle)
{
    struct decision decision = { VERDICT_ISSUE, (uint16_t)rule, WASI_SUCCESS, false };
    op->kind = (uint16_t)kind;
    op->rule = (uint16_t)rule;
    op->handle = handle;
    op->handle2 = HANDLE_NONE;
    op->flags = 0;
    op->offset = 0;
    op->value = 0;
    op->mem.offset = 0;
    op->mem.length = 0;
    op->path.offset = 0;
    op->path.length = 0;
    op->path2.offset = 0;
    op->path2.length = 0;
    return decision;
}

/* Whether `fd`, as the guest gave it, is an open descriptor that holds all of `rights`: RULE_NONE, or the rule it breaks. */
static inline enum rule decide_handle_rule(const struct handle_table *table, uint64_t fd, uint64_t rights)
{
    if (fd >= table->limit || fd >= LIMIT_HANDLES || !table->handle[fd].live)
        return RULE_BAD_DESCRIPTOR;
    if ((table->handle[fd].rights & rights) != rights)
        return RULE_RIGHT_MISSING;
    return RULE_NONE;
}

/* A guest buffer that the arguments in slots `at` and `at + 1` name; an empty one may point anywhere. */
static inline struct region decide_buffer(const struct request *request, enum slot at)
{
    struct region region;
    region.offset = (uint32_t)request->slot[at];
    region.length = (uint32_t)request->slot[at + 1];
    return region;
}

/* The position that `delta`, a two's complement number, leads to from `base`; UINT64_MAX where that is outside 0..INT64_MAX. */
uint64_t decide_seek_target(uint64_t base, uint64_t delta);

/* The lowest free descriptor, or table->limit. */
uint32_t decide_free_slot(const struct handle_table *table);

/* Whether `call` is offered at all (hostcalls.def). */
bool decide_is_built(uint32_t call);

/* How the text of a path is cut at its last component. All within the request's bytes. */
struct path_split {
    struct region parent; /* length 0: the last component stands alone */
    struct region last;   /* without slash, not empty */
    bool trailing;        /* slashes stood behind it */
    bool dots;            /* it is "." or ".." */
};

/* Whether string `index` is a path that may be handed on: relative, not empty, without NUL, within LIMIT_PATH. */
enum rule decide_path_rule(const struct request *request, uint32_t index);
/* Cuts a path for which decide_path_rule said RULE_NONE. */
struct path_split decide_path_split(const struct request *request, uint32_t index);

/* How far the opening part of a plan has come, from op `first` on. */
enum opening {
    OPENING_TRY,    /* issue OPEN (again) */
    OPENING_FAILED, /* the system's errno is the result */
    OPENING_ESCAPES,
    OPENING_DONE    /* the op at `at` opened it */
};
struct opening_state {
    enum opening state;
    uint32_t at;
};
struct opening_state decide_opening(const struct call_ops *ops, uint32_t first);

/* The checks of a call on a path: its directory, then the text. */
enum rule decide_directory_rule(const struct handle_table *table, uint64_t fd, uint64_t rights);
enum rule decide_name_rule(const struct handle_table *table, const struct request *request, uint64_t fd, uint64_t rights,
                           uint32_t index);
/* A check that fails before the first op refuses; behind it there is no such plan, and what was done is committed. */
struct decision decide_refuse_first(const struct call_ops *ops, enum rule rule, enum wasi_errno wasi_errno);
enum wasi_errno decide_rule_errno(enum rule rule);

/* The plan that does `kind` to the last component, on the handle or on its parent opened into the scratch slot and closed again. */
struct decision decide_name_step(uint32_t fd, struct path_split split, const struct call_ops *ops, enum op_kind kind,
                                 struct op *op);
/* The plan, from op `first` on, that opens all of `path` into the scratch slot to name it, does `kind` to it and closes it. */
struct decision decide_whole_step(uint32_t fd, struct region path, uint32_t open_flags, const struct call_ops *ops, uint32_t first,
                                  enum op_kind kind, struct op *op);

/* One function per call, or per family of calls; each is a complete decide_step for it. */
struct decision decide_fd_read(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_fd_pread(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_fd_write(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_fd_close(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                                struct op *op);
struct decision decide_fd_sync(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                               struct op *op);
struct decision decide_fd_datasync(const struct handle_table *table, const struct request *request,
                                   const struct call_ops *ops, struct op *op);
struct decision decide_fd_fdstat_get(const struct handle_table *table, const struct request *request);
struct decision decide_fd_fdstat_set_flags(const struct handle_table *table, const struct request *request,
                                           const struct call_ops *ops, struct op *op);
struct decision decide_fd_filestat_get(const struct handle_table *table, const struct request *request,
                                       const struct call_ops *ops, struct op *op);
struct decision decide_fd_filestat_set_size(const struct handle_table *table, const struct request *request,
                                            const struct call_ops *ops, struct op *op);
struct decision decide_fd_prestat_get(const struct handle_table *table, const struct request *request);
struct decision decide_fd_prestat_dir_name(const struct decide_context *context, const struct handle_table *table,
                                           const struct request *request);
struct decision decide_fd_readdir(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_fd_seek(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                               struct op *op);
struct decision decide_fd_tell(const struct handle_table *table, const struct request *request);
struct decision decide_path_create_directory(const struct handle_table *table, const struct request *request,
                                             const struct call_ops *ops, struct op *op);
struct decision decide_path_remove_directory(const struct handle_table *table, const struct request *request,
                                             const struct call_ops *ops, struct op *op);
struct decision decide_path_unlink_file(const struct handle_table *table, const struct request *request,
                                        const struct call_ops *ops, struct op *op);
struct decision decide_path_readlink(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_path_symlink(const struct handle_table *table, const struct request *request,
                                    const struct call_ops *ops, struct op *op);
struct decision decide_path_filestat_get(const struct handle_table *table, const struct request *request,
                                         const struct call_ops *ops, struct op *op);
struct decision decide_path_filestat_set_times(const struct handle_table *table, const struct request *request,
                                               const struct call_ops *ops, struct op *op);
struct decision decide_path_open(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                                 struct op *op);
struct decision decide_clock_res_get(const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_clock_time_get(const struct request *request, const struct call_ops *ops, struct op *op);
struct decision decide_random_get(const struct decide_context *context, const struct request *request,
                                  const struct call_ops *ops, struct op *op);
struct decision decide_sched_yield(const struct call_ops *ops, struct op *op);
struct decision decide_poll_oneoff(const struct handle_table *table, const struct request *request,
                                   const struct call_ops *ops, struct op *op);
struct decision decide_args_get(const struct decide_context *context, const struct request *request);

#endif
