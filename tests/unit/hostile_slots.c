/* See hostile_slots.h. */
#include "hostile_slots.h"
#include <string.h>

enum { STEP = 8, PATHS = 64 /* bytes between two paths */ };

uint64_t hostile_next(struct hostile *hostile)
{
    hostile->state ^= hostile->state << 13;
    hostile->state ^= hostile->state >> 7;
    hostile->state ^= hostile->state << 17;
    return hostile->state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

static uint64_t below(struct hostile *hostile, uint64_t count) { return hostile_next(hostile) % count; }

/* What is at an edge for somebody. */
static uint64_t edge(struct hostile *hostile)
{
    const uint64_t memory = hostile->memory;
    const uint64_t edges[] = { 0,
                               1,
                               2,
                               3,
                               4,
                               7,
                               8,
                               255,
                               256,
                               1024,
                               1025,
                               4095,
                               4096,
                               4097,
                               memory - 64,
                               memory - 8,
                               memory - 4,
                               memory,
                               memory - 1,
                               INT32_MAX,
                               UINT32_MAX,
                               INT64_MAX,
                               UINT64_MAX,
                               UINT32_MAX - 7,
                               UINT64_C(1) << 32,
                               UINT64_C(0x100000003),
                               UINT64_MAX - 7 };
    return edges[below(hostile, sizeof edges / sizeof *edges)];
}

static uint64_t pointer(struct hostile *hostile) { return below(hostile, hostile->memory / STEP) * STEP; }

static uint64_t scalar(struct hostile *hostile, uint8_t type)
{
    if (type == ARG_FD)
        return below(hostile, hostile->descriptors);
    if (type == ARG_RIGHTS)
        return hostile_next(hostile) & RIGHTS_ALL;
    if (type == ARG_LOOKUPFLAGS)
        return below(hostile, 2);
    return below(hostile, type == ARG_FILESIZE || type == ARG_FILEDELTA ? 100000 : 5);
}

/* One parameter, of how it is meant. */
static void parameter(struct hostile *hostile, uint8_t type, uint64_t *slot)
{
    const struct arg_type_row *row = &abi_arg_types[type];
    slot[0] = row->class == ARG_CLASS_SCALAR ? scalar(hostile, type) : pointer(hostile);
    if (row->slots == 2)
        slot[1] = below(hostile, row->class == ARG_CLASS_STRING || row->class == ARG_CLASS_BUFFER ? 60 : 4);
    if (row->class == ARG_CLASS_STRING)
        slot[0] = slot[0] / PATHS * PATHS;
}

void hostile_slots(struct hostile *hostile, const struct import_row *row, uint64_t *slots)
{
    for (uint32_t i = 0, at = 0; i < row->field_count; at += abi_arg_types[row->field[i].type].slots, i++) {
        parameter(hostile, row->field[i].type, slots + at);
        for (uint32_t k = 0; k < abi_arg_types[row->field[i].type].slots; k++) {
            uint64_t choice = below(hostile, 30);
            if (choice == 0)
                slots[at + k] = edge(hostile);
            else if (choice == 1)
                slots[at + k] = hostile_next(hostile);
            else if (choice == 2)
                slots[at + k] |= hostile_next(hostile) << 32; /* an i32 parameter's upper half */
        }
    }
}

void hostile_memory(struct hostile *hostile, uint8_t *memory)
{
    static const char *const paths[] = { "data", "a/b",  "dir/",
                                         "..",   "/abs", "a//b///",
                                         ".",    "x\0y", "long/way/to/a/file" };
    for (uint32_t at = 0; at + PATHS <= hostile->memory; at += PATHS) {
        uint64_t kind = below(hostile, 6);
        for (uint32_t i = 0; i < PATHS; i += 8) {
            const uint32_t pair[2] = { (uint32_t)pointer(hostile), (uint32_t)below(hostile, 300) };
            const uint64_t noise = hostile_next(hostile);
            memcpy(memory + at + i, kind == 0 ? (const void *)&noise : (const void *)pair, 8);
        }
        if (kind == 1) { /* a subscription */
            memory[at + 8] = (uint8_t)below(hostile, 3);
            memset(memory + at + 16, 0, 8);
            memory[at + 16] = (uint8_t)below(hostile, hostile->descriptors);
        }
        if (kind >= 2) {
            const char *path = paths[below(hostile, sizeof paths / sizeof *paths)];
            memset(memory + at, 'p', PATHS);
            memcpy(memory + at, path, strlen(path));
        }
    }
}
