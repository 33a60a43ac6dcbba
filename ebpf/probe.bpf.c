/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probe: every system call of the watched threads, as one event made of its entry and its exit.
 *
 * Invariants:
 * - A thread is watched where it has a state in `threads`; a child has one before it runs. No other task costs more
 * than one look-up that finds nothing.
 * - `sequence` counts a thread's events whether or not they reach the ring, so a hole says exactly how many are
 * missing; the end of the last hole is kept in `losses`.
 * - Operands behind pointers are copied at the entry, whole: short ones into the event, longer ones into events that go
 * ahead of it. Where their page is not resident (nothing may fault in here), they are copied at the exit and the event
 * says so. What could not be copied is absent, never empty.
 *
 * Left out on purpose: what a msghdr holds beside its address and its vector, any wake-up of the reader while the ring
 * is less than half full (one costs more than the event). Design: section 7. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "ebpf/probe.h"
#include "ebpf/probe_kernel.h"
#include PROBE_ARCH_HEADER

char LICENSE[] SEC("license") = "GPL";

const volatile struct probe_spec specs[PROBE_SYSCALLS];
const volatile __u64 ring_half = 1 << 22; /* bytes in the ring from which on the reader is woken */

/* The witness has privileges that its caller does not have: it watches no process that has more than the user `owner`.
 */
const volatile __u32 owner = PROBE_NO_OWNER;

struct probe_counters counters;

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 23);
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct probe_thread);
} threads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, PROBE_LOSSES);
    __type(key, __u32);
    __type(value, struct probe_loss);
} losses SEC(".maps");

/* Where large parts are put together: one place for the entry, one for the exit. The kernel runs a program once at a
 * time on a processor, so nobody else writes into its place. */
enum { LARGE_AT_ENTRY = 0, LARGE_AT_EXIT = 1 };
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, struct probe_large);
} large SEC(".maps");

/* ---- numbers of a task ---- */

/* A task's number in the pid namespace `level` steps below the first one. */
static __always_inline __u32 number_at(struct pid *pid, __u32 level)
{
    int nr = 0;
    __u64 step = bpf_core_type_size(struct upid);
    __u64 first = (__u64)pid + bpf_core_field_offset(struct pid, numbers);
    bpf_probe_read_kernel(&nr, sizeof(nr), (const void *)(first + (level & 31) * step));
    return (__u32)nr;
}

/* pid and tid as the task itself sees them. */
static __always_inline void numbers_set(struct probe_thread *t, struct task_struct *task)
{
    struct pid *pid = BPF_CORE_READ(task, thread_pid);
    struct pid *leader = BPF_CORE_READ(task, group_leader, thread_pid);
    t->head.tid = number_at(pid, BPF_CORE_READ(pid, level));
    t->head.pid = number_at(leader, BPF_CORE_READ(leader, level));
    t->head.thread = t->thread;
    t->head.role = (__u8)t->role;
}

static __always_inline struct probe_thread *thread_find(struct task_struct *task)
{
    struct probe_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
    if (t && !t->head.tid)
        numbers_set(t, task);
    return t;
}

/* ---- into the ring ---- */

static __noinline void loss_note(const struct probe_head *head)
{
    __u32 key = head->thread;
    __sync_fetch_and_add(&counters.failed, 1);
    struct probe_loss *known = bpf_map_lookup_elem(&losses, &key);
    if (known) {
        known->next = head->sequence + 1;
        known->ktime = head->ktime;
        return;
    }
    struct probe_loss loss = {
        .next = head->sequence + 1, .ktime = head->ktime, .pid = head->pid, .tid = head->tid, .role = head->role
    };
    if (bpf_map_update_elem(&losses, &key, &loss, BPF_ANY))
        __sync_fetch_and_add(&counters.unplaced, 1);
}

static __always_inline __u64 wake_flags(__u64 sequence)
{
    if ((sequence & 63) == 63 && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > ring_half)
        return BPF_RB_FORCE_WAKEUP;
    return BPF_RB_NO_WAKEUP;
}

