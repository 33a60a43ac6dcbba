/* `show --grants`: what was granted, to whom, on which machine. */
#ifndef WARRANT_CLI_SHOW_GRANTS_H
#define WARRANT_CLI_SHOW_GRANTS_H

#include <stdbool.h>
#include "wasi/policy/policy.h"

/* All that the description of a run says, on standard output: lines, or one JSON object. */
void show_grants_print(const struct run_spec *spec, bool json);

#endif
