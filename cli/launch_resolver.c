/* The resolver from the launcher's side: a socket pair, of which the guest's process gets one end and the resolver the
 * other, and the names that it answers for. Only where the policy has names. The launcher goes on when the resolver has
 * said that it is confined. */
#include "cli/launch_run.h"
#include "cli/print.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "wasi/act/act_resolver.h"

enum status launch_resolver_pair(struct launch_files *files, struct error *error)
{
    int pair[2];
    if (!os_message_pair(pair))
        return error_set_errno(error, STATUS_IO, errno, "cannot create a socket pair for the resolver");
    files->asking = pair[0];
    files->answering = pair[1];
    return STATUS_OK;
}

/* The names with their NULs, in a file that nobody changes. */
static enum status names_put(const struct policy *policy, int *ret_fd, struct error *error)
{
    int reader = -1;
    if (!os_memory_create("names", ret_fd, &reader))
        return error_set_errno(error, STATUS_IO, errno, "cannot create the resolver's names");
    bool whole = true;
    for (uint32_t i = 0; whole && i < policy->name_count; i++) {
        size_t size = strlen(policy->names[i]) + 1;
        whole = write(*ret_fd, policy->names[i], size) == (ssize_t)size;
    }
    whole = whole && os_memory_seal(ret_fd, &reader);
    if (!whole)
        error_set_errno(error, STATUS_IO, errno, "cannot write the resolver's names");
    launch_close(&reader);
    return whole ? STATUS_OK : STATUS_IO;
}

/* Waits for its first message, which comes through the guest's end: the guest's process does not run yet. It has the
 * resolver's end too, so that the end of the resolver is not to be seen there. */
static enum status resolver_ready(const struct run *run, struct error *error)
{
    uint32_t said = 0;
    struct pollfd wait[] = { { run->files.asking, POLLIN, 0 }, { run->resolver.watch, POLLIN, 0 } };
    while (poll(wait, 2, -1) < 0 && errno == EINTR) {
    }
    if (recv(run->files.asking, &said, sizeof said, MSG_DONTWAIT) != (ssize_t)sizeof said || said != RESOLVER_READY)
        return error_set(error, STATUS_INTERNAL, "the resolver ended before it was confined");
    return STATUS_OK;
}

enum status resolver_start(struct run *run, struct error *error)
{
    int names = -1;
    if (run->files.answering < 0)
        return STATUS_OK;
    enum status s = names_put(&run->options->spec->policy, &names, error);
    const struct launch_pass pass[] = { { run->files.answering, RESOLVER_FD_SOCKET }, { names, RESOLVER_FD_NAMES } };
    if (s == STATUS_OK)
        s = child_fork(&run->resolver, "warrant-resolver", pass, sizeof pass / sizeof *pass, true, error);
    if (s == STATUS_OK)
        s = child_release(&run->resolver, "warrant-resolver", error);
    launch_close(&names);
    launch_close(&run->files.answering);
    return s == STATUS_OK ? resolver_ready(run, error) : s;
}

void resolver_say(const struct run *run)
{
    if (run->resolver.pid > 0 && child_is_gone(&run->resolver))
        print_err("warrant: the resolver ended before the guest: from then on no name had an address\n");
}
