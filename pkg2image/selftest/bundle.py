"""The runtime configuration of a bundle: an unpacked image, started as container engines start images.

Spec: OCI runtime-spec v1.0 config.md, config-linux.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pkg2image.selftest.settings import Settings

HOST_NAME = "pkg2image"
HOSTS = f"127.0.0.1 localhost {HOST_NAME}\n::1 localhost\n"

# What engines leave to a container when nobody says otherwise.
_CAPABILITIES = tuple(
    f"CAP_{name}"
    for name in (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
_MASKED = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/sched_debug", "/proc/timer_list", "/sys/firmware")
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
# No user namespace: only root makes bundles, and owners are those of the image.
_NAMESPACES = ("pid", "network", "ipc", "uts", "mount")


def specification(
    settings: Settings,
    rootfs: Path,
    args: Sequence[str],
    *,
    environment: Mapping[str, str],
    binds: Iterable[tuple[str, Path]],
    most_files: int,
) -> dict[str, Any]:
    """Return the ``config.json`` of a bundle.

    Args:
        settings: How the image is started.
        rootfs: The unpacked image; it is read-only for the container.
        args: Program and arguments.
        environment: Added to the image's.
        binds: Paths in the container that can be written, each with the directory of the host that is there.
        most_files: How many files the container may open.
    """
    config, identity = settings.config, settings.identity
    variables = {**dict(config.environment), **environment}
    return {
        "ociVersion": "1.0.2",
        "hostname": HOST_NAME,
        "root": {"path": str(rootfs), "readonly": True},
        "process": {
            "terminal": False,
            "user": {"uid": identity.uid, "gid": identity.gid, "additionalGids": list(identity.groups)},
            "args": list(args),
            "env": [f"{name}={value}" for name, value in variables.items()],
            "cwd": config.workdir or "/",
            "capabilities": _capabilities(is_root=identity.uid == 0),
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": most_files, "hard": most_files}],
            "noNewPrivileges": False,
        },
        "mounts": [*_system_mounts(), *(_bind(path, source) for path, source in binds)],
        "linux": {
            "namespaces": [{"type": name} for name in _NAMESPACES],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            # As engines have it: a user who is not root may listen on port 80.
            "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"},
            "maskedPaths": list(_MASKED),
            "readonlyPaths": list(_READ_ONLY),
        },
    }


def _capabilities(*, is_root: bool) -> dict[str, list[str]]:
    # Whoever is not root gets them only by programs that have them, as under an engine.
    held = list(_CAPABILITIES)
    return {"bounding": held, **({"effective": held, "permitted": held} if is_root else {})}


def _system_mounts() -> list[dict[str, Any]]:
    tmpfs = ["nosuid", "noexec", "nodev"]
    return [
        _mount("/proc", "proc", "proc", tmpfs),
        _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        _mount("/dev/shm", "tmpfs", "shm", [*tmpfs, "mode=1777", "size=65536k"]),  # noqa: S108
        _mount("/dev/mqueue", "mqueue", "mqueue", tmpfs),
        _mount("/sys", "sysfs", "sysfs", [*tmpfs, "ro"]),
    ]


def _mount(path: str, kind: str, source: str, options: Sequence[str]) -> dict[str, Any]:
    return {"destination": path, "type": kind, "source": source, "options": list(options)}


def _bind(path: str, source: Path) -> dict[str, Any]:
    return _mount(path, "bind", str(source), ["rbind", "rw", "nosuid", "nodev"])
