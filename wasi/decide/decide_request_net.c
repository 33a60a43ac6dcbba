/* Copies what socket extensions pass behind pointers: addresses, names, options, and where answers go.
 *
 * Each pointer is checked for all that lies behind it before a byte is read, and each byte is read once; a structure
 * that holds a pointer is copied before that pointer is looked at. An address of a form that is none has the family
 * NET_NONE in the request, which no rule allows. Layouts: `struct __wasi_addr_t` and its kin in WAMR's
 * wasi_socket_ext.h; WasiAddress, WasiAddrinfo and the 128 bytes of an address in WasmEdge's crate and wasifunc.cpp. */
#include "wasi/decide/decide_row.h"

enum {
    WAMR_ADDRESS = 24,     /* u32 kind (0, 1), then the address, and its port behind it */
    WAMR_HINTS = 12,       /* i32 type, u32 family, u8 whether they count */
    EDGE_BUFFER = 8,       /* u32 pointer, u32 size */
    EDGE_STORAGE = 128,    /* u16 family (1, 2), then the address */
    SOCKET_ANY = 2,        /* neither NET_TCP nor NET_UDP: the guest does not mind */
    COUNTED_UNKNOWN = 255, /* what is neither */
    MICROSECONDS = 1000000
};

/*@ predicate net_ready(struct decide_context *context, uint8_t *memory, struct request *request) =
  @   \valid_read(context) && \valid(request) && memory_valid(memory, context->memory) &&
  @   \separated(request, context) && \separated(request, memory + (0 .. context->memory - 1)) && request_whole(request);
*/

/*@ requires 0 <= at && \valid_read(memory + (at .. at + 3)) && at + 4 <= 0x100000000;
  @ assigns \nothing;
*/
static uint32_t net_u32(const uint8_t *memory, uint64_t at)
{
    return (uint32_t)memory[at] | (uint32_t)memory[at + 1] << 8 | (uint32_t)memory[at + 2] << 16 |
           (uint32_t)memory[at + 3] << 24;
}

/*@ requires 0 <= at && \valid_read(memory + (at .. at + 1)) && at + 2 <= 0x100000000;
  @ assigns \nothing;
*/
static uint16_t net_u16(const uint8_t *memory, uint64_t at)
{
    return (uint16_t)((uint32_t)memory[at] | (uint32_t)memory[at + 1] << 8);
}

/* Whether `size` bytes at `pointer`, which is a multiple of four, lie in memory. */
/*@ requires memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures inside: \result == FAULT_NONE ==> pointer + size <= memory || size == 0;
  @ ensures fault: \result == FAULT_NONE || \result == FAULT_ALIGNMENT || \result == FAULT_BOUNDS;
*/
static enum request_fault cell_fault(uint32_t pointer, uint64_t size, uint64_t memory)
{
    if (pointer % 4 != 0)
        return FAULT_ALIGNMENT;
    return size > memory || pointer > memory - size ? FAULT_BOUNDS : FAULT_NONE;
}

/* Four bytes, or sixteen, of an address at `at`. swapped: the halves of each pair have changed places. */
/*@ requires \valid(request) && 0 <= at && (family == NET_V4 || family == NET_V6);
  @ requires family == NET_V4 ==> at + 4 <= 0x100000000 && \valid_read(memory + (at .. at + 3)) && \separated(request, memory + (at .. at + 3));
  @ requires family == NET_V6 ==> at + 16 <= 0x100000000 && \valid_read(memory + (at .. at + 15)) && \separated(request, memory + (at .. at + 15));
  @ assigns request->address;
*/
static void copy_ip(const uint8_t *memory, uint64_t at, uint8_t family, bool swapped, struct request *request)
{
    request->address.family = family;
    /*@ loop invariant 0 <= i <= 16;
      @ loop assigns i, request->address.bytes[0 .. 15];
      @ loop variant 16 - i;
    */
    for (uint32_t i = 0; i < 16; i++) {
        request->address.bytes[i] = 0;
        if (family == NET_V6)
            request->address.bytes[i] = memory[at + (!swapped ? i : i % 2 == 0 ? i + 1 : i - 1)];
        else if (i < 4)
            request->address.bytes[i] = memory[at + i];
    }
}

