"""How long it takes to say whether a lock of a thousand packages is outdated, with the indexes in the store.

    python benchmarks/outdated.py [--suite bookworm] [--package gnome] [--runs 5]

A lock is made of a plan of what packages declare, so nothing but indexes is downloaded. Then the command runs as users
run it, again and again: the Releases are fetched and judged each time. Beside it stands ``pkg2image --version``, which
is what starting the program takes on the same machine at the same time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pkg2image import __version__
from pkg2image.deb.facts import DebFacts, FetchedDeb
from pkg2image.idmap import IdMap
from pkg2image.lock.making import make_lock
from pkg2image.lock.model import Lock
from pkg2image.lock.writing import write_lock
from pkg2image.planning.planned import make_plan
from pkg2image.progress import Silence
from pkg2image.request import BuildRequest
from pkg2image.store import Store
from pkg2image.world import open_world


def lock_of(package: str, suite: str, cache: Path, state: Path) -> Lock:
    """Return the lock of what a package declares that it needs; its hashes of a second kind are made up."""
    world = open_world(
        store=Store(cache),
        state=state,
        environment=os.environ,
        now=int(time.time()),
        jobs=2,
        offline=False,
        reporter=Silence(),
    )
    request = BuildRequest(packages=(package,), suite=suite)
    plan = make_plan(request, "amd64", world).plan
    nothing = DebFacts.__new__(DebFacts)  # nothing of it is looked at
    debs = [FetchedDeb(each.package, nothing, each.package.sha256 * 2) for each in plan.packages]
    return make_lock(plan, debs, request=replace(request, suite=plan.suite), tool=__version__, ids=IdMap())


def seconds(command: list[str]) -> tuple[float, float]:
    """Run a command and return its wall and processor seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--package", default="gnome")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        lock = lock_of(arguments.package, arguments.suite, place / "cache", place / "state")
        (place / "lock").write_bytes(write_lock(lock))
        print(f"{len(lock.packages)} packages of {arguments.package} in {arguments.suite}")
        program = [sys.executable, "-m", "pkg2image"]
        options = ["--cache-dir", str(place / "cache"), "--state-dir", str(place / "state"), "-q"]
        for name, words in (
            ("pkg2image --version", ["--version"]),
            ("pkg2image outdated LOCK", ["outdated", str(place / "lock"), *options]),
        ):
            seconds([*program, *words])
            found = [seconds([*program, *words]) for _ in range(arguments.runs)]
            wall, cpu = (statistics.median(column) for column in zip(*found, strict=True))
            print(f"{name:26} {wall:6.2f} s wall {cpu:6.2f} s processor (median of {arguments.runs})")


if __name__ == "__main__":
    main()
