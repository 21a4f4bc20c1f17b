"""What may be asked for: one `Want` per word on the command line, and the candidates that answer it.

A want is only words; `find_roots` holds it against a universe and is the place where unknown names, impossible versions
and ambiguous virtual names are refused, before anything is solved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pkg2image.deb.package import Package
from pkg2image.errors import RequestError
from pkg2image.plan import Reason
from pkg2image.resolve.universe import Universe

_WORD = re.compile(
    r"(?P<name>[a-z0-9](?:[a-z0-9+.\-]*[a-z0-9+.])?)"
    r"(?::(?P<architecture>[a-z0-9\-]*[a-z0-9]))?"
    r"(?:=(?P<version>[A-Za-z0-9.+~:\-*?\[\]]+)|/(?P<suite>[A-Za-z0-9][A-Za-z0-9.+_~\-/]*)|(?P<exclude>-))?",
    re.ASCII,
)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that was asked for.

    Args:
        name: A package name, real or virtual.
        architecture: The qualifier as written, or None.
        version: A shell pattern that the whole version must match, or None for the candidate.
        suite: Suite or codename that the version must come from, or None.
        exclude: True when the package must not be in.
        text: The words of the request, for messages.
        reason: Why the package is in the plan when it is; by default because it was requested.
    """

    name: str
    architecture: str | None = None
    version: str | None = None
    suite: str | None = None
    exclude: bool = False
    text: str = ""
    reason: Reason = field(default=Reason("requested"))

    @property
    def is_pin(self) -> bool:
        """Whether another version than the candidate may be meant."""
        return self.version is not None or self.suite is not None

    def __str__(self) -> str:
        """Return the words of the request."""
        return self.text or self.name


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """A want that the universe can answer.

    Args:
        want: What was asked for.
        candidates: The versions that answer it, best first; never empty.
    """

    want: Want
    candidates: tuple[Package, ...]


@dataclass(frozen=True, slots=True)
class Roots:
    """All wants of a request, answered.

    Args:
        roots: What must be in, in the order of the request.
        excluded: Package name -> the words that exclude it.
    """

    roots: tuple[Root, ...]
    excluded: dict[str, str]


def parse_want(text: str, *, reason: Reason | None = None) -> Want:
    """Read ``name``, ``name:arch``, ``name=version`` (with globs), ``name/suite`` or ``name-`` (must not be in).

    Args:
        text: One word of the request.
        reason: Why it is wanted; None means that the user asked for it.

    Raises:
        RequestError: When the text is none of these.

    Spec: apt-get(8), "install".
    """
    match = _WORD.fullmatch(text)
    if match is None:
        raise RequestError(
            f"cannot read the package {text[:80]!r}: not name, name=version, name/suite, name:arch or name-",
            hint="write the name of a package in lower case, for example postgresql",
        )
    return Want(
        name=match["name"],
        architecture=match["architecture"],
        version=match["version"],
        suite=match["suite"],
        exclude=match["exclude"] is not None,
        text=text,
        reason=reason or Reason("requested", relation=text),
    )


def find_roots(universe: Universe, wants: Sequence[Want], without: Iterable[str] = ()) -> Roots:
    """Find the candidates of every want.

    Args:
        universe: All package versions.
        wants: The request; its exclusions count for all of it.
        without: More names that must not be in.

    Raises:
        RequestError: When a want names nothing, several things, a version nobody has, or what is excluded as well.
    """
    excluded: dict[str, str] = {}
    for want in wants:
        if want.exclude:
            excluded.update(dict.fromkeys(_excluded_names(universe, want.name), str(want)))
    for name in without:
        excluded.update(dict.fromkeys(_excluded_names(universe, name), f"--without {name}"))
    wanted = [want for want in wants if not want.exclude]
    named = {want.name for want in wanted}
    # `curl` beside `curl=8.*` (perhaps from a recipe) means the version that was asked for, as in apt.
    pinned = {want.name: want for want in wanted if want.is_pin}
    return Roots(
        tuple(
            Root(want, _candidates(universe, want if want.is_pin else pinned.get(want.name, want), named, excluded))
            for want in wanted
        ),
        excluded,
    )


