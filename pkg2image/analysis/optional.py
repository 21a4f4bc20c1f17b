"""What packages themselves call optional: names they recommend or suggest, but do not depend on.

A plugin or a helper script may want a library or an interpreter that its package only suggests. Whoever leaves such
packages out knows that these files will not work, and so does the packager: nothing is missing then.

Spec: Debian Policy 7.2; 8.1 for how the package of a library is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pkg2image.deb.facts import FetchedDeb

_SONAME = re.compile(r"(.+)\.so\.(.+)|(.+)-([0-9][0-9.]*)\.so")
# Interpreter -> packages that have it under another name than its own.
_INTERPRETERS = {
    "node": ("nodejs",),
    "php": ("php-cli",),
    "python": ("python3", "python-is-python3"),
    "tclsh": ("tcl",),
    "wish": ("tk",),
}


def optional_names(debs: Iterable[FetchedDeb]) -> Mapping[str, frozenset[str]]:
    """Return package -> names of packages that it recommends or suggests and does not depend on."""
    found = {}
    for deb in debs:
        wanted = frozenset(_names(deb, "Recommends", "Suggests"))
        if wanted:
            found[deb.package.name] = wanted - frozenset(_names(deb, "Pre-Depends", "Depends"))
    return found


def recommended_names(debs: Iterable[FetchedDeb]) -> Mapping[str, frozenset[str]]:
    """Return package -> names of packages that it recommends."""
    found = {deb.package.name: frozenset(_names(deb, "Recommends")) for deb in debs}
    return {name: names for name, names in found.items() if names}


def linked_packages(debs: Sequence[FetchedDeb]) -> frozenset[str]:
    """Return the packages for which all libraries are there that they depend on.

    What packages are built with finds the libraries of all their files. What is needed all the same and not declared
    has been left out on purpose.
    """
    there = {name for deb in debs for name in (deb.package.name, *_names(deb, "Provides"))}
    return frozenset(
        deb.package.name
        for deb in debs
        if all(
            any(relation.name in there for relation in group)
            for field in ("Pre-Depends", "Depends")
            for group in deb.package.relations(field)
            if group[0].name.startswith("lib")
        )
    )


def _names(deb: FetchedDeb, *fields: str) -> Iterator[str]:
    for field in fields:
        for group in deb.package.relations(field):
            for relation in group:
                yield relation.name


def packages_of_library(soname: str) -> tuple[str, ...]:
    """Return how Debian calls the packages of a library; those of the 64-bit time transition too."""
    match = _SONAME.fullmatch(soname)
    if match is None:
        return ()
    name, number = (match[1], match[2]) if match[1] else (match[3], match[4])
    base = name.lower().replace("_", "-")
    # Two numbers in a row are told apart by a dash.
    joined = f"{base}-{number}" if base[-1].isdigit() else f"{base}{number}"
    return (joined, f"{joined}t64")


def packages_of_interpreter(program: str) -> tuple[str, ...]:
    """Return what packages of an interpreter are called: its own name without the path, first."""
    name = program.rpartition("/")[2]
    return (name, f"{name}-minimal", *_INTERPRETERS.get(name, ()))
