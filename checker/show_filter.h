/* Which calls are shown: by name, by class, by descriptor, by path. */
#ifndef WARRANT_CHECKER_SHOW_FILTER_H
#define WARRANT_CHECKER_SHOW_FILTER_H

#include "checker/show.h"

#define SHOW_CLASS_LIST(CLASS)                                                                                         \
    CLASS(FILE, "%file")       /* its operation takes a path */                                                        \
    CLASS(NETWORK, "%network") /* a system call behind it has the impact NETWORK */                                    \
    CLASS(REFUSED, "%refused") /* the policy or the runtime refused it */                                              \
    CLASS(FAILED, "%failed")   /* it told the guest an error, or trapped */
#define SHOW_CLASS_ENUM(id, name) SHOW_CLASS_##id,
enum show_class { SHOW_CLASS_LIST(SHOW_CLASS_ENUM) SHOW_CLASS_COUNT };
#undef SHOW_CLASS_ENUM

/* One `-e`: calls that it names, or, negated, all others. */
struct show_set {
    bool negated, operation[OPERATION_COUNT], import[IMPORT_COUNT], class[SHOW_CLASS_COUNT];
};
enum { SHOW_SETS_MAX = 16 };
struct show_filter {
    struct show_set set[SHOW_SETS_MAX]; /* all of them hold */
    uint32_t set_count;
    bool by_fd;
    uint64_t fd;
    const char *path; /* borrowed; NULL: any */
};

/* Adds a call, by the name of its operation or import, or a class. False: there is none of that name. */
bool show_set_add(struct show_set *set, const char *name, size_t size);
/* Every name that can be added; several of them more than once. */
void show_set_names(void (*visit)(void *self, const char *name), void *self);
/* Whether anything is left out. */
bool show_filter_asks(const struct show_filter *filter);
/* paths: as they were before the call; NULL: no descriptor has a name. */
bool show_filter_passes(const struct show_filter *filter, const struct trace_call *call,
                        const struct show_paths *paths);
/* "network", "file" or "other": the first class that the call is in. Static storage. */
const char *show_filter_category(const struct trace_call *call);

#endif
