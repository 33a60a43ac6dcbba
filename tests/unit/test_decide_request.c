/* Copying a request out of guest memory: what is read, and every way in which a pointer may be bad. (White box: the
 * argument shapes whose contract the prover believes are checked here against every row.) */
#include <stdlib.h>
#include <string.h>
#include "decide_case.h"
#include "wasi/decide/decide_row.h"

enum { MEMORY = 8192 };

/* Memory that ends at an allocation's end, so that a sanitizer sees a read behind it. */
static uint8_t *guest;
static struct decide_context context = { .elements = LIMIT_IOVECS,
                                         .transfer = LIMIT_TRANSFER,
                                         .memory = MEMORY,
                                         .arg_count = 3,
                                         .arg_bytes = 20,
                                         .env_count = 1,
                                         .env_bytes = 5 };
static struct request request;

static int guest_new(void **state)
{
    (void)state;
    guest = calloc(MEMORY, 1);
    return guest == NULL;
}

static int guest_free(void **state)
{
    (void)state;
    free(guest);
    return 0;
}

static void put(uint32_t at, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        guest[at + i] = (uint8_t)(value >> (8 * i));
}

static enum request_fault copy(enum import import, const uint64_t *slots)
{
    memset(&request, 0xA5, sizeof request);
    decide_request(&abi_imports[import], (uint32_t)import, slots, &context, guest, &request);
    return (enum request_fault)request.fault;
}
#define COPY(import, ...) copy(import, (const uint64_t[OPERATION_SLOTS_MAX]) { __VA_ARGS__ })

static void scalars_are_cut_to_their_width(void **state)
{
    (void)state;
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_SEEK, UINT64_C(0xF00000005), UINT64_MAX, UINT64_C(0xF00000001), 0),
                     FAULT_NONE);
    assert_int_equal(request.call, OPERATION_FD_SEEK);
    assert_int_equal(request.import, IMPORT_PREVIEW1_FD_SEEK);
    assert_int_equal(request.slot[SLOT_FD_SEEK_fd], 5);
    assert_true(request.slot[SLOT_FD_SEEK_offset] == UINT64_MAX);
    assert_int_equal(request.slot[SLOT_FD_SEEK_whence], 1);
    assert_int_equal(request.instance, 0);
    assert_int_equal(request.thread, 0);
}

static void vectors_are_copied(void **state)
{
    (void)state;
    put(MEMORY - 16, 0x04030201, 4);
    put(MEMORY - 12, 0xFFFFFFFF, 4);
    put(MEMORY - 8, 0x80000000, 4);
    put(MEMORY - 4, 7, 4);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, MEMORY - 16, 2, 0), FAULT_NONE);
    assert_int_equal(request.iov_count, 2);
    assert_int_equal(request.iov[0].offset, 0x04030201);
    assert_true(request.iov[0].length == UINT32_MAX);
    assert_true(request.iov[1].offset == 0x80000000);
    assert_int_equal(request.iov[1].length, 7);
}

/* MEM-01, MEM-02, MEM-03, MEM-04 */
static void vectors_that_lie(void **state)
{
    (void)state;
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, MEMORY - 8, 2, 0), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, MEMORY, 1, 0), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, UINT32_MAX - 7, 2, 0), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, 2, 1, 0), FAULT_ALIGNMENT);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, UINT32_MAX, 0, 0), FAULT_NONE);
    assert_int_equal(request.iov_count, 0);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, 0, LIMIT_IOVECS + 1, 0), FAULT_TOO_MANY);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, 0, 1u << 29, 0), FAULT_TOO_MANY);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, 0, UINT32_MAX, 0), FAULT_TOO_MANY);
    assert_int_equal(COPY(IMPORT_PREVIEW1_FD_WRITE, 1, 0, LIMIT_IOVECS, 0), FAULT_NONE);
}

static void strings_are_copied_one_behind_the_other(void **state)
{
    (void)state;
    memcpy(guest + 10, "target", 6);
    memcpy(guest + MEMORY - 4, "l\0nk", 4);
    assert_int_equal(COPY(IMPORT_PREVIEW1_PATH_SYMLINK, 10, 6, 3, MEMORY - 4, 4), FAULT_NONE);
    assert_int_equal(request.string_count, 2);
    assert_int_equal(request.string[0].offset, 0);
    assert_int_equal(request.string[0].length, 6);
    assert_int_equal(request.string[1].offset, 6);
    assert_int_equal(request.string[1].length, 4);
    assert_memory_equal(request.bytes, "targetl\0nk", 10);
    assert_int_equal(COPY(IMPORT_PREVIEW1_PATH_SYMLINK, 0, LIMIT_PATH, 3, 0, LIMIT_PATH), FAULT_NONE);
}

