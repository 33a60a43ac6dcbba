#!/usr/bin/env python3
"""The kit's own test: an owned process behind the confinement does something that the trace does not say, and is caught; its innocent
twin is not. Without this, an attack that was never made would pass for one that was caught."""
import kit
from kit import Attack, needs_witness

NOTHING = """
static struct guest *evil_guest;
static void evil_start(struct guest *g, struct wasi_backend *b) {}
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""
UNLINK = NOTHING.replace("struct wasi_backend *b) {}", 'struct wasi_backend *b) { syscall(SYS_unlinkat, GUEST_FD_GRANTS, "precious", 0); }')
HELLO = """
#include <stdio.h>
int main() { puts("hello"); return 0; }
"""


@needs_witness
class Kit(Attack):
    def setUp(self):
        super().setUp()
        (self.data / "precious").touch()

    def test_innocent(self):
        done = self.attack(self.guest(HELLO), command=self.evil(NOTHING), options=["--witness", "on"], status=0)
        self.assertEqual(done.stdout, "hello\n")
        self.assertTrue((self.data / "precious").exists())
        self.clean()

    def test_undeclared(self):
        done = self.attack(self.guest(HELLO), command=self.evil(UNLINK), options=["--witness", "on"], status=0)
        self.assertEqual(done.stdout, "hello\n")
        self.assertFalse((self.data / "precious").exists())
        report = self.caught("witness.undeclared")
        self.assertTrue(any(f["syscall"] == "unlinkat" for f in report["findings"]), report["findings"])


class Without(Attack):
    def test_anchor_that_moved(self):
        """A hook that finds no place is an error, not an attack that was withstood."""
        source = self.folder / "source"
        (source / "cli").mkdir(parents=True)
        (source / "cli/guest_main.c").write_text("int main(void) { return 0; }\n")
        with self.assertRaises(RuntimeError):
            kit.make_evil.evil_source(NOTHING, source)


kit.main()
