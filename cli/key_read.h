/* Reads the key that a process was given to sign with. */
#ifndef WARRANT_CLI_KEY_READ_H
#define WARRANT_CLI_KEY_READ_H

#include "tracer/signature.h"

/* From a descriptor, which is closed; from here on the process holds a secret (os_keep_secrets). `name` is for
 * messages, which say nothing of what was read. */
MUST_USE enum status key_read(int fd, const char *name, struct trace_key *ret, struct error *error);

#endif