static void strings_that_lie(void **state)
{
    (void)state;
    assert_int_equal(COPY(IMPORT_PREVIEW1_PATH_UNLINK_FILE, 3, MEMORY - 3, 4), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_PATH_UNLINK_FILE, 3, 16, UINT32_MAX - 8), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_PATH_UNLINK_FILE, 3, 0, LIMIT_PATH + 1), FAULT_PATH_LONG);
    assert_int_equal(COPY(IMPORT_PREVIEW1_PATH_UNLINK_FILE, 3, UINT32_MAX, 0), FAULT_NONE);
    assert_int_equal(request.string[0].length, 0);
}

/* POLL-02 (WAMR 2026): the whole array is checked, not one element. */
static void subscriptions_are_checked_whole(void **state)
{
    (void)state;
    put(MEMORY - 48, 0x1122334455667788, 8);
    put(MEMORY - 48 + 8, EVENTTYPE_CLOCK, 1);
    put(MEMORY - 48 + 16, CLOCKID_MONOTONIC, 4);
    put(MEMORY - 48 + 24, 0x0102030405060708, 8);
    put(MEMORY - 48 + 32, 99, 8);
    put(MEMORY - 48 + 40, 0x0201, 2);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, MEMORY - 48, 0, 1, 4), FAULT_NONE);
    assert_int_equal(request.subscription_count, 1);
    assert_true(request.subscription[0].userdata == 0x1122334455667788);
    assert_int_equal(request.subscription[0].type, EVENTTYPE_CLOCK);
    assert_int_equal(request.subscription[0].clock_or_fd, CLOCKID_MONOTONIC);
    assert_true(request.subscription[0].timeout == 0x0102030405060708);
    assert_int_equal(request.subscription[0].precision, 99);
    assert_int_equal(request.subscription[0].flags, 0x0201);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, MEMORY - 48, 0, 2, 4), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, 0, MEMORY - 32, 2, 4), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, 4, 0, 1, 4), FAULT_ALIGNMENT);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, 0, 4, 1, 4), FAULT_ALIGNMENT);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, 0, 0, LIMIT_SUBSCRIPTIONS + 1, 4), FAULT_TOO_MANY);
    assert_int_equal(COPY(IMPORT_PREVIEW1_POLL_ONEOFF, 0, 0, 1u << 26, 4), FAULT_TOO_MANY);
}

/* MEM-10 */
static void arrays_of_the_run_are_checked(void **state)
{
    (void)state;
    assert_int_equal(COPY(IMPORT_PREVIEW1_ARGS_GET, MEMORY - 12, MEMORY - 20), FAULT_NONE);
    assert_int_equal(COPY(IMPORT_PREVIEW1_ARGS_GET, MEMORY - 8, 0), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_ARGS_GET, 2, 0), FAULT_ALIGNMENT);
    assert_int_equal(COPY(IMPORT_PREVIEW1_ARGS_GET, 0, MEMORY - 19), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_ENVIRON_GET, MEMORY - 4, MEMORY - 5), FAULT_NONE);
    assert_int_equal(COPY(IMPORT_PREVIEW1_RANDOM_GET, MEMORY - 1, 2), FAULT_BOUNDS);
    assert_int_equal(COPY(IMPORT_PREVIEW1_RANDOM_GET, UINT32_MAX, 0), FAULT_NONE);
}

/* MEM-03, MEM-08, MEM-09: every result of every call; the last place that fits, the first that does not, and misaligned
 * ones. */
static void every_result_pointer_is_checked(void **state)
{
    (void)state;
    for (uint32_t import = 0; import < IMPORT_COUNT; import++) {
        const struct import_row *row = &abi_imports[import];
        uint32_t at = 0;
        for (uint32_t i = 0; i < row->field_count; i++) {
            const struct arg_type_row *type = &abi_arg_types[row->field[i].type];
            uint64_t slots[OPERATION_SLOTS_MAX] = { 0 };
            uint32_t slot = at;
            at += type->slots;
            if (type->class != ARG_CLASS_RESULT)
                continue;
            slots[slot] = (uint64_t)MEMORY - type->size;
            assert_int_equal(copy((enum import)import, slots), FAULT_NONE);
            slots[slot] = (uint64_t)MEMORY - type->size + type->align;
            assert_int_equal(copy((enum import)import, slots), FAULT_BOUNDS);
            slots[slot] = (UINT64_C(1) << 32) - type->align;
            assert_int_equal(copy((enum import)import, slots), FAULT_BOUNDS);
            for (uint64_t off = 1; off < type->align; off++) {
                slots[slot] = off;
                assert_int_equal(copy((enum import)import, slots), FAULT_ALIGNMENT);
            }
        }
    }
}

