/* Made-up hostcalls and the processes of a recording, for the tests of the trace. */
#include "trace_kit.h"
#include "wasi/abi/op_sets.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "wasi/abi/op_sets.h"

static uint8_t memory[KIT_MEMORY], staging[BACKEND_STAGING];

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

struct backend_space kit_space(void)
{
    if (memory[1] == 0) {
        for (size_t i = 0; i < sizeof memory; i++)
            memory[i] = (uint8_t)(mix(i / 7 + 1) >> 8);
        for (size_t i = 0; i < sizeof staging; i++)
            staging[i] = (uint8_t)(i * 31);
        memory[1] = 1;
    }
    return (struct backend_space) { memory, sizeof memory, staging };
}

static void make_string(struct request *request, uint64_t seed)
{
    uint32_t at = 0, index = request->string_count++;
    for (uint32_t i = 0; i < index; i++)
        at += request->string[i].length;
    uint32_t length = index == 0 && seed % 97 == 0 ? LIMIT_PATH : (uint32_t)(seed % 40);
    request->string[index] = (struct region) { at, length };
    for (uint32_t i = 0; i < length; i++)
        request->bytes[at + i] = (uint8_t)('a' + (seed + i) % 26);
}

static void make_args(struct request *request, uint64_t seed, bool big)
{
    const struct operation_row *row = &abi_operations[request->call];
    for (unsigned i = 0; i < row->field_count; i++) /* an i32 is zero-extended */
        for (unsigned k = 0; k < row->field[i].slots; k++)
            request->slot[row->field[i].slot + k] =
                mix(seed + i + k) >> (abi_arg_types[row->field[i].type].core[k] == 'I' ? i % 3 * 16 : 32);
    for (unsigned i = 0; i < row->field_count; i++) {
        uint8_t class = abi_arg_types[row->field[i].type].class;
        if (class == ARG_CLASS_STRING || class == ARG_CLASS_NAME)
            make_string(request, mix(seed + i));
        if (class == ARG_CLASS_IOVS || class == ARG_CLASS_CIOVS)
            request->iov_count = seed % 61 == 0 ? LIMIT_IOVECS : 1 + (uint32_t)(seed % 4);
        if (class == ARG_CLASS_ADDRESS)
            request->address = (struct net_address) { .family = seed % 3 ? NET_V6 : NET_V4,
                                                      .port = (uint16_t)seed,
                                                      .bytes = { (uint8_t)seed, 2, 3, 4 } };
        if (class == ARG_CLASS_SUBS)
            request->subscription_count = (uint32_t)(seed % 5);
    }
    for (uint32_t i = 0; i < request->iov_count; i++) {
        uint32_t length = big ? 300000 / request->iov_count : (uint32_t)(mix(seed + i) % 300);
        request->iov[i] = (struct region) { (uint32_t)(mix(seed * 3 + i) % (KIT_MEMORY - 400000)), length };
    }
    for (uint32_t i = 0; i < request->subscription_count; i++)
        request->subscription[i] = (struct subscription) { mix(seed), mix(i), 5, i, 1, (uint8_t)(i % 3) };
}

static void make_op(struct kit_call *call, uint16_t kind, uint64_t seed)
{
    uint32_t index = call->ops.count++;
    struct request *request = &call->request;
    struct op op = { .kind = kind,
                     .rule = (uint16_t)(seed % RULE_COUNT),
                     .handle = (uint32_t)(seed % 100),
                     .handle2 = HANDLE_NONE,
                     .flags = (uint32_t)(seed % 7),
                     .offset = seed,
                     .value = mix(seed) };
    struct op_result result = { .value = (int64_t)(seed % 1000) };
    bool iovs = (abi_op_bit(kind) & ops_vector) != 0;
    op.mem = iovs ? (struct region) { 0, request->iov_count } : (struct region) { (uint32_t)(seed % 4096), 64 };
    if (request->string_count)
        op.path = request->string[request->string_count - 1];
    enum op_bytes in = abi_ops[kind].in;
    if (in == OP_BYTES_STAT)
        result.stat = (struct filestat) { seed, seed + 1, 4, 1, seed * 3, 5, 6, 7 };
    if (abi_brings_address(in))
        result.address = (struct net_address) { .family = NET_V4, .port = (uint16_t)seed, .bytes = { 127, 0, 0, 1 } };
    if (abi_bytes_in_regions(in)) {
        uint64_t most = trace_op_in_length(request, &op, INT64_MAX);
        result.value = (int64_t)(seed % 3 == 0 ? most : seed % (most + 1));
    }
    if (abi_bytes_staged(in)) {
        result.value = (int64_t)(seed % (LIMIT_READDIR + 1));
        op.offset = seed % LIMIT_READDIR_BUFFER;
    }
    if (seed % 11 == 0) {
        result = (struct op_result) { .value = -(int64_t)WASI_NOENT };
    }
    if (abi_ops[kind].calls == OP_CALLS_WALK)
        result.calls = 1 + (uint32_t)(seed % 7 == 0 ? LIMIT_OP_CALLS - 1 : seed % 3);
    call->ops.op[index] = op;
    call->ops.result[index] = result;
}

