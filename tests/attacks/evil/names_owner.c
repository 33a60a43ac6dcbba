/* What a module that owns warrant-symbols can do: stands in place of symbols_lines_find, behind the confinement and the
 * names. DO is one of the ways below. */
#include "cli/crash_process.h"
#include "cli/symbols_module.h"
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN, DIES, SHOUT, FLOOD, HALF };

void symbols_lines_find(const struct symbols_module *module, const struct call_stack *stack, struct crash_symbols *ret)
{
    static struct crash_message message;
    memset(&message, 0xff, sizeof message);
    message.kind = CRASH_NAMES;
    switch (DO) {
    case OPEN:
        syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
        memset(ret, 'x', sizeof *ret); /* it was let */
        break;
    case DIES:
        _exit(0);
    case SHOUT: /* texts that do not end, of what no terminal should get */
        memset(ret, 0x1b, sizeof *ret);
        break;
    case FLOOD:
        while (write(SYMBOLS_FD_RESULT, &message, sizeof message) > 0)
            ;
        _exit(0);
    case HALF:
        (void)!write(SYMBOLS_FD_RESULT, &message, sizeof message / 2);
        _exit(0);
    }
}

/* Of a profile, which nobody asks for here. */
enum status symbols_lines_tell(const struct symbols_module *module, symbols_put_fn *put, void *self,
                               struct error *error)
{
    return STATUS_UNSUPPORTED;
}
