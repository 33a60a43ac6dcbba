/* The grammar of hostcalls: what hostile and what sensible guests pass, of each class of argument.
 *
 * Where things lie: paths in the first 16 KiB, then vectors, subscriptions, addresses, data, results; each call writes
 * its own. One pointer or length of some forty is hostile, and one descriptor of forty: with more, hardly a call would
 * get as far as the system. Calls that take a path come more often, and of the extensions'
 * those that make a socket or say whom it is to reach. */
#include "fuzz/call_grammar.h"

#include <string.h>

enum {
    AT_STRING = 0, /* each 8 KiB */
    STRING_ROOM = 8192,
    AT_VECTOR = 16384,
    AT_SUBSCRIPTIONS = 18432,
    AT_ADDRESS = 20480,
    AT_DATA = 24576,
    DATA_ROOM = 16384,
    AT_RESULT = 61440,
    VECTOR_MOST = 6,
    SUBSCRIPTIONS_MOST = 4
};

bool grammar_more(const struct grammar *grammar) { return grammar->at < grammar->size; }

uint8_t grammar_byte(struct grammar *grammar) { return grammar_more(grammar) ? grammar->data[grammar->at++] : 0; }

static uint64_t number_read(struct grammar *g, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)grammar_byte(g) << 8 * i;
    return value;
}

static void store(uint8_t *memory, uint32_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        memory[at + i] = (uint8_t)(value >> 8 * i);
}

static uint32_t hostile_u32(struct grammar *g)
{
    static const uint32_t values[] = { UINT32_MAX,
                                       UINT32_MAX - 7,
                                       GRAMMAR_MEMORY,
                                       GRAMMAR_MEMORY - 1,
                                       GRAMMAR_MEMORY - 4,
                                       GRAMMAR_MEMORY - 8,
                                       GRAMMAR_MEMORY - 24,
                                       0,
                                       1,
                                       2,
                                       4096,
                                       0x80000000,
                                       0x7fffffff,
                                       AT_VECTOR,
                                       AT_VECTOR + 4,
                                       AT_DATA,
                                       AT_RESULT,
                                       0x10000001 };
    uint8_t pick = grammar_byte(g);
    return pick < 240 ? values[pick % (sizeof values / sizeof *values)] : (uint32_t)number_read(g, 4);
}

static bool hostile(struct grammar *g) { return grammar_byte(g) < 6; }

/* ---- scalars ---- */

static uint64_t descriptor(struct grammar *g)
{
    uint8_t pick = grammar_byte(g);
    if (pick < 150)
        return 3 + pick % 2; /* the granted directories */
    if (pick < 242)
        return 5 + pick % 6;
    return pick < 248 ? pick % 3 : hostile_u32(g);
}

static uint64_t wide(struct grammar *g)
{
    static const uint64_t values[] = { 0,
                                       1,
                                       2,
                                       7,
                                       100,
                                       4096,
                                       65536,
                                       UINT64_C(1) << 31,
                                       UINT64_C(1) << 32,
                                       INT64_MAX,
                                       UINT64_MAX,
                                       UINT64_C(1) << 63,
                                       UINT64_MAX - 1,
                                       (uint64_t)INT64_MIN + 1,
                                       1000000000,
                                       INT64_MAX - 4 };
    uint8_t pick = grammar_byte(g);
    if (pick < 160)
        return pick % 16 < 12 ? pick % 32 : values[pick % (sizeof values / sizeof *values)];
    return pick < 230 ? values[pick % (sizeof values / sizeof *values)] : number_read(g, 8);
}

static uint64_t rights(struct grammar *g)
{
    static const uint64_t values[] = {
        RIGHTS_ALL, R(FD_READ) | R(FD_SEEK) | R(FD_READDIR), R(FD_WRITE) | R(FD_READ), 0, R(FD_WRITE), UINT64_MAX
    };
    uint8_t pick = grammar_byte(g);
    if (pick >= 250)
        return number_read(g, 8);
    return pick < 200 ? values[pick % 3] : pick % 2 ? rights_read : values[pick % (sizeof values / sizeof *values)];
}

