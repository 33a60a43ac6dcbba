/* Calls and returns. */
#include "runtime/verify/verify_call.h"

#include <string.h>
#include "runtime/layout.h"
#include "runtime/module.h"
#include "runtime/opcodes.h"
#include "runtime/verify/verify_abi.h"
#include "runtime/verify/verify_state.h"

enum { RAX = 0, RCX = 1, RDX = 2, RBX = 3, RBP = 5, RSI = 6, RDI = 7, R12 = 12, ARGUMENTS = 6, FLOATS = 8 };

static bool refuse(struct flow *f, const struct verify_insn *insn, const char *why)
{
    return verify_refuse(f->body, insn->at, why);
}

uint32_t verify_parameter_bytes(const struct type_def *type)
{
    const struct rt_functype *t = &type->function;
    uint32_t words = 4, floats = 0, bytes = 0;
    for (uint32_t i = 0; i < t->param_count; i++) {
        bool wide = t->params[i] == RT_V128, is_float = wide || t->params[i] == RT_F32 || t->params[i] == RT_F64;
        if (is_float ? floats++ < FLOATS : words++ < ARGUMENTS)
            continue;
        if (wide)
            bytes = (bytes + 15) / 16 * 16;
        bytes += wide ? 16 : 8;
    }
    return (bytes + 7) / 8 * 8;
}

/* With tail calls, a function takes its parameters off the stack, in whose place lies a word at least. */
static uint32_t popped(const struct verify_object *o, bool way_in) { return o->tail_calls && !way_in ? 8 : 0; }

uint32_t verify_stack_bytes(const struct verify_body *b)
{
    if (b->start->way_in)
        return 0;
    return verify_parameter_bytes(function_def(b->object->module, b->start->function)) + popped(b->object, false);
}

/* Whether the value is the depth less `taken`, with so many known to be left. */
static bool is_depth(const struct flow *f, struct value v, int64_t *taken)
{
    *taken = -v.add;
    return v.region == REGION_DEPTH && v.symbol == SYMBOL_NONE && v.add <= 0 &&
           (v.add == 0 || flow_extent(&f->now, LIMIT_DEPTH, 0, value_constant(0)) >= (uint64_t)*taken);
}

static bool is_frame(struct value v)
{
    return v.region == REGION_FRAME && v.symbol == SYMBOL_NONE && v.add >= 0 && v.add % 8 == 0;
}

static bool is_context(struct value v) { return v.region == REGION_CONTEXT && v.symbol == SYMBOL_NONE && v.add == 0; }

static bool is_saved(struct value v, uint32_t number)
{
    return v.region == REGION_SAVED && v.param == number && v.symbol == SYMBOL_NONE && v.add == 0;
}

/* What a callee may change; results have no names that matter. */
static void after_call(struct flow *f, const struct verify_insn *insn, uint32_t stack_bytes)
{
    static const uint8_t scratch[] = { RAX, RCX, RDX, RSI, RDI, 8, 9, 10, 11 };
    int64_t sp = f->now.registers[VERIFY_RSP].add;
    state_slots_drop(&f->now, INT32_MIN, sp + stack_bytes);
    f->now.flags = (struct flags) { 0 };
    for (size_t i = 0; i < sizeof scratch; i++)
        f->now.registers[scratch[i]] = flow_result(f, insn->at, scratch[i], UINT64_MAX);
    state_forget_region(&f->now, REGION_ELEMENTS); /* a table that grows moves */
}

/* Its place: the return address lies below the stack pointer, on a multiple of 16, with the parameters above it. */
static bool room(struct flow *f, const struct verify_insn *insn, uint32_t stack_bytes)
{
    int64_t sp = f->now.registers[VERIFY_RSP].add;
    if (sp + stack_bytes > 0)
        return refuse(f, insn, "parameters of a call outside of the native frame");
    return (sp - 8) % 16 == 0 || refuse(f, insn, "a call with a stack pointer that is no multiple of 16");
}

