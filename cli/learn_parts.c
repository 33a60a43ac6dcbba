/* From what runs used to directories that a policy grants.
 *
 * How paths are generalised: a grant is of the directory in which a name was used, or that was opened or looked at
 * itself; as deep as that, where it can be known to hold what was used. It cannot where a path goes up (`..`) or leads
 * through a symbolic link, where the directory is not here any more, and in a run that found its directories by number
 * and not by name. A grant in another one that has its access goes. More than some beneath one directory are put
 * together, the deepest first. docs/policy.md has the words. */
#include "cli/learn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

const char *learn_host(const struct learn_run *run, uint32_t preopen)
{
    const char *path = run->spec.initial[3 + preopen].path;
    return path && path[0] ? path : run->spec.policy.files[preopen].host;
}

char *learn_path(const char *base, const char *below)
{
    size_t length = below[0] && strcmp(base, ".") == 0 ? 0 : strlen(base); /* beneath `.` a name stands alone */
    while (below[0] && length > 0 && base[length - 1] == '/')
        length--;
    const char *between = below[0] && strcmp(base, ".") != 0 ? "/" : "";
    size_t room = length + strlen(below) + 2;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%.*s%s%s", (int)length, base, between, below);
    return path;
}

void learn_grant_drop(struct learn_policy *policy, uint32_t index)
{
    struct learn_grant *grant = &policy->grants[index];
    free(grant->host);
    free(grant->guest);
    free(grant->below);
    memmove(grant, grant + 1, (policy->grant_count - index - 1) * sizeof *grant);
    policy->grant_count--;
}

void learn_policy_done(struct learn_policy *policy)
{
    while (policy->grant_count > 0)
        learn_grant_drop(policy, policy->grant_count - 1);
    free(policy->grants);
    free(policy->rules);
}

/* ---- which part ---- */

static void up(char *below)
{
    char *slash = strrchr(below, '/');
    *(slash ? slash : below) = 0;
}

static uint32_t depth_of(const char *below)
{
    uint32_t depth = below[0] != 0;
    for (; *below; below++)
        depth += *below == '/';
    return depth;
}

