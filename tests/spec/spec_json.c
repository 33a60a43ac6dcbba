/* JSON (RFC 8259) as far as the suite's files use it: recursive descent over the file in memory. The input is trusted
 * test data; what is not JSON ends the reading with a message. */
#include "spec_json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_text {
    char *bytes, *at, *end;
    struct node_link *all;
};
struct node_link {
    struct node_link *next;
    struct json node;
};

static struct json *node_create(struct json_text *t, enum json_type type)
{
    struct node_link *link = calloc(1, sizeof *link);
    if (!link)
        abort();
    link->next = t->all;
    link->node.type = type;
    t->all = link;
    return &link->node;
}

static void skip_space(struct json_text *t)
{
    while (t->at < t->end && isspace((unsigned char)*t->at))
        t->at++;
}

static size_t utf8_put(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 63));
        to[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 63));
    to[2] = (char)(0x80 | (code >> 6 & 63));
    to[3] = (char)(0x80 | (code & 63));
    return 4;
}

static unsigned hex4(const char *at)
{
    char digits[5] = { at[0], at[1], at[2], at[3], 0 };
    return (unsigned)strtoul(digits, NULL, 16);
}

/* A \u escape, with the second half of a surrogate pair if there is one. */
static size_t unicode(struct json_text *t, char *to)
{
    if (t->end - t->at < 4)
        return 0;
    unsigned code = hex4(t->at);
    t->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && t->end - t->at >= 6 && t->at[0] == '\\' && t->at[1] == 'u') {
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4(t->at + 2) - 0xdc00);
        t->at += 6;
    }
    return utf8_put(to, code);
}

/* Decodes in place: the decoded text is never longer than the written one. */
static bool string(struct json_text *t, const char **ret, size_t *ret_size)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    char *start = ++t->at, *to = start;
    while (t->at < t->end && *t->at != '"') {
        char c = *t->at++;
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        c = *t->at++;
        const char *known = strchr(from, c);
        if (c == 'u')
            to += unicode(t, to);
        else if (known)
            *to++ = into[known - from];
        else
            return false;
    }
    if (t->at >= t->end)
        return false;
    t->at++;
    *ret_size = (size_t)(to - start);
    *to = 0;
    *ret = start;
    return true;
}

static struct json *value(struct json_text *t);

static struct json *container(struct json_text *t, char close)
{
    struct json *parent = node_create(t, close == '}' ? JSON_OBJECT : JSON_ARRAY), **link = &parent->first;
    t->at++;
    for (;;) {
        const char *key = NULL;
        size_t size;
        skip_space(t);
        if (t->at < t->end && *t->at == close) {
            t->at++;
            return parent;
        }
        if (parent->type == JSON_OBJECT) {
            if (*t->at != '"' || !string(t, &key, &size))
                return NULL;
            skip_space(t);
            if (*t->at++ != ':')
                return NULL;
        }
        struct json *child = value(t);
        if (!child)
            return NULL;
        child->key = key;
        *link = child;
        link = &child->next;
        skip_space(t);
        if (t->at < t->end && *t->at == ',')
            t->at++;
        else if (t->at >= t->end || *t->at != close)
            return NULL;
    }
}

static struct json *value(struct json_text *t)
{
    skip_space(t);
    if (t->at >= t->end)
        return NULL;
    if (*t->at == '{' || *t->at == '[')
        return container(t, *t->at == '{' ? '}' : ']');
    struct json *v = node_create(t, JSON_NUMBER);
    if (*t->at == '"') {
        v->type = JSON_STRING;
        return string(t, &v->text, &v->size) ? v : NULL;
    }
    /* A number or a word ends at the first character that cannot be part of one; what follows is not overwritten. */
    char *start = t->at;
    while (t->at < t->end && (isalnum((unsigned char)*t->at) || strchr("+-.", *t->at)))
        t->at++;
    if (t->at == start)
        return NULL;
    v->size = (size_t)(t->at - start);
    v->text = start;
    v->type = *start == 'n' ? JSON_NULL : *start == 't' || *start == 'f' ? JSON_BOOL : JSON_NUMBER;
    return v;
}

static char *file_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = calloc((size_t)size + 1, 1);
        if (bytes && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (file)
        fclose(file);
    if (bytes)
        *ret_size = (size_t)size;
    return bytes;
}

struct json_text *json_open(const char *path, const struct json **ret_root)
{
    size_t size = 0;
    struct json_text *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->bytes = file_read(path, &size);
    t->at = t->bytes;
    t->end = t->bytes ? t->bytes + size : NULL;
    const struct json *root = t->bytes ? value(t) : NULL;
    if (root) {
        *ret_root = root;
        return t;
    }
    fprintf(stderr, "%s: not readable as JSON\n", path);
    json_close(t);
    return NULL;
}

void json_close(struct json_text *t)
{
    if (!t)
        return;
    while (t->all) {
        struct node_link *next = t->all->next;
        free(t->all);
        t->all = next;
    }
    free(t->bytes);
    free(t);
}

const struct json *json_find(const struct json *object, const char *key)
{
    for (const struct json *child = object ? object->first : NULL; child; child = child->next)
        if (child->key && strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

const char *json_find_text(const struct json *object, const char *key, const char *fallback)
{
    const struct json *found = json_find(object, key);
    return found && found->text ? found->text : fallback;
}

bool json_is(const struct json *v, const char *text)
{
    return v && v->text && strlen(text) == v->size && memcmp(v->text, text, v->size) == 0;
}