/* A compiled function: context, slots, depth. */
static bool native_arguments(struct flow *f, const struct verify_insn *insn, const struct function *callee, bool stays)
{
    struct value fp = f->now.registers[RSI];
    int64_t taken;
    if (!is_context(f->now.registers[RDI]))
        return refuse(f, insn, "a call without the context");
    if (!is_depth(f, f->now.registers[RCX], &taken))
        return refuse(f, insn, "a call without a look at the depth");
    if (f->body->start->way_in)
        return (callee->index == f->body->start->function && is_frame(fp) && fp.add == 0 && taken == 0) ||
               refuse(f, insn, "a way in to another function");
    if (stays && taken == 0)
        return refuse(f, insn, "a call that takes no frame");
    if (!is_frame(fp) || (uint64_t)fp.add + 8ull * callee->frame_slots > flow_frame(f))
        return refuse(f, insn, "a call without a look at the value stack");
    return true;
}

static bool call_function(struct flow *f, const struct verify_insn *insn)
{
    const struct verify_start *start = verify_find_start(f->body->object, insn->target);
    const struct function *callee = &f->module->functions[start->function];
    uint32_t bytes = verify_parameter_bytes(function_def(f->module, start->function));
    uint32_t pops = popped(f->body->object, false);
    if (!native_arguments(f, insn, callee, true) || !room(f, insn, bytes + pops))
        return false;
    after_call(f, insn, bytes + pops);
    f->now.registers[VERIFY_RSP].add += pops ? pops + bytes : 0;
    return true;
}

/* What `native` found: it has looked at slots and depth, which are as it was told. */
static bool native_code(struct flow *f, const struct verify_insn *insn, struct value code, uint32_t *ret_bytes)
{
    struct value fp = f->now.registers[RSI], depth = f->now.registers[RCX];
    if (!is_context(f->now.registers[RDI]) || !is_frame(fp) || fp.add != code.add)
        return refuse(f, insn, "a call of what was found for other slots");
    if (depth.region != REGION_DEPTH || depth.symbol || -depth.add != code.shift + (code.region == REGION_NATIVE))
        return refuse(f, insn, "a call of what was found for another depth");
    *ret_bytes = verify_parameter_bytes(module_type(f->module, code.param));
    return true;
}

/* An argument by its number. */
static struct value argument(struct flow *f, uint32_t number)
{
    static const uint8_t registers[ARGUMENTS] = { RDI, RSI, RDX, RCX, 8, 9 };
    if (number < ARGUMENTS)
        return f->now.registers[registers[number]];
    int64_t at = f->now.registers[VERIFY_RSP].add + 8ll * (number - ARGUMENTS);
    for (uint32_t bytes = 8; bytes >= 4; bytes -= 4) {
        struct slot *slot = state_slot(&f->now, at, bytes);
        if (slot)
            return slot->value;
    }
    return (struct value) { .symbol = SYMBOL_ANY };
}

static bool below(struct value v, uint64_t count) { return value_is_constant(v) && (uint64_t)(uint32_t)v.add < count; }

struct helper_call {
    uint32_t helper;
    const char *params;
    struct value slots, type, table, depth, place, insn, x;
    int64_t taken;
    uint32_t room; /* slots that arguments and results take */
};

static bool function_object(struct flow *f, struct value v, struct helper_call *c)
{
    if (v.region != REGION_FUNCTIONS || v.symbol != SYMBOL_NONE || v.add < 0 || v.add % LAYOUT_function_object_size ||
        (uint64_t)v.add / LAYOUT_function_object_size >= f->module->function_count)
        return false;
    const struct type_def *t = function_def(f->module, (uint32_t)(v.add / LAYOUT_function_object_size));
    c->room = t->param_slots > t->result_slots ? t->param_slots : t->result_slots;
    return true;
}

