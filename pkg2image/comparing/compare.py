"""Two sides become what differs between them: facts with a before and an after, sorted, and nothing else.

Times of files are only counted: another date of the repository changes all of them, and nothing in them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pkg2image.comparing.side import Side
from pkg2image.deb.version import compare as compare_versions
from pkg2image.image.scan import FileInfo
from pkg2image.rootfs.tree import Kind, path_key

_SPECIAL = {0o4000: "setuid", 0o2000: "setgid"}
_NO_PACKAGE = "made for the image"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Args:
        name: What: a package, a path, a user, a word of the configuration.
        change: ``added``, ``removed``, ``changed``, and of packages ``upgraded`` or ``downgraded``.
        before: What it was; empty when it was not there.
        after: What it is; empty when it is not there.
        package: Who ships it, of files.
    """

    name: str
    change: str
    before: str
    after: str
    package: str = ""

    def render(self) -> dict[str, str]:
        """Return it the way ``diff --json`` shows it."""
        rendered = {"name": self.name, "change": self.change, "before": self.before, "after": self.after}
        return {**rendered, "package": self.package} if self.package else rendered


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two sides.

    Args:
        before: One side.
        after: The other.
        sections: What kind of thing -> what differs, sorted by name; empty where nothing does.
        not_compared: What could not be compared, since one side does not know it.
        times: How many files differ in their times alone.
    """

    before: Side
    after: Side
    sections: Mapping[str, tuple[Change, ...]]
    not_compared: tuple[str, ...] = ()
    times: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs but times."""
        return not any(self.sections.values())


Licences = Callable[[Path, frozenset[str]], Mapping[str, str]]
"""Returns what copyright files of an image say, by path, in a few words."""


def compare(before: Side, after: Side, licences: Licences) -> Difference:
    """Compare two sides.

    Args:
        before: One side.
        after: The other.
        licences: Reads copyright files that differ.
    """
    sections: dict[str, tuple[Change, ...]] = {"packages": tuple(_packages(before, after))}
    missing = []
    times = 0
    if before.files is None or after.files is None:
        missing += ["files", "modes", "owners", "privileges", "sizes", "licences"] * (before.files is not after.files)
    else:
        pairs = _pairs(before.files, after.files)
        owners = {**before.owners, **after.owners}
        sections["privileges"] = tuple(_told(pairs, _privileges, owners))
        sections["files"] = tuple(_told(pairs, _content, owners))
        both = {path: (one, other) for path, (one, other) in pairs.items() if one and other}
        sections["modes"] = tuple(_told(both, _mode, owners))
        sections["owners"] = tuple(_told(both, _owner, owners))
        sections["sizes"] = tuple(_sizes(before, after))
        sections["licences"] = tuple(_licences(before, after, sections["files"], licences))
        times = sum(one != other and replace(one, mtime=0) == replace(other, mtime=0) for one, other in both.values())
    for name, one, other in (
        ("users", before.users, after.users),
        ("groups", before.groups, after.groups),
        ("configuration", before.config, after.config),
        ("sources", before.sources, after.sources),
    ):
        if one is not None and other is not None and (before.kind == "lock") == (after.kind == "lock"):
            sections[name] = tuple(_values(one, other))
        elif one is not other:
            missing.append(name)
    return Difference(before, after, sections, tuple(missing), times)


def _packages(before: Side, after: Side) -> Iterator[Change]:
    for name in sorted({*before.packages, *after.packages}):
        one, other = before.packages.get(name), after.packages.get(name)
        if one is None or other is None:
            version = (one or other).version  # type: ignore[union-attr]
            yield Change(name, "added", "", version) if one is None else Change(name, "removed", version, "")
        elif order := compare_versions(one.version, other.version):
            yield Change(name, "upgraded" if order < 0 else "downgraded", one.version, other.version)
        elif one.sha256 and other.sha256 and one.sha256 != other.sha256:
            yield Change(
                name, "changed", f"{one.version} sha256:{one.sha256}", f"{other.version} sha256:{other.sha256}"
            )


