/* Makes the golden traces and the fuzzer's first inputs, from fixed calls; not run by the tests, which only read them.
 * White-box. Usage: golden_make FOLDER (tests/golden) [CORPUS-FOLDER (fuzz/corpus/trace)] */
#include "tests/unit/trace_white_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tracer/signature.h"

static const char *folder, *corpus;

static const char *in_folder(const char *in, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", in, name);
    return path;
}

static void save(struct image *image, const char *name)
{
    image_save(image, in_folder(folder, name));
    image_done(image);
}

static void make_good(const char *name, uint64_t first, uint64_t calls, bool with_exit, uint32_t per_chunk,
                      enum trace_end_reason reason)
{
    struct forge forge;
    forge_init(&forge);
    forge_calls(&forge, first, calls, false);
    if (with_exit)
        forge_exit(&forge);
    else if (calls)
        forge_cut(&forge, forge.count - 1);
    forge_file(&forge, in_folder(folder, name), per_chunk, reason);
    forge_done(&forge);
}

static void forge_state(struct forge *forge, uint8_t code)
{
    struct trace_event_state event = { { sizeof event / 8, TRACE_EVENT_STATE, code, 0, 0 },
                                       UINT64_C(0x123456789abcdef0) + forge->count,
                                       1000 * forge->count };
    forge_raw(forge, &event, sizeof event);
}

static void forge_growth(struct forge *forge, uint8_t code)
{
    struct trace_event_growth event = { { sizeof event / 8, TRACE_EVENT_GROWTH, code, 0, 0 }, 2, 17, forge->count };
    forge_raw(forge, &event, sizeof event);
}

/* States and growths wherever they may stand; `inside`: also where they may not, behind the first event of a call. */
static void make_between(const char *name, bool inside_state, bool inside_growth, uint8_t code)
{
    struct forge forge;
    forge_init(&forge);
    forge_growth(&forge, code);
    forge_calls(&forge, OPERATION_FD_READ, 1, false);
    forge_state(&forge, 0);
    forge_growth(&forge, 1);
    forge_calls(&forge, OPERATION_CLOCK_TIME_GET, 1, false);
    if (inside_state || inside_growth)
        forge_cut(&forge, forge.count - 1);
    if (inside_growth)
        forge_growth(&forge, 0);
    forge_state(&forge, 0);
    forge_state(&forge, 1);
    forge_exit(&forge);
    forge_file(&forge, in_folder(folder, name), 4, TRACE_END_CLEAN);
    forge_done(&forge);
}

static void make_signed(void)
{
    struct forge forge;
    struct trace_key key;
    struct image image;
    const char *path = in_folder(folder, "good_signed.wtrace");
    forge_init(&forge);
    forge_calls(&forge, OPERATION_FD_READ, 3, false);
    forge_exit(&forge);
    forge_key(7, &key);
    forge_signed_file(&forge, path, 4, TRACE_END_CLEAN, &key);
    forge_done(&forge);
    image_load(path, &image);
    image.bytes[image.size++] = 'x';
    save(&image, "bad_bytes_behind_signature.wtrace");
    image_load(in_folder(folder, "good_signed.wtrace"), &image);
    image_remove(&image, image.chunks - 2); /* the END */
    image.bytes[image.chunk[image.chunks - 1] + offsetof(struct trace_chunk_header, number)]--;
    image_reseal(&image, 0, true);
    save(&image, "bad_signature_without_end.wtrace");
}

static struct image load_base(void)
{
    struct image image;
    image_load(in_folder(folder, "good_every_hostcall.wtrace"), &image);
    return image;
}

