"""What an ordinary user does with an installed witness: witness_user.py WHAT WITNESS FILE, as him. Prints what kind of message it answered and
its reason, a line for each message."""
import ctypes
import os
import socket
import struct
import sys
import time

CONTROL, FILE = 3, 4


def in_child(do):
    """A child that does that; -1 for what it raises."""
    pid = os.fork()
    if pid == 0:
        try:
            do()
            os._exit(0)
        except BaseException as problem:
            print(problem, file=sys.stderr)
            os._exit(99)
    return pid


class User:
    """What an ordinary user does with the installed witness, as a program of his. Prints the kinds that it answered, and its reason."""

    def __init__(self, witness, file):
        self.witness, self.file = witness, file

    def start(self, pid, control=None):
        mine, theirs = control or socket.socketpair()
        file = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)

        def execute():
            high = [os.dup2(theirs.fileno(), 50), os.dup2(file, 51)]
            os.dup2(high[0], CONTROL), os.dup2(high[1], FILE)
            os.closerange(5, 100)
            os.execve(self.witness, [self.witness], {})

        self.child = in_child(execute)
        theirs.close()
        self.control = mine
        mine.sendall(b"r" * 16 + struct.pack("=IIQQ", pid, 0, 0, 0))  # struct witness_start, which nobody is to sign for
        return self.answer()

    def answer(self):
        message = b""
        while True:
            more = self.control.recv(65536)
            message += more
            if not more or len(message) >= 100 and b"\0" in message[-8:]:
                break
        kind = struct.unpack_from("=I", message)[0] if message else 0
        text = message[4:].split(b"the witness", 1)
        return kind, ("the witness" + text[1].split(b"\0")[0].decode()) if len(text) > 1 else ""

    def end(self):
        self.control.shutdown(socket.SHUT_WR)
        kind, _ = self.answer()
        os.waitpid(self.child, 0)
        return kind


def own_child(user):
    pid = in_child(lambda: (time.sleep(1), os.stat("/its-own-doing")))
    print(*user.start(pid))
    os.waitpid(pid, 0)
    print(user.end())


def roots(user):
    print(*user.start(1))


def not_a_child(user):
    """A process of this user, but another one's child."""
    read, write = os.pipe()

    def between():
        os.write(write, struct.pack("=I", in_child(lambda: time.sleep(5))))
        time.sleep(5)

    in_child(between)
    print(*user.start(struct.unpack("=I", os.read(read, 4))[0]))


def raised_child(user):
    """A child that executes a program with more than its user."""
    pid = in_child(lambda: os.execv("/usr/bin/su", ["su", "-c", "true"]))
    time.sleep(0.5)
    print(*user.start(pid))


def raised_later(user):
    """It is watched already when it does."""
    pid = in_child(lambda: (time.sleep(1), os.execv("/usr/bin/su", ["su", "-c", "true"])))
    print(*user.start(pid))
    time.sleep(2)
    print(user.end())


def another_speaks(user):
    """The pair of sockets was made by a process that did not start the witness."""
    here, there = socket.socketpair()

    def maker():
        pair = socket.socketpair()
        socket.send_fds(there, [b"x"], [pair[0].fileno(), pair[1].fileno()])
        time.sleep(3)

    in_child(maker)
    _, fds, _, _ = socket.recv_fds(here, 1, 2)
    pid = in_child(lambda: time.sleep(3))
    print(*user.start(pid, (socket.socket(fileno=fds[0]), socket.socket(fileno=fds[1]))))


def kernels_file(user):
    user.file = f"/proc/{os.getpid()}/comm"
    print(*user.start(in_child(lambda: time.sleep(2))))


def untraceable_child(user):
    pid = in_child(lambda: (ctypes.CDLL(None).prctl(4, 0, 0, 0, 0), time.sleep(3)))  # PR_SET_DUMPABLE
    time.sleep(0.3)
    print(*user.start(pid))


globals()[sys.argv[1]](User(*sys.argv[2:4]))
sys.stdout.flush()
os._exit(0)
