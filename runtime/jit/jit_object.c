/* LLVM's passes and code generator, and its linker, which maps the object: first writable, then executable, never both.
 * One linker for each object, so that nothing is shared. */
#include "runtime/jit/jit.h"
#include "runtime/jit/jit_object.h"

#include <limits.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/jit/jit_entry.h"

struct jit_object {
    LLVMOrcLLJITRef linker; /* owned; holds the code */
    jit_enter_fn *const *entries;
    uint32_t functions;
};

static enum status fail(struct error *error, const char *what, LLVMErrorRef failure)
{
    char *text = LLVMGetErrorMessage(failure);
    enum status status = error_set(error, STATUS_INTERNAL, "%s: %s", what, text);
    LLVMDisposeErrorMessage(text);
    return status;
}

/* For this processor, with all that it has. */
static enum status machine_create(enum jit_level level, LLVMTargetMachineRef *ret, struct error *error)
{
#define ROW(name, text, passes, generator) generator,
    static const LLVMCodeGenOptLevel generators[JIT_LEVEL_COUNT] = { JIT_LEVEL_LIST(ROW) };
#undef ROW
    LLVMTargetRef target;
    char *why = NULL;
    if (LLVMInitializeNativeTarget() || LLVMInitializeNativeAsmPrinter())
        return error_set(error, STATUS_UNSUPPORTED, "LLVM has no code generator for this machine");
    char *triple = LLVMGetDefaultTargetTriple();
    if (LLVMGetTargetFromTriple(triple, &target, &why)) {
        enum status status = error_set(error, STATUS_UNSUPPORTED, "LLVM does not know this machine: %s", why);
        LLVMDisposeMessage(why);
        LLVMDisposeMessage(triple);
        return status;
    }
    char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
    *ret =
        LLVMCreateTargetMachine(target, triple, cpu, features, generators[level], LLVMRelocPIC, LLVMCodeModelDefault);
    LLVMDisposeMessage(cpu);
    LLVMDisposeMessage(features);
    LLVMDisposeMessage(triple);
    return *ret ? STATUS_OK : error_set(error, STATUS_INTERNAL, "LLVM makes no code generator");
}

/* What LLVM has to say while it generates code. Of a frame it names the function, last and in quotes; where it does
 * not, nothing holds that function's frame. */
struct listener {
    const struct jit_module *m;
    bool again, failed;
};
static void listen(LLVMDiagnosticInfoRef info, void *env)
{
    struct listener *l = env;
    char *text = LLVMGetDiagInfoDescription(info);
    if (strstr(text, "stack frame size")) {
        const char *name = strstr(text, "'f");
        unsigned long index = name ? strtoul(name + 2, NULL, 10) : ULONG_MAX;
        if (index < l->m->module->function_count && l->m->compiled[index]) {
            l->m->compiled[index] = false;
            l->again = true;
        } else {
            l->failed = true;
        }
    } else if (LLVMGetDiagInfoSeverity(info) == LLVMDSError) {
        l->failed = true;
    }
    LLVMDisposeMessage(text);
}

static enum status generate(const struct jit_module *m, enum jit_level level, LLVMMemoryBufferRef *ret, bool *ret_again,
                            struct error *error)
{
#define ROW(name, text, passes, generator) passes,
    static const char *const passes[JIT_LEVEL_COUNT] = { JIT_LEVEL_LIST(ROW) };
#undef ROW
    LLVMTargetMachineRef machine = NULL;
    struct listener listener = { .m = m };
    char *why = NULL;
    TRY(machine_create(level, &machine, error));
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMSetModuleDataLayout(m->llvm, layout);
    LLVMSetTarget(m->llvm, triple);
    LLVMContextSetDiagnosticHandler(m->context, listen, &listener);
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    enum status status = STATUS_OK;
    LLVMErrorRef failure = LLVMRunPasses(m->llvm, passes[level], machine, options);
    if (failure)
        status = fail(error, "LLVM's passes", failure);
    else if (LLVMTargetMachineEmitToMemoryBuffer(machine, m->llvm, LLVMObjectFile, &why, ret))
        status = error_set(error, STATUS_INTERNAL, "LLVM's code generator: %s", why);
    else if (listener.failed || listener.again)
        LLVMDisposeMemoryBuffer(*ret);
    if (status == STATUS_OK && listener.failed)
        status = error_set(error, STATUS_INTERNAL, "LLVM's code generator refuses the module");
    *ret_again = listener.again;
    LLVMDisposeMessage(why);
    LLVMDisposePassBuilderOptions(options);
    LLVMDisposeMessage(triple);
    LLVMDisposeTargetData(layout);
    LLVMDisposeTargetMachine(machine);
    return status;
}

