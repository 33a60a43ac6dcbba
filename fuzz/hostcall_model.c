/* The answers that are possible: of each operation on paths, what the tree before the call, and the one behind it,
 * allow.
 *
 * Only where the request was whole and the core did not refuse it for what it is: then the answer is the system's, and
 * must be one that the tree explains. An errno that the model does not know anything about (NOSPC) passes. */
#include "fuzz/hostcall_tree.h"

#include <stdio.h>
#include <string.h>

static char said[512];
#define SAY(...) (snprintf(said, sizeof said, __VA_ARGS__), said)

/* A call on one path. */
struct judged {
    const struct hostcall_world *world;
    const struct request *request;
    const struct tree *before, *after; /* the grant's; the one for reading stays */
    int base;
    const uint8_t *path;
    size_t length;
    bool follows;
    struct tree_way way, other; /* as the call follows links, and the other way */
    const struct tree_node *node;
};

static uint64_t slot(const struct judged *j, unsigned number) { return j->request->slot[number]; }

/* Which of the request's strings is the path, and whether a link at its end is followed; -1: no such operation. */
static int path_of(const struct request *request, bool *ret_follows)
{
    *ret_follows = false;
    switch ((int)request->call) {
    case OPERATION_PATH_FILESTAT_GET:
        *ret_follows = request->slot[SLOT_PATH_FILESTAT_GET_flags] & LOOKUP_SYMLINK_FOLLOW;
        return 0;
    case OPERATION_PATH_FILESTAT_SET_TIMES:
        *ret_follows = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_flags] & LOOKUP_SYMLINK_FOLLOW;
        return 0;
    case OPERATION_PATH_OPEN:
        *ret_follows =
            (request->slot[SLOT_PATH_OPEN_dirflags] & LOOKUP_SYMLINK_FOLLOW) &&
            (request->slot[SLOT_PATH_OPEN_oflags] & (OFLAG_CREAT | OFLAG_EXCL)) != (OFLAG_CREAT | OFLAG_EXCL);
        return 0;
    case OPERATION_PATH_CREATE_DIRECTORY:
    case OPERATION_PATH_READLINK:
    case OPERATION_PATH_REMOVE_DIRECTORY:
    case OPERATION_PATH_UNLINK_FILE:
        return 0;
    case OPERATION_PATH_SYMLINK:
        return 1;
    default:
        return -1;
    }
}

static bool judged_make(const struct hostcall_world *world, struct judged *j)
{
    const struct wasi *wasi = world->wasi;
    *j = (struct judged) { .world = world, .request = &wasi->request };
    int string = path_of(&wasi->request, &j->follows);
    if (string < 0 || wasi->request.fault != FAULT_NONE || wasi->request.string_count <= (uint32_t)string ||
        !world->base_handle.live)
        return false;
    j->before = &world->before;
    j->after = &world->after;
    j->base = tree_find(j->before, world->base_handle.ino);
    if (j->base < 0) {
        j->before = j->after = &world->reads_was;
        j->base = tree_find(j->before, world->base_handle.ino);
    }
    if (j->base < 0 || j->before->node[j->base].type != TREE_DIRECTORY)
        return false; /* removed, while it is open */
    j->path = wasi->request.bytes + wasi->request.string[string].offset;
    j->length = wasi->request.string[string].length;
    j->way = tree_walk(j->before, j->base, j->path, j->length, j->follows);
    j->other = tree_walk(j->before, j->base, j->path, j->length, !j->follows);
    j->node = j->way.node >= 0 ? &j->before->node[j->way.node] : NULL;
    return true;
}

/* ---- a call that did what it was asked for ---- */

