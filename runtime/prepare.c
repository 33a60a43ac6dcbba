/* Emission of prepared code: words, the code map, and where operands are (validate.h). Every function here does nothing
 * while the code at hand cannot be reached. */
#include "runtime/validate.h"

#include <stdlib.h>

/* Word numbers are 32 bits wide, in the map and in patches. */
static const size_t WORDS_MAX = UINT32_MAX / 2;

static inline enum status append(struct body *b, uint64_t word)
{
    struct decoder *d = b->d;
    if (d->code_count == d->code_capacity || !b->module->code) {
        size_t capacity = d->code_capacity ? d->code_capacity * 2 : 4096;
        if (capacity > WORDS_MAX)
            return decode_fail(d, STATUS_LIMIT, "the module's code exceeds the limit of %zu words", WORDS_MAX);
        uint64_t *code = realloc(b->module->code, capacity * sizeof *code);
        if (!code)
            return decode_no_memory(d);
        b->module->code = code;
        d->code_capacity = capacity;
    }
    b->module->code[d->code_count++] = word;
    return STATUS_OK;
}

enum status prep_emit(struct body *b, uint64_t word)
{
    if (!b->live)
        return STATUS_OK;
    b->last = NO_WORD;
    return append(b, word);
}

enum status prep_emit_result(struct body *b, uint64_t word)
{
    if (!b->live)
        return STATUS_OK;
    b->last = (uint32_t)b->d->code_count;
    return append(b, word);
}

enum status prep_emit_pair(struct body *b, uint64_t word, uint64_t second, bool result)
{
    if (!b->live)
        return STATUS_OK;
    uint32_t at = (uint32_t)b->d->code_count;
    TRY(append(b, word));
    TRY(append(b, second));
    b->last = result ? at : NO_WORD;
    return STATUS_OK;
}

enum status prep_emit_triple(struct body *b, uint64_t word, uint64_t second, uint64_t third)
{
    if (!b->live)
        return STATUS_OK;
    TRY(prep_emit_pair(b, word, second, true));
    return append(b, third);
}

enum status prep_map(struct body *b, bool charged)
{
    struct decoder *d = b->d;
    if (!b->live)
        return STATUS_OK;
    if (d->map_count == d->map_capacity) {
        size_t capacity = d->map_capacity ? d->map_capacity * 2 : 1024;
        struct code_map *map = realloc(b->module->map, capacity * sizeof *map);
        if (!map)
            return decode_no_memory(d);
        b->module->map = map;
        d->map_capacity = capacity;
    }
    b->module->map[d->map_count++] = (struct code_map) { .word = (uint32_t)d->code_count - b->code_at,
                                                         .offset = (uint32_t)b->op_offset,
                                                         .count = charged ? 0 : b->cost };
    return STATUS_OK;
}

enum status prep_emit_access(struct body *b, uint32_t memory, uint64_t word, bool result)
{
    if (memory == 0) {
        TRY(prep_map(b, false));
        return result ? prep_emit_result(b, word) : prep_emit(b, word);
    }
    TRY(prep_emit(b, prep_low(P_MEMORY_SELECT, memory, 0)));
    TRY(prep_map(b, false));
    TRY(prep_emit(b, word));
    return prep_emit(b, prep_low(P_MEMORY_SELECT, 0, 0));
}

enum status prep_const(struct body *b, uint64_t bits, uint32_t slot)
{
    if (bits <= UINT32_MAX)
        return prep_emit(b, prep_low(P_CONST_U32, (uint32_t)bits, slot));
    if ((int64_t)bits >= INT32_MIN && (int64_t)bits < 0)
        return prep_emit(b, prep_low(P_CONST_S32, (uint32_t)bits, slot));
    return prep_emit_pair(b, prep_word(P_CONST_64, 0, 0, slot), bits, false);
}

