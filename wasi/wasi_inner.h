/* What the files of the dispatcher share. Private to wasi/. */
#ifndef WARRANT_WASI_INNER_H
#define WARRANT_WASI_INNER_H

#include "wasi/decide/decide.h"
#include "wasi/wasi.h"

enum { RESULTS_MAX = 2 };

/* One import's environment: which operation it lowers into, and where its results go. Derived from its row once. */
struct wasi_link {
    struct wasi *wasi;
    const struct operation_row *row; /* of the operation */
    const struct import_row *lowered;
    uint32_t call, import; /* enum operation, enum import */
    uint8_t result_count;
    struct {
        uint8_t slot, type; /* the operation's slot with the pointer; enum arg_type, as the import has it */
    } result[RESULTS_MAX];
};

struct wasi {
    struct decide_context context;
    struct wasi_backend backend;
    struct wasi_observer observer;
    uint64_t call_count;
    bool raised; /* a signal ended the guest */
    uint32_t exit_code;
    uint32_t memory;             /* the index of the one that is exported as "memory" */
    wasi_memory_fn *memory_find; /* NULL: memory 0 */
    bool violation_traps;
    uint32_t preopen_count;
    const char *const *args, *const *env;
    const struct wasi_preopen *preopens;
    struct outcome outcome;
    struct request request; /* of the call in progress, as ops is */
    struct call_ops ops;
    struct handle_table table;
    struct error failure;
    struct wasi_link link[IMPORT_COUNT];
    struct rt_import import[IMPORT_COUNT];
    uint32_t param[IMPORT_COUNT][OPERATION_SLOTS_MAX]; /* enum rt_type */
    _Alignas(64) uint8_t staging[BACKEND_STAGING];
};

/* The results of one call on their way into guest memory. */
struct commit {
    struct wasi *wasi;
    const struct wasi_link *link;
    const struct plan *plan;
    uint8_t *memory;
    uint64_t memory_size;
    uint64_t digest; /* observer.h: committed */
};

/* What a guest that is given `config` begins with. context, table: all 0 before. */
MUST_USE enum status wasi_world_init(const struct wasi_config *config, struct decide_context *context,
                                     struct handle_table *table, struct error *error);

/* The function for any import (rt_host_fn); env is the import's struct wasi_link. */
enum rt_trap_kind wasi_dispatch(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots);
/* The one for imports whose parameters are the operation's slots: that of its scalars, its row's own, or wasi_dispatch.
 */
rt_host_fn *wasi_entry(uint32_t operation);
rt_host_fn *wasi_entry_of_row(uint32_t operation);     /* or wasi_dispatch */
rt_host_fn *wasi_entry_of_scalars(uint32_t operation); /* or NULL */

/* Writes `length` bytes to the guest's `offset`: beside commit_place all that writes a hostcall's results. INTERNAL:
 * outside of the guest's memory, which the core has excluded. */
MUST_USE enum status commit_write(struct commit *commit, uint64_t offset, const void *bytes, uint32_t length);
/* Where a result that is put together in place is written: `length` bytes of guest memory; NULL where it would leave
 * that, and the failure is set. Then commit_placed, with as many bytes as were written. */
uint8_t *commit_place(struct commit *commit, uint64_t offset, uint32_t length);
void commit_placed(struct commit *commit, uint64_t offset, uint32_t length);
/* Whether results of this type (enum arg_type) are scalars of the outcome; else commit_struct writes them. */
static inline bool commit_is_scalar(uint8_t type)
{
    return type != ARG_R_FILESTAT && type != ARG_R_FILESTAT_0 && type != ARG_R_FDSTAT && type != ARG_R_PRESTAT;
}
/* The type that the guest is told: a stat says that something is a socket, not of which kind; of the guest's own ones
 * the table knows. */
static inline uint64_t commit_filetype(const struct wasi *wasi, const struct op *op, const struct filestat *stat)
{
    const struct handle *handle = op->handle < HANDLES_TOTAL ? &wasi->table.handle[op->handle] : NULL;
    return handle && handle->net_state != NET_STATE_NONE ? handle->type : stat->filetype;
}
MUST_USE enum status commit_struct(struct commit *commit, uint8_t type, uint64_t offset);
/* Writes all results of a call that succeeded. INTERNAL or MALFORMED: what the backend brought cannot be a result. */
MUST_USE enum status commit_results(struct commit *commit);
/* Of sockets (commit_net.c). */
MUST_USE enum status commit_net_recv(struct commit *commit);
MUST_USE enum status commit_net_recv_from(struct commit *commit);
MUST_USE enum status commit_net_local_address(struct commit *commit);
MUST_USE enum status commit_net_peer_address(struct commit *commit);
MUST_USE enum status commit_net_get_option(struct commit *commit);
MUST_USE enum status commit_net_resolve(struct commit *commit);
/* Of irregular calls, what is more than scalars and structs. */
MUST_USE enum status commit_irregular(struct commit *commit);

#endif
