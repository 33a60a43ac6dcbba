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
/* The rights of one grant among `handled`; files cannot carry those of directories. */
uint64_t landlock_grant_rights(uint64_t handled, bool writes, bool directory);
/* Restricts the calling thread to the grants. Returns the state; `why` gets the reason of FAILED. */
enum confine_state landlock_draw(const struct confine_options *options, struct confine_report *report,
                                 struct error *why);

#endif