/* Of a call of the network: the few values that let it get to the system, most of the time. */
static uint64_t network_scalar(struct grammar *g, uint8_t number)
{
    enum { FIRST_OPENED = 5, PORT = 9, BESIDE = 10 };
    uint8_t pick = grammar_byte(g);
    if (number == ARG_FD)
        return FIRST_OPENED + pick % 2;
    return number == ARG_NUMBER ? (pick < 150 ? PORT : pick < 200 ? BESIDE : pick % 8) : pick % 3;
}

static uint64_t scalar(struct grammar *g, const struct arg_type_row *type, uint8_t number, bool network)
{
    if (network && type->size <= 4 && type->form == ARG_FORM_NUMBER && number != ARG_POINTER && grammar_byte(g) < 220)
        return network_scalar(g, number);
    if (number == ARG_FD)
        return descriptor(g);
    if (number == ARG_RIGHTS)
        return rights(g);
    if (number == ARG_SIZE)
        return hostile(g) ? hostile_u32(g) : grammar_byte(g) % (SUBSCRIPTIONS_MOST + 1);
    if (number == ARG_POINTER)
        return hostile(g) ? hostile_u32(g) : AT_ADDRESS + grammar_byte(g) % 8 * UINT32_C(64);
    if (type->size == 8)
        return wide(g);
    uint8_t pick = grammar_byte(g);
    if (pick >= 252)
        return hostile_u32(g);
    if (type->form == ARG_FORM_BITS) /* none, one, a few */
        return pick < 90 ? 0 : pick < 210 ? UINT64_C(1) << pick % 4 : pick % 16;
    return number == ARG_NUMBER && pick >= 128 ? number_read(g, 2) : pick % 16;
}

/* ---- paths ---- */

static uint32_t path_make(struct grammar *g, uint8_t *to)
{
    /* The names of the tree (fuzz_hostcalls.c), and what leads out of it. */
    static const char *const names[] = { "f",    "d",     "e",   "g",   "new",    "n2",    "lf",      "ld",
                                         "..",   ".",     "up",  "esc", "escd",   "abs",   "loop",    "dang",
                                         "dout", "slash", "",    "d/e", "d/g",    "chain", "empty",   "fifo",
                                         "ro",   "f.",    "..e", "...", "d/../f", "big",   "outside", "secret" };
    uint8_t shape = grammar_byte(g);
    uint32_t size = 0, count = shape < 140 ? 1 : shape < 200 ? 2 : 1 + shape % 6;
    if (grammar_byte(g) < 6)
        to[size++] = '/';
    for (uint32_t i = 0; i < count; i++) {
        uint8_t pick = grammar_byte(g);
        if (i > 0)
            to[size++] = '/';
        if (pick >= 254) { /* as long as names may be, or longer */
            uint32_t length = 254 + grammar_byte(g) % 3;
            memset(to + size, 'a', length);
            size += length;
        } else if (pick >= 250) {
            to[size++] = grammar_byte(g); /* any byte, NUL among them */
        } else {
            const char *name = names[pick % (sizeof names / sizeof *names)];
            size_t length = strlen(name);
            memcpy(to + size, name, length);
            size += (uint32_t)length;
        }
    }
    uint8_t end = grammar_byte(g);
    for (uint32_t i = 0; end >= 230 && i <= end % 3; i++)
        to[size++] = '/';
    if (end == 0) { /* longer than any path */
        memset(to + size, '/', 4096);
        size += 4096;
    }
    return size;
}

/* ---- what lies behind pointers ---- */

static void vector_make(struct grammar *g, uint8_t *memory, uint64_t *slots)
{
    uint32_t count = grammar_byte(g) % (VECTOR_MOST + 1);
    for (uint32_t i = 0; i < VECTOR_MOST; i++) {
        bool bad = i < count && hostile(g);
        store(memory, AT_VECTOR + i * 8,
              bad ? hostile_u32(g) : AT_DATA + (i < count ? grammar_byte(g) * UINT32_C(16) : 0), 4);
        store(memory, AT_VECTOR + i * 8 + 4, bad ? hostile_u32(g) : i < count ? grammar_byte(g) : 0, 4);
    }
    slots[0] = hostile(g) ? hostile_u32(g) : AT_VECTOR;
    slots[1] = hostile(g) ? hostile_u32(g) : count;
}

