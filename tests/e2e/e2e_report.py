"""A check as one page of HTML: what it says, that nothing of a guest's reaches it unescaped, that it is bounded."""
import html.parser
import json
import os
import re
import socket
import stat
import threading
import unicodedata

import warrant_case
from warrant_case import Case, needs_witness

ELEMENTS = set("""html head meta title style body main header footer nav section h1 h2 h3 h4 p a dl dt dd div span strong small em code data b i br ul li
                  details summary table caption thead tbody tfoot tr th td figure figcaption svg path""".split())
VOID = {"meta", "br"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "value", "title", "style", "open", "colspan", "role", "aria-label",
              "viewbox", "preserveaspectratio", "d"}


class Page(html.parser.HTMLParser):
    """Takes a page apart, and demands what holds of every page: the elements and attributes above, closed in their order; no reference outward."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.faults, self.stack, self.sections, self.states, self.section = [], [], {}, [], ""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.stack]

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.faults += [f"<{tag}>"] if tag not in ELEMENTS else []
        self.faults += [f"<{tag} {name}={value!r}>" for name, value in attributes
                        if name not in ATTRIBUTES or (name == "href" and not re.fullmatch(r"#[a-z]+", value)) or (name == "style" and not re.fullmatch(r"width:[0-9.]+%", value))]
        if tag == "section":
            self.section = names["id"]
        self.states += [names["class"].split()[1]] if names.get("class", "").startswith("state ") else []
        if tag not in VOID:
            self.stack.append(tag)
        if tag in ("td", "li", "span", "div"):
            self.handle_data(" ")

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")
        self.section = "" if tag == "section" else self.section

    def handle_data(self, data):
        if "style" not in self.stack:
            self.sections[self.section] = self.sections.get(self.section, "") + data.replace("\u202f", "").replace("\xa0", " ")

    def handle_comment(self, data):
        self.faults.append(f"a comment: {data!r}")


class Report(Case):
    def report(self, *options, trace=None, status=0):
        """Makes the page of the trace and takes it apart."""
        page = self.folder / "report.html"
        self.warrant("report", trace or self.trace, "-o", page, *options, status=status)
        return self.page(page.read_bytes())

    def page(self, content):
        text = content.decode()  # valid UTF-8
        odd = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")} - {"\n"}
        self.assertEqual(odd, set())
        self.assertEqual(re.findall(r"https?:|//|@import|url\(|<script|javascript:", re.sub(r"<code>.*?</code>", "", text)), [])
        self.assertIn("default-src 'none'", text)
        self.assertIn("prefers-color-scheme:dark", text)
        page = Page(text)
        self.assertEqual(page.faults, [])
        return page

    def test_a_run(self):
        self.record("steps", 3)
        report = self.check()
        page = self.report()
        self.assertTrue(page.sections[""].find("steps.wasm") > 0)
        self.assertIn(report["run"], page.sections[""])
        self.assertIn(f"{report['hostcalls']} hostcalls", page.sections[""])
        self.assertIn("executed again", page.sections[""])
        self.assertEqual(set(page.sections) - {""}, {"findings", "granted", "timeline", "files", "sockets", "hostcalls", "syscalls"})
        calls = [item["call"] for item in self.show() if "call" in item]
        for name in set(calls):
            self.assertRegex(page.sections["hostcalls"], rf"{name} {calls.count(name)} ")
        self.assertIn("/data", page.sections["granted"])
        self.assertIn("The guest asked for none.", page.sections["sockets"])
        self.assertNotIn("crash", page.sections)

    def test_what_a_start_brings_about_is_told_apart(self):
        """A refusal that libc's start meets, behind one that the program brought about."""
        expected = "libc asks for granted directories until there is none"
        self.record("poke", "fd_close", 44)
        self.assertNotIn(expected, self.report().sections["granted"])
        self.trace = self.folder / "steps.wtrace"
        self.record("steps", 3)
        self.assertRegex(self.report().sections["granted"], rf"fd_prestat_get the descriptor is not open \(BAD_DESCRIPTOR\) 1 \d+ {expected}")

    @needs_witness
    def test_clean_is_said_where_all_was_done(self):
        self.record("steps", 3)
        page = self.report()
        self.assertEqual((page.states, page.sections["findings"].split()), (["ok"] * 6, ["Findings", "None."]))
        self.assertIn("OBSERVE tells something", page.sections["syscalls"])

    def test_unknown_is_said(self):
        self.record("steps", 3, options=["--witness", "off"])
        page = self.report("--no-replay")
        self.assertEqual(page.states[:4], ["warn", "unknown", "unknown", "unknown"])
        for text in ("Incomplete", "not witnessed", "by its own word", "not replayed", "unwitnessed, not replayed."):
            self.assertIn(text, page.sections[""])
        self.assertIn("Not known: there is no kernel's record of this run", page.sections["syscalls"])
        self.assertIn("witness.absent", page.sections["findings"])

    @needs_witness
    def test_a_finding_has_its_evidence(self):
        """Judged by a policy that lets the directory be read: event, record and both sides of the calls that wrote, also of one whose op has no event of
        its own."""
        rights = 1 << 1 | 1 << 2 | 1 << 6  # to write where it likes
        self.record("poke", "path_create_directory", 3, "@made", "--", "path_open", 3, 0, "@file", 1, rights, rights, 0, "out", "--", "fd_pwrite", 4, "iov:@0123456789:10", 32, "out")
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles:\n  - host: {self.data}\n    guest: /data\n    access: read\n")
        found = {one["call"]: one for one in self.check("--policy", policy, status=1)["findings"] if one["rule"] == "judge.escape"}
        self.assertEqual(set(found), {"path_create_directory", "path_open", "fd_pwrite"})
        page = self.report("--policy", policy, status=1)
        self.assertIn("broken", page.sections[""])
        text = page.sections["findings"]
        self.assertNotIn("was declared here", text)
        self.assertNotIn("was seen here", text)
        made, wrote = found["path_create_directory"], found["fd_pwrite"]
        for part in (made["evidence"], f"event {made['event']}", f"witness record {made['record']}", "makes, removes or renames files"):
            self.assertIn(part, text)
        self.assertRegex(text, rf'The trace says\s+event {made["event"] + 1} mkdirat #3 "made" = 0\s+The kernel saw\s+record {made["record"]} mkdirat\(\d+, 0x[0-9a-f]+, 511\) = 0 "made"  plan')
        self.assertRegex(text, rf'The trace says\s+event {wrote["event"]} pwrite64 #4 at 32, bytes 10 = 10\s+The kernel saw\s+record {wrote["record"]} pwrite64\(\d+, 0x[0-9a-f]+, 10, 32\) = 10  plan')

    def test_hostile_names(self):
        """Markup, marks of direction, controls and bytes that are no UTF-8, as names of files, arguments, labels and of the guest's directory."""
        names = ["<script>alert(1)<%2Fscript>", "\"'><img src=x onerror=alert(1)>&amp;", "%E2%80%AEgnp.exe", "%FF%FE%1B[31m", "-->]]><!--", "a%0Ab%09c", "\\x41"]
        self.data.joinpath("sub").mkdir()
        words = [word for name in names for word in ("--", "path_create_directory", 3, f"@{name}")][1:]
        guest = "/<b>'\"&\u202e"
        self.warrant("record", "-o", self.trace, "--dir", f"{self.data}::{guest}", "--label", "a=</title><script>", *warrant_case.WITNESS, warrant_case.GUESTS / "poke.wasm", *words)
        page = self.report()
        files = page.sections["files"]
        for name in ("\"'><img src=x onerror=alert(1)>&amp;", "\\xe2\\x80\\xaegnp.exe", "\\xff\\xfe\\x1b[31m", "-->]]><!--", "a\\nb\\tc", "\\\\x41", "<b>'\"&\\xe2\\x80\\xae/"):
            self.assertIn(name, files)
        self.assertIn("a=</title><script>", page.sections[""])
        self.assertIn("<script>alert(1)<%2Fscript>", page.sections[""])  # an argument
        self.assertEqual(self.page(self.warrant("report", self.trace).stdout.encode()).sections["files"], files)

    def test_its_lists_are_bounded(self):
        """Of more names than are listed, the others are one sum."""
        words = [word for i in range(450) for word in ("--", "path_create_directory", 3, f"@n{i:03}")][1:]
        self.record("poke", *words)
        page = self.report()
        self.assertEqual(len(re.findall(r"\bn\d{3}\b", page.sections["files"])), 400 - 1)  # and standard output
        self.assertIn("51 more names are not listed; together:  made 51", page.sections["files"])

    def test_a_trap(self):
        self.record("deep", status=134)
        exited = self.show()[-1]
        page = self.report()
        self.assertRegex(page.sections["crash"], rf"The guest trapped: .*\({exited['trap']}\), in function {exited['function']} at byte {exited['offset']:#x} of the module")
        self.assertEqual(len(re.findall(r"#\d+ +0x[0-9a-f]{8} in function 0", page.sections["crash"])), 96)  # what a trace keeps of a stack
        self.assertIn("85 more lines", page.sections["crash"])
        self.assertEqual(page.sections["crash"].count("#"), len(exited["stack"]))
        self.assertIn(f"#0  0x{exited['offset']:08x} in function {exited['function']}", page.sections["crash"])

    @needs_witness
    def test_a_network(self):
        """Each rule with its use, and whom the kernel saw the guest talk to."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            other = f"127.0.0.2/32:{port}"

            def answer():
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            self.warrant("record", "-o", self.trace, "--witness", "on", "--connect", f"tcp:127.0.0.0/31:{port}", "--connect", f"tcp:127.0.0.0/30:{port}",
                         "--connect", f"tcp:{other}", warrant_case.GUESTS / "net.wasm", "get", port)
            thread.join(timeout=60)
        page = self.report()
        for text in (f"127.0.0.0/31, port {port}: used 1 time", f"127.0.0.0/30, port {port}: used 1 time", f"127.0.0.2/32, port {port}: not used"):
            self.assertIn(text, page.sections["granted"])
        self.assertRegex(page.sections["sockets"], rf"TCP, out\s+127\.0\.0\.1 port {port} +connect 1; first in hostcall \d+")

    def test_where_it_is_written(self):
        self.record("steps", 1)
        page = self.folder / "page.html"
        self.warrant("report", self.trace, "-o", page)
        self.assertEqual(stat.S_IMODE(page.stat().st_mode), 0o600)
        page.write_text("old")
        self.warrant("report", self.trace, "-o", page)  # of ours: replaced
        self.assertIn("</html>", page.read_text())
        kept = self.folder / "kept"
        kept.write_text("kept")
        os.symlink(kept, self.folder / "link.html")
        self.assertIn("symbolic link", self.warrant("report", self.trace, "-o", self.folder / "link.html", status=3).stderr)
        self.assertIn("may write", self.warrant("report", self.trace, "-o", self.data / "x.html", status=3).stderr)
        self.assertEqual((kept.read_text(), list(self.data.glob("x.html"))), ("kept", []))
        self.warrant("report", self.trace, self.trace, "-o", page, status=2)
        self.warrant("report", "-o", page, status=2)
        self.assertIn("No such file", self.warrant("report", self.folder / "none.wtrace", "-o", self.folder / "none.html", status=3).stderr)
        self.assertFalse((self.folder / "none.html").exists())

    def test_it_keeps_the_rows_where_that_is_asked(self):
        self.record("steps", 1)
        db = self.folder / "audit.db"
        self.report("--db", db)
        self.assertEqual([row["verdict"] for row in json.loads(self.warrant("query", "--json", db, "runs").stdout)], [self.check()["verdict"]])

    def test_a_damaged_trace(self):
        self.record("steps", 3)
        cut = self.folder / "cut.wtrace"
        cut.write_bytes(self.trace.read_bytes()[:-80])
        page = self.report(trace=cut, status=3)
        self.assertEqual(page.states[0], "bad")
        self.assertIn("What follows is of the part before the damage", page.sections[""])
        self.assertIn("The guest asked for none, as far as the trace goes.", page.sections["sockets"])  # nothing more is known
        self.assertNotIn("ok", page.states[1:4] + page.states[5:6], page.states)  # record, policy and replay of a part, and the trace; the second line is whole
        self.assertEqual("missing" in page.sections[""], warrant_case.witness_works())  # the copy has no witness file
        self.assertIn("stand in their order", page.sections["timeline"])  # nothing relates ticks to time


warrant_case.main()
