/* Loads the probe, and gives it the processes to watch.
 *
 * Invariants: a thread is watched by the state that it is given in the kernel, found through a pidfd, so that a number
 * that is used again cannot be mistaken; threads that appear while a process is being given its states inherit them
 * from the thread that made them, so listing until nothing new is found leaves none out. Left out on purpose: libbpf's
 * own messages (libraries do not print). Design: section 7. */
#include "ebpf/witness_state.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ebpf/operands.h"
#include "probe.skel.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

static bool has_capability(const uint32_t effective[2], unsigned capability)
{
    return (effective[capability / 32] >> (capability % 32)) & 1;
}

/* Whether this process may load tracing programs at all. */
static enum status privileges_check(struct error *error)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { 0 };
    if (syscall(SYS_capget, &header, data) != 0)
        return error_set_errno(error, STATUS_DENIED, errno, "cannot read this process's capabilities");
    uint32_t effective[2] = { data[0].effective, data[1].effective };
    if (has_capability(effective, CAP_SYS_ADMIN) ||
        (has_capability(effective, CAP_BPF) && has_capability(effective, CAP_PERFMON)))
        return STATUS_OK;
    return error_set(error, STATUS_DENIED, "the witness needs root, or the capabilities CAP_BPF and CAP_PERFMON");
}

enum status witness_probe_machine(struct error *error)
{
    struct witness *witness = NULL;
    enum status s = witness_open_sized(&witness, WITNESS_RING_MIN, error);
    witness_close(witness);
    return s;
}

static enum status load_refused(int number, struct error *error)
{
    number = number < 0 ? -number : number;
    switch (number) {
    case EPERM:
    case EACCES:
        return error_set_errno(error, STATUS_DENIED, number, "the kernel refused to load the probe");
    case ENOMEM:
        return error_set_errno(error, STATUS_NO_MEMORY, number, "the kernel has no memory for the probe's maps");
    default:
        return error_set_errno(error, STATUS_UNSUPPORTED, number,
                               "this kernel does not take the probe (5.11 or later, with BTF)");
    }
}

static enum status probe_load(struct witness *witness, uint32_t ring_bytes, struct error *error)
{
    struct probe *probe = probe__open();
    if (!probe)
        return load_refused(errno, error);
    witness->probe = probe;
    operands_specs(probe->rodata->specs, witness->operand_count);
    probe->rodata->ring_half = ring_bytes / 2;
    probe->rodata->owner = witness_is_raised() ? (uint32_t)getuid() : PROBE_NO_OWNER;
    int failed = bpf_map__set_max_entries(probe->maps.ring, ring_bytes);
    if (failed == 0)
        failed = probe__load(probe);
    if (failed == 0)
        failed = probe__attach(probe);
    if (failed != 0)
        return load_refused(failed, error);
    witness->counters = &probe->bss->counters;
    witness->ring_fd = bpf_map__fd(probe->maps.ring);
    witness->threads_fd = bpf_map__fd(probe->maps.threads);
    witness->losses_fd = bpf_map__fd(probe->maps.losses);
    const struct bpf_program *programs[WITNESS_PROGRAMS] = { probe->progs.on_enter, probe->progs.on_exit,
                                                             probe->progs.on_fork, probe->progs.on_exec,
                                                             probe->progs.on_end };
    for (unsigned i = 0; i < WITNESS_PROGRAMS; i++)
        witness->program_fd[i] = bpf_program__fd(programs[i]);
    return STATUS_OK;
}

enum status witness_open_sized(struct witness **ret, uint32_t ring_bytes, struct error *error)
{
    if (ring_bytes < WITNESS_RING_MIN || ring_bytes > WITNESS_RING_MAX || (ring_bytes & (ring_bytes - 1)) != 0)
        return error_set(error, STATUS_INVALID, "%u is no size for the witness's ring", ring_bytes);
    enum status s = privileges_check(error);
    if (s != STATUS_OK)
        return s;
    if (access(BTF_FILE, R_OK) != 0)
        return error_set_errno(error, STATUS_UNSUPPORTED, errno,
                               "the kernel's type information cannot be read: " BTF_FILE);
    struct witness *witness = calloc(1, sizeof(*witness));
    if (!witness)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the witness");
    libbpf_print_fn_t printer = libbpf_set_print(NULL);
    s = probe_load(witness, ring_bytes, error);
    libbpf_set_print(printer);
    if (s != STATUS_OK) {
        witness_close(witness);
        return s;
    }
    *ret = witness;
    return STATUS_OK;
}

