/* A profile in the forms of other programs: the tree walked once, children in the order of their first calls, each node
 * as long as all that it has below it. What a node does not keep apart is its last child, with a name that says so.
 *
 * Nothing here recurses: the tree is as deep as the guest made it. */
#include "replay/profile.h"

#include <inttypes.h>
#include <stdlib.h>

#include "runtime/base/json_writer.h"

static const char not_apart[] = "(deeper calls, not kept apart)";

/* The tree from above, and what is below each node. */
struct tree {
    uint32_t *first, *next; /* owned; a node's first child, and its next sibling; 0: none */
    uint64_t *total;        /* owned; instructions of the node and all below it */
};

static void tree_done(struct tree *tree)
{
    free(tree->first);
    free(tree->next);
    free(tree->total);
}

static bool tree_make(const struct profile *p, struct tree *ret)
{
    *ret = (struct tree) { calloc(p->node_count, sizeof *ret->first), calloc(p->node_count, sizeof *ret->next),
                           calloc(p->node_count, sizeof *ret->total) };
    if (!ret->first || !ret->next || !ret->total)
        return false;
    for (uint32_t i = p->node_count - 1; i > 0; i--) {
        const struct profile_node *n = &p->nodes[i];
        ret->total[i] += n->self + n->cut;
        ret->total[n->parent] += ret->total[i];
        ret->next[i] = ret->first[n->parent];
        ret->first[n->parent] = i;
    }
    return true;
}

/* Who is told of each node: where it begins, and where it ends. */
struct visitor {
    const struct profile *profile;
    const struct tree *tree;
    struct json *json;
    const uint32_t *frame; /* speedscope: by function */
    uint32_t cut_frame;
    void (*opened)(const struct visitor *visitor, uint32_t node, uint64_t at);
    void (*cut)(const struct visitor *visitor, uint32_t node, uint64_t at); /* what is not kept apart begins */
    void (*closed)(const struct visitor *visitor, uint32_t node, uint64_t at);
};

/* Siblings and ancestors are found by their numbers: no stack is needed. */
static void walk(const struct visitor *v)
{
    const struct profile *p = v->profile;
    uint32_t node = v->tree->first[0];
    uint64_t at = 0;
    while (node) {
        v->opened(v, node, at);
        if (v->tree->first[node]) {
            node = v->tree->first[node];
            continue;
        }
        for (;;) { /* all below it is told */
            if (p->nodes[node].cut > 0)
                v->cut(v, node, at);
            at += p->nodes[node].cut + p->nodes[node].self;
            v->closed(v, node, at);
            if (v->tree->next[node] || !p->nodes[node].parent)
                break;
            node = p->nodes[node].parent;
        }
        node = v->tree->next[node];
    }
}

static void put_name(struct json *json, const struct profile *p, uint32_t function)
{
    const struct profile_function *f = &p->functions[function];
    struct buffer text = BUFFER_INIT;
    if (f->name)
        json_bytes(json, "name", f->name, f->name_size);
    else
        buffer_printf(&text, "function %" PRIu32, function);
    if (!f->name)
        json_buffer(json, "name", &text);
    buffer_done(&text);
}

/* ---- speedscope ---- */

static void put_event(const struct visitor *v, const char *type, uint32_t frame, uint64_t at)
{
    json_line(v->json);
    json_object_begin(v->json, NULL);
    json_string(v->json, "type", type);
    json_u64(v->json, "frame", frame);
    json_u64(v->json, "at", at);
    json_object_end(v->json);
}

static void scope_opened(const struct visitor *v, uint32_t node, uint64_t at)
{
    put_event(v, "O", v->frame[v->profile->nodes[node].function], at);
}

static void scope_cut(const struct visitor *v, uint32_t node, uint64_t at)
{
    put_event(v, "O", v->cut_frame, at);
    put_event(v, "C", v->cut_frame, at + v->profile->nodes[node].cut);
}

static void scope_closed(const struct visitor *v, uint32_t node, uint64_t at)
{
    put_event(v, "C", v->frame[v->profile->nodes[node].function], at);
}

