/* The decision core: pure functions that say what may be done for a guest. No system call, no allocation, no
 * global.
 *
 * A hostcall runs: request (copied once) -> decide_step until it says COMMIT or REFUSE, performing each issued
 * op and handing back its answer -> decide_commit, which updates the descriptor table and says what the guest is told. An
 * answer may be any: in a replay it comes from a file. What is proved stands below as ACSL predicates; `./dev prove` proves
 * it. */
#ifndef WARRANT_DECIDE_H
#define WARRANT_DECIDE_H

#include "wasi/abi/call.h"

/* One guest descriptor. Everything the runtime knows of it; the host descriptor is the backend's secret. */
struct handle {
    uint64_t rights, inheriting;
    uint64_t position; /* bytes; directories: the kernel's cookie position, or HANDLE_POSITION_UNKNOWN */
    uint64_t dev, ino;
    uint32_t name_length; /* preopens: bytes of the guest path; 0 otherwise */
    uint16_t name;        /* preopens: which of the run's granted directories it is */
    uint16_t fdflags;     /* FDFLAG_* */
    uint8_t type;         /* enum wasi_filetype */
    uint8_t net_family;   /* of a socket: enum net_family; its protocol follows from its type */
    uint8_t net_state;    /* of a socket: enum net_state */
    bool live;
    bool preopen;
    /* Beneath it, file systems that hold no data may be mounted: names are looked at before they are used. */
    bool doubtful;
};
#define HANDLE_POSITION_UNKNOWN UINT64_MAX

/* What a socket may that the guest opened, and a connection that was accepted. */
#define NET_RIGHTS                                                                                                     \
    (R(FD_READ) | R(FD_WRITE) | R(FD_FDSTAT_SET_FLAGS) | R(FD_FILESTAT_GET) | R(POLL_FD_READWRITE) |                   \
     R(SOCK_SHUTDOWN) | R(SOCK_ACCEPT))

struct handle_table {
    uint32_t limit; /* guest descriptors below this number only; at most LIMIT_HANDLES */
    struct handle handle[HANDLES_TOTAL];
};

/* The facts about the run that decisions rest on. */
struct decide_context {
    uint64_t memory; /* bytes of guest memory, at most 2^32 */
    uint32_t arg_count, arg_bytes, env_count, env_bytes;
    uint32_t elements;     /* of one vector, and of one poll: beyond it, and beyond LIMIT_IOVECS, the call is refused */
    uint32_t transfer;     /* bytes of one vector, and of one buffer: likewise, and LIMIT_TRANSFER */
    uint32_t device_count; /* device nodes that may be opened; at most LIMIT_DEVICES */
    struct device_node {
        uint64_t dev, ino;
    } device[LIMIT_DEVICES];
    uint32_t name_count; /* names that may be resolved; at most LIMIT_NAMES */
    struct decide_name {
        uint16_t length;           /* at most LIMIT_NAME */
        uint8_t bytes[LIMIT_NAME]; /* small letters, without a dot at the end */
    } name[LIMIT_NAMES];
    uint32_t network_count; /* at most LIMIT_NETWORK_RULES */
    struct net_rule network[LIMIT_NETWORK_RULES];
};

enum verdict { VERDICT_ISSUE, VERDICT_COMMIT, VERDICT_REFUSE };

/* What an op that may have opened for writing, created or truncated comes to is known only behind it: BY_OPENING. */
enum plan_change { PLAN_CHANGED_NOTHING, PLAN_CHANGED_BY_OPENING, PLAN_CHANGED_SOMETHING };

/* How a plan ends behind the op that was issued last. GOES_ON: the call's function says what follows. */
enum plan_end {
    PLAN_GOES_ON,
    PLAN_ENDS_WITH_ANSWER, /* what that op brings is what the call brought */
    PLAN_ENDS_WITH_VALUE,  /* that op only cleans up: `value` stands */
    PLAN_ENDS_REFUSED      /* that op only cleans up: the call is refused, for `rule` */
};

/* Where a call's plan stands: a value that decide_step is given, changes and gives back. Which op was issued last says which
 * step comes next; the other fields are what later steps, the commit and the proof have to know of the ops before it. */
struct plan {
    uint16_t count;     /* ops issued so far */
    uint16_t kind;      /* enum op_kind: of the last of them */
    uint16_t rule;      /* enum rule: why the call fails though its ops may not have, or RULE_NONE */
    uint8_t end;        /* enum plan_end */
    uint8_t changed;    /* enum plan_change: whether the guest's world may differ by what was issued so far */
    uint32_t slot;      /* what the plan opened lies there, or what its last op opens; HANDLE_NONE: neither */
    uint8_t asked;      /* poll_oneoff: the clocks that were asked for their time, bit 1 << enum wasi_clockid */
    uint8_t filetype;   /* path_open: of what was opened, as its STAT says; dev and ino too */
    uint8_t second;     /* 1: HANDLE_SCRATCH2 holds what the plan opened there, or what its last op opens */
    uint8_t sure;       /* 1: the file system of what HANDLE_SCRATCH holds was asked for, and holds data */
    struct region name; /* the last component of the (first) path, where an op on it is still to come */
    int64_t value; /* what the call's main op brought, or what those of them did that go on where the last stopped */
    uint64_t dev, ino; /* sock_open, sock_accept: ino is the free descriptor that receives the socket */
    uint64_t now[2];   /* poll_oneoff: what those clocks said */
};

/* What one step of a plan comes to. ISSUE: `op` is to be performed, and `plan` goes with its answer. COMMIT: no further op;
 * decide_commit, given `plan`, tells the result (which may be the system's errno). REFUSE: policy or the interface forbids it:
 * `rule` says why, `wasi_errno` what the guest is told, `traps` that it is stopped instead (a bad pointer, as the witx text
 * demands). What a verdict does not name is not set. By value, so that the functions of the core write no memory at all. */
struct step {
    enum verdict verdict;
    uint16_t rule;
    uint16_t wasi_errno;
    bool traps;
    struct op op;
    struct plan plan;
};

