"""What became of the scripts: the record of a run, for people and as JSON.

Nothing a script did is silent: every package says how its scripts ended, every path they made or changed says which
line did it, and whatever an image must not hold (keys, databases) is listed with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pkg2image.rootfs.tree import path_key

_SHOWN = 8  # lines about what is not made in a summary
_FIRST_START = "what is not made is for the first start of a container to make, or for you to mount"


class Disposition(StrEnum):
    """How the scripts of a package ended."""

    NO_SCRIPT = "no script"
    NO_EFFECT = "no effect"
    INTERPRETED = "interpreted"
    OVERRIDDEN = "overridden"
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the scripts of a package count for nothing.

    Args:
        script: ``preinst``, ``config`` or ``postinst``.
        line: Line of the script, or None when it is not known.
        reason: In words.
        origin: The file that the line is in when it is not the script itself but something it reads.
    """

    script: str
    line: int | None
    reason: str
    origin: str = ""

    def __str__(self) -> str:
        """Return ``postinst line 12: unknown command: foo``."""
        where = f" line {self.line}" if self.line is not None else ""
        via = f" of {self.origin}" if self.origin else ""
        return f"{self.script}{where}{via}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Change:
    """A path that scripts made, changed or removed.

    Args:
        path: Without leading slash.
        action: ``made``, ``changed`` or ``removed``.
        by: Script and line: ``postinst:12``.
    """

    path: str
    action: str
    by: str


def merge_changes(earlier: Iterable[Change], later: Iterable[Change]) -> tuple[Change, ...]:
    """Return what two runs changed together; what one makes and the other removes was never there."""
    merged = {change.path: change for change in earlier}
    for change in later:
        old = merged.pop(change.path, None)
        if old is None:
            merged[change.path] = change
        elif change.action != "removed":
            merged[change.path] = replace(change, action="made" if old.action == "made" else "changed")
        elif old.action != "made":
            merged[change.path] = change
    return tuple(merged[path] for path in sorted(merged, key=path_key))


@dataclass(frozen=True, slots=True)
class NoOp:
    """A command that has no meaning in an image: services are not started while it is built.

    Args:
        command: The program and its arguments.
        by: Script and line.
    """

    command: str
    by: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something that a script would have made and that no image may hold.

    Args:
        what: A path, or words.
        why: What it is and who makes it instead.
        by: Script and line.
    """

    what: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Overridden:
    """A rule that took effect.

    Args:
        what: The script that was skipped, or the command that counts as done.
        because: The kind of reason.
        why: The reason in words.
    """

    what: str
    because: str
    why: str


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What became of the scripts of one package.

    Args:
        package: Its name.
        version: Its version.
        disposition: How it ended.
        scripts: Names of the scripts it has for a first installation.
        problem: Why they count for nothing, when they are not understood.
        changes: Paths, in byte order.
        noops: Commands without meaning here, in the order of their calls.
        withheld: What was not made, in the order in which it was wanted.
        overrides: Rules that took effect.
        notes: Anything else worth a line.
    """

    package: str
    version: str
    disposition: Disposition
    scripts: tuple[str, ...] = ()
    problem: Problem | None = None
    changes: tuple[Change, ...] = ()
    noops: tuple[NoOp, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    overrides: tuple[Overridden, ...] = ()
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the report as plain values; what is empty is left out."""
        lists = {
            "scripts": list(self.scripts),
            "changes": [{"path": f"/{item.path}", "action": item.action, "by": item.by} for item in self.changes],
            "without_effect": [{"command": item.command, "by": item.by} for item in self.noops],
            "withheld": [{"what": item.what, "why": item.why, "by": item.by} for item in self.withheld],
            "overrides": [{"what": item.what, "because": item.because, "why": item.why} for item in self.overrides],
            "notes": list(self.notes),
        }
        document: dict[str, Any] = {
            "package": self.package,
            "version": self.version,
            "disposition": str(self.disposition),
        }
        if self.problem:
            document["problem"] = {
                "script": self.problem.script,
                "line": self.problem.line,
                "reason": self.problem.reason,
                **({"file": self.problem.origin} if self.problem.origin else {}),
            }
        return document | {key: value for key, value in lists.items() if value}


@dataclass(frozen=True, slots=True)
class ScriptReport:
    """What became of all scripts of an image.

    Args:
        policy: ``emulate``, ``strict`` or ``none``.
        packages: In the order in which they were configured.
    """

    policy: str
    packages: tuple[PackageReport, ...] = ()

    @property
    def not_understood(self) -> tuple[PackageReport, ...]:
        """The packages whose scripts count for nothing."""
        return tuple(item for item in self.packages if item.problem)

    @property
    def counts(self) -> dict[str, int]:
        """Disposition -> number of packages, in a fixed order and without zeros."""
        found = Counter(item.disposition for item in self.packages)
        return {str(kind): found[kind] for kind in Disposition if found[kind]}

    def render(self) -> dict[str, Any]:
        """Return the report as plain values for JSON; packages without scripts are only counted."""
        return {
            "policy": self.policy,
            "counts": self.counts,
            "packages": [item.document() for item in self.packages if item.disposition is not Disposition.NO_SCRIPT],
        }

    def summary(self) -> tuple[str, ...]:
        """Return what a user should know, one sentence a line: nothing when all scripts did their work."""
        if self.policy == "none":
            return ("scripts were not looked at: what they set up is missing, such as users and default configuration",)
        lost = [f"{item.package} is not configured: {item.problem}" for item in self.not_understood]
        withheld = _shortened(list(self._withheld()))
        if not lost and not withheld:
            return ()
        counts = ", ".join(f"{number} {disposition}" for disposition, number in self.counts.items())
        return (
            *lost,
            *withheld,
            *((_FIRST_START,) if withheld else ()),
            f"scripts of {len(self.packages)} packages: {counts}; pkg2image inspect tells more",
        )

    def _withheld(self) -> Iterator[str]:
        for item in self.packages:
            for withheld in item.withheld:
                yield f"{item.package}: not made: {withheld.what}: {withheld.why}"
            for override in item.overrides:
                if override.because == "first start":
                    yield f"{item.package}: left to the first start: {override.what}: {override.why}"


def _shortened(lines: list[str]) -> list[str]:
    lines = list(dict.fromkeys(lines))
    more = [f"and {len(lines) - _SHOWN} more, see pkg2image inspect"] if len(lines) > _SHOWN else []
    return lines[:_SHOWN] + more
