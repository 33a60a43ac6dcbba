/* What is decided from scalars is what the calls' own functions decide, for hostile requests and tables of all sorts.
 * (It is proved; a compiler's reading of both is what runs.) */
#include <stdlib.h>
#include <string.h>
#include "decide_case.h"
#include "hostile_slots.h"
#include "wasi/decide/decide_scalar.h"

enum { MEMORY = 16384, ROUNDS = 3000, REFILL = 50, DESCRIPTORS = 12 };

static struct request request;
static struct handle_table table;

static void table_renew(struct hostile *hostile)
{
    table.limit = 1 + (uint32_t)(hostile_next(hostile) % DESCRIPTORS);
    for (uint32_t i = 0; i < DESCRIPTORS; i++)
        table.handle[i] = (struct handle) {
            .rights = hostile_next(hostile) % 4 ? RIGHTS_ALL : hostile_next(hostile) & RIGHTS_ALL,
            .position =
                hostile_next(hostile) % 5 ? hostile_next(hostile) % 5000 : INT64_MAX - hostile_next(hostile) % 300,
            .fdflags = (uint16_t)(hostile_next(hostile) % 3),
            .type = hostile_next(hostile) % 2 ? FILETYPE_REGULAR_FILE : (uint8_t)(hostile_next(hostile) % 8),
            .net_state = hostile_next(hostile) % 4 ? NET_STATE_NONE
                                                   : (uint8_t)(hostile_next(hostile) % (NET_STATE_CONNECTED + 1)),
            .live = hostile_next(hostile) % 8 != 0,
            .preopen = hostile_next(hostile) % 2
        };
}

typedef void reader(uint32_t import, const uint64_t *slots, const struct decide_context *context, const uint8_t *memory,
                    struct request *request);
typedef bool agrees(const struct decide_context *context, const struct handle_table *table,
                    const struct request *request, const struct op_result *answer);
#define X(name) { #name, decide_request_##name, decide_scalar_agrees_##name },
static const struct {
    const char *name;
    reader *read;
    agrees *agree;
} calls[] = { SCALAR_CALLS(X) };
#undef X

static uint32_t import_of(const char *name)
{
    for (uint32_t import = 0; import < IMPORT_COUNT; import++)
        if (strcmp(abi_imports[import].name, name) == 0 && abi_imports[import].lowering == IMPORT_LOWERING_SAME)
            return import;
    fail_msg("no import %s", name);
    return 0;
}

static void scalars_decide_what_the_calls_decide(void **state)
{
    struct hostile hostile = { .state = 0x9e3779b97f4a7c15, .memory = MEMORY, .descriptors = DESCRIPTORS };
    const struct decide_context context = { .memory = MEMORY, .elements = LIMIT_IOVECS, .transfer = LIMIT_TRANSFER };
    const struct op_result answer = { 0 };
    uint8_t *memory = malloc(MEMORY);
    (void)state;
    assert_non_null(memory);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const uint32_t import = import_of(calls[i].name);
        uint32_t asked = 0;
        for (uint32_t round = 0; round < ROUNDS; round++) {
            uint64_t slots[OPERATION_SLOTS_MAX];
            if (round % REFILL == 0)
                hostile_memory(&hostile, memory);
            table_renew(&hostile);
            hostile_slots(&hostile, &abi_imports[import], slots);
            calls[i].read(import, slots, &context, memory, &request);
            const bool vector = strstr(calls[i].name, "read") || strstr(calls[i].name, "write");
            if (request.fault != FAULT_NONE || (vector && request.iov_count != 1))
                continue;
            asked++;
            assert_true(calls[i].agree(&context, &table, &request, &answer));
        }
        if (asked <= ROUNDS / 25)
            fail_msg("%s: only %u requests were of the form that is decided so", calls[i].name, asked);
    }
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(scalars_decide_what_the_calls_decide) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
