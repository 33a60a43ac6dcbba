/* Straight code: values, regular instructions by their row in the opcode table, variables. Where an instruction would
 * nearly always trap on random operands, its operands are led to where it seldom does. */
#include "generate_state.h"

#include <stdlib.h>
#include <string.h>

void gen_leb(struct buffer *b, uint32_t v)
{
    do {
        buffer_u8(b, (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
        v >>= 7;
    } while (v > 0);
}

void gen_sleb(struct buffer *b, int64_t v)
{
    for (;;) {
        uint8_t low = (uint8_t)(v & 0x7f);
        v >>= 7;
        if ((v == 0 && !(low & 0x40)) || (v == -1 && (low & 0x40))) {
            buffer_u8(b, low);
            return;
        }
        buffer_u8(b, low | 0x80);
    }
}

void gen_insn(struct generator *g, enum insn insn)
{
    uint32_t code = insn_infos[insn].code;
    if (code > 0xff)
        buffer_u8(&g->code, (uint8_t)(code >> 8));
    if (code > 0xff)
        gen_leb(&g->code, code & 0xff);
    else
        buffer_u8(&g->code, (uint8_t)code);
    if (g->budget > 0)
        g->budget--;
}

void gen_push(struct generator *g, uint32_t type)
{
    if (g->height == STACK_MAX)
        abort();
    g->stack[g->height++] = type;
}

void gen_pop(struct generator *g, uint32_t count)
{
    if (count > g->height - gen_base(g))
        abort();
    g->height -= count;
}

uint32_t gen_any_type(struct generator *g)
{
    static const uint32_t all[] = { RT_I32, RT_I32, RT_I32,  RT_I64,     RT_I64,      RT_F32,
                                    RT_F64, RT_F64, RT_V128, RT_FUNCREF, RT_EXTERNREF };
    return all[choose(g->c, sizeof all / sizeof *all)];
}

void gen_i32(struct generator *g, uint32_t value)
{
    gen_insn(g, INSN_I32_CONST);
    gen_sleb(&g->code, (int32_t)value);
    gen_push(g, RT_I32);
}

static void constant(struct generator *g, uint32_t type)
{
    uint64_t v[2];
    choose_value(g->c, type, v);
    if (type == RT_I32) {
        gen_i32(g, (uint32_t)v[0]);
        return;
    }
    if (type == RT_I64) {
        gen_insn(g, INSN_I64_CONST);
        gen_sleb(&g->code, (int64_t)v[0]);
    } else if (type == RT_FUNCREF && choose(g->c, 3)) {
        gen_insn(g, INSN_REF_FUNC);
        gen_leb(&g->code, choose(g->c, g->function_count));
    } else if (type == RT_FUNCREF || type == RT_EXTERNREF) {
        gen_insn(g, INSN_REF_NULL);
        gen_type(&g->code, type);
    } else {
        gen_insn(g, type == RT_F32 ? INSN_F32_CONST : type == RT_F64 ? INSN_F64_CONST : INSN_V128_CONST);
        buffer_bytes(&g->code, v, type == RT_F32 ? 4 : type == RT_F64 ? 8 : 16);
    }
    gen_push(g, type);
}

/* A number below `count` at which `types` holds `type`, or `count`. */
static uint32_t find_type(struct generator *g, uint32_t count, const uint32_t *types, uint32_t type)
{
    uint32_t start = count > 0 ? choose(g->c, count) : 0;
    for (uint32_t i = 0; i < count; i++)
        if (types[(start + i) % count] == type)
            return (start + i) % count;
    return count;
}

static bool get_variable(struct generator *g, uint32_t type, bool global)
{
    uint32_t count = global ? g->global_count : g->local_count;
    uint32_t at = find_type(g, count, global ? g->globals : g->locals, type);
    if (at == count)
        return false;
    gen_insn(g, global ? INSN_GLOBAL_GET : INSN_LOCAL_GET);
    gen_leb(&g->code, at);
    gen_push(g, type);
    return true;
}

static void regular_row(struct generator *g, const struct insn_info *info, uint32_t depth, bool fresh);

static bool regular(const struct insn_info *info) { return info->class <= INSN_CLASS_V_STORE_LANE; }

static bool allowed(const struct generator *g, const struct insn_info *info)
{
    bool accesses = info->immediate <= INSN_IMM_MEMARG_4;
    bool constant = info->class == INSN_CLASS_CONST || info->class == INSN_CLASS_V_CONST;
    return regular(info) && !constant && (g->memory_count > 0 || !accesses);
}

/* A row with this result, or NULL. */
static const struct insn_info *row_for(struct generator *g, uint32_t type)
{
    uint32_t start = choose(g->c, INSN_COUNT);
    for (uint32_t i = 0; i < INSN_COUNT; i++) {
        const struct insn_info *info = &insn_infos[(start + i) % INSN_COUNT];
        if (allowed(g, info) && info->result == type && (info->class != INSN_CLASS_TRUNCATE || choose(g->c, 12) == 0))
            return info;
    }
    return NULL;
}

void gen_value(struct generator *g, uint32_t type, uint32_t depth)
{
    uint32_t way = choose(g->c, 16);
    const struct insn_info *row;
    if (way < 6 && get_variable(g, type, false))
        return;
    if (way < 8 && get_variable(g, type, true))
        return;
    if (depth == 0 || g->budget == 0 || way < 11 || !(row = row_for(g, type))) {
        constant(g, type);
        return;
    }
    regular_row(g, row, depth - 1, true);
}

void gen_want(struct generator *g, uint32_t count, const uint32_t *types)
{
    uint32_t have = g->height - gen_base(g), keep = count < have ? count : have;
    while (keep > 0 && !gen_same(&g->stack[g->height - keep], types, keep))
        keep--;
    for (uint32_t i = keep; i < count; i++)
        gen_value(g, types[i], 2);
}

/* Takes the topmost value off: mostly into a sum that an imported global keeps, so that it is not lost on the
 * comparison. */
static void sink(struct generator *g)
{
    uint32_t type = g->stack[g->height - 1];
    gen_pop(g, 1);
    if (choose(g->c, 3) == 0) {
        gen_insn(g, INSN_DROP);
        return;
    }
    if (type == RT_FUNCREF || type == RT_EXTERNREF)
        gen_insn(g, INSN_REF_IS_NULL);
    if (type == RT_F32)
        gen_insn(g, INSN_I32_REINTERPRET_F32);
    if (type == RT_F64)
        gen_insn(g, INSN_I64_REINTERPRET_F64);
    else if (type != RT_I64 && type != RT_V128)
        gen_insn(g, INSN_I64_EXTEND_I32_U);
    uint32_t sum = type == RT_V128 ? GENERATE_SUM_V128 : GENERATE_SUM_I64;
    gen_insn(g, INSN_GLOBAL_GET);
    gen_leb(&g->code, sum);
    gen_insn(g, type == RT_V128 ? INSN_I64X2_ADD : INSN_I64_ADD);
    gen_insn(g, INSN_GLOBAL_SET);
    gen_leb(&g->code, sum);
}

void gen_settle(struct generator *g, uint32_t count, const uint32_t *types)
{
    uint32_t base = gen_base(g);
    for (;;) {
        uint32_t have = g->height - base;
        if (have <= count && gen_same(&g->stack[base], types, have))
            break;
        sink(g);
    }
    for (uint32_t i = g->height - base; i < count; i++)
        gen_value(g, types[i], 1);
}

void gen_place(struct generator *g, uint32_t size)
{
    uint32_t way = choose(g->c, 256);
    if (way < 2) {
        gen_value(g, RT_I32, 1);
    } else if (way < 8) {
        gen_i32(g, size - choose(g->c, 20));
    } else if (way < 100) {
        gen_i32(g, size > 0 ? (choose_byte(g->c) * (1 + choose(g->c, 3))) % size : 0);
    } else {
        uint32_t mask = 1;
        while (mask * 2 <= size && mask < 1024)
            mask *= 2;
        gen_value(g, RT_I32, 1);
        gen_i32(g, mask - 1);
        gen_insn(g, INSN_I32_AND);
        gen_pop(g, 1);
    }
}

static void memarg(struct generator *g, const struct insn_info *info)
{
    uint32_t memory = choose(g->c, 4) ? 0 : choose(g->c, g->memory_count), align = choose(g->c, info->immediate + 1u);
    uint32_t way = choose(g->c, 256);
    gen_leb(&g->code, align | (memory > 0 ? 64 : 0));
    if (memory > 0)
        gen_leb(&g->code, memory);
    gen_leb(&g->code, way == 0  ? (uint32_t)choose_bits(g->c)
                      : way < 6 ? 65530 + choose(g->c, 12)
                                : choose_byte(g->c) % (way < 128 ? 4u : 256u));
}

static void immediate(struct generator *g, const struct insn_info *info)
{
    if (info->immediate <= INSN_IMM_MEMARG_4)
        memarg(g, info);
    if (info->class == INSN_CLASS_V_LOAD_LANE || info->class == INSN_CLASS_V_STORE_LANE)
        buffer_u8(&g->code, (uint8_t)choose(g->c, 16u >> info->immediate));
    if (info->class == INSN_CLASS_V_EXTRACT || info->class == INSN_CLASS_V_REPLACE)
        buffer_u8(&g->code, (uint8_t)choose(g->c, 2u << (info->immediate - INSN_IMM_LANE_2)));
    for (int i = 0; info->class == INSN_CLASS_V_SHUFFLE && i < 16; i++)
        buffer_u8(&g->code, (uint8_t)choose(g->c, 32));
}

/* The divisor on top becomes odd. */
static void divisor(struct generator *g, uint32_t type)
{
    gen_insn(g, type == RT_I32 ? INSN_I32_CONST : INSN_I64_CONST);
    gen_sleb(&g->code, 1);
    gen_insn(g, type == RT_I32 ? INSN_I32_OR : INSN_I64_OR);
}

/* fresh: what is on the stack already is somebody else's operand. */
static void regular_row(struct generator *g, const struct insn_info *info, uint32_t depth, bool fresh)
{
    bool accesses = info->immediate <= INSN_IMM_MEMARG_4;
    if (accesses)
        gen_place(g, 65536);
    else if (!fresh)
        gen_want(g, info->param_count, (const uint32_t[]) { info->params[0], info->params[1], info->params[2] });
    for (uint32_t i = accesses; (accesses || fresh) && i < info->param_count; i++)
        gen_value(g, info->params[i], depth);
    if (info->class == INSN_CLASS_DIVIDE && choose(g->c, 16))
        divisor(g, info->params[1]);
    gen_insn(g, insn_of(info));
    immediate(g, info);
    gen_pop(g, info->param_count);
    if (info->result)
        gen_push(g, info->result);
}

void gen_regular(struct generator *g)
{
    uint32_t start = choose(g->c, INSN_COUNT);
    for (uint32_t i = 0; i < INSN_COUNT; i++) {
        const struct insn_info *info = &insn_infos[(start + i) % INSN_COUNT];
        if (allowed(g, info) && (info->class != INSN_CLASS_TRUNCATE || choose(g->c, 12) == 0)) {
            regular_row(g, info, 2, false);
            return;
        }
    }
}

bool gen_variable(struct generator *g)
{
    bool global = choose(g->c, 4) == 0;
    uint32_t count = global ? g->global_count : g->first_counter;
    uint32_t at = count > 0 ? choose(g->c, count) : 0;
    if (count == 0 || (global && !g->mutable[at]))
        return false;
    uint32_t type = global ? g->globals[at] : g->locals[at];
    bool tee = !global && choose(g->c, 2);
    if (choose(g->c, 3) == 0) { /* what is read before stays as it was */
        gen_insn(g, global ? INSN_GLOBAL_GET : INSN_LOCAL_GET);
        gen_leb(&g->code, at);
        gen_push(g, type);
        gen_value(g, type, 1);
    }
    gen_want(g, 1, &type);
    gen_insn(g, global ? INSN_GLOBAL_SET : tee ? INSN_LOCAL_TEE : INSN_LOCAL_SET);
    gen_leb(&g->code, at);
    if (!tee)
        gen_pop(g, 1);
    return true;
}
