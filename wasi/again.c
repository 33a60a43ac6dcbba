/* Decides recorded calls again: in the run's own world, which tells what its descriptors were, and in each of the
 * worlds that are asked about.
 *
 * Invariants: descriptors have in every world the numbers that they had in the run, so that its requests mean the same
 * things; one that a world would not have is kept in its place without any right, and is lost. What becomes of the
 * descriptors is the core's commit, in every world. The guest's memory is not known: what the run's core found in it
 * holds, as only calls that succeeded are asked about. Left out on purpose: positions of directories, which no decision
 * rests on. */
#include "wasi/again.h"

#include <stdlib.h>
#include <string.h>

#include "wasi/wasi_inner.h"

struct again_side {
    struct decide_context context;
    struct handle_table table;
};

struct again_world {
    struct again_side side;
    const struct wasi_again_world *grants; /* borrowed */
    bool lost[HANDLES_TOTAL];              /* live in the run, and not here */
};

struct wasi_again {
    struct again_side run;
    uint32_t count;
    struct again_world *worlds; /* owned */
    uint32_t named_count;       /* by the call that is decided */
    struct wasi_again_named named[AGAIN_NAMED_MAX];
    struct handle was[AGAIN_NAMED_MAX]; /* each of them, before the call */
};

/* ---- what a call names ---- */

bool wasi_again_succeeded(const struct wasi_again_call *call)
{
    return call->complete && call->outcome->wasi_errno == WASI_SUCCESS && call->outcome->trap == 0 &&
           !abi_rules[call->outcome->rule].refuses;
}

/* What copying a request guarantees, and the core relies on. */
static bool is_whole(const struct wasi_again_call *call)
{
    const struct request *q = call->request;
    bool whole = q->call < OPERATION_COUNT && call->ops->count <= LIMIT_OPS && call->outcome->rule < RULE_COUNT &&
                 q->iov_count <= LIMIT_IOVECS && q->subscription_count <= LIMIT_SUBSCRIPTIONS &&
                 q->string_count <= REQUEST_STRINGS;
    for (uint32_t i = 0; whole && i < q->string_count; i++)
        whole =
            q->string[i].length <= LIMIT_PATH && (uint64_t)q->string[i].offset + q->string[i].length <= REQUEST_BYTES;
    return whole;
}

uint32_t wasi_again_names(const struct request *request, struct wasi_again_named *ret)
{
    const struct operation_row *row = &abi_operations[request->call];
    uint32_t count = 0, strings = 0;
    bool open = false; /* the last descriptor has no path yet */
    if (request->fault != FAULT_NONE)
        return 0;
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct operation_field *field = &row->field[i];
        if (field->type == ARG_FD) {
            uint64_t handle = request->slot[field->slot];
            ret[count].handle = handle < LIMIT_HANDLES ? (uint32_t)handle : HANDLE_NONE;
            ret[count++].string = REQUEST_STRINGS;
            open = true;
        } else if (field->type == ARG_STRING) {
            if (open && strings < request->string_count)
                ret[count - 1].string = strings;
            open = false;
            strings++;
        }
    }
    for (uint32_t i = 0; i < request->subscription_count && count < AGAIN_NAMED_MAX; i++)
        if (request->subscription[i].type != EVENTTYPE_CLOCK) {
            uint32_t handle = request->subscription[i].clock_or_fd;
            ret[count++] = (struct wasi_again_named) { handle < LIMIT_HANDLES ? handle : HANDLE_NONE, REQUEST_STRINGS };
        }
    return count;
}

bool wasi_again_path(const struct request *request, uint32_t string, char *ret)
{
    uint32_t used = 0;
    bool known = true;
    ret[0] = 0;
    if (string >= request->string_count || request->string[string].length > LIMIT_PATH)
        return true;
    const char *path = (const char *)request->bytes + request->string[string].offset;
    const uint32_t length = request->string[string].length;
    for (uint32_t at = 0; at < length;) {
        uint32_t end = at;
        while (end < length && path[end] != '/')
            end++;
        uint32_t size = end - at;
        if (size > 0 && !(size == 1 && path[at] == '.')) {
            known = known && !(size == 2 && path[at] == '.' && path[at + 1] == '.');
            if (used > 0)
                ret[used++] = '/';
            memcpy(ret + used, path + at, size);
            used += size;
        }
        at = end + 1;
    }
    ret[used] = 0;
    return known && strlen(ret) == used;
}

