/* Rows MEM-*: every hostcall of the tables, with pointers, lengths, flags and offsets that no libc would pass. Nothing
 * is issued to the system before all of it is refused: the backend here (hostcall_world.h) counts. What reaches real
 * files is driven on the live one (live_world.h). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/hostcall_world.h"
#include "tests/unit/live_world.h"
#include "tests/unit/open_descriptors.h"
#include "wasi/abi/imports.h"

/* Where the good call keeps things; the file that is open is HW_FILE. */
enum { HW_PATH = 64, HW_VECTOR = 128, HW_BUFFER = 1024, HW_SUBS = 2048, HW_OUT = 4096, HW_STEP = 256, HW_FILE = 5 };

static struct hostcall_world world;
static uint8_t before[HW_MEMORY];

static unsigned descriptors; /* that were open before the test */

static int world_setup(void **state)
{
    descriptors = open_descriptors();
    static const struct filestat regular = { .dev = 1, .ino = 99, .filetype = FILETYPE_REGULAR_FILE };
    hostcall_world_init(&world, false);
    memcpy(world.memory + HW_PATH, "file", 4);
    hostcall_world_expect(&world, 0);
    world.answer[0].stat = regular;
    uint32_t wasi_errno;
    HW_CALL(&world, OPERATION_PATH_OPEN, &wasi_errno, HW_PREOPEN, 0, HW_PATH, 4, 0, RIGHTS_ALL, 0, 0, HW_OUT);
    assert_int_equal(wasi_errno, WASI_SUCCESS);
    assert_int_equal(hostcall_world_get_u32(&world, HW_OUT), HW_FILE);
    *state = &world;
    return 0;
}

static int world_teardown(void **state)
{
    (void)state;
    hostcall_world_done(&world);
    assert_int_equal(open_descriptors(), descriptors);
    return 0;
}

static bool wants_directory(const struct import_row *row)
{
    for (uint32_t i = 0; i < row->field_count; i++)
        if (row->field[i].type == ARG_STRING)
            return true;
    return row->operation == OPERATION_FD_READDIR || row->operation == OPERATION_FD_PRESTAT_GET ||
           row->operation == OPERATION_FD_PRESTAT_DIR_NAME;
}

static uint64_t good_scalar(const struct import_row *row, const struct operation_field *field)
{
    switch (field->type) {
    case ARG_FD:
        return wants_directory(row) ? HW_PREOPEN : HW_FILE;
    case ARG_SIZE: /* subscriptions */
        return 1;
    case ARG_FSTFLAGS:
        return FST_ATIM | FST_MTIM;
    case ARG_RIGHTS:
        return row->operation == OPERATION_FD_FDSTAT_SET_RIGHTS ? 0 : R(FD_READ);
    case ARG_FILESIZE:
    case ARG_DIRCOOKIE:
        return row->operation == OPERATION_FD_READDIR ? 0 : 1;
    default:
        return 0;
    }
}

static bool is_vector(const struct arg_type_row *type)
{
    return type->class == ARG_CLASS_IOVS || type->class == ARG_CLASS_CIOVS;
}

/* Arguments that a call takes well, each pointer to bytes of its own; the parameters in the import's order. */
static void good_call(const struct import_row *row, uint64_t slots[OPERATION_SLOTS_MAX])
{
    uint32_t at = 0;
    memset(world.memory, 0, HW_MEMORY);
    memcpy(world.memory + HW_PATH, "file", 4);
    hostcall_world_u32(&world, HW_VECTOR, HW_BUFFER);
    hostcall_world_u32(&world, HW_VECTOR + 4, 8);
    hostcall_world_u32(&world, HW_SUBS + 16, CLOCKID_MONOTONIC);
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct operation_field *field = &row->field[i];
        const struct arg_type_row *type = &abi_arg_types[field->type];
        uint32_t where = HW_OUT + i * HW_STEP;
        slots[at] = where; /* of whatever class: room that is its own */
        if (type->class == ARG_CLASS_SCALAR)
            slots[at] = good_scalar(row, field);
        else if (type->class == ARG_CLASS_STRING)
            slots[at] = HW_PATH;
        else if (is_vector(type))
            slots[at] = HW_VECTOR;
        else if (type->class == ARG_CLASS_SUBS)
            slots[at] = HW_SUBS;
        if (type->slots == 2)
            slots[at + 1] = type->class == ARG_CLASS_STRING ? 4 : is_vector(type) ? 1 : 64;
        at += type->slots;
    }
    hostcall_world_expect(&world, 0);
    world.answer[0].stat = (struct filestat) { .dev = 1, .ino = 99, .filetype = FILETYPE_REGULAR_FILE };
    world.answer[0].value = row->operation == OPERATION_RANDOM_GET ? 64 : 0;
}

