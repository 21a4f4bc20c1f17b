"""App container images: one tar with a manifest and a root filesystem.

What OCI leaves to the runtime has to be said here: the group of the user, a name for every port and mount point. The
time of the image and the version of every package are annotations.

Spec: appc spec 0.8.11 aci.md "Image Manifest Schema", types.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.image.config import ImageConfig
from pkg2image.image.model import Image
from pkg2image.image.names import ac_identifier, ac_name, appc_architecture
from pkg2image.image.oci import annotations_of
from pkg2image.image.tarwriter import END, TarEntry, tar_entries, tar_stream
from pkg2image.plan import canonical_json
from pkg2image.rootfs.tree import Content, Identities, InlineContent, Kind, Tree
from pkg2image.rootfs.users import read_accounts

AC_VERSION = "0.8.11"
PACKAGE_ANNOTATION = "dev.pkg2image/package/"
"""Annotations with this prefix hold the version of a package, whose name is written by `ac_identifier`."""

_OURS = "dev.pkg2image/"
# what appc calls an OCI annotation, and what its value must begin with
_WELL_KNOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "org.opencontainers.image.authors": ("authors", ("",)),
    "org.opencontainers.image.documentation": ("documentation", ("http://", "https://")),
    "org.opencontainers.image.url": ("homepage", ("http://", "https://")),
}
_MANIFEST = "manifest"
_ROOTFS = "rootfs"


def render_aci_manifest(image: Image, tree: Tree, read: Callable[[Content], bytes]) -> bytes:
    """Return the manifest of an ACI.

    Args:
        image: The image; its layers are not used.
        tree: Where users and groups are looked up.
        read: Returns the content of a file of the tree.

    Raises:
        RequestError: When appc has no legal value for something: the architecture, a user who is not in the image, a
            relative directory.
    """
    architecture = appc_architecture(image.architecture)
    version = image.version or image.reference.tag
    manifest: dict[str, object] = {
        "acKind": "ImageManifest",
        "acVersion": AC_VERSION,
        "name": ac_identifier(image.reference.repository),
        "labels": _pairs([("version", version), ("os", "linux"), ("arch", architecture)]),
        "annotations": _pairs(_annotations(image)),
    }
    if image.config.entrypoint or image.config.command:
        manifest["app"] = _app(image.config, tree, read)
    try:
        return canonical_json(manifest)
    except UnicodeEncodeError as error:
        raise RequestError("cannot describe the image: a value of its configuration is not valid text") from error


def aci_stream(
    image: Image,
    tree: Tree,
    *,
    identities: Identities,
    read: Callable[[Content], bytes],
    pieces: Callable[[Content], Iterable[bytes]],
) -> Iterator[bytes]:
    """Yield the uncompressed bytes of an ACI; their SHA-512 is the image ID.

    Args:
        image: The image; its layers are not used.
        tree: The root filesystem.
        identities: Numbers of users and groups.
        read: Returns the content of a file of the tree.
        pieces: Yields it.

    Raises:
        RequestError: As `render_aci_manifest`.

    Spec: appc spec 0.8.11 aci.md "Image Layout", "Image Archives".
    """
    data = render_aci_manifest(image, tree, read)
    content = InlineContent(data, sha256(data).hex)
    manifest = TarEntry(_MANIFEST, Kind.FILE, 0o644, mtime=image.epoch, content=content)
    paths = chain(("",), (path for path, _ in tree.walk()))
    entries = tar_entries(tree, paths, identities=identities, epoch=image.epoch)
    yield from tar_stream((manifest,), pieces)
    yield from tar_stream(entries, pieces, prefix=f"{_ROOTFS}/")
    yield END


def is_ours(manifest: dict[str, object]) -> bool:
    """Say whether an ACI manifest was written by `render_aci_manifest`."""
    annotations = manifest.get("annotations")
    return isinstance(annotations, list) and any(
        isinstance(pair, dict) and str(pair.get("name", "")).startswith(_OURS) for pair in annotations
    )


def _annotations(image: Image) -> Iterator[tuple[str, str]]:
    yield "created", image.created
    yield f"{_OURS}format", "aci"
    for name, value in annotations_of(image).items():
        yield ac_identifier(name), value
        if name in _WELL_KNOWN and value.startswith(_WELL_KNOWN[name][1]):
            yield _WELL_KNOWN[name][0], value
    for name, version in image.packages:
        yield PACKAGE_ANNOTATION + ac_identifier(name), version
    if image.config.stop_signal:
        yield f"{_OURS}stop-signal", image.config.stop_signal
    for name, value in image.config.labels:
        yield f"{_OURS}label/{ac_identifier(name)}", value


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(dict(pairs).items())]


def _app(config: ImageConfig, tree: Tree, read: Callable[[Content], bytes]) -> dict[str, object]:
    user, group = user_and_group(config.user, tree, read)
    app: dict[str, object] = {
        "exec": [*config.entrypoint, *config.command],
        "user": user,
        "group": group,
        "workingDirectory": _absolute(config.workdir or "/", "working directory"),
        "environment": [{"name": name, "value": value} for name, value in config.environment],
        "mountPoints": _mount_points(config),
        "ports": _ports(config),
    }
    if config.first_start:
        app["eventHandlers"] = [{"name": "pre-start", "exec": list(config.first_start)}]
    return {name: value for name, value in app.items() if value}


def _mount_points(config: ImageConfig) -> list[dict[str, object]]:
    names: set[str] = set()
    return [
        {"name": _unique(ac_name(path), names), "path": _absolute(path, "volume"), "readOnly": False}
        for path in config.volumes
    ]


def _ports(config: ImageConfig) -> list[dict[str, object]]:
    names: set[str] = set()
    return [
        {
            "name": _unique(ac_name(port.name or f"{port.number}-{port.protocol}"), names),
            "protocol": port.protocol,
            "port": port.number,
            "count": 1,
            "socketActivated": False,
        }
        for port in config.ports
    ]


def _unique(name: str, names: set[str]) -> str:
    """Return a name that is not among names, and add it: ``data``, ``data-2``, ``data-3``."""
    number, candidate = 1, name
    while candidate in names:
        number += 1
        candidate = f"{name}-{number}"
    names.add(candidate)
    return candidate


def _absolute(path: str, what: str) -> str:
    if not path.startswith("/"):
        raise RequestError(f"cannot make an ACI: the {what} {path!r} is not an absolute path")
    return path


def user_and_group(user: str, tree: Tree, read: Callable[[Content], bytes]) -> tuple[str, str]:
    """Return user and group as an ACI has to name them; without a group it is the user's own.

    Args:
        user: ``name``, ``uid``, ``name:group`` or empty for root.
        tree: Where ``/etc/passwd`` and ``/etc/group`` are read.
        read: Returns the content of a file of the tree.

    Raises:
        RequestError: When a name is not in the image.

    Spec: appc spec 0.8.11 aci.md "app.user, app.group"; passwd(5), group(5).
    """
    if not user:
        return "0", "0"
    accounts = read_accounts(tree, read)
    name, _, group = user.partition(":")
    line = next((line for line in accounts.users if name in (line.name, str(line.uid))), None)
    if line is None and not name.isdigit():
        raise RequestError(f"cannot make an ACI: the user {name!r} is not in the image's /etc/passwd")
    # a number that has no line belongs to root's group, as in every OCI runtime
    group = group or str(line.gid if line else 0)
    known = next((line.name for line in accounts.groups if group in (line.name, str(line.gid))), "")
    if not known and not group.isdigit():
        raise RequestError(f"cannot make an ACI: the group {group!r} is not in the image's /etc/group")
    return name, known or group
