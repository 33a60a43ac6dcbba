/* Judges system calls by the policy and by what each descriptor descends from.
 *
 * Invariants: every descriptor that the judge accepts descends, through openings that the kernel confined, from a
 * granted directory or is one of the three stdio streams; the object behind it is the one that was opened (device and
 * inode, as the kernel has them). A call is judged whether it succeeded or not: nobody in the runtime has a reason to
 * try. Left out on purpose: what the plan said (the matcher's work) and what Landlock and seccomp would have said.
 * docs/queries.md. */
#include "checker/judge/judge_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of Linux; openat2(2), fcntl(2), mmap(2). */
enum {
    FLAG_WRITES = 03,
    FLAG_CREAT = 0100,
    FLAG_TRUNC = 01000,
    FLAG_TMPFILE = 020000000,
    FLAG_PATH = 010000000,
    FLAG_CLOEXEC = 02000000,
    FLAG_NOFOLLOW_X86_64 = 0400000,
    FLAG_NOFOLLOW_ARM64 = 0100000,
    RESOLVE_NEEDED = 0x02 | 0x08,
    F_DUPFD = 0,
    F_GETFD = 1,
    F_SETFD = 2,
    F_GETFL = 3,
    F_SETFL = 4,
    F_DUPFD_CLOEXEC = 1030,
    PROT_EXECUTE = 4
};
static void know_call(struct judge *judge, const char *name, enum judge_kind kind)
{
    const struct syscall_row *row = syscall_find_name(name);
    int64_t number = row ? syscall_row_number(row, judge->machine) : -1;
    if (number >= 0 && number < NUMBERS)
        judge->kind[number] = (uint8_t)kind;
}

/* What stands behind initial descriptor `i`; false: the policy gives it for nothing. */
static bool initial_take(const struct run_spec *spec, const enum judge_grant *grants, const struct policy *policy,
                         uint32_t i, struct judge_descriptor *ret)
{
    const struct run_initial *initial = &spec->initial[i];
    const uint32_t sockets = 3 + spec->policy.file_count;
    *ret = (struct judge_descriptor) { .live = true, .writes = true, .dev = initial->dev, .ino = initial->ino };
    if (i < 3) {
        ret->origin = ORIGIN_STDIO;
        return true;
    }
    if (i < sockets) {
        ret->origin = (uint16_t)(i - 3);
        ret->writes = grants[i - 3] == JUDGE_GRANT_WRITE;
        return grants[i - 3] != JUDGE_GRANT_NONE;
    }
    ret->origin = run_spec_is_resolver(spec, i) ? ORIGIN_RESOLVER : ORIGIN_SOCKET;
    ret->family = initial->address.family;
    ret->protocol = NET_TCP;
    ret->bound = true;
    return ret->origin == ORIGIN_RESOLVER ? policy->name_count > 0
                                          : judge_policy_listens(policy, &spec->policy.listens[i - sockets]);
}

enum status judge_create(const struct run_spec *spec, const enum judge_grant *grants, const struct policy *policy,
                         struct judge **ret, struct error *error)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (!judge)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the judge");
    judge->roles = SYSCALL_BY(RUN);
    judge->machine = syscall_machine_find(spec->facts.arch);
    if (judge->machine == SYSCALL_MACHINE_COUNT) {
        free(judge);
        return error_set(error, STATUS_UNSUPPORTED, "the system calls of the machine that was recorded are not known");
    }
    judge->walks = spec->facts.walker == RUN_WALKER_COMPONENTS;
#define JUDGE_CALL(name, kind) know_call(judge, #name, KIND_##kind);
#include "checker/judge/judge_calls.def"
#undef JUDGE_CALL
    judge->rules = calloc(policy->network_count + (size_t)1, sizeof *judge->rules);
    bool starved = !judge->rules;
    for (uint32_t i = 0; !starved && i < policy->network_count; i++)
        judge->rules[judge->rule_count++] = policy->networks[i];
    for (uint32_t i = 0; !starved && i < spec->initial_count; i++) {
        struct judge_descriptor descriptor;
        uint32_t fd = spec->initial[i].host_fd;
        if (fd >= DESCRIPTORS_MAX || !initial_take(spec, grants, policy, i, &descriptor))
            continue;
        starved = !judge_grow(judge, fd);
        if (!starved)
            judge->descriptor[fd] = descriptor;
    }
    if (starved) {
        judge_free(judge);
        return error_set(error, STATUS_NO_MEMORY, "no memory for the judge's descriptors");
    }
    *ret = judge;
    return STATUS_OK;
}