/* What is proved. One predicate says what "inside memory" means, one what "open" means, one what "may" means;
 * DECIDE_SOUND is what decide_step guarantees of every step, whatever the request, the table and the answers are.
 *
 * It is an induction over the steps of one call. plan_ok holds of the plan that decide_plan_start gives, and of every plan that
 * decide_step gives back. It speaks of ops that were issued before: of the slot that one opened, of checks that the first step
 * made. So it holds of the next step only if that step is given the plan that the last one gave back, the answer to the op that
 * it issued, and the same request, table and context. wasi_dispatch guarantees that: the plan is its local value, which it hands
 * to the core alone, and it writes none of the three between the first step and the commit. A replay runs that same function.
 *
 * What the tables say is generated into the logic (tests/proof/tables.py): of operations.def call_handle, call_handle2, call_rights, call_most,
 * call_strings, call_buffer, call_vector, call_waits, call_issues, call_names (it issues an op on two names) and call_rights2 (what that
 * op needs of the second descriptor); of ops.def op_without_handle, op_takes_name, op_takes_names, op_moves, op_changes,
 * op_reads_vector, op_writes_vector, op_reads_region and op_writes_region; of rules.def rule_refuses. */
/*@ // What filesystems.def lists.
  @ axiomatic FileSystems { predicate holds_data(integer type); }
  @
  @ predicate region_in_memory(struct region r, integer memory) = r.length == 0 || r.offset + r.length <= memory;
  @
  @ predicate handle_live(struct handle_table *t, integer h) =
  @   0 <= h < t->limit && h < LIMIT_HANDLES && t->handle[h].live != 0;
  @ predicate handle_free(struct handle_table *t, integer h) =
  @   0 <= h < t->limit && h < LIMIT_HANDLES && t->handle[h].live == 0;
  @ predicate right_held(struct handle_table *t, integer h, integer rights) = (t->handle[h].rights & rights) == rights;
  @ predicate may(struct handle_table *t, integer h, integer rights) = handle_live(t, h) && right_held(t, h, rights);
  @
  @ // The descriptor that the guest named: the row's first.
  @ logic integer base_handle(struct request *q) = q->slot[call_handle(q->call)];
  @ logic integer second_handle(struct request *q) = q->slot[call_handle2(q->call)];
  @
  @ // Paths: relative, not empty, no NUL; where the kernel resolves without "beneath", one component that is neither "." nor "..".
  @ predicate path_clean(struct request *q, struct region r) =
  @   1 <= r.length && r.offset + r.length <= REQUEST_BYTES && q->bytes[r.offset] != '/' &&
  @   (\forall integer k; r.offset <= k < r.offset + r.length ==> q->bytes[k] != 0);
  @ predicate string_clean(struct request *q, integer i) = i < q->string_count && 1 <= q->string[i].length <= LIMIT_PATH &&
  @   path_clean(q, q->string[i]);
  @ predicate dots(struct request *q, struct region r) =
  @   (r.length == 1 && q->bytes[r.offset] == '.') ||
  @   (r.length == 2 && q->bytes[r.offset] == '.' && q->bytes[r.offset + 1] == '.');
  @ predicate component_clean(struct request *q, struct region r) = path_clean(q, r) && !dots(q, r) &&
  @   (\forall integer k; r.offset <= k < r.offset + r.length ==> q->bytes[k] != '/');
  @
  @ // What the row of a call asks for: its descriptor is open and holds the rights of the column, its paths are clean, its buffer
  @ // lies in memory. Checked before anything is issued or answered.
  @ predicate handle_checked(struct handle_table *t, struct request *q) =
  @   call_handle(q->call) >= 0 ==> may(t, base_handle(q), call_rights(q->call));
  @ predicate strings_checked(struct request *q) = \forall integer i; 0 <= i < call_strings(q->call) ==> string_clean(q, i);
  @ predicate buffer_checked(struct decide_context *c, struct request *q) =
  @   call_buffer(q->call) >= 0 && (uint32_t)q->slot[call_buffer(q->call) + 1] != 0 ==>
  @     (uint32_t)q->slot[call_buffer(q->call)] + (uint32_t)q->slot[call_buffer(q->call) + 1] <= c->memory;
  @
  @ // Rights follow the object. What may be done with what lies beneath a directory: by its own rights, and where it opens by those
  @ // that it hands on. A link leads nowhere where more may be done; a rename not where less may be either, because a directory that
  @ // was open before keeps what it could, and what its new neighbours are moved into it would gain.
  @ logic integer reach(struct handle_table *t, integer h) =
  @   (t->handle[h].rights & R(PATH_OPEN)) != 0 ? (t->handle[h].rights | t->handle[h].inheriting) : t->handle[h].rights;
  @ predicate rights_in(integer less, integer more) = (less & (uint64_t)~more) == 0;
  @ predicate rights_within(struct handle_table *t, integer from, integer to) =
  @   rights_in(reach(t, to), reach(t, from)) && rights_in(t->handle[to].inheriting, t->handle[from].inheriting);
  @ predicate rights_same(struct handle_table *t, integer from, integer to) =
  @   reach(t, to) == reach(t, from) && t->handle[to].inheriting == t->handle[from].inheriting;
  @ predicate rights_follow(struct handle_table *t, struct request *q) =
  @   (q->call == OPERATION_PATH_RENAME ==> rights_same(t, base_handle(q), second_handle(q))) &&
  @   (q->call == OPERATION_PATH_LINK ==> rights_within(t, base_handle(q), second_handle(q)));
  @ predicate names_checked(struct handle_table *t, struct request *q) = call_names(q->call) ==>
  @   may(t, second_handle(q), call_rights2(q->call)) && rights_follow(t, q);
  @ predicate call_checked(struct decide_context *c, struct handle_table *t, struct request *q) =
  @   handle_checked(t, q) && strings_checked(q) && buffer_checked(c, q) && names_checked(t, q);
  @
  @ // Waiting: each descriptor that is asked about is live and holds the right to what it is waited for.
  @ predicate may_wait(struct handle_table *t, struct subscription s) = s.type == EVENTTYPE_CLOCK ||
  @   (s.type == EVENTTYPE_FD_READ && (may(t, s.clock_or_fd, R(POLL_FD_READWRITE) | R(FD_READ)) ||
  @     may(t, s.clock_or_fd, R(POLL_FD_READWRITE) | R(SOCK_ACCEPT)))) ||
  @   (s.type == EVENTTYPE_FD_WRITE && may(t, s.clock_or_fd, R(POLL_FD_READWRITE) | R(FD_WRITE)));
  @ predicate waits_checked(struct handle_table *t, struct request *q) = q->subscription_count <= LIMIT_SUBSCRIPTIONS &&
  @   (\forall integer k; 0 <= k < q->subscription_count ==> may_wait(t, q->subscription[k]));
  @
  @ // The vector of the request is this region alone.
  @ predicate vector_is(struct request *q, struct region r) =
  @   q->iov_count == 1 && r.offset == q->iov[0].offset && r.length == q->iov[0].length;
  @
  @ // The whole vector of the request lies in memory.
  @ predicate vector_in_memory(struct request *q, integer memory) =
  @   q->iov_count <= LIMIT_IOVECS &&
  @   (\forall integer k; 0 <= k < q->iov_count ==> region_in_memory(q->iov[k], memory));
  @
  @ // Opening: to name only changes nothing.
  @ predicate open_names_only(integer flags) =
  @   flags == OPEN_PATH_ONLY || flags == (OPEN_PATH_ONLY | OPEN_DIRECTORY) || flags == (OPEN_PATH_ONLY | OPEN_NOFOLLOW) ||
  @   flags == (OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY);
  @ predicate flag_set(integer flags, integer bit) = (flags / bit) % 2 == 1; // bit: a power of 2
*/
#include "wasi/decide/decide_net.h"

