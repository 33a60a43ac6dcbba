/* A reader for the suite's JSON files: whole text in, tree out. */
#ifndef WARRANT_TESTS_SPEC_JSON_H
#define WARRANT_TESTS_SPEC_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    const char *key;  /* as a member of an object, else NULL */
    const char *text; /* STRING: decoded, may hold NULs; NUMBER: as written */
    size_t size;
    struct json *first, *next; /* children; siblings */
};

struct json_text; /* owns a tree */

/* Reads a file. Returns owned, or NULL with a message on stderr. */
struct json_text *json_open(const char *path, const struct json **ret_root);
void json_close(struct json_text *text);

/* A member of an object by key, or NULL; `object` may be NULL. */
const struct json *json_find(const struct json *object, const char *key);
/* Its text, or `fallback`. */
const char *json_find_text(const struct json *object, const char *key, const char *fallback);
bool json_is(const struct json *value, const char *text);

#endif
