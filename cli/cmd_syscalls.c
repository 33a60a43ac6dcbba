/* `warrant syscalls`: the impact table. */
#include "cli/commands.h"
#include "wasi/abi/syscalls.h"
