"""systemd unit files as values: sections and assignments, in the order in which systemd would read them.

Only what a file says is kept; what an assignment means is the business of whoever asks for it.

Spec: systemd.syntax(7), systemd.unit(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pkg2image.rootfs.tree import Entry, Kind, ReadContent, Tree

MOST_BYTES = 1 << 20
"""The longest file that is read; units are a few kilobytes long, and some configurations are manuals."""

_PLACES = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
_TRUE = frozenset(("1", "yes", "y", "true", "t", "on"))


class UnitError(Exception):
    """A unit or a part of it cannot be followed; the text says why. It never leaves this package."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line ``KEY=VALUE``.

    Args:
        section: Name of the section, such as ``Service``.
        key: Before the equals sign.
        value: After it, without white space around it and with continued lines joined.
        origin: Path and line of the file, as people should see it.
    """

    section: str
    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its drop-ins.

    Args:
        name: With its suffix, ``nginx.service``; of a template that is to be started with the instance.
        place: Canonical path of its file.
        package: Who ships the file.
        assignments: Of the file and then of the drop-ins, in order.
        aliases: Further names: symlinks that packages ship, and ``Alias=``.
    """

    name: str
    place: str
    package: str
    assignments: tuple[Assignment, ...]
    aliases: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return self.name.rpartition(".")[0]

    @property
    def prefix(self) -> str:
        """The stem up to the ``@`` of an instance (``%p``)."""
        return self.stem.partition("@")[0]

    @property
    def instance(self) -> str:
        """The stem after the ``@`` (``%i``); empty when there is none."""
        return self.stem.partition("@")[2]

    @property
    def is_template(self) -> bool:
        """Whether it can only be started with an instance."""
        return self.stem.endswith("@")

    def every(self, key: str, section: str = "Service") -> tuple[Assignment, ...]:
        """Return the assignments of a key that add up; an empty one forgets those before it."""
        found: list[Assignment] = []
        for assignment in self.assignments:
            if assignment.section == section and assignment.key == key:
                found = [*found, assignment] if assignment.value else []
        return tuple(found)

    def last(self, key: str, section: str = "Service") -> Assignment | None:
        """Return the assignment of a key that has the say, or None."""
        found = self.every(key, section)
        return found[-1] if found else None

    def value(self, key: str, section: str = "Service") -> str:
        """Return the value that has the say, or an empty text."""
        found = self.last(key, section)
        return found.value if found else ""

    def is_set(self, key: str, section: str = "Service") -> bool:
        """Return a switch; one that is not set is off."""
        return self.value(key, section).lower() in _TRUE


def parse_unit(text: str, origin: str) -> tuple[Assignment, ...]:
    """Read a unit file.

    A line that is neither a section, an assignment nor a comment is passed over, as systemd does it.

    Args:
        text: What is in the file.
        origin: What the file is called.
    """
    section = ""
    found = []
    for number, line in _logical_lines(text):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, equals, value = line.partition("=")
        if equals and section and key.strip():
            found.append(Assignment(section, key.strip(), value.strip(), f"{origin}:{number}"))
    return tuple(found)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number and text of every line after joining those that end in a backslash."""
    begun, joined = 0, ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.lstrip()
        if line[:1] in {"#", ";"} or (not line and not begun):
            continue  # also in the middle of a line that is continued
        begun = begun or number
        if (len(line) - len(line.rstrip("\\"))) % 2:
            joined += f"{line[:-1]} "
            continue
        yield begun, (joined + line).strip()
        begun, joined = 0, ""
    if begun:
        yield begun, joined.strip()


def read_text(tree: Tree, read: ReadContent, path: str) -> str | None:
    """Return the text of a file of a reasonable size, or None.

    What comes out of it may end up in the configuration of an image, so it has nothing that cannot be written there.
    """
    entry = tree.lookup(path)
    if entry is None or entry.content is None or entry.size > MOST_BYTES:
        return None
    return read(entry.content).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


@dataclass(frozen=True, slots=True)
class UnitFiles:
    """The unit files of a tree, found but not read.

    Args:
        tree: Where they are.
        read: Reads them.
        places: Name -> path of the file that has the say.
    """

    tree: Tree
    read: ReadContent
    places: dict[str, str]

    def named(self, name: str) -> Unit | None:
        """Return a unit by its name, or None when there is no such file, or it is masked.

        An instance comes out of its template when it has no file of its own.
        """
        place = self.places.get(name)
        if place is None and "@" in name:
            stem, _, suffix = name.rpartition(".")
            place = self.places.get(f"{stem.partition('@')[0]}@.{suffix}")
        target = self.tree.reach(place) if place else None
        text = read_text(self.tree, self.read, target) if target else None
        if target is None or not text:
            return None
        assignments = parse_unit(text, f"/{target}")
        for path in self._drop_ins(name):
            assignments += parse_unit(read_text(self.tree, self.read, path) or "", f"/{path}")
        unit = Unit(name, target, self.tree[target].package, assignments)
        said = (word for each in unit.every("Alias", "Install") for word in each.value.split())
        linked = (other for other, path in self.places.items() if other != name and self.tree.reach(path) == target)
        return Unit(name, target, unit.package, assignments, tuple(sorted({*said, *linked} - {name})))

    def _drop_ins(self, name: str) -> Iterator[str]:
        stem, _, suffix = name.rpartition(".")
        template = f"{stem.partition('@')[0]}@.{suffix}"
        owners = dict.fromkeys((template, name)) if "@" in stem else {name: None}
        found: dict[str, str] = {}
        for owner in owners:
            for directory in reversed(_PLACES):
                above = self.tree.reach(f"{directory}/{owner}.d")
                for file in self.tree.children(above) if above else ():
                    if file.endswith(".conf"):
                        found[file] = f"{above}/{file}"
        for file in sorted(found):
            yield found[file]


def find_units(tree: Tree, read: ReadContent) -> UnitFiles:
    """Find the unit files of a tree; nothing is read yet.

    Args:
        tree: The finished root filesystem.
        read: Reads contents.
    """
    places: dict[str, str] = {}
    for directory in _PLACES:
        above = tree.reach(directory)
        for name in tree.children(above) if above else ():
            if "." in name and not _is_directory(tree.get(f"{above}/{name}")):
                places.setdefault(name, f"{above}/{name}")
    return UnitFiles(tree, read, places)


def _is_directory(entry: Entry | None) -> bool:
    return entry is not None and entry.kind is Kind.DIRECTORY


def services_of(files: UnitFiles, packages: Sequence[str]) -> Iterator[str]:
    """Yield the names of the ``.service`` files that packages ship, in order of name; aliases are left out."""
    wanted = set(packages)
    for name in sorted(files.places):
        entry = files.tree.get(files.places[name])
        if name.endswith(".service") and entry is not None and entry.kind is Kind.FILE and entry.package in wanted:
            yield name