/*@ // What the plan opened is there, now that its last op has this answer, and was not closed since.
  @ // A call on two names opens into HANDLE_SCRATCH2 last, and closes that first: behind that close its plan goes on.
  @ predicate first_opened(struct plan p, struct op_result *a, integer h) = p.count > 0 && p.slot == h &&
  @   (p.kind == OP_CLOSE ==> p.end == PLAN_GOES_ON) && (p.kind == OP_OPEN && p.second == 0 ==> a->value >= 0);
  @ predicate second_opened(struct plan p, struct op_result *a, integer h) = p.count > 0 && p.second != 0 && h == HANDLE_SCRATCH2 &&
  @   p.kind != OP_CLOSE && (p.kind == OP_OPEN ==> a->value >= 0);
  @ predicate plan_opened(struct plan p, struct op_result *a, integer h) = first_opened(p, a, h) || second_opened(p, a, h);
  @ predicate own_slot(struct handle_table *t, struct plan p, struct op_result *a, integer h) =
  @   plan_opened(p, a, h) && (h == HANDLE_SCRATCH || h == HANDLE_SCRATCH2 || handle_free(t, h));
  @ // Its file system was asked for just before, and holds data.
  @ predicate last_opened(struct plan p, integer h) = p.second != 0 ? h == HANDLE_SCRATCH2 : h == p.slot;
  @ predicate asked_for_data(struct plan p, struct op_result *a, integer h) = plan_opened(p, a, h) && last_opened(p, h) &&
  @   p.kind == OP_FILE_SYSTEM && holds_data(a->value);
  @ // It holds data: asked for just before, or before the second was opened.
  @ predicate known_for_data(struct plan p, struct op_result *a, integer h) =
  @   asked_for_data(p, a, h) || (h == HANDLE_SCRATCH && p.sure != 0);
  @ // An opening changed nothing if it failed, or met what is neither file nor directory, which it can neither have created nor
  @ // truncated.
  @ predicate opening_undone(struct plan p, struct op_result *a) = p.changed == PLAN_CHANGED_BY_OPENING &&
  @   ((p.kind == OP_OPEN && a->value < 0) ||
  @     (p.kind == OP_STAT && a->value >= 0 && a->stat.filetype != FILETYPE_REGULAR_FILE && a->stat.filetype != FILETYPE_DIRECTORY));
  @ predicate nothing_changed(struct plan p, struct op_result *a) = p.changed == PLAN_CHANGED_NOTHING || opening_undone(p, a);
  @
  @ // What holds of every plan between two steps: `plan_ok`, in parts.
  @ predicate plan_fresh(struct request *q, struct plan p) = p.count == 0 ==>
  @   p.changed == PLAN_CHANGED_NOTHING && p.slot == HANDLE_NONE && p.second == 0 && p.sure == 0 && p.end == PLAN_GOES_ON &&
  @   p.rule == RULE_NONE && p.kind == OP_COUNT && p.name.length == 0;
  @ predicate plan_slot(struct handle_table *t, struct request *q, struct plan p) =
  @   (p.slot == HANDLE_NONE || (q->call != OPERATION_PATH_OPEN && p.slot == HANDLE_SCRATCH) ||
  @     (q->call == OPERATION_PATH_OPEN && handle_free(t, p.slot))) &&
  @   (p.count > 0 && (p.kind == OP_OPEN || p.kind == OP_FILE_SYSTEM || q->call == OPERATION_PATH_OPEN) ==>
  @     p.slot != HANDLE_NONE || p.second != 0) &&
  @   (p.second != 0 ==> call_names(q->call)) && (p.sure != 0 ==> call_names(q->call) && p.slot == HANDLE_SCRATCH) &&
  @   (p.count > 0 && call_names(q->call) && p.kind == OP_STAT ==> p.second != 0 && p.slot == HANDLE_NONE) &&
  @   (p.count > 0 && op_takes_names(p.kind) && p.end == PLAN_GOES_ON ==> p.second != 0 || p.slot == HANDLE_SCRATCH) &&
  @   (p.second != 0 && p.slot == HANDLE_SCRATCH && handle_live(t, base_handle(q)) && t->handle[base_handle(q)].doubtful != 0 ==>
  @     p.sure != 0) &&
  @   (call_names(q->call) && p.changed != PLAN_CHANGED_NOTHING ==>
  @     op_takes_names(p.kind) || (p.kind == OP_CLOSE && (p.slot == HANDLE_SCRATCH || p.end != PLAN_GOES_ON)));
  @ predicate plan_facts(struct request *q, struct plan p) =
  @   p.rule < RULE_COUNT && (p.rule == RULE_NONE || rule_refuses(p.rule)) && p.end <= PLAN_ENDS_REFUSED && p.changed <= PLAN_CHANGED_SOMETHING &&
  @   (q->call == OPERATION_PATH_OPEN ==> p.changed != PLAN_CHANGED_SOMETHING && p.end != PLAN_ENDS_WITH_ANSWER &&
  @     (p.end == PLAN_ENDS_WITH_VALUE ==> p.value < 0)) &&
  @   (q->call != OPERATION_PATH_OPEN ==> p.changed != PLAN_CHANGED_BY_OPENING) &&
  @   (p.name.length > 0 ==> component_clean(q, p.name)) &&
  @   (p.slot == HANDLE_SCRATCH && p.name.length == 0 ==> !call_names(q->call) &&
  @     (call_issues(q->call, OP_STAT) || call_issues(q->call, OP_SET_TIMES))) &&
  @   (p.end == PLAN_ENDS_REFUSED ==> rule_refuses(p.rule) && p.changed == PLAN_CHANGED_NOTHING) &&
  @   (p.count > 0 && p.kind == OP_CLOSE ==> p.end != PLAN_GOES_ON || (call_names(q->call) && p.second == 0)) &&
  @   (p.changed != PLAN_CHANGED_NOTHING && call_most(q->call) <= 1 ==> p.end == PLAN_ENDS_WITH_ANSWER);
  @ predicate plan_checked(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p) = p.count > 0 ==>
  @   q->fault == FAULT_NONE && call_issues(q->call, p.kind) && call_checked(c, t, q) && (call_waits(q->call) ==> waits_checked(t, q));
  @ predicate plan_ok(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p) =
  @   plan_fresh(q, p) && plan_slot(t, q, p) && plan_socket(t, q, p) && plan_facts(q, p) && plan_checked(c, t, q, p);
  @
  @ // How the plan `n` that goes with the next op follows from plan and answer: so the facts in it stay true.
  @ predicate plan_follows(struct request *q, struct plan p, struct op_result *a, struct plan n, struct op op) =
  @   n.count == p.count + 1 && n.kind == op.kind &&
  @   (n.slot != HANDLE_NONE ==> first_opened(p, a, n.slot) || (op.kind == OP_OPEN && op.handle2 == n.slot && n.second == 0)) &&
  @   (n.second != 0 ==> (second_opened(p, a, HANDLE_SCRATCH2) && (p.name.length > 0 ==> n.name.length > 0) && op.kind != OP_CLOSE &&
  @     (p.name.length == 0 ==> n.name.length == 0)) || (op.kind == OP_OPEN && op.handle2 == HANDLE_SCRATCH2)) &&
  @   (op.kind == OP_OPEN || op.kind == OP_FILE_SYSTEM ==> last_opened(n, op.kind == OP_OPEN ? op.handle2 : op.handle)) &&
  @   (op.kind == OP_OPEN ==> op.handle == (n.second != 0 && n.name.length > 0 ? second_handle(q) : base_handle(q))) &&
  @   (op.kind == OP_CLOSE && n.end == PLAN_GOES_ON ==> op.handle == HANDLE_SCRATCH2) &&
  @   (n.sure != 0 ==> p.slot == n.slot && known_for_data(p, a, HANDLE_SCRATCH)) &&
  @   (op.kind == OP_STAT && n.changed == PLAN_CHANGED_BY_OPENING ==> op.handle == n.slot);
  @ predicate plan_remembers(struct plan p, struct op_result *a, struct plan n, struct op op) =
  @   (op_changes(op.kind) != 0 ==> n.changed == PLAN_CHANGED_SOMETHING) &&
  @   (op.kind == OP_OPEN && !open_names_only(op.flags) ==> n.changed >= PLAN_CHANGED_BY_OPENING) &&
  @   (n.changed >= p.changed || nothing_changed(p, a));
  @ // What holds of the plan with which the call is committed.
  @ predicate plan_done(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p, struct op_result *a) =
  @   call_checked(c, t, q) && p.rule < RULE_COUNT && network_done(c, t, q, p, a) &&
  @   (q->call == OPERATION_PATH_OPEN && p.value >= 0 ==> handle_free(t, p.slot) && plan_opened(p, a, p.slot) &&
  @     (p.dev == t->handle[q->slot[SLOT_PATH_OPEN_fd]].dev || asked_for_data(p, a, p.slot)));
*/
/*@ // An op that moves bytes of an open file or stream: `offset` and `length` are its `mem`.
  @ predicate op_pathless(struct op op) =
  @   op.path.offset == 0 && op.path.length == 0 && op.path2.offset == 0 && op.path2.length == 0;
  @ predicate op_moves_bytes(struct op op, integer kind, integer handle, integer mem, integer length, integer offset) =
  @   op.kind == kind && op.rule == RULE_RIGHT_HELD && op.handle == handle && op.handle2 == HANDLE_NONE && op.flags == 0 &&
  @   op.offset == offset && op.value == 0 && op.mem.offset == mem && op.mem.length == length && op_pathless(op);
  @ // One that asks a clock; one that has nothing but the descriptor.
  @ predicate op_asks_clock(struct op op, integer kind, integer id) = op.kind == kind && op.rule == RULE_CLOCK_GRANTED &&
  @   op.handle == HANDLE_NONE && op.handle2 == HANDLE_NONE && op.flags == 0 && op.offset == 0 && op.value == id &&
  @   op.mem.offset == 0 && op.mem.length == 0 && op_pathless(op);
  @ predicate op_on_handle(struct op op, integer kind, integer handle) = op_moves_bytes(op, kind, handle, 0, 0, 0);
*/
/*@ // Memory: every region lies in guest memory, and is read or written as the hostcall declares it.
  @ predicate sound_memory(struct decide_context *c, struct request *q, struct op op) =
  @   (op_reads_vector(op.kind) || op_writes_vector(op.kind) ==>
  @     op.mem.offset == 0 && op.mem.length == q->iov_count && vector_in_memory(q, c->memory)) &&
  @   (op_reads_region(op.kind) || op_writes_region(op.kind) ==> region_in_memory(op.mem, c->memory)) &&
  @   (!op_reads_vector(op.kind) && !op_writes_vector(op.kind) && !op_reads_region(op.kind) && !op_writes_region(op.kind) ==>
  @     op.mem.length == 0) &&
  @   (op_reads_vector(op.kind) ==> call_vector(q->call) == ARG_CLASS_CIOVS) &&
  @   (op_writes_vector(op.kind) ==> call_vector(q->call) == ARG_CLASS_IOVS) &&
  @   (op_reads_region(op.kind) ==> call_vector(q->call) == ARG_CLASS_CIOVS && vector_is(q, op.mem)) &&
  @   (op_writes_region(op.kind) ==>
  @     call_buffer(q->call) >= 0 || (call_vector(q->call) == ARG_CLASS_IOVS && vector_is(q, op.mem)));
  @
  @ // Descriptors: the one that the guest named, which is open, or one that this very plan opened.
  @ // A move: what the first descriptor stands for takes the place of the second; both are open.
  @ predicate moves_named(struct handle_table *t, struct request *q, struct op op) = op_moves(op.kind) &&
  @   call_handle2(q->call) >= 0 && op.handle == q->slot[call_handle2(q->call)] && handle_live(t, op.handle) &&
  @   op.handle2 == base_handle(q) && handle_live(t, op.handle2) && op.handle != op.handle2;
  @ // Two names: the first lies in what the guest named first, or in what the plan opened beneath that; the second likewise. What
  @ // HANDLE_SCRATCH2 holds lies beneath the second where the plan has come to its names, and beneath the first before.
  @ predicate names_named(struct handle_table *t, struct request *q, struct plan p, struct op_result *a, struct op op) =
  @   call_names(q->call) && (op.handle == base_handle(q) || (op.handle == HANDLE_SCRATCH && own_slot(t, p, a, op.handle))) &&
  @   ((op.handle2 == second_handle(q) && handle_live(t, op.handle2)) ||
  @     (op.handle2 == HANDLE_SCRATCH2 && p.name.length > 0 && own_slot(t, p, a, op.handle2)));
  @ predicate opens_second(struct handle_table *t, struct request *q, struct op op) =
  @   call_names(q->call) && op.kind == OP_OPEN && op.handle2 == HANDLE_SCRATCH2 &&
  @   op.handle == second_handle(q) && handle_live(t, op.handle);
  @ predicate sound_handles(struct handle_table *t, struct request *q, struct plan p, struct op_result *a, struct op op) =
  @   (op_without_handle(op.kind) ==> op.handle == HANDLE_NONE) &&
  @   (!op_without_handle(op.kind) ==> own_slot(t, p, a, op.handle) || own_socket(t, q, p, a, op.handle) || asks_resolver(op) ||
  @     (op.handle == base_handle(q) && handle_live(t, op.handle)) ||
  @     moves_named(t, q, op) || opens_second(t, q, op)) &&
  @   (op_moves(op.kind) ==> moves_named(t, q, op)) && (op_takes_names(op.kind) ==> names_named(t, q, p, a, op));
  @
  @ // Rights: the row lists the op, and the descriptor that the guest named holds what the row asks for. Of the guest's descriptors,
  @ // fd_close alone closes one.
  @ predicate sound_rights(struct handle_table *t, struct request *q, struct plan p, struct op_result *a, struct op op) =
  @   0 <= op.kind < OP_COUNT && call_issues(q->call, op.kind) &&
  @   (!op_without_handle(op.kind) && !own_socket(t, q, p, a, op.handle) && !asks_resolver(op) ==>
  @     call_handle(q->call) >= 0 && may(t, base_handle(q), call_rights(q->call))) &&
  @   (op_takes_names(op.kind) ==> may(t, second_handle(q), call_rights2(q->call)) && rights_follow(t, q)) &&
  @   (op.kind == OP_CLOSE && !own_slot(t, p, a, op.handle) && !own_socket(t, q, p, a, op.handle) ==> q->call == OPERATION_FD_CLOSE);
  @
  @ predicate sound_paths(struct request *q, struct op op) =
  @   (op.kind == OP_OPEN ==> path_clean(q, op.path)) &&
  @   (op_takes_name(op.kind) || op_takes_names(op.kind) ==> component_clean(q, op.path)) &&
  @   (op_takes_names(op.kind) ==> component_clean(q, op.path2)) &&
  @   (op.kind == OP_MAKE_LINK ==> path_clean(q, op.path2));
  @
  @ // Opening: into the scratch slot, to name it only; or for path_open into a slot that is free, with no way to write, create or
  @ // truncate that the directory's rights do not carry. Writing was asked for, and the directory hands it on:
  @ predicate open_may_write(struct handle_table *t, struct request *q) =
  @   (t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting & q->slot[SLOT_PATH_OPEN_fs_rights_base] & (R(FD_WRITE) | R(FD_ALLOCATE) | R(FD_FILESTAT_SET_SIZE))) != 0;
  @ // Truncating: the directory may do so by a path, or hands on the right to set a file's size, which says the same of its files:
  @ predicate open_may_truncate(struct handle_table *t, struct request *q) =
  @   right_held(t, q->slot[SLOT_PATH_OPEN_fd], R(PATH_FILESTAT_SET_SIZE)) ||
  @   (t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting & R(FD_FILESTAT_SET_SIZE)) != 0;
  @ predicate sound_openings(struct handle_table *t, struct request *q, struct op op) = op.kind == OP_OPEN ==>
  @   (open_names_only(op.flags) && (op.handle2 == HANDLE_SCRATCH || (call_names(q->call) && op.handle2 == HANDLE_SCRATCH2))) ||
  @   (q->call == OPERATION_PATH_OPEN && handle_free(t, op.handle2) &&
  @     (flag_set(op.flags, OPEN_WRITE) ==> open_may_write(t, q)) &&
  @     (flag_set(op.flags, OPEN_CREATE) ==> right_held(t, q->slot[SLOT_PATH_OPEN_fd], R(PATH_CREATE_FILE))) &&
  @     (flag_set(op.flags, OPEN_TRUNCATE) ==> open_may_truncate(t, q)));
  @
  @ // Waiting, as above. File systems: beneath a doubtful grant, what a plan opened is used for a name, or looked at, only when its
  @ // file system was asked for just before, and holds data.
  @ predicate sound_waits(struct handle_table *t, struct request *q, struct plan p, struct op_result *a, struct op op) =
  @   (op.kind == OP_POLL ==> waits_checked(t, q)) &&
  @   ((op.handle == HANDLE_SCRATCH || op.handle == HANDLE_SCRATCH2) &&
  @     (op_takes_name(op.kind) || op_takes_names(op.kind) || op.kind == OP_STAT || op.kind == OP_SET_TIMES) &&
  @     handle_live(t, base_handle(q)) && t->handle[base_handle(q)].doubtful != 0 ==> known_for_data(p, a, op.handle)) &&
  @   (op.handle2 == HANDLE_SCRATCH2 && op_takes_names(op.kind) &&
  @     handle_live(t, second_handle(q)) && t->handle[second_handle(q)].doubtful != 0 ==> known_for_data(p, a, HANDLE_SCRATCH2));
  @
  @ predicate step_valid(struct decide_context *c, struct handle_table *t, struct request *q, struct plan *p, struct op_result *a) =
  @   \valid_read(c) && \valid_read(t) && \valid_read(q) && \valid_read(a) && \valid_read(p) && c->memory <= 0x100000000 &&
  @   p->count <= LIMIT_OPS;
*/

