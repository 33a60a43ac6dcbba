"""Subscriptions and events of poll_oneoff, as a line of the script and its answer have them."""
import struct

import rows

MONOTONIC, REALTIME, EVENT, LAST = 1, 0, 32, 2 ** 64 - 1


def clock(userdata, timeout, identifier=MONOTONIC, flags=0, precision=0):
    return struct.pack("<QB7xI4xQQH6x", userdata, 0, identifier, timeout, precision, flags)


def descriptor(userdata, fd, kind=1):
    return struct.pack("<QB7xI28x", userdata, kind, fd)


def poll(*subscriptions, count=None, unstable=False):
    text = b"".join(subscriptions)
    n = len(subscriptions) if count is None else count
    return f"{'unstable.' if unstable else ''}poll_oneoff mem:{text.hex()} out:{max(len(subscriptions), 1) * EVENT} {n} out:4"


def events(answer):
    """(userdata, errno, type) of each event; all that is padding must be zero."""
    found = []
    for at in range(0, answer.number(1) * EVENT, EVENT):
        userdata, errno, kind, pad, nbytes, flags, rest = struct.unpack_from("<QHB5sQH6s", answer.shown[0], at)
        assert pad == bytes(5) and rest == bytes(6), (pad, rest)
        found.append((userdata, rows.ERRNOS[errno], kind))
    return found
