"""Does a tree that pkg2image configured have what dpkg was once seen to change?

    python -m benchmarks.recorded [NAME...] [--directory fixtures/maint-diffs]

A recording holds what the scripts of packages changed when they were really configured, on an older bookworm; its
``packages.yaml`` says which packages. The same packages of today's bookworm are configured as a build does it, with
all dependencies and the Essential packages, and every line is looked up in that tree::

    A path kind mode uid gid          it is there: kind, mode, owners
    A path l -> target                it is there and leads there
    M path before => after            it is there as it was after
    M path content                    its content is not the one it had in the package or in the Essential root
    A directory/...   (xNUMBER)       so many more are in the directory

Owners below 100 are compared by number, others by name: a number stands for one name in the whole recording.

Printed is every line that is not reproduced, but those of ``configured.yaml`` and ``recorded.yaml``, which have a
reason for each. The exit code is 1 when anything is printed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import yaml

from benchmarks.configuredtree import (
    ALLOWED,
    ConfiguredTree,
    Difference,
    Node,
    configured_tree,
    node,
    not_allowed,
    read_allowances,
)
from benchmarks.scripts import world_in
from pkg2image.world import World

DIRECTORY = Path(__file__).parent.parent / "fixtures" / "maint-diffs"
PACKAGES = "packages.yaml"
BASE = "BASE"

_DRIFT = ALLOWED.with_name("recorded.yaml")
_SUITE, _ARCHITECTURE = "bookworm", "amd64"
_STATIC = 100  # numbers below are those of base-passwd in every image
_NODE = r"(?:[df] 0o[0-7]+ \d+ \d+|l (?:-> )?\S+)"
_LINE = re.compile(rf"(?:A (/\S+)|M (/\S+) {_NODE} =>) ({_NODE})")
_CONTENT = re.compile(r"M (/\S+) content")
_MORE = re.compile(r"A (/\S*)/(?:<[^>]*>|\.\.\.) +\(x(\d+)\)")


@dataclass(frozen=True, slots=True)
class Recording:
    """What scripts were seen to change.

    Args:
        nodes: Path -> what it was afterwards.
        contents: Paths of files whose content changed.
        counts: Directory -> how many paths below it were made, named or not.
    """

    nodes: Mapping[str, Node]
    contents: tuple[str, ...]
    counts: Mapping[str, int]


@dataclass(slots=True)
class Owners:
    """Numbers that stand for names: one name for a number, one number for a name."""

    names: dict[tuple[str, str], str] = field(default_factory=dict)
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)

    def same(self, kind: str, number: str, name: str, known: Mapping[str, int]) -> bool:
        """Say whether a name is what a number of the recording stands for."""
        if int(number) < _STATIC or known.get(name, _STATIC) < _STATIC:
            return known.get(name) == int(number)
        return (
            self.names.setdefault((kind, number), name) == name
            and self.numbers.setdefault((kind, name), number) == number
        )


def read_recording(text: str) -> Recording:
    """Read a file of changes.

    Raises:
        ValueError: When a line is none of those that are known.
    """
    nodes: dict[str, Node] = {}
    contents: list[str] = []
    more: Counter[str] = Counter()
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            nodes[match[1] or match[2]] = _node(match[3])
        elif match := _CONTENT.fullmatch(line):
            contents.append(match[1])
        elif match := _MORE.fullmatch(line):
            more[match[1]] += int(match[2])
        else:
            raise ValueError(f"not a line of changes: {line}")
    counts = {top: number + sum(path.startswith(f"{top}/") for path in nodes) for top, number in more.items()}
    return Recording(nodes, tuple(contents), counts)


def _node(text: str) -> Node:
    letter, rest = text.split(" ", 1)
    if letter == "l":
        return Node("l", target=rest.removeprefix("-> "))
    mode, user, group = rest.split()
    return Node(letter, f"{int(mode, 8):o}", user, group)


def differences(recording: Recording, made: ConfiguredTree, base: ConfiguredTree) -> Iterator[Difference]:
    """Yield every line of a recording that is not reproduced.

    Args:
        recording: What was changed.
        made: The packages as we configure them.
        base: The Essential packages as we configure them.
    """
    owners = Owners()
    for path, wanted in recording.nodes.items():
        entry = made.tree.get(made.tree.place_of(path))
        if entry is None:
            yield Difference(path, "missing", str(wanted))
        elif not _same(wanted, node(entry), owners, made):
            yield Difference(path, "different", f"{wanted} expected, {node(entry)} found ({made.made_by(path)})")
    before = {item.path: item.sha256 for deb in made.debs for item in deb.facts.entries if item.sha256}
    for path in recording.contents:
        entry, old = made.tree.get(path[1:]), base.tree.get(path[1:])
        was = old.content.sha256 if old and old.content else before.get(path[1:])
        if entry is None or entry.content is None:
            yield Difference(path, "missing", "a file")
        elif entry.content.sha256 == was:
            yield Difference(path, "different", "its content is as it was")
    for top, wanted_number in recording.counts.items():
        number = sum(path.startswith(f"{top[1:]}/") for path, _ in made.tree.walk())
        if number < wanted_number:
            yield Difference(f"{top}/...", "missing", f"{wanted_number} paths expected, {number} found")


def _same(wanted: Node, found: Node, owners: Owners, made: ConfiguredTree) -> bool:
    if (wanted.letter, wanted.mode, wanted.target) != (found.letter, found.mode, found.target):
        return False
    numbers = made.accounts.identities
    return wanted.letter == "l" or (
        owners.same("user", wanted.user, found.user, numbers.users)
        and owners.same("group", wanted.group, found.group, numbers.groups)
    )


def compare(name: str, *, world: World, directory: Path = DIRECTORY) -> tuple[tuple[str, ...], int]:
    """Compare a recording with what we make of its packages today.

    Args:
        name: Of the recording.
        world: Store and network.
        directory: Where recordings are.

    Returns:
        What is not reproduced, one line each, and the number of lines that were looked up.
    """
    packages: Sequence[str] = yaml.safe_load((directory / PACKAGES).read_text())[name]
    recording = read_recording((directory / f"{name}.txt").read_text())
    allowances = (*read_allowances(packages), *read_allowances(packages, _DRIFT))
    tree_of = partial(configured_tree, suite=_SUITE, architecture=_ARCHITECTURE, world=world)
    with tree_of(()) as base, tree_of(packages) as made:
        found = not_allowed(tuple(differences(recording, made, base)), allowances)
        count = len(recording.nodes) + len(recording.contents) + len(recording.counts)
        return (*(str(item) for item in found), *made.problems), count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="recordings; by default all")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    options = parser.parse_args()
    names = options.names or sorted(yaml.safe_load((options.directory / PACKAGES).read_text()))
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        world = world_in(options.cache_dir or Path(temporary))
        for name in names:
            lines, count = compare(name, world=world, directory=options.directory)
            print("".join(f"{name}: {line}\n" for line in lines), end="")
            print(f"{name}: {count} lines, {len(lines)} not reproduced", flush=True)
            failed = failed or bool(lines)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
