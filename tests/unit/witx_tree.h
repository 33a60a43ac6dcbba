/* A reader of witx texts for the tests: S-expressions, type layouts. Failures end the test program with a message. */
#ifndef WARRANT_WITX_TREE_H
#define WARRANT_WITX_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An atom (`text`, no children) or a list. Strings keep no quotes. */
struct witx_node {
    const char *text; /* NULL for a list */
    struct witx_node *child, *next;
};

struct witx {
    struct witx_node *types, *functions; /* the lists of top-level forms of both files */
};

/* The folder with typenames.witx and wasi_snapshot_preview1.witx: $WARRANT_WITX, or ../shared/witx. False where there
 * is none. */
bool witx_load(struct witx *ret);

struct witx_node *witx_at(const struct witx_node *list, size_t index); /* NULL behind the end */
bool witx_is(const struct witx_node *list, const char *head);          /* whether its first child is that atom */
/* `$name`'s definition; ends the program where it is missing. */
struct witx_node *witx_type(const struct witx *witx, const char *name);
/* The text of a form, white space collapsed. Static storage, overwritten by the next call. */
const char *witx_text(const struct witx_node *node);

struct witx_layout {
    uint32_t size, align;
    char core[3]; /* "i", "I" or "ii" as a parameter */
};
struct witx_layout witx_layout(const struct witx *witx, const struct witx_node *type);

#endif
