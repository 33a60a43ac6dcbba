/* A profile as bytes, little-endian, between two processes of one version:
 *
 *     u64 instructions, u32 functions, nodes, pieces (how many of each)
 *     functions   u32 offset, u64 calls, u64 self, u8 has a name, and then u32 size and bytes
 *     nodes       u32 parent, u32 function, u64 calls, self, cut
 *     pieces      u32 function, first, past, instructions, u64 count
 *
 * Who reads believes nothing: counts against the bytes that are left, indices against counts, sums against the total.
 */
#include "replay/profile.h"

#include <stdlib.h>

enum { PIECE_BYTES = 1 << 16, FUNCTION_LEAST = 21, NODE_BYTES = 32, PIECE_SIZE = 24 };

struct teller {
    struct buffer out;
    profile_tell_fn *tell;
    void *self;
    bool stopped;
};

static void flush(struct teller *t, size_t least)
{
    if (t->out.size < least || t->out.size == 0 || t->out.status != STATUS_OK)
        return;
    t->stopped = t->stopped || !t->tell(t->self, t->out.data, t->out.size);
    buffer_clear(&t->out);
}

enum status profile_tell(const struct profile *profile, profile_tell_fn *tell, void *self, struct error *error)
{
    struct teller t = { BUFFER_INIT, tell, self, false };
    struct buffer *out = &t.out;
    buffer_u64(out, profile->instructions);
    buffer_u32(out, profile->function_count);
    buffer_u32(out, profile->node_count);
    buffer_u32(out, profile->piece_count);
    for (uint32_t i = 0; i < profile->function_count && !t.stopped; i++, flush(&t, PIECE_BYTES)) {
        const struct profile_function *f = &profile->functions[i];
        buffer_u32(out, f->offset);
        buffer_u64(out, f->calls);
        buffer_u64(out, f->self);
        buffer_u8(out, f->name != NULL);
        if (f->name)
            buffer_blob(out, f->name, f->name_size);
    }
    for (uint32_t i = 0; i < profile->node_count && !t.stopped; i++, flush(&t, PIECE_BYTES)) {
        const struct profile_node *n = &profile->nodes[i];
        buffer_u32(out, n->parent);
        buffer_u32(out, n->function);
        buffer_u64(out, n->calls);
        buffer_u64(out, n->self);
        buffer_u64(out, n->cut);
    }
    for (uint32_t i = 0; i < profile->piece_count && !t.stopped; i++, flush(&t, PIECE_BYTES)) {
        const struct rt_piece *p = &profile->pieces[i];
        buffer_u32(out, p->function);
        buffer_u32(out, p->first);
        buffer_u32(out, p->past);
        buffer_u32(out, p->instructions);
        buffer_u64(out, p->count);
    }
    flush(&t, 0);
    const enum status status = out->status;
    buffer_done(out);
    if (status != STATUS_OK)
        return error_set(error, status, "no memory for a profile");
    return t.stopped ? error_set(error, STATUS_STOPPED, "nobody takes the profile") : STATUS_OK;
}

/* ---- reading ---- */

void profile_done(struct profile *profile)
{
    free(profile->functions);
    free(profile->nodes);
    free(profile->own_pieces);
    *profile = (struct profile) { .instructions = 0 };
}

static bool function_read(struct cursor *in, struct profile_function *ret)
{
    uint8_t named;
    const uint8_t *name;
    if (cursor_u32(in, &ret->offset) != STATUS_OK || cursor_u64(in, &ret->calls) != STATUS_OK ||
        cursor_u64(in, &ret->self) != STATUS_OK || cursor_u8(in, &named) != STATUS_OK)
        return false;
    if (!named)
        return true;
    if (cursor_u32(in, &ret->name_size) != STATUS_OK || ret->name_size > LIMIT_NAME_BYTES ||
        cursor_bytes(in, ret->name_size, &name) != STATUS_OK)
        return false;
    ret->name = (const char *)name;
    return true;
}