def _pairs(
    before: Mapping[str, FileInfo], after: Mapping[str, FileInfo]
) -> Mapping[str, tuple[FileInfo | None, FileInfo | None]]:
    return {path: (before.get(path), after.get(path)) for path in sorted({*before, *after}, key=path_key)}


def _told(
    pairs: Mapping[str, tuple[FileInfo | None, FileInfo | None]],
    words: Callable[[FileInfo], str],
    owners: Mapping[str, str],
) -> Iterator[Change]:
    """Yield the paths for which some words about them differ; a path that is not there has none."""
    for path, (one, other) in pairs.items():
        first, second = words(one) if one else "", words(other) if other else ""
        if first != second:
            change = "added" if not first else "removed" if not second else "changed"
            yield Change(f"/{path}", change, first, second, owners.get(path, ""))


def _content(info: FileInfo) -> str:
    if info.hard_link:
        return f"hard link to /{info.target}"
    match info.kind:
        case Kind.FILE:
            return f"{info.size} bytes sha256:{info.sha256}"
        case Kind.SYMLINK:
            return f"symlink to {info.target}"
        case _:
            return info.kind.value


def _mode(info: FileInfo) -> str:
    return "" if info.kind is Kind.SYMLINK else f"{info.mode:04o}"


def _owner(info: FileInfo) -> str:
    return f"{info.uid}:{info.gid}"


def _privileges(info: FileInfo) -> str:
    """Return by what right a program may do more than who starts it; nothing when it may not."""
    if info.kind is not Kind.FILE:
        return ""
    words = [word for bit, word in _SPECIAL.items() if info.mode & bit]
    words += [f"{info.mode:04o} {info.uid}:{info.gid}"] if words else []
    return " ".join([*words, *([f"capabilities {info.capabilities}"] if info.capabilities else [])])


def _sizes(before: Side, after: Side) -> Iterator[Change]:
    """Yield the packages whose files have become more or fewer bytes."""
    first, second = _sizes_of(before), _sizes_of(after)
    for name in sorted({*first, *second}):
        one, other = first.get(name), second.get(name)
        if one != other:
            change = "added" if one is None else "removed" if other is None else "changed"
            yield Change(name, change, "" if one is None else str(one), "" if other is None else str(other))


def _sizes_of(side: Side) -> Mapping[str, int]:
    sizes: Counter[str] = Counter()
    for path, info in (side.files or {}).items():
        if info.kind is Kind.FILE:
            sizes[side.owners.get(path, _NO_PACKAGE)] += info.size
    return sizes


def _licences(before: Side, after: Side, changed: tuple[Change, ...], licences: Licences) -> Iterator[Change]:
    """Yield the packages whose copyright files say something else than before, in whatever words."""
    paths = {change.name[1:]: change for change in changed if is_copyright(change.name[1:])}
    if not paths:
        return
    first, second = (
        licences(side.path, frozenset(path for path in paths if path in (side.files or {}))) for side in (before, after)
    )
    for path, change in paths.items():
        name = path.split("/")[-2]
        yield Change(name, change.change, first.get(path, ""), second.get(path, ""), change.package)


def is_copyright(path: str) -> bool:
    """Say whether a path is that of a copyright file."""
    parts = path.split("/")
    return parts[:3] == ["usr", "share", "doc"] and parts[4:] == ["copyright"]


def _values(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one != other:
            change = "added" if one is None else "removed" if other is None else "changed"
            yield Change(name, change, one or "", other or "")


def by_package(changes: tuple[Change, ...]) -> Mapping[str, Mapping[str, int]]:
    """Return package -> kind of change -> number of files."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        found[change.package or _NO_PACKAGE][change.change] += 1
    return {name: dict(counts) for name, counts in sorted(found.items())}