bool wasi_again_is_directory(const struct wasi_again_call *call)
{
    uint32_t operation = call->request->call;
    if (operation != OPERATION_PATH_OPEN && operation != OPERATION_PATH_FILESTAT_GET)
        return false;
    for (uint32_t i = 0; i < call->ops->count; i++)
        if (abi_ops[call->ops->op[i].kind].in == OP_BYTES_STAT && call->ops->result[i].value >= 0 &&
            call->ops->result[i].stat.filetype == FILETYPE_DIRECTORY)
            return true;
    return false;
}

bool wasi_again_asks_grant(const struct request *request)
{
    return request->call == OPERATION_FD_PRESTAT_GET || request->call == OPERATION_FD_PRESTAT_DIR_NAME ||
           request->call == OPERATION_FD_FDSTAT_GET;
}

struct wasi_again_socket wasi_again_socket(const struct wasi_again *again, uint32_t handle)
{
    const struct handle *h = handle < LIMIT_HANDLES ? &again->run.table.handle[handle] : NULL;
    if (!h || !h->live || h->net_state == NET_STATE_NONE)
        return (struct wasi_again_socket) { 0 };
    return (struct wasi_again_socket) { .is_socket = true,
                                        .stream = h->type == FILETYPE_SOCKET_STREAM,
                                        .bound = h->net_state != NET_STATE_OPEN,
                                        .family = h->net_family };
}

uint32_t wasi_again_preopen(const struct wasi_again *again, uint32_t handle)
{
    const struct handle *h = handle < LIMIT_HANDLES ? &again->run.table.handle[handle] : NULL;
    return h && h->live && h->preopen ? h->name : UINT32_MAX;
}

/* ---- worlds ---- */

/* Keeps the place of a descriptor that the world would not have. */
static void lose(struct again_world *world, uint32_t handle)
{
    world->lost[handle] = true;
    world->side.table.handle[handle] = (struct handle) { .live = true };
}

static enum status world_init(const struct wasi_config *config, const struct wasi_again_world *grants,
                              struct again_world *world, struct error *error)
{
    struct wasi_config here = *config;
    here.device_count = grants->device_count;
    here.devices = grants->devices;
    here.network_count = grants->network_count;
    here.networks = grants->networks;
    here.name_count = grants->name_count;
    here.names = grants->names;
    world->grants = grants;
    enum status s = wasi_world_init(&here, &world->side.context, &world->side.table, error);
    world->side.context.memory = UINT64_C(1) << 32;
    for (uint32_t i = 0; s == STATUS_OK && i < config->listen_count; i++)
        if (!(grants->listens >> i & 1))
            lose(world, 3 + config->preopen_count + i);
    return s;
}

enum status wasi_again_create(const struct wasi_config *config, const struct wasi_again_world *worlds, uint32_t count,
                              struct wasi_again **ret, struct error *error)
{
    struct wasi_again *again = calloc(1, sizeof *again);
    struct again_world *made = calloc(count > 0 ? count : 1, sizeof *made);
    if (!again || !made) {
        free(again);
        free(made);
        return error_set(error, STATUS_NO_MEMORY, "no memory for %u worlds", count);
    }
    again->worlds = made;
    again->count = count;
    enum status s = wasi_world_init(config, &again->run.context, &again->run.table, error);
    again->run.context.memory = UINT64_C(1) << 32;
    for (uint32_t i = 0; s == STATUS_OK && i < count; i++)
        s = world_init(config, &worlds[i], &made[i], error);
    if (s == STATUS_OK)
        *ret = again;
    else
        wasi_again_free(again);
    return s;
}

void wasi_again_free(struct wasi_again *again)
{
    if (!again)
        return;
    free(again->worlds);
    free(again);
}

/* ---- deciding ---- */