static bool has(uint16_t kind, enum op_operand role) { return abi_op_has(&abi_ops[kind], role); }

/* Makes an op what the core issues where nothing is unusual: all of it follows from the request. */
static void make_op_plain(struct kit_call *call, struct op *op)
{
    const struct request *request = &call->request;
    enum op_object object = (enum op_object)abi_ops[op->kind].object;
    op->handle = object == OP_OBJECT_NONE || object == OP_OBJECT_AWAITED ? HANDLE_NONE : (uint32_t)request->slot[0];
    op->flags = 0;
    op->offset = has(op->kind, OPERAND_OFFSET) ? op->offset : 0;
    op->value = has(op->kind, OPERAND_VALUE) || has(op->kind, OPERAND_FDFLAGS) ? op->value : 0;
    if (abi_op_bit(op->kind) & ops_vector)
        op->mem = (struct region) { 0, 1 };
    else if (!(abi_op_bit(op->kind) & ops_region))
        op->mem = (struct region) { 0, 0 };
    else if (request->iov_count == 1)
        op->mem = request->iov[0];
}

/* Makes the call one that succeeds with one op at most, and one region: what most calls of a run are. */
static void make_plain(struct kit_call *call, uint64_t seed)
{
    const struct operation_row *row = &abi_operations[call->request.call];
    struct op_result *result = &call->ops.result[0];
    uint32_t numbers = 0, others = 0;
    call->request.slot[0] %= 4096;
    if (call->ops.count > 1) {
        call->ops.op[0] = call->ops.op[seed % call->ops.count];
        call->ops.count = 1;
    }
    if (call->request.iov_count > 0) {
        call->request.iov_count = 1;
        call->request.iov[0].length = 1 + (uint32_t)(seed % (seed % 5 == 0 ? 3000 : 40));
    }
    *result = (struct op_result) { .value = (int64_t)(seed % 64), .calls = 1 };
    if (call->ops.count == 1) {
        make_op_plain(call, &call->ops.op[0]);
        enum op_bytes in = abi_ops[call->ops.op[0].kind].in;
        if (in == OP_BYTES_STAT)
            result->stat = (struct filestat) { seed, seed + 1, 4, 1, seed * 3, 5, 6, 7 };
        if (abi_bytes_in_regions(in))
            result->value = (int64_t)trace_op_in_length(&call->request, &call->ops.op[0], 1 + (int64_t)(seed % 3000));
    }
    call->outcome = (struct outcome) { 0 };
    call->committed = 0;
    for (unsigned i = 0; i < row->field_count; i++) {
        const struct arg_type_row *type = &abi_arg_types[row->field[i].type];
        if (type->class != ARG_CLASS_RESULT)
            continue;
        bool number = type->size == type->align && (type->size == 4 || type->size == 8);
        others += !number;
        if (!number || numbers == 2)
            continue;
        uint64_t value = call->ops.count == 1 && seed % 7 != 0 ? (uint64_t)result->value : mix(seed + i) >> 33;
        call->outcome.value[numbers++] = value;
        call->committed = observer_digest_number(call->committed, call->request.slot[row->field[i].slot], value);
    }
    call->outcome.value_count = (uint16_t)numbers;
    if (others > 0 || seed % 17 == 0)
        call->committed = mix(seed + 99);
    if (others == 1 && numbers == 0 && seed % 3 != 0 && call->ops.count == 1 &&
        abi_ops[call->ops.op[0].kind].in == OP_BYTES_STAT) /* what is written is the stat, where the last slot says */
        call->committed = XXH3_64bits_withSeed(&result->stat, sizeof result->stat,
                                               call->request.slot[row->slot_count - 1] + OBSERVER_DIGEST_STEP);
}

