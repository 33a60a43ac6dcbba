/* What a run was granted, to whom, and on which machine: the description of a trace, for people and as JSON.
 *
 * Invariant: all that the description says is said, also that something was not known. It is the launcher's word of
 * before the guest ran. (Who started the run the description does not say.) */
#include "cli/show_grants.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "checker/show.h"
#include "cli/policy_words.h"
#include "cli/print.h"
#include "runtime/base/text.h"

enum { STREAMS = 3 };
#define SECOND UINT64_C(1000000000)

static const char *const stream_names[STREAMS] = { "stdin", "stdout", "stderr" };

/* "2026-11-28T22:45:43.123456789Z"; empty where the time is of no calendar. */
static void time_text(uint64_t ns, char *ret, size_t size)
{
    time_t seconds = (time_t)(ns / SECOND);
    struct tm broken;
    size_t used = gmtime_r(&seconds, &broken) ? strftime(ret, size, "%Y-%m-%dT%H:%M:%S", &broken) : 0;
    if (used == 0)
        ret[0] = '\0';
    else
        snprintf(ret + used, size - used, ".%09uZ", (unsigned)(ns % SECOND));
}

static void hex_text(const uint8_t *bytes, size_t size, char *ret)
{
    for (size_t i = 0; i < size; i++)
        snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

/* The guest's name of an initial descriptor; NULL: the resolver's, which is none of the guest's. */
static const char *initial_name(const struct run_spec *spec, uint32_t i)
{
    const struct policy *policy = &spec->policy;
    if (i < STREAMS)
        return stream_names[i];
    if (i < STREAMS + policy->file_count)
        return policy->files[i - STREAMS].guest;
    return run_spec_is_resolver(spec, i) ? NULL : "listening socket";
}

/* ---- for people ---- */

/* In quotes, so that nobody's blanks or commas make two of one. */
static void list_print(const char *what, char **texts, uint32_t count)
{
    struct buffer line = BUFFER_INIT;
    buffer_string(&line, what);
    for (uint32_t i = 0; i < count; i++) {
        buffer_string(&line, i > 0 ? ", " : " ");
        text_quote(&line, texts[i], strlen(texts[i]), 0);
    }
    buffer_string(&line, count > 0 ? "\n" : " none\n");
    print_text(stdout, &line);
    buffer_done(&line);
}

static void initial_print(const struct run_spec *spec, uint32_t i)
{
    const struct run_initial *initial = &spec->initial[i];
    const char *name = initial_name(spec, i);
    char address[96];
    if (!name)
        return;
    print_out("descriptor %" PRIu32 ", %s: device %" PRIu64 ", inode %" PRIu64, i, name, initial->dev, initial->ino);
    if (initial->path && initial->path[0])
        print_out(", opened at %s", initial->path);
    if (initial->address.family != NET_NONE) {
        policy_address_text(&initial->address, address, sizeof address);
        print_out(", bound to %s", address);
    }
    print_out("%s\n", initial->doubtful ? "; file systems beneath it hold no data, or nobody knows" : "");
}

static void grants_text(const struct run_spec *spec)
{
    char hash[2 * sizeof spec->module_hash + 1], id[2 * sizeof spec->run_id + 1], started[64];
    struct buffer head = BUFFER_INIT;
    show_run(spec, &head);
    print_text(stdout, &head);
    buffer_done(&head);
    hex_text(spec->module_hash, sizeof spec->module_hash, hash);
    hex_text(spec->run_id, sizeof spec->run_id, id);
    time_text(spec->started_ns, started, sizeof started);
    print_out("run %s, started %s\n", id, started[0] ? started : "at a time that no calendar has");
    print_out("module of %" PRIu64 " bytes, BLAKE2b-256 %s\n", spec->module_size, hash);
    list_print("arguments", spec->args, spec->arg_count);
    list_print("environment", spec->env, spec->env_count);
    for (uint32_t i = 0; i < spec->initial_count; i++)
        initial_print(spec, i);
    for (uint32_t i = 0; i < spec->node_count; i++)
        print_out("the device %s: inode %" PRIu64 " on device %" PRIu64 "\n", spec->policy.devices[i],
                  spec->nodes[i].ino, spec->nodes[i].dev);
    policy_words_print(&spec->policy);
}

/* ---- JSON ---- */

static void list_json(const char *key, char **texts, uint32_t count, struct json *json)
{
    json_array_begin(json, key);
    for (uint32_t i = 0; i < count; i++)
        json_string(json, NULL, texts[i]);
    json_array_end(json);
}

static void initials_json(const struct run_spec *spec, struct json *json)
{
    json_array_begin(json, "descriptors");
    for (uint32_t i = 0; i < spec->initial_count; i++) {
        const struct run_initial *initial = &spec->initial[i];
        char address[96];
        if (!initial_name(spec, i))
            continue;
        json_object_begin(json, NULL);
        json_u64(json, "fd", i);
        json_string(json, "name", initial_name(spec, i));
        json_u64(json, "dev", initial->dev);
        json_u64(json, "ino", initial->ino);
        json_string(json, "opened_at", initial->path && initial->path[0] ? initial->path : NULL);
        policy_address_text(&initial->address, address, sizeof address);
        json_string(json, "address", initial->address.family == NET_NONE ? NULL : address);
        json_bool(json, "doubtful", initial->doubtful);
        json_object_end(json);
    }
    json_array_end(json);
}

/* The machine, what was asked for and what held: every fact of the list. */
static void facts_json(const struct run_facts *facts, struct json *json)
{
    char confinement[256];
    json_object_begin(json, "facts");
    for (size_t i = 0; i < RUN_FACT_COUNT; i++) {
        const struct run_fact_row *row = &run_fact_rows[i];
        if (row->text)
            json_string(json, row->name, run_fact_text(facts, row));
        else
            json_u64(json, row->name, run_fact_number(facts, row));
    }
    json_object_end(json);
    run_confinement_text(facts, confinement, sizeof confinement);
    json_string(json, "confinement", confinement);
}

static void grants_json(const struct run_spec *spec)
{
    struct buffer out = BUFFER_INIT;
    struct json json = json_over(&out);
    json_object_begin(&json, NULL);
    json_hex(&json, "run", spec->run_id, sizeof spec->run_id);
    json_u64(&json, "started_ns", spec->started_ns);
    json_string(&json, "module", spec->module_path);
    json_u64(&json, "module_bytes", spec->module_size);
    json_hex(&json, "module_blake2b", spec->module_hash, sizeof spec->module_hash);
    list_json("args", spec->args, spec->arg_count, &json);
    list_json("environment", spec->env, spec->env_count, &json);
    list_json("labels", spec->facts.labels, spec->facts.label_count, &json);
    facts_json(&spec->facts, &json);
    initials_json(spec, &json);
    json_object_begin(&json, "policy");
    json_u64(&json, "version", spec->policy.version);
    policy_words_members(&spec->policy, &json);
    json_object_end(&json);
    json_object_end(&json);
    buffer_u8(&out, '\n');
    print_text(stdout, &out);
    buffer_done(&out);
}

void show_grants_print(const struct run_spec *spec, bool json)
{
    if (json)
        grants_json(spec);
    else
        grants_text(spec);
}
