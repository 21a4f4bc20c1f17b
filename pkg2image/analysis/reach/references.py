"""What finders of references work with, and what they return.

A finder is made once for an image and asked for every file that is reached, whatever it is: it returns at once when the
file is none of its kind. It looks at the tree and at contents only, and says nothing twice for the sake of order: the
walk (`pkg2image.analysis.reach.walk`) sorts, follows links, and keeps the directories above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pkg2image.analysis.reach.extracts import Extracts
from pkg2image.analysis.shebangs import programs_of, shebang
from pkg2image.deb.facts import ElfFacts
from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree

LARGEST_TEXT = 4 << 20
"""Bytes of a text that is read for what it names; a larger one is data."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A file names another one.

    Args:
        path: Of the image, absolute or relative to its root. Links on the way are followed and kept; what is not there
            is no reference, so that every place that comes into question can be given.
        why: How it is named, as the middle of a sentence between the two paths: ``imports json``, ``is linked with
            libc.so.6``.
        below: Of a directory everything in it is meant, at any depth; else only that it is there.
    """

    path: str
    why: str
    below: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of an image before its files are followed.

    Args:
        tree: The configured root filesystem; it is not changed while references are looked for.
        read: Reads contents; finders use `extract` instead where they can.
        extracts: What was found in contents before, by this build or others.
        elves: Facts of ELF files by the SHA-256 of their content.
        interpreters: Shebang lines of packaged scripts by the same.
        architecture: Debian architecture.
        starts: Canonical paths of the programs that somebody starts: a user, a test, not another program. What an
            interpreter among them will be asked to run nobody knows.
        own: Names of the packages that are the application: of the same source as one that was asked for.
        environment: Variables of the process that is started.
        sources: Package -> its source package.
        depends: Package -> those of the image that it depends on, or recommends.
        common: Packages whose programs anybody may start without depending on them: Essential ones, those that were
            asked for, and those that were found to be needed.
        rule: Returns the name of the data rule that leaves a path out, empty when there is none. It does not count for
            what a program cannot do without; it does for what is only meant with the rest of a directory or a package.
    """

    tree: Tree
    read: ReadContent
    extracts: Extracts
    elves: Mapping[str, ElfFacts]
    interpreters: Mapping[str, str]
    architecture: str
    starts: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    depends: Mapping[str, Sequence[str]] = field(default_factory=dict)
    common: frozenset[str] = frozenset()
    rule: Callable[[str], str] = lambda _: ""

    def entry(self, path: str) -> Entry | None:
        """Return the regular file at a canonical path, or None."""
        entry = self.tree.get(path)
        return entry if entry is not None and entry.kind is Kind.FILE and entry.content is not None else None

    def facts(self, path: str) -> ElfFacts | None:
        """Return the ELF facts of the file at a canonical path, or None when it is none."""
        entry = self.tree.get(path)
        return self.elves.get(entry.content.sha256) if entry is not None and entry.content is not None else None

    def interpreter(self, path: str) -> str:
        """Return the name without path of what interprets the script at a canonical path: ``sh``, ``python3``.

        Empty when its first line names nothing.
        """
        entry = self.tree.get(path)
        programs = tuple(programs_of(shebang(entry, self.interpreters))) if entry is not None else ()
        return programs[-1].rpartition("/")[2] if programs else ""

    def extract(
        self, path: str, find: Callable[[bytes], Sequence[str]], *, largest: int = LARGEST_TEXT
    ) -> tuple[str, ...]:
        """Return what a function finds in the file at a canonical path: looked for once, and kept for other builds.

        Args:
            path: Of a regular file; of anything else, and of a file that is too large for a text, nothing is found.
            find: A function of a module, not a closure: what it returns depends on the bytes alone. Its results are
                kept until the source of its module, or of one of ours that this one works with, changes.
            largest: Bytes of a file that is looked at.
        """
        entry = self.entry(path)
        if entry is None or entry.content is None or entry.size > largest:
            return ()
        return self.extracts.of(entry.content, find, self.read)


FindReferences = Callable[[str], Iterable[Reference]]
"""Returns what the file at a canonical path names."""

MakeFinder = Callable[[Material], FindReferences]
"""Looks an image over once and returns what is asked for each file."""
