/* Reads a policy file: libcyaml brings it into plain structs of texts, the functions of policy_text.c say what they
 * mean.
 *
 * Invariant: a policy comes out whole or not at all, and every refusal names file and line.
 * Left out on purpose: opening the file, and whether the granted paths exist (the launcher opens them). Format:
 * docs/policy.md. */
#include "wasi/policy/policy.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/base/try.h"
#include "wasi/policy/policy_marks.h"

struct yaml_file {
    char *host, *guest, *access;
};
struct yaml_network {
    char *protocol;
    char **connect, **bind;
    uint32_t connect_count, bind_count;
};
struct yaml_limits {
#define POLICY_LIMIT(field, key, ...) char *key;
#include "wasi/policy/policy_limits.def"
#undef POLICY_LIMIT
};
struct yaml_policy {
    char *version, *on_violation;
    struct yaml_file *files;
    struct yaml_network *network;
    struct yaml_limits *limits;
    char **devices, **listen, **names;
    uint32_t files_count, network_count, devices_count, listen_count, names_count;
};

#define OPTIONAL                 (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, flags, object) CYAML_FIELD_STRING_PTR(#key, flags, object, key, 1, LIMIT_PATH)

static const cyaml_schema_value_t text_schema = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, LIMIT_PATH) };

static const cyaml_schema_field_t file_fields[] = { TEXT(host, CYAML_FLAG_POINTER, struct yaml_file),
                                                    TEXT(guest, OPTIONAL, struct yaml_file),
                                                    TEXT(access, OPTIONAL, struct yaml_file), CYAML_FIELD_END };
static const cyaml_schema_value_t file_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_file,
                                                                      file_fields) };

static const cyaml_schema_field_t network_fields[] = {
    TEXT(protocol, CYAML_FLAG_POINTER, struct yaml_network),
    CYAML_FIELD_SEQUENCE_COUNT("connect", OPTIONAL, struct yaml_network, connect, connect_count, &text_schema, 1,
                               LIMIT_NETWORK_RULES),
    CYAML_FIELD_SEQUENCE_COUNT("bind", OPTIONAL, struct yaml_network, bind, bind_count, &text_schema, 1,
                               LIMIT_NETWORK_RULES),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t network_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_network,
                                                                         network_fields) };

static const cyaml_schema_field_t limits_fields[] = {
#define POLICY_LIMIT(field, key, ...) TEXT(key, OPTIONAL, struct yaml_limits),
#include "wasi/policy/policy_limits.def"
#undef POLICY_LIMIT
    CYAML_FIELD_END
};

static const cyaml_schema_field_t policy_fields[] = {
    TEXT(version, CYAML_FLAG_POINTER, struct yaml_policy),
    CYAML_FIELD_SEQUENCE("files", OPTIONAL, struct yaml_policy, files, &file_schema, 0, LIMIT_PREOPENS),
    CYAML_FIELD_SEQUENCE("network", OPTIONAL, struct yaml_policy, network, &network_schema, 0, LIMIT_NETWORK_RULES),
    CYAML_FIELD_MAPPING_PTR("limits", OPTIONAL, struct yaml_policy, limits, limits_fields),
    CYAML_FIELD_SEQUENCE("devices", OPTIONAL, struct yaml_policy, devices, &text_schema, 0, LIMIT_DEVICES),
    CYAML_FIELD_SEQUENCE("listen", OPTIONAL, struct yaml_policy, listen, &text_schema, 0, LIMIT_LISTENERS),
    CYAML_FIELD_SEQUENCE("names", OPTIONAL, struct yaml_policy, names, &text_schema, 0, LIMIT_NAMES),
    TEXT(on_violation, OPTIONAL, struct yaml_policy),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t policy_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_policy,
                                                                        policy_fields) };

/* What libcyaml logs: each event it takes (so that the marks tell the line), then what is wrong with the last one. */
struct listener {
    uint32_t events;
    bool complained;
    char text[256];
};

static void __attribute__((format(printf, 3, 0))) listener_log(cyaml_log_t level, void *self, const char *format,
                                                               va_list args)
{
    struct listener *l = self;
    if (level == CYAML_LOG_DEBUG && !l->complained && !strncmp(format, "Load: Event:", 12))
        l->events++;
    if (level != CYAML_LOG_ERROR || l->complained)
        return;
    l->complained = true;
    if (vsnprintf(l->text, sizeof l->text, format, args) < 0)
        l->text[0] = 0;
    l->text[strcspn(l->text, "\n")] = 0;
}

/* One policy being put together. */
struct build {
    struct policy *policy;
    const struct policy_marks *marks;
    const char *name;
    struct error *error;
};

/* Places a refusal. The path is formatted by the caller into `path`. */
static enum status refuse(const struct build *b, enum status status, const char *path, const char *what)
{
    return error_set(b->error, status, "%s:%u: %s", b->name, policy_marks_line(b->marks, path), what);
}

