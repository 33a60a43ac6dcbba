#!/usr/bin/env python3
"""`warrant attest`: a DSSE envelope with an in-toto statement, checked by an Ed25519 of our own, and by securesystemslib where it is installed."""
import base64
import copy
import hashlib
import json
import sys
import unittest

from warrant_case import GUESTS, SOURCE, Case, main, needs_witness, witness_works

sys.path.insert(0, str(SOURCE / "tests/reader"))
import ed25519  # noqa: E402

try:
    import securesystemslib.dsse
    import securesystemslib.signer
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
except ImportError:
    securesystemslib = None

PUBLIC = bytes.fromhex("302a300506032b6570032100")
TYPE = "application/vnd.in-toto+json"


class Attest(Case):
    def setUp(self):
        super().setUp()
        self.key = self.folder / "auditor"
        self.warrant("keygen", self.key)

    def attest(self, *options, status=0):
        out = self.folder / "statement.json"
        self.warrant("attest", "--sign", self.key, "-o", out, *options, self.trace, status=status)
        return json.loads(out.read_text())

    def public(self):
        """The 32 bytes of the public key."""
        text = (self.folder / "auditor.pub").read_text().splitlines()[1]
        return base64.b64decode(text)[len(PUBLIC):]

    def statement(self, envelope):
        """The statement, once its signature was checked."""
        self.assertEqual(set(envelope), {"payload", "payloadType", "signatures"})
        payload, (signature,) = base64.b64decode(envelope["payload"]), envelope["signatures"]
        self.assertEqual(envelope["payloadType"], TYPE)
        signed = b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload)
        self.assertTrue(ed25519.verify(self.public(), signed, base64.b64decode(signature["sig"])))
        self.assertFalse(ed25519.verify(self.public(), signed + b" ", base64.b64decode(signature["sig"])))
        self.assertEqual(signature["keyid"], hashlib.sha256(PUBLIC + self.public()).hexdigest())
        return json.loads(payload)

    def test_what_it_states(self):
        self.record("steps", status=None)
        statement = self.statement(self.attest())
        self.assertEqual(statement["_type"], "https://in-toto.io/Statement/v1")
        self.assertEqual(statement["predicateType"], "https://in-toto.io/attestation/runtime-trace/v0.2")
        (subject,) = statement["subject"]
        self.assertEqual(subject["digest"], {"sha256": hashlib.sha256((GUESTS / "steps.wasm").read_bytes()).hexdigest()})
        predicate, report = statement["predicate"], self.check()
        self.assertEqual(predicate["monitoredProcess"]["event"], report["run"])
        check = predicate["warrantCheck"]
        self.assertEqual((check["verdict"], check["hostcalls"], check["hostcallVerdicts"], check["witnessed"]),
                         (report["verdict"], report["hostcalls"], report["verdicts"], report["witnessed"]))
        self.assertRegex(predicate["metadata"]["buildStartedOn"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual("network" in predicate["monitorLog"], witness_works())  # none is no word about what nobody watched

    def test_files(self):
        (self.data / "a b%").write_bytes(b"0123456789")
        self.record("poke", "cat", "/data/a b%", status=None)
        database = self.folder / "runs.db"
        self.check("--db", database, status=None)
        rows = json.loads(self.warrant("query", "--json", database, "SELECT name, opens, bytes_read FROM files ORDER BY name").stdout)
        files = self.statement(self.attest(status=None))["predicate"]["monitorLog"]["fileAccess"]
        self.assertEqual([(file["name"], file["annotations"]["opens"], file["annotations"]["bytes_read"]) for file in files],
                         [(row["name"], row["opens"], row["bytes_read"]) for row in rows])
        self.assertTrue(all(file["uri"].startswith("guest:") and " " not in file["uri"] for file in files))

    def test_findings_are_stated(self):
        self.record("steps", status=None)
        statement = self.statement(self.attest("--trust", self.folder / "auditor.pub", "--require", "signature", status=1))
        check = statement["predicate"]["warrantCheck"]
        self.assertEqual((check["verdict"], check["exitStatus"]), ("findings", 1))
        self.assertIn("require.unmet", [finding["rule"] for finding in check["findings"] if finding["fails"]])

    @needs_witness
    def test_who_signed_the_trace(self):
        self.record("steps", options=["--sign", self.key], status=None)
        check = self.statement(self.attest("--trust", self.folder / "auditor.pub"))["predicate"]["warrantCheck"]
        self.assertEqual(check["signatures"]["trace"]["state"], "trusted")

    def test_what_cannot_be_stated(self):
        self.record("steps", options=["--no-module"], status=None)
        out = self.folder / "none.json"
        self.warrant("attest", "--sign", self.key, "-o", out, "--no-replay", self.trace, status=3)
        self.warrant("attest", "-o", out, self.trace, status=2)  # by nobody
        self.record("steps", status=None)
        self.warrant("attest", "--sign", self.folder / "auditor.pub", "-o", out, self.trace, status=3)
        self.assertFalse(out.exists())

    @unittest.skipUnless(securesystemslib, "securesystemslib (PyPI) and cryptography are not installed")
    def test_securesystemslib_verifies(self):
        self.record("steps", status=None)
        envelope = self.attest()
        public = load_pem_public_key((self.folder / "auditor.pub").read_bytes())
        key = securesystemslib.signer.SSlibKey.from_crypto(public, keyid=envelope["signatures"][0]["keyid"])
        verified = securesystemslib.dsse.Envelope.from_dict(copy.deepcopy(envelope)).verify([key], 1)
        self.assertEqual(list(verified), [key.keyid])
        envelope["payload"] = base64.b64encode(base64.b64decode(envelope["payload"]) + b" ").decode()
        with self.assertRaises(securesystemslib.exceptions.VerificationError):
            securesystemslib.dsse.Envelope.from_dict(envelope).verify([key], 1)


if __name__ == "__main__":
    main()