/*@ requires \valid(request);
  @ assigns request->address;
*/
static void clear_address(struct request *request)
{
    request->address.family = NET_NONE;
    request->address.zero = 0;
    request->address.port = 0;
    request->address.scope = 0;
    /*@ loop invariant 0 <= i <= 16;
      @ loop assigns i, request->address.bytes[0 .. 15];
      @ loop variant 16 - i;
    */
    for (uint32_t i = 0; i < 16; i++)
        request->address.bytes[i] = 0;
}

/*@ requires ready: net_ready(context, memory, request);
  @ assigns request->address;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault address_wamr(uint32_t pointer, const struct decide_context *context, const uint8_t *memory,
                                       struct request *request)
{
    enum request_fault fault = cell_fault(pointer, WAMR_ADDRESS, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    uint32_t kind = net_u32(memory, pointer);
    if (kind > 1)
        return FAULT_NONE;
    copy_ip(memory, (uint64_t)pointer + 4, kind == 0 ? NET_V4 : NET_V6, true, request);
    request->address.port = net_u16(memory, (uint64_t)pointer + (kind == 0 ? 8 : 20));
    return FAULT_NONE;
}

/*@ requires ready: net_ready(context, memory, request);
  @ assigns request->address;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault address_edge(uint32_t pointer, uint64_t port, const struct decide_context *context,
                                       const uint8_t *memory, struct request *request)
{
    enum request_fault fault = cell_fault(pointer, EDGE_BUFFER, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    struct region buffer;
    buffer.offset = net_u32(memory, pointer);
    buffer.length = net_u32(memory, (uint64_t)pointer + 4);
    if (!decide_region_ok(buffer, context->memory))
        return FAULT_BOUNDS;
    uint64_t at = buffer.offset;
    uint32_t family = buffer.length == 4 ? 1 : buffer.length == 16 ? 2 : 0;
    if (buffer.length == EDGE_STORAGE) {
        family = net_u16(memory, at);
        at += 2;
    }
    if (port > UINT16_MAX || (family != 1 && family != 2))
        return FAULT_NONE;
    copy_ip(memory, at, family == 1 ? NET_V4 : NET_V6, false, request);
    request->address.port = (uint16_t)port;
    return FAULT_NONE;
}

/* Where an address goes: the slot gets the place itself, the one behind it the room there. */
/*@ requires ready: net_ready(context, memory, request) && at < OPERATION_SLOTS_MAX - 1;
  @ assigns request->slot[at .. at + 1];
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault copy_place(uint32_t size, uint32_t at, const struct decide_context *context,
                                     const uint8_t *memory, struct request *request)
{
    uint32_t pointer = (uint32_t)request->slot[at];
    enum request_fault fault = cell_fault(pointer, size, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    request->slot[at + 1] = size;
    if (size != EDGE_BUFFER)
        return FAULT_NONE;
    struct region buffer;
    buffer.offset = net_u32(memory, pointer);
    buffer.length = net_u32(memory, (uint64_t)pointer + 4);
    request->slot[at] = buffer.offset;
    request->slot[at + 1] = buffer.length;
    return decide_region_ok(buffer, context->memory) ? FAULT_NONE : FAULT_BOUNDS;
}

/* The room that the PLACE in the two slots before has. */
/*@ requires ready: net_ready(context, memory, request) && 2 <= at < OPERATION_SLOTS_MAX;
  @ assigns request->slot[at - 1];
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault copy_capacity(uint32_t at, const struct decide_context *context, const uint8_t *memory,
                                        struct request *request)
{
    uint32_t pointer = (uint32_t)request->slot[at];
    enum request_fault fault = cell_fault(pointer, 4, context->memory);
    if (fault != FAULT_NONE)
        return fault;
    struct region place;
    place.offset = (uint32_t)request->slot[at - 2];
    place.length = net_u32(memory, pointer);
    request->slot[at - 1] = place.length;
    return decide_region_ok(place, context->memory) ? FAULT_NONE : FAULT_BOUNDS;
}

/* A name of `length` bytes at most, or up to a NUL, behind those before it. */
/*@ requires ready: net_ready(context, memory, request);
  @ assigns request->bytes[0 .. REQUEST_BYTES - 1], request->string[0 .. REQUEST_STRINGS - 1], request->string_count;
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault copy_name(uint32_t pointer, uint32_t length, const struct decide_context *context,
                                    const uint8_t *memory, struct request *request)
{
    uint32_t index = request->string_count, i = 0;
    if (index >= REQUEST_STRINGS)
        return FAULT_PATH_LONG;
    uint32_t start = index == 0 ? 0 : request->string[0].length;
    if (start > LIMIT_PATH)
        return FAULT_PATH_LONG;
    /*@ loop invariant 0 <= i <= LIMIT_NAME + 1 && i <= length;
      @ loop assigns i, request->bytes[0 .. REQUEST_BYTES - 1];
      @ loop variant LIMIT_NAME + 1 - i;
    */
    while (i < length && i <= LIMIT_NAME) {
        if ((uint64_t)pointer + i >= context->memory)
            return FAULT_BOUNDS;
        uint8_t byte = memory[(uint64_t)pointer + i];
        if (byte == 0)
            break;
        request->bytes[start + i] = byte;
        i++;
    }
    if (i > LIMIT_NAME)
        return FAULT_PATH_LONG;
    request->string[index].offset = start;
    request->string[index].length = i;
    request->string_count = index + 1;
    return FAULT_NONE;
}

