/* The stored form of what is started: what the launcher hands to the guest's process and what a trace keeps.
 *
 * Layout, little-endian; text is a u32 length and its bytes, without NUL:
 *   u32 RUN_SPEC_MAGIC
 *   u32 policy version
 *   u32 count, then per file: text host, text guest, u8 writes
 *   u32 count, then per network rule: u8 protocol, verb, family, prefix; 16 bytes address; u16 first, last port
 *   the limits of policy_limits.def in the order of their list, a u32 or a u64 each
 *   u8 on_violation; u32 count, then the devices as texts
 *   u32 count, then per listening socket: u8 family, u16 port, 16 bytes address; u32 count, then the names as texts
 *   u32 count, then the arguments as texts; u32 count, then the environment as texts
 *   text module path, u64 module size, 32 bytes module hash, 16 bytes run id, u64 started_ns
 *   u32 count, then per initial descriptor: u64 dev, ino; u32 filetype, host_fd; text path; u8 doubtful, family;
 *     where the family is not 0: u16 port, 16 bytes address
 *   u32 count (none, or one for each device), then u64 dev, ino
 *   the facts of run_facts.h in the order of their list, a text or a u64 each
 *   u32 count, then per line of confinement: u8 state
 *   32 bytes policy hash; u32 count, then the labels as texts
 *
 * Reading it: run_spec_decode.c. */
#include "wasi/policy/policy.h"

#include <stdlib.h>
#include <string.h>

void run_spec_init(struct run_spec *spec)
{
    *spec = (struct run_spec) { 0 };
    policy_init(&spec->policy);
}

uint32_t run_spec_initials(const struct policy *policy)
{
    return 3 + policy->file_count + policy->listen_count + (policy->name_count > 0);
}

bool run_spec_is_resolver(const struct run_spec *spec, uint32_t initial)
{
    return spec->policy.name_count > 0 && initial == 3 + spec->policy.file_count + spec->policy.listen_count;
}

static void strings_free(char **strings, uint32_t count)
{
    for (uint32_t i = 0; strings && i < count; i++)
        free(strings[i]);
    free((void *)strings);
}

static void facts_done(struct run_facts *facts)
{
#define FACT_FREE(field, name, most) free(facts->field);
#define FACT_KEEP(field, name, most)
    RUN_FACT_LIST(FACT_FREE, FACT_KEEP)
#undef FACT_FREE
#undef FACT_KEEP
    strings_free(facts->labels, facts->label_count);
}

void run_spec_done(struct run_spec *spec)
{
    if (!spec)
        return;
    policy_done(&spec->policy);
    strings_free(spec->args, spec->arg_count);
    strings_free(spec->env, spec->env_count);
    free(spec->module_path);
    for (uint32_t i = 0; spec->initial && i < spec->initial_count; i++)
        free(spec->initial[i].path);
    free(spec->initial);
    free(spec->nodes);
    facts_done(&spec->facts);
    *spec = (struct run_spec) { 0 };
}

enum status run_spec_add_label(struct run_spec *spec, const char *text, struct error *error)
{
    struct run_facts *facts = &spec->facts;
    size_t total = strlen(text) + 1;
    for (uint32_t i = 0; i < facts->label_count; i++)
        total += strlen(facts->labels[i]) + 1;
    if (!strchr(text, '=') || text[0] == '=')
        return error_set(error, STATUS_INVALID, "a label is KEY=VALUE, not \"%s\"", text);
    if (facts->label_count >= LIMIT_LABELS || total > LIMIT_ARGS_BYTES)
        return error_set(error, STATUS_INVALID, "there are more than %d labels, or they are too long", LIMIT_LABELS);
    char **grown = (char **)realloc((void *)facts->labels, (facts->label_count + (size_t)1) * sizeof *grown);
    if (grown)
        facts->labels = grown;
    char *copy = strdup(text);
    if (!grown || !copy) {
        free(copy);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    facts->labels[facts->label_count++] = copy;
    return STATUS_OK;
}

static void text_encode(struct buffer *out, const char *text) { buffer_blob(out, text, strlen(text)); }

static void limits_encode(const struct policy_limits *limits, struct buffer *out)
{
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        if (row->wide)
            buffer_u64(out, policy_limit_get(limits, row));
        else
            buffer_u32(out, (uint32_t)policy_limit_get(limits, row));
    }
}