/* wasi_unstable counts CUR, END, SET; what it does not know either stays what it is. */
static void whence_of_unstable_is_lowered(void **state)
{
    static const uint64_t whence[][2] = { { 0, WHENCE_CUR },          { 1, WHENCE_END },
                                          { 2, WHENCE_SET },          { 3, 3 },
                                          { UINT32_MAX, UINT32_MAX }, { UINT64_C(1) << 32, WHENCE_CUR } };
    (void)state;
    for (size_t i = 0; i < sizeof whence / sizeof *whence; i++) {
        COPY(IMPORT_UNSTABLE_FD_SEEK, 5, UINT64_MAX, whence[i][0], 64);
        assert_int_equal(request.call, OPERATION_FD_SEEK);
        assert_int_equal(request.import, IMPORT_UNSTABLE_FD_SEEK);
        assert_int_equal(request.slot[SLOT_FD_SEEK_whence], whence[i][1]);
        assert_true(request.slot[SLOT_FD_SEEK_offset] == UINT64_MAX);
        assert_int_equal(request.slot[SLOT_FD_SEEK_newoffset], 64);
    }
}

/* Its subscriptions have 56 bytes; a clock's begins with an identifier, a descriptor's stands where it stands later. */
static void subscriptions_of_unstable_are_lowered(void **state)
{
    (void)state;
    memset(guest, 0, 256);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t at = 64 + i * 56;
        put(at, 100 + i, 8);
        put(at + 8, i == 0 ? EVENTTYPE_CLOCK : EVENTTYPE_FD_READ, 1);
        put(at + 16, i == 0 ? UINT64_MAX : 4, 8);
        put(at + 24, CLOCKID_MONOTONIC, 4);
        put(at + 32, 1234, 8);
        put(at + 40, 5678, 8);
        put(at + 48, SUBCLOCK_ABSTIME, 2);
    }
    assert_int_equal(COPY(IMPORT_UNSTABLE_POLL_ONEOFF, 64, 512, 2, 1024), FAULT_NONE);
    assert_int_equal(request.subscription_count, 2);
    const struct subscription *clock = &request.subscription[0], *fd = &request.subscription[1];
    assert_int_equal(clock->userdata, 100);
    assert_int_equal(clock->clock_or_fd, CLOCKID_MONOTONIC);
    assert_int_equal(clock->timeout, 1234);
    assert_int_equal(clock->precision, 5678);
    assert_int_equal(clock->flags, SUBCLOCK_ABSTIME);
    assert_int_equal(fd->userdata, 101);
    assert_int_equal(fd->type, EVENTTYPE_FD_READ);
    assert_int_equal(fd->clock_or_fd, 4);
    /* the last place that fits, and the first that does not */
    assert_int_equal(COPY(IMPORT_UNSTABLE_POLL_ONEOFF, MEMORY - 112, 512, 2, 1024), FAULT_NONE);
    assert_int_equal(COPY(IMPORT_UNSTABLE_POLL_ONEOFF, MEMORY - 104, 512, 2, 1024), FAULT_BOUNDS);
}

