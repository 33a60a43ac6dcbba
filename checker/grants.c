/* Holds the grants of a run against those of a policy.
 *
 * Invariants: a directory is granted by where it is and by what it is (resolved path; device and inode, where both were
 * seen on one machine), never by its place in a list or by the name that the guest has for it. Of several grants that
 * hold a directory the widest counts. What cannot be told is said, and is no yes. Left out on purpose: bind mounts
 * between a policy's directory and one that lies in it under another path: they count as not granted. docs/policy.md.
 */
#include "checker/grants.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "runtime/base/text.h"

/* Where the granted directory lay when it was opened; "": not known. */
static const char *run_path(const struct run_spec *spec, uint32_t index)
{
    const char *path = spec->initial[3 + index].path;
    return path ? path : "";
}

/* Whether devices and inodes of then mean anything here. A machine is known by its name. */
static bool same_machine(const struct run_spec *spec, const struct check_options *options)
{
    const char *then = spec->facts.host, *now = options->host;
    return !then || !then[0] || !now || strcmp(then, now) == 0;
}

/* Whether `path` lies somewhere below `directory`; both absolute and resolved. */
static bool lies_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    while (length > 0 && directory[length - 1] == '/')
        length--;
    return strncmp(path, directory, length) == 0 && path[length] == '/' && path[length + 1] != 0;
}

/* How one directory of the policy stands to that of the run. */
enum relation { RELATION_NONE, RELATION_HOLDS, RELATION_PART, RELATION_REPLACED };
static enum relation relate(const struct run_initial *was, const char *path, const struct check_place *place, bool same)
{
    bool known = path[0] == '/' && place->path;
    bool object = same && place->here && was->dev == place->dev && was->ino == place->ino;
    if (object)
        return RELATION_HOLDS;
    if (known && strcmp(path, place->path) == 0)
        /* Devices get new numbers when a machine starts again; a directory keeps its inode. */
        return same && place->here && was->ino != place->ino ? RELATION_REPLACED : RELATION_HOLDS;
    if (known && lies_below(path, place->path))
        return RELATION_HOLDS;
    return known && lies_below(place->path, path) ? RELATION_PART : RELATION_NONE;
}

static void describe(const struct run_spec *spec, uint32_t index, struct buffer *out)
{
    const struct policy_file *file = &spec->policy.files[index];
    const char *path = run_path(spec, index);
    const struct run_initial *was = &spec->initial[3 + index];
    buffer_string(out, file->writes ? "the run was granted for writing: " : "the run was granted for reading: ");
    text_plain(out, path[0] ? path : file->host, strlen(path[0] ? path : file->host));
    buffer_string(out, " as ");
    text_plain(out, file->guest, strlen(file->guest));
    buffer_printf(out, " (inode %" PRIu64 " on device %" PRIu64 ")", was->ino, was->dev);
}

static void say(const struct run_spec *spec, uint32_t index, const char *why, const struct check_place *place,
                struct grants_ruling *ret)
{
    struct buffer text = BUFFER_INIT;
    describe(spec, index, &text);
    buffer_string(&text, why);
    if (place)
        text_plain(&text, place->path, strlen(place->path));
    text_copy(&text, ret->text, sizeof ret->text);
    buffer_done(&text);
}

/* What the policy's directories are to the run's. */
struct comparison {
    const struct check_place *part, *replaced; /* NULL: none is */
    bool holds, writes, blind;                 /* blind: one cannot be told from the run's */
};

static struct comparison compare(const struct run_spec *spec, const struct check_options *options, uint32_t index)
{
    struct comparison c = { 0 };
    const char *path = run_path(spec, index);
    bool same = same_machine(spec, options);
    for (uint32_t i = 0; i < options->policy->file_count && options->places; i++) {
        const struct check_place *place = &options->places[i];
        enum relation relation = relate(&spec->initial[3 + index], path, place, same);
        c.holds |= relation == RELATION_HOLDS;
        c.writes |= relation == RELATION_HOLDS && options->policy->files[i].writes;
        c.part = relation == RELATION_PART ? place : c.part;
        c.replaced = relation == RELATION_REPLACED ? place : c.replaced;
        c.blind |= path[0] != '/' && (!same || !place->here);
    }
    return c;
}