enum status witness_open(struct witness **ret, struct error *error)
{
    return witness_open_sized(ret, WITNESS_RING_BYTES, error);
}

void witness_close(struct witness *witness)
{
    if (!witness)
        return;
    probe__destroy(witness->probe);
    free(witness);
}

/* A pidfd of one thread. */
static int thread_open(uint32_t pid, uint32_t tid)
{
    enum { PIDFD_OF_THREAD = O_EXCL }; /* PIDFD_THREAD, which older headers lack */
    return (int)syscall(SYS_pidfd_open, tid, tid == pid ? 0 : PIDFD_OF_THREAD);
}

/* Gives one thread its state. *ret_new: it had none. A thread that is gone is no failure. */
static enum status thread_watch(struct witness *witness, uint32_t pid, uint32_t tid, enum witness_role role,
                                bool *ret_new, struct error *error)
{
    *ret_new = false;
    int pidfd = thread_open(pid, tid);
    if (pidfd < 0) {
        if (errno == ESRCH || errno == ENOENT)
            return STATUS_OK;
        if (errno == EINVAL)
            return error_set(
                error, STATUS_UNSUPPORTED,
                "process %u has threads already, and this kernel (before 6.9) cannot watch them one by one", pid);
        return error_set_errno(error, STATUS_DENIED, errno, "cannot open process %u", pid);
    }
    struct probe_thread *state = calloc(1, sizeof(*state));
    if (!state) {
        close(pidfd);
        return error_set(error, STATUS_NO_MEMORY, "no memory to watch process %u", pid);
    }
    state->role = (uint32_t)role;
    state->first = 1;
    state->thread =
        (uint32_t)__atomic_fetch_add(&witness->counters->threads, 1, __ATOMIC_RELAXED); /* a number, no order */
    __atomic_fetch_add(&witness->counters->alive, 1,
                       __ATOMIC_RELAXED); /* before the thread can end and count itself out */
    enum status s = STATUS_OK;
    if (bpf_map_update_elem(witness->threads_fd, &pidfd, state, BPF_NOEXIST) == 0) {
        *ret_new = true;
    } else {
        if (errno != EEXIST && errno != ENOENT && errno != ESRCH)
            s = error_set_errno(error, STATUS_DENIED, errno, "cannot watch process %u", pid);
        __atomic_fetch_sub(&witness->counters->alive, 1, __ATOMIC_RELAXED);
    }
    free(state);
    close(pidfd);
    return s;
}

/* One pass over the threads of `pid`. *ret_new: how many had no state. */
static enum status threads_pass(struct witness *witness, uint32_t pid, enum witness_role role, unsigned *ret_new,
                                struct error *error)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%u/task", pid);
    DIR *dir = opendir(path);
    if (!dir)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "there is no process %u to watch", pid);
    enum status s = STATUS_OK;
    unsigned count = 0;
    const struct dirent *entry;
    while (s == STATUS_OK && (entry = readdir(dir)) != NULL) {
        uint32_t tid = (uint32_t)strtoul(entry->d_name, NULL, 10);
        bool is_new = false;
        if (tid != 0)
            s = thread_watch(witness, pid, tid, role, &is_new, error);
        count += is_new;
    }
    closedir(dir);
    *ret_new = count;
    return s;
}

enum status witness_watch(struct witness *witness, uint32_t pid, enum witness_role role, struct error *error)
{
    unsigned found = 0, total = 0;
    do {
        enum status s = threads_pass(witness, pid, role, &found, error);
        if (s != STATUS_OK)
            return s;
        total += found;
    } while (found != 0);
    if (total == 0)
        return error_set(error, STATUS_NOT_FOUND, "process %u is gone, or watched already", pid);
    return STATUS_OK;
}
