/* Where the dynamic loader would look at the next start of the program, for launch_guard.c. One file per system
 * (launch_loader_linux.c, launch_loader_darwin.c). */
#ifndef WARRANT_CLI_LAUNCH_LOADER_H
#define WARRANT_CLI_LAUNCH_LOADER_H

#include <stdbool.h>

/* A variable that tells the loader where to look or what to load. */
struct loader_variable {
    const char *name, *separators, *what;
    bool folders; /* else files; of those a name without a slash is looked for in the folders */
};
/* Each list ends with a NULL. */
extern const struct loader_variable loader_variables[];
extern const char *const loader_files[];         /* that the loader reads */
extern const char *const loader_folders_under[]; /* "" and what lies beneath a folder of libraries, preferred to it */

/* Shows the path of each library that this process has loaded and that lies in a file; stops where `look` says false.
 */
void loader_libraries(bool (*look)(void *self, const char *path), void *self);

#endif
