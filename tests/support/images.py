"""Images for tests: trees of a few lines, a real store, and everything that is made of them.

A tree is written as paths with `file`, `directory`, `symlink` and so on::

    workshop = Workshop(tmp_path)
    tree = workshop.tree({"usr/bin/hello": file("hello", b"..."), "bin": symlink("usr/bin")})
    image = workshop.image(tree)
"""

from __future__ import annotations

import hashlib
import struct
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pkg2image.image.compress import Compression
from pkg2image.image.config import ImageConfig
from pkg2image.image.layer import write_layers
from pkg2image.image.model import Image, Layer
from pkg2image.image.names import parse_reference
from pkg2image.image.partition import LayerPlan, partition
from pkg2image.rootfs.tree import Content, Entry, Identities, InlineContent, Kind, StoredContent, Tree, parent_of
from pkg2image.store import Store

EPOCH = 1_700_000_000
IDENTITIES = Identities({"root": 0, "web": 101}, {"root": 0, "web": 102})
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nweb:x:101:102::/opt/work:/bin/sh\n"
GROUP = b"root:x:0:\nweb:x:102:\n"


def inline(data: bytes) -> InlineContent:
    """Return content made for an image."""
    return InlineContent(data, hashlib.sha256(data).hexdigest())


def file(package: str, data: bytes = b"", mode: int = 0o644, **fields: object) -> Entry:
    """Return a file; its content lies in the store when a package owns it (see `Workshop.tree`)."""
    entry = Entry(Kind.FILE, mode, content=inline(data), package=package, mtime=EPOCH - 1000)
    return replace(entry, **fields)  # type: ignore[arg-type]


def directory(package: str = "", mode: int = 0o755, **fields: object) -> Entry:
    """Return a directory."""
    return replace(Entry(Kind.DIRECTORY, mode, package=package, mtime=EPOCH - 1000), **fields)  # type: ignore[arg-type]


def symlink(target: str, package: str = "") -> Entry:
    """Return a symlink."""
    return Entry(Kind.SYMLINK, 0o777, target=target, package=package, mtime=EPOCH - 1000)


def program(code: int) -> bytes:
    """Return a static x86-64 ELF program that exits with a code: 120 bytes of header and three instructions."""
    text = bytes((0xBF, code, 0, 0, 0, 0xB8, 60, 0, 0, 0, 0x0F, 0x05))  # mov edi, code; mov eax, 60; syscall
    base, header = 0x400000, 120
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, base + header, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    size = header + len(text)
    return elf + struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000) + text


@dataclass(slots=True)
class Workshop:
    """A store and what is made with it.

    Args:
        root: An empty directory.
        store: The store in it.
    """

    root: Path
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.root / "store")

    def tree(self, entries: Mapping[str, Entry]) -> Tree:
        """Return a tree; missing parents are made, and files of packages lie in blobs of the store, one per package."""
        stored = self._stored(entries)
        tree = Tree()
        for path in sorted(entries):
            tree.make_directories(parent_of(path), mtime=EPOCH - 1000)
            content = stored.get(path, entries[path].content)
            tree.put(path, replace(entries[path], content=content))
        return tree

    def _stored(self, entries: Mapping[str, Entry]) -> dict[str, Content]:
        blobs: dict[str, list[tuple[str, bytes]]] = {}
        for path, entry in entries.items():
            if entry.package and isinstance(entry.content, InlineContent):
                blobs.setdefault(entry.package, []).append((path, entry.content.data))
        found: dict[str, Content] = {}
        for files in blobs.values():
            blob = self.store.insert([data for _, data in files])
            offset = 0
            for path, data in files:
                found[path] = StoredContent(blob.digest, offset, len(data), hashlib.sha256(data).hexdigest())
                offset += len(data)
        return found

    def layers(
        self, tree: Tree, plans: Sequence[LayerPlan] | None = None, compression: str = "gzip", jobs: int = 2
    ) -> tuple[Layer, ...]:
        """Write the layers of a tree."""
        return write_layers(
            tree,
            partition(tree, {}) if plans is None else plans,
            identities=IDENTITIES,
            store=self.store,
            compression=compression_named(compression),
            epoch=EPOCH,
            jobs=jobs,
        )

    def image(
        self, tree: Tree, config: ImageConfig | None = None, compression: str = "gzip", **fields: object
    ) -> Image:
        """Write the layers of a tree and return an image of them."""
        image = Image(
            architecture="amd64",
            config=config or ImageConfig(entrypoint=("/usr/bin/hello",)),
            layers=self.layers(tree, compression=compression),
            epoch=EPOCH,
            reference=parse_reference("hello:1.0"),
            version="1:1.0+b1",
            packages=(("hello", "1:1.0+b1"), ("libstdc++6", "12.2.0-14")),
            compressor=str(compression_named(compression).identity()),
        )
        return replace(image, **fields)  # type: ignore[arg-type]


def compression_named(name: str) -> Compression:
    """Return a compression with a level that is fast."""
    return Compression(name, {"gzip": 6, "zstd": 3, "xz": 0, "none": 0}[name])


def unpack_layout(archive: Path, directory: Path) -> Path:
    """Unpack an OCI archive into a layout directory, which is all that some tools read."""
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                target = directory / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    return directory


def sample_entries(size: int = 1 << 16) -> dict[str, Entry]:
    """Return something of everything an image may hold.

    Args:
        size: Bytes of the largest file; with more than 4 MiB its layer has several gzip members.
    """
    return {
        "bin": symlink("usr/bin"),
        "etc/passwd": file("", PASSWD),
        "etc/group": file("", GROUP),
        "opt/work": directory("hello", user="web", group="web", mode=0o750),
        "tmp": directory(mode=0o1777),
        "usr/bin/exit7": file("hello", program(7), 0o755),
        "usr/bin/hello": file("hello", program(0), 0o755, inode="a"),
        "usr/bin/hello-again": file("hello", program(0), 0o755, inode="a"),
        "usr/bin/capable": file("caps", program(3), 0o755, xattrs=(("security.capability", CAPABILITY),)),
        "usr/bin/set-user-id": file("caps", program(4), 0o4755),
        "usr/share/doc/" + "long" * 30 + "/" + "name" * 40: file("hello", b"long"),
        "usr/share/doc/gr\u00fc\u00dfe": file("hello", b"umlaut"),
        "usr/share/doc/link": symlink("../" + "far/" * 40 + "away", "hello"),
        "usr/share/doc/empty": file("hello"),
        "usr/share/doc/young": file("caps", b"young", mtime=EPOCH + 5),
        "usr/share/big": file("big", bytes(range(256)) * (size // 256)),
        "var/lib/dpkg/status": file("", STATUS),
    }


# the VFS capability version 2 with cap_net_bind_service as permitted and effective
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
STATUS = b"""Package: hello
Status: install ok installed
Architecture: amd64
Source: hello-source (1:1.0)
Version: 1:1.0+b1
Installed-Size: 12
Description: greets
 and no more

Package: libstdc++6
Status: install ok installed
Architecture: amd64
Version: 12.2.0-14
"""
