/* Resolves a path beneath a directory, component by component: for systems, and sandboxes, that have no openat2.
 *
 * Invariants: a name is read as a link only where the system refused to open it for being one or no directory; the
 * system is asked about one component at a time, relative to a directory that is open, and never follows a link; a
 * directory is left by its descriptor on the stack and not by "..", so no rename, at whatever moment, leads above the
 * base: what was opened beneath it is where it was found, and nothing else is looked up by way of it. Every descriptor
 * but the result is closed, whatever happens. Each system call is counted.
 *
 * It answers what openat2 answers with RESOLVE_BENEATH, EXDEV for what leaves or is absolute among it. Where they
 * differ: a directory may be left through ".." without the right to search it; it may be left for where it came from
 * after somebody moved it (openat2: EAGAIN); a magic link of proc is read as the text that it shows, and never followed
 * (openat2: ELOOP); more than LIMIT_WALK_DEPTH directories at once, or LIMIT_WALK_STEPS components with those of the
 * links, are too many. Mount points are crossed by both; what must not be reached behind them the plan's FILE_SYSTEM op
 * finds out. Left out on purpose: what the op may open (wasi/decide), flags of systems (struct walk_system). Source:
 * path_resolution(7), openat2(2), open(2). */
#include "wasi/act/act_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "runtime/base/limits.h"

enum { REST_BYTES = 2 * (LIMIT_PATH + 1) };

struct walk {
    const struct walk_system *system;
    const struct walk_path *path;
    int base, depth;
    int stack[LIMIT_WALK_DEPTH];
    uint32_t calls, steps, links;
    const char *rest; /* what is still to be resolved */
    char spliced[2][REST_BYTES];
    unsigned side; /* of `spliced` that is not `rest` */
};

/* One component of the rest. */
struct component {
    char name[LIMIT_COMPONENT + 2]; /* one byte more than any may have: the system refuses it by its length */
    const char *behind;             /* what follows, its slashes included */
    bool last, slash;               /* slash: at least one follows */
};

static int top(const struct walk *w) { return w->depth > 0 ? w->stack[w->depth - 1] : w->base; }

static void leave(struct walk *w)
{
    w->calls++;
    w->system->close(w->stack[--w->depth]);
}

static void component_take(struct walk *w, struct component *c)
{
    w->rest += strspn(w->rest, "/");
    size_t length = strcspn(w->rest, "/"), kept = length < sizeof c->name - 1 ? length : sizeof c->name - 1;
    memcpy(c->name, w->rest, kept);
    c->name[kept] = 0;
    c->behind = w->rest + length;
    c->slash = c->behind[0] == '/';
    c->last = c->behind[strspn(c->behind, "/")] == 0;
}

static int open_at(struct walk *w, const char *name, int flags, mode_t mode)
{
    w->calls++;
    int fd = w->system->open(top(w), name, flags, mode);
    return fd < 0 ? -errno : fd;
}

/* Puts the link's content before what follows it. 0, or -errno: `no_link` where it is none. */
static int follow(struct walk *w, const struct component *c, int no_link)
{
    char *to = w->spliced[w->side];
    w->calls++;
    long length = w->system->read_link(top(w), c->name, to, LIMIT_PATH + 1);
    if (length < 0)
        return errno == EINVAL ? no_link : -errno;
    if (w->links++ == w->path->links)
        return -ELOOP;
    if (length == 0)
        return -ENOENT;
    if (to[0] == '/')
        return -EXDEV;
    size_t behind = strlen(c->behind);
    if ((size_t)length + behind >= REST_BYTES)
        return -ENAMETOOLONG;
    memcpy(to + length, c->behind, behind + 1);
    w->rest = to;
    w->side ^= 1;
    return 0;
}

/* Whether the system may have met a link: it refuses one as no directory, or for being one. */
static bool may_be_link(int negative) { return negative == -ENOTDIR || negative == -ELOOP; }

/* A directory on the way. 0, or -errno. */
static int enter(struct walk *w, const struct component *c)
{
    if (w->depth == LIMIT_WALK_DEPTH)
        return -ENAMETOOLONG;
    int fd = open_at(w, c->name, w->system->directory, 0);
    if (fd < 0)
        return may_be_link(fd) ? follow(w, c, -ENOTDIR) : fd;
    w->stack[w->depth++] = fd;
    w->rest = c->behind;
    return 0;
}

enum { GOES_ON = INT32_MAX };

/* What the path names: the descriptor, -errno, or GOES_ON behind a link. */
static int arrive(struct walk *w, const struct component *c)
{
    const struct walk_path *path = w->path;
    if (c->slash && path->creates)
        return -EISDIR;
    int flags = path->flags | (c->slash ? w->system->is_directory : 0);
    bool follows = path->follows || c->slash, may_name_link = path->names_only && !(flags & w->system->is_directory);
    if (follows && may_name_link) { /* opening would succeed, on the link itself: as a directory it does not */
        enum { NO_LINK = 1 };
        int directory = open_at(w, c->name, flags | w->system->is_directory, path->mode);
        if (directory >= 0 || !may_be_link(directory))
            return directory;
        int s = follow(w, c, NO_LINK);
        if (s != NO_LINK)
            return s == 0 ? GOES_ON : s;
    }
    int fd = open_at(w, c->name, flags, path->mode);
    if (fd >= 0 || !follows || may_name_link || !may_be_link(fd))
        return fd;
    int s = follow(w, c, fd);
    return s == 0 ? GOES_ON : s;
}

/* Takes a step. The descriptor, -errno, or GOES_ON. */
static int step(struct walk *w)
{
    struct component c;
    component_take(w, &c);
    if (w->steps++ == LIMIT_WALK_STEPS)
        return -ELOOP;
    bool here = strcmp(c.name, ".") == 0, up = strcmp(c.name, "..") == 0;
    if (up && w->depth == 0)
        return -EXDEV;
    if (up)
        leave(w);
    if ((up || here) && c.last)
        return open_at(w, ".", w->path->flags, w->path->mode);
    if (!up && !here && c.last)
        return arrive(w, &c);
    if (up || here) {
        w->rest = c.behind;
        return GOES_ON;
    }
    int s = enter(w, &c);
    return s == 0 ? GOES_ON : s;
}

int act_walk(const struct walk_system *system, int base, const struct walk_path *path, uint32_t *ret_calls)
{
    struct walk w; /* the arrays are not cleared: they are large */
    w.system = system;
    w.path = path;
    w.base = base;
    w.depth = 0;
    w.calls = w.steps = w.links = w.side = 0;
    w.rest = path->text;
    int result = path->text[0] == '/' ? -EXDEV : path->text[0] == 0 ? -ENOENT : GOES_ON;
    while (result == GOES_ON)
        result = step(&w);
    while (w.depth > 0)
        leave(&w);
    *ret_calls = w.calls;
    return result;
}