/* The same with the text of another failure behind `key: `, or alone where key is NULL. */
static enum status refuse_why(const struct build *b, enum status status, const char *path, const char *key,
                              const struct error *why)
{
    if (b->error && b->error->status != STATUS_OK)
        return status;
    error_copy(b->error, status, why);
    if (key)
        error_prefix(b->error, "%s", key);
    error_prefix(b->error, "%s:%u", b->name, policy_marks_line(b->marks, path));
    return status;
}

typedef enum status parse_fn(const char *text, uint64_t *ret, struct error *error);

/* Takes a limit of at least the row's least value and at most the built-in one: a policy may ask for less, not for
 * more. */
static enum status limit_build(const struct build *b, const struct policy_limit_row *row, const char *text)
{
    static parse_fn *const parse[] = { [POLICY_COUNT] = policy_parse_count,
                                       [POLICY_SIZE] = policy_parse_size,
                                       [POLICY_DURATION] = policy_parse_duration };
    if (!text)
        return STATUS_OK;
    char path[MARK_PATH_MAX];
    snprintf(path, sizeof path, "limits/%s", row->key);
    struct error why = ERROR_INIT;
    uint64_t value = 0;
    enum status status = parse[row->unit](text, &value, &why);
    if (status == STATUS_LIMIT || (status == STATUS_OK && (value < row->least || value > row->most))) {
        bool small = status == STATUS_OK && value < row->least;
        struct policy_limit_text bound = policy_limit_text((enum policy_unit)row->unit, small ? row->least : row->most);
        why = (struct error)ERROR_INIT;
        status = error_set(&why, STATUS_LIMIT, "'%.100s' is %s possible value, %s", text,
                           small ? "less than the least" : "more than the greatest", bound.text);
    }
    if (status != STATUS_OK)
        return refuse_why(b, status, path, row->key, &why);
    policy_limit_set(&b->policy->limits, row, value);
    return STATUS_OK;
}

static enum status limits_build(const struct build *b, const struct yaml_limits *y)
{
    const char *const texts[POLICY_LIMIT_COUNT] = {
#define POLICY_LIMIT(field, key, ...) y->key,
#include "wasi/policy/policy_limits.def"
#undef POLICY_LIMIT
    };
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++)
        TRY(limit_build(b, &policy_limit_rows[i], texts[i]));
    return b->policy->limits.memory % 65536 == 0
               ? STATUS_OK
               : refuse(b, STATUS_INVALID, "limits/memory", "memory: not a multiple of 64KiB");
}

struct said_text {
    char text[LIMIT_PATH + 16];
};

/* `policy.yaml:4`, of the value at `path`. */
static const char *said(const struct build *b, const char *path, struct said_text *ret)
{
    snprintf(ret->text, sizeof ret->text, "%s:%u", b->name, policy_marks_line(b->marks, path));
    return ret->text;
}

static enum status file_build(const struct build *b, uint32_t i, const struct yaml_file *y)
{
    char path[MARK_PATH_MAX];
    snprintf(path, sizeof path, "files/%u/access", i);
    bool writes = y->access && !strcmp(y->access, "write");
    if (y->access && !writes && strcmp(y->access, "read") != 0)
        return refuse(b, STATUS_INVALID, path, "access: must be read or write");
    struct error why = ERROR_INIT;
    enum status status = policy_add_file(b->policy, y->host, y->guest ? y->guest : y->host, writes, &why);
    snprintf(path, sizeof path, "files/%u", i);
    if (status != STATUS_OK)
        return refuse_why(b, status, path, NULL, &why);
    return policy_file_said(b->policy, said(b, path, &(struct said_text) { 0 }), b->error);
}

static enum status addresses_build(const struct build *b, uint32_t i, const char *key, char **texts, uint32_t count,
                                   enum net_protocol protocol, enum net_verb verb)
{
    for (uint32_t k = 0; k < count; k++) {
        struct error why = ERROR_INIT;
        enum status status = policy_add_network(b->policy, protocol, verb, texts[k], &why);
        char path[MARK_PATH_MAX];
        snprintf(path, sizeof path, "network/%u/%s/%u", i, key, k);
        if (status != STATUS_OK)
            return refuse_why(b, status, path, NULL, &why);
    }
    return STATUS_OK;
}

static enum status network_build(const struct build *b, uint32_t i, const struct yaml_network *y)
{
    char path[MARK_PATH_MAX];
    snprintf(path, sizeof path, "network/%u/protocol", i);
    bool udp = !strcmp(y->protocol, "udp");
    if (!udp && strcmp(y->protocol, "tcp") != 0)
        return refuse(b, STATUS_INVALID, path, "protocol: must be tcp or udp");
    snprintf(path, sizeof path, "network/%u", i);
    if (!y->connect_count && !y->bind_count)
        return refuse(b, STATUS_INVALID, path, "this rule grants nothing: it has neither connect nor bind");
    enum net_protocol protocol = udp ? NET_UDP : NET_TCP;
    TRY(addresses_build(b, i, "connect", y->connect, y->connect_count, protocol, NET_CONNECT));
    return addresses_build(b, i, "bind", y->bind, y->bind_count, protocol, NET_BIND);
}