void judge_extend(struct judge *judge, uint16_t roles) { judge->roles |= roles; }

void judge_free(struct judge *judge)
{
    if (judge) {
        free(judge->descriptor);
        free(judge->rules);
    }
    free(judge);
}

bool judge_starved(const struct judge *judge) { return judge->starved; }

void judge_gap(struct judge *judge) { judge->gap = true; }

static bool need_writes(const struct judge_descriptor *d, struct judge_ruling *ret)
{
    return d->writes ||
           judge_rule_on(ret, JUDGE_READ_ONLY, "granted directory number %" PRIu16 " is for reading", d->origin);
}

static bool one_component(const char *path)
{
    return path && path[0] != 0 && !strchr(path, '/') && strcmp(path, "..") != 0;
}

/* The name that operand `arg` points to; NULL: a null pointer, which is known, and no name. False, with a ruling: it is
 * not known. */
static bool name_known(const struct judge_fact *fact, unsigned path, unsigned arg, const char **ret_name,
                       struct judge_ruling *ret)
{
    *ret_name = fact->path[path];
    return *ret_name || fact->arg[arg] == 0 || judge_rule_on(ret, JUDGE_UNREAD, "the name could not be read");
}

static void follow_open(struct judge *judge, const struct judge_fact *fact, const struct judge_descriptor *from)
{
    if (!fact->returned || fact->result < 0 || fact->result >= DESCRIPTORS_MAX || !from)
        return;
    struct judge_descriptor child = { .live = true,
                                      .writes = from->writes,
                                      .settled = fact->opened.mode != 0,
                                      .origin = from->origin,
                                      .dev = fact->opened.dev,
                                      .ino = fact->opened.ino };
    if (judge_grow(judge, (uint32_t)fact->result))
        judge->descriptor[fact->result] = child;
}

static bool opening_changes(uint64_t flags)
{
    return !(flags & FLAG_PATH) && (flags & (FLAG_WRITES | FLAG_CREAT | FLAG_TRUNC | FLAG_TMPFILE));
}

static bool judge_open(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    bool unsure;
    if (!fact->how_known)
        return judge_rule_on(ret, JUDGE_UNREAD, "struct open_how");
    if ((fact->how[2] & RESOLVE_NEEDED) != RESOLVE_NEEDED)
        return judge_rule_on(ret, JUDGE_UNCONFINED, "openat2 with resolve flags 0x%" PRIx64, fact->how[2]);
    struct judge_descriptor *from = judge_descends(judge, fact, 0, true, &unsure, ret);
    if (!from)
        return unsure && ret->rule == JUDGE_NONE;
    struct judge_descriptor parent = *from; /* follow_open may move the table */
    follow_open(judge, fact, &parent);
    return !opening_changes(fact->how[0]) || need_writes(&parent, ret);
}

static void note_refused(struct judge *judge, const struct judge_fact *fact, const char *name)
{
    enum { NOT_DIRECTORY = -20, LOOPS = -40 };
    bool link = fact->returned && (fact->result == NOT_DIRECTORY || fact->result == LOOPS);
    judge->refused.set = link && strlen(name) < sizeof judge->refused.name;
    if (!judge->refused.set)
        return;
    judge->refused.directory = fact->arg[0];
    snprintf(judge->refused.name, sizeof judge->refused.name, "%s", name);
}

/* O_NOFOLLOW of the machine that was recorded. */
static uint64_t no_follow(enum syscall_machine machine)
{
    return machine == SYSCALL_MACHINE_ARM64 ? FLAG_NOFOLLOW_ARM64 : FLAG_NOFOLLOW_X86_64;
}