def _excluded_names(universe: Universe, name: str) -> tuple[str, ...]:
    # Leaving out a virtual package means leaving out all that provide it.
    if universe.versions(name):
        return (name,)
    providers = tuple(package.name for package in universe.providers(name))
    if not providers:
        raise _unknown(universe, name, f"cannot leave out {name}: no such package")
    return providers


def _candidates(universe: Universe, want: Want, named: set[str], excluded: dict[str, str]) -> tuple[Package, ...]:
    _check_architecture(universe, want)
    if want.name in excluded:
        raise RequestError(
            f"cannot install {want}: the request also leaves it out ({excluded[want.name]})",
            hint=f"drop either {want} or {excluded[want.name]}",
        )
    versions = universe.versions(want.name)
    if not versions:
        return (_provider(universe, want, named, excluded),)
    if not want.is_pin:
        if versions[0].priority < 0:
            raise _impossible(want, versions, "every version is pinned below zero")
        return (versions[0],)
    matching = tuple(package for package in versions if _matches(package, want))
    if not matching:
        asked = f"version {want.version}" if want.version is not None else f"the suite {want.suite}"
        raise _impossible(want, versions, f"{want.name} is not available in {asked}")
    return matching


def _matches(package: Package, want: Want) -> bool:
    if want.version is not None and not fnmatchcase(package.version, want.version):
        return False
    return want.suite is None or comes_from(package, frozenset({want.suite}))


def comes_from(package: Package, suites: frozenset[str]) -> bool:
    """Say whether a version can be had from one of some suites, given by Suite or Codename."""
    return any(origin.suite in suites or origin.codename in suites for origin in package.origins)


def _check_architecture(universe: Universe, want: Want) -> None:
    if want.architecture in {None, "any", "native", "all", universe.architecture}:
        return
    raise RequestError(
        f"cannot install {want}: the image is made for {universe.architecture}",
        hint=f"build another image with --arch {want.architecture}",
    )


def _provider(universe: Universe, want: Want, named: set[str], excluded: dict[str, str]) -> Package:
    known = universe.providers(want.name)
    providers = [package for package in known if package.name not in excluded]
    # `postfix mail-transport-agent` has answered its own question.
    providers = [package for package in providers if package.name in named] or providers
    if not known:
        raise _unknown(universe, want.name, f"cannot install {want}: no such package")
    if not providers:
        raise RequestError(
            f"cannot install {want}: the request leaves out all that provide it",
            hint=f"allow {_listing([package.name for package in known], 'or')}",
        )
    names = sorted(package.name for package in providers)
    if want.is_pin:
        raise RequestError(
            f"cannot install {want}: {want.name} is a virtual package and has no versions",
            hint=f"ask for a version of {_listing(names, 'or')}",
        )
    if len(providers) > 1:
        raise RequestError(
            f"cannot install {want}: {want.name} is a virtual package provided by {_listing(names, 'and')}",
            hint=f"ask for one of them by name, for example {names[0]}",
        )
    return providers[0]


def _listing(names: Sequence[str], word: str) -> str:
    shown = list(names[: _SHOWN * 2])
    if len(names) > len(shown):
        return f"{', '.join(shown)} {word} {len(names) - len(shown)} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"


def _unknown(universe: Universe, name: str, message: str) -> RequestError:
    similar = tuple(universe.similar(name))[:_SHOWN]
    hint = f"did you mean {_listing(similar, 'or')}?" if similar else "check the name, the suite and the sources"
    return RequestError(message, hint=hint)


def _impossible(want: Want, versions: Sequence[Package], why: str) -> RequestError:
    shown = [f"{package.version}{_suites(package)}" for package in versions[:_SHOWN]]
    more = f" and {len(versions) - _SHOWN} more" if len(versions) > _SHOWN else ""
    return RequestError(
        f"cannot install {want}: {why}; available: {', '.join(shown)}{more}",
        hint=f"ask for {want.name}={versions[0].version}",
    )


def _suites(package: Package) -> str:
    suites = dict.fromkeys(origin.codename or origin.suite for origin in package.origins)
    named = [suite for suite in suites if suite]
    return f" ({', '.join(named)})" if named else ""
