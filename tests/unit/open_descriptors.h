/* How many descriptors this process has open, that of the look itself included: for tests and fuzz targets that lose
 * none. Ends the process where it cannot be known. */
#ifndef WARRANT_TEST_OPEN_DESCRIPTORS_H
#define WARRANT_TEST_OPEN_DESCRIPTORS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static inline unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) {
        perror("/proc/self/fd");
        abort();
    }
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

#endif
