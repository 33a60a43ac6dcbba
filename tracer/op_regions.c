/* The pieces of guest memory that an op's data lies in: what leaves, as a digest and its first bytes, and how much
 * enters.
 *
 * The regions of an op were checked by the decision core; here they are checked again, because what is wrong in one
 * process's table must not become a read outside the guest's memory. docs/trace-format.md, OP and DATA. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/long_digest.h"
#include "tracer/op_regions.h"

#include <string.h>

enum { JOIN_MAX = 4096 /* bytes in several pieces that are joined, to be hashed at once */ };

struct pieces op_pieces(const struct request *request, const struct op *op)
{
    if (!(abi_op_bit(op->kind) & ops_vector))
        return (struct pieces) { &op->mem, 1 };
    uint32_t count = op->mem.offset <= request->iov_count ? request->iov_count - op->mem.offset : 0;
    return (struct pieces) { request->iov + op->mem.offset, op->mem.length < count ? op->mem.length : count };
}

static uint64_t pieces_length(struct pieces pieces)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < pieces.count; i++)
        sum += pieces.next[i].length;
    return sum;
}

bool pieces_in_memory(struct pieces pieces, uint64_t memory_size)
{
    for (uint32_t i = 0; i < pieces.count; i++) {
        const struct region *piece = &pieces.next[i]; /* of no bytes it may lie anywhere, as for the decision core */
        if (piece->length > 0 && (uint64_t)piece->offset + piece->length > memory_size)
            return false;
    }
    return true;
}

size_t gather_bytes(struct gather *gather, const uint8_t *memory, uint8_t *to, size_t count)
{
    const uint8_t *start = to;
    while (count && gather->pieces.count) {
        const struct region *piece = gather->pieces.next;
        size_t part = piece->length - gather->inside;
        part = part < count ? part : count;
        if (part)
            memcpy(to, memory + piece->offset + gather->inside, part);
        to += part;
        count -= part;
        gather->inside += (uint32_t)part;
        if (gather->inside == piece->length) {
            gather->pieces.next++;
            gather->pieces.count--;
            gather->inside = 0;
        }
    }
    return (size_t)(to - start);
}

static uint64_t pieces_digest(struct pieces pieces, const uint8_t *memory, uint64_t length)
{
    if (length > 0 && pieces.count && pieces.next[0].length >= length)
        return length <= DIGEST_SHORT_MAX ? XXH3_64bits(memory + pieces.next[0].offset, length)
                                          : long_digest(memory + pieces.next[0].offset, length);
    if (length <= JOIN_MAX) {
        uint8_t joined[JOIN_MAX];
        struct gather gather = { pieces, 0 };
        return XXH3_64bits(joined, gather_bytes(&gather, memory, joined, length));
    }
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (uint32_t i = 0; length; i++) {
        uint64_t part = pieces.next[i].length < length ? pieces.next[i].length : length;
        if (part > 0)
            XXH3_64bits_update(&state, memory + pieces.next[i].offset, part);
        length -= part;
    }
    return XXH3_64bits_digest(&state);
}

enum status trace_op_out(const struct request *request, const struct op *op, const struct backend_space *space,
                         struct trace_op_data *ret)
{
    ret->out_digest = 0;
    ret->out_length = ret->out_head_length = 0;
    if (!(abi_op_bit(op->kind) & ops_out))
        return STATUS_OK;
    struct pieces pieces = op_pieces(request, op);
    if (!pieces_in_memory(pieces, space->memory_size))
        return STATUS_MALFORMED;
    const uint8_t *bytes = space->memory;
    uint64_t length = pieces_length(pieces);
    length = length < TRACE_KERNEL_MAX ? length : TRACE_KERNEL_MAX;
    struct region staged = { 0, LIMIT_STAGING };
    if (abi_op_bit(op->kind) & ops_joined) { /* they were put together already, and are not read again */
        length = staged.length = backend_joined(op, request);
        pieces = (struct pieces) { &staged, 1 };
        bytes = space->staging;
    }
    ret->out_length = (uint32_t)length;
    ret->out_head_length = (uint32_t)(length < TRACE_HEAD_BYTES ? length : TRACE_HEAD_BYTES);
    ret->out_digest = pieces_digest(pieces, bytes, length);
    struct gather gather = { pieces, 0 };
    gather_bytes(&gather, bytes, ret->out_head, ret->out_head_length);
    return STATUS_OK;
}

uint64_t trace_op_in_length(const struct request *request, const struct op *op, int64_t value)
{
    if (value <= 0 || op->kind >= OP_COUNT)
        return 0;
    enum op_bytes in = abi_ops[op->kind].in;
    uint64_t most = abi_bytes_in_regions(in) ? pieces_length(op_pieces(request, op))
                    : abi_bytes_staged(in)   ? LIMIT_STAGING
                                             : 0;
    most = most < TRACE_KERNEL_MAX ? most : TRACE_KERNEL_MAX;
    return (uint64_t)value < most ? (uint64_t)value : most;
}