/* Sends head and parts of `t`. */
static __always_inline void thread_send(struct probe_thread *t)
{
    t->head.sequence = t->sequence++;
    __u64 fill = t->fill;
    if (fill > PROBE_PARTS_BYTES)
        fill = PROBE_PARTS_BYTES;
    if (bpf_ringbuf_output(&ring, &t->head, sizeof(t->head) + fill, wake_flags(t->head.sequence)))
        loss_note(&t->head);
    t->head.flags = 0;
}

/* Sends an event that has no call, and leaves the call that `t` may be in alone. */
static __always_inline void thread_send_other(struct probe_thread *t, __u8 kind, __s64 result,
                                              const struct probe_object *object)
{
    struct {
        struct probe_head head;
        struct probe_object object;
    } event = { 0 };
    event.head.ktime = bpf_ktime_get_ns();
    event.head.sequence = t->sequence++;
    event.head.result = result;
    event.head.thread = t->thread;
    event.head.pid = t->head.pid;
    event.head.tid = t->head.tid;
    event.head.kind = kind;
    event.head.role = (__u8)t->role;
    __u64 size = sizeof(event.head);
    if (object) {
        event.head.parts = PROBE_PART_OBJECT;
        event.object = *object;
        size = sizeof(event);
    }
    if (bpf_ringbuf_output(&ring, &event, size, wake_flags(event.head.sequence)))
        loss_note(&event.head);
}

/* ---- objects behind descriptors ---- */

/* Since Linux 6.2: lets a plain address be read through like a typed pointer, at a fraction of a checked copy's cost.
 */
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;

/* What the file system adds to an object's mode. */
static __always_inline __u32 mode_of_system(unsigned long magic)
{
    enum { OVERLAY = 0x794c7630, BTRFS = 0x9123683e, CEPH = 0x00c36400 };
    return magic == OVERLAY || (__u32)magic == (__u32)BTRFS || magic == CEPH ? PROBE_MODE_OTHER_NUMBERS : 0;
}

static __always_inline int object_of_inode(struct probe_object *object, struct inode *inode)
{
    if (!inode)
        return 0;
    object->ino = inode->i_ino;
    struct super_block *system = inode->i_sb;
    unsigned long magic = system->s_magic;
    object->mode = inode->i_mode | mode_of_system(magic);
    object->dev = system->s_dev;
    object->system = (__u32)magic;
    object->rdev = inode->i_rdev;
    return inode->i_mode != 0;
}

static __always_inline int object_of_address(struct probe_object *object, struct inode *inode)
{
    if (!inode)
        return 0;
    object->ino = BPF_CORE_READ(inode, i_ino);
    __u32 mode = BPF_CORE_READ(inode, i_mode);
    unsigned long magic = BPF_CORE_READ(inode, i_sb, s_magic);
    object->mode = mode | mode_of_system(magic);
    object->dev = BPF_CORE_READ(inode, i_sb, s_dev);
    object->system = (__u32)magic;
    object->rdev = BPF_CORE_READ(inode, i_rdev);
    return mode != 0;
}

/* The file behind a descriptor of the current task, or 0. The table is read without its lock: a dup2 by another thread
 * at this very moment may show either file. */
static __always_inline __u64 file_of_fd(__u32 fd)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct fdtable *table = task->files->fdt;
    __u64 file = 0;
    if (fd < table->max_fds)
        bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
    return file;
}

static __always_inline int object_of_fd(struct probe_object *object, __u32 fd)
{
    __u64 file = file_of_fd(fd);
    if (!file)
        return 0;
    if (bpf_rdonly_cast) {
        const struct file *typed = bpf_rdonly_cast((const void *)file, bpf_core_type_id_kernel(struct file));
        return object_of_inode(object, typed->f_inode);
    }
    return object_of_address(object, BPF_CORE_READ((struct file *)file, f_inode));
}

static __always_inline int object_of_cwd(struct probe_object *object)
{
    struct task_struct *task = bpf_get_current_task_btf();
    return object_of_inode(object, task->fs->pwd.dentry->d_inode);
}

