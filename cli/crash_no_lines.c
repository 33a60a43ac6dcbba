/* What `doctor` says of a build without source lines. */
#include "cli/crash_process.h"

const char *crash_lines_left_out(void) { return "this build found no static libdw"; }
