"""A question over the network of a container: a script that goes into it, sends a message, and prints what comes back.

Images have no clients for most protocols, and what is not in an image cannot be run there. It is run by a Python of its
own, since a process that has gone into another network stays there; so it imports nothing of the project.

Spec: setns(2), user_namespaces(7).
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_MOST = 1 << 16  # bytes of an answer
_NO_ANSWER = 1
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def enter(pid: int) -> None:
    """Go into the network of a process; of another user's, its user namespace comes first.

    Args:
        pid: Any process in that network.
    """
    for name in ("user", "net") if os.geteuid() else ("net",):
        place = Path(f"/proc/{pid}/ns/{name}")
        if place.samefile(f"/proc/self/ns/{name}"):
            continue
        space = os.open(place, os.O_RDONLY)
        if _LIBC.setns(space, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"setns: {os.strerror(number)}")


def answer(port: int, protocol: str, message: bytes, expect: bytes, seconds: float) -> bytes:
    """Return what a port of this network answers, up to the expected part, the end, or the first silence.

    Args:
        port: Its number.
        protocol: ``tcp`` or ``udp``.
        message: What is sent; nothing when it is empty, for servers that speak first.
        expect: Part of the answer after which nothing more is read.
        seconds: The longest silence.
    """
    found = b""
    with socket.socket(socket.AF_INET, _KINDS[protocol]) as line:
        line.settimeout(seconds)
        line.connect(("127.0.0.1", port))
        line.sendall(message)
        while len(found) < _MOST and not (expect and expect in found):
            try:
                part = line.recv(_MOST)
            except TimeoutError:
                break
            if not part:
                break
            found += part
    return found


def main(words: list[str]) -> int:
    """Run as ``PID PORT PROTOCOL MESSAGE EXPECT SECONDS``, bytes as hexadecimal digits; print bytes as Latin-1.

    Returns:
        The exit code.
    """
    pid, port, protocol, message, expect, seconds = words
    try:
        enter(int(pid))
        found = answer(int(port), protocol, bytes.fromhex(message), bytes.fromhex(expect), float(seconds))
    except OSError as error:
        os.write(2, f"{error.strerror or error}\n".encode("utf-8", "backslashreplace"))
        return _NO_ANSWER
    sys.stdout.buffer.write(found.decode("latin-1").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
