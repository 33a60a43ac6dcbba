/* How one argument lies in the slots and in guest memory; from argtypes.def. Not for others. */
#ifndef WARRANT_DECIDE_ROW_H
#define WARRANT_DECIDE_ROW_H

#include "wasi/decide/decide_inner.h"

/* Of one $subscription: userdata 0, tag 8, then clock: id 16, timeout 24, precision 32, flags 40; or descriptor 16. That of
 * wasi_unstable has a clock's identifier at 16, and so all of the clock 8 bytes later. */
enum { SUBSCRIPTION_BYTES = 48, SUBSCRIPTION_0_BYTES = 56 };

struct arg_shape {
    uint8_t class; /* enum arg_class */
    uint8_t slots; /* 1 or 2 */
    uint8_t size;  /* bytes of an element */
    uint8_t align; /* 1, 2, 4 or 8 */
    bool wide;     /* its only slot is an i64 */
    bool whence_0; /* it counts as wasi_unstable does */
};
/* That of a type, as a constant. */
#define ARG_TYPE(name, witx, core, size, align, class, form)                                                           \
    ARG_CLASS_OF_##name = ARG_CLASS_##class, ARG_SIZE_##name = (size), ARG_ALIGN_##name = (align),
enum {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE
#define ARG_SHAPE(type)                                                                                                \
    (struct arg_shape)                                                                                                 \
    {                                                                                                                  \
        ARG_CLASS_OF_##type, ARG_SLOTS_##type, ARG_SIZE_##type, ARG_ALIGN_##type,                                      \
            (int)ARG_CLASS_OF_##type == (int)ARG_CLASS_SCALAR && (int)ARG_SIZE_##type == 8,                            \
            (int)ARG_##type == (int)ARG_WHENCE_0                                                                       \
    }
/*@ predicate is_alignment(integer n) = n == 1 || n == 2 || n == 4 || n == 8;
*/
/*@ assigns \nothing;
  @ ensures shape: 1 <= \result.slots <= 2 && is_alignment(\result.align) && \result.class <= ARG_CLASS_ROOM;
  @ ensures pair: \result.class == ARG_CLASS_STRING || \result.class == ARG_CLASS_IOVS || \result.class == ARG_CLASS_CIOVS ||
  @   \result.class == ARG_CLASS_BUFFER ==> \result.slots == 2;
  @ ensures subscriptions: \result.class == ARG_CLASS_SUBS ==>
  @   \result.size == SUBSCRIPTION_BYTES || \result.size == SUBSCRIPTION_0_BYTES;
*/
struct arg_shape decide_arg_shape(uint8_t type);

/* What socket extensions pass (decide_request_net.c): the argument of `shape` in slot `at`, of a class behind RESULT. */
/*@ requires \valid_read(context) && \valid(request) && memory_valid(memory, context->memory);
  @ requires \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1));
  @ requires request_whole(request) && at < OPERATION_SLOTS_MAX;
  @ assigns *request;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
enum request_fault decide_request_net(struct arg_shape shape, uint32_t at, const struct decide_context *context,
                                      const uint8_t *memory, struct request *request);
/* A family or a type of sockets as net.h counts them; 255: neither. Other arguments stay what they are. */
/*@ assigns \nothing;
*/
uint64_t decide_request_counted(uint8_t type, uint64_t value);

#endif
