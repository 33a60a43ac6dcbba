/* The model: a tree is listed, and a path is resolved over the list as POSIX has it, beneath a base.
 *
 * Nothing of wasi/ is used, so that a fault there is not made twice. Source: path_resolution(7), openat2(2) on
 * RESOLVE_BENEATH. */
#include "fuzz/tree_model.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4095, LINKS_MOST = 40, CONTENT_MOST = 1 << 16, DEPTH_MOST = 64 };

static uint64_t content_hash(int directory, const char *name)
{
    static uint8_t bytes[CONTENT_MOST];
    uint64_t hash = 1469598103934665603U;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * 1099511628211U;
    if (fd >= 0)
        close(fd);
    return hash;
}

static int node_add(struct tree *tree, int parent, int directory, const char *name, const struct stat *st)
{
    if (tree->count == TREE_NODES || strlen(name) >= TREE_NAME) {
        tree->whole = false;
        return TREE_NONE;
    }
    struct tree_node *node = &tree->node[tree->count];
    memset(node, 0, sizeof *node);
    node->parent = parent;
    node->type = S_ISDIR(st->st_mode)   ? TREE_DIRECTORY
                 : S_ISREG(st->st_mode) ? TREE_FILE
                 : S_ISLNK(st->st_mode) ? TREE_LINK
                                        : TREE_OTHER;
    node->mode = st->st_mode;
    node->ino = st->st_ino;
    node->size = node->type == TREE_DIRECTORY ? 0 : (uint64_t)st->st_size;
    node->links = node->type == TREE_DIRECTORY ? 0 : st->st_nlink;
    node->modified_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000U + (uint64_t)st->st_mtim.tv_nsec;
    node->empty = true;
    snprintf(node->name, sizeof node->name, "%s", name);
    if (node->type == TREE_FILE)
        node->content = content_hash(directory, name);
    if (node->type == TREE_LINK &&
        readlinkat(directory, name, node->target, sizeof node->target - 1) == (ssize_t)sizeof node->target - 1)
        tree->whole = false;
    if (parent >= 0)
        tree->node[parent].empty = false;
    return tree->count++;
}

/* fd: takes. */
static void list(struct tree *tree, int parent, int fd)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    if (!dir) {
        tree->whole = false;
        close(fd);
        return;
    }
    while ((entry = readdir(dir))) {
        struct stat st;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        int node = node_add(tree, parent, dirfd(dir), entry->d_name, &st);
        int below = node >= 0 && S_ISDIR(st.st_mode)
                        ? openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                        : -1;
        if (below >= 0)
            list(tree, node, below);
    }
    closedir(dir);
}

void tree_take(struct tree *tree, int directory)
{
    struct stat st;
    tree->count = 0;
    tree->whole = true;
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        abort();
    node_add(tree, TREE_NONE, fd, ".", &st);
    list(tree, 0, fd);
}

int tree_find(const struct tree *tree, uint64_t ino)
{
    for (int i = 0; i < tree->count; i++)
        if (tree->node[i].ino == ino)
            return i;
    return TREE_NONE;
}

static int child(const struct tree *tree, int parent, const char *name, size_t length)
{
    for (int i = 1; i < tree->count; i++)
        if (tree->node[i].parent == parent && strlen(tree->node[i].name) == length &&
            !memcmp(tree->node[i].name, name, length))
            return i;
    return TREE_NONE;
}

/* The same name in the same directory, by inodes. */
static int same_place(const struct tree *in, const struct tree *of, int node)
{
    const struct tree_node *n = &of->node[node];
    uint64_t ino = n->parent < 0 ? 0 : of->node[n->parent].ino;
    for (int i = 0; i < in->count; i++) {
        const struct tree_node *c = &in->node[i];
        if ((c->parent < 0) == (n->parent < 0) && (c->parent < 0 || in->node[c->parent].ino == ino) &&
            !strcmp(c->name, n->name))
            return i;
    }
    return TREE_NONE;
}

int tree_added(const struct tree *a, const struct tree *b, int *ret_last)
{
    int added = 0;
    for (int i = 0; i < b->count; i++) {
        if (same_place(a, b, i) >= 0)
            continue;
        added++;
        *ret_last = i;
    }
    return added;
}

