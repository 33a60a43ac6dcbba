/* What a check came to as an in-toto statement: Statement v1, predicate runtime-trace 0.2. It is of the module that was
 * executed, and says what was found, by whom files were signed, which files were touched and which connections made.
 *
 * Invariants: what was not done is said (a run that nobody witnessed has no `network` at all, instead of an empty one);
 * every word of a guest's is in the form of runtime/base/text.h. Leaves out: digests of what the files held, since a
 * trace has of what is written no more than hashes by call. https://github.com/in-toto/attestation */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "checker/checker_inner.h"
#include "checker/database_error.h"
#include "runtime/base/json_writer.h"

struct attest {
    const struct check_report *report;
    const struct run_spec *spec;
    sqlite3 *db;
    int64_t run;
    struct json json;
};

typedef void row_fn(struct attest *attest, sqlite3_stmt *row);

static enum status rows(struct attest *attest, const char *sql, row_fn *told, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(attest->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 1, attest->run);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            told(attest, statement);
    }
    enum status s = code == SQLITE_DONE ? STATUS_OK : database_failed(attest->db, "the statement", error);
    sqlite3_finalize(statement);
    return s;
}

static void column_text(struct attest *attest, const char *key, sqlite3_stmt *row, int column)
{
    json_string(&attest->json, key, (const char *)sqlite3_column_text(row, column));
}

/* A name as a part of a URI. */
static void put_uri(struct json *json, const char *key, const char *scheme, const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct buffer uri = BUFFER_INIT;
    buffer_string(&uri, scheme);
    for (const char *at = name; *at; at++) {
        if (strchr(plain, *at))
            buffer_u8(&uri, (uint8_t)*at);
        else
            buffer_printf(&uri, "%%%02X", (unsigned)(uint8_t)*at);
    }
    json_buffer(json, key, &uri);
    buffer_done(&uri);
}

static void file_row(struct attest *attest, sqlite3_stmt *row)
{
    static const char *const counts[] = { "opens",         "creates", "reads",   "bytes_read", "writes",
                                          "bytes_written", "changes", "removes", "failures" };
    struct json *json = &attest->json;
    const char *name = (const char *)sqlite3_column_text(row, 0);
    json_object_begin(json, NULL);
    json_string(json, "name", name);
    put_uri(json, "uri", "guest:", name ? name : "");
    json_object_begin(json, "annotations");
    for (int i = 0; i < (int)(sizeof counts / sizeof *counts); i++)
        json_i64(json, counts[i], sqlite3_column_int64(row, i + 1));
    json_object_end(json);
    json_object_end(json);
}

static void connection_row(struct attest *attest, sqlite3_stmt *row)
{
    struct json *json = &attest->json;
    json_object_begin(json, NULL);
    column_text(attest, "ip", row, 0);
    json_i64(json, "port", sqlite3_column_int64(row, 1));
    column_text(attest, "protocol", row, 2);
    column_text(attest, "call", row, 3);
    json_i64(json, "count", sqlite3_column_int64(row, 4));
    json_i64(json, "failures", sqlite3_column_int64(row, 5));
    json_object_end(json);
}

static enum status put_log(struct attest *attest, struct error *error)
{
    struct json *json = &attest->json;
    json_object_begin(json, "monitorLog");
    json_array_begin(json, "fileAccess");
    enum status s = rows(attest,
                         "SELECT name, opens, creates, reads, bytes_read, writes, bytes_written, changes, removes,"
                         " failures FROM files WHERE run = ?1 ORDER BY name",
                         file_row, error);
    json_array_end(json);
    if (s == STATUS_OK && attest->report->witnessed) {
        json_array_begin(json, "network");
        s = rows(attest,
                 "SELECT coalesce(address, peer), coalesce(address_port, peer_port), protocol, name, count(*),"
                 " sum(result < 0) FROM sockets WHERE run = ?1 AND name IN ('connect', 'sendto', 'accept4', 'recvfrom')"
                 " AND coalesce(address, peer) IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
                 connection_row, error);
        json_array_end(json);
    }
    json_object_end(json);
    return s;
}

