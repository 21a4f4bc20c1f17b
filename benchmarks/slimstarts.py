"""Does a slim image do what the whole one does, and asks for nothing that was left out?

    python -m benchmarks.slimstarts fixtures/applications.csv --count 40 [--suite bookworm --suite trixie]
    python -m benchmarks.slimstarts --recipes [--suite bookworm]
    python -m benchmarks.slimstarts nginx redis-server

Of each application two images are built: with the runtime closure, and slim. Both are tested as ``pkg2image test``
does it, and all programs of the image are watched (`benchmarks.traced`). An application passes when both tests do, and

* of what the slim image's programs asked for and did not find, nothing is in the whole image;
* of what the whole image's programs opened or started, all is in the slim one,

but for the probes of ``slimstarts.yaml``, each of which has a reason. So a file is missed when a program asks for it
and goes on without, and when it looks into a directory and takes what is there.

With ``--count`` applications are drawn from the names: those that have no recipe, in the order of a hash, as many as
have a whole image that starts; each is built with ``--recipe none`` from one of the suites. With ``--recipes`` they are
those that have one. Everything is removed as soon as it was looked at. The exit code is 1 when one does not pass.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import yaml

from benchmarks.scripts import world_in
from benchmarks.starts import names_of
from benchmarks.traced import Asked, Traced, traced_test
from pkg2image.digest import sha256
from pkg2image.errors import Pkg2ImageError
from pkg2image.image.read import ImageContents, read_image
from pkg2image.pipeline import build
from pkg2image.recipes.choice import choose_recipe, packages_of_builtin
from pkg2image.request import make_request
from pkg2image.rootfs.tree import Entry, Tree, parent_of
from pkg2image.world import World

PROBES = Path(__file__).with_name("slimstarts.yaml")
_MEGABYTE = 1_000_000
_SHOWN = 12
_OPENING = frozenset({"open", "openat", "openat2", "execve", "execveat"})


@dataclass(frozen=True, slots=True)
class Probe:
    """A path that may be asked for in vain.

    Args:
        paths: Patterns of canonical paths.
        why: Why it does no harm.
    """

    paths: tuple[str, ...]
    why: str

    def allows(self, path: str) -> bool:
        """Say whether a canonical path is one of these."""
        return any(fnmatchcase(f"/{path}", pattern) for pattern in self.paths)


@dataclass(frozen=True, slots=True)
class Way:
    """How all applications are measured.

    Args:
        suite: Suite.
        architecture: Debian architecture.
        recipe: As of ``--recipe``.
        seconds: The most that an image may take until it works.
    """

    suite: str
    architecture: str = "amd64"
    recipe: str = "none"
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class SlimStart:
    """What became of one application.

    Args:
        name: Its name.
        suite: Where it is from.
        unfit: Why its whole image says nothing about the slim one; empty when it starts.
        problem: Why the slim image is not built, or does not start.
        proof: What the test of the slim image has seen.
        log: The last lines of a slim image that does not start.
        missed: What its programs miss: a path, and who asks for it.
        size: Bytes of the files of the slim image.
        whole: Bytes of the files of the whole one.
    """

    name: str
    suite: str
    unfit: str = ""
    problem: str = ""
    proof: str = ""
    log: tuple[str, ...] = ()
    missed: tuple[str, ...] = field(default=())
    size: int = 0
    whole: int = 0

    @property
    def passes(self) -> bool:
        """Whether the slim image does what the whole one does."""
        return bool(self.proof) and not self.missed

    def line(self) -> str:
        """Return the line of the table."""
        if self.unfit:
            return f"{self.name:24} {self.suite:9} not counted: {self.unfit}"
        share = self.size / self.whole if self.whole else 0
        said = self.proof or f"FAILS: {self.problem}"
        missed = f"{len(self.missed)} missed" if self.missed else "none missed"
        sizes = f"{self.size / _MEGABYTE:6.1f} of {self.whole / _MEGABYTE:6.1f} MB {share:4.0%}"
        return f"{self.name:24} {self.suite:9} {sizes} {missed:12} {said}"


def known_probes(path: Path = PROBES) -> tuple[Probe, ...]:
    """Return the probes that do no harm."""
    return tuple(Probe(tuple(item["paths"]), item["why"]) for item in yaml.safe_load(path.read_text("utf-8")))


def measure(name: str, way: Way, world: World, probes: Sequence[Probe]) -> SlimStart:
    """Build and watch the two images of one application, and remove them.

    Raises:
        Pkg2ImageError: When anything but the application is to blame.
    """
    with tempfile.TemporaryDirectory(prefix="slimstarts-") as temporary:
        directory = Path(temporary)
        whole = _looked_at(name, way, world, directory, slim=False)
        if isinstance(whole, str) or not whole[1].proof:
            return SlimStart(name, way.suite, unfit=whole if isinstance(whole, str) else whole[1].problem)
        slim = _looked_at(name, way, world, directory, slim=True)
    if isinstance(slim, str):
        return SlimStart(name, way.suite, problem=slim)
    trees = tree_of(whole[0]), tree_of(slim[0])
    return SlimStart(
        name,
        way.suite,
        problem=slim[1].problem,
        proof=slim[1].proof,
        log=slim[1].log,
        missed=tuple(missed(*trees, whole[1].asked, slim[1].asked, probes)),
        size=sum(info.size for info in slim[0].files),
        whole=sum(info.size for info in whole[0].files),
    )


def _measured(wanted: tuple[str, str], *, recipe: str, seconds: float, cache: Path) -> SlimStart:
    name, suite = wanted
    way = Way(suite, recipe=recipe, seconds=seconds)
    return measure(name, way, world_in(cache, jobs=1), known_probes())


def _looked_at(name: str, way: Way, world: World, directory: Path, *, slim: bool) -> tuple[ImageContents, Traced] | str:
    """Return an image and what its programs asked for, or why there is none."""
    image = directory / "image.tar"
    wanted = {"packages": (name,), "suite": way.suite, "architectures": (way.architecture,), "recipe": way.recipe}
    request = make_request({**wanted, "compression": "none", "output": image, "slim": slim}, None)
    try:
        build(request, world)
    except Pkg2ImageError as error:
        return error.message
    place = directory / "test"
    place.mkdir()
    contents = read_image(image)
    traced = traced_test(contents, place, seconds=way.seconds)
    image.unlink()
    shutil.rmtree(place)
    return contents, traced


def tree_of(contents: ImageContents) -> Tree:
    """Return the paths of an image, so that symlinks can be followed in it."""
    tree = Tree()
    for info in contents.files:
        if info.path:
            tree.put(info.path, Entry(info.kind, info.mode, target="" if info.hard_link else info.target))
    return tree


def missed(
    whole: Tree, slim: Tree, by_whole: Iterable[Asked], by_slim: Iterable[Asked], probes: Sequence[Probe]
) -> Iterator[str]:
    """Yield what programs miss in a slim image, in order, each path once.

    Args:
        whole: The image with everything.
        slim: The image without what cannot be reached.
        by_whole: What the programs of the one asked for.
        by_slim: What those of the other asked for.
        probes: What they may ask for in vain.
    """
    seen: set[str] = set()
    vain = ((asked, "asks for it in vain") for asked in by_slim if not asked.found)
    # Who lists a directory looks at what is in it, whatever it is.
    used = ((asked, "opens it in the whole image") for asked in by_whole if asked.found and asked.call in _OPENING)
    for asked, how in (*vain, *used):
        place = whole.reach(parent_of(asked.path) if asked.makes else asked.path)
        # What leads to the same file by other links is missed when one of the links is.
        if not place or place in seen or slim.reach(asked.path) is not None or (asked.makes and place in slim):
            continue
        if asked.found and place in slim:
            continue
        seen.add(place)
        if not any(probe.allows(place) for probe in probes):
            yield f"/{place}: {asked.program or 'a program'} {how} ({asked.call} {asked.path})"


def drawn(names: Sequence[str], suites: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the applications that have no recipe, in the order of a hash, with one of the suites for each."""
    order = sorted((sha256(name.encode()).hex, name) for name in names if choose_recipe("auto", [name]) is None)
    for number, (_, name) in enumerate(order):
        yield name, suites[number % len(suites)]


