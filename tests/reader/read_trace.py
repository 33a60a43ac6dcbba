#!/usr/bin/python3
"""The second reader: prints a trace's events as JSON lines. Written from docs/trace-format.md alone, it shares nothing with the C
reader but that page. Needs python3-zstandard and python3-xxhash.

Usage: read_trace.py FILE.wtrace
Exit status: 0 the trace is whole; 3 it is not, and the last line says why."""
import hashlib
import json
import struct
import sys

import ed25519
import xxhash
import zstandard

MAGIC = bytes.fromhex("895752540d0a1a0a")
NONE = 0xFFFFFFFF
HANDLES = 4099  # numbers of handles
MASK = (1 << 64) - 1
DESCRIPTION, MODULE, EVENTS, END, SIGNATURE = 1, 2, 3, 4, 5
BEGIN_EVENT, OP_EVENT, DATA_EVENT, END_EVENT, EXIT_EVENT, STATE_EVENT, GROWTH_EVENT = 1, 2, 3, 4, 5, 6, 7
SILENT_EVENT, CALL_EVENT, CALL_UNTIMED_EVENT, DONE_EVENT, DONE_UNTIMED_EVENT = 8, 9, 10, 11, 12

# Section 3: (name, slots, strings, carries) per operation; (name, on iovs, leaves or enters) per op.
OPERATIONS = [
    ("args_get", 2, 0, ""), ("args_sizes_get", 2, 0, ""), ("environ_get", 2, 0, ""), ("environ_sizes_get", 2, 0, ""),
    ("clock_res_get", 2, 0, ""), ("clock_time_get", 3, 0, ""), ("fd_advise", 4, 0, ""), ("fd_allocate", 3, 0, ""),
    ("fd_close", 1, 0, ""), ("fd_datasync", 1, 0, ""), ("fd_fdstat_get", 2, 0, ""), ("fd_fdstat_set_flags", 2, 0, ""),
    ("fd_fdstat_set_rights", 3, 0, ""), ("fd_filestat_get", 2, 0, ""), ("fd_filestat_set_size", 2, 0, ""),
    ("fd_filestat_set_times", 4, 0, ""), ("fd_pread", 5, 0, "iovs"), ("fd_prestat_get", 2, 0, ""),
    ("fd_prestat_dir_name", 3, 0, ""), ("fd_pwrite", 5, 0, "iovs"), ("fd_read", 4, 0, "iovs"), ("fd_readdir", 5, 0, ""),
    ("fd_renumber", 2, 0, ""), ("fd_seek", 4, 0, ""), ("fd_sync", 1, 0, ""), ("fd_tell", 2, 0, ""),
    ("fd_write", 4, 0, "iovs"), ("path_create_directory", 3, 1, ""), ("path_filestat_get", 5, 1, ""),
    ("path_filestat_set_times", 7, 1, ""), ("path_link", 7, 2, ""), ("path_open", 9, 1, ""), ("path_readlink", 6, 1, ""),
    ("path_remove_directory", 3, 1, ""), ("path_rename", 6, 2, ""), ("path_symlink", 5, 2, ""),
    ("path_unlink_file", 3, 1, ""), ("poll_oneoff", 4, 0, "subscriptions"), ("proc_exit", 1, 0, ""), ("proc_raise", 1, 0, ""),
    ("sched_yield", 0, 0, ""), ("random_get", 2, 0, ""), ("sock_accept", 3, 0, ""), ("sock_recv", 6, 0, "iovs"),
    ("sock_send", 5, 0, "iovs"), ("sock_shutdown", 2, 0, ""), ("sock_open", 4, 0, ""), ("sock_bind", 3, 0, "address"),
    ("sock_connect", 3, 0, "address"), ("sock_listen", 2, 0, ""), ("sock_recv_from", 9, 0, "iovs"), ("sock_send_to", 7, 0, "iovs, address"),
    ("sock_local_address", 5, 0, ""), ("sock_peer_address", 5, 0, ""), ("sock_resolve", 8, 2, ""),
    ("sock_get_option", 8, 0, ""), ("sock_set_option", 8, 0, ""),
]
# The operation of each import. Those of wasi_unstable, from 46 on: all of the 46 before them but the five, which stand behind.
CHANGED = [13, 23, 28, 37]
IMPORTS = [*range(46), *(n for n in range(46) if n not in CHANGED + [42]), *CHANGED,
           42, 49, 46, 8, 47, 48, 50, 51, 52, 53, 54, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 55, 56, 56, 56,
           56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56, 55, 56, 55, 56, 56, 56, 55, 56, 55, 56, 56, 56, 46, 47, 48, 50,
           51, 52, 53, 55, 56, 54, 50, 52, 53, 46, 47, 48, 49, 42, 43, 50, 44, 51, 52, 53]
