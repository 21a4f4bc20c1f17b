"""The Plan: exactly which packages go into an image, where they come from, and why.

A plan is data: everything after it (download, tree, layers) is a function of the plan and the image configuration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pkg2image.deb.package import Package
from pkg2image.digest import Digest
from pkg2image.idmap import IdMap


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a package is in the plan.

    Args:
        kind: ``requested``, ``Depends``, ``Pre-Depends``, ``Recommends``, ``recipe``, ``need`` or ``skeleton``.
        parent: Name of the package whose field brought it in; of a recipe its name; of a need the file that shows
            it, and how; else empty.
        relation: The or-group or the words of the request, as written.
    """

    kind: str
    parent: str = ""
    relation: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        match self.kind:
            case "requested":
                return f"requested as {self.relation}"
            case "recipe":
                return f"wanted by the recipe {self.parent}: {self.relation}"
            case "need":
                return f"needed for {self.relation} by {self.parent}"
            case "skeleton":
                return f"part of every image: {self.relation}"
            case _:
                return f"{self.parent} {self.kind} {self.relation}"


@dataclass(frozen=True, slots=True)
class PlannedPackage:
    """One package of the plan.

    Args:
        package: The exact version.
        reason: The edge that brought it in first.
        skeleton: True when only the parts that every image gets are taken from it.
    """

    package: Package
    reason: Reason
    skeleton: bool = False


@dataclass(frozen=True, slots=True)
class CutEdge:
    """A dependency that the runtime closure leaves out.

    Args:
        package: Who declares it.
        field: ``Depends`` or ``Pre-Depends`` (``Recommends`` when one was asked for but is impossible).
        relation: The or-group as written.
        why: The rule that cut it.
    """

    package: str
    field: str
    relation: str
    why: str


@dataclass(frozen=True, slots=True)
class AddedNeed:
    """Something that nobody declared and a file shows that it needs, answered by a package of the plan.

    Args:
        provider: The package.
        what: A name for people: a path with its slash, the name of a program, ``Python module yaml``.
        path: The file that shows it, without leading slash.
        reason: How it shows it, in words.
        package: Who ships the file, empty when it was made for the image.
    """

    provider: str
    what: str
    path: str
    reason: str
    package: str = ""

    def __str__(self) -> str:
        """Return it as a sentence for a terminal."""
        owner = f" ({self.package})" if self.package else ""
        return f"{self.provider} for {self.what}: /{self.path}{owner}: {self.reason}"

    def render(self) -> dict[str, str]:
        """Return it the way ``plan --json`` and ``inspect --json`` show it."""
        return {
            "provider": self.provider,
            "what": self.what,
            "path": f"/{self.path}",
            "reason": self.reason,
            "package": self.package,
        }


@dataclass(frozen=True, slots=True)
class MissingNeed:
    """Something that a file shows that it needs and the image does not have.

    Args:
        what: A name for people, as of `AddedNeed`.
        files: Relative paths; any of them is what is needed.
        path: The file that shows it, without leading slash.
        reason: How it shows it, in words.
        package: Who ships the file, empty when it was made for the image.
        provider: The package that would answer it; empty when none is known.
        why: Why that is not in the image, or does not help.
    """

    what: str
    files: tuple[str, ...]
    path: str
    reason: str
    package: str
    provider: str
    why: str

    def __str__(self) -> str:
        """Return it as a sentence for a terminal."""
        owner = f" ({self.package})" if self.package else ""
        return f"{self.what} is not in the image, because {self.why}: /{self.path}{owner}: {self.reason}"


@dataclass(frozen=True, slots=True)
class VerifiedSource:
    """What was believed about one suite of one source.

    Args:
        uri: Base of the repository, without credentials.
        suite: As in the source.
        codename: From the Release file.
        release: Digest of the (In)Release file.
        date: Its Date in seconds since the epoch.
        signers: Fingerprints of the keys that signed it, sorted; empty when the source is unsigned on request.
        components: As in the source; empty for a flat repository.
        label: The Label of the Release, for example ``Debian-Security``.
        pin: Priority of every version in it where the source sets one, else None.
    """

    uri: str
    suite: str
    codename: str
    release: Digest
    date: int
    signers: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    label: str = ""
    pin: int | None = None

    def render(self) -> dict[str, object]:
        """Return it the way ``plan --json`` and ``outdated --json`` show it."""
        return {
            "uri": self.uri,
            "suite": self.suite,
            "codename": self.codename,
            "release": str(self.release),
            "date": self.date,
            "signers": list(self.signers),
        }


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of a repository that had a say in a plan.

    Args:
        uri: Its address, without credentials.
        digest: Of its content; of an index, which is there in several forms, that of the uncompressed one.
    """

    uri: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of a resolution.

    Args:
        suite: Codename of the main suite, for example ``bookworm``.
        architecture: Debian architecture.
        distribution: ``debian`` or ``ubuntu`` or what the Release calls itself, in lower case.
        packages: In unpack order: what others need comes before them.
        cut: Edges left out, in order of package and field.
        needs: What nobody declared and files show that they need, in the order in which it was found.
        notes: Sentences about decisions: preferences applied, Recommends that are impossible, unsigned sources.
        sources: What was believed, in the order of the sources.
        roots: Names of the requested packages, in the order of the request.
        edges: Package name -> names of the packages that satisfy its dependencies, for SBOM and `why`.
        closure: ``runtime`` or ``full``.
        ids: Numbers that users and groups get, as the request gave them; those of all other accounts come out of their
            order, when the image is configured.
    """

    suite: str
    architecture: str
    distribution: str
    packages: tuple[PlannedPackage, ...]
    cut: tuple[CutEdge, ...] = ()
    needs: tuple[AddedNeed, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[VerifiedSource, ...] = ()
    roots: tuple[str, ...] = ()
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closure: str = "runtime"
    ids: IdMap = field(default_factory=IdMap)

    @property
    def epoch(self) -> int:
        """The time of everything made from this plan: the newest Release date, never the clock."""
        return max((source.date for source in self.sources), default=0)


def render_package(planned: PlannedPackage) -> dict[str, object]:
    """Return a planned package the way ``plan --json`` and ``inspect --json`` show it."""
    package = planned.package
    return {
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "source": package.source_name,
        "source_version": package.source_version,
        "size": package.size,
        "installed_size": package.installed_size,
        "sha256": package.sha256,
        "reason": str(planned.reason),
    }


def render_plan(plan: Plan) -> dict[str, object]:
    """Return the plan as plain data with a stable order, for ``--json``."""
    return {
        "suite": plan.suite,
        "architecture": plan.architecture,
        "distribution": plan.distribution,
        "closure": plan.closure,
        "ids": plan.ids.render(),
        "roots": list(plan.roots),
        "packages": [render_package(planned) for planned in plan.packages],
        "cut": [
            {"package": edge.package, "field": edge.field, "relation": edge.relation, "why": edge.why}
            for edge in plan.cut
        ],
        "needs": [need.render() for need in plan.needs],
        "notes": list(plan.notes),
        "sources": [source.render() for source in plan.sources],
    }


def canonical_json(value: object, *, errors: str = "strict") -> bytes:
    """Return the one serialisation of JSON data that this project uses for anything that is hashed or written.

    Args:
        value: Plain data.
        errors: What becomes of bytes of packages that are not UTF-8; ``backslashreplace`` makes escapes of JSON.

    Raises:
        UnicodeEncodeError: When there are such bytes and the errors are strict.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", errors) + b"\n"