/* Whether the core's op is the recorded one, as far as the answer to it is concerned. Who opens with less than was
 * opened then would have had it too; and a name that is asked for has a number of its own in each policy. */
static bool same_op(const struct op *op, const struct op *was)
{
    bool less = op->kind == OP_OPEN &&
                (op->flags & (OPEN_CREATE | OPEN_TRUNCATE)) == (was->flags & (OPEN_CREATE | OPEN_TRUNCATE));
    return op->kind == was->kind && op->handle == was->handle && op->handle2 == was->handle2 &&
           op->offset == was->offset && (op->value == was->value || op->kind == OP_ASK_NAME) &&
           (less || op->flags == was->flags);
}

/* Goes through the call's plan with the recorded answers, and commits. OTHER: it is not the plan that was recorded;
 * then nothing was committed. */
enum plan_way { WAY_SAME, WAY_REFUSED, WAY_OTHER };
static enum plan_way decide(struct again_side *side, const struct wasi_again_call *call, uint16_t *ret_rule)
{
    const struct op_result none = { 0 }, *answer = &none;
    struct plan plan = decide_plan_start();
    struct outcome outcome = { 0 };
    uint32_t done = 0;
    while (!decide_step_is_end(&plan)) {
        const struct step step = decide_step(&side->context, &side->table, call->request, &plan, answer);
        if (step.verdict == VERDICT_REFUSE) {
            *ret_rule = step.rule;
            return WAY_REFUSED;
        }
        plan = step.plan;
        if (call->request->call == OPERATION_FD_READDIR) /* its plan follows a position that is not kept here */
            return WAY_SAME;
        if (step.verdict == VERDICT_COMMIT)
            break;
        if (done >= call->ops->count || !same_op(&step.op, &call->ops->op[done]))
            return WAY_OTHER;
        answer = &call->ops->result[done++];
    }
    if (done != call->ops->count)
        return WAY_OTHER;
    if (decide_step_is_end(&plan))
        plan.value = decide_end_value(&plan, answer);
    decide_commit(&side->context, &side->table, call->request, &plan, answer, &outcome);
    return outcome.wasi_errno == call->outcome->wasi_errno ? WAY_SAME : WAY_OTHER;
}

/* What the call did to the run's descriptors happens here too, only that what it brought is lost. */
static void follow(const struct wasi_again *again, struct again_world *world, const struct wasi_again_call *call)
{
    for (uint32_t i = 0; i < again->named_count; i++)
        if (again->named[i].handle < LIMIT_HANDLES)
            world->side.table.handle[again->named[i].handle].position =
                again->run.table.handle[again->named[i].handle].position;
    for (uint32_t i = 0; i < call->ops->count; i++) {
        const struct op *op = &call->ops->op[i];
        const enum op_table table = (enum op_table)abi_ops[op->kind].table;
        const uint32_t touched[2] = { table == OP_TABLE_CLOSES || table == OP_TABLE_MOVES ? op->handle : HANDLE_NONE,
                                      table == OP_TABLE_OPENS || table == OP_TABLE_MOVES ? op->handle2 : HANDLE_NONE };
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t handle = touched[k];
            if (handle >= LIMIT_HANDLES)
                continue;
            world->lost[handle] = false;
            world->side.table.handle[handle] = (struct handle) { 0 };
            if (again->run.table.handle[handle].live)
                lose(world, handle);
        }
    }
}

/* Whether `path` is `below`, or lies beneath it. */
static bool lies_in(const char *path, const char *below)
{
    size_t length = strlen(below);
    return length == 0 || (strncmp(path, below, length) == 0 && (path[length] == 0 || path[length] == '/'));
}

/* The grant by which a guest reaches what lies there: programs choose the longest name. UINT32_MAX: none. */
static uint32_t grant_of(const struct wasi_again_world *grants, uint32_t preopen, const char *path)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < grants->grant_count; i++) {
        const struct wasi_again_grant *grant = &grants->grants[i];
        if (grant->preopen == preopen && lies_in(path, grant->below) &&
            (best == UINT32_MAX || strlen(grant->below) > strlen(grants->grants[best].below)))
            best = i;
    }
    return best;
}