OPS = [
    ("read", True, "BYTES"), ("pread", False, "BYTES"), ("write", True, "OUT"), ("pwrite", False, "OUT"), ("append", True, "OUT"),
    ("stat", False, "STAT"), ("stat_at", False, "STAT"), ("open", False, ""), ("close", False, ""), ("set_flags", False, ""),
    ("set_size", False, ""), ("sync", False, ""), ("datasync", False, ""), ("seek_dir", False, ""), ("read_dir", False, "STAGED"),
    ("make_dir", False, ""), ("remove_dir", False, ""), ("unlink", False, ""), ("make_link", False, ""),
    ("read_link", False, "BYTES"), ("set_times_at", False, ""), ("set_times", False, ""), ("clock_time", False, ""),
    ("clock_res", False, ""), ("sleep", False, ""), ("random", False, "BYTES"), ("yield", False, ""),
    ("poll", False, "STAGED"), ("file_system", False, ""), ("advise", False, ""), ("allocate", False, ""), ("move", False, ""),
    ("preadv", True, "BYTES"), ("pwritev", True, "OUT"),
    ("socket", False, ""), ("only_v6", False, ""), ("bind", False, ""), ("connect", False, ""), ("listen", False, ""),
    ("accept", False, "NAME"), ("send", True, "OUT"), ("send_to", True, "OUT"), ("receive", True, "BYTES"), ("receive_from", False, "MESSAGE"),
    ("shut_down", False, ""), ("local_name", False, "NAME"), ("peer_name", False, "NAME"), ("get_option", False, ""), ("set_option", False, ""),
    ("ask_name", False, ""), ("take_names", False, "STAGED"),
    ("rename", False, ""), ("link", False, ""),
]
# (types of the slots, takes a region, results: slot and bytes) per operation; (ticks, handle, mem, offset, value) per op.
COMPACT_CALLS = {
    0: ("II", False, []),
    1: ("II", False, [(0, 4), (1, 4)]),
    2: ("II", False, []),
    3: ("II", False, [(0, 4), (1, 4)]),
    4: ("II", False, [(1, 8)]),
    5: ("IQI", False, [(2, 8)]),
    6: ("IQQI", False, []),
    7: ("IQQ", False, []),
    8: ("I", False, []),
    9: ("I", False, []),
    10: ("II", False, []),
    11: ("II", False, []),
    12: ("IQQ", False, []),
    13: ("II", False, []),
    14: ("IQ", False, []),
    15: ("IQQI", False, []),
    16: ("IIIQI", True, [(4, 4)]),
    17: ("II", False, []),
    18: ("III", False, []),
    19: ("IIIQI", True, [(4, 4)]),
    20: ("IIII", True, [(3, 4)]),
    21: ("IIIQI", False, [(4, 4)]),
    22: ("II", False, []),
    23: ("IQII", False, [(3, 8)]),
    24: ("I", False, []),
    25: ("II", False, [(1, 8)]),
    26: ("IIII", True, [(3, 4)]),
    38: ("I", False, []),
    39: ("I", False, []),
    40: ("", False, []),
    41: ("II", False, []),
    42: ("III", False, [(2, 4)]),
    44: ("IIIII", True, [(4, 4)]),
    45: ("II", False, []),
    46: ("IIII", False, [(3, 4)]),
    49: ("II", False, []),
}
COMPACT_OPS = {
    0: (True, True, "iovs", False, False),
    1: (True, True, "region", True, False),
    2: (True, True, "iovs", False, False),
    3: (True, True, "region", True, False),
    4: (True, True, "iovs", True, False),
    5: (True, True, "", False, False),
    8: (True, True, "", False, False),
    9: (True, True, "", False, True),
    10: (True, True, "", False, True),
    11: (True, True, "", False, False),
    12: (True, True, "", False, False),
    13: (True, True, "", True, False),
    22: (False, False, "", False, True),
    23: (False, False, "", False, True),
    25: (True, False, "region", False, False),
    26: (True, False, "", False, False),
    28: (True, True, "", False, False),
    30: (True, True, "", True, True),
    32: (True, True, "iovs", True, False),
    33: (True, True, "iovs", True, False),
    38: (True, True, "", False, True),
    44: (True, True, "", False, True),
    49: (True, True, "", False, False),
}


