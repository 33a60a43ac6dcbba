/* Draws the lines in their order and says what each came to.
 *
 * Invariants: a line is ON only after its system call succeeded; the filter comes last, since the others need calls
 * that it refuses; nothing here can be taken back. Left out on purpose: namespaces (not offered to everybody), the
 * decision what is granted. Source: prctl(2), capabilities(7), setrlimit(2), seccomp(2), landlock(7). */
#include "wasi/confine/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "wasi/abi/syscalls.h"
#include "wasi/confine/filter.h"
#include "wasi/confine/landlock_rules.h"
#include "wasi/confine/sanitizer.h"

const uint32_t confine_always = CONFINE_BIT(NO_NEW_PRIVS);

const char *confine_left_out(void) { return NULL; }

enum { FILTER_TSYNC = 1, CAPABILITY_MAX = 64 };

/* Draws one line; `why` gets the reason of FAILED. */
typedef enum confine_state draw_fn(const struct confine_options *options, struct confine_report *report,
                                   struct error *why);

static enum confine_state failed(struct error *why, const char *what)
{
    error_set_errno(why, STATUS_DENIED, errno, "%s", what);
    return CONFINE_FAILED;
}

static enum confine_state no_new_privs_draw(const struct confine_options *options, struct confine_report *report,
                                            struct error *why)
{
    (void)options, (void)report;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? failed(why, "PR_SET_NO_NEW_PRIVS") : CONFINE_ON;
}

static enum confine_state undumpable_draw(const struct confine_options *options, struct confine_report *report,
                                          struct error *why)
{
    (void)options, (void)report;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? failed(why, "PR_SET_DUMPABLE") : CONFINE_ON;
}

static enum confine_state limits_draw(const struct confine_options *options, struct confine_report *report,
                                      struct error *why)
{
    const struct rlimit none = { 0, 0 };
    if (setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_MEMLOCK, &none))
        return failed(why, "RLIMIT_CORE and RLIMIT_MEMLOCK");
    struct rlimit data;
    if (options->memory && !report->sanitizer) { /* a sanitizer's shadow memory is larger than any budget */
        if (getrlimit(RLIMIT_DATA, &data))
            return failed(why, "RLIMIT_DATA");
        rlim_t memory = data.rlim_max < options->memory ? data.rlim_max : options->memory;
        data = (struct rlimit) { memory, memory };
        if (setrlimit(RLIMIT_DATA, &data))
            return failed(why, "RLIMIT_DATA");
    }
    struct rlimit files;
    if (!options->descriptors)
        return CONFINE_ON;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return failed(why, "RLIMIT_NOFILE");
    rlim_t most = files.rlim_max < options->descriptors ? files.rlim_max : options->descriptors;
    files = (struct rlimit) { most, most };
    return setrlimit(RLIMIT_NOFILE, &files) ? failed(why, "RLIMIT_NOFILE") : CONFINE_ON;
}

static enum confine_state capabilities_draw(const struct confine_options *options, struct confine_report *report,
                                            struct error *why)
{
    (void)options, (void)report;
    /* Only who has CAP_SETPCAP may empty the bounding set; nobody else has anything in reach of it (no_new_privs). */
    for (unsigned long i = 0; i < CAPABILITY_MAX && !prctl(PR_CAPBSET_DROP, i, 0, 0, 0); i++)
        ;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
        return failed(why, "PR_CAP_AMBIENT_CLEAR_ALL");
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };
    return syscall(SYS_capset, &header, data) ? failed(why, "capset") : CONFINE_ON;
}

/* What a library that resolves names does: it reads, asks over the network, waits, has memory, threads and descriptors.
 */
static const uint32_t resolver_impacts = FILTER_IMPACT(NONE) | FILTER_IMPACT(OBSERVE) | FILTER_IMPACT(WAIT) |
                                         FILTER_IMPACT(READ_FILE) | FILTER_IMPACT(WRITE_FILE) |
                                         FILTER_IMPACT(DESCRIPTOR) | FILTER_IMPACT(MEMORY) | FILTER_IMPACT(PROCESS) |
                                         FILTER_IMPACT(NETWORK);