/* The value of an option as ops have it (abi.h); UINT64_MAX: it is none. */
/*@ requires bytes == 4 || bytes == 8 || bytes == 16;
  @ requires 0 <= at && at + bytes <= 0x100000000 && \valid_read(memory + (at .. at + bytes - 1));
  @ assigns \nothing;
*/
static uint64_t option_value(const uint8_t *memory, uint64_t at, uint32_t bytes)
{
    uint32_t first = net_u32(memory, at);
    if (bytes == 4)
        return first;
    uint32_t second = net_u32(memory, at + 4);
    if (bytes == 8) /* struct linger */
        return first == 0 ? 0 : 1 + (uint64_t)second;
    uint32_t third = net_u32(memory, at + 8), fourth = net_u32(memory, at + 12); /* struct timeval */
    if (second != 0 || fourth != 0 || third >= MICROSECONDS)
        return UINT64_MAX;
    return (uint64_t)first * MICROSECONDS + third;
}

/*@ requires ready: net_ready(context, memory, request) && at < OPERATION_SLOTS_MAX - 1;
  @ assigns request->slot[at];
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault copy_option(uint32_t at, const struct decide_context *context, const uint8_t *memory,
                                      struct request *request)
{
    uint32_t pointer = (uint32_t)request->slot[at];
    uint32_t bytes = (uint32_t)request->slot[at + 1];
    request->slot[at] = UINT64_MAX;
    enum request_fault fault = cell_fault(pointer, bytes, context->memory);
    if (fault == FAULT_NONE && (bytes == 4 || bytes == 8 || bytes == 16))
        request->slot[at] = option_value(memory, pointer, bytes);
    return fault;
}

/* A number for the hints: the family (0: any), and the type in the second byte. */
/*@ requires ready: net_ready(context, memory, request) && at < OPERATION_SLOTS_MAX;
  @ assigns request->slot[at];
  @ ensures whole: request_whole(request);
  @ ensures fault: FAULT_NONE <= \result <= FAULT_PATH_LONG;
*/
static enum request_fault copy_hints(uint32_t size, uint32_t at, const struct decide_context *context,
                                     const uint8_t *memory, struct request *request)
{
    uint32_t pointer = (uint32_t)request->slot[at];
    enum request_fault fault = cell_fault(pointer, size, context->memory);
    if (fault != FAULT_NONE || size < WAMR_HINTS)
        return fault;
    uint32_t family, type;
    if (size == WAMR_HINTS) {
        bool count = memory[(uint64_t)pointer + 8] != 0;
        uint32_t said_type = net_u32(memory, pointer), said_family = net_u32(memory, (uint64_t)pointer + 4);
        type = count && said_type <= 1 ? (said_type == 0 ? NET_UDP : NET_TCP) : SOCKET_ANY;
        family = count && said_family <= 1 ? (said_family == 0 ? NET_V4 : NET_V6) : NET_NONE;
    } else {
        uint32_t said_family = memory[(uint64_t)pointer + 2], said_type = memory[(uint64_t)pointer + 3];
        type = said_type == 1 ? NET_UDP : said_type == 2 ? NET_TCP : SOCKET_ANY;
        family = said_family == 1 ? NET_V4 : said_family == 2 ? NET_V6 : NET_NONE;
    }
    request->slot[at] = family + 256 * type;
    return FAULT_NONE;
}

