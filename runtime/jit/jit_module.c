/* A module in LLVM's representation: types, what is declared, the functions, and the ways in. */
#include "runtime/jit/jit.h"
#include "runtime/jit/jit_object.h"

#include <llvm-c/Analysis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LLVMTypeRef jit_function_type(const struct jit_module *m, const struct type_def *def)
{
    const struct rt_functype *t = &def->function;
    LLVMTypeRef params[4 + LIMIT_PARAMS] = { m->pointer, m->pointer, m->i64, m->i32 }, results[2] = { m->i64, NULL };
    for (uint32_t i = 0; i < t->param_count; i++)
        params[4 + i] = jit_type(m, t->params[i]);
    if (t->result_count == 1)
        results[1] = jit_type(m, t->results[0]);
    LLVMTypeRef result = LLVMStructTypeInContext(m->context, results, t->result_count == 1 ? 2 : 1, false);
    return LLVMFunctionType(result, params, t->param_count + 4, false);
}

static void name_of(char prefix, uint32_t function, char ret[16]) { snprintf(ret, 16, "%c%u", prefix, function); }

LLVMValueRef jit_function_get(const struct jit_module *m, uint32_t function)
{
    char name[16];
    name_of('f', function, name);
    return LLVMGetNamedFunction(m->llvm, name);
}

static void attribute(const struct jit_module *m, LLVMValueRef function, const char *key, const char *value)
{
    LLVMAddAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
        LLVMCreateStringAttribute(m->context, key, (unsigned)strlen(key), value, (unsigned)strlen(value)));
}

/* LLVM's convention that lets any function take another's place. */
enum { CONVENTION_C = 0, CONVENTION_TAIL = 18 };

static void mark(const struct jit_module *m, LLVMValueRef function, const char *name)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(m->context, kind, 0));
}

static LLVMTypeRef letter_type(const struct jit_module *m, char letter)
{
    return strchr(VERIFY_POINTERS, letter) ? m->pointer : strchr(VERIFY_NUMBERS64, letter) ? m->i64 : m->i32;
}

/* Helpers are called through the context, so that no address of the host's is in an object. */
static void declare_helpers(struct jit_module *m)
{
#define ROW(name, result, params) { result, params },
    static const struct {
        const char *result, *params;
    } helpers[VERIFY_HELPER_COUNT] = { VERIFY_HELPER_LIST(ROW) };
#undef ROW
    for (int i = 0; i < VERIFY_HELPER_COUNT; i++) {
        LLVMTypeRef params[16];
        unsigned count = (unsigned)strlen(helpers[i].params);
        for (unsigned p = 0; p < count; p++)
            params[p] = letter_type(m, helpers[i].params[p]);
        LLVMTypeRef result = helpers[i].result[0] == 'p' ? m->pointer : helpers[i].result[0] == 'I' ? m->i64 : m->none;
        m->helper_types[i] = LLVMFunctionType(result, params, count, false);
    }
}

/* One type for each, below one root: LLVM's type-based alias analysis. */
static void make_tags(struct jit_module *m)
{
    static const char *const names[JIT_TAG_COUNT] = { "guest", "context", "slot" };
    LLVMMetadataRef zero = LLVMValueAsMetadata(jit_i64(m, 0)), root = LLVMMDStringInContext2(m->context, "warrant", 7);
    root = LLVMMDNodeInContext2(m->context, &root, 1);
    m->tag_kind = LLVMGetMDKindIDInContext(m->context, "tbaa", 4);
    for (int i = 0; i < JIT_TAG_COUNT; i++) {
        LLVMMetadataRef type[] = { LLVMMDStringInContext2(m->context, names[i], strlen(names[i])), root, zero };
        LLVMMetadataRef node = LLVMMDNodeInContext2(m->context, type, 3), access[] = { node, node, zero };
        m->tags[i] = LLVMMetadataAsValue(m->context, LLVMMDNodeInContext2(m->context, access, 3));
    }
}

static void init(struct jit_module *m, const struct rt_module *module, bool *compiled, bool tail_calls)
{
    LLVMContextRef c = LLVMContextCreate();
    *m = (struct jit_module) { .module = module, .compiled = compiled, .context = c };
    m->convention = tail_calls ? CONVENTION_TAIL : CONVENTION_C;
    m->llvm = LLVMModuleCreateWithNameInContext("guest", c);
    m->builder = LLVMCreateBuilderInContext(c);
    m->i1 = LLVMInt1TypeInContext(c);
    m->i8 = LLVMInt8TypeInContext(c);
    m->i16 = LLVMInt16TypeInContext(c);
    m->i32 = LLVMInt32TypeInContext(c);
    m->i64 = LLVMInt64TypeInContext(c);
    m->f32 = LLVMFloatTypeInContext(c);
    m->f64 = LLVMDoubleTypeInContext(c);
    m->v128 = LLVMVectorType(m->i64, 2);
    m->pointer = LLVMPointerTypeInContext(c, 0);
    m->none = LLVMVoidTypeInContext(c);
    declare_helpers(m);
    make_tags(m);
}

/* What the verifier asks of a function's stack: it moves by constants, nothing lies beyond it, and no recursion has
 * become a loop, in which depth and frame would be numbers that nobody can follow. */
static void shape(const struct jit_module *m, LLVMValueRef function)
{
    mark(m, function, "nounwind");
    mark(m, function, "noredzone");
    attribute(m, function, "no-realign-stack", "true");
    if (m->convention == CONVENTION_C)
        attribute(m, function, "disable-tail-calls", "true");
}

/* No function of the host's libc is to be called in a guest's name, nor is any to be found where the guest has a loop;
 * of too large a frame LLVM says so. */