class Stop(Exception):
    """The valid prefix ends here, and why."""


def need(condition, why):
    if not condition:
        raise Stop(why)


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def xxh3(data):
    return xxhash.xxh3_64_intdigest(data)


def pad8(size):
    return (size + 7) // 8 * 8


# ---- container ----

def read_file_header(data):
    need(len(data) >= 64, "file header: the file is cut")
    header = data[:64]
    need(header[:8] == MAGIC, "file header: wrong magic")
    kind, major, minor, incompatible = struct.unpack_from("<IHHI", header, 8)
    need(struct.unpack_from("<Q", header, 56)[0] == xxh3(header[:56]), "file header: damaged")
    need(major == 1 and minor >= 3, f"file header: version {major}.{minor}")
    need(incompatible & ~1 == 0, "file header: unknown features")
    need(kind == 1, "file header: not a trace")
    return header


def search_number(data, at, number):
    """Is there a sound header with this number from `at` on?"""
    while len(data) - at >= 96:
        if data[at:at + 4] != b"WCHK" or struct.unpack_from("<Q", data, at + 80)[0] != xxh3(data[at:at + 80]):
            return False
        if struct.unpack_from("<Q", data, at + 8)[0] == number:
            return True
        at += 96 + struct.unpack_from("<I", data, at + 40)[0]
    return False


def read_chunk(data, at, number, previous, events, stream):
    """Returns (kind, more, event count, body, end offset, hash)."""
    where = f"chunk {number} at offset {at}"
    need(len(data) - at >= 96, f"{where}: the file is cut inside a header")
    header = data[at:at + 96]
    magic, kind, found, first, offset, count, raw, stored, encoding, flags = struct.unpack_from("<4sIQQQIIIHH", header)
    header_sum, total_sum = struct.unpack_from("<QQ", header, 80)
    need(magic == b"WCHK" and header_sum == xxh3(header[:80]), f"{where}: header damaged")
    if found != number:
        order = found < number or search_number(data, at, number)
        raise Stop(f"{where}: out of order" if order else f"{where}: missing")
    need(1 <= kind <= 5 and encoding <= 1 and flags <= 1, f"{where}: unknown kind, encoding or flags")
    need(raw <= 1 << 24 and stored <= raw and (encoding == 1 or stored == raw), f"{where}: impossible lengths")
    body = data[at + 96:at + 96 + stored]
    need(len(body) == stored, f"{where}: the file is cut inside a chunk")
    need(total_sum == xxh3(header[:88] + body), f"{where}: body damaged")
    need(header[48:80] == previous, f"{where}: does not continue the chain")
    need(kind != EVENTS or (first == events and offset == stream), f"{where}: events do not follow")
    digest = blake2b(header + body)
    if encoding == 1:
        try:
            body = zstandard.ZstdDecompressor().decompress(body, max_output_size=raw)
        except zstandard.ZstdError as error:
            raise Stop(f"{where}: does not decompress") from error
        need(len(body) == raw, f"{where}: does not decompress")
    return kind, bool(flags & 1), count, body, at + 96 + stored, digest


def kind_of(data, at):
    """The kind in a whole and sound header at `at`; else None."""
    header = data[at:at + 96]
    sound = len(header) == 96 and header[:4] == b"WCHK" and struct.unpack_from("<Q", header, 80)[0] == xxh3(header[:80])
    return struct.unpack_from("<I", header, 4)[0] if sound else None


# ---- signature ----

DOMAINS = {1: b"warrant trace 1 recorder", 2: b"warrant trace 1 witness"}


