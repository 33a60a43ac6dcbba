/* Writes what was learnt: a policy file whose comments say where each grant comes from, or the same as JSON.
 *
 * Invariants: everything from a trace stands in comments in the plain form, on one line, or in quotes; what was written
 * is read again by the policy's own reader, so that no file goes out that would not be understood. */
#include "cli/learn.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/policy_words.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"

static const struct learn_loss *loss_of(const struct learn *learn, enum learn_kind kind, uint32_t index)
{
    for (uint32_t i = 0; i < learn->loss_count; i++)
        if (learn->losses[i].item.kind == kind && learn->losses[i].item.index == index)
            return &learn->losses[i];
    return NULL;
}

/* "12 calls, events 5, 9, 12 and on" */
static void put_reason(const struct learn_reason *reason, struct buffer *out)
{
    buffer_printf(out, "%" PRIu64 " call%s, event%s ", reason->calls, reason->calls == 1 ? "" : "s",
                  reason->calls == 1 ? "" : "s");
    for (uint64_t i = 0; i < reason->calls && i < LEARN_EVENTS_SHOWN; i++)
        buffer_printf(out, "%s%" PRIu64, i > 0 ? ", " : "", reason->first[i]);
    buffer_string(out, reason->calls > LEARN_EVENTS_SHOWN ? " and on" : "");
}

/* A line for each run that needs it; what: "needed by", "for writing, by". */
static void put_reasons(const struct learn *learn, const struct learn_loss *loss, const char *indent, const char *what,
                        struct buffer *out)
{
    for (uint32_t run = 0; loss && run < learn->run_count; run++) {
        if (loss->reasons[run].calls == 0)
            continue;
        buffer_printf(out, "%s# %s run %" PRIu32 ": ", indent, what, run + 1);
        put_reason(&loss->reasons[run], out);
        buffer_u8(out, '\n');
    }
}

static void put_run(const struct learn_run *run, uint32_t number, struct buffer *out)
{
    buffer_printf(out, "#   run %" PRIu32 ": ", number);
    text_quote(out, run->path, strlen(run->path), 0);
    buffer_string(out, ", module ");
    text_quote(out, run->spec.module_path, strlen(run->spec.module_path), 0);
    buffer_printf(out, ", %" PRIu64 " hostcalls; check: %s\n", run->calls, run->verdict);
    if (run->ended[0]) {
        buffer_string(out, "#     it did not come to its own end (");
        text_guard(out, run->ended, strlen(run->ended));
        buffer_string(out, "): what it would have needed later is not known\n");
    }
    if (!run->by_name && run->spec.policy.file_count > 0)
        buffer_string(
            out, "#     its guest finds its directories by the numbers of their descriptors: they keep them, and are "
                 "granted as they were\n");
}

static void put_head(const struct learn *learn, struct buffer *out)
{
    buffer_string(out, "# Learnt by warrant " WARRANT_VERSION
                       ": the least policy under which the calls that succeeded in these runs succeed.\n");
    for (uint32_t i = 0; i < learn->run_count; i++)
        put_run(&learn->runs[i], i + 1, out);
    buffer_string(out,
                  "# Numbers are events of the traces; `warrant show --range N..N` prints one. Without what a comment "
                  "stands above, the\n# decision core refuses those calls.\nversion: 1\n");
}