/* What every step guarantees: `c`, `t`, `q`, `p`, `a` are its arguments, `r` its result. Refusal: no op performed so far has changed anything. */
/* clang-format off */
#define DECIDE_SOUND(c, t, q, p, a, r)                                                                         \
    memory: r.verdict == VERDICT_ISSUE ==> sound_memory(c, q, r.op);                                               \
    ensures handles: r.verdict == VERDICT_ISSUE ==> sound_handles(t, q, p, a, r.op);                               \
    ensures rights: r.verdict == VERDICT_ISSUE ==> sound_rights(t, q, p, a, r.op);                                 \
    ensures paths: r.verdict == VERDICT_ISSUE ==> sound_paths(q, r.op);                                            \
    ensures openings: r.verdict == VERDICT_ISSUE ==> sound_openings(t, q, r.op);                                   \
    ensures waits: r.verdict == VERDICT_ISSUE ==> sound_waits(t, q, p, a, r.op);                                   \
    ensures plan: r.verdict == VERDICT_ISSUE ==> plan_fresh(q, r.plan) && plan_facts(q, r.plan);                        \
    ensures network: r.verdict == VERDICT_ISSUE ==> sound_network(c, t, q, p, r.op);                               \
    ensures socket: r.verdict == VERDICT_ISSUE ==> plan_socket(t, q, r.plan);                                      \
    ensures slot: r.verdict == VERDICT_ISSUE ==> plan_slot(t, q, r.plan);                                               \
    ensures checked: r.verdict == VERDICT_ISSUE ==> plan_checked(c, t, q, r.plan);                                      \
    ensures follows: r.verdict == VERDICT_ISSUE ==> plan_follows(q, p, a, r.plan, r.op);                                \
    ensures remembers: r.verdict == VERDICT_ISSUE ==> plan_remembers(p, a, r.plan, r.op);                               \
    ensures done: r.verdict == VERDICT_COMMIT ==> plan_done(c, t, q, r.plan, a);                                      \
    ensures refusal: r.verdict == VERDICT_REFUSE ==>                                                                  \
      nothing_changed(p, a) && r.rule != RULE_NONE && r.wasi_errno != WASI_SUCCESS;                              \
    ensures verdict: r.verdict == VERDICT_ISSUE || r.verdict == VERDICT_COMMIT || r.verdict == VERDICT_REFUSE