void kit_call_make(uint64_t index, bool big, struct kit_call *ret)
{
    memset(ret, 0, sizeof *ret);
    uint64_t seed = mix(index + 1);
    ret->request.import = (uint16_t)(index % IMPORT_COUNT);
    ret->request.call = abi_imports[ret->request.import].operation;
    const struct operation_row *row = &abi_operations[ret->request.call];
    make_args(&ret->request, seed, big);
    if (seed % 13 == 0) {
        ret->request.fault = FAULT_BOUNDS;
        ret->request.string_count = ret->request.iov_count = ret->request.subscription_count = 0;
    }
    for (uint16_t kind = 0; kind < OP_COUNT && ret->request.fault == FAULT_NONE; kind++) {
        if ((row->ops & abi_op_bit(kind)) && ret->ops.count < LIMIT_OPS)
            make_op(ret, kind, mix(seed + kind));
    }
    ret->outcome = (struct outcome) {
        (uint16_t)(seed % WASI_ERRNO_COUNT), (uint16_t)(seed % RULE_COUNT), 0, (uint16_t)(seed % 3), { 0, 0 }
    };
    for (unsigned i = 0; i < ret->outcome.value_count; i++)
        ret->outcome.value[i] = mix(seed + i);
    ret->committed = mix(seed + 99);
    if (index / IMPORT_COUNT % 2 == 1 && ret->request.fault == FAULT_NONE)
        make_plain(ret, seed);
}

void kit_call_clock(uint64_t index, struct kit_call *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->request.call = OPERATION_CLOCK_TIME_GET;
    ret->request.import = IMPORT_PREVIEW1_CLOCK_TIME_GET;
    ret->request.slot[SLOT_CLOCK_TIME_GET_id] = CLOCKID_MONOTONIC;
    ret->request.slot[SLOT_CLOCK_TIME_GET_time] = 4096;
    ret->ops.count = 1;
    ret->ops.op[0] = (struct op) { .kind = OP_CLOCK_TIME,
                                   .rule = RULE_CLOCK_GRANTED,
                                   .handle = HANDLE_NONE,
                                   .handle2 = HANDLE_NONE,
                                   .value = CLOCKID_MONOTONIC };
    ret->ops.result[0].value = (int64_t)(1000000000u + index * 137);
    ret->outcome.value_count = 1;
    ret->outcome.value[0] = (uint64_t)ret->ops.result[0].value;
    ret->committed = mix(index);
}

enum status kit_call_observe(const struct kit_call *call, const struct wasi_observer *observer, struct error *error)
{
    struct backend_space space = kit_space();
    enum status status = observer->begin ? observer->begin(observer->self, &call->request, error) : STATUS_OK;
    for (uint32_t i = 0; i < call->ops.count && status == STATUS_OK; i++)
        status = observer->op(observer->self, &call->request, &call->ops.op[i], &space, error);
    if (status == STATUS_OK)
        status =
            observer->end(observer->self, &call->request, &call->ops, &call->outcome, &space, call->committed, error);
    return status;
}

/* ---- comparing ---- */

static void assert_in(const struct kit_call *expected, uint32_t index, const struct trace_op_data *data)
{
    const struct op *op = &expected->ops.op[index];
    uint64_t length = trace_op_in_length(&expected->request, op, expected->ops.result[index].value), at = 0;
    assert_int_equal(data->in_length, length);
    assert_int_equal(data->in_kept, length);
    enum op_bytes in = abi_ops[op->kind].in;
    if (abi_bytes_staged(in)) {
        if (length)
            assert_memory_equal(data->in, staging + (in == OP_BYTES_ENTRIES ? op->offset : 0), length);
        return;
    }
    bool iovs = (abi_op_bit(op->kind) & ops_vector) != 0;
    for (uint32_t i = 0; at < length; i++) {
        struct region piece = iovs ? expected->request.iov[i] : op->mem;
        uint64_t part = piece.length < length - at ? piece.length : length - at;
        if (part)
            assert_memory_equal(data->in + at, memory + piece.offset, part);
        at += part;
    }
}

