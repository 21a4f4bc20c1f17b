"""What comes with a package as soon as one of its files is used.

Its copyright file, since a licence goes where the work goes; its configuration, which is small and read by paths that
are put together. With a program also the private data of its package, since nobody can tell which of it a program asks
for; of a library only what is referred to. A compiler comes with all that it depends on: headers, an assembler, a
linker; of libraries with what the linker's names for them lead to.

Spec: Debian Policy 12.5 (copyright), 10.7 (configuration files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pkg2image.analysis.reach.data import FOR_DEVELOPERS
from pkg2image.analysis.reach.names import is_followed, is_shared, paths_in_text
from pkg2image.analysis.reach.references import FindReferences, Material, Reference
from pkg2image.analysis.shebangs import PROGRAM_DIRECTORIES
from pkg2image.deb.facts import FetchedDeb
from pkg2image.rootfs.tree import Kind, parent_of

_COMPILER = re.compile(
    r"(?:.+-linux-[^-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|tcc|go|rustc|javac)(?:-[0-9.]+)?"
)
_DOCUMENTATION = re.compile(r"usr/share/(?:doc|lintian|man|info|bug)/.*", re.DOTALL)


def dependencies(debs: Sequence[FetchedDeb]) -> Mapping[str, tuple[str, ...]]:
    """Return package -> the packages among them that it depends on, or recommends, by any alternative."""
    names: dict[str, list[str]] = {}
    for deb in debs:
        for name in (deb.package.name, *_names(deb, "Provides")):
            names.setdefault(name, []).append(deb.package.name)
    return {
        deb.package.name: tuple(
            dict.fromkeys(
                package
                for name in _names(deb, "Pre-Depends", "Depends", "Recommends")
                for package in names.get(name, ())
            )
        )
        for deb in debs
    }


def _names(deb: FetchedDeb, *fields: str) -> Iterator[str]:
    for field in fields:
        for group in deb.package.relations(field):
            yield from (relation.name for relation in group)


def files_by_package(material: Material) -> Mapping[str, tuple[str, ...]]:
    """Return package -> its paths that are no directories, in byte order."""
    found: dict[str, list[str]] = {}
    for path, entry in material.tree.walk():
        if entry.package and entry.kind is not Kind.DIRECTORY:
            found.setdefault(entry.package, []).append(path)
    return {package: tuple(paths) for package, paths in found.items()}


def package_references(material: Material) -> FindReferences:
    """Return what finds what comes with a package."""
    files = files_by_package(material)
    used: set[str] = set()
    working: set[str] = set()

    def find(path: str) -> Iterator[Reference]:
        package = material.tree[path].package
        if not package or _DOCUMENTATION.fullmatch(path):
            return
        if package not in used:
            used.add(package)
            yield Reference(f"usr/share/doc/{package}/copyright", f"comes with the licence of {package}")
            for other in files.get(package, ()):
                if other.startswith("etc/") and not material.rule(other):
                    yield Reference(other, f"comes with the configuration of {package}")
        # Of the application all that can be used is kept anyway.
        if package not in working and package not in material.own and _is_program(material, path):
            working.add(package)
            for other in files[package]:
                if _is_private(other) and not material.rule(other):
                    yield Reference(other, f"comes with the private files of {package}")
        # Some have a directory of their own, and a link in the one of all programs.
        if _COMPILER.fullmatch(path.rpartition("/")[2]) and parent_of(path).endswith("/bin"):
            yield from _toolchain(material, package, files)

    return find


def _toolchain(material: Material, package: str, files: Mapping[str, tuple[str, ...]]) -> Iterator[Reference]:
    """Yield everything of the packages that a compiler works with: those of its source, an assembler, a linker."""
    source = material.sources.get(package, package)
    tools = (material.tree.get(f"usr/bin/{name}") for name in ("as", "ld"))
    seen = {package, *(entry.package for entry in tools if entry is not None)}
    seen |= {name for name, of in material.sources.items() if of == source}
    waiting = sorted(seen)
    while waiting:
        here = waiting.pop()
        fresh = [name for name in material.depends.get(here, ()) if name not in seen]
        seen.update(fresh)
        waiting += fresh
        is_library = all(_is_of_library(material, path) for path in files.get(here, ()))
        for path in files.get(here, ()) if not is_library else ():
            if material.rule(path) in FOR_DEVELOPERS | {""}:
                yield Reference(path, f"is a compiler, which works with {here}")
            if path.endswith(".so") and material.facts(path) is None:
                for text in material.extract(path, paths_in_text):
                    yield Reference(text, f"has the linker read {text}")


def _is_of_library(material: Material, path: str) -> bool:
    """Say whether a file is of a library: a linker has its own name for it, in another package."""
    place = material.tree.reach(path)
    facts = material.facts(place) if place is not None else None
    return (
        (facts is not None and (bool(facts.soname) or not facts.interpreter))
        or _DOCUMENTATION.fullmatch(path) is not None
        or path.startswith("etc/")
        or "/gconv/" in path
    )


def _is_program(material: Material, path: str) -> bool:
    facts = material.facts(path)
    return parent_of(path) in PROGRAM_DIRECTORIES and (
        (facts is not None and bool(facts.interpreter)) or material.tree[path].mode & 0o111 != 0
    )


def _is_private(path: str) -> bool:
    directory = parent_of(path)
    return not (is_shared(directory) or is_followed(path) or _DOCUMENTATION.fullmatch(path) or path.startswith("etc/"))
