/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's structs, with the few members that the probe reads: declared by hand, so that building needs no type
 * information of a running kernel. Where the members lie is put in when the probe is loaded (CO-RE). */
#ifndef WARRANT_PROBE_KERNEL_H
#define WARRANT_PROBE_KERNEL_H

struct super_block {
    __u32 s_dev;
    unsigned long s_magic;
} __attribute__((preserve_access_index));

struct inode {
    unsigned short i_mode;
    struct super_block *i_sb;
    unsigned long i_ino;
    __u32 i_rdev;
} __attribute__((preserve_access_index));

struct file {
    struct inode *f_inode;
    void *private_data; /* of a socket: its struct socket */
} __attribute__((preserve_access_index));

struct in6_addr {
    __u8 bytes[16];
};

struct sock_common {
    unsigned short skc_family;
    __u32 skc_daddr, skc_rcv_saddr; /* network order, as skc_dport is; skc_num is a number */
    __u16 skc_dport, skc_num;
    unsigned char skc_ipv6only : 1;
    struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} __attribute__((preserve_access_index));

struct sock { /* type and protocol are such numbers since Linux 5.6 */
    struct sock_common __sk_common;
    __u16 sk_type, sk_protocol;
} __attribute__((preserve_access_index));

struct socket {
    struct sock *sk;
} __attribute__((preserve_access_index));

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
} __attribute__((preserve_access_index));

struct files_struct {
    struct fdtable *fdt;
} __attribute__((preserve_access_index));

struct dentry {
    struct inode *d_inode;
} __attribute__((preserve_access_index));

struct path {
    struct dentry *dentry;
} __attribute__((preserve_access_index));

struct fs_struct {
    struct path pwd;
} __attribute__((preserve_access_index));

struct upid {
    int nr;
} __attribute__((preserve_access_index));

struct pid {
    unsigned int level;
    struct upid numbers[1];
} __attribute__((preserve_access_index));

typedef struct {
    __u32 val;
} kuid_t;

typedef struct {
    __u64 val; /* before 6.3 two words; eight bytes all the same */
} kernel_cap_t;

struct cred {
    kuid_t uid, euid, suid, fsuid;
    kernel_cap_t cap_permitted;
} __attribute__((preserve_access_index));

struct task_struct {
    const struct cred *cred;
    struct files_struct *files;
    struct fs_struct *fs;
    struct pid *thread_pid;
    struct task_struct *group_leader;
    int exit_code;
} __attribute__((preserve_access_index));

struct linux_binprm {
    struct file *file;
    const char *filename;
    unsigned int interp_flags;
} __attribute__((preserve_access_index));

#endif
