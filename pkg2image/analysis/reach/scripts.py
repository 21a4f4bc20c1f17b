"""What scripts, configurations and other texts refer to.

Of a shell script the command words and the files that it reads as parts of itself are known; one that is not understood
is taken for a text. Of other texts, the absolute paths are; of programs in other languages, the quoted words that are
names of programs, too.

Spec: execve(2) "Interpreter scripts"; POSIX.1-2017 XCU 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pkg2image.analysis.reach.names import (
    is_followed,
    is_library_of_language,
    paths_in_text,
    quoted_words,
    references_of_path,
)
from pkg2image.analysis.reach.programs import Programs
from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.analysis.shebangs import programs_of, shebang
from pkg2image.analysis.shellwords import shell_calls
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.parsed import ParsedScripts

SHELLS = frozenset({"sh", "dash", "bash", "ksh", "mksh", "zsh", "rbash"})
"""Interpreters of shell scripts."""

_SOURCE = "\0"  # before a file that a script reads as a part of itself
# What names other accounts and machines, tells somebody to read, or recognises files by what they hold.
_LISTS = re.compile(
    r"etc/(?:passwd|group|shadow|gshadow|shells|fstab|mtab|motd|issue(?:\.net)?)-?|etc/(?:.*/)?magic(?:\.mime)?"
)
_WORD = re.compile(rb"(?<![\w./$-])[a-z][a-z0-9+._-]+")


def shell_words(data: bytes) -> Sequence[str]:
    """Return what a shell script starts, and after a NUL what it reads as parts of itself."""
    try:
        calls = shell_calls(ParsedScripts().script(data, "script"))
    except NotUnderstoodError:
        return sorted({word.decode() for word in _WORD.findall(data)})
    sources = (f"{_SOURCE}{source}" for source in calls.sources if source)
    return [*(name for name, _ in calls.programs), *sorted(calls.known), *sources]


def shell_words_of_part(data: bytes) -> Sequence[str]:
    """Return the same of a file without a first line of its own."""
    return shell_words(b"#!/bin/sh\n" + data)


def script_references(material: Material) -> FindReferences:
    """Return what finds the references of texts."""
    return _Texts(material).find


class _Texts:
    """The texts of an image."""

    __slots__ = ("_material", "_parts", "_programs")

    def __init__(self, material: Material) -> None:
        self._material = material
        self._parts: set[str] = set()
        self._programs = Programs(material)

    def find(self, path: str) -> Iterator[Reference]:
        """Yield what a file refers to."""
        material = self._material
        entry = material.entry(path)
        if entry is None or material.facts(path) is not None or _LISTS.fullmatch(path):
            return
        for program in programs_of(shebang(entry, material.interpreters)):
            place = self._programs.place(program) or program
            yield Reference(place, f"starts with {program}")
        language = material.interpreter(path)
        # A standard library has words and paths for everything that its programs may ever do.
        is_own = (entry.package in material.own or not entry.package) and not is_library_of_language(path)
        if language in SHELLS or path in self._parts:
            yield from self._shell(path)
        elif (language and not is_library_of_language(path)) or (is_own and is_followed(path)):
            for word in material.extract(path, quoted_words):
                meant = self._programs.meant(word, path)
                if meant is not None:
                    yield Reference(meant, f"names the program {word}")
        if language or path.startswith("etc/") or path in self._parts or is_own:
            for text in material.extract(path, paths_in_text):
                if text.startswith("/"):
                    yield from references_of_path(material.tree, text, material.rule)

    def _shell(self, path: str) -> Iterator[Reference]:
        find = shell_words if self._material.interpreter(path) else shell_words_of_part
        for word in self._material.extract(path, find):
            if not word.startswith(_SOURCE):
                yield from self._program(word, f"calls {word}")
                continue
            source = word.removeprefix(_SOURCE)
            place = self._material.tree.reach(source) if source.startswith("/") else None
            if place is not None:
                self._parts.add(place)
                yield Reference(source, "reads it as a part of itself")

    def _program(self, word: str, why: str) -> Iterator[Reference]:
        place = word if "/" in word else self._programs.place(word)
        if place is not None:
            yield Reference(place, why)
