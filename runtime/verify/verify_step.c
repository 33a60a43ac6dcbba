/* Instructions that are no jumps: what they leave in registers and in the native frame. What is not followed exactly
 * leaves a new symbol; so a row that is missing here costs honest code, and nothing else. */
#include "runtime/verify/verify_state.h"

enum { SHIFT_PAGES = 16 };

static uint64_t most_of(uint32_t bytes)
{
    return bytes >= 8 ? UINT64_MAX : bytes == 4 ? UINT32_MAX : bytes == 2 ? UINT16_MAX : UINT8_MAX;
}

/* A sum with one symbol and one region; else any number. */
struct value flow_add(struct flow *f, struct value a, struct value b, uint32_t bytes)
{
    struct value any = { .symbol = bytes == 4 ? SYMBOL_ANY32 : SYMBOL_ANY };
    if (b.region != REGION_NUMBER && a.region != REGION_OFFSETS) {
        struct value c = a;
        a = b;
        b = c;
    }
    if (a.region == REGION_OFFSETS && b.region == REGION_IMAGE && b.symbol == SYMBOL_NONE && bytes == 8 && a.add >= 0 &&
        a.add <= INT32_MAX && b.add >= 0 && b.add <= INT32_MAX)
        return (struct value) { REGION_TARGET, 0, a.param, 0, a.add << 32 | b.add };
    bool fixed = a.region == REGION_SAVED || a.region >= REGION_HELPER;
    if (b.region != REGION_NUMBER || (fixed && a.region != REGION_IMAGE) || (a.symbol && b.symbol))
        return any;
    if (a.symbol == SYMBOL_ANY || b.symbol == SYMBOL_ANY)
        return any;
    struct value sum = a;
    if (b.symbol) {
        sum.symbol = b.symbol;
        sum.shift = b.shift;
    }
    if (__builtin_add_overflow(a.add, b.add, &sum.add))
        return any;
    return bytes == 4 ? flow_low(f, sum) : sum;
}

static struct value scaled(const struct flow *f, struct value v, uint32_t shift)
{
    uint64_t most = flow_most(f, &f->now, v);
    if (v.region != REGION_NUMBER || shift > 8 || v.shift + shift > 8 || most >> 34)
        return shift == 0 ? v : (struct value) { .symbol = SYMBOL_ANY };
    if (v.symbol)
        v.shift = (uint8_t)(v.shift + shift);
    v.add <<= shift;
    return v;
}

struct value flow_address(struct flow *f, const struct verify_insn *insn)
{
    struct value at = value_constant(insn->displacement);
    if (insn->base == VERIFY_RIP)
        return (struct value) { .region = REGION_IMAGE, .add = insn->displacement };
    if (insn->base != VERIFY_NONE)
        at = flow_add(f, f->now.registers[insn->base], at, 8);
    if (insn->index == VERIFY_NONE)
        return at;
    uint32_t shift = insn->scale == 8 ? 3 : insn->scale == 4 ? 2 : insn->scale == 2 ? 1 : 0;
    return flow_add(f, at, scaled(f, f->now.registers[insn->index], shift), 8);
}

static bool access(struct flow *f, const struct verify_insn *insn, struct value *loaded)
{
    if (!insn->has_memory || (!insn->reads && !insn->writes))
        return true;
    return flow_access(f, insn, flow_address(f, insn), insn->bytes, insn->reads, insn->writes, loaded);
}

/* What an operand is; `loaded` if it is the memory's. */
static struct value get(struct flow *f, const struct verify_operand *o, struct value loaded)
{
    struct value v = { .symbol = o->bytes <= 4 ? SYMBOL_ANY32 : SYMBOL_ANY };
    if (o->kind == OPERAND_IMM)
        return value_constant(o->bytes == 4 ? (int64_t)(uint32_t)o->value : o->value);
    if (o->kind == OPERAND_REG && o->bytes >= 4)
        v = f->now.registers[o->reg];
    else if (o->kind == OPERAND_MEM && o->bytes >= 4)
        v = loaded;
    return o->bytes == 4 ? flow_low(f, v) : v;
}

/* Gives the register a value, or a name to a number that has none. */
static void put(struct flow *f, const struct verify_insn *insn, const struct verify_operand *o, struct value v,
                uint64_t most)
{
    bool nameless = v.region == REGION_NUMBER && (v.symbol == SYMBOL_ANY || v.symbol == SYMBOL_ANY32);
    if (o->bytes < 4) { /* the rest of the register stays */
        uint64_t before = flow_most(f, &f->now, f->now.registers[o->reg]);
        v = flow_result(f, insn->at, o->reg, before <= UINT32_MAX ? UINT32_MAX : UINT64_MAX);
    } else if (nameless) {
        v = flow_result(f, insn->at, o->reg, most < most_of(o->bytes) ? most : most_of(o->bytes));
    }
    f->now.registers[o->reg] = v;
}

