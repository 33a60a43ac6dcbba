/* Reads witx texts (see witx_tree.h). Layout rules: the canonical ones of Preview 1, in which a record's fields lie in
 * order, each at its alignment, enums and flags are as wide as their tag says, and a union's body follows its tag at
 * the widest alignment. All nodes lie in one static arena. */
#include "witx_tree.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *on)
{
    fprintf(stderr, "witx: %s: %s\n", what, on);
    exit(2);
}

static void *make(size_t size)
{
    static _Alignas(16) char arena[4 << 20];
    static size_t used;
    void *memory = arena + used;
    if (size > sizeof arena - used)
        fail("the text is too long", "");
    used += (size + 15) & ~(size_t)15;
    return memory;
}

static const char *skip(const char *at)
{
    for (;;) {
        while (isspace((unsigned char)*at))
            at++;
        if (at[0] != ';' || at[1] != ';')
            return at;
        at += strcspn(at, "\n");
    }
}

static struct witx_node *parse(const char **at)
{
    struct witx_node *node = make(sizeof *node);
    const char *from = skip(*at);
    if (*from == '(') {
        struct witx_node **last = &node->child;
        for (from = skip(from + 1); *from && *from != ')'; from = skip(from)) {
            *last = parse(&from);
            last = &(*last)->next;
        }
        if (!*from)
            fail("a list does not end", "");
        *at = from + 1;
        return node;
    }
    bool quoted = *from == '"';
    from += quoted;
    size_t length = strcspn(from, quoted ? "\"" : " \t\r\n();");
    char *text = make(length + 1);
    memcpy(text, from, length);
    node->text = text;
    *at = from + length + quoted;
    return node;
}

static struct witx_node *load_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    enum { MOST = 1 << 20 };
    char *text = make(MOST);
    text[fread(text, 1, MOST - 1, file)] = 0;
    fclose(file);
    struct witx_node *list = make(sizeof *list), **last = &list->child;
    for (const char *at = skip(text); *at; at = skip(at)) {
        *last = parse(&at);
        last = &(*last)->next;
    }
    return list;
}

bool witx_load(struct witx *ret)
{
    const char *folder = getenv("WARRANT_WITX");
    if (!folder)
        folder = "../shared/witx";
    ret->types = load_file(folder, "typenames.witx");
    ret->functions = load_file(folder, "wasi_snapshot_preview1.witx");
    return ret->types && ret->functions;
}

struct witx_node *witx_at(const struct witx_node *list, size_t index)
{
    struct witx_node *node = list->child;
    while (node && index-- > 0)
        node = node->next;
    return node;
}

bool witx_is(const struct witx_node *list, const char *head)
{
    return list && list->child && list->child->text && strcmp(list->child->text, head) == 0;
}

struct witx_node *witx_type(const struct witx *witx, const char *name)
{
    for (struct witx_node *form = witx->types->child; form; form = form->next)
        if (witx_is(form, "typename") && strcmp(witx_at(form, 1)->text, name) == 0)
            return witx_at(form, 2);
    fail("no such type", name);
    return NULL;
}

static void print(const struct witx_node *node, char *out, size_t size)
{
    size_t used = strlen(out);
    if (node->text) {
        snprintf(out + used, size - used, "%s", node->text);
        return;
    }
    snprintf(out + used, size - used, "(");
    for (const struct witx_node *child = node->child; child; child = child->next) {
        print(child, out, size);
        used = strlen(out);
        snprintf(out + used, size - used, "%s", child->next ? " " : ")");
    }
}

const char *witx_text(const struct witx_node *node)
{
    static char text[4096];
    text[0] = 0;
    print(node, text, sizeof text);
    return text;
}

static struct witx_layout scalar(uint32_t size)
{
    struct witx_layout layout = { size, size, "i" };
    if (size == 8)
        layout.core[0] = 'I';
    return layout;
}

static uint32_t round_up(uint32_t size, uint32_t align) { return (size + align - 1) / align * align; }

/* (record ...) and (union ...): what is passed by pointer. */
static struct witx_layout compound(const struct witx *witx, const struct witx_node *type)
{
    struct witx_layout all = { 0, 1, "i" };
    uint32_t body = 0, body_align = 1;
    if (witx_is(type, "record")) {
        for (const struct witx_node *field = witx_at(type, 1); field; field = field->next) {
            struct witx_layout part = witx_layout(witx, witx_at(field, 2));
            all.align = part.align > all.align ? part.align : all.align;
            all.size = round_up(all.size, part.align) + part.size;
        }
        all.size = round_up(all.size, all.align);
        return all;
    }
    struct witx_layout tag = witx_layout(witx, witx_at(witx_at(type, 1), 2));
    for (const struct witx_node *form = witx_at(type, 2); form; form = form->next) {
        struct witx_layout part = witx_layout(witx, form);
        body = part.size > body ? part.size : body;
        body_align = part.align > body_align ? part.align : body_align;
    }
    all.align = body_align > tag.align ? body_align : tag.align;
    all.size = round_up(round_up(tag.size, body_align) + body, all.align);
    return all;
}

struct witx_layout witx_layout(const struct witx *witx, const struct witx_node *type)
{
    static const struct {
        const char *name;
        uint32_t size;
    } scalars[] = { { "u8", 1 }, { "u16", 2 }, { "u32", 4 }, { "u64", 8 }, { "s64", 8 } };
    if (type->text) {
        for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
            if (strcmp(type->text, scalars[i].name) == 0)
                return scalar(scalars[i].size);
        if (strcmp(type->text, "string") == 0)
            return (struct witx_layout) { 1, 1, "ii" };
        return witx_layout(witx, witx_type(witx, type->text));
    }
    if (witx_is(type, "enum") || witx_is(type, "flags"))
        return witx_layout(witx, witx_at(witx_at(type, 1), 2));
    if (witx_is(type, "handle") || witx_is(type, "@witx"))
        return scalar(4);
    if (witx_is(type, "list")) {
        struct witx_layout element = witx_layout(witx, witx_at(type, 1));
        memcpy(element.core, "ii", 3);
        return element;
    }
    if (!witx_is(type, "record") && !witx_is(type, "union"))
        fail("a type of unknown form", witx_text(type));
    return compound(witx, type);
}