/* A whole v128 that is not in its slots. */
static enum status flush_v128(struct body *b, uint32_t at)
{
    struct operand *o = &b->stack[at];
    if (o->kind == OPERAND_LOCAL)
        TRY(prep_emit(b, prep_word(P_COPY_V128, o->local, 0, slot_of(b, at))));
    else
        TRY(prep_emit_triple(b, prep_word(P_CONST_V128, 0, 0, slot_of(b, at)), o->bits, o[1].bits));
    b->last = NO_WORD;
    o->kind = o[1].kind = OPERAND_SLOT;
    return STATUS_OK;
}

enum status prep_flush(struct body *b, uint32_t first, uint32_t past)
{
    if (!b->live)
        return STATUS_OK;
    if (past - first > OPERAND_WINDOW)
        first = past - OPERAND_WINDOW; /* what lies deeper has been put into its slot before */
    for (uint32_t at = first; at < past; at++) {
        struct operand *o = &b->stack[at];
        if (o->type == RT_V128 && at + 1 < past && o->kind != OPERAND_SLOT && o[1].kind == o->kind) {
            TRY(flush_v128(b, at));
            at++;
            continue;
        }
        if (o->kind == OPERAND_LOCAL)
            TRY(prep_emit(b, prep_word(P_COPY, o->local, 0, slot_of(b, at))));
        else if (o->kind == OPERAND_CONST)
            TRY(prep_const(b, o->bits, slot_of(b, at)));
        o->kind = OPERAND_SLOT;
    }
    return STATUS_OK;
}

enum status prep_use(struct body *b, uint32_t at, uint32_t *ret_slot)
{
    *ret_slot = 0;
    if (!b->live)
        return STATUS_OK;
    struct operand *o = &b->stack[at];
    bool wide = o->type == RT_V128;
    if (o->kind == OPERAND_LOCAL && (!wide || o[1].kind == OPERAND_LOCAL)) {
        *ret_slot = o->local;
        return STATUS_OK;
    }
    *ret_slot = slot_of(b, at);
    return prep_flush(b, at, at + (wide ? 2 : 1));
}

/* Saves what is still to be read from these slots of locals by operands below `at`. */
static enum status save_readers(struct body *b, uint32_t at, uint32_t slot, uint32_t slots)
{
    for (uint32_t i = at > OPERAND_WINDOW ? at - OPERAND_WINDOW : 0; i < at; i++)
        if (b->stack[i].kind == OPERAND_LOCAL && b->stack[i].local >= slot && b->stack[i].local < slot + slots)
            TRY(prep_flush(b, i, i + 1));
    return STATUS_OK;
}

/* Two slots: from a local whole, else from where the operand belongs. */
static enum status set_v128(struct body *b, uint32_t at, uint32_t slot)
{
    const struct operand *o = &b->stack[at];
    uint32_t from;
    if (o->kind == OPERAND_CONST && o[1].kind == OPERAND_CONST) {
        TRY(prep_emit_triple(b, prep_word(P_CONST_V128, 0, 0, slot), o->bits, o[1].bits));
        b->last = NO_WORD;
        return STATUS_OK;
    }
    TRY(prep_use(b, at, &from));
    return from == slot ? STATUS_OK : prep_emit(b, prep_word(P_COPY_V128, from, 0, slot));
}

enum status prep_local_set(struct body *b, uint32_t at, uint32_t slot)
{
    if (!b->live)
        return STATUS_OK;
    const struct operand *o = &b->stack[at];
    bool wide = o->type == RT_V128;
    TRY(save_readers(b, at, slot, wide ? 2 : 1));
    uint64_t *word = b->last == NO_WORD ? NULL : &b->module->code[b->last];
    if (o->kind == OPERAND_SLOT && word && prep_c(*word) == slot_of(b, at)) {
        *word = (*word & 0xffffffffffffu) | (uint64_t)slot << 48;
        b->last = NO_WORD;
        return STATUS_OK;
    }
    if (wide)
        return set_v128(b, at, slot);
    if (o->kind == OPERAND_CONST)
        return prep_const(b, o->bits, slot);
    if (o->kind == OPERAND_LOCAL)
        return o->local == slot ? STATUS_OK : prep_emit(b, prep_word(P_COPY, o->local, 0, slot));
    return prep_emit(b, prep_word(P_COPY, slot_of(b, at), 0, slot));
}
