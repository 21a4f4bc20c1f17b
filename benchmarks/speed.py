"""How fast pkg2image is beside mmdebstrap, as ratios of one run.

    python benchmarks/speed.py [--suite bookworm] [--package postgresql] [--runs 3]

A partial mirror with exactly the needed files is made first and served on loopback, so that both tools read the same
bytes from the same place; nothing of that is timed. Figures are processor seconds (user and system, children too) and
wall seconds; the machine may be shared, so the ratio within one run is what counts.

Measured:
* a warm ``plan`` (indexes in the store, and what the files of the packages showed);
* a warm build (store filled) against ``mmdebstrap --variant=extract --include=PACKAGE``;
* a cold build (empty store), which compresses too, against the same;
* peak memory of the cold build.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import requests

from pkg2image.archive.defaults import default_sources, host_facts
from pkg2image.preview import preview
from pkg2image.progress import Silence
from pkg2image.request import make_request
from pkg2image.store import Store
from pkg2image.world import open_world


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: processor seconds, wall seconds, peak memory in MiB."""

    cpu: float
    wall: float
    peak: float


# Forked from a small process: the peak memory of a child starts with that of the process it was forked from.
_LAUNCHER = """
import json, os, sys, time
began = time.monotonic()
child = os.fork()
if not child:
    os.dup2(2, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
status = os.wait4(child, 0)[1:]
usage = status[1]
cpu, wall = usage.ru_utime + usage.ru_stime, time.monotonic() - began
print(json.dumps([os.waitstatus_to_exitcode(status[0]), cpu, wall, usage.ru_maxrss]))
"""


def timed(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command and account for it and its children."""
    launcher = [sys.executable, "-S", "-c", _LAUNCHER, *command]
    result = subprocess.run(launcher, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    code, cpu, wall, peak = json.loads(result.stdout)
    if code:
        sys.exit(f"{' '.join(command)} failed:\n{result.stderr.decode(errors='replace')}")
    return Run(cpu, wall, peak / 1024)


# Of a suite, as far as its Release lists them.
_INDEXES = (
    *("main/binary-amd64/Packages.xz", "main/binary-all/Packages.xz"),
    *("main/Contents-amd64.gz", "main/Contents-all.gz"),
)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a directory on loopback and give its URL."""
    handler = functools.partial(QuietHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def make_mirror(target: Path, suite: str, package: str, store: Store, state: Path) -> None:
    """Copy what a build of a package reads, and what mmdebstrap reads, from the host's mirror."""
    world = open_world(
        store=store,
        state=state,
        environment=dict(os.environ),
        now=int(time.time()),
        jobs=2,
        offline=False,
        reporter=Silence(),
    )
    session = requests.Session()
    # The last is what apt takes, which has no preference for usr-is-merged.
    closures = ({"closure": "runtime"}, {"closure": "full"}, {"closure": "full", "without": ("usr-is-merged",)})
    wanted = [
        make_request({"packages": (package,), "suite": suite, "recipe": recipe, **closure}, None)
        for closure in closures
        for recipe in ("auto", "none")
    ]
    plans = [one.planned.plan for each in wanted for one in preview(each, world)]
    addresses = [
        planned.package.origins[0].uri + quote(planned.package.filename) for one in plans for planned in one.packages
    ]
    for source in default_sources(suite, mirror=None, host=host_facts(machine=os.uname().machine)).sources:
        base = f"{source.uri}dists/{source.suite}/"
        addresses.append(base + "InRelease")
        release = session.get(base + "InRelease", timeout=60).text
        addresses += [base + path for path in _INDEXES if f" {path}\n" in release]
    for address in dict.fromkeys(addresses):
        path = target / unquote(urlsplit(address).path).lstrip("/")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            answer = session.get(address, timeout=120)
            answer.raise_for_status()
            path.write_bytes(answer.content)


def sources_of(base: str, suite: str) -> list[str]:
    """Return one-line sources of the partial mirror."""
    return [
        f"deb {base}{urlsplit(source.uri).path.lstrip('/')} {source.suite} {' '.join(source.components)}"
        for source in default_sources(suite, mirror=None, host=host_facts(machine=os.uname().machine)).sources
    ]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--suite", default="bookworm")
    arguments.add_argument("--package", default="postgresql")
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="pkg2image-speed-") as name:
        work = Path(name)
        make_mirror(work / "mirror", options.suite, options.package, Store(work / "mirror-store"), work / "state")
        shutil.rmtree(work / "mirror-store")
        with served(work / "mirror") as base:
            report(work, sources_of(base, options.suite), options)


def report(work: Path, sources: list[str], options: argparse.Namespace) -> None:
    """Time each case in turn and print the medians and their ratios."""
    environment = {**os.environ, "PKG2IMAGE_CACHE_DIR": str(work / "store"), "PKG2IMAGE_STATE_DIR": str(work / "state")}
    # An installed program is compiled, which a checkout need not be.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(work / "compiled")
    common = [options.package, "--suite", options.suite, "--progress", "none"]
    for line in sources:
        common += ["--source", line]
    tool = [sys.executable, "-m", "pkg2image"]
    image = ["--format", "oci", "--force", "-o", str(work / "image.tar")]
    runs: dict[str, list[Run]] = {"cold build": [], "warm build": [], "warm plan": [], "mmdebstrap": []}
    peer = ["mmdebstrap", "--variant=extract", f"--include={options.package}", options.suite, str(work / "peer.tar")]
    timed([*tool, "build", *common, *image], environment)  # compiles it
    for _ in range(options.runs):
        shutil.rmtree(work / "store", ignore_errors=True)
        (work / "image.tar").unlink(missing_ok=True)
        runs["cold build"].append(timed([*tool, "build", *common, *image], environment))
        runs["warm build"].append(timed([*tool, "build", *common, *image], environment))
        runs["warm plan"].append(timed([*tool, "plan", *common], environment))
        (work / "peer.tar").unlink(missing_ok=True)
        runs["mmdebstrap"].append(timed([*peer, *sources], environment))
    print(f"{options.package} from {options.suite}, median of {options.runs} runs")
    print(f"{'':12} {'cpu s':>8} {'wall s':>8} {'peak MiB':>9}")
    median = {
        what: Run(*(statistics.median(getattr(run, key) for run in some) for key in ("cpu", "wall", "peak")))
        for what, some in runs.items()
    }
    for what, run in median.items():
        print(f"{what:12} {run.cpu:8.2f} {run.wall:8.2f} {run.peak:9.0f}")
    peer_run = median["mmdebstrap"]
    for what in ("cold build", "warm build"):
        run = median[what]
        print(f"mmdebstrap / {what}: {peer_run.wall / run.wall:.1f} wall, {peer_run.cpu / run.cpu:.1f} cpu")


if __name__ == "__main__":
    main()
