/* Stands in where the build found no libbpf, bpftool or clang with a BPF back end: the witness is absent, and says so.
 */
#include "ebpf/witness.h"

enum status witness_probe_machine(struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED, "this warrant was built without a witness: " WITNESS_ABSENT);
}

enum status witness_open(struct witness **ret, struct error *error)
{
    (void)ret;
    return witness_probe_machine(error);
}

enum status witness_open_sized(struct witness **ret, uint32_t ring_bytes, struct error *error)
{
    (void)ret;
    (void)ring_bytes;
    return witness_probe_machine(error);
}

enum status witness_watch(struct witness *witness, uint32_t pid, enum witness_role role, struct error *error)
{
    (void)witness;
    (void)pid;
    (void)role;
    return witness_probe_machine(error);
}

enum status witness_collect(struct witness *witness, struct trace_file *file, int stop_fd, struct witness_info *info,
                            const struct trace_key *key, struct error *error)
{
    (void)witness;
    (void)key;
    (void)file;
    (void)stop_fd;
    (void)info;
    return witness_probe_machine(error);
}

void witness_close(struct witness *witness) { (void)witness; }

bool witness_is_raised(void) { return false; }

enum status witness_caller_check(int control_fd, uint32_t pid, struct error *error)
{
    (void)control_fd;
    (void)pid;
    return witness_probe_machine(error);
}

enum status witness_caller_file(int file_fd, struct error *error)
{
    (void)file_fd;
    return witness_probe_machine(error);
}

enum status witness_caller_settle(struct error *error) { return witness_probe_machine(error); }
