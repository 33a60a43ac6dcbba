/* Each operation's own entry does what the general dispatcher does: both are driven with the same hostile calls in the
 * same world, and after each call the trap, the errno, all of the guest's memory, the descriptor table, the ops and
 * what the observer was shown are compared; and, where the trace's writer is the observer, the events in the ring, byte
 * for byte but for the time. (White box: the table, the ops, which entry an import has, and the ring.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hostile_slots.h"
#include "tracer/ring.h"
#include "wasi/wasi_inner.h"

enum { MEMORY = 16384, DESCRIPTORS = 12, ROUNDS = 20000, REFILL = 100, SHOWN = 65536 };

struct world {
    struct wasi *wasi;
    uint8_t *memory;
    struct hostile answers;
    uint8_t shown[SHOWN]; /* to the observer, in this call */
    size_t shown_bytes;
    struct trace_ring *ring; /* where the trace's writer is the observer */
};
enum observed { OBSERVED_NOT, OBSERVED, RECORDED };

static void show(struct world *world, const void *bytes, size_t length)
{
    assert_in_range(length, 0, SHOWN - world->shown_bytes); /* what did not fit would not be compared */
    memcpy(world->shown + world->shown_bytes, bytes, length);
    world->shown_bytes += length;
}
#define SHOW(world, value) show(world, &(value), sizeof(value))

static void show_request(struct world *world, const struct request *request)
{
    SHOW(world, request->call);
    SHOW(world, request->fault);
    SHOW(world, request->import);
    show(world, request->slot, abi_operations[request->call].slot_count * sizeof request->slot[0]);
    if (request->fault != FAULT_NONE)
        return;
    SHOW(world, request->string_count);
    SHOW(world, request->iov_count);
    SHOW(world, request->subscription_count);
    show(world, request->iov, request->iov_count * sizeof request->iov[0]);
    for (uint32_t i = 0; i < request->string_count; i++)
        show(world, request->bytes + request->string[i].offset, request->string[i].length);
}

static enum status on_op(void *self, const struct request *request, const struct op *op,
                         const struct backend_space *space, struct error *error)
{
    (void)space;
    (void)error;
    show_request(self, request);
    show(self, op, sizeof *op);
    return STATUS_OK;
}

static enum status on_end(void *self, const struct request *request, const struct call_ops *ops,
                          const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                          struct error *error)
{
    struct world *world = self;
    (void)space;
    (void)error;
    show_request(world, request);
    for (uint32_t i = 0; i < ops->count; i++) {
        show(world, &ops->op[i], sizeof ops->op[i]);
        SHOW(world, ops->result[i].value);
        if (abi_ops[ops->op[i].kind].in == OP_BYTES_STAT)
            SHOW(world, ops->result[i].stat);
    }
    show(world, outcome, offsetof(struct outcome, value));
    show(world, outcome->value, outcome->value_count * sizeof outcome->value[0]);
    SHOW(world, committed);
    return STATUS_OK;
}

/* Answers as a system might, and now and then as none does. */
static int64_t answer(struct hostile *hostile, const struct op *op, const struct request *request)
{
    uint64_t choice = hostile_next(hostile) % 16, room = op->mem.length;
    if (choice == 0)
        return -(int64_t)(hostile_next(hostile) % (WASI_ERRNO_COUNT + 1));
    if (choice == 1 && hostile_next(hostile) % 16 == 0)
        return (int64_t)hostile_next(hostile);
    enum op_answer kind = (enum op_answer)abi_ops[op->kind].answer;
    if (kind == OP_ANSWER_UP_TO_VECTOR) {
        room = 0;
        for (uint32_t i = 0; i < request->iov_count; i++)
            room += request->iov[i].length;
        return (int64_t)(hostile_next(hostile) % (room + 1));
    }
    if (kind == OP_ANSWER_UP_TO_REGION)
        return (int64_t)(choice > 4 ? room : hostile_next(hostile) % (room + 1));
    return kind == OP_ANSWER_ANY || kind == OP_ANSWER_U32 ? (int64_t)(hostile_next(hostile) % UINT32_MAX) : 0;
}

