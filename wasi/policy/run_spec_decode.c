/* Reads the stored form of what is started (layout: run_spec.c) out of hostile bytes.
 *
 * Invariant: what decode accepts encodes back to the same bytes, holds no value outside its range, and nothing was
 * allocated for a count that the remaining bytes cannot fill. Left out on purpose: whether the grants make sense on
 * this machine; a trace is read where they do not exist. */
#include "wasi/policy/policy.h"
#include "runtime/base/try.h"

#include <stdlib.h>
#include <string.h>

enum { SPEC_INITIAL_MAX = 4 + LIMIT_PREOPENS + LIMIT_LISTENERS, SPEC_FILETYPE_MAX = 7 };
enum {
    FILE_BYTES_MIN = 9,
    NETWORK_BYTES = 24,
    TEXT_BYTES_MIN = 4,
    INITIAL_BYTES_MIN = 30,
    LISTEN_BYTES = 19,
    NODE_BYTES = 24
};

static enum status count_decode(struct cursor *c, uint32_t most, size_t element, uint32_t *ret)
{
    TRY(cursor_u32(c, ret));
    if (*ret > most)
        return STATUS_LIMIT;
    return *ret > cursor_left(c) / element ? STATUS_TRUNCATED : STATUS_OK;
}

static enum status text_decode(struct cursor *c, size_t most, char **ret)
{
    uint32_t size;
    const uint8_t *bytes;
    TRY(cursor_u32(c, &size));
    if (size > most)
        return STATUS_LIMIT;
    TRY(cursor_bytes(c, size, &bytes));
    if (size && memchr(bytes, 0, size))
        return STATUS_MALFORMED;
    char *text = malloc((size_t)size + 1);
    if (!text)
        return STATUS_NO_MEMORY;
    if (size)
        memcpy(text, bytes, size);
    text[size] = 0;
    *ret = text;
    return STATUS_OK;
}

static enum status copy_decode(struct cursor *c, uint8_t *ret, size_t size)
{
    const uint8_t *bytes;
    TRY(cursor_bytes(c, size, &bytes));
    memcpy(ret, bytes, size);
    return STATUS_OK;
}

static enum status files_decode(struct cursor *c, struct policy *policy)
{
    uint32_t count;
    TRY(count_decode(c, LIMIT_PREOPENS, FILE_BYTES_MIN, &count));
    for (uint32_t i = 0; i < count; i++) {
        char *host = NULL, *guest = NULL;
        uint8_t writes = 0;
        enum status status = text_decode(c, LIMIT_PATH, &host);
        if (status == STATUS_OK)
            status = text_decode(c, LIMIT_PATH, &guest);
        if (status == STATUS_OK)
            status = cursor_u8(c, &writes);
        if (status == STATUS_OK)
            status = writes > 1 ? STATUS_MALFORMED : policy_add_file(policy, host, guest, writes, NULL);
        free(host);
        free(guest);
        TRY(status);
    }
    return STATUS_OK;
}