static bool is_built(const struct import_row *row)
{
    return abi_operations[row->operation].state == OPERATION_STATE_BUILT;
}

/* Makes the call, which has to stop the guest, or to say NOSYS where it is not offered: without an op, and with every
 * byte as it was. */
static void must_trap(uint32_t import, const uint64_t *slots)
{
    const struct import_row *row = &abi_imports[import];
    uint32_t wasi_errno = UINT32_MAX;
    memcpy(before, world.memory, HW_MEMORY);
    enum rt_trap_kind trap = hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &wasi_errno);
    if (trap != RT_TRAP_HOST_POINTER && !(trap == RT_TRAP_NONE && !is_built(row) && wasi_errno == WASI_NOSYS))
        fail_msg("%s.%s (%u): trap %d, errno %u", row->module, row->name, import, trap, wasi_errno);
    assert_int_equal(world.acts, 0);
    assert_string_equal(world.events, "be");
    assert_memory_equal(world.memory, before, HW_MEMORY);
}

/* Makes the call, which has to answer with this errno (or NOSYS), without an op. */
static void must_answer(uint32_t import, const uint64_t *slots, uint32_t expected)
{
    const struct import_row *row = &abi_imports[import];
    uint32_t wasi_errno = UINT32_MAX;
    memcpy(before, world.memory, HW_MEMORY);
    enum rt_trap_kind trap = hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &wasi_errno);
    if (trap != RT_TRAP_NONE || wasi_errno != (is_built(row) ? expected : (uint32_t)WASI_NOSYS))
        fail_msg("%s.%s (%u): trap %d, errno %u instead of %u", row->module, row->name, import, trap, wasi_errno,
                 expected);
    assert_int_equal(world.acts, 0);
    assert_memory_equal(world.memory, before, HW_MEMORY);
}

typedef uint32_t each_fn(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots);

/* Calls `visit` for each field of each import, with a good call's parameters, which it may change; returns the sum of
 * what it returns. `at` is the field's first parameter. */
static uint32_t each_field(each_fn *visit)
{
    uint32_t sum = 0;
    for (uint32_t import = 0; import < IMPORT_COUNT; import++) {
        const struct import_row *row = &abi_imports[import];
        uint32_t at = 0;
        for (uint32_t i = 0; i < row->field_count; i++) {
            uint64_t slots[OPERATION_SLOTS_MAX] = { 0 };
            good_call(row, slots);
            sum += visit(import, &row->field[i], at, slots);
            at += abi_arg_types[row->field[i].type].slots;
        }
    }
    return sum;
}

/* All that is done below to good calls is worth something only if those are good. */
static void good_calls_are_accepted(void **state)
{
    (void)state;
    uint32_t accepted = 0;
    for (uint32_t import = 0; import < IMPORT_COUNT; import++) {
        const struct import_row *row = &abi_imports[import];
        uint64_t slots[OPERATION_SLOTS_MAX] = { 0 };
        uint32_t wasi_errno = UINT32_MAX;
        if (row->operation > OPERATION_RANDOM_GET || !is_built(row))
            continue;
        world_teardown(state);
        world_setup(state);
        good_call(row, slots);
        enum rt_trap_kind trap = hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &wasi_errno);
        if (row->operation == OPERATION_PROC_EXIT)
            assert_int_equal(trap, RT_TRAP_EXIT);
        else if (trap == RT_TRAP_NONE && wasi_errno != WASI_SUCCESS)
            fail_msg("%s.%s (%u): errno %u", row->module, row->name, import, wasi_errno);
        accepted++;
    }
    assert_true(accepted > 70);
}

