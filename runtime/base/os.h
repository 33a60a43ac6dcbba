/* What each system does in a way of its own, of which launcher, recorder, guest and replayer need the same: one file
 * per system stands behind this header (os_linux.c, os_darwin.c), and mounts.h has one more.
 *
 * Functions that return bool leave the reason of false in errno, as a system call does. Of the guest's process, which
 * is confined, only os_wait_on and os_wake are called: futex(2), which its filter allows. os_darwin.c was compiled and
 * linked, and never run. */
#ifndef WARRANT_BASE_OS_H
#define WARRANT_BASE_OS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "runtime/base/status.h"

/* What an errno means; `room` may hold it. Safe in every thread. */
const char *os_errno_text(int number, char *room, size_t size);

/* ---- memory files ---- */

/* A file that no name leads to, close-on-exec. `name` is for whoever looks at the process. *ret_reader: a second
 * descriptor where sealing needs one, else -1; NULL where it is never sealed. */
MUST_USE bool os_memory_create(const char *name, int *ret_fd, int *ret_reader);
/* From here on nobody who gets *fd changes a byte of it. Linux: nobody at all. macOS: *fd becomes the reader, and who
 * got the writing descriptor before still has it. */
MUST_USE bool os_memory_seal(int *fd, int *reader);

/* ---- descriptors ---- */

MUST_USE bool os_pipe(int ret[2]); /* close-on-exec */
/* Messages stay whole, and the end is told; close-on-exec. macOS: datagrams, which do not tell it. */
MUST_USE bool os_message_pair(int ret[2]);
MUST_USE bool os_socket_pair(int ret[2]); /* a stream, close-on-exec */
/* As write(2) on such a socket, without SIGPIPE. */
ssize_t os_socket_write(int fd, const void *bytes, size_t size);
/* Every open descriptor from `first` on is closed by the next exec. Async-signal-safe. */
MUST_USE bool os_close_on_exec(int first);
/* Closes first to last. false, ENOSYS: the kernel has no call for it. */
MUST_USE bool os_close_range(unsigned first, unsigned last);
/* Where the open object lies now, an absolute path. false: not known, or longer than `size`. */
MUST_USE bool os_descriptor_path(int fd, char *ret, size_t size);
/* Opens what a name stands for, not to read it but to look at it and to look names up in it; close-on-exec. flags:
 * O_DIRECTORY; O_NOFOLLOW gets a symbolic link itself. */
MUST_USE int os_open_name(int folder, const char *name, int flags);
/* The target of a link that os_open_name got; as readlink(2). */
ssize_t os_link_target(int link, char *ret, size_t size);
/* Whether links in this folder lead to open files, whatever their targets say (/proc/PID/fd). */
MUST_USE bool os_links_are_magic(int folder);

/* ---- files ---- */

MUST_USE bool os_rename_exchange(int folder, const char *one, const char *other);
MUST_USE bool os_file_allocate(int fd, uint64_t size);                 /* so long, and with room for all of it */
MUST_USE bool os_file_reserve(int fd, uint64_t offset, uint64_t size); /* the room alone; the length stays */
MUST_USE bool os_file_punch(int fd, uint64_t offset, uint64_t size);   /* gives that room back; the length stays */
/* An empty file without a name, of this user alone, on the file system of the folder. */
MUST_USE bool os_file_nameless(const char *folder, int *ret_fd);
/* What was written to the file, or into the folder, is on the device. */
MUST_USE bool os_file_sync(int fd);

/* ---- processes ---- */

/* *ret_fd: can be read (poll) from the moment on at which the process has ended; of a child that was not waited for. */
MUST_USE bool os_process_watch(int pid, int *ret_fd);
/* What a child is given so that it can watch and kill the process itself; -1: nothing can be given. */
int os_process_pass(int fd);
/* In that child. passed: where it found it. */
MUST_USE bool os_process_receive(int passed, int pid, int *ret_fd);
/* SIGKILL for the process that is watched. macOS: by its number, so that one which ended long ago must not be asked
 * for. */
void os_process_kill(int fd, int pid);
/* The calling process dies with its parent. The first of the two between fork and exec, the other behind the exec:
 * Linux needs the one, macOS the other, where a thread waits for that. */
void os_die_with_parent_forked(void);
MUST_USE bool os_die_with_parent_executed(void);
void os_memory_short_goes_first(void); /* where memory runs out, this process is the one to go; a wish */
/* The calling process holds what is for nobody else: no core file of it, and no ptrace by its user's other processes
 * (macOS: no core file). */
void os_keep_secrets(void);
/* The path of the running program. */
MUST_USE bool os_program_path(char *ret, size_t size);

/* ---- waiting ---- */

/* Sleeps while *word, which processes share, is `value`: until os_wake, a signal, or the end of the timeout (NULL:
 * none). May wake for no reason. */
void os_wait_on(const void *word, uint32_t value, const struct timespec *timeout);
void os_wake(const void *word); /* all of them */
/* Whether fd can be read, or has come to its end, before the timeout (NULL: none). A signal ends the wait too. macOS:
 * in whole milliseconds, rounded up. */
MUST_USE bool os_wait_readable(int fd, const struct timespec *timeout);

/* ---- signals as data ---- */

/* A descriptor that can be read (poll) while one of these signals is pending; the caller has blocked them. -1: errno.
 */
MUST_USE int os_signals_open(const sigset_t *signals);
/* Takes one that is pending. 0: there is none. */
MUST_USE int os_signals_take(int fd, const sigset_t *signals);

#endif
