"""Which files the string constants of a program name: absolute paths, and names of shared objects.

Nothing is known about how a program uses a constant; whoever asks looks for the path in an image. Paths of source
files, which programs carry for their own messages, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAX_LENGTH = 255  # bytes of one string; the longest honest one of Debian has 150
_MAX_MATCHES = 1 << 16  # that are looked at in one section
_MAX_STRINGS = 4096  # that are kept of one file

_CHARACTER = rb"[\w.+@%~*?$={}#^/-]"
# The slash comes first so that the search is one for a byte.
_PATH = re.compile(
    rb"/(?<![\w.+@%~*?$}#^/-]/)"
    rb"(?:bin|etc|lib(?:32|64|o32|x32)?|opt|run|sbin|srv|usr|var)/" + _CHARACTER + rb"{1,%d}" % (_MAX_LENGTH - 8),
    re.ASCII,
)
_OBJECT = re.compile(rb"\.so(?:\.\d+)*(?!" + _CHARACTER + rb")", re.ASCII)
_BEFORE = re.compile(_CHARACTER + rb"*", re.ASCII)
_SOURCE = re.compile(r".*\.(?:[cChsS]|cc|cpp|cxx|go|hh|hpp|hxx|ipp|rs|tcc)")


def named_files(sections: Iterator[bytes]) -> tuple[str, ...]:
    """Return the paths and the names of shared objects that stand in the constants of a program, sorted.

    Args:
        sections: Its read-only and initialised data.

    Returns:
        Absolute paths, file names that end in ``.so`` or ``.so.1`` (with or without directories), and the forms of
        ``printf`` that make one: ``%s/lib%s.so``. Of more than a program can mean, the first in order.
    """
    found: set[str] = set()
    for data in sections:
        found.update(_in_section(data))
    return tuple(sorted(found)[:_MAX_STRINGS])


def _in_section(data: bytes) -> Iterator[str]:
    for _, match in zip(range(_MAX_MATCHES), _PATH.finditer(data), strict=False):
        path = match[0].decode("ascii").rstrip("/.")
        if path.count("/") > 1 and not _SOURCE.fullmatch(path):
            yield path
    # Read backwards, a name begins where the match ends.
    for _, match in zip(range(_MAX_MATCHES), _OBJECT.finditer(data), strict=False):
        before = _BEFORE.match(data[max(0, match.start() - _MAX_LENGTH) : match.start()][::-1])
        yield ((before[0] if before else b"")[::-1] + match[0]).decode("ascii")