/* ---- sockets ---- */

/* What the socket behind a descriptor is. Its addresses are those that the kernel holds, whatever a call's memory says.
 */
static __noinline int socket_of_fd(struct probe_socket *to, __u32 fd)
{
    enum { SOCKETS = 0x534f434b, INET = 2, INET6 = 10 };
    const struct file *file = (const struct file *)file_of_fd(fd);
    if (!to || !file)
        return 0;
    if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKETS)
        return 0;
    const struct socket *socket = (const struct socket *)BPF_CORE_READ(file, private_data);
    const struct sock *sk = BPF_CORE_READ(socket, sk);
    if (!sk)
        return 0;
    __builtin_memset(to, 0, sizeof(*to));
    to->family = BPF_CORE_READ(sk, __sk_common.skc_family);
    to->type = BPF_CORE_READ(sk, sk_type);
    to->protocol = BPF_CORE_READ(sk, sk_protocol);
    if (to->family != INET && to->family != INET6)
        return 1;
    to->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
    to->peer_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
    if (to->family == INET) {
        BPF_CORE_READ_INTO((__u32 *)to->local, sk, __sk_common.skc_rcv_saddr);
        BPF_CORE_READ_INTO((__u32 *)to->peer, sk, __sk_common.skc_daddr);
        return 1;
    }
    const struct sock_common *common = &sk->__sk_common;
    to->only_v6 = BPF_CORE_READ_BITFIELD_PROBED(common, skc_ipv6only) != 0;
    BPF_CORE_READ_INTO((struct in6_addr *)to->local, sk, __sk_common.skc_v6_rcv_saddr);
    BPF_CORE_READ_INTO((struct in6_addr *)to->peer, sk, __sk_common.skc_v6_daddr);
    return 1;
}

/* ---- operands ---- */

/* Where the next part goes, with room for the largest one, or NULL. */
static __always_inline __u8 *part_room(struct probe_thread *t)
{
    __u64 fill = t->fill;
    if (fill > PROBE_PARTS_BYTES - 8 - PROBE_PATH - 7)
        return 0;
    return t->parts + fill;
}

static __always_inline __u64 operand(const struct probe_thread *t, __u8 index)
{
    switch (index) { /* 1-based; a variable index would cost the verifier a proof */
    case 1:
        return t->head.arg[0];
    case 2:
        return t->head.arg[1];
    case 3:
        return t->head.arg[2];
    case 4:
        return t->head.arg[3];
    case 5:
        return t->head.arg[4];
    case 6:
        return t->head.arg[5];
    default:
        return 0;
    }
}

static __always_inline void part_added(struct probe_thread *t, __u16 part, __u32 size)
{
    t->head.parts |= part;
    t->fill += size;
}

static __always_inline void copy_how(struct probe_thread *t, __u64 from, __u64 size)
{
    __u64 *to = (__u64 *)part_room(t);
    if (!to || !from)
        return;
    to[0] = to[1] = to[2] = 0;
    if (size > 24)
        size = 24;
    if (bpf_probe_read_user(to, (__u32)size, (const void *)from))
        t->retry = 1;
    else
        part_added(t, PROBE_PART_HOW, 24);
}

/* ---- parts that are too large for a thread's state ---- */

/* The place for a large part of the event that `t` is in, or NULL. */
static __always_inline struct probe_large *large_room(struct probe_thread *t, __u32 place)
{
    struct probe_large *to = bpf_map_lookup_elem(&large, &place);
    if (!to)
        return 0;
    to->head = t->head;
    to->head.kind = PROBE_AHEAD;
    to->head.ahead = 0;
    return to;
}

/* Sends what is there; a part that finds no room is not read. */
static __always_inline void large_send(struct probe_thread *t, struct probe_large *from, __u16 part, __u64 bytes)
{
    from->head.parts = part;
    if (bytes > sizeof(from->bytes))
        bytes = sizeof(from->bytes);
    if (bpf_ringbuf_output(&ring, from, sizeof(from->head) + sizeof(from->size) + bytes, BPF_RB_NO_WAKEUP))
        t->head.flags |= PROBE_UNREAD;
    else
        t->head.ahead |= part;
}

