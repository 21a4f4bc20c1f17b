"""What starting a service works with beyond what its own file shows: so that it is looked for, and followed.

A unit and a configuration file name programs and scripts; a manual names files and programs that a service cannot do
without, though its package only recommends them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkg2image.analysis.evidence import Evidence, Wanted, wanted_file
from pkg2image.analysis.foreground import Started
from pkg2image.analysis.listening import configuration_lines
from pkg2image.analysis.preparation import programs_in
from pkg2image.analysis.shebangs import find_program
from pkg2image.rootfs.tree import ReadContent, Tree

_MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class Uses:
    """What a service is started with.

    Args:
        programs: Absolute paths of programs of the image that starting it runs: they may call others.
        wanted: What the image lacks.
    """

    programs: tuple[str, ...] = ()
    wanted: tuple[Wanted, ...] = ()


def uses_of(
    started: Started,
    prepared: Sequence[str],
    tree: Tree,
    read: ReadContent,
    *,
    names: Sequence[str],
    members: Sequence[str],
    missing: Mapping[str, str],
) -> Uses:
    """Return what a service is started with.

    Args:
        started: Its command line.
        prepared: Programs that are run before it, a shell among them.
        tree: The finished root filesystem.
        read: Reads contents.
        names: What the service, its package and its program are called: directories in ``/etc``.
        members: Packages that the service consists of.
        missing: Files that it cannot do without and the image lacks -> why.
    """
    facts = started.facts
    owner = tree.lookup(started.words[0])
    package = owner.package if owner else ""
    asking = started.words[0].lstrip("/")
    named = dict.fromkeys((started.words[0], *prepared, *(facts.calls if facts else ())))
    own = frozenset(name for name in (facts.calls if facts else ()) if "/" in name)
    wanted = [
        wanted_file(name, Evidence(asking, f"is started with {name}", package))
        for name in named
        if name not in own and find_program(tree, name) is None
    ]
    wanted += [wanted_file(path, Evidence(asking, why, package)) for path, why in missing.items()]
    present = (f"/{place}" for name in named if (place := find_program(tree, name)) is not None)
    in_words = programs_in(started.words, tree)
    in_files = _of_members(_named_in_configuration(tree, read, started.words, names), tree, members)
    return Uses(tuple(dict.fromkeys((*present, *in_words, *in_files))), tuple(wanted))


def _named_in_configuration(tree: Tree, read: ReadContent, words: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    for count, line in enumerate(configuration_lines(tree, read, words, names)):
        if count < _MOST_LINES and "/" in line:
            # Whatever stands first on a line is no program.
            yield from programs_in(("", line), tree)


def _of_members(paths: Iterable[str], tree: Tree, members: Sequence[str]) -> Iterator[str]:
    for path in paths:
        entry = tree.lookup(path)
        if entry is not None and entry.package in members:
            yield path
