/* What `doctor` says of a build with source lines. */
#include "cli/crash_process.h"

const char *crash_lines_left_out(void) { return NULL; }
