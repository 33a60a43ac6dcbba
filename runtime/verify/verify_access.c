/* What may be read and written: a row for each region. */
#include "runtime/layout.h"
#include "runtime/module.h"
#include "runtime/verify/verify_abi.h"
#include "runtime/verify/verify_call.h"
#include "runtime/verify/verify_state.h"

#include <string.h>

/* Fields that compiled code reads, of those that layout.h lists. FIELD(region, struct, field, bytes, region of its
 * value) */
#define FIELDS(FIELD)                                                                                                  \
    FIELD(CONTEXT, vmctx, memory_size, 8, SIZE)                                                                        \
    FIELD(CONTEXT, vmctx, memory_base, 8, BASE)                                                                        \
    FIELD(CONTEXT, vmctx, globals, 8, GLOBALS)                                                                         \
    FIELD(CONTEXT, vmctx, tables, 8, TABLES)                                                                           \
    FIELD(CONTEXT, vmctx, memories, 8, MEMORIES)                                                                       \
    FIELD(CONTEXT, vmctx, functions, 8, FUNCTIONS)                                                                     \
    FIELD(CONTEXT, vmctx, stack_end, 8, STACK_END)                                                                     \
    FIELD(CONTEXT, vmctx, elem_dropped, 8, ELEM_DROPPED)                                                               \
    FIELD(CONTEXT, vmctx, data_dropped, 8, DATA_DROPPED)                                                               \
    FIELD(CONTEXT, vmctx, fuel, 8, NUMBER)                                                                             \
    FIELD(CONTEXT, vmctx, interrupt, 4, NUMBER)                                                                        \
    FIELD(CONTEXT, vmctx, helpers, 8, HELPERS)                                                                         \
    FIELD(MEMORY, memory, base, 8, BASE)                                                                               \
    FIELD(MEMORY, memory, pages, 4, PAGES)                                                                             \
    FIELD(TABLE, table, elements, 8, ELEMENTS)                                                                         \
    FIELD(TABLE, table, size, 4, TABLE_SIZE)
struct field {
    uint8_t region, offset, bytes, holds;
};
static const struct field fields[] = {
#define ROW(region, name, field, bytes, holds) { REGION_##region, LAYOUT_##name##_##field, bytes, REGION_##holds },
    FIELDS(ROW)
#undef ROW
};

struct access {
    const struct verify_insn *insn;
    struct value at;
    uint32_t bytes;
    bool reads, writes;
    struct value *loaded;
};

static bool refuse(struct flow *f, const struct access *a, const char *why)
{
    return verify_refuse(f->body, a->insn->at, why);
}

/* A constant distance from the region's start, with all of the access below `end`. */
static bool within(const struct access *a, uint64_t end)
{
    return a->at.symbol == SYMBOL_NONE && a->at.add >= 0 && a->bytes <= end && (uint64_t)a->at.add <= end - a->bytes;
}

static bool field(struct flow *f, const struct access *a)
{
    bool context = a->at.region == REGION_CONTEXT;
    if (a->at.symbol != SYMBOL_NONE)
        return refuse(f, a, "a field by an index");
    if (context && a->at.add == LAYOUT_vmctx_fuel && a->bytes == 8 && f->body->start->way_in)
        return true; /* the way in gives it back */
    if (context && a->at.add == LAYOUT_vmctx_depth && a->bytes == 4 && f->body->start->way_in && !a->writes) {
        *a->loaded = value_of(REGION_DEPTH, 0);
        return true;
    }
    if (a->writes)
        return refuse(f, a, "a field that compiled code may not write");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].region == a->at.region && fields[i].offset == a->at.add && fields[i].bytes == a->bytes) {
            if (fields[i].holds != REGION_NUMBER)
                *a->loaded = value_of((enum region)fields[i].holds, a->at.param);
            return true;
        }
    return refuse(f, a, "a field that is not listed");
}

/* The native frame: from the stack pointer to the return address, and behind that the parameters. */
static bool stack(struct flow *f, const struct access *a)
{
    int64_t from = a->at.add, to = from + a->bytes;
    int64_t parameters = 8 + (int64_t)verify_stack_bytes(f->body);
    if (a->at.symbol != SYMBOL_NONE)
        return refuse(f, a, "the native frame by an index");
    if (!(from >= f->now.registers[VERIFY_RSP].add && to <= 0) && !(from >= 8 && to <= parameters))
        return refuse(f, a, "the stack outside of the native frame");
    if (a->writes)
        state_slots_drop(&f->now, from, to); /* the step puts what it knows */
    else {
        struct slot *slot = state_slot(&f->now, from, a->bytes);
        if (!slot && a->bytes == 4)
            slot = state_slot(&f->now, from, 8); /* the low half, as its user takes it */
        if (slot)
            *a->loaded = slot->value;
    }
    return true;
}

uint64_t flow_frame(const struct flow *f)
{
    uint64_t known = flow_extent(&f->now, LIMIT_FRAME, 0, value_constant(0));
    return known > f->frame_bytes ? known : f->frame_bytes;
}