static void declare(struct jit_module *m, uint32_t index)
{
    char name[16], bytes[16];
    name_of('f', index, name);
    LLVMValueRef function = LLVMAddFunction(m->llvm, name, jit_function_type(m, function_def(m->module, index)));
    LLVMSetLinkage(function, LLVMWeakAnyLinkage); /* so that callers keep to the interface, whatever its body needs */
    LLVMSetVisibility(function, LLVMHiddenVisibility);
    snprintf(bytes, sizeof bytes, "%d", VERIFY_FRAME_BYTES);
    LLVMSetFunctionCallConv(function, m->convention);
    attribute(m, function, "warn-stack-size", bytes);
    attribute(m, function, "no-builtins", "true");
    shape(m, function);
}

/* Takes everything from memory, and gives it back. */
static enum status way_in(struct jit_module *m, uint32_t index, LLVMValueRef *ret)
{
    const struct type_def *def = function_def(m->module, index);
    const struct rt_functype *t = &def->function;
    LLVMTypeRef params[] = { m->pointer, m->pointer };
    char name[16];
    name_of('e', index, name);
    struct jit_function f = { .m = m, .llvm = LLVMAddFunction(m->llvm, name, LLVMFunctionType(m->none, params, 2, 0)) };
    LLVMSetLinkage(f.llvm, LLVMInternalLinkage);
    shape(m, f.llvm);
    f.vm = LLVMGetParam(f.llvm, 0);
    f.fp = LLVMGetParam(f.llvm, 1);
    LLVMPositionBuilderAtEnd(m->builder, jit_block(&f, "begin"));
    LLVMValueRef *arguments = (LLVMValueRef *)calloc(t->param_count + 4ul, sizeof *arguments);
    if (!arguments)
        return STATUS_NO_MEMORY;
    arguments[0] = f.vm;
    arguments[1] = f.fp;
    arguments[2] = jit_field(&f, m->i64, f.vm, LAYOUT_vmctx_fuel);
    arguments[3] = jit_field(&f, m->i32, f.vm, LAYOUT_vmctx_depth);
    for (uint32_t i = 0, slot = 0; i < t->param_count; slot += jit_width(t->params[i++]))
        arguments[4 + i] = jit_slot_get(&f, f.fp, slot, t->params[i]);
    LLVMValueRef both = LLVMBuildCall2(m->builder, jit_function_type(m, def), jit_function_get(m, index), arguments,
                                       t->param_count + 4, "");
    LLVMSetInstructionCallConv(both, m->convention);
    free((void *)arguments);
    LLVMBuildStore(m->builder, LLVMBuildExtractValue(m->builder, both, 0, ""), jit_at(&f, f.vm, LAYOUT_vmctx_fuel));
    if (t->result_count == 1)
        jit_slot_put(&f, f.fp, 0, LLVMBuildExtractValue(m->builder, both, 1, ""), t->results[0]);
    LLVMBuildRetVoid(m->builder);
    *ret = f.llvm;
    return STATUS_OK;
}

/* How far behind the table's start a function begins. */
static LLVMValueRef distance(const struct jit_module *m, LLVMValueRef table, LLVMValueRef function)
{
    LLVMValueRef from = LLVMConstPtrToInt(table, m->i64), to = LLVMConstPtrToInt(function, m->i64);
    return LLVMConstTrunc(LLVMConstSub(to, from), m->i32);
}

static enum status ways_in(struct jit_module *m)
{
    uint32_t count = m->module->function_count;
    LLVMTypeRef type = LLVMArrayType2(m->i32, 2ull * count);
    LLVMValueRef table = LLVMAddGlobal(m->llvm, type, "entries"), entry;
    LLVMValueRef *entries = (LLVMValueRef *)calloc(2ul * count + 1, sizeof *entries);
    enum status status = entries ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        entries[i] = entries[count + i] = LLVMConstNull(m->i32);
        if (!m->compiled[i])
            continue;
        entries[count + i] = distance(m, table, jit_function_get(m, i));
        status = way_in(m, i, &entry);
        if (status == STATUS_OK)
            entries[i] = distance(m, table, entry);
    }
    if (status == STATUS_OK) {
        LLVMSetInitializer(table, LLVMConstArray2(m->i32, entries, 2ull * count));
        LLVMSetGlobalConstant(table, true);
        LLVMSetVisibility(table, LLVMHiddenVisibility);
    }
    free((void *)entries);
    return status;
}

static enum status build(struct jit_module *m)
{
    for (uint32_t i = 0; i < m->module->function_count; i++)
        if (m->compiled[i])
            declare(m, i);
    for (uint32_t i = 0; i < m->module->function_count; i++)
        if (m->compiled[i])
            TRY(jit_translate(m, &m->module->functions[i]));
    return ways_in(m);
}

enum status jit_module_build(struct jit_module *m, const struct rt_module *module, bool *compiled, bool tail_calls,
                             struct error *error)
{
    char *why = NULL;
    init(m, module, compiled, tail_calls);
    enum status status = build(m);
    if (status != STATUS_OK)
        return error_set(error, status, "a function was not translated");
    if (LLVMVerifyModule(m->llvm, LLVMReturnStatusAction, &why))
        status = error_set(error, STATUS_INTERNAL, "LLVM refuses the translation: %s", why);
    LLVMDisposeMessage(why);
    return status;
}

void jit_module_done(struct jit_module *m)
{
    free(m->sites.at);
    if (m->builder)
        LLVMDisposeBuilder(m->builder);
    if (m->llvm)
        LLVMDisposeModule(m->llvm);
    if (m->context)
        LLVMContextDispose(m->context);
}
