/* The tree of fuzz_hostcalls, and who races with the guest in it.
 *
 *   write/    granted for writing; made again where a sequence changed it
 *   read/     the same content, granted for reading
 *   outside/  what the links of both lead to: whoever changes a byte, a time or a name of it, or of read/, has found
 * something spare/    where the racer moves a directory to while it is being walked */
#include "fuzz/hostcall_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char removed[128];

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

static void base_remove(void) { nftw(removed, entry_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT); }

static void must(bool held, const char *what)
{
    if (held)
        return;
    perror(what);
    abort();
}

static int directory(int at, const char *name)
{
    must(mkdirat(at, name, 0755) == 0, name);
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(fd >= 0, name);
    return fd;
}

static void file(int at, const char *name, const char *text, size_t size)
{
    int fd = openat(at, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, text, size) == (ssize_t)size, name);
    close(fd);
}

static void fill(const struct hostcall_world *world, int at)
{
    static const char big[20000];
    static const char *const links[][2] = { { "lf", "f" },
                                            { "ld", "d" },
                                            { "up", ".." },
                                            { "esc", "../outside/secret" },
                                            { "escd", "../outside" },
                                            { "loop", "loop" },
                                            { "dang", "nowhere" },
                                            { "dout", "../outside/new" },
                                            { "slash", "escd/" },
                                            { "chain", "ld/../lf" } };
    char absolute[160];
    file(at, "f", "content of f\n", 13);
    file(at, "empty", "", 0);
    file(at, "big", big, sizeof big);
    int d = directory(at, "d"), e = directory(d, "e");
    file(d, "g", "gg", 2);
    file(e, "h", "hhh", 3);
    close(e);
    close(d);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        must(symlinkat(links[i][1], at, links[i][0]) == 0, links[i][0]);
    snprintf(absolute, sizeof absolute, "%s/outside/secret", world->base);
    must(symlinkat(absolute, at, "abs") == 0, "abs");
    must(mkfifoat(at, "fifo", 0644) == 0, "fifo");
}

void hostcall_world_make(struct hostcall_world *world)
{
    const char *tmp = getenv("TMPDIR");
    const char *const folders[] = { "/dev/shm", tmp ? tmp : "/tmp" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(world->base, sizeof world->base, "%s/warrant-fuzz-XXXXXX", folders[i]);
        if (mkdtemp(world->base))
            break;
        must(i == 0, world->base);
    }
    snprintf(removed, sizeof removed, "%s", world->base);
    atexit(base_remove);
    world->base_fd = open(world->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(world->base_fd >= 0, world->base);
    world->outside = directory(world->base_fd, "outside");
    file(world->outside, "secret", "s3cret", 6);
    int inner = directory(world->outside, "d");
    file(inner, "f", "other", 5);
    close(inner);
    close(directory(world->base_fd, "spare"));
    world->writes = directory(world->base_fd, "write");
    world->reads = directory(world->base_fd, "read");
    fill(world, world->writes);
    fill(world, world->reads);
    tree_take(&world->pristine, world->writes);
    tree_take(&world->reads_was, world->reads);
    tree_take(&world->outside_was, world->outside);
}

static void empty(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    must(dir != NULL, name);
    while ((entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0) == 0)
            continue;
        empty(dirfd(dir), entry->d_name);
        must(unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) == 0, entry->d_name);
    }
    closedir(dir);
}

void hostcall_world_renew(struct hostcall_world *world)
{
    tree_take(&world->after, world->writes);
    if (!tree_differs(&world->pristine, &world->after, true, true))
        return;
    empty(world->base_fd, "spare");
    empty(world->base_fd, "write");
    fill(world, world->writes);
    tree_take(&world->pristine, world->writes);
}

/* ---- the racer ---- */

static struct {
    pthread_t thread;
    atomic_bool stop;
    int base, writes;
} racer;

static void race_link(const char *target, const char *name)
{
    if (symlinkat(target, racer.writes, name) < 0)
        return; /* it is there */
}

/* Each step may fail: the guest is at work there too. */
static void *race(void *self)
{
    (void)self;
    while (!atomic_load(&racer.stop)) {
        int at = racer.writes;
        renameat(at, "d", at, "d2"); /* away while it is walked, and back */
        renameat(at, "d2", at, "d");
        renameat(at, "d/e", racer.base, "spare/e"); /* out of the grant */
        renameat(racer.base, "spare/e", at, "d/e");
        race_link("../outside/secret", "x"); /* a file that becomes a link to outside */
        renameat(at, "f", at, "f2");
        renameat(at, "x", at, "f");
        renameat(at, "f2", at, "f");
        race_link("../outside", "y"); /* a directory that does */
        renameat(at, "d", at, "d2");
        renameat(at, "y", at, "d");
        unlinkat(at, "d", 0);
        renameat(at, "d2", at, "d");
    }
    return NULL;
}

void hostcall_world_race_start(struct hostcall_world *world)
{
    racer.base = world->base_fd;
    racer.writes = world->writes;
    atomic_store(&racer.stop, false);
    must(pthread_create(&racer.thread, NULL, race, NULL) == 0, "the racer");
}

void hostcall_world_race_stop(void)
{
    atomic_store(&racer.stop, true);
    pthread_join(racer.thread, NULL);
}
