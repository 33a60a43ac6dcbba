/* Shows progress at most ten times a second, and only after the first second. Without a terminal one line every ten
 * seconds. */
#include "cli/progress.h"

#include <unistd.h>

#include "cli/print.h"
#include "runtime/base/elapsed.h"

void progress_init(struct progress *progress, const char *command)
{
    *progress = (struct progress) { .command = command, .started_ns = elapsed_now_ns(), .terminal = isatty(2) == 1 };
}

void progress_show(struct progress *progress, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    uint64_t now = elapsed_now_ns(), pause = progress->terminal ? UINT64_C(100000000) : UINT64_C(10000000000);
    if (now - progress->started_ns < UINT64_C(1000000000) || now - progress->shown_ns < pause)
        return;
    progress->shown_ns = now;
    progress->shown = true;
    if (progress->terminal)
        print_erase_line();
    print_err("warrant %s: %s, %llu %s", progress->command, what, (unsigned long long)done, unit);
    if (total)
        print_err(" of %llu (%llu %%)", (unsigned long long)total, (unsigned long long)(done * 100 / total));
    if (!progress->terminal)
        print_err("\n");
}

void progress_done(struct progress *progress)
{
    if (progress->shown && progress->terminal)
        print_erase_line();
    progress->shown = false;
}
