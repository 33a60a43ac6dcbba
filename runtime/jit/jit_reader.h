/* Instructions of a validated body, one after the other, each with what follows its opcode. Internal to runtime/jit/.
 */
#ifndef WARRANT_RUNTIME_JIT_READER_H
#define WARRANT_RUNTIME_JIT_READER_H

#include "runtime/decode.h"
#include "runtime/opcodes.h"

struct jit_reader {
    struct decoder d;
    const struct rt_module *module;
    /* The instruction at hand. */
    const struct insn_info *info;
    enum insn insn;
    uint32_t offset;  /* in the module file */
    uint32_t x, y;    /* its indices, in their order; of an access the memory and the offset; a type */
    uint64_t bits[2]; /* a constant as it lies in its slots; of a shuffle the lanes */
    uint8_t lane;
    const struct type_def *block;  /* a block's type */
    uint32_t *labels, label_count; /* owned; the last one is br_table's default */
    uint32_t label_capacity;
};

void jit_reader_init(struct jit_reader *r, const struct rt_module *module);
void jit_reader_done(struct jit_reader *r);
/* Goes to the body of a function of the module, and reads the groups of locals: `group` is given each. */
MUST_USE enum status jit_reader_begin(struct jit_reader *r, const struct function *function,
                                      enum status (*group)(void *env, uint32_t count, uint32_t type), void *env);
/* INTERNAL where the instruction is none that the table has. */
MUST_USE enum status jit_reader_next(struct jit_reader *r);

#endif
