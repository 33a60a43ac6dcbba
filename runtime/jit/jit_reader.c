/* Reading bodies that the validator let through. Their immediates are as the opcode table's column says, so they are
 * read by it and by nothing else. Spec: 5.4. */
#include "runtime/jit/jit_reader.h"

#include <stdlib.h>

void jit_reader_init(struct jit_reader *r, const struct rt_module *module)
{
    *r = (struct jit_reader) { .module = module };
    r->d.module = (struct rt_module *)module; /* reading bodies changes nothing there */
}

void jit_reader_done(struct jit_reader *r) { free(r->labels); }

enum status jit_reader_begin(struct jit_reader *r, const struct function *function,
                             enum status (*group)(void *env, uint32_t count, uint32_t type), void *env)
{
    uint32_t groups;
    r->d.in = cursor_over(function->body, function->body_size);
    r->d.offset_base = function->body_offset;
    TRY(decode_u32(&r->d, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t count, type;
        TRY(decode_u32(&r->d, &count));
        TRY(decode_value_type(&r->d, &type));
        TRY(group(env, count, type));
    }
    return STATUS_OK;
}

static enum status block(struct jit_reader *r)
{
    size_t at = cursor_offset(&r->d.in);
    int64_t code;
    uint32_t type;
    TRY(decode_s33(&r->d, &code));
    if (code >= 0) {
        r->block = module_type(r->module, (uint32_t)code);
    } else if (code == -64) {
        r->block = &type_def_empty;
    } else {
        TRY(decode_value_type_of(&r->d, (uint8_t)(code & 0x7f), at, &type));
        r->block = type_def_single(type);
    }
    return STATUS_OK;
}

static enum status labels(struct jit_reader *r)
{
    uint32_t count;
    TRY(decode_u32(&r->d, &count));
    r->label_count = count + 1;
    if (r->label_count > r->label_capacity) {
        uint32_t *grown = realloc(r->labels, r->label_count * sizeof *grown);
        if (!grown)
            return STATUS_NO_MEMORY;
        r->labels = grown;
        r->label_capacity = r->label_count;
    }
    for (uint32_t i = 0; i < r->label_count; i++)
        TRY(decode_u32(&r->d, &r->labels[i]));
    return STATUS_OK;
}

static enum status memarg(struct jit_reader *r)
{
    uint32_t flags;
    TRY(decode_u32(&r->d, &flags));
    r->x = 0;
    if (flags & MEMARG_HAS_MEMORY)
        TRY(decode_u32(&r->d, &r->x));
    return decode_u32(&r->d, &r->y);
}

/* A lane stands behind the access of a class that has one. */
static enum status access(struct jit_reader *r)
{
    TRY(memarg(r));
    if (r->info->class != INSN_CLASS_V_LOAD_LANE && r->info->class != INSN_CLASS_V_STORE_LANE)
        return STATUS_OK;
    return decode_u8(&r->d, &r->lane);
}

static enum status two(struct jit_reader *r)
{
    TRY(decode_u32(&r->d, &r->x));
    return decode_u32(&r->d, &r->y);
}

static enum status number(struct jit_reader *r)
{
    int32_t i32;
    int64_t i64;
    uint32_t f32;
    if (r->info->immediate == INSN_IMM_I32) {
        TRY(decode_s32(&r->d, &i32));
        r->bits[0] = (uint32_t)i32;
    } else if (r->info->immediate == INSN_IMM_I64) {
        TRY(decode_s64(&r->d, &i64));
        r->bits[0] = (uint64_t)i64;
    } else if (r->info->immediate == INSN_IMM_F32) {
        TRY(decode_f32(&r->d, &f32));
        r->bits[0] = f32;
    } else {
        TRY(decode_f64(&r->d, &r->bits[0]));
    }
    return STATUS_OK;
}

static enum status types(struct jit_reader *r)
{
    uint32_t count;
    TRY(decode_u32(&r->d, &count));
    return count == 1 ? decode_value_type(&r->d, &r->x) : STATUS_INTERNAL; /* no other passes the validator */
}

static enum status immediate(struct jit_reader *r)
{
    switch ((enum insn_immediate)r->info->immediate) {
    case INSN_IMM_NONE:
        return STATUS_OK;
    case INSN_IMM_BLOCK:
        return block(r);
    case INSN_IMM_LABELS:
        return labels(r);
    case INSN_IMM_MEMARG_0:
    case INSN_IMM_MEMARG_1:
    case INSN_IMM_MEMARG_2:
    case INSN_IMM_MEMARG_3:
    case INSN_IMM_MEMARG_4:
        return access(r);
    case INSN_IMM_LABEL:
    case INSN_IMM_FUNC:
    case INSN_IMM_LOCAL:
    case INSN_IMM_GLOBAL:
    case INSN_IMM_TABLE:
    case INSN_IMM_ELEM:
    case INSN_IMM_DATA:
    case INSN_IMM_MEMORY:
        return decode_u32(&r->d, &r->x);
    case INSN_IMM_TYPE_TABLE:
    case INSN_IMM_TABLE_2:
    case INSN_IMM_ELEM_TABLE:
    case INSN_IMM_DATA_MEMORY:
    case INSN_IMM_MEMORY_2:
        return two(r);
    case INSN_IMM_I32:
    case INSN_IMM_I64:
    case INSN_IMM_F32:
    case INSN_IMM_F64:
        return number(r);
    case INSN_IMM_REFTYPE:
        return decode_heap_type(&r->d, &r->x);
    case INSN_IMM_TYPES:
        return types(r);
    case INSN_IMM_V128:
    case INSN_IMM_SHUFFLE: /* 16 bytes, as a constant has */
        return decode_v128(&r->d, r->bits);
    case INSN_IMM_LANE_2:
    case INSN_IMM_LANE_4:
    case INSN_IMM_LANE_8:
    case INSN_IMM_LANE_16:
        return decode_u8(&r->d, &r->lane);
    }
    return STATUS_INTERNAL;
}

enum status jit_reader_next(struct jit_reader *r)
{
    uint32_t code;
    r->offset = (uint32_t)(r->d.offset_base + cursor_offset(&r->d.in));
    TRY(decode_opcode(&r->d, &code));
    r->info = insn_find(code);
    if (!r->info)
        return STATUS_INTERNAL;
    r->insn = insn_of(r->info);
    return immediate(r);
}
