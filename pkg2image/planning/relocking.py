"""A lock in place of a resolution: the request that it answers, and the places where its packages may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from pkg2image.archive.fetch import RELEASE_DATE
from pkg2image.archive.sources import make_source
from pkg2image.digest import sha256
from pkg2image.errors import RequestError
from pkg2image.lock.differing import request_differences
from pkg2image.lock.model import Lock, LockedRecipe
from pkg2image.lock.requested import content_request, relocked
from pkg2image.lock.values import map_value
from pkg2image.planning.offer import local_deb, local_packages, sources_of
from pkg2image.recipes.choice import ChosenRecipe, choose_recipe
from pkg2image.request import BuildRequest

_DEFAULT = BuildRequest(packages=())


def relocked_request(lock: Lock, asked: BuildRequest, *, whole: bool, origin: str) -> BuildRequest:
    """Return what a user asks for with a lock: the lock says what, the user how and where to.

    Args:
        lock: The lock.
        asked: What the user says.
        whole: Whether packages are among it: then all of it must be as in the lock, else only what is said.
        origin: Path of the lock, for errors.

    Raises:
        RequestError: When something else is asked for than the lock is for.
    """
    differences = (
        *request_differences(lock.request, content_request(asked, suite="", recipe=""), whole=whole),
        *_elsewhere(lock, asked),
    )
    if differences:
        raise RequestError(
            f"cannot use the lock {origin}: it is for another request: {'; '.join(differences)}",
            hint=f"ask for the same, or make a new lock: pkg2image lock PACKAGE... -o {origin}",
        )
    return relocked(lock.request, asked if whole else replace(asked, packages=lock.request.packages), lock.architecture)


def _elsewhere(lock: Lock, asked: BuildRequest) -> Iterator[str]:
    """Yield what differs beside the content: suite, architecture, recipe."""
    names = {lock.suite, *(name for source in lock.sources for name in (source.suite, source.codename))}
    if asked.suite not in (_DEFAULT.suite, *names):
        yield f"Suite: the lock says {lock.suite}, asked for is {asked.suite}"
    if asked.architectures and asked.architectures != (lock.architecture,):
        yield f"Architecture: the lock says {lock.architecture}, asked for is {' '.join(asked.architectures)}"
    if asked.recipe == _DEFAULT.recipe:
        return
    chosen = choose_recipe(asked.recipe, lock.roots)
    wanted = locked_recipe(chosen) if chosen else None
    if wanted is None or lock.recipe is None:
        if wanted != lock.recipe:
            yield f"Recipe: the lock says {lock.request.recipe}, asked for is {wanted.name if wanted else 'none'}"
    elif wanted.digest != lock.recipe.digest:
        yield f"Recipe: the lock says {lock.recipe.name} as it was then, asked for is {wanted.name} as it is now"


def locked_recipe(recipe: ChosenRecipe) -> LockedRecipe:
    """Return what a lock says of a recipe; one that is not built in is in it.

    Raises:
        RequestError: When the file of the user cannot be read or is no good.
    """
    document = recipe.load().dump()
    return LockedRecipe(recipe.name, sha256(map_value(document).encode()), {} if recipe.is_builtin else document)


def relocked_recipe(lock: Lock) -> ChosenRecipe | None:
    """Return the recipe of a lock: one of the program, or the one that is in the lock."""
    if lock.recipe is None:
        return None
    return ChosenRecipe(lock.recipe.name, document=lock.recipe.document or None)


def local_files(request: BuildRequest, architecture: str) -> Mapping[str, str]:
    """Return SHA-256 -> path of the packages that are files of this machine, as far as they are there.

    Raises:
        RequestError: When one cannot be read.
        MalformedPackageError: When one is no package.
    """
    there = tuple(word for word in request.packages if (path := local_deb(word)) and path.is_file())
    found = local_packages(replace(request, packages=there), architecture)
    return {package.sha256: package.local_path for package in found.values()}


def further_places(request: BuildRequest) -> tuple[str, ...]:
    """Return where packages are looked for that are gone from their repository, as `fetch_debs` takes it.

    Raises:
        RequestError: When a place is none.
    """
    return tuple(map(_place, request.elsewhere))


def places_of_lock(request: BuildRequest, beside: Path | None) -> tuple[str, ...]:
    """Return where packages of a lock are looked for beside their own repositories.

    Args:
        request: Its mirrors and sources are such places.
        beside: The directory of the lock; ``pkg2image vendor`` puts packages there.

    Raises:
        RequestError: When a place is none.
    """
    named = [*([request.mirror] if request.mirror else []), *request.elsewhere]
    sources = [source.uri for text in (*request.sources, *request.extra_sources) for source in sources_of(text)]
    here = [f"{beside.resolve().as_uri()}/"] if beside else []
    return tuple(dict.fromkeys((*here, *map(_place, named), *sources)))


def _place(text: str) -> str:
    if "://" not in text and Path(text).is_dir():
        return f"{Path(text).resolve().as_uri()}/"
    # Of the path of a file every special character is escaped, even those that mean something here.
    return make_source(text, "./", (), where="--mirror").uri.replace(quote(RELEASE_DATE), RELEASE_DATE)
