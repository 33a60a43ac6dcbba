/* What a build's sanitizer needs from a confined process. The build adds one of two files. Internal to wr_confine. */
#ifndef WARRANT_CONFINE_SANITIZER_H
#define WARRANT_CONFINE_SANITIZER_H

#include <stdbool.h>

bool sanitizer_present(void);
/* Called once before the lines are drawn: the search for leaks at exit, which forks and ptraces, is turned off. */
void sanitizer_settle(void);

#endif