static uint32_t leave_memory(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    static const uint64_t pairs[][2] = { { UINT32_MAX - 7, 16 }, { HW_MEMORY, 1 },          { HW_MEMORY - 1, 2 },
                                         { 0, UINT32_MAX },      { UINT32_MAX, 1 },         { HW_MEMORY - 64, 65 },
                                         { 1, HW_MEMORY },       { UINT32_MAX, UINT32_MAX } };
    static const uint64_t vectors[][2] = {
        { UINT32_MAX - 7, 2 }, { HW_MEMORY, 1 }, { HW_MEMORY - 8, 2 }, { HW_MEMORY - 4, 1 }
    };
    const struct arg_type_row *type = &abi_arg_types[field->type];
    uint32_t made = 0;
    if (type->class == ARG_CLASS_STRING || type->class == ARG_CLASS_BUFFER) {
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++, made++) {
            memcpy(slots + at, pairs[i], sizeof *pairs);
            hostcall_world_expect(&world, 0);
            must_trap(import, slots);
        }
    } else if (is_vector(type)) {
        for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++, made++) {
            memcpy(slots + at, vectors[i], sizeof *vectors);
            hostcall_world_expect(&world, 0);
            must_trap(import, slots);
        }
    }
    return made;
}

/* MEM-01, WAMR-4611 */
static void pointers_with_a_length_stay_in_memory(void **state)
{
    (void)state;
    assert_true(each_field(leave_memory) > 200);
}

static uint32_t nothing_anywhere(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    const struct arg_type_row *type = &abi_arg_types[field->type];
    uint32_t inside = UINT32_MAX, outside = UINT32_MAX;
    if (type->class != ARG_CLASS_STRING && type->class != ARG_CLASS_BUFFER && !is_vector(type))
        return 0;
    slots[at + 1] = 0;
    enum rt_trap_kind trap = hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &inside);
    if (trap != RT_TRAP_NONE)
        fail_msg("%s.%s (%u): trap %d", abi_imports[import].module, abi_imports[import].name, import, trap);
    static const uint64_t places[] = { HW_MEMORY, HW_MEMORY + 8, UINT32_MAX - 7, UINT32_MAX };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        slots[at] = places[i];
        hostcall_world_expect(&world, 0);
        trap = hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &outside);
        if (trap != RT_TRAP_NONE || outside != inside)
            fail_msg("%s.%s (%u): trap %d, errno %u", abi_imports[import].module, abi_imports[import].name, import,
                     trap, outside);
    }
    return 1;
}

/* MEM-02: Of no bytes the pointer is never looked at: the answer is that of an empty array inside. */
static void nothing_may_lie_anywhere(void **state)
{
    (void)state;
    assert_true(each_field(nothing_anywhere) > 40);
}

static uint32_t misalign(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    const struct arg_type_row *type = &abi_arg_types[field->type];
    uint64_t good = slots[at];
    uint32_t made = 0;
    if (type->class == ARG_CLASS_SCALAR || type->class > ARG_CLASS_RESULT || type->align == 1)
        return 0; /* classes of the socket extensions: attacks_sockets */
    for (uint32_t by = 1; by < type->align; by *= 2, made++) {
        slots[at] = good + by;
        hostcall_world_expect(&world, 0);
        must_trap(import, slots);
    }
    return made;
}

/* MEM-03 */
static void structures_are_aligned(void **state)
{
    (void)state;
    assert_true(each_field(misalign) > 100);
}

static uint32_t count_vectors(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    static const uint64_t many[] = { LIMIT_IOVECS + 1, 10000, UINT64_C(1) << 29, (UINT64_C(1) << 29) + 1, UINT32_MAX };
    const struct arg_type_row *type = &abi_arg_types[field->type];
    uint32_t wasi_errno;
    if (!is_vector(type))
        return 0;
    for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
        slots[at + 1] = many[i];
        hostcall_world_expect(&world, 0);
        must_answer(import, slots, WASI_INVAL);
    }
    slots[at] = HW_MEMORY / 2;
    slots[at + 1] = LIMIT_IOVECS; /* of no bytes each */
    hostcall_world_expect(&world, 0);
    assert_int_equal(hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &wasi_errno), RT_TRAP_NONE);
    slots[at + 1] = 0;
    hostcall_world_expect(&world, 0);
    assert_int_equal(hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &wasi_errno), RT_TRAP_NONE);
    if (abi_imports[import].operation <= OPERATION_FD_WRITE) {
        assert_int_equal(wasi_errno, WASI_SUCCESS);
        assert_int_equal(world.acts, 0);
    }
    return 1;
}

