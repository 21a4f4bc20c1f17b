"""The answer of the resolver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkg2image.plan import CutEdge, PlannedPackage


@dataclass(frozen=True, slots=True)
class Resolution:
    """Exactly which packages answer a request.

    Args:
        packages: In unpack order, dependencies first, each with the edge that brought it in.
        cut: Edges left out, in order of package, field and relation; also Recommends that are impossible.
        notes: Sentences about decisions that somebody may want to know of.
        edges: Package name -> names of the packages that satisfy its kept Pre-Depends and Depends, sorted.
        roots: Names of the packages that answer the wants, in the order of the request.
    """

    packages: tuple[PlannedPackage, ...]
    cut: tuple[CutEdge, ...] = ()
    notes: tuple[str, ...] = ()
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
