/* Sets of ops, each read off columns of ops.def. Bits are OPS(). */
#ifndef WARRANT_ABI_OP_SETS_H
#define WARRANT_ABI_OP_SETS_H

#include "wasi/abi/abi.h"

static inline uint64_t abi_op_bit(uint32_t kind) { return kind < OP_COUNT ? UINT64_C(1) << kind : 0; }

#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, ...)                    \
    | (OP_BYTES_##out != OP_BYTES_NONE ? OPS(id) : 0)
static const uint64_t ops_out = 0 /* bytes leave the guest */
#include "wasi/abi/ops.def"
    ;
#undef OP

#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, ...)                    \
    | (OP_BYTES_##in != OP_BYTES_NONE ? OPS(id) : 0)
static const uint64_t ops_in = 0 /* bytes, or a stat, enter it */
#include "wasi/abi/ops.def"
    ;
#undef OP

#define ON_VECTOR(bytes) (OP_BYTES_##bytes == OP_BYTES_VECTOR || OP_BYTES_##bytes == OP_BYTES_JOINED)
#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, ...)                    \
    | (ON_VECTOR(out) || ON_VECTOR(in) ? OPS(id) : 0)
static const uint64_t ops_vector = 0 /* `mem` is a range of the request's vector */
#include "wasi/abi/ops.def"
    ;
#undef OP
#undef ON_VECTOR

#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, ...)                        \
    | (OP_BYTES_##out == OP_BYTES_JOINED ? OPS(id) : 0)
static const uint64_t ops_joined = 0 /* what leaves the guest is put together in the staging buffer */
#include "wasi/abi/ops.def"
    ;
#undef OP

#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, ...)                    \
    | (OP_BYTES_##out == OP_BYTES_REGION || OP_BYTES_##in == OP_BYTES_REGION ? OPS(id) : 0)
static const uint64_t ops_region = 0 /* `mem` is a region of the guest's memory */
#include "wasi/abi/ops.def"
    ;
#undef OP

#define OP(id, text, syscall, calls, ...) | (OP_CALLS_##calls == OP_CALLS_WALK ? OPS(id) : 0)
static const uint64_t ops_walk = 0 /* the result says how many system calls there were */
#include "wasi/abi/ops.def"
    ;
#undef OP

#define OP(id, text, syscall, calls, operands, object, ...)                                                            \
    | (OP_OBJECT_##object != OP_OBJECT_NONE && OP_OBJECT_##object != OP_OBJECT_AWAITED ? OPS(id) : 0)
static const uint64_t ops_on_handle = 0 /* `handle` is one */
#include "wasi/abi/ops.def"
    ;
#undef OP

#endif
