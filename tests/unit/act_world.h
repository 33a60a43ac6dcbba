/* A small world for the live backend's tests: a temporary directory, a memory, handles. (White box: sees wasi/act.) */
#ifndef WARRANT_ACT_WORLD_H
#define WARRANT_ACT_WORLD_H

#include "wasi/act/act_live.h"

enum { WORLD_MEMORY = 4 * LIMIT_STAGING };
/* Handles of the world. */
enum {
    H_DIR = 3,
    H_FILE = 4,
    H_NULL = 5,
    H_ZERO = 6,
    H_NAME = 7,
    H_APPEND = 8,
    H_FREE = 20,
    H_FREE_TOO = 21,
    H_REPLACED = 22
};

struct act_world {
    char path[64]; /* holds: file `file` (H_FILE, "0123456789"), directory `sub`, link `link` -> "file", `out` ->
                      "../.." */
    struct act_live *live;
    struct backend_space space; /* memory filled with 0xA5 */
    struct request *request;
};

void act_world_init(struct act_world *world); /* ends the test program where it cannot */
void act_world_done(struct act_world *world); /* removes the directory */
/* An op with its neutral values. */
struct op act_world_op(enum op_kind kind, uint32_t handle);
/* Sets the request's bytes and returns their region. Both calls of a pair may be used: `second` follows the first. */
struct region act_world_path(struct act_world *world, const char *text, bool second);
/* Sets the request's vector. */
void act_world_vector(struct act_world *world, struct op *op, uint32_t count, const struct region *regions);
/* Performs; fails the test where the backend does. */
struct op_result act_world_act(struct act_world *world, const struct op *op);
/* Whether the memory outside of `region` is untouched. */
bool act_world_untouched(const struct act_world *world, struct region region);

#endif
