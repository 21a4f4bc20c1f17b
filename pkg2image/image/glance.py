"""A glance at a few files of an image, without reading the rest of it where that can be avoided.

Layers are looked through from the top down, and no further than to the first file that answers everything: what our
images say about themselves lies in their last layer.

Spec: OCI image-spec v1.1 layer.md "Applying Changesets", "Whiteouts".
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.documents import layer_paths
from pkg2image.image.scan import (
    MOST_CAPTURED,
    CheckedTarInfo,
    HashingReader,
    compression_of,
    decompressor,
    file_info,
    reading,
)

_ROOTFS = "rootfs/"  # where an ACI has its files
_MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for.

    Args:
        paths: Files, without leading slash.
        directories: Directories with a slash at the end: all regular files right in them.
        enough: Files that make all others superfluous; any of them ends the search.
    """

    paths: frozenset[str]
    directories: tuple[str, ...] = ()
    enough: frozenset[str] = frozenset()

    def __contains__(self, path: object) -> bool:
        """Say whether a path is looked for."""
        if path in self.paths or path in self.enough:
            return True
        directory, slash, _ = str(path).rpartition("/")
        return directory + slash in self.directories


@dataclass(slots=True)
class _Sight:
    """What was seen so far, from the top layer down."""

    wanted: Wanted
    found: dict[str, bytes] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def is_enough(self) -> bool:
        return any(path in self.wanted.enough for path in self.found)

    def look_through(self, file: BinaryIO) -> None:
        """Take what a layer has and no layer above it hides."""
        seen: dict[str, bytes] = {}
        hidden: set[str] = set()
        for path, data in _members(file, self.wanted):
            directory, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                hidden.add(f"{directory}/")
            elif name.startswith(".wh."):
                hidden |= {f"{directory}/{name[4:]}".lstrip("/"), f"{directory}/{name[4:]}/".lstrip("/")}
            elif data is None:
                hidden.add(path)  # no regular file here: nothing below it counts
            else:
                seen[path] = data
                if path in self.wanted.enough:
                    break
        for path, data in seen.items():
            if path not in self.found and not self._is_hidden(path):
                self.found[path] = data
                if len(self.found) > _MOST_FILES:
                    raise ValueError(f"it has more than {_MOST_FILES} files that say what is in it")
        self.hidden |= hidden

    def _is_hidden(self, path: str) -> bool:
        return any(path == each or (each.endswith("/") and path.startswith(each)) for each in self.hidden)


def glance(path: Path, wanted: Wanted) -> Mapping[str, bytes]:
    """Read files of an image of any format that `pkg2image.image.read.read_image` reads; no digest is checked.

    Args:
        path: The image.
        wanted: Which files; a symbolic link is not followed.

    Returns:
        Path -> content of what there is.

    Raises:
        RequestError: When it is no image, or broken.
    """
    with reading(path):
        if path.is_dir():
            if (path / "oci-layout").is_file():
                return _layered(LayoutDirectory(path), wanted)
            return dict(_plain(path, wanted))
        with path.open("rb") as file:
            if compression_of(file) == "none":
                archive = Archive(file)
                if "oci-layout" in archive or "manifest.json" in archive:
                    return _layered(archive, wanted)
                file.seek(0)
            sight = _Sight(wanted)
            sight.look_through(file)
            return sight.found


def _layered(container: Container, wanted: Wanted) -> Mapping[str, bytes]:
    sight = _Sight(wanted)
    for place in reversed(layer_paths(container)):
        with container.open(place) as file:
            sight.look_through(file)
        if sight.is_enough:
            break
    return sight.found


def _members(file: BinaryIO, wanted: Wanted) -> Iterator[tuple[str, bytes | None]]:
    """Yield the wanted members of a tar, None for what is no regular file, and all whiteouts."""
    stream = decompressor(HashingReader(file), compression_of(file))
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=CheckedTarInfo) as tar:
        for member in tar:
            cast("Any", tar).members.clear()  # it would keep every header of the archive
            path = file_info(member).path.removeprefix("./").removeprefix(_ROOTFS)
            if path.rpartition("/")[2].startswith(".wh."):
                yield path, b""
            elif path in wanted:
                if member.size > MOST_CAPTURED:
                    raise ValueError(f"its {path} is larger than any such file")
                extracted = tar.extractfile(member) if member.isreg() else None
                yield path, None if extracted is None else extracted.read()


def _plain(root: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Yield the wanted files of a directory; nothing outside of it is read, whatever links say."""
    top = root.resolve()
    places = [root / path for path in sorted(wanted.paths | wanted.enough)]
    for directory in wanted.directories:
        inside = root / directory
        places += sorted(inside.iterdir()) if inside.is_dir() else []
    for place in places:
        if place.is_file() and not place.is_symlink() and place.resolve().is_relative_to(top):
            if place.stat().st_size > MOST_CAPTURED:
                raise ValueError(f"its {place.relative_to(root)} is larger than any such file")
            yield str(place.relative_to(root)), place.read_bytes()
