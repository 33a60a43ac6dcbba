/* Instructions on tables and memories as a whole, references, select and drop. */
#include "generate_state.h"

static const uint32_t i32 = RT_I32;

static void insn_with(struct generator *g, enum insn insn, uint32_t index)
{
    gen_insn(g, insn);
    gen_leb(&g->code, index);
}

static void result(struct generator *g, uint32_t operands, uint32_t type)
{
    gen_pop(g, operands);
    if (type)
        gen_push(g, type);
}

/* How much of something: mostly little. */
static void gen_count(struct generator *g)
{
    if (choose(g->c, 16) == 0)
        gen_value(g, RT_I32, 1);
    else
        gen_i32(g, choose(g->c, 5));
}

static void table_one(struct generator *g, uint32_t which, uint32_t table)
{
    uint32_t type = g->tables[table];
    switch (which) {
    case 0:
        gen_place(g, g->table_sizes[table]);
        insn_with(g, INSN_TABLE_GET, table);
        result(g, 1, type);
        return;
    case 1:
        gen_place(g, g->table_sizes[table]);
        gen_value(g, type, 1);
        insn_with(g, INSN_TABLE_SET, table);
        result(g, 2, 0);
        return;
    case 2:
        insn_with(g, INSN_TABLE_SIZE, table);
        result(g, 0, RT_I32);
        return;
    case 3:
        gen_want(g, 1, &type);
        gen_count(g);
        insn_with(g, INSN_TABLE_GROW, table);
        result(g, 2, RT_I32);
        return;
    default:
        gen_place(g, g->table_sizes[table]);
        gen_value(g, type, 1);
        gen_count(g);
        insn_with(g, INSN_TABLE_FILL, table);
        result(g, 3, 0);
        return;
    }
}

static void table_two(struct generator *g, uint32_t table)
{
    uint32_t from = choose(g->c, g->table_count), segment = choose(g->c, g->elem_count);
    if (choose(g->c, 3) == 0) {
        insn_with(g, INSN_ELEM_DROP, segment);
        return;
    }
    bool copy = choose(g->c, 2);
    if (copy && g->tables[from] != g->tables[table])
        from = table;
    if (!copy && g->elems[segment] != g->tables[table])
        return;
    gen_place(g, g->table_sizes[table]);
    gen_place(g, copy ? g->table_sizes[from] : 4);
    gen_count(g);
    insn_with(g, copy ? INSN_TABLE_COPY : INSN_TABLE_INIT, copy ? table : segment);
    gen_leb(&g->code, copy ? from : table);
    result(g, 3, 0);
}

static void memory(struct generator *g, uint32_t which)
{
    uint32_t memory = choose(g->c, g->memory_count), other = choose(g->c, g->memory_count);
    if (which == 0) {
        insn_with(g, INSN_MEMORY_SIZE, memory);
        result(g, 0, RT_I32);
        return;
    }
    if (which == 1) {
        gen_count(g);
        insn_with(g, INSN_MEMORY_GROW, memory);
        result(g, 1, RT_I32);
        return;
    }
    if (which == 2) {
        insn_with(g, INSN_DATA_DROP, choose(g->c, g->data_count));
        return;
    }
    gen_place(g, 65536);
    gen_place(g, which == 3 ? 16 : 65536);
    if (choose(g->c, 6) == 0)
        gen_i32(g, choose(g->c, 3) * 65536 + choose(g->c, 3));
    else
        gen_count(g);
    insn_with(g,
              which == 3   ? INSN_MEMORY_INIT
              : which == 4 ? INSN_MEMORY_COPY
                           : INSN_MEMORY_FILL,
              which == 3 ? choose(g->c, g->data_count) : memory);
    if (which != 5)
        gen_leb(&g->code, which == 3 ? memory : other);
    result(g, 3, 0);
}

static void select_value(struct generator *g)
{
    uint32_t type = g->height > gen_base(g) ? g->stack[g->height - 1] : gen_any_type(g);
    const uint32_t three[] = { type, type, RT_I32 };
    bool typed = type == RT_FUNCREF || type == RT_EXTERNREF || choose(g->c, 3) == 0;
    gen_want(g, 3, three);
    gen_insn(g, typed ? INSN_SELECT_T : INSN_SELECT);
    if (typed) {
        buffer_u8(&g->code, 1);
        gen_type(&g->code, type);
    }
    result(g, 3, type);
}

void gen_bulk(struct generator *g)
{
    uint32_t which = choose(g->c, 16), table = choose(g->c, g->table_count);
    uint32_t reference = choose(g->c, 2) ? RT_FUNCREF : RT_EXTERNREF;
    if (which < 5) {
        table_one(g, which, table);
    } else if (which < 7) {
        table_two(g, table);
    } else if (which < 13) {
        if (g->memory_count > 0)
            memory(g, which - 7);
    } else if (which == 13) {
        gen_want(g, 1, &reference);
        gen_insn(g, INSN_REF_IS_NULL);
        result(g, 1, RT_I32);
    } else if (which == 14) {
        select_value(g);
    } else if (g->height > gen_base(g)) {
        gen_insn(g, INSN_DROP);
        gen_pop(g, 1);
    } else {
        gen_want(g, 1, &i32);
    }
}