/* One component of a path that is resolved component by component: what is opened lies in the directory itself. */
static bool judge_component(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    bool unsure;
    uint64_t flags = fact->arg[2], held = no_follow(judge->machine) | FLAG_CLOEXEC;
    const char *name;
    if (!judge->walks)
        return judge_rule_on(ret, JUDGE_UNCONFINED, "openat, where the run resolves paths by openat2");
    if (!name_known(fact, 0, 1, &name, ret))
        return false;
    if (!one_component(name))
        return judge_rule_on(ret, JUDGE_NAME, "the component is empty, or has a slash or dot-dot");
    if ((flags & held) != held)
        return judge_rule_on(ret, JUDGE_UNCONFINED,
                             "openat with flags 0x%" PRIx64 ", which follow links or are inherited", flags);
    struct judge_descriptor *from = judge_descends(judge, fact, 0, true, &unsure, ret);
    if (!from)
        return unsure && ret->rule == JUDGE_NONE;
    struct judge_descriptor parent = *from; /* follow_open may move the table */
    follow_open(judge, fact, &parent);
    note_refused(judge, fact, name);
    return !opening_changes(flags) || need_writes(&parent, ret);
}

static bool judge_use(struct judge *judge, const struct judge_fact *fact, bool writes, struct judge_ruling *ret)
{
    bool unsure;
    struct judge_descriptor *d = judge_descends(judge, fact, 0, false, &unsure, ret);
    return d ? !writes || need_writes(d, ret) : unsure && ret->rule == JUDGE_NONE;
}

static bool judge_close(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    bool fine = judge_use(judge, fact, false, ret);
    uint32_t fd = (uint32_t)fact->arg[0];
    if (fd < judge->count)
        judge->descriptor[fd].live = false; /* on Linux also where close reports an error */
    return fine;
}

static bool judge_dup(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    bool unsure;
    struct judge_descriptor *d = judge_descends(judge, fact, 0, false, &unsure, ret);
    if (!d)
        return unsure && ret->rule == JUDGE_NONE;
    struct judge_descriptor copy = *d;
    if (fact->returned && fact->result >= 0 && fact->result < DESCRIPTORS_MAX &&
        judge_grow(judge, (uint32_t)fact->result))
        judge->descriptor[fact->result] = copy;
    return true;
}

static bool judge_flags(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    uint64_t command = fact->arg[1];
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        return judge_dup(judge, fact, ret);
    if (command != F_GETFD && command != F_SETFD && command != F_GETFL && command != F_SETFL)
        return judge_rule_on(ret, JUDGE_NEVER, "fcntl with command %" PRIu64, command);
    return judge_use(judge, fact, false, ret);
}

/* One name in a directory; `path` is which path, `arg` the operand that points to it. */
static bool judge_name(struct judge *judge, const struct judge_fact *fact, unsigned directory, unsigned path,
                       unsigned arg, bool changes, struct judge_ruling *ret)
{
    bool unsure;
    const char *name;
    if (!name_known(fact, path, arg, &name, ret))
        return false;
    if (fact->late && !changes) /* what only asks writes its answer, perhaps over the name */
        return judge_rule_on(ret, JUDGE_UNREAD,
                             "the name could be read only behind the call, which may have changed it");
    bool itself = path == 0 && directory == 0 && (!name || name[0] == 0);
    struct judge_descriptor *d = judge_descends(judge, fact, directory, !itself, &unsure, ret);
    if (!d && (!unsure || ret->rule != JUDGE_NONE))
        return false;
    if (!itself && !one_component(name))
        return judge_rule_on(ret, JUDGE_NAME, "%s",
                             !name ? "there is no name" : "the name is empty, or has a slash or dot-dot");
    return !changes || !d || need_writes(d, ret);
}

static bool judge_link(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    const char *target;
    if (!name_known(fact, 0, 0, &target, ret))
        return false;
    if (!target || target[0] == '/')
        return judge_rule_on(ret, JUDGE_LINK_TARGET, "%s", target ? "the target is absolute" : "there is no target");
    return judge_name(judge, fact, 1, 1, 2, true, ret);
}

static bool judge_two(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    bool unsure;
    const char *second;
    if (!judge_name(judge, fact, 0, 0, 1, true, ret) || !name_known(fact, 1, 3, &second, ret))
        return false;
    struct judge_descriptor *to = judge_descends(judge, fact, 2, true, &unsure, ret);
    if (!to && (!unsure || ret->rule != JUDGE_NONE))
        return false;
    if (!one_component(second))
        return judge_rule_on(ret, JUDGE_NAME, "the second name");
    return !to || need_writes(to, ret);
}

