/* What a run is granted, and what it is started with. Parses and holds; decides nothing.
 *
 * Two libraries: `wr_policy` (structs, their stored form; libc only, the guest's process links it) and `wr_policy_yaml`
 * (the YAML file, libcyaml; the launcher links it). The stored form of a run_spec is what the launcher hands to the
 * guest's process and what a trace keeps as its description. */
#ifndef WARRANT_POLICY_H
#define WARRANT_POLICY_H

#include <stdbool.h>
#include "runtime/base/base.h"
#include "wasi/abi/net.h"
#include "wasi/policy/run_facts.h"

enum policy_violation { POLICY_VIOLATION_ERRNO, POLICY_VIOLATION_TRAP, POLICY_VIOLATION_KILL };

struct policy_file {
    char *host, *guest; /* owned, NUL-terminated, not empty */
    bool writes;        /* access: write */
    char *said;         /* owned; who granted it, for messages: "policy.yaml:4", "--dir data"; NULL: not known */
};

#define POLICY_TRACE_DEFAULT (UINT64_C(16) << 30) /* a guest without grants fills no disk with its trace */

struct policy_limits {
#define POLICY_LIMIT(field, key, type, ...) type field;
#include "wasi/policy/policy_limits.def"
#undef POLICY_LIMIT
};

enum policy_unit { POLICY_COUNT, POLICY_SIZE, POLICY_DURATION };
enum {
#define POLICY_LIMIT(field, ...) POLICY_LIMIT_##field,
#include "wasi/policy/policy_limits.def"
#undef POLICY_LIMIT
    POLICY_LIMIT_COUNT
};
struct policy_limit_row {
    const char *key, *words;
    uint16_t offset;             /* in struct policy_limits */
    bool wide;                   /* uint64_t, else uint32_t */
    uint8_t unit;                /* enum policy_unit */
    uint64_t least, most, unset; /* as the table's legend says */
};
extern const struct policy_limit_row policy_limit_rows[POLICY_LIMIT_COUNT];
uint64_t policy_limit_get(const struct policy_limits *limits, const struct policy_limit_row *row);
void policy_limit_set(struct policy_limits *limits, const struct policy_limit_row *row, uint64_t value);
/* Whether anything is limited that a run uses up, or waits for: what stops a guest between its calls
 * (wasi/run_budget.h).
 */
bool policy_has_budget(const struct policy_limits *limits);
/* Text as a policy writes it, exact: "64", "1536KiB", "1500ms". */
struct policy_limit_text {
    char text[32];
};
struct policy_limit_text policy_limit_text(enum policy_unit unit, uint64_t value);

struct policy {
    uint32_t version; /* 1 */
    uint32_t file_count, network_count, device_count, listen_count, name_count;
    struct policy_file *files; /* owned */
    char **devices;            /* owned, absolute paths; of device nodes that a guest may open in its grants */
    char **device_said;        /* owned; for each of them, who granted it, as struct policy_file has it */
    struct net_rule *networks; /* owned */
    struct net_address
        *listens; /* owned; where the launcher opens TCP sockets for the guest; port 0: the kernel's choice */
    char **names; /* owned, in lower case; that may be resolved */
    struct policy_limits limits;
    uint8_t on_violation; /* enum policy_violation */
};

/* What is started. initial descriptors: 0, 1, 2, then one for each file of the policy, then one for each listening
 * socket, in order; last, where the policy has names, that on which the guest's process asks for them, which is no
 * descriptor of the guest's. */
struct run_spec {
    struct policy policy;
    uint32_t arg_count, env_count;
    char **args, **env;      /* owned; args[0] is the program's name */
    char *module_path;       /* owned; as the user wrote it, for messages */
    uint64_t module_size;    /* bytes */
    uint8_t module_hash[32]; /* BLAKE2b-256 */
    uint8_t run_id[16];
    uint64_t started_ns; /* CLOCK_REALTIME */
    /* What the host's objects behind the initial descriptors were: dev, ino, filetype (enum wasi_filetype), 3 +
     * file_count + listen_count, and one more where there are names. */
    uint32_t initial_count;
    struct run_initial {
        uint64_t dev, ino;
        uint32_t filetype, host_fd;
        char *path;    /* owned; of a grant, where its directory lay when it was opened; NULL or empty: not known */
        bool doubtful; /* beneath the grant, file systems are mounted that hold no data, or it is not known */
        struct net_address address; /* of a listening socket, where it is bound; family 0 else */
    } *initial;                     /* owned */
    /* What the policy's devices were, in their order; none where they were not looked up. */
    uint32_t node_count;
    struct run_node {
        uint64_t dev, ino, rdev; /* where it lies; rdev: which device it stands for (as st_rdev of stat(2)) */
    } *nodes;                    /* owned */
    struct run_facts facts;
};

void policy_init(struct policy *policy); /* grants nothing; default limits */
void policy_done(struct policy *policy);
/* Appends a grant (copies both strings). INVALID: an empty path, or a guest path that was granted already, also where
 * it is written otherwise (`/d`, `//d/.`). LIMIT: too many or too long. */
