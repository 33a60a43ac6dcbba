/* Simulates how a path is resolved component by component: the checker's own reading of what the live backend does,
 * apart from it.
 *
 * Invariants: a step depends on the op's path, its flags, and what the kernel answered before, and on nothing that the
 * guest's process says; what a link holds is known where the witness has all of it, and else no step behind it is.
 * Every text is bounded. Source: path_resolution(7), openat2(2); docs/witness.md, Walks. */
#include "checker/match_walk.h"

#include <string.h>
#include "wasi/abi/abi.h"

enum { LINUX_ENOENT = 2, LINUX_EXDEV = 18, LINUX_ENOTDIR = 20, LINUX_EISDIR = 21, LINUX_EINVAL = 22 };
enum { LINUX_ENAMETOOLONG = 36, LINUX_ELOOP = 40 };

static const char *rest_of(const struct match_walk *w) { return w->spliced ? w->rest : w->path; }
static uint32_t rest_end(const struct match_walk *w) { return w->spliced ? w->rest_length : w->path_length; }

static bool creates(const struct match_walk *w)
{
    return w->open_flags & OPEN_CREATE && !(w->open_flags & OPEN_PATH_ONLY);
}

/* Flags for what the path names, a slash behind it included. */
static uint32_t last_flags(const struct match_walk *w)
{
    return w->open_flags | OPEN_NOFOLLOW | (w->component.slash && w->next != WALK_HERE ? OPEN_DIRECTORY : 0u);
}

static bool follows(const struct match_walk *w) { return !(w->open_flags & OPEN_NOFOLLOW) || w->component.slash; }

/* Whether opening the last component would open a link itself. */
static bool opens_links(const struct match_walk *w)
{
    return w->open_flags & OPEN_PATH_ONLY && !(w->open_flags & OPEN_DIRECTORY) && !w->component.slash;
}

uint32_t match_walk_flags(const struct match_walk *walk)
{
    if (walk->next == WALK_ENTER)
        return OPEN_PATH_ONLY | OPEN_DIRECTORY | OPEN_NOFOLLOW;
    return last_flags(walk) | (walk->next == WALK_TRY ? OPEN_DIRECTORY : 0u);
}

uint64_t match_walk_mode(const struct match_walk *walk)
{
    enum { CREATED_FILE = 0666 };
    return walk->next != WALK_ENTER && creates(walk) ? CREATED_FILE : 0;
}

static void component_take(struct match_walk *w)
{
    const char *rest = rest_of(w);
    uint32_t end = rest_end(w), at = w->from, kept = 0;
    struct walk_component *c = &w->component;
    while (at < end && rest[at] == '/')
        at++;
    for (; at < end && rest[at] != '/'; at++)
        if (kept < sizeof c->name - 1)
            c->name[kept++] = rest[at];
    c->name[kept] = 0;
    c->behind = at;
    c->slash = at < end;
    while (at < end && rest[at] == '/')
        at++;
    c->last = at == end;
}

/* The outcome is known; what is open is closed. */
static void end(struct match_walk *w, int64_t outcome)
{
    w->outcome = outcome;
    w->next = w->depth > 0 ? WALK_TIDY : WALK_FINISHED;
}

/* Goes on with the rest, up to the next system call. */
static void go_on(struct match_walk *w)
{
    for (;;) {
        struct walk_component *c = &w->component;
        component_take(w);
        if (w->taken++ == LIMIT_WALK_STEPS) {
            end(w, -LINUX_ELOOP);
            return;
        }
        bool up = strcmp(c->name, "..") == 0;
        if (up && w->depth == 0) {
            end(w, -LINUX_EXDEV);
            return;
        }
        if (up) {
            w->next = WALK_LEAVE;
            return;
        }
        if (strcmp(c->name, ".") != 0)
            break;
        if (c->last) {
            w->next = WALK_HERE;
            return;
        }
        w->from = c->behind;
    }
    if (w->component.last && w->component.slash && creates(w)) {
        end(w, -LINUX_EISDIR);
    } else if (w->component.last) {
        w->next = follows(w) && opens_links(w) ? WALK_TRY : WALK_ARRIVE;
    } else if (w->depth == LIMIT_WALK_DEPTH) {
        end(w, -LINUX_ENAMETOOLONG);
    } else {
        w->next = WALK_ENTER;
    }
}

