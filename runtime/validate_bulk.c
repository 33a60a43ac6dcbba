/* Table and memory instructions but loads and stores (3.3.6, 3.3.7). Each reads its indices, then its operands, most of
 * which are three. */
#include "runtime/prepare.h"

static enum status index_below(struct body *b, uint32_t count, const char *what, uint32_t *ret)
{
    TRY(decode_u32(b->d, ret));
    return *ret < count ? STATUS_OK : body_fail(b, "unknown %s %u", what, *ret);
}

static enum status table_index(struct body *b, uint32_t *ret)
{
    return index_below(b, b->module->table_count, "table", ret);
}

/* Pops three operands of these types and emits `op` on their slots; its indices are left to the caller. */
static enum status three(struct body *b, uint32_t op, uint32_t x, uint32_t y, uint32_t z)
{
    uint32_t a, c, e;
    TRY(operand_pop(b, z));
    TRY(operand_pop(b, y));
    TRY(operand_pop(b, x));
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_use(b, b->height, &a));
    TRY(prep_use(b, b->height + 1, &c));
    TRY(prep_use(b, b->height + 2, &e));
    prep_map(b, false);
    TRY(prep_op(b, op));
    prep_unit(b, a);
    prep_unit(b, c);
    prep_unit(b, e);
    prep_forget(b);
    return STATUS_OK;
}

/* The same, with one index behind the slots, or two. */
static enum status three_and_index(struct body *b, uint32_t op, uint32_t x, uint32_t y, uint32_t z, uint32_t index)
{
    TRY(three(b, op, x, y, z));
    prep_unit(b, index);
    return STATUS_OK;
}
/* Of two address types the smaller one counts. */
static enum status copy_between(struct body *b, uint32_t op, uint32_t to, uint32_t from, const struct size_limits *x,
                                const struct size_limits *y)
{
    uint32_t count = x->address == RT_I64 && y->address == RT_I64 ? RT_I64 : RT_I32;
    TRY(three_and_index(b, op, x->address, y->address, count, to));
    prep_unit(b, from);
    return STATUS_OK;
}
static enum status init_from(struct body *b, uint32_t op, uint32_t to, uint32_t segment, uint32_t address)
{
    TRY(three_and_index(b, op, address, RT_I32, RT_I32, to));
    prep_u32(b, segment);
    return STATUS_OK;
}
static enum status drop_segment(struct body *b, uint32_t op, uint32_t segment)
{
    TRY(prep_op(b, op));
    prep_u32(b, segment);
    return STATUS_OK;
}

static enum status table_get_set(struct body *b, enum insn insn)
{
    uint32_t table, index, value = 0;
    TRY(table_index(b, &table));
    uint32_t type = b->module->tables[table].element;
    if (insn == INSN_TABLE_SET)
        TRY(operand_pop(b, type));
    TRY(operand_pop(b, b->module->tables[table].limits.address));
    if (b->emitting) {
        TRY(prep_use(b, b->height, &index));
        if (insn == INSN_TABLE_SET)
            TRY(prep_use(b, b->height + 1, &value));
        prep_map(b, false);
        TRY(prep_op(b, insn == INSN_TABLE_SET ? P_TABLE_SET : P_TABLE_GET));
        prep_unit(b, index);
        prep_unit(b, table);
        if (insn == INSN_TABLE_SET)
            prep_unit(b, value);
        else
            prep_result(b, slot_of(b, b->height));
    }
    return insn == INSN_TABLE_SET ? STATUS_OK : operand_push(b, type);
}

static enum status table_grow(struct body *b)
{
    uint32_t table, value, count;
    TRY(table_index(b, &table));
    const struct table_type *t = &b->module->tables[table];
    TRY(operand_pop(b, t->limits.address));
    TRY(operand_pop(b, t->element));
    if (b->emitting) {
        TRY(prep_use(b, b->height, &value));
        TRY(prep_use(b, b->height + 1, &count));
        prep_map(b, false);
        TRY(prep_op(b, P_TABLE_GROW));
        prep_unit(b, value);
        prep_unit(b, count);
        prep_unit(b, table);
        prep_result(b, slot_of(b, b->height));
        prep_forget(b);
    }
    return operand_push(b, t->limits.address);
}

static enum status table_copy(struct body *b)
{
    uint32_t to, from;
    TRY(table_index(b, &to));
    TRY(table_index(b, &from));
    const struct table_type *target = &b->module->tables[to], *source = &b->module->tables[from];
    if (!type_matches(&b->module->types, source->element, target->element))
        return body_fail(b, "type mismatch: tables of different types");
    return copy_between(b, P_TABLE_COPY, to, from, &target->limits, &source->limits);
}

