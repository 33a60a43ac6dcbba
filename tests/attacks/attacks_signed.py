#!/usr/bin/env python3
"""Who has one of the two keys writes files anew and signs them: he speaks for his own file, and cannot make the other one agree."""
import kit
from kit import GUESTS, Attack, needs_witness

# resign IN OUT trace|witness KEY recorder|witness [other-policy|other-end]: the same file, written anew and signed with the key in that signer's name.
RESIGN = """
#include "tracer/container.h"
#include "tracer/signature.h"
#include "wasi/policy/policy.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static struct error error = ERROR_INIT;
static void must(enum status s) { if (s != STATUS_OK) { fprintf(stderr, "%d %s\\n", s, error.text); exit(2); } }
static void other_policy(const struct trace_chunk *chunk, struct buffer *out)
{
    struct run_spec spec;
    must(run_spec_decode(chunk->bytes, chunk->size, &spec, &error));
    spec.policy.limits.output /= 2;
    run_spec_encode(&spec, out);
    run_spec_done(&spec);
}
int main(int argc, char **argv)
{
    char text[4096];
    struct trace_key key;
    struct trace_source *source;
    struct trace_file *out;
    struct trace_chunk chunk;
    uint64_t events = 0;
    enum trace_file_kind kind = strcmp(argv[3], "trace") == 0 ? TRACE_FILE_EVENTS : TRACE_FILE_WITNESS;
    const char *word = argc > 6 ? argv[6] : "";
    int fd = open(argv[4], O_RDONLY);
    ssize_t size = read(fd, text, sizeof text);
    must(trace_source_open(argv[1], kind, &source, &error));
    must(trace_key_parse_secret(text, size < 0 ? 0 : (size_t)size, &key, &error));
    must(trace_file_create(open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600), kind, trace_source_run_id(source), &out, &error));
    while (trace_source_next(source, &chunk, &error) == STATUS_OK) {
        struct buffer body = BUFFER_INIT;
        if (chunk.kind == TRACE_CHUNK_SIGNATURE)
            break;
        if (chunk.kind == TRACE_CHUNK_DESCRIPTION && strcmp(word, "other-policy") == 0)
            other_policy(&chunk, &body);
        else
            buffer_bytes(&body, chunk.bytes, chunk.size);
        if (chunk.kind == TRACE_CHUNK_END && strcmp(word, "other-end") == 0)
            body.data[offsetof(struct trace_end, end_ns)] ^= 1;
        if (chunk.kind == TRACE_CHUNK_EVENTS)
            events += chunk.event_count;
        must(trace_file_append_part(out, chunk.kind, body.data, body.size, chunk.stream_offset, chunk.first_event, chunk.event_count,
                                    trace_source_more(source), &error));
        buffer_done(&body);
    }
    must(trace_file_sign(out, strcmp(argv[5], "witness") == 0 ? TRACE_SIGNER_WITNESS : TRACE_SIGNER_RECORDER, &key, events, &error));
    trace_file_close(out);
    trace_source_close(source);
    return 0;
}
"""


class Signed(Attack):
    def setUp(self):
        super().setUp()
        for name in ("recorder", "witness", "forger"):
            self.warrant("keygen", self.folder / name)

    def signed(self, witness=True):
        options = ["--sign-witness", self.folder / "witness"] if witness else ["--witness", "off"]
        self.warrant("record", "-q", "-o", self.trace, "--sign", self.folder / "recorder", *options, GUESTS / "steps.wasm", status=None)

    def resign(self, file, kind, key, signer, *word):
        before = self.folder / "before"
        file.rename(before)
        self.warrant(before, file, kind, self.folder / key, signer, *word, command=self.native(RESIGN))

    def found(self, trust=("recorder", "witness"), require="signature"):
        options = [part for name in trust for part in ("--trust", self.folder / f"{name}.pub")]
        status, report = self.verdict("--no-replay", *options, "--require", require)
        found = {finding["rule"] for finding in report["findings"] if finding["fails"]}
        self.assertEqual(status, 1 if found else 0)
        return found

    def test_the_tool_is_sound(self):
        self.signed(witness=False)
        before = self.trace.read_bytes()
        self.resign(self.trace, "trace", "recorder", "recorder")
        self.assertEqual(self.trace.read_bytes(), before)  # Ed25519 has one signature for a message
        self.assertEqual(self.found(), set())

    def test_another_key(self):
        self.signed(witness=False)
        self.resign(self.trace, "trace", "forger", "recorder", "other-end")
        self.assertEqual(self.found(), {"signature.untrusted", "require.unmet"})

    def test_another_signer_s_domain(self):
        self.signed(witness=False)
        self.resign(self.trace, "trace", "recorder", "witness", "other-end")
        self.assertEqual(self.found(), {"signature.bad", "require.unmet"})

    @needs_witness
    def test_who_has_the_recorder_s_key_cannot_change_the_policy(self):
        self.signed()
        self.assertEqual(self.found(require="witness,signature"), set())
        self.resign(self.trace, "trace", "recorder", "recorder", "other-policy")
        self.assertEqual(self.found(require="witness,signature"), {"witness.foreign", "require.unmet"})

    @needs_witness
    def test_who_has_the_recorder_s_key_cannot_sign_for_the_witness(self):
        for signer, found in (("witness", {"signature.one-key", "require.unmet"}), ("recorder", {"signature.bad", "require.unmet"})):
            self.signed()
            self.resign(self.witness, "witness", "recorder", signer)
            self.assertEqual(self.found(), found)

    @needs_witness
    def test_who_has_the_witness_s_key_cannot_sign_for_the_recorder(self):
        for signer, found in (("recorder", {"signature.one-key", "require.unmet"}), ("witness", {"signature.bad", "require.unmet"})):
            self.signed()
            self.resign(self.trace, "trace", "witness", signer, "other-end")
            self.assertEqual(self.found(), found)

    @needs_witness
    def test_a_witness_file_signed_by_a_key_of_his_own(self):
        self.signed()
        self.resign(self.witness, "witness", "forger", "witness")
        self.assertEqual(self.found(), {"signature.untrusted", "require.unmet"})


if __name__ == "__main__":
    kit.main()
