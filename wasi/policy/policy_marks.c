/* A pass over a policy file's parser events before libcyaml reads it: keeps where everything stands, and refuses what a
 * policy has no use for (anchors, aliases, tags, a second document), so that a small text cannot become a large one.
 *
 * Invariant: a text that passed has at most MARK_EVENTS_MAX events, at most MARK_DEPTH_MAX levels, and no key twice.
 * Left out on purpose: what the values mean (policy_yaml.c). Parser: libyaml, YAML 1.1. */
#include "wasi/policy/policy_marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct level {
    bool mapping, at_key;
    uint32_t index;   /* of the next element of a sequence */
    size_t path_size; /* of the path up to this level */
    uint32_t keys;    /* first of this mapping's keys in struct walk */
    uint32_t line;    /* where it began */
};

struct walk {
    struct policy_marks *marks;
    const char *name;
    struct error *error;
    size_t event_capacity, value_capacity;
    uint32_t depth, documents;
    struct level level[MARK_DEPTH_MAX];
    char path[MARK_PATH_MAX];
    struct buffer keys; /* open mappings' keys, NUL-terminated, one behind the other */
};

static enum status refuse(struct walk *w, uint32_t line, const char *what)
{
    return error_set(w->error, STATUS_INVALID, "%s:%u: %s", w->name, line, what);
}

static enum status event_add(struct walk *w, uint32_t line)
{
    struct policy_marks *m = w->marks;
    if (m->event_count >= MARK_EVENTS_MAX)
        return refuse(w, line, "a policy has no use for this many values");
    if (m->event_count == w->event_capacity) {
        size_t capacity = w->event_capacity ? w->event_capacity * 2 : 256;
        uint32_t *lines = realloc(m->event_lines, capacity * sizeof *lines);
        if (!lines)
            return error_set(w->error, STATUS_NO_MEMORY, "no memory to read %s", w->name);
        m->event_lines = lines;
        w->event_capacity = capacity;
    }
    m->event_lines[m->event_count++] = line;
    return STATUS_OK;
}

static enum status value_add(struct walk *w, uint32_t line)
{
    struct policy_marks *m = w->marks;
    if (m->value_count == w->value_capacity) {
        size_t capacity = w->value_capacity ? w->value_capacity * 2 : 64;
        struct policy_mark *values = realloc(m->values, capacity * sizeof *values);
        if (!values)
            return error_set(w->error, STATUS_NO_MEMORY, "no memory to read %s", w->name);
        m->values = values;
        w->value_capacity = capacity;
    }
    struct policy_mark *value = &m->values[m->value_count++];
    memcpy(value->path, w->path, sizeof value->path);
    value->line = line;
    return STATUS_OK;
}

static void path_append(struct walk *w, size_t at, const char *part)
{
    snprintf(w->path + at, sizeof w->path - at, "%s%s", at ? "/" : "", part);
}

/* A value begins (or is, if a scalar) in the collection at the top. */
static enum status value_begin(struct walk *w, uint32_t line)
{
    if (w->depth) {
        struct level *top = &w->level[w->depth - 1];
        if (top->mapping) {
            top->at_key = true;
        } else {
            char number[16];
            snprintf(number, sizeof number, "%u", top->index++);
            path_append(w, top->path_size, number);
        }
    }
    return value_add(w, line);
}

static enum status key_take(struct walk *w, const char *key, uint32_t line)
{
    struct level *top = &w->level[w->depth - 1];
    for (size_t at = top->keys; at < w->keys.size; at += strlen((const char *)w->keys.data + at) + 1)
        if (!strcmp((const char *)w->keys.data + at, key))
            return error_set(w->error, STATUS_INVALID, "%s:%u: the key '%s' stands twice", w->name, line, key);
    buffer_bytes(&w->keys, key, strlen(key) + 1);
    if (w->keys.status != STATUS_OK)
        return error_set(w->error, STATUS_NO_MEMORY, "no memory to read %s", w->name);
    path_append(w, top->path_size, key);
    top->at_key = false;
    return STATUS_OK;
}

static enum status scalar_take(struct walk *w, const yaml_event_t *event, uint32_t line)
{
    const char *text = (const char *)event->data.scalar.value;
    if (event->data.scalar.anchor || event->data.scalar.tag)
        return refuse(w, line, "anchors and tags are not used in policies");
    if (memchr(text, 0, event->data.scalar.length))
        return refuse(w, line, "a NUL inside a value");
    if (w->depth && w->level[w->depth - 1].mapping && w->level[w->depth - 1].at_key)
        return key_take(w, text, line);
    return value_begin(w, line);
}

