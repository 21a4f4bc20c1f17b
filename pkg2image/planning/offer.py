"""What a request can be answered with: sources become a universe, words become wants, and a recipe is chosen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from pkg2image import __version__
from pkg2image.archive.defaults import DefaultSources, default_sources
from pkg2image.archive.fetch import RELEASE_DATE
from pkg2image.archive.repository import load_universe
from pkg2image.archive.sources import Source, parse_sources
from pkg2image.archive.suites import codename_of
from pkg2image.archive.universe import LoadedUniverse
from pkg2image.deb.package import Package
from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.plan import ReadFile, Reason, canonical_json
from pkg2image.recipes.choice import ChosenRecipe, choose_recipe
from pkg2image.request import BuildRequest
from pkg2image.resolve.request import Want, parse_want
from pkg2image.world import World

# Words of a request that change nothing about the files in an image, or are told by the packages that there are.
_INDIFFERENT = frozenset(
    {
        *("suite", "mirror", "elsewhere", "sources", "extra_sources", "keyrings", "architectures", "ids"),
        *("formats", "output", "tag", "labels", "compression", "layers", "force", "strict"),
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a request means in its sources, and all that it can be answered with.

    Args:
        universe: All packages that there are.
        requested: What the user asked for.
        local: The word of the request -> the package in that file.
        recipe: What the application needs beside its packages, or None.
        key: What answers to the request are kept under in the store.
    """

    universe: LoadedUniverse
    requested: tuple[Want, ...]
    local: Mapping[str, Package]
    recipe: ChosenRecipe | None
    key: str


def architectures_of(request: BuildRequest, world: World) -> tuple[str, ...]:
    """Return the architectures to build for: those of the request, else the host's.

    Raises:
        RequestError: When the host's has no Debian name.
    """
    found = tuple(dict.fromkeys(request.architectures)) or (world.host.architecture,)
    if not found[0]:
        raise RequestError("cannot tell this machine's Debian architecture", hint="name one: --arch amd64")
    return found


def read_offer(request: BuildRequest, architecture: str, world: World) -> Offer:
    """Read the sources of a request; nothing but indexes is downloaded.

    Args:
        request: What is wanted.
        architecture: Debian architecture.
        world: Store, network, clock.

    Raises:
        RequestError: When the request has no meaning in these sources.
        NetworkError: When a source cannot be read.
        TrustError: When a source cannot be believed.
    """
    local = local_packages(request, architecture)
    requested = _requested(request, local)
    if all(want.exclude for want in requested):
        raise RequestError(
            f"cannot make an image of nothing: {' '.join(request.packages)} only leaves packages out",
            hint="name a package that is to be in it",
        )
    universe = read_universe(request, architecture, world, local)
    recipe = choose_recipe(request.recipe, [want.name for want in requested if not want.exclude])
    return make_offer(request, universe, local, recipe)


def make_offer(
    request: BuildRequest, universe: LoadedUniverse, local: Mapping[str, Package], recipe: ChosenRecipe | None
) -> Offer:
    """Return what a request can be answered with.

    Args:
        request: What is wanted.
        universe: All packages that there are.
        local: Those that are files of this machine, by the word of the request.
        recipe: What the application needs beside its packages, or None.

    Raises:
        RequestError: When a word of the request makes no sense.
    """
    return Offer(universe, _requested(request, local), local, recipe, _key(request, universe, local, recipe))


def _requested(request: BuildRequest, local: Mapping[str, Package]) -> tuple[Want, ...]:
    return tuple(_want(text, local) for text in request.packages)


def read_universe(
    request: BuildRequest, architecture: str, world: World, local: Mapping[str, Package] | None = None
) -> LoadedUniverse:
    """Read the sources that a request names, or those that its suite stands for.

    Args:
        request: Suite, mirror, sources and keyrings are looked at.
        architecture: Debian architecture.
        world: Store, network, clock.
        local: Packages that are files of this machine, by the word of the request.

    Raises:
        RequestError: When there are no such sources.
        NetworkError: When a source cannot be read.
        TrustError: When a source cannot be believed.
    """
    given = [source for text in request.sources for source in sources_of(text)]
    extra = [source for text in request.extra_sources for source in sources_of(text)]
    suite = request.suite
    notes: tuple[str, ...] = ()
    read: tuple[ReadFile, ...] = ()
    if not given:
        suite, found, read = _default_sources(request, world)
        given, notes = list(found.sources), found.notes
    universe = load_universe(
        [*given, *extra],
        architecture=architecture,
        suite=suite,
        acquirer=world.acquirer,
        store=world.store,
        memory=world.memory,
        now=world.now,
        offline=world.offline,
        reporter=world.reporter,
        keyrings=request.keyrings,
        local=list((local or {}).values()),
        read=read,
    )
    for note in (*notes, *universe.notes):
        world.reporter.note(note)
    return universe


