#!/usr/bin/env python3
"""Traces written anew with another description, alone and with the witness file's header: what it says of the witness and of the lines of
defence is held against that header, and against the kernel's record."""
import kit
from kit import Attack, needs_witness

# redescribe IN.wtrace OUT.wtrace WITNESS WORD...: the same trace with facts changed: confined, unconfined, witnessed, unwitnessed. WITNESS: a
# witness file whose header is changed alike, or "-".
REDESCRIBE = """
#include "tracer/container.h"
#include "tracer/witness_file.h"
#include "wasi/policy/policy.h"
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static struct error error = ERROR_INIT;
static void must(enum status s) { if (s != STATUS_OK) { fprintf(stderr, "%d %s\\n", s, error.text); exit(2); } }
static void change(struct run_facts *facts, const char *word)
{
    if (strcmp(word, "confined") == 0) {
        facts->lines_asked = CONFINE_ALL;
        memset(facts->line_held, CONFINE_ON, sizeof facts->line_held);
        if (facts->landlock_abi == 0)
            facts->landlock_abi = 3;
    } else if (strcmp(word, "unconfined") == 0) {
        facts->lines_asked = 0;
        facts->landlock_abi = 0;
        memset(facts->line_held, CONFINE_OFF, sizeof facts->line_held);
    } else if (strcmp(word, "witnessed") == 0) {
        facts->witness_asked = WITNESS_MODE_ON;
        facts->witness_held = 1;
        free(facts->witness_reason);
        facts->witness_reason = NULL;
    } else if (strcmp(word, "unwitnessed") == 0) {
        facts->witness_asked = WITNESS_MODE_OFF;
        facts->witness_held = 0;
    } else {
        exit(3);
    }
}
static void change_header(const char *path, const struct run_spec *spec)
{
    struct trace_source *source;
    struct trace_file *out;
    struct trace_chunk chunk;
    struct witness_reader *reader;
    struct buffer begin = BUFFER_INIT;
    char forged[4096];
    snprintf(forged, sizeof forged, "%s.forged", path);
    must(witness_reader_open(path, &reader, &error));
    witness_info_encode(witness_reader_info(reader), &begin);
    run_spec_encode_facts(spec, &begin);
    struct buffer description = BUFFER_INIT;
    uint8_t hash[TRACE_HASH];
    run_spec_encode(spec, &description);
    crypto_generichash(hash, sizeof hash, description.data, description.size, NULL, 0);
    buffer_bytes(&begin, hash, sizeof hash);
    buffer_done(&description);
    must(trace_source_open(path, TRACE_FILE_WITNESS, &source, &error));
    must(trace_file_create(open(forged, O_RDWR | O_CREAT | O_TRUNC, 0600), TRACE_FILE_WITNESS, trace_source_run_id(source), &out, &error));
    while (trace_source_next(source, &chunk, &error) == STATUS_OK) {
        bool header = chunk.kind == TRACE_CHUNK_DESCRIPTION;
        must(trace_file_append(out, chunk.kind, header ? begin.data : chunk.bytes, header ? begin.size : chunk.size, chunk.stream_offset,
                               chunk.first_event, chunk.event_count, &error));
    }
    trace_file_close(out);
    trace_source_close(source);
    witness_reader_close(reader);
    buffer_done(&begin);
    if (rename(forged, path) != 0)
        exit(4);
}
int main(int argc, char **argv)
{
    struct trace_source *source;
    struct trace_file *out;
    struct trace_chunk chunk;
    must(trace_source_open(argv[1], TRACE_FILE_EVENTS, &source, &error));
    int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    must(trace_file_create(fd, TRACE_FILE_EVENTS, trace_source_run_id(source), &out, &error));
    while (trace_source_next(source, &chunk, &error) == STATUS_OK) {
        if (chunk.kind == TRACE_CHUNK_DESCRIPTION) {
            struct run_spec spec;
            struct buffer bytes = BUFFER_INIT;
            must(run_spec_decode(chunk.bytes, chunk.size, &spec, &error));
            for (int i = 4; i < argc; i++)
                change(&spec.facts, argv[i]);
            run_spec_encode(&spec, &bytes);
            if (strcmp(argv[3], "-") != 0)
                change_header(argv[3], &spec);
            must(trace_file_append(out, chunk.kind, bytes.data, bytes.size, 0, 0, 0, &error));
            buffer_done(&bytes);
            run_spec_done(&spec);
        } else if (chunk.kind == TRACE_CHUNK_MODULE) {
            must(trace_file_append_part(out, chunk.kind, chunk.bytes, chunk.size, 0, 0, 0, trace_source_more(source), &error));
        } else {
            must(trace_file_append(out, chunk.kind, chunk.bytes, chunk.size, chunk.stream_offset, chunk.first_event, chunk.event_count, &error));
        }
    }
    trace_file_close(out);
    trace_source_close(source);
    return 0;
}
"""
HELLO = """
#include <stdio.h>
int main() { puts("hello"); return 0; }
"""


class Description(Attack):
    def record_once(self, *options, witness="on"):
        self.attack(self.guest(HELLO), options=["--witness", witness, *options], status=0)

    def redescribe(self, *words, header=False):
        """Writes the trace anew, beside its witness file; with `header` that file's header as well."""
        before = self.folder / "before.wtrace"
        self.trace.rename(before)
        self.warrant(before, self.trace, self.witness if header else "-", *words, command=self.native(REDESCRIBE))

    @needs_witness
    def test_unchanged(self):
        """The forger's tool is sound: a trace written anew with nothing changed is as good as before."""
        self.record_once()
        self.redescribe(header=True)
        self.assertEqual(self.clean()["verdict"], "clean")

    @needs_witness
    def test_header_says_otherwise(self):
        self.record_once()
        self.redescribe("unconfined")
        self.caught("witness.foreign")

    @needs_witness
    def test_said_to_be_confined(self):
        self.record_once("--no-confine")
        self.assertIn("confine.off", {f["rule"] for f in self.clean()["findings"]})
        self.redescribe("confined", header=True)
        report = self.caught("confine.contradicted")
        said = " ".join(f["evidence"] for f in report["findings"] if f["rule"] == "confine.contradicted")
        for line in "seccomp", "no_new_privs":
            self.assertIn(line, said)

    @needs_witness
    def test_said_to_be_unconfined(self):
        self.record_once()
        self.redescribe("unconfined", header=True)
        self.caught("confine.contradicted")

    @needs_witness
    def test_said_to_be_unwitnessed(self):
        """With the witness's file still there the lie shows."""
        self.record_once()
        self.redescribe("unwitnessed")
        self.caught("witness.foreign")

    def test_said_to_be_witnessed(self):
        self.record_once(witness="off")
        self.redescribe("witnessed")
        self.caught("witness.missing")


kit.main()
