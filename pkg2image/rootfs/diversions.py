"""Diversions: a package asks dpkg to put another package's file elsewhere.

They are made by preinst scripts and kept in a list in the tree; dpkg reads it again before every package it unpacks.

Spec: dpkg-divert(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkg2image.rootfs.tree import ReadContent, Tree

DIVERSIONS = "var/lib/dpkg/diversions"
"""Where dpkg keeps its list."""


@dataclass(frozen=True, slots=True)
class Diversion:
    """One line of dpkg's list of diversions.

    Args:
        package: Who diverts and may ship the path itself; empty for a local diversion, which moves everybody's file.
        path: The path as packages ship it, relative.
        to: Where the file of every other package goes, relative.
    """

    package: str
    path: str
    to: str


class DivertedPaths:
    """The places that diversions lead to in one tree.

    dpkg compares diverted names as written and misses a diversion of ``/lib/x`` when a package ships ``/usr/lib/x``;
    here both are the same place, which is what the diverting package wants.
    """

    __slots__ = ("_from", "_to", "_tree")

    def __init__(self, tree: Tree, diversions: Sequence[Diversion]) -> None:
        self._tree = tree
        self._from = {tree.place_of(diversion.path): diversion for diversion in diversions}
        self._to = {tree.place_of(diversion.to): diversion for diversion in diversions}

    def place(self, place: str, package: str) -> str:
        """Return where a package's file that would lie at a place really goes."""
        diversion = self._from.get(place)
        return self._tree.place_of(diversion.to) if diversion and diversion.package != package else place

    def taken_by(self, place: str) -> Diversion | None:
        """Return the diversion that moves files to a place, or None."""
        return self._to.get(place)


def parse_diversions(data: bytes) -> tuple[Diversion, ...]:
    """Return what the file ``var/lib/dpkg/diversions`` says; a last group of less than three lines says nothing."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    triples = zip(lines[::3], lines[1::3], lines[2::3], strict=False)
    return tuple(
        Diversion("" if package == ":" else package, path.lstrip("/"), to.lstrip("/")) for path, to, package in triples
    )


def read_diversions(tree: Tree, read: ReadContent) -> tuple[Diversion, ...]:
    """Return the diversions of a tree, in the order of dpkg's list."""
    entry = tree.lookup(DIVERSIONS)
    return parse_diversions(read(entry.content)) if entry and entry.content else ()


def render_diversions(diversions: Sequence[Diversion]) -> bytes:
    """Return the file ``var/lib/dpkg/diversions``; a local diversion has ``:`` for its package."""
    lines = (f"/{item.path}\n/{item.to}\n{item.package or ':'}\n" for item in diversions)
    return "".join(lines).encode("utf-8", "surrogateescape")