const char *tree_differs(const struct tree *a, const struct tree *b, bool content, bool times)
{
    static char text[TREE_NAME + 64];
    int last = 0;
    if (tree_added(b, a, &last)) {
        snprintf(text, sizeof text, "%s is gone", a->node[last].name);
        return text;
    }
    if (tree_added(a, b, &last)) {
        snprintf(text, sizeof text, "%s is new", b->node[last].name);
        return text;
    }
    for (int i = 0; i < a->count; i++) {
        const struct tree_node *x = &a->node[i], *y = &b->node[same_place(b, a, i)];
        bool same = x->type == y->type && x->ino == y->ino && !strcmp(x->target, y->target) &&
                    (!content || (x->size == y->size && x->content == y->content)) &&
                    (!times || (x->modified_ns == y->modified_ns && x->mode == y->mode && x->links == y->links));
        if (!same) {
            snprintf(text, sizeof text, "%s is another", x->name);
            return text;
        }
    }
    return NULL;
}

/* ---- resolving ---- */

struct walk {
    const struct tree *tree;
    struct tree_way way;
    int stack[DEPTH_MOST], depth; /* depth 1: the base alone */
    unsigned links;
    bool ended;
};

static void walk_text(struct walk *w, const char *path, size_t length, bool follow, bool outer);

static void name_take(struct walk *w, const char *name, size_t length, bool last, bool slash, bool follow)
{
    int top = w->stack[w->depth - 1];
    bool dots = (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.');
    if (length >= TREE_NAME) {
        w->way.met |= TREE_MET_LONG;
        w->ended = true;
        return;
    }
    if (w->tree->node[top].type != TREE_DIRECTORY) {
        w->way.met |= TREE_MET_PLAIN;
        w->ended = true;
        return;
    }
    if (dots && length == 2 && w->depth == 1) {
        w->way.met |= TREE_MET_ESCAPE;
        w->ended = true;
        return;
    }
    if (dots) {
        w->depth -= length == 2;
        w->way.met |= last ? TREE_MET_DOTS : 0;
        w->way.node = last ? w->stack[w->depth - 1] : TREE_NONE;
        return;
    }
    int found = child(w->tree, top, name, length);
    if (last) {
        w->way.parent = top;
        memcpy(w->way.name, name, length);
        w->way.name[length] = 0;
    }
    if (found < 0) {
        w->way.met |= TREE_MET_MISSING;
        w->ended = true;
        return;
    }
    const struct tree_node *node = &w->tree->node[found];
    if (node->type == TREE_LINK) {
        w->way.met |= TREE_MET_LINK;
        if (!last || slash || follow) {
            if (++w->links > LINKS_MOST) {
                w->way.met |= TREE_MET_MANY;
                w->ended = true;
                return;
            }
            walk_text(w, node->target, strlen(node->target), true, last);
            return;
        }
    }
    if (w->depth == DEPTH_MOST) {
        w->way.met |= TREE_MET_LONG;
        w->ended = true;
        return;
    }
    w->stack[w->depth++] = found;
    if (last)
        w->way.node = found;
}

/* outer: the text's last name is that of the whole path. */
static void walk_text(struct walk *w, const char *path, size_t length, bool follow, bool outer)
{
    if (length > 0 && path[0] == '/') {
        w->way.met |= TREE_MET_ESCAPE;
        w->ended = true;
    }
    for (size_t at = 0; at < length && !w->ended;) {
        size_t end = at;
        while (end < length && path[end] != '/')
            end++;
        size_t behind = end;
        while (behind < length && path[behind] == '/')
            behind++;
        bool last = behind == length, slash = end < length;
        w->way.met |= outer && last && slash ? TREE_MET_SLASH : 0;
        name_take(w, path + at, end - at, outer && last, slash, follow);
        if (!w->ended && slash && w->tree->node[w->stack[w->depth - 1]].type != TREE_DIRECTORY) {
            w->way.met |= TREE_MET_PLAIN;
            w->ended = true;
        }
        at = behind;
    }
    if (w->ended)
        w->way.node = TREE_NONE;
}

struct tree_way tree_walk(const struct tree *tree, int base, const uint8_t *path, size_t length, bool follow)
{
    struct walk w = { .tree = tree, .way = { .node = TREE_NONE, .parent = TREE_NONE }, .stack = { base }, .depth = 1 };
    if (length == 0 || memchr(path, 0, length))
        w.way.met |= TREE_MET_BAD;
    else if (length > PATH_BYTES)
        w.way.met |= TREE_MET_LONG;
    else
        walk_text(&w, (const char *)path, length, follow, true);
    return w.way;
}
