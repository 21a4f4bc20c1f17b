"""Programs that others start by their names.

A word in a compiled program, or in quotes, may be the name of a program and mean something else: ``find`` knows a file
system ``debugfs``. Debian's packages depend on those whose programs they start, directly or by others of their source,
unless everybody has them; so a word means a program of these only.

Spec: Debian Policy 3.5, 3.8.
"""

from __future__ import annotations

from pkg2image.analysis.reach.names import program_paths
from pkg2image.analysis.reach.references import Material


class Programs:
    """What can be started by its name alone, and by whom.

    Args:
        material: What is known of the image.
    """

    __slots__ = ("_material", "_places", "_reached")

    def __init__(self, material: Material) -> None:
        self._material = material
        self._places = program_paths(material.tree)
        self._reached: dict[str, frozenset[str]] = {}

    def place(self, name: str) -> str | None:
        """Return the path of a program."""
        return self._places.get(name)

    def meant(self, name: str, path: str) -> str | None:
        """Return the path of the program that a word may mean, None when it is none that a file would start.

        Args:
            name: The word.
            path: Canonical path of the file that it stands in.
        """
        place = self._places.get(name)
        material = self._material
        entry = material.tree.get(material.tree.reach(place) or "") if place is not None else None
        owner = material.tree[path].package
        if entry is None or not entry.package or not owner:
            return place
        is_known = (
            entry.package in material.common
            or entry.package in material.own
            or entry.package in self._dependencies(material.sources.get(owner, owner))
        )
        return place if is_known else None

    def _dependencies(self, source: str) -> frozenset[str]:
        """Return the packages of a source and all that they depend on, directly or by others."""
        if source not in self._reached:
            found: set[str] = set()
            waiting = [source, *(package for package, name in self._material.sources.items() if name == source)]
            while waiting:
                here = waiting.pop()
                if here not in found:
                    found.add(here)
                    waiting += self._material.depends.get(here, ())
            self._reached[source] = frozenset(found)
        return self._reached[source]
