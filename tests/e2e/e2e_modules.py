"""Where a module comes from, and what is said of a file that is none: pipes and the standard input are modules too, are read once, and
leave the guest an empty input; a refusal names the file, what it is, and the way out."""
import gzip
import os
import subprocess
import threading

import warrant_case
from warrant_case import WARRANT, Case

# fd_read of one byte from descriptor 0, then proc_exit(errno * 16 + nread).
READS = """(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
  (data (i32.const 8) "\\40\\00\\00\\00\\01\\00\\00\\00")
  (func (export "_start")
    (call $exit (i32.add (i32.mul (i32.const 16) (call $read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 32)))
      (i32.load (i32.const 32))))))"""
EMPTY = b"\0asm\1\0\0\0"


class Sources(Case):
    def setUp(self):
        super().setUp()
        (self.folder / "reads.wat").write_text(READS)
        self.module = self.folder / "reads.wasm"
        subprocess.run(["wat2wasm", self.folder / "reads.wat", "-o", self.module], check=True)

    def test_standard_input_is_a_module_and_then_empty(self):
        self.warrant("run", self.module, input=b"x", status=1)  # the guest does read: one byte
        self.warrant("run", "-", input=self.module.read_bytes(), status=0)
        with open(self.module, "rb") as file:
            done = subprocess.run([WARRANT, "run", "-"], stdin=file, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        with open(self.module, "rb") as file:
            done = subprocess.run([WARRANT, "run", "/dev/stdin"], stdin=file, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_recorded_from_a_pipe(self):
        done = self.warrant("record", "-o", self.trace, "--witness", "off", "-", input=self.module.read_bytes())
        self.assertIn("1", done.stderr)
        self.assertTrue(self.check()["replay"]["identical"])

    def test_a_fifo_that_is_written_late(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        writer = threading.Timer(1, lambda: fifo.write_bytes(self.module.read_bytes()))
        writer.start()
        self.warrant("run", fifo, input=b"x", status=1)
        writer.join()

    def test_process_substitution(self):
        done = subprocess.run(["bash", "-c", f"'{WARRANT}' run <(cat '{self.module}')"], input=b"x", capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (1, b""))

    def test_a_pipe_has_the_limit_of_a_file(self):
        policy = self.folder / "p.yaml"
        policy.write_text(f"version: 1\nlimits: {{ module: {self.module.stat().st_size} }}\n")
        self.warrant("run", "--policy", policy, "-", input=self.module.read_bytes())
        done = self.warrant("run", "--policy", policy, "-", input=self.module.read_bytes() + b"\0", status=125)
        self.assertIn(f"the standard input has more than {self.module.stat().st_size} bytes, the limit of a module", done.stderr)

    def test_what_cannot_be_a_module(self):
        for path, what in ((self.folder, "is a directory"), ("/dev/zero", "is a device"), ("/dev/null", "is a device"),
                           (self.folder / "gone", "cannot open the module")):
            done = self.warrant("run", path, status=125)
            self.assertIn(what, done.stderr)
            self.assertIn(str(path), done.stderr)


class Refusals(Case):
    def refused(self, content, *words, status=125):
        path = self.folder / "some file.wasm"
        path.write_bytes(content)
        done = self.warrant("run", path, status=status)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in ("some file.wasm", *words):
            self.assertIn(word, done.stderr)

    def test_other_kinds_of_files(self):
        self.refused(b"", "it is empty")
        self.refused(b"(module)", "WebAssembly text", "`wat2wasm`")
        self.refused(b";; words\n(module)", "WebAssembly text", "`wat2wasm`")
        self.refused(gzip.compress(EMPTY), "gzip", "`gunzip`")
        self.refused(WARRANT.read_bytes()[:4096], "ELF", "wasm32-wasip1")
        self.refused(b"\0asm\1\0\0", "ends within its first 8 bytes")
        self.refused(b"\0asm\2\0\0\0", "unknown binary version 2")

    def test_a_component_and_a_proposal(self):
        self.refused(b"\0asm\x0d\0\1\0", "this is a component", "wasm32-wasip1", "`wasm-tools component unbundle --module-dir DIR`")
        self.refused(EMPTY + b"\5\3\1\4\1", "at offset 11", "memory64", "--memory64-lowering`")

    def test_the_place_of_a_fault(self):
        bad = EMPTY + b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\x0a\6\1\4\0\x1a\1\x0b"
        self.refused(bad, "at offset 23", "the operand stack is empty", "in function 0")

    def test_imports_that_nobody_has(self):
        (self.folder / "i.wat").write_text('(module (import "env" "foo" (func)) (func (export "_start")))')
        subprocess.run(["wat2wasm", self.folder / "i.wat", "-o", self.folder / "i.wasm"], check=True)
        self.refused((self.folder / "i.wasm").read_bytes(), 'import "env" "foo"', "wasi_snapshot_preview1", "link the rest")

    def test_files_in_the_wrong_place(self):
        (self.folder / "m.wat").write_text('(module (func (export "_start")))')
        subprocess.run(["wat2wasm", self.folder / "m.wat", "-o", self.folder / "m.wasm"], check=True)
        self.warrant("record", "--witness", "off", "-o", self.trace, self.folder / "m.wasm")
        self.assertIn("`warrant replay`", self.warrant("run", self.trace, status=125).stderr)
        self.assertIn("`warrant record`", self.warrant("show", warrant_case.GUESTS / "steps.wasm", status=3).stderr)
        self.assertIn("`wat2wasm`", self.warrant("replay", "--module", self.folder / "m.wat", self.trace, status=3).stderr)
        done = self.warrant("replay", "--module", "-", self.trace, input=(self.folder / "m.wasm").read_bytes())
        self.assertTrue(done.stdout.startswith("identical"), done.stdout)
        done = self.warrant("replay", "--module", "-", self.trace, input=EMPTY + b"\5\3\1\4\1", status=3)
        self.assertIn("the module given: at offset 11", done.stderr)

    def test_no_command(self):
        self.refused(EMPTY, "no function `_start`")


if __name__ == "__main__":
    warrant_case.main()