def _default_sources(request: BuildRequest, world: World) -> tuple[str, DefaultSources, tuple[ReadFile, ...]]:
    if request.mirror and RELEASE_DATE in request.mirror:
        raise RequestError(
            f"cannot read the suite from {request.mirror}: with {RELEASE_DATE} it is a place for packages, no mirror",
            hint="name a mirror before it with --mirror, or build from a lock with --lock",
        )
    found = default_sources(request.suite, mirror=request.mirror, host=world.host)
    codename, read = codename_of(
        found.sources[0],
        acquirer=world.acquirer,
        store=world.store,
        memory=world.memory,
        keyrings=request.keyrings,
        now=world.now,
        offline=world.offline,
    )
    if codename != request.suite:
        found = default_sources(codename, mirror=request.mirror, host=world.host)
    return codename, found, read


def sources_of(text: str) -> tuple[Source, ...]:
    """Return the sources that a word of the request means: a line, deb822 text, or the path of a file with either.

    Raises:
        RequestError: When they make no sense, or the file cannot be read.
    """
    if "\n" in text or text.startswith(("deb ", "deb\t")):
        return parse_sources(text, origin="--source")
    try:
        return parse_sources(Path(text).read_text(encoding="utf-8"), origin=text)
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"cannot read the source {text[:200]}: {getattr(error, 'strerror', None) or 'not text'}",
            hint="give a file, or a line such as 'deb URL SUITE COMPONENT'",
        ) from error


def local_deb(text: str) -> Path | None:
    """Return the path when a word of the request is a package file rather than a name."""
    return Path(text) if text.endswith(".deb") and "/" in text else None


def name_of(words: Sequence[str]) -> str:
    """Return what files are called after that are made of a request.

    Args:
        words: What the user asked for: names with all that may follow them, and package files.
    """
    # What a user may write after a name (=version, /suite, :arch) and the parts of a file name but the package.
    text = next((word for word in words if not word.endswith("-")), words[0])
    path = local_deb(text)
    name = path.name.partition("_")[0] if path else text
    for mark in "=/:":
        name = name.partition(mark)[0]
    return name


def local_packages(request: BuildRequest, architecture: str) -> dict[str, Package]:
    """Return the packages that are files of this machine, by the words of the request.

    Raises:
        RequestError: When one cannot be read, or is for another architecture.
        MalformedPackageError: When one is no package.
    """
    paths = {text: path for text in request.packages if (path := local_deb(text))}
    if not paths:
        return {}
    # Reading .debs is for builds; a plan without local files does not pay for it.
    from pkg2image.archive.local import read_local  # noqa: PLC0415

    return {text: read_local(path, architecture) for text, path in paths.items()}


def _want(text: str, local: Mapping[str, Package]) -> Want:
    package = local.get(text)
    if package is None:
        return parse_want(text)
    # Of its path only the last part: the same file in another directory makes the same image.
    reason = Reason("requested", relation=Path(text).name)
    return replace(parse_want(f"{package.name}={package.version}", reason=reason), text=text)


def _key(
    request: BuildRequest, universe: LoadedUniverse, local: Mapping[str, Package], recipe: ChosenRecipe | None
) -> str:
    """Return a hash of all that answers come of: this program, the request, the packages there are, the recipe."""
    told = {name: getattr(request, name) for name in _FIELDS}
    facts = {
        "program": [__version__, *_code()],
        "request": told | {"ids": request.ids.render()},
        "universe": universe.identity,
        "local": [[text, package.sha256] for text, package in local.items()],
        "recipe": _told_by(recipe) if recipe else "",
    }
    return sha256(canonical_json(facts, errors="surrogateescape")).hex


def _told_by(recipe: ChosenRecipe) -> object:
    # The scripts of a user's recipe lie beside it; those that are built in are parts of the program.
    return recipe.name if recipe.path is None else recipe.load().dump()


_FIELDS = tuple(each.name for each in fields(BuildRequest) if each.name not in _INDIFFERENT)


def _code() -> Iterator[str]:
    """Yield what tells this program from what it was before somebody worked on it."""
    root = Path(__file__).parents[1]
    for directory, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if name.endswith((".py", ".yaml", ".sh")):
                status = Path(directory, name).stat()
                yield f"{name} {status.st_size} {status.st_mtime_ns}"