static bool has_any(const struct wasi_again_world *grants, uint32_t preopen)
{
    for (uint32_t i = 0; i < grants->grant_count; i++)
        if (grants->grants[i].preopen == preopen)
            return true;
    return false;
}

/* Gives the run's directory behind `handle` the rights of the grant that holds what is named beneath it. was: the
 * directory in the run. */
static struct wasi_again_ruling reach(struct again_world *world, const struct handle *was,
                                      const struct wasi_again_call *call, const struct wasi_again_named *named)
{
    char path[LIMIT_PATH + 2];
    const struct wasi_again_world *grants = world->grants;
    struct handle *here = &world->side.table.handle[named->handle];
    *here = *was;
    bool known = wasi_again_path(call->request, named->string, path);
    uint32_t grant = grant_of(grants, was->name, path);
    if (wasi_again_asks_grant(call->request) ||
        (call->request->call == OPERATION_FD_CLOSE && has_any(grants, was->name)))
        return (struct wasi_again_ruling) { .answer = AGAIN_SAME };
    if (grant == UINT32_MAX)
        return (struct wasi_again_ruling) { .answer = AGAIN_LOST };
    const char *below = grants->grants[grant].below;
    if (below[0] && (!known || (strcmp(below, path) == 0 && !wasi_again_is_directory(call))))
        return (struct wasi_again_ruling) { .answer = AGAIN_ROOT, .grant = grant };
    if (!grants->grants[grant].writes) {
        here->rights &= rights_read;
        here->inheriting &= rights_read;
    }
    return (struct wasi_again_ruling) { .answer = AGAIN_SAME };
}

static struct wasi_again_ruling world_decide(const struct wasi_again *again, struct again_world *world,
                                             const struct wasi_again_call *call)
{
    struct wasi_again_ruling ruling = { .answer = AGAIN_SAME };
    for (uint32_t i = 0; i < again->named_count && ruling.answer == AGAIN_SAME; i++) {
        const struct wasi_again_named *named = &again->named[i];
        if (named->handle >= LIMIT_HANDLES || !again->was[i].live)
            continue;
        if (world->lost[named->handle])
            ruling.answer = AGAIN_LOST;
        else if (again->was[i].preopen)
            ruling = reach(world, &again->was[i], call, named);
    }
    if (ruling.answer == AGAIN_SAME && wasi_again_asks_grant(call->request))
        return ruling;
    if (ruling.answer == AGAIN_SAME) {
        enum plan_way way = decide(&world->side, call, &ruling.rule);
        ruling.answer = way == WAY_SAME ? AGAIN_SAME : way == WAY_REFUSED ? AGAIN_REFUSED : AGAIN_OTHER;
    }
    if (ruling.answer != AGAIN_SAME)
        follow(again, world, call);
    return wasi_again_succeeded(call) ? ruling : (struct wasi_again_ruling) { .answer = AGAIN_SAME };
}

enum status wasi_again_decide(struct wasi_again *again, const struct wasi_again_call *call,
                              struct wasi_again_ruling *rulings, struct error *error)
{
    uint16_t rule = RULE_NONE;
    if (!is_whole(call))
        return error_set(error, STATUS_MALFORMED, "a call that no guest can have made");
    memset(rulings, 0, again->count * sizeof *rulings);
    if (!call->complete || call->outcome->trap != 0 || abi_rules[call->outcome->rule].refuses)
        return STATUS_OK; /* what was refused, or never ended, left no descriptor */
    again->named_count = wasi_again_names(call->request, again->named);
    for (uint32_t i = 0; i < again->named_count; i++)
        if (again->named[i].handle < LIMIT_HANDLES)
            again->was[i] = again->run.table.handle[again->named[i].handle];
    if (decide(&again->run, call, &rule) != WAY_SAME)
        return error_set(error, STATUS_MALFORMED, "the run's own policy does not decide %s as it is recorded",
                         abi_operations[call->request->call].name);
    for (uint32_t i = 0; i < again->count; i++)
        rulings[i] = world_decide(again, &again->worlds[i], call);
    return STATUS_OK;
}
