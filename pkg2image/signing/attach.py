"""Putting signatures beside an image, into the archive that it is in."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from pkg2image.digest import Digest
from pkg2image.errors import RequestError
from pkg2image.image.oci import Document, blob_path
from pkg2image.image.scan import CheckedTarInfo, reading
from pkg2image.image.target import new_file
from pkg2image.image.tarwriter import END, TarEntry, header, padding
from pkg2image.plan import canonical_json
from pkg2image.rootfs.tree import Content, InlineContent, Kind, StoredContent
from pkg2image.signing.cosign import IMAGE_KIND, KIND, Attached, Beside, descriptor_of, render_attachments
from pkg2image.signing.subject import Subject

_PIECE = 1 << 20
_INDEX = "index.json"
_BLOBS = "blobs/sha256/"


def attach(subject: Subject, attached: Mapping[Beside, tuple[Attached, ...]]) -> None:
    """Write an archive again with signatures beside its image, and nothing else; it appears complete or not at all.

    Args:
        subject: The image, as it was found.
        attached: All that is to be beside it.

    Raises:
        RequestError: When it is no archive.
        OutputError: When it cannot be written.
    """
    path, image = subject.path, subject.manifest
    if image is None or path.is_dir():
        raise RequestError(f"cannot sign {path}: it is no OCI archive", hint="sign the file that build has written")
    blobs: dict[str, bytes] = {}
    descriptors: dict[Beside, dict[str, object]] = {}
    for kind in Beside:
        if payloads := attached.get(kind, ()):
            manifest, config = render_attachments(kind, payloads, image)
            descriptors[kind] = descriptor_of(kind, manifest, image.digest)
            parts: tuple[Document | Attached, ...] = (manifest, config, *payloads)
            blobs |= {blob_path(each.digest): each.data for each in parts}
    # The image is in the middle: oci-image-tool 1.0.0 drops descriptors of other names, but not two in a row.
    before, after = descriptors.get(Beside.SIGNATURES), descriptors.get(Beside.ATTESTATIONS)
    ordered = [each for each in (before, _marked(subject, image), after) if each]
    index = canonical_json({**subject.index, "manifests": ordered})
    kept = set(_parts(image)) - blobs.keys()
    # Whoever made it: it is a layout as it should be, and stays one.
    with reading(path), path.open("rb") as source, new_file(path, force=True) as target:
        mtime = 0
        for member in _members(source):
            name = member.name.removeprefix("./")
            mtime = max(mtime, int(member.mtime))
            if name == _INDEX:
                _write(target, name, index, mtime)
            elif not name.startswith(_BLOBS) or name in kept:
                _copy(source, target, name, member)
        for place, data in blobs.items():
            _write(target, place, data, mtime)
        target.write(END)


def _marked(subject: Subject, image: Document) -> dict[str, object]:
    """Return the descriptor of the image, which says that it is the one that the others are of."""
    descriptor = next(each for each in subject.index["manifests"] if each["digest"] == str(image.digest))
    return {**descriptor, "annotations": {**descriptor.get("annotations", {}), KIND: IMAGE_KIND}}


def _parts(image: Document) -> Iterator[str]:
    """Yield where the blobs of an image lie."""
    manifest = json.loads(image.data)
    yield blob_path(image.digest)
    for descriptor in (manifest["config"], *manifest["layers"]):
        yield blob_path(Digest.parse(descriptor["digest"]))


def _members(source: BinaryIO) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=source, mode="r:", tarinfo=CheckedTarInfo) as tar:
        return list(tar)


def _copy(source: BinaryIO, target: BinaryIO, name: str, member: tarfile.TarInfo) -> None:
    content: Content | None = None
    if not member.isdir():
        content = StoredContent(Digest("sha256", "0" * 64), 0, member.size, "")  # only its size is looked at
    kind = Kind.DIRECTORY if member.isdir() else Kind.FILE
    target.write(header(TarEntry(name, kind, member.mode, mtime=int(member.mtime), content=content)))
    source.seek(member.offset_data)
    left = 0 if content is None else member.size
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            raise EOFError(f"{name} is cut off")
        target.write(piece)
        left -= len(piece)
    target.write(padding(member.size if content else 0))


def _write(target: BinaryIO, name: str, data: bytes, mtime: int) -> None:
    target.write(header(TarEntry(name, Kind.FILE, 0o644, mtime=mtime, content=InlineContent(data, ""))))
    target.write(data + padding(len(data)))
