"""What an image needs and nobody declared, with the evidence for it.

All files that matter at run time are asked for their libraries, interpreters and imported functions. The commands of
shell scripts and the modules of programs are followed from what is started, and from there to what that calls: a tool
for administrators that lies beside a server says nothing about the server.

Spec: Debian Policy 3.8 (Essential packages need not be declared).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pkg2image.analysis.completeness import Unmet
from pkg2image.analysis.evidence import Evidence, Wanted, shown_by_imports, shown_by_recommendation, wanted_file
from pkg2image.analysis.modules import shown_by_modules
from pkg2image.analysis.providers import is_common
from pkg2image.analysis.purpose import other_purpose
from pkg2image.analysis.shebangs import find_program, programs_of, shebang
from pkg2image.analysis.shellwords import ShellCalls, shell_calls
from pkg2image.deb.facts import ElfFacts
from pkg2image.maintscript.failure import NotUnderstoodError
from pkg2image.maintscript.syntax import Script
from pkg2image.rootfs.architectures import TRIPLETS
from pkg2image.rootfs.tree import ReadContent, Tree

ParseScript = Callable[[bytes, str], Script]
"""Returns the syntax tree of a shell script, given the script and what it is; raises `NotUnderstoodError`."""

_SHELLS = frozenset({"bash", "dash", "sh"})
_MOST_PROGRAMS = 1000
_MOST_SOURCED = 50
_LARGEST = 1 << 20  # bytes of a script; a larger one carries data

# What only a machine with a service manager or a package manager has. Scripts that call it do so to be told that there
# is none, or to manage what an image does not do.
_OF_A_MACHINE = re.compile(
    r"apt(?:-[a-z]+)?|deb-systemd-(?:helper|invoke)|dpkg(?:-[a-z]+)?|initctl|invoke-rc\.d|rc-service|service|shutdown"
    r"|systemctl|systemd-[a-z-]+|telinit|ucf|ucfr|update-rc\.d"
)


def shown_by_files(
    tree: Tree,
    unmet: Sequence[Unmet],
    *,
    elves: Mapping[str, ElfFacts],
    recommended: Mapping[str, frozenset[str]],
    architecture: str,
) -> list[Wanted]:
    """Return what the files of an image show that they need and the image does not have.

    Args:
        tree: The root filesystem.
        unmet: What the completeness check found; libraries and interpreters among it are wanted.
        elves: What is known of ELF files by the SHA-256 of their content.
        recommended: Package -> what it recommends (`recommended_names`).
        architecture: Debian architecture.

    Returns:
        In the order of the paths; the same thing once for each file.
    """
    found = list(_of_unmet(unmet, architecture))
    for path, entry in tree.walk():
        facts = elves.get(entry.content.sha256) if entry.content else None
        if facts is not None and facts.imports and not other_purpose(path):
            found += shown_by_imports(path, facts, entry.package)
            names = recommended.get(entry.package, frozenset())
            found += shown_by_recommendation(path, facts, entry.package, names)
    return [wanted for wanted in found if not is_there(tree, wanted)]


def _of_unmet(unmet: Sequence[Unmet], architecture: str) -> Iterator[Wanted]:
    triplet = TRIPLETS.get(architecture, "")
    for item in unmet:
        if item.kind == "interpreter":
            evidence = Evidence(item.path, f"starts with {item.what}", item.package)
            yield replace(wanted_file(item.what, evidence), is_unmet=True)
        elif item.kind == "library":
            places = tuple(f"{place}/{item.what}" for place in (f"usr/lib/{triplet}", "usr/lib"))
            evidence = Evidence(item.path, f"is linked with {item.what}", item.package)
            yield Wanted(item.what, places, evidence, is_unmet=True)


def shown_by_shebangs(tree: Tree, starts: Sequence[str], *, interpreters: Mapping[str, str]) -> list[Wanted]:
    """Return the interpreters that started scripts lack; their packages may well call them optional.

    Args:
        tree: The root filesystem.
        starts: Paths of programs or names.
        interpreters: As of `shown_by_programs`.
    """
    places = [place for start in starts if (place := find_program(tree, start)) is not None]
    found = [
        wanted_file(name, Evidence(place, f"starts with {name}", tree[place].package))
        for place in places
        for name in programs_of(shebang(tree[place], interpreters))
    ]
    return [wanted for wanted in found if not is_there(tree, wanted)]


def shown_by_programs(
    tree: Tree,
    starts: Sequence[str],
    *,
    interpreters: Mapping[str, str],
    read: ReadContent,
    parse: ParseScript,
    architecture: str,
) -> list[Wanted]:
    """Return what programs call and load, and the image does not have, followed through all scripts.

    Args:
        tree: The root filesystem.
        starts: Paths of programs or names, as an entrypoint has them.
        interpreters: Shebang lines of packaged scripts by the SHA-256 of their content (`known_interpreters`).
        read: Reads files.
        parse: Parses shell scripts; those that it does not understand show nothing.
        architecture: Debian architecture.

    Returns:
        In the order in which they are met.
    """
    waiting = [place for start in starts if (place := find_program(tree, start)) is not None]
    seen = set(waiting)
    found: list[Wanted] = []
    while waiting and len(seen) < _MOST_PROGRAMS:
        path = waiting.pop(0)
        entry = tree[path]
        programs = tuple(programs_of(shebang(entry, interpreters)))
        if not programs or entry.content is None or entry.size > _LARGEST:
            continue
        data = read(entry.content)
        language = programs[-1]
        found += shown_by_modules(
            tree, path, interpreter=language, data=data, package=entry.package, architecture=architecture
        )
        if language.rpartition("/")[2] not in _SHELLS:
            continue
        for name, line in _called(tree, parse, read, path, data):
            place = find_program(tree, name)
            if place is None:
                evidence = Evidence(path, f"calls {name} in line {line}", entry.package)
                found.append(wanted_file(name, evidence))
            elif place not in seen:
                seen.add(place)
                waiting.append(place)
    return [wanted for wanted in found if not is_there(tree, wanted)]


def _called(tree: Tree, parse: ParseScript, read: ReadContent, path: str, data: bytes) -> Iterator[tuple[str, int]]:
    """Yield the programs that a script calls, and the files that it reads as parts of itself, with the line."""
    try:
        calls = [shell_calls(parse(data, f"/{path}"))]
    except NotUnderstoodError:
        return
    is_whole = True
    waiting = list(calls[0].sources)
    seen: set[str] = set()
    while waiting and len(seen) < _MOST_SOURCED:
        source = waiting.pop()
        place = tree.reach(source) if source and source.startswith("/") else None
        if place in seen:
            continue
        part = _part(tree, parse, read, place) if place is not None else None
        if part is None:
            is_whole = False
            continue
        seen.add(place or "")
        calls.append(part)
        waiting += part.sources
    known = frozenset[str]().union(*(part.known for part in calls))
    for name, line in calls[0].programs:
        base = name.rpartition("/")[2]
        # A name that nobody knows is a function of a file that could not be read.
        if base not in known and not _OF_A_MACHINE.fullmatch(base) and (is_whole or is_common(name)):
            yield name, line


def _part(tree: Tree, parse: ParseScript, read: ReadContent, place: str) -> ShellCalls | None:
    entry = tree[place]
    if entry.content is None or entry.size > _LARGEST:
        return None
    try:
        return shell_calls(parse(b"#!/bin/sh\n" + read(entry.content), f"/{place}"))
    except NotUnderstoodError:
        return None


def is_there(tree: Tree, wanted: Wanted) -> bool:
    """Say whether an image has what is wanted."""
    return any(tree.reach(path) is not None for path in wanted.files)