/* Each field goes to the operation's field of its name, cut to the import's width; the others are 0. */
static void fields_of_extensions_are_lowered(void **state)
{
    (void)state;
    COPY(IMPORT_WASMEDGE_SOCK_OPEN, 1, 2, 64);
    assert_int_equal(request.call, OPERATION_SOCK_OPEN);
    assert_int_equal(request.slot[SLOT_SOCK_OPEN_pool], 0);
    assert_int_equal(request.slot[SLOT_SOCK_OPEN_family], NET_V4);
    assert_int_equal(request.slot[SLOT_SOCK_OPEN_type], NET_TCP);
    assert_int_equal(request.slot[SLOT_SOCK_OPEN_opened], 64);
    COPY(IMPORT_WAMR_SOCK_SET_RECV_TIMEOUT, 3, UINT64_C(0x500000001));
    assert_true(request.slot[SLOT_SOCK_SET_OPTION_value] == UINT64_C(0x500000001));
    COPY(IMPORT_WAMR_SOCK_SET_BROADCAST, 3, UINT64_C(0x500000001));
    assert_int_equal(request.slot[SLOT_SOCK_SET_OPTION_value], 1);
    put(96, 16, 4);
    put(100, 8, 4);
    put(80, 2000, 4);
    put(84, 128, 4);
    assert_int_equal(COPY(IMPORT_WASMEDGE_SOCK_RECV_FROM, 3, 96, 1, 80, 1, 64, 72), FAULT_NONE);
    assert_int_equal(request.iov_count, 1);
    assert_int_equal(request.iov[0].length, 8);
    assert_int_equal(request.slot[SLOT_SOCK_RECV_FROM_ri_flags], 1);
    assert_int_equal(request.slot[SLOT_SOCK_RECV_FROM_address], 2000);
    assert_int_equal(request.slot[SLOT_SOCK_RECV_FROM_address_len], 128);
    assert_int_equal(request.slot[SLOT_SOCK_RECV_FROM_nread], 64);
    assert_int_equal(request.slot[SLOT_SOCK_RECV_FROM_ro_flags], 72);
}

static void a_guest_without_memory_faults(void **state)
{
    struct decide_context none = context;
    const uint64_t slots[OPERATION_SLOTS_MAX] = { 0 };
    (void)state;
    none.memory = 0;
    decide_request(&abi_imports[IMPORT_PREVIEW1_CLOCK_TIME_GET], IMPORT_PREVIEW1_CLOCK_TIME_GET, slots, &none, NULL,
                   &request);
    assert_int_equal(request.fault, FAULT_BOUNDS);
}

/* What the contract of decide_arg_shape claims, of every type. */
static void shapes_are_as_the_prover_believes(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        struct arg_shape shape = decide_arg_shape((uint8_t)type);
        assert_in_range(shape.slots, 1, 2);
        assert_in_range(shape.align, 1, 8);
        assert_true(shape.class <= ARG_CLASS_ROOM);
        bool pair = shape.class == ARG_CLASS_STRING || shape.class == ARG_CLASS_IOVS ||
                    shape.class == ARG_CLASS_CIOVS || shape.class == ARG_CLASS_BUFFER;
        assert_true(shape.slots == 2 || !pair);
        assert_true(shape.class != ARG_CLASS_SUBS || shape.size == SUBSCRIPTION_BYTES ||
                    shape.size == SUBSCRIPTION_0_BYTES);
        if (type < ARG_TYPE_COUNT) {
            assert_int_equal(shape.size, abi_arg_types[type].size);
            assert_int_equal(shape.align, abi_arg_types[type].align);
            assert_int_equal(shape.wide, strchr(abi_arg_types[type].core, 'I') != NULL);
        }
    }
    for (uint32_t call = 0; call < OPERATION_COUNT; call++) {
        uint32_t slots = 0, vectors = 0, strings = 0;
        for (uint32_t i = 0; i < abi_operations[call].field_count; i++) {
            struct arg_shape shape = decide_arg_shape(abi_operations[call].field[i].type);
            slots += shape.slots;
            vectors += shape.class == ARG_CLASS_IOVS || shape.class == ARG_CLASS_CIOVS;
            strings += shape.class == ARG_CLASS_STRING;
        }
        assert_int_equal(slots, abi_operations[call].slot_count);
        assert_true(slots <= OPERATION_SLOTS_MAX && vectors <= 1 && strings <= REQUEST_STRINGS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_cut_to_their_width),
        cmocka_unit_test(vectors_are_copied),
        cmocka_unit_test(vectors_that_lie),
        cmocka_unit_test(strings_are_copied_one_behind_the_other),
        cmocka_unit_test(strings_that_lie),
        cmocka_unit_test(subscriptions_are_checked_whole),
        cmocka_unit_test(arrays_of_the_run_are_checked),
        cmocka_unit_test(every_result_pointer_is_checked),
        cmocka_unit_test(whence_of_unstable_is_lowered),
        cmocka_unit_test(subscriptions_of_unstable_are_lowered),
        cmocka_unit_test(fields_of_extensions_are_lowered),
        cmocka_unit_test(a_guest_without_memory_faults),
        cmocka_unit_test(shapes_are_as_the_prover_believes),
    };
    return cmocka_run_group_tests(tests, guest_new, guest_free);
}
