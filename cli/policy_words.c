/* Says in words what a policy grants, and as JSON.
 *
 * Invariant: everything that a policy can grant or limit is said, also where it grants nothing. Left out on purpose:
 * whether a run would be allowed to start so (cmd_policy.c asks for it). */
#include "cli/policy_words.h"

#include "cli/print.h"
#include "runtime/base/json_writer.h"

static void limits_print(const struct policy_limits *limits)
{
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        uint64_t value = policy_limit_get(limits, row);
        if (value == UINT64_MAX)
            print_out("%s: no limit (%s)\n", row->key, row->words);
        else
            print_out("%s: at most %s%s %s\n", row->key, policy_limit_text((enum policy_unit)row->unit, value).text,
                      row->unit == POLICY_SIZE && value % 1024 ? " bytes" : "", row->words);
    }
}

static void limits_json(const struct policy_limits *limits, struct json *json)
{
    json_object_begin(json, "limits");
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        uint64_t value = policy_limit_get(limits, row);
        if (value == UINT64_MAX)
            json_null(json, row->key);
        else
            json_u64(json, row->key, value);
    }
    json_object_end(json);
}

static const char *const violation_words[][2] = { [POLICY_VIOLATION_ERRNO] = { "errno", "answers an error" },
                                                  [POLICY_VIOLATION_TRAP] = { "trap", "stops the guest (trap)" },
                                                  [POLICY_VIOLATION_KILL] = { "kill", "stops the guest (kill)" } };
static const char *const protocol_words[] = { [NET_TCP] = "tcp", [NET_UDP] = "udp" };
static const char *const verb_words[][2] = {
    [NET_CONNECT] = { "connect", "connects to" }, [NET_BIND] = { "bind", "binds to" }
};

static void network_print(const struct policy *policy)
{
    char address[96];
    if (!policy->network_count && !policy->listen_count)
        print_out("no network\n");
    for (uint32_t i = 0; i < policy->listen_count; i++) {
        policy_address_text(&policy->listens[i], address, sizeof address);
        print_out("a socket that listens at %s%s\n", address, policy->listens[i].port ? "" : " (a free port)");
    }
    for (uint32_t i = 0; i < policy->network_count; i++) {
        const struct net_rule *rule = &policy->networks[i];
        const struct policy_rule_text text = policy_rule_text(rule);
        print_out("by %s %s %s, port%s %s\n", protocol_words[rule->protocol], verb_words[rule->verb][1], text.address,
                  rule->port_first == rule->port_last ? "" : "s", text.ports);
    }
    for (uint32_t i = 0; i < policy->name_count; i++)
        print_out("resolves %s\n", policy->names[i]);
}

static void where_print(const char *said)
{
    if (said)
        print_out(" (%s)", said);
    print_out("\n");
}

void policy_words_print(const struct policy *policy)
{
    for (uint32_t i = 0; i < policy->file_count; i++) {
        const struct policy_file *file = &policy->files[i];
        print_out("%s %s as %s", file->writes ? "reads and writes" : "reads", file->host, file->guest);
        where_print(file->said);
    }
    if (!policy->file_count)
        print_out("no files\n");
    for (uint32_t i = 0; i < policy->device_count; i++) {
        print_out("the device %s, where a granted directory holds it", policy->devices[i]);
        where_print(policy->device_said[i]);
    }
    network_print(policy);
    print_out("a call beyond the grants %s\n", violation_words[policy->on_violation][1]);
    limits_print(&policy->limits);
}

void policy_words_members(const struct policy *policy, struct json *json)
{
    json_array_begin(json, "files");
    for (uint32_t i = 0; i < policy->file_count; i++) {
        const struct policy_file *file = &policy->files[i];
        json_object_begin(json, NULL);
        json_string(json, "host", file->host);
        json_string(json, "guest", file->guest);
        json_string(json, "access", file->writes ? "write" : "read");
        json_string(json, "said", file->said);
        json_object_end(json);
    }
    json_array_end(json);
    json_array_begin(json, "devices");
    for (uint32_t i = 0; i < policy->device_count; i++)
        json_string(json, NULL, policy->devices[i]);
    json_array_end(json);
    json_array_begin(json, "network");
    for (uint32_t i = 0; i < policy->network_count; i++) {
        const struct net_rule *rule = &policy->networks[i];
        const struct policy_rule_text text = policy_rule_text(rule);
        json_object_begin(json, NULL);
        json_string(json, "protocol", protocol_words[rule->protocol]);
        json_string(json, "verb", verb_words[rule->verb][0]);
        json_string(json, "address", text.address);
        json_string(json, "ports", text.ports);
        json_object_end(json);
    }
    json_array_end(json);
    json_array_begin(json, "listen");
    for (uint32_t i = 0; i < policy->listen_count; i++) {
        char address[96];
        policy_address_text(&policy->listens[i], address, sizeof address);
        json_string(json, NULL, address);
    }
    json_array_end(json);
    json_array_begin(json, "names");
    for (uint32_t i = 0; i < policy->name_count; i++)
        json_string(json, NULL, policy->names[i]);
    json_array_end(json);
    json_string(json, "on_violation", violation_words[policy->on_violation][0]);
    limits_json(&policy->limits, json);
}

void policy_words_json(const struct policy *policy, bool looked, struct buffer *out)
{
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_u64(&json, "version", policy->version);
    json_bool(&json, "looked", looked);
    policy_words_members(policy, &json);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