static __noinline int path_ahead(struct probe_thread *t, __u64 from, __u16 part, __u32 place)
{
    if (!t)
        return 0;
    struct probe_large *to = large_room(t, place);
    if (!to)
        return 0;
    long size = bpf_probe_read_user_str(to->bytes, PROBE_PATH_WHOLE, (const void *)from);
    if (size <= 0 || size > PROBE_PATH_WHOLE) {
        t->retry = 1;
        return 0;
    }
    to->size = (__u64)size;
    large_send(t, to, part, ((__u64)size + 7) & ~7ull);
    return 0;
}

static __noinline int iov_ahead(struct probe_thread *t, __u64 from, __u64 count, __u32 place)
{
    if (!t)
        return 0;
    struct probe_large *to = large_room(t, place);
    if (!to)
        return 0;
    __u32 kept = count > PROBE_IOVECS_WHOLE ? PROBE_IOVECS_WHOLE : (__u32)count;
    if (bpf_probe_read_user(to->bytes, kept * 16, (const void *)from)) {
        t->retry = 1;
        return 0;
    }
    to->size = count;
    large_send(t, to, PROBE_PART_IOV, kept * 16ull);
    return 0;
}

/* ---- parts in the event ---- */

static __always_inline void copy_iov(struct probe_thread *t, __u64 from, __u64 count, __u32 place)
{
    __u64 *to = (__u64 *)part_room(t);
    if (!to)
        return;
    if (count > PROBE_IOVECS) {
        iov_ahead(t, from, count, place);
        return;
    }
    __u32 kept = (__u32)count;
    to[0] = count;
    if (kept && bpf_probe_read_user(to + 1, kept * 16, (const void *)from))
        t->retry = 1;
    else
        part_added(t, PROBE_PART_IOV, 8 + kept * 16);
}

static __always_inline void copy_address(struct probe_thread *t, __u64 from, __u64 length)
{
    __u64 *to = (__u64 *)part_room(t);
    if (!to || !from)
        return;
    length &= 0xffffffff;
    __asm__ volatile("" : "+r"(length)); /* else what the verifier saw compared is not what is used */
    __u32 kept = length > PROBE_ADDRESS ? PROBE_ADDRESS : (__u32)length;
    to[0] = length;
    if (kept && bpf_probe_read_user(to + 1, kept, (const void *)from))
        t->retry = 1;
    else
        part_added(t, PROBE_PART_ADDRESS, 8 + ((kept + 7) & ~7u));
}

static __always_inline void copy_times(struct probe_thread *t, __u64 from, __u32 bytes)
{
    __u64 *to = (__u64 *)part_room(t);
    if (!to || !from)
        return;
    to[0] = to[1] = to[2] = to[3] = 0;
    if (bpf_probe_read_user(to, bytes > 16 ? 32 : 16, (const void *)from))
        t->retry = 1;
    else
        part_added(t, PROBE_PART_TIMES, 32);
}

static __always_inline void copy_path(struct probe_thread *t, __u64 from, __u16 part, __u32 place)
{
    __u8 *to = part_room(t);
    if (!to || !from)
        return;
    long size = bpf_probe_read_user_str(to + 8, PROBE_PATH, (const void *)from);
    if (size <= 0 || size > PROBE_PATH) {
        t->retry = 1;
        return;
    }
    if (size == PROBE_PATH) { /* as long as this, or longer */
        path_ahead(t, from, part, place);
        return;
    }
    *(__u64 *)to = (__u64)size;
    part_added(t, part, (__u32)(8 + ((size + 7) & ~7ull)));
}

