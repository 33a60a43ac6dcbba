/* launch_loader.h on Linux. Reference: ld.so(8), dl_iterate_phdr(3). */
#include "cli/launch_loader.h"

#include <link.h>
#include <stddef.h>
#include <string.h>

const struct loader_variable loader_variables[] = {
    { "LD_LIBRARY_PATH", ":;", "the folder in LD_LIBRARY_PATH", true },
    { "LD_PRELOAD", " :", "the library in LD_PRELOAD", false },
    { "LD_AUDIT", ":", "the library in LD_AUDIT", false },
    { NULL, NULL, NULL, false },
};
const char *const loader_files[] = { "/etc/ld.so.cache", "/etc/ld.so.preload", NULL };
const char *const loader_folders_under[] = { "", "/glibc-hwcaps/x86-64-v2", "/glibc-hwcaps/x86-64-v3",
                                             "/glibc-hwcaps/x86-64-v4", NULL };

struct list {
    bool (*look)(void *self, const char *path);
    void *self;
};

static int one_library(struct dl_phdr_info *info, size_t size, void *self)
{
    const struct list *list = self;
    (void)size;
    if (!info->dlpi_name || !strchr(info->dlpi_name, '/')) /* the program itself, and what the kernel maps */
        return 0;
    return !list->look(list->self, info->dlpi_name);
}

void loader_libraries(bool (*look)(void *self, const char *path), void *self)
{
    struct list list = { look, self };
    dl_iterate_phdr(one_library, &list);
}
