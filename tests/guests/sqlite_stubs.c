/* Two functions that the SQLite shell links and wasi-libc does not have. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

int chmod(const char *path, mode_t mode)
{
    (void)path, (void)mode;
    errno = ENOSYS;
    return -1;
}

char *realpath(const char *restrict path, char *restrict resolved)
{
    (void)path, (void)resolved;
    errno = ENOSYS;
    return NULL;
}
