/* How recorder and witness speak to the launcher: whole struct child_message over one descriptor. */
#ifndef WARRANT_CLI_CHILD_REPORT_H
#define WARRANT_CLI_CHILD_REPORT_H

#include "cli/launch.h"

void child_report(int fd, const struct child_message *message);
/* FAILED with the error's status and text. Returns EXIT_FAILURE_SETUP. */
int child_report_failure(int fd, enum status status, const struct error *error);

#endif