/* MEM-04, WAMR-4452, WAMR-1162 */
static void vectors_have_a_limit(void **state)
{
    (void)state;
    assert_true(each_field(count_vectors) >= 10);
}

static uint32_t last_element(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    const struct arg_type_row *type = &abi_arg_types[field->type];
    if (!is_vector(type) || !is_built(&abi_imports[import]))
        return 0;
    for (uint32_t i = 0; i < LIMIT_IOVECS; i++) {
        hostcall_world_u32(&world, HW_MEMORY / 2 + i * 8, HW_BUFFER);
        hostcall_world_u32(&world, HW_MEMORY / 2 + i * 8 + 4, 1);
    }
    static const uint32_t bad[][2] = {
        { HW_MEMORY - 1, 2 }, { UINT32_MAX, 1 }, { 0, UINT32_MAX }, { UINT32_MAX - 7, 16 }
    };
    slots[at] = HW_MEMORY / 2;
    for (uint32_t count = 1; count <= LIMIT_IOVECS;
         count = count * 4 < LIMIT_IOVECS || count == LIMIT_IOVECS ? count * 4 : LIMIT_IOVECS)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            uint32_t last = HW_MEMORY / 2 + (count - 1) * 8;
            memcpy(world.memory + last, bad[i], 8);
            slots[at + 1] = count;
            hostcall_world_expect(&world, 0);
            uint32_t socket = UINT32_MAX; /* where what is no socket was given, that is said before */
            if (abi_imports[import].operation > OPERATION_FD_WRITE) {
                hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &socket);
                assert_int_equal(world.acts, 0);
            } else {
                must_trap(import, slots);
            }
            memcpy(world.memory + last, (uint32_t[]) { HW_BUFFER, 1 }, 8);
        }
    return 1;
}

/* MEM-07 */
static void the_last_element_is_looked_at_first(void **state)
{
    (void)state;
    assert_true(each_field(last_element) >= 8);
}

static uint32_t results_leave(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    const struct arg_type_row *type = &abi_arg_types[field->type];
    if (type->class != ARG_CLASS_RESULT)
        return 0;
    uint32_t size = type->size;
    const uint64_t places[] = {
        HW_MEMORY - size + type->align, HW_MEMORY, HW_MEMORY + 8, UINT32_MAX - 7, UINT32_MAX / 2 + 1,
        UINT32_MAX - size + 1
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        slots[at] = places[i] & ~(uint64_t)(type->align - 1U);
        hostcall_world_expect(&world, 0);
        must_trap(import, slots);
    }
    return 1;
}

/* MEM-08, MEM-09: Each result alone is bad: nothing is opened, made, moved or written for the others. */
static void results_are_placed_before_anything_is_done(void **state)
{
    (void)state;
    assert_true(each_field(results_leave) > 60);
}

static uint32_t undefined_bits(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    static const struct {
        enum arg_type type;
        uint32_t defined; /* bits */
        uint32_t values;  /* or values below this */
    } types[] = { { ARG_LOOKUPFLAGS, 1, 0 }, { ARG_OFLAGS, 15, 0 },  { ARG_FDFLAGS, 31, 0 }, { ARG_FSTFLAGS, 15, 0 },
                  { ARG_WHENCE, 0, 3 },      { ARG_WHENCE_0, 0, 3 }, { ARG_ADVICE, 0, 6 },   { ARG_CLOCKID, 0, 4 } };
    uint64_t good = slots[at];
    uint32_t made = 0;
    if (abi_imports[import].operation > OPERATION_RANDOM_GET)
        return 0; /* sockets: below */
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (field->type != types[i].type)
            continue;
        for (uint32_t bit = 0; bit < 32; bit++) {
            uint64_t value = UINT64_C(1) << bit;
            if (types[i].values ? value < types[i].values : (types[i].defined & value) != 0)
                continue;
            slots[at] = types[i].values ? value : good | value;
            hostcall_world_expect(&world, 0);
            must_answer(import, slots, WASI_INVAL);
            made++;
        }
    }
    return made;
}