static void strings_encode(char *const *strings, uint32_t count, struct buffer *out)
{
    buffer_u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        text_encode(out, strings[i]);
}

static void address_encode(const struct net_address *address, struct buffer *out)
{
    buffer_u8(out, address->family);
    if (!address->family)
        return;
    buffer_u16(out, address->port);
    buffer_bytes(out, address->bytes, sizeof address->bytes);
}

void policy_encode(const struct policy *policy, struct buffer *out)
{
    buffer_u32(out, policy->version);
    buffer_u32(out, policy->file_count);
    for (uint32_t i = 0; i < policy->file_count; i++) {
        text_encode(out, policy->files[i].host);
        text_encode(out, policy->files[i].guest);
        buffer_u8(out, policy->files[i].writes);
    }
    buffer_u32(out, policy->network_count);
    for (uint32_t i = 0; i < policy->network_count; i++) {
        const struct net_rule *rule = &policy->networks[i];
        buffer_u8(out, rule->protocol);
        buffer_u8(out, rule->verb);
        buffer_u8(out, rule->family);
        buffer_u8(out, rule->prefix);
        buffer_bytes(out, rule->bytes, sizeof rule->bytes);
        buffer_u16(out, rule->port_first);
        buffer_u16(out, rule->port_last);
    }
    limits_encode(&policy->limits, out);
    buffer_u8(out, policy->on_violation);
    strings_encode(policy->devices, policy->device_count, out);
    buffer_u32(out, policy->listen_count);
    for (uint32_t i = 0; i < policy->listen_count; i++)
        address_encode(&policy->listens[i], out);
    strings_encode(policy->names, policy->name_count, out);
}

static void facts_encode(const struct run_facts *facts, struct buffer *out)
{
    for (size_t i = 0; i < RUN_FACT_COUNT; i++) {
        const struct run_fact_row *row = &run_fact_rows[i];
        if (row->text)
            text_encode(out, run_fact_text(facts, row));
        else
            buffer_u64(out, run_fact_number(facts, row));
    }
    buffer_u32(out, CONFINE_LINE_COUNT);
    buffer_bytes(out, facts->line_held, sizeof facts->line_held);
    buffer_bytes(out, facts->policy_hash, sizeof facts->policy_hash);
    strings_encode(facts->labels, facts->label_count, out);
}

void run_spec_encode_facts(const struct run_spec *spec, struct buffer *out)
{
    buffer_u64(out, spec->started_ns);
    facts_encode(&spec->facts, out);
}

void run_spec_encode(const struct run_spec *spec, struct buffer *out)
{
    buffer_u32(out, RUN_SPEC_MAGIC);
    policy_encode(&spec->policy, out);
    strings_encode(spec->args, spec->arg_count, out);
    strings_encode(spec->env, spec->env_count, out);
    text_encode(out, spec->module_path ? spec->module_path : "");
    buffer_u64(out, spec->module_size);
    buffer_bytes(out, spec->module_hash, sizeof spec->module_hash);
    buffer_bytes(out, spec->run_id, sizeof spec->run_id);
    buffer_u64(out, spec->started_ns);
    buffer_u32(out, spec->initial_count);
    for (uint32_t i = 0; i < spec->initial_count; i++) {
        buffer_u64(out, spec->initial[i].dev);
        buffer_u64(out, spec->initial[i].ino);
        buffer_u32(out, spec->initial[i].filetype);
        buffer_u32(out, spec->initial[i].host_fd);
        text_encode(out, spec->initial[i].path ? spec->initial[i].path : "");
        buffer_u8(out, spec->initial[i].doubtful);
        address_encode(&spec->initial[i].address, out);
    }
    buffer_u32(out, spec->node_count);
    for (uint32_t i = 0; i < spec->node_count; i++) {
        buffer_u64(out, spec->nodes[i].dev);
        buffer_u64(out, spec->nodes[i].ino);
        buffer_u64(out, spec->nodes[i].rdev);
    }
    facts_encode(&spec->facts, out);
}
