/* Hand-made calls and records: host descriptor 10 + n stands behind handle n. */
#include "tests/unit/test_match_kit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "checker/impact.h"

struct kit *kit_create(void)
{
    struct kit *kit = calloc(1, sizeof *kit);
    assert(kit);
    kit->room = 16384;
    kit->record = calloc(kit->room, sizeof *kit->record);
    kit->iov = calloc(kit->room, sizeof *kit->iov);
    assert(kit->record && kit->iov);
    kit->setup_until = UINT64_MAX - 1;
    struct witness_record *r = kit_syscall(kit, "mmap", (int64_t)KIT_BASE);
    r->arg[1] = UINT64_C(8) << 30;
    kit_syscall(kit, "seccomp", 0);
    kit->setup_until = 1;
    return kit;
}

void kit_free(struct kit *kit)
{
    for (size_t i = 0; i < kit->calls; i++)
        free(kit->call[i]);
    free(kit->record);
    free(kit->iov);
    free(kit);
}

static void on_verdict(void *self, uint64_t hostcall, enum check_verdict verdict)
{
    struct kit_seen *seen = self;
    assert(hostcall < KIT_CALLS);
    seen->verdict[hostcall] = verdict;
    seen->verdicts++;
    seen->counts[verdict]++;
}

static void on_record(void *self, const struct witness_record *record, enum match_class class,
                      const struct match_place *place)
{
    struct kit_seen *seen = self;
    (void)record;
    (void)place;
    seen->classes[class]++;
}

static void on_finding(void *self, enum check_finding_kind kind, const struct match_place *place,
                       const struct witness_record *record, int64_t syscall, const char *evidence)
{
    struct kit_seen *seen = self;
    (void)record;
    assert(seen->findings < KIT_FINDINGS);
    struct kit_finding *f = &seen->finding[seen->findings++];
    f->kind = kind;
    f->hostcall = place ? place->hostcall : CHECK_NO_PLACE;
    f->syscall = syscall;
    strncpy(f->evidence, evidence, sizeof f->evidence - 1);
}

void kit_run(struct kit *kit)
{
    struct run_initial initial[5];
    for (uint32_t i = 0; i < 5; i++)
        initial[i] =
            (struct run_initial) { .dev = 1, .ino = 1000 + i, .filetype = FILETYPE_DIRECTORY, .host_fd = 10 + i };
    struct run_spec spec = { .initial_count = 5, .initial = initial, .facts = { .arch = (char[]) { "x86_64" } } };
    spec.facts.walker = kit->walks ? RUN_WALKER_COMPONENTS : RUN_WALKER_OPENAT2;
    spec.policy.limits.links = LIMIT_WALK_LINKS;
    spec.nodes = &kit->node;
    spec.node_count = kit->node.ino ? 1 : 0;
    struct match_options options = {
        &spec, KIT_PID, kit->setup_until, { &kit->seen, on_verdict, on_record, on_finding }
    };
    struct match *m;
    assert(match_create(&options, &m, NULL) == STATUS_OK);
    size_t calls = 0, records = 0;
    for (bool done = false; !done;) {
        switch (match_step(m)) {
        case MATCH_NEED_CALL:
            if (calls < kit->calls)
                assert(match_call(m, kit->call[calls], calls) == STATUS_OK);
            else
                match_calls_end(m, kit->open_end, kit->stop_ns);
            calls++;
            break;
        case MATCH_NEED_RECORD:
            if (records < kit->records)
                assert(match_record(m, &kit->record[records]) == STATUS_OK);
            else
                match_records_end(m, kit->cut);
            records++;
            break;
        case MATCH_AGAIN:
            break;
        case MATCH_DONE:
            done = true;
            break;
        }
    }
    match_free(m);
    assert(kit->seen.verdicts == kit->calls);
}

struct trace_call *kit_call(struct kit *kit, enum operation which)
{
    struct trace_call *call = calloc(1, sizeof *call);
    assert(call && kit->calls < KIT_CALLS);
    call->begin_event = kit->calls * 3;
    call->end_event = kit->calls * 3 + 2;
    call->ticks = kit->calls * 1000;
    call->duration = 500;
    call->complete = true;
    call->request.call = which;
    kit->call[kit->calls++] = call;
    return call;
}

struct op *kit_op(struct trace_call *call, enum op_kind kind, uint32_t handle, int64_t result)
{
    uint32_t i = call->ops.count++;
    struct op *op = &call->ops.op[i];
    op->kind = (uint16_t)kind;
    op->handle = handle;
    op->handle2 = HANDLE_NONE;
    call->ops.result[i].value = result;
    call->ops.result[i].calls = 1;
    return op;
}

struct trace_call *kit_pwrite(struct kit *kit, uint32_t handle, uint64_t offset, uint32_t length)
{
    struct trace_call *call = kit_call(kit, OPERATION_FD_PWRITE);
    struct op *op = kit_op(call, OP_PWRITEV, handle, length);
    op->offset = offset;
    op->mem = (struct region) { 0, 1 };
    call->request.iov_count = 1;
    call->request.iov[0] = (struct region) { 0x1000, length };
    return call;
}