static enum status put_files(const struct learn *learn, struct buffer *out, struct error *error)
{
    const struct learn_policy *policy = &learn->policy;
    if (policy->grant_count > 0)
        buffer_string(out, "files:\n");
    for (uint32_t i = 0; i < policy->grant_count; i++) {
        const struct learn_grant *grant = &policy->grants[i];
        const struct learn_loss *loss = loss_of(learn, LEARN_GRANT, i);
        put_reasons(learn, loss, "  ", "needed by", out);
        if (!loss || loss->calls == 0)
            buffer_string(out, "  # used by no call; it keeps the numbers of the descriptors behind it\n");
        put_reasons(learn, loss_of(learn, LEARN_ACCESS, i), "  ", "for writing, by", out);
        if (grant->raised)
            buffer_string(out, "  # for writing, as the same directory is granted for writing under another name\n");
        if (grant->below[0]) {
            buffer_string(out, "  # the runs were granted ");
            text_plain_string(out, grant->host);
            buffer_string(out, " as ");
            text_plain_string(out, grant->guest);
            buffer_u8(out, '\n');
        }
        char *host = learn_path(grant->host, grant->below), *guest = learn_path(grant->guest, grant->below);
        if (!host || !guest) {
            free(host);
            free(guest);
            return error_set(error, STATUS_NO_MEMORY, "out of memory");
        }
        buffer_string(out, "  - host: ");
        text_json_string(out, host);
        buffer_string(out, "\n    guest: ");
        text_json_string(out, guest);
        buffer_printf(out, "\n    access: %s\n", grant->writes ? "write" : "read");
        free(host);
        free(guest);
    }
    return STATUS_OK;
}

static void put_texts(const struct learn *learn, const char *key, enum learn_kind kind, char *const *list,
                      uint32_t count, struct buffer *out)
{
    if (count > 0)
        buffer_printf(out, "%s:\n", key);
    for (uint32_t i = 0; i < count; i++) {
        put_reasons(learn, loss_of(learn, kind, i), "  ", "needed by", out);
        buffer_string(out, "  - ");
        text_json_string(out, list[i]);
        buffer_u8(out, '\n');
    }
}

static void put_network(const struct learn *learn, struct buffer *out)
{
    const struct learn_policy *policy = &learn->policy;
    char address[INET6_ADDRSTRLEN];
    if (policy->rule_count > 0)
        buffer_string(out, "network:\n");
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct net_rule *rule = &policy->rules[i].rule;
        put_reasons(learn, loss_of(learn, LEARN_RULE, i), "  ", "needed by", out);
        if (!policy->rules[i].exact)
            buffer_string(out, "  # no run used it so: it lets sockets be opened, or be bound by the system\n");
        if (!inet_ntop(rule->family == NET_V6 ? AF_INET6 : AF_INET, rule->bytes, address, sizeof address))
            continue;
        const bool v6 = rule->family == NET_V6;
        buffer_printf(out, "  - protocol: %s\n    %s: [\"%s%s%s/%u:%u", rule->protocol == NET_TCP ? "tcp" : "udp",
                      rule->verb == NET_CONNECT ? "connect" : "bind", v6 ? "[" : "", address, v6 ? "]" : "",
                      rule->prefix, rule->port_first);
        if (rule->port_last != rule->port_first)
            buffer_printf(out, "-%u", rule->port_last);
        buffer_string(out, "\"]\n");
    }
}

static void put_listens(const struct learn *learn, struct buffer *out)
{
    const struct learn_policy *policy = &learn->policy;
    char address[96];
    if (policy->listen_count > 0)
        buffer_string(out, "listen:\n");
    for (uint32_t i = 0; i < policy->listen_count; i++) {
        const struct learn_loss *loss = loss_of(learn, LEARN_LISTEN, i);
        put_reasons(learn, loss, "  ", "needed by", out);
        if (!loss || loss->calls == 0)
            buffer_string(out, "  # used by no call; it keeps the numbers of the descriptors behind it\n");
        policy_address_text(&policy->listens[i], address, sizeof address);
        buffer_printf(out, "  - \"%s\"\n", address);
    }
}

static void put_limits(const struct learn *learn, struct buffer *out)
{
    bool any = false;
    for (uint32_t i = 0; i < POLICY_LIMIT_COUNT; i++) {
        const struct policy_limit_row *row = &policy_limit_rows[i];
        uint64_t value = 0, seen = UINT64_MAX;
        if (!learn_limit(learn, i, &value, &seen))
            continue;
        if (!any)
            buffer_string(out, "limits:\n");
        any = true;
        buffer_printf(out, "  %s: %s # ", row->key, policy_limit_text((enum policy_unit)row->unit, value).text);
        if (seen == UINT64_MAX)
            buffer_string(out, "as the runs had it; what they used is not known\n");
        else
            buffer_printf(out, "%" PRIu64 "%s seen\n", seen,
                          row->unit == POLICY_DURATION ? " ns"
                          : row->unit == POLICY_SIZE   ? " bytes"
                                                       : "");
    }
}