def recipe_packages() -> Iterator[str]:
    """Yield for each recipe the first package it is for."""
    for name, patterns in packages_of_builtin():
        yield next((pattern for pattern in patterns if "*" not in pattern), name)


def show(starts: Sequence[SlimStart]) -> None:
    """Print what does not pass, and the totals."""
    counted = [each for each in starts if not each.unfit]
    for each in counted:
        if not each.passes:
            print(f"\n{each.name} ({each.suite}): {each.problem or each.proof}")
            print("".join(f"  | {line}\n" for line in each.log), end="")
            print("".join(f"  {text}\n" for text in each.missed[:_SHOWN]), end="")
            if len(each.missed) > _SHOWN:
                print(f"  ... and {len(each.missed) - _SHOWN} more")
    shares = sorted(each.size / each.whole for each in counted if each.whole)
    median = f"; median {shares[len(shares) // 2]:.0%} of the bytes" if shares else ""
    passed = sum(bool(each.proof) for each in counted)
    nothing = sum(each.passes for each in counted)
    print(f"\n{len(counted)} applications: {passed} slim images pass their test, {nothing} miss nothing{median}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("applications", nargs="*", help="names, or files with a column of them")
    parser.add_argument("--suite", action="append", help="repeatable")
    parser.add_argument("--count", type=int, default=0, help="draw so many that start")
    parser.add_argument("--recipes", action="store_true", help="the applications that have recipes")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one image")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    parser.add_argument("--jobs", type=int, default=1, help="how many are measured at once")
    parser.add_argument("--json", type=Path, help="write everything here")
    options = parser.parse_args()
    suites = options.suite or ["bookworm"]
    names = names_of(options.applications)
    if options.recipes:
        wanted: Iterable[tuple[str, str]] = ((name, suite) for suite in suites for name in recipe_packages())
    elif options.count:
        wanted = drawn(names, suites)
    else:
        wanted = ((name, suite) for suite in suites for name in names)
    starts: list[SlimStart] = []
    with tempfile.TemporaryDirectory() as temporary:
        recipe = "auto" if options.recipes else "none"
        task = partial(_measured, recipe=recipe, seconds=options.timeout, cache=options.cache_dir or Path(temporary))
        # Processes of their own: what one application has left in memory is gone with it.
        with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
            for each in pool.map(task, wanted):
                starts.append(each)
                print(each.line(), flush=True)
                if options.count and sum(not each.unfit for each in starts) >= options.count:
                    pool.shutdown(cancel_futures=True)
                    break
    show(starts)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in starts], indent=1))
    return 0 if all(each.passes for each in starts if not each.unfit) else 1


if __name__ == "__main__":
    sys.exit(main())
