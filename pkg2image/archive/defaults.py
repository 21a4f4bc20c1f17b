"""Default sources of a suite, from what the host knows: nobody's mirror is written down here.

The mirror is the user's; else the one that the host's own apt sources name for the wanted distribution; else the one
of python-apt's distribution templates. Around it the distribution's layout gives the suites: release, ``-updates``
and ``-security``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pkg2image.archive.distributions import ALIASES, DISTRIBUTIONS, Distribution, distribution_of, release_of
from pkg2image.archive.sources import Source, make_source, parse_sources
from pkg2image.errors import RequestError

_ARCHITECTURES = {
    "aarch64": "arm64",
    "armv6l": "armel",
    "armv7l": "armhf",
    "armv8l": "armhf",
    "i386": "i386",
    "i486": "i386",
    "i586": "i386",
    "i686": "i386",
    "loongarch64": "loong64",
    "mips64": "mips64el",
    "ppc64le": "ppc64el",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "x86_64": "amd64",
    "arm64": "arm64",
    "amd64": "amd64",
}
"""Suites that third parties use for theirs too, so that the name alone proves nothing."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where a distribution's archive lies.

    Args:
        uri: Base of the archive with a trailing slash.
        security: Base of its security archive, or empty when nothing names it.
        signed_by: The keys that the host's sources name for it, when these are not the distribution's usual ones.
    """

    uri: str
    security: str = ""
    signed_by: tuple[Path | bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a machine says about itself.

    Args:
        architecture: Debian architecture, or empty when the machine is of none.
        sources: Its own apt sources, in apt's order.
        templates: Distribution in lower case -> mirror, from python-apt's templates.
    """

    architecture: str = ""
    sources: tuple[Source, ...] = ()
    templates: Mapping[str, Mirror] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DefaultSources:
    """Sources, and what the user should know about their choice."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()


def debian_architecture(machine: str) -> str:
    """Return the Debian architecture of a machine as ``uname -m`` names it, or nothing when there is none."""
    return _ARCHITECTURES.get(machine.lower(), "")


def host_facts(root: Path = Path("/"), *, machine: str) -> HostFacts:
    """Read what a machine says about itself; what is missing or unreadable is empty, for nothing here is a must.

    Args:
        root: Where its files are.
        machine: As ``uname -m`` names it.
    """
    architecture = debian_architecture(machine)
    return HostFacts(architecture, host_sources(root), dict(_templates(root, architecture)))


def host_sources(root: Path = Path("/")) -> tuple[Source, ...]:
    """Read the apt sources of a machine in apt's order; unusable entries are left out.

    Spec: sources.list(5): sources.list first, then the files of sources.list.d by name.
    """
    directory = root / "etc/apt/sources.list.d"
    parts = [path for path in _listing(directory) if path.suffix in {".list", ".sources"}]
    return tuple(
        source
        for path in (root / "etc/apt/sources.list", *parts)
        for source in parse_sources(_text(path), origin=str(path), lenient=True)
    )


def default_sources(suite: str, *, mirror: str | None, host: HostFacts) -> DefaultSources:
    """Return the sources that a suite stands for.

    Args:
        suite: Codename or alias, as the user wrote it. Resolve an alias first where you can: mirrors keep the
            Release of ``stable-security`` apart from that of ``trixie-security``, and one may lag behind the other.
        mirror: Base of the archive when the user names it.
        host: What the machine knows.

    Raises:
        RequestError: No mirror is known, or the mirror or the suite make no sense.
    """
    distribution = distribution_of(suite)
    if distribution is None:
        return _unknown_suite(suite, mirror, host)
    chosen = _user_mirror(mirror, distribution, host) if mirror else _host_mirror(distribution, host)
    if chosen is None:
        raise RequestError(
            f"cannot choose a mirror for {suite}: neither the apt sources nor the templates of this machine name one",
            hint=f"name a mirror of {distribution.name} with --mirror or PKG2IMAGE_MIRROR",
        )
    return _layout(suite, distribution, chosen)


def _layout(suite: str, distribution: Distribution, mirror: Mirror) -> DefaultSources:
    """Return the sources of a suite on a mirror, as the distribution lays its archive out."""
    release = Source(mirror.uri, release_of(suite), distribution.components, signed_by=mirror.signed_by)
    if suite in distribution.rolling:
        return DefaultSources((release,))
    security, notes = _security(release, distribution, mirror)
    sources = [release, replace(release, suite=f"{release.suite}-updates"), *security]
    if suite not in {source.suite for source in sources}:  # backports and the like, on top of their release
        sources.append(replace(release, suite=suite))
    return DefaultSources(tuple(sources), notes)


def _security(
    release: Source, distribution: Distribution, mirror: Mirror
) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """Return where the security updates of a release are, or a note that nobody knows."""
    pocket = replace(release, suite=f"{release.suite}-security")
    if not distribution.security_archive:
        return (pocket,), ()
    if mirror.security:
        return (replace(pocket, uri=mirror.security),), ()
    base = release.uri.removesuffix(f"/{distribution.name}/")
    if base != release.uri:
        return (replace(pocket, uri=f"{base}/{distribution.security_archive}/", optional=True),), ()
    note = (
        f"no security updates: it is not known where they are beside {release.public_uri}; "
        f"name their archive with --source 'deb URI {pocket.suite} {' '.join(release.components)}'"
    )
    return (), (note,)


def _user_mirror(uri: str, distribution: Distribution, host: HostFacts) -> Mirror:
    """Return the mirror that the user names; what the host knows about the same one holds for it too."""
    base = make_source(uri, distribution.suites[0], distribution.components, where="--mirror").uri
    known = _host_mirror(distribution, host)
    return known if known is not None and known.uri == base else Mirror(base)


def _host_mirror(distribution: Distribution, host: HostFacts) -> Mirror | None:
    """Return the mirror that the host's sources name for a distribution, else the template's."""
    own = [source for source in host.sources if _serves(source, distribution)]
    if not own:
        return host.templates.get(distribution.name)
    best = max(own, key=lambda source: _likeness(source, distribution, host))  # the first of equals
    security = next((each.uri for each in host.sources if _is_security(each, distribution)), "")
    return Mirror(best.uri, security, () if _has_its_keys(best, distribution) else best.signed_by)


def _serves(source: Source, distribution: Distribution) -> bool:
    """Whether a source of the host is the distribution's archive and not a third party's with the same suite names."""
    if source.suite not in distribution.suites or distribution.components[0] not in source.components or source.trusted:
        return False
    return source.suite not in ALIASES or _is_named_after(source, distribution) or _has_its_keys(source, distribution)


def _likeness(source: Source, distribution: Distribution, host: HostFacts) -> tuple[bool, bool, bool]:
    """How sure it is that a source is the distribution's own archive."""
    has_updates = any(each.uri == source.uri and each.suite == f"{source.suite}-updates" for each in host.sources)
    return (
        has_updates,
        _has_its_keys(source, distribution),
        _is_named_after(source, distribution),
    )