static enum status act(void *self, const struct op *op, const struct request *request,
                       const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct world *world = self;
    struct hostile *hostile = &world->answers;
    (void)space;
    if (hostile_next(hostile) % 1000 == 0)
        return error_set(error, STATUS_STOPPED, "as told");
    result->value = answer(hostile, op, request);
    result->calls = 1;
    result->address = (struct net_address) { .family = NET_V4, .port = 9, .bytes = { 127, 0, 0, 1 } };
    if (abi_ops[op->kind].in == OP_BYTES_STAT)
        result->stat = (struct filestat) { .dev = hostile_next(hostile) % 2,
                                           .ino = hostile_next(hostile) % 64,
                                           .filetype = hostile_next(hostile) % 3 ? FILETYPE_REGULAR_FILE
                                                                                 : hostile_next(hostile) % 9,
                                           .nlink = hostile_next(hostile),
                                           .size = hostile_next(hostile) % 1000000 };
    return STATUS_OK;
}

/* The trace's writer, on a ring that nobody empties but the test. */
static struct wasi_observer recorder(struct world *world)
{
    static const uint8_t run_id[TRACE_RUN_ID] = { 1 };
    struct trace_writer *writer;
    int fd = memfd_create("ring", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(trace_ring_create(fd, run_id, NULL), STATUS_OK);
    assert_int_equal(trace_ring_map(fd, &world->ring, NULL), STATUS_OK);
    assert_int_equal(trace_writer_create(world->ring, &writer, NULL), STATUS_OK);
    close(fd);
    return trace_writer_observer(writer);
}

/* Moves the events that were written since into `shown`, their times left out, and says how many they were. */
static uint32_t events_take(struct world *world)
{
    struct trace_ring_header *header = trace_ring_header(world->ring);
    uint64_t head = atomic_load(&header->head), tail = atomic_load(&header->tail);
    uint32_t count = 0;
    for (; tail < head; count++) {
        const uint8_t *at = trace_ring_data(world->ring) + tail % TRACE_RING_BYTES;
        struct trace_event_head event;
        memcpy(&event, at, sizeof event);
        size_t size = event.words * sizeof(uint64_t), times = trace_event_has_ticks(event.type) ? sizeof(uint64_t) : 0;
        assert_in_range(size, sizeof event, head - tail);
        show(world, at, TRACE_TICKS_OFFSET);
        show(world, at + TRACE_TICKS_OFFSET + times, size - TRACE_TICKS_OFFSET - times);
        tail += size;
    }
    atomic_store(&header->tail, tail);
    if (world->wasi->failure.status != STATUS_OK)
        world->ring->writer.plan = 0; /* no guest goes on behind a call that did not end */
    return count;
}

static void world_done(struct world *world)
{
    wasi_free(world->wasi);
    trace_ring_unmap(world->ring);
    free(world->memory);
}

static void world_init(struct world *world, bool violation_traps, enum observed observed)
{
    static const char *const args[] = { "prog", "x y" }, *const env[] = { "A=1" };
    static const struct wasi_preopen preopens[] = {
        { "/data", true, false, { .dev = 1, .ino = 77, .filetype = FILETYPE_DIRECTORY } },
        { "/ro", false, true, { .dev = 1, .ino = 78, .filetype = FILETYPE_DIRECTORY } },
    };
    const struct filestat tty = { .filetype = FILETYPE_CHARACTER_DEVICE }, file = { .filetype = FILETYPE_REGULAR_FILE };
    const struct wasi_config config = { .arg_count = 2,
                                        .env_count = 1,
                                        .preopen_count = 2,
                                        .args = args,
                                        .env = env,
                                        .preopens = preopens,
                                        .stdio = { tty, tty, file },
                                        .descriptor_limit = DESCRIPTORS,
                                        .violation_traps = violation_traps };
    const struct wasi_backend backend = { world, act };
    struct wasi_observer observer = { world, NULL, on_op, on_end, NULL };
    memset(world, 0, sizeof *world);
    if (observed == RECORDED)
        observer = recorder(world);
    world->memory = malloc(MEMORY);
    world->answers.state = 0x2545F4914F6CDD1D;
    assert_non_null(world->memory);
    assert_int_equal(wasi_create(&config, &backend, observed != OBSERVED_NOT ? &observer : NULL, &world->wasi, NULL),
                     STATUS_OK);
}

/* The table as it was at first; and behind it handles of every kind, so that calls of all sorts are accepted. */
static void handles_renew(struct hostile *hostile, const struct handle_table *first, struct handle_table *table)
{
    *table = *first;
    for (uint32_t i = 5; i < DESCRIPTORS; i++) {
        const uint64_t choice = hostile_next(hostile);
        const bool directory = i % 2; /* half of them, so that calls of two directories find some */
        table->handle[i] = (struct handle) {
            .rights = choice % 5 || directory ? RIGHTS_ALL : hostile_next(hostile) & RIGHTS_ALL,
            .inheriting = RIGHTS_ALL,
            .position = choice % 7 ? hostile_next(hostile) % 5000 : INT64_MAX - hostile_next(hostile) % 200,
            .dev = 1,
            .ino = i,
            .fdflags = choice % 11 ? 0 : FDFLAG_APPEND,
            .type = directory    ? FILETYPE_DIRECTORY
                    : choice % 3 ? FILETYPE_REGULAR_FILE
                                 : (uint8_t)(hostile_next(hostile) % 8),
            .net_family = choice % 2 ? NET_V4 : NET_V6,
            .live = choice % 5 != 4,
        };
        if (table->handle[i].type == FILETYPE_SOCKET_DGRAM || table->handle[i].type == FILETYPE_SOCKET_STREAM)
            table->handle[i].net_state = (uint8_t)(1 + hostile_next(hostile) % NET_STATE_CONNECTED);
        if (i == 7 || i == 8) { /* one that is connected, one that listens */
            table->handle[i].type = FILETYPE_SOCKET_STREAM;
            table->handle[i].net_state = i == 7 ? NET_STATE_CONNECTED : NET_STATE_LISTENING;
            table->handle[i].rights = RIGHTS_ALL;
            table->handle[i].live = true;
        }
    }
}

static enum rt_trap_kind call(struct world *world, uint32_t import, rt_host_fn *function, const uint64_t *slots,
                              uint32_t memory, uint64_t *ret_slot)
{
    uint64_t passed[OPERATION_SLOTS_MAX];
    world->shown_bytes = 0;
    world->wasi->failure = (struct error)ERROR_INIT;
    memcpy(passed, slots, sizeof passed);
    enum rt_trap_kind trap =
        function(&world->wasi->link[import], NULL, (struct rt_memory) { world->memory, memory }, passed);
    *ret_slot = passed[0];
    return trap;
}

static void ops_equal(const struct call_ops *a, const struct call_ops *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->op, b->op, a->count * sizeof a->op[0]);
    for (uint32_t i = 0; i < a->count; i++)
        assert_true(a->result[i].value == b->result[i].value);
}