static const char *opened_check(const struct judged *j)
{
    uint64_t oflags = slot(j, SLOT_PATH_OPEN_oflags);
    uint64_t fd = j->world->wasi->outcome.value[0];
    if (fd >= HOSTCALL_DESCRIPTORS || !j->world->wasi->table.handle[fd].live)
        return SAY("it opened %llu, which is not open", (unsigned long long)fd);
    uint64_t ino = j->world->wasi->table.handle[fd].ino;
    if (!j->node) {
        struct tree_way now = tree_walk(j->after, j->base, j->path, j->length, j->follows);
        if (!(oflags & OFLAG_CREAT))
            return SAY("it opened what is not there");
        return now.node >= 0 && j->after->node[now.node].ino == ino ? NULL
                                                                    : SAY("it created another file than it named");
    }
    if (j->node->type != TREE_FILE && j->node->type != TREE_DIRECTORY)
        return SAY("it opened a link, or a special file");
    if (oflags & OFLAG_EXCL && oflags & OFLAG_CREAT)
        return SAY("it created what was there");
    if (oflags & OFLAG_DIRECTORY && j->node->type != TREE_DIRECTORY)
        return SAY("it opened a file as a directory");
    return j->node->ino == ino ? NULL : SAY("it opened another object than it named");
}

static const char *made_check(const struct judged *j, enum tree_type type)
{
    if (j->node || j->way.parent < 0)
        return SAY("it made what was there, or had no place");
    struct tree_way now = tree_walk(j->after, j->base, j->path, j->length, false);
    if (now.node < 0 || j->after->node[now.node].type != type || now.parent < 0)
        return SAY("it made nothing, or something else");
    if (type != TREE_LINK)
        return NULL;
    const struct region *target = &j->request->string[0];
    const char *is = j->after->node[now.node].target;
    return strlen(is) == target->length && !memcmp(is, j->request->bytes + target->offset, target->length)
               ? NULL
               : SAY("the link says something else");
}

static const char *gone_check(const struct judged *j, bool directory)
{
    if (!j->node || (j->node->type == TREE_DIRECTORY) != directory || (directory && !j->node->empty))
        return SAY("it removed what it cannot");
    struct tree_way now = tree_walk(j->after, j->base, j->path, j->length, false);
    return now.node >= 0 ? SAY("what it removed is there") : NULL;
}

static const char *read_link_check(const struct judged *j)
{
    uint32_t at = (uint32_t)slot(j, SLOT_PATH_READLINK_buf), room = (uint32_t)slot(j, SLOT_PATH_READLINK_buf_len);
    if (!j->node || j->node->type != TREE_LINK)
        return SAY("it read what is no link");
    size_t length = strlen(j->node->target) < room ? strlen(j->node->target) : room;
    if (j->world->wasi->outcome.value[0] != length)
        return SAY("the link has %zu bytes, it says %llu", length,
                   (unsigned long long)j->world->wasi->outcome.value[0]);
    uint32_t used = (uint32_t)slot(j, SLOT_PATH_READLINK_bufused); /* written last, and may lie over it */
    if (used < at + (uint64_t)length && at < used + UINT64_C(4))
        return NULL;
    return memcmp(j->world->memory + at, j->node->target, length) ? SAY("it read another link") : NULL;
}

static const char *success_check(const struct judged *j)
{
    uint64_t ino;
    if (j->way.met & TREE_MET_ESCAPE)
        return SAY("it left the granted directory");
    if (j->request->call == OPERATION_PATH_FILESTAT_SET_TIMES && !slot(j, SLOT_PATH_FILESTAT_SET_TIMES_fst_flags))
        return NULL; /* neither time: Linux does not even look at the name */
    if (j->way.met & (TREE_MET_BAD | TREE_MET_LONG | TREE_MET_MANY | TREE_MET_PLAIN))
        return SAY("it took a path that leads nowhere");
    switch ((int)j->request->call) {
    case OPERATION_PATH_OPEN:
        return opened_check(j);
    case OPERATION_PATH_CREATE_DIRECTORY:
        return made_check(j, TREE_DIRECTORY);
    case OPERATION_PATH_SYMLINK:
        return made_check(j, TREE_LINK);
    case OPERATION_PATH_REMOVE_DIRECTORY:
        return gone_check(j, true);
    case OPERATION_PATH_UNLINK_FILE:
        return gone_check(j, false);
    case OPERATION_PATH_READLINK:
        return read_link_check(j);
    case OPERATION_PATH_FILESTAT_GET:
        if (!j->node)
            return SAY("it tells of what is not there");
        memcpy(&ino, j->world->memory + (uint32_t)slot(j, SLOT_PATH_FILESTAT_GET_stat) + 8, sizeof ino);
        return ino == j->node->ino ? NULL : SAY("it tells of another object than it names");
    case OPERATION_PATH_FILESTAT_SET_TIMES:
        return j->node ? NULL : SAY("it changed what is not there");
    default:
        return j->node ? NULL : SAY("it did something to what is not there");
    }
}

