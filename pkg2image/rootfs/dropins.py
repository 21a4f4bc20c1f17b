"""What sysusers.d and tmpfiles.d have in common: which files count, how a line is split, what ``%`` stands for.

Spec: sysusers.d(5), tmpfiles.d(5), os-release(5).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.rootfs.tree import Kind, ReadContent, Tree

DROP_IN_DIRECTORIES = ("etc", "run", "usr/local/lib", "usr/lib")
"""Where such files lie, each in a directory of its kind; the first that has a file of a name has the say."""

_ARCHITECTURES: Mapping[str, str] = {
    "amd64": "x86-64",
    "arm64": "arm64",
    "armel": "arm",
    "armhf": "arm",
    "i386": "x86",
    "loong64": "loongarch64",
    "mips64el": "mips64-le",
    "mipsel": "mips-le",
    "ppc64": "ppc64",
    "ppc64el": "ppc64-le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
_COMMON: Mapping[str, str] = {
    "%": "%",
    "T": "/tmp",  # noqa: S108 - of the image
    "V": "/var/tmp",  # noqa: S108 - of the image
}
_OF_TMPFILES: Mapping[str, str] = {
    "C": "/var/cache",
    "g": "root",
    "G": "0",
    "h": "/root",
    "L": "/var/log",
    "S": "/var/lib",
    "t": "/run",
    "u": "root",
    "U": "0",
}
_OS_RELEASE: Mapping[str, str] = {
    "A": "IMAGE_VERSION",
    "B": "BUILD_ID",
    "M": "IMAGE_ID",
    "o": "ID",
    "w": "VERSION_ID",
    "W": "VARIANT_ID",
}
_SPECIFIER = re.compile("%(.?)", re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3}|[abfnrtvs\\\"'])")
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}


class DropInError(Exception):
    """A line cannot be followed; the text says why. It never leaves the modules that read such files."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is neither empty nor a comment.

    Args:
        text: Without white space around it.
        origin: ``tmpfiles.d/foo.conf:12``.
    """

    text: str
    origin: str


def read_lines(tree: Tree, read: ReadContent, kind: str, only: Sequence[str] = ()) -> Iterator[Line]:
    """Yield the lines of all files of a kind, in the order in which they have the say.

    Args:
        tree: Where the files are.
        read: Reads them.
        kind: ``sysusers.d`` or ``tmpfiles.d``.
        only: Names of files; by default all.
    """
    places: dict[str, str] = {}
    for directory in DROP_IN_DIRECTORIES:
        above = tree.reach(f"{directory}/{kind}")
        for name in tree.children(above) if above else ():
            if name.endswith(".conf"):
                places.setdefault(name, f"{above}/{name}")
    for name in sorted(places):
        # A link to /dev/null, which leads nowhere in a tree, is how a file of a package is switched off.
        entry = tree.lookup(places[name])
        if entry is None or entry.kind is not Kind.FILE or entry.content is None or (only and name not in only):
            continue
        text = read(entry.content).decode("utf-8", "surrogateescape")
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip() and line.strip()[0] not in "#;":
                yield Line(line.strip(), f"{kind}/{name}:{number}")


def split_line(text: str, fields: int) -> tuple[tuple[str, ...], str]:
    """Split a line into fields that may be quoted.

    Args:
        text: The line.
        fields: How many fields there are before the rest.

    Returns:
        The fields, missing ones as ``-``, and the rest of the line as it is.

    Raises:
        DropInError: When a quote is not closed.
    """
    words: list[str] = []
    rest = text.lstrip()
    while rest and len(words) < fields:
        word, end = quoted_word(rest)
        words.append(word)
        rest = rest[end:].lstrip()
    return (*words, *("-",) * (fields - len(words))), rest


def quoted_word(text: str, at: int = 0) -> tuple[str, int]:
    """Return the word that begins at a place, without its quotes and with its escapes resolved, and where it ends.

    Raises:
        DropInError: When a quote is not closed.

    Spec: systemd.syntax(7), "QUOTING".
    """
    parts: list[str] = []
    quote = ""
    while at < len(text):
        character = text[at]
        if character == "\\":
            match = _ESCAPE.match(text, at)
            parts.append(unescaped(match[0]) if match else text[at : at + 2])
            at += len(match[0]) if match else 2
            continue
        if character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        elif not quote and character.isspace():
            break
        else:
            parts.append(character)
        at += 1
    if quote:
        raise DropInError("a quote is not closed")
    return "".join(parts), at


def unescaped(text: str) -> str:
    r"""Return a text with C escapes (``\n``, ``\x20``, ``\040``) resolved; bytes that are not ASCII as surrogates."""
    return _ESCAPE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in _LETTERS and len(code) == 1:
        return _LETTERS[code]
    if code[0] in "xu":
        number = int(code[1:], 16)
    elif code.isdigit():
        number = int(code, 8) & 0xFF
    else:
        return code
    if code[0] == "u" or number < 0x80:
        return chr(number)
    return codecs.decode(bytes((number,)), "utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Specifiers:
    """What ``%`` and a letter stand for in an image.

    Args:
        values: Letter -> value.
    """

    values: Mapping[str, str]

    def expand(self, text: str) -> str:
        """Return a text with all specifiers replaced.

        Raises:
            DropInError: When one is unknown, or only a running machine knows it (host name, machine id, kernel).
        """
        return _SPECIFIER.sub(self._value, text) if "%" in text else text

    def _value(self, match: re.Match[str]) -> str:
        if match[1] not in self.values:
            raise DropInError(f"%{match[1]} has no value in an image")
        return self.values[match[1]]


def specifiers_of(tree: Tree, read: ReadContent, kind: str, architecture: str) -> Specifiers:
    """Return the specifiers of a tree.

    Args:
        tree: Its os-release is asked.
        read: Reads it.
        kind: ``sysusers.d`` or ``tmpfiles.d``, which knows more of them.
        architecture: Debian architecture.
    """
    entry = tree.lookup("etc/os-release") or tree.lookup("usr/lib/os-release")
    text = read(entry.content).decode("utf-8", "surrogateescape") if entry and entry.content else ""
    pairs = (line.partition("=") for line in text.split("\n"))
    fields = {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
    values = {**_COMMON, **{letter: fields.get(name, "") for letter, name in _OS_RELEASE.items()}}
    if kind == "tmpfiles.d":
        values |= _OF_TMPFILES
    if architecture in _ARCHITECTURES:
        values["a"] = _ARCHITECTURES[architecture]
    return Specifiers(values)
