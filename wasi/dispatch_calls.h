/* The way of each operation that is built, with its functions as constants, and its results as text that the compiler
 * has expanded instead of the walk of commit_results. All of it follows from operations.def. Private to wasi/. */
#ifndef WARRANT_WASI_DISPATCH_CALLS_H
#define WARRANT_WASI_DISPATCH_CALLS_H

#include <string.h>
#include "wasi/decide/decide_calls.h"
#include "wasi/dispatch_way.h"

enum {
#define ARG_TYPE(name, witx, core, size, align, class, form)                                                           \
    RESULT_OF_##name = ARG_CLASS_##class == ARG_CLASS_RESULT, RESULT_SIZE_##name = (size),                             \
    OTHER_RESULT_##name = RESULT_OF_##name && ((size) != (align) || ((size) != 4 && (size) != 8)),
#include "wasi/abi/argtypes.def"
#undef ARG_TYPE
};

/* commit_write of a number of `size` bytes. */
static ALWAYS_INLINE enum status write_number(struct commit *commit, uint64_t offset, uint64_t value, uint32_t size)
{
    if (!LIKELY(offset <= commit->memory_size && size <= commit->memory_size - offset))
        return commit_write(commit, offset, &value, size); /* says so */
    memcpy(commit->memory + offset, &value, size);
    if (commit->wasi->observer.end)
        commit->digest = observer_digest_number(commit->digest, offset, size == 4 ? (uint32_t)value : value);
    return STATUS_OK;
}

/* One result of the call, as commit_results has it. */
static ALWAYS_INLINE enum status write_result(struct commit *commit, uint8_t type, uint32_t size, uint32_t slot,
                                              uint32_t *scalars)
{
    uint64_t offset = commit->wasi->request.slot[slot];
    if (!commit_is_scalar(type))
        return commit_struct(commit, type, offset);
    const uint64_t *value = &commit->wasi->outcome.value[(*scalars)++];
    return size == 4 || size == 8 ? write_number(commit, offset, *value, size)
                                  : commit_write(commit, offset, value, size);
}

#define WRITE_RESULT(id, type, name)                                                                                   \
    if (RESULT_OF_##type && status == STATUS_OK)                                                                       \
        status = write_result(commit, ARG_##type, RESULT_SIZE_##type, SLOT_##id##_##name, &scalars);

/* The same where no digest is asked for, because it follows: of a number, and of what the op's stat brought, as it is.
 * False: it is not so, or it would leave the memory. */
static ALWAYS_INLINE bool place_number(struct rt_memory memory, uint64_t offset, const uint64_t *value, uint32_t size)
{
    if (!LIKELY(offset <= memory.size && size <= memory.size - offset))
        return false;
    memcpy(memory.base + offset, value, size <= sizeof *value ? size : sizeof *value);
    return true;
}

static ALWAYS_INLINE bool place_stat(const struct wasi *wasi, struct rt_memory memory, uint64_t offset)
{
    const struct filestat *stat = &wasi->ops.result[0].stat;
    if (!LIKELY(offset <= memory.size && sizeof *stat <= memory.size - offset) ||
        !LIKELY(stat->filetype <= FILETYPE_SYMBOLIC_LINK &&
                commit_filetype(wasi, &wasi->ops.op[0], stat) == stat->filetype))
        return false;
    memcpy(memory.base + offset, stat, sizeof *stat);
    return true;
}

#define PLACE_RESULT(id, type, name)                                                                                   \
    if (RESULT_OF_##type && inside)                                                                                    \
        inside = ARG_##type == ARG_R_FILESTAT ? place_stat(wasi, memory, wasi->request.slot[SLOT_##id##_##name])       \
                                              : place_number(memory, wasi->request.slot[SLOT_##id##_##name],           \
                                                             &wasi->outcome.value[scalars++ & 1], RESULT_SIZE_##type);
#define OTHER_RESULT(id, type, name)  || OTHER_RESULT_##type
#define NUMBER_RESULT(id, type, name) +(RESULT_OF_##type && !OTHER_RESULT_##type)
#define ANY_RESULT(id, type, name)    +RESULT_OF_##type
#define SLOTS_OF(id, type, name)      +ARG_SLOTS_##type
#define STAT_RESULT(id, type, name)   +(ARG_##type == ARG_R_FILESTAT) * (SLOT_##id##_##name + 1)
#define CALL_BUILT(id, name, kind, max, may, ...)                                                                      \
    static ALWAYS_INLINE enum status results_##name(struct commit *commit)                                             \
    {                                                                                                                  \
        enum status status = OPERATION_KIND_##kind == OPERATION_KIND_IRREGULAR ? commit_irregular(commit) : STATUS_OK; \
        uint32_t scalars = 0;                                                                                          \
        EACH_FIELD(WRITE_RESULT, id __VA_ARGS__)                                                                       \
        (void)scalars;                                                                                                 \
        return status;                                                                                                 \
    }                                                                                                                  \
    enum { /* whether the digest follows of the values, or of the stat; and that one may be written as it is */        \
           NUMBERS_ALONE_##id = !(false EACH_FIELD(OTHER_RESULT, id __VA_ARGS__)),                                     \
           STAT_ALONE_##id = (0 EACH_FIELD(ANY_RESULT, id __VA_ARGS__)) == 1 &&                                        \
                             (0 EACH_FIELD(STAT_RESULT, id __VA_ARGS__)) > 0 &&                                        \
                             (0 EACH_FIELD(STAT_RESULT, id __VA_ARGS__)) == (0 EACH_FIELD(SLOTS_OF, id __VA_ARGS__))   \
    };                                                                                                                 \
    static ALWAYS_INLINE bool place_##name(const struct wasi *wasi, struct rt_memory memory)                           \
    {                                                                                                                  \
        uint32_t scalars = 0;                                                                                          \
        bool inside = NUMBERS_ALONE_##id || STAT_ALONE_##id;                                                           \
        EACH_FIELD(PLACE_RESULT, id __VA_ARGS__)                                                                       \
        (void)wasi, (void)memory, (void)scalars;                                                                       \
        return inside;                                                                                                 \
    }                                                                                                                  \
    static const struct dispatch_way way_##name = {                                                                    \
        .decide = decide_##name,                                                                                       \
        .commit = decide_commit_##name,                                                                                \
        .results = results_##name,                                                                                     \
        .ops = (may),                                                                                                  \
        .max_ops = (max),                                                                                              \
        .returns = (int)OPERATION_##id != (int)OPERATION_PROC_EXIT,                                                    \
        .place = place_##name,                                                                                         \
        .follows = NUMBERS_ALONE_##id || STAT_ALONE_##id,                                                              \
        .values = 0 EACH_FIELD(NUMBER_RESULT, id __VA_ARGS__),                                                         \
    };                                                                                                                 \
    /* The way of a call of this operation whose request is copied. */                                                 \
    enum rt_trap_kind dispatch_carry_##name(const struct wasi_link *link, struct rt_memory memory, uint64_t *slots);
#define CALL_ABSENT(id, name, kind, max, may, ...)
#define F(type, name) , (type, name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    CALL_##state(id, name, kind, max_ops, ops, fields)
#include "wasi/abi/operations.def"
#undef OPERATION
#undef F
#undef CALL_BUILT
#undef CALL_ABSENT

#endif
