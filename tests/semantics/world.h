/* The file system as a script's steps see it: once by Linux's calls (world_native.c), once by WASI's (world_wasi.c).
 *
 * Both make one call for one step where there is one, so that what is compared is the call's answer and nothing that a
 * libc adds. A step's root and working directory are the script's folder: natively by chroot, for a guest by resolving
 * each path from a descriptor of it. */
#ifndef WARRANT_TESTS_WORLD_H
#define WARRANT_TESTS_WORLD_H

#include <stddef.h>
#include <stdint.h>

/* An error's name as POSIX writes it, else NULL and a value. */
struct answer {
    const char *error;
    int64_t value;
};

/* One bit for each flag of a script's open. O_EXEC and O_SEARCH, which Linux has not, open for reading. */
enum world_flag {
    WORLD_WRITE = 1,
    WORLD_READ = 2,
    WORLD_APPEND = 4,
    WORLD_CREATE = 8,
    WORLD_DIRECTORY = 16,
    WORLD_EXCLUSIVE = 32,
    WORLD_NO_FOLLOW = 64,
    WORLD_TRUNCATE = 128,
};

/* What is compared of a file's facts. `object` tells objects apart that exist at one time. */
struct world_facts {
    char kind; /* f, d, l, or ? */
    uint64_t links;
    uint64_t size;
    uint64_t object;
};

struct world_directory;

/* Says what is missing, and returns false, where this world cannot be had. */
int world_open_all(const char *folder);
/* The script's folder, a name in the folder above, becomes root and working directory. */
struct answer world_enter(const char *name);

struct answer world_open(const char *path, unsigned flags);
struct answer world_close(int64_t file);
struct answer world_facts_of(int64_t file, struct world_facts *ret_facts);
struct answer world_read(int64_t file, void *bytes, size_t size);
struct answer world_pread(int64_t file, void *bytes, size_t size, int64_t offset);
struct answer world_write(int64_t file, const void *bytes, size_t size);
struct answer world_pwrite(int64_t file, const void *bytes, size_t size, int64_t offset);
/* whence: 0 set, 1 current, 2 end, others as the number that they are. */
struct answer world_seek(int64_t file, int64_t offset, int whence);

struct answer world_chdir(const char *path);
struct answer world_link(const char *path, const char *to);
struct answer world_mkdir(const char *path);
struct answer world_readlink(const char *path, char *bytes, size_t size);
struct answer world_rename(const char *path, const char *to);
struct answer world_rmdir(const char *path);
struct answer world_stat(const char *path, int follow, struct world_facts *ret_facts);
struct answer world_symlink(const char *target, const char *path);
struct answer world_truncate(const char *path, int64_t size);
struct answer world_unlink(const char *path);

/* A directory that is read; world_list_next has value 1 and a name, or 0 at the end. NULL is one that is not open. */
struct answer world_list_open(const char *path, struct world_directory **ret_directory);
struct answer world_list_next(struct world_directory *directory, char *ret_name, size_t size);
struct answer world_list_rewind(struct world_directory *directory);
struct answer world_list_close(struct world_directory *directory);

#endif
