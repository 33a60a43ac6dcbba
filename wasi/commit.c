/* Writes the results of a hostcall into guest memory.
 *
 * Invariants: guest memory is written in commit_write and through commit_place alone, within the memory; every byte of
 * a result is defined, padding is zero; nothing is written for a call that failed. A result's layout is the witx
 * text's; hosts are little-endian, as guests are. Left out on purpose: bytes that a system call brought directly into
 * the guest's buffers (ops of data BYTES). ARCHITECTURE.md. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>
#include "wasi/wasi_inner.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "guest and host agree on the order of bytes");
_Static_assert(sizeof(struct filestat) == 64,
               "struct filestat has the guest's layout, its type widened over the padding");

/* $filestat of wasi_unstable: 32 bits of links, in what is padding later. */
struct guest_filestat_0 {
    uint64_t dev, ino;
    uint8_t filetype, pad[3];
    uint32_t nlink;
    uint64_t size, atim, mtim, ctim;
};
_Static_assert(sizeof(struct guest_filestat_0) == 56, "$filestat of wasi_unstable");

struct guest_fdstat {
    uint8_t filetype, pad;
    uint16_t flags;
    uint32_t pad2;
    uint64_t rights, inheriting;
};
_Static_assert(sizeof(struct guest_fdstat) == 24, "$fdstat");

struct guest_prestat {
    uint8_t tag, pad[3];
    uint32_t name_length;
};
_Static_assert(sizeof(struct guest_prestat) == 8, "$prestat");

/* Chains one write into the call's digest, as docs/trace-format.md (END) has it. Most results have 8 or 4 bytes. */
static inline uint64_t digest_chain(uint64_t digest, uint64_t offset, const void *bytes, uint32_t length)
{
    uint64_t value8;
    uint32_t value4;
    if (__builtin_expect(length == sizeof value8, 1)) {
        memcpy(&value8, bytes, sizeof value8);
        return observer_digest_number(digest, offset, value8);
    }
    if (length == sizeof value4) {
        memcpy(&value4, bytes, sizeof value4);
        return observer_digest_number(digest, offset, value4);
    }
    return XXH3_64bits_withSeed(bytes, length, digest + offset + OBSERVER_DIGEST_STEP);
}

uint8_t *commit_place(struct commit *commit, uint64_t offset, uint32_t length)
{
    uint64_t end = offset + length;
    if (length == 0) /* no bytes may lie anywhere: nobody looked at the pointer */
        return commit->memory;
    if (__builtin_expect(end < offset || end > commit->memory_size, 0)) {
        (void)error_set(&commit->wasi->failure, STATUS_INTERNAL, "%s: a result would leave the guest's memory",
                        commit->link->row->name);
        return NULL;
    }
    return commit->memory + offset;
}

void commit_placed(struct commit *commit, uint64_t offset, uint32_t length)
{
    if (length > 0 && commit->wasi->observer.end)
        commit->digest = digest_chain(commit->digest, offset, commit->memory + offset, length);
}

enum status commit_write(struct commit *commit, uint64_t offset, const void *bytes, uint32_t length)
{
    uint8_t *to = commit_place(commit, offset, length);
    if (!to)
        return STATUS_INTERNAL;
    if (length == 0)
        return STATUS_OK;
    memcpy(to, bytes, length);
    if (commit->wasi->observer.end)
        commit->digest = digest_chain(commit->digest, offset, bytes, length);
    return STATUS_OK;
}

/* As many links as wasi_unstable can tell. */
static struct guest_filestat_0 filestat_0(const struct filestat *stat)
{
    return (struct guest_filestat_0) { .dev = stat->dev,
                                       .ino = stat->ino,
                                       .filetype = (uint8_t)stat->filetype,
                                       .nlink = stat->nlink < UINT32_MAX ? (uint32_t)stat->nlink : UINT32_MAX,
                                       .size = stat->size,
                                       .atim = stat->atim,
                                       .mtim = stat->mtim,
                                       .ctim = stat->ctim };
}

/* What the last successful stat of the plan brought. */
static enum status commit_filestat(struct commit *commit, uint8_t type, uint64_t offset)
{
    struct call_ops *ops = &commit->wasi->ops;
    for (uint32_t i = ops->count; i-- > 0;) {
        if (abi_ops[ops->op[i].kind].in != OP_BYTES_STAT || ops->result[i].value < 0)
            continue;
        struct filestat *stat = &ops->result[i].stat;
        if (stat->filetype > FILETYPE_SYMBOLIC_LINK)
            stat->filetype = FILETYPE_UNKNOWN;
        struct filestat told = *stat;
        told.filetype = commit_filetype(commit->wasi, &ops->op[i], stat);
        if (type == ARG_R_FILESTAT)
            return commit_write(commit, offset, &told, sizeof told);
        const struct guest_filestat_0 older = filestat_0(&told);
        return commit_write(commit, offset, &older, sizeof older);
    }
    return error_set(&commit->wasi->failure, STATUS_INTERNAL, "%s succeeded without a stat", commit->link->row->name);
}

static enum status commit_handle(struct commit *commit, uint8_t type, uint64_t offset)
{
    uint8_t slot = commit->link->row->handle_slot;
    uint64_t fd = slot < OPERATION_SLOTS_MAX ? commit->wasi->request.slot[slot] : UINT64_MAX;
    if (fd >= LIMIT_HANDLES)
        return error_set(&commit->wasi->failure, STATUS_INTERNAL, "%s succeeded without a descriptor",
                         commit->link->row->name);
    const struct handle *handle = &commit->wasi->table.handle[fd];
    if (type == ARG_R_PRESTAT) {
        struct guest_prestat prestat = { 0, { 0 }, handle->name_length };
        return commit_write(commit, offset, &prestat, sizeof prestat);
    }
    struct guest_fdstat fdstat = { handle->type, 0, handle->fdflags, 0, handle->rights, handle->inheriting };
    return commit_write(commit, offset, &fdstat, sizeof fdstat);
}

enum status commit_struct(struct commit *commit, uint8_t type, uint64_t offset)
{
    return type == ARG_R_FILESTAT || type == ARG_R_FILESTAT_0 ? commit_filestat(commit, type, offset)
                                                              : commit_handle(commit, type, offset);
}

enum status commit_results(struct commit *commit)
{
    const struct wasi_link *link = commit->link;
    const struct outcome *outcome = &commit->wasi->outcome;
    const uint64_t *slot = commit->wasi->request.slot;
    enum status status = STATUS_OK;
    uint32_t scalars = 0;
    if (link->row->kind == OPERATION_KIND_IRREGULAR)
        status = commit_irregular(commit);
    for (uint32_t i = 0; i < link->result_count && status == STATUS_OK; i++) {
        uint64_t offset = slot[link->result[i].slot];
        uint8_t type = link->result[i].type;
        status = commit_is_scalar(type)
                     ? commit_write(commit, offset, &outcome->value[scalars++], abi_arg_types[type].size)
                     : commit_struct(commit, type, offset);
    }
    return status;
}