static void drive(bool violation_traps, enum observed observed)
{
    struct hostile hostile = { .state = 0x9e3779b97f4a7c15, .memory = MEMORY, .descriptors = DESCRIPTORS + 1 };
    struct world rows, any;
    uint32_t succeeded[OPERATION_COUNT] = { 0 }, tried[OPERATION_COUNT] = { 0 };
    uint32_t issued = 0, events = 0;
    world_init(&rows, violation_traps, observed);
    const struct handle_table first = rows.wasi->table;
    world_init(&any, violation_traps, observed);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t slots[OPERATION_SLOTS_MAX] = { 0 }, row_slot, any_slot;
        uint32_t import = (uint32_t)(hostile_next(&hostile) % IMPORT_COUNT), operation = abi_imports[import].operation;
        rt_host_fn *entry = rows.wasi->import[import].function;
        if (entry == wasi_entry_of_scalars(operation) && hostile_next(&hostile) % 3 == 0)
            entry = wasi_entry_of_row(operation);
        if (round % REFILL == 0) {
            hostile_memory(&hostile, rows.memory);
            memcpy(any.memory, rows.memory, MEMORY);
            handles_renew(&hostile, &first, &rows.wasi->table);
            any.wasi->table = rows.wasi->table;
        }
        if (entry == wasi_dispatch) { /* there is nothing to compare */
            round--;
            continue;
        }
        uint32_t memory = round % 31 == 0 ? (uint32_t)(hostile_next(&hostile) % MEMORY) : MEMORY;
        hostile_slots(&hostile, &abi_imports[import], slots);
        enum rt_trap_kind row_trap = call(&rows, import, entry, slots, memory, &row_slot);
        enum rt_trap_kind any_trap = call(&any, import, wasi_dispatch, slots, memory, &any_slot);
        if (observed == RECORDED) {
            events += events_take(&rows);
            (void)events_take(&any);
        }
        assert_int_equal(row_trap, any_trap);
        assert_true(row_slot == any_slot);
        assert_memory_equal(rows.memory, any.memory, MEMORY);
        assert_memory_equal(&rows.wasi->table, &any.wasi->table, sizeof any.wasi->table);
        ops_equal(&rows.wasi->ops, &any.wasi->ops);
        assert_int_equal(rows.shown_bytes, any.shown_bytes);
        assert_memory_equal(rows.shown, any.shown, rows.shown_bytes);
        assert_int_equal(rows.wasi->failure.status, any.wasi->failure.status);
        assert_true(rows.wasi->call_count == any.wasi->call_count);
        assert_int_equal(wasi_exit_code(rows.wasi), wasi_exit_code(any.wasi));
        tried[operation]++;
        succeeded[operation] += row_trap == RT_TRAP_NONE && row_slot == WASI_SUCCESS;
        issued += rows.wasi->ops.count;
    }
    assert_true(issued > ROUNDS / 20);
    assert_true(observed != RECORDED || events > ROUNDS);
    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        if (tried[i] > 0 && abi_operations[i].returns && succeeded[i] == 0)
            fail_msg("none of %u calls of %s succeeded: the test proves nothing of it", tried[i],
                     abi_operations[i].name);
    world_done(&rows);
    world_done(&any);
}

