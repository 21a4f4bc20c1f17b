"""A strict check of finished images: stricter than any tool that will read them.

It looks at what `read_image` found in the file and knows nothing of how the file was made. What it holds an image to is
the union of what the specifications demand and of what the strictest consumer stumbles over.

Spec: OCI image-spec v1.1 descriptor.md, image-index.md, manifest.md, config.md, layer.md; appc spec 0.8.11 aci.md.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pkg2image.digest import Digest
from pkg2image.errors import RequestError
from pkg2image.image import oci
from pkg2image.image.lint_aci import Finding, aci_manifest_findings
from pkg2image.image.model import LAYER_MEDIA_TYPE
from pkg2image.image.names import parse_reference
from pkg2image.image.read import ImageContents
from pkg2image.image.scan import FileInfo
from pkg2image.rootfs.tree import Kind, path_key

__all__ = ["Finding", "lint", "tar_findings"]

_LAYER_TYPES = {
    LAYER_MEDIA_TYPE: "none",
    f"{LAYER_MEDIA_TYPE}+gzip": "gzip",
    f"{LAYER_MEDIA_TYPE}+zstd": "zstd",
}


def lint(image: ImageContents) -> tuple[Finding, ...]:
    """Return everything that is wrong with an image, in the order in which it was found.

    Args:
        image: What `pkg2image.image.read.read_image` found. Of a directory nothing can be wrong.
    """
    checks: tuple[Iterator[Finding], ...] = ()
    match image.format:
        case "oci":
            checks = (_layout(image), _manifest(image), _config(image), _docker_manifest(image), _layers(image))
        case "docker":
            checks = (_config(image), _docker_manifest(image), _layers(image))
        case "aci":
            checks = (_aci_layout(image), aci_manifest_findings(image.config), _layers(image))
        case "rootfs":
            checks = (_layers(image),)
    return tuple(finding for check in checks for finding in check)


def tar_findings(files: Iterable[FileInfo], *, created: int | None, where: str) -> Iterator[Finding]:
    """Yield what is wrong with the members of one tar.

    Args:
        files: The members in order.
        created: Seconds; the time of the image, if it has one.
        where: Name of the tar, for the findings.
    """
    seen: dict[str, FileInfo] = {}
    last = b""
    for info in files:
        path, place = info.path, f"{where}: /{info.path}"
        yield from (Finding(place, message) for message in _member_findings(info, seen, created))
        if path in seen:
            yield Finding(place, "is there twice")
        if path_key(path) < last:
            yield Finding(place, "is not in order")
        seen[path], last = info, path_key(path)


def _member_findings(info: FileInfo, seen: Mapping[str, FileInfo], created: int | None) -> Iterator[str]:
    path = info.path
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..") for part in parts):
        yield "is not a plain relative path"
    parent = path.rpartition("/")[0]
    above = seen.get(parent)
    if parent and above is None:
        yield "comes without or before its directory"
    elif above is not None and above.kind is not Kind.DIRECTORY:
        yield f"lies below a {above.kind.value}"
    if parts and parts[-1].startswith(".wh."):
        yield "is a whiteout"
    if info.hard_link:
        target = seen.get(info.target)
        if target is None or target.kind is not Kind.FILE or target.hard_link:
            yield f"is a hard link to /{info.target}, which is no earlier file of this tar"
    if info.named:
        yield "names its user or group"
    if created is not None and info.mtime > created:
        yield "is younger than the image"
    if info.mtime < 0:
        yield "is older than time"


def _layers(image: ImageContents) -> Iterator[Finding]:
    created = _created(image)
    kinds: dict[str, FileInfo] = {}
    for number, layer in enumerate(image.layers):
        where = f"layer {number}" if image.format in ("oci", "docker") else image.format
        yield from tar_findings(layer.scan.files, created=created, where=where)
        for info in layer.scan.files:
            below = kinds.setdefault(info.path, info)
            if below is not info and (below.kind is not Kind.DIRECTORY or _metadata(below) != _metadata(info)):
                yield Finding(f"{where}: /{info.path}", "differs from the same path in a lower layer")


def _metadata(info: FileInfo) -> tuple[object, ...]:
    return (info.kind, info.mode, info.uid, info.gid, info.mtime)


def _created(image: ImageContents) -> int | None:
    if image.format == "aci":
        annotations = image.config.get("annotations")
        pairs = annotations if isinstance(annotations, list) else []
        text = next(
            (pair.get("value") for pair in pairs if isinstance(pair, dict) and pair.get("name") == "created"), ""
        )
    else:
        text = image.config.get("created", "")
    try:
        return int(dt.datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        return None


def _layout(image: ImageContents) -> Iterator[Finding]:
    if image.documents.get("oci-layout") != {"imageLayoutVersion": "1.0.0"}:
        yield Finding("oci-layout", "is not version 1.0.0")
    for path, (digest, _) in image.blobs.items():
        if path.startswith("blobs/") and path != oci.blob_path(digest):
            yield Finding(path, f"has the digest {digest}")
    index = _dict(image.documents.get("index.json"))
    if index.get("schemaVersion") != 2 or index.get("mediaType") != oci.INDEX_MEDIA_TYPE:
        yield Finding("index.json", "is not an image index of version 2")
    entries = [_dict(descriptor) for descriptor in _list(index.get("manifests"))]
    beside = [descriptor for descriptor in entries if "artifactType" in descriptor]
    manifests = [image.manifest, *(_dict(image.documents.get(_blob_path(each))) for each in beside)]
    descriptors = [*entries, *(part for each in manifests for part in (each.get("config"), *_list(each.get("layers"))))]
    for descriptor in map(_dict, descriptors):
        yield from _descriptor(descriptor, image.blobs)
    reachable = {_blob_path(_dict(descriptor)) for descriptor in descriptors}
    for path in image.blobs:
        if path.startswith("blobs/") and path not in reachable:
            yield Finding(path, "belongs to nothing")
    for descriptor in entries:
        platform = _dict(descriptor.get("platform"))
        if descriptor not in beside and any(
            platform.get(name) != image.config.get(name) for name in ("architecture", "os", "variant")
        ):
            yield Finding("index.json", "names another platform than the configuration")
    yield from _reference(image.reference, "index.json")


def _descriptor(descriptor: Mapping[str, Any], blobs: Mapping[str, tuple[Digest, int]]) -> Iterator[Finding]:
    path = _blob_path(descriptor)
    if path not in blobs:
        yield Finding(path, "is missing")
    elif blobs[path][1] != descriptor.get("size"):
        yield Finding(path, f"has {blobs[path][1]} bytes, not {descriptor.get('size')}")
    if not isinstance(descriptor.get("mediaType"), str):
        yield Finding(path, "has no media type")


def _blob_path(descriptor: Mapping[str, Any]) -> str:
    return "blobs/" + str(descriptor.get("digest", "?")).replace(":", "/", 1)


def _manifest(image: ImageContents) -> Iterator[Finding]:
    where, manifest = "manifest", image.manifest
    if manifest.get("schemaVersion") != 2 or manifest.get("mediaType") != oci.MANIFEST_MEDIA_TYPE:
        yield Finding(where, "is not an image manifest of version 2")
    if _dict(manifest.get("config")).get("mediaType") != oci.CONFIG_MEDIA_TYPE:
        yield Finding(where, "its configuration is of another media type")
    for number, (layer, found) in enumerate(zip(_list(manifest.get("layers")), image.layers, strict=False)):
        compression = _LAYER_TYPES.get(str(_dict(layer).get("mediaType")))
        if compression != found.scan.compression:
            yield Finding(f"layer {number}", f"its media type does not fit its compression {found.scan.compression}")
    annotations = _dict(manifest.get("annotations"))
    yield from (
        Finding(where, f"annotation {name} is no text") for name, value in annotations.items() if value != f"{value}"
    )
    if "org.opencontainers.image.created" not in annotations:
        yield Finding(where, "does not say when it was created")


def _config(image: ImageContents) -> Iterator[Finding]:
    where, config = "configuration", image.config
    if not config.get("architecture") or config.get("os") != "linux":
        yield Finding(where, "names no architecture and linux as the system")
    if _created(image) is None:
        yield Finding(where, "does not say when it was created")
    diff_ids = _list(_dict(config.get("rootfs")).get("diff_ids"))
    if diff_ids != [str(layer.scan.diff_id) for layer in image.layers]:
        yield Finding(where, "its diff_ids are not those of the layers")
    history = [_dict(entry) for entry in _list(config.get("history"))]
    if history and len([entry for entry in history if not entry.get("empty_layer")]) != len(image.layers):
        yield Finding(where, "its history is of another number of layers")
    yield from _runtime(_dict(config.get("config")), where)


def _runtime(runtime: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for variable in _list(runtime.get("Env")):
        name, equals, _ = str(variable).partition("=")
        if not equals or not name:
            yield Finding(where, f"{variable!r} sets no environment variable")
    for port in _dict(runtime.get("ExposedPorts")):
        if re.fullmatch(r"[0-9]{1,5}/(tcp|udp|sctp)", port) is None or not 0 < int(port.partition("/")[0]) < 65536:
            yield Finding(where, f"{port!r} is no port")
    for path in (*_dict(runtime.get("Volumes")), runtime.get("WorkingDir") or "/"):
        if not str(path).startswith("/"):
            yield Finding(where, f"{path!r} is not an absolute path")


def _docker_manifest(image: ImageContents) -> Iterator[Finding]:
    where = "manifest.json"
    entries = _list(image.documents.get(where))
    if len(entries) != 1:
        yield Finding(where, "does not describe one image")
        return
    entry = _dict(entries[0])
    if entry.get("Layers") != [layer.path for layer in image.layers]:
        yield Finding(where, "names other layers")
    config = str(entry.get("Config"))
    if config not in image.blobs or image.blobs[config][0].hex not in config:
        yield Finding(where, "its configuration is not named by its digest")
    for tag in _list(entry.get("RepoTags")):
        yield from _reference(str(tag), where)


def _reference(text: str, where: str) -> Iterator[Finding]:
    try:
        parse_reference(text)
    except RequestError as error:
        yield Finding(where, error.message)


def _aci_layout(image: ImageContents) -> Iterator[Finding]:
    names = [info.path for info in image.layers[0].scan.files]
    if names[:2] != ["manifest", "rootfs"]:
        yield Finding("aci", "does not begin with manifest and rootfs")
    for name in names[2:]:
        if not name.startswith("rootfs/"):
            yield Finding(f"aci: {name}", "is neither the manifest nor below rootfs")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