/* The vector of a message, and the address that one is sent to. What a receiver's address holds, the kernel writes. */
static __always_inline void copy_message(struct probe_thread *t, __u64 from, __u8 sent, __u32 place)
{
    struct {
        __u64 name, name_length, iov, count; /* struct msghdr of 64 bits; the length is 32 of them */
    } message;
    if (!from)
        return;
    if (bpf_probe_read_user(&message, sizeof(message), (const void *)from)) {
        t->retry = 1;
        return;
    }
    copy_iov(t, message.iov, message.count, place);
    if (sent)
        copy_address(t, message.name, message.name_length);
}

/* What a call wrote, `length` bytes of a name without NUL, is a second path; one with a NUL inside arrives shorter. */
static __noinline int content_copy(struct probe_thread *t, __u64 from, __u64 length)
{
    if (!t)
        return 0;
    __u8 *to = part_room(t);
    if (!to || length >= PROBE_PATH_WHOLE) {
        t->head.flags |= PROBE_UNREAD;
        return 0;
    }
    if (length >= PROBE_PATH) {
        struct probe_large *whole = large_room(t, LARGE_AT_EXIT);
        long read = whole ? bpf_probe_read_user_str(whole->bytes, (__u32)length + 1, (const void *)from) : 0;
        if (read <= 0 || read > PROBE_PATH_WHOLE) {
            t->head.flags |= PROBE_UNREAD;
            return 0;
        }
        whole->size = (__u64)read;
        large_send(t, whole, PROBE_PART_PATH2, ((__u64)read + 7) & ~7ull);
        return 0;
    }
    long read = bpf_probe_read_user_str(to + 8, (__u32)length + 1, (const void *)from);
    if (read <= 0 || read > PROBE_PATH) {
        t->head.flags |= PROBE_UNREAD;
        return 0;
    }
    *(__u64 *)to = (__u64)read;
    part_added(t, PROBE_PART_PATH2, (__u32)(8 + ((read + 7) & ~7ull)));
    return 0;
}

/* An address or a value that the call wrote, of the length that it wrote behind it. */
static __noinline int answer_copy(struct probe_thread *t, __u64 from, __u64 length_at)
{
    __u32 length = 0;
    if (!t || !from)
        return 0;
    t->retry = 0;
    if (bpf_probe_read_user(&length, sizeof(length), (const void *)length_at))
        t->retry = 1;
    else
        copy_address(t, from, length);
    if (t->retry)
        t->head.flags |= PROBE_UNREAD;
    return 0;
}

/* The socket that a call is about, as it left it: the returned one, else that of its descriptor, where it has one. */
static __noinline int socket_add(struct probe_thread *t, __s64 result, __u32 returns_fd)
{
    if (!t)
        return 0;
    struct probe_socket *to = (struct probe_socket *)part_room(t);
    __u32 fd = returns_fd && result >= 0 ? (__u32)result : (__u32)t->head.arg[0];
    if (to && socket_of_fd(to, fd))
        part_added(t, PROBE_PART_SOCKET, sizeof(*to));
    return 0;
}

/* Copies the operands behind pointers, as the call's row has them. */
static __noinline int operands_copy(struct probe_thread *t, __u32 place)
{
    if (!t)
        return 0;
    __u32 number = (__u32)t->head.call;
    if (number >= PROBE_SYSCALLS)
        return 0;
    const volatile struct probe_spec *spec = &specs[number]; /* the loader fills it: never a constant */
    t->retry = 0;
    if (spec->how)
        copy_how(t, operand(t, spec->how), operand(t, spec->how + 1));
    if (spec->iov)
        copy_iov(t, operand(t, spec->iov), (operand(t, spec->iov + 1) + spec->iov_halves) >> spec->iov_halves, place);
    if (spec->message)
        copy_message(t, operand(t, spec->message), spec->message_sent, place);
    if (spec->times)
        copy_times(t, operand(t, spec->times), spec->times_bytes);
    if (spec->address)
        copy_address(t, operand(t, spec->address), operand(t, spec->address + 1));
    if (spec->path)
        copy_path(t, operand(t, spec->path), PROBE_PART_PATH, place);
    if (spec->path2)
        copy_path(t, operand(t, spec->path2), PROBE_PART_PATH2, place);
    return 0;
}