static enum status table_init(struct body *b)
{
    uint32_t segment, table;
    TRY(decode_u32(b->d, &segment));
    TRY(table_index(b, &table));
    if (segment >= b->module->elem_count)
        return body_fail(b, "unknown elem segment %u", segment);
    const struct table_type *t = &b->module->tables[table];
    if (!type_matches(&b->module->types, b->module->elems[segment].type, t->element))
        return body_fail(b, "type mismatch: segment and table of different types");
    return init_from(b, P_TABLE_INIT, table, segment, t->limits.address);
}

static enum status table_fill(struct body *b)
{
    uint32_t index;
    TRY(table_index(b, &index));
    const struct table_type *t = &b->module->tables[index];
    return three_and_index(b, P_TABLE_FILL, t->limits.address, t->element, t->limits.address, index);
}

enum status validate_table(struct body *b, enum insn insn)
{
    uint32_t index;
    switch ((enum insn_table)insn) {
    case TABLE_INSN_TABLE_GET:
    case TABLE_INSN_TABLE_SET:
        return table_get_set(b, insn);
    case TABLE_INSN_TABLE_GROW:
        return table_grow(b);
    case TABLE_INSN_TABLE_COPY:
        return table_copy(b);
    case TABLE_INSN_TABLE_INIT:
        return table_init(b);
    case TABLE_INSN_ELEM_DROP:
        TRY(index_below(b, b->module->elem_count, "elem segment", &index));
        return drop_segment(b, P_ELEM_DROP, index);
    case TABLE_INSN_TABLE_FILL:
        return table_fill(b);
    case TABLE_INSN_TABLE_SIZE:
        TRY(table_index(b, &index));
        TRY(prep_op(b, P_TABLE_SIZE));
        prep_unit(b, index);
        prep_result(b, slot_of(b, b->height));
        return operand_push(b, b->module->tables[index].limits.address);
    }
    return body_fail(b, "instruction %d has no check", (int)insn);
}

static enum status memory_index(struct body *b, uint32_t *ret)
{
    return index_below(b, b->module->memory_count, "memory", ret);
}

static enum status data_index(struct body *b, uint32_t *ret)
{
    TRY(decode_u32(b->d, ret));
    if (!b->module->has_data_count)
        return decode_fail_at(b->d, b->insn_offset, STATUS_MALFORMED, "data count section required");
    return *ret < b->module->data_count_section ? STATUS_OK : body_fail(b, "unknown data segment %u", *ret);
}

static enum status memory_size_grow(struct body *b, enum insn insn)
{
    uint32_t slot, memory;
    TRY(memory_index(b, &memory));
    uint32_t address = b->module->memories[memory].address;
    if (insn == INSN_MEMORY_GROW) {
        TRY(operand_pop(b, address));
        TRY(prep_use(b, b->height, &slot));
    }
    prep_map(b, false);
    TRY(prep_op(b, insn == INSN_MEMORY_GROW ? P_MEMORY_GROW : P_MEMORY_SIZE));
    if (insn == INSN_MEMORY_GROW)
        prep_unit(b, slot);
    prep_unit(b, memory);
    prep_result(b, slot_of(b, b->height));
    return operand_push(b, address);
}

enum status validate_memory(struct body *b, enum insn insn)
{
    const struct size_limits *memories = b->module->memories;
    uint32_t segment, memory, from;
    switch ((enum insn_memory)insn) {
    case MEMORY_INSN_MEMORY_SIZE:
    case MEMORY_INSN_MEMORY_GROW:
        return memory_size_grow(b, insn);
    case MEMORY_INSN_MEMORY_INIT:
        TRY(data_index(b, &segment));
        TRY(memory_index(b, &memory));
        return init_from(b, P_MEMORY_INIT, memory, segment, memories[memory].address);
    case MEMORY_INSN_DATA_DROP:
        TRY(data_index(b, &segment));
        return drop_segment(b, P_DATA_DROP, segment);
    case MEMORY_INSN_MEMORY_COPY:
        TRY(memory_index(b, &memory));
        TRY(memory_index(b, &from));
        return copy_between(b, P_MEMORY_COPY, memory, from, &memories[memory], &memories[from]);
    case MEMORY_INSN_MEMORY_FILL:
        TRY(memory_index(b, &memory));
        return three_and_index(b, P_MEMORY_FILL, memories[memory].address, RT_I32, memories[memory].address, memory);
    }
    return body_fail(b, "instruction %d has no check", (int)insn);
}
