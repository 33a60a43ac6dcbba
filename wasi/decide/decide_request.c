/* Copies a request out of guest memory, once, walking the types of its import's row, into the operation's form.
 *
 * Every pointer is checked as a whole array, in 64 bits, before a byte behind it is read. The first check that
 * fails sets request->fault and ends the copying. A call that is not offered is copied like any other, so that the
 * trace shows it. Left out on purpose: what values mean; that is decide_step's. Source: witx, argtypes.def. */
#include "runtime/base/platform.h"
#include "wasi/decide/decide_row.h"

enum { IOVEC_BYTES = 8 };

/*@ requires 0 <= at && \valid_read(memory + (at .. at + 3)) && at + 4 <= 0x100000000;
  @ assigns \nothing;
*/
static ALWAYS_INLINE uint32_t load_u32(const uint8_t *memory, uint64_t at)
{
    return (uint32_t)memory[at] | (uint32_t)memory[at + 1] << 8 | (uint32_t)memory[at + 2] << 16 |
           (uint32_t)memory[at + 3] << 24;
}

/*@ requires 0 <= at && \valid_read(memory + (at .. at + 7)) && at + 8 <= 0x100000000;
  @ assigns \nothing;
*/
static ALWAYS_INLINE uint64_t load_u64(const uint8_t *memory, uint64_t at)
{
    return (uint64_t)load_u32(memory, at) | (uint64_t)load_u32(memory, at + 4) << 32;
}

/* By constants, for a division takes as long as all the rest. */
/*@ requires is_alignment(align);
  @ assigns \nothing;
  @ ensures exact: \result <==> pointer % align == 0;
*/
static ALWAYS_INLINE bool is_aligned(uint32_t pointer, uint32_t align)
{
    if (align == 8)
        return pointer % 8 == 0;
    if (align == 4)
        return pointer % 4 == 0;
    return align == 1 || pointer % 2 == 0;
}

/* Whether `count` elements of `size` bytes at `pointer` lie in memory and are aligned. No elements may lie anywhere. */
/*@ requires is_alignment(align) && memory <= 0x100000000 && 0 <= count <= 0xffffffff && size <= 255;
  @ assigns \nothing;
  @ ensures exact: \result == FAULT_NONE <==>
  @   count == 0 || (pointer % align == 0 && pointer + count * size <= memory);
  @ ensures fault: \result == FAULT_NONE || \result == FAULT_ALIGNMENT || \result == FAULT_BOUNDS;
*/
static ALWAYS_INLINE enum request_fault array_fault(uint32_t pointer, uint64_t count, uint32_t size, uint32_t align,
                                                    uint64_t memory)
{
    if (count == 0)
        return FAULT_NONE;
    if (!is_aligned(pointer, align))
        return FAULT_ALIGNMENT;
    if (count * size > memory || pointer > memory - count * size)
        return FAULT_BOUNDS;
    return FAULT_NONE;
}

/* Copies a string behind those before it. */
/*@ requires \valid_read(context) && \valid(request) && memory_valid(memory, context->memory);
  @ requires \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1));
  @ requires request_whole(request);
  @ assigns request->bytes[0 .. REQUEST_BYTES - 1], request->string[0 .. REQUEST_STRINGS - 1], request->string_count;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault copy_string(uint32_t pointer, uint32_t length, const struct decide_context *context,
                                      const uint8_t *memory, struct request *request)
{
    uint32_t index = request->string_count;
    enum request_fault fault = array_fault(pointer, length, 1, 1, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    if (length > LIMIT_PATH || index >= REQUEST_STRINGS)
        return FAULT_PATH_LONG;
    uint32_t start = index == 0 ? 0 : request->string[0].length;
    if (start > LIMIT_PATH)
        return FAULT_PATH_LONG;
    /*@ loop invariant 0 <= i <= length;
      @ loop assigns i, request->bytes[0 .. REQUEST_BYTES - 1];
      @ loop variant length - i;
    */
    for (uint32_t i = 0; i < length; i++)
        request->bytes[start + i] = memory[(uint64_t)pointer + i];
    request->string[index].offset = start;
    request->string[index].length = length;
    request->string_count = index + 1;
    return FAULT_NONE;
}

