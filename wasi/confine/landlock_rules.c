/* Files beneath the grants only: one rule per grant, everything else that the kernel's version can handle is refused,
 * TCP at ports that no rule has and signals to others too.
 *
 * Invariants: EXECUTE, device nodes, sockets and FIFOs are granted nowhere. What was opened before keeps working:
 * Landlock looks at openings. Left out on purpose: stat, chmod, utimes, readlink and xattrs, which Landlock does not
 * know (docs/threat-model.md); the version-8 flag that restricts all threads: the process has one when this is called.
 */
#include "wasi/confine/landlock_rules.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NR_CREATE_RULESET = 444,
    NR_ADD_RULE = 445,
    NR_RESTRICT_SELF = 446,
    CREATE_VERSION = 1,
    RULE_PATH_BENEATH = 1,
    RULE_NET_PORT = 2
};

#define FS(bit)       (UINT64_C(1) << (bit))
#define FS_EXECUTE    FS(0)
#define FS_WRITE_FILE FS(1)
#define FS_READ_FILE  FS(2)
#define FS_READ_DIR   FS(3)
#define FS_MAKE_CHAR  FS(6)
#define FS_MAKE_SOCK  FS(9)
#define FS_MAKE_FIFO  FS(10)
#define FS_MAKE_BLOCK FS(11)
#define FS_VERSION_1  (FS(13) - 1) /* up to MAKE_SYM */
#define FS_REFER      FS(13)       /* version 2 */
#define FS_TRUNCATE   FS(14)       /* version 3 */
#define FS_IOCTL_DEV  FS(15)       /* version 5 */
#define NEVER_GRANTED (FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_SOCK | FS_MAKE_FIFO | FS_MAKE_BLOCK | FS_IOCTL_DEV)
#define OF_FILES      (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2, SCOPE_ABSTRACT_UNIX = 1, SCOPE_SIGNAL = 2 };

struct ruleset_attr {
    uint64_t handled_fs, handled_net, scoped;
};
struct path_beneath_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));
_Static_assert(sizeof(struct path_beneath_attr) == 12, "landlock_path_beneath_attr is packed");

struct net_port_attr {
    uint64_t allowed, port;
};
enum { PORT_RULES_MAX = 4096 };

int32_t landlock_version(void)
{
    long version = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_VERSION);
    return version > 0 ? (int32_t)version : 0;
}

struct landlock_rights landlock_rights_of(int32_t version)
{
    struct landlock_rights r = { 0 };
    if (version >= 1)
        r.fs = FS_VERSION_1;
    if (version >= 2)
        r.fs |= FS_REFER;
    if (version >= 3)
        r.fs |= FS_TRUNCATE;
    if (version >= 4)
        r.net = NET_BIND_TCP | NET_CONNECT_TCP;
    if (version >= 5)
        r.fs |= FS_IOCTL_DEV;
    if (version >= 6)
        r.scope = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    return r;
}

enum confine_state landlock_state(const struct landlock_rights *handled)
{
    const struct landlock_rights all = landlock_rights_of(INT32_MAX);
    if (!handled->fs)
        return CONFINE_ABSENT;
    bool whole = handled->fs == all.fs && handled->net == all.net && handled->scope == all.scope;
    return whole ? CONFINE_ON : CONFINE_PART;
}

uint64_t landlock_grant_rights(uint64_t handled, bool writes, bool directory)
{
    uint64_t rights = writes ? handled & ~NEVER_GRANTED : FS_READ_FILE | FS_READ_DIR;
    return directory ? rights : rights & OF_FILES;
}

static enum status grants_add(int ruleset, const struct confine_options *options, uint64_t handled, struct error *why)
{
    for (size_t i = 0; i < options->grant_count; i++) {
        const struct confine_grant *grant = &options->grants[i];
        struct stat st;
        if (fstat(grant->fd, &st))
            return error_set_errno(why, STATUS_IO, errno, "grant %zu cannot be looked at", i);
        struct path_beneath_attr rule = { landlock_grant_rights(handled, grant->writes, S_ISDIR(st.st_mode)),
                                          grant->fd };
        if (syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0))
            return error_set_errno(why, STATUS_DENIED, errno, "Landlock does not take grant %zu", i);
    }
    return STATUS_OK;
}

