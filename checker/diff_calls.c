/* Two calls compared, as the guest has them.
 *
 * Invariants: what is compared follows from the tables' types and effects, so that a new row is compared; only what
 * differs between any two runs is left out (diff.h). Nothing is read beyond what the calls say they have. */
#include "checker/diff.h"

#include <string.h>
#include "checker/show_inner.h"
#include "runtime/base/fnv.h"

#define PART(id, text) text,
static const char *const part_texts[] = { DIFF_PART_LIST(PART) };
#undef PART
#define PART(id, text) #id,
static const char *const part_names[] = { DIFF_PART_LIST(PART) };
#undef PART

const char *diff_part_text(enum diff_part part) { return part < DIFF_PART_COUNT ? part_texts[part] : "?"; }
const char *diff_part_name(enum diff_part part) { return part < DIFF_PART_COUNT ? part_names[part] : "?"; }

static uint64_t vector_bytes(const struct request *request)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < request->iov_count && i < LIMIT_IOVECS; i++)
        bytes += request->iov[i].length;
    return bytes;
}

static bool same_subscriptions(const struct request *a, const struct request *b)
{
    if (a->subscription_count != b->subscription_count)
        return false;
    for (uint32_t i = 0; i < a->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        const struct subscription *x = &a->subscription[i], *y = &b->subscription[i];
        bool absolute = x->type == EVENTTYPE_CLOCK && x->flags & SUBCLOCK_ABSTIME;
        if (x->type != y->type || x->clock_or_fd != y->clock_or_fd || x->flags != y->flags ||
            (x->type == EVENTTYPE_CLOCK && !absolute && x->timeout != y->timeout))
            return false;
    }
    return true;
}

/* Fields whose values are the guest's choice; where something lies in its memory is not. */
static bool same_field(const struct operation_field *field, const struct request *a, const struct request *b)
{
    const uint64_t *x = &a->slot[field->slot], *y = &b->slot[field->slot];
    switch ((enum arg_class)abi_arg_types[field->type].class) {
    case ARG_CLASS_SCALAR:
        return field->type == ARG_POINTER || *x == *y;
    case ARG_CLASS_OPTION:
    case ARG_CLASS_HINTS:
        return *x == *y;
    case ARG_CLASS_IOVS:
    case ARG_CLASS_CIOVS:
        return a->fault != FAULT_NONE || vector_bytes(a) == vector_bytes(b);
    case ARG_CLASS_BUFFER:
    case ARG_CLASS_PLACE:
        return x[1] == y[1];
    case ARG_CLASS_SUBS:
        return a->fault != FAULT_NONE || same_subscriptions(a, b);
    case ARG_CLASS_ADDRESS:
        return a->fault != FAULT_NONE || memcmp(&a->address, &b->address, sizeof a->address) == 0;
    case ARG_CLASS_STRING: /* same_names */
    case ARG_CLASS_NAME:
    case ARG_CLASS_VECTOR:
    case ARG_CLASS_EVENTS:
    case ARG_CLASS_RESULT:
    case ARG_CLASS_CELL:
    case ARG_CLASS_CAPACITY:
    case ARG_CLASS_ROOM:
        return true;
    }
    return false;
}

static bool same_names(const struct request *a, const struct request *b)
{
    if (a->string_count != b->string_count)
        return false;
    for (uint32_t i = 0; i < a->string_count && i < REQUEST_STRINGS; i++)
        if (a->string[i].length != b->string[i].length || !show_region_fits(a->string[i]) ||
            !show_region_fits(b->string[i]) ||
            memcmp(a->bytes + a->string[i].offset, b->bytes + b->string[i].offset, a->string[i].length) != 0)
            return false;
    return true;
}

/* What a clock or chance decides. */
static bool by_chance(const struct trace_call *call)
{
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++)
        if (call->ops.op[i].kind < OP_COUNT &&
            (abi_ops[call->ops.op[i].kind].effect == OP_EFFECT_RANDOM || call->ops.op[i].kind == OP_CLOCK_TIME))
            return true;
    return false;
}

/* Ops that moved bytes one way, in order: those that moved none do not count. */
static uint32_t next_moved(const struct trace_call *call, uint32_t from, bool in)
{
    for (; from < call->ops.count && from < LIMIT_OPS; from++)
        if ((in ? call->data[from].in_length : call->data[from].out_length) > 0)
            break;
    return from < call->ops.count && from < LIMIT_OPS ? from : LIMIT_OPS;
}

static bool same_written(const struct trace_call *a, const struct trace_call *b)
{
    uint32_t i = next_moved(a, 0, false), k = next_moved(b, 0, false);
    while (i < LIMIT_OPS && k < LIMIT_OPS) {
        if (a->data[i].out_length != b->data[k].out_length || a->data[i].out_digest != b->data[k].out_digest)
            return false;
        i = next_moved(a, i + 1, false);
        k = next_moved(b, k + 1, false);
    }
    return i == k;
}

static bool hash_add(void *self, const uint8_t *bytes, size_t size)
{
    uint64_t *hash = self;
    *hash = fnv_add(*hash, bytes, size);
    return true;
}

