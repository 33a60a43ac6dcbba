/* Tells where the witness lacks what a comparison needs: an operand that it could not read whole, or not before the
 * call wrote; an object.
 *
 * Invariant: what is lacking is no difference, and no agreement either; it makes the verdict unknown. docs/witness.md.
 */
#include "checker/match_net.h"

/* How many bytes the kernel reads of an operand in this part. */
static uint64_t part_bytes(const struct witness_record *record, uint32_t part)
{
    enum { HOW_BYTES = 24, TIMES_BYTES = 32 };
    switch (part) {
    case WITNESS_PART_PATH:
        return record->path_length[0] + UINT64_C(1);
    case WITNESS_PART_PATH2:
        return record->path_length[1] + UINT64_C(1);
    case WITNESS_PART_IOV:
        return record->iov_count * sizeof(struct witness_iovec);
    case WITNESS_PART_HOW:
        return HOW_BYTES;
    case WITNESS_PART_TIMES:
        return TIMES_BYTES;
    case WITNESS_PART_ADDRESS:
        return record->address_length;
    default:
        return 0;
    }
}

/* The part that an operand in this role lies in; 0: in a register, or of no weight. *paths: paths before it. */
static uint32_t part_of(const struct match_want *want, enum op_operand role, unsigned *paths)
{
    switch (role) {
    case OPERAND_PATH:
    case OPERAND_PATH2:
    case OPERAND_EMPTY:
        return (*paths)++ ? WITNESS_PART_PATH2 : WITNESS_PART_PATH;
    case OPERAND_IOVS:
    case OPERAND_POLLS:
        return want->iov_count > 0 ? WITNESS_PART_IOV : 0;
    case OPERAND_HOW:
        return WITNESS_PART_HOW;
    case OPERAND_TIMES:
    case OPERAND_TIME:
        return WITNESS_PART_TIMES;
    case OPERAND_FD:
        return WITNESS_PART_OBJECT;
    case OPERAND_ADDRESS:
    case OPERAND_OPTION:
        return WITNESS_PART_ADDRESS;
    case OPERAND_FD2:
        return WITNESS_PART_OBJECT2;
    case OPERAND_NONE:
    case OPERAND_ADDRLEN:
    case OPERAND_OPTIONLEN:
    case OPERAND_COUNT:
    case OPERAND_OFFSET:
    case OPERAND_ZERO:
    case OPERAND_POLLCOUNT:
    case OPERAND_RESULT:
    case OPERAND_HOWSIZE:
    case OPERAND_FDFLAGS:
    case OPERAND_BITS:
    case OPERAND_CONSTANT:
    case OPERAND_MEM:
    case OPERAND_MEMLEN:
    case OPERAND_STAGE:
    case OPERAND_STAGELEN:
    case OPERAND_VALUE:
        return 0;
    }
    return 0;
}

static const char *part_name(uint32_t part)
{
    switch (part) {
    case WITNESS_PART_OBJECT:
        return "the object behind the descriptor";
    case WITNESS_PART_OBJECT2:
        return "the object behind the second descriptor";
    case WITNESS_PART_OPENED:
        return "the object that was opened";
    case WITNESS_PART_HOW:
        return "struct open_how";
    case WITNESS_PART_IOV:
        return "the vector";
    case WITNESS_PART_TIMES:
        return "the times";
    case WITNESS_PART_ADDRESS:
        return "the address or the value";
    case WITNESS_PART_SOCKET:
        return "the socket";
    default:
        return "a path";
    }
}

bool match_unknown(const struct match_world *world, const struct match_want *want, const struct witness_record *record,
                   struct buffer *text)
{
    enum {
        POINTERS = WITNESS_PART_HOW | WITNESS_PART_IOV | WITNESS_PART_TIMES | WITNESS_PART_PATH | WITNESS_PART_PATH2 |
                   WITNESS_PART_ADDRESS
    };
    uint32_t needed = 0, missing;
    unsigned paths = 0;
    bool worked = match_net_worked(want, record), shared = false;
    for (unsigned slot = 0; slot < OP_OPERANDS_MAX; slot++) {
        uint32_t part = part_of(want, (enum op_operand)abi_ops[want->kind].operand[slot], &paths);
        needed |= part;
        shared |= part & POINTERS && match_is_shared(world, record->arg[slot], part_bytes(record, part));
    }
    if (!worked)
        needed &= ~(uint32_t)(WITNESS_PART_OBJECT | WITNESS_PART_OBJECT2); /* a bad descriptor has none */
    else if (abi_ops[want->kind].match == OP_MATCH_OPENED)
        needed |= WITNESS_PART_OPENED;
    needed |= match_net_parts(want, worked);
    missing = needed & ~record->parts;
    if (missing) {
        if (text)
            buffer_printf(text, "%s could not be read", part_name(missing & (0 - missing)));
        return true;
    }
    bool late = (needed & POINTERS) && (record->flags & WITNESS_FLAG_LATE) &&
                (abi_ops[want->kind].late == OP_LATE_UNKNOWN || world->threads);
    if (text && (late || shared))
        buffer_string(text, late ? "an operand could be read only behind the call, which may have changed it"
                                 : "an operand lies in memory that another process may write");
    return late || shared;
}
