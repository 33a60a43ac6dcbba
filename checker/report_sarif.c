/* The report of a check as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), one log with one run: each kind of
 * finding is a rule, each finding a result at the file that shows it.
 *
 * Levels: SARIF has none above error, so that a critical finding is an error with its own severity beside it. A place
 * in a trace is no line of a text: hostcall, event, chunk and record stand among the properties. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "checker/checker.h"
#include "runtime/base/json_writer.h"

static const char *level_of(enum check_severity severity)
{
    static const char *const levels[] = {
        [CHECK_NOTICE] = "note", [CHECK_WARNING] = "warning", [CHECK_ERROR] = "error", [CHECK_CRITICAL] = "error"
    };
    return levels[severity];
}

/* A message object. */
static void put_message(struct json *json, const char *key, const char *text)
{
    json_object_begin(json, key);
    json_string(json, "text", text);
    json_object_end(json);
}

static void put_rule(struct json *json, const struct check_finding_row *row)
{
    json_object_begin(json, NULL);
    json_string(json, "id", row->rule);
    put_message(json, "shortDescription", row->text);
    put_message(json, "help", row->advice);
    json_object_begin(json, "defaultConfiguration");
    json_string(json, "level", level_of((enum check_severity)row->severity));
    json_object_end(json);
    json_object_begin(json, "properties");
    json_string(json, "severity", check_severity_name((enum check_severity)row->severity));
    json_bool(json, "fails", row->fails);
    json_object_end(json);
    json_object_end(json);
}

/* A path as a URI: an absolute one is a file's, any other is relative. */
static void put_uri(struct json *json, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct buffer uri = BUFFER_INIT;
    if (path[0] == '/')
        buffer_string(&uri, "file://");
    for (; *path; path++) {
        char escaped[4];
        if (strchr(plain, *path)) {
            buffer_u8(&uri, (uint8_t)*path);
        } else {
            snprintf(escaped, sizeof escaped, "%%%02X", (unsigned)(uint8_t)*path);
            buffer_string(&uri, escaped);
        }
    }
    json_buffer(json, "uri", &uri);
    buffer_done(&uri);
}

static void put_location(struct json *json, const struct check_told *told)
{
    json_array_begin(json, "locations");
    json_object_begin(json, NULL);
    if (told->file && told->file[0]) {
        json_object_begin(json, "physicalLocation");
        json_object_begin(json, "artifactLocation");
        put_uri(json, told->file);
        json_object_end(json);
        json_object_end(json);
    }
    if (told->call) {
        json_array_begin(json, "logicalLocations");
        json_object_begin(json, NULL);
        json_string(json, "name", told->call);
        json_string(json, "kind", "function");
        json_object_end(json);
        json_array_end(json);
    }
    json_object_end(json);
    json_array_end(json);
}

static void put_place(struct json *json, const char *key, uint64_t number)
{
    if (number != CHECK_NO_PLACE)
        json_u64(json, key, number);
}

static uint64_t rule_index(const char *rule)
{
    for (unsigned i = 0; i < CHECK_FINDING_COUNT; i++)
        if (strcmp(check_finding_row((enum check_finding_kind)i)->rule, rule) == 0)
            return i;
    return 0;
}

static void put_result(void *self, const struct check_told *told)
{
    struct json *json = self;
    uint64_t index = rule_index(told->rule);
    const struct check_finding_row *row = check_finding_row((enum check_finding_kind)index);
    bool evident = told->evidence && told->evidence[0];
    struct buffer message = BUFFER_INIT;
    buffer_string(&message, told->text);
    buffer_string(&message, evident ? ": " : "");
    buffer_string(&message, evident ? told->evidence : "");
    json_line(json);
    json_object_begin(json, NULL);
    json_string(json, "ruleId", told->rule);
    json_u64(json, "ruleIndex", index);
    json_string(json, "level", level_of((enum check_severity)row->severity));
    json_object_begin(json, "message");
    json_buffer(json, "text", &message);
    json_object_end(json);
    put_location(json, told);
    json_object_begin(json, "properties");
    json_string(json, "severity", told->level);
    json_bool(json, "fails", told->fails);
    put_place(json, "hostcall", told->hostcall);
    put_place(json, "event", told->event);
    put_place(json, "chunk", told->chunk);
    put_place(json, "record", told->record);
    if (told->syscall)
        json_string(json, "syscall", told->syscall);
    if (told->impact)
        json_string(json, "impact", told->impact);
    json_object_end(json);
    json_object_end(json);
    buffer_done(&message);
}

static void put_tool(struct json *json, const char *version)
{
    json_object_begin(json, "tool");
    json_object_begin(json, "driver");
    json_string(json, "name", "warrant");
    json_string(json, "version", version);
    json_array_begin(json, "rules");
    for (unsigned i = 0; i < CHECK_FINDING_COUNT; i++)
        put_rule(json, check_finding_row((enum check_finding_kind)i));
    json_array_end(json);
    json_object_end(json);
    json_object_end(json);
}

static void put_note(struct json *json, const char *level, const char *text)
{
    json_object_begin(json, NULL);
    json_string(json, "level", level);
    put_message(json, "message", text);
    json_object_end(json);
}

/* What was not checked, or is not told. */
static void put_notes(const struct check_report *report, struct json *json)
{
    char text[96];
    json_array_begin(json, "toolExecutionNotifications");
    if (!report->trace_whole)
        put_note(json, "error", report->stop_text);
    if (strncmp(check_report_verdict(report), "incomplete", strlen("incomplete")) == 0)
        put_note(json, "warning", check_report_verdict(report));
    if (report->findings_kept < report->finding_count) {
        snprintf(text, sizeof text, "%zu of %" PRIu64 " findings are listed", report->findings_kept,
                 report->finding_count);
        put_note(json, "warning", text);
    }
    json_array_end(json);
}

void check_report_sarif(const struct check_report *report, const char *version, struct buffer *out)
{
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_string(&json, "$schema",
                "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
    json_string(&json, "version", "2.1.0");
    json_array_begin(&json, "runs");
    json_object_begin(&json, NULL);
    put_tool(&json, version);
    json_array_begin(&json, "invocations");
    json_object_begin(&json, NULL);
    json_bool(&json, "executionSuccessful", report->exit_status <= 1);
    json_i64(&json, "exitCode", report->exit_status);
    put_notes(report, &json);
    json_object_end(&json);
    json_array_end(&json);
    json_array_begin(&json, "results");
    check_report_visit(report, 0, put_result, &json);
    json_array_end(&json);
    json_object_begin(&json, "properties");
    json_hex(&json, "run", report->run_id, TRACE_RUN_ID);
    json_string(&json, "verdict", check_report_verdict(report));
    json_u64(&json, "findings", report->finding_count);
    json_object_end(&json);
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
