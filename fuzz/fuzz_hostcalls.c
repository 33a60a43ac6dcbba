/* Fuzzes hostcalls: sequences that the grammar makes of the input, through the dispatcher, on the live backend, in a
 * directory of our own, with a model of that directory beside it; recorded by the real writer, read again, and
 * replayed.
 *
 * The first byte of the input: 1 paths are resolved component by component, 2 somebody else renames and replaces in the
 * granted directory meanwhile, 4 the kernel is asked for file systems (`doubtful`), 8 a path may follow 3 links at
 * most; above them a right that the guest gives up first (hostcall_guest.c). Then calls (call_grammar.c). Each finding
 * ends the process and leaves its trace. */
#include <stdio.h>
#include <string.h>
#include "fuzz/hostcall_guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *check_before(void *self, uint32_t import, const uint64_t *slots)
{
    return hostcall_check_before(self, import, slots);
}

static const char *check_after(void *self, uint32_t trap) { return hostcall_check_after(self, trap); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct hostcall_world *world = hostcall_setup();
    hostcall_world_renew(world);
    world->before = world->pristine;
    hostcall_live_start(world, data[0]);
    struct hostcall_guest guest = { .data = data + 1,
                                    .size = size - 1,
                                    .gives_up = data[0] / HOSTCALL_GIVES_UP,
                                    .before = check_before,
                                    .after = check_after,
                                    .self = world };
    const struct wasi_backend backend = { world, hostcall_live_act };
    hostcall_guest_begin(&guest, world, &backend);
    if (world->races)
        hostcall_world_race_start(world);
    hostcall_guest_run(&guest, world->wasi);
    if (world->races)
        hostcall_world_race_stop();
    hostcall_guest_end(&guest, world);
    return 0;
}
