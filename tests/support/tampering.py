"""Images in which somebody changed something: a byte of the file, or a fact with all digests made to fit again."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Change = Callable[[dict[str, Any], list[bytes]], None]
"""Changes the configuration and the uncompressed layers of an image in place."""


def flip(source: Path, target: Path, *, seed: int) -> int:
    """Copy a file with one bit of it changed; returns the position of the byte."""
    data = bytearray(source.read_bytes())
    dice = random.Random(seed)
    position = dice.randrange(len(data))
    data[position] ^= 1 << dice.randrange(8)
    target.write_bytes(data)
    return position


def rewrite(source: Path, target: Path, change: Change) -> None:
    """Copy an OCI archive with a change in it, so that every digest and every size is right."""
    with tarfile.open(source) as tar:
        members = [(member, tar.extractfile(member)) for member in tar]
        parts = {member.name: file.read() for member, file in members if file}
    index = json.loads(parts["index.json"])
    manifest = json.loads(parts.pop(_place(index["manifests"][0]["digest"])))
    config = json.loads(parts.pop(_place(manifest["config"]["digest"])))
    packed = [parts.pop(_place(layer["digest"])) for layer in manifest["layers"]]
    layers = [gzip.decompress(data) for data in packed]
    before = [*layers]
    change(config, layers)
    for number, layer in enumerate(layers):
        if layer != before[number]:
            packed[number] = gzip.compress(layer, mtime=0)
            config["rootfs"]["diff_ids"][number] = _digest(layer)
        manifest["layers"][number].update(digest=_digest(packed[number]), size=len(packed[number]))
    documents = {"config": _json(config)}
    manifest["config"].update(digest=_digest(documents["config"]), size=len(documents["config"]))
    documents["manifest"] = _json(manifest)
    index["manifests"][0].update(digest=_digest(documents["manifest"]), size=len(documents["manifest"]))
    loadable = json.loads(parts["manifest.json"])
    loadable[0]["Config"] = _place(_digest(documents["config"]))
    loadable[0]["Layers"] = [_place(_digest(data)) for data in packed]
    parts |= {"index.json": _json(index), "manifest.json": _json(loadable)}
    parts |= {_place(_digest(data)): data for data in (*documents.values(), *packed)}
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def header_change(seed: int) -> tuple[str, Change]:
    """Return a change of one mode, owner or time of some file of some layer, and the words for it."""
    dice = random.Random(seed)
    field = dice.choice(["mode", "uid", "gid", "mtime"])

    def change(_config: dict[str, Any], layers: list[bytes]) -> None:
        number = dice.randrange(len(layers))
        members = _members(layers[number])
        member = dice.choice([each for each, _ in members])
        value = getattr(member, field)
        setattr(member, field, value ^ 0o22 if field == "mode" else value + 1)
        layers[number] = _tar(members)

    return field, change


def content_change(seed: int) -> Change:
    """Return a change of one byte in some file of some layer."""
    dice = random.Random(seed)

    def change(_config: dict[str, Any], layers: list[bytes]) -> None:
        files = [(number, place) for number, data in enumerate(layers) for place in _contents(data)]
        number, (start, size) = dice.choice(files)
        data = bytearray(layers[number])
        data[start + dice.randrange(size)] ^= 1 << dice.randrange(8)
        layers[number] = bytes(data)

    return change


def _contents(data: bytes) -> list[tuple[int, int]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return [(member.offset_data, member.size) for member in tar if member.isreg() and member.size]


def _members(data: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = list(tar)
        files = [tar.extractfile(member) if member.isreg() else None for member in members]
        return [(member, file.read() if file else b"") for member, file in zip(members, files, strict=True)]


def _tar(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    return target.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _place(digest: str) -> str:
    return digest.replace("sha256:", "blobs/sha256/")
