#!/usr/bin/env python3
"""Signed runs: who signs, what `check --trust` and `--require` make of it, and whatever a forger does to the files afterwards. What he can do to one
file's bytes is test_trace_white_signature's matter; what who has a key can do, attacks_signed's."""
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import unittest

from warrant_case import GUESTS, SOURCE, Case, main, needs_witness, witness_works

sys.path.insert(0, str(SOURCE / "tests/reader"))
import ed25519  # noqa: E402

PUBLIC = bytes.fromhex("302a300506032b6570032100")
SIGNATURE = 96 + 232  # the chunk's bytes


class Signed(Case):
    def setUp(self):
        super().setUp()
        self.keys = self.folder / "keys"
        self.keys.mkdir()
        for name in ("recorder", "witness", "forger"):
            self.warrant("keygen", self.keys / name)

    def key(self, name):
        return self.keys / name

    def sign(self, name="run", *options, witnessed=None):
        trace = self.folder / f"{name}.wtrace"
        witnessed = witness_works() if witnessed is None else witnessed
        signs = ["--sign", self.key("recorder")]
        signs += ["--sign-witness", self.key("witness")] if witnessed else ["--witness", "off"]
        self.warrant("record", "-q", "-o", trace, *(options or signs), GUESTS / "steps.wasm", status=None)
        return trace

    def verdict(self, trace, *options, trust=("recorder", "witness"), require="signature"):
        trusted = [part for name in trust for part in ("--trust", f"{self.key(name)}.pub")]
        demands = ["--require", require] if require else []
        run = self.warrant("check", "--json", "--no-replay", *trusted, *demands, *options, trace, status=None)
        report = json.loads(run.stdout)
        self.assertEqual(run.returncode, report["exit_status"])
        return report

    def found(self, report):
        return {finding["rule"] for finding in report["findings"] if finding["fails"]}

    def states(self, report):
        return [report["signatures"][file]["state"] for file in ("trace", "witness")]


class Keys(Signed):
    def test_keygen(self):
        secret, public = self.key("recorder"), self.keys / "recorder.pub"
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
        self.assertNotEqual(secret.read_bytes(), self.key("witness").read_bytes())
        before = secret.read_bytes(), public.read_bytes()
        self.warrant("keygen", secret, status=3)  # what is there stays
        self.assertEqual(before, (secret.read_bytes(), public.read_bytes()))
        (self.keys / "half.pub").write_text("mine")
        self.warrant("keygen", self.keys / "half", status=3)
        self.assertFalse((self.keys / "half").exists())
        self.assertEqual((self.keys / "half.pub").read_text(), "mine")

    def test_no_guest_can_reach_a_key(self):
        inside, trace = self.folder / "granted", self.folder / "run.wtrace"
        inside.mkdir()
        shutil.copy(self.key("recorder"), inside / "key")
        os.symlink(inside / "key", self.keys / "link")
        os.link(self.key("witness"), self.folder / "second-name")
        os.mkdir(self.folder / "open")
        shutil.copy(self.key("forger"), self.folder / "open/key")
        os.chmod(self.folder / "open/key", 0o644)
        record = ["record", "-o", trace, "--witness", "off"]
        for key, words in ((inside / "key", "granted to the guest"), (self.keys / "link", "granted to the guest"),
                           (self.key("witness"), "names (hard links)"), (self.folder / "open/key", "read by others"),
                           (self.keys, "no regular file"), (self.keys / "forger.pub", "no private key"), (self.keys / "none", "No such file")):
            run = self.warrant(*record, "--dir", f"{inside}::/:ro", "--sign", key, GUESTS / "steps.wasm", status=125)
            self.assertIn(words, run.stderr)
            self.assertFalse(trace.exists())
        with open(self.key("recorder"), "rb") as key, self.started(*record, "--sign", self.key("recorder"), GUESTS / "steps.wasm", ends=125,
                                                                   stdin=key, stderr=subprocess.PIPE) as run:
            self.assertIn(b"which the guest inherits", run.stderr.read())
        self.assertFalse(trace.exists())

    def test_usage(self):
        trace = self.sign()
        self.warrant("check", "--require", "signature", trace, status=2)  # by whose key?
        self.warrant("check", "--require", "witnes", trace, status=2)
        self.warrant("check", "--require", "", trace, status=2)
        self.warrant("check", "--trust", self.key("recorder"), trace, status=3)  # the private half
        self.warrant("record", "--witness", "off", "--sign-witness", self.key("witness"), GUESTS / "steps.wasm", status=2)