/* A descriptor operand's object. Objects are the first parts. */
static __always_inline void object_add(struct probe_thread *t, __u8 index, __u8 path, __u16 part)
{
    enum { AT_WORKING_DIRECTORY = -100 };
    struct probe_object *to = (struct probe_object *)t->parts;
    __s32 fd = (__s32)operand(t, index);
    int known = 0;
    if (part == PROBE_PART_OBJECT2 && t->fill != 0)
        to++;
    if (fd >= 0)
        known = object_of_fd(to, (__u32)fd);
    else if (fd == AT_WORKING_DIRECTORY && path)
        known = object_of_cwd(to);
    if (known)
        part_added(t, part, sizeof(*to));
}

/* Starts the event of a call: what an entry shows, or an exit that had none. */
static __always_inline void call_begin(struct probe_thread *t, const struct pt_regs *regs, __s32 number, int compat,
                                       __u32 place)
{
    t->head.ktime = bpf_ktime_get_ns();
    t->head.call = number;
    t->head.result = 0;
    t->head.parts = t->head.ahead = 0;
    t->head.flags = (compat ? PROBE_COMPAT : 0) | (t->first ? PROBE_FIRST : 0);
    t->first = 0;
    t->fill = 0;
    t->objects = 0;
    t->retry = 0;
    arch_operands(regs, compat, t->head.arg);
    if (compat || (__u32)number >= PROBE_SYSCALLS)
        return;
    const volatile struct probe_spec *spec = &specs[number];
    if (spec->fd)
        object_add(t, spec->fd, spec->path, PROBE_PART_OBJECT);
    if (spec->fd2)
        object_add(t, spec->fd2, spec->path2, PROBE_PART_OBJECT2);
    t->objects = (__u8)t->fill;
    if (spec->path | spec->path2 | spec->how | spec->iov | spec->times | spec->address | spec->message)
        operands_copy(t, place);
}

/* What could not be read at the entry is read now; the kernel has touched it. */
static __always_inline void operands_again(struct probe_thread *t)
{
    t->fill = t->objects;
    t->head.parts &= PROBE_PART_OBJECT | PROBE_PART_OBJECT2;
    t->head.ahead = 0;
    operands_copy(t, LARGE_AT_EXIT);
    t->head.flags |= t->retry ? PROBE_LATE | PROBE_UNREAD : PROBE_LATE;
}

/* What a call gave: its descriptor's object, what it wrote, its socket. */
static __always_inline void answers_add(struct probe_thread *t, const volatile struct probe_spec *spec, __s64 result)
{
    if (spec->answer && result >= 0)
        answer_copy(t, operand(t, spec->answer), operand(t, spec->answer + 1));
    if (spec->returns_fd && result >= 0) {
        struct probe_object *to = (struct probe_object *)part_room(t);
        if (to && object_of_fd(to, (__u32)result))
            part_added(t, PROBE_PART_OPENED, sizeof(*to));
    }
    if (spec->content && result > 0)
        content_copy(t, operand(t, spec->content), (__u64)result);
    if (spec->socket && (spec->fd || result >= 0))
        socket_add(t, result, spec->returns_fd);
}

