/* The module around the code: types, imports, tables, memories, globals, segments; then a body for each function. What
 * is drawn first is what bodies are made of. */
#include "generate_state.h"

#include <stdlib.h>

const uint32_t generate_global_types[GENERATE_IMPORTED_GLOBALS] = { RT_I32, RT_I64, RT_V128, RT_FUNCREF };
const bool generate_global_mutable[GENERATE_IMPORTED_GLOBALS] = { false, true, true, true };

/* Few values mostly, many at times. */
static uint32_t choose_values(struct generator *g, uint32_t *types)
{
    uint32_t count = choose(g->c, 10) == 0 ? choose(g->c, VALUES_MAX + 1) : choose(g->c, 4);
    for (uint32_t i = 0; i < count; i++)
        types[i] = gen_any_type(g);
    return count;
}

static void choose_types(struct generator *g)
{
    g->type_count = 4 + choose(g->c, TYPES_MAX - 4);
    for (uint32_t i = 1; i < g->type_count; i++) {
        struct gen_type *t = &g->types[i];
        t->param_count = choose_values(g, t->params);
        t->result_count = choose_values(g, t->results);
        if (choose(g->c, 4) == 0) { /* as a loop's label likes it, and a tail call */
            for (uint32_t n = 0; n < t->param_count; n++)
                t->results[n] = t->params[n];
            t->result_count = t->param_count;
        }
    }
}

static void choose_functions(struct generator *g)
{
    g->function_count = GENERATE_HOSTS + 2 + choose(g->c, FUNCTIONS_MAX - GENERATE_HOSTS - 1);
    for (uint32_t i = 1; i < g->function_count; i++)
        g->functions[i] = i == GENERATE_HOSTS ? 0 : choose(g->c, g->type_count);
    for (uint32_t i = 0; i < FUNCTIONS_MAX; i++)
        g->first_table[i] = choose(g->c, g->function_count);
}

static void section(struct buffer *ret, uint8_t id, uint32_t count, struct buffer *content)
{
    struct buffer head = BUFFER_INIT;
    gen_leb(&head, count);
    if (count > 0) {
        buffer_u8(ret, id);
        gen_leb(ret, (uint32_t)(head.size + content->size));
        buffer_bytes(ret, head.data, head.size);
        if (content->size > 0)
            buffer_bytes(ret, content->data, content->size);
    }
    buffer_done(&head);
    buffer_clear(content);
}

static void values(struct buffer *b, uint32_t count, const uint32_t *types)
{
    gen_leb(b, count);
    for (uint32_t i = 0; i < count; i++)
        gen_type(b, types[i]);
}

static void write_types(struct generator *g, struct buffer *b)
{
    for (uint32_t i = 0; i < g->type_count; i++) {
        buffer_u8(b, 0x60);
        values(b, g->types[i].param_count, g->types[i].params);
        values(b, g->types[i].result_count, g->types[i].results);
    }
}

static void import_name(struct buffer *b, const char *prefix, uint32_t number)
{
    char digit = (char)('0' + number);
    uint32_t size = *prefix ? 2 : 1;
    buffer_bytes(b, "\1h", 2);
    gen_leb(b, size);
    buffer_bytes(b, prefix, size - 1);
    buffer_u8(b, (uint8_t)digit);
}

static void write_imports(struct generator *g, struct buffer *b)
{
    for (uint32_t i = 0; i < GENERATE_HOSTS; i++) {
        import_name(b, "", i);
        buffer_u8(b, 0);
        gen_leb(b, g->functions[i]);
    }
    for (uint32_t i = 0; i < GENERATE_IMPORTED_GLOBALS; i++) {
        import_name(b, "g", i);
        buffer_u8(b, 3);
        gen_type(b, g->globals[i] = generate_global_types[i]);
        buffer_u8(b, g->mutable[i] = generate_global_mutable[i]);
    }
    g->global_count = GENERATE_IMPORTED_GLOBALS;
}

static void write_limits(struct buffer *b, uint32_t least, bool has_max, uint32_t most)
{
    buffer_u8(b, has_max);
    gen_leb(b, least);
    if (has_max)
        gen_leb(b, most);
}

/* Table 0 holds functions, 1 external references. */
static void write_tables(struct generator *g, struct buffer *b)
{
    g->table_count = 1 + choose(g->c, TABLES_MAX);
    for (uint32_t i = 0; i < g->table_count; i++) {
        g->tables[i] = i == 1 ? RT_EXTERNREF : RT_FUNCREF;
        g->table_sizes[i] = FUNCTIONS_MAX + choose(g->c, 4);
        gen_type(b, g->tables[i]);
        write_limits(b, g->table_sizes[i], choose(g->c, 2), g->table_sizes[i] + choose(g->c, 6));
    }
}

static void write_memories(struct generator *g, struct buffer *b)
{
    g->memory_count = choose(g->c, 6) == 0 ? 0 : choose(g->c, 3) ? 1 : 1 + choose(g->c, MEMORIES_MAX);
    for (uint32_t i = 0; i < g->memory_count; i++) {
        uint32_t least = choose(g->c, 30) == 0 ? 0 : 1 + choose(g->c, 2);
        write_limits(b, least, choose(g->c, 2), least + choose(g->c, 3));
    }
}

