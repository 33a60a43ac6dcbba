/* The tables of abi.h, expanded from the .def files. Fields and slots are counted by the compiler. */
#include <stddef.h>
#include "runtime/base/limits.h"
#include "wasi/abi/abi.h"

#define ARG_TYPE(name, witx, core, size, align, class, form)                                                           \
    [ARG_##name] = { #name, witx, core, size, align, ARG_SLOTS_##name, ARG_CLASS_##class, ARG_FORM_##form },
const struct arg_type_row abi_arg_types[ARG_TYPE_COUNT] = {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE

#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, answer, match, late)    \
    [OP_##id] = { text,                                                                                                \
                  #syscall,                                                                                            \
                  OF_FIRST(right),                                                                                     \
                  OF_SECOND(right),                                                                                    \
                  { operands },                                                                                        \
                  OP_CALLS_##calls,                                                                                    \
                  OP_OBJECT_##object,                                                                                  \
                  OP_TABLE_##table,                                                                                    \
                  OP_EFFECT_##effect,                                                                                  \
                  OP_CHANGES_##changes,                                                                                \
                  OP_BYTES_##out,                                                                                      \
                  OP_BYTES_##in,                                                                                       \
                  OP_ANSWER_##answer,                                                                                  \
                  OP_MATCH_##match,                                                                                    \
                  OP_LATE_##late },
#define W(operand) OPERAND_##operand,
#define K(number)  OPERAND_CONSTANT,
const struct op_row abi_ops[OP_COUNT] = {
#include "wasi/abi/ops.def"
};
#undef OP
#undef W
#undef K
#define OP(id, text, syscall, calls, operands, ...) [OP_##id] = { operands },
#define W(operand)                                  0,
#define K(number)                                   number,
const uint16_t abi_op_constants[OP_COUNT][OP_OPERANDS_MAX] = {
#include "wasi/abi/ops.def"
};
#undef OP
#undef W
#undef K

#define RULE_VERDICT_ALLOW  false
#define RULE_VERDICT_REFUSE true
#define RULE_ENDING_RETURNS false
#define RULE_ENDING_TRAPS   true
#define RULE(id, verdict, errno_, ending, text)                                                                        \
    [RULE_##id] = { #id, text, WASI_##errno_, RULE_VERDICT_##verdict, RULE_ENDING_##ending },
const struct rule_row abi_rules[RULE_COUNT] = {
#include "wasi/abi/rules.def"
};
#undef RULE

#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) FIELD_COUNT_##id = 0 fields,
#define F(type, name)                                                  +1
enum {
#include "wasi/abi/operations.def"
};
#undef OPERATION
#undef F
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) SLOT_COUNT_##id = 0 fields,
#define F(type, name)                                                  +ARG_SLOTS_##type
enum {
#include "wasi/abi/operations.def"
};
#undef OPERATION
#undef F
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    [OPERATION_##id] = { #name,                                                                                        \
                         OPERATION_STATE_##state,                                                                      \
                         OPERATION_KIND_##kind,                                                                        \
                         max_ops,                                                                                      \
                         FIELD_COUNT_##id,                                                                             \
                         SLOT_COUNT_##id,                                                                              \
                         HANDLE_SLOT_##id,                                                                             \
                         OPERATION_##id != OPERATION_PROC_EXIT,                                                        \
                         rights,                                                                                       \
                         ops,                                                                                          \
                         { EACH_FIELD(FIELD_ROW, id fields) } },
#define F(type, name) , (type, name)
const struct operation_row abi_operations[OPERATION_COUNT] = {
#include "wasi/abi/operations.def"
};
#undef OPERATION
#undef F

const char *abi_effect_name(enum op_effect effect)
{
#define EFFECT(id, name) name,
    static const char *const names[OP_EFFECT_COUNT] = { OP_EFFECTS(EFFECT) };
#undef EFFECT
    return (unsigned)effect < OP_EFFECT_COUNT ? names[effect] : "?";
}

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

const char *abi_ended_name(uint32_t ended)
{
#define ENDED(id, name, text) name,
    static const char *const names[WASI_ENDED_COUNT] = {
#include "wasi/abi/ended.def"
    };
#undef ENDED
    return ended < WASI_ENDED_COUNT ? names[ended] : "unknown";
}

const char *abi_ended_text(uint32_t ended)
{
#define ENDED(id, name, text) text,
    static const char *const texts[WASI_ENDED_COUNT] = {
#include "wasi/abi/ended.def"
    };
#undef ENDED
    return ended < WASI_ENDED_COUNT ? texts[ended] : "ended in no known way";
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
