"""What is known of a small image before its files are followed, and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence

from pkg2image.analysis.reach.application import Entrances
from pkg2image.analysis.reach.data import data_rule
from pkg2image.analysis.reach.extracts import Extracts
from pkg2image.analysis.reach.references import MakeFinder, Material
from pkg2image.analysis.reach.result import Slimmed
from pkg2image.analysis.reach.slim import FINDERS, slim
from pkg2image.rootfs.tree import Kind
from tests.support.libraries import read_inline
from tests.support.parts import Parts


def material_of(parts: Parts, **more: object) -> Material:
    """Return what is known of an image for amd64; every package is its own source."""
    known = {
        "tree": parts.tree,
        "read": read_inline,
        "extracts": Extracts(),
        "elves": parts.elves,
        "interpreters": {},
        "architecture": "amd64",
        "environment": {"PATH": "/usr/sbin:/usr/bin"},
        "sources": {entry.package: entry.package for _, entry in parts.tree.walk() if entry.package},
        "rule": data_rule(parts.tree),
    }
    return Material(**{**known, **more})  # type: ignore[arg-type]


def found(parts: Parts, make: MakeFinder, path: str, **more: object) -> list[str]:
    """Return what one finder says about one file: the path, a star for everything below, and why."""
    references = make(material_of(parts, **more))(path)
    return sorted(f"{item.path}{'/*' if item.below else ''}: {item.why}" for item in references)


def slimmed(
    parts: Parts,
    *commands: Sequence[str],
    packages: Sequence[str] = (),
    keep: Sequence[str] = (),
    beside: Sequence[str] = (),
    tests: Sequence[Sequence[str]] = (),
    finders: Sequence[MakeFinder] = FINDERS,
    **more: object,
) -> Slimmed:
    """Return an image slimmed to what these command lines and packages lead to."""
    entrances = Entrances(
        tuple(map(tuple, commands)), tuple(packages), tuple(keep), tuple(beside), tuple(map(tuple, tests))
    )
    return slim(material_of(parts, **more), entrances, finders=finders)


def files_of(result: Slimmed) -> list[str]:
    """Return the paths of a slimmed image that are no directories, without those of the merged /usr."""
    merged = {"bin", "lib", "lib64", "sbin"}
    return [path for path, entry in result.tree.walk() if entry.kind is not Kind.DIRECTORY and path not in merged]
