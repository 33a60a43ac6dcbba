/* The stored form of what is started: what the launcher hands to the guest's process and what a trace keeps.
 *
 * Layout, little-endian; text is a u32 length and its bytes, without NUL:
 *   u32 magic 0x31535257 ("WRS1") or 0x32535257 ("WRS2"), u32 policy version
 *   u32 count, then per file: text host, text guest, u8 writes
 *   u32 count, then per network rule: u8 protocol, verb, family, prefix; 16 bytes address; u16 first, last port
 *   u64 memory, u32 descriptors, u32 call depth, u64 fuel, wall_ns, output
 *   WRS2 only: u32 module bytes, functions, locals, tables, table elements
 *   u8 on_violation
 *   u32 count, then the arguments as texts; u32 count, then the environment as texts
 *   text module path, u64 module size, 32 bytes module hash, 16 bytes run id, u64 started_ns
 *   u32 count, then per initial descriptor: u64 dev, ino; u32 filetype, host_fd
 *
 * WRS2 is written where one of its five limits is lower than the built-in one, and only there: WRS1 says that they are
 * the built-in ones. So a warrant that does not know these limits refuses the runs that need them, and no others.
 *
 * Invariant: what decode accepts encodes back to the same bytes, holds no value outside its range, and nothing was
 * allocated for a count that the remaining bytes cannot fill. Left out on purpose: whether the grants make sense on
 * this machine; a trace is read where they do not exist. */
#include "wasi/policy/policy.h"

#include <stdlib.h>
#include <string.h>

enum { SPEC_MAGIC_1 = 0x31535257, SPEC_MAGIC_2 = 0x32535257 };
enum { SPEC_INITIAL_MAX = 3 + LIMIT_PREOPENS, SPEC_FILETYPE_MAX = 7 };
enum { FILE_BYTES_MIN = 9, NETWORK_BYTES = 24, TEXT_BYTES_MIN = 4, INITIAL_BYTES = 24 };

void run_spec_init(struct run_spec *spec)
{
    *spec = (struct run_spec) { 0 };
    policy_init(&spec->policy);
}

static void strings_free(char **strings, uint32_t count)
{
    for (uint32_t i = 0; strings && i < count; i++)
        free(strings[i]);
    free((void *)strings);
}

void run_spec_done(struct run_spec *spec)
{
    if (!spec)
        return;
    policy_done(&spec->policy);
    strings_free(spec->args, spec->arg_count);
    strings_free(spec->env, spec->env_count);
    free(spec->module_path);
    free(spec->initial);
    *spec = (struct run_spec) { 0 };
}

static void text_encode(struct buffer *out, const char *text) { buffer_blob(out, text, strlen(text)); }

/* Whether a limit is lowered that WRS1 has no place for. */
static bool limits_need_2(const struct policy_limits *l)
{
    return l->module_bytes < LIMIT_MODULE_BYTES || l->functions < LIMIT_FUNCTIONS || l->locals < LIMIT_LOCALS ||
           l->tables < LIMIT_TABLES || l->table_elements < LIMIT_TABLE_ELEMENTS;
}

static void limits_encode(const struct policy_limits *limits, struct buffer *out)
{
    buffer_u64(out, limits->memory);
    buffer_u32(out, limits->descriptors);
    buffer_u32(out, limits->call_depth);
    buffer_u64(out, limits->fuel);
    buffer_u64(out, limits->wall_ns);
    buffer_u64(out, limits->output);
    if (!limits_need_2(limits))
        return;
    buffer_u32(out, limits->module_bytes);
    buffer_u32(out, limits->functions);
    buffer_u32(out, limits->locals);
    buffer_u32(out, limits->tables);
    buffer_u32(out, limits->table_elements);
}

static void policy_encode(const struct policy *policy, struct buffer *out)
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
        const struct policy_network *rule = &policy->networks[i];
        buffer_u8(out, rule->protocol);
        buffer_u8(out, rule->verb);
        buffer_u8(out, rule->family);
        buffer_u8(out, rule->prefix);
        buffer_bytes(out, rule->address, sizeof rule->address);
        buffer_u16(out, rule->port_first);
        buffer_u16(out, rule->port_last);
    }
    limits_encode(&policy->limits, out);
    buffer_u8(out, policy->on_violation);
}

static void strings_encode(char *const *strings, uint32_t count, struct buffer *out)
{
    buffer_u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        text_encode(out, strings[i]);
}

void run_spec_encode(const struct run_spec *spec, struct buffer *out)
{
    buffer_u32(out, limits_need_2(&spec->policy.limits) ? SPEC_MAGIC_2 : SPEC_MAGIC_1);
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
    }
}

/* Decoding. Every reader returns the first failure; the caller gives it words. */
#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        enum status try_status = (expression);                                                                         \
        if (try_status != STATUS_OK)                                                                                   \
            return try_status;                                                                                         \
    } while (0)

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

