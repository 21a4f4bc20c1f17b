"""Where somebody comes into an image, and which of its packages are the application.

The application are the packages that were asked for, those that a package without files stands for, those of whoever
is started, and all others of the same sources. It is kept whole, but for what the data rules name: nobody can tell
which of its files somebody will ask for. The standard library of a language is left to those who follow its imports;
and a script that nothing starts does not bring its interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkg2image.analysis.reach.names import (
    UNFOLLOWED,
    is_followed,
    is_interpreter,
    is_library_of_language,
    is_shared,
)
from pkg2image.analysis.reach.packages import files_by_package
from pkg2image.analysis.reach.references import Material, Reference
from pkg2image.analysis.reach.scripts import SHELLS, shell_words_of_part
from pkg2image.analysis.reach.walk import below
from pkg2image.analysis.shebangs import PROGRAM_DIRECTORIES, find_program, programs_of, shebang
from pkg2image.rootfs.globbing import matches
from pkg2image.rootfs.tree import Kind, parent_of

_DOCUMENTATION = re.compile(r"usr/share/(?:doc|lintian)/.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entrances:
    """Where somebody comes in.

    Args:
        commands: Command lines: how the image is started, prepared, and tested.
        packages: Those that were asked for, by name.
        keep: Patterns of paths to keep whatever nobody refers to, and whatever the data rules say.
        beside: Packages that a recipe adds for its scripts, which start some of their programs.
        tests: Command lines that are started by a test only.
    """

    commands: tuple[tuple[str, ...], ...] = ()
    packages: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    tests: tuple[tuple[str, ...], ...] = ()


def started_programs(material: Material, commands: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the canonical paths of the programs of command lines."""
    paths = (_program(material, command[0]) for command in commands if command)
    places = (material.tree.reach(path) for path in paths if path is not None)
    return frozenset(place for place in places if place is not None)


def _program(material: Material, word: str) -> str | None:
    """Return where a command is found, links not followed; of a name, the first on the PATH of the image."""
    places = material.environment.get("PATH", "").split(":")
    candidates = [word] if "/" in word else [f"{place}/{word}" for place in (*places, *PROGRAM_DIRECTORIES) if place]
    return next((path for path in candidates if find_program(material.tree, path) is not None), None)


def own_packages(material: Material, entrances: Entrances) -> frozenset[str]:
    """Return the packages that are the application.

    Args:
        material: What is known of the image.
        entrances: Where to begin.
    """
    tree = material.tree
    inhabited = {entry.package for path, entry in tree.walk() if entry.kind is Kind.FILE and not is_document(path)}
    found: set[str] = set()
    waiting = list(entrances.packages)
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            # A package without files stands for those that it depends on.
            waiting += material.depends.get(package, ()) if package not in inhabited else ()
    # Whoever starts an interpreter with arguments means what these say.
    meant = [
        command for command in entrances.commands if len(command) == 1 or (command and not is_interpreter(command[0]))
    ]
    found.update(tree[place].package for place in started_programs(material, meant))
    found.discard("")
    sources = {material.sources.get(package, package) for package in found}
    return frozenset(found.union(package for package, source in material.sources.items() if source in sources))


def is_document(path: str) -> bool:
    """Say whether a file is only for those who read about a package: its copyright file among them."""
    return _DOCUMENTATION.fullmatch(path) is not None


def entries(material: Material, entrances: Entrances) -> Iterator[Reference]:
    """Yield what is started, given as an argument or a variable, or to be kept."""
    for command in filter(None, (*entrances.commands, *entrances.tests)):
        yield from _of_command(material, command)
    for name, value in sorted(material.environment.items()):
        for path in value.split(":") if name != "PATH" else ():
            yield from _of_word(material, path, f"is the value of the variable {name}")
    for pattern in entrances.keep:
        why = f"is to be kept by {pattern}"
        for place in matches(material.tree, pattern):
            yield from (Reference(path, why) for path in (place, *below(material.tree, place)))


