/* Passing a failure on. Apart from status.h, which is installed: an embedder may have a TRY of its own. */
#ifndef WARRANT_BASE_TRY_H
#define WARRANT_BASE_TRY_H

#include "runtime/base/status.h"

/* Returns from the function with the first status that is not OK. */
#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        enum status try_status = (expression);                                                                         \
        if (try_status != STATUS_OK)                                                                                   \
            return try_status;                                                                                         \
    } while (0)

#endif