static void assert_request(const struct request *a, const struct request *b)
{
    assert_int_equal(a->call, b->call);
    assert_int_equal(a->fault, b->fault);
    assert_int_equal(a->import, b->import);
    assert_memory_equal(a->slot, b->slot, sizeof a->slot);
    assert_int_equal(a->string_count, b->string_count);
    assert_int_equal(a->iov_count, b->iov_count);
    assert_int_equal(a->subscription_count, b->subscription_count);
    for (uint32_t i = 0; i < a->string_count; i++) {
        assert_memory_equal(&a->string[i], &b->string[i], sizeof a->string[i]);
        if (a->string[i].length)
            assert_memory_equal(a->bytes + a->string[i].offset, b->bytes + b->string[i].offset, a->string[i].length);
    }
    if (a->iov_count)
        assert_memory_equal(a->iov, b->iov, a->iov_count * sizeof a->iov[0]);
    if (a->subscription_count)
        assert_memory_equal(a->subscription, b->subscription, a->subscription_count * sizeof a->subscription[0] - 1);
}

void kit_call_assert(const struct kit_call *expected, const struct trace_call *call)
{
    struct backend_space space = kit_space();
    assert_request(&expected->request, &call->request);
    if (call->complete)
        assert_int_equal(expected->ops.count, call->ops.count);
    assert_in_range(call->ops.count, 0, expected->ops.count);
    for (uint32_t i = 0; i < call->ops.count; i++) {
        assert_memory_equal(&expected->ops.op[i], &call->ops.op[i], sizeof(struct op));
        struct trace_op_data out;
        assert_int_equal(trace_op_out(&expected->request, &expected->ops.op[i], &space, &out), STATUS_OK);
        assert_int_equal(out.out_length, call->data[i].out_length);
        assert_int_equal(out.out_digest, call->data[i].out_digest);
        assert_int_equal(out.out_head_length, call->data[i].out_head_length);
        if (out.out_head_length)
            assert_memory_equal(out.out_head, call->data[i].out_head, out.out_head_length);
        if (!call->complete)
            continue;
        assert_int_equal(expected->ops.result[i].value, call->ops.result[i].value);
        if (abi_ops[expected->ops.op[i].kind].calls == OP_CALLS_WALK)
            assert_int_equal(expected->ops.result[i].calls, call->ops.result[i].calls);
        if (abi_ops[expected->ops.op[i].kind].in == OP_BYTES_STAT && expected->ops.result[i].value >= 0)
            assert_memory_equal(&expected->ops.result[i].stat, &call->ops.result[i].stat, sizeof(struct filestat));
        else
            assert_in(expected, i, &call->data[i]);
    }
    if (call->complete) {
        assert_memory_equal(&expected->outcome, &call->outcome, sizeof call->outcome);
        assert_int_equal(expected->committed, call->committed);
    }
}

/* ---- the processes ---- */

static void tell_ready(void *self)
{
    if (write(*(int *)self, "r", 1) != 1)
        _exit(9);
}

