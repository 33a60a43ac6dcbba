/* A guest's memory and hostcalls without an engine, with a backend and an observer that do as they are told. (There
 * is no instance: the dispatcher looks at the memory that it is handed.) */
#ifndef WARRANT_HOSTCALL_WORLD_H
#define WARRANT_HOSTCALL_WORLD_H

#include "wasi/wasi.h"

enum { HW_MEMORY = 65536, HW_EVENTS = 256, HW_FILL = 0xA5 };
enum { HW_STAGED = 32, HW_PREOPEN = 3, HW_READ_ONLY = 4 };

struct hostcall_world {
    struct wasi *wasi;
    uint8_t *memory; /* HW_MEMORY bytes, filled with HW_FILL; its end is the allocation's */
    /* What the backend answers to op i of a call; the last one also to those behind it. */
    struct {
        int64_t value;
        enum status status;
        struct filestat stat;
    } answer[LIMIT_OPS];
    uint32_t answer_count;
    const uint8_t *staged; /* copied to the staging buffer by READ_DIR, staged_size bytes */
    uint32_t staged_size;
    /* What happened: 'b'egin, 'o'p, 'a'ct, 'e'nd; and the last ones seen. */
    char events[HW_EVENTS];
    uint32_t acts;
    struct op last_op;
    struct outcome last_outcome;
    uint64_t committed;
    /* The guest's memory is overwritten with what it was filled with when the observer was shown an op. */
    bool overwrites;
    uint8_t shown[HW_STAGED], performed[HW_STAGED]; /* what the staging buffer held for the observer, and the backend */
    /* Which event fails, with which status; 0: none. */
    char failing_event;
    enum status failing_status;
};

/* Two preopens: "/data" (writes) and "/ro"; arguments "prog", "x y"; environment "A=1". */
void hostcall_world_init(struct hostcall_world *world, bool violation_traps);
void hostcall_world_done(struct hostcall_world *world);
/* Answers of the call that follows: one value for every op. Clears the events. */
void hostcall_world_expect(struct hostcall_world *world, int64_t value);
/* Makes a call; the slots behind the given ones are 0. *ret_errno may be NULL. */
enum rt_trap_kind hostcall_world_call(struct hostcall_world *world, uint32_t call, const uint64_t *slots, size_t count,
                                      uint32_t *ret_errno);
#define HW_CALL(world, call, ret_errno, ...)                                                                           \
    hostcall_world_call(world, call, (uint64_t[]) { __VA_ARGS__ }, sizeof((uint64_t[]) { __VA_ARGS__ }) / 8, ret_errno)

/* Little-endian numbers in guest memory. */
void hostcall_world_u32(struct hostcall_world *world, uint32_t at, uint32_t value);
uint32_t hostcall_world_get_u32(const struct hostcall_world *world, uint32_t at);
uint64_t hostcall_world_get_u64(const struct hostcall_world *world, uint32_t at);
/* Whether memory from `at` on is still as it was filled. */
bool hostcall_world_filled(const struct hostcall_world *world, uint32_t at, uint32_t length);

#endif
