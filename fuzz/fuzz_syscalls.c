/* Fuzzes what hostcalls make of system calls: the grammar's calls, and a `faults` backend that answers each op with any
 * errno, short count, interruption or delay; alone, with all bytes made up, or over the live backend in a directory of
 * our own.
 *
 * The first byte of the input: 16 over the live backend, with the flags of fuzz_hostcalls. Its second half says how the
 * system answers, the first what the guest calls. Must hold: each errno of the host has one of the guest's; a plan ends
 * within its row's ops; what is open in the table is what is open in the backend, and nothing of a plan's own; nothing
 * outside changes; the trace replays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz/faults.h"
#include "fuzz/hostcall_guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_LIVE = 16, ERRNOS = 4096 };

struct system {
    struct hostcall_world *world;
    struct faults faults;
    bool live;
};

static void mapping_check(void)
{
    static bool checked;
    for (int i = -ERRNOS; !checked && i < ERRNOS; i++) {
        int64_t result = act_errno_result(i);
        if (result >= 0 || result <= -(int64_t)WASI_ERRNO_COUNT) {
            fprintf(stderr, "the host's errno %d becomes %lld\n", i, (long long)result);
            abort();
        }
    }
    checked = true;
}

static const char *check_before(void *self, uint32_t import, const uint64_t *slots)
{
    const struct system *s = self;
    return s->live ? hostcall_check_before(s->world, import, slots) : NULL;
}

static const char *handles_check(const struct system *s)
{
    for (uint32_t i = 0; i < HANDLES_TOTAL; i = i == HOSTCALL_DESCRIPTORS ? LIMIT_HANDLES : i + 1)
        if (s->world->wasi->table.handle[i].live != s->faults.open[i] || (i >= LIMIT_HANDLES && s->faults.open[i]))
            return "a handle is open in the table or in the system alone, or a plan left its own";
    return NULL;
}

static const char *check_after(void *self, uint32_t trap)
{
    struct system *s = self;
    const struct wasi *wasi = s->world->wasi;
    if (trap == RT_TRAP_HOST_FAILED || trap == RT_TRAP_HOST_STOPPED || trap == RT_TRAP_HOST_DIVERGED)
        return wasi_failure(wasi)->text;
    if (s->faults.wrong)
        return s->faults.wrong;
    if (wasi->outcome.wasi_errno >= WASI_ERRNO_COUNT)
        return "the guest is told an errno that is none";
    if (wasi->ops.count > abi_operations[wasi->request.call].max_ops)
        return "the plan is longer than its row says";
    const char *wrong = handles_check(s);
    return wrong || !s->live ? wrong : hostcall_check_after(s->world, trap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    mapping_check();
    static struct system system;
    struct hostcall_world *world = hostcall_setup();
    size_t calls = 1 + (size - 1) / 2;
    system.world = world;
    system.live = data[0] & FLAG_LIVE;
    hostcall_world_renew(world);
    hostcall_live_start(world, data[0] & ~(unsigned)HOSTCALL_RACES);
    faults_init(&system.faults, data + calls, size - calls, HOSTCALL_FIRST + 2);
    if (system.live)
        system.faults.live = (struct wasi_backend) { world, hostcall_live_act };
    world->races = true; /* what is there is not known: ops that did something are said to have failed */
    struct hostcall_guest guest = {
        .data = data + 1, .size = calls - 1, .before = check_before, .after = check_after, .self = &system
    };
    const struct wasi_backend backend = faults_backend(&system.faults);
    hostcall_guest_begin(&guest, world, &backend);
    hostcall_guest_run(&guest, world->wasi);
    hostcall_guest_end(&guest, world);
    return 0;
}
