"""Two image files of which one should be the other, compared part by part: documents, layers, the archive around."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from pkg2image.digest import Digest
from pkg2image.image import oci
from pkg2image.image.container import Archive, Container, LayoutDirectory
from pkg2image.image.documents import blob_of, document_of, get, json_of, only_image
from pkg2image.image.scan import HashingReader, compression_of, scan_tar
from pkg2image.verifying.divergence import Divergence, compare_values
from pkg2image.verifying.layers import compare_tars

_PIECE = 1 << 20
_ARCHIVE = "archive"
_MANIFEST = "manifest"
_AROUND = frozenset({"index.json", "manifest.json", "oci-layout"})


def compare_files(expected: Path, found: Path, *, same_compressor: bool) -> tuple[Divergence, ...]:
    """Return in what an image differs from the one that it should be.

    Args:
        expected: The file that was built again.
        found: The image: a file of the same format, or the directory of an OCI layout.
        same_compressor: Whether compressed bytes can be compared, too.

    Raises:
        ValueError, OSError, ...: Whatever `pkg2image.image.scan.reading` turns into an error of ours.
    """
    if found.is_file() and _same(expected, found):
        return ()
    with ExitStack() as stack:
        right = stack.enter_context(expected.open("rb"))
        if found.is_dir():
            return tuple(_containers(Archive(right), LayoutDirectory(found), same_compressor=same_compressor))
        other = stack.enter_context(found.open("rb"))
        if _is_container(right):
            one, two = Archive(right), Archive(other)
            inside = tuple(_containers(one, two, same_compressor=same_compressor))
            if inside or not same_compressor or list(one.names()) != list(two.names()):
                return inside
        else:
            inside = tuple(_flat(right, other))
            if inside or not same_compressor:
                return inside
        return tuple(_bytes(_ARCHIVE, "", right, other, "; what is in it is the same"))


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and _digest(one) == _digest(other)


def _digest(path: Path) -> Digest:
    with path.open("rb") as file:
        reader = HashingReader(file, "sha256")
        reader.drain()
        return reader.digests()[0]


def _is_container(file: BinaryIO) -> bool:
    """Say whether an image that we wrote has documents and layers."""
    if compression_of(file) != "none":
        return False
    archive = Archive(file)
    file.seek(0)
    return "manifest.json" in archive


def _flat(expected: BinaryIO, found: BinaryIO) -> Iterator[Divergence]:
    """Yield what differs between two ACIs or two tars of root filesystems."""
    divergences = compare_tars("files", expected, found)
    for each in divergences:
        if each.what == f"/{_MANIFEST}" and each.expected and each.found:
            yield from _manifests(expected, found, each)
        else:
            yield each


def _manifests(expected: BinaryIO, found: BinaryIO, divergence: Divergence) -> Iterator[Divergence]:
    documents = []
    for file in (expected, found):
        file.seek(0)
        documents.append(scan_tar(file, {_MANIFEST}).captured.get(_MANIFEST, b""))
    try:
        one, other = map(json.loads, documents)
    except ValueError:
        yield divergence
        return
    named = tuple(compare_values(_MANIFEST, one, other))
    yield from named or (divergence,)


def _containers(expected: Container, found: Container, *, same_compressor: bool) -> Iterator[Divergence]:
    """Yield what differs between two OCI layouts or docker archives."""
    is_oci = "oci-layout" in expected
    is_as_written = "manifest.json" in found
    one, other = (_parts_of_layout(each) if is_oci else _parts_of_docker(each) for each in (expected, found))
    for name, document in one.documents.items():
        if name in _AROUND and not is_as_written:
            continue  # whoever copies a layout writes these anew
        wanted, there = (_comparable(each, same_compressor) for each in (document, other.documents.get(name)))
        told = tuple(compare_values(name, wanted, there))
        yield from told
        paths = one.paths.get(name), other.paths.get(name)
        if not told and same_compressor and paths[0] and paths[1]:
            with expected.open(paths[0]) as right, found.open(paths[1]) as wrong:
                yield from _bytes(name, "", right, wrong, "; it says the same")
    if len(one.layers) != len(other.layers):
        yield Divergence(_MANIFEST, "layers", str(len(one.layers)), str(len(other.layers)))
    for number, (place, where) in enumerate(zip(one.layers, other.layers, strict=False), start=1):
        name = f"layer {number} ({one.names[number - 1]})"
        with expected.open(place) as right, found.open(where) as wrong:
            told = compare_tars(name, right, wrong)
            yield from told
            if not told and same_compressor:
                yield from _bytes(name, "", right, wrong, "; the files in it are the same")


class _Parts:
    """The parts of an image.

    Args:
        documents: Name -> content.
        paths: Name of a document -> where it is.
        layers: Where they are, from the bottom up.
    """

    def __init__(self, documents: Mapping[str, Any], paths: Mapping[str, str], layers: list[str]) -> None:
        self.documents = documents
        self.paths = paths
        self.layers = layers
        history = get(documents["config"], "history", list, [])
        words = [str(each.get("created_by", "")) for each in history if isinstance(each, dict)]
        names = [word.removeprefix(f"{oci.CREATED_BY} ") for word in words]
        self.names = [*names, *[""] * len(layers)]


def _parts_of_layout(container: Container) -> _Parts:
    index = json_of(container, "index.json")
    descriptor = only_image(get(index, "manifests", list))
    manifest_path = blob_of(descriptor)
    manifest = document_of(container, manifest_path)
    config_path = blob_of(get(manifest, "config", dict))
    documents: dict[str, Any] = {
        "config": document_of(container, config_path),
        _MANIFEST: manifest,
        "index.json": {**index, "manifests": [_unmarked(descriptor)]},
        "oci-layout": json_of(container, "oci-layout"),
    }
    if "manifest.json" in container:
        documents["manifest.json"] = json_of(container, "manifest.json")
    paths = {"config": config_path, _MANIFEST: manifest_path}
    return _Parts(documents, paths, [blob_of(layer) for layer in get(manifest, "layers", list)])


def _unmarked(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """Return the descriptor of an image without what is added to it when it is signed."""
    annotations = get(descriptor, "annotations", dict, {})
    kept = {name: value for name, value in annotations.items() if name in (oci.REF_NAME, oci.CONTAINERD_NAME)}
    return {**descriptor, "annotations": kept}


def _parts_of_docker(container: Container) -> _Parts:
    entries = json_of(container, "manifest.json")
    entry = only_image(entries if isinstance(entries, list) else ())
    path = get(entry, "Config", str)
    documents = {"config": document_of(container, path), "manifest.json": entries}
    return _Parts(documents, {"config": path}, [str(name) for name in get(entry, "Layers", list)])


def _comparable(document: Any, same_compressor: bool) -> Any:  # noqa: FBT001
    """Return a document without what says how layers are compressed, where that cannot be compared."""
    if same_compressor:
        return document
    if isinstance(document, list):
        return [_comparable(each, same_compressor) for each in document]
    if not isinstance(document, dict):
        return document
    left_out = {"layers", "Layers", "digest", "size", "mediaType", oci.COMPRESSOR}
    return {name: _comparable(value, same_compressor) for name, value in document.items() if name not in left_out}


def _bytes(where: str, what: str, expected: BinaryIO, found: BinaryIO, besides: str) -> Iterator[Divergence]:
    """Yield the first byte that differs between two files, if any."""
    expected.seek(0)
    found.seek(0)
    offset = 0
    while True:
        one, other = expected.read(_PIECE), found.read(_PIECE)
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            first = next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
            yield Divergence(where, what, "other bytes", f"byte {offset + first} differs{besides}")
            return
        if not one:
            return
        offset += len(one)