class Honest(Signed):
    def test_trusted(self):
        trace = self.sign()
        report = self.verdict(trace)
        self.assertEqual(self.found(report), set())
        self.assertEqual(self.states(report), ["trusted", "trusted" if witness_works() else "no"])
        name = hashlib.sha256(PUBLIC + trace.read_bytes()[-96:-64]).hexdigest()
        self.assertEqual(report["signatures"]["trace"]["key"], name)

    def test_another_program_finds_it_valid(self):
        trace = self.sign(witnessed=False)
        body = trace.read_bytes()[-232:]
        domain = b"warrant trace 1 recorder".ljust(32, b"\0")
        self.assertTrue(ed25519.verify(body[136:168], domain + body[:168], body[168:]))
        self.assertFalse(ed25519.verify(body[136:168], domain + body[:167] + b"\1", body[168:]))

    def test_nobody_vouched(self):
        report = self.verdict(self.sign(witnessed=False), trust=(), require=None)
        self.assertEqual(report["signatures"]["trace"]["state"], "unknown key")
        self.assertEqual(self.found(report), set())

    def test_database(self):
        trace, db = self.sign(witnessed=False), self.folder / "runs.db"
        self.verdict(trace, "--db", db)
        rows = json.loads(self.warrant("query", "--json", db, "SELECT signed, witness_signed, signed_by FROM runs").stdout)
        name = hashlib.sha256(PUBLIC + trace.read_bytes()[-96:-64]).hexdigest()
        self.assertEqual(rows, [{"signed": "trusted", "witness_signed": "no", "signed_by": name}])

    def test_limits_and_deaths_are_signed_too(self):
        """The end is signed with what it says: a run that was stopped is a whole, signed one."""
        report = self.verdict(self.sign("fuel", "--sign", self.key("recorder"), "--witness", "off", "--fuel", "100"))
        self.assertEqual((self.found(report), report["signatures"]["trace"]["state"]), (set(), "trusted"))

    def test_require(self):
        trace = self.sign("plain", "--witness", "off", "--no-confine")
        for what, words in (("witness", "compared with the kernel"), ("signature", "no trusted key signed the trace"), ("confined", "off")):
            report = self.verdict(trace, require=what)
            self.assertEqual(self.found(report), {"require.unmet"})
            self.assertIn(words, report["findings"][-1]["evidence"])
        self.assertEqual(self.states(report), ["no", "no"])

    def test_what_recover_saved_is_unsigned_and_said(self):
        trace = self.sign(witnessed=False)
        data = trace.read_bytes()
        trace.write_bytes(data[:-SIGNATURE - 96])  # the recorder died within its last chunks
        self.assertEqual(self.found(self.verdict(trace, trust=(), require=None)), {"signature.missing"})


class Forged(Signed):
    def test_truncated(self):
        trace = self.sign(witnessed=False)
        data = trace.read_bytes()
        trace.write_bytes(data[:-SIGNATURE])  # a whole, unsigned trace
        report = self.verdict(trace, trust=(), require=None)
        self.assertTrue(report["whole"])
        self.assertEqual(self.found(report), {"signature.missing"})
        self.assertEqual(self.found(self.verdict(trace)), {"signature.missing", "require.unmet"})

    def test_signature_of_another_run(self):
        one, other = self.sign("one", witnessed=False), self.sign("other", witnessed=False)
        data = one.read_bytes()
        one.write_bytes(data[:-SIGNATURE] + other.read_bytes()[-SIGNATURE:])
        self.assertIn("signature.missing", self.found(self.verdict(one)))  # it does not even chain

    def test_signed_again_with_a_key_of_his_own(self):
        trace = self.sign("run", "--sign", self.key("forger"), "--witness", "off")
        self.assertEqual(self.found(self.verdict(trace, require=None)), {"signature.untrusted"})
        self.assertEqual(self.found(self.verdict(trace)), {"signature.untrusted", "require.unmet"})

    @needs_witness
    def test_one_key_for_both(self):
        shutil.copy(self.key("recorder"), self.key("copy"))
        trace = self.sign("run", "--sign", self.key("recorder"), "--sign-witness", self.key("copy"))
        report = self.verdict(trace)
        self.assertEqual(self.found(report), {"signature.one-key", "require.unmet"})
        run = self.warrant("record", "--sign", self.key("recorder"), "--sign-witness", self.key("recorder"), GUESTS / "steps.wasm", status=125)
        self.assertIn("keys of their own", run.stderr)

    @needs_witness
    def test_the_witness_file_has_to_be_signed_as_well(self):
        trace = self.sign("run", "--sign", self.key("recorder"), "--witness", "on")
        self.assertEqual(self.found(self.verdict(trace, require=None)), set())  # nobody asked for it then
        self.assertEqual(self.found(self.verdict(trace)), {"require.unmet"})
        trace = self.sign("both")
        witness = trace.with_suffix(".wwit")
        witness.write_bytes(witness.read_bytes()[:-SIGNATURE])
        report = self.verdict(trace)
        self.assertEqual(self.found(report), {"signature.missing", "require.unmet"})
        self.assertEqual(self.states(report), ["trusted", "missing"])
        witness.unlink()
        self.assertEqual(self.found(self.verdict(trace)), {"witness.missing", "require.unmet"})

    @needs_witness
    def test_pieces_of_two_runs(self):
        one, other = self.sign("one"), self.sign("other")
        shutil.copy(other.with_suffix(".wwit"), one.with_suffix(".wwit"))
        found = self.found(self.verdict(one))
        self.assertEqual(found, {"witness.foreign", "require.unmet"})


if __name__ == "__main__":
    main()
