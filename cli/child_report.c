/* Sends messages to the launcher. A launcher that is gone cannot be told anything, so failures to send are not looked
 * at. */
#include "cli/child_report.h"

#include <string.h>
#include <unistd.h>

void child_report(int fd, const struct child_message *message)
{
    const char *at = (const char *)message;
    size_t left = sizeof *message;
    while (left > 0) {
        ssize_t n = write(fd, at, left);
        if (n <= 0)
            return;
        at += n;
        left -= (size_t)n;
    }
}

int child_report_failure(int fd, enum status status, const struct error *error)
{
    struct child_message message = { .kind = CHILD_FAILED, .status = status };
    memcpy(message.text, error->text, sizeof message.text);
    child_report(fd, &message);
    return EXIT_FAILURE_SETUP;
}