/* The helpers, and nothing else of this process, can be called. */
static enum status define_helpers(struct jit_object *o, struct error *error)
{
    LLVMOrcCSymbolMapPair pairs[JIT_HELPER_COUNT + 1];
    for (int i = 0; i < JIT_HELPER_COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "jit_help_%s", jit_helper_rows[i].name);
        pairs[i] = (LLVMOrcCSymbolMapPair) { LLVMOrcLLJITMangleAndIntern(o->linker, name),
                                             { (LLVMOrcExecutorAddress)(uintptr_t)jit_helper_rows[i].code,
                                               { LLVMJITSymbolGenericFlagsExported, 0 } } };
    }
    pairs[JIT_HELPER_COUNT] = (LLVMOrcCSymbolMapPair) { LLVMOrcLLJITMangleAndIntern(o->linker, "jit_vector_table"),
                                                        { (LLVMOrcExecutorAddress)(uintptr_t)jit_vector_table,
                                                          { LLVMJITSymbolGenericFlagsExported, 0 } } };
    LLVMErrorRef failure = LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(o->linker),
                                                 LLVMOrcAbsoluteSymbols(pairs, JIT_HELPER_COUNT + 1));
    return failure ? fail(error, "LLVM's linker", failure) : STATUS_OK;
}

static enum status link_object(struct jit_object *o, LLVMMemoryBufferRef bytes, struct error *error)
{
    LLVMErrorRef failure = LLVMOrcCreateLLJIT(&o->linker, NULL);
    if (failure) {
        LLVMDisposeMemoryBuffer(bytes);
        return fail(error, "LLVM's linker", failure);
    }
    enum status status = define_helpers(o, error);
    if (status != STATUS_OK) {
        LLVMDisposeMemoryBuffer(bytes);
        return status;
    }
    LLVMOrcExecutorAddress entries = 0;
    failure = LLVMOrcLLJITAddObjectFile(o->linker, LLVMOrcLLJITGetMainJITDylib(o->linker), bytes); /* takes them */
    if (!failure)
        failure = LLVMOrcLLJITLookup(o->linker, &entries, "entries");
    if (failure)
        return fail(error, "LLVM's linker", failure);
    o->entries = (jit_enter_fn *const *)(uintptr_t)entries;
    return STATUS_OK;
}

enum status jit_object_make(const struct jit_module *m, enum jit_level level, struct jit_object **ret, bool *ret_again,
                            struct error *error)
{
    LLVMMemoryBufferRef bytes = NULL;
    TRY(generate(m, level, &bytes, ret_again, error));
    if (*ret_again)
        return STATUS_OK;
    struct jit_object *o = calloc(1, sizeof *o);
    if (!o) {
        LLVMDisposeMemoryBuffer(bytes);
        return error_set(error, STATUS_NO_MEMORY, "out of memory while compiling");
    }
    o->functions = m->module->function_count;
    enum status status = link_object(o, bytes, error);
    if (status == STATUS_OK)
        *ret = o;
    else
        jit_object_free(o);
    return status;
}

jit_enter_fn *const *jit_object_entries(const struct jit_object *o) { return o->entries; }

jit_enter_fn *const *jit_object_natives(const struct jit_object *o) { return o->entries + o->functions; }

void jit_object_free(struct jit_object *o)
{
    if (!o)
        return;
    LLVMErrorRef failure = o->linker ? LLVMOrcDisposeLLJIT(o->linker) : NULL;
    if (failure)
        LLVMConsumeError(failure);
    free(o);
}
