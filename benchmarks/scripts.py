"""How many applications have scripts that are interpreted to the end?

    python -m benchmarks.scripts APPLICATIONS.csv [--suite bookworm] [--limit 25]
    python -m benchmarks.scripts --only postgresql,texlive-base [--closure full]

The file has a column ``app`` with names of packages; with ``--only`` no file is needed. The closure of each is planned,
fetched, unpacked and configured as a build does it. Printed are the applications with a script that is not understood,
then the totals, then what is missing, most frequent first, and what the scripts cost: the processor time of installing
the packages less that of unpacking alone. With ``--only`` it is printed for all, else for the slowest.

An application counts as *interpreted* when every script of its closure is; as *first start* when the rest is covered
by rules of ``maintscript/overrides.yaml`` that leave it to the first start; as *other rules* when rules with another
reason took effect too; as *missing* when a script is not understood or fails. Names that the suite does not have are
left out.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import Pkg2ImageError, RequestError, UnresolvableError
from pkg2image.image.content import ContentReader
from pkg2image.maintscript.overrides import Because
from pkg2image.maintscript.report import ScriptReport
from pkg2image.making.configure import install
from pkg2image.pipeline import fetched
from pkg2image.plan import Plan
from pkg2image.progress import Silence
from pkg2image.request import make_request
from pkg2image.rootfs.diversions import DIVERSIONS
from pkg2image.rootfs.provision import add_file
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import ReadContent, Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.store import Store
from pkg2image.world import World, open_world

INTERPRETED, FIRST_START, OTHER, MISSING = "interpreted", "first start", "other rules", "missing"
_SLOWEST = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one application.

    Args:
        name: Its name.
        report: Of its scripts.
        packages: How many there are in its closure.
        seconds: Processor time of running them.
        unpacking: Processor time of unpacking the packages.
    """

    name: str
    report: ScriptReport
    packages: int
    seconds: float
    unpacking: float

    @property
    def kind(self) -> str:
        """How it counts."""
        if self.report.not_understood:
            return MISSING
        because = {rule.because for item in self.report.packages for rule in item.overrides}
        if not because:
            return INTERPRETED
        return FIRST_START if because == {Because.FIRST_START} else OTHER


def world_in(directory: Path, *, jobs: int = 2, offline: bool = False) -> World:
    """Return a world with its store below a directory."""
    return open_world(
        store=Store(directory / "store"),
        state=directory / "state",
        environment=os.environ,
        now=int(time.time()),
        jobs=jobs,
        offline=offline,
        reporter=Silence(),
    )


def measure(name: str, *, suite: str, architecture: str, closure: str, world: World) -> Result:
    """Install the closure of one application.

    Raises:
        Pkg2ImageError: When it cannot be planned, fetched or unpacked.
    """
    wanted = {"packages": (name,), "suite": suite, "architectures": (architecture,), "closure": closure}
    request = make_request(wanted, None)
    planned, debs = fetched(request, architecture, world)
    epoch = planned.plan.epoch
    with ContentReader(world.store) as reader:
        began = time.process_time()
        tree, report = install(planned.plan, debs, request=request, read=reader.read, epoch=epoch, records=world.store)
        seconds = time.process_time() - began
        began = time.process_time()
        unpack_only(planned.plan, debs, read=reader.read, after=tree)
        unpacking = time.process_time() - began
    return Result(name, report, len(debs), seconds - unpacking, unpacking)


def unpack_only(plan: Plan, debs: Sequence[FetchedDeb], *, read: ReadContent, after: Tree) -> Tree:
    """Unpack the packages of a plan with the diversions that their scripts have made."""
    partial = {item.package.name for item in plan.packages if item.skeleton}
    base = skeleton(debs, read=read, epoch=plan.epoch)
    diversions = after.lookup(DIVERSIONS)
    if diversions and diversions.content:
        add_file(base, DIVERSIONS, diversions.content, origin="benchmark", mtime=plan.epoch)
    return unpack(
        base,
        [deb for deb in debs if deb.package.name not in partial],
        installed=[deb.package for deb in debs if deb.package.name in partial],
        read=read,
    )


def show(results: Sequence[Result], *, without: Sequence[str], timed: int | None) -> None:
    """Print the totals, what is missing, and the time of so many of the slowest."""
    kinds = Counter(result.kind for result in results)
    covered = kinds[INTERPRETED] + kinds[FIRST_START]
    print(f"\n{len(results)} applications: {covered} covered ({covered / max(len(results), 1):.1%})")
    print("; ".join(f"{kind} {kinds[kind]}" for kind in (INTERPRETED, FIRST_START, OTHER, MISSING)))
    if without:
        print(f"not looked at: {' '.join(without)}")
    applications: Counter[str] = Counter()
    for result in results:
        for item in result.report.not_understood:
            applications[f"{item.package} {item.problem}"] += 1
    print("\nmissing, and in how many applications:")
    for text, count in sorted(applications.items(), key=lambda pair: (-pair[1], pair[0])):
        print(f"{count:5d}  {text}")
    reasons = Counter(problem.rpartition(": ")[2] if ": " in problem else problem for problem in applications)
    print("\nthe same by the last words of the reason, and in how many packages:")
    for text, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        print(f"{count:5d}  {text}")
    print("\nprocessor seconds: scripts, unpacking, packages")
    for result in sorted(results, key=lambda result: -result.seconds)[:timed]:
        print(f"{result.seconds:7.2f} {result.unpacking:7.2f} {result.packages:5d}  {result.name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("applications", type=Path, nargs="?")
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--closure", default="runtime", choices=("runtime", "full"))
    parser.add_argument("--limit", type=int, help="only so many, from the top of the file")
    parser.add_argument("--only", default="", help="only these names, separated by commas")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    parser.add_argument("--need", type=int, default=0, help="fail when fewer are covered")
    options = parser.parse_args()
    if not (options.applications or options.only):
        parser.error("a file of applications or --only is needed")
    names = [name for name in options.only.split(",") if name]
    if not names:
        with options.applications.open(newline="") as file:
            names = [row["app"] for row in csv.DictReader(file)]
    results, without = [], []
    with tempfile.TemporaryDirectory() as temporary:
        world = world_in(options.cache_dir or Path(temporary))
        for name in names[: options.limit]:
            try:
                result = measure(
                    name, suite=options.suite, architecture=options.arch, closure=options.closure, world=world
                )
            except (UnresolvableError, RequestError) as error:
                without.append(name)
                print(f"{name}: {error.message}", flush=True)
                continue
            except Pkg2ImageError as error:
                sys.exit(f"{name}: {error.message}")
            results.append(result)
            for item in result.report.not_understood:
                print(f"{name}: {item.package} {item.problem}", flush=True)
    show(results, without=without, timed=None if options.only else _SLOWEST)
    covered = sum(result.kind in {INTERPRETED, FIRST_START} for result in results)
    return 0 if covered >= options.need else 1


if __name__ == "__main__":
    sys.exit(main())
