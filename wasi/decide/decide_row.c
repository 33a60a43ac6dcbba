/* The three questions that the core asks the tables of wasi/abi: is a call offered, how an argument lies in guest memory,
 * and does a file system hold data. Their contracts are believed by the prover and held against every row by a unit test. */
#include "wasi/decide/decide_row.h"

bool decide_is_built(uint32_t call)
{
    return call < OPERATION_COUNT && abi_operations[call].state == OPERATION_STATE_BUILT;
}

bool decide_holds_data(int64_t type) { return type >= 0 && abi_file_system_holds_data((uint64_t)type); }

struct arg_shape decide_arg_shape(uint8_t type)
{
    struct arg_shape shape = { ARG_CLASS_SCALAR, 1, 0, 1, false, false };
    if (type < ARG_TYPE_COUNT) {
        const struct arg_type_row *row = &abi_arg_types[type];
        shape.class = row->class;
        shape.slots = row->slots;
        shape.size = row->size;
        shape.align = row->align;
        shape.wide = row->class == ARG_CLASS_SCALAR && row->size == 8;
        shape.whence_0 = type == ARG_WHENCE_0;
    }
    return shape;
}