static void put_time(struct json *json, const char *key, uint64_t ns)
{
    const uint64_t second = UINT64_C(1000000000);
    time_t time = (time_t)(ns / second);
    struct tm tm;
    char text[32];
    bool known = ns != 0 && gmtime_r(&time, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
    json_string(json, key, known ? text : NULL);
}

static void put_signed(struct json *json, const char *key, const struct check_signed *is)
{
    json_object_begin(json, key);
    json_string(json, "state", check_signed_name((enum check_signed_state)is->state));
    json_string(json, "key", is->key[0] ? is->key : NULL);
    json_object_end(json);
}

static void put_finding(void *self, const struct check_told *told)
{
    struct json *json = self;
    json_object_begin(json, NULL);
    json_string(json, "rule", told->rule);
    json_bool(json, "fails", told->fails);
    json_string(json, "evidence", told->evidence);
    json_object_end(json);
}

/* What a check says; a field of our own, as the predicate allows. */
static void put_check(struct attest *attest)
{
    const struct check_report *r = attest->report;
    struct json *json = &attest->json;
    json_object_begin(json, "warrantCheck");
    json_string(json, "verdict", check_report_verdict(r));
    json_i64(json, "exitStatus", r->exit_status);
    json_bool(json, "witnessed", r->witnessed);
    json_string(json, "confined", r->confined);
    json_string(json, "judged", check_judged_name((enum check_judged)r->judged));
    json_string(json, "policy", r->policy_given ? "given" : "own");
    json_bool(json, "replayed", r->replay.done && check_replay_whole(&r->replay));
    json_bool(json, "whole", r->trace_whole);
    json_u64(json, "hostcalls", r->hostcalls);
    json_u64(json, "lost", r->lost);
    json_object_begin(json, "hostcallVerdicts");
    for (unsigned v = 0; v < CHECK_VERDICT_COUNT; v++)
        json_u64(json, check_verdict_name((enum check_verdict)v), r->verdicts[v]);
    json_object_end(json);
    json_object_begin(json, "signatures");
    put_signed(json, "trace", &r->signed_by[CHECK_SIGNER_RECORDER]);
    put_signed(json, "witness", &r->signed_by[CHECK_SIGNER_WITNESS]);
    json_object_end(json);
    json_u64(json, "failing", r->failing);
    json_array_begin(json, "findings");
    check_report_visit(r, 0, put_finding, json);
    json_array_end(json);
    json_object_end(json);
}

static void put_process(struct attest *attest)
{
    const struct check_report *r = attest->report;
    struct json *json = &attest->json;
    char run[2 * TRACE_RUN_ID + 1];
    sodium_bin2hex(run, sizeof run, r->run_id, TRACE_RUN_ID);
    json_object_begin(json, "monitoredProcess");
    put_uri(json, "hostID", "host:", attest->spec->facts.host ? attest->spec->facts.host : "");
    json_string(json, "type", "urn:warrant:run");
    json_string(json, "event", run);
    json_object_end(json);
    json_object_begin(json, "metadata");
    put_time(json, "buildStartedOn", attest->spec->started_ns);
    put_time(json, "buildFinishedOn",
             r->end.reason && r->end.end_ns > r->end.start_ns
                 ? attest->spec->started_ns + (r->end.end_ns - r->end.start_ns)
                 : 0);
    json_object_end(json);
}

static void put_subject(struct attest *attest, const uint8_t *sha256)
{
    struct json *json = &attest->json;
    json_array_begin(json, "subject");
    json_object_begin(json, NULL);
    json_string(json, "name", attest->spec->module_path);
    json_object_begin(json, "digest");
    json_hex(json, "sha256", sha256, crypto_hash_sha256_BYTES);
    json_object_end(json);
    json_object_end(json);
    json_array_end(json);
}

static enum status put_statement(struct attest *attest, const uint8_t *sha256, const char *version, struct error *error)
{
    struct json *json = &attest->json;
    json_object_begin(json, NULL);
    json_string(json, "_type", "https://in-toto.io/Statement/v1");
    put_subject(attest, sha256);
    json_string(json, "predicateType", "https://in-toto.io/attestation/runtime-trace/v0.2");
    json_object_begin(json, "predicate");
    json_object_begin(json, "monitor");
    put_uri(json, "type", "urn:warrant:", version);
    json_object_end(json);
    put_process(attest);
    enum status s = put_log(attest, error);
    put_check(attest);
    json_object_end(json);
    json_object_end(json);
    if (s == STATUS_OK && json->out->status != STATUS_OK)
        s = error_set(error, json->out->status, "no memory for the statement");
    return s;
}

/* SHA-256 of the module in the trace, which must be the one that the description names. */
static enum status module_hash(const struct trace_reader *reader, const struct run_spec *spec, uint8_t *ret,
                               struct error *error)
{
    struct buffer module = BUFFER_INIT;
    uint8_t blake2b[sizeof spec->module_hash];
    enum status s = trace_reader_module(reader, &module, error);
    if (s == STATUS_NOT_FOUND)
        s = error_set(error, s, "the trace holds no module, so that it cannot be said what was executed");
    if (s == STATUS_OK) {
        crypto_generichash(blake2b, sizeof blake2b, module.data, module.size, NULL, 0);
        crypto_hash_sha256(ret, module.data, module.size);
        if (memcmp(blake2b, spec->module_hash, sizeof blake2b) != 0)
            s = error_set(error, STATUS_CORRUPT, "the module in the trace is not the one that its description names");
    }
    buffer_done(&module);
    return s;
}

enum status check_report_attest(struct checker *checker, const struct check_report *report, const char *version,
                                struct buffer *out, struct error *error)
{
    struct trace_reader *reader = NULL;
    struct run_spec spec;
    size_t size;
    uint8_t sha256[crypto_hash_sha256_BYTES];
    run_spec_init(&spec);
    struct attest attest = { .report = report, .spec = &spec, .json = json_over(out) };
    enum status s = trace_reader_open(report->trace_path, &reader, error);
    if (s == STATUS_OK && memcmp(trace_reader_run_id(reader), report->run_id, TRACE_RUN_ID) != 0)
        s = error_set(error, STATUS_DENIED, "%s was replaced while it was checked", report->trace_path);
    if (s == STATUS_OK) {
        const void *bytes = trace_reader_description(reader, &size);
        s = run_spec_decode(bytes, size, &spec, error);
    }
    if (s == STATUS_OK)
        s = module_hash(reader, &spec, sha256, error);
    if (s == STATUS_OK) {
        attest.db = checker_database(checker, &attest.run);
        s = put_statement(&attest, sha256, version, error);
    }
    trace_reader_close(reader);
    run_spec_done(&spec);
    return s;
}