static void entries_do_what_the_dispatcher_does(void **state)
{
    (void)state;
    drive(false, OBSERVED);
}

static void also_where_a_violation_stops_the_guest(void **state)
{
    (void)state;
    drive(true, OBSERVED);
}

static void also_unobserved(void **state)
{
    (void)state;
    drive(false, OBSERVED_NOT);
}

static void they_are_recorded_alike(void **state)
{
    (void)state;
    drive(false, RECORDED);
}

/* A stat says that something is a socket at most. The guest is told which its own is, by each way; what the stat said
 * stays what is recorded. */
static void sockets_are_told_by_their_kind(void **state)
{
    enum { FD = 5, AT = 512, TRIES = 100, IMPORT = IMPORT_PREVIEW1_FD_FILESTAT_GET };
    static const uint8_t kinds[] = { FILETYPE_SOCKET_DGRAM, FILETYPE_SOCKET_STREAM };
    const uint64_t slots[OPERATION_SLOTS_MAX] = { FD, AT };
    struct world world;
    uint32_t told = 0, another = 0;
    (void)state;
    world_init(&world, false, OBSERVED);
    for (uint32_t i = 0; i < TRIES; i++) {
        const uint8_t kind = kinds[i % 2];
        uint64_t wasi_errno;
        world.wasi->table.handle[FD] = (struct handle) {
            .rights = NET_RIGHTS, .type = kind, .net_family = NET_V4, .net_state = NET_STATE_OPEN, .live = true
        };
        rt_host_fn *entry = i % 3 ? world.wasi->import[IMPORT].function : wasi_dispatch;
        if (call(&world, IMPORT, entry, slots, MEMORY, &wasi_errno) != RT_TRAP_NONE || wasi_errno != WASI_SUCCESS)
            continue;
        const struct filestat *stat = &world.wasi->ops.result[0].stat;
        uint64_t filetype;
        memcpy(&filetype, world.memory + AT + offsetof(struct filestat, filetype), sizeof filetype);
        assert_int_equal(filetype, kind);
        told++;
        another += stat->filetype != kind;
    }
    assert_in_range(told, TRIES / 2, TRIES);
    assert_true(another > 0);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_do_what_the_dispatcher_does),
        cmocka_unit_test(also_where_a_violation_stops_the_guest),
        cmocka_unit_test(also_unobserved),
        cmocka_unit_test(they_are_recorded_alike),
        cmocka_unit_test(sockets_are_told_by_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
