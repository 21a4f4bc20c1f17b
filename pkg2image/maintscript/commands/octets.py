"""Text between the shell and its commands: strings for arguments and paths, bytes for everything that flows.

Commands work as under ``LC_ALL=C``: one byte is one character, order is the order of bytes.
"""

from __future__ import annotations


def octets(text: str) -> bytes:
    """Return the bytes of an argument; what was no UTF-8 when it was read comes out as it was."""
    return text.encode("utf-8", "surrogateescape")


def text_of(data: bytes) -> str:
    """Return bytes as a string that `octets` turns back into the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def lines_of(data: bytes, end: bytes = b"\n") -> list[bytes]:
    """Split into lines without their newlines; a last line without newline is a line too."""
    lines = data.split(end)
    if not lines[-1]:
        lines.pop()
    return lines


def joined(lines: list[bytes]) -> bytes:
    """Return lines each followed by a newline."""
    return b"".join(line + b"\n" for line in lines)
