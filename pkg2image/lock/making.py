"""A plan whose packages were read becomes a lock, and a lock the plan again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pkg2image.deb.facts import FetchedDeb
from pkg2image.deb.package import Package
from pkg2image.digest import Digest, sha256
from pkg2image.idmap import IdMap
from pkg2image.lock.model import Lock, LockedPackage, LockedRecipe
from pkg2image.lock.places import filename_of, origin_in, url_of
from pkg2image.lock.requested import content_request
from pkg2image.lock.writing import write_lock
from pkg2image.plan import Plan, PlannedPackage
from pkg2image.request import BuildRequest

_KEPT = ("Package", "Source", "Version", "Architecture", "Installed-Size")


def make_lock(
    plan: Plan,
    debs: Sequence[FetchedDeb],
    *,
    request: BuildRequest,
    tool: str,
    ids: IdMap,
    unmet: Iterable[str] = (),
    recipe: LockedRecipe | None = None,
) -> Lock:
    """Return the lock of a plan, without a compressor.

    Args:
        plan: What goes into the image.
        debs: Its packages, in its order.
        request: What was asked for.
        tool: Version of the program.
        ids: Numbers that users and groups have which are not part of every system.
        unmet: What files show that they need and nobody could bring.
        recipe: What the application needed beside its packages.
    """
    return Lock(
        request=content_request(request, suite=plan.suite, recipe=recipe.name if recipe else "none"),
        tool=tool,
        suite=plan.suite,
        architecture=plan.architecture,
        distribution=plan.distribution,
        sources=plan.sources,
        packages=tuple(_locked(planned, deb, plan) for planned, deb in zip(plan.packages, debs, strict=True)),
        cut=plan.cut,
        needs=plan.needs,
        roots=plan.roots,
        ids=ids,
        unmet=tuple(sorted(set(unmet))),
        recipe=recipe,
    )


def _locked(planned: PlannedPackage, deb: FetchedDeb, plan: Plan) -> LockedPackage:
    package = planned.package
    fields = {name: package.fields[name] for name in _KEPT if name in package.fields}
    fields |= {"Filename": filename_of(package), "Size": str(package.size), "SHA256": package.sha256}
    origins = tuple(origin_in(plan.sources, origin.source, origin.component) for origin in package.origins)
    return LockedPackage(
        package=Package(package.name, package.version, package.architecture, fields, origins),
        url=url_of(package),
        sha512=deb.sha512,
        reason=planned.reason,
        skeleton=planned.skeleton,
        depends=tuple(plan.edges.get(package.name, ())) if not planned.skeleton else (),
    )


def lock_plan(lock: Lock, local: Mapping[str, str] | None = None) -> Plan:
    """Return the plan of a lock.

    Args:
        lock: The lock.
        local: SHA-256 of packages that are files of this machine -> their paths.
    """
    known = local or {}
    return Plan(
        suite=lock.suite,
        architecture=lock.architecture,
        distribution=lock.distribution,
        packages=tuple(
            PlannedPackage(
                replace(locked.package, local_path=known.get(locked.package.sha256, "")), locked.reason, locked.skeleton
            )
            for locked in lock.packages
        ),
        cut=lock.cut,
        needs=lock.needs,
        sources=lock.sources,
        roots=lock.roots,
        edges={locked.package.name: locked.depends for locked in lock.packages if not locked.skeleton},
        closure=lock.request.closure,
        ids=lock.request.ids,
    )


def inner_lock(lock: Lock) -> bytes:
    """Return the lock as the image carries it: without what compresses layers, which must not change their content."""
    return write_lock(replace(lock, compressor=""))


def lock_digest(lock: Lock) -> Digest:
    """Return the identity of a lock: the digest of what the image carries."""
    return sha256(inner_lock(lock))
