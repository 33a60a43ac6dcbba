/* `warrant recover`: after recorder and launcher were both killed, saves what the ring beside the trace still holds. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tracer/trace.h"

static int recover(const struct command *command, const char *path)
{
    char ring_path[4096];
    struct error error = ERROR_INIT;
    struct trace_end end;
    if (snprintf(ring_path, sizeof ring_path, "%s.ring", path) >= (int)sizeof ring_path)
        return command_usage(command, "the trace's name is too long");
    int ring = open(ring_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (ring < 0) {
        error_set_errno(&error, STATUS_NOT_FOUND, errno, "there is nothing to recover: cannot open %s", ring_path);
        return command_failed(command, EXIT_FILE, &error);
    }
    enum status s = recorder_salvage(path, ring, NULL, &end, &error);
    close(ring);
    if (s != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    unlink(ring_path);
    print_out("%s: %llu events, all that the ring held\n", path, (unsigned long long)end.events);
    return EXIT_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    const char *value;
    int option = options_next(command, &state, &value);
    const char *path;
    int status = options_operand(command, &state, option, "one trace", &path);
    return status >= 0 ? status : recover(command, path);
}

const struct command command_recover = {
    .name = "recover",
    .arguments = "FILE.wtrace",
    .summary = "Save what the ring still holds, after a recording was killed as a whole.",
    .text = "A killed guest or recorder needs no recovery. Where the launcher was killed "
            "with them, FILE.wtrace.ring is left beside the trace; "
            "this appends its events to the trace and removes it.",
    .run = run,
};
