/* One pass over a body's bytes: locals, where blocks end, and whether an end is a label (rt.h: only labels that can be
 * branched to end a segment). The bytes have been validated; what cannot be read aborts. */
#include "oracle_state.h"

#include <stdlib.h>

#define MUST(expression)                                                                                               \
    do {                                                                                                               \
        if ((expression) != STATUS_OK)                                                                                 \
            abort();                                                                                                   \
    } while (0)

uint8_t oracle_read_u8(struct cursor *in)
{
    uint8_t v = 0;
    MUST(cursor_u8(in, &v));
    return v;
}

uint32_t oracle_read_u32(struct cursor *in)
{
    uint32_t v = 0;
    MUST(cursor_leb_u32(in, &v));
    return v;
}

int32_t oracle_read_s32(struct cursor *in)
{
    int32_t v = 0;
    MUST(cursor_leb_s32(in, &v));
    return v;
}

int64_t oracle_read_s33(struct cursor *in)
{
    int64_t v = 0;
    MUST(cursor_leb_s33(in, &v));
    return v;
}

int64_t oracle_read_s64(struct cursor *in)
{
    int64_t v = 0;
    MUST(cursor_leb_s64(in, &v));
    return v;
}

void oracle_read_bytes(struct cursor *in, void *ret, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)ret)[i] = oracle_read_u8(in);
}

const struct insn_info *oracle_read_op(struct cursor *in)
{
    uint32_t code = oracle_read_u8(in);
    if (code == 0xfc || code == 0xfd)
        code = code << 8 | oracle_read_u32(in);
    const struct insn_info *info = insn_find(code);
    if (!info)
        abort();
    return info;
}

struct rt_functype oracle_block_type(const struct rt_module *module, struct cursor *in, uint32_t *single)
{
    int64_t code = oracle_read_s33(in);
    if (code >= 0)
        return module->types.at[code]->function;
    *single = (uint8_t)(code & 0x7f);
    return (struct rt_functype) { .result_count = code == -64 ? 0 : 1, .results = single };
}

static void skip(struct cursor *in, uint32_t bytes)
{
    while (bytes-- > 0)
        oracle_read_u8(in);
}

static void skip_numbers(struct cursor *in, uint32_t count)
{
    while (count-- > 0)
        oracle_read_u32(in);
}

static void skip_memarg(struct cursor *in, const struct insn_info *info)
{
    skip_numbers(in, oracle_read_u32(in) & 64 ? 2 : 1);
    skip(in, info->class == INSN_CLASS_V_LOAD_LANE || info->class == INSN_CLASS_V_STORE_LANE);
}

static void skip_immediate(struct cursor *in, const struct insn_info *info)
{
    switch ((enum insn_immediate)info->immediate) {
    case INSN_IMM_NONE:
        return;
    case INSN_IMM_MEMARG_0:
    case INSN_IMM_MEMARG_1:
    case INSN_IMM_MEMARG_2:
    case INSN_IMM_MEMARG_3:
    case INSN_IMM_MEMARG_4:
        return skip_memarg(in, info);
    case INSN_IMM_LABELS:
        return skip_numbers(in, oracle_read_u32(in) + 1);
    case INSN_IMM_LABEL:
    case INSN_IMM_FUNC:
    case INSN_IMM_LOCAL:
    case INSN_IMM_GLOBAL:
    case INSN_IMM_TABLE:
    case INSN_IMM_ELEM:
    case INSN_IMM_DATA:
    case INSN_IMM_MEMORY:
        return skip_numbers(in, 1);
    case INSN_IMM_TYPE_TABLE:
    case INSN_IMM_TABLE_2:
    case INSN_IMM_ELEM_TABLE:
    case INSN_IMM_DATA_MEMORY:
    case INSN_IMM_MEMORY_2:
        return skip_numbers(in, 2);
    case INSN_IMM_BLOCK:
    case INSN_IMM_I32:
    case INSN_IMM_I64:
        oracle_read_s64(in);
        return;
    case INSN_IMM_F32:
        return skip(in, 4);
    case INSN_IMM_F64:
        return skip(in, 8);
    case INSN_IMM_V128:
    case INSN_IMM_SHUFFLE:
        return skip(in, 16);
    case INSN_IMM_LANE_2:
    case INSN_IMM_LANE_4:
    case INSN_IMM_LANE_8:
    case INSN_IMM_LANE_16:
    case INSN_IMM_REFTYPE:
        return skip(in, 1);
    case INSN_IMM_TYPES:
        return skip(in, oracle_read_u32(in));
    }
}

/* A block that is open at the place of the pass. */
struct open {
    uint32_t block;
    bool live_before, is_if, is_loop, is_function;
};
struct pass {
    struct oracle_plan *plan;
    struct open *open;
    uint32_t open_count, open_capacity, block_capacity;
    bool live; /* the instruction at hand can be reached */
};

static void name_label(struct pass *p, uint32_t depth)
{
    const struct open *target = &p->open[p->open_count - 1 - depth];
    if (p->live && !target->is_loop && !target->is_function)
        p->plan->blocks[target->block].bound = true;
}

