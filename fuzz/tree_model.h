/* A directory tree as it is, and what a path means in it: the model that hostcalls are held against. */
#ifndef WARRANT_FUZZ_TREE_MODEL_H
#define WARRANT_FUZZ_TREE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_NODES = 400, TREE_NAME = 256, TREE_TARGET = 300, TREE_NONE = -1 };
enum tree_type { TREE_DIRECTORY, TREE_FILE, TREE_LINK, TREE_OTHER };

struct tree_node {
    int parent;
    uint8_t type; /* enum tree_type */
    bool empty;   /* a directory that holds nothing */
    uint32_t mode;
    uint64_t ino, size, links, modified_ns, content; /* content: a hash, of files */
    char name[TREE_NAME], target[TREE_TARGET];
};
struct tree {
    int count;  /* node 0 is the root */
    bool whole; /* false: there were more */
    struct tree_node node[TREE_NODES];
};

void tree_take(struct tree *tree, int directory);
int tree_find(const struct tree *tree, uint64_t ino); /* a node with this inode, or TREE_NONE */
/* The first difference, in words; NULL: none. content: sizes and contents count too; times: and times, modes, links. */
const char *tree_differs(const struct tree *a, const struct tree *b, bool content, bool times);
/* How many names `b` has that `a` has not, by directory and name; *ret_last: the last of them, in b. */
int tree_added(const struct tree *a, const struct tree *b, int *ret_last);

/* What was met on the way of a path: bits. */
enum tree_met {
    TREE_MET_LINK = 1,    /* any link */
    TREE_MET_MISSING = 2, /* a name that is not there */
    TREE_MET_PLAIN = 4,   /* what is no directory, where one is wanted */
    TREE_MET_ESCAPE = 8,  /* it leaves the base, or is absolute, or a link's target is */
    TREE_MET_LONG = 16,   /* a name or a path longer than any */
    TREE_MET_MANY = 32,   /* more links than are followed */
    TREE_MET_BAD = 64,    /* a NUL, or nothing at all */
    TREE_MET_SLASH = 128, /* it ends in slashes */
    TREE_MET_DOTS = 256   /* in "." or ".." */
};
struct tree_way {
    unsigned met;
    int node;   /* what it names; TREE_NONE: nothing */
    int parent; /* of the last name; TREE_NONE: the way there fails */
    char name[TREE_NAME];
};
/* follow: a link that it names is followed. */
struct tree_way tree_walk(const struct tree *tree, int base, const uint8_t *path, size_t length, bool follow);

#endif
