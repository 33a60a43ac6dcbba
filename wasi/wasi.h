/* Hostcalls for one guest: links wasi_snapshot_preview1 to an instance and carries each call along the one way:
 * request, begin, decide, act, commit, end. */
#ifndef WARRANT_WASI_H
#define WARRANT_WASI_H

#include "runtime/rt.h"
#include "wasi/abi/net.h"
#include "wasi/backend.h"
#include "wasi/observer.h"

/* A granted directory, at descriptor 3 + index. */
struct wasi_preopen {
    const char *guest_path; /* borrowed for the life of the wasi */
    bool writes;            /* false: rights_read only */
    bool doubtful;          /* beneath it, file systems that hold no data may be mounted */
    struct filestat stat;   /* of the host directory */
};

/* A socket that listens, at the descriptor behind the last directory's + index. */
struct wasi_listen {
    struct filestat stat;
    struct net_address address; /* where it is bound */
};

/* What the guest is given. All pointers are borrowed for the life of the wasi. Strings have no NUL inside by
 * construction. */
struct wasi_config {
    uint32_t arg_count, env_count, preopen_count;
    const char *const *args; /* args[0] is the program's name */
    const char *const *env;  /* "KEY=VALUE" */
    const struct wasi_preopen *preopens;
    struct filestat stdio[3]; /* of descriptors 0, 1, 2; always streams: who started us shares their position */
    uint32_t device_count;    /* device nodes that may be opened; at most LIMIT_DEVICES */
    const struct wasi_device {
        uint64_t dev, ino;
    } *devices;
    uint32_t listen_count; /* at most LIMIT_LISTENERS */
    const struct wasi_listen *listens;
    uint32_t network_count, name_count; /* at most LIMIT_NETWORK_RULES, LIMIT_NAMES */
    const struct net_rule *networks;
    const char *const *names;               /* in small letters, at most LIMIT_NAME bytes each */
    uint32_t descriptor_limit;              /* at most LIMIT_HANDLES */
    uint32_t element_limit, transfer_limit; /* of one call (policy_limits.def: elements, transfer); 0: the greatest */
    bool
        violation_traps; /* on_violation: trap or kill: a NOTCAPABLE refusal stops the guest with RT_TRAP_HOST_POLICY */
};

struct wasi;
/* observer: may be NULL; copied, as the backend is. Returns owned. Failure: LIMIT (too many arguments, bytes,
 * preopens), NO_MEMORY. */
MUST_USE enum status wasi_create(const struct wasi_config *config, const struct wasi_backend *backend,
                                 const struct wasi_observer *observer, struct wasi **ret, struct error *error);
void wasi_free(struct wasi *wasi);
/* The imports to instantiate with, IMPORT_COUNT of them: borrowed until wasi_free. */
const struct rt_import *wasi_imports(struct wasi *wasi, size_t *ret_count);
/* Which of the module's memories hostcalls mean, and how it is found: rt_instance_memory_at. Memory 0 where nobody
 * says. */
typedef struct rt_memory wasi_memory_fn(const struct rt_instance *instance, uint32_t index);
void wasi_use_memory(struct wasi *wasi, wasi_memory_fn *find, uint32_t index);
/* Whether the guest ended itself by a signal: then its exit code is 128 and the signal's number. */
bool wasi_raised(const struct wasi *wasi);
/* What proc_exit was given, or as above; 0 before. */
uint32_t wasi_exit_code(const struct wasi *wasi);
/* Hostcalls begun so far. */
uint64_t wasi_call_count(const struct wasi *wasi);
/* The status and message behind RT_TRAP_HOST_STOPPED, _DIVERGED and _FAILED. */
const struct error *wasi_failure(const struct wasi *wasi);

#endif