static bool type(struct flow *f, struct value v, struct helper_call *c)
{
    if (!below(v, f->module->types.count) || module_type(f->module, (uint32_t)v.add)->kind != TYPE_FUNCTION)
        return false;
    const struct type_def *t = module_type(f->module, (uint32_t)v.add);
    c->type = v;
    c->room = t->param_slots > t->result_slots ? t->param_slots : t->result_slots;
    return true;
}

/* What the indices of a bulk operation count, as jit_entry.c takes them. */
enum counted { ANYTHING, MEMORIES, TABLES, DATAS, ELEMS };
static const struct {
    uint16_t insn;
    uint8_t x, y;
} bulks[] = {
    { INSN_MEMORY_FILL, MEMORIES, ANYTHING }, { INSN_MEMORY_COPY, MEMORIES, MEMORIES },
    { INSN_MEMORY_INIT, DATAS, MEMORIES },    { INSN_TABLE_FILL, TABLES, ANYTHING },
    { INSN_TABLE_COPY, TABLES, TABLES },      { INSN_TABLE_INIT, ELEMS, TABLES },
};

static bool bulk_index(const struct flow *f, struct value insn, struct value index, bool second)
{
    const struct rt_module *m = f->module;
    const uint32_t counts[] = { UINT32_MAX, m->memory_count, m->table_count, m->data_count, m->elem_count };
    for (size_t i = 0; i < sizeof bulks / sizeof *bulks; i++)
        if (value_equal(insn, value_constant(bulks[i].insn))) {
            uint8_t counted = second ? bulks[i].y : bulks[i].x;
            return counted == ANYTHING || below(index, counts[counted]);
        }
    return false;
}

static bool scratch(struct flow *f, struct value v)
{
    int64_t bytes = 8ll * VERIFY_SCRATCH_SLOTS;
    if (v.region != REGION_STACK || v.symbol != SYMBOL_NONE || v.add < f->now.registers[VERIFY_RSP].add ||
        v.add + bytes > 0)
        return false;
    state_slots_drop(&f->now, v.add, v.add + bytes);
    return true;
}

/* By the list's letter (verify_abi.h). */
static bool allowed(struct flow *f, char letter, struct value v, struct helper_call *c)
{
    switch (letter) {
    case 'v':
        return is_context(v);
    case 'f':
        return is_frame(v) && (uint64_t)v.add <= flow_frame(f);
    case 's':
        c->slots = v;
        return is_frame(v);
    case 'd':
        c->depth = v;
        return is_depth(f, v, &c->taken);
    case 'S':
        return below(v, f->body->object->site_count) || c->helper == VERIFY_HELPER_trap;
    case 'o':
        return function_object(f, v, c);
    case 't':
        return below(v, f->module->table_count);
    case 'T':
        return type(f, v, c);
    case 'g':
        c->table = v;
        return below(v, f->module->table_count + 1ull);
    case 'V':
        return (uint32_t)c->table.add != 0 || below(v, f->module->memory_count);
    case 'n':
        c->insn = v;
        return true;
    case 'x':
    case 'y':
        return bulk_index(f, c->insn, v, letter == 'y');
    case 'N':
        return scratch(f, v);
    default: /* numbers that the helper takes as they are */
        return strchr("FkecArmLP", letter) != NULL;
    }
}

static const char *const names[][2] = {
#define ROW(name, result, params) { #name, params },
    VERIFY_HELPER_LIST(ROW)
#undef ROW
};

