/* A build without sanitizers: nothing more is allowed. */
#include "wasi/confine/sanitizer.h"

bool sanitizer_present(void) { return false; }
void sanitizer_settle(void) {}