static void subscriptions_make(struct grammar *g, uint8_t *memory, uint32_t size, uint64_t *slot)
{
    for (uint32_t i = 0; i < SUBSCRIPTIONS_MOST; i++) {
        uint32_t at = AT_SUBSCRIPTIONS + i * size, moved = size > 48 ? 8 : 0;
        uint8_t type = grammar_byte(g);
        memset(memory + at, 0, size);
        store(memory, at, i, 8);
        memory[at + 8] = type < 250 ? type % 3 : type;
        bool clock = memory[at + 8] == EVENTTYPE_CLOCK;
        uint32_t body = at + (clock ? moved : 0);
        store(memory, body + 16, clock ? grammar_byte(g) % 6 : descriptor(g), 4);
        store(memory, body + 24, wide(g), 8);
        store(memory, body + 40, grammar_byte(g) % 3, 2);
    }
    *slot = hostile(g) ? hostile_u32(g) : AT_SUBSCRIPTIONS;
}

/* Whatever the extensions' pointers mean: an address in its several forms, a structure of pointers, a number. */
static void addresses_make(struct grammar *g, uint8_t *memory)
{
    static const uint8_t v4[][4] = {
        { 127, 0, 0, 2 }, { 0, 0, 0, 0 }, { 224, 0, 0, 1 }, { 255, 255, 255, 255 }, { 169, 254, 169, 254 }
    };
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t at = AT_ADDRESS + i * 64;
        uint8_t form = grammar_byte(g);
        memset(memory + at, 0, 64);
        store(memory, at, form % 4 < 2 ? AT_ADDRESS + 512 : form % 3, 4);
        store(memory, at + 4, form & 64 ? 4 : 16, 4);
        store(memory, at + 8, form & 32 ? 9 : form & 16 ? 10 : grammar_byte(g), 2);
        if (form % 4 >= 2) { /* WAMR's form: its kind, the address, its port behind it */
            store(memory, at, 0, 4);
            memcpy(memory + at + 4, v4[form & 128 ? grammar_byte(g) % (sizeof v4 / sizeof *v4) : 0], 4);
        }
    }
    uint8_t pick = grammar_byte(g);
    memset(memory + AT_ADDRESS + 512, 0, 128);
    if (pick & 128)
        memset(memory + AT_ADDRESS + 512 + 10, 0xff, 2);
    memcpy(memory + AT_ADDRESS + 512 + (pick & 64 ? 12 : 0), v4[pick % (sizeof v4 / sizeof *v4)], 4);
    if (pick >= 56 && pick < 64) { /* this machine's others, beside the one that the rules name */
        static const uint8_t four[] = { 127, 0, 0, 1 }, six[16] = { [15] = 1 };
        memcpy(memory + AT_ADDRESS + 512, pick < 60 ? six : four, pick < 60 ? sizeof six : sizeof four);
    }
}