static void limit_files(uint64_t bytes)
{
    struct rlimit limit = { bytes, bytes };
    if (bytes && setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(9);
}

void kit_run_start(struct kit_run *run)
{
    run->file_limit = run->hold_ns = 0;
    run->sync_chunks = run->sync_calls = false;
    kit_run_start_limited(run);
}

void kit_run_start_limited(struct kit_run *run)
{
    static const uint8_t run_id[TRACE_RUN_ID] = { 1, 2, 3, 4, 5 };
    int ready[2], alive[2];
    strcpy(run->folder, "/tmp/warrant-trace-XXXXXX");
    assert_non_null(mkdtemp(run->folder));
    snprintf(run->trace, sizeof run->trace, "%s/run.wtrace", run->folder);
    snprintf(run->ring, sizeof run->ring, "%s/run.ring", run->folder);
    run->ring_fd = open(run->ring, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(run->ring_fd >= 0);
    assert_int_equal(trace_ring_create(run->ring_fd, run_id, NULL), STATUS_OK);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(alive), 0);
    fflush(NULL);
    run->recorder = fork();
    if (run->recorder == 0) {
        close(alive[1]);
        limit_files(run->file_limit);
        struct recorder_options options = { .ring_fd = run->ring_fd,
                                            .control_fd = alive[0],
                                            .guest_fd = -1,
                                            .trace_limit = UINT64_MAX,
                                            .hold_ns = run->hold_ns,
                                            .sync_chunks = run->sync_chunks,
                                            .sync_calls = run->sync_calls,
                                            .description = "description",
                                            .description_size = 11,
                                            .module = "module",
                                            .module_size = 6 };
        options.trace_fd = open(run->trace, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        memcpy(options.run_id, run_id, sizeof run_id);
        struct trace_end end;
        struct error error = ERROR_INIT;
        enum status status = recorder_run(&options, tell_ready, &ready[1], &end, &error);
        if (status != STATUS_OK)
            fprintf(stderr, "recorder: %s\n", error.text);
        _exit((int)status);
    }
    close(alive[0]);
    close(ready[1]);
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    run->alive = alive[1];
    run->guest = 0;
}

void kit_run_guest(struct kit_run *run, void (*body)(struct trace_writer *, void *), void *argument)
{
    kit_space();
    fflush(NULL);
    run->guest = fork();
    if (run->guest == 0) {
        struct trace_ring *ring;
        struct trace_writer *writer;
        if (trace_ring_map(run->ring_fd, &ring, NULL) != STATUS_OK ||
            trace_writer_create(ring, &writer, NULL) != STATUS_OK)
            _exit(9);
        body(writer, argument);
        /* What a launcher says who waited for it. */
        const struct trace_fate fate = { .cause = TRACE_CAUSE_ITSELF,
                                         .waited = TRACE_WAITED_EXITED,
                                         .exit_code = KIT_EXIT };
        _exit(write(run->alive, &fate, sizeof fate) == sizeof fate ? 0 : 9);
    }
    close(run->alive);
}

uint64_t kit_ring_head(const struct kit_run *run)
{
    uint64_t head = 0; /* docs/trace-format.md, Ring */
    assert_int_equal(pread(run->ring_fd, &head, sizeof head, 64), sizeof head);
    return head;
}

int kit_wait(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

void kit_run_done(struct kit_run *run)
{
    close(run->ring_fd);
    unlink(run->trace);
    unlink(run->ring);
    rmdir(run->folder);
}

struct plan {
    uint64_t calls;
    bool big;
};

static void write_calls(struct trace_writer *writer, void *argument)
{
    const struct plan *plan = argument;
    struct wasi_observer observer = trace_writer_observer(writer);
    static struct kit_call call;
    for (uint64_t i = 0; i < plan->calls; i++) {
        kit_call_make(i, plan->big, &call);
        if (kit_call_observe(&call, &observer, NULL) != STATUS_OK)
            _exit(8);
    }
    struct trace_exit last = { .outcome = 1, .exit_code = KIT_EXIT, .instructions = 12345 };
    if (trace_writer_exit(writer, &last) != STATUS_OK)
        _exit(8);
}

void kit_run_guest_calls(struct kit_run *run, uint64_t calls)
{
    struct plan plan = { calls, false };
    kit_run_guest(run, write_calls, &plan);
}

void kit_trace_write(struct kit_run *run, uint64_t calls, bool big)
{
    struct plan plan = { calls, big };
    kit_run_start(run);
    kit_run_guest(run, write_calls, &plan);
    assert_int_equal(kit_wait(run->guest), 0);
    assert_int_equal(kit_wait(run->recorder), 0);
}

uint64_t kit_trace_read(const char *path, bool big, struct trace_end *ret_end, bool *ret_inside,
                        enum status *ret_status, struct error *ret_error)
{
    static struct kit_call expected;
    static struct trace_call call;
    struct trace_exit last;
    struct trace_reader *reader;
    struct error error = ERROR_INIT;
    enum trace_item_kind kind;
    uint64_t complete = 0, ticks = 0;
    bool exited = false;
    enum status status = trace_reader_open(path, &reader, &error);
    if (status != STATUS_OK)
        fail_msg("%s", error.text);
    kit_space();
    while ((status = trace_reader_next(reader, &kind, &call, &last, &error)) == STATUS_OK) {
        assert_false(exited);
        if (kind == TRACE_ITEM_EXIT) {
            exited = true;
            assert_int_equal(last.exit_code, KIT_EXIT);
            assert_int_equal(last.instructions, 12345);
            continue;
        }
        kit_call_make(complete, big, &expected);
        kit_call_assert(&expected, &call);
        assert_true(!call.timed || call.ticks >= ticks);
        ticks = call.timed ? call.ticks : ticks;
        complete += call.complete;
    }
    if (status != STATUS_NOT_FOUND)
        fail_msg("%s", error.text);
    *ret_status = trace_reader_stop(reader, ret_end, ret_inside, ret_error);
    trace_reader_close(reader);
    return complete;
}
