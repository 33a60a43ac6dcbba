/* Counts while a guest is executed: the count of instructions at each call and return, spread over the tree of calls.
 *
 * Invariants: every instruction is some node's; a node's number is found by its parent and function, and never changes.
 * Where there is no memory for more, or the limits are reached, what is deeper is counted at the node above (`cut`). */
#include "replay/profile.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_FIRST = 1024, DEPTH_FIRST = 256, FUNCTIONS_FIRST = 256 };
#define CUT UINT32_C(0x80000000)

struct profiler {
    struct profile_node *nodes; /* owned */
    uint32_t *last_child;       /* owned; by node: the one that was called last, 0: none */
    uint32_t node_count, node_capacity;
    uint32_t *found; /* owned; hash table of nodes by parent and function, 0: free; twice node_capacity */
    uint32_t *stack; /* owned; by depth: the node, with CUT where it is only the nearest that is kept */
    uint32_t depth, stack_capacity;
    struct {
        uint64_t calls, self;
    } *functions; /* owned */
    uint32_t function_capacity;
    uint32_t *running; /* owned; as stack: the function */
    uint64_t before;   /* instructions that were counted so far */
    bool lost;         /* there was no memory for what must be counted */
};

static uint32_t slot_of(const struct profiler *p, uint32_t parent, uint32_t function)
{
    uint64_t h = ((uint64_t)parent << 32 | function) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32) & (2 * p->node_capacity - 1);
}

static uint32_t *node_slot(struct profiler *p, uint32_t parent, uint32_t function)
{
    uint32_t at = slot_of(p, parent, function);
    while (p->found[at] && (p->nodes[p->found[at]].parent != parent || p->nodes[p->found[at]].function != function))
        at = (at + 1) & (2 * p->node_capacity - 1);
    return &p->found[at];
}

static bool nodes_grow(struct profiler *p)
{
    const uint32_t capacity = p->node_capacity ? 2 * p->node_capacity : NODES_FIRST;
    struct profile_node *nodes = realloc(p->nodes, capacity * sizeof *nodes);
    if (nodes)
        p->nodes = nodes;
    uint32_t *last = nodes ? realloc(p->last_child, capacity * sizeof *last) : NULL;
    if (last)
        p->last_child = last;
    uint32_t *found = last ? calloc(2 * (size_t)capacity, sizeof *found) : NULL;
    if (!found)
        return false;
    free(p->found);
    p->found = found;
    p->node_capacity = capacity;
    for (uint32_t i = 1; i < p->node_count; i++)
        *node_slot(p, p->nodes[i].parent, p->nodes[i].function) = i;
    return true;
}

static uint32_t node_add(struct profiler *p, uint32_t parent, uint32_t function)
{
    p->nodes[p->node_count] = (struct profile_node) { .parent = parent, .function = function };
    p->last_child[p->node_count] = 0;
    return p->node_count++;
}

/* The node of a call, or with CUT the parent where it is not kept. */
static uint32_t node_find(struct profiler *p, uint32_t parent, uint32_t function, uint32_t depth)
{
    const uint32_t last = p->last_child[parent];
    if (last && p->nodes[last].function == function)
        return last;
    uint32_t *slot = node_slot(p, parent, function);
    if (!*slot) {
        if (depth > LIMIT_PROFILE_DEPTH || p->node_count == LIMIT_PROFILE_NODES)
            return parent | CUT;
        if (p->node_count == p->node_capacity) {
            if (!nodes_grow(p))
                return parent | CUT;
            slot = node_slot(p, parent, function);
        }
        *slot = node_add(p, parent, function);
    }
    return p->last_child[parent] = *slot;
}

static void attribute(struct profiler *p, uint64_t instructions)
{
    const uint64_t more = instructions - p->before;
    const uint32_t at = p->depth > 0 ? p->stack[p->depth - 1] : 0;
    p->before = instructions;
    if (at & CUT)
        p->nodes[at & ~CUT].cut += more;
    else
        p->nodes[at].self += more;
    if (p->depth > 0)
        p->functions[p->running[p->depth - 1]].self += more;
}

static bool function_room(struct profiler *p, uint32_t function)
{
    uint32_t capacity = p->function_capacity ? p->function_capacity : FUNCTIONS_FIRST;
    while (capacity <= function)
        capacity *= 2;
    if (capacity == p->function_capacity)
        return true;
    void *grown = realloc(p->functions, capacity * sizeof *p->functions);
    if (!grown)
        return false;
    p->functions = grown;
    memset(p->functions + p->function_capacity, 0, (capacity - p->function_capacity) * sizeof *p->functions);
    p->function_capacity = capacity;
    return true;
}