static bool global(struct flow *f, const struct access *a)
{
    const struct rt_module *m = f->module;
    if (!within(a, 8ull * f->global_slots))
        return refuse(f, a, "a global that does not exist");
    uint32_t slot = (uint32_t)a->at.add / 8;
    const struct global *g = &m->globals[f->global_of_slot[slot]];
    uint64_t end = 8ull * g->slot + (g->type.type == RT_V128 ? 16 : 8);
    if ((uint64_t)a->at.add + a->bytes > end)
        return refuse(f, a, "two globals at once");
    if (g->imported && g->type.mutable) {
        if (a->writes || a->bytes != 8)
            return refuse(f, a, "the place of another's global");
        *a->loaded = value_of(REGION_GLOBAL, f->global_of_slot[slot]);
        return true;
    }
    return !a->writes || g->type.mutable || refuse(f, a, "a write of a constant global");
}

static bool element(struct flow *f, const struct access *a)
{
    struct value index = { .symbol = a->at.symbol, .add = a->at.add / 8 };
    bool eights = a->at.add >= 0 && a->at.add % 8 == 0 && a->at.shift == (a->at.symbol ? 3 : 0);
    if (!eights || a->bytes != 8 || flow_extent(&f->now, LIMIT_TABLE, a->at.param, index) < 1)
        return refuse(f, a, "a table's element without a look at the size");
    return true;
}

static bool guest(struct flow *f, const struct access *a)
{
    struct value offset = { .symbol = a->at.symbol, .shift = a->at.shift, .add = a->at.add };
    if (flow_extent(&f->now, LIMIT_MEMORY, a->at.param, offset) < a->bytes)
        return refuse(f, a, "guest memory without a look at the size");
    return true;
}

/* Data behind the text, at a constant place or with an index that has a bound; distances of a jump table. */
static bool image(struct flow *f, const struct access *a)
{
    struct value index = { .symbol = a->at.symbol };
    uint64_t most = a->at.symbol ? flow_most(f, &f->now, index) : 0, size = f->body->object->size;
    if (a->writes)
        return refuse(f, a, "a write of constant data");
    if (a->at.add < (int64_t)f->body->object->data || (uint64_t)a->at.add >= size || most > size ||
        (uint64_t)a->at.add + (most << a->at.shift) + a->bytes > size)
        return refuse(f, a, "data outside of the object");
    if (a->at.symbol && a->bytes == 4 && a->at.shift == 2 && a->insn->kind == STEP_MOVSX)
        *a->loaded = (struct value) { REGION_OFFSETS, 0, (uint32_t)a->at.add, 0, (int64_t)most };
    return true;
}

static bool one(struct flow *f, const struct access *a, uint64_t count, uint32_t bytes, const char *why)
{
    return (within(a, count * bytes) && a->at.add % bytes == 0 && a->bytes == bytes) || refuse(f, a, why);
}

static bool look(struct flow *f, const struct access *a)
{
    const struct rt_module *m = f->module;
    uint32_t number = (uint32_t)(a->at.add / 8);
    switch ((enum region)a->at.region) {
    case REGION_CONTEXT:
    case REGION_MEMORY:
    case REGION_TABLE:
        return field(f, a);
    case REGION_STACK:
        return stack(f, a);
    case REGION_FRAME:
        return within(a, flow_frame(f)) || refuse(f, a, "a slot that may not exist");
    case REGION_GLOBALS:
        return global(f, a);
    case REGION_GLOBAL:
        return within(a, m->globals[a->at.param].type.type == RT_V128 ? 16 : 8) || refuse(f, a, "beside a global");
    case REGION_TABLES:
        *a->loaded = value_of(REGION_TABLE, number);
        return !a->writes ? one(f, a, m->table_count, 8, "a table that does not exist")
                          : refuse(f, a, "a write of a table's place");
    case REGION_MEMORIES:
        *a->loaded = value_of(REGION_MEMORY, number);
        return !a->writes ? one(f, a, m->memory_count, 8, "a memory that does not exist")
                          : refuse(f, a, "a write of a memory's place");
    case REGION_HELPERS:
        *a->loaded = value_of(REGION_HELPER, number);
        return !a->writes ? one(f, a, VERIFY_HELPER_COUNT, 8, "a helper that does not exist")
                          : refuse(f, a, "a write of a helper");
    case REGION_ELEM_DROPPED:
        return one(f, a, m->elem_count, 1, "a segment that does not exist");
    case REGION_DATA_DROPPED:
        return one(f, a, m->data_count, 1, "a segment that does not exist");
    case REGION_ELEMENTS:
        return element(f, a);
    case REGION_BASE:
        return guest(f, a);
    case REGION_IMAGE:
        return image(f, a);
    case REGION_NUMBER:
    case REGION_DEPTH:
    case REGION_SAVED:
    case REGION_FUNCTIONS:
    case REGION_STACK_END:
    case REGION_SIZE:
    case REGION_PAGES:
    case REGION_TABLE_SIZE:
    case REGION_HELPER:
    case REGION_NATIVE:
    case REGION_TAIL:
    case REGION_OFFSETS:
    case REGION_TARGET:
        break;
    }
    return refuse(f, a, "memory by a number that is no known place");
}

bool flow_access(struct flow *f, const struct verify_insn *insn, struct value at, uint32_t bytes, bool reads,
                 bool writes, struct value *ret_loaded)
{
    struct value loaded = { .symbol = SYMBOL_ANY };
    struct access a = { insn, at, bytes, reads, writes, ret_loaded ? ret_loaded : &loaded };
    *a.loaded = loaded;
    if (bytes == 0)
        return refuse(f, &a, "an access of unknown width");
    return look(f, &a);
}