/* Whether the regions that were copied are no more bytes than the run may move at once. One that leaves the memory is no matter
 * of a limit: that is what is said of it. */
/*@ requires \valid_read(context) && \valid_read(request) && count <= LIMIT_IOVECS && context->memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures limit: \result && (\forall integer k; 0 <= k < count ==> region_in_memory(request->iov[k], context->memory)) ==>
  @   vector_sum(request, count) <= context->transfer;
*/
static bool vector_within(uint32_t count, const struct decide_context *context, const struct request *request)
{
    uint64_t total = 0;
    /*@ loop invariant 0 <= i <= count && 0 <= total <= i * 0xffffffff && total == vector_sum(request, i);
      @ loop invariant \forall integer k; 0 <= k < i ==> region_in_memory(request->iov[k], context->memory);
      @ loop assigns i, total;
      @ loop variant count - i;
    */
    for (uint32_t i = 0; i < count; i++) {
        if (!decide_region_ok(request->iov[i], context->memory))
            return true;
        total += request->iov[i].length;
    }
    return total <= context->transfer;
}

/*@ requires \valid_read(context) && context->memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures fault: \result == FAULT_NONE || \result == FAULT_ALIGNMENT || \result == FAULT_BOUNDS || \result == FAULT_TOO_MANY;
  @ ensures limit: \result == FAULT_NONE && context->transfer < LIMIT_TRANSFER ==> length <= context->transfer;
*/
static enum request_fault buffer_fault(uint32_t pointer, uint32_t length, const struct decide_context *context)
{
    enum request_fault fault = array_fault(pointer, length, 1, 1, context->memory);
    if (fault == FAULT_NONE && context->transfer < LIMIT_TRANSFER && length > context->transfer)
        return FAULT_TOO_MANY;
    return fault;
}

