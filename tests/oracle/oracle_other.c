/* Everything but control: regular rows of the opcode table by their signature; variables, tables and memory by hand. */
#include "oracle_state.h"

#include <string.h>

/* Loads and stores of numbers: bytes in memory, and whether what is loaded is signed. */
/* clang-format off */
static uint32_t access_bytes(enum insn insn)
{
    switch ((unsigned)insn) {
    case INSN_I32_LOAD8_S: case INSN_I32_LOAD8_U: case INSN_I64_LOAD8_S: case INSN_I64_LOAD8_U: case INSN_I32_STORE8:
    case INSN_I64_STORE8:
        return 1;
    case INSN_I32_LOAD16_S: case INSN_I32_LOAD16_U: case INSN_I64_LOAD16_S: case INSN_I64_LOAD16_U: case INSN_I32_STORE16:
    case INSN_I64_STORE16:
        return 2;
    case INSN_I32_LOAD: case INSN_F32_LOAD: case INSN_I64_LOAD32_S: case INSN_I64_LOAD32_U: case INSN_I32_STORE:
    case INSN_F32_STORE: case INSN_I64_STORE32:
        return 4;
    default:
        return 8;
    }
}
/* clang-format on */

static bool access_signed(enum insn insn)
{
    return insn == INSN_I32_LOAD8_S || insn == INSN_I32_LOAD16_S || insn == INSN_I64_LOAD8_S ||
           insn == INSN_I64_LOAD16_S || insn == INSN_I64_LOAD32_S;
}

static uint64_t load(const uint8_t *at, uint32_t bytes, bool is_signed)
{
    uint64_t v = is_signed && at[bytes - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint32_t i = bytes; i > 0; i--)
        v = v << 8 | at[i - 1];
    return v;
}