static enum status networks_decode(struct cursor *c, struct policy *policy)
{
    uint32_t count;
    TRY(count_decode(c, LIMIT_NETWORK_RULES, NETWORK_BYTES, &count));
    if (!count)
        return STATUS_OK;
    policy->networks = calloc(count, sizeof *policy->networks);
    if (!policy->networks)
        return STATUS_NO_MEMORY;
    policy->network_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct net_rule *rule = &policy->networks[i];
        TRY(cursor_u8(c, &rule->protocol));
        TRY(cursor_u8(c, &rule->verb));
        TRY(cursor_u8(c, &rule->family));
        TRY(cursor_u8(c, &rule->prefix));
        TRY(copy_decode(c, rule->bytes, sizeof rule->bytes));
        TRY(cursor_u16(c, &rule->port_first));
        TRY(cursor_u16(c, &rule->port_last));
        if (!policy_network_well_formed(rule))
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

/* family 0: none, and nothing follows it. */
static enum status address_decode(struct cursor *c, struct net_address *ret)
{
    TRY(cursor_u8(c, &ret->family));
    if (!ret->family)
        return STATUS_OK;
    TRY(cursor_u16(c, &ret->port));
    TRY(copy_decode(c, ret->bytes, sizeof ret->bytes));
    return policy_address_well_formed(ret) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status listens_decode(struct cursor *c, struct policy *policy)
{
    uint32_t count;
    TRY(count_decode(c, LIMIT_LISTENERS, LISTEN_BYTES, &count));
    if (!count)
        return STATUS_OK;
    policy->listens = calloc(count, sizeof *policy->listens);
    if (!policy->listens)
        return STATUS_NO_MEMORY;
    policy->listen_count = count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(address_decode(c, &policy->listens[i]));
        if (!policy->listens[i].family)
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

static enum status names_decode(struct cursor *c, struct policy *policy)
{
    uint32_t count;
    TRY(count_decode(c, LIMIT_NAMES, TEXT_BYTES_MIN, &count));
    for (uint32_t i = 0; i < count; i++) {
        char *name = NULL;
        enum status status = text_decode(c, LIMIT_NAME, &name);
        if (status == STATUS_OK)
            status = policy_add_name(policy, name, NULL);
        if (status == STATUS_OK && strcmp(policy->names[i], name) != 0) /* stored in its one form */
            status = STATUS_MALFORMED;
        free(name);
        TRY(status);
    }
    return STATUS_OK;
}

/* An option may set more than a policy can say, where silence means that there is no limit. */
static enum status limits_decode(struct cursor *c, struct policy_limits *limits)
{
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        uint64_t wide = 0;
        uint32_t narrow = 0;
        TRY(row->wide ? cursor_u64(c, &wide) : cursor_u32(c, &narrow));
        uint64_t value = row->wide ? wide : narrow;
        if (row->unset != UINT64_MAX && (value > row->most || value < row->least))
            return STATUS_LIMIT;
        policy_limit_set(limits, row, value);
    }
    return limits->memory % 65536 == 0 ? STATUS_OK : STATUS_LIMIT;
}

static enum status strings_decode(struct cursor *c, uint32_t most, char ***ret, uint32_t *ret_count)
{
    uint32_t count;
    size_t total = 0;
    TRY(count_decode(c, most, TEXT_BYTES_MIN, &count));
    if (!count)
        return STATUS_OK;
    *ret = (char **)calloc(count, sizeof **ret);
    if (!*ret)
        return STATUS_NO_MEMORY;
    *ret_count = count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(text_decode(c, LIMIT_ARGS_BYTES, &(*ret)[i]));
        total += strlen((*ret)[i]) + 1;
        if (total > LIMIT_ARGS_BYTES)
            return STATUS_LIMIT;
    }
    return STATUS_OK;
}

static enum status initial_decode(struct cursor *c, struct run_spec *spec)
{
    uint32_t count;
    TRY(count_decode(c, SPEC_INITIAL_MAX, INITIAL_BYTES_MIN, &count));
    if (!count)
        return STATUS_OK;
    const uint32_t sockets = 3 + spec->policy.file_count;
    if (count != run_spec_initials(&spec->policy))
        return STATUS_MALFORMED;
    spec->initial = calloc(count, sizeof *spec->initial);
    if (!spec->initial)
        return STATUS_NO_MEMORY;
    spec->initial_count = count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(cursor_u64(c, &spec->initial[i].dev));
        TRY(cursor_u64(c, &spec->initial[i].ino));
        TRY(cursor_u32(c, &spec->initial[i].filetype));
        TRY(cursor_u32(c, &spec->initial[i].host_fd));
        TRY(text_decode(c, LIMIT_PATH, &spec->initial[i].path));
        uint8_t doubtful;
        TRY(cursor_u8(c, &doubtful));
        spec->initial[i].doubtful = doubtful != 0;
        if (spec->initial[i].filetype > SPEC_FILETYPE_MAX || doubtful > 1)
            return STATUS_MALFORMED;
        TRY(address_decode(c, &spec->initial[i].address));
        if ((spec->initial[i].address.family != 0) != (i >= sockets && !run_spec_is_resolver(spec, i)))
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

static enum status nodes_decode(struct cursor *c, struct run_spec *spec)
{
    uint32_t count;
    TRY(count_decode(c, LIMIT_DEVICES, NODE_BYTES, &count));
    if (!count)
        return STATUS_OK;
    if (count != spec->policy.device_count)
        return STATUS_MALFORMED;
    spec->nodes = calloc(count, sizeof *spec->nodes);
    if (!spec->nodes)
        return STATUS_NO_MEMORY;
    spec->node_count = count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(cursor_u64(c, &spec->nodes[i].dev));
        TRY(cursor_u64(c, &spec->nodes[i].ino));
        TRY(cursor_u64(c, &spec->nodes[i].rdev));
    }
    return STATUS_OK;
}

static enum status devices_decode(struct cursor *c, struct policy *policy)
{
    uint32_t count;
    TRY(count_decode(c, LIMIT_DEVICES, TEXT_BYTES_MIN, &count));
    for (uint32_t i = 0; i < count; i++) {
        char *path = NULL;
        enum status status = text_decode(c, LIMIT_PATH, &path);
        if (status == STATUS_OK) /* stored as paths, never as names */
            status = path[0] == '/' ? policy_add_device(policy, path, NULL) : STATUS_MALFORMED;
        free(path);
        TRY(status);
    }
    return STATUS_OK;
}

/* KEY=VALUE each. */
static enum status pairs_check(char *const *strings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!strchr(strings[i], '=') || strings[i][0] == '=')
            return STATUS_MALFORMED;
    return STATUS_OK;
}

