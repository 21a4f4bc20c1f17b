"""The manifest of an ACI, checked field by field; see `pkg2image.image.lint`.

actool accepts more than the specification: identifiers with two separators in a row, mount points without a path, two
ports of one name. This does not.

Spec: appc spec 0.8.11 aci.md "Image Manifest Schema", types.md.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pkg2image.image.names import AC_IDENTIFIER, AC_NAME, APPC_ARCHITECTURES

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z_0-9.-]*", re.ASCII)
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?", re.ASCII)
_EVENTS = ("pre-start", "post-stop")
_WHERE = "manifest"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that is wrong with an image.

    Args:
        where: A layer, document or path.
        message: What is wrong, in a few words.
    """

    where: str
    message: str

    def __str__(self) -> str:
        """Return ``where: message``."""
        return f"{self.where}: {self.message}"


def aci_manifest_findings(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the manifest of an ACI."""
    messages = (*_identity(manifest), *_labels(manifest), *_annotations(manifest), *_app(manifest))
    return (Finding(_WHERE, message) for message in messages)


def _identity(manifest: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("acKind") != "ImageManifest":
        yield "acKind is not ImageManifest"
    if _VERSION.fullmatch(str(manifest.get("acVersion"))) is None:
        yield "acVersion is no version"
    if AC_IDENTIFIER.fullmatch(str(manifest.get("name"))) is None:
        yield f"the name {manifest.get('name')!r} is not an AC Identifier"


def _labels(manifest: Mapping[str, Any]) -> Iterator[str]:
    pairs = _objects(manifest, "labels")
    yield from _names(pairs, "label", AC_IDENTIFIER)
    yield from _texts(pairs, "label")
    labels = {str(pair.get("name")): pair.get("value") for pair in pairs}
    if "name" in labels:
        yield "a label must not be called name"
    if not {"version", "os", "arch"} <= set(labels):
        yield "one of the labels version, os and arch is missing"
    if labels.get("os") != "linux" or labels.get("arch") not in APPC_ARCHITECTURES.values():
        yield f"os and arch are {labels.get('os')!r} and {labels.get('arch')!r}, which appc does not know"


def _annotations(manifest: Mapping[str, Any]) -> Iterator[str]:
    pairs = _objects(manifest, "annotations")
    yield from _names(pairs, "annotation", AC_IDENTIFIER)
    yield from _texts(pairs, "annotation")
    annotations = {pair.get("name"): str(pair.get("value")) for pair in pairs}
    try:
        dt.datetime.fromisoformat(annotations.get("created", ""))
    except ValueError:
        yield "the annotation created is no time"
    for name in ("homepage", "documentation"):
        if not annotations.get(name, "https://").startswith(("http://", "https://")):
            yield f"the annotation {name} is no address"


def _app(manifest: Mapping[str, Any]) -> Iterator[str]:
    app = manifest.get("app")
    if app is None:
        return
    if not isinstance(app, dict):
        yield "app is no object"
        return
    if not _is_command(app.get("exec")):
        yield "app.exec is no command"
    for name in ("user", "group"):
        if not isinstance(app.get(name), str) or not app[name]:
            yield f"app.{name} is not a text"
    if not str(app.get("workingDirectory", "/")).startswith("/"):
        yield "app.workingDirectory is not an absolute path"
    yield from _names(_objects(app, "environment"), "environment variable", _VARIABLE)
    yield from _texts(_objects(app, "environment"), "environment variable")
    yield from _mount_points(app)
    yield from _ports(app)
    handlers = _objects(app, "eventHandlers")
    for handler in handlers:
        if handler.get("name") not in _EVENTS or not _is_command(handler.get("exec")):
            yield f"{handler.get('name')!r} is no event handler"
    yield from _twice(handlers, "event handler")


def _mount_points(app: Mapping[str, Any]) -> Iterator[str]:
    points = _objects(app, "mountPoints")
    yield from _names(points, "mount point", AC_NAME)
    for point in points:
        if not str(point.get("path", "")).startswith("/"):
            yield f"the mount point {point.get('name')!r} has no absolute path"


def _ports(app: Mapping[str, Any]) -> Iterator[str]:
    ports = _objects(app, "ports")
    yield from _names(ports, "port", AC_NAME)
    for port in ports:
        number = port.get("port")
        if not isinstance(number, int) or not 1 <= number <= 65535 or port.get("protocol") not in ("tcp", "udp"):
            yield f"the port {port.get('name')!r} has no number or protocol"


def _names(pairs: Iterable[Mapping[str, Any]], what: str, pattern: re.Pattern[str]) -> Iterator[str]:
    pairs = tuple(pairs)
    for pair in pairs:
        if pattern.fullmatch(str(pair.get("name"))) is None:
            yield f"{pair.get('name')!r} is no legal name of {_an(what)}"
    yield from _twice(pairs, what)


def _twice(pairs: Iterable[Mapping[str, Any]], what: str) -> Iterator[str]:
    counts = Counter(str(pair.get("name")) for pair in pairs)
    yield from (f"{_an(what)} {name!r} is there {count} times" for name, count in counts.items() if count > 1)


def _texts(pairs: Iterable[Mapping[str, Any]], what: str) -> Iterator[str]:
    for pair in pairs:
        if not isinstance(pair.get("value"), str):
            yield f"the value of {_an(what)} {pair.get('name')!r} is no text"


def _an(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _is_command(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _objects(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = document.get(name, [])
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else [{}]
