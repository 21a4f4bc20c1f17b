"""The nouns of a lock: a plan with all that is needed to make the same image again, without any index.

A lock is what was found out once: by the resolver, by reading the packages, by configuring the image. Everything in it
follows from the request and the packages, so it is the same on every machine; only `Lock.compressor`, which says how
layers were compressed, is not part of its identity, nor in the copy that the image carries.

`pkg2image.lock.reading.read_lock` and `pkg2image.lock.writing.write_lock` are its text form, `pkg2image.lock.making`
makes it of a plan, and makes a plan of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pkg2image.deb.package import Package
from pkg2image.digest import Digest
from pkg2image.idmap import IdMap
from pkg2image.plan import AddedNeed, CutEdge, Reason, VerifiedSource
from pkg2image.request import BuildRequest

LOCK_PATH = "usr/share/pkg2image/lock"
"""Where an image has the lock that it was made of."""

LockedSource = VerifiedSource
"""One suite of one repository, as it was believed when the lock was made."""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of the image.

    Args:
        package: Name, version and architecture; its fields are Package, Version, Architecture, Source (where it
            differs), Installed-Size, Filename, Size and SHA256, and its origins say in which of the sources of the lock
            it was, best first: `Origin.source` counts them from 0. A package that was a file of the user has none; its
            Filename is then the name of that file, without directory.
        url: Where it was, as in the first of its origins; for a file of the user ``file:NAME.deb``.
        sha512: SHA-512 of the .deb, in hex.
        reason: The edge that brought it in first.
        skeleton: True when only the parts that every image gets are taken from it.
        depends: Names of the packages that answer its dependencies, sorted: the resolved edges.
    """

    package: Package
    url: str
    sha512: str
    reason: Reason
    skeleton: bool = False
    depends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockedRecipe:
    """The recipe that the image was made with.

    Args:
        name: Its name.
        digest: SHA-256 of all of it, with the scripts that it brings.
        document: The recipe itself where a user wrote it, as `pkg2image.recipes.model.Recipe.dump` returns it; empty
            when it is one of the program.
    """

    name: str
    digest: Digest
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """Exactly what an image is made of.

    Packages and requests are compared by a few of their fields only; two locks say the same when they are written the
    same.

    Args:
        request: What the user asked for, as far as it decides about the content; everything else in it is as by
            default: output, formats, tag, compression, mirror, sources, keys. Local files are named without directory,
            and its suite is the codename.
        tool: Version of the program that made the lock.
        suite: Codename of the main suite.
        architecture: Debian architecture.
        distribution: ``debian`` or what the Release calls itself, in lower case.
        sources: What was believed, in the order of the sources.
        packages: In unpack order.
        cut: Edges that were left out.
        needs: What nobody declared and files show that they need.
        roots: Names of the requested packages.
        ids: Numbers that users and groups have which are not part of every system: what ``--uid`` and ``--gid`` would
            have to say to get them again. Those that the request gave are in the request as well.
        unmet: What files show that they need and nobody could bring, sorted: paths, names of programs and the like.
        recipe: What the application needed beside its packages, or None.
        compressor: Identity of what compressed the layers; empty when nothing did, and in the lock inside an image.
    """

    request: BuildRequest
    tool: str
    suite: str
    architecture: str
    distribution: str
    sources: tuple[LockedSource, ...]
    packages: tuple[LockedPackage, ...]
    cut: tuple[CutEdge, ...] = ()
    needs: tuple[AddedNeed, ...] = ()
    roots: tuple[str, ...] = ()
    ids: IdMap = field(default_factory=IdMap)
    unmet: tuple[str, ...] = ()
    recipe: LockedRecipe | None = None
    compressor: str = ""

    @property
    def epoch(self) -> int:
        """The time of everything made for the image: what the request says, else the newest Release date."""
        if self.request.epoch is not None:
            return self.request.epoch
        return max((source.date for source in self.sources), default=0)