/* MEM-15 */
static void bits_without_meaning_are_refused(void **state)
{
    (void)state;
    assert_true(each_field(undefined_bits) > 500);
}

static uint32_t far_offsets(uint32_t import, const struct operation_field *field, uint32_t at, uint64_t *slots)
{
    static const uint64_t far[] = { (uint64_t)INT64_MAX + 1, UINT64_MAX, UINT64_MAX - 7 };
    if (field->type != ARG_FILESIZE)
        return 0;
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        slots[at] = far[i];
        hostcall_world_expect(&world, 0);
        must_answer(import, slots, WASI_INVAL);
    }
    return 1;
}

/* MEM-16, FD-09, FD-13, UVWASI-254: Alone, and where offset and length are too much together. */
static void offsets_end_at_2_to_63(void **state)
{
    (void)state;
    uint32_t wasi_errno;
    assert_true(each_field(far_offsets) >= 14);
    good_call(&abi_imports[IMPORT_PREVIEW1_FD_ALLOCATE], (uint64_t[OPERATION_SLOTS_MAX]) { 0 });
    must_answer(IMPORT_PREVIEW1_FD_ALLOCATE, (uint64_t[OPERATION_SLOTS_MAX]) { HW_FILE, INT64_MAX, 1 }, WASI_INVAL);
    must_answer(IMPORT_PREVIEW1_FD_PWRITE, (uint64_t[OPERATION_SLOTS_MAX]) { HW_FILE, HW_VECTOR, 1, INT64_MAX, HW_OUT },
                WASI_INVAL);
    must_answer(IMPORT_PREVIEW1_FD_PREAD, (uint64_t[OPERATION_SLOTS_MAX]) { HW_FILE, HW_VECTOR, 1, INT64_MAX, HW_OUT },
                WASI_INVAL);
    must_answer(IMPORT_PREVIEW1_FD_SEEK, (uint64_t[OPERATION_SLOTS_MAX]) { HW_FILE, (uint64_t)-1, WHENCE_SET, HW_OUT },
                WASI_INVAL);
    must_answer(IMPORT_PREVIEW1_FD_SEEK,
                (uint64_t[OPERATION_SLOTS_MAX]) { HW_FILE, (uint64_t)INT64_MIN, WHENCE_CUR, HW_OUT }, WASI_INVAL);
    HW_CALL(&world, OPERATION_FD_SEEK, &wasi_errno, HW_FILE, INT64_MAX, WHENCE_SET, HW_OUT);
    assert_int_equal(wasi_errno, WASI_SUCCESS);
    must_answer(IMPORT_PREVIEW1_FD_SEEK, (uint64_t[OPERATION_SLOTS_MAX]) { HW_FILE, 1, WHENCE_CUR, HW_OUT },
                WASI_INVAL);
}

/* MEM-10, WAMR-1162: Pointers and strings may lie over each other, or end where memory does, and leave nothing beside.
 */
static void arguments_may_overlap(void **state)
{
    (void)state;
    static const uint32_t calls[] = { OPERATION_ARGS_GET, OPERATION_ENVIRON_GET };
    for (size_t i = 0; i < 2; i++) {
        uint32_t pointers = i == 0 ? 8 : 4, strings = i == 0 ? 9 : 4; /* hostcall_world.h says which they are */
        for (uint32_t shift = 0; shift < 16; shift++) {
            memset(world.memory, HW_FILL, HW_MEMORY);
            assert_int_equal(HW_CALL(&world, calls[i], NULL, HW_OUT, HW_OUT + shift), RT_TRAP_NONE);
            uint32_t end = shift + strings > pointers ? shift + strings : pointers;
            assert_true(hostcall_world_filled(&world, HW_OUT - 64, 64));
            assert_true(hostcall_world_filled(&world, HW_OUT + end, 64));
        }
        assert_int_equal(HW_CALL(&world, calls[i], NULL, HW_OUT, HW_MEMORY - strings), RT_TRAP_NONE);
        assert_int_equal(HW_CALL(&world, calls[i], NULL, HW_OUT, HW_MEMORY - strings + 1), RT_TRAP_HOST_POINTER);
        assert_int_equal(HW_CALL(&world, calls[i], NULL, HW_MEMORY - pointers + 4, HW_OUT), RT_TRAP_HOST_POINTER);
    }
}