static bool call_helper(struct flow *f, const struct verify_insn *insn, uint32_t helper, bool *ret_ends)
{
    struct helper_call c = { .helper = helper, .params = names[helper][1] };
    uint32_t count = (uint32_t)strlen(c.params), bytes = count > ARGUMENTS ? 8 * (count - ARGUMENTS) : 0;
    if (f->body->start->way_in)
        return refuse(f, insn, "a helper in a way in");
    if (!room(f, insn, bytes))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!allowed(f, c.params[i], argument(f, i), &c))
            return refuse(f, insn, "an argument that the helper may not have");
    bool native = helper == VERIFY_HELPER_native || helper == VERIFY_HELPER_tail_native;
    if (strchr(c.params, 's') && (uint64_t)c.slots.add + 8ull * c.room > flow_frame(f))
        return refuse(f, insn, "arguments in slots that may not exist");
    after_call(f, insn, bytes);
    if (native && c.taken < UINT8_MAX)
        f->now.registers[RAX] = (struct value) { helper == VERIFY_HELPER_native ? REGION_NATIVE : REGION_TAIL,
                                                 (uint8_t)c.taken, (uint32_t)c.type.add, 0, c.slots.add };
    *ret_ends = helper == VERIFY_HELPER_trap;
    return true;
}

/* What an indirect call or jump goes to. */
static bool code_of(struct flow *f, const struct verify_insn *insn, struct value *ret)
{
    if (insn->op[0].kind == OPERAND_MEM)
        return flow_access(f, insn, flow_address(f, insn), insn->bytes, true, false, ret);
    *ret = f->now.registers[insn->op[0].reg];
    return true;
}

bool flow_call(struct flow *f, const struct verify_insn *insn, bool *ret_ends)
{
    struct value code;
    uint32_t bytes = 0, pops = popped(f->body->object, false);
    *ret_ends = false;
    if (insn->target != UINT32_MAX)
        return call_function(f, insn);
    if (!code_of(f, insn, &code))
        return false;
    if (code.region == REGION_HELPER)
        return call_helper(f, insn, code.param, ret_ends);
    if (code.region != REGION_NATIVE || f->body->start->way_in)
        return refuse(f, insn, "a call of what is not known to be code");
    if (!native_code(f, insn, code, &bytes) || !room(f, insn, bytes + pops))
        return false;
    after_call(f, insn, bytes + pops);
    f->now.registers[VERIFY_RSP].add += pops ? pops + bytes : 0;
    return true;
}

/* The caller's registers are its own again, and the stack as it was. */
static bool restored(struct flow *f, const struct verify_insn *insn)
{
    static const uint8_t kept[] = { RBX, RBP, R12, 13, 14, 15 };
    if (f->now.registers[VERIFY_RSP].add != 0)
        return refuse(f, insn, "a return with another stack pointer");
    for (size_t i = 0; i < sizeof kept; i++)
        if (!is_saved(f->now.registers[kept[i]], kept[i]))
            return refuse(f, insn, "a return without the caller's register");
    return true;
}

bool flow_return(struct flow *f, const struct verify_insn *insn)
{
    uint32_t pops = popped(f->body->object, f->body->start->way_in);
    if (pops)
        pops = verify_stack_bytes(f->body);
    int64_t said = insn->op[0].kind == OPERAND_IMM ? insn->op[0].value : 0;
    return said == pops ? restored(f, insn) : refuse(f, insn, "a return that takes another number of bytes");
}

/* To another function, in place of this one. */
bool flow_jump_away(struct flow *f, const struct verify_insn *insn)
{
    struct value code;
    uint32_t bytes = 0;
    if (f->body->start->way_in)
        return refuse(f, insn, "a way in that does not come back");
    if (insn->target != UINT32_MAX) {
        const struct verify_start *start = verify_find_start(f->body->object, insn->target);
        bytes = verify_parameter_bytes(function_def(f->module, start->function));
        if (!native_arguments(f, insn, &f->module->functions[start->function], false))
            return false;
    } else {
        if (!code_of(f, insn, &code))
            return false;
        if (code.region != REGION_NATIVE && code.region != REGION_TAIL)
            return refuse(f, insn, "a jump to what is not known to be code");
        if (!native_code(f, insn, code, &bytes))
            return false;
    }
    if (bytes > verify_stack_bytes(f->body) - popped(f->body->object, false))
        return refuse(f, insn, "a jump to a function with more parameters");
    return restored(f, insn);
}
