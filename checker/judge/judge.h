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
    bool late; /* operands behind pointers were read at the exit only */
};

enum { JUDGE_TEXT_MAX = 200 };
struct judge_ruling {
    enum judge_rule rule;
    char text[JUDGE_TEXT_MAX]; /* what exactly; bytes of the guest are not in it */
};

/* What the policy gives for one directory that the run was granted. */
enum judge_grant { JUDGE_GRANT_NONE, JUDGE_GRANT_READ, JUDGE_GRANT_WRITE };

struct judge;
/* spec: the run's start (borrowed for the call): initial descriptors and their objects. grants: for each of
 * spec->policy's files what it may be used for (borrowed for the call). UNSUPPORTED: of a machine whose system calls
 * have no table. Returns owned. */
MUST_USE enum status judge_create(const struct run_spec *spec, const enum judge_grant *grants, struct judge **ret,
                                  struct error *error);
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

#endif
