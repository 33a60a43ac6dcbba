/* A build with a sanitizer: its runtime's calls are allowed (role SANITIZER of syscalls.def), and leaks are not looked
 * for once the process is confined, because LeakSanitizer does that from a second process by ptrace. The report says
 * so.
 *
 * The flag is the one variable here: LeakSanitizer asks by calling a function without operands. */
#include "wasi/confine/sanitizer.h"

static bool settled;

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return settled; }

bool sanitizer_present(void) { return true; }
void sanitizer_settle(void) { settled = true; }
