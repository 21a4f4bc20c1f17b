"""What is compared of an image or a lock, in the same words for all formats."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pkg2image.image.read import ImageContents, read_image
from pkg2image.image.scan import FileInfo, compression_of, reading
from pkg2image.lock.model import Lock
from pkg2image.lock.reading import load_lock
from pkg2image.lock.requested import request_fields

_BEGINNING = 4096
_LABEL = "dev.pkg2image/label/"
_STOP_SIGNAL = "dev.pkg2image/stop-signal"
# What ACIs say in annotations, and other formats in places of their own.
_OF_THE_FORMAT = ("dev.pkg2image/", "created")
_WITH_CONFIG = frozenset({"oci", "docker", "aci"})


@dataclass(frozen=True, slots=True)
class SidePackage:
    """A package of one side.

    Args:
        version: Its version.
        source: Its source package.
        sha256: Of the .deb, in hex; empty when nobody remembers.
    """

    version: str
    source: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared. What it does not know is None.

    Args:
        path: What was read.
        kind: ``lock``, or the format of the image.
        packages: Name, with ``:ARCHITECTURE`` where there are several of that name -> the package.
        files: Path -> what is there, with hashes and capabilities.
        owners: Path -> the package that ships it.
        users: Name -> what is said about it.
        groups: Name -> what is said about it.
        config: What decides how it is started, in words that are the same for all formats.
        sources: Suite and address -> when it was released, and the digest of what says so.
        layers: Digests of the layers, uncompressed, from the bottom up.
        size: Bytes of its file, or of all files of a directory.
    """

    path: Path
    kind: str
    packages: Mapping[str, SidePackage]
    files: Mapping[str, FileInfo] | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] | None = None
    groups: Mapping[str, str] | None = None
    config: Mapping[str, str] | None = None
    sources: Mapping[str, str] | None = None
    layers: tuple[str, ...] = ()
    size: int = 0


def read_side(path: Path) -> Side:
    """Read an image of any format, or a lock.

    Raises:
        RequestError: When it is neither, or broken.
    """
    return side_of_lock(load_lock(path), path) if _is_text(path) else _side_of_image(read_image(path, deep=True))


def _is_text(path: Path) -> bool:
    """Say whether a file is text; images are none, with their zeros or the letters of a compression."""
    with reading(path, "file"):
        if path.is_dir():
            return False
        with path.open("rb") as file:
            return compression_of(file) == "none" and b"\0" not in file.read(_BEGINNING)


def side_of_lock(lock: Lock, path: Path) -> Side:
    """Return what is compared of a lock.

    Args:
        lock: The lock.
        path: Where it is.
    """
    found = [
        (
            each.package.name,
            each.package.architecture,
            _package(each.package.version, each.package.source_name, each.package.sha256),
        )
        for each in lock.packages
    ]
    return Side(
        path,
        "lock",
        _named(found),
        users={name: f"uid {number}" for name, number in lock.ids.users.items()},
        groups={name: f"gid {number}" for name, number in lock.ids.groups.items()},
        config={f"request: {name}": _text(value) for name, value in request_fields(lock.request)},
        sources={f"{each.suite} {each.uri}": f"{_time(each.date)} {each.release}" for each in lock.sources},
    )


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _side_of_image(contents: ImageContents) -> Side:
    found = [
        (
            str(each["name"]),
            str(each["architecture"]),
            _package(str(each["version"]), str(each["source"]), str(each["sha256"])),
        )
        for each in contents.packages
    ]
    layered = contents.format in {"oci", "docker"}
    return Side(
        contents.path,
        contents.format,
        _named(found),
        files={info.path: info for info in contents.files},
        owners=contents.owners,
        users={str(each["name"]): _user(each) for each in contents.inside.users},
        groups={str(each["name"]): _group(each) for each in contents.inside.groups},
        config=dict(_config(contents)) if contents.format in _WITH_CONFIG else None,
        layers=tuple(str(layer.scan.diff_id) for layer in contents.layers) if layered else (),
        size=contents.size,
    )


def _package(version: str, source: str, sha256: str) -> SidePackage:
    return SidePackage(version, source, sha256)


def _named(found: Sequence[tuple[str, str, SidePackage]]) -> dict[str, SidePackage]:
    counts = Counter(name for name, _, _ in found)
    return {name if counts[name] == 1 else f"{name}:{architecture}": each for name, architecture, each in found}


def _text(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else "; ".join(value)


def _user(user: Mapping[str, object]) -> str:
    return f"uid {user['uid']}, gid {user['gid']}, {user['home']}, {user['shell']}"


def _group(group: Mapping[str, Any]) -> str:
    members = " ".join(group["members"])
    return f"gid {group['gid']}" + (f", {members}" if members else "")


def _config(contents: ImageContents) -> Iterator[tuple[str, str]]:
    """Yield what a configuration says, in the same words for OCI, docker and ACI."""
    config = contents.config
    if contents.format == "aci":
        yield from _aci_config(config, contents)
        return
    yield "architecture", str(config.get("architecture", ""))
    inner = _mapping(config.get("config"))
    yield "command line", shlex.join([*_words(inner.get("Entrypoint")), *_words(inner.get("Cmd"))])
    yield "user", _who(str(inner.get("User") or ""), contents)
    yield "working directory", str(inner.get("WorkingDir") or "/")
    yield "stop signal", str(inner.get("StopSignal") or "")
    for text in _words(inner.get("Env")):
        name, _, value = text.partition("=")
        yield f"environment {name}", value
    for port in _mapping(inner.get("ExposedPorts")):
        yield f"port {port}", "open"
    for volume in _mapping(inner.get("Volumes")):
        yield f"volume {volume}", "state"
    for name, value in _mapping(inner.get("Labels")).items():
        yield f"label {name}", str(value)


def _who(text: str, contents: ImageContents) -> str:
    """Return user and group by their numbers, whether they are named or not."""
    users = {str(each["name"]): each for each in contents.inside.users}
    by_number = {str(each["uid"]): each for each in contents.inside.users}
    groups = {str(each["name"]): str(each["gid"]) for each in contents.inside.groups}
    user, _, group = text.partition(":")
    user = user or "0"
    known = users.get(user) or by_number.get(user) or {}
    gid = groups.get(group, group) or str(known.get("gid", 0))
    return f"{known.get('uid', user)}:{gid}"


def _aci_config(manifest: Mapping[str, Any], contents: ImageContents) -> Iterator[tuple[str, str]]:
    labels = {str(each.get("name")): str(each.get("value")) for each in _objects(manifest.get("labels"))}
    yield "architecture", labels.get("arch", "")
    app = _mapping(manifest.get("app"))
    yield "command line", shlex.join(_words(app.get("exec")))
    yield "user", _who(f"{app.get('user', '')}:{app.get('group', '')}", contents)
    yield "working directory", str(app.get("workingDirectory") or "/")
    for each in _objects(app.get("environment")):
        yield f"environment {each.get('name')}", str(each.get("value"))
    for each in _objects(app.get("ports")):
        yield f"port {each.get('port')}/{each.get('protocol')}", "open"
    for each in _objects(app.get("mountPoints")):
        yield f"volume {each.get('path')}", "state"
    annotations = {str(each.get("name")): str(each.get("value")) for each in _objects(manifest.get("annotations"))}
    yield "stop signal", annotations.pop(_STOP_SIGNAL, "")
    for name, value in annotations.items():
        label = name.removeprefix(_LABEL)
        if label != name or not name.startswith(_OF_THE_FORMAT):
            yield f"label {label}", value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
