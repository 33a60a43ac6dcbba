/* The tables of abi.h, expanded from the .def files. Arguments and slots are counted by the compiler. */
#include <stddef.h>
#include "wasi/abi/abi.h"

#define ARG_TYPE(name, witx, core, size, align, class) ARG_SLOTS_##name = sizeof(core) - 1,
enum {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE
#define ARG_TYPE(name, witx, core, size, align, class)                                                                 \
    [ARG_##name] = { #name, witx, core, size, align, ARG_SLOTS_##name, ARG_CLASS_##class },
const struct arg_type_row abi_arg_types[ARG_TYPE_COUNT] = {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE

#define OP(id, text, calls, effect, syscall, operands, data)                                                           \
    [OP_##id] = { text, #syscall, OP_CALLS_##calls, OP_EFFECT_##effect, OP_DATA_##data, { operands } },
#define W(operand) OPERAND_##operand,
const struct op_row abi_ops[OP_COUNT] = {
#include "wasi/abi/ops.def"
};
#undef OP
#undef W

#define RULE_VERDICT_ALLOW      false
#define RULE_VERDICT_REFUSE     true
#define RULE(id, verdict, text) [RULE_##id] = { #id, text, RULE_VERDICT_##verdict },
const struct rule_row abi_rules[RULE_COUNT] = {
#include "wasi/abi/rules.def"
};
#undef RULE

#define HOSTCALL(id, name, state, kind, max_ops, rights, ops, args) ARG_COUNT_##id = 0 args,
#define A(type, name)                                               +1
enum {
#include "wasi/abi/hostcalls.def"
};
#undef HOSTCALL
#undef A
#define HOSTCALL(id, name, state, kind, max_ops, rights, ops, args) SLOT_COUNT_##id = 0 args,
#define A(type, name)                                               +ARG_SLOTS_##type
enum {
#include "wasi/abi/hostcalls.def"
};
#undef HOSTCALL
#undef A
#define HOSTCALL(id, name, state, kind, max_ops, rights, ops, args)                                                    \
    [HOSTCALL_##id] = { #name,                                                                                         \
                        HOSTCALL_STATE_##state,                                                                        \
                        HOSTCALL_KIND_##kind,                                                                          \
                        max_ops,                                                                                       \
                        ARG_COUNT_##id,                                                                                \
                        SLOT_COUNT_##id,                                                                               \
                        HOSTCALL_##id != HOSTCALL_PROC_EXIT,                                                           \
                        rights,                                                                                        \
                        ops,                                                                                           \
                        { args } },
#define A(type, name) { ARG_##type, #name },
const struct hostcall_row abi_hostcalls[HOSTCALL_COUNT] = {
#include "wasi/abi/hostcalls.def"
};
#undef HOSTCALL
#undef A

const char *abi_errno_name(uint32_t wasi_errno)
{
#define ERRNO(name) #name,
    static const char *const names[] = {
#include "wasi/abi/errno.def"
    };
#undef ERRNO
    return wasi_errno < WASI_ERRNO_COUNT ? names[wasi_errno] : "?";
}

const char *abi_right_name(unsigned bit)
{
#define RIGHT(name, writes) #name,
    static const char *const names[] = {
#include "wasi/abi/rights.def"
    };
#undef RIGHT
    return bit < RIGHT_BIT_COUNT ? names[bit] : "?";
}

bool abi_file_system_holds_data(uint64_t type)
{
#define FILE_SYSTEM(name, magic) magic,
    static const uint32_t magics[] = {
#include "wasi/abi/filesystems.def"
    };
#undef FILE_SYSTEM
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (magics[i] == type)
            return true;
    return false;
}