enum request_fault decide_request_net(struct arg_shape shape, uint32_t at, const struct decide_context *context,
                                      const uint8_t *memory, struct request *request)
{
    uint32_t pointer = (uint32_t)request->slot[at];
    uint64_t behind = at < OPERATION_SLOTS_MAX - 1 ? request->slot[at + 1] : 0;
    uint32_t length = shape.slots == 2 ? (uint32_t)behind : UINT32_MAX;
    if (shape.class == ARG_CLASS_ADDRESS) {
        clear_address(request);
        return shape.size == WAMR_ADDRESS ? address_wamr(pointer, context, memory, request)
                                          : address_edge(pointer, (uint32_t)behind, context, memory, request);
    }
    if (shape.class == ARG_CLASS_PLACE && at < OPERATION_SLOTS_MAX - 1)
        return copy_place(shape.size, at, context, memory, request);
    if (shape.class == ARG_CLASS_CELL)
        return cell_fault(pointer, shape.size, context->memory);
    if (shape.class == ARG_CLASS_CAPACITY && at >= 2)
        return copy_capacity(at, context, memory, request);
    if (shape.class == ARG_CLASS_NAME)
        return copy_name(pointer, length, context, memory, request);
    if (shape.class == ARG_CLASS_OPTION && at < OPERATION_SLOTS_MAX - 1)
        return copy_option(at, context, memory, request);
    if (shape.class == ARG_CLASS_HINTS)
        return copy_hints(shape.size, at, context, memory, request);
    if (shape.class == ARG_CLASS_ROOM)
        return cell_fault(pointer, (uint64_t)shape.size * (uint32_t)behind, context->memory);
    return FAULT_BOUNDS;
}

uint64_t decide_request_counted(uint8_t type, uint64_t value)
{
    uint32_t said = (uint32_t)value;
    if (type == ARG_FAMILY_WAMR)
        return said == 0 ? NET_V4 : said == 1 ? NET_V6 : COUNTED_UNKNOWN;
    if (type == ARG_FAMILY_EDGE)
        return said == 1 ? NET_V4 : said == 2 ? NET_V6 : COUNTED_UNKNOWN;
    if (type == ARG_SOCKET_WAMR)
        return said == 0 ? NET_UDP : said == 1 ? NET_TCP : COUNTED_UNKNOWN;
    if (type == ARG_SOCKET_EDGE)
        return said == 1 ? NET_UDP : said == 2 ? NET_TCP : COUNTED_UNKNOWN;
    return value;
}
