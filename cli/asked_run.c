/* Puts a run's description together with a policy that it did not have.
 *
 * Invariants: what a policy grants is what lies at its paths here and now; a directory of the run's is known again by
 * its resolved path and, on the same machine, by what it is. One of the policy that the run did not have is an object
 * of which the trace knows nothing, or a part of one that it had. */
#include "cli/asked_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli/policy_places.h"
#include "tracer/trace.h"
#include "wasi/policy/policy.h"
#include "wasi/start.h"

enum { STREAMS = 3 };

static char *copy_of(const char *text) { return strdup(text ? text : ""); }

/* Which of the run's directories lies there; UINT32_MAX: none. */
static uint32_t directory_of(const struct run_spec *was, const struct check_place *place)
{
    struct utsname here;
    const bool same = uname(&here) == 0 && was->facts.host && strcmp(was->facts.host, here.nodename) == 0;
    for (uint32_t i = 0; i < was->policy.file_count; i++) {
        const struct run_initial *initial = &was->initial[STREAMS + i];
        if (!initial->path || strcmp(initial->path, place->path) != 0)
            continue;
        if (!same || !place->here || place->ino == initial->ino)
            return i;
    }
    return UINT32_MAX;
}

/* A directory that the run did not have: a part of one that it had is on the same device, and as doubtful. */
static struct run_initial other_directory(const struct run_spec *was, const struct check_place *place)
{
    struct run_initial initial = { .filetype = FILETYPE_DIRECTORY, .doubtful = true };
    size_t deepest = 0;
    for (uint32_t i = 0; i < was->policy.file_count; i++) {
        const struct run_initial *whole = &was->initial[STREAMS + i];
        size_t length = whole->path ? strlen(whole->path) : 0;
        if (length > deepest && strncmp(place->path, whole->path, length) == 0 && place->path[length] == '/') {
            deepest = length;
            initial.dev = whole->dev;
            initial.doubtful = whole->doubtful;
        }
    }
    return initial;
}

static enum status initials_fill(const struct run_spec *was, const struct check_place *places, struct run_spec *now,
                                 struct error *error)
{
    const struct policy *policy = &now->policy;
    const uint32_t count = run_spec_initials(policy), sockets = STREAMS + policy->file_count;
    struct run_initial *initial = calloc(count, sizeof *initial);
    if (!initial)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < now->initial_count; i++)
        free(now->initial[i].path);
    free(now->initial);
    now->initial = initial;
    now->initial_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t of = i < STREAMS ? i : UINT32_MAX;
        if (i >= STREAMS && i < sockets) {
            of = directory_of(was, &places[i - STREAMS]);
            of = of != UINT32_MAX ? STREAMS + of : of;
            initial[i] = other_directory(was, &places[i - STREAMS]);
        } else if (i >= sockets) {
            initial[i].filetype = FILETYPE_SOCKET_STREAM;
        }
        if (of != UINT32_MAX)
            initial[i] = was->initial[of];
        if (i >= sockets && !run_spec_is_resolver(now, i))
            initial[i].address = policy->listens[i - sockets];
        initial[i].path = copy_of(of != UINT32_MAX              ? was->initial[of].path
                                  : i >= STREAMS && i < sockets ? places[i - STREAMS].path
                                                                : "");
        if (!initial[i].path)
            return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    return STATUS_OK;
}

static enum status nodes_fill(const struct run_spec *was, struct run_spec *now, struct error *error)
{
    const struct policy *policy = &now->policy;
    free(now->nodes);
    now->node_count = policy->device_count;
    now->nodes = calloc(policy->device_count + (size_t)1, sizeof *now->nodes);
    if (!now->nodes)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < policy->device_count; i++)
        for (uint32_t k = 0; k < was->policy.device_count && k < was->node_count; k++)
            if (strcmp(policy->devices[i], was->policy.devices[k]) == 0)
                now->nodes[i] = was->nodes[k];
    return STATUS_OK;
}

static enum status asked_read(const char *trace, const struct asked_policy *policy, struct run_spec *was,
                              struct run_spec *now, struct error *error)
{
    struct trace_reader *reader;
    struct check_place *places = NULL;
    size_t size;
    enum status s = trace_reader_open(trace, &reader, error);
    if (s != STATUS_OK)
        return s;
    const void *bytes = trace_reader_description(reader, &size);
    s = run_spec_decode(bytes, size, was, error);
    if (s == STATUS_OK)
        s = run_spec_decode(bytes, size, now, error);
    trace_reader_close(reader);
    if (s != STATUS_OK)
        return s;
    policy_done(&now->policy);
    policy_init(&now->policy);
    s = policy_parse_yaml(policy->text, policy->size, policy->name, &now->policy, error);
    if (s == STATUS_OK)
        s = policy_places_find(&now->policy, &places, error);
    if (s == STATUS_OK)
        s = initials_fill(was, places, now, error);
    if (s == STATUS_OK)
        s = nodes_fill(was, now, error);
    policy_places_free(places, now->policy.file_count);
    return s;
}

enum status asked_run(const char *trace, const struct asked_policy *policy, const struct replay_process *process,
                      const struct replay_options *more, struct replay_report *ret, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    struct replay_process copy = *process;
    struct run_spec was, now;
    run_spec_init(&was);
    run_spec_init(&now);
    enum status s = asked_read(trace, policy, &was, &now, error);
    if (s == STATUS_OK)
        run_spec_encode(&now, &bytes);
    const struct replay_options options = { .trace_path = trace,
                                            .asked = bytes.data,
                                            .asked_size = bytes.size,
                                            .assume_output = more->assume_output,
                                            .told = more->told,
                                            .told_self = more->told_self };
    if (s == STATUS_OK)
        s = bytes.status == STATUS_OK ? replay_process_run(&copy, &options, ret, error)
                                      : error_set(error, bytes.status, "out of memory");
    buffer_done(&bytes);
    run_spec_done(&was);
    run_spec_done(&now);
    return s;
}
