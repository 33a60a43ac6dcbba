/* Holds what a run is granted: structs, their limits, and the grants that the command line adds.
 *
 * Invariant: every grant in a struct policy has passed the checks here, whether it came from YAML, an option or a
 * trace. Left out on purpose: deciding (wasi/decide), and opening anything. */
#include "wasi/policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void policy_init(struct policy *policy)
{
    *policy = (struct policy) {
        .version = 1,
        .on_violation = POLICY_VIOLATION_ERRNO,
    };
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++)
        policy_limit_set(&policy->limits, &policy_limit_rows[i], policy_limit_rows[i].unset);
}

void policy_done(struct policy *policy)
{
    if (!policy)
        return;
    for (uint32_t i = 0; i < policy->file_count; i++) {
        free(policy->files[i].host);
        free(policy->files[i].guest);
        free(policy->files[i].said);
    }
    for (uint32_t i = 0; i < policy->device_count; i++) {
        free(policy->devices[i]);
        free(policy->device_said[i]);
    }
    for (uint32_t i = 0; i < policy->name_count; i++)
        free(policy->names[i]);
    free(policy->files);
    free((void *)policy->devices);
    free((void *)policy->device_said);
    free(policy->networks);
    free(policy->listens);
    free((void *)policy->names);
    *policy = (struct policy) { 0 };
}

/* The next name of a path: empty ones and "." are none. *ret_size 0: there is no other. */
static const char *name_next(const char *at, size_t *ret_size)
{
    for (;;) {
        at += strspn(at, "/");
        *ret_size = strcspn(at, "/");
        if (*ret_size != 1 || *at != '.')
            return at;
        at++;
    }
}

/* Whether a guest means the same directory by both. What `..` leaves is not asked for: it is a name like others. */
static bool guest_same(const char *a, const char *b)
{
    size_t size, other;
    if ((*a == '/') != (*b == '/'))
        return false;
    do {
        a = name_next(a, &size);
        b = name_next(b, &other);
        if (size != other || memcmp(a, b, size) != 0)
            return false;
        a += size;
        b += other;
    } while (size);
    return true;
}

static enum status file_check(const struct policy *policy, const char *host, const char *guest, struct error *error)
{
    if (!*host)
        return error_set(error, STATUS_INVALID, "a granted directory has no host path");
    if (!*guest)
        return error_set(error, STATUS_INVALID, "the granted directory %s has an empty guest path", host);
    if (strlen(host) > LIMIT_PATH || strlen(guest) > LIMIT_PATH)
        return error_set(error, STATUS_LIMIT, "the path of a granted directory is longer than %d bytes", LIMIT_PATH);
    if (policy->file_count >= LIMIT_PREOPENS)
        return error_set(error, STATUS_LIMIT, "more than %d directories are granted", LIMIT_PREOPENS);
    for (uint32_t i = 0; i < policy->file_count; i++)
        if (guest_same(policy->files[i].guest, guest))
            return error_set(error, STATUS_INVALID, "the guest path %s is granted twice (%s%s%s, %s)", guest,
                             policy->files[i].said ? policy->files[i].said : "", policy->files[i].said ? ": " : "",
                             policy->files[i].host, host);
    return STATUS_OK;
}

static enum status said_keep(char **to, const char *said, struct error *error)
{
    char *copy = said ? strdup(said) : NULL;
    if (said && !copy)
        return error_set(error, STATUS_NO_MEMORY, "no memory for where a grant was given");
    free(*to);
    *to = copy;
    return STATUS_OK;
}

enum status policy_file_said(struct policy *policy, const char *said, struct error *error)
{
    struct policy_file *last = policy->file_count ? &policy->files[policy->file_count - 1] : NULL;
    return last ? said_keep(&last->said, said, error) : error_set(error, STATUS_INTERNAL, "no directory was granted");
}

enum status policy_add_file(struct policy *policy, const char *host, const char *guest, bool writes,
                            struct error *error)
{
    enum status status = file_check(policy, host, guest, error);
    if (status != STATUS_OK)
        return status;
    struct policy_file *files = realloc(policy->files, (policy->file_count + (size_t)1) * sizeof *files);
    if (!files)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a granted directory");
    policy->files = files;
    struct policy_file *file = &files[policy->file_count];
    *file = (struct policy_file) { strdup(host), strdup(guest), writes, NULL };
    if (!file->host || !file->guest) {
        free(file->host);
        free(file->guest);
        return error_set(error, STATUS_NO_MEMORY, "no memory for a granted directory");
    }
    policy->file_count++;
    return STATUS_OK;
}

enum status policy_add_dir_option(struct policy *policy, const char *text, struct error *error)
{
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, STATUS_NO_MEMORY, "no memory for --dir %s", text);
    size_t size = strlen(copy);
    bool writes = true;
    if (size >= 3 && !strcmp(copy + size - 3, ":ro")) {
        writes = false;
        copy[size - 3] = 0;
    }
    char *guest = strstr(copy, "::");
    if (guest) {
        *guest = 0;
        guest += 2;
    }
    enum status status = policy_add_file(policy, copy, guest ? guest : copy, writes, error);
    if (status != STATUS_OK)
        error_prefix(error, "--dir %s", text);
    free(copy);
    size_t room = sizeof "--dir " + strlen(text);
    char *said = status == STATUS_OK ? malloc(room) : NULL;
    if (said) {
        snprintf(said, room, "--dir %s", text);
        status = policy_file_said(policy, said, error);
    }
    free(said);
    return status;
}

static bool device_named(const char *text)
{
    static const char *const names[] = { "null", "zero", "full", "random", "urandom" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], text))
            return true;
    return false;
}

enum status policy_add_device(struct policy *policy, const char *text, struct error *error)
{
    static const char folder[] = "/dev/";
    bool named = device_named(text);
    if (!named && text[0] != '/')
        return error_set(error, STATUS_INVALID,
                         "%s is no device: null, zero, full, random, urandom or an absolute path is wanted", text);
    if (strlen(text) + sizeof folder > LIMIT_PATH)
        return error_set(error, STATUS_LIMIT, "the path of a device is longer than %d bytes", LIMIT_PATH);
    if (policy->device_count >= LIMIT_DEVICES)
        return error_set(error, STATUS_LIMIT, "more than %d devices are listed", LIMIT_DEVICES);
    size_t bytes = (policy->device_count + (size_t)1) * sizeof(char *);
    char **grown = (char **)realloc((void *)policy->devices, bytes);
    char **said = (char **)realloc((void *)policy->device_said, bytes);
    if (grown)
        policy->devices = grown;
    if (said)
        policy->device_said = said;
    size_t room = strlen(text) + sizeof folder;
    char *path = malloc(room);
    if (!grown || !said || !path) {
        free(path);
        return error_set(error, STATUS_NO_MEMORY, "no memory for the policy's devices");
    }
    snprintf(path, room, "%s%s", named ? folder : "", text);
    policy->device_said[policy->device_count] = NULL;
    policy->devices[policy->device_count++] = path;
    return STATUS_OK;
}

enum status policy_device_said(struct policy *policy, const char *said, struct error *error)
{
    char **last = policy->device_count ? &policy->device_said[policy->device_count - 1] : NULL;
    return last ? said_keep(last, said, error) : error_set(error, STATUS_INTERNAL, "no device was listed");
}