static enum status fact_decode(struct cursor *c, const struct run_fact_row *row, struct run_facts *facts)
{
    char *text = NULL;
    uint64_t number = 0;
    if (row->text) {
        TRY(text_decode(c, row->most, &text));
        memcpy((char *)facts + row->offset, (const void *)&text, sizeof text);
        return STATUS_OK;
    }
    TRY(cursor_u64(c, &number));
    memcpy((char *)facts + row->offset, &number, sizeof number);
    return number <= row->most ? STATUS_OK : STATUS_LIMIT;
}

/* What was asked for and what held agree. */
static bool facts_agree(const struct run_facts *facts)
{
    for (unsigned line = 0; line < CONFINE_LINE_COUNT; line++) {
        bool asked = facts->lines_asked >> line & 1;
        if (facts->line_held[line] >= CONFINE_STATE_COUNT || asked != (facts->line_held[line] != CONFINE_OFF))
            return false;
    }
    return !facts->witness_held || (facts->witness_asked != WITNESS_MODE_OFF && !facts->witness_reason[0]);
}

static enum status facts_decode(struct cursor *c, struct run_facts *facts)
{
    for (size_t i = 0; i < RUN_FACT_COUNT; i++)
        TRY(fact_decode(c, &run_fact_rows[i], facts));
    uint32_t lines;
    TRY(cursor_u32(c, &lines));
    if (lines != CONFINE_LINE_COUNT)
        return STATUS_MALFORMED;
    TRY(copy_decode(c, facts->line_held, sizeof facts->line_held));
    TRY(copy_decode(c, facts->policy_hash, sizeof facts->policy_hash));
    TRY(strings_decode(c, LIMIT_LABELS, &facts->labels, &facts->label_count));
    TRY(pairs_check(facts->labels, facts->label_count));
    return facts_agree(facts) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status policy_decode(struct cursor *c, struct policy *policy)
{
    TRY(files_decode(c, policy));
    TRY(networks_decode(c, policy));
    TRY(limits_decode(c, &policy->limits));
    TRY(cursor_u8(c, &policy->on_violation));
    TRY(devices_decode(c, policy));
    TRY(listens_decode(c, policy));
    TRY(names_decode(c, policy));
    return policy->on_violation > POLICY_VIOLATION_KILL ? STATUS_MALFORMED : STATUS_OK;
}

static enum status spec_decode(struct cursor *c, struct run_spec *spec)
{
    TRY(policy_decode(c, &spec->policy));
    TRY(strings_decode(c, LIMIT_ARGS, &spec->args, &spec->arg_count));
    TRY(strings_decode(c, LIMIT_ARGS, &spec->env, &spec->env_count));
    TRY(pairs_check(spec->env, spec->env_count));
    TRY(text_decode(c, LIMIT_PATH, &spec->module_path));
    TRY(cursor_u64(c, &spec->module_size));
    TRY(copy_decode(c, spec->module_hash, sizeof spec->module_hash));
    TRY(copy_decode(c, spec->run_id, sizeof spec->run_id));
    TRY(cursor_u64(c, &spec->started_ns));
    TRY(initial_decode(c, spec));
    TRY(nodes_decode(c, spec));
    TRY(facts_decode(c, &spec->facts));
    return cursor_left(c) ? STATUS_MALFORMED : STATUS_OK;
}

enum status run_spec_decode(const void *bytes, size_t size, struct run_spec *ret, struct error *error)
{
    struct cursor c = cursor_over(bytes, size);
    uint32_t magic;
    run_spec_init(ret);
    if (cursor_u32(&c, &magic) != STATUS_OK || magic != RUN_SPEC_MAGIC)
        return error_set(error, STATUS_MALFORMED, "this is not the description of a run");
    if (cursor_u32(&c, &ret->policy.version) != STATUS_OK)
        return error_set(error, STATUS_TRUNCATED, "the description of the run ends after its first bytes");
    if (ret->policy.version != 1) {
        uint32_t version = ret->policy.version;
        run_spec_done(ret);
        return error_set(error, STATUS_UNSUPPORTED, "the run's policy is version %u, this warrant knows 1", version);
    }
    enum status status = spec_decode(&c, ret);
    if (status != STATUS_OK) {
        run_spec_done(ret);
        error_set(error, status, "the description of the run is bad at byte %zu: %s", cursor_offset(&c),
                  status_text(status));
    }
    return status;
}
