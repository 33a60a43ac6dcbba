/* What the translator does not take, found before it begins: a direct call is made in one way to a compiled function
 * and in another to one that is interpreted. What a row has no translation for is left to the interpreter, and said. */
#include "runtime/jit/jit_scan.h"

#include "runtime/jit/jit_translate.h"

static const char unread[] = "its body cannot be read";

static enum status group(void *env, uint32_t count, uint32_t type)
{
    (void)env, (void)count, (void)type;
    return STATUS_OK;
}

const char *jit_scan(struct jit_reader *r, const struct function *f, bool *ret_tail_calls)
{
    uint32_t depth = 1;
    if (jit_reader_begin(r, f, group, NULL) != STATUS_OK)
        return unread;
    while (depth > 0) {
        if (jit_reader_next(r) != STATUS_OK)
            return unread;
        if (r->insn == INSN_RETURN_CALL || r->insn == INSN_RETURN_CALL_INDIRECT)
            *ret_tail_calls = true;
        if (!jit_row_translated(r->insn))
            return r->info->text;
        depth += r->info->immediate == INSN_IMM_BLOCK;
        depth -= r->insn == INSN_END;
    }
    return NULL;
}