/* A constant expression of this type. Numbers are at times sums, and at times the imported constant. */
static void write_const(struct generator *g, struct buffer *b, uint32_t type)
{
    uint64_t v[2];
    uint32_t way = choose(g->c, 4);
    choose_value(g->c, type, v);
    if (type == RT_I32 && way == 0) {
        buffer_bytes(b, "\x23\0\x41\x05\x6c\x41\x07\x6a", 8);
    } else if (type == RT_I32 || type == RT_I64) {
        buffer_u8(b, type == RT_I32 ? 0x41 : 0x42);
        gen_sleb(b, type == RT_I32 ? (int32_t)v[0] : (int64_t)v[0]);
    } else if (type == RT_FUNCREF && way) {
        buffer_u8(b, 0xd2);
        gen_leb(b, choose(g->c, g->function_count));
    } else if (type == RT_FUNCREF || type == RT_EXTERNREF) {
        buffer_u8(b, 0xd0);
        gen_type(b, type);
    } else if (type == RT_V128) {
        buffer_bytes(b, "\xfd\x0c", 2);
        buffer_bytes(b, v, 16);
    } else {
        buffer_u8(b, type == RT_F32 ? 0x43 : 0x44);
        buffer_bytes(b, v, type == RT_F32 ? 4 : 8);
    }
    buffer_u8(b, 0x0b);
}

static void write_globals(struct generator *g, struct buffer *b)
{
    uint32_t more = 1 + choose(g->c, GLOBALS_MAX - GENERATE_IMPORTED_GLOBALS);
    for (uint32_t i = 0; i < more; i++) {
        uint32_t type = gen_any_type(g);
        g->globals[g->global_count] = type;
        g->mutable[g->global_count++] = choose(g->c, 4) > 0;
        gen_type(b, type);
        buffer_u8(b, g->mutable[g->global_count - 1]);
        write_const(g, b, type);
    }
}

/* 0: table 0 from element 0 on; 1: passive; 2: external, passive; 3: declares all functions. */
static void write_elems(struct generator *g, struct buffer *b)
{
    g->elem_count = SEGMENTS_MAX;
    buffer_bytes(b, "\0\x41\0\x0b", 4);
    gen_leb(b, FUNCTIONS_MAX);
    for (uint32_t i = 0; i < FUNCTIONS_MAX; i++)
        gen_leb(b, g->first_table[i]);
    for (uint32_t s = 1; s < 3; s++) {
        uint32_t count = choose(g->c, 6);
        buffer_u8(b, 5);
        g->elems[s] = s == 1 ? RT_FUNCREF : RT_EXTERNREF;
        gen_type(b, g->elems[s]);
        gen_leb(b, count);
        for (uint32_t i = 0; i < count; i++)
            write_const(g, b, g->elems[s]);
    }
    g->elems[0] = g->elems[3] = RT_FUNCREF;
    buffer_bytes(b, "\3\0", 2);
    gen_leb(b, g->function_count);
    for (uint32_t i = 0; i < g->function_count; i++)
        gen_leb(b, i);
}

/* Passive ones. */
static void write_datas(struct generator *g, struct buffer *b)
{
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t size = choose(g->c, 24);
        buffer_u8(b, 1);
        gen_leb(b, size);
        for (uint32_t i = 0; i < size; i++)
            buffer_u8(b, choose_byte(g->c));
    }
}

static void write_body(struct generator *g, struct buffer *b, uint32_t function, uint32_t budget)
{
    struct buffer body = BUFFER_INIT;
    g->type = &g->types[g->functions[function]];
    g->local_count = 0;
    for (uint32_t i = 0; i < g->type->param_count; i++)
        g->locals[g->local_count++] = g->type->params[i];
    uint32_t more = choose(g->c, 8) == 0 ? choose(g->c, 40) : choose(g->c, 8);
    gen_leb(&body, more + 1);
    for (uint32_t i = 0; i < more; i++) {
        buffer_u8(&body, 1);
        gen_type(&body, g->locals[g->local_count++] = gen_any_type(g));
    }
    g->first_counter = g->local_count;
    buffer_u8(&body, COUNTERS);
    buffer_u8(&body, RT_I32);
    for (uint32_t i = 0; i < COUNTERS; i++)
        g->locals[g->local_count++] = RT_I32;
    g->budget = budget;
    buffer_clear(&g->code);
    gen_body(g);
    gen_leb(b, (uint32_t)(body.size + g->code.size));
    buffer_bytes(b, body.data, body.size);
    buffer_bytes(b, g->code.data, g->code.size);
    buffer_done(&body);
}

static void write_module(struct generator *g, struct buffer *ret)
{
    struct buffer b = BUFFER_INIT;
    uint32_t bodies = g->function_count - GENERATE_HOSTS;
    buffer_bytes(ret, "\0asm\1\0\0", 8);
    write_types(g, &b);
    section(ret, 1, g->type_count, &b);
    write_imports(g, &b);
    section(ret, 2, GENERATE_HOSTS + GENERATE_IMPORTED_GLOBALS, &b);
    for (uint32_t i = GENERATE_HOSTS; i < g->function_count; i++)
        gen_leb(&b, g->functions[i]);
    section(ret, 3, bodies, &b);
    write_tables(g, &b);
    section(ret, 4, g->table_count, &b);
    write_memories(g, &b);
    section(ret, 5, g->memory_count, &b);
    write_globals(g, &b);
    section(ret, 6, g->global_count - GENERATE_IMPORTED_GLOBALS, &b);
    write_elems(g, &b);
    section(ret, 9, SEGMENTS_MAX, &b);
    g->data_count = 2;
    section(ret, 12, g->data_count, &b);
    for (uint32_t i = 0; i < bodies; i++)
        write_body(g, &b, GENERATE_HOSTS + i, 10 + choose(g->c, 256) * (1 + choose(g->c, 2)));
    section(ret, 10, bodies, &b);
    write_datas(g, &b);
    section(ret, 11, g->data_count, &b);
    buffer_done(&b);
}

void generate_module(struct choices *c, struct buffer *ret)
{
    struct generator *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->c = c;
    choose_types(g);
    choose_functions(g);
    write_module(g, ret);
    if (ret->status != STATUS_OK)
        abort();
    buffer_done(&g->code);
    free(g);
}