/* clang-format on */

/* True where (offset, length) lies in `memory` bytes for its whole length; a region of no bytes may lie anywhere. */
/*@ assigns \nothing;
  @ ensures exact: \result <==> region_in_memory(region, memory);
*/
static inline bool decide_region_ok(struct region region, uint64_t memory)
{
    return region.length == 0 || (region.length <= memory && region.offset <= memory - region.length);
}

/* Whether `fd`, as the guest gave it, is an open descriptor that holds all of `rights`: RULE_NONE, or the rule it
 * breaks. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights);
  @ ensures broken: \result == RULE_NONE || \result == RULE_BAD_DESCRIPTOR || \result == RULE_RIGHT_MISSING;
*/
static inline enum rule decide_handle_rule(const struct handle_table *table, uint64_t fd, uint64_t rights)
{
    if (fd >= table->limit || fd >= LIMIT_HANDLES || !table->handle[fd].live)
        return RULE_BAD_DESCRIPTOR;
    if ((table->handle[fd].rights & rights) != rights)
        return RULE_RIGHT_MISSING;
    return RULE_NONE;
}

/* The position that `delta`, a two's complement number, leads to from `base`; UINT64_MAX where that is outside
 * 0..INT64_MAX. */
/*@ logic integer seek_sum(integer base, integer delta) =
  @   delta <= INT64_MAX ? base + delta : base + delta - 0x10000000000000000;
  @ logic integer seek_target(integer base, integer delta) =
  @   base <= INT64_MAX && 0 <= seek_sum(base, delta) <= INT64_MAX ? seek_sum(base, delta) : UINT64_MAX;
*/
/*@ assigns \nothing;
  @ ensures exact: \result == seek_target(base, delta);
*/
static inline uint64_t decide_seek_target(uint64_t base, uint64_t delta)
{
    if (base > INT64_MAX)
        return UINT64_MAX;
    if (delta <= INT64_MAX)
        return base <= INT64_MAX - delta ? base + delta : UINT64_MAX;
    uint64_t back = UINT64_MAX - delta + 1;
    return back <= base ? base - back : UINT64_MAX;
}

