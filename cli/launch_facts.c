/* The description of a run: what the launcher knows of it, and the sealed file from which the recorder takes it. */
#include "cli/launch.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/tiers.h"
#include "runtime/base/os.h"
#include "wasi/backend.h"

static bool text_put(char **ret, const char *text)
{
    free(*ret);
    *ret = strdup(text);
    return *ret != NULL;
}

/* Where the granted directories lay when they were opened; what cannot be found out stays empty. */
static bool paths_put(struct run_spec *spec, const struct launch_files *files)
{
    char path[LIMIT_PATH + 1];
    for (uint32_t i = 0; i < spec->policy.file_count; i++)
        if (os_descriptor_path(files->grants[i], path, sizeof path) && !text_put(&spec->initial[3 + i].path, path))
            return false;
    return true;
}

static bool policy_hash_put(struct run_spec *spec)
{
    struct buffer bytes = BUFFER_INIT;
    policy_encode(&spec->policy, &bytes);
    bool whole = bytes.status == STATUS_OK;
    if (whole)
        crypto_generichash(spec->facts.policy_hash, sizeof spec->facts.policy_hash, bytes.data, bytes.size, NULL, 0);
    buffer_done(&bytes);
    return whole;
}

/* How the guest's process resolves paths. The kernel follows as many links as it likes to. */
static enum status walker_choose(struct run_facts *facts, uint32_t links, struct error *error)
{
    bool whole = act_host_has_openat2(), counted = links < LIMIT_WALK_LINKS;
    if (facts->walker_asked == RUN_WALKER_OPENAT2 && counted)
        return error_set(error, STATUS_UNSUPPORTED,
                         "openat2 follows %d links, and the policy's limits.links is %u; leave --walker openat2 out",
                         LIMIT_WALK_LINKS, links);
    if (facts->walker_asked == RUN_WALKER_OPENAT2 && !whole)
        return error_set(error, STATUS_UNSUPPORTED,
                         "this system has no openat2, or refuses it; --walker components does without");
    bool walks = facts->walker_asked == RUN_WALKER_COMPONENTS || !whole || counted;
    facts->walker = walks ? RUN_WALKER_COMPONENTS : RUN_WALKER_OPENAT2;
    return STATUS_OK;
}

enum status launch_facts_fill(struct run_spec *spec, const struct launch_files *files, struct error *error)
{
    struct run_facts *facts = &spec->facts;
    struct utsname machine;
    enum status s = walker_choose(facts, spec->policy.limits.links, error);
    if (s != STATUS_OK)
        return s;
    if (uname(&machine) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot ask for the system's name");
    /* Until the guest's process says what held. */
    for (unsigned line = 0; line < CONFINE_LINE_COUNT; line++)
        facts->line_held[line] = facts->lines_asked >> line & 1 ? CONFINE_FAILED : CONFINE_OFF;
    facts->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    bool whole = text_put(&facts->version, WARRANT_VERSION) &&
                 (facts->tier || text_put(&facts->tier, tier_name(RT_TIER_INTERPRETER))) &&
                 text_put(&facts->arch, machine.machine) && text_put(&facts->os, machine.sysname) &&
                 text_put(&facts->kernel, machine.release) && text_put(&facts->host, machine.nodename) &&
                 paths_put(spec, files) && policy_hash_put(spec);
    return whole ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

enum status launch_facts_seal(const struct run_spec *spec, struct launch_files *files, struct error *error)
{
    struct buffer stored = BUFFER_INIT;
    run_spec_encode(spec, &stored);
    enum status s = stored.status;
    if (s != STATUS_OK)
        error_set(error, s, "out of memory for the description of the run");
    else if (write(files->spec, stored.data, stored.size) != (ssize_t)stored.size ||
             !os_memory_seal(&files->spec, &files->spec_reader))
        s = error_set_errno(error, STATUS_IO, errno, "cannot write the description of the run");
    crypto_generichash(files->spec_hash, sizeof files->spec_hash, stored.data, stored.size, NULL, 0);
    buffer_done(&stored);
    return s;
}