static bool lies_in(const char *path, const char *directory)
{
    if (!directory[0])
        return true;
    size_t length = strlen(directory);
    while (length > 0 && directory[length - 1] == '/')
        length--;
    return strncmp(path, directory, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* Whether `below` is a directory here, reached through directories alone. *ret_here: it is. */
static bool is_plain(const char *host, const char *below, bool *ret_here, enum status *ret_status)
{
    char *path = learn_path(host, below), *at = path ? path + strlen(host) : NULL;
    struct stat st;
    bool plain = true;
    if (!path) {
        *ret_status = STATUS_NO_MEMORY;
        return false;
    }
    *ret_here = true;
    while (plain && *ret_here && *at) {
        char *end = strchr(at + 1, '/');
        if (end)
            *end = 0;
        *ret_here = lstat(path, &st) == 0;
        plain = !*ret_here || !S_ISLNK(st.st_mode);
        *ret_here = *ret_here && S_ISDIR(st.st_mode);
        if (end)
            *end = '/';
        at = end ? end : at + strlen(at);
    }
    free(path);
    return plain;
}

static bool same_machine(const struct learn_run *run)
{
    struct utsname here;
    return uname(&here) == 0 && run->spec.facts.host && strcmp(run->spec.facts.host, here.nodename) == 0;
}

/* Brings a part to where it may be granted. */
static enum status part_settle(const struct learn *learn, const struct learn_run *run, uint32_t preopen, char *below)
{
    enum status s = STATUS_OK;
    bool here = false;
    if (!run->by_name || run->flat[preopen] || learn->unseen || !same_machine(run) ||
        learn_host(run, preopen)[0] != '/')
        below[0] = 0;
    while (depth_of(below) > learn->depth)
        up(below);
    while (s == STATUS_OK && below[0]) {
        if (!is_plain(learn_host(run, preopen), below, &here, &s))
            below[0] = 0;
        else if (here)
            break;
        else
            up(below);
    }
    return s;
}

/* ---- grants ---- */

static bool same_base(const struct learn_grant *a, const struct learn_grant *b)
{
    return strcmp(a->host, b->host) == 0 && strcmp(a->guest, b->guest) == 0;
}

static enum status grant_add(struct learn_policy *policy, uint32_t at, const char *host, const char *guest,
                             const char *below, bool writes, struct error *error)
{
    if (!policy->grants)
        policy->grants = calloc(LEARN_USES_MAX, sizeof *policy->grants);
    if (!policy->grants)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (policy->grant_count == LEARN_USES_MAX)
        return error_set(error, STATUS_LIMIT, "more than %d directories", LEARN_USES_MAX);
    struct learn_grant made = { strdup(host), strdup(guest), strdup(below), writes, false, false };
    if (!made.host || !made.guest || !made.below) {
        free(made.host);
        free(made.guest);
        free(made.below);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    memmove(&policy->grants[at + 1], &policy->grants[at], (policy->grant_count - at) * sizeof made);
    policy->grants[at] = made;
    policy->grant_count++;
    return STATUS_OK;
}

/* Whether another grant gives as much. */
static bool is_covered(const struct learn_policy *policy, uint32_t index)
{
    const struct learn_grant *inner = &policy->grants[index];
    for (uint32_t i = 0; i < policy->grant_count; i++) {
        const struct learn_grant *outer = &policy->grants[i];
        if (i != index && same_base(outer, inner) && lies_in(inner->below, outer->below) &&
            (outer->writes || !inner->writes))
            return true;
    }
    return false;
}

/* The same part once, and none in another that gives as much. */
static void absorb(struct learn_policy *policy)
{
    for (uint32_t i = 0; i < policy->grant_count; i++)
        for (uint32_t k = 0; policy->grants[i].keeps_place && k < policy->grant_count; k++)
            if (same_base(&policy->grants[i], &policy->grants[k]) && policy->grants[k].below[0] == 0)
                policy->grants[i].writes |= policy->grants[k].writes;
    for (uint32_t i = policy->grant_count; i-- > 0;)
        if (!policy->grants[i].keeps_place && is_covered(policy, i))
            learn_grant_drop(policy, i);
}

void learn_part_raise(struct learn *learn, uint32_t grant)
{
    up(learn->policy.grants[grant].below);
    absorb(&learn->policy);
}

/* Few grants beneath each directory: the deepest are raised. */
static void gather(struct learn_policy *policy)
{
    for (uint32_t i = 0; i < policy->grant_count; i++) {
        uint32_t parts = 0, deepest = 0;
        for (uint32_t k = 0; k < policy->grant_count; k++) {
            if (!same_base(&policy->grants[i], &policy->grants[k]))
                continue;
            uint32_t depth = depth_of(policy->grants[k].below);
            parts++;
            deepest = depth > deepest ? depth : deepest;
        }
        if (parts <= LEARN_PARTS_MAX)
            continue;
        for (uint32_t k = 0; k < policy->grant_count; k++)
            if (same_base(&policy->grants[i], &policy->grants[k]) && depth_of(policy->grants[k].below) == deepest)
                up(policy->grants[k].below);
        absorb(policy);
        i = UINT32_MAX; /* from the first again */
    }
}

/* What is granted for reading may not lie in what is granted for writing under another name: no run would start. */
static enum status overlaps(struct learn_policy *policy, struct error *error)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < policy->grant_count; i++)
            for (uint32_t k = 0; k < policy->grant_count; k++) {
                struct learn_grant *outer = &policy->grants[i], *inner = &policy->grants[k];
                if (i == k || !outer->writes || inner->writes)
                    continue;
                char *a = learn_path(outer->host, outer->below), *b = learn_path(inner->host, inner->below);
                bool in = a && b && lies_in(b, a);
                bool failed = !a || !b;
                free(a);
                free(b);
                if (failed)
                    return error_set(error, STATUS_NO_MEMORY, "out of memory");
                inner->writes = inner->raised = inner->writes || in;
                again |= in;
            }
    }
    return STATUS_OK;
}

/* ---- runs that count their descriptors ---- */

static bool uses_preopen(const struct learn_run *run, uint32_t preopen)
{
    for (uint32_t i = 0; i < run->use_count; i++)
        if (run->uses[i].preopen == preopen)
            return true;
    return false;
}

/* The directories that come first, in their order. A socket that listens is found by its number, behind all of them. */
static enum status places_keep(struct learn *learn, const struct learn_run *run, struct error *error)
{
    struct learn_policy *policy = &learn->policy;
    const struct policy *was = &run->spec.policy;
    uint32_t count = was->listen_count > 0 ? was->file_count : 0;
    for (uint32_t i = 0; i < was->file_count; i++)
        if (!run->by_name && uses_preopen(run, i))
            count = i + 1 > count ? i + 1 : count;
    for (uint32_t i = 0; i < count; i++) {
        const char *host = learn_host(run, i), *guest = was->files[i].guest;
        if (i < policy->grant_count && policy->grants[i].keeps_place) {
            if (strcmp(policy->grants[i].host, host) == 0 && strcmp(policy->grants[i].guest, guest) == 0)
                continue;
            return error_set(error, STATUS_DENIED,
                             "%s: its guest finds directories by the numbers of their descriptors, and another run has "
                             "another one at number %u: learn a policy for each",
                             run->path, 3 + i);
        }
        enum status s = grant_add(policy, i, host, guest, "", false, error);
        if (s != STATUS_OK)
            return s;
        policy->grants[i].keeps_place = true;
    }
    return STATUS_OK;
}

