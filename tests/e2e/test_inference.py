"""What is started is inferred from packages alone; where nothing can be inferred, the image is built and says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import repository
from tests.support.debs import CONTROL, FileSpec, build_deb, reg
from tests.support.images import program
from tests.support.repository import Deb, Suite
from tests.support.world import Archive, User, base_packages, publish

INSTALLED = "[Install]\nWantedBy=multi-user.target\n"


def unit(name: str, body: str) -> FileSpec:
    """Return a unit that is installed."""
    return reg(f"usr/lib/systemd/system/{name}", f"[Service]\n{body}\n{INSTALLED}".encode())


def package(name: str, *entries: FileSpec, **fields: str) -> Deb:
    """Return a package with a real .deb."""
    control = CONTROL | {"Package": name, "Version": "1", "Architecture": "amd64"} | fields
    return Deb(control, build_deb(control, entries, compression="zst"))


PACKAGES = (
    package(
        "server",
        reg("usr/sbin/serverd", program(0), mode=0o755),
        reg("etc/server.conf", b"port = 4242\n"),
        reg("etc/default/server", b"OPTIONS='--home=$HOME -v'\n"),
        unit(
            "server.service",
            "Environment=MODE=quiet\nEnvironmentFile=/etc/default/server\nStateDirectory=%p\nKillSignal=SIGINT\n"
            "ExecStartPre=/usr/sbin/serverd --prepare\nExecStart=/usr/sbin/serverd -c /etc/server.conf $OPTIONS",
        ),
    ),
    package("libonly1", reg("usr/lib/libonly.so.1", b"library")),
    package("meta", Depends="libonly1"),
    package("data-only", reg("usr/share/data-only/words", b"words\n")),
    package(
        "toolbox",
        *(reg(f"usr/bin/{name}", program(0), mode=0o755) for name in ("cut-it", "drill-it", "saw-it")),
    ),
    package(
        "twins",
        *(reg(f"usr/sbin/{name}", program(0), mode=0o755) for name in ("castor", "pollux")),
        *(unit(f"{name}.service", f"ExecStart=/usr/sbin/{name}") for name in ("castor", "pollux")),
    ),
    package(
        "of-a-machine",
        reg("usr/sbin/machined", program(0), mode=0o755),
        unit("of-a-machine.service", "ExecStart=/usr/sbin/machined --name %H --id %m"),
    ),
    package(
        "of-the-future",
        reg("usr/sbin/futured", program(0), mode=0o755),
        unit("of-the-future.service", "ExecStart=/usr/sbin/futured %Q"),
    ),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    suite = Suite("bookworm", suite="stable", packages={"main": [*base_packages("amd64"), *PACKAGES]})
    return publish(tmp_path_factory.mktemp("inference") / "archive", repository.render([suite]))


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory, archive: Archive) -> User:
    return User(tmp_path_factory.mktemp("user"), archive)


@dataclass(frozen=True)
class Unsaid:
    """A package that does not say what is started.

    Args:
        name: The package.
        notes: Parts of what is said about it.
    """

    name: str
    notes: tuple[str, ...]


UNSAID = (
    Unsaid("libonly1", ("libonly1 has no program to start",)),
    Unsaid("meta", ("meta has no program to start",)),
    Unsaid("data-only", ("data-only has no program to start",)),
    Unsaid("toolbox", ("nothing says which program of toolbox is meant: cut-it, drill-it, saw-it",)),
    Unsaid(
        "twins",
        (
            "twins has several services, and nothing tells which one is meant: castor.service, ",
            "pollux",
        ),
    ),
    Unsaid("of-a-machine", ("of-a-machine.service of of-a-machine is not started: ", "%H")),
    Unsaid("of-the-future", ("of-the-future.service of of-the-future is not started: ", "%Q")),
)


@pytest.mark.parametrize("case", UNSAID, ids=lambda case: case.name)
def test_an_image_is_built_though_nothing_says_what_to_start(user: User, tmp_path: Path, case: Unsaid) -> None:
    image = tmp_path / "image.tar"
    done = user.run("build", case.name, "--arch", "amd64", "-o", str(image))
    assert done.code == 0, done.err
    assert all(note in done.err for note in case.notes), done.err
    assert "the image has no entrypoint; say which program with --entrypoint, or when it is run" in done.err
    said = user.run("inspect", str(image), "--json").json["inferred"]
    assert "entrypoint" not in said["values"]
    assert case.notes[0] in " ".join(said["notes"])


def inferred(user: User, image: Path, **how: Any) -> Mapping[str, Any]:
    """Build the server and return all that its image says about how it is started."""
    words = ("build", "server", "--arch", "amd64", "-o", str(image))
    done = user.run(*words, **how)
    assert done.code == 0, done.err
    found = user.run("inspect", str(image), "--json").json
    return {"inferred": found["inferred"], "config": found["config"]}


def test_nothing_is_inferred_from_the_machine_that_builds(tmp_path: Path, archive: Archive) -> None:
    here = inferred(User(tmp_path / "here", archive), tmp_path / "here.tar")
    values = here["inferred"]["values"]
    assert values["entrypoint"]["value"] == ["/usr/sbin/serverd", "-c", "/etc/server.conf", "--home=$HOME", "-v"]
    assert values["ports"]["value"] == ["4242/tcp"]
    assert values["volumes"]["value"] == ["/var/lib/server"]
    elsewhere = {
        "HOME": "/somewhere/else",
        "USER": "somebody",
        "LOGNAME": "somebody",
        "SHELL": "/bin/zsh",
        "PATH": "/opt",
        "HOSTNAME": "elsewhere",
        "LANG": "de_DE.UTF-8",
        "TZ": "Asia/Kathmandu",
        "OPTIONS": "--other",
        "MODE": "loud",
    }
    there = inferred(
        User(tmp_path / "there", archive),
        tmp_path / "there.tar",
        environment=elsewhere,
        work=Path("/"),
        wrapper=("/usr/bin/linux32",),
        before=lambda: os.umask(0o077),
    )
    assert there == here
