/* The decision core: pure functions that say what may be done for a guest. No system call, no allocation, no global.
 *
 * A hostcall runs: request (copied once) -> decide_step until it says COMMIT or REFUSE, performing each issued op -> decide_commit,
 * which updates the descriptor table and says what the guest is told. Both work on any history of ops, also on one that no plan
 * of theirs could have: nothing in `ops` is trusted to be what was issued. What is proved stands below as ACSL predicates;
 * `./dev prove` proves it. */
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
};

enum verdict { VERDICT_ISSUE, VERDICT_COMMIT, VERDICT_REFUSE };

/* ISSUE: *op is to be performed. COMMIT: no further op; decide_commit tells the result (which may be the system's errno).
 * REFUSE: policy or the interface forbids it: `rule` says why, `wasi_errno` what the guest is told, `traps` that it is
 * stopped instead (a bad pointer, as the witx text demands). */
struct decision {
    enum verdict verdict;
    uint16_t rule;
    uint16_t wasi_errno;
    bool traps;
};

/* Decides the next step of `request`, of which ops->count ops have been performed with the results kept there. Writes *op
 * only where the verdict is ISSUE. */
struct decision decide_step(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops, struct op *op);

/* After COMMIT: applies what the ops did to the table (opens, closes, moves positions) and fills *outcome. Never called for a
 * refusal: a refusal changes nothing.
 *
 * outcome->value holds the scalar results (R_SIZE, R_TIMESTAMP, R_FILESIZE, R_FD). Structures are written by the dispatcher:
 * R_FILESTAT from the result of decide_main_op, R_FDSTAT and R_PRESTAT from the table's handle, events from decide_poll_event.
 * fd_readdir: the dispatcher turns the staged entries into dirents, sets value[0] to the bytes used, and may set the handle's
 * position to the `next` of the last staged entry; commit itself leaves HANDLE_POSITION_UNKNOWN behind entries that were read, and
 * then the next call seeks. fd_close frees the handle even where the system reports an error: the host descriptor is gone. */
void decide_commit(const struct decide_context *context, struct handle_table *table, const struct request *request,
                   const struct call_ops *ops, struct outcome *outcome);

/* The index of the op whose result is the call's: the last one that only cleans up excepted, and of an append that was followed by
 * a stat, the append. ops->count where no op was performed. */
uint32_t decide_main_op(const struct call_ops *ops);

/* poll_oneoff: whether subscription `index` has an event once the call commits, and with which errno. */
bool decide_poll_event(const struct handle_table *table, const struct request *request, const struct call_ops *ops, uint32_t index,
                       uint16_t *ret_errno);

/* True where (offset, length) lies in `memory` bytes for its whole length; a region of no bytes may lie anywhere. */
bool decide_region_ok(struct region region, uint64_t memory);

/* Fills `request` from the guest: `slots` are the core parameters of `call` (row->slot_count of them), memory its linear
 * memory. Reads each guest byte once. Each pointer is checked (bounds of arrays as a whole in 64 bits, alignment) before a byte
 * behind it is read, results' pointers too; the first failed check sets request->fault, and the core then refuses the call.
 * An empty string, array or buffer may point anywhere. */
void decide_request(const struct hostcall_row *row, uint32_t call, const uint64_t *slots, const struct decide_context *context,
                    const uint8_t *memory, struct request *request);

#endif