/* A call that the judge has no description of. */
static bool judge_other(const struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    const struct syscall_row *row =
        fact->compat ? &syscall_row_compat : syscall_find_number(judge->machine, fact->number);
    if (!row) {
        if (fact->number < 0 || (fact->returned && fact->result == -38))
            return true; /* nothing was executed */
        return judge_rule_on(ret, JUDGE_UNKNOWN, "number %" PRId64, fact->number);
    }
    if (row->roles & judge->roles)
        return true;
    bool files = row->effect[1] != '-', processes = row->effect[3] == 'x' || row->effect[0] == 'x';
    switch ((enum syscall_impact)row->impact) {
    case SYSCALL_CODE:
    case SYSCALL_PROCESS:
    case SYSCALL_NETWORK:
    case SYSCALL_PRIVILEGE:
    case SYSCALL_KERNEL:
    case SYSCALL_BYPASS:
    case SYSCALL_NAMESPACE:
    case SYSCALL_ATTRIBUTE:
        return judge_rule_on(ret, JUDGE_NEVER, "%s: %s", row->name,
                             syscall_impact_text((enum syscall_impact)row->impact));
    case SYSCALL_READ_FILE:
    case SYSCALL_WRITE_FILE:
        return judge_rule_on(ret, strstr(row->name, "open") ? JUDGE_UNCONFINED : JUDGE_NEVER, "%s", row->name);
    case SYSCALL_NONE:
    case SYSCALL_OBSERVE:
    case SYSCALL_WAIT:
    case SYSCALL_DESCRIPTOR:
    case SYSCALL_MEMORY:
    case SYSCALL_IMPACT_COUNT:
        break;
    }
    return !(files || processes) ||
           judge_rule_on(ret, JUDGE_NEVER, "%s: %s", row->name, syscall_impact_text((enum syscall_impact)row->impact));
}

bool judge_call(struct judge *judge, const struct judge_fact *fact, struct judge_ruling *ret)
{
    *ret = (struct judge_ruling) { JUDGE_NONE, "" };
    judge->refused.here = judge->refused.set && fact->path[0] && judge->refused.directory == fact->arg[0] &&
                          strcmp(judge->refused.name, fact->path[0]) == 0;
    judge->refused.set = false;
    bool known = !fact->compat && fact->number >= 0 && fact->number < NUMBERS;
    enum judge_kind kind = known ? (enum judge_kind)judge->kind[fact->number] : KIND_NONE;
    switch (kind) {
    case KIND_OPEN:
        return judge_open(judge, fact, ret);
    case KIND_COMPONENT:
        return judge_component(judge, fact, ret);
    case KIND_CLOSE:
        return judge_close(judge, fact, ret);
    case KIND_ASK:
    case KIND_READ:
        return judge_use(judge, fact, false, ret);
    case KIND_WRITE:
        return judge_use(judge, fact, true, ret);
    case KIND_FLAGS:
        return judge_flags(judge, fact, ret);
    case KIND_DUP:
        return judge_dup(judge, fact, ret);
    case KIND_READ_LINK:
    case KIND_NAME:
        return judge_name(judge, fact, 0, 0, 1, false, ret);
    case KIND_CHANGE:
        return judge_name(judge, fact, 0, 0, 1, true, ret);
    case KIND_LINK:
        return judge_link(judge, fact, ret);
    case KIND_TWO:
        return judge_two(judge, fact, ret);
    case KIND_SOCKET:
    case KIND_BIND:
    case KIND_CONNECT:
    case KIND_LISTEN:
    case KIND_ACCEPT:
    case KIND_SEND:
    case KIND_ASK_SOCKET:
    case KIND_OPTION:
        return judge_network(judge, kind, fact, ret);
    case KIND_MAP:
        return !(fact->arg[2] & PROT_EXECUTE) || judge_rule_on(ret, JUDGE_CODE, "protection 0x%" PRIx64, fact->arg[2]);
    case KIND_NONE:
        break;
    }
    return judge_other(judge, fact, ret);
}
