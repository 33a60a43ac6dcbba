/* Turns the letters of operands.def into what the probe looks up by number: once, before it is loaded. */
#include "ebpf/operands.h"

#include <string.h>
#include <sys/syscall.h>

enum { RETURNS_NONE, RETURNS_FD };

#define CALL(name, operands, returns) { operands, SYS_##name, RETURNS_##returns == RETURNS_FD },
static const struct operands_row rows[] = {
#include "ebpf/operands.def"
#include OPERANDS_ARCH_DEF
};
#undef CALL

static void spec_set(struct probe_spec *spec, char letter, uint8_t place)
{
    switch (letter) { /* a test holds that operands.def has no other letter */
    case 's':
        spec->socket = 1;
        break;
    case 'S':
        spec->socket = 1;
        spec->fd = place;
        break;
    case 'R':
        spec->answer = place;
        break;
    case 'F':
        if (spec->fd == 0)
            spec->fd = place;
        else
            spec->fd2 = place;
        break;
    case 'A':
        spec->address = place;
        break;
    case 'P':
        if (spec->path == 0)
            spec->path = place;
        else
            spec->path2 = place;
        break;
    case 'C':
        spec->content = place;
        break;
    case 'H':
        spec->how = place;
        break;
    case 'I':
        spec->iov = place;
        break;
    case 'M':
    case 'm':
        spec->message = place;
        spec->message_sent = letter == 'M';
        break;
    case 'L':
        spec->iov = place;
        spec->iov_halves = 1;
        break;
    case 'T':
    case 't':
        spec->times = place;
        spec->times_bytes = letter == 'T' ? 32 : 16;
        break;
    default:
        break;
    }
}

void operands_specs(struct probe_spec *specs, uint8_t *counts)
{
    memset(specs, 0, PROBE_SYSCALLS * sizeof(*specs));
    memset(counts, 6, PROBE_SYSCALLS);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct operands_row *row = &rows[i];
        struct probe_spec *spec = &specs[row->number];
        uint8_t count = 0;
        for (const char *p = row->operands; *p; p++)
            spec_set(spec, *p, ++count);
        counts[row->number] = count;
        spec->returns_fd = row->returns_fd;
    }
}