static void store(uint8_t *at, uint32_t bytes, uint64_t v)
{
    for (uint32_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

struct place {
    const struct memory *memory;
    uint64_t offset;
    uint32_t lane;
};

static struct place read_place(struct oracle *o, const struct insn_info *info)
{
    struct cursor *in = &oracle_frame(o)->in;
    uint32_t flags = oracle_read_u32(in);
    struct place p = { .memory = o->instance->vm.memories[flags & 64 ? oracle_read_u32(in) : 0] };
    p.offset = oracle_read_u32(in);
    if (info->class == INSN_CLASS_V_LOAD_LANE || info->class == INSN_CLASS_V_STORE_LANE)
        p.lane = oracle_read_u8(in);
    return p;
}

/* The first of `bytes` bytes, or NULL. */
static uint8_t *find_bytes(const struct place *p, uint32_t address, uint32_t bytes)
{
    uint64_t at = address + p->offset;
    return at + bytes <= memory_bytes(p->memory) ? p->memory->base + at : NULL;
}

static enum rt_trap_kind number_access(struct oracle *o, const struct insn_info *info)
{
    struct place p = read_place(o, info);
    uint32_t bytes = access_bytes(insn_of(info));
    uint64_t value = info->class == INSN_CLASS_STORE ? oracle_pop_number(o, info->params[1]) : 0;
    uint8_t *at = find_bytes(&p, oracle_pop_i32(o), bytes);
    if (!at)
        return RT_TRAP_MEMORY_BOUNDS;
    if (info->class == INSN_CLASS_STORE) {
        store(at, bytes, value);
        return RT_TRAP_NONE;
    }
    value = load(at, bytes, access_signed(insn_of(info)));
    bool narrow = info->result == RT_I32 || info->result == RT_F32;
    oracle_push_number(o, info->result, narrow ? (uint32_t)value : value);
    return RT_TRAP_NONE;
}

/* The operands in the order of the parameters. */
static void operands(struct oracle *o, const struct insn_info *info, uint64_t in[6])
{
    uint32_t at = info->param_count;
    for (uint32_t i = 0; i < info->param_count; i++)
        at += info->params[i] == RT_V128;
    for (uint32_t i = info->param_count; i > 0; i--) {
        at -= info->params[i - 1] == RT_V128 ? 2 : 1;
        oracle_pop(o, info->params[i - 1], &in[at]);
    }
}

static enum rt_trap_kind vector(struct oracle *o, const struct insn_info *info)
{
    struct cursor *code = &oracle_frame(o)->in;
    uint64_t in[6] = { 0 }, ret[2];
    uint8_t lanes[16] = { 0 }, *at = NULL;
    struct place p = { 0 };
    bool accesses = info->immediate <= INSN_IMM_MEMARG_4;
    if (accesses)
        p = read_place(o, info);
    else if (info->class == INSN_CLASS_V_EXTRACT || info->class == INSN_CLASS_V_REPLACE)
        p.lane = oracle_read_u8(code);
    else if (info->class == INSN_CLASS_V_SHUFFLE)
        oracle_read_bytes(code, lanes, sizeof lanes);
    operands(o, info, in);
    if (accesses && !(at = find_bytes(&p, (uint32_t)in[0], 1u << info->immediate)))
        return RT_TRAP_MEMORY_BOUNDS;
    oracle_vector(info, in, p.lane, lanes, at, ret);
    if (info->result)
        oracle_push(o, info->result, ret);
    return RT_TRAP_NONE;
}

static enum rt_trap_kind constant(struct oracle *o, const struct insn_info *info)
{
    struct cursor *in = &oracle_frame(o)->in;
    uint64_t v[2] = { 0 };
    if (info->immediate == INSN_IMM_I32)
        v[0] = (uint32_t)oracle_read_s32(in);
    else if (info->immediate == INSN_IMM_I64)
        v[0] = (uint64_t)oracle_read_s64(in);
    else
        oracle_read_bytes(in, v, info->immediate == INSN_IMM_F32 ? 4 : info->immediate == INSN_IMM_F64 ? 8 : 16);
    oracle_push(o, info->result, v);
    return RT_TRAP_NONE;
}

enum rt_trap_kind oracle_regular(struct oracle *o, const struct insn_info *info)
{
    uint64_t in[6] = { 0 }, ret = 0;
    enum rt_trap_kind kind;
    if (info->class == INSN_CLASS_CONST || info->class == INSN_CLASS_V_CONST)
        return constant(o, info);
    if (info->code >= 0xfd00)
        return vector(o, info);
    if (info->class == INSN_CLASS_LOAD || info->class == INSN_CLASS_STORE)
        return number_access(o, info);
    operands(o, info, in);
    if (!oracle_integer(insn_of(info), in, &ret, &kind) && !oracle_float(insn_of(info), in, &ret, &kind))
        oracle_fail(o, "an instruction that it does not know");
    if (kind == RT_TRAP_NONE)
        oracle_push_number(o, info->result, ret);
    return kind;
}

static void local(struct oracle *o, enum insn insn, uint32_t index)
{
    const struct oracle_frame *f = oracle_frame(o);
    uint32_t type = f->plan->local_types[index];
    uint64_t value[2], *slots = &o->stack[f->base + f->plan->local_slots[index]];
    uint32_t bytes = (type == RT_V128 ? 2 : 1) * sizeof *slots;
    if (insn != INSN_LOCAL_GET) {
        oracle_pop(o, type, value);
        memcpy(slots, value, bytes);
    }
    if (insn != INSN_LOCAL_SET) {
        memcpy(value, slots, bytes);
        oracle_push(o, type, value);
    }
}

static void global(struct oracle *o, enum insn insn, uint32_t index)
{
    const struct global *g = &o->instance->module->globals[index];
    uint64_t *slots = &o->instance->vm.globals[g->slot];
    if (g->imported && g->type.mutable)
        slots = (uint64_t *)(uintptr_t)*slots;
    if (insn == INSN_GLOBAL_GET)
        oracle_push(o, g->type.type, slots);
    else
        oracle_pop(o, g->type.type, slots);
}

static void parametric(struct oracle *o, enum insn insn)
{
    struct cursor *in = &oracle_frame(o)->in;
    uint64_t x[2], y[2];
    if (insn == INSN_SELECT_T) {
        oracle_read_u32(in);
        oracle_read_u8(in);
    }
    if (insn == INSN_DROP) {
        oracle_pop_any(o, x);
        return;
    }
    uint32_t condition = oracle_pop_i32(o);
    uint32_t type = oracle_pop_any(o, y);
    oracle_pop(o, type, x);
    oracle_push(o, type, condition ? x : y);
}

static void reference(struct oracle *o, enum insn insn)
{
    struct cursor *in = &oracle_frame(o)->in;
    uint64_t x[2];
    if (insn == INSN_REF_NULL) {
        oracle_push_number(o, oracle_read_u8(in), 0);
    } else if (insn == INSN_REF_IS_NULL) {
        oracle_pop_any(o, x);
        oracle_push_number(o, RT_I32, x[0] == 0);
    } else {
        uint32_t function = oracle_read_u32(in);
        oracle_push_number(o, RT_FUNCREF, (uint64_t)(uintptr_t)&o->instance->vm.functions[function]);
    }
}

/* Instructions on tables and memories: up to two indices, then up to three operands. */
struct bulk {
    uint32_t first, second; /* indices as they stand in the code */
    uint32_t x, y, z;       /* z is the topmost operand */
};

static struct bulk three(struct oracle *o, uint32_t indices)
{
    struct cursor *in = &oracle_frame(o)->in;
    struct bulk b = { .first = oracle_read_u32(in) };
    if (indices == 2)
        b.second = oracle_read_u32(in);
    b.z = oracle_pop_i32(o);
    b.y = oracle_pop_i32(o);
    b.x = oracle_pop_i32(o);
    return b;
}

static enum rt_trap_kind table_element(struct oracle *o, enum insn insn)
{
    struct table *t = o->instance->vm.tables[oracle_read_u32(&oracle_frame(o)->in)];
    uint64_t value = insn == INSN_TABLE_SET ? oracle_pop_number(o, t->type) : 0;
    uint32_t at = oracle_pop_i32(o);
    if (at >= t->size)
        return RT_TRAP_TABLE_BOUNDS;
    if (insn == INSN_TABLE_SET)
        t->elements[at] = value;
    else
        oracle_push_number(o, t->type, t->elements[at]);
    return RT_TRAP_NONE;
}

static enum rt_trap_kind table_change(struct oracle *o, enum insn insn)
{
    if (insn == INSN_TABLE_COPY) {
        struct bulk b = three(o, 2);
        return table_copy(o->instance, b.first, b.second, b.x, b.y, b.z);
    }
    if (insn == INSN_TABLE_INIT) {
        struct bulk b = three(o, 2);
        return table_init_segment(o->instance, b.second, b.first, b.x, b.y, b.z);
    }
    uint32_t table = oracle_read_u32(&oracle_frame(o)->in), count = oracle_pop_i32(o), before;
    uint64_t value = oracle_pop_number(o, o->instance->vm.tables[table]->type);
    if (insn == INSN_TABLE_FILL)
        return table_fill(o->instance, table, oracle_pop_i32(o), value, count);
    enum rt_trap_kind kind = table_grow(o->instance, table, value, count, &before);
    if (kind == RT_TRAP_NONE)
        oracle_push_number(o, RT_I32, before);
    return kind;
}

static enum rt_trap_kind table(struct oracle *o, enum insn insn)
{
    struct cursor *in = &oracle_frame(o)->in;
    if (insn == INSN_TABLE_GET || insn == INSN_TABLE_SET)
        return table_element(o, insn);
    if (insn == INSN_TABLE_SIZE)
        oracle_push_number(o, RT_I32, o->instance->vm.tables[oracle_read_u32(in)]->size);
    else if (insn == INSN_ELEM_DROP)
        o->instance->vm.elem_dropped[oracle_read_u32(in)] = true;
    else
        return table_change(o, insn);
    return RT_TRAP_NONE;
}

static enum rt_trap_kind memory(struct oracle *o, enum insn insn)
{
    struct cursor *in = &oracle_frame(o)->in;
    struct bulk b;
    switch ((unsigned)insn) {
    case INSN_MEMORY_SIZE:
        oracle_push_number(o, RT_I32, o->instance->vm.memories[oracle_read_u32(in)]->pages);
        return RT_TRAP_NONE;
    case INSN_MEMORY_GROW:
        b.first = oracle_read_u32(in);
        oracle_push_number(o, RT_I32, memory_grow(o->instance, b.first, oracle_pop_i32(o)));
        return RT_TRAP_NONE;
    case INSN_DATA_DROP:
        o->instance->vm.data_dropped[oracle_read_u32(in)] = true;
        return RT_TRAP_NONE;
    case INSN_MEMORY_FILL:
        b = three(o, 1);
        return bulk_fill(o->instance, b.first, b.x, (uint8_t)b.y, b.z);
    case INSN_MEMORY_COPY:
        b = three(o, 2);
        return bulk_copy(o->instance, b.first, b.second, b.x, b.y, b.z);
    default: /* INSN_MEMORY_INIT */
        b = three(o, 2);
        return bulk_init(o->instance, b.second, b.first, b.x, b.y, b.z);
    }
}

enum rt_trap_kind oracle_other(struct oracle *o, const struct insn_info *info)
{
    enum insn insn = insn_of(info);
    switch ((unsigned)info->class) {
    case INSN_CLASS_PARAMETRIC:
        parametric(o, insn);
        return RT_TRAP_NONE;
    case INSN_CLASS_VARIABLE: {
        uint32_t index = oracle_read_u32(&oracle_frame(o)->in);
        if (insn == INSN_GLOBAL_GET || insn == INSN_GLOBAL_SET)
            global(o, insn, index);
        else
            local(o, insn, index);
        return RT_TRAP_NONE;
    }
    case INSN_CLASS_REFERENCE:
        reference(o, insn);
        return RT_TRAP_NONE;
    case INSN_CLASS_TABLE:
        return table(o, insn);
    default: /* INSN_CLASS_MEMORY */
        return memory(o, insn);
    }
}
