/* What a description says of a run beside its policy: where it took place, what was asked for, and what held. The lists
 * here are the one place where these facts are named; the stored form, its checks and whoever prints them walk them.
 *
 * The launcher writes them down after the guest's process has confined itself and before it looks at a byte of the
 * module, so that nothing of it is a suspect's word. */
#ifndef WARRANT_RUN_FACTS_H
#define WARRANT_RUN_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The lines of the second line of defence, in the order in which they are drawn (wasi/confine/ draws them). */
#define CONFINE_LINE_LIST(X)                                                                                           \
    X(NO_NEW_PRIVS, "no_new_privs")    /* no program gains rights by being executed */                                 \
    X(UNDUMPABLE, "not dumpable")      /* no ptrace by equals, no core file */                                         \
    X(LIMITS, "resource limits")       /* RLIMIT_CORE 0, RLIMIT_NOFILE, RLIMIT_MEMLOCK 0 */                            \
    X(CAPABILITIES, "no capabilities") /* none left, bounding and ambient sets empty */                                \
    X(LANDLOCK, "Landlock")            /* files beneath the grants, TCP at the rules' ports, scoped signals */         \
    X(SECCOMP, "seccomp")              /* the system calls of the tables only */

#define CONFINE_LINE_ENUM(id, text) CONFINE_##id,
enum confine_line { CONFINE_LINE_LIST(CONFINE_LINE_ENUM) CONFINE_LINE_COUNT };
#undef CONFINE_LINE_ENUM
#define CONFINE_BIT(id) (UINT32_C(1) << CONFINE_##id)
#define CONFINE_ALL     ((UINT32_C(1) << CONFINE_LINE_COUNT) - 1)

enum confine_state {
    CONFINE_OFF,  /* the options left it out */
    CONFINE_ON,   /* drawn */
    CONFINE_PART, /* drawn, but this kernel knows less than this version of warrant, or the policy's ports are too many
                   */
    CONFINE_ABSENT, /* this kernel does not have it */
    CONFINE_FAILED, /* the kernel has it and refused: such a run does not start */
    CONFINE_STATE_COUNT
};
const char *confine_line_name(enum confine_line line);    /* "?" beyond the list */
const char *confine_state_name(enum confine_state state); /* "on", "absent"; "?" beyond the list */

/* Who signs the file that it writes. */
enum { RUN_SIGN_RECORDER = 1, RUN_SIGN_WITNESS = 2, RUN_SIGN_ALL = 3 };

enum witness_mode { WITNESS_MODE_AUTO, WITNESS_MODE_ON, WITNESS_MODE_OFF };

/* How a path is resolved beneath a directory: by openat2, which the kernel does at once, or component by component.
 * AUTO is what was asked for, never what held. */
enum run_walker { RUN_WALKER_AUTO, RUN_WALKER_OPENAT2, RUN_WALKER_COMPONENTS, RUN_WALKER_COUNT };
const char *run_walker_name(enum run_walker walker); /* "openat2"; "?" beyond the list */

/* When the recorder has the device write what it wrote (docs/policy.md, What a crash leaves): not at all, with each
 * chunk, or with each hostcall before the guest goes on. */
enum run_sync { RUN_SYNC_NONE, RUN_SYNC_CHUNK, RUN_SYNC_CALL, RUN_SYNC_COUNT };
const char *run_sync_name(enum run_sync sync); /* "chunk"; "?" beyond the list */

/* TEXT(field, name, most bytes) and NUMBER(field, name, largest value), in the order of the stored form. */
#define RUN_FACT_LIST(TEXT, NUMBER)                                                                                    \
    TEXT(version, "warrant", 64)   /* the program's version */                                                         \
    TEXT(tier, "tier", 64)         /* of the engine: "interpreter" */                                                  \
    TEXT(arch, "architecture", 64) /* as uname names it */                                                             \
    TEXT(os, "system", 64)         /* likewise: "Linux" */                                                             \
    TEXT(kernel, "kernel", 256)    /* its release */                                                                   \
    TEXT(host, "host", 256)        /* its name */                                                                      \
    NUMBER(page_size, "page size", 1 << 24)                                                                            \
    NUMBER(witness_asked, "witness asked", WITNESS_MODE_OFF)    /* enum witness_mode */                                \
    NUMBER(witness_held, "witness held", 1)                     /* 1: it watched when the guest was let go */          \
    TEXT(witness_reason, "no witness because", 1024)            /* where it was asked for and not had */               \
    NUMBER(walker_asked, "walker asked", RUN_WALKER_COMPONENTS) /* enum run_walker */                                  \
    NUMBER(walker, "walker", RUN_WALKER_COMPONENTS)                                                                    \
    NUMBER(lines_asked, "confinement asked", CONFINE_ALL) /* CONFINE_BIT()s; 0: --no-confine */                        \
    NUMBER(landlock_abi, "Landlock version", UINT16_MAX)  /* 0: none */                                                \
    NUMBER(no_module, "module left out", 1)                                                                            \
    NUMBER(digest_every, "states every", UINT64_MAX)       /* hostcalls; 0: no states */                               \
    NUMBER(landlock_net, "Landlock holds TCP", UINT16_MAX) /* 1: binding, 2: connecting, to ports of the rules */      \
    NUMBER(sync, "sync", RUN_SYNC_CALL)                    /* enum run_sync */                                         \
    NUMBER(sign_asked, "signatures asked", RUN_SIGN_ALL)   /* RUN_SIGN_*: who has a key to sign its file with */

struct run_facts {
#define RUN_FACT_TEXT(field, name, most)   char *field; /* owned; NULL: as "" */
#define RUN_FACT_NUMBER(field, name, most) uint64_t field;
    RUN_FACT_LIST(RUN_FACT_TEXT, RUN_FACT_NUMBER)
#undef RUN_FACT_TEXT
#undef RUN_FACT_NUMBER
    uint8_t
        line_held[CONFINE_LINE_COUNT]; /* enum confine_state: OFF for a line that was not asked for, and only then */
    uint8_t policy_hash[32];           /* BLAKE2b-256 of policy_encode's bytes */
    uint32_t label_count;
    char **labels; /* owned; KEY=VALUE, as the user gave them */
};

struct run_fact_row {
    const char *name;
    size_t offset; /* in struct run_facts */
    uint64_t most; /* bytes of a text; value of a number */
    bool text;
};
enum {
#define RUN_FACT_ONE(field, name, most) +1
    RUN_FACT_COUNT = 0 RUN_FACT_LIST(RUN_FACT_ONE, RUN_FACT_ONE)
#undef RUN_FACT_ONE
};
extern const struct run_fact_row run_fact_rows[RUN_FACT_COUNT];
const char *run_fact_text(const struct run_facts *facts, const struct run_fact_row *row); /* "" for NULL; `text` rows */
uint64_t run_fact_number(const struct run_facts *facts, const struct run_fact_row *row);

/* Whether the second line stood as this version of warrant draws it where the kernel has all of it. */
/* UNCONFINED: not one line held. */
enum run_confinement { RUN_CONFINED, RUN_CONFINED_WEAKER, RUN_UNCONFINED };
enum run_confinement run_confinement(const struct run_facts *facts);
/* In words: "whole", "off (--no-confine)", "absent: no line held", or each line that is not on: "Landlock absent,
 * seccomp off". NUL-terminated, cut at `size`. */
void run_confinement_text(const struct run_facts *facts, char *ret, size_t size);

#endif
