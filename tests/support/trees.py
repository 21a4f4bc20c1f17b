"""Trees as data: packages in one line, trees as one line per path.

A `Shelf` is where packages are built, read back by the real reader, and their files can be read::

    shelf = Shelf()
    deb = shelf.deb("hello 1.0", reg("usr/bin/hello", b"#!/bin/sh\n", mode=0o755), fields={"Replaces": "bye"})
    assert dump_tree(unpack(Tree(), [deb]))["usr/bin/hello"] == "file 0755 root:root hello 10"
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import BinaryIO

from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.package import package_from_stanza
from pkg2image.deb.reader import read_deb
from pkg2image.digest import Digest
from pkg2image.rootfs.diversions import DIVERSIONS, Diversion, render_diversions
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.tree import Content, Entry, InlineContent, Kind, Tree
from tests.support.debs import CONTROL, FileSpec, build_deb, directory, reg


class _Sink:
    """Keeps a data tar in memory."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()

    @property
    def file(self) -> BinaryIO:
        return self.buffer

    def write(self, data: bytes, /) -> object:
        return self.buffer.write(data)

    def hexdigest(self) -> str:
        return hashlib.sha256(self.buffer.getvalue()).hexdigest()


class Shelf:
    """Packages made for a test, and the files in them."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], bytes] = {}
        """The .debs by name and architecture."""
        self._tars: dict[Digest, bytes] = {}

    def deb(
        self,
        identity: str,
        *entries: FileSpec,
        fields: Mapping[str, str] | None = None,
        control_files: Mapping[str, bytes] | None = None,
    ) -> FetchedDeb:
        """Build a package and read it back.

        Args:
            identity: ``name``, ``name version`` or ``name version architecture``.
            entries: What it ships; missing parent directories are added.
            fields: More control fields.
            control_files: ``conffiles``, ``md5sums``, scripts.
        """
        given = identity.split()
        name, version, architecture = (*given, *("1", "all")[len(given) - 1 :])
        control = {
            **CONTROL,
            "Package": name,
            "Version": version,
            "Architecture": architecture,
            **(fields or {}),
        }
        data = build_deb(control, entries, control_files=control_files, compression="none")
        sink = _Sink()
        facts = read_deb(io.BytesIO(data), sink, name=f"{name}.deb")
        self.files[name, architecture] = data
        self._tars[facts.data] = sink.buffer.getvalue()
        return FetchedDeb(package_from_stanza(dict(facts.control), origin=name), facts)

    def read(self, content: Content) -> bytes:
        """Return the bytes of a content."""
        if isinstance(content, InlineContent):
            return content.data
        data = self._tars[content.blob][content.offset : content.offset + content.size]
        assert hashlib.sha256(data).hexdigest() == content.sha256
        return data


def with_diversions(tree: Tree, *diversions: Diversion) -> Tree:
    """Return a tree after giving it dpkg's list of diversions."""
    add_file(tree, DIVERSIONS, render_diversions(diversions), origin="test", mtime=0)
    return tree


def dump_tree(tree: Tree) -> dict[str, str]:
    """Return path -> ``kind mode user:group package what``, in the order of the tree.

    ``what`` is the target of links, the number of devices, the size and ``=<path>`` (the first name of a hard-linked
    file) of files. What has no package shows its origin in brackets.
    """
    first_names: dict[str, str] = {}
    return {path: _line(path, entry, first_names) for path, entry in tree.walk()}


def _line(path: str, entry: Entry, first_names: dict[str, str]) -> str:
    what = {
        Kind.SYMLINK: f" -> {entry.target}",
        Kind.FILE: f" {entry.size}",
        Kind.CHARACTER: f" {entry.device[0]}:{entry.device[1]}",
        Kind.BLOCK: f" {entry.device[0]}:{entry.device[1]}",
    }.get(entry.kind, "")
    if entry.inode and first_names.setdefault(entry.inode, path) != path:
        what += f" ={first_names[entry.inode]}"
    owner = entry.package or f"[{entry.origin}]"
    return f"{entry.kind} {entry.mode:04o} {entry.user}:{entry.group} {owner}{what}"


PASSWD_MASTER = b"root:*:0:0:root:/root:/bin/bash\nmail:*:8:8:mail:/var/mail:/usr/sbin/nologin\n"
GROUP_MASTER = b"root:*:0:\nmail:*:8:\nshadow:*:42:\nutmp:*:43:\nstaff:*:50:\nusers:*:100:\n"


def base_debs(shelf: Shelf, architecture: str = "amd64") -> list[FetchedDeb]:
    """Return small packages of the form of bookworm's base-files, base-passwd and libc-bin."""
    licence = reg("usr/share/common-licenses/GPL-3", b"GNU GENERAL PUBLIC LICENSE")
    return [
        shelf.deb(
            f"base-files 12.4 {architecture}",
            *(directory(path) for path in ("bin", "boot", "dev", "lib", "proc", "run", "sbin", "sys")),
            *(directory(f"usr/{name}") for name in ("bin", "games", "sbin")),
            directory("root", mode=0o700),
            directory("tmp", mode=0o1777),
            directory("var/local", mode=0o2775, group="staff", gid=50),
            directory("var/lock", mode=0o1777),
            directory("var/run"),
            directory("var/tmp", mode=0o1777),
            directory("var/log"),
            reg("etc/debian_version", b"12.15\n"),
            reg("etc/issue", b"Debian\n"),
            reg("usr/lib/os-release", b"ID=debian\n"),
            FileSpec(path="etc/os-release", kind="symlink", mode=0o777, target="../usr/lib/os-release"),
            reg("usr/share/doc/base-files/copyright", b"public domain"),
            reg("usr/share/doc/base-files/README", b"read me"),
            licence,
            control_files={"conffiles": b"/etc/debian_version\n/etc/issue\n"},
            fields={"Multi-Arch": "foreign"},
        ),
        shelf.deb(
            f"base-passwd 3.6 {architecture}",
            reg("usr/share/base-passwd/passwd.master", PASSWD_MASTER),
            reg("usr/share/base-passwd/group.master", GROUP_MASTER),
            reg("usr/share/doc/base-passwd/copyright", b"GPL-2"),
        ),
        shelf.deb(
            f"libc-bin 2.36 {architecture}",
            reg("sbin/ldconfig", b"\0binary", mode=0o755),
            reg("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n"),
            reg("usr/lib/locale/C.utf8/LC_CTYPE", b"\0ctype"),
            reg("usr/share/libc-bin/nsswitch.conf", b"passwd: files\n"),
            reg("usr/share/doc/libc-bin/copyright", b"LGPL"),
        ),
    ]