def tree(leaves):
    """RFC 6962, section 2.1, with leaves that are hashes already."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return blake2b(b"\1" + tree(leaves[:left]) + tree(leaves[left:]))


def signature_holds(body, signer, run, chunks, events, end, leaves, description):
    """Whether the SIGNATURE is of the file that was read, and was made by the key that it names."""
    statement, key, signature = body[:168], body[136:168], body[168:]
    fits = statement[:4] == struct.pack("<I", signer) and statement[8:136] == (
        run + struct.pack("<QQ", chunks, events) + end + tree(leaves) + blake2b(description))
    return fits and ed25519.verify(key, DOMAINS[signer].ljust(32, b"\0") + statement, signature)


# ---- events ----

class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        size = struct.calcsize("<" + layout)
        need(len(self.data) - self.at >= size, "the event is shorter than its counts say")
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += size
        return values

    def address(self):
        """family, port, scope, and the bytes of an address"""
        family, zero, port, scope, raw = self.take("BBHI16s")
        need(zero == 0 and family in (0, 4, 6), "an address of no known family")
        return [family, port, scope, raw.hex()]

    def head(self, layout):
        """The event's first eight bytes, again."""
        return struct.unpack_from("<" + layout, self.data)

    def bytes(self, count):
        """`count` bytes and their padding."""
        need(len(self.data) - self.at >= pad8(count), "the event is shorter than its counts say")
        taken = self.data[self.at:self.at + count]
        self.at += pad8(count)
        return taken


