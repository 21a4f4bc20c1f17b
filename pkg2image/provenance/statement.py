"""Provenance: what was asked for, what was read, what came out of it.

It follows from the lock and from what was read, so the same build says the same, byte by byte: there is no time in it,
no machine, and no path of one. What it is about is told by digest.

Spec: in-toto attestation framework v1, spec/v1/statement.md, resource_descriptor.md; SLSA v1.0 provenance; see
docs/provenance.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from pkg2image.digest import Digest
from pkg2image.idmap import IdMap
from pkg2image.lock.model import Lock
from pkg2image.plan import ReadFile, canonical_json
from pkg2image.request import BuildRequest
from pkg2image.signing.statements import STATEMENT

PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://pkg2image.dev/provenance/v1"
"""What the names in our part of it mean: docs/provenance.md."""
BUILDER = "https://pkg2image.dev/"
"""Who built it: this program, wherever it ran. A service that runs it says so in a statement of its own."""


Named = tuple[str, Digest]
"""A file or an image: its name and its digest."""


def provenance(
    lock: Lock, subjects: Sequence[Named], *, read: Sequence[ReadFile], tool: str, beside: Sequence[Named] = ()
) -> bytes:
    """Return the statement about the outputs of a build for one architecture.

    Args:
        lock: What the image is made of, with the identity of the compressor.
        subjects: The outputs.
        read: The files of repositories that had a say in it, beside the packages.
        tool: Version of this program.
        beside: What else was written, such as bills of materials.
    """
    details: dict[str, Any] = {"builder": {"id": BUILDER, "version": {"pkg2image": tool}}}
    if beside:
        details["byproducts"] = [_named(each) for each in beside]
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": {"architecture": lock.architecture, **_asked(lock.request)},
        "internalParameters": _decided(lock),
        "resolvedDependencies": sorted(_dependencies(lock, read), key=lambda each: str(each["uri"])),
    }
    statement = {
        "_type": STATEMENT,
        "subject": [_named(each) for each in subjects],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": definition,
            "runDetails": details,
        },
    }
    return canonical_json(statement, errors="backslashreplace")


def _named(each: Named) -> dict[str, Any]:
    name, digest = each
    return {"name": name, "digest": {digest.algorithm: digest.hex}}


def _asked(request: BuildRequest) -> dict[str, Any]:
    """Return all of a request that is not as by default, and the suite and the recipe in any case."""
    found = {each.name: getattr(request, each.name) for each in fields(request)}
    plain = BuildRequest(packages=())
    return {
        name: value.render() if isinstance(value, IdMap) else value
        for name, value in found.items()
        if value != getattr(plain, name) or name in {"suite", "recipe"}
    }


def _decided(lock: Lock) -> dict[str, Any]:
    """Return what the program chose by itself."""
    compressor = {"compressor": lock.compressor} if lock.compressor else {}
    return {"epoch": lock.epoch, "ids": lock.ids.render(), **compressor}


def _dependencies(lock: Lock, read: Sequence[ReadFile]) -> Iterator[dict[str, Any]]:
    signers = {str(source.release): source.signers for source in lock.sources}
    for each in dict.fromkeys(read):
        name = each.uri.rpartition("/")[2]
        yield _descriptor(name, each.uri, (each.digest,), signers=list(signers.get(str(each.digest), ())))
    for locked in lock.packages:
        digests = (Digest("sha256", locked.package.sha256), Digest("sha512", locked.sha512))
        yield _descriptor(str(locked.package), locked.url, digests)
    if lock.recipe is not None:
        yield _descriptor(f"recipe {lock.recipe.name}", f"pkg2image:recipe/{lock.recipe.name}", (lock.recipe.digest,))


def _descriptor(name: str, uri: str, digests: Sequence[Digest], **annotations: Any) -> dict[str, Any]:
    told = {key: value for key, value in annotations.items() if value}
    return {
        "name": name,
        "uri": uri,
        "digest": {digest.algorithm: digest.hex for digest in digests},
        **({"annotations": told} if told else {}),
    }
