"""The runtime configuration of a test: what the image says, and nothing that reaches the host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pkg2image.image.config import ImageConfig
from pkg2image.selftest.bundle import specification
from pkg2image.selftest.settings import Identity, Settings

CONFIG = ImageConfig(entrypoint=("/usr/bin/web",), environment=(("PATH", "/usr/bin"), ("MODE", "a")), workdir="/srv")
SETTINGS = Settings(CONFIG, Identity(101, 102, (110,)))


def made(settings: Settings = SETTINGS) -> dict[str, Any]:
    """Return the configuration of a container."""
    return specification(
        settings,
        Path("/private/rootfs"),
        ("/usr/bin/web", "--listen"),
        environment={"MODE": "b", "WORD": "x"},
        binds=(("/run", Path("/private/run")), ("/srv", Path("/private/srv"))),
        most_files=1000,
    )


def test_it_starts_what_the_image_says() -> None:
    process = made()["process"]
    assert process["args"] == ["/usr/bin/web", "--listen"]
    assert process["env"] == ["PATH=/usr/bin", "MODE=b", "WORD=x"]
    assert process["cwd"] == "/srv"
    assert process["user"] == {"uid": 101, "gid": 102, "additionalGids": [110]}
    assert process["rlimits"] == [{"type": "RLIMIT_NOFILE", "soft": 1000, "hard": 1000}]


def test_its_root_is_read_only_and_its_volumes_are_not() -> None:
    found = made()
    assert found["root"] == {"path": "/private/rootfs", "readonly": True}
    binds = {mount["destination"]: mount for mount in found["mounts"] if mount["type"] == "bind"}
    assert {path: mount["source"] for path, mount in binds.items()} == {"/run": "/private/run", "/srv": "/private/srv"}
    assert all("rw" in mount["options"] and "nodev" in mount["options"] for mount in binds.values())


def test_it_shares_nothing_with_the_host() -> None:
    spaces = made()["linux"]["namespaces"]
    assert {space["type"] for space in spaces} == {"pid", "network", "ipc", "uts", "mount"}
    assert all("path" not in space for space in spaces)
    assert made()["linux"]["resources"]["devices"] == [{"allow": False, "access": "rwm"}]


def test_only_root_has_rights_from_the_start() -> None:
    assert set(made()["process"]["capabilities"]) == {"bounding"}
    root = made(replace(SETTINGS, identity=Identity()))["process"]["capabilities"]
    assert set(root) == {"bounding", "effective", "permitted"}
    assert "CAP_SYS_ADMIN" not in root["bounding"]