MUST_USE enum status policy_add_file(struct policy *policy, const char *host, const char *guest, bool writes,
                                     struct error *error);
/* Says who granted the file that was appended last (copied; NULL: nobody known). */
MUST_USE enum status policy_file_said(struct policy *policy, const char *said, struct error *error);
/* Appends a device node: null, zero, full, random, urandom, or an absolute path (copied). INVALID, LIMIT. */
MUST_USE enum status policy_add_device(struct policy *policy, const char *text, struct error *error);
MUST_USE enum status policy_device_said(struct policy *policy, const char *said, struct error *error); /* likewise */
/* Parses "HOST[::GUEST][:ro]" of the command line and appends it. */
MUST_USE enum status policy_add_dir_option(struct policy *policy, const char *text, struct error *error);
/* Parses "ADDRESS/PREFIX:PORT" or "...:FIRST-LAST" (an IPv6 address in brackets, as `[2001:db8::]/32:443`) and appends
 * the rule. No names: a name is whatever a resolver says later. Bits behind the prefix must be 0. Port 0 only to bind.
 */
MUST_USE enum status policy_add_network(struct policy *policy, enum net_protocol protocol, enum net_verb verb,
                                        const char *text, struct error *error);
/* The same behind "tcp:" or "udp:", as options have it. */
MUST_USE enum status policy_add_network_option(struct policy *policy, enum net_verb verb, const char *text,
                                               struct error *error);
/* Parses "tcp:ADDRESS:PORT" (an IPv6 address in brackets) and appends it. Port 0: the kernel chooses. */
MUST_USE enum status policy_add_listen(struct policy *policy, const char *text, struct error *error);
/* Appends a host name (in lower case, without the dot at its end). INVALID: none, or an address; LIMIT. */
MUST_USE enum status policy_add_name(struct policy *policy, const char *text, struct error *error);
/* Appends what `from` (borrowed for the call) grants of the network. The same failures. */
MUST_USE enum status policy_append_network(struct policy *policy, const struct policy *from, struct error *error);
/* "tcp:127.0.0.1:8080", "tcp:[::1]:80"; NUL-terminated, cut at `size`. */
void policy_address_text(const struct net_address *address, char *ret, size_t size);
/* An address with its prefix (of IPv6 in brackets, as options and policies take it), and "443" or "8000-8010". */
struct policy_rule_text {
    char address[56], ports[16];
};
struct policy_rule_text policy_rule_text(const struct net_rule *rule);
/* Whether a rule's or an address's fields are in their ranges and say one thing in one way. */
bool policy_network_well_formed(const struct net_rule *rule);
bool policy_address_well_formed(const struct net_address *address);

/* Numbers as policies and options write them, exact or refused. *ret only on success.
 * count: "64", "5e9", "2.5e9". size: a count, or with B, KiB, MiB, GiB, TiB ("1.5GiB"). duration, in ns: a number with
 * ms, s, m or h ("1.5s"). A fraction has to come out whole, in what is counted, bytes or ns. */
MUST_USE enum status policy_parse_count(const char *text, uint64_t *ret, struct error *error);
MUST_USE enum status policy_parse_size(const char *text, uint64_t *ret, struct error *error);
MUST_USE enum status policy_parse_duration(const char *text, uint64_t *ret, struct error *error);

enum { RUN_SPEC_MAGIC = 0x35535257 }; /* "WRS5": the first four bytes of the stored form */

void run_spec_init(struct run_spec *spec);
uint32_t run_spec_initials(const struct policy *policy); /* what initial_count has to be */
bool run_spec_is_resolver(const struct run_spec *spec, uint32_t initial);
void run_spec_done(struct run_spec *spec);
/* Appends KEY=VALUE (copies it). INVALID: no key, or too many or too long. */
MUST_USE enum status run_spec_add_label(struct run_spec *spec, const char *text, struct error *error);
/* The policy as it stands in the stored form: the bytes that facts.policy_hash is over. */
void policy_encode(const struct policy *policy, struct buffer *out);
/* The stored form, versioned, little-endian (layout: run_spec.c); decode takes hostile bytes and checks every count and
 * value. On failure *ret is empty. */
void run_spec_encode(const struct run_spec *spec, struct buffer *out);
/* When and where it was started, what was asked for and what held: u64 started_ns and the facts in the form that they
 * have there. What a witness file says of its run; two files of one run say the same bytes. */
void run_spec_encode_facts(const struct run_spec *spec, struct buffer *out);
MUST_USE enum status run_spec_decode(const void *bytes, size_t size, struct run_spec *ret, struct error *error);

/* Reads a policy file. `name` is for messages, which carry `name:line:`. Unknown keys, wrong types, bad numbers, an
 * address without prefix length, a prefix over 32 or 128, trailing junk: refused. (wr_policy_yaml) */
MUST_USE enum status policy_parse_yaml(const char *text, size_t size, const char *name, struct policy *ret,
                                       struct error *error);
/* Why this build reads none; NULL: it does. (wr_policy_yaml) */
const char *policy_files_left_out(void);

#endif
