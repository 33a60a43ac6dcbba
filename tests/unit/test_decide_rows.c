/* The requests that the readers of single rows make are those of the walk over the row, byte for byte, whatever the
 * guest passes. */
#include <stdlib.h>
#include <string.h>
#include "decide_case.h"
#include "hostile_slots.h"
#include "wasi/decide/decide_calls.h"

enum { MEMORY = 16384, ROUNDS = 800, REFILL = 300 };

typedef void reader(uint32_t import, const uint64_t *slots, const struct decide_context *context, const uint8_t *memory,
                    struct request *request);
static reader *const readers[OPERATION_COUNT] = {
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) [OPERATION_##id] = decide_request_##name,
#include "wasi/abi/operations.def"
#undef OPERATION
};

static struct request walked, read;

static void readers_read_what_the_walk_walks(void **state)
{
    struct hostile hostile = { .state = 0x9e3779b97f4a7c15, .memory = MEMORY, .descriptors = 8 };
    struct decide_context context = {
        .memory = MEMORY, .elements = LIMIT_IOVECS, .arg_count = 3, .arg_bytes = 20, .env_count = 1, .env_bytes = 5
    };
    uint8_t *memory = malloc(MEMORY);
    uint32_t faults[FAULT_PATH_LONG + 1] = { 0 }, imports = 0;
    (void)state;
    assert_non_null(memory);
    for (uint32_t import = 0; import < IMPORT_COUNT; import++) {
        const struct import_row *row = &abi_imports[import];
        if (row->lowering != IMPORT_LOWERING_SAME)
            continue;
        imports++;
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint64_t slots[OPERATION_SLOTS_MAX];
            if (round % REFILL == 0)
                hostile_memory(&hostile, memory);
            context.memory = round % 7 == 0 ? hostile_next(&hostile) % MEMORY : MEMORY;
            context.transfer = round % 5 == 0 ? 200 : LIMIT_TRANSFER;
            hostile_slots(&hostile, row, slots);
            memset(&walked, 0xA5, sizeof walked);
            memset(&read, 0xA5, sizeof read);
            decide_request(row, import, slots, &context, memory, &walked);
            readers[row->operation](import, slots, &context, memory, &read);
            assert_memory_equal(&walked, &read, sizeof read);
            assert_in_range(walked.fault, FAULT_NONE, FAULT_PATH_LONG);
            faults[walked.fault]++;
        }
    }
    assert_true(imports >= 2 * 40);
    for (int fault = FAULT_NONE; fault <= FAULT_PATH_LONG; fault++)
        assert_true(faults[fault] > 20); /* the calls are hostile enough, and not too much */
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(readers_read_what_the_walk_walks) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