/* Bytes of one op on both sides; those that were not kept are read again. */
static enum status same_bytes(struct trace_reader *reader_a, const struct trace_call *a, uint32_t i,
                              struct trace_reader *reader_b, const struct trace_call *b, uint32_t k, bool *ret,
                              struct error *error)
{
    const struct trace_op_data *x = &a->data[i], *y = &b->data[k];
    uint64_t hash_a = FNV_START, hash_b = FNV_START;
    *ret = x->in_length == y->in_length;
    if (!*ret)
        return STATUS_OK;
    if (x->in_kept == x->in_length && y->in_kept == y->in_length) {
        *ret = memcmp(x->in, y->in, x->in_length) == 0;
        return STATUS_OK;
    }
    enum status s = trace_reader_data(reader_a, a, i, hash_add, &hash_a, error);
    if (s == STATUS_OK)
        s = trace_reader_data(reader_b, b, k, hash_add, &hash_b, error);
    *ret = hash_a == hash_b;
    return s;
}

/* Directory entries are compared by their names; inodes and cookies are the file system's. */
static bool same_entries(const struct trace_call *a, const struct trace_call *b)
{
    const struct show_options full = { .full = true };
    struct buffer x = BUFFER_INIT, y = BUFFER_INIT;
    (void)show_entries(a, &full, &x);
    (void)show_entries(b, &full, &y);
    bool same = x.status == STATUS_OK && y.status == STATUS_OK && x.size == y.size &&
                (x.size == 0 || memcmp(x.data, y.data, x.size) == 0);
    buffer_done(&x);
    buffer_done(&y);
    return same;
}

static enum status same_read(struct trace_reader *reader_a, const struct trace_call *a, struct trace_reader *reader_b,
                             const struct trace_call *b, bool *ret, struct error *error)
{
    *ret = true;
    if (by_chance(a) && by_chance(b))
        return STATUS_OK;
    if (a->request.call == OPERATION_FD_READDIR) {
        *ret = same_entries(a, b);
        return STATUS_OK;
    }
    uint32_t i = next_moved(a, 0, true), k = next_moved(b, 0, true);
    enum status s = STATUS_OK;
    while (s == STATUS_OK && *ret && i < LIMIT_OPS && k < LIMIT_OPS) {
        s = same_bytes(reader_a, a, i, reader_b, b, k, ret, error);
        i = next_moved(a, i + 1, true);
        k = next_moved(b, k + 1, true);
    }
    *ret = *ret && (i == LIMIT_OPS) == (k == LIMIT_OPS);
    return s;
}

static bool same_results(const struct trace_call *a, const struct trace_call *b)
{
    const struct filestat *x = show_stat_find(a), *y = show_stat_find(b);
    bool chance = by_chance(a) && by_chance(b) && a->request.call == OPERATION_CLOCK_TIME_GET;
    if (a->outcome.value_count != b->outcome.value_count)
        return false;
    for (unsigned i = 0; i < a->outcome.value_count && i < 2 && !chance; i++)
        if (a->outcome.value[i] != b->outcome.value[i])
            return false;
    return !x == !y && (!x || (x->filetype == y->filetype && x->size == y->size && x->nlink == y->nlink));
}

/* What the guest asked. */
static enum diff_part diff_requests(const struct request *a, const struct request *b)
{
    if (a->call != b->call || a->import != b->import)
        return DIFF_PART_CALL;
    if (a->fault != b->fault)
        return DIFF_PART_ARGUMENTS;
    const struct operation_row *row = a->call < OPERATION_COUNT ? &abi_operations[a->call] : NULL;
    for (unsigned f = 0; row && f < row->field_count; f++)
        if (!same_field(&row->field[f], a, b))
            return DIFF_PART_ARGUMENTS;
    return a->fault == FAULT_NONE && !same_names(a, b) ? DIFF_PART_NAMES : DIFF_PART_NONE;
}

enum status diff_calls(struct trace_reader *reader_a, const struct trace_call *a, struct trace_reader *reader_b,
                       const struct trace_call *b, enum diff_part *ret, struct error *error)
{
    bool read = true;
    *ret = diff_requests(&a->request, &b->request);
    if (*ret != DIFF_PART_NONE)
        return STATUS_OK;
    if (!same_written(a, b))
        *ret = DIFF_PART_WRITTEN;
    else if (a->complete != b->complete)
        *ret = DIFF_PART_ENDS;
    else if (!a->complete)
        *ret = DIFF_PART_NONE;
    else if (a->outcome.wasi_errno != b->outcome.wasi_errno || a->outcome.trap != b->outcome.trap)
        *ret = DIFF_PART_ERROR;
    else if (show_refused(a) != show_refused(b) || (show_refused(a) && a->outcome.rule != b->outcome.rule))
        *ret = DIFF_PART_RULE;
    else if (!same_results(a, b))
        *ret = DIFF_PART_RESULTS;
    if (*ret != DIFF_PART_NONE || !a->complete)
        return STATUS_OK;
    enum status s = same_read(reader_a, a, reader_b, b, &read, error);
    *ret = read ? DIFF_PART_NONE : DIFF_PART_READ;
    return s;
}