void grants_rule(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                 struct grants_ruling *ret)
{
    bool own = spec->policy.files[index].writes;
    *ret = (struct grants_ruling) { GRANTS_FULL, own ? JUDGE_GRANT_WRITE : JUDGE_GRANT_READ, "" };
    if (!options->policy)
        return;
    struct comparison c = compare(spec, options, index);
    if (c.holds) {
        ret->grant = c.writes ? JUDGE_GRANT_WRITE : JUDGE_GRANT_READ;
        return;
    }
    ret->answer = GRANTS_UNKNOWN;
    if (c.replaced) {
        say(spec, index,
            "; another directory lies there now, so it cannot be told whether the policy means it: ", c.replaced, ret);
    } else if (c.part) {
        say(spec, index,
            "; the policy grants only a part of it, and which names the run used there is not followed: ", c.part, ret);
    } else if (c.blind) {
        say(spec, index, "; the trace does not say where it lay, so it cannot be told whether the policy means it",
            NULL, ret);
    } else {
        ret->answer = GRANTS_NONE;
        ret->grant = JUDGE_GRANT_NONE;
        say(spec, index, ", which the policy does not grant", NULL, ret);
    }
}

/* Whether `has` holds what the run's guest was given; else says so. */
static bool listed(char *const *has, uint32_t count, const char *given, const char *what, struct grants_ruling *ret)
{
    *ret = (struct grants_ruling) { GRANTS_FULL, JUDGE_GRANT_NONE, "" };
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(has[i], given) == 0)
            return true;
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "the run's guest was allowed to %s ", what);
    text_plain(&text, given, strlen(given));
    buffer_string(&text, ", which the policy does not list");
    ret->answer = GRANTS_NONE;
    text_copy(&text, ret->text, sizeof ret->text);
    buffer_done(&text);
    return false;
}

bool grants_device(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                   struct grants_ruling *ret)
{
    const struct policy *policy = options->policy ? options->policy : &spec->policy;
    return listed(policy->devices, policy->device_count, spec->policy.devices[index], "open the device", ret);
}

bool grants_name(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                 struct grants_ruling *ret)
{
    const struct policy *policy = options->policy ? options->policy : &spec->policy;
    return listed(policy->names, policy->name_count, spec->policy.names[index], "resolve the name", ret);
}

/* What is known of a run's use of a limit; UINT64_MAX: nothing. */
static uint64_t limit_used(uint32_t limit, const struct run_spec *spec, const struct trace_exit *exit)
{
    if (limit == POLICY_LIMIT_module_bytes)
        return spec->module_size;
    return limit == POLICY_LIMIT_fuel && exit ? exit->instructions : UINT64_MAX;
}

bool grants_listen(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                   struct grants_ruling *ret)
{
    char address[64];
    *ret = (struct grants_ruling) { GRANTS_FULL, JUDGE_GRANT_NONE, "" };
    if (!options->policy || judge_policy_listens(options->policy, &spec->policy.listens[index]))
        return true;
    policy_address_text(&spec->policy.listens[index], address, sizeof address);
    ret->answer = GRANTS_NONE;
    snprintf(ret->text, sizeof ret->text,
             "the run's guest was given a socket that listens at %s, which the policy does not have", address);
    return false;
}

uint32_t grants_limits(const struct run_spec *spec, const struct check_options *options, const struct trace_exit *exit,
                       struct buffer *out)
{
    const struct policy *policy = options->policy;
    uint32_t count = 0;
    if (!policy)
        return 0;
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        uint64_t had = policy_limit_get(&spec->policy.limits, row), has = policy_limit_get(&policy->limits, row);
        uint64_t used = limit_used(i, spec, exit);
        if (had <= has || used <= has)
            continue;
        buffer_printf(out, "%s%s: the policy allows %" PRIu64 ", the run ", count > 0 ? "; " : "", row->key, has);
        if (used != UINT64_MAX)
            buffer_printf(out, "used %" PRIu64, used);
        else if (had == UINT64_MAX)
            buffer_string(out, "had no limit, and what it used is not known");
        else
            buffer_printf(out, "had %" PRIu64 ", and what it used is not known", had);
        count++;
    }
    return count;
}