static enum confine_state seccomp_draw(const struct confine_options *options, struct confine_report *report,
                                       struct error *why)
{
    struct filter filter;
    unsigned walker = options->walks ? SYSCALL_BY(WALK) : SYSCALL_BY(BENEATH);
    unsigned net = options->network_count > 0 ? SYSCALL_BY(NETWORK) | SYSCALL_BY(SOCKETS)
                   : options->sockets         ? SYSCALL_BY(SOCKETS)
                                              : 0;
    unsigned roles = SYSCALL_BY(RUN) | (options->replay ? SYSCALL_BY(REPLAY) : SYSCALL_BY(OP) | walker | net);
    enum status status = options->resolver ? filter_build_impacts(&filter, resolver_impacts, why)
                                           : filter_build(&filter, roles, sanitizer_present(), (uint32_t)getpid(), why);
    if (status != STATUS_OK)
        return CONFINE_FAILED;
    struct sock_fprog program = { (unsigned short)filter.size, filter.code };
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, FILTER_TSYNC, &program);
    if (result > 0) {
        error_set(why, STATUS_DENIED, "thread %ld cannot take the filter", result);
        return CONFINE_FAILED;
    }
    if (result < 0)
        return errno == ENOSYS ? CONFINE_ABSENT : failed(why, "seccomp");
    report->filter_calls = filter.calls;
    report->filter_instructions = filter.size;
    return CONFINE_ON;
}

static draw_fn *const draws[CONFINE_LINE_COUNT] = {
    [CONFINE_NO_NEW_PRIVS] = no_new_privs_draw,
    [CONFINE_UNDUMPABLE] = undumpable_draw,
    [CONFINE_LIMITS] = limits_draw,
    [CONFINE_CAPABILITIES] = capabilities_draw,
    [CONFINE_LANDLOCK] = landlock_draw,
    [CONFINE_SECCOMP] = seccomp_draw,
};

enum status confine_apply(const struct confine_options *options, struct confine_report *ret, struct error *error)
{
    *ret = (struct confine_report) { .sanitizer = sanitizer_present() };
    if (options->lines)
        sanitizer_settle();
    for (uint32_t i = 0; i < CONFINE_LINE_COUNT; i++) {
        if (!(options->lines & UINT32_C(1) << i))
            continue;
        struct error why = ERROR_INIT;
        enum confine_state state = draws[i](options, ret, &why);
        ret->state[i] = (uint8_t)state;
        bool required = options->required & UINT32_C(1) << i;
        if (state == CONFINE_FAILED || (required && state == CONFINE_ABSENT))
            return error_set(
                error, STATUS_DENIED, "the guest is not confined: %s %s%s%s", confine_line_name((enum confine_line)i),
                state == CONFINE_ABSENT ? "is absent on this kernel" : "failed", why.text[0] ? ": " : "", why.text);
    }
    return STATUS_OK;
}

void confine_probe_machine(struct confine_report *ret)
{
    *ret = (struct confine_report) { .sanitizer = sanitizer_present() };
    memset(ret->state, CONFINE_ON, CONFINE_LANDLOCK);
    ret->landlock_abi = landlock_version();
    struct landlock_rights rights = landlock_rights_of(ret->landlock_abi);
    ret->landlock_fs = rights.fs;
    ret->landlock_net = rights.net;
    ret->landlock_scope = rights.scope;
    ret->state[CONFINE_LANDLOCK] = (uint8_t)landlock_state(&rights);
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    bool kills = !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    ret->state[CONFINE_SECCOMP] = kills ? CONFINE_ON : CONFINE_ABSENT;
    struct filter filter;
    if (kills && filter_build(&filter, SYSCALL_BY(OP) | SYSCALL_BY(BENEATH) | SYSCALL_BY(RUN), ret->sanitizer, 0,
                              NULL) == STATUS_OK) {
        ret->filter_calls = filter.calls;
        ret->filter_instructions = filter.size;
    }
}