/* Whether the part is on the list; then it has the access of both. */
static bool is_there(struct learn_policy *policy, const char *host, const char *guest, const struct learn_use *use)
{
    for (uint32_t i = 0; i < policy->grant_count; i++) {
        struct learn_grant *grant = &policy->grants[i];
        if (strcmp(grant->below, use->below) != 0 || strcmp(grant->guest, guest) != 0 || strcmp(grant->host, host) != 0)
            continue;
        grant->writes |= use->writes;
        return true;
    }
    return false;
}

static enum status run_parts(struct learn *learn, const struct learn_run *run, struct error *error)
{
    const struct policy *was = &run->spec.policy;
    enum status s = STATUS_OK;
    for (uint32_t i = 0; s == STATUS_OK && i < run->use_count; i++) {
        struct learn_use *use = &run->uses[i];
        const char *host = learn_host(run, use->preopen), *guest = was->files[use->preopen].guest;
        s = part_settle(learn, run, use->preopen, use->below);
        if (s == STATUS_OK && !is_there(&learn->policy, host, guest, use))
            s = grant_add(&learn->policy, learn->policy.grant_count, host, guest, use->below, use->writes, error);
    }
    return s;
}

static enum status names_differ(const struct learn_policy *policy, struct error *error)
{
    for (uint32_t i = 0; i < policy->grant_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(policy->grants[i].guest, policy->grants[k].guest) == 0 &&
                strcmp(policy->grants[i].host, policy->grants[k].host) != 0)
                return error_set(
                    error, STATUS_DENIED,
                    "two runs were granted different directories as %s (%s and %s): learn a policy for each",
                    policy->grants[i].guest, policy->grants[k].host, policy->grants[i].host);
    return STATUS_OK;
}

/* ---- the other lists ---- */

static enum status texts_add(char **list, uint32_t *count, uint32_t most, char *const *more, uint32_t more_count,
                             const char *what, struct error *error)
{
    for (uint32_t i = 0; i < more_count; i++) {
        uint32_t k = 0;
        while (k < *count && strcmp(list[k], more[i]) != 0)
            k++;
        if (k < *count)
            continue;
        if (*count == most)
            return error_set(error, STATUS_DENIED, "the runs have more than %u %s together: learn a policy for each",
                             most, what);
        list[(*count)++] = more[i];
    }
    return STATUS_OK;
}

static enum status lists_add(struct learn_policy *policy, const struct learn_run *run, struct error *error)
{
    const struct policy *was = &run->spec.policy;
    enum status s =
        texts_add(policy->names, &policy->name_count, LIMIT_NAMES, was->names, was->name_count, "names", error);
    if (s == STATUS_OK)
        s = texts_add(policy->devices, &policy->device_count, LIMIT_DEVICES, was->devices, was->device_count, "devices",
                      error);
    for (uint32_t i = 0; s == STATUS_OK && i < was->listen_count; i++) {
        uint32_t k = 0;
        while (k < policy->listen_count && memcmp(&policy->listens[k], &was->listens[i], sizeof *was->listens) != 0)
            k++;
        if (k < policy->listen_count)
            continue;
        if (policy->listen_count == LIMIT_LISTENERS)
            return error_set(error, STATUS_DENIED, "more than %d listening sockets", LIMIT_LISTENERS);
        policy->listens[policy->listen_count++] = was->listens[i];
    }
    return s;
}

enum status learn_parts(struct learn *learn, struct error *error)
{
    enum status s = STATUS_OK;
    for (uint32_t i = 0; s == STATUS_OK && i < learn->run_count; i++)
        s = places_keep(learn, &learn->runs[i], error);
    for (uint32_t i = 0; s == STATUS_OK && i < learn->run_count; i++) {
        s = run_parts(learn, &learn->runs[i], error);
        if (s == STATUS_OK)
            s = lists_add(&learn->policy, &learn->runs[i], error);
    }
    if (s == STATUS_OK)
        s = names_differ(&learn->policy, error);
    if (s != STATUS_OK)
        return s;
    absorb(&learn->policy);
    gather(&learn->policy);
    return overlaps(&learn->policy, error);
}