def _is_security(source: Source, distribution: Distribution) -> bool:
    pocket = source.suite.endswith("-security") and release_of(source.suite) in distribution.suites
    return pocket and distribution.components[0] in source.components and not source.trusted


def _is_named_after(source: Source, distribution: Distribution) -> bool:
    return source.uri.endswith(f"/{distribution.name}/")


def _has_its_keys(source: Source, distribution: Distribution) -> bool:
    """Whether a source names the distribution's keyring and nothing else."""
    prefix = f"{distribution.name}-archive-"
    named = [isinstance(each, Path) and each.name.startswith(prefix) for each in source.signed_by]
    return bool(named) and all(named)


def _unknown_suite(suite: str, mirror: str | None, host: HostFacts) -> DefaultSources:
    """Return the sources of a suite that no table knows: those of the host by that name, or the mirror's alone."""
    if mirror:
        source = make_source(mirror, suite, ("main",), where="--mirror and --suite")
        note = f"nothing is known about the suite {suite}: only its own component main is read, without updates"
        return DefaultSources((source,), (note,))
    own = tuple(source for source in host.sources if release_of(source.suite) == suite and not source.trusted)
    if own:
        return DefaultSources(own)
    names = sorted({name for distribution in DISTRIBUTIONS for name in distribution.suites})
    raise RequestError(
        f"cannot choose the sources of {suite}: it is neither a known suite nor in the apt sources of this machine",
        hint=f"known are {', '.join(names)}; for another one name its sources with --source",
    )


def _templates(root: Path, architecture: str) -> Iterator[tuple[str, Mirror]]:
    """Yield the mirrors that python-apt's distribution templates name.

    Spec: aptsources/distinfo.py of python-apt: paragraphs that begin with Suite, whose BaseURI may be per architecture.
    """
    for path in _listing(root / "usr/share/python-apt/templates"):
        if path.suffix != ".info":
            continue
        paragraphs = [dict(_template_fields(text)) for text in re.split(r"\n[ \t]*\n", _text(path))]
        bases: dict[bool, str] = {}
        for fields in paragraphs:
            base = fields.get(f"BaseURI-{architecture}") or fields.get("BaseURI")
            if base and fields.get("RepositoryType") == "deb":
                bases.setdefault(fields.get("Suite", "").endswith("-security"), base)
        if uri := _base(bases.get(False, "")):
            yield path.stem.lower(), Mirror(uri, _base(bases.get(True, "")))


def _template_fields(paragraph: str) -> Iterator[tuple[str, str]]:
    for line in paragraph.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def _base(uri: str) -> str:
    """Return the base of an archive, or nothing when a template names something that is none."""
    try:
        return make_source(uri, "./", (), where="a template").uri
    except RequestError:
        return ""


def _listing(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
