/* For whom the witness works: it may be installed with file capabilities or setuid, so that users without privileges
 * have their runs witnessed, and must not give them more than that.
 *
 * Invariants: nothing is loaded or watched before the caller and the process were looked at; a process's number is only
 * believed while it could not have been used again (the caller is this one's parent and has not gone, the process is a
 * child of his). That the caller could trace the process is asked of the kernel, with the caller's identity and without
 * capabilities. Programs that such a process executes later are the probe's matter (on_exec). Source: ptrace(2),
 * "Ptrace access mode checking"; capabilities(7). */
#include "ebpf/witness.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { CAPABILITY_WORDS = 2 };

struct capabilities {
    struct __user_cap_data_struct word[CAPABILITY_WORDS];
};

static struct __user_cap_header_struct capability_header(void)
{
    return (struct __user_cap_header_struct) { _LINUX_CAPABILITY_VERSION_3, 0 };
}

static bool capabilities_get(struct capabilities *ret)
{
    struct __user_cap_header_struct header = capability_header();
    return syscall(SYS_capget, &header, ret->word) == 0;
}

static bool capabilities_set(const struct capabilities *capabilities)
{
    struct __user_cap_header_struct header = capability_header();
    return syscall(SYS_capset, &header, capabilities->word) == 0;
}

bool witness_is_raised(void) { return getauxval(AT_SECURE) != 0; }

static enum status denied(struct error *error, const char *why)
{
    return error_set(error, STATUS_DENIED, "the witness serves the launcher that started it, for a child of that: %s",
                     why);
}

/* Who a process is, as /proc says. */
struct identity {
    uint32_t parent;
    uint32_t uid[4], gid[4]; /* real, effective, saved, of the file system */
};

static bool identity_read(uint32_t pid, struct identity *ret)
{
    char path[64], line[256];
    unsigned found = 0;
    snprintf(path, sizeof(path), "/proc/%u/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        found += sscanf(line, "PPid: %u", &ret->parent) == 1;
        found += sscanf(line, "Uid: %u %u %u %u", &ret->uid[0], &ret->uid[1], &ret->uid[2], &ret->uid[3]) == 4;
        found += sscanf(line, "Gid: %u %u %u %u", &ret->gid[0], &ret->gid[1], &ret->gid[2], &ret->gid[3]) == 4;
    }
    if (file)
        fclose(file);
    return found == 3;
}

static bool all_are(const uint32_t ids[4], uint32_t id)
{
    return ids[0] == id && ids[1] == id && ids[2] == id && ids[3] == id;
}

/* Asks the kernel for what only who may trace a process is told (the program that it executes), as the caller. */
static bool could_trace(uint32_t pid)
{
    char path[64], ignored[8];
    struct capabilities mine, none;
    bool raised = witness_is_raised();
    snprintf(path, sizeof(path), "/proc/%u/exe", pid);
    if (raised) {
        if (!capabilities_get(&mine))
            return false;
        none = mine;
        for (unsigned i = 0; i < CAPABILITY_WORDS; i++)
            none.word[i].effective = 0;
        setfsuid(getuid());
        setfsgid(getgid());
        if (!capabilities_set(&none))
            return false;
    }
    bool could = readlink(path, ignored, sizeof(ignored)) > 0;
    if (raised) {
        setfsuid(geteuid());
        setfsgid(getegid());
        could = capabilities_set(&mine) && could; /* behind setfsuid, which takes some away and gives none back */
    }
    return could;
}

enum status witness_caller_check(int control_fd, uint32_t pid, struct error *error)
{
    struct ucred caller;
    socklen_t size = sizeof(caller);
    struct identity identity;
    if (getsockopt(control_fd, SOL_SOCKET, SO_PEERCRED, &caller, &size) != 0 || caller.pid <= 0)
        return denied(error, "nobody is at the other end of its socket");
    if (caller.pid != getppid() || caller.uid != getuid())
        return denied(error, "who speaks to it did not start it");
    if (!identity_read(pid, &identity))
        return denied(error, "there is no such process");
    if (identity.parent != (uint32_t)caller.pid)
        return denied(error, "the process is not a child of the launcher");
    if (!all_are(identity.uid, getuid()) || !all_are(identity.gid, getgid()))
        return denied(error, "the process is of another user");
    if (!could_trace(pid))
        return denied(error, "the launcher could not trace the process");
    if (getppid() != caller.pid)
        return denied(error, "the launcher is gone");
    return STATUS_OK;
}

enum status witness_caller_file(int file_fd, struct error *error)
{
    struct stat st;
    struct statfs fs;
    if (fstat(file_fd, &st) != 0 || fstatfs(file_fd, &fs) != 0)
        return error_set_errno(error, STATUS_IO, errno, "the witness has no file to write");
    bool kernels = fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC ||
                   fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == DEBUGFS_MAGIC || fs.f_type == TRACEFS_MAGIC ||
                   fs.f_type == SECURITYFS_MAGIC || fs.f_type == BPF_FS_MAGIC;
    if (!S_ISREG(st.st_mode) || kernels || (witness_is_raised() && st.st_uid != getuid()))
        return error_set(error, STATUS_DENIED, "the witness writes into a regular file of its user only");
    return STATUS_OK;
}

static bool is_permitted(const struct capabilities *capabilities, unsigned capability)
{
    return (capabilities->word[capability / 32].permitted >> (capability % 32)) & 1;
}

enum status witness_caller_settle(struct error *error)
{
    struct capabilities mine, kept = { 0 };
    if (!witness_is_raised())
        return STATUS_OK;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || !capabilities_get(&mine) ||
        setresgid(getgid(), getgid(), getgid()) != 0 || setresuid(getuid(), getuid(), getuid()) != 0)
        return error_set_errno(error, STATUS_INTERNAL, errno, "the witness cannot give up what it has beyond its user");
    bool two = is_permitted(&mine, CAP_BPF) && is_permitted(&mine, CAP_PERFMON);
    static const unsigned wanted[] = { CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN };
    for (size_t i = 0; i < (two ? 2u : 3u); i++)
        if (is_permitted(&mine, wanted[i]))
            kept.word[wanted[i] / 32].permitted |= UINT32_C(1) << wanted[i] % 32;
    for (unsigned i = 0; i < CAPABILITY_WORDS; i++)
        kept.word[i].effective = kept.word[i].permitted;
    if (!capabilities_set(&kept))
        return error_set_errno(error, STATUS_INTERNAL, errno, "the witness cannot give up its capabilities");
    return STATUS_OK;
}
