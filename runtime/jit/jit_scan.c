/* What the translator does not take, found before it begins: a direct call is made in one way to a compiled function
 * and in another to one that is interpreted. What a row has no translation for is left to the interpreter, and said. */
#include "runtime/jit/jit_scan.h"

#include "runtime/jit/jit_translate.h"

static const char vectors[] = "vectors", tail_calls[] = "tail calls", unread[] = "its body cannot be read";

static bool has_vectors(uint32_t count, const uint32_t *types)
{
    for (uint32_t i = 0; i < count; i++)
        if (types[i] == RT_V128)
            return true;
    return false;
}

static bool def_has_vectors(const struct type_def *t)
{
    return has_vectors(t->function.param_count, t->function.params) ||
           has_vectors(t->function.result_count, t->function.results);
}

static enum status group(void *env, uint32_t count, uint32_t type)
{
    bool *vector = env;
    *vector |= count > 0 && type == RT_V128;
    return STATUS_OK;
}

/* The types that an instruction names besides its row's. */
static bool names_vectors(const struct jit_reader *r)
{
    const struct rt_module *m = r->module;
    if (r->info->immediate == INSN_IMM_BLOCK)
        return def_has_vectors(r->block);
    if (r->insn == INSN_CALL)
        return def_has_vectors(function_def(m, r->x));
    if (r->insn == INSN_CALL_INDIRECT)
        return def_has_vectors(module_type(m, r->x));
    if (r->insn == INSN_GLOBAL_GET || r->insn == INSN_GLOBAL_SET)
        return m->globals[r->x].type.type == RT_V128;
    return r->insn == INSN_SELECT_T && r->x == RT_V128;
}

static const char *instruction(const struct jit_reader *r)
{
    if (r->insn == INSN_RETURN_CALL || r->insn == INSN_RETURN_CALL_INDIRECT)
        return tail_calls;
    if (!jit_row_translated(r->insn))
        return r->info->text;
    return names_vectors(r) ? vectors : NULL;
}

static bool is_vector_row(const struct insn_info *info)
{
    return info->class >= INSN_CLASS_V_UNARY && info->class <= INSN_CLASS_V_STORE_LANE;
}

const char *jit_scan(struct jit_reader *r, const struct function *f)
{
    bool vector = def_has_vectors(function_def(r->module, f->index));
    uint32_t depth = 1;
    if (jit_reader_begin(r, f, group, &vector) != STATUS_OK)
        return unread;
    if (vector)
        return vectors;
    while (depth > 0) {
        enum status status = jit_reader_next(r);
        if (r->info && is_vector_row(r->info))
            return vectors;
        if (status != STATUS_OK)
            return unread;
        const char *why = instruction(r);
        if (why)
            return why;
        depth += r->info->immediate == INSN_IMM_BLOCK;
        depth -= r->insn == INSN_END;
    }
    return NULL;
}