/*@ requires \valid_read(context) && \valid(request) && memory_valid(memory, context->memory);
  @ requires \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1));
  @ requires request_whole(request);
  @ assigns request->iov[0 .. LIMIT_IOVECS - 1], request->iov_count;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
  @ ensures elements: \result == FAULT_NONE ==> request->iov_count <= context->elements;
*/
static ALWAYS_INLINE enum request_fault copy_iovs(uint32_t pointer, uint32_t count,
                                                  const struct decide_context *context, const uint8_t *memory,
                                                  struct request *request)
{
    if (count > LIMIT_IOVECS || count > context->elements)
        return FAULT_TOO_MANY;
    enum request_fault fault = array_fault(pointer, count, IOVEC_BYTES, 4, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    /*@ loop invariant 0 <= i <= count;
      @ loop assigns i, request->iov[0 .. LIMIT_IOVECS - 1];
      @ loop variant count - i;
    */
    for (uint32_t i = 0; i < count; i++) {
        request->iov[i].offset = load_u32(memory, (uint64_t)pointer + (uint64_t)i * IOVEC_BYTES);
        request->iov[i].length = load_u32(memory, (uint64_t)pointer + (uint64_t)i * IOVEC_BYTES + 4);
    }
    if (context->transfer < LIMIT_TRANSFER && !vector_within(count, context, request))
        return FAULT_TOO_MANY;
    request->iov_count = count;
    return FAULT_NONE;
}

/* One $subscription of `size` bytes; in `request` it has the 48 bytes' form. */
/*@ requires size >= SUBSCRIPTION_BYTES && 0 <= at && at + size <= 0x100000000 && \valid_read(memory + (at .. at + size - 1));
  @ requires \valid(subscription) && \separated(subscription, memory + (at .. at + size - 1));
  @ assigns *subscription;
*/
static void copy_subscription(const uint8_t *memory, uint64_t at, uint32_t size, struct subscription *subscription)
{
    subscription->userdata = load_u64(memory, at);
    subscription->type = memory[at + 8];
    if (size >= SUBSCRIPTION_0_BYTES && subscription->type == EVENTTYPE_CLOCK)
        at += SUBSCRIPTION_0_BYTES - SUBSCRIPTION_BYTES;
    subscription->clock_or_fd = load_u32(memory, at + 16);
    subscription->timeout = load_u64(memory, at + 24);
    subscription->precision = load_u64(memory, at + 32);
    subscription->flags = (uint16_t)((uint32_t)memory[at + 40] | (uint32_t)memory[at + 41] << 8);
}

/*@ requires \valid_read(context) && \valid(request) && memory_valid(memory, context->memory);
  @ requires \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1));
  @ requires request_whole(request);
  @ requires size == SUBSCRIPTION_BYTES || size == SUBSCRIPTION_0_BYTES;
  @ assigns request->subscription[0 .. LIMIT_SUBSCRIPTIONS - 1], request->subscription_count;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
  @ ensures elements: \result == FAULT_NONE ==> request->subscription_count <= context->elements;
*/
static enum request_fault copy_subscriptions(uint32_t pointer, uint32_t count, uint32_t size,
                                             const struct decide_context *context, const uint8_t *memory,
                                             struct request *request)
{
    if (count > LIMIT_SUBSCRIPTIONS || count > context->elements)
        return FAULT_TOO_MANY;
    enum request_fault fault = array_fault(pointer, count, size, 8, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    /*@ loop invariant 0 <= i <= count;
      @ loop assigns i, request->subscription[0 .. LIMIT_SUBSCRIPTIONS - 1];
      @ loop variant count - i;
    */
    for (uint32_t i = 0; i < count; i++)
        copy_subscription(memory, (uint64_t)pointer + (uint64_t)i * size, size, &request->subscription[i]);
    request->subscription_count = count;
    return FAULT_NONE;
}

/* How many elements a VECTOR has: a pointer to each argument, or the bytes of all; of the environment for its calls. */
/*@ requires \valid_read(context);
  @ assigns \nothing;
*/
static ALWAYS_INLINE uint32_t vector_count(uint32_t call, uint32_t size, const struct decide_context *context)
{
    if (call == OPERATION_ARGS_GET)
        return size == 1 ? context->arg_bytes : context->arg_count;
    return size == 1 ? context->env_bytes : context->env_count;
}

/* Checks, and copies where its class says so, the argument of `shape` in slot `at`. */
/*@ requires \valid_read(context) && \valid(request) && memory_valid(memory, context->memory);
  @ requires \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1));
  @ requires request_whole(request);
  @ requires at < OPERATION_SLOTS_MAX && is_alignment(shape.align);
  @ requires subs: shape.class == ARG_CLASS_SUBS ==> shape.size == SUBSCRIPTION_BYTES || shape.size == SUBSCRIPTION_0_BYTES;
  @ assigns *request;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static ALWAYS_INLINE enum request_fault copy_argument(struct arg_shape shape, uint32_t at,
                                                      const struct decide_context *context, const uint8_t *memory,
                                                      struct request *request)
{
    uint32_t pointer = (uint32_t)request->slot[at];
    uint32_t second = shape.slots == 2 && at + 1 < OPERATION_SLOTS_MAX ? (uint32_t)request->slot[at + 1] : 0;
    uint32_t events = (uint32_t)request->slot[SLOT_POLL_ONEOFF_nsubscriptions];
    switch ((enum arg_class)shape.class) {
    case ARG_CLASS_SCALAR:
        return FAULT_NONE;
    case ARG_CLASS_STRING:
        return copy_string(pointer, second, context, memory, request);
    case ARG_CLASS_IOVS:
    case ARG_CLASS_CIOVS:
        return copy_iovs(pointer, second, context, memory, request);
    case ARG_CLASS_BUFFER:
        return buffer_fault(pointer, second, context);
    case ARG_CLASS_VECTOR:
        return array_fault(pointer, vector_count(request->call, shape.size, context), shape.size, shape.align,
                           context->memory);
    case ARG_CLASS_SUBS:
        return copy_subscriptions(pointer, events, shape.size, context, memory, request);
    case ARG_CLASS_EVENTS:
        return array_fault(pointer, events, shape.size, shape.align, context->memory);
    case ARG_CLASS_RESULT:
        return array_fault(pointer, 1, shape.size, shape.align, context->memory);
    case ARG_CLASS_ADDRESS:
    case ARG_CLASS_PLACE:
    case ARG_CLASS_CELL:
    case ARG_CLASS_CAPACITY:
    case ARG_CLASS_NAME:
    case ARG_CLASS_OPTION:
    case ARG_CLASS_HINTS:
    case ARG_CLASS_ROOM:
        return decide_request_net(shape, at, context, memory, request);
    }
    return FAULT_NONE;
}

/* Copies the core parameters where they are the operation's slots. */
/*@ requires \valid(request) && count <= OPERATION_SLOTS_MAX && (count > 0 ==> \valid_read(slots + (0 .. count - 1)));
  @ requires \separated(request, slots + (0 .. count - 1));
  @ assigns request->slot[0 .. OPERATION_SLOTS_MAX - 1];
*/
static ALWAYS_INLINE void copy_slots(const uint64_t *slots, uint32_t count, struct request *request)
{
    /*@ loop invariant 0 <= i <= count;
      @ loop assigns i, request->slot[0 .. OPERATION_SLOTS_MAX - 1];
      @ loop variant count - i;
    */
    for (uint32_t i = 0; i < count; i++)
        request->slot[i] = slots[i];
}

/* Cuts the slots of an argument that is not an i64 to 32 bits. */
/*@ requires \valid(request) && 1 <= shape.slots <= 2;
  @ assigns request->slot[0 .. OPERATION_SLOTS_MAX - 1];
*/
static ALWAYS_INLINE void narrow_slots(struct arg_shape shape, uint32_t at, struct request *request)
{
    if (!shape.wide && at < OPERATION_SLOTS_MAX)
        request->slot[at] = (uint32_t)request->slot[at];
    if (shape.slots == 2 && at < OPERATION_SLOTS_MAX - 1)
        request->slot[at + 1] = (uint32_t)request->slot[at + 1];
}

/* What Preview 1 calls the whence that wasi_unstable calls so: CUR, END, SET. What neither knows stays what it is. */
/*@ assigns \nothing;
  @ ensures cur: whence == 0 ==> \result == WHENCE_CUR;
  @ ensures end: whence == 1 ==> \result == WHENCE_END;
  @ ensures set: whence == 2 ==> \result == WHENCE_SET;
  @ ensures other: whence > 2 ==> \result == whence;
*/
static uint64_t whence_of_0(uint64_t whence)
{
    if (whence == 0)
        return WHENCE_CUR;
    if (whence == 1)
        return WHENCE_END;
    return whence == 2 ? WHENCE_SET : whence;
}

/* Puts each field of the import into the slots of the operation's field of its name; the others are 0. */
/*@ requires \valid_read(row) && \valid(request) && \separated(request, row);
  @ requires row->slot_count <= OPERATION_SLOTS_MAX && (row->slot_count > 0 ==> \valid_read(slots + (0 .. row->slot_count - 1)));
  @ requires \separated(request, slots + (0 .. row->slot_count - 1));
  @ assigns request->slot[0 .. OPERATION_SLOTS_MAX - 1];
*/
static void lower_slots(const struct import_row *row, const uint64_t *slots, struct request *request)
{
    /*@ loop invariant 0 <= i <= OPERATION_SLOTS_MAX;
      @ loop assigns i, request->slot[0 .. OPERATION_SLOTS_MAX - 1];
      @ loop variant OPERATION_SLOTS_MAX - i;
    */
    for (uint32_t i = 0; i < OPERATION_SLOTS_MAX; i++)
        request->slot[i] = 0;
    uint32_t at = 0;
    /*@ loop invariant 0 <= i <= OPERATION_FIELDS_MAX && at <= 2 * i;
      @ loop assigns i, at, request->slot[0 .. OPERATION_SLOTS_MAX - 1];
      @ loop variant OPERATION_FIELDS_MAX - i;
    */
    for (uint32_t i = 0; i < row->field_count && i < OPERATION_FIELDS_MAX; i++) {
        struct arg_shape shape = decide_arg_shape(row->field[i].type);
        uint32_t to = row->field[i].slot;
        if (at + shape.slots > row->slot_count || to + shape.slots > OPERATION_SLOTS_MAX)
            return;
        request->slot[to] =
            shape.whence_0 ? whence_of_0((uint32_t)slots[at]) : decide_request_counted(row->field[i].type, slots[at]);
        if (shape.slots == 2)
            request->slot[to + 1] = slots[at + 1];
        at += shape.slots;
    }
}

/*@ predicate copy_ready(struct decide_context *context, uint8_t *memory, struct request *request) =
  @   \valid_read(context) && \valid(request) && memory_valid(memory, context->memory) &&
  @   \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1)) && request_whole(request);
  @ predicate shape_ok(struct arg_shape shape) = is_alignment(shape.align) && 1 <= shape.slots <= 2 &&
  @   (shape.class == ARG_CLASS_SUBS ==> shape.size == SUBSCRIPTION_BYTES || shape.size == SUBSCRIPTION_0_BYTES);
*/
/* Cuts a field to its width and copies what it names, unless one before it was at fault. */
/*@ requires ready: copy_ready(context, memory, request);
  @ requires shape: shape_ok(shape) && at < OPERATION_SLOTS_MAX;
  @ assigns *request;
  @ ensures ready: copy_ready(context, memory, request);
*/
static ALWAYS_INLINE void copy_field(struct arg_shape shape, uint32_t at, const struct decide_context *context,
                                     const uint8_t *memory, struct request *request)
{
    narrow_slots(shape, at, request);
    if (shape.class != ARG_CLASS_SCALAR && request->fault == FAULT_NONE)
        request->fault = (uint16_t)copy_argument(shape, at, context, memory, request);
}

/* Copies each field of the row. */
/*@ requires \valid_read(row) && \valid_read(context) && \valid(request) && memory_valid(memory, context->memory);
  @ requires \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1)) && \separated(request, row);
  @ requires request_whole(request);
  @ assigns *request;
  @ ensures whole: request_whole(request);
*/
static void copy_fields(const struct import_row *row, const struct decide_context *context, const uint8_t *memory,
                        struct request *request)
{
    /*@ loop invariant 0 <= i <= OPERATION_FIELDS_MAX;
      @ loop invariant request_whole(request);
      @ loop assigns i, *request;
      @ loop variant OPERATION_FIELDS_MAX - i;
    */
    for (uint32_t i = 0; i < row->field_count && i < OPERATION_FIELDS_MAX; i++) {
        uint32_t at = row->field[i].slot;
        if (at >= OPERATION_SLOTS_MAX)
            return;
        copy_field(decide_arg_shape(row->field[i].type), at, context, memory, request);
    }
}

/* A request of nothing yet. */
/*@ requires \valid(request);
  @ assigns *request;
  @ ensures whole: request_whole(request) && request->call == call && request->import == (uint16_t)import;
*/
static ALWAYS_INLINE void start(uint32_t call, uint32_t import, struct request *request)
{
    request->call = call;
    request->fault = FAULT_NONE;
    request->import = (uint16_t)import;
    request->instance = 0;
    request->thread = 0;
    request->string_count = 0;
    request->iov_count = 0;
    request->subscription_count = 0;
}

void decide_request(const struct import_row *row, uint32_t import, const uint64_t *slots,
                    const struct decide_context *context, const uint8_t *memory, struct request *request)
{
    start(row->operation, import, request);
    if (row->lowering == IMPORT_LOWERING_SAME)
        copy_slots(slots, row->slot_count, request);
    else
        lower_slots(row, slots, request);
    copy_fields(row, context, memory, request);
}

/* The same for each operation whose slots are the import's parameters, with its fields one behind the other as constants:
 * the walk takes most of a cheap call's time. */
#define COPY_FIELD(id, type, name) copy_field(ARG_SHAPE(type), SLOT_##id##_##name, context, memory, request);
#define PLUS_SLOTS(id, type, name) +ARG_SLOTS_##type
#define F(type, name)              , (type, name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    void decide_request_##name(uint32_t import, const uint64_t *slots, const struct decide_context *context,           \
                               const uint8_t *memory, struct request *request)                                         \
    {                                                                                                                  \
        start(OPERATION_##id, import, request);                                                                        \
        copy_slots(slots, 0 EACH_FIELD(PLUS_SLOTS, id fields), request);                                               \
        EACH_FIELD(COPY_FIELD, id fields)                                                                              \
    }
#include "wasi/abi/operations.def"
#undef OPERATION
#undef F
