"""A small distribution in two states, and what somebody made of the first: an image in all formats, and a lock.

Between the states an update, a security update, a fix under another name, and a package that is gone are planted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.debs import CONTROL, build_deb, reg
from tests.support.keys import SigningKey, signing_key
from tests.support.repository import DATE, Deb, Suite, render
from tests.support.world import NOISE, Archive, User, base_packages, publish

DAY = 86_400
SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
APPLICATION = "application"


def package(
    name: str, version: str, content: bytes = b"", *, more: bytes = b"", postinst: str = "", **fields: str
) -> Deb:
    """Return a package with a file that is its content, or its name and version."""
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    control = CONTROL | {"Package": name, "Version": version, "Architecture": "amd64"} | named
    data = content or f"{name} {version}\n".encode()
    files = [reg(f"usr/share/{name}/data", data + more), reg(f"usr/share/doc/{name}/copyright", b"free\n")]
    scripts = {"postinst": f"#!/bin/sh\nset -e\n{postinst}\n".encode()} if postinst else {}
    return Deb(control, build_deb(control, files, control_files=scripts, compression="zst"))


OLD = {
    "application": package(
        "application", "1.0-1", Depends="libfix1 (>= 1), libnamed1, data (>= 1), large, other-large, lost"
    ),
    "libfix1": package("libfix1", "1.0-1", Source="fix (1.0-1)"),
    "fix-tools": package("fix-tools", "1.0-1", Source="fix (1.0-1)", Depends="libfix1 (= 1.0-1)"),
    "libnamed1": package("libnamed1", "1.0-1", Source="named"),
    "data": package("data", "1.0-1"),
    "large": package("large", "1.0-1", NOISE[: 2 << 20]),
    "other-large": package("other-large", "1.0-1", NOISE[1 << 20 :]),
    "lost": package("lost", "1.0-1"),
}
LARGE_FIX = package("large", "1.0-1+deb12u1", NOISE[: 2 << 20], more=b"fixed")
SECURITY = [
    package("libfix1", "1.0-1+deb12u1", Source="fix (1.0-1+deb12u1)"),
    package("fix-tools", "1.0-1+deb12u1", Source="fix (1.0-1+deb12u1)", Depends="libfix1 (= 1.0-1+deb12u1)"),
    package("libnamed2", "1.1-1", Source="named"),
]
UPDATES = [package("data", "1.1-1")]
NAMED = "the source package named is fixed in version 1.1-1, which is not built as libnamed1"
PLANTED = {"libfix1": "security", "libnamed1": "security", "data": "update", "lost": "gone"}


def states(
    main: Sequence[Deb] = tuple(OLD.values()),
    updates: Sequence[Deb] = (),
    security: Sequence[Deb] = (),
    *,
    date: int = DATE,
    keys: tuple[SigningKey, ...] | None = None,
) -> Mapping[str, bytes]:
    """Return the files of the distribution in one state."""
    suite = Suite(
        "bookworm",
        suite="stable",
        packages={"main": [*base_packages("amd64"), *main]},
        compressions=("xz",),
        date=date,
        keys=(signing_key(),) if keys is None else keys,
    )
    return render(
        [
            suite,
            replace(suite, path="bookworm-updates", suite="stable-updates", packages={"main": list(updates)}),
            replace(
                suite,
                path="bookworm-security",
                suite="stable-security",
                label="Debian-Security",
                packages={"main": list(security)},
            ),
        ]
    )


def today(**changes: Any) -> Mapping[str, bytes]:
    main = [each for name, each in OLD.items() if name != "lost"]
    return states(**{"main": main, "updates": UPDATES, "security": SECURITY, "date": DATE + DAY, **changes})


@dataclass(frozen=True)
class Yesterday:
    """What was made of the first state.

    Args:
        place: The directory for all of it.
    """

    place: Path

    @property
    def images(self) -> Path:
        """The directory with the application's image in all formats; it has `fix-tools`, which the lock has not."""
        return self.place / "home" / "work" / "out"

    @property
    def lock(self) -> Path:
        """The lock of the application."""
        return self.place / "home" / "work" / "application.lock"

    def image(self, suffix: str) -> Path:
        """Return the path of the image in the format whose names end like that."""
        (path,) = (path for path in self.images.iterdir() if path.name.endswith(suffix))
        return path

    def publish(self, files: Mapping[str, bytes]) -> Archive:
        """Put another state of the distribution where the first one was."""
        shutil.rmtree(self.place / "archive", ignore_errors=True)
        return publish(self.place / "archive", files)

    def reader(self, home: Path) -> User:
        """Return somebody else, who never saw the distribution, with the store of whoever made the image."""
        return User(home, None, {"XDG_CACHE_HOME": str(self.place / "home/cache")})


def make_yesterday(place: Path) -> Yesterday:
    """Build the image, and make the lock."""
    yesterday = Yesterday(place)
    archive = yesterday.publish(states())
    user = User(place / "home", archive)
    formats = [word for name in ("oci", "docker", "aci", "rootfs", "dir") for word in ("--format", name)]
    source = archive.source(*SUITES)
    started = ["--entrypoint", "/bin/tool --serve", "--label", "a.b=c", "--port", "80", "--stop-signal", "SIGINT"]
    started += ["--volume", "/data", "--user", "7:8", "--env", "KEY=value"]
    words = [APPLICATION, "--with", "fix-tools", *formats, *started]
    done = user.run("build", *words, "-o", "out", "-q", "--source", source)
    assert done.code == 0, done.err
    done = user.run("lock", APPLICATION, "-o", "application.lock", "-q", "--source", source)
    assert done.code == 0, done.err
    return yesterday


def run_json(user: User, code: int, *words: str) -> Any:
    """Run a command that ends with some exit code, and return the JSON that it prints."""
    done = user.run(*words, "--json")
    assert done.code == code, done.err
    return json.loads(done.out)