struct trace_call *kit_pwrite_one(struct kit *kit, uint32_t handle, uint64_t offset, uint32_t length)
{
    struct trace_call *call = kit_pwrite(kit, handle, offset, length);
    call->ops.op[0].kind = OP_PWRITE;
    call->ops.op[0].mem = call->request.iov[0];
    return call;
}

struct trace_call *kit_open(struct kit *kit, uint32_t handle, const char *path, uint32_t flags, uint32_t handle2,
                            int64_t result)
{
    struct trace_call *call = kit_call(kit, OPERATION_PATH_OPEN);
    struct op *op = kit_op(call, OP_OPEN, handle, result);
    op->handle2 = handle2;
    op->flags = flags;
    op->path = (struct region) { 0, (uint32_t)strlen(path) };
    memcpy(call->request.bytes, path, strlen(path));
    return call;
}

struct trace_call *kit_close(struct kit *kit, uint32_t handle)
{
    struct trace_call *call = kit_call(kit, OPERATION_FD_CLOSE);
    kit_op(call, OP_CLOSE, handle, 0);
    return call;
}

struct trace_call *kit_clock(struct kit *kit)
{
    struct trace_call *call = kit_call(kit, OPERATION_CLOCK_TIME_GET);
    struct op *op = kit_op(call, OP_CLOCK_TIME, HANDLE_NONE, 12345);
    op->value = 1;
    return call;
}

struct trace_call *kit_tell(struct kit *kit) { return kit_call(kit, OPERATION_FD_TELL); }

struct witness_record *kit_event(struct kit *kit, enum witness_kind kind, int64_t result)
{
    assert(kit->records < kit->room);
    struct witness_record *r = &kit->record[kit->records];
    *r = (struct witness_record) { .number = kit->records,
                                   .kind = kind,
                                   .role = WITNESS_GUEST,
                                   .pid = KIT_PID,
                                   .tid = KIT_PID,
                                   .result = result,
                                   .syscall = -1 };
    r->ktime = 1000 * kit->records;
    if (kit->records > 0) {
        const struct witness_record *before = r - 1;
        r->sequence = before->sequence + (before->kind == WITNESS_LOST ? (uint64_t)before->result : 1);
    }
    kit->records++;
    return r;
}

struct witness_record *kit_syscall(struct kit *kit, const char *name, int64_t result)
{
    struct witness_record *r = kit_event(kit, WITNESS_SYSCALL, result);
    r->syscall = impact_number(SYSCALL_MACHINE_X86_64, name);
    return r;
}

struct witness_object kit_object(int fd)
{
    if (fd >= 10 && fd < 15)
        return (struct witness_object) { 1, 990 + (uint64_t)fd, 0040755, 0 };
    return (struct witness_object) { 1, 2000 + (uint64_t)fd, 0100644, 0 };
}

static void on_descriptor(struct witness_record *r, int fd)
{
    r->arg[0] = (uint64_t)fd;
    r->object = kit_object(fd);
    r->parts |= WITNESS_PART_OBJECT;
}

struct witness_record *kit_saw_pwrite(struct kit *kit, int fd, uint64_t offset, uint32_t length)
{
    struct witness_record *r = kit_syscall(kit, "pwritev", length);
    struct witness_iovec *iov = &kit->iov[r - kit->record];
    on_descriptor(r, fd);
    r->arg[2] = 1;
    r->arg[3] = offset;
    r->parts |= WITNESS_PART_IOV;
    r->iov_count = 1;
    r->iov = iov;
    *iov = (struct witness_iovec) { KIT_BASE + 0x1000, length };
    return r;
}

struct witness_record *kit_saw_pwrite_one(struct kit *kit, int fd, uint64_t offset, uint32_t length)
{
    struct witness_record *r = kit_syscall(kit, "pwrite64", length);
    on_descriptor(r, fd);
    r->arg[1] = KIT_BASE + 0x1000;
    r->arg[2] = length;
    r->arg[3] = offset;
    return r;
}

struct witness_record *kit_saw_open(struct kit *kit, int fd, const char *path, uint64_t flags, int64_t result)
{
    struct witness_record *r = kit_syscall(kit, "openat2", result);
    on_descriptor(r, fd);
    r->arg[3] = 24;
    r->parts |= WITNESS_PART_PATH | WITNESS_PART_HOW;
    r->path[0] = path;
    r->path_length[0] = (uint32_t)strlen(path);
    if (result >= 0) {
        r->opened = kit_object((int)result);
        r->parts |= WITNESS_PART_OPENED;
    }
    r->how[0] = flags;
    r->how[1] = flags & 0100 ? 0666 : 0;
    r->how[2] = 0x0a;
    return r;
}

struct witness_record *kit_saw_close(struct kit *kit, int fd)
{
    struct witness_record *r = kit_syscall(kit, "close", 0);
    on_descriptor(r, fd);
    return r;
}
