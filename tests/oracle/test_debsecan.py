"""Which vulnerabilities are in an image, beside what Debian's security analyzer finds in the same packages.

Both get the same facts, each in its own form: some hundred packages of known versions, and vulnerabilities that are
fixed in a version before, at or after theirs, or nowhere.
"""

from __future__ import annotations

import json
import random
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from pkg2image.freshness.feeds import read_feeds
from pkg2image.freshness.held import read_held
from tests.support.httpd import serve
from tests.support.tools import needs

SUITE = "bookworm"
VERSIONS = (
    "0.9",
    "1.0-1",
    "1.0-1+deb12u1",
    "1.0-1+deb12u2",
    "1.0-1.1",
    "1.0~rc1-1",
    "1.10-1",
    "1:0.1-1",
    "1:1.0-1",
    "2.0",
)
PACKAGES = 300


@dataclass(frozen=True)
class Fact:
    """A vulnerability in a source package, and the version that has it no more; empty for none."""

    name: str
    source: str
    fixed: str


def facts(chosen: random.Random) -> list[Fact]:
    return [
        Fact(f"CVE-2024-{number:04}", f"source{chosen.randrange(PACKAGES // 2)}", chosen.choice(("", *VERSIONS)))
        for number in range(400)
    ]


def status(chosen: random.Random) -> str:
    """Return a database of packages; two of three name a source package, with another version or without."""
    stanzas = []
    for number in range(PACKAGES):
        source, version = chosen.randrange(PACKAGES // 2), chosen.choice(VERSIONS)
        binary = chosen.choice((version, f"{version}+b1"))
        name = f"source{source}" if number == source else f"binary{number}"
        named = "" if binary == version else f" ({version})"
        stanzas.append(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
            f"Version: {binary}\nSource: source{source}{named}\n"
        )
    return "\n".join(stanzas)


def for_debsecan(known: list[Fact]) -> bytes:
    """Return what its server sends: names, then package, number of the name, flags and the version with the fix."""
    names = "".join(f"{fact.name},,what it is\n" for fact in known)
    rows = "".join(
        f"{fact.source},{number},S  {'F' if fact.fixed else ' '},{fact.fixed},\n" for number, fact in enumerate(known)
    )
    return zlib.compress(f"VERSION 1\n{names}\n{rows}\n\n".encode())


def for_us(known: list[Fact]) -> bytes:
    """Return the same as the security tracker has it."""
    tracker: dict[str, dict[str, object]] = {}
    for fact in known:
        fixed = {"status": "resolved", "fixed_version": fact.fixed} if fact.fixed else {"status": "open"}
        tracker.setdefault(fact.source, {})[fact.name] = {"releases": {SUITE: fixed}}
    return json.dumps(tracker).encode()


def test_the_same_vulnerabilities_in_the_same_packages(tmp_path: Path) -> None:
    needs("debsecan")
    chosen = random.Random(5)
    known = facts(chosen)
    database = tmp_path / "image/var/lib/dpkg/status"
    database.parent.mkdir(parents=True)
    database.write_text(status(chosen))
    (tmp_path / "feed.json").write_bytes(for_us(known))
    with serve({SUITE: for_debsecan(known)}) as server:
        done = subprocess.run(
            ["debsecan", "--suite", SUITE, "--source", server.url, "--status", str(database), "--format", "simple"],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
    expected = {tuple(line.split()) for line in done.stdout.splitlines()}
    held = read_held(tmp_path / "image").packages
    feed = read_feeds([tmp_path / "feed.json"], suite=SUITE, sources={each.source for each in held})
    found = {(name, each.name) for each in held for name in feed.affecting(each.source, each.source_version)}
    assert found == expected
    assert 300 < len(found) < 1000