class Decoder:
    def __init__(self):
        self.call = None      # the open call: its begin
        self.ops = []         # its ops
        self.data = []        # bytes that came in DATA, per op
        self.now = 0
        self.exited = False

    def begin(self, c, code, ticks):
        need(self.call is None and code < len(OPERATIONS), "a call inside a call, or no such hostcall")
        name, slots, strings, carries = OPERATIONS[code]
        fault, imported, iov_count, subscription_count = c.take("HHHH")
        need(imported < len(IMPORTS) and IMPORTS[imported] == code, "the import does not lower into the operation")
        string_count = 0 if fault else strings
        need(iov_count <= (1024 if carries.startswith("iovs") and not fault else 0), "too many iovs")
        need(subscription_count <= (1024 if carries == "subscriptions" and not fault else 0), "too many subscriptions")
        slot = list(c.take(f"{slots}Q"))
        lengths = c.take("II")[:string_count] if string_count else ()
        iovs = [list(c.take("II")) for _ in range(iov_count)]
        subscriptions = [list(c.take("QQQIHBx")) for _ in range(subscription_count)]
        address = c.address() if carries.endswith("address") and not fault else None
        need(sum(lengths) <= 8192, "strings too long")
        joined, at, texts = c.bytes(sum(lengths)), 0, []
        for length in lengths:
            texts.append(joined[at:at + length].hex())
            at += length
        self.now += ticks
        self.call = {"iovs": iovs}
        self.ops, self.data = [], []
        return {"type": "begin", "call": name, "import": imported, "ticks": self.now, "fault": fault, "slots": slot, "strings": texts, "iovs": iovs,
                "subscriptions": subscriptions, **({"address": address} if address and address[0] else {})}

    def op(self, c):
        need(self.call is not None and len(self.ops) < 32 and not any(self.data), "an op outside a call")
        kind, rule, handle, handle2, flags, offset, value, mem, mem_length, path, path_length, path2, path2_length = \
            c.take("HHIIIQQIIIIII")
        need(kind < len(OPS), "no such op")
        name, on_iovs, _ = OPS[kind]
        need(all(h < HANDLES or h == NONE for h in (handle, handle2)), "no such handle")
        need(mem + mem_length <= (len(self.call["iovs"]) if on_iovs else 1 << 32), "mem outside")
        event = {"type": "op", "op": name, "rule": rule, "handle": handle, "handle2": handle2, "flags": flags, "offset": offset,
                 "value": value, "mem": [mem, mem_length], "path": [path, path_length], "path2": [path2, path2_length]}
        if OPS[kind][2] == "OUT":
            digest, length, head_length = c.take("QII")
            need(head_length == min(32, length), "head of another length")
            event.update(out_digest=f"{digest:016x}", out_length=length, out_head=c.bytes(head_length).hex())
        self.ops.append((kind, mem, mem_length))
        self.data.append(b"")
        return event

    def compact_request(self, c, code, imported):
        need(self.call is None and code in COMPACT_CALLS, "a call inside a call, or no compact hostcall")
        need(imported < len(IMPORTS) and IMPORTS[imported] == code, "the import does not lower into the operation")
        types, _, _ = COMPACT_CALLS[code]
        slots = list(c.take(types)) if types else []
        c.at += -c.at % 8
        return slots

    def compact_begin(self, code, imported, slots, iovs):
        return {"type": "begin", "call": OPERATIONS[code][0], "import": imported, "ticks": self.now, "fault": 0, "slots": slots, "strings": [],
                "iovs": iovs, "subscriptions": []}

    def told(self, c, code, slots, tells, result):
        """The values and committed."""
        need(tells < 64 and (tells & 32 == 0 or tells == 32 and slots and not COMPACT_CALLS[code][2]) and tells & 3 < 3 and not (tells & 4 and tells & 3) and not (tells & 8 and tells & 16), "no such tells")
        values = [result] if tells & 4 else list(c.take(f"{tells & 3}Q"))
        results, committed = COMPACT_CALLS[code][2], 0
        if tells & 8:
            need(len(results) == len(values), "a digest of other values")
            for (place, size), value in zip(results, values):
                seed = committed + slots[place] + 0x27D4EB2F & MASK
                committed = (seed ^ value & (1 << 8 * size) - 1) * 0x9E3779B185EBCA87 & MASK
        if tells & 16:
            committed = c.take("Q")[0]
        return {"errno": 0, "rule": 0, "trap": 0, "values": values, "committed": f"{committed:016x}"}

    def silent(self, c):
        _, _, code, imported, tells = c.head("HBBHH")
        slots = self.compact_request(c, code, imported)
        need(not COMPACT_CALLS[code][1] and not tells & 36, "no silent hostcall")
        begin = self.compact_begin(code, imported, slots, [])
        return [begin, {"type": "end", "ticks": self.now, **self.told(c, code, slots, tells, 0), "results": [], "calls": [], "entered": []}]

    def compact_call(self, c, timed):
        _, _, code, imported, kind, rule = c.head("HBBHBB")
        need(kind in COMPACT_OPS and COMPACT_OPS[kind][0] == timed, "no compact op, or other ticks")
        _, on_handle, moves, has_offset, has_value = COMPACT_OPS[kind]
        ticks = c.take("Q")[0] if timed else 0
        slots = self.compact_request(c, code, imported)
        need(COMPACT_CALLS[code][1] == bool(moves), "an op of another form")
        iovs = [list(c.take("II"))] if moves else []
        offset = c.take("Q")[0] if has_offset else 0
        value = c.take("Q")[0] if has_value else 0
        mem = iovs[0] if moves == "region" else [0, 1] if moves else [0, 0]
        need(moves != "region" or sum(mem) <= 1 << 32, "mem outside")
        need(not on_handle or slots and (slots[0] < HANDLES or slots[0] == NONE), "no such handle")
        op = {"type": "op", "op": OPS[kind][0], "rule": rule, "handle": slots[0] if on_handle else NONE, "handle2": NONE, "flags": 0,
              "offset": offset, "value": value, "mem": mem, "path": [0, 0], "path2": [0, 0]}
        if OPS[kind][2] == "OUT":
            length = iovs[0][1]
            need(1 <= length <= 65536, "an impossible region")
            digest = c.take("Q")[0] if length > 32 else None
            head = c.bytes(min(32, length))
            op.update(out_digest=f"{xxh3(head) if digest is None else digest:016x}", out_length=length, out_head=head.hex())
        self.now += ticks
        begin = self.compact_begin(code, imported, slots, iovs)
        self.call, self.ops, self.data = {"iovs": iovs, "compact": (code, slots, timed), "ticks": self.now}, [(kind, *mem)], [b""]
        return [begin, op]

    def done(self, c, timed):
        _, _, tells, _ = c.head("HBBI")
        need(self.call is not None and len(self.ops) == 1 and self.call.get("compact", (0, 0, None))[2] == timed, "the end of no such call")
        ticks = c.take("Q")[0] if timed else 0
        result = c.take("q")[0]
        need(result >= 0, "a result that is an errno")
        code, slots, _ = self.call["compact"]
        told = self.told(c, code, slots, tells, result)
        need(not tells & 32 or OPS[self.ops[0][0]][2] == "STAT", "the digest of no stat")
        place = c.at
        entered = self.entered(c, 0, result)
        if tells & 32:
            told["committed"] = f"{xxhash.xxh3_64_intdigest(c.data[place:place + 64], slots[-1] + 0x27D4EB2F & MASK):016x}"
        self.now += ticks
        at, self.call = self.now if timed else self.call["ticks"], None
        return {"type": "end", "ticks": at, **told, "results": [result], "calls": [1], "entered": [entered]}

    def dropped(self, index):
        """Whether the op brought a message of which nothing entered."""
        return OPS[self.ops[index][0]][2] == "MESSAGE" and index + 1 < len(self.ops)

    def capacity(self, index):
        kind, mem, mem_length = self.ops[index]
        _, on_iovs, data = OPS[kind]
        if data in ("STAGED", "MESSAGE"):
            return 65536
        if data != "BYTES":
            return 0
        if not on_iovs:
            return min(mem_length, 2147479552)
        return min(sum(length for _, length in self.call["iovs"][mem:mem + mem_length]), 2147479552)

    def data_event(self, c, index):
        length, _ = c.take("II")
        need(self.call is not None and index < len(self.ops) and not any(self.data[index + 1:]), "data of no op")
        need(not self.dropped(index) and 1 <= length <= 262144 and len(self.data[index]) + length <= self.capacity(index), "impossible data")
        self.data[index] += c.bytes(length)
        return {"type": "data", "op": index, "length": length}

    def entered(self, c, index, result):
        """The stat, or the digest of the bytes, that an op brought."""
        data = OPS[self.ops[index][0]][2]
        if data == "STAT":
            return list(c.take("8Q")) if result >= 0 else None
        if data not in ("BYTES", "STAGED", "MESSAGE") or result <= 0:
            return None
        need(result <= self.capacity(index), "more data than the op can bring")
        if self.dropped(index):
            return None
        ahead = self.data[index]
        need(len(ahead) == (result if result > 16384 else 0), "another amount of data than the result says")
        return f"{xxh3(ahead if result > 16384 else c.bytes(result)):016x}"

    def end(self, c, code, ticks):
        need(self.call is not None and code == len(self.ops), "the end of no call")
        errno, rule, trap, value_count, committed = c.take("HHHHQ")
        need(value_count <= 2, "too many values")
        results, calls = list(c.take(f"{code}q")), [1] * code
        for index, (kind, _, _) in enumerate(self.ops):
            if OPS[kind][0] == "open":
                results[index], calls[index] = struct.unpack("<iI", struct.pack("<q", results[index]))
                need(calls[index] <= 65536, "an impossible number of system calls")
        values = list(c.take(f"{value_count}Q"))
        entered, addresses = [], []
        for index, result in enumerate(results):
            addresses.append(c.address() if OPS[self.ops[index][0]][2] in ("NAME", "MESSAGE") and result >= 0 else None)
            entered.append(self.entered(c, index, result))
        self.now += ticks
        self.call = None
        return {"type": "end", "ticks": self.now, "errno": errno, "rule": rule, "trap": trap, "values": values,
                "committed": f"{committed:016x}", "results": results, "calls": calls, "entered": entered,
                **({"addresses": addresses} if any(addresses) else {})}

    def exit(self, c, ticks):
        outcome, code, trap, function, offset, frames, instructions = c.take("IIIIIIQ")
        need(frames == 0 or outcome == 2, "a stack of a guest that did not trap")
        stack = [list(c.take("II")) for _ in range(min(frames, 96))]
        self.now += ticks
        self.call, self.exited = None, True
        return {"type": "exit", "ticks": self.now, "outcome": outcome, "exit_code": code, "trap": trap, "function": function,
                "offset": offset, "instructions": instructions, "frames": frames, "stack": stack}

    def state(self, c, code):
        need(self.call is None and code <= 1, "a state inside a call, or at no such place")
        digest, instructions = c.take("QQ")
        return {"type": "state", "at_end": code == 1, "digest": f"{digest:016x}", "instructions": instructions}

    def growth(self, c, code):
        need(self.call is None and code <= 1, "a growth inside a call, or of nothing that grows")
        index, amount, number = c.take("IIQ")
        return {"type": "growth", "table": code == 1, "index": index, "amount": amount, "number": number}

    def decode(self, data):
        words, kind, code, _, _ = struct.unpack_from("<HBBHH", data)
        size = words * 8
        need(8 <= size <= len(data) and not self.exited, "no event can begin here")
        c = Cursor(data[:size])
        c.take("Q")
        ticks = c.take("Q")[0] if kind in (BEGIN_EVENT, END_EVENT, EXIT_EVENT) else 0
        if kind == BEGIN_EVENT:
            event = self.begin(c, code, ticks)
        elif kind == OP_EVENT:
            event = self.op(c)
        elif kind == DATA_EVENT:
            event = self.data_event(c, code)
        elif kind == END_EVENT:
            event = self.end(c, code, ticks)
        elif kind == EXIT_EVENT:
            event = self.exit(c, ticks)
        elif kind == STATE_EVENT:
            event = self.state(c, code)
        elif kind == GROWTH_EVENT:
            event = self.growth(c, code)
        elif kind == SILENT_EVENT:
            event = self.silent(c)
        elif kind in (CALL_EVENT, CALL_UNTIMED_EVENT):
            c.at = 8
            event = self.compact_call(c, kind == CALL_EVENT)
        elif kind in (DONE_EVENT, DONE_UNTIMED_EVENT):
            c.at = 8
            event = self.done(c, kind == DONE_EVENT)
        else:
            raise Stop("no such type of event")
        need(c.at == size, "the event is longer than its counts say")
        return event, size