static bool network_well_formed(const struct policy_network *rule)
{
    unsigned bits = rule->family == 4 ? 32 : 128;
    if (rule->protocol > POLICY_UDP || rule->verb > POLICY_BIND || (rule->family != 4 && rule->family != 6) ||
        rule->prefix > bits || rule->port_first > rule->port_last ||
        (rule->verb == POLICY_CONNECT && !rule->port_first))
        return false;
    for (unsigned bit = rule->prefix; bit < 128; bit++)
        if (rule->address[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
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
        struct policy_network *rule = &policy->networks[i];
        TRY(cursor_u8(c, &rule->protocol));
        TRY(cursor_u8(c, &rule->verb));
        TRY(cursor_u8(c, &rule->family));
        TRY(cursor_u8(c, &rule->prefix));
        TRY(copy_decode(c, rule->address, sizeof rule->address));
        TRY(cursor_u16(c, &rule->port_first));
        TRY(cursor_u16(c, &rule->port_last));
        if (!network_well_formed(rule))
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

/* second: the form is WRS2. Without that the five limits stay as policy_init has set them. */
static enum status limits_decode(struct cursor *c, bool second, struct policy_limits *limits)
{
    TRY(cursor_u64(c, &limits->memory));
    TRY(cursor_u32(c, &limits->descriptors));
    TRY(cursor_u32(c, &limits->call_depth));
    TRY(cursor_u64(c, &limits->fuel));
    TRY(cursor_u64(c, &limits->wall_ns));
    TRY(cursor_u64(c, &limits->output));
    if (second) {
        TRY(cursor_u32(c, &limits->module_bytes));
        TRY(cursor_u32(c, &limits->functions));
        TRY(cursor_u32(c, &limits->locals));
        TRY(cursor_u32(c, &limits->tables));
        TRY(cursor_u32(c, &limits->table_elements));
        if (!limits_need_2(limits))
            return STATUS_MALFORMED;
    }
    bool good = limits->memory % 65536 == 0 && limits->memory >> 16 <= LIMIT_MEMORY_PAGES &&
                limits->descriptors <= LIMIT_HANDLES && limits->call_depth <= LIMIT_CALL_DEPTH &&
                limits->module_bytes <= LIMIT_MODULE_BYTES && limits->functions <= LIMIT_FUNCTIONS &&
                limits->locals <= LIMIT_LOCALS && limits->tables <= LIMIT_TABLES &&
                limits->table_elements <= LIMIT_TABLE_ELEMENTS;
    return good ? STATUS_OK : STATUS_LIMIT;
}

static enum status strings_decode(struct cursor *c, char ***ret, uint32_t *ret_count)
{
    uint32_t count;
    size_t total = 0;
    TRY(count_decode(c, LIMIT_ARGS, TEXT_BYTES_MIN, &count));
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
    TRY(count_decode(c, SPEC_INITIAL_MAX, INITIAL_BYTES, &count));
    if (!count)
        return STATUS_OK;
    if (count != 3 + spec->policy.file_count)
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
        if (spec->initial[i].filetype > SPEC_FILETYPE_MAX)
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

static enum status policy_decode(struct cursor *c, bool second, struct policy *policy)
{
    TRY(files_decode(c, policy));
    TRY(networks_decode(c, policy));
    TRY(limits_decode(c, second, &policy->limits));
    TRY(cursor_u8(c, &policy->on_violation));
    return policy->on_violation > POLICY_VIOLATION_KILL ? STATUS_MALFORMED : STATUS_OK;
}

static enum status spec_decode(struct cursor *c, bool second, struct run_spec *spec)
{
    TRY(policy_decode(c, second, &spec->policy));
    TRY(strings_decode(c, &spec->args, &spec->arg_count));
    TRY(strings_decode(c, &spec->env, &spec->env_count));
    for (uint32_t i = 0; i < spec->env_count; i++)
        if (!strchr(spec->env[i], '=') || spec->env[i][0] == '=')
            return STATUS_MALFORMED;
    TRY(text_decode(c, LIMIT_PATH, &spec->module_path));
    TRY(cursor_u64(c, &spec->module_size));
    TRY(copy_decode(c, spec->module_hash, sizeof spec->module_hash));
    TRY(copy_decode(c, spec->run_id, sizeof spec->run_id));
    TRY(cursor_u64(c, &spec->started_ns));
    TRY(initial_decode(c, spec));
    return cursor_left(c) ? STATUS_MALFORMED : STATUS_OK;
}

enum status run_spec_decode(const void *bytes, size_t size, struct run_spec *ret, struct error *error)
{
    struct cursor c = cursor_over(bytes, size);
    uint32_t magic;
    run_spec_init(ret);
    if (cursor_u32(&c, &magic) != STATUS_OK || (magic != SPEC_MAGIC_1 && magic != SPEC_MAGIC_2))
        return error_set(error, STATUS_MALFORMED, "this is not the description of a run");
    if (cursor_u32(&c, &ret->policy.version) != STATUS_OK)
        return error_set(error, STATUS_TRUNCATED, "the description of the run ends after its first bytes");
    if (ret->policy.version != 1) {
        uint32_t version = ret->policy.version;
        run_spec_done(ret);
        return error_set(error, STATUS_UNSUPPORTED, "the run's policy is version %u, this warrant knows 1", version);
    }
    enum status status = spec_decode(&c, magic == SPEC_MAGIC_2, ret);
    if (status != STATUS_OK) {
        run_spec_done(ret);
        error_set(error, status, "the description of the run is bad at byte %zu: %s", cursor_offset(&c),
                  status_text(status));
    }
    return status;
}