static enum status collection_begin(struct walk *w, bool mapping, bool plain, uint32_t line)
{
    if (!plain)
        return refuse(w, line, "anchors and tags are not used in policies");
    if (w->depth && w->level[w->depth - 1].mapping && w->level[w->depth - 1].at_key)
        return refuse(w, line, "a key must be a word");
    if (w->depth == MARK_DEPTH_MAX)
        return refuse(w, line, "nested deeper than any policy");
    enum status status = value_begin(w, line);
    if (status != STATUS_OK)
        return status;
    w->level[w->depth++] = (struct level) { mapping, mapping, 0, strlen(w->path), (uint32_t)w->keys.size, line };
    return STATUS_OK;
}

static void collection_end(struct walk *w)
{
    struct level *top = &w->level[--w->depth];
    /* What is missing in a collection shows at its end, and is looked for at its beginning. */
    if (w->marks->event_lines)
        w->marks->event_lines[w->marks->event_count - 1] = top->line;
    w->keys.size = top->keys;
    w->path[top->path_size] = 0;
}

static enum status event_take(struct walk *w, const yaml_event_t *event)
{
    uint32_t line = (uint32_t)event->start_mark.line + 1;
    enum status status = event_add(w, line);
    if (status != STATUS_OK)
        return status;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return w->documents++ ? refuse(w, line, "a second document; a policy is one") : STATUS_OK;
    case YAML_ALIAS_EVENT:
        return refuse(w, line, "anchors and aliases are not used in policies");
    case YAML_SCALAR_EVENT:
        return scalar_take(w, event, line);
    case YAML_SEQUENCE_START_EVENT:
        return collection_begin(w, false, !event->data.sequence_start.anchor && !event->data.sequence_start.tag, line);
    case YAML_MAPPING_START_EVENT:
        return collection_begin(w, true, !event->data.mapping_start.anchor && !event->data.mapping_start.tag, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        collection_end(w);
        return STATUS_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* Bad characters are found by the reader, which knows an offset only. */
static size_t problem_line(const yaml_parser_t *parser, const char *text, size_t size)
{
    if (parser->error != YAML_READER_ERROR)
        return parser->problem_mark.line + 1;
    size_t line = 1;
    for (size_t i = 0; i < size && i < parser->problem_offset; i++)
        line += text[i] == '\n';
    return line;
}

static enum status events_walk(struct walk *w, yaml_parser_t *parser, const char *text, size_t size)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return error_set(w->error, STATUS_MALFORMED, "%s:%zu: not YAML: %s", w->name,
                             problem_line(parser, text, size), parser->problem ? parser->problem : "out of memory");
        }
        more = event.type != YAML_STREAM_END_EVENT;
        enum status status = event_take(w, &event);
        yaml_event_delete(&event);
        if (status != STATUS_OK)
            return status;
    }
    if (!w->documents)
        return refuse(w, 1, "the policy is empty");
    return STATUS_OK;
}

enum status policy_marks_read(const char *text, size_t size, const char *name, struct policy_marks *ret,
                              struct error *error)
{
    *ret = (struct policy_marks) { 0 };
    struct walk walk = { .marks = ret, .name = name, .error = error, .keys = BUFFER_INIT };
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_set(error, STATUS_NO_MEMORY, "no memory to read %s", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    enum status status = events_walk(&walk, &parser, text, size);
    yaml_parser_delete(&parser);
    buffer_done(&walk.keys);
    if (status != STATUS_OK)
        policy_marks_done(ret);
    return status;
}

void policy_marks_done(struct policy_marks *marks)
{
    if (!marks)
        return;
    free(marks->event_lines);
    free(marks->values);
    *marks = (struct policy_marks) { 0 };
}

uint32_t policy_marks_line(const struct policy_marks *marks, const char *path)
{
    char around[MARK_PATH_MAX];
    snprintf(around, sizeof around, "%s", path);
    for (;;) {
        for (uint32_t i = 0; i < marks->value_count; i++)
            if (!strcmp(marks->values[i].path, around))
                return marks->values[i].line;
        char *slash = strrchr(around, '/');
        if (!slash)
            return 1;
        *slash = 0;
    }
}

uint32_t policy_marks_event_line(const struct policy_marks *marks, uint32_t event)
{
    if (!marks->event_count)
        return 1;
    return marks->event_lines[event < marks->event_count ? event : marks->event_count - 1];
}
