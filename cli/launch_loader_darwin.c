/* launch_loader.h on macOS. What lies in the shared cache has no file of its own that a guest could write. Compiled,
 * never run. Reference: dyld(1), dyld(3). */
#include "cli/launch_loader.h"

#include <mach-o/dyld.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

const struct loader_variable loader_variables[] = {
    { "DYLD_LIBRARY_PATH", ":", "the folder in DYLD_LIBRARY_PATH", true },
    { "DYLD_FALLBACK_LIBRARY_PATH", ":", "the folder in DYLD_FALLBACK_LIBRARY_PATH", true },
    { "DYLD_VERSIONED_LIBRARY_PATH", ":", "the folder in DYLD_VERSIONED_LIBRARY_PATH", true },
    { "DYLD_FRAMEWORK_PATH", ":", "the folder in DYLD_FRAMEWORK_PATH", true },
    { "DYLD_FALLBACK_FRAMEWORK_PATH", ":", "the folder in DYLD_FALLBACK_FRAMEWORK_PATH", true },
    { "DYLD_VERSIONED_FRAMEWORK_PATH", ":", "the folder in DYLD_VERSIONED_FRAMEWORK_PATH", true },
    { "DYLD_INSERT_LIBRARIES", ":", "the library in DYLD_INSERT_LIBRARIES", false },
    { NULL, NULL, NULL, false },
};
const char *const loader_files[] = { NULL };
const char *const loader_folders_under[] = { "", NULL };

void loader_libraries(bool (*look)(void *self, const char *path), void *self)
{
    for (uint32_t i = 1, count = _dyld_image_count(); i < count; i++) { /* the first is the program */
        const char *path = _dyld_get_image_name(i);
        if (path && strchr(path, '/') && access(path, F_OK) == 0 && !look(self, path))
            return;
    }
}
