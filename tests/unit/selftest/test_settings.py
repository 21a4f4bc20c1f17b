"""How an image wants to be started, out of the configuration of every format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.image.config import ImageConfig, Port
from pkg2image.image.inside import Inside
from pkg2image.image.read import ImageContents
from pkg2image.recipes.model import SmokeTest
from pkg2image.selftest.settings import Identity, settings_of

USERS = ({"name": "root", "uid": 0, "gid": 0}, {"name": "web", "uid": 101, "gid": 102})
GROUPS = (
    {"name": "root", "gid": 0, "members": []},
    {"name": "web", "gid": 102, "members": []},
    {"name": "ssl-cert", "gid": 110, "members": ["web"]},
)
PATH = ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def contents(kind: str, config: dict[str, Any], inferred: dict[str, Any] | None = None) -> ImageContents:
    """Return an image as it was read."""
    inside = Inside(users=USERS, groups=GROUPS, inferred=inferred or {})
    return ImageContents(kind, Path("image.tar"), sha256(b""), 0, "", config, {}, (), (), inside)


OCI = {
    "Entrypoint": ["/usr/bin/web"],
    "Cmd": ["--listen"],
    "Env": ["LANG=C.UTF-8", "EMPTY="],
    "User": "web",
    "WorkingDir": "/srv",
    "ExposedPorts": {"53/udp": {}, "80/tcp": {}},
    "Volumes": {"/srv": {}},
    "StopSignal": "SIGINT",
}
ACI = {
    "exec": ["/usr/bin/web", "--listen"],
    "user": "web",
    "group": "web",
    "workingDirectory": "/srv",
    "environment": [{"name": "LANG", "value": "C.UTF-8"}, {"name": "EMPTY", "value": ""}],
    "ports": [{"name": "dns", "port": 53, "protocol": "udp"}, {"name": "http", "port": 80, "protocol": "tcp"}],
    "mountPoints": [{"name": "srv", "path": "/srv"}],
    "eventHandlers": [{"name": "pre-start", "exec": ["/usr/bin/web", "init"]}],
}
DOCUMENT = {
    "values": {
        name: {"value": value, "source": "here"}
        for name, value in {
            "entrypoint": ["/usr/bin/web"],
            "command": ["--listen"],
            "environment": {"LANG": "C.UTF-8", "EMPTY": ""},
            "user": "web",
            "workdir": "/srv",
            "ports": ["53/udp", "80/tcp"],
            "volumes": ["/srv"],
            "stop_signal": "SIGINT",
        }.items()
    },
}
CONFIG = ImageConfig(
    entrypoint=("/usr/bin/web",),
    command=("--listen",),
    environment=(PATH, ("LANG", "C.UTF-8"), ("EMPTY", "")),
    user="web",
    workdir="/srv",
    ports=(Port(53, "udp"), Port(80)),
    volumes=("/srv",),
    stop_signal="SIGINT",
)


def test_every_format_says_the_same() -> None:
    assert settings_of(contents("oci", {"config": OCI})).config == CONFIG
    assert settings_of(contents("docker", {"config": OCI})).config == CONFIG
    assert settings_of(contents("rootfs", {}, DOCUMENT)).config == CONFIG
    assert settings_of(contents("dir", {}, DOCUMENT)).config == CONFIG
    aci = replace(CONFIG, user="web:web", stop_signal="", first_start=("/usr/bin/web", "init"))
    assert settings_of(contents("aci", {"app": ACI})).config == aci


def test_an_aci_is_split_where_the_build_says() -> None:
    app = {**ACI, "exec": ["/usr/bin/web", "--quiet", "--listen"]}
    document = {"values": {"entrypoint": {"value": ["/usr/bin/web", "--quiet"]}}}
    config = settings_of(contents("aci", {"app": app}, document)).config
    assert (config.entrypoint, config.command) == (("/usr/bin/web", "--quiet"), ("--listen",))


@pytest.mark.parametrize(
    ("user", "identity"),
    [
        ("", Identity(0, 0)),
        ("web", Identity(101, 102, (110,))),
        ("101", Identity(101, 102, (110,))),
        ("12345", Identity(12345, 0)),
        ("web:ssl-cert", Identity(101, 110)),
        ("web:7", Identity(101, 7)),
    ],
)
def test_a_user_has_the_numbers_of_the_image(user: str, identity: Identity) -> None:
    assert settings_of(contents("oci", {"config": {**OCI, "User": user}})).identity == identity


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"User": "nobody-here"}, "its user 'nobody-here' is not in its /etc/passwd"),
        ({"User": "web:nobody-here"}, "its group 'nobody-here' is not in its /etc/group"),
        ({"Entrypoint": ["/bin/a\0b"]}, "is not a text"),
        ({"Entrypoint": [7]}, "'7' of its configuration is not a text"),
        ({"ExposedPorts": {"http": {}}}, "'http' is not a port"),
        ({"ExposedPorts": {"70000/tcp": {}}}, "'70000/tcp' is not a port"),
    ],
)
def test_a_wrong_value_is_named(config: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestError, match=r"cannot read the image image\.tar: ") as caught:
        settings_of(contents("oci", {"config": {**OCI, **config}}))
    assert reason in caught.value.message


def test_the_smoke_test_of_the_recipe_is_in_the_image() -> None:
    document = {"smoke_test": {"ready": ["web", "ping"], "steps": [{"run": ["web", "get"], "expect": "42"}]}}
    test = settings_of(contents("oci", {"config": OCI}, document)).smoke_test
    assert test == SmokeTest.model_validate(document["smoke_test"])
    with pytest.raises(RequestError, match="its smoke test is not in the form of a recipe"):
        settings_of(contents("oci", {"config": OCI}, {"smoke_test": {"redy": ["web"]}}))


def test_what_starts_a_service_is_known_as_one() -> None:
    assert settings_of(contents("oci", {"config": OCI}, {"chosen": "web.service"})).is_service
    assert not settings_of(contents("oci", {"config": OCI}, {"chosen": ""})).is_service
