/* warrant-resolver: answers for the names that a policy lists, outside of the guest's process, which asks by number.
 *
 * Questions and answers: act_resolver.h. Before the first it says that it is confined, for which the launcher waits.
 * What a name means is asked of the system each time, by a process of its own that is killed where it takes too long;
 * an answer grants nothing, for the guest's decision judges each address when it is used. It holds its socket and the
 * names, reads where the system's resolver reads, writes no file, and ends with the guest or the launcher. What the
 * system's resolver issues is the C library's own, so its filter goes by what a system call is good for: none that
 * makes or renames files, executes, gains or gives rights, or reaches into the kernel or another process. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/launch.h"
#include "runtime/base/os.h"
#include "runtime/base/streams.h"
#include "wasi/act/act_resolver.h"
#include "wasi/confine/confine.h"

enum { ANSWER_MS = 5000, MEMORY = 1 << 28, DESCRIPTORS = 64, DNS_PORT = 53 };

struct names {
    char *bytes; /* owned; each with its NUL */
    const char *name[LIMIT_NAMES];
    uint32_t count;
};

static bool names_read(struct names *ret)
{
    struct stat st;
    enum { BYTES_MAX = LIMIT_NAMES * (LIMIT_NAME + 1) };
    if (fstat(RESOLVER_FD_NAMES, &st) < 0 || st.st_size <= 0 || st.st_size > BYTES_MAX)
        return false;
    size_t size = (size_t)st.st_size;
    ret->bytes = malloc(size);
    if (!ret->bytes || pread(RESOLVER_FD_NAMES, ret->bytes, size, 0) != (ssize_t)size || ret->bytes[size - 1] != 0)
        return false;
    for (size_t at = 0; at < size && ret->count < LIMIT_NAMES; at += strlen(ret->bytes + at) + 1)
        ret->name[ret->count++] = ret->bytes + at;
    return true;
}

/* Where the system's resolver reads; what is not there is left out. */
static enum status confine(struct error *error)
{
    static const char *const places[] = { "/etc", "/usr", "/lib", "/lib64", "/run" };
    static const struct net_rule dns[] = { { NET_TCP, NET_CONNECT, NET_V4, 0, { 0 }, DNS_PORT, DNS_PORT } };
    struct confine_grant grants[sizeof places / sizeof *places];
    size_t count = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int fd = os_open_name(AT_FDCWD, places[i], O_DIRECTORY);
        if (fd >= 0)
            grants[count++] = (struct confine_grant) { fd, false };
    }
    const struct confine_options options = { .lines = CONFINE_ALL,
                                             .required = confine_always,
                                             .resolver = true,
                                             .grants = grants,
                                             .grant_count = count,
                                             .networks = dns,
                                             .network_count = 1,
                                             .memory = MEMORY,
                                             .descriptors = DESCRIPTORS };
    struct confine_report report;
    enum status s = confine_apply(&options, &report, error);
    for (size_t i = 0; i < count; i++)
        close(grants[i].fd);
    return s;
}

/* An address without port and zone; one that has a zone is of no use to a guest. */
static bool address_take(const struct sockaddr *from, struct net_address *ret)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    *ret = (struct net_address) { .family = NET_NONE };
    if (from->sa_family == AF_INET) {
        memcpy(&v4, from, sizeof v4);
        ret->family = NET_V4;
        memcpy(ret->bytes, &v4.sin_addr, sizeof v4.sin_addr);
        return true;
    }
    if (from->sa_family != AF_INET6)
        return false;
    memcpy(&v6, from, sizeof v6);
    if (v6.sin6_scope_id != 0)
        return false;
    ret->family = NET_V6;
    memcpy(ret->bytes, &v6.sin6_addr, sizeof ret->bytes);
    return true;
}

/* Asks the system, and writes what it said behind the answer's head. Runs in a process of its own, which has no say for
 * other names. */
static _Noreturn void worker(const char *name, uint32_t question, int out)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct net_address found[RESOLVER_ANSWER] = { resolver_answer_head(question) };
    size_t count = 1;
    os_die_with_parent_forked();
    close(RESOLVER_FD_SOCKET);
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        _exit(1);
    for (struct addrinfo *at = list; at && count < RESOLVER_ANSWER; at = at->ai_next)
        count += address_take(at->ai_addr, &found[count]);
    ssize_t written = write(out, found, count * sizeof *found);
    _exit(written == (ssize_t)(count * sizeof *found) ? 0 : 1);
}

/* Bytes of the answer that came in time; 0: none did. */
static size_t answer_read(int in, struct net_address found[RESOLVER_ANSWER])
{
    const size_t room = RESOLVER_ANSWER * sizeof *found;
    struct timespec now, start;
    size_t got = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        long gone = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        struct pollfd wait = { in, POLLIN, 0 };
        if (gone >= ANSWER_MS || poll(&wait, 1, (int)(ANSWER_MS - gone)) == 0)
            return 0;
        ssize_t n = read(in, (char *)found + got, room - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || got + (size_t)n == room)
            return n < 0 ? 0 : got + (size_t)n;
        got += (size_t)n;
    }
}

/* Bytes of the answer: its head, and what addresses there are. */
static size_t resolve(const char *name, uint32_t question, struct net_address found[RESOLVER_ANSWER])
{
    int ends[2];
    size_t bytes = 0;
    if (!os_pipe(ends))
        return 0;
    pid_t pid = fork();
    if (pid == 0)
        worker(name, question, ends[1]);
    close(ends[1]);
    if (pid > 0)
        bytes = answer_read(ends[0], found);
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    return bytes - bytes % sizeof *found;
}

int main(void)
{
    struct error error = ERROR_INIT;
    struct names names = { .count = 0 };
    const uint32_t ready = RESOLVER_READY;
    struct net_address found[RESOLVER_ANSWER];
    os_die_with_parent_forked();
    if (streams_fill(&error) != STATUS_OK || !names_read(&names) || confine(&error) != STATUS_OK ||
        send(RESOLVER_FD_SOCKET, &ready, sizeof ready, MSG_NOSIGNAL) != (ssize_t)sizeof ready)
        return EXIT_FAILURE_SETUP;
    for (;;) {
        uint32_t question = 0;
        ssize_t n = recv(RESOLVER_FD_SOCKET, &question, sizeof question, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        bool known = n == (ssize_t)sizeof question && resolver_name(question) < names.count;
        size_t bytes = known ? resolve(names.name[resolver_name(question)], question, found) : 0;
        if (bytes < sizeof *found) { /* no answer in time, or none at all */
            found[0] = resolver_answer_head(question);
            bytes = sizeof *found;
        }
        if (send(RESOLVER_FD_SOCKET, found, bytes, MSG_NOSIGNAL) < 0)
            break;
    }
    free(names.bytes);
    return 0;
}