/* The errno that a plan's value is. */
/*@ assigns \nothing;
  @ ensures error: \result == WASI_SUCCESS <==> value >= 0;
*/
static inline uint16_t decide_value_errno(int64_t value)
{
    if (value >= 0)
        return WASI_SUCCESS;
    return value > -(int64_t)WASI_ERRNO_COUNT ? (uint16_t)-value : (uint16_t)WASI_IO;
}

/* The plan of a call of which nothing was issued yet. */
/*@ assigns \nothing;
  @ ensures ok: \forall struct decide_context *c, struct handle_table *t, struct request *q; plan_ok(c, t, q, \result);
  @ ensures start: \result.count == 0 && \result.end == PLAN_GOES_ON;
*/
static inline struct plan decide_plan_start(void)
{
    struct plan plan = { .kind = OP_COUNT, .slot = HANDLE_NONE };
    return plan;
}

/* How decide_step goes: whether the call's own function says what is next; else, whether the plan has ended with its last op, and
 * what the call then brought. */
/*@ requires \valid_read(request) && \valid_read(plan);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> plan->end == PLAN_GOES_ON && request->fault == FAULT_NONE && plan->count < LIMIT_OPS;
*/
static inline bool decide_step_is_call(const struct request *request, const struct plan *plan)
{
    return plan->end == PLAN_GOES_ON && request->fault == FAULT_NONE && plan->count < LIMIT_OPS;
}