/* What all runs had; where they differ, the guest is told. */
static void put_violation(const struct learn *learn, struct buffer *out)
{
    static const char *const words[] = { "errno", "trap", "kill" };
    uint8_t all = learn->runs[0].spec.policy.on_violation;
    for (uint32_t i = 1; i < learn->run_count; i++)
        if (learn->runs[i].spec.policy.on_violation != all)
            all = POLICY_VIOLATION_ERRNO;
    buffer_printf(out, "on_violation: %s\n", words[all]);
}

enum status learn_yaml(const struct learn *learn, struct buffer *out, struct policy *ret, struct error *error)
{
    struct error why = ERROR_INIT;
    put_head(learn, out);
    enum status s = put_files(learn, out, error);
    if (s != STATUS_OK)
        return s;
    put_texts(learn, "devices", LEARN_DEVICE, learn->policy.devices, learn->policy.device_count, out);
    put_listens(learn, out);
    put_network(learn, out);
    put_texts(learn, "names", LEARN_NAME, learn->policy.names, learn->policy.name_count, out);
    put_limits(learn, out);
    put_violation(learn, out);
    if (out->status != STATUS_OK)
        return error_set(error, out->status, "no memory for the policy");
    s = policy_parse_yaml((const char *)out->data, out->size, "the policy learnt", ret, &why);
    if (s != STATUS_OK)
        s = error_set(error, STATUS_DENIED, "no policy file can say this: %s", why.text);
    return s;
}

/* ---- JSON ---- */

static void json_reasons(const struct learn *learn, const struct learn_loss *loss, const char *key, struct json *json)
{
    json_array_begin(json, key);
    for (uint32_t run = 0; loss && run < learn->run_count; run++) {
        const struct learn_reason *reason = &loss->reasons[run];
        if (reason->calls == 0)
            continue;
        json_object_begin(json, NULL);
        json_string(json, "trace", learn->runs[run].path);
        json_u64(json, "calls", reason->calls);
        json_array_begin(json, "events");
        for (uint64_t i = 0; i < reason->calls && i < LEARN_EVENTS_SHOWN; i++)
            json_u64(json, NULL, reason->first[i]);
        json_array_end(json);
        json_object_end(json);
    }
    json_array_end(json);
}

/* What the policy file means, and in the order of its lists what would be lost without each of them. */
void learn_json(const struct learn *learn, const struct policy *policy, struct buffer *out)
{
    static const char *const keys[] = {
        [LEARN_NOTHING] = "",   [LEARN_GRANT] = "files",    [LEARN_ACCESS] = "access", [LEARN_RULE] = "network",
        [LEARN_NAME] = "names", [LEARN_DEVICE] = "devices", [LEARN_LISTEN] = "listen"
    };
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "runs");
    for (uint32_t i = 0; i < learn->run_count; i++) {
        const struct learn_run *run = &learn->runs[i];
        json_object_begin(&json, NULL);
        json_string(&json, "trace", run->path);
        json_string(&json, "module", run->spec.module_path);
        json_string(&json, "check", run->verdict);
        json_bool(&json, "by_name", run->by_name);
        json_string(&json, "stopped", run->ended[0] ? run->ended : NULL);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_begin(&json, "policy");
    policy_words_members(policy, &json);
    json_object_end(&json);
    json_array_begin(&json, "reasons");
    for (uint32_t i = 0; i < learn->loss_count; i++) {
        json_object_begin(&json, NULL);
        json_string(&json, "of", keys[learn->losses[i].item.kind]);
        json_u64(&json, "index", learn->losses[i].item.index);
        json_reasons(learn, &learn->losses[i], "refused_without", &json);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