def _of_command(material: Material, command: Sequence[str]) -> Iterator[Reference]:
    place = _program(material, command[0])
    if place is not None:
        yield Reference(place, f"is started as {command[0]}")
    why = f"is an argument of {command[0]}"
    is_shell = command[0].rpartition("/")[2] in SHELLS
    for word in command[1:]:
        for part in shell_words_of_part(word.encode()) if is_shell and " " in word else ():
            program = _program(material, part)
            if program is not None:
                yield Reference(program, f"is started by {command[0]}")
        # An argument may be a path, or hold one: --config=/etc/x.conf; or be a program, to be started with others.
        yield from _of_word(material, word.partition("=")[2] if "=" in word else word, why)
        program = _program(material, word) if word and "/" not in word else None
        if program is not None:
            yield Reference(program, why)


def _of_word(material: Material, path: str, why: str) -> Iterator[Reference]:
    end = material.tree.reach(path) if path.startswith("/") else None
    if end is not None and not is_shared(end) and not is_followed(end):
        yield Reference(path, why, below=True)


def application_files(material: Material, entrances: Entrances) -> Iterator[Reference]:
    """Yield the files of the application, and of others those that nobody can judge."""
    tree = material.tree
    direct = {*entrances.beside}.union(*(material.depends.get(package, ()) for package in material.own))
    for package in sorted(material.own):
        yield Reference(f"usr/share/doc/{package}/copyright", f"is the licence of {package}")
    for package, paths in sorted(files_by_package(material).items()):
        if package in material.own:
            is_asked_for = package in entrances.packages
            chosen = tuple(path for path in paths if is_asked_for or not _is_library(material, path))
            why = f"is of the application: {package}"
        elif package in direct and _is_data(material, paths):
            chosen, why = paths, f"is data that the application depends on: {package}"
        else:
            chosen = tuple(path for path in paths if UNFOLLOWED.fullmatch(path))
            why = "is a module of a language whose imports are not followed"
        yield from (Reference(path, why) for path in chosen if not _is_left_out(material, path))
    for path, entry in tree.walk():
        if entry.origin.startswith("recipe") and entry.kind is not Kind.DIRECTORY:
            yield Reference(path, f"is made for the image: {entry.origin}")


def _is_left_out(material: Material, path: str) -> bool:
    """Say whether a file is left out by a rule, or a link to such, or kept for other reasons if at all."""
    tree = material.tree
    end = tree.reach(path) if tree[path].kind is Kind.SYMLINK else path
    return (
        bool(material.rule(path))
        or (end is not None and bool(material.rule(end)))
        or is_document(path)
        or is_library_of_language(path)
        or is_helper(material, path)
    )


def _is_library(material: Material, path: str) -> bool:
    """Say whether a file is a library for other programs: those that are in the image lead to it."""
    tree = material.tree
    place = tree.reach(path) if ".so" in path and is_shared(parent_of(path)) else None
    facts = material.facts(place) if place is not None else None
    return facts is not None and bool(facts.soname) and not facts.interpreter


def is_helper(material: Material, path: str) -> bool:
    """Say whether a file is a script that is not started by its name alone: a part of something, or an administrator's.

    Args:
        material: What is known of the image.
        path: Canonical path.
    """
    entry = material.tree[path]
    return (
        bool(shebang(entry, material.interpreters))
        and parent_of(path) not in PROGRAM_DIRECTORIES
        and not path.startswith("etc/")
        and not is_followed(path)
    )


def helpers(material: Material) -> Iterator[tuple[str, str]]:
    """Yield the scripts of the application that are no programs, with the canonical path of what interprets them."""
    for package, paths in sorted(files_by_package(material).items()):
        for path in paths if package in material.own else ():
            if is_helper(material, path) and not material.rule(path):
                words = tuple(programs_of(shebang(material.tree[path], material.interpreters)))
                interpreter = _program(material, words[-1]) if words else None
                yield path, (material.tree.reach(interpreter) or "") if interpreter is not None else ""


def _is_data(material: Material, paths: Sequence[str]) -> bool:
    """Say whether a package has neither programs nor libraries nor modules of a language that is followed."""
    return not any(
        material.facts(path) is not None
        or is_followed(path)
        or path.startswith(("usr/bin/", "usr/sbin/", "usr/share/java/"))
        for path in paths
    )
