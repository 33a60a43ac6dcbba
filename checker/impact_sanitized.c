/* A build with a sanitizer, which makes system calls of its own in the guest's process. Such builds are for tests. */
#include "checker/impact.h"

#include "wasi/abi/syscalls.h"

const uint16_t impact_extra_roles = SYSCALL_BY(SANITIZER);
