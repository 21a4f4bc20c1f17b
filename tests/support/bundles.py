"""runc bundles made from OCI archives (by umoci) and from ACIs (from their own manifest)."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.containers import Start, tell

# What engines and executors leave to a container when nobody says otherwise; runc's own example leaves less.
_CAPABILITIES = [
    f"CAP_{name}"
    for name in (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
]
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Bundle:
    """An unpacked image.

    Args:
        rootfs: Its root directory.
        specification: OCI runtime configuration that starts it as the image says.
        entrypoint: How many of the process's arguments a command comes after; an ACI has no default command.
        pre_start: Command line of the ACI's pre-start event handler.
    """

    rootfs: Path
    specification: dict[str, Any]
    entrypoint: int
    pre_start: tuple[str, ...] = ()


def bundle_of_oci(image: Path, place: Path) -> Bundle:
    """Unpack an OCI archive with umoci.

    Args:
        image: A tar of an OCI layout.
        place: Directory to make.
    """
    layout = place.with_name(f"{place.name}-layout")
    layout.mkdir()
    tell("tar", "--extract", "--file", image, "--directory", layout)
    index = json.loads((layout / "index.json").read_text())
    reference = index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
    tell("umoci", "unpack", "--image", f"{layout}:{reference}", place)
    config = _blob(layout, _blob(layout, index["manifests"][0])["config"])["config"]
    shutil.rmtree(layout)
    specification = json.loads((place / "config.json").read_text())
    # umoci gives a volume nobody asked for a tmpfs of its own; here volumes are what a test says.
    volumes = config.get("Volumes") or {}
    specification["mounts"] = [mount for mount in specification["mounts"] if mount["destination"] not in volumes]
    return Bundle(place / "rootfs", specification, len(config.get("Entrypoint") or ()))


def bundle_of_aci(image: Path, place: Path) -> Bundle:
    """Make a bundle from an ACI by its manifest, as an executor of the appc specification would.

    Args:
        image: An ACI, compressed or not.
        place: Directory to make.

    Spec: appc 0.8.11 aci.md, ace.md.
    """
    place.mkdir()
    # Own format or not, real owners and modes matter, and this is root's own archive: tar itself does it best.
    tell(
        "tar",
        "--extract",
        "--numeric-owner",
        "--preserve-permissions",
        "--xattrs",
        "--xattrs-include=*",
        "--file",
        image,
        "--directory",
        place,
    )
    manifest = json.loads((place / "manifest").read_text())
    app = manifest["app"]
    tell("runc", "spec", "--bundle", place)
    specification = json.loads((place / "config.json").read_text())
    environment = {pair["name"]: pair["value"] for pair in app.get("environment", [])}
    specification["process"].update(
        args=app["exec"],
        cwd=app.get("workingDirectory") or "/",
        user=_identity(place / "rootfs", app["user"], app["group"]),
        env=[
            *([] if "PATH" in environment else [_PATH]),
            f"AC_APP_NAME={manifest['name']}",
            *(f"{name}={value}" for name, value in environment.items()),
        ],
    )
    handlers = {handler["name"]: tuple(handler["exec"]) for handler in app.get("eventHandlers", [])}
    return Bundle(place / "rootfs", specification, len(app["exec"]), handlers.get("pre-start", ()))


def start_specification(bundle: Bundle, start: Start, *, volumes: Path) -> dict[str, Any]:
    """Return the runtime configuration that starts a bundle in a certain way.

    Args:
        bundle: The unpacked image.
        start: In which way.
        volumes: Directory of the volumes, made when they are first named.
    """
    specification = copy.deepcopy(bundle.specification)
    process = specification["process"]
    process["terminal"] = False
    process["capabilities"] = dict.fromkeys(("bounding", "effective", "permitted"), _CAPABILITIES)
    process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 1024}]
    if start.command:
        process["args"] = [*process["args"][: bundle.entrypoint], *start.command]
    process["env"] = [*process["env"], *(f"{name}={value}" for name, value in start.environment.items())]
    if start.user:
        process["user"] = {"uid": int(start.user), "gid": 0}
    specification["root"] = {"path": str(bundle.rootfs), "readonly": start.read_only}
    specification["mounts"] += [
        _bind(path, _volume(volumes / name, bundle.rootfs / path.lstrip("/")), "rw")
        for path, name in start.volumes.items()
    ]
    specification["mounts"] += [_bind(path, source, "ro") for path, source in start.binds.items()]
    specification["mounts"] += [_scratch(path) for path in start.scratch]
    if start.host_network:
        namespaces = specification["linux"]["namespaces"]
        specification["linux"]["namespaces"] = [space for space in namespaces if space["type"] != "network"]
    return specification


def _bind(path: str, source: Path, access: str) -> dict[str, Any]:
    return {"destination": path, "type": "bind", "source": str(source), "options": ["rbind", access]}


def _scratch(path: str) -> dict[str, Any]:
    options = ["rw", "nosuid", "nodev", "tmpcopyup"]
    return {"destination": path, "type": "tmpfs", "source": "tmpfs", "options": options}


def _volume(place: Path, model: Path) -> Path:
    """Return a volume; a new one gets the owner and mode of the image's directory, as engines do it."""
    if not place.exists():
        place.mkdir(parents=True)
        status = model.stat()
        shutil.chown(place, status.st_uid, status.st_gid)
        place.chmod(status.st_mode & 0o7777)
    return place


def _identity(rootfs: Path, user: str, group: str) -> dict[str, Any]:
    return {
        "uid": _number(rootfs / "etc/passwd", user),
        "gid": _number(rootfs / "etc/group", group),
    }


def _number(table: Path, name: str) -> int:
    if name.isdigit():
        return int(name)
    numbers = {fields[0]: int(fields[2]) for fields in (line.split(":") for line in table.read_text().splitlines())}
    return numbers[name]


def _blob(layout: Path, descriptor: Mapping[str, Any]) -> dict[str, Any]:
    value = json.loads((layout / "blobs" / descriptor["digest"].replace(":", "/")).read_text())
    assert isinstance(value, dict)
    return value
