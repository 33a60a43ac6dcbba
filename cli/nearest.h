/* What somebody may have meant who mistyped a name. */
#ifndef WARRANT_CLI_NEAREST_H
#define WARRANT_CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* borrowed; need not end in NUL */
    size_t length;
    const char *name; /* the best so far; NULL: none is near */
    size_t distance;
};

struct nearest nearest_to(const char *word, size_t length);
void nearest_offer(struct nearest *nearest, const char *name);

#endif
