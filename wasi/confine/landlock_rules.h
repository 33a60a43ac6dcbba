/* Landlock, with constants of its own: installed headers are older than the kernels that run. Internal to wr_confine.
 * Source: Documentation/userspace-api/landlock.rst of Linux 6.18. */
#ifndef WARRANT_CONFINE_LANDLOCK_H
#define WARRANT_CONFINE_LANDLOCK_H

#include "wasi/confine/confine.h"

/* What a version of the interface can handle. */
struct landlock_rights {
    uint64_t fs;
    uint32_t net, scope;
};

int32_t landlock_version(void); /* 0: absent */
struct landlock_rights landlock_rights_of(int32_t version);
/* What of that is handled for the options' network rules: not the verb that they allow at more ports than are named one
 * by one. rights: LANDLOCK_PORTS bytes, each port's. */
enum { LANDLOCK_PORTS = 65536 };
struct landlock_rights landlock_rights_held(const struct confine_options *options, int32_t version, uint8_t *rights);
/* ON: all that this version of warrant knows is handled; PART: less, by the kernel or by the rules; ABSENT: nothing. */
enum confine_state landlock_state(const struct landlock_rights *handled);
/* The rights of one grant among `handled`; files cannot carry those of directories. */
uint64_t landlock_grant_rights(uint64_t handled, bool writes, bool directory);
/* Restricts the calling thread to the grants. Returns the state; `why` gets the reason of FAILED. */
enum confine_state landlock_draw(const struct confine_options *options, struct confine_report *report,
                                 struct error *why);

#endif