static bool store(struct flow *f, const struct verify_insn *insn, struct value v)
{
    struct value at = flow_address(f, insn);
    if (at.region == REGION_STACK)
        flow_slot_put(f, &f->now, at.add, insn->bytes, v);
    return true;
}

static bool move(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    const struct verify_operand *to = &insn->op[0], *from = &insn->op[1];
    struct value v = get(f, from, loaded);
    if (to->kind == OPERAND_MEM)
        return store(f, insn, from->bytes == 8 || from->bytes == 4 ? v : (struct value) { .symbol = SYMBOL_ANY });
    put(f, insn, to, v, most_of(to->bytes));
    return true;
}

/* From fewer bits, with zeros or with the sign. */
static void extend(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    const struct verify_operand *to = &insn->op[0], *from = &insn->op[1];
    struct value any = { .symbol = SYMBOL_ANY };
    if (insn->kind == STEP_MOVZX) {
        put(f, insn, to, any, most_of(from->bytes));
        return;
    }
    struct value v = get(f, from, loaded);
    bool same = v.region == REGION_OFFSETS || (v.region == REGION_NUMBER && flow_most(f, &f->now, v) <= INT32_MAX);
    put(f, insn, to,
        from->bytes == 4 && to->bytes == 8 && loaded.region == REGION_OFFSETS ? loaded
        : same                                                                ? v
                                                                              : any,
        UINT64_MAX);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* a op b, of registers or constants and of memory that is only read. */
static bool arithmetic(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    const struct verify_operand *to = &insn->op[0];
    struct value a = get(f, to, loaded), any = { .symbol = SYMBOL_ANY }, v = any;
    bool unary = insn->kind == STEP_INC || insn->kind == STEP_DEC;
    struct value b = unary ? value_constant(1) : get(f, &insn->op[1], loaded);
    uint64_t most = UINT64_MAX;
    bool counts = value_is_constant(b);
    if (insn->kind == STEP_SUB)
        f->now.flags = (struct flags) { .bytes = to->bytes, .a = a, .b = b };
    if (to->kind != OPERAND_REG)
        return true; /* memory: its slot is gone */
    switch (insn->kind) {
    case STEP_ADD:
    case STEP_INC:
        v = flow_add(f, a, b, to->bytes);
        break;
    case STEP_SUB:
    case STEP_DEC:
        if (counts && b.add != INT64_MIN)
            v = flow_add(f, a, value_constant(-(to->bytes == 4 ? (int32_t)b.add : b.add)), to->bytes);
        break;
    case STEP_AND:
        most = least(flow_most(f, &f->now, a), flow_most(f, &f->now, b));
        break;
    case STEP_XOR:
        if (to->kind == OPERAND_REG && insn->op[1].kind == OPERAND_REG && to->reg == insn->op[1].reg)
            v = value_constant(0);
        break;
    case STEP_SHL:
        if (counts && a.region == REGION_PAGES && b.add == SHIFT_PAGES && to->bytes == 8)
            v = value_of(REGION_SIZE, a.param);
        else if (counts && b.add >= 0 && b.add <= 8 && to->bytes == 8)
            v = scaled(f, a, (uint32_t)b.add);
        break;
    case STEP_SHR:
        if (counts && b.add > 0 && b.add < 8ll * to->bytes)
            most = least(flow_most(f, &f->now, a), most_of(to->bytes)) >> b.add;
        break;
    default:
        break;
    }
    put(f, insn, to, v, most);
    if (insn->kind != STEP_SHL && insn->kind != STEP_SHR && to->bytes >= 4) {
        f->now.flags.result = f->now.registers[to->reg];
        f->now.flags.result_bytes = to->bytes;
    }
    return true;
}

/* So many bits as a constant says. */
static void extract(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    struct value control = get(f, &insn->op[2], loaded), any = { .symbol = SYMBOL_ANY };
    uint32_t bits = value_is_constant(control) ? (uint32_t)control.add >> 8 & 0xff : 64;
    put(f, insn, &insn->op[0], any, bits < 64 ? (1ull << bits) - 1 : UINT64_MAX);
}

static void choose(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    struct value a = get(f, &insn->op[0], loaded), b = get(f, &insn->op[1], loaded), any = { .symbol = SYMBOL_ANY };
    uint64_t x = flow_most(f, &f->now, a), y = flow_most(f, &f->now, b);
    put(f, insn, &insn->op[0], value_equal(a, b) ? a : any, x > y ? x : y);
}

static void compare(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    const struct verify_operand *a = &insn->op[0], *b = &insn->op[1];
    bool same = a->kind == OPERAND_REG && b->kind == OPERAND_REG && a->reg == b->reg;
    if (a->bytes < 4 || (insn->kind == STEP_TEST && !same))
        return;
    f->now.flags = (struct flags) { .bytes = a->bytes, .a = get(f, a, loaded) };
    if (insn->kind == STEP_CMP)
        f->now.flags.b = get(f, b, loaded);
    if (value_equal(f->now.flags.b, value_constant(0))) {
        f->now.flags.result = f->now.flags.a;
        f->now.flags.result_bytes = a->bytes;
    }
}

static bool push_pop(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    struct value *rsp = &f->now.registers[VERIFY_RSP], pushed;
    if (insn->op[0].bytes != 8 && insn->op[0].kind != OPERAND_IMM)
        return verify_refuse(f->body, insn->at, "a push or pop of less than a word");
    if (insn->kind == STEP_PUSH) {
        pushed = insn->op[0].kind == OPERAND_MEM ? loaded : get(f, &insn->op[0], loaded);
        if (insn->op[0].kind == OPERAND_IMM)
            pushed = value_constant(insn->op[0].value);
        rsp->add -= 8;
        return flow_access(f, insn, *rsp, 8, false, true, NULL) &&
               (flow_slot_put(f, &f->now, rsp->add, 8, pushed), true);
    }
    if (insn->op[0].kind != OPERAND_REG || insn->op[0].reg == VERIFY_RSP)
        return verify_refuse(f->body, insn->at, "a pop to what is no register");
    struct value popped;
    if (!flow_access(f, insn, *rsp, 8, true, false, &popped))
        return false;
    put(f, insn, &insn->op[0], popped, UINT64_MAX);
    rsp->add += 8;
    return true;
}

/* Registers that an instruction writes besides, or that nobody follows. */
static void clobber(struct flow *f, const struct verify_insn *insn)
{
    for (uint32_t i = 0; i < VERIFY_REGISTERS; i++)
        if ((insn->clobbers | insn->clobbers32) >> i & 1) {
            bool narrow = insn->clobbers32 >> i & 1;
            uint64_t before = flow_most(f, &f->now, f->now.registers[i]);
            bool whole = insn->op[0].kind == OPERAND_REG && insn->op[0].reg == i && insn->op[0].bytes < 4;
            uint64_t most = !narrow || (whole && before > UINT32_MAX) ? UINT64_MAX : UINT32_MAX;
            f->now.registers[i] = flow_result(f, insn->at, i, most);
        }
}

/* Never above the return address either: a signal's frame would lie over the caller's. */
static bool stack_pointer(struct flow *f, const struct verify_insn *insn)
{
    struct value sp = f->now.registers[VERIFY_RSP];
    if (sp.region != REGION_STACK || sp.symbol != SYMBOL_NONE || sp.add > 0)
        return verify_refuse(f->body, insn->at, "a stack pointer that is not known");
    return true;
}

static bool followed(struct flow *f, const struct verify_insn *insn, struct value loaded)
{
    switch (insn->kind) {
    case STEP_MOV:
        if (insn->op[0].kind == OPERAND_VECTOR || insn->op[1].kind == OPERAND_VECTOR)
            return verify_refuse(f->body, insn->at, "a move of another kind");
        return move(f, insn, loaded);
    case STEP_MOVZX:
    case STEP_MOVSX:
        extend(f, insn, loaded);
        return true;
    case STEP_LEA:
        put(f, insn, &insn->op[0],
            insn->op[0].bytes == 8   ? flow_address(f, insn)
            : insn->op[0].bytes == 4 ? flow_low(f, flow_address(f, insn))
                                     : (struct value) { .symbol = SYMBOL_ANY },
            UINT64_MAX);
        return true;
    case STEP_BEXTR:
        extract(f, insn, loaded);
        return true;
    case STEP_CMOV:
        choose(f, insn, loaded);
        return true;
    case STEP_CMP:
    case STEP_TEST:
        compare(f, insn, loaded);
        return true;
    case STEP_PUSH:
    case STEP_POP:
        return push_pop(f, insn, loaded);
    case STEP_OTHER:
        clobber(f, insn);
        return true;
    default:
        return arithmetic(f, insn, loaded);
    }
}

bool flow_step(struct flow *f, const struct verify_insn *insn)
{
    struct value loaded = { .symbol = SYMBOL_ANY };
    if (!access(f, insn, &loaded))
        return false;
    if (insn->sets_flags)
        f->now.flags = (struct flags) { 0 };
    return followed(f, insn, loaded) && stack_pointer(f, insn);
}