/* The rights that each port has, by the rules of TCP: Landlock knows ports, and no addresses. */
static void ports_collect(const struct confine_options *options, uint8_t *rights)
{
    for (size_t i = 0; i < options->network_count; i++) {
        const struct net_rule *rule = &options->networks[i];
        if (rule->protocol != NET_TCP)
            continue;
        for (uint32_t port = rule->port_first; port <= rule->port_last; port++)
            rights[port] |= rule->verb == NET_CONNECT ? NET_CONNECT_TCP : NET_BIND_TCP;
    }
}

/* What the ruleset handles of TCP: not what the rules allow at so many ports that naming them takes too long. Such a
 * right stays with the decision and the witness, and the line is held in part. */
static uint32_t ports_handled(const uint8_t *rights, uint32_t offered)
{
    uint32_t handled = 0;
    for (uint32_t right = NET_BIND_TCP; right <= NET_CONNECT_TCP; right <<= 1) {
        uint32_t count = 0;
        for (uint32_t port = 0; port < LANDLOCK_PORTS; port++)
            count += (rights[port] & right) != 0;
        handled |= count <= PORT_RULES_MAX ? right : 0;
    }
    return handled & offered;
}

struct landlock_rights landlock_rights_held(const struct confine_options *options, int32_t version, uint8_t *rights)
{
    struct landlock_rights held = landlock_rights_of(version);
    memset(rights, 0, LANDLOCK_PORTS);
    ports_collect(options, rights);
    held.net = ports_handled(rights, held.net);
    return held;
}

static enum status ports_add(int ruleset, const uint8_t *rights, uint32_t handled, struct error *why)
{
    for (uint32_t port = 0; port < LANDLOCK_PORTS; port++) {
        struct net_port_attr rule = { rights[port] & handled, port };
        if (rule.allowed && syscall(NR_ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0))
            return error_set_errno(why, STATUS_DENIED, errno, "Landlock does not take port %u", port);
    }
    return STATUS_OK;
}

enum confine_state landlock_draw(const struct confine_options *options, struct confine_report *report,
                                 struct error *why)
{
    int32_t version = landlock_version();
    report->landlock_abi = version;
    if (!version) {
        /* Not built, or not turned on at boot: absent. Any other answer is somebody's refusal of what is there. */
        if (errno == ENOSYS || errno == EOPNOTSUPP)
            return CONFINE_ABSENT;
        error_set_errno(why, STATUS_DENIED, errno, "Landlock does not tell its version");
        return CONFINE_FAILED;
    }
    static uint8_t ports[LANDLOCK_PORTS];
    struct landlock_rights rights = landlock_rights_held(options, version, ports);
    struct ruleset_attr attr = { rights.fs, rights.net, rights.scope };
    int ruleset = (int)syscall(NR_CREATE_RULESET, &attr, sizeof attr, 0);
    if (ruleset < 0) {
        error_set_errno(why, STATUS_DENIED, errno, "Landlock makes no ruleset");
        return CONFINE_FAILED;
    }
    enum status status = grants_add(ruleset, options, rights.fs, why);
    if (status == STATUS_OK)
        status = ports_add(ruleset, ports, rights.net, why);
    if (status == STATUS_OK && syscall(NR_RESTRICT_SELF, ruleset, 0))
        status = error_set_errno(why, STATUS_DENIED, errno, "Landlock does not restrict the process");
    close(ruleset);
    if (status != STATUS_OK)
        return CONFINE_FAILED;
    report->landlock_fs = rights.fs;
    report->landlock_net = rights.net;
    report->landlock_scope = rights.scope;
    return landlock_state(&rights);
}