static void make_damaged(void)
{
    struct image image = load_base();
    image.bytes[image.chunk[4] + 100] ^= 1;
    save(&image, "bad_flipped_body_chunk4.wtrace");
    image = load_base();
    image.bytes[image.chunk[5] + 20] ^= 0x40;
    save(&image, "bad_flipped_header_chunk5.wtrace");
    image = load_base();
    image_remove(&image, 4);
    save(&image, "bad_missing_chunk4.wtrace");
    image = load_base();
    image_swap(&image, 4);
    save(&image, "bad_swapped_chunk4_chunk5.wtrace");
    image = load_base();
    image.size = image.chunk[5] + 50;
    save(&image, "bad_cut_in_header_chunk5.wtrace");
    image = load_base();
    image.size = image.chunk[5] + 120;
    save(&image, "bad_cut_in_body_chunk5.wtrace");
    image = load_base();
    image.size = image.chunk[5];
    save(&image, "bad_cut_between_chunks.wtrace");
    image = load_base();
    image.bytes[image.size++] = 'x';
    save(&image, "bad_bytes_behind_end.wtrace");
    image = load_base();
    image.bytes[12] = 2;
    image_reseal(&image, 0, true);
    save(&image, "bad_later_version.wtrace");
    image = load_base();
    image.bytes[14] = TRACE_VERSION_MINOR_LEAST - 1;
    image_reseal(&image, 0, true);
    save(&image, "bad_earlier_version.wtrace");
    image = load_base();
    image.bytes[16] = 3;
    image_reseal(&image, 0, true);
    save(&image, "bad_unknown_feature.wtrace");
    image = load_base();
    image.bytes[0] = 0;
    save(&image, "bad_magic.wtrace");
    image = load_base();
    image.bytes[image.chunk[0] + sizeof(struct trace_chunk_header)] ^= 1; /* the edit is sealed, the chain not */
    image_reseal(&image, 0, false);
    save(&image, "bad_chain_chunk1.wtrace");
    image = load_base();
    image.bytes[image.chunk[4] + 16] ^= 1;
    image_reseal(&image, 0, true);
    save(&image, "bad_event_numbers_chunk4.wtrace");
}

static void make_malformed(const char *name, size_t event, size_t offset, uint64_t value, size_t size)
{
    struct forge forge;
    forge_init(&forge);
    forge_calls(&forge, OPERATION_FD_READ, 1, false);
    forge_calls(&forge, OPERATION_CLOCK_TIME_GET, 1, false);
    forge_exit(&forge);
    memcpy(forge.bytes.data + forge.start[event] + offset, &value, size);
    forge_file(&forge, in_folder(folder, name), 1000, TRACE_END_CLEAN);
    forge_done(&forge);
}

/* A path_open whose END tells of another number of system calls for its OPEN. */
static void make_calls(const char *name, uint32_t calls)
{
    struct forge forge;
    forge_init(&forge);
    forge_calls(&forge, OPERATION_PATH_OPEN, 1, false);
    forge_exit(&forge);
    size_t end = forge.count - 2, op = 1;
    uint16_t kind = OP_COUNT;
    for (; op < end && kind != OP_OPEN; op++)
        memcpy(&kind, forge.bytes.data + forge.start[op] + offsetof(struct trace_event_op, op), sizeof kind);
    assert_int_equal(kind, OP_OPEN);
    memcpy(forge.bytes.data + forge.start[end] + sizeof(struct trace_event_end) + (op - 2) * sizeof(uint64_t) + 4,
           &calls, sizeof calls);
    forge_file(&forge, in_folder(folder, name), 1000, TRACE_END_CLEAN);
    forge_done(&forge);
}

/* An EXIT that says `depth` frames and has `kept`. */
static void make_stack(const char *name, enum wasi_ended outcome, uint32_t depth, uint32_t kept)
{
    struct forge forge;
    struct {
        struct trace_event_exit exit;
        struct call_place place[CALL_STACK_KEPT + 1];
    } event = { .exit = { .ticks = 50, .outcome = outcome, .trap = 1, .function = 7, .offset = 100, .frames = depth } };
    size_t size = sizeof event.exit + kept * sizeof event.place[0];
    event.exit.head = (struct trace_event_head) { (uint16_t)(size / 8), TRACE_EVENT_EXIT, 0, 0, 0 };
    event.exit.instructions = 4321;
    for (uint32_t i = 0; i < kept; i++)
        event.place[i] = (struct call_place) { 7 + i, 100 + 1000 * i };
    forge_init(&forge);
    forge_calls(&forge, OPERATION_CLOCK_TIME_GET, 1, false);
    forge_raw(&forge, &event, size);
    forge_file(&forge, in_folder(folder, name), 1000, TRACE_END_CLEAN);
    forge_done(&forge);
}

/* ---- the fuzzer's first inputs ---- */

