/* LLVM's passes and code generator; what they make is placed, verified, and only then executable: it is never writable
 * and executable at once. */
#include "runtime/jit/jit.h"
#include "runtime/jit/jit_object.h"

#include <limits.h>
#include <llvm-c/Error.h>
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/jit/jit_image.h"

struct jit_object {
    struct jit_image image; /* owned */
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

enum status jit_object_make(const struct jit_module *m, enum jit_level level, struct jit_object **ret, bool *ret_again,
                            struct error *error)
{
    LLVMMemoryBufferRef bytes = NULL;
    TRY(generate(m, level, &bytes, ret_again, error));
    if (*ret_again)
        return STATUS_OK;
    uint32_t count = m->module->function_count;
    struct jit_object *o = calloc(1, sizeof *o);
    enum status status = o ? jit_image_load((const uint8_t *)LLVMGetBufferStart(bytes), LLVMGetBufferSize(bytes),
                                            2 * count, &o->image, error)
                           : error_set(error, STATUS_NO_MEMORY, "out of memory while compiling");
    LLVMDisposeMemoryBuffer(bytes);
    if (status == STATUS_OK) {
        o->functions = count;
        status = jit_check(m, &o->image, ret_again, error);
    }
    if (status == STATUS_OK && !*ret_again)
        status = jit_image_seal(&o->image, error);
    if (status == STATUS_OK && !*ret_again)
        *ret = o;
    else
        jit_object_free(o);
    return status;
}

static jit_enter_fn *code_at(const struct jit_object *o, uint32_t entry)
{
    uint32_t at = jit_image_entry(&o->image, entry);
    return at == UINT32_MAX ? NULL : (jit_enter_fn *)(uintptr_t)(o->image.bytes + at);
}
jit_enter_fn *jit_object_entry(const struct jit_object *o, uint32_t function) { return code_at(o, function); }
jit_enter_fn *jit_object_native(const struct jit_object *o, uint32_t function)
{
    return code_at(o, o->functions + function);
}

void jit_object_free(struct jit_object *o)
{
    if (!o)
        return;
    jit_image_done(&o->image);
    free(o);
}