def read_trace(data, out):
    """Yields nothing; calls out(dict) per event, and for a signature. Returns the END chunk's fields."""
    header = read_file_header(data)
    previous, at, number, events, stream = blake2b(header), 64, 0, 0, 0
    decoder, last_kind, more, end, described, leaves = Decoder(), 0, False, None, b"", [previous]
    while at < len(data):
        start = at
        where = f"chunk {number} at offset {start}"
        need(last_kind != SIGNATURE, f"{where}: bytes behind the SIGNATURE")
        need(end is None or kind_of(data, at) == SIGNATURE, f"{where}: bytes behind the END")
        before_it = previous
        kind, going_on, count, body, at, previous = read_chunk(data, at, number, previous, events, stream)
        need(kind != SIGNATURE or (last_kind == END and len(body) == 232), f"{where}: a SIGNATURE that is none, or out of place")
        if kind == SIGNATURE:
            valid = signature_holds(body, 1, header[32:48], number, events, before_it, leaves, described)
            out({"event": events, "chunk": number, "type": "signature", "key": body[136:168].hex(), "valid": valid})
        else:
            leaves.append(previous)
        described += body if kind == DESCRIPTION else b""
        need((number > 0 or kind == DESCRIPTION) and kind >= last_kind and (not more or kind == last_kind), f"{where}: wrong order")
        need(kind not in (DESCRIPTION, MODULE) or kind != last_kind or more, f"{where}: wrong order")
        if kind == EVENTS:
            decoder.now, done, before = 0, 0, events
            need(len(body) > 0, f"{where}: no events")
            while done < len(body):
                try:
                    event, size = decoder.decode(body[done:done + 0xffff * 8])
                except (Stop, struct.error) as stop:
                    raise Stop(f"{where}: event {events}: {stop}") from stop
                for part in event if isinstance(event, list) else [event]: # a compact event is a begin and what goes with it
                    out({"event": events, "chunk": number, **part})
                done += size
                events += 1
            need(events - before == count, f"{where}: another number of events")
            stream += len(body)
        elif kind == END:
            need(len(body) == 72, f"{where}: wrong size")
            end = dict(zip(("reason", "signal", "events", "stream_bytes", "start_ticks", "start_ns", "end_ticks", "end_ns", "cause",
                            "cause_signal", "waited", "exit_code"), struct.unpack("<II6QIIII", body)))
            need(end["events"] == events and end["stream_bytes"] == stream, f"{where}: counts other events")
            need(1 <= end["reason"] <= 5 and end["cause"] <= 7 and end["waited"] <= 3, f"{where}: names no known reason or cause")
        last_kind, more = kind, going_on
        number += 1
    need(end is not None, f"chunk {number} at offset {at}: no END")
    return end


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    try:
        end = read_trace(data, lambda event: print(json.dumps(event)))
    except Stop as stop:
        print(json.dumps({"stop": str(stop)}))
        return 3
    print(json.dumps({"whole": True, **end}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