static struct live_world live;

static struct stat outside_was;

static struct stat outside_stat(void)
{
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/outside", live.path);
    assert_int_equal(lstat(path, &st), 0);
    return st;
}

static int live_setup(void **state)
{
    descriptors = open_descriptors();
    live_world_init(&live);
    outside_was = outside_stat();
    *state = &live;
    return 0;
}

static int live_teardown(void **state)
{
    (void)state;
    const struct stat is = outside_stat(), *was = &outside_was;
    assert_string_equal(live_world_host(&live, "outside"), "secret");
    assert_true(is.st_ino == was->st_ino && is.st_mode == was->st_mode && is.st_nlink == was->st_nlink &&
                is.st_size == was->st_size && is.st_mtim.tv_nsec == was->st_mtim.tv_nsec &&
                is.st_ctim.tv_nsec == was->st_ctim.tv_nsec);
    live_world_done(&live);
    assert_int_equal(open_descriptors(), descriptors);
    return 0;
}

static uint32_t file_of_16_bytes(void)
{
    uint32_t fd;
    assert_int_equal(live_world_open(&live, LW_WRITES, "new", OFLAG_CREAT | OFLAG_TRUNC, 0, &fd), WASI_SUCCESS);
    assert_int_equal(live_world_write(&live, fd, "0123456789abcdef"), WASI_SUCCESS);
    assert_int_equal(LW_CALL(&live, OPERATION_FD_SEEK, fd, 0, WHENCE_SET, LW_RESULT), WASI_SUCCESS);
    return fd;
}

/* MEM-05, MEM-06, LEAK-01: The array was copied before the first byte came in, and the count is written last. */
static void a_vector_may_read_over_itself(void **state)
{
    (void)state;
    uint32_t fd = file_of_16_bytes();
    memcpy(live.memory + LW_IOVS, (uint32_t[]) { LW_IOVS + 8, 8, LW_DATA, 8 }, 16);
    assert_int_equal(LW_CALL(&live, OPERATION_FD_READ, fd, LW_IOVS, 2, LW_RESULT), WASI_SUCCESS);
    assert_memory_equal(live.memory + LW_IOVS + 8, "01234567", 8);
    assert_memory_equal(live.memory + LW_DATA, "89abcdef", 8);
    /* The count in the array, and in the bytes that were read. */
    memcpy(live.memory + LW_IOVS, (uint32_t[]) { LW_DATA, 16 }, 8);
    assert_int_equal(LW_CALL(&live, OPERATION_FD_PREAD, fd, LW_IOVS, 1, 0, LW_IOVS + 4), WASI_SUCCESS);
    assert_int_equal(live_world_u32(&live, LW_IOVS + 4), 16);
    memcpy(live.memory + LW_IOVS, (uint32_t[]) { LW_DATA, 16 }, 8);
    assert_int_equal(LW_CALL(&live, OPERATION_FD_PREAD, fd, LW_IOVS, 1, 0, LW_DATA + 4), WASI_SUCCESS);
    assert_memory_equal(live.memory + LW_DATA,
                        "0123\x10\0\0\0"
                        "89abcdef",
                        16);
}

