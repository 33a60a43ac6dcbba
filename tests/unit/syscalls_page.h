/* docs/syscall-impact.md as the table has it. */
#ifndef WARRANT_SYSCALLS_PAGE_H
#define WARRANT_SYSCALLS_PAGE_H

#include "runtime/base/base.h"

void syscalls_page_write(struct buffer *out);

#endif