static enum status version_check(const struct build *b, const char *text)
{
    uint64_t version = 0;
    if (policy_parse_count(text, &version, NULL) != STATUS_OK || !version)
        return refuse(b, STATUS_INVALID, "version", "version: must be 1");
    char what[80];
    snprintf(what, sizeof what, "version: %llu is from a later warrant; this one knows 1", (unsigned long long)version);
    return version == 1 ? STATUS_OK : refuse(b, STATUS_UNSUPPORTED, "version", what);
}

static enum status violation_build(const struct build *b, const char *text)
{
    static const char *const words[] = { "errno", "trap", "kill" };
    for (uint8_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i])) {
            b->policy->on_violation = i;
            return STATUS_OK;
        }
    return text ? refuse(b, STATUS_INVALID, "on_violation", "on_violation: must be errno, trap or kill") : STATUS_OK;
}

static enum status device_build(const struct build *b, uint32_t i, const char *text)
{
    char path[MARK_PATH_MAX];
    struct error why = ERROR_INIT;
    enum status status = policy_add_device(b->policy, text, &why);
    snprintf(path, sizeof path, "devices/%u", i);
    if (status != STATUS_OK)
        return refuse(b, status, path, why.text);
    return policy_device_said(b->policy, said(b, path, &(struct said_text) { 0 }), b->error);
}

typedef enum status add_fn(struct policy *policy, const char *text, struct error *error);

/* A list of texts, each of which `add` understands. */
static enum status texts_build(const struct build *b, const char *key, char **texts, uint32_t count, add_fn *add)
{
    for (uint32_t i = 0; i < count; i++) {
        char path[MARK_PATH_MAX];
        struct error why = ERROR_INIT;
        enum status status = add(b->policy, texts[i], &why);
        snprintf(path, sizeof path, "%s/%u", key, i);
        if (status != STATUS_OK)
            return refuse(b, status, path, why.text);
    }
    return STATUS_OK;
}

static enum status policy_build(const struct build *b, const struct yaml_policy *y)
{
    TRY(version_check(b, y->version));
    for (uint32_t i = 0; i < y->files_count; i++)
        TRY(file_build(b, i, &y->files[i]));
    for (uint32_t i = 0; i < y->network_count; i++)
        TRY(network_build(b, i, &y->network[i]));
    for (uint32_t i = 0; i < y->devices_count; i++)
        TRY(device_build(b, i, y->devices[i]));
    TRY(texts_build(b, "listen", y->listen, y->listen_count, policy_add_listen));
    TRY(texts_build(b, "names", y->names, y->names_count, policy_add_name));
    if (y->limits)
        TRY(limits_build(b, y->limits));
    return violation_build(b, y->on_violation);
}

/* The message of libcyaml without its own name, placed. */
static enum status complaint(const struct build *b, const struct listener *l, cyaml_err_t err)
{
    if (err == CYAML_ERR_OOM)
        return error_set(b->error, STATUS_NO_MEMORY, "no memory to read %s", b->name);
    const char *text = l->complained ? l->text : cyaml_strerror(err);
    if (!strncmp(text, "Load: ", 6))
        text += 6;
    uint32_t line = policy_marks_event_line(b->marks, l->events ? l->events - 1 : 0);
    return error_set(b->error, STATUS_INVALID, "%s:%u: %s", b->name, line, text);
}

static enum status policy_load(const struct build *b, const char *text, size_t size)
{
    struct listener listener = { 0 };
    const cyaml_config_t config = { .log_fn = listener_log,
                                    .log_ctx = &listener,
                                    .mem_fn = cyaml_mem,
                                    .log_level = CYAML_LOG_DEBUG,
                                    .flags = CYAML_CFG_NO_ALIAS };
    struct yaml_policy *y = NULL;
    cyaml_err_t err = cyaml_load_data((const uint8_t *)text, size, &config, &policy_schema, (cyaml_data_t **)&y, NULL);
    if (err != CYAML_OK)
        return complaint(b, &listener, err);
    enum status status = policy_build(b, y);
    cyaml_free(&config, &policy_schema, y, 0);
    return status;
}

const char *policy_files_left_out(void) { return NULL; }

enum status policy_parse_yaml(const char *text, size_t size, const char *name, struct policy *ret, struct error *error)
{
    struct policy_marks marks;
    policy_init(ret);
    enum status status = policy_marks_read(text, size, name, &marks, error);
    if (status != STATUS_OK)
        return status;
    struct build build = { ret, &marks, name, error };
    status = policy_load(&build, text, size);
    policy_marks_done(&marks);
    if (status != STATUS_OK) {
        policy_done(ret);
        policy_init(ret);
    }
    return status;
}