/* ---- hooks ---- */

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct probe_thread *t = thread_find(task);
    if (!t)
        return 0;
    if (t->open) { /* its exit was not seen */
        t->head.kind = PROBE_ENTRY_ONLY;
        thread_send(t);
    }
    call_begin(t, regs, (__s32)number, arch_is_compat(task), LARGE_AT_ENTRY);
    t->open = 1;
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long result)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct probe_thread *t = thread_find(task);
    if (!t)
        return 0;
    if (t->open) {
        t->head.kind = PROBE_SYSCALL;
    } else {
        call_begin(t, regs, arch_number(regs), arch_is_compat(task), LARGE_AT_EXIT);
        t->head.kind = PROBE_EXIT_ONLY;
    }
    t->open = 0;
    t->head.result = result;
    if (t->retry)
        operands_again(t);
    __u32 call = (__u32)t->head.call;
    if (call < PROBE_SYSCALLS && !(t->head.flags & PROBE_COMPAT))
        answers_add(t, &specs[call], result);
    thread_send(t);
    return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
    struct probe_thread *t = thread_find(parent);
    if (!t)
        return 0;
    struct probe_thread *new = bpf_task_storage_get(&threads, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (new) {
        new->role = t->role;
        new->thread = (__u32)__sync_fetch_and_add(&counters.threads, 1);
        numbers_set(new, child);
        __sync_fetch_and_add(&counters.alive, 1);
    } else {
        __sync_fetch_and_add(&counters.unwatched, 1);
    }
    __u32 level = BPF_CORE_READ(parent, thread_pid, level);
    thread_send_other(t, PROBE_FORK, number_at(BPF_CORE_READ(child, thread_pid), level), 0);
    return 0;
}

/* A program replaced itself before its operand could be read: its memory is another's now. The kernel keeps the path.
 */
static __always_inline void path_of_exec(struct probe_thread *t, struct linux_binprm *program)
{
    __u8 *to = part_room(t);
    __u32 number = (__u32)t->head.call;
    t->retry = 0;
    t->head.flags |= PROBE_UNREAD;
    if (!to || number >= PROBE_SYSCALLS || specs[number].fd) /* execveat: the kernel's name is not the operand */
        return;
    long size = bpf_probe_read_kernel_str(to + 8, PROBE_PATH, program->filename);
    if (size <= 0 || size >= PROBE_PATH) /* longer ones stay unread */
        return;
    *(__u64 *)to = (__u64)size;
    part_added(t, PROBE_PART_PATH, (__u32)(8 + ((size + 7) & ~7ull)));
    t->head.flags = (t->head.flags & ~PROBE_UNREAD) | PROBE_LATE;
}

/* Does the program that a task executes now have more than its user: another identity, capabilities, a file he may not
 * read? */
static __always_inline int has_more(struct task_struct *task, struct linux_binprm *program)
{
    enum { NOT_READABLE = 1 }; /* BINPRM_FLAGS_ENFORCE_NONDUMP */
    const struct cred *cred = BPF_CORE_READ(task, cred);
    __u64 permitted = 0;
    bpf_probe_read_kernel(&permitted, sizeof(permitted),
                          (const void *)((__u64)cred + bpf_core_field_offset(struct cred, cap_permitted)));
    __u32 uid = BPF_CORE_READ(cred, uid.val), euid = BPF_CORE_READ(cred, euid.val),
          suid = BPF_CORE_READ(cred, suid.val), fsuid = BPF_CORE_READ(cred, fsuid.val);
    return uid != owner || euid != owner || suid != owner || fsuid != owner || permitted != 0 ||
           (program->interp_flags & NOT_READABLE);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_tid, struct linux_binprm *program)
{
    struct probe_thread *t = thread_find(task);
    if (!t)
        return 0;
    struct probe_object object = { 0 };
    int known = object_of_inode(&object, program->file->f_inode);
    if (t->open && t->retry)
        path_of_exec(t, program);
    numbers_set(t, task); /* a thread that is not the first takes over the first one's number */
    if (owner != PROBE_NO_OWNER && has_more(task, program)) {
        __sync_fetch_and_add(&counters.unwatched, 1);
        __sync_fetch_and_add(&counters.alive, -1);
        bpf_task_storage_delete(&threads, task);
        return 0;
    }
    thread_send_other(t, PROBE_EXEC, 0, known ? &object : 0);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_end, struct task_struct *task)
{
    struct probe_thread *t = thread_find(task);
    if (!t)
        return 0;
    if (t->open) {
        t->open = 0;
        t->head.kind = PROBE_ENTRY_ONLY;
        if (t->retry)
            t->head.flags |= PROBE_UNREAD;
        thread_send(t);
    }
    thread_send_other(t, PROBE_END, (__u32)task->exit_code, 0);
    __sync_fetch_and_add(&counters.alive, -1);
    return 0;
}
