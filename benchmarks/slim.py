"""How small is a slim image beside the runtime image, what apt installs, and what no analysis can take away?

    python -m benchmarks.slim [RECIPE...] [--suite bookworm] [--full] [--cache-dir DIRECTORY] [--json FILE]

For every built-in recipe and suite the image is built with and without ``--slim``, and with ``--full`` also with
``--closure full``; the file of each is measured: gzip, all layers and metadata. Images are removed when they are
measured. Printed are a line for each, and the medians over the recipes of every suite.

The *floor* of a recipe is what stays whatever an analysis finds: the programs that the image and its smoke test start,
what interprets them, the libraries that all these are linked with, and the loader; the copyright files and the lines in
dpkg's database of the packages that these are of; licence texts, accounts and the locale C.UTF-8, which every image
has. It is found in a directory of the runtime image with pyelftools, by nothing that the product finds it by, and
compressed as one layer. Languages are at the floor without their standard libraries, and servers without the plugins
that they load: it is a bound, not an image that works.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.floor import Root, compressed_size, floor
from benchmarks.scripts import world_in
from pkg2image.errors import Pkg2ImageError
from pkg2image.image.config import ImageConfig
from pkg2image.pipeline import build
from pkg2image.recipes.load import builtin_recipes, load_builtin
from pkg2image.recipes.model import Recipe
from pkg2image.request import make_request

_SUITES = ("bookworm", "trixie")
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """The images of one recipe, in bytes.

    Args:
        name: Of the recipe.
        suite: Suite.
        problem: Why it was not built; empty when it was.
        runtime: Without ``--slim``.
        slim: With it.
        floor: What cannot go.
        full: Of the closure that apt installs; 0 when it was not asked for.
    """

    name: str
    suite: str
    problem: str = ""
    runtime: int = 0
    slim: int = 0
    floor: int = 0
    full: int = 0

    @property
    def line(self) -> str:
        """The sizes in megabytes, and slim as a part of the others."""
        if self.problem:
            return f"{self.name:22} {self.suite:9} FAILS: {self.problem}"
        sizes = "".join(f"{size / _MB:9.2f}" for size in (self.full, self.runtime, self.slim, self.floor))
        parts = "".join(f"{self.slim / size:9.2f}" if size else f"{'':9}" for size in (self.full, self.runtime))
        return f"{self.name:22} {self.suite:9}{sizes}{parts}{self.slim / self.floor:9.2f}"


_HEAD = f"{'':32}{'full':>9}{'runtime':>9}{'slim':>9}{'floor':>9}{'/full':>9}{'/runtime':>9}{'/floor':>9}"


def measure(where: tuple[str, str], *, cache: Path, with_full: bool) -> Sizes:
    """Build, measure and remove the images of one recipe from one suite."""
    name, suite = where
    try:
        sizes = _measured(name, suite, cache=cache, with_full=with_full)
    except Pkg2ImageError as error:
        return Sizes(name, suite, problem=error.message)
    return Sizes(name, suite, "", sizes["runtime"], sizes["slim"], sizes["floor"], sizes.get("full", 0))


def _measured(name: str, suite: str, *, cache: Path, with_full: bool) -> dict[str, int]:
    recipe = load_builtin(name)
    package = next((word for word in recipe.applies_to if word.isascii() and not set(word) & set("*?[")), name)
    world = world_in(cache)
    common = {"packages": (package,), "suite": suite, "recipe": name}
    ways: dict[str, dict[str, object]] = {"runtime": {}, "slim": {"slim": True}}
    if with_full:
        ways["full"] = {"closure": "full"}
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="slim-") as directory:
        for way, words in ways.items():
            image = Path(directory, "image.tar")
            build(make_request({**common, **words, "output": image}, None), world)
            sizes[way] = image.stat().st_size
            image.unlink()
        tree = Path(directory, "tree")
        (result,) = build(make_request({**common, "formats": ("dir",), "output": tree}, None), world)
        root = Root(tree)
        files = floor(root, commands(recipe, result.image.config))
        sizes["floor"] = compressed_size(root, files)
    return sizes


def commands(recipe: Recipe, config: ImageConfig) -> Iterator[tuple[str, str]]:
    """Yield the first words of what the image and its test start, and the PATH they are found on."""
    test = recipe.smoke_test
    lines: list[Sequence[str]] = [config.entrypoint, config.command, config.first_start]
    lines += [test.ready, *(step.run for step in test.steps)] if test else []
    path = dict(config.environment).get("PATH", "")
    yield from ((line[0], path) for line in lines if line)


def show(found: Sequence[Sizes]) -> None:
    """Print the medians."""
    for suite in dict.fromkeys(each.suite for each in found):
        some = [each for each in found if each.suite == suite and not each.problem]
        if not some:
            continue
        medians = {
            "runtime": statistics.median(each.slim / each.runtime for each in some),
            "floor": statistics.median(each.slim / each.floor for each in some),
        }
        if all(each.full for each in some):
            medians["what apt installs"] = statistics.median(each.slim / each.full for each in some)
            medians["what apt installs, of the runtime image,"] = statistics.median(
                each.runtime / each.full for each in some
            )
        print(f"\n{suite}, {len(some)} recipes, median of slim beside")
        for beside, median in medians.items():
            print(f"  {beside}: {median:.2f}")
        larger = [each.name for each in some if each.slim > each.runtime]
        print(f"  larger than the runtime image: {' '.join(larger) or 'none'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipes", nargs="*", help="names; all by default")
    parser.add_argument("--suite", action="append", help="can be given several times; bookworm and trixie by default")
    parser.add_argument("--full", action="store_true", help="also build what apt would install")
    parser.add_argument("--cache-dir", type=Path, help="keep what is downloaded here")
    parser.add_argument("--json", type=Path, help="write everything here")
    options = parser.parse_args()
    names = options.recipes or [recipe.name for recipe in builtin_recipes()]
    print(_HEAD, flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        way = partial(measure, cache=options.cache_dir or Path(temporary), with_full=options.full)
        found = []
        # A process of its own: what large images have left in memory is gone with it.
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
            for each in pool.map(way, [(name, suite) for suite in options.suite or _SUITES for name in names]):
                found.append(each)
                print(each.line, flush=True)
    show(found)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in found], indent=1))
    return 1 if any(each.problem for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
