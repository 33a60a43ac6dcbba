/* Compiling a module: what can be taken is found first; then it is translated and code is made of it, again without
 * those functions whose frames turn out too large. */
#include "runtime/jit/jit_code.h"

#include <stdlib.h>
#include "runtime/jit/jit_entry.h"
#include "runtime/jit/jit_scan.h"
#include "runtime/prepare_function.h"
#include "runtime/tier.h"

static const char large_frame[] = "a frame larger than compiled code may have";
static const char tail_calls[] = "tail calls, in a module that is not compiled as a whole or has many parameters";

enum { REGISTERS_LEFT = 2, REGISTERS_OF_FLOATS = 8 };

static bool asked_for(enum jit_part part, uint32_t function)
{
    return part == JIT_ALL || (function % 2 == 1) == (part == JIT_ODD);
}

/* Whether a function's parameters, behind the four that every one has, are all in registers. */
static bool fits_registers(const struct rt_functype *t)
{
    uint32_t floats = 0;
    for (uint32_t i = 0; i < t->param_count; i++)
        floats += t->params[i] == RT_F32 || t->params[i] == RT_F64 || t->params[i] == RT_V128;
    return t->param_count - floats <= REGISTERS_LEFT && floats <= REGISTERS_OF_FLOATS;
}

/* Whether tail calls can be compiled: only where all functions are, for two tiers that go on in each other's place
 * would fill the host's stack; and where no function has parameters on the stack, for with such LLVM 19's code for the
 * convention of tail calls was seen to return to a wrong place (oracle_sweep, seed 100812). */
static bool takes_tail_calls(const struct jit_code *c)
{
    const struct rt_module *m = c->module;
    if (c->count < m->function_count - m->imported_functions)
        return false;
    for (uint32_t i = 0; i < m->types.count; i++)
        if (m->types.at[i]->kind == TYPE_FUNCTION && !fits_registers(&m->types.at[i]->function))
            return false;
    return true;
}

/* What cannot be is left, and all is counted. */
static void leave_tail_calls(struct jit_code *c, enum jit_part part)
{
    bool taken = takes_tail_calls(c);
    for (uint32_t i = c->module->imported_functions; !taken && i < c->module->function_count; i++)
        if (c->tail_calls[i] && asked_for(part, i) && !c->left[i])
            c->left[i] = tail_calls;
    c->count = 0;
    for (uint32_t i = c->module->imported_functions; i < c->module->function_count; i++) {
        c->compiled[i] = c->compiled[i] && !c->left[i];
        c->count += c->compiled[i];
    }
}

static void choose(struct jit_code *c, enum jit_part part)
{
    struct jit_reader reader;
    jit_reader_init(&reader, c->module);
    for (uint32_t i = c->module->imported_functions; i < c->module->function_count; i++) {
        if (!asked_for(part, i))
            continue;
        c->left[i] = jit_scan(&reader, &c->module->functions[i], &c->tail_calls[i]);
        c->compiled[i] = !c->left[i];
        c->count += c->compiled[i];
    }
    jit_reader_done(&reader);
    leave_tail_calls(c, part);
}

/* What the code generator has taken out of `compiled` is said. */
static void say_large_frames(struct jit_code *c, enum jit_part part)
{
    c->count = 0;
    for (uint32_t i = c->module->imported_functions; i < c->module->function_count; i++) {
        if (asked_for(part, i) && !c->compiled[i] && !c->left[i])
            c->left[i] = large_frame;
        c->count += c->compiled[i];
    }
    leave_tail_calls(c, part);
}

static bool has_tail_calls(const struct jit_code *c)
{
    for (uint32_t i = 0; i < c->module->function_count; i++)
        if (c->compiled[i] && c->tail_calls[i])
            return true;
    return false;
}

static enum status make(struct jit_code *c, enum jit_level level, bool *ret_again, struct error *error)
{
    struct jit_module m;
    enum status status = jit_module_build(&m, c->module, c->compiled, has_tail_calls(c), error);
    m.left = c->left;
    m.checked = c->checked;
    m.checked_env = c->checked_env;
    if (status == STATUS_OK)
        status = jit_object_make(&m, level, &c->object, ret_again, error);
    if (status == STATUS_OK && !*ret_again) {
        c->sites = m.sites;
        m.sites = (struct jit_sites) { 0 };
    }
    jit_module_done(&m);
    return status;
}

enum status jit_compile_watched(const struct rt_module *module, enum jit_part part, enum jit_level level,
                                void (*checked)(void *env, struct verify_object *object), void *env,
                                struct jit_code **ret, struct error *error)
{
    struct jit_code *c = calloc(1, sizeof *c);
    size_t count = module->function_count + (size_t)1;
    if (c) {
        c->module = module;
        c->checked = checked;
        c->checked_env = env;
        c->compiled = calloc(count, sizeof *c->compiled);
        c->tail_calls = calloc(count, sizeof *c->tail_calls);
        c->left = (const char **)calloc(count, sizeof *c->left);
    }
    if (!c || !c->compiled || !c->tail_calls || !c->left) {
        jit_code_free(c);
        return error_set(error, STATUS_NO_MEMORY, "out of memory while compiling");
    }
    choose(c, part);
    enum status status = STATUS_OK;
    for (bool again = true; status == STATUS_OK && again && c->count > 0;) {
        again = false;
        status = make(c, level, &again, error);
        say_large_frames(c, part);
    }
    if (status == STATUS_OK)
        *ret = c;
    else
        jit_code_free(c);
    return status;
}

enum status jit_compile(const struct rt_module *module, enum jit_part part, enum jit_level level, struct jit_code **ret,
                        struct error *error)
{
    return jit_compile_watched(module, part, level, NULL, NULL, ret, error);
}

void jit_code_free(struct jit_code *c)
{
    if (!c)
        return;
    jit_object_free(c->object);
    free(c->sites.at);
    free(c->compiled);
    free(c->tail_calls);
    free((void *)c->left);
    free(c);
}

const char *jit_code_left(const struct jit_code *c, uint32_t function) { return c->left[function]; }
uint32_t jit_code_count(const struct jit_code *c) { return c->count; }

enum status jit_attach(const struct jit_code *c, struct rt_instance *instance, struct error *error)
{
    if (c->count == 0)
        return STATUS_OK;
    struct jit_state *state = calloc(1, sizeof *state);
    if (!state)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while giving an instance its code");
    *state = (struct jit_state) { c, NULL };
    instance->tier_state = state;
    instance->tier = &tier_compiled;
    instance->vm.helpers = jit_helper_table;
    for (uint32_t i = 0; i < c->module->function_count; i++)
        if (c->compiled[i]) {
            instance->vm.functions[i].code = jit_enter;
            instance->vm.functions[i].units = prepare_native;
        }
    return STATUS_OK;
}
