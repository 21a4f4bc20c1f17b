"""How many applications have scripts that are interpreted to the end?

    python -m benchmarks.scripts APPLICATIONS.csv [--suite bookworm] [--limit 25 | --only nginx,redis-server]

The file has a column ``app`` with names of packages. The runtime closure of each is planned and fetched as a build does
it, unpacked into a tree, and its scripts are run on that tree. Printed are the applications with a script that is not
understood, then the totals, then what is missing, most frequent first, and the processor time of the slowest.

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pkg2image.archive.fetch import fetch_debs
from pkg2image.deb.facts import FetchedDeb
from pkg2image.errors import Pkg2ImageError, RequestError, UnresolvableError
from pkg2image.image.content import ContentReader
from pkg2image.lock import Plan
from pkg2image.maintscript.overrides import Because
from pkg2image.maintscript.report import ScriptReport
from pkg2image.maintscript.run import find_diversions, run_scripts
from pkg2image.planning import plan
from pkg2image.progress import Silence
from pkg2image.request import make_request
from pkg2image.rootfs.diversions import Diversion
from pkg2image.rootfs.skeleton import skeleton
from pkg2image.rootfs.tree import ReadContent, Tree
from pkg2image.rootfs.unpack import unpack
from pkg2image.rootfs.users import identities
from pkg2image.store import Store
from pkg2image.world import World, open_world

INTERPRETED, FIRST_START, OTHER, MISSING = "interpreted", "first start", "other rules", "missing"
_SLOWEST = 5


@dataclass(frozen=True, slots=True)
class Closure:
    """The unpacked packages of one application.

    Args:
        plan: What is in it.
        debs: Its packages.
        tree: All of them unpacked, nothing configured.
        read: Reads contents of the tree.
        partial: Packages of which only single files are there.
        diversions: Those the tree was unpacked with.
    """

    plan: Plan
    debs: tuple[FetchedDeb, ...]
    tree: Tree
    read: ReadContent
    partial: frozenset[str]
    diversions: tuple[Diversion, ...]

    def configure(self, policy: str = "emulate") -> tuple[Tree, ScriptReport]:
        """Run the scripts."""
        return run_scripts(
            self.tree,
            self.debs,
            read=self.read,
            epoch=self.plan.epoch,
            architecture=self.plan.architecture,
            policy=policy,
            partial=self.partial,
            diversions=self.diversions,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one application.

    Args:
        name: Its name.
        report: Of its scripts.
        seconds: Processor time of running them.
    """

    name: str
    report: ScriptReport
    seconds: float

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


@contextmanager
def closure_of(
    packages: Sequence[str], *, suite: str, architecture: str, world: World, closure: str = "runtime"
) -> Iterator[Closure]:
    """Plan, fetch and unpack packages with their dependencies.

    Raises:
        Pkg2ImageError: Of every kind.
    """
    request = make_request(
        {"packages": tuple(packages), "suite": suite, "architectures": (architecture,), "closure": closure}, None
    )
    (planned,) = plan(request, world)
    debs = fetch_debs(
        planned.plan.packages,
        store=world.store,
        acquirer=world.acquirer,
        jobs=world.jobs,
        offline=world.offline,
        reporter=world.reporter,
    )
    partial = frozenset(item.package.name for item in planned.plan.packages if item.skeleton)
    epoch = planned.plan.epoch
    with ContentReader(world.store) as reader:
        bare = skeleton(debs, read=reader.read, epoch=epoch)
        diversions = find_diversions(
            bare, debs, read=reader.read, epoch=epoch, architecture=architecture, partial=partial
        )
        tree = unpack(
            bare,
            [deb for deb in debs if deb.package.name not in partial],
            installed=[deb.package for deb in debs if deb.package.name in partial],
            diversions=diversions,
            identities=identities(bare, reader.read),
        )
        yield Closure(planned.plan, debs, tree, reader.read, partial, diversions)


def measure(name: str, *, suite: str, architecture: str, world: World) -> Result:
    """Run the scripts of one application.

    Raises:
        Pkg2ImageError: When it cannot be planned, fetched or unpacked.
    """
    with closure_of([name], suite=suite, architecture=architecture, world=world) as closure:
        began = time.process_time()
        _, report = closure.configure()
        return Result(name, report, time.process_time() - began)


def show(results: Sequence[Result], *, without: Sequence[str]) -> None:
    """Print the totals and what is missing."""
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
    print("\nslowest, processor seconds:")
    for result in sorted(results, key=lambda result: -result.seconds)[:_SLOWEST]:
        print(f"{result.seconds:7.2f}  {result.name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("applications", type=Path)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--limit", type=int, help="only so many, from the top of the file")
    parser.add_argument("--only", default="", help="only these names, separated by commas")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    parser.add_argument("--need", type=int, default=0, help="fail when fewer are covered")
    options = parser.parse_args()
    with options.applications.open(newline="") as file:
        names = [row["app"] for row in csv.DictReader(file)]
    if options.only:
        names = [name for name in options.only.split(",") if name]
    results, without = [], []
    with tempfile.TemporaryDirectory() as temporary:
        world = world_in(options.cache_dir or Path(temporary))
        for name in names[: options.limit]:
            try:
                result = measure(name, suite=options.suite, architecture=options.arch, world=world)
            except (UnresolvableError, RequestError) as error:
                without.append(name)
                print(f"{name}: {error.message}", flush=True)
                continue
            except Pkg2ImageError as error:
                sys.exit(f"{name}: {error.message}")
            results.append(result)
            for item in result.report.not_understood:
                print(f"{name}: {item.package} {item.problem}", flush=True)
    show(results, without=without)
    covered = sum(result.kind in {INTERPRETED, FIRST_START} for result in results)
    return 0 if covered >= options.need else 1


if __name__ == "__main__":
    sys.exit(main())
