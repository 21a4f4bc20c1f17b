"""The data tar of a .deb: what its members mean together, and what is remembered of their content.

Accepts what ``dpkg --unpack`` unpacks into a system that has all directories, and is stricter where a package would
mean two things to two readers: a path that comes twice, a hard link to something that is not a file unpacked before,
something below a symlink. Device nodes other than the few that every system has are refused.

Spec: deb(5); dpkg(1) "--unpack".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from pkg2image.deb.facts import DebEntry
from pkg2image.deb.limits import DEFAULT_LIMITS, Limits
from pkg2image.deb.place import Place
from pkg2image.deb.tar import TarMember, TarReader

_HEAD = 256  # what the kernel reads of a script to find its interpreter (BINPRM_BUF_SIZE)
_SHEBANG = re.compile(rb"#![ \t]*(/[^\x00-\x08\x0a-\x1f\x7f]*)")
_ELF = b"\x7fELF"
_DEVICES = {
    "dev/console": ("character", (5, 1)),
    "dev/full": ("character", (1, 7)),
    "dev/null": ("character", (1, 3)),
    "dev/ptmx": ("character", (5, 2)),
    "dev/random": ("character", (1, 8)),
    "dev/tty": ("character", (5, 0)),
    "dev/urandom": ("character", (1, 9)),
    "dev/zero": ("character", (1, 5)),
}


@dataclass(frozen=True, slots=True)
class Payload:
    """What a data tar holds.

    Args:
        entries: Members in archive order; a directory that comes twice is there once, as it was first.
        elves: Those whose content starts like an ELF file.
    """

    entries: tuple[DebEntry, ...]
    elves: tuple[DebEntry, ...]


def read_payload(
    tar: TarReader, place: Place, *, md5_of: Container[str] | None, limits: Limits = DEFAULT_LIMITS
) -> Payload:
    """Read all members of a data tar.

    Args:
        tar: The tar.
        place: The tar, for errors.
        md5_of: Paths of files whose MD5 is wanted, or None for all files.
        limits: Bounds.

    Raises:
        MalformedPackageError: When the tar is malformed or a member is refused.
    """
    paths = _Paths(place, limits)
    entries: list[DebEntry] = []
    elves: list[DebEntry] = []
    for member in tar:
        if not paths.admit(member):
            continue
        if member.kind != "file":
            entries.append(_entry(member, target=paths.file_of(member)))
            continue
        with_md5 = md5_of is None or member.path in md5_of
        sha256, md5, head = _fingerprint(tar.content(), with_md5=with_md5)
        entry = _entry(member, sha256=sha256, md5=md5, interpreter=_interpreter(head))
        entries.append(entry)
        if head.startswith(_ELF):
            elves.append(entry)
    return Payload(tuple(entries), tuple(elves))


def _entry(member: TarMember, *, target: str = "", sha256: str = "", md5: str = "", interpreter: str = "") -> DebEntry:
    return DebEntry(
        member.path,
        member.kind,
        member.mode,
        member.uid,
        member.gid,
        member.user,
        member.group,
        member.mtime,
        member.size,
        target,
        member.device,
        member.xattrs,
        member.offset,
        sha256,
        md5,
        interpreter,
    )


class _Paths:
    """The paths seen so far, and the rules about how a new one fits them."""

    __slots__ = ("_files", "_implied", "_kinds", "_limits", "_place")

    def __init__(self, place: Place, limits: Limits) -> None:
        self._place = place
        self._limits = limits
        self._kinds: dict[str, str] = {"": "directory"}
        self._implied: set[str] = {""}
        self._files: dict[str, str] = {}

    def admit(self, member: TarMember) -> bool:
        """Check a member and remember it; return False for a directory that was there before.

        Raises:
            MalformedPackageError: When it does not fit.
        """
        path, kind = member.path, member.kind
        known = self._kinds.get(path)
        if path in self._implied and kind == "directory":
            self._implied.discard(path)
        elif known == kind == "directory":
            return False
        elif known is not None:
            raise self._place.error(f"it comes as a {known} and again as a {kind}", path=path)
        else:
            self._check_parents(path)
        self._kinds[path] = kind
        if kind == "hardlink":
            self._check_link(member)
        elif kind in {"character", "block"} and _DEVICES.get(path) != (kind, member.device):
            raise self._place.error("packages may not bring device nodes", path=path)
        return True

    def file_of(self, member: TarMember) -> str:
        """Return the link target of a member; of a hard link the file that has the content."""
        return self._files[member.path] if member.kind == "hardlink" else member.target

    def _check_link(self, member: TarMember) -> None:
        target = member.target
        if target == member.path or self._kinds.get(target) not in {"file", "hardlink"}:
            raise self._place.error(f"it is a hard link to {target!r}, which is no file before it", path=member.path)
        self._files[member.path] = self._files.get(target, target)

    def _check_parents(self, path: str) -> None:
        """Check that all above a new path are directories, given here or (by another package) elsewhere."""
        parent = path
        while (parent := parent.rpartition("/")[0]) not in self._kinds:
            if len(self._implied) >= self._limits.parents:
                raise self._place.error(f"more than {self._limits.parents} directories have no entry", path=path)
            self._kinds[parent] = "directory"
            self._implied.add(parent)
        if self._kinds[parent] != "directory":
            raise self._place.error(f"it lies below {parent!r}, which is a {self._kinds[parent]}", path=path)


def _fingerprint(pieces: Iterator[memoryview], *, with_md5: bool) -> tuple[str, str, bytes]:
    """Return the SHA-256 and MD5 (or an empty text) of a content, and its first bytes."""
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
    head = b""
    for piece in pieces:
        sha256.update(piece)
        if md5 is not None:
            md5.update(piece)
        if len(head) < _HEAD:
            head += bytes(piece[: _HEAD - len(head)])
    return sha256.hexdigest(), md5.hexdigest() if md5 else "", head


def _interpreter(head: bytes) -> str:
    """Return the shebang line without ``#!``; empty when the content is no script the kernel would start.

    Only absolute interpreters count: ``#![allow(dead_code)]`` is Rust, and a relative one works nowhere.
    """
    match = _SHEBANG.match(head)
    return match[1].rstrip().decode("utf-8", "surrogateescape") if match else ""