static bool stack_room(struct profiler *p, uint32_t depth)
{
    uint32_t capacity = p->stack_capacity ? p->stack_capacity : DEPTH_FIRST;
    while (capacity < depth)
        capacity *= 2;
    if (capacity == p->stack_capacity)
        return true;
    uint32_t *stack = realloc(p->stack, capacity * sizeof *stack);
    if (stack)
        p->stack = stack;
    uint32_t *running = stack ? realloc(p->running, capacity * sizeof *running) : NULL;
    if (!running)
        return false;
    p->running = running;
    p->stack_capacity = capacity;
    return true;
}

static void entered(void *env, uint32_t function, uint32_t depth, uint64_t instructions)
{
    struct profiler *p = env;
    attribute(p, instructions);
    p->lost = p->lost || !function_room(p, function) || !stack_room(p, depth);
    if (p->lost)
        return;
    for (; p->depth + 1 < depth; p->depth++) { /* frames that wait for the host, whose function has ended */
        p->stack[p->depth] = p->depth > 0 ? p->stack[p->depth - 1] : 0;
        p->running[p->depth] = p->depth > 0 ? p->running[p->depth - 1] : function;
    }
    const uint32_t parent = depth > 1 ? p->stack[depth - 2] : 0;
    const uint32_t node = parent & CUT ? parent : node_find(p, parent, function, depth);
    p->depth = depth;
    p->stack[depth - 1] = node;
    p->running[depth - 1] = function;
    p->functions[function].calls++;
    if (!(node & CUT))
        p->nodes[node].calls++;
}

static void left(void *env, uint32_t depth, uint64_t instructions)
{
    struct profiler *p = env;
    attribute(p, instructions);
    if (depth > 0 && depth <= p->depth)
        p->depth = depth - 1;
}

enum status profiler_create(struct profiler **ret, struct rt_code_watch *ret_watch, struct error *error)
{
    struct profiler *p = calloc(1, sizeof *p);
    if (!p || !nodes_grow(p)) {
        profiler_free(p);
        return error_set(error, STATUS_NO_MEMORY, "no memory for a profile");
    }
    node_add(p, 0, 0);
    *ret = p;
    *ret_watch = (struct rt_code_watch) { p, entered, left };
    return STATUS_OK;
}

void profiler_free(struct profiler *p)
{
    if (!p)
        return;
    free(p->nodes);
    free(p->last_child);
    free(p->found);
    free(p->stack);
    free(p->functions);
    free(p->running);
    free(p);
}

static void function_get(const struct profiler *p, const struct rt_module *module, uint32_t index,
                         struct profile_function *ret)
{
    const char *name = rt_module_function_name(module, index);
    *ret = (struct profile_function) { .offset = rt_module_function_body(module, index).offset,
                                       .name = name,
                                       .name_size = name ? (uint32_t)strlen(name) : 0 };
    if (index < p->function_capacity) {
        ret->calls = p->functions[index].calls;
        ret->self = p->functions[index].self;
    }
}

enum status profiler_get(struct profiler *p, const struct rt_module *module, const struct rt_instance *instance,
                         struct profile *ret, struct error *error)
{
    struct profile profile = { .instructions = rt_instance_instructions(instance) };
    attribute(p, profile.instructions);
    if (p->lost)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to count calls");
    enum status status = rt_instance_pieces(instance, &profile.pieces, &profile.piece_count, error);
    if (status != STATUS_OK)
        return status;
    profile.function_count = rt_module_function_count(module);
    profile.node_count = p->node_count;
    profile.functions = calloc(profile.function_count + (size_t)1, sizeof *profile.functions);
    profile.nodes = malloc(p->node_count * sizeof *profile.nodes);
    if (!profile.functions || !profile.nodes) {
        profile_done(&profile);
        return error_set(error, STATUS_NO_MEMORY, "no memory for a profile");
    }
    memcpy(profile.nodes, p->nodes, p->node_count * sizeof *profile.nodes);
    for (uint32_t i = 0; i < profile.function_count; i++)
        function_get(p, module, i, &profile.functions[i]);
    *ret = profile;
    return STATUS_OK;
}