static void argument(struct grammar *g, uint8_t *memory, uint8_t number, unsigned index, bool network, uint64_t *slots)
{
    const struct arg_type_row *type = &abi_arg_types[number];
    uint32_t string = AT_STRING + (index % 2) * (uint32_t)STRING_ROOM, size;
    switch ((enum arg_class)type->class) {
    case ARG_CLASS_SCALAR:
        slots[0] = scalar(g, type, number, network);
        return;
    case ARG_CLASS_STRING:
        size = path_make(g, memory + string);
        slots[0] = hostile(g) ? hostile_u32(g) : string;
        slots[1] = hostile(g) ? hostile_u32(g) : size;
        return;
    case ARG_CLASS_IOVS:
    case ARG_CLASS_CIOVS:
        vector_make(g, memory, slots);
        return;
    case ARG_CLASS_BUFFER:
        slots[0] = hostile(g) ? hostile_u32(g) : AT_DATA;
        slots[1] = hostile(g) ? hostile_u32(g) : grammar_byte(g) * UINT64_C(16) % DATA_ROOM;
        return;
    case ARG_CLASS_SUBS:
        subscriptions_make(g, memory, type->size, slots);
        return;
    case ARG_CLASS_NAME:
        size = path_make(g, memory + string);
        slots[0] = hostile(g) ? hostile_u32(g) : string;
        if (type->slots > 1)
            slots[1] = hostile(g) ? hostile_u32(g) : size;
        return;
    case ARG_CLASS_ADDRESS:
    case ARG_CLASS_PLACE:
    case ARG_CLASS_CELL:
    case ARG_CLASS_CAPACITY:
    case ARG_CLASS_OPTION:
    case ARG_CLASS_HINTS:
    case ARG_CLASS_ROOM:
        slots[0] = hostile(g) ? hostile_u32(g) : AT_ADDRESS + index % 8 * 64;
        if (type->slots > 1)
            slots[1] = grammar_byte(g);
        return;
    case ARG_CLASS_VECTOR:
    case ARG_CLASS_EVENTS:
    case ARG_CLASS_RESULT:
        break;
    }
    slots[0] = hostile(g) ? hostile_u32(g) : AT_RESULT + index * 256;
    if (type->slots > 1)
        slots[1] = grammar_byte(g);
}

static bool takes_path(const struct import_row *row)
{
    for (unsigned i = 0; i < row->field_count; i++)
        if (row->field[i].type == ARG_STRING)
            return true;
    return false;
}

/* Whether it makes a socket, or says whom it is to reach. */
static bool meets_the_net(const struct import_row *row)
{
    for (unsigned i = 0; i < row->field_count; i++)
        if (abi_arg_types[row->field[i].type].class == ARG_CLASS_ADDRESS || row->field[i].type == ARG_FAMILY_WAMR ||
            row->field[i].type == ARG_FAMILY_EDGE)
            return true;
    return false;
}

static uint32_t import_pick(struct grammar *g)
{
    enum { PREVIEW1 = IMPORT_PREVIEW1_SOCK_SHUTDOWN + 1 };
    uint8_t pick = grammar_byte(g);
    uint32_t import = grammar_byte(g) % (pick < 200 ? (uint32_t)PREVIEW1 : (uint32_t)IMPORT_COUNT);
    _Static_assert(IMPORT_COUNT <= 256, "a byte says which");
    if (pick < 100) /* the next one that takes a path */
        for (uint32_t i = 0; i < PREVIEW1 && !takes_path(&abi_imports[import]); i++)
            import = (import + 1) % PREVIEW1;
    if (pick >= 215) /* the next one of the network */
        for (uint32_t i = 0; i < IMPORT_COUNT && !meets_the_net(&abi_imports[import]); i++)
            import = (import + 1) % IMPORT_COUNT;
    return import;
}

uint32_t grammar_call(struct grammar *g, uint8_t *memory, uint64_t *slots)
{
    uint32_t import = import_pick(g);
    const struct import_row *row = &abi_imports[import];
    const bool network = meets_the_net(row);
    unsigned at = 0;
    memset(slots, 0, OPERATION_SLOTS_MAX * sizeof *slots);
    for (unsigned i = 0; i < row->field_count; i++)
        if (row->field[i].type == ARG_POINTER || abi_arg_types[row->field[i].type].class > ARG_CLASS_RESULT) {
            addresses_make(g, memory);
            break;
        }
    for (unsigned i = 0; i < row->field_count; i++) {
        const struct arg_type_row *type = &abi_arg_types[row->field[i].type];
        if (at + type->slots > OPERATION_SLOTS_MAX)
            break;
        argument(g, memory, row->field[i].type, i, network, slots + at);
        at += type->slots;
    }
    /* What the engine hands over: an i32 has its upper half clear. */
    at = 0;
    for (unsigned i = 0; i < row->field_count && at < OPERATION_SLOTS_MAX; i++)
        for (const char *core = abi_arg_types[row->field[i].type].core; *core && at < OPERATION_SLOTS_MAX; core++, at++)
            if (*core == 'i')
                slots[at] = (uint32_t)slots[at];
    return import;
}
