/* The policy judged again, on kernel facts alone: what the kernel executed, on which objects. Shares no code with the
 * decision core and knows no plan; it follows descriptors from the granted directories on. docs/queries.md, Rules of
 * findings. */
#ifndef WARRANT_JUDGE_H
#define WARRANT_JUDGE_H

#include <stdbool.h>
#include "runtime/base/base.h"
#include "wasi/policy/policy.h"

#define JUDGE_RULE(id, name, text) JUDGE_##id,
enum judge_rule {
#include "checker/judge/judge_rules.def"
    JUDGE_RULE_COUNT
};
#undef JUDGE_RULE
const char *judge_rule_name(enum judge_rule rule); /* "read-only"; "?" beyond the table */
const char *judge_rule_text(enum judge_rule rule);

/* An object as the kernel knows it; mode 0: not known. */
enum {
    JUDGE_MODE_OTHER_NUMBERS = 0x10000, /* its file system may show another device and inode in stat(2) */
    JUDGE_MODE_NO_DATA = 0x20000        /* its file system holds no data */
};
struct judge_object {
    uint64_t dev, ino;
    uint32_t mode;
};

/* A socket as the kernel had it behind a call: Linux's numbers, addresses in network order; family 0: not known. */
struct judge_socket {
    uint32_t family, type, protocol, only_v6, local_port, peer_port;
    uint8_t local[16], peer[16];
};

/* One system call that the kernel executed for the guest's process after its setup. */
struct judge_fact {
    int64_t number; /* of the recorded machine's table */
    bool compat;    /* the number is of another table */
    bool returned;  /* `result` is known */
    uint64_t arg[6];
    int64_t result;
    struct judge_object object, object2,
        opened;          /* behind the first and the second descriptor operand; behind a returned descriptor */
    const char *path[2]; /* NUL-terminated, borrowed; NULL: none or not known */
    uint64_t how[3];     /* openat2: flags, mode, resolve */
    bool how_known;
    const uint8_t *address; /* a struct sockaddr, or an option's value; borrowed; NULL: none or not known */
    uint32_t address_length;
    struct judge_socket socket; /* the returned one, else that of the first descriptor operand */
    bool late;                  /* operands behind pointers were read at the exit only */
};

enum { JUDGE_TEXT_MAX = 200 };
struct judge_ruling {
    enum judge_rule rule;
    char text[JUDGE_TEXT_MAX]; /* what exactly; bytes of the guest are not in it */
};

/* What the policy gives for one directory that the run was granted. */
enum judge_grant { JUDGE_GRANT_NONE, JUDGE_GRANT_READ, JUDGE_GRANT_WRITE };

struct judge;
/* spec: the run's start: initial descriptors and their objects. grants: for each of spec->policy's files what it may be
 * used for. policy: the one that is asked, of the network. All borrowed for the call. UNSUPPORTED: of a machine whose
 * system calls have no table. Returns owned. */
MUST_USE enum status judge_create(const struct run_spec *spec, const enum judge_grant *grants,
                                  const struct policy *policy, struct judge **ret, struct error *error);
/* Lets pass what these roles (SYSCALL_BY bits of syscalls.h) may issue beside the guest's own: of a sanitizer. */
void judge_extend(struct judge *judge, uint16_t roles);
void judge_free(struct judge *judge); /* NULL is fine */
/* Judges one call and follows what it did to descriptors. True: within the policy. */
MUST_USE bool judge_call(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret);
/* True: memory was short, and what the judge says from then on is worth nothing. */
bool judge_starved(const struct judge *judge);
/* Records are missing here: descriptors may have been opened and closed unseen. From now on unknown ones are not held
 * against the guest. */
void judge_gap(struct judge *judge);

/* ---- the network's rules, as the judge reads them (judge_network.c) ---- */

/* Whether a rule has that protocol, in that family. */
bool judge_policy_makes(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, uint8_t family);
/* Whether the rules let that address be bound, or be connected and sent to. One that means another address (IPv4 in
 * IPv6) needs a rule for either; a zone, and what is written in two ways, has none. */
bool judge_policy_allows(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, enum net_verb verb,
                         const struct net_address *address);
/* Whether they let the system choose an address and a port of that family. */
bool judge_policy_binds(const struct net_rule *rules, uint32_t count, enum net_protocol protocol, uint8_t family);
/* Whether a guest may ask for that option of a socket, or set it; numbers of Linux. */
bool judge_policy_option(enum net_protocol protocol, uint64_t level, uint64_t name, bool sets);
/* Whether the policy has a listening socket there. */
bool judge_policy_listens(const struct policy *policy, const struct net_address *address);

#endif
