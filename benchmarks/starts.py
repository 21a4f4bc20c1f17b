"""How many applications become images that start, with no recipe and nobody saying how?

    python -m benchmarks.starts fixtures/applications.csv [--suite bookworm] [--limit 25]
    python -m benchmarks.starts nginx redis-server curl [--suite trixie] [--sizes]

Names of packages are given as words, or as files with a column ``app``. The image of each is built with
``--recipe none`` and tested as ``pkg2image test`` does it, then removed. An application counts when the image is built,
nothing that its files ask for is missing (``unmet``), and the inferred test passes: a server listens on its port or
stays up, a tool tells its version.

Printed are one line for each, with what is started and what says so, then why the others do not count, and the totals.
With ``--sizes`` the size of each image is set beside the installed size of what apt would install, both counted as
``Installed-Size`` does: files in whole KiB, one for everything else. Names that the suite does not have are left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.scripts import world_in
from pkg2image.cli.test import verdict_of
from pkg2image.errors import Pkg2ImageError, RequestError, SelfTestError
from pkg2image.image.read import ImageContents, read_image
from pkg2image.pipeline import build
from pkg2image.planning.planned import make_plan
from pkg2image.request import make_request
from pkg2image.rootfs.tree import Kind
from pkg2image.selftest.run import RUNTIMES
from pkg2image.world import World

_BLOCK = 1024
_NEEDS = re.compile(r"^it needs|is not started|which program of|no program|--cap-add")
_SHOWN = 3
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Start:
    """What became of one application.

    Args:
        name: Its name.
        absent: Why the suite does not have it; empty when it does.
        problem: Why it is not built, or does not start; empty when it does.
        is_built: Whether there is an image.
        unmet: What its files ask for and do not find.
        command: What is started.
        source: What says so.
        proof: What the test has seen.
        log: The last lines of an image that does not start.
        notes: What the build said that such an image needs.
        size: KiB of the image.
        full: KiB of what apt would install; 0 when it was not asked for.
    """

    name: str
    absent: str = ""
    problem: str = ""
    is_built: bool = False
    unmet: tuple[str, ...] = ()
    command: str = ""
    source: str = ""
    proof: str = ""
    log: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    size: int = 0
    full: int = 0

    @property
    def counts(self) -> bool:
        """Whether it is complete and starts."""
        return bool(self.proof) and not self.unmet

    @property
    def why_not(self) -> str:
        """Why it does not count, in a line."""
        unmet = f"unmet: {'; '.join(self.unmet[:_SHOWN])}{' ...' if len(self.unmet) > _SHOWN else ''}"
        said = next((line.strip()[:_LONGEST] for line in reversed(self.log) if line.strip()), "")
        if self.problem and self.command:
            said = f"it says: {said}" if said else "it prints nothing"
        parts = (self.problem, said, *self.notes, unmet if self.unmet else "")
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Way:
    """How all applications are measured.

    Args:
        suite: Suite.
        architecture: Debian architecture.
        cache: Directory of the store and the trust state.
        recipe: As of ``--recipe``.
        runtime: As of ``--runtime``; empty for the first that is there.
        seconds: The most that an image may take until it works.
        with_sizes: Whether the full closure is planned too.
    """

    suite: str
    architecture: str
    cache: Path
    recipe: str = "none"
    runtime: str = ""
    seconds: float = 60.0
    with_sizes: bool = False


def measure(name: str, way: Way, world: World | None = None) -> Start:
    """Build, look at, start and remove the image of one application.

    Raises:
        Pkg2ImageError: When anything but the application is to blame.
    """
    world = world or world_in(way.cache, jobs=1)
    with tempfile.TemporaryDirectory(prefix="starts-") as directory:
        image = Path(directory, "image.tar")
        try:
            build(_request(name, way, output=image), world)
        except Pkg2ImageError as error:
            is_absent = error.message == f"cannot install {name}: no such package"
            return Start(name, absent=error.message) if is_absent else Start(name, problem=error.message)
        contents = read_image(image)
        proof, problem, log = _test(image, way)
    values = contents.inside.inferred["values"]
    return Start(
        name,
        problem=problem,
        is_built=True,
        unmet=tuple(_unmet(item) for item in contents.inside.unmet or ()),
        command=" ".join(_value(values, "entrypoint")),
        source=values.get("entrypoint", {}).get("source", ""),
        proof=proof,
        log=log,
        notes=tuple(note for note in contents.inside.inferred["notes"] if problem and _NEEDS.search(note)),
        size=_size(contents),
        full=_full_size(name, way, world) if way.with_sizes else 0,
    )


def _request(name: str, way: Way, **more: object) -> Any:
    wanted = {"packages": (name,), "suite": way.suite, "architectures": (way.architecture,), "recipe": way.recipe}
    return make_request({**wanted, "compression": "none", **more}, None)


def _test(image: Path, way: Way) -> tuple[str, str, tuple[str, ...]]:
    """Return what was seen, or why nothing was, and the log."""
    try:
        verdict = verdict_of(image, runtime=way.runtime, seconds=way.seconds)
    except SelfTestError as error:
        return "", _without_path(error.message), error.log
    except RequestError as error:
        return "", _without_path(error.message), ()
    return verdict.proof, "", ()


def _without_path(message: str) -> str:
    return message.partition(": ")[2] or message


def _value(values: Mapping[str, Mapping[str, Any]], name: str) -> Sequence[str]:
    return [word or "''" for word in values.get(name, {}).get("value", ())]


def _unmet(item: Mapping[str, object]) -> str:
    return f"{item['path']} ({item['package']}) asks for the {item['kind']} {item['what']}"


def _size(contents: ImageContents) -> int:
    sizes = (info.size if info.kind is Kind.FILE and not info.hard_link else 1 for info in contents.files)
    return sum(-(-size // _BLOCK) for size in sizes)


def _full_size(name: str, way: Way, world: World) -> int:
    planned = make_plan(_request(name, way, closure="full"), way.architecture, world)
    return sum(item.package.installed_size for item in planned.plan.packages) // _BLOCK


def show(starts: Sequence[Start]) -> None:
    """Print why some do not count, and the totals."""
    tried = [each for each in starts if not each.absent]
    print("\nnot counted, and why:")
    for each in tried:
        if not each.counts:
            print(f"  {each.name}: {each.why_not}")
    absent = [each.name for each in starts if each.absent]
    if absent:
        print(f"\nnot in the suite: {' '.join(absent)}")
    kinds = Counter(each.proof.partition(" ")[0] for each in tried if each.proof)
    parts = {
        "built": sum(each.is_built for each in tried),
        "complete": sum(each.is_built and not each.unmet for each in tried),
        "start": sum(bool(each.proof) for each in tried),
        "complete and start": sum(each.counts for each in tried),
    }
    print(f"\n{len(tried)} applications: {', '.join(f'{count} {what}' for what, count in parts.items())}")
    print("what was seen: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))


def _line(each: Start) -> str:
    if each.absent:
        return f"{each.name:24} not in the suite: {each.absent}"
    size = f" {each.size / each.full:5.0%} of {each.full / _BLOCK:.0f} MiB" if each.full else ""
    said = each.proof or f"FAILS: {each.problem}"
    unmet = f"{len(each.unmet)} unmet" if each.unmet else "complete"
    return f"{each.name:24} {unmet:9}{size} {said} | {each.command} | {each.source}"


def names_of(words: Sequence[str]) -> list[str]:
    """Return the names of applications, of which a file has a column."""
    names = []
    for word in words:
        if not word.endswith(".csv"):
            names.append(word)
            continue
        with Path(word).open(newline="") as file:
            names += [row["app"] for row in csv.DictReader(file)]
    return list(dict.fromkeys(names))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("applications", nargs="+", help="names, or files with a column of them")
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--recipe", default="none")
    parser.add_argument("--limit", type=int, help="only so many")
    parser.add_argument("--runtime", default="", choices=("", *RUNTIMES))
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one image")
    parser.add_argument("--sizes", action="store_true", help="also compare with the full closure")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    parser.add_argument("--jobs", type=int, default=1, help="how many are measured at once")
    parser.add_argument("--json", type=Path, help="write everything here, logs too")
    parser.add_argument("--need", type=int, default=0, help="fail when fewer are complete and start")
    options = parser.parse_args()
    names = names_of(options.applications)[: options.limit]
    with tempfile.TemporaryDirectory() as temporary:
        way = Way(
            options.suite,
            options.arch,
            options.cache_dir or Path(temporary),
            options.recipe,
            options.runtime,
            options.timeout,
            options.sizes,
        )
        starts = []
        # Processes of their own: what one application has left in memory is gone with it.
        with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
            for each in pool.map(partial(measure, way=way), names):
                starts.append(each)
                print(_line(each), flush=True)
    show(starts)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in starts], indent=1))
    return 0 if sum(each.counts for each in starts) >= options.need else 1


if __name__ == "__main__":
    sys.exit(main())