static bool node_read(struct cursor *in, const struct profile *p, uint32_t index, struct profile_node *ret)
{
    return cursor_u32(in, &ret->parent) == STATUS_OK && cursor_u32(in, &ret->function) == STATUS_OK &&
           cursor_u64(in, &ret->calls) == STATUS_OK && cursor_u64(in, &ret->self) == STATUS_OK &&
           cursor_u64(in, &ret->cut) == STATUS_OK &&
           (index == 0 ? ret->parent == 0 : ret->parent < index && ret->function < p->function_count);
}

static bool piece_read(struct cursor *in, const struct profile *p, struct rt_piece *ret)
{
    return cursor_u32(in, &ret->function) == STATUS_OK && cursor_u32(in, &ret->first) == STATUS_OK &&
           cursor_u32(in, &ret->past) == STATUS_OK && cursor_u32(in, &ret->instructions) == STATUS_OK &&
           cursor_u64(in, &ret->count) == STATUS_OK && ret->function < p->function_count && ret->first < ret->past;
}

/* Whether functions, and nodes, have all instructions together, and no stack is deeper than they are made. */
static bool agrees(const struct profile *p)
{
    uint64_t functions = 0, nodes = 0;
    uint32_t *depth = calloc(p->node_count, sizeof *depth);
    bool good = depth != NULL;
    for (uint32_t i = 0; good && i < p->function_count; i++)
        good = !__builtin_add_overflow(functions, p->functions[i].self, &functions);
    for (uint32_t i = 0; good && i < p->node_count; i++) {
        good = !__builtin_add_overflow(nodes, p->nodes[i].self, &nodes) &&
               !__builtin_add_overflow(nodes, p->nodes[i].cut, &nodes);
        depth[i] = i == 0 ? 0 : depth[p->nodes[i].parent] + 1;
        good = good && depth[i] <= LIMIT_PROFILE_DEPTH;
    }
    free(depth);
    return good && functions == p->instructions && nodes == p->instructions;
}

static bool counts_read(struct cursor *in, struct profile *p)
{
    return cursor_u64(in, &p->instructions) == STATUS_OK && cursor_u32(in, &p->function_count) == STATUS_OK &&
           cursor_u32(in, &p->node_count) == STATUS_OK && cursor_u32(in, &p->piece_count) == STATUS_OK &&
           p->node_count > 0 && p->node_count <= LIMIT_PROFILE_NODES && p->function_count <= LIMIT_FUNCTIONS &&
           p->function_count <= cursor_left(in) / FUNCTION_LEAST && p->node_count <= cursor_left(in) / NODE_BYTES &&
           p->piece_count <= cursor_left(in) / PIECE_SIZE;
}

static bool all_read(struct cursor *in, struct profile *p)
{
    bool good = true;
    for (uint32_t i = 0; good && i < p->function_count; i++)
        good = function_read(in, &p->functions[i]);
    for (uint32_t i = 0; good && i < p->node_count; i++)
        good = node_read(in, p, i, &p->nodes[i]);
    for (uint32_t i = 0; good && i < p->piece_count; i++)
        good = piece_read(in, p, &p->own_pieces[i]);
    return good && cursor_left(in) == 0 && agrees(p);
}

enum status profile_read(const void *bytes, size_t size, struct profile *ret, struct error *error)
{
    struct cursor in = cursor_over(bytes, size);
    struct profile p = { .instructions = 0 };
    if (!counts_read(&in, &p))
        return error_set(error, STATUS_MALFORMED, "the profile that the replay's process tells is none");
    p.functions = calloc(p.function_count + (size_t)1, sizeof *p.functions);
    p.nodes = calloc(p.node_count, sizeof *p.nodes);
    p.own_pieces = calloc(p.piece_count + (size_t)1, sizeof *p.own_pieces);
    p.pieces = p.own_pieces;
    enum status status = STATUS_OK;
    if (!p.functions || !p.nodes || !p.own_pieces)
        status = error_set(error, STATUS_NO_MEMORY, "no memory for a profile");
    else if (!all_read(&in, &p))
        status = error_set(error, STATUS_MALFORMED, "the profile that the replay's process tells is none");
    if (status != STATUS_OK)
        profile_done(&p);
    else
        *ret = p;
    return status;
}