/*@ requires \valid_read(plan);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> plan->end != PLAN_GOES_ON && plan->end != PLAN_ENDS_REFUSED;
*/
static inline bool decide_step_is_end(const struct plan *plan)
{
    return plan->end != PLAN_GOES_ON && plan->end != PLAN_ENDS_REFUSED;
}

/*@ requires \valid_read(plan) && \valid_read(answer);
  @ assigns \nothing;
  @ ensures value: \result == (plan->end == PLAN_ENDS_WITH_ANSWER ? answer->value : plan->value);
*/
static inline int64_t decide_end_value(const struct plan *plan, const struct op_result *answer)
{
    return plan->end == PLAN_ENDS_WITH_ANSWER ? answer->value : plan->value;
}

/* Decides the next step of `request`. plan: decide_plan_start's at first, then what the step before gave; *answer is what
 * the op that it issued brought, and is not read before there is one. */
/*@ requires step_valid(context, table, request, plan, answer);
  @ requires plan_ok(context, table, request, *plan);
  @ assigns \nothing;
  @ ensures bounded: \result.verdict == VERDICT_ISSUE ==> \result.plan.count <= LIMIT_OPS;
  @ ensures DECIDE_SOUND(context, table, request, *plan, answer, \result);
*/
struct step decide_step(const struct decide_context *context, const struct handle_table *table,
                        const struct request *request, const struct plan *plan, const struct op_result *answer);

/* Which rights make sense for an object that path_open opened: a directory has no content, a regular file no names
 * below it. */
#define RIGHTS_FOR_DIRECTORY                                                                                           \
    (RIGHTS_ALL &                                                                                                      \
     ~(R(FD_READ) | R(FD_SEEK) | R(FD_TELL) | R(FD_WRITE) | R(FD_ADVISE) | R(FD_ALLOCATE) | R(FD_FILESTAT_SET_SIZE)))
#define RIGHTS_FOR_FILE                                                                                                \
    (RIGHTS_ALL & ~(R(PATH_CREATE_DIRECTORY) | R(PATH_CREATE_FILE) | R(PATH_LINK_SOURCE) | R(PATH_LINK_TARGET) |       \
                    R(PATH_OPEN) | R(FD_READDIR) | R(PATH_READLINK) | R(PATH_RENAME_SOURCE) | R(PATH_RENAME_TARGET) |  \
                    R(PATH_FILESTAT_GET) | R(PATH_FILESTAT_SET_SIZE) | R(PATH_FILESTAT_SET_TIMES) | R(PATH_SYMLINK) |  \
                    R(PATH_REMOVE_DIRECTORY) | R(PATH_UNLINK_FILE)))

/* After COMMIT: applies what the ops did to the table (opens, closes, moves positions) and fills *outcome. Never
 * called for a refusal: a refusal changes nothing. plan and answer: as the last step left them.
 *
 * outcome->value holds the scalar results (R_SIZE, R_TIMESTAMP, R_FILESIZE, R_FD). Structures are written by the
 * dispatcher: R_FILESTAT from the last stat, R_FDSTAT and R_PRESTAT from the table's handle, events
 * from decide_poll_event. fd_readdir: the dispatcher turns the staged entries into dirents, sets value[0] to the
 * bytes used, and may set the handle's position to the `next` of the last staged entry; commit itself leaves
 * HANDLE_POSITION_UNKNOWN behind entries that were read, and then the next call seeks. poll_oneoff: the dispatcher counts
 * the events. fd_close frees the handle
 * even where the system reports an error: the host descriptor is gone. */
