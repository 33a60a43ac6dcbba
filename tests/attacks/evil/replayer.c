/* What a module that owns the replay's process can do: stands in place of replay_run, behind the confinement. DO is one
 * of the ways below. */
#include "cli/replay_process.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN, SOCKET, FORK, READ_INPUT, EXECUTABLE, NONSENSE, SHOUT, FLOOD, HALF, IDENTICAL, HANG };

static void flood(void)
{
    static struct replay_message message;
    message.kind = REPLAY_PROGRESS;
    for (;;)
        if (write(REPLAYER_FD_RESULT, &message, sizeof message) < 0)
            _exit(0);
}

enum status replay_run(const struct replay_options *options, struct replay_report *ret, struct error *error)
{
    char byte;
    memset(ret, 0, sizeof *ret);
    switch (DO) {
    case OPEN:
        syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
        break;
    case SOCKET:
        syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
        break;
    case FORK:
        syscall(SYS_clone, 0, 0, 0, 0, 0);
        break;
    case READ_INPUT:
        syscall(SYS_read, 0, &byte, 1);
        break;
    case EXECUTABLE:
        syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        break;
    case NONSENSE:
        memset(ret, 0xff, sizeof *ret);
        return STATUS_OK;
    case SHOUT: /* a divergence whose texts have no end and would clear the screen */
        memset(ret, 0, sizeof *ret);
        ret->verdict = REPLAY_DIVERGED;
        memset(ret->divergence.expected, '\033', sizeof ret->divergence.expected);
        memset(ret->divergence.found, 'x', sizeof ret->divergence.found);
        memset(ret->divergence.hostcall, 0xc2, sizeof ret->divergence.hostcall);
        memset(ret->divergence.what, 'y', sizeof ret->divergence.what);
        memset(ret->divergence.function_name, '\n', sizeof ret->divergence.function_name);
        return STATUS_OK;
    case FLOOD:
        flood();
        break;
    case HALF:
        byte = write(REPLAYER_FD_RESULT, ret, 100) < 0;
        _exit(byte);
    case IDENTICAL:
        ret->verdict = REPLAY_IDENTICAL;
        return STATUS_OK;
    case HANG:
        for (volatile int i = 0;; i++)
            ;
    }
    return error_set(error, STATUS_STOPPED, "nothing stopped it");
}