/* The frames: functions that were called, by index. Gives each its number, and the one behind them. */
static void put_frames(const struct profile *p, struct json *json, uint32_t *frame, uint32_t *ret_cut)
{
    uint32_t count = 0;
    json_object_begin(json, "shared");
    json_array_begin(json, "frames");
    for (uint32_t i = 0; i < p->function_count; i++) {
        if (p->functions[i].calls == 0)
            continue;
        frame[i] = count++;
        json_line(json);
        json_object_begin(json, NULL);
        put_name(json, p, i);
        json_object_end(json);
    }
    *ret_cut = count;
    json_line(json);
    json_object_begin(json, NULL);
    json_string(json, "name", not_apart);
    json_object_end(json);
    json_array_end(json);
    json_object_end(json);
}

void profile_speedscope(const struct profile *profile, const char *title, struct buffer *out)
{
    struct tree tree;
    struct json json = json_over(out);
    struct visitor v = { profile, &tree, &json, NULL, 0, scope_opened, scope_cut, scope_closed };
    uint32_t *frame = calloc(profile->function_count + (size_t)1, sizeof *frame);
    if (!tree_make(profile, &tree) || !frame) {
        out->status = STATUS_NO_MEMORY;
    } else {
        v.frame = frame;
        json_object_begin(&json, NULL);
        json_string(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
        json_string(&json, "exporter", "warrant " RT_VERSION);
        json_string(&json, "name", title);
        json_u64(&json, "activeProfileIndex", 0);
        put_frames(profile, &json, frame, &v.cut_frame);
        json_array_begin(&json, "profiles");
        json_object_begin(&json, NULL);
        json_string(&json, "type", "evented");
        json_string(&json, "name", "WebAssembly instructions");
        json_string(&json, "unit", "none");
        json_u64(&json, "startValue", 0);
        json_u64(&json, "endValue", profile->instructions);
        json_array_begin(&json, "events");
        walk(&v);
        json_array_end(&json);
        json_object_end(&json);
        json_array_end(&json);
        json_object_end(&json);
        buffer_u8(out, '\n');
    }
    free(frame);
    tree_done(&tree);
}

/* ---- Chrome's ---- */

enum { PROCESS = 1, THREAD = 1 };

static void slice_begin(const struct visitor *v, uint64_t at, uint64_t length)
{
    json_line(v->json);
    json_object_begin(v->json, NULL);
    json_string(v->json, "cat", "function");
    json_string(v->json, "ph", "X");
    json_u64(v->json, "pid", PROCESS);
    json_u64(v->json, "tid", THREAD);
    json_u64(v->json, "ts", at);
    json_u64(v->json, "dur", length);
}

static void slice_opened(const struct visitor *v, uint32_t node, uint64_t at)
{
    const struct profile_node *n = &v->profile->nodes[node];
    slice_begin(v, at, v->tree->total[node]);
    put_name(v->json, v->profile, n->function);
    json_object_begin(v->json, "args");
    json_u64(v->json, "function", n->function);
    json_u64(v->json, "calls", n->calls);
    json_u64(v->json, "self", n->self);
    json_object_end(v->json);
    json_object_end(v->json);
}

static void slice_cut(const struct visitor *v, uint32_t node, uint64_t at)
{
    slice_begin(v, at, v->profile->nodes[node].cut);
    json_string(v->json, "name", not_apart);
    json_object_end(v->json);
}

static void slice_closed(const struct visitor *v, uint32_t node, uint64_t at) { (void)v, (void)node, (void)at; }

void profile_chrome(const struct profile *profile, const char *title, struct buffer *out)
{
    struct tree tree;
    struct json json = json_over(out);
    const struct visitor v = { profile, &tree, &json, NULL, 0, slice_opened, slice_cut, slice_closed };
    if (!tree_make(profile, &tree)) {
        out->status = STATUS_NO_MEMORY;
    } else {
        json_object_begin(&json, NULL);
        json_string(&json, "displayTimeUnit", "ns");
        json_object_begin(&json, "otherData");
        json_string(&json, "unit", "a microsecond is one WebAssembly instruction; calls of one stack are one slice");
        json_object_end(&json);
        json_array_begin(&json, "traceEvents");
        json_object_begin(&json, NULL);
        json_string(&json, "name", "process_name");
        json_string(&json, "ph", "M");
        json_u64(&json, "pid", PROCESS);
        json_object_begin(&json, "args");
        json_string(&json, "name", title);
        json_object_end(&json);
        json_object_end(&json);
        walk(&v);
        json_array_end(&json);
        json_object_end(&json);
        buffer_u8(out, '\n');
    }
    tree_done(&tree);
}