static void open_block(struct pass *p, enum insn insn, uint32_t at)
{
    struct oracle_plan *plan = p->plan;
    plan->blocks = oracle_grow(plan->blocks, plan->block_count, &p->block_capacity, sizeof *plan->blocks);
    p->open = oracle_grow(p->open, p->open_count, &p->open_capacity, sizeof *p->open);
    plan->blocks[plan->block_count] = (struct oracle_block) { .start = at };
    p->open[p->open_count++] = (struct open) {
        .block = plan->block_count++, .live_before = p->live, .is_if = insn == INSN_IF, .is_loop = insn == INSN_LOOP
    };
}

static void close_block(struct pass *p, uint32_t at)
{
    const struct open *top = &p->open[--p->open_count];
    if (top->is_function)
        return;
    struct oracle_block *block = &p->plan->blocks[top->block];
    block->end = at;
    if (top->is_if && !block->otherwise && top->live_before)
        block->bound = true; /* where it goes when the condition is zero */
    p->live |= block->bound;
}

static void turn_block(struct pass *p, uint32_t at)
{
    struct open *top = &p->open[p->open_count - 1];
    name_label(p, 0); /* the first arm goes behind the end */
    p->plan->blocks[top->block].otherwise = at;
    p->live = top->live_before;
}

/* Whether the instruction was one of control, and read. */
static bool pass_control(struct pass *p, struct cursor *in, enum insn insn, uint32_t at)
{
    uint32_t count;
    switch ((unsigned)insn) {
    case INSN_BLOCK:
    case INSN_LOOP:
    case INSN_IF:
        open_block(p, insn, at);
        return false;
    case INSN_ELSE:
        turn_block(p, at);
        return false;
    case INSN_END:
        close_block(p, at);
        return false;
    case INSN_BR:
    case INSN_BR_IF:
        name_label(p, oracle_read_u32(in));
        p->live &= insn == INSN_BR_IF;
        return true;
    case INSN_BR_TABLE:
        count = oracle_read_u32(in) + 1;
        while (count-- > 0)
            name_label(p, oracle_read_u32(in));
        p->live = false;
        return true;
    case INSN_RETURN:
    case INSN_UNREACHABLE:
    case INSN_RETURN_CALL:
    case INSN_RETURN_CALL_INDIRECT:
        p->live = false;
        return false;
    default:
        return false;
    }
}

static void add_locals(struct oracle_plan *plan, uint32_t count, uint32_t type, uint32_t *slot)
{
    for (uint32_t i = 0; i < count; i++) {
        plan->local_types[plan->local_count] = type;
        plan->local_slots[plan->local_count++] = *slot;
        *slot += type == RT_V128 ? 2 : 1;
    }
}

static void read_locals(struct oracle_plan *plan, const struct rt_functype *type, struct cursor *in)
{
    uint32_t slot = 0;
    for (uint32_t i = 0; i < type->param_count; i++)
        add_locals(plan, 1, type->params[i], &slot);
    for (uint32_t groups = oracle_read_u32(in); groups > 0; groups--) {
        uint32_t count = oracle_read_u32(in);
        add_locals(plan, count, oracle_read_u8(in), &slot);
    }
}

static void *shrink(void *array, size_t size)
{
    void *smaller = realloc(array, size);
    return smaller ? smaller : array;
}

struct oracle_plan *oracle_plan_create(const struct rt_module *module, const struct function *function)
{
    struct oracle_plan *plan = calloc(1, sizeof *plan);
    struct pass p = { .plan = plan, .live = true };
    struct cursor in = cursor_over(function->body, function->body_size);
    if (!plan || !(plan->local_types = malloc((LIMIT_LOCALS + 1) * sizeof *plan->local_types)) ||
        !(plan->local_slots = malloc((LIMIT_LOCALS + 1) * sizeof *plan->local_slots)))
        abort();
    read_locals(plan, &module->types.at[function->type]->function, &in);
    plan->local_types = shrink(plan->local_types, (plan->local_count + (size_t)1) * sizeof *plan->local_types);
    plan->local_slots = shrink(plan->local_slots, (plan->local_count + (size_t)1) * sizeof *plan->local_slots);
    plan->code = (uint32_t)cursor_offset(&in);
    p.open = oracle_grow(NULL, 0, &p.open_capacity, sizeof *p.open);
    p.open[p.open_count++] = (struct open) { .is_function = true };
    while (p.open_count > 0) {
        uint32_t at = (uint32_t)cursor_offset(&in);
        const struct insn_info *info = oracle_read_op(&in);
        if (!pass_control(&p, &in, insn_of(info), at))
            skip_immediate(&in, info);
    }
    free(p.open);
    return plan;
}

void oracle_plan_free(struct oracle_plan *plan)
{
    if (!plan)
        return;
    free(plan->local_types);
    free(plan->local_slots);
    free(plan->blocks);
    free(plan);
}

const struct oracle_block *oracle_block_find(const struct oracle_plan *plan, uint32_t start)
{
    uint32_t low = 0, past = plan->block_count;
    while (past - low > 1) {
        uint32_t middle = low + (past - low) / 2;
        if (plan->blocks[middle].start <= start)
            low = middle;
        else
            past = middle;
    }
    return &plan->blocks[low];
}
