/* `warrant attest`: what a check came to as a signed in-toto statement, in a DSSE envelope. The key is read when the
 * check is over, so that no process that looks at the trace ever was one that held it. */
#include "cli/commands.h"

#include <sodium.h>
#include <string.h>

#include "cli/check_place.h"
#include "cli/check_run.h"
#include "cli/key_read.h"
#include "runtime/base/file_read.h"
#include "runtime/base/json_writer.h"

enum { ATTEST_SIGN = CHECK_RUN_OPTIONS, ATTEST_OUTPUT };
static const struct option_row rows[] = {
    CHECK_RUN_ROWS,
    [ATTEST_SIGN] = { 0, "sign", "KEY", "the private key to sign the statement with (`warrant keygen`)" },
    [ATTEST_OUTPUT] = { 'o', "output", "FILE", "where to write the envelope; to the standard output otherwise" },
};

struct attest {
    struct check_run run;
    const char *key, *output; /* borrowed; NULL: none */
};

#define PAYLOAD_TYPE "application/vnd.in-toto+json"

/* DSSE 1.0: what is signed is the payload with its type and the lengths of both. */
static void sign(const struct trace_key *key, const struct buffer *payload, uint8_t *ret, struct buffer *encoded)
{
    buffer_printf(encoded, "DSSEv1 %zu %s %zu ", sizeof PAYLOAD_TYPE - 1, PAYLOAD_TYPE, payload->size);
    buffer_bytes(encoded, payload->data, payload->size);
    if (encoded->status == STATUS_OK)
        crypto_sign_detached(ret, NULL, encoded->data, encoded->size, key->secret);
}

static enum status json_base64(struct json *json, const char *key, const void *bytes, size_t size)
{
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (!text)
        return STATUS_NO_MEMORY;
    sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    json_string(json, key, text);
    free(text);
    return STATUS_OK;
}

static enum status envelope(const struct attest *attest, const struct buffer *payload, struct buffer *out,
                            struct error *error)
{
    struct trace_key key;
    struct buffer encoded = BUFFER_INIT;
    uint8_t signature[TRACE_SIGNATURE];
    char name[TRACE_KEY_NAME];
    struct json json = json_over(out);
    uint64_t size;
    int fd;
    enum status s = file_open_regular(attest->key, &fd, &size, error);
    if (s == STATUS_OK)
        s = key_read(fd, attest->key, &key, error);
    if (s != STATUS_OK)
        return s;
    sign(&key, payload, signature, &encoded);
    trace_key_name(key.public, name);
    trace_key_done(&key);
    json_object_begin(&json, NULL);
    s = encoded.status == STATUS_OK ? json_base64(&json, "payload", payload->data, payload->size) : STATUS_NO_MEMORY;
    json_string(&json, "payloadType", PAYLOAD_TYPE);
    json_array_begin(&json, "signatures");
    json_object_begin(&json, NULL);
    json_string(&json, "keyid", name);
    s = s == STATUS_OK ? json_base64(&json, "sig", signature, sizeof signature) : s;
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
    buffer_u8(out, '\n');
    buffer_done(&encoded);
    return s == STATUS_OK && out->status == STATUS_OK
               ? STATUS_OK
               : error_set(error, STATUS_NO_MEMORY, "no memory for the statement");
}

static enum status attest_form(void *self, struct checker *checker, const struct check_report *found,
                               struct buffer *out, struct error *error)
{
    struct buffer payload = BUFFER_INIT;
    enum status s = check_report_attest(checker, found, WARRANT_VERSION, &payload, error);
    if (s == STATUS_OK)
        s = envelope(self, &payload, out, error);
    buffer_done(&payload);
    return s;
}

static int attest_run(const struct command *command, struct attest *attest, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct error error = ERROR_INIT;
    const char *value, *path;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        int status = EXIT_OK;
        if (option == ATTEST_SIGN)
            attest->key = value;
        else if (option == ATTEST_OUTPUT)
            attest->output = value;
        else
            status = check_run_option(command, &attest->run, option, value);
        if (status != EXIT_OK)
            return status;
    }
    int status = options_operand(command, &state, option, "one trace", &path);
    if (status >= 0)
        return status;
    if (!attest->key)
        return command_usage(command, "a statement is signed: --sign KEY");
    const char *const places[][2] = { { "the key", attest->key }, { "the statement", attest->output } };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i][1] && check_place(places[i][0], places[i][1], argv + state.index, 1, &error) != STATUS_OK)
            return command_failed(command, EXIT_FILE, &error);
    return check_run_document(command, &attest->run, argv + state.index, attest->output, attest_form, attest);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct attest attest = { 0 };
    check_run_init(&attest.run, command);
    int status = attest_run(command, &attest, argc, argv);
    check_run_done(&attest.run);
    return status;
}

const struct command command_attest = {
    .name = "attest",
    .arguments = "FILE.wtrace",
    .summary = "Check a trace, and write what was found as a signed in-toto statement.",
    .text =
        "A DSSE envelope with an in-toto Statement v1 of the module (SHA-256), predicate runtime-trace 0.2: the files "
        "that were touched with counts, the connections that the kernel saw, and in warrantCheck the verdict, the "
        "findings and who signed. Whatever was found is stated; read the verdict. The signer says that he checked, "
        "and what came of it: trace and witness file are the evidence.\nExit status: that of `warrant check`.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