/* MEM-07 */
static void a_bad_last_element_moves_nothing(void **state)
{
    (void)state;
    static const uint32_t calls[] = { OPERATION_FD_READ, OPERATION_FD_WRITE };
    uint32_t fd = file_of_16_bytes();
    for (size_t i = 0; i < 2; i++) {
        memcpy(live.memory + LW_IOVS, (uint32_t[]) { LW_DATA, 8, LW_MEMORY - 4, 8 }, 16);
        assert_int_equal(LW_CALL(&live, calls[i], fd, LW_IOVS, 2, LW_RESULT), UINT32_MAX);
        assert_int_equal(live.trap, RT_TRAP_HOST_POINTER);
        assert_int_equal(LW_CALL(&live, OPERATION_FD_TELL, fd, LW_RESULT), WASI_SUCCESS);
        assert_int_equal(live_world_u64(&live, LW_RESULT), 0);
        assert_string_equal(live_world_host(&live, "granted/new"), "0123456789abcdef");
    }
}

static atomic_bool stop;

static void put(uint32_t at, const void *bytes, size_t length)
{
    volatile uint8_t *to = live.memory + at;
    for (size_t i = 0; i < length; i++)
        to[i] = ((const uint8_t *)bytes)[i];
}

/* Another thread of a guest that there is not: it changes what the call is about to read, as fast as it can. */
static void *flip(void *ignored)
{
    (void)ignored;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        put(LW_PATH, "sub/../../outside", 17);
        put(LW_IOVS, (uint32_t[]) { UINT32_MAX - 7, 64 }, 8);
        put(LW_PATH + 3, "", 1);
        put(LW_PATH, "sub/.././././file", 17);
        put(LW_IOVS, (uint32_t[]) { LW_DATA, 8 }, 8);
    }
    return NULL;
}

/* MEM-11: What was checked is what is used: every call is the good one, the bad one, or a mixture that is
 * refused. */
static void bytes_that_change_during_a_call(void **state)
{
    (void)state;
    pthread_t thread;
    uint32_t fd = file_of_16_bytes(), opened = 0, refused = 0, trapped = 0;
    unsigned begun = open_descriptors();
    uint64_t outside = 0;
    atomic_store(&stop, false);
    memset(live.memory + LW_PATH, '/', 64);
    assert_int_equal(pthread_create(&thread, NULL, flip, NULL), 0);
    for (uint32_t i = 0; i < 20000 || ((opened == 0 || refused == 0 || trapped == 0) && i < 1000000); i++) {
        uint32_t wasi_errno =
            LW_CALL(&live, OPERATION_PATH_OPEN, LW_WRITES, 1, LW_PATH, 17, 0, R(FD_READ), 0, 0, LW_RESULT);
        if (wasi_errno == WASI_SUCCESS) {
            opened++;
            LW_CALL(&live, OPERATION_FD_CLOSE, live_world_u32(&live, LW_RESULT));
        } else {
            assert_true(wasi_errno < WASI_ERRNO_COUNT);
            refused++;
        }
        LW_CALL(&live, OPERATION_PATH_FILESTAT_GET, LW_WRITES, 1, LW_PATH, 17, LW_RESULT + 512);
        outside += live_world_u64(&live, LW_RESULT + 512 + 32) == 6; /* the size of what lies outside */
        wasi_errno = LW_CALL(&live, OPERATION_FD_PREAD, fd, LW_IOVS, 1, 0, LW_RESULT);
        trapped += wasi_errno == UINT32_MAX;
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(open_descriptors(), begun);
    assert_int_equal(outside, 0);
    assert_true(opened > 0 && refused > 0 && trapped > 0);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define LIVE_TEST(name)  cmocka_unit_test_setup_teardown(name, live_setup, live_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(good_calls_are_accepted),
        WORLD_TEST(pointers_with_a_length_stay_in_memory),
        WORLD_TEST(nothing_may_lie_anywhere),
        WORLD_TEST(structures_are_aligned),
        WORLD_TEST(vectors_have_a_limit),
        WORLD_TEST(the_last_element_is_looked_at_first),
        WORLD_TEST(results_are_placed_before_anything_is_done),
        WORLD_TEST(bits_without_meaning_are_refused),
        WORLD_TEST(offsets_end_at_2_to_63),
        WORLD_TEST(arguments_may_overlap),
        LIVE_TEST(a_vector_may_read_over_itself),
        LIVE_TEST(a_bad_last_element_moves_nothing),
        LIVE_TEST(bytes_that_change_during_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