static void put_input(const char *name, char mode, const void *bytes, size_t size)
{
    FILE *file = fopen(in_folder(corpus, name), "wb");
    assert_non_null(file);
    fputc(mode, file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void make_corpus(void)
{
    char name[64];
    for (uint64_t i = 0; i < IMPORT_COUNT; i++) {
        const struct import_row *row = &abi_imports[i];
        if (i >= IMPORT_UNSTABLE_ARGS_GET && row->lowering == IMPORT_LOWERING_SAME)
            continue; /* as that of Preview 1 */
        struct forge forge;
        forge_init(&forge);
        forge_calls(&forge, i, 1, false);
        if (i < IMPORT_UNSTABLE_ARGS_GET)
            snprintf(name, sizeof name, "events_%s", row->name);
        else
            snprintf(name, sizeof name, "events_import%u_%s", (unsigned)i, row->name);
        if (forge.bytes.size < 4096)
            put_input(name, 'e', forge.bytes.data, forge.bytes.size);
        forge_done(&forge);
    }
    for (uint64_t i = 1; i < IMPORT_UNSTABLE_ARGS_GET;
         i++) { /* a ring's first event is a general one; not the second */
        struct forge forge;
        forge_init(&forge);
        forge_calls(&forge, IMPORT_COUNT + i - 1, 2, false);
        snprintf(name, sizeof name, "events_compact_%s", abi_imports[i].name);
        for (uint64_t at = 1; at < forge.count; at++)
            if (forge.bytes.data[forge.start[at] + offsetof(struct trace_event_head, type)] >= TRACE_EVENT_SILENT) {
                put_input(name, 'e', forge.bytes.data, forge.bytes.size);
                break;
            }
        forge_done(&forge);
    }
    struct forge between;
    forge_init(&between);
    forge_state(&between, 0);
    forge_growth(&between, 1);
    forge_state(&between, 1);
    put_input("events_between_calls", 'e', between.bytes.data, between.bytes.size);
    forge_done(&between);
    struct image image = load_base();
    put_input("file_good", 'c', image.bytes, image.size);
    image_done(&image);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    folder = argv[1];
    corpus = argc > 2 ? argv[2] : NULL;
    make_good("good_nothing_called.wtrace", 0, 0, true, 100, TRACE_END_CLEAN);
    make_good("good_every_import.wtrace", 0, IMPORT_COUNT, true, 60, TRACE_END_CLEAN);
    make_good("good_every_hostcall.wtrace", 0, IMPORT_UNSTABLE_ARGS_GET, true, 60, TRACE_END_CLEAN);
    make_good("good_compact.wtrace", IMPORT_COUNT, IMPORT_COUNT, true, 60, TRACE_END_CLEAN);
    make_good("good_ends_inside_call.wtrace", 0, 27, false, 1000, TRACE_END_GUEST_DIED);
    make_good("good_recorder_died.wtrace", 0, 10, true, 7, TRACE_END_RECORDER_DIED);
    make_damaged();
    make_signed();
    make_malformed("bad_event0_no_such_hostcall.wtrace", 0, 3, 200, 1);
    make_malformed("bad_event0_another_import.wtrace", 0, 18, IMPORT_PREVIEW1_FD_WRITE, 2);
    make_malformed("bad_event0_longer_than_chunk.wtrace", 0, 0, 0xffff, 2);
    make_malformed("bad_event0_iovs_over_limit.wtrace", 0, 20, 5000, 2);
    make_malformed("bad_event1_no_such_op.wtrace", 1, 8, 500, 2);
    make_malformed("bad_event1_memory_outside.wtrace", 1, 44, UINT32_MAX, 4);
    make_calls("bad_open_by_too_many_system_calls.wtrace", LIMIT_OP_CALLS + 1);
    make_malformed("bad_result_too_large.wtrace", 5, 32, INT64_MAX, 8);
    make_between("good_between_calls.wtrace", false, false, 0);
    make_between("bad_state_inside_call.wtrace", true, false, 0);
    make_between("bad_growth_inside_call.wtrace", false, true, 0);
    make_between("bad_event0_growth_of_nothing.wtrace", false, false, 2);
    make_stack("good_trap_with_stack.wtrace", WASI_ENDED_TRAP, 3, 3);
    make_stack("good_trap_with_deep_stack.wtrace", WASI_ENDED_TRAP, 20000, CALL_STACK_KEPT);
    make_stack("bad_exit_stack_without_trap.wtrace", WASI_ENDED_EXIT, 2, 2);
    make_stack("bad_exit_stack_cut.wtrace", WASI_ENDED_TRAP, 20000, CALL_STACK_KEPT - 1);
    make_stack("bad_exit_stack_longer.wtrace", WASI_ENDED_TRAP, 20000, CALL_STACK_KEPT + 1);
    if (corpus)
        make_corpus();
    return 0;
}