void match_walk_begin(struct match_walk *walk, const char *path, uint32_t length, uint32_t open_flags, uint32_t links)
{
    walk->depth = walk->links = walk->taken = walk->from = walk->rest_length = 0;
    walk->failed = walk->outcome = 0;
    walk->opened = (struct witness_object) { 0 };
    walk->spliced = false;
    walk->path = path;
    walk->path_length = length;
    walk->open_flags = open_flags;
    walk->links_most = links;
    if (length == 0)
        end(walk, -LINUX_ENOENT);
    else if (path[0] == '/')
        end(walk, -LINUX_EXDEV);
    else
        go_on(walk);
}

static bool may_be_link(int64_t result) { return result == -LINUX_ENOTDIR || result == -LINUX_ELOOP; }

static void take_link(struct match_walk *w, const struct witness_record *record)
{
    const char *content = record->path[1];
    uint64_t length = (uint64_t)record->result;
    uint32_t behind = rest_end(w) - w->component.behind;
    if (w->links++ == w->links_most) {
        end(w, -LINUX_ELOOP);
    } else if (length == 0) {
        end(w, -LINUX_ENOENT);
    } else if (!content || record->path_length[1] != length || length > LIMIT_PATH + 1) {
        w->next = WALK_BLIND;
    } else if (content[0] == '/') {
        end(w, -LINUX_EXDEV);
    } else if (length + behind >= sizeof w->rest) {
        end(w, -LINUX_ENAMETOOLONG);
    } else {
        memmove(w->rest + length, rest_of(w) + w->component.behind, behind);
        memcpy(w->rest, content, length);
        w->rest_length = (uint32_t)length + behind;
        w->spliced = true;
        w->from = 0;
        go_on(w);
    }
}

static void take_read(struct match_walk *w, const struct witness_record *record)
{
    if (record->result >= 0)
        take_link(w, record);
    else if (record->result != -LINUX_EINVAL)
        end(w, record->result);
    else if (w->failed == 0)
        w->next = WALK_ARRIVE; /* it is none, and may be opened */
    else
        end(w, w->failed);
}

static void take_enter(struct match_walk *w, const struct witness_record *record)
{
    if (record->result >= 0) {
        w->directory[w->depth].fd = record->result;
        w->directory[w->depth++].object = record->opened;
        w->from = w->component.behind;
        go_on(w);
    } else if (may_be_link(record->result)) {
        w->failed = -LINUX_ENOTDIR;
        w->next = WALK_READ;
    } else {
        end(w, record->result);
    }
}

static void take_last(struct match_walk *w, const struct witness_record *record)
{
    bool tried = w->next == WALK_TRY, link = w->next == WALK_ARRIVE && follows(w) && !opens_links(w);
    if ((tried || link) && may_be_link(record->result)) {
        w->failed = tried ? 0 : record->result;
        w->next = WALK_READ;
        return;
    }
    w->opened = record->opened;
    end(w, record->result);
}

void match_walk_take(struct match_walk *walk, const struct witness_record *record)
{
    switch (walk->next) {
    case WALK_ENTER:
        take_enter(walk, record);
        return;
    case WALK_ARRIVE:
    case WALK_TRY:
    case WALK_HERE:
        take_last(walk, record);
        return;
    case WALK_READ:
        take_read(walk, record);
        return;
    case WALK_LEAVE:
        walk->depth--;
        walk->from = walk->component.behind;
        if (walk->component.last)
            walk->next = WALK_HERE;
        else
            go_on(walk);
        return;
    case WALK_TIDY:
        walk->depth--;
        walk->next = walk->depth > 0 ? WALK_TIDY : WALK_FINISHED;
        return;
    case WALK_BLIND:
    case WALK_FINISHED:
        return;
    }
}