/*@ // Rights only shrink: what is opened holds no more than its directory hands on and than was asked for.
  @ predicate handed_on(integer rights, integer inheriting, integer wanted) = rights == 0 || rights == (inheriting & wanted);
  @ predicate narrowed(integer rights, integer before, integer wanted) = rights == before || rights == (before & wanted);
  @ predicate attenuated(integer rights, integer inheriting, integer wanted) =
  @   rights == (inheriting & wanted & RIGHTS_FOR_DIRECTORY) || rights == (inheriting & wanted & RIGHTS_FOR_FILE);
  @ predicate commit_valid(struct decide_context *c, struct handle_table *t, struct request *q, struct plan *p,
  @     struct op_result *a, struct outcome *out) =
  @   \valid_read(c) && \valid(t) && \valid_read(q) && \valid_read(p) && \valid_read(a) && \valid(out) &&
  @   \separated(c, t, q, p, a, out);
*/
/* What every commit guarantees of the table: `t`, `q`, `p`, `a` are its arguments. */
/* clang-format off */
#define COMMIT_SOUND(t, q, p, a)                                                                                                \
    rights: q->call != OPERATION_FD_CLOSE && q->call != OPERATION_PATH_OPEN && q->call != OPERATION_FD_RENUMBER && q->call != OPERATION_FD_FDSTAT_SET_RIGHTS && !opens_socket(q) ==>\
      (\forall integer h; 0 <= h < HANDLES_TOTAL ==> t->handle[h].rights == \old(t->handle[h].rights));                         \
    ensures rights_closed: q->call == OPERATION_FD_CLOSE ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>                     \
      t->handle[h].rights == \old(t->handle[h].rights) || (h == q->slot[SLOT_FD_CLOSE_fd] && t->handle[h].rights == 0));        \
    ensures rights_cut: q->call == OPERATION_FD_FDSTAT_SET_RIGHTS ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>            \
      narrowed(t->handle[h].rights, \old(t->handle[h].rights), q->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_base]) &&            \
      narrowed(t->handle[h].inheriting, \old(t->handle[h].inheriting), q->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting]));\
    ensures rights_moved: q->call == OPERATION_FD_RENUMBER ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>                   \
      t->handle[h].rights == \old(t->handle[h].rights) || (h == q->slot[SLOT_FD_RENUMBER_fd] && t->handle[h].rights == 0) ||    \
      (h == q->slot[SLOT_FD_RENUMBER_to] && t->handle[h].rights == \old(t->handle[q->slot[SLOT_FD_RENUMBER_fd]].rights)));      \
    ensures rights_socket: opens_socket(q) ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>                                   \
      t->handle[h].rights == \old(t->handle[h].rights) || (\old(t->handle[h].live) == 0 &&                                    \
        (q->call == OPERATION_SOCK_OPEN ? t->handle[h].rights == NET_RIGHTS :                                                  \
          t->handle[h].rights == \old(t->handle[q->slot[SLOT_SOCK_ACCEPT_fd]].inheriting))));                                  \
    ensures rights_opened: q->call == OPERATION_PATH_OPEN ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>                    \
      t->handle[h].rights == \old(t->handle[h].rights) ||                                                                       \
      (\old(t->handle[h].live) == 0 && \old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) &&                                      \
        attenuated(t->handle[h].rights, \old(t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting), q->slot[SLOT_PATH_OPEN_fs_rights_base])));\
    ensures inheriting: q->call == OPERATION_PATH_OPEN ==> (\forall integer h; 0 <= h < HANDLES_TOTAL ==>                       \
      t->handle[h].inheriting == \old(t->handle[h].inheriting) ||                                                               \
      (\old(t->handle[h].live) == 0 && \old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) &&                                      \
        handed_on(t->handle[h].inheriting, \old(t->handle[q->slot[SLOT_PATH_OPEN_fd]].inheriting), q->slot[SLOT_PATH_OPEN_fs_rights_inheriting])));\
    ensures data: \forall integer h; 0 <= h < HANDLES_TOTAL ==>                                                                 \
      (t->handle[h].live != 0 && \old(t->handle[h].live) == 0 ==>                                                               \
        (\old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) && t->handle[h].dev == \old(t->handle[q->slot[SLOT_PATH_OPEN_fd]].dev)) ||\
        asked_for_data{Pre}(p, a, h) || opens_socket(q));                                                                                          \
    ensures opened: \forall integer h; 0 <= h < HANDLES_TOTAL ==>                                                               \
      (t->handle[h].live != 0 && \old(t->handle[h].live) == 0 ==>                                                               \
        (opens_socket(q) && \old(handle_free(t, h))) ||                                                                         \
        (q->call == OPERATION_PATH_OPEN && \old(handle_live(t, q->slot[SLOT_PATH_OPEN_fd])) && \old(handle_free(t, h))));         \
    ensures closed: \forall integer h; 0 <= h < HANDLES_TOTAL ==>                                                               \
      (t->handle[h].live == 0 && \old(t->handle[h].live) != 0 ==> (q->call == OPERATION_FD_CLOSE && h == q->slot[SLOT_FD_CLOSE_fd]) ||\
        (q->call == OPERATION_FD_RENUMBER && h == q->slot[SLOT_FD_RENUMBER_fd]))
/* clang-format on */

/*@ requires commit_valid(context, table, request, plan, answer, outcome);
  @ requires plan_done(context, table, request, *plan, answer);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, \old(*plan), answer);
*/
void decide_commit(const struct decide_context *context, struct handle_table *table, const struct request *request,
                   const struct plan *plan, const struct op_result *answer, struct outcome *outcome);

/* poll_oneoff: whether subscription `index` has an event once the call commits, and with which errno. A descriptor that a
 * POLL asked about has its answer in the staging buffer, and none here (false). */
/*@ requires \valid_read(table) && \valid_read(request) && \valid_read(plan) && \valid(ret_errno);
  @ requires \separated(ret_errno, table, request, plan);
  @ assigns *ret_errno;
*/
bool decide_poll_event(const struct handle_table *table, const struct request *request, const struct plan *plan,
                       uint32_t index, uint16_t *ret_errno);

/* proc_raise: whether the signal, which the core let through, ends the guest. Nobody else is ever sent one. */
/*@ assigns \nothing;
*/
bool decide_signal_ends(uint64_t signal);

/* Fills `request` from the guest, as the import `row` lowers into its operation: `slots` are its core parameters
 * (row->slot_count of them), `import` its number, memory the guest's linear memory. Reads each guest byte once. Each pointer is checked (bounds of arrays as a whole in 64 bits,
 * alignment) before a byte behind it is read, results' pointers too; the first failed check sets request->fault,
 * and the core then refuses the call. An empty string, array or buffer may point anywhere. */
/*@ predicate memory_valid(uint8_t *m, integer size) = 0 <= size <= 0x100000000 && (size > 0 ==> \valid_read(m + (0 .. size - 1)));
  @ // A request that was copied whole: what it says of its own arrays holds.
  @ predicate request_whole(struct request *q) =
  @   q->iov_count <= LIMIT_IOVECS && q->subscription_count <= LIMIT_SUBSCRIPTIONS && q->string_count <= REQUEST_STRINGS &&
  @   (\forall integer i; 0 <= i < q->string_count ==>
  @     q->string[i].length <= LIMIT_PATH && q->string[i].offset + q->string[i].length <= REQUEST_BYTES);
*/
/*@ requires \valid_read(row) && \valid_read(context) && \valid(request) && row->slot_count <= OPERATION_SLOTS_MAX;
  @ requires row->slot_count > 0 ==> \valid_read(slots + (0 .. row->slot_count - 1));
  @ requires memory_valid(memory, context->memory);
  @ requires \separated(request, row, context) && \separated(request, slots + (0 .. row->slot_count - 1));
  @ requires \separated(request, memory + (0 .. context->memory - 1));
  @ assigns *request;
  @ ensures whole: request_whole(request);
*/
void decide_request(const struct import_row *row, uint32_t import, const uint64_t *slots,
                    const struct decide_context *context, const uint8_t *memory, struct request *request);

#endif
