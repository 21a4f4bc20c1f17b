"""What is known about distributions before anything is read: names of suites and how their archives are laid out.

This is a table, not logic: a new release is one more word here.
"""

from __future__ import annotations

from dataclasses import dataclass

_POCKETS = ("-updates", "-security", "-backports", "-backports-sloppy", "-proposed-updates", "-proposed", "/updates")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution whose layout is known.

    Args:
        name: As os-release has it in ID; also the usual last directory of its mirrors.
        suites: Codenames and aliases, without pockets such as ``-updates``.
        rolling: Those of them that have no pockets.
        components: What is read by default.
        security_archive: Directory of an archive of its own for security updates, beside that of the mirror; empty
            when they are a pocket of the same mirror.
    """

    name: str
    suites: tuple[str, ...]
    rolling: tuple[str, ...]
    components: tuple[str, ...]
    security_archive: str


DEBIAN = Distribution(
    name="debian",
    suites=(
        *("bullseye", "bookworm", "trixie", "forky", "duke", "sid", "rc-buggy"),
        *("oldoldstable", "oldstable", "stable", "testing", "unstable", "experimental"),
    ),
    rolling=("sid", "unstable", "rc-buggy", "experimental"),
    components=("main",),
    security_archive="debian-security",
)
UBUNTU = Distribution(
    name="ubuntu",
    suites=("xenial", "bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute", "devel"),
    rolling=(),
    components=("main", "universe"),
    security_archive="",
)
DISTRIBUTIONS = (DEBIAN, UBUNTU)

ALIASES = frozenset({"oldoldstable", "oldstable", "stable", "testing", "unstable", "experimental", "devel"})
"""Names that mean another codename from time to time."""


def release_of(suite: str) -> str:
    """Return the suite without its pocket: ``bookworm`` for ``bookworm-updates``."""
    return next((suite.removesuffix(pocket) for pocket in _POCKETS if suite.endswith(pocket)), suite)


def distribution_of(suite: str) -> Distribution | None:
    """Return the distribution that has a suite of that name (pockets included), or None when it is not known."""
    release = release_of(suite)
    return next((each for each in DISTRIBUTIONS if release in each.suites), None)