/* A name in a second directory: by none may more be done with the object than by the first. */
static const char *pair_check(const struct hostcall_world *world)
{
    const struct request *request = &world->wasi->request;
    if (request->call == OPERATION_PATH_LINK &&
        rights_model_reach(&world->rights, request->slot[SLOT_PATH_LINK_new_fd]) &
            ~rights_model_reach(&world->rights, request->slot[SLOT_PATH_LINK_old_fd]))
        return SAY("the object has more rights by its new name");
    if (request->call == OPERATION_PATH_RENAME &&
        rights_model_reach(&world->rights, request->slot[SLOT_PATH_RENAME_fd]) !=
            rights_model_reach(&world->rights, request->slot[SLOT_PATH_RENAME_new_fd]))
        return SAY("the object has other rights where it was moved to");
    return NULL;
}

/* ---- and one that did not ---- */

static bool explains(const struct judged *j, uint32_t wasi_errno)
{
    unsigned met = j->way.met | j->other.met;
    bool directory = j->node && j->node->type == TREE_DIRECTORY;
    bool wants = j->request->call == OPERATION_PATH_REMOVE_DIRECTORY ||
                 (j->request->call == OPERATION_PATH_OPEN && slot(j, SLOT_PATH_OPEN_oflags) & OFLAG_DIRECTORY);
    switch (wasi_errno) {
    case WASI_NOENT:
        return met & (TREE_MET_MISSING | TREE_MET_BAD);
    case WASI_EXIST:
        return j->node || j->other.node >= 0 || met & (TREE_MET_DOTS | TREE_MET_SLASH);
    case WASI_NOTDIR:
        return met & TREE_MET_PLAIN || (wants && (!directory || met & TREE_MET_LINK));
    case WASI_ISDIR:
        return directory || met & (TREE_MET_SLASH | TREE_MET_DOTS);
    case WASI_NOTEMPTY:
        return directory && (!j->node->empty || met & TREE_MET_DOTS);
    case WASI_LOOP:
        return met & TREE_MET_LINK;
    case WASI_NOTCAPABLE:
    case WASI_PERM:
    case WASI_XDEV:
        return met & TREE_MET_ESCAPE;
    case WASI_NAMETOOLONG:
        return met & TREE_MET_LONG || j->length > 250;
    default:
        return true;
    }
}

const char *hostcall_model_check(const struct hostcall_world *world)
{
    const struct outcome *outcome = &world->wasi->outcome;
    struct judged j;
    if (outcome->trap == RT_TRAP_NONE && outcome->wasi_errno == WASI_SUCCESS && pair_check(world))
        return said;
    if (outcome->trap != RT_TRAP_NONE || !judged_make(world, &j))
        return NULL;
    const char *wrong = NULL;
    if (outcome->wasi_errno == WASI_SUCCESS)
        wrong = success_check(&j);
    else if (outcome->rule == RULE_NONE && !explains(&j, outcome->wasi_errno))
        wrong = SAY("%s is no answer that the tree gives", abi_errno_name(outcome->wasi_errno));
    else if (outcome->rule == RULE_PATH_ESCAPES && !((j.way.met | j.other.met) & TREE_MET_ESCAPE))
        wrong = SAY("it is refused as leaving, and does not");
    if (wrong && wrong == said) {
        char text[400];
        snprintf(text, sizeof text, "%s", said);
        snprintf(said, sizeof said, "%.300s (path \"%.*s\", links %s, met %x, base %s)", text,
                 (int)(j.length < 100 ? j.length : 100), (const char *)j.path, j.follows ? "followed" : "not followed",
                 j.way.met, j.before->node[j.base].name);
    }
    return wrong;
}
